//! Calls on keys.

use super::calls::not_made;
use crate::{
    cloud::Asked as _,
    console::desk::Desk,
    tutorial::{
        key_policy,
        scenario::{Call, KeyOf},
    },
    verdict::Question,
};
use app::console::{Answer, ConsoleError, RoleName};
use aws_sdk_kms::types::{DataKeySpec, GrantOperation};

/// Makes a call on the lab's key, or on the second account's.
pub(super) async fn on_key(desk: &mut Desk<'_>, call: &Call) -> Result<Result<(), Answer>, ConsoleError> {
    let of = match call {
        Call::DescribeKey(of) | Call::GetKeyPolicy(of) | Call::PutKeyPolicy(of, _) => *of,
        _ => KeyOf::Lab,
    };
    let kms = desk.clients.kms.clone();
    if let Call::CreateKey(document) = call {
        let request = kms.create_key().policy(document).description("Of the second account").send().asked();
        let made = desk
            .call(Question::new("kms", "CreateKey"), "in the second account", request, |lab, result| {
                let arn = result.ok().and_then(|made| made.key_metadata()?.arn().map(str::to_owned));
                if let (Some(arn), Some(account)) = (arn, &mut lab.beyond.key_account) {
                    account.key_arn = Some(arn);
                }
            })
            .await?;
        return Ok(made.map(drop));
    }
    let key = match of {
        KeyOf::Lab => desk.lab.key_arn.clone(),
        KeyOf::KeyAccount => desk.lab.beyond.key_account.as_ref().and_then(|account| account.key_arn.clone()),
    };
    let key = key.ok_or_else(|| ConsoleError::NotFound { what: "KMS key".into() })?;
    let question = |operation| Question::new("kms", operation).key(&key);
    let subject = match &desk.lab.key_alias {
        Some(alias) if of == KeyOf::Lab => format!("alias/{alias}"),
        _ => key.clone(),
    };
    Ok(match call {
        Call::DescribeKey(_) => {
            let request = kms.describe_key().key_id(&key).send().asked();
            desk.call(question("DescribeKey"), subject, request, |_, _| {}).await?.map(drop)
        }
        Call::GenerateDataKey => {
            let request = kms.generate_data_key().key_id(&key).key_spec(DataKeySpec::Aes256).send().asked();
            desk.call(question("GenerateDataKey"), subject, request, |_, _| {}).await?.map(drop)
        }
        Call::GenerateDataKeyWithoutPlaintext => {
            let request = kms.generate_data_key_without_plaintext();
            let request = request.key_id(&key).key_spec(DataKeySpec::Aes256).send().asked();
            desk.call(question("GenerateDataKeyWithoutPlaintext"), subject, request, |_, _| {})
                .await?
                .map(drop)
        }
        Call::CreateGrant(grantee) => {
            let request = kms.create_grant().key_id(&key).grantee_principal(grantee);
            let request = request.operations(GrantOperation::Decrypt).send().asked();
            match desk.call(question("CreateGrant"), subject.as_str(), request, |_, _| {}).await? {
                Ok(made) => revoke(desk, &key, subject, made.grant_id()).await?,
                Err(answer) => Err(answer),
            }
        }
        Call::PutKeyPolicy(_, document) => put_key_policy(desk, of, &key, subject, document.clone()).await?,
        Call::GetKeyPolicy(_) | Call::AddKeyUser(_) | Call::RemoveKeyUser(_) => {
            let request = kms.get_key_policy().key_id(&key).policy_name("default").send().asked();
            let read = desk.call(question("GetKeyPolicy"), subject.as_str(), request, |_, _| {}).await?;
            let document = match read {
                Ok(answer) => answer.policy().unwrap_or_default().to_owned(),
                Err(answer) => return Ok(Err(answer)),
            };
            let changed = match call {
                Call::AddKeyUser(role) => key_policy::add_user(&document, &desk.lab.role_arn(role)),
                Call::RemoveKeyUser(role) => key_policy::remove_user(&document, &desk.lab.role_arn(role)),
                // Reading it was all.
                _ => return Ok(Ok(())),
            };
            let changed = changed.map_err(|error| ConsoleError::Invalid {
                field: String::new(),
                message: format!("The key user cannot be changed: {error}."),
            })?;
            put_key_policy(desk, of, &key, subject, changed.to_string()).await?
        }
        other => return Err(not_made(other)),
    })
}

/// Takes back a grant that a scenario expected to be refused: removing a key user or restoring a key policy would leave it.
async fn revoke(
    desk: &mut Desk<'_>,
    key: &str,
    subject: String,
    grant: Option<&str>,
) -> Result<Result<(), Answer>, ConsoleError> {
    let kms = desk.clients.kms.clone();
    let request = kms.revoke_grant().key_id(key).set_grant_id(grant.map(Into::into)).send().asked();
    let question = Question::new("kms", "RevokeGrant").key(key);
    Ok(desk.call(question, subject, request, |_, _| {}).await?.map(drop))
}

async fn put_key_policy(
    desk: &mut Desk<'_>,
    of: KeyOf,
    key: &str,
    subject: String,
    document: String,
) -> Result<Result<(), Answer>, ConsoleError> {
    let kms = desk.clients.kms.clone();
    let request = kms.put_key_policy().key_id(key).policy_name("default").policy(&document).send().asked();
    let question = Question::new("kms", "PutKeyPolicy").key(key);
    let user = desk.lab.role_arn(RoleName::AuthorizedUsers.name());
    let made = desk
        .call(question, subject, request, |lab, result| {
            if result.is_ok() && of == KeyOf::Lab {
                lab.key_user_present = Some(key_policy::has_user(&document, &user));
            }
        })
        .await?;
    Ok(made.map(drop))
}

//! Grants: allow-only permissions on one key for one grantee (KMS Developer Guide, "Grants in AWS KMS"). They work at once;
//! grant tokens are accepted and not needed.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use policy::{Context, Principal, PrincipalKind};
use serde::Deserialize;
use serde_json::{Value, json};

use super::keys::{Aliases, OtherAccounts, find, is_gone, must_be_usable};
use super::listing::{Limits, page};
use super::{Call, EncryptionContext, KmsError};
use crate::crypto;
use crate::gate::{Permit, actions};
use crate::model::{KeyGrant, KmsKey};
use crate::principals;

/// What a grant on a symmetric key can hold. `CreateGrant` is missing: a grantee could hand on more than it holds, which
/// the gate cannot yet tell.
const OPERATIONS: [&str; 8] = [
    "Decrypt",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext",
    "ReEncryptFrom",
    "ReEncryptTo",
    "DescribeKey",
    "RetireGrant",
];

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CreateGrant {
    key_id: String,
    grantee_principal: String,
    retiring_principal: Option<String>,
    operations: Vec<String>,
    constraints: Option<Constraints>,
    name: Option<String>,
    #[serde(default)]
    dry_run: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Constraints {
    encryption_context_equals: Option<EncryptionContext>,
    encryption_context_subset: Option<EncryptionContext>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListGrants {
    key_id: String,
    grant_id: Option<String>,
    grantee_principal: Option<String>,
    limit: Option<i64>,
    marker: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RevokeGrant {
    key_id: String,
    grant_id: String,
    #[serde(default)]
    dry_run: bool,
}

pub(super) async fn create_grant(call: &Call<'_>, input: CreateGrant) -> Result<Value, KmsError> {
    must_be_grantable(&input.operations)?;
    let target = find(call, &input.key_id, Aliases::Refused).await?;
    let (permit, key) = call.authorize_key::<actions::kms::CreateGrant>(
        &target,
        OtherAccounts::Accepted,
        create_conditions(&input),
    )?;
    for principal in [Some(&input.grantee_principal), input.retiring_principal.as_ref()].into_iter().flatten()
    {
        must_be_a_principal(call, principal).await?;
    }
    must_be_usable(&key)?;
    if input.dry_run {
        return Err(dry_run());
    }
    insert_grant(call, permit, &target, new_grant(call, input)?).await
}

async fn insert_grant(
    call: &Call<'_>,
    permit: Permit<actions::kms::CreateGrant>,
    target: &super::keys::Target,
    grant: KeyGrant,
) -> Result<Value, KmsError> {
    let limit = call.aws.limits.grants_per_key;
    let insert = |key: &mut KmsKey| {
        must_be_usable(key)?;
        // The same named grant again is the same grant (BC:kms.CreateGrant, `Name`).
        let same = key.grants.iter().find(|known| {
            known.name.is_some()
                && KeyGrant { id: known.id.clone(), created: known.created, ..grant.clone() } == **known
        });
        let id = match same {
            Some(known) => known.id.clone(),
            None if key.grants.len() >= limit => {
                return Err(KmsError::quota("Grants per key", limit, key.grants.len()));
            }
            None => {
                key.grants.push(grant.clone());
                grant.id.clone()
            }
        };
        Ok(id)
    };
    let id = call.change_key(&permit, target, insert).await?;
    Ok(json!({ "GrantToken": BASE64_STANDARD.encode(format!("{}:{id}", target.arn)), "GrantId": id }))
}

fn new_grant(call: &Call<'_>, input: CreateGrant) -> Result<KeyGrant, KmsError> {
    let constraints = input.constraints.unwrap_or_default();
    Ok(KeyGrant {
        id: hex::encode(crypto::random::<32>()?),
        grantee: input.grantee_principal,
        retiring: input.retiring_principal,
        operations: input.operations,
        context_equals: constraints.encryption_context_equals,
        context_subset: constraints.encryption_context_subset,
        issuer: call.caller.principal().principal_arn().unwrap_or_default().to_owned(),
        name: input.name,
        created: call.meta.now.unix_timestamp(),
    })
}

fn must_be_grantable(operations: &[String]) -> Result<(), KmsError> {
    if operations.is_empty() {
        let constraint = "Member must have length greater than or equal to 1";
        return Err(KmsError::constraint("[]", "operations", constraint));
    }
    if operations.iter().any(|operation| operation == "CreateGrant") {
        return Err(KmsError::unsupported("The grant operation CreateGrant"));
    }
    match operations.iter().find(|operation| !OPERATIONS.contains(&operation.as_str())) {
        None => Ok(()),
        Some(other) => {
            let constraint = format!("Member must satisfy enum value set: [{}]", OPERATIONS.join(", "));
            Err(KmsError::constraint(other, "operations", &constraint))
        }
    }
}

/// A grantee is a caller by ARN that exists: never a service, a group or everyone.
async fn must_be_a_principal(call: &Call<'_>, arn: &str) -> Result<(), KmsError> {
    let caller = Principal::from_arn(arn).is_ok_and(|principal| principal.kind() != PrincipalKind::Anonymous);
    match caller && !arn.contains('*') && principals::exists(&call.aws.store, arn).await? {
        true => Ok(()),
        false => Err(KmsError::refused(
            "InvalidArnException",
            format!("ARN does not refer to a valid principal: {arn}"),
        )),
    }
}

fn create_conditions(input: &CreateGrant) -> Context {
    let mut conditions = for_aws_resource()
        .with("kms:GranteePrincipal", input.grantee_principal.clone())
        .with_all("kms:GrantOperations", input.operations.clone());
    if let Some(retiring) = &input.retiring_principal {
        conditions.set("kms:RetiringPrincipal", [retiring.clone()]);
    }
    let constraints = input.constraints.clone().unwrap_or_default();
    let kinds = [
        ("EncryptionContextEquals", constraints.encryption_context_equals.is_some()),
        ("EncryptionContextSubset", constraints.encryption_context_subset.is_some()),
    ];
    let kinds: Vec<&str> = kinds.into_iter().filter(|(_, given)| *given).map(|(kind, _)| kind).collect();
    if !kinds.is_empty() {
        conditions.set("kms:GrantConstraintType", kinds);
    }
    conditions
}

/// True only when an AWS service asks on the caller's behalf, and none does here: S3 needs no grants.
fn for_aws_resource() -> Context {
    Context::new().with("kms:GrantIsForAWSResource", "false")
}

fn dry_run() -> KmsError {
    KmsError::refused(
        "DryRunOperationException",
        "The request would have succeeded, but the DryRun option is set.",
    )
}

pub(super) async fn list_grants(call: &Call<'_>, input: ListGrants) -> Result<Value, KmsError> {
    let target = find(call, &input.key_id, Aliases::Refused).await?;
    let conditions = for_aws_resource();
    let (_permit, key) =
        call.authorize_key::<actions::kms::ListGrants>(&target, OtherAccounts::Accepted, conditions)?;
    let wanted = |grant: &&KeyGrant| {
        input.grant_id.as_ref().is_none_or(|id| *id == grant.id)
            && input.grantee_principal.as_ref().is_none_or(|grantee| *grantee == grant.grantee)
    };
    let by_id: BTreeMap<String, Value> =
        key.grants.iter().filter(wanted).map(|grant| (grant.id.clone(), entry(&key, grant))).collect();
    let limits = Limits { default: 50, largest: 100 };
    page("Grants", by_id.into_iter(), limits, input.limit, input.marker.as_deref())
}

fn entry(key: &KmsKey, grant: &KeyGrant) -> Value {
    let mut entry = json!({
        "KeyId": key.arn,
        "GrantId": grant.id,
        "Name": grant.name.clone().unwrap_or_default(),
        "CreationDate": grant.created,
        "GranteePrincipal": grant.grantee,
        "IssuingAccount": grant.issuer.split(':').nth(4).map(|account| format!("arn:aws:iam::{account}:root")),
        "Operations": grant.operations,
    });
    let mut constraints = serde_json::Map::new();
    if let Some(equals) = &grant.context_equals {
        constraints.insert("EncryptionContextEquals".into(), json!(equals));
    }
    if let Some(subset) = &grant.context_subset {
        constraints.insert("EncryptionContextSubset".into(), json!(subset));
    }
    if let Some(object) = entry.as_object_mut() {
        if !constraints.is_empty() {
            object.insert("Constraints".into(), Value::Object(constraints));
        }
        if let Some(retiring) = &grant.retiring {
            object.insert("RetiringPrincipal".into(), json!(retiring));
        }
    }
    entry
}

pub(super) async fn revoke_grant(call: &Call<'_>, input: RevokeGrant) -> Result<Value, KmsError> {
    let target = find(call, &input.key_id, Aliases::Refused).await?;
    let conditions = for_aws_resource();
    let (permit, _) =
        call.authorize_key::<actions::kms::RevokeGrant>(&target, OtherAccounts::Accepted, conditions)?;
    if input.dry_run {
        return Err(dry_run());
    }
    let revoke = |key: &mut KmsKey| {
        let before = key.grants.len();
        key.grants.retain(|grant| grant.id != input.grant_id);
        match key.grants.len() < before {
            true => Ok(Value::Null),
            false => Err(KmsError::not_found(format!("Grant ID {} not found", input.grant_id))),
        }
    };
    call.change_key(&permit, &target, revoke).await
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct RetireGrant {
    grant_token: Option<String>,
    key_id: Option<String>,
    grant_id: Option<String>,
    dry_run: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListRetirableGrants {
    retiring_principal: String,
    limit: Option<i64>,
    marker: Option<String>,
}

pub(super) async fn retire_grant(call: &Call<'_>, input: RetireGrant) -> Result<Value, KmsError> {
    let (key_arn, id) = match (input.grant_token, input.key_id, input.grant_id) {
        (Some(token), None, None) => read_token(&token)?,
        (None, Some(key), Some(id)) if key.starts_with("arn:") => (key, id),
        (None, Some(key), Some(_)) => {
            return Err(KmsError::refused("InvalidArnException", format!("{key} is not a key ARN")));
        }
        _ => {
            return Err(KmsError::validation(
                "Either a grant token, or both a key ARN and a grant ID must be specified.",
            ));
        }
    };
    let target = find(call, &key_arn, Aliases::Refused).await?;
    let (permit, _) = call.authorize_grant(&target, &id)?;
    if input.dry_run {
        return Err(dry_run());
    }
    let retire = |key: &mut KmsKey| {
        let before = key.grants.len();
        key.grants.retain(|grant| grant.id != id);
        match key.grants.len() < before {
            true => Ok(Value::Null),
            false => Err(KmsError::not_found(format!("Grant ID {id} not found"))),
        }
    };
    call.change_key(&permit, &target, retire).await
}

/// Key ARN and grant id of a grant token.
fn read_token(token: &str) -> Result<(String, String), KmsError> {
    let text = BASE64_STANDARD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let parts = text.as_deref().and_then(|text| text.rsplit_once(':'));
    let invalid = || KmsError::refused("InvalidGrantTokenException", "Invalid grant token.");
    parts.map(|(key, id)| (key.to_owned(), id.to_owned())).ok_or_else(invalid)
}

pub(super) async fn list_retirable_grants(
    call: &Call<'_>,
    input: ListRetirableGrants,
) -> Result<Value, KmsError> {
    call.authorize_other::<actions::kms::ListRetirableGrants>("*", Context::new())?;
    let own = call.caller.account_id();
    let retiring = Principal::from_arn(&input.retiring_principal).ok();
    if retiring.and_then(|principal| principal.account().map(str::to_owned)).as_deref() != Some(own) {
        let message = format!("ARN does not refer to a valid principal: {}", input.retiring_principal);
        return Err(KmsError::refused("InvalidArnException", message));
    }
    let account = call.aws.store.account(own).await?;
    let now = call.meta.now.unix_timestamp();
    let keys = account.iter().flat_map(|account| account.keys.values()).filter(|key| !is_gone(key, now));
    let by_id: BTreeMap<String, Value> = keys
        .flat_map(|key| key.grants.iter().map(move |grant| (key, grant)))
        .filter(|(_, grant)| grant.retiring.as_deref() == Some(input.retiring_principal.as_str()))
        .map(|(key, grant)| (grant.id.clone(), entry(key, grant)))
        .collect();
    let limits = Limits { default: 50, largest: 100 };
    page("Grants", by_id.into_iter(), limits, input.limit, input.marker.as_deref())
}

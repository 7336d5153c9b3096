//! Putting a document in force, as the persona whose lock it is.

use super::{
    Site,
    desk::Desk,
    role,
    scene::{BUCKET_POLICY, INLINE},
};
use crate::{cloud::Asked as _, store::LabState, tutorial::key_policy, verdict::Question};
use app::console::{Answer, ConsoleError, Persona, RoleName};
use policy::scene::KEY_POLICY;

/// The versions that IAM keeps of a managed policy at most (IAM User Guide, `reference_iam-quotas`).
const MAX_VERSIONS: usize = 5;

/// Puts the document with this id in force. Gives the records of all calls, the one that decided last.
pub(super) async fn apply(
    site: &Site,
    lab: LabState,
    document: &str,
    text: &str,
) -> Result<Vec<i64>, ConsoleError> {
    let persona = match document {
        BUCKET_POLICY => Persona::SecureBucketAdmin,
        KEY_POLICY => Persona::SecureKeyAdmin,
        _ => Persona::Admin,
    };
    if text.trim().is_empty() && document != BUCKET_POLICY {
        return Err(invalid("The document is empty. Only a bucket can be without a policy."));
    }
    let mut records = Vec::new();
    // Without a desk AWS refused the role: that record is what there is to see.
    let Ok(mut desk) = role::desk(site, lab, None, persona, &mut records).await? else { return Ok(records) };
    match document {
        BUCKET_POLICY => bucket_policy(&mut desk, text).await?,
        KEY_POLICY => key_policy(&mut desk, text).await?,
        inline if inline.starts_with(INLINE) => inline_policy(&mut desk, inline, text).await?,
        arn => managed_policy(&mut desk, arn, text).await?,
    }
    records.append(&mut desk.records);
    Ok(records)
}

fn invalid(message: &str) -> ConsoleError {
    ConsoleError::Invalid { field: "document".into(), message: message.into() }
}

async fn bucket_policy(desk: &mut Desk<'_>, text: &str) -> Result<(), ConsoleError> {
    let bucket = desk.lab.bucket.clone();
    let s3 = desk.clients.s3.clone();
    if text.trim().is_empty() {
        let question = Question::new("s3", "DeleteBucketPolicy").bucket(&bucket);
        let request = s3.delete_bucket_policy().bucket(&bucket).send().asked();
        desk.call(question, bucket.as_str(), request, |_, _| {}).await?.ok();
    } else {
        let question = Question::new("s3", "PutBucketPolicy").bucket(&bucket);
        let request = s3.put_bucket_policy().bucket(&bucket).policy(text).send().asked();
        desk.call(question, bucket.as_str(), request, |_, _| {}).await?.ok();
    }
    Ok(())
}

async fn key_policy(desk: &mut Desk<'_>, text: &str) -> Result<(), ConsoleError> {
    let key = desk.lab.key_arn.clone().ok_or_else(|| ConsoleError::NotFound { what: "KMS key".into() })?;
    let kms = desk.clients.kms.clone();
    let user = desk.lab.role_arn(RoleName::AuthorizedUsers.name());
    let question = Question::new("kms", "PutKeyPolicy").key(&key);
    let request = kms.put_key_policy().key_id(&key).policy_name("default").policy(text).send().asked();
    desk.call(question, key.as_str(), request, |lab, result| {
        if result.is_ok() {
            lab.key_user_present = Some(key_policy::has_user(text, &user));
        }
    })
    .await?
    .ok();
    Ok(())
}

/// A new default version. IAM keeps five: the oldest that is not the default goes first, as the AWS console offers it.
async fn managed_policy(desk: &mut Desk<'_>, arn: &str, text: &str) -> Result<(), ConsoleError> {
    let iam = desk.clients.iam.clone();
    let name = arn.rsplit('/').next().unwrap_or(arn).to_owned();
    let request = iam.list_policy_versions().policy_arn(arn).send().asked();
    let question = Question::new("iam", "ListPolicyVersions").policy(arn);
    let Ok(listed) = desk.call(question, name.as_str(), request, |_, _| {}).await? else { return Ok(()) };
    let spare = listed.versions().iter().filter(|version| !version.is_default_version());
    // `v1`, `v2`: counted up, and never given again.
    let number = |id: Option<&str>| id.and_then(|id| id.strip_prefix('v')?.parse::<u64>().ok());
    let oldest = spare.min_by_key(|version| number(version.version_id()));
    if listed.versions().len() >= MAX_VERSIONS
        && let Some(oldest) = oldest.and_then(|version| version.version_id())
    {
        let request = iam.delete_policy_version().policy_arn(arn).version_id(oldest).send().asked();
        let question = Question::new("iam", "DeletePolicyVersion").policy(arn);
        let deleted: Result<_, Answer> =
            desk.call(question, format!("{name} {oldest}"), request, |_, _| {}).await?;
        if deleted.is_err() {
            return Ok(());
        }
    }
    let request =
        iam.create_policy_version().policy_arn(arn).policy_document(text).set_as_default(true).send().asked();
    let question = Question::new("iam", "CreatePolicyVersion").policy(arn);
    desk.call(question, name, request, |_, _| {}).await?.ok();
    Ok(())
}

/// `inline:role:HOLDER:NAME`, as the scene names it.
async fn inline_policy(desk: &mut Desk<'_>, id: &str, text: &str) -> Result<(), ConsoleError> {
    let mut parts = id.splitn(4, ':').skip(1);
    let (Some(kind), Some(holder), Some(name)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(ConsoleError::NotFound { what: "such policy".into() });
    };
    if kind != "role" {
        return Err(invalid("Policies of users and groups are not changed here. Use the AWS CLI for it."));
    }
    let iam = desk.clients.iam.clone();
    let request =
        iam.put_role_policy().role_name(holder).policy_name(name).policy_document(text).send().asked();
    let question = Question::new("iam", "PutRolePolicy").role(&desk.lab.role_arn(holder));
    desk.call(question, format!("{name} of {holder}"), request, |_, _| {}).await?.ok();
    Ok(())
}

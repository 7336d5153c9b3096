//! Credentials of an instance: a session of its profile's role, named after the instance.

use policy::ResourceKind;
use serde_json::{Value, json};

use super::Place;
use crate::caller::{Session, SessionSource, SessionTags, Token};
use crate::credentials::session_credentials;
use crate::crypto::CryptoError;
use crate::gate::actions::sts;
use crate::gate::{Permit, Question};
use crate::model::{InstanceProfile, Role};
use crate::query::timestamp;
use crate::{arns, sts as sts_service};

/// The service that assumes instances' roles.
const EC2: &str = "ec2.amazonaws.com";
/// Where EC2 sends those whose role it cannot assume.
const TROUBLESHOOTING: &str = "https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_iam-ec2.html#troubleshoot_iam-ec2_errors-info-doc";

/// The instance's profile as it is now.
pub(super) fn profile(place: Place<'_>) -> Option<&InstanceProfile> {
    place.account.profile_of(place.instance)
}

/// The role of that profile.
pub(super) fn role(place: Place<'_>) -> Option<&Role> {
    place.account.roles.get(profile(place)?.role.as_ref()?).map(AsRef::as_ref)
}

/// `iam/info`.
pub(super) fn info(place: Place<'_>) -> Option<Value> {
    let profile = profile(place)?;
    Some(json!({
        "Code": "Success",
        "LastUpdated": timestamp(place.meta.now.unix_timestamp()),
        "InstanceProfileArn": arns::instance_profile(&place.account.id, &profile.path, &profile.name),
        "InstanceProfileId": profile.id,
    }))
}

/// `iam/security-credentials/<role>`: credentials, or why EC2 cannot get any.
///
/// They are made anew for every request and never stored, so they are never close to their end.
pub(super) fn security_credentials(place: Place<'_>, role: &Role) -> Result<Value, CryptoError> {
    let now = place.meta.now.unix_timestamp();
    let Some(permit) = assume(place, role) else {
        return Ok(json!({
            "Code": "AssumeRoleUnauthorizedAccess",
            "Message": format!("EC2 cannot assume the role {}. Please see documentation at {TROUBLESHOOTING}.", role.name),
            "LastUpdated": timestamp(now),
        }));
    };
    open_session(place, role, now, &permit)
}

/// Asks the gate whether the role's trust policy lets EC2 assume it.
fn assume(place: Place<'_>, role: &Role) -> Option<Permit<sts::AssumeRole>> {
    let mut question =
        Question::about(arns::role(&place.account.id, &role.path, &role.name)).owned_by(&place.account.id);
    question.kind = ResourceKind::IamRole;
    question.resource_policy = Some(sts_service::trust_policy(role));
    place.aws.gate.authorize_service(place.meta, EC2, question).ok()
}

fn open_session(
    place: Place<'_>,
    role: &Role,
    now: i64,
    _permit: &Permit<sts::AssumeRole>,
) -> Result<Value, CryptoError> {
    let session = Session {
        account: place.account.id.clone(),
        role: role.name.clone(),
        role_id: role.id.clone(),
        name: place.instance.id.clone(),
        policies: Vec::new(),
        issued: now,
        expires: now + place.aws.fidelity.instance_credential_seconds,
        source: SessionSource::Instance,
        tags: SessionTags::default(),
        source_identity: None,
        instance: None,
    };
    let credentials = session_credentials(&place.aws.store, &Token::Role(session))?;
    Ok(json!({
        "Code": "Success",
        "LastUpdated": timestamp(now),
        "Type": "AWS-HMAC",
        "AccessKeyId": credentials.access_key_id,
        "SecretAccessKey": credentials.secret_access_key.as_str(),
        "Token": credentials.session_token.as_str(),
        "Expiration": timestamp(credentials.expires),
    }))
}

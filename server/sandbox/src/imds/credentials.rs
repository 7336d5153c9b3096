//! Credentials of an instance: a session of its profile's role, named after the instance.

use std::sync::Arc;

use policy::ResourceKind;
use serde_json::{Value, json};

use super::Place;
use crate::caller::{Delivery, Session, SessionSource, SessionTags, Token};
use crate::cloudtrail::{EC2, record_role_taken};
use crate::credentials::{SessionCredentials, standing_credentials};
use crate::crypto::CryptoError;
use crate::gate::actions::sts;
use crate::gate::{Denied, Permit, Question};
use crate::model::{InstanceProfile, Role, Timestamp};
use crate::query::timestamp;
use crate::{arns, sts as sts_service};

/// How often new credentials come at most, in seconds. EC2 has them ready hours before the old ones end.
const MAX_PERIOD: Timestamp = 60 * 60;
/// How long before the end of the old credentials new ones are there, in seconds (EC2 User Guide, `iam-roles-for-amazon-ec2`).
const READY_BEFORE_END: Timestamp = 5 * 60;
/// Where EC2 sends those whose role it cannot assume.
const TROUBLESHOOTING: &str = "https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_iam-ec2.html#troubleshoot_iam-ec2_errors-info-doc";

/// The instance's profile as it is now.
pub(super) fn profile(place: Place<'_>) -> Option<&InstanceProfile> {
    place.account.profile_of(place.instance)
}

/// The role of that profile.
pub(super) fn role(place: Place<'_>) -> Option<&Arc<Role>> {
    place.account.roles.get(profile(place)?.role.as_ref()?)
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
/// They are the same until the next are due, and not stored: what is in them follows from the instance, its role and the time.
/// `version` is that of the metadata service; each gives credentials of its own.
pub(super) fn security_credentials(
    place: Place<'_>,
    role: &Arc<Role>,
    version: u8,
) -> Result<Value, CryptoError> {
    let now = place.meta.now.unix_timestamp();
    let arn = arns::role(&place.account.id, &role.path, &role.name);
    let taken = |given| {
        record_role_taken(place.aws, place.meta, (&place.account.id, &arn), &place.instance.id, given);
    };
    match assume(place, role) {
        Ok(permit) => {
            let (credentials, issued) = open_session(place, role, version, &permit)?;
            taken(Ok(&credentials));
            Ok(json!({
                "Code": "Success",
                "LastUpdated": timestamp(issued),
                "Type": "AWS-HMAC",
                "AccessKeyId": credentials.access_key_id,
                "SecretAccessKey": credentials.secret_access_key.as_str(),
                "Token": credentials.session_token.as_str(),
                "Expiration": timestamp(credentials.expires),
            }))
        }
        Err(denied) => {
            taken(Err(denied.message));
            Ok(json!({
                "Code": "AssumeRoleUnauthorizedAccess",
                "Message": format!("EC2 cannot assume the role {}. Please see documentation at {TROUBLESHOOTING}.", role.name),
                "LastUpdated": timestamp(now),
            }))
        }
    }
}

/// Asks the gate whether the role's trust policy lets EC2 assume it.
fn assume(place: Place<'_>, role: &Arc<Role>) -> Result<Permit<sts::AssumeRole>, Denied> {
    let mut question =
        Question::about(arns::role(&place.account.id, &role.path, &role.name)).owned_by(&place.account.id);
    question.kind = ResourceKind::IamRole;
    let known = place.aws.known_role(&place.account.id, role);
    question.resource_policy = known.as_deref().map(sts_service::trust_policy);
    place.aws.gate.authorize_service(place.meta, EC2, question)
}

fn open_session(
    place: Place<'_>,
    role: &Role,
    version: u8,
    _permit: &Permit<sts::AssumeRole>,
) -> Result<(SessionCredentials, Timestamp), CryptoError> {
    let lifetime = place.aws.fidelity.instance_credential_seconds;
    let issued = last_rotation(place, lifetime);
    let session = Session {
        account: place.account.id.clone(),
        role: role.name.clone(),
        role_id: role.id.clone(),
        name: place.instance.id.clone(),
        policies: Vec::new(),
        issued,
        expires: issued + lifetime,
        source: SessionSource::Instance,
        tags: SessionTags::default(),
        source_identity: None,
        instance: Some(Delivery {
            instance: arns::instance(&place.aws.region, &place.account.id, &place.instance.id),
            version,
        }),
    };
    Ok((standing_credentials(&place.aws.store, &Token::Role(session))?, issued))
}

/// When the credentials of now were made: at a whole number of periods after the instance got its profile.
fn last_rotation(place: Place<'_>, lifetime: Timestamp) -> Timestamp {
    let now = place.meta.now.unix_timestamp();
    let associated = place.instance.profile.as_ref().map_or(0, |profile| profile.since);
    let since = if associated == 0 { place.instance.launched } else { associated };
    let period = (lifetime - READY_BEFORE_END).clamp(1, MAX_PERIOD);
    now - (now - since).rem_euclid(period)
}

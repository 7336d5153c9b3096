//! Versions of managed policies: five at most, one of them in force.

use super::entity::{Entity as _, Policies};
use super::policies::{identity_document, own, own_mut};
use super::read;
use crate::gate::actions::iam;
use crate::managed;
use crate::model::{Account, ManagedPolicy, PolicyText, PolicyVersion, Timestamp};
use crate::query::{Call, Fault, Xml, encoded, page, timestamp};

/// Versions that are kept of a policy.
pub(super) const MAX_VERSIONS: usize = 5;

pub(super) async fn create(call: Call<'_>) -> Result<Xml, Fault> {
    let arn = Policies::named(call)?;
    let text = call.params.required("PolicyDocument")?;
    let set_as_default = call.params.flag("SetAsDefault")?;
    let permit = call.authorize::<iam::CreatePolicyVersion>(Policies::question(call, arn))?;
    let document = identity_document(call, text)?;
    call.change(&permit, |account| {
        let policy = own_mut(account, arn)?;
        if policy.versions.len() >= MAX_VERSIONS {
            return Err(Fault::limit_exceeded(
                "A managed policy can have up to 5 versions. Before you create a new version, you must delete an \
                 existing version.",
            ));
        }
        let id = format!("v{}", policy.next_version);
        policy.next_version += 1;
        policy.versions.push(PolicyVersion {
            id: id.clone(),
            created: call.now(),
            document: document.clone(),
        });
        if set_as_default {
            policy.default_version.clone_from(&id);
        }
        let mut xml = Xml::default();
        xml.element("PolicyVersion", |element| write(element, &id, set_as_default, call.now()));
        Ok(xml)
    })
    .await
}

pub(super) async fn get(call: Call<'_>) -> Result<Xml, Fault> {
    let arn = Policies::named(call)?;
    let id = read::version_id(call.params)?;
    let permit = call.authorize::<iam::GetPolicyVersion>(Policies::question(call, arn))?;
    let versions = Version::find(call.account(&permit)?, arn);
    let version = versions.and_then(|versions| versions.into_iter().find(|version| version.id == id));
    let version = version.ok_or_else(|| not_found(arn, id))?;
    let mut xml = Xml::default();
    xml.element("PolicyVersion", |element| {
        // URL-encoded as RFC 3986 has it (IAM API Reference, `PolicyVersion`).
        element.text("Document", encoded(version.document.text()));
        write(element, version.id, version.in_force, version.created);
    });
    Ok(xml)
}

pub(super) async fn list(call: Call<'_>) -> Result<Xml, Fault> {
    let arn = Policies::named(call)?;
    let permit = call.authorize::<iam::ListPolicyVersions>(Policies::question(call, arn))?;
    let mut versions =
        Version::find(call.account(&permit)?, arn).ok_or_else(|| super::policies::not_found(arn))?;
    // Newest first, as AWS was recorded answering.
    versions.reverse();
    // Keys of pages must ascend.
    let keys: Vec<String> = (0..versions.len()).map(|place| format!("{place:03}")).collect();
    page(call.params, "Versions", keys.iter().map(String::as_str).zip(&versions), |xml, version| {
        write(xml, version.id, version.in_force, version.created);
    })
}

pub(super) async fn set_default(call: Call<'_>) -> Result<Xml, Fault> {
    let arn = Policies::named(call)?;
    let id = read::version_id(call.params)?;
    let permit = call.authorize::<iam::SetDefaultPolicyVersion>(Policies::question(call, arn))?;
    call.change(&permit, |account| {
        existing(account, arn, id)?;
        id.clone_into(&mut own_mut(account, arn)?.default_version);
        Ok(Xml::default())
    })
    .await
}

pub(super) async fn delete(call: Call<'_>) -> Result<Xml, Fault> {
    let arn = Policies::named(call)?;
    let id = read::version_id(call.params)?;
    let permit = call.authorize::<iam::DeletePolicyVersion>(Policies::question(call, arn))?;
    call.change(&permit, |account| {
        if existing(account, arn, id)?.default_version == id {
            return Err(Fault::delete_conflict("Cannot delete the default version of a policy."));
        }
        own_mut(account, arn)?.versions.retain(|version| version.id != id);
        Ok(Xml::default())
    })
    .await
}

/// The account's own policy, if it has this version.
fn existing<'a>(account: &'a Account, arn: &str, id: &str) -> Result<&'a ManagedPolicy, Fault> {
    let policy = own(account, arn).map_err(|fault| match fault {
        Fault::Refused { status: 404, .. } => not_found(arn, id),
        fault => fault,
    })?;
    match policy.versions.iter().any(|version| version.id == id) {
        true => Ok(policy),
        false => Err(not_found(arn, id)),
    }
}

fn not_found(arn: &str, id: &str) -> Fault {
    Fault::no_such_entity(format!("Policy {arn} version {id} does not exist or is not attachable."))
}

pub(super) fn write(xml: &mut Xml, id: &str, in_force: bool, created: Timestamp) {
    xml.text("VersionId", id).text("IsDefaultVersion", in_force).text("CreateDate", timestamp(created));
}

/// One version of any managed policy.
pub(super) struct Version<'a> {
    pub(super) id: &'a str,
    pub(super) in_force: bool,
    pub(super) created: Timestamp,
    pub(super) document: &'a PolicyText,
}

impl<'a> Version<'a> {
    /// All of them, oldest first.
    pub(super) fn find(account: &'a Account, arn: &str) -> Option<Vec<Self>> {
        if let Some(policy) = managed::aws_managed(arn) {
            let only = Self {
                id: &policy.version,
                in_force: true,
                created: policy.updated,
                document: &policy.document,
            };
            return Some(vec![only]);
        }
        let policy = own(account, arn).ok()?;
        let versions = policy.versions.iter().map(|version| Self {
            id: &version.id,
            in_force: version.id == policy.default_version,
            created: version.created,
            document: &version.document,
        });
        Some(versions.collect())
    }
}

//! Customer managed policies, and AWS's own as far as they can be read.

use std::sync::Arc;

use policy::Document;
use serde_json::Value;

use super::entity::{Entity as _, Policies};
use super::{read, tags};
use crate::credentials::unique_id;
use crate::gate::Question;
use crate::gate::actions::iam;
use crate::managed::{self, AwsManaged};
use crate::model::{Account, IdentityPolicies, ManagedPolicy, PolicyText, PolicyVersion, Tags, Timestamp};
use crate::query::{Call, Fault, Xml, page, timestamp};

/// Most customer managed policies of an account.
pub(super) const MAX_POLICIES: usize = 1_500;

pub(super) async fn create(call: Call<'_>) -> Result<Xml, Fault> {
    let name = read::name(call.params, "PolicyName", read::LONG_NAME)?;
    let path = read::path(call.params)?;
    let text = call.params.required("PolicyDocument")?;
    let description = read::description(call.params)?;
    let given = tags::given(call.params)?;
    let question = || Question::about(managed::policy_arn(call.account_id(), path, name));
    let permit = tags::authorize_new::<iam::CreatePolicy, Policies>(call, question, &given)?;
    let document = identity_document(call, text)?;
    let id = unique_id("ANPA")?;
    call.change(&permit, |account| {
        if read::taken(&account.policies, name) {
            return Err(Fault::already_exists(format!(
                "A policy called {name} already exists. Duplicate names are not allowed."
            )));
        }
        read::quota("PoliciesPerAccount", account.policies.len(), MAX_POLICIES)?;
        let mut tags = Tags::new();
        tags::set::<Policies>(&mut tags, &given)?;
        let policy = ManagedPolicy {
            name: name.to_owned(),
            path: path.to_owned(),
            id: id.clone(),
            created: call.now(),
            description: description.clone(),
            versions: vec![PolicyVersion {
                id: "v1".into(),
                created: call.now(),
                document: document.clone(),
            }],
            default_version: "v1".into(),
            next_version: 2,
            tags,
        };
        let mut xml = Xml::default();
        xml.element("Policy", |element| {
            write(element, &Listed::own(account, &policy));
            tags::write_any(element, &policy.tags);
        });
        account.policies.insert(name.to_owned(), Arc::new(policy));
        Ok(xml)
    })
    .await
}

pub(super) async fn get(call: Call<'_>) -> Result<Xml, Fault> {
    let arn = Policies::named(call)?;
    let permit = call.authorize::<iam::GetPolicy>(Policies::question(call, arn))?;
    let account = call.account(&permit)?;
    let policy = Listed::find(account, arn).ok_or_else(|| not_found(arn))?;
    let tags = Policies::tags(account, arn).ok_or_else(|| not_found(arn))?;
    let mut xml = Xml::default();
    xml.element("Policy", |element| {
        write(element, &policy);
        tags::write(element.optional("Description", policy.description), tags);
    });
    Ok(xml)
}

pub(super) async fn list(call: Call<'_>) -> Result<Xml, Fault> {
    let params = call.params;
    let scope = read::one_of("Scope", params.get("Scope"), &["All", "AWS", "Local"])?.unwrap_or("All");
    let usage = read::usage_filter(params)?;
    let only_attached = params.flag("OnlyAttached")?;
    let prefix = read::path_prefix(params)?;
    let permit = call.authorize::<iam::ListPolicies>(Question::about("*"))?;
    let account = call.account(&permit)?;
    let own = account.policies.values().map(|policy| Listed::own(account, policy)).filter(|_| scope != "AWS");
    let aws =
        managed::all_aws_managed().map(|policy| Listed::aws(account, policy)).filter(|_| scope != "Local");
    let mut listed: Vec<Listed<'_>> = own
        .chain(aws)
        .filter(|policy| policy.path.starts_with(prefix))
        .filter(|policy| !only_attached || policy.is_used(usage))
        .collect();
    listed.sort_unstable_by(|one, other| one.arn.cmp(&other.arn));
    page(params, "Policies", listed.iter().map(|policy| (policy.arn.as_str(), policy)), |xml, policy| {
        write(xml, policy);
    })
}

pub(super) async fn delete(call: Call<'_>) -> Result<Xml, Fault> {
    let arn = Policies::named(call)?;
    let permit = call.authorize::<iam::DeletePolicy>(Policies::question(call, arn))?;
    call.change(&permit, |account| {
        let policy = own(account, arn)?;
        if attachments(account, arn) + boundaries(account, arn) > 0 {
            return Err(Fault::delete_conflict("Cannot delete a policy attached to entities."));
        }
        if policy.versions.len() > 1 {
            return Err(Fault::delete_conflict(
                "This policy has more than one version. Before you delete a policy, you must delete the policy's \
                 versions. The default version is deleted with the policy.",
            ));
        }
        let name = policy.name.clone();
        account.policies.remove(&name);
        Ok(Xml::default())
    })
    .await
}

/// A document as `CreatePolicy` accepts it.
pub(super) fn identity_document(call: Call<'_>, text: &str) -> Result<PolicyText, Fault> {
    policy::validate::identity(text)?;
    stored_identity(call, text)
}

/// A validated document in the form in which it is kept.
pub(super) fn stored(text: &str) -> Result<PolicyText, Fault> {
    PolicyText::parse(text).map_err(|error| malformed(error.to_string()))
}

/// The same of an identity policy.
pub(super) fn stored_identity(call: Call<'_>, text: &str) -> Result<PolicyText, Fault> {
    let stored = stored(text)?;
    match begins_with_blank(&stored.document()) {
        Some(resource) if !call.aws.fidelity.resource_may_begin_with_blank => {
            Err(malformed(format!("Resource {resource} must be in ARN format or \"*\".")))
        }
        _ => Ok(stored),
    }
}

fn malformed(message: String) -> Fault {
    Fault::refused(400, "MalformedPolicyDocument", message)
}

/// The first resource that the document names after white space.
fn begins_with_blank(document: &Document) -> Option<&str> {
    let elements = document
        .statements()
        .iter()
        .flat_map(|statement| ["Resource", "NotResource"].map(|name| statement.source().get(name)));
    let texts = elements.flatten().flat_map(|named| match named {
        Value::Array(several) => several.as_slice(),
        one => std::slice::from_ref(one),
    });
    texts.filter_map(Value::as_str).find(|text| text.starts_with(char::is_whitespace))
}

pub(super) fn not_found(arn: &str) -> Fault {
    Fault::no_such_entity(format!("Policy {arn} was not found."))
}

/// The account's own policy with this ARN. Nobody may change AWS's.
pub(super) fn own<'a>(account: &'a Account, arn: &str) -> Result<&'a ManagedPolicy, Fault> {
    if managed::aws_managed(arn).is_some() {
        return Err(Fault::refused(
            403,
            "AccessDenied",
            format!("{arn} is managed by AWS and cannot be changed."),
        ));
    }
    let name = arn.rsplit('/').next().unwrap_or_default();
    account
        .policies
        .get(name)
        .map(Arc::as_ref)
        .filter(|policy| managed::policy_arn(&account.id, &policy.path, &policy.name) == arn)
        .ok_or_else(|| not_found(arn))
}

/// The same for changing; the caller has looked with [`own`] before.
pub(super) fn own_mut<'a>(account: &'a mut Account, arn: &str) -> Result<&'a mut ManagedPolicy, Fault> {
    let name = own(account, arn)?.name.clone();
    account.policies.get_mut(&name).map(Arc::make_mut).ok_or_else(|| not_found(arn))
}

/// How many users, groups and roles a managed policy is attached to.
fn attachments(account: &Account, arn: &str) -> usize {
    let holds = |policies: &IdentityPolicies| policies.attached.iter().any(|attached| attached == arn);
    account.users.values().filter(|user| holds(&user.policies)).count()
        + account.groups.values().filter(|group| holds(&group.policies)).count()
        + account.roles.values().filter(|role| holds(&role.policies)).count()
}

/// Of how many users and roles a managed policy is the permissions boundary.
fn boundaries(account: &Account, arn: &str) -> usize {
    let users = account.users.values().map(|user| &user.boundary);
    users
        .chain(account.roles.values().map(|role| &role.boundary))
        .filter(|of| of.as_deref() == Some(arn))
        .count()
}

/// A managed policy as lists show it.
pub(super) struct Listed<'a> {
    pub(super) arn: String,
    name: &'a str,
    id: &'a str,
    path: &'a str,
    description: Option<&'a str>,
    default_version: &'a str,
    attachments: usize,
    boundaries: usize,
    created: Timestamp,
    updated: Timestamp,
}

impl<'a> Listed<'a> {
    /// Whether anybody has it, in the way of a `PolicyUsageFilter` or in any.
    pub(super) fn is_used(&self, usage: Option<&str>) -> bool {
        let attached = usage != Some("PermissionsBoundary") && self.attachments > 0;
        attached || (usage != Some("PermissionsPolicy") && self.boundaries > 0)
    }

    fn find(account: &'a Account, arn: &str) -> Option<Self> {
        match managed::aws_managed(arn) {
            Some(policy) => Some(Self::aws(account, policy)),
            None => Some(Self::own(account, own(account, arn).ok()?)),
        }
    }

    pub(super) fn own(account: &Account, policy: &'a ManagedPolicy) -> Self {
        let arn = managed::policy_arn(&account.id, &policy.path, &policy.name);
        Self {
            attachments: attachments(account, &arn),
            boundaries: boundaries(account, &arn),
            arn,
            name: &policy.name,
            id: &policy.id,
            path: &policy.path,
            description: policy.description.as_deref(),
            default_version: &policy.default_version,
            created: policy.created,
            // The date of the newest version (IAM API Reference, `Policy`).
            updated: policy.versions.iter().map(|version| version.created).max().unwrap_or(policy.created),
        }
    }

    pub(super) fn aws(account: &Account, policy: &'static AwsManaged) -> Self {
        let arn = format!("{}{}", managed::AWS_PREFIX, policy.name);
        Self {
            attachments: attachments(account, &arn),
            boundaries: boundaries(account, &arn),
            arn,
            name: &policy.name,
            id: &policy.id,
            path: "/",
            description: Some(&policy.description),
            default_version: &policy.version,
            created: policy.created,
            updated: policy.updated,
        }
    }
}

pub(super) fn write(xml: &mut Xml, policy: &Listed<'_>) {
    xml.text("PolicyName", policy.name)
        .text("PolicyId", policy.id)
        .text("Arn", &policy.arn)
        .text("Path", policy.path)
        .text("DefaultVersionId", policy.default_version)
        .text("AttachmentCount", policy.attachments)
        .text("PermissionsBoundaryUsageCount", policy.boundaries)
        .text("IsAttachable", true)
        .text("CreateDate", timestamp(policy.created))
        .text("UpdateDate", timestamp(policy.updated));
}

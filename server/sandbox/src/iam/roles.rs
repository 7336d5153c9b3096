//! Roles and their trust policies.

use std::sync::Arc;

use super::entity::{Entity as _, Roles};
use super::{boundaries, read, tags, trust};
use crate::activity::{self, Use};
use crate::arns;
use crate::credentials::unique_id;
use crate::gate::Question;
use crate::gate::actions::iam;
use crate::model::{IdentityPolicies, Role, Tags};
use crate::query::{Call, Fault, Xml, encoded, page, timestamp};

/// Most roles of an account.
pub(super) const MAX_ROLES: usize = 1_000;
/// Longest session of a role, in seconds, when `CreateRole` does not say.
const DEFAULT_MAX_SESSION: i64 = 3_600;
/// What `CreateRole` may say.
const MAX_SESSIONS: std::ops::RangeInclusive<i64> = 3_600..=43_200;

pub(super) async fn create(call: Call<'_>) -> Result<Xml, Fault> {
    let params = call.params;
    let name = read::name(params, "RoleName", read::SHORT_NAME)?;
    let path = read::path(params)?;
    let text = params.required("AssumeRolePolicyDocument")?;
    let description = read::description(params)?;
    let max_session_duration = params.integer("MaxSessionDuration", MAX_SESSIONS)?;
    let boundary = boundaries::given(call);
    let given = tags::given(params)?;
    let question = || {
        let question = Question::about(arns::role(call.account_id(), path, name));
        boundaries::asked_with(question, boundary)
    };
    let permit = tags::authorize_new::<iam::CreateRole, Roles>(call, question, &given)?;
    let document = trust::document(call.aws, text).await?;
    let id = unique_id("AROA")?;
    call.change(&permit, |account| {
        if read::taken(&account.roles, name) {
            return Err(Fault::already_exists(format!("Role with name {name} already exists.")));
        }
        read::quota("RolesPerAccount", account.roles.len(), MAX_ROLES)?;
        boundaries::must_exist(account, boundary)?;
        let mut tags = Tags::new();
        tags::set::<Roles>(&mut tags, &given)?;
        let role = Role {
            name: name.to_owned(),
            path: path.to_owned(),
            id: id.clone(),
            created: call.now(),
            description: description.clone(),
            trust: document.clone(),
            policies: IdentityPolicies::default(),
            max_session_duration: max_session_duration.unwrap_or(DEFAULT_MAX_SESSION),
            boundary: boundary.map(str::to_owned),
            tags,
        };
        let mut xml = Xml::default();
        // As AWS was recorded answering: without the description and the longest session.
        xml.element("Role", |element| {
            write_identity(element, &account.id, &role);
            boundaries::write(element, role.boundary.as_deref());
            tags::write_any(element, &role.tags);
        });
        account.roles.insert(name.to_owned(), Arc::new(role));
        Ok(xml)
    })
    .await
}

pub(super) async fn get(call: Call<'_>) -> Result<Xml, Fault> {
    let name = Roles::named(call)?;
    let permit = call.authorize::<iam::GetRole>(Roles::question(call, name))?;
    let account = call.account(&permit)?;
    let role = account.roles.get(name).ok_or_else(|| Roles::not_found(name))?;
    let activity = call.aws.gate.activity();
    let uses = activity.uses(&call.aws.store, &account.id, Some(&role.id), call.now()).await?;
    let mut xml = Xml::default();
    xml.element("Role", |element| {
        write(element, &account.id, role);
        element.text("MaxSessionDuration", role.max_session_duration);
        boundaries::write(element, role.boundary.as_deref());
        tags::write_any(element, &role.tags);
        write_last_used(element, activity::latest(&uses));
    });
    Ok(xml)
}

pub(super) async fn list(call: Call<'_>) -> Result<Xml, Fault> {
    let prefix = read::path_prefix(call.params)?;
    let permit = call.authorize::<iam::ListRoles>(Question::about("*"))?;
    let account = call.account(&permit)?;
    let roles = account.roles.iter().filter(|(_, role)| role.path.starts_with(prefix));
    page(call.params, "Roles", roles.map(|(name, role)| (name.as_str(), role)), |xml, role| {
        write(xml, &account.id, role);
        xml.text("MaxSessionDuration", role.max_session_duration);
    })
}

pub(super) async fn delete(call: Call<'_>) -> Result<Xml, Fault> {
    let name = Roles::named(call)?;
    let permit = call.authorize::<iam::DeleteRole>(Roles::question(call, name))?;
    call.change(&permit, |account| {
        let role = account.roles.get(name).ok_or_else(|| Roles::not_found(name))?;
        if account.instance_profiles.values().any(|profile| profile.role.as_deref() == Some(name)) {
            return Err(Fault::delete_conflict(
                "Cannot delete entity, must remove roles from instance profile first.",
            ));
        }
        require_no_policies(&role.policies)?;
        let (arn, id) = (arns::role(&account.id, &role.path, name), role.id.clone());
        account.roles.remove(name);
        account.name_instead(&arn, &id);
        Ok(Xml::default())
    })
    .await
}

pub(super) async fn update_trust(call: Call<'_>) -> Result<Xml, Fault> {
    let name = Roles::named(call)?;
    let text = call.params.required("PolicyDocument")?;
    let permit = call.authorize::<iam::UpdateAssumeRolePolicy>(Roles::question(call, name))?;
    let document = trust::document(call.aws, text).await?;
    call.change(&permit, |account| {
        let role = account.roles.get_mut(name).ok_or_else(|| Roles::not_found(name))?;
        Arc::make_mut(role).trust = document.clone();
        Ok(Xml::default())
    })
    .await
}

/// What the request does not say stays as it is, as AWS was recorded answering.
pub(super) async fn update(call: Call<'_>) -> Result<Xml, Fault> {
    let name = Roles::named(call)?;
    let description = read::description(call.params)?;
    let max_session_duration = call.params.integer("MaxSessionDuration", MAX_SESSIONS)?;
    let permit = call.authorize::<iam::UpdateRole>(Roles::question(call, name))?;
    call.change(&permit, |account| {
        let role = account.roles.get_mut(name).ok_or_else(|| Roles::not_found(name))?;
        if description.is_some() || max_session_duration.is_some() {
            let role = Arc::make_mut(role);
            role.description = description.clone().or(role.description.take());
            role.max_session_duration = max_session_duration.unwrap_or(role.max_session_duration);
        }
        Ok(Xml::nothing())
    })
    .await
}

pub(super) async fn update_description(call: Call<'_>) -> Result<Xml, Fault> {
    let name = Roles::named(call)?;
    call.params.required("Description")?;
    let description = read::description(call.params)?;
    let permit = call.authorize::<iam::UpdateRoleDescription>(Roles::question(call, name))?;
    call.change(&permit, |account| {
        let role = account.roles.get_mut(name).ok_or_else(|| Roles::not_found(name))?;
        Arc::make_mut(role).description.clone_from(&description);
        let mut xml = Xml::default();
        xml.element("Role", |element| write(element, &account.id, role));
        Ok(xml)
    })
    .await
}

/// What must go before a role or a user can.
pub(super) fn require_no_policies(policies: &IdentityPolicies) -> Result<(), Fault> {
    if !policies.attached.is_empty() {
        return Err(Fault::delete_conflict("Cannot delete entity, must detach all policies first."));
    }
    if !policies.inline.is_empty() {
        return Err(Fault::delete_conflict("Cannot delete entity, must delete policies first."));
    }
    Ok(())
}

/// When a session of the role last called.
pub(super) fn write_last_used(xml: &mut Xml, last: Option<&Use>) {
    xml.element("RoleLastUsed", |element| {
        if let Some(last) = last {
            element.text("LastUsedDate", timestamp(last.used)).text("Region", &last.region);
        }
    });
}

/// A role with its description.
fn write(xml: &mut Xml, account: &str, role: &Role) {
    write_identity(xml, account, role);
    xml.optional("Description", role.description.as_deref());
}

/// What every operation that shows a role shows of it.
pub(super) fn write_identity(xml: &mut Xml, account: &str, role: &Role) {
    xml.text("Path", &role.path)
        .text("RoleName", &role.name)
        .text("RoleId", &role.id)
        .text("Arn", arns::role(account, &role.path, &role.name))
        .text("CreateDate", timestamp(role.created))
        .text("AssumeRolePolicyDocument", encoded(role.trust.text()));
}

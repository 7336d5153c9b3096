//! Instance profiles: the envelopes in which EC2 takes a role.

use std::sync::Arc;

use super::entity::{Entity as _, Profiles, Roles};
use super::{read, roles, tags};
use crate::arns;
use crate::credentials::unique_id;
use crate::gate::Question;
use crate::gate::actions::iam;
use crate::model::{Account, InstanceProfile, Tags};
use crate::query::{Call, Fault, Xml, page, timestamp};

/// Most instance profiles of an account.
pub(super) const MAX_PROFILES: usize = 1_000;
/// Roles that one profile can hold.
const MAX_ROLES: usize = 1;

pub(super) async fn create(call: Call<'_>) -> Result<Xml, Fault> {
    let name = read::name(call.params, "InstanceProfileName", read::LONG_NAME)?;
    let path = read::path(call.params)?;
    let given = tags::given(call.params)?;
    let question = || Question::about(arns::instance_profile(call.account_id(), path, name));
    let permit = tags::authorize_new::<iam::CreateInstanceProfile, Profiles>(call, question, &given)?;
    let id = unique_id("AIPA")?;
    call.change(&permit, |account| {
        if read::taken(&account.instance_profiles, name) {
            return Err(Fault::already_exists(format!("Instance Profile {name} already exists.")));
        }
        read::quota("InstanceProfilesPerAccount", account.instance_profiles.len(), MAX_PROFILES)?;
        let mut tags = Tags::new();
        tags::set::<Profiles>(&mut tags, &given)?;
        let profile = InstanceProfile {
            name: name.to_owned(),
            path: path.to_owned(),
            id: id.clone(),
            created: call.now(),
            role: None,
            tags,
        };
        let mut xml = Xml::default();
        xml.element("InstanceProfile", |element| {
            write(element, account, &profile);
            tags::write_any(element, &profile.tags);
        });
        account.instance_profiles.insert(name.to_owned(), Arc::new(profile));
        Ok(xml)
    })
    .await
}

pub(super) async fn get(call: Call<'_>) -> Result<Xml, Fault> {
    let name = Profiles::named(call)?;
    let permit = call.authorize::<iam::GetInstanceProfile>(Profiles::question(call, name))?;
    let account = call.account(&permit)?;
    let profile = account.instance_profiles.get(name).ok_or_else(|| Profiles::not_found(name))?;
    let mut xml = Xml::default();
    xml.element("InstanceProfile", |element| {
        write(element, account, profile);
        tags::write(element, &profile.tags);
    });
    Ok(xml)
}

pub(super) async fn add_role(call: Call<'_>) -> Result<Xml, Fault> {
    let name = Profiles::named(call)?;
    let role = Roles::named(call)?;
    let permit = call.authorize::<iam::AddRoleToInstanceProfile>(Profiles::question(call, name))?;
    // Whoever fills a profile hands the role to EC2 (IAM API Reference, `AddRoleToInstanceProfile`).
    let passed = Roles::question(call, role).with("iam:PassedToService", "ec2.amazonaws.com");
    call.authorize::<iam::PassRole>(passed)?;
    call.change(&permit, |account| {
        let profile = account.instance_profiles.get(name).ok_or_else(|| Profiles::not_found(name))?;
        if !account.roles.contains_key(role) {
            return Err(Roles::not_found(role));
        }
        read::quota("InstanceSessionsPerInstanceProfile", usize::from(profile.role.is_some()), MAX_ROLES)?;
        set_role(account, name, Some(role))
    })
    .await
}

pub(super) async fn remove_role(call: Call<'_>) -> Result<Xml, Fault> {
    let name = Profiles::named(call)?;
    let role = Roles::named(call)?;
    let permit = call.authorize::<iam::RemoveRoleFromInstanceProfile>(Profiles::question(call, name))?;
    call.change(&permit, |account| {
        let profile = account.instance_profiles.get(name).ok_or_else(|| Profiles::not_found(name))?;
        if !account.roles.contains_key(role) {
            return Err(Roles::not_found(role));
        }
        if profile.role.as_deref() != Some(role) {
            return Err(Fault::no_such_entity(format!(
                "Role {role} in Instance Profile {name} cannot be found."
            )));
        }
        set_role(account, name, None)
    })
    .await
}

pub(super) async fn delete(call: Call<'_>) -> Result<Xml, Fault> {
    let name = Profiles::named(call)?;
    let permit = call.authorize::<iam::DeleteInstanceProfile>(Profiles::question(call, name))?;
    call.change(&permit, |account| {
        let profile = account.instance_profiles.get(name).ok_or_else(|| Profiles::not_found(name))?;
        if profile.role.is_some() {
            return Err(Fault::delete_conflict(
                "Cannot delete entity, must remove roles from instance profile first.",
            ));
        }
        account.instance_profiles.remove(name);
        Ok(Xml::default())
    })
    .await
}

pub(super) async fn list(call: Call<'_>) -> Result<Xml, Fault> {
    let prefix = read::path_prefix(call.params)?;
    let permit = call.authorize::<iam::ListInstanceProfiles>(Question::about("*"))?;
    let account = call.account(&permit)?;
    write_page(call, account, |profile| profile.path.starts_with(prefix))
}

pub(super) async fn list_for_role(call: Call<'_>) -> Result<Xml, Fault> {
    let role = Roles::named(call)?;
    let permit = call.authorize::<iam::ListInstanceProfilesForRole>(Roles::question(call, role))?;
    let account = call.account(&permit)?;
    if !account.roles.contains_key(role) {
        return Err(Roles::not_found(role));
    }
    write_page(call, account, |profile| profile.role.as_deref() == Some(role))
}

fn set_role(account: &mut Account, name: &str, role: Option<&str>) -> Result<Xml, Fault> {
    let profile = account.instance_profiles.get_mut(name).ok_or_else(|| Profiles::not_found(name))?;
    Arc::make_mut(profile).role = role.map(str::to_owned);
    Ok(Xml::default())
}

fn write_page(
    call: Call<'_>,
    account: &Account,
    shown: impl Fn(&InstanceProfile) -> bool,
) -> Result<Xml, Fault> {
    let profiles = account.instance_profiles.iter().filter(|(_, profile)| shown(profile));
    let profiles = profiles.map(|(name, profile)| (name.as_str(), profile));
    page(call.params, "InstanceProfiles", profiles, |xml, profile| write(xml, account, profile))
}

pub(super) fn write(xml: &mut Xml, account: &Account, profile: &InstanceProfile) {
    let role = profile.role.as_ref().and_then(|name| account.roles.get(name));
    xml.text("Path", &profile.path)
        .text("InstanceProfileName", &profile.name)
        .text("InstanceProfileId", &profile.id)
        .text("Arn", arns::instance_profile(&account.id, &profile.path, &profile.name))
        .text("CreateDate", timestamp(profile.created))
        .list("Roles", "member", role, |item, role| roles::write_identity(item, &account.id, role));
}

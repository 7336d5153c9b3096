//! Groups: users who share policies. A group is nobody: it cannot call, and no policy can name it as a principal.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::entity::{Entity as _, Groups, Users};
use super::roles::require_no_policies;
use super::{read, users};
use crate::arns;
use crate::credentials::unique_id;
use crate::gate::Question;
use crate::gate::actions::iam;
use crate::model::{Account, Group, IdentityPolicies};
use crate::query::{Call, Fault, Xml, page, timestamp};

/// Most groups of an account, and most groups that one user is in (IAM User Guide, `reference_iam-quotas`).
pub(super) const MAX_GROUPS: usize = 300;
pub(super) const MAX_GROUPS_OF_USER: usize = 10;

pub(super) async fn create(call: Call<'_>) -> Result<Xml, Fault> {
    let name = read::name(call.params, "GroupName", read::LONG_NAME)?;
    let path = read::path(call.params)?;
    let permit =
        call.authorize::<iam::CreateGroup>(Question::about(arns::group(call.account_id(), path, name)))?;
    let id = unique_id("AGPA")?;
    call.change(&permit, |account| {
        if read::taken(&account.groups, name) {
            return Err(already_exists(name));
        }
        read::quota("GroupsPerAccount", account.groups.len(), MAX_GROUPS)?;
        let group = Group {
            name: name.to_owned(),
            path: path.to_owned(),
            id: id.clone(),
            created: call.now(),
            policies: IdentityPolicies::default(),
            members: BTreeSet::new(),
        };
        let mut xml = Xml::default();
        xml.element("Group", |element| write(element, &account.id, &group));
        account.groups.insert(name.to_owned(), Arc::new(group));
        Ok(xml)
    })
    .await
}

/// The group and who is in it.
pub(super) async fn get(call: Call<'_>) -> Result<Xml, Fault> {
    let name = Groups::named(call)?;
    let permit = call.authorize::<iam::GetGroup>(Groups::question(call, name))?;
    let account = call.account(&permit)?;
    let group = account.groups.get(name).ok_or_else(|| Groups::not_found(name))?;
    let members =
        group.members.iter().filter_map(|member| Some((member.as_str(), account.users.get(member)?)));
    let mut xml = page(call.params, "Users", members, |xml, user| users::write(xml, &account.id, user))?;
    xml.element("Group", |element| write(element, &account.id, group));
    Ok(xml)
}

pub(super) async fn list(call: Call<'_>) -> Result<Xml, Fault> {
    let prefix = read::path_prefix(call.params)?;
    let permit = call.authorize::<iam::ListGroups>(Question::about("*"))?;
    let account = call.account(&permit)?;
    let groups = account.groups.iter().filter(|(_, group)| group.path.starts_with(prefix));
    page(call.params, "Groups", groups.map(|(name, group)| (name.as_str(), group)), |xml, group| {
        write(xml, &account.id, group);
    })
}

pub(super) async fn list_for_user(call: Call<'_>) -> Result<Xml, Fault> {
    let name = Users::named(call)?;
    let permit = call.authorize::<iam::ListGroupsForUser>(Users::question(call, name))?;
    let account = call.account(&permit)?;
    if !account.users.contains_key(name) {
        return Err(Users::not_found(name));
    }
    let groups = account.groups_of(name).map(|group| (group.name.as_str(), group));
    page(call.params, "Groups", groups, |xml, group| write(xml, &account.id, group))
}

pub(super) async fn delete(call: Call<'_>) -> Result<Xml, Fault> {
    let name = Groups::named(call)?;
    let permit = call.authorize::<iam::DeleteGroup>(Groups::question(call, name))?;
    call.change(&permit, |account| {
        let group = account.groups.get(name).ok_or_else(|| Groups::not_found(name))?;
        if !group.members.is_empty() {
            return Err(still_in_group());
        }
        require_no_policies(&group.policies)?;
        account.groups.remove(name);
        Ok(Xml::default())
    })
    .await
}

/// Another name or path.
pub(super) async fn update(call: Call<'_>) -> Result<Xml, Fault> {
    let name = Groups::named(call)?;
    let new_name =
        call.params.get("NewGroupName").map(|_| read::name(call.params, "NewGroupName", read::LONG_NAME));
    let new_name = new_name.transpose()?.unwrap_or(name);
    let new_path = read::path_of(call.params, "NewPath")?;
    let permit = call.authorize::<iam::UpdateGroup>(Groups::question(call, name))?;
    // Both names are asked about (IAM API Reference, `UpdateGroup`).
    let path =
        new_path.or_else(|| call.peek(|account| account.groups.get(name).map(|group| group.path.as_str())));
    let renamed = arns::group(call.account_id(), path.unwrap_or("/"), new_name);
    call.authorize::<iam::UpdateGroup>(Question::about(renamed))?;
    call.change(&permit, |account| {
        let mut group = account.groups.remove(name).ok_or_else(|| Groups::not_found(name))?;
        if read::taken(&account.groups, new_name) {
            return Err(already_exists(new_name));
        }
        let changed = Arc::make_mut(&mut group);
        new_name.clone_into(&mut changed.name);
        if let Some(path) = new_path {
            path.clone_into(&mut changed.path);
        }
        account.groups.insert(new_name.to_owned(), group);
        Ok(Xml::default())
    })
    .await
}

fn already_exists(name: &str) -> Fault {
    Fault::already_exists(format!("Group with name {name} already exists."))
}

pub(super) async fn add_user(call: Call<'_>) -> Result<Xml, Fault> {
    let (name, user) = (Groups::named(call)?, Users::named(call)?);
    let permit = call.authorize::<iam::AddUserToGroup>(Groups::question(call, name))?;
    call.change(&permit, |account| {
        both_exist(account, name, user)?;
        if !account.groups.get(name).is_some_and(|group| group.members.contains(user)) {
            read::quota("GroupsPerUser", account.groups_of(user).count(), MAX_GROUPS_OF_USER)?;
            members(account, name)?.insert(user.to_owned());
        }
        Ok(Xml::default())
    })
    .await
}

pub(super) async fn remove_user(call: Call<'_>) -> Result<Xml, Fault> {
    let (name, user) = (Groups::named(call)?, Users::named(call)?);
    let permit = call.authorize::<iam::RemoveUserFromGroup>(Groups::question(call, name))?;
    call.change(&permit, |account| {
        both_exist(account, name, user)?;
        members(account, name)?.remove(user);
        Ok(Xml::default())
    })
    .await
}

/// Neither a group that has users nor a user who is in a group can be deleted; IAM has the same words for both.
pub(super) fn still_in_group() -> Fault {
    Fault::delete_conflict("Cannot delete entity, must remove users from group first.")
}

fn both_exist(account: &Account, group: &str, user: &str) -> Result<(), Fault> {
    if !account.users.contains_key(user) {
        return Err(Users::not_found(user));
    }
    if !account.groups.contains_key(group) {
        return Err(Groups::not_found(group));
    }
    Ok(())
}

fn members<'a>(account: &'a mut Account, name: &str) -> Result<&'a mut BTreeSet<String>, Fault> {
    let group = account.groups.get_mut(name).ok_or_else(|| Groups::not_found(name))?;
    Ok(&mut Arc::make_mut(group).members)
}

pub(super) fn write(xml: &mut Xml, account: &str, group: &Group) {
    xml.text("Path", &group.path)
        .text("GroupName", &group.name)
        .text("GroupId", &group.id)
        .text("Arn", arns::group(account, &group.path, &group.name))
        .text("CreateDate", timestamp(group.created));
}

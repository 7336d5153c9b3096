//! Users.

use std::sync::Arc;

use super::entity::{Entity as _, Users};
use super::roles::require_no_policies;
use super::{boundaries, groups, read, tags};
use crate::arns;
use crate::caller::Identity;
use crate::credentials::unique_id;
use crate::gate::Question;
use crate::gate::actions::iam;
use crate::model::{IdentityPolicies, Tags, User};
use crate::query::{Call, Fault, Xml, page, timestamp};

/// Most users of an account.
pub(super) const MAX_USERS: usize = 5_000;

pub(super) async fn create(call: Call<'_>) -> Result<Xml, Fault> {
    let name = read::name(call.params, "UserName", read::SHORT_NAME)?;
    let path = read::path(call.params)?;
    let boundary = boundaries::given(call);
    let given = tags::given(call.params)?;
    let question = || {
        let question = Question::about(arns::user(call.account_id(), path, name));
        boundaries::asked_with(question, boundary)
    };
    let permit = tags::authorize_new::<iam::CreateUser, Users>(call, question, &given)?;
    let id = unique_id("AIDA")?;
    call.change(&permit, |account| {
        if read::taken(&account.users, name) {
            return Err(already_exists(name));
        }
        read::quota("UsersPerAccount", account.users.len(), MAX_USERS)?;
        boundaries::must_exist(account, boundary)?;
        let mut tags = Tags::new();
        tags::set::<Users>(&mut tags, &given)?;
        let user = User {
            name: name.to_owned(),
            path: path.to_owned(),
            id: id.clone(),
            created: call.now(),
            policies: IdentityPolicies::default(),
            boundary: boundary.map(str::to_owned),
            tags,
            login: None,
        };
        let mut xml = Xml::default();
        xml.element("User", |element| write_whole(element, &account.id, &user));
        account.users.insert(name.to_owned(), Arc::new(user));
        Ok(xml)
    })
    .await
}

/// Without a name: the caller.
pub(super) async fn get(call: Call<'_>) -> Result<Xml, Fault> {
    let name = subject(call)?;
    let permit = call.authorize::<iam::GetUser>(subject_question(call, name))?;
    let account = call.account(&permit)?;
    let mut xml = Xml::default();
    match name {
        Some(name) => {
            let user = account.users.get(name).ok_or_else(|| Users::not_found(name))?;
            xml.element("User", |element| write_whole(element, &account.id, user));
        }
        None => {
            // The root user has no name and no path; its id is the account's.
            xml.element("User", |element| {
                element.text("UserId", &account.id).text("Arn", arns::root(&account.id));
            });
        }
    }
    Ok(xml)
}

pub(super) async fn list(call: Call<'_>) -> Result<Xml, Fault> {
    let prefix = read::path_prefix(call.params)?;
    let permit = call.authorize::<iam::ListUsers>(Question::about("*"))?;
    let account = call.account(&permit)?;
    let users = account.users.iter().filter(|(_, user)| user.path.starts_with(prefix));
    page(call.params, "Users", users.map(|(name, user)| (name.as_str(), user)), |xml, user| {
        write(xml, &account.id, user);
    })
}

pub(super) async fn delete(call: Call<'_>) -> Result<Xml, Fault> {
    let name = Users::named(call)?;
    let permit = call.authorize::<iam::DeleteUser>(Users::question(call, name))?;
    call.change(&permit, |account| {
        let user = account.users.get(name).ok_or_else(|| Users::not_found(name))?;
        if account.access_keys.values().any(|key| key.user.as_deref() == Some(name)) {
            return Err(Fault::delete_conflict("Cannot delete entity, must delete access keys first."));
        }
        if user.login.is_some() {
            return Err(Fault::delete_conflict("Cannot delete entity, must delete login profile first."));
        }
        if account.mfa_devices_of(&user.id).next().is_some() {
            return Err(Fault::delete_conflict(
                "Cannot delete entity, must remove tokens from principal first.",
            ));
        }
        if account.groups_of(name).next().is_some() {
            return Err(groups::still_in_group());
        }
        require_no_policies(&user.policies)?;
        let (arn, id) = (arns::user(&account.id, &user.path, name), user.id.clone());
        account.users.remove(name);
        account.name_instead(&arn, &id);
        Ok(Xml::default())
    })
    .await
}

/// Another name or path. Whoever the user is stays the same: its keys, groups and sessions go along, and the account's policies
/// that name it as a principal name it still (IAM User Guide, `id_users_rename`).
pub(super) async fn update(call: Call<'_>) -> Result<Xml, Fault> {
    let name = Users::named(call)?;
    let new_name =
        call.params.get("NewUserName").map(|_| read::name(call.params, "NewUserName", read::SHORT_NAME));
    let new_name = new_name.transpose()?.unwrap_or(name);
    let new_path = read::path_of(call.params, "NewPath")?;
    let permit = call.authorize::<iam::UpdateUser>(Users::question(call, name))?;
    // Both names are asked about (IAM API Reference, `UpdateUser`).
    let path =
        new_path.or_else(|| call.peek(|account| account.users.get(name).map(|user| user.path.as_str())));
    let renamed = arns::user(call.account_id(), path.unwrap_or("/"), new_name);
    call.authorize::<iam::UpdateUser>(Question { resource: renamed, ..Users::question(call, name) })?;
    call.change(&permit, |account| {
        let mut user = account.users.remove(name).ok_or_else(|| Users::not_found(name))?;
        if read::taken(&account.users, new_name) {
            return Err(already_exists(new_name));
        }
        let old = arns::user(&account.id, &user.path, name);
        let changed = Arc::make_mut(&mut user);
        new_name.clone_into(&mut changed.name);
        if let Some(path) = new_path {
            path.clone_into(&mut changed.path);
        }
        let new = arns::user(&account.id, &user.path, new_name);
        account.users.insert(new_name.to_owned(), user);
        if new_name != name {
            for key in account.access_keys.values_mut().filter(|key| key.user.as_deref() == Some(name)) {
                Arc::make_mut(key).user = Some(new_name.to_owned());
            }
            for group in account.groups.values_mut().filter(|group| group.members.contains(name)) {
                let members = &mut Arc::make_mut(group).members;
                members.remove(name);
                members.insert(new_name.to_owned());
            }
        }
        if new != old {
            account.name_instead(&old, &new);
        }
        Ok(Xml::default())
    })
    .await
}

fn already_exists(name: &str) -> Fault {
    Fault::already_exists(format!("User with name {name} already exists."))
}

/// Whom an operation is about whose `UserName` is optional: the user named, else the caller; `None` is the root user.
pub(super) fn subject(call: Call<'_>) -> Result<Option<&str>, Fault> {
    if call.params.get("UserName").is_some() {
        return Users::named(call).map(Some);
    }
    match &call.caller.identity {
        Identity::Root => Ok(None),
        Identity::User(name) => Ok(Some(name)),
        Identity::Session(_) | Identity::Federated(_) | Identity::Anonymous => {
            Err(Fault::validation("Must specify userName when calling with non-User credentials"))
        }
    }
}

/// The question about [`subject`].
pub(super) fn subject_question(call: Call<'_>, subject: Option<&str>) -> Question {
    match subject {
        Some(name) => Users::question(call, name),
        None => Question::about(arns::root(call.account_id())),
    }
}

/// What is shown of one user alone.
fn write_whole(xml: &mut Xml, account: &str, user: &User) {
    write(xml, account, user);
    boundaries::write(xml, user.boundary.as_deref());
    tags::write_any(xml, &user.tags);
}

/// What every operation that shows a user shows of it.
pub(super) fn write(xml: &mut Xml, account: &str, user: &User) {
    xml.text("Path", &user.path)
        .text("UserName", &user.name)
        .text("UserId", &user.id)
        .text("Arn", arns::user(account, &user.path, &user.name))
        .text("CreateDate", timestamp(user.created));
}

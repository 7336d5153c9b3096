//! Long-term access keys of users and of the root user.

use std::sync::Arc;

use super::entity::{Entity as _, Users};
use super::read;
use super::users::{subject, subject_question};
use crate::credentials::new_access_key;
use crate::gate::Question;
use crate::gate::actions::iam;
use crate::model::{AccessKey, Account};
use crate::query::{Call, Fault, Xml, page, timestamp};

/// Access keys that one user can have.
pub(super) const MAX_KEYS: usize = 2;

pub(super) async fn create(call: Call<'_>) -> Result<Xml, Fault> {
    let user = subject(call)?;
    let permit = call.authorize::<iam::CreateAccessKey>(subject_question(call, user))?;
    let (key, secret) = new_access_key(&call.aws.store, user, call.now())?;
    let key = Arc::new(key);
    call.change(&permit, |account| {
        require_user(account, user)?;
        read::quota("AccessKeysPerUser", keys_of(account, user).count(), MAX_KEYS)?;
        account.access_keys.insert(key.id.clone(), Arc::clone(&key));
        Ok(())
    })
    .await?;
    let mut xml = Xml::default();
    xml.element("AccessKey", |element| {
        write(element, &key);
        element.text("SecretAccessKey", secret.as_str());
    });
    Ok(xml)
}

pub(super) async fn list(call: Call<'_>) -> Result<Xml, Fault> {
    let user = subject(call)?;
    let permit = call.authorize::<iam::ListAccessKeys>(subject_question(call, user))?;
    let account = call.account(&permit)?;
    require_user(account, user)?;
    let keys = keys_of(account, user).map(|key| (key.id.as_str(), key));
    page(call.params, "AccessKeyMetadata", keys, write)
}

pub(super) async fn update(call: Call<'_>) -> Result<Xml, Fault> {
    let id = key_id(call)?;
    let status = read::one_of("Status", Some(call.params.required("Status")?), &["Active", "Inactive"])?;
    let user = subject(call)?;
    let permit = call.authorize::<iam::UpdateAccessKey>(subject_question(call, user))?;
    call.change(&permit, |account| {
        require_key(account, user, id)?;
        let key = account.access_keys.get_mut(id).ok_or_else(|| not_found(id))?;
        Arc::make_mut(key).active = status == Some("Active");
        Ok(Xml::default())
    })
    .await
}

pub(super) async fn delete(call: Call<'_>) -> Result<Xml, Fault> {
    let id = key_id(call)?;
    let user = subject(call)?;
    let permit = call.authorize::<iam::DeleteAccessKey>(subject_question(call, user))?;
    call.change(&permit, |account| {
        require_key(account, user, id)?;
        account.access_keys.remove(id);
        Ok(Xml::default())
    })
    .await
}

/// When and for what a key was last used. Keys that are no user's of this account are told from each other as little as AWS
/// does.
pub(super) async fn last_used(call: Call<'_>) -> Result<Xml, Fault> {
    let id = key_id(call)?;
    let key = call.peek(|account| account.access_keys.get(id));
    let question =
        key.map_or_else(|| Question::about("*"), |key| subject_question(call, key.user.as_deref()));
    let permit = call.authorize::<iam::GetAccessKeyLastUsed>(question)?;
    let account = call.account(&permit)?;
    let key = account.access_keys.get(id).ok_or_else(|| {
        let caller = call.caller.arn();
        let message = format!(
            "User: {caller} is not authorized to perform iam:GetAccessKeyLastUsed on resource: access key {id}"
        );
        Fault::refused(403, "AccessDenied", message)
    })?;
    let uses = call.aws.gate.activity().key_uses(&call.aws.store, &account.id).await?;
    let used = uses.iter().find(|used| used.access_key == id);
    let mut xml = Xml::default();
    xml.optional("UserName", key.user.as_deref()).element("AccessKeyLastUsed", |element| {
        element
            .optional("LastUsedDate", used.map(|used| timestamp(used.used)))
            .text("ServiceName", used.map_or("N/A", |used| used.service.as_str()))
            .text("Region", used.map_or("N/A", |used| used.region.as_str()));
    });
    Ok(xml)
}

fn key_id(call: Call<'_>) -> Result<&str, Fault> {
    let id = call.params.required("AccessKeyId")?;
    if !(16..=128).contains(&id.len()) {
        let bound = if id.len() < 16 { "greater than or equal to 16" } else { "less than or equal to 128" };
        return Err(read::constraint("AccessKeyId", &format!("have length {bound}")));
    }
    match id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        true => Ok(id),
        false => Err(read::constraint("AccessKeyId", r"satisfy regular expression pattern: [\w]+")),
    }
}

fn require_user(account: &Account, user: Option<&str>) -> Result<(), Fault> {
    match user {
        Some(name) if !account.users.contains_key(name) => Err(Users::not_found(name)),
        _ => Ok(()),
    }
}

fn require_key(account: &Account, user: Option<&str>, id: &str) -> Result<(), Fault> {
    require_user(account, user)?;
    match keys_of(account, user).any(|key| key.id == id) {
        true => Ok(()),
        false => Err(not_found(id)),
    }
}

fn not_found(id: &str) -> Fault {
    Fault::no_such_entity(format!("The Access Key with id {id} cannot be found."))
}

pub(super) fn keys_of<'a>(
    account: &'a Account,
    user: Option<&'a str>,
) -> impl Iterator<Item = &'a AccessKey> {
    account.access_keys.values().map(Arc::as_ref).filter(move |key| key.user.as_deref() == user)
}

fn write(xml: &mut Xml, key: &AccessKey) {
    xml.optional("UserName", key.user.as_deref())
        .text("AccessKeyId", &key.id)
        .text("Status", if key.active { "Active" } else { "Inactive" })
        .text("CreateDate", timestamp(key.created));
}

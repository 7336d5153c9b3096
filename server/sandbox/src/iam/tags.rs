//! Tags of users, roles, managed policies, instance profiles and MFA devices (IAM User Guide, `id_tags`), and the condition keys they
//! fill.

use std::collections::BTreeMap;
use std::sync::Arc;

use policy::Context;

use super::entity::{Entity, MfaDevices, Policies, Profiles, Roles, Users};
use super::policies::own_mut;
use super::read::{self, Violations};
use crate::gate::actions::iam;
use crate::gate::{Action, Permit, Question};
use crate::model::{Account, Tags};
use crate::query::{Call, Fault, Params, Xml, page};

/// Most tags of one entity, and of one request.
const MOST: usize = 50;
/// Longest key and value, in characters.
const LONGEST_KEY: usize = 128;
const LONGEST_VALUE: usize = 256;
/// What IAM says of a key, a value, and a list of keys that break its pattern.
const KEY_PATTERN: &str = r"satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]+";
const VALUE_PATTERN: &str = r"satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]*";
const KEYS_PATTERN: &str = r"satisfy constraint: [Member must have length less than or equal to 128, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]+, Member must not be null]";

/// Kinds of entities that can have tags, with the actions that manage those.
pub(super) trait Tagged: Entity {
    /// Sets tags.
    type Tag: Action;
    /// Removes tags.
    type Untag: Action;
    /// Lists them.
    type ListTags: Action;
    /// Whether keys that differ in case only are one key, as for users and roles.
    const FOLDS_CASE: bool;

    /// Its tags for changing.
    fn tags_mut<'a>(account: &'a mut Account, name: &str) -> Result<&'a mut Tags, Fault>;
}

impl Tagged for Users {
    type Tag = iam::TagUser;
    type Untag = iam::UntagUser;
    type ListTags = iam::ListUserTags;
    const FOLDS_CASE: bool = true;

    fn tags_mut<'a>(account: &'a mut Account, name: &str) -> Result<&'a mut Tags, Fault> {
        let user = account.users.get_mut(name).ok_or_else(|| Self::not_found(name))?;
        Ok(&mut Arc::make_mut(user).tags)
    }
}

impl Tagged for Roles {
    type Tag = iam::TagRole;
    type Untag = iam::UntagRole;
    type ListTags = iam::ListRoleTags;
    const FOLDS_CASE: bool = true;

    fn tags_mut<'a>(account: &'a mut Account, name: &str) -> Result<&'a mut Tags, Fault> {
        let role = account.roles.get_mut(name).ok_or_else(|| Self::not_found(name))?;
        Ok(&mut Arc::make_mut(role).tags)
    }
}

impl Tagged for Policies {
    type Tag = iam::TagPolicy;
    type Untag = iam::UntagPolicy;
    type ListTags = iam::ListPolicyTags;
    const FOLDS_CASE: bool = false;

    fn tags_mut<'a>(account: &'a mut Account, name: &str) -> Result<&'a mut Tags, Fault> {
        Ok(&mut own_mut(account, name)?.tags)
    }
}

impl Tagged for Profiles {
    type Tag = iam::TagInstanceProfile;
    type Untag = iam::UntagInstanceProfile;
    type ListTags = iam::ListInstanceProfileTags;
    const FOLDS_CASE: bool = false;

    fn tags_mut<'a>(account: &'a mut Account, name: &str) -> Result<&'a mut Tags, Fault> {
        let profile = account.instance_profiles.get_mut(name).ok_or_else(|| Self::not_found(name))?;
        Ok(&mut Arc::make_mut(profile).tags)
    }
}

impl Tagged for MfaDevices {
    type Tag = iam::TagMFADevice;
    type Untag = iam::UntagMFADevice;
    type ListTags = iam::ListMFADeviceTags;
    const FOLDS_CASE: bool = false;

    fn tags_mut<'a>(account: &'a mut Account, name: &str) -> Result<&'a mut Tags, Fault> {
        let device = account.mfa_devices.get_mut(name).ok_or_else(|| Self::not_found(name))?;
        Ok(&mut Arc::make_mut(device).tags)
    }
}

/// `Tags`, in the order of the request.
pub(super) type Given<'a> = Vec<(&'a str, &'a str)>;

/// Reads `Tags`; an error when one is not of the form that tags have.
pub(super) fn given(params: &Params) -> Result<Given<'_>, Fault> {
    let numbered = |field| params.numbered("Tags.member", field).into_iter().collect::<BTreeMap<u32, &str>>();
    let (keys, values) = (numbered(".Key"), numbered(".Value"));
    let count = keys.keys().chain(values.keys()).max().copied().unwrap_or(0);
    let mut broken = Violations::default();
    if usize::try_from(count).unwrap_or(usize::MAX) > MOST {
        broken.add("tags", format_args!("have length less than or equal to {MOST}"));
        return Err(broken.into_fault());
    }
    for place in 1..=count {
        for (member, entries) in [("value", &values), ("key", &keys)] {
            if !entries.contains_key(&place) {
                broken.add(&format!("tags.{place}.member.{member}"), "not be null");
            }
        }
    }
    for (place, value) in &values {
        check(&mut broken, &format!("tags.{place}.member.value"), value, LONGEST_VALUE, VALUE_PATTERN);
    }
    for (place, key) in &keys {
        let member = format!("tags.{place}.member.key");
        if key.is_empty() {
            broken.add(&member, "have length greater than or equal to 1");
        }
        check(&mut broken, &member, key, LONGEST_KEY, KEY_PATTERN);
    }
    broken.into_result()?;
    Ok(keys.into_values().zip(values.into_values()).collect())
}

fn check(broken: &mut Violations, member: &str, text: &str, longest: usize, pattern: &str) {
    if text.chars().count() > longest {
        broken.add(member, format_args!("have length less than or equal to {longest}"));
    }
    if !text.chars().all(may_stand_in_a_tag) {
        broken.add(member, pattern);
    }
}

fn may_stand_in_a_tag(char: char) -> bool {
    let separates = char.is_whitespace() && !char.is_control();
    char.is_alphabetic() || char.is_numeric() || separates || "_.:/=+-@".contains(char)
}

/// The question with the tags that the request brings.
pub(super) fn requested(mut question: Question, tags: &Given<'_>) -> Question {
    for (key, value) in tags {
        question = question.with(format!("aws:RequestTag/{key}"), *value);
    }
    with_keys(question, tags.iter().map(|(key, _)| *key).collect())
}

fn with_keys(mut question: Question, keys: Vec<&str>) -> Question {
    if !keys.is_empty() {
        question.context.extend(Context::new().with_all("aws:TagKeys", keys));
    }
    question
}

/// Asks about one that is to be made: for making it, and for tagging it when it is to have tags (IAM User Guide,
/// `id_tags`).
pub(super) fn authorize_new<A: Action, T: Tagged>(
    call: Call<'_>,
    question: impl Fn() -> Question,
    tags: &Given<'_>,
) -> Result<Permit<A>, Fault> {
    let permit = call.authorize::<A>(requested(question(), tags))?;
    if !tags.is_empty() {
        call.authorize::<T::Tag>(requested(question(), tags))?;
    }
    Ok(permit)
}

/// Sets tags. Keys that AWS keeps for itself and keys given twice are refused, and nothing is set.
pub(super) fn set<T: Tagged>(tags: &mut Tags, given: &Given<'_>) -> Result<(), Fault> {
    let invalid = |message: &str| Fault::refused(400, "InvalidInput", message);
    if given.iter().any(|(key, _)| key.to_lowercase().starts_with("aws:")) {
        return Err(invalid("Tag keys beginning with aws: are reserved for system use."));
    }
    for (place, (key, _)) in given.iter().enumerate() {
        if given.iter().take(place).any(|(earlier, _)| same::<T>(earlier, key)) {
            return Err(invalid("Duplicate tag keys found. Please note that Tag keys are case insensitive."));
        }
    }
    for (key, value) in given {
        tags.retain(|kept, _| !same::<T>(kept, key));
        tags.insert((*key).to_owned(), (*value).to_owned());
    }
    match tags.len() <= MOST {
        true => Ok(()),
        false => Err(Fault::limit_exceeded("The number of tags has reached the maximum limit.")),
    }
}

fn same<T: Tagged>(one: &str, other: &str) -> bool {
    one == other || (T::FOLDS_CASE && one.to_lowercase() == other.to_lowercase())
}

/// Tags as answers show them.
pub(super) fn write(xml: &mut Xml, tags: &Tags) {
    xml.list("Tags", "member", tags, |item, (key, value)| {
        item.text("Key", key).text("Value", value);
    });
}

/// The same where they are left out when there are none.
pub(super) fn write_any(xml: &mut Xml, tags: &Tags) {
    if !tags.is_empty() {
        write(xml, tags);
    }
}

pub(super) async fn tag<T: Tagged>(call: Call<'_>) -> Result<Xml, Fault> {
    let name = T::named(call)?;
    let tags = given(call.params)?;
    if tags.is_empty() {
        call.params.required("Tags")?;
    }
    let permit = call.authorize::<T::Tag>(requested(T::question(call, name), &tags))?;
    if tags.is_empty() {
        return Err(Fault::refused(400, "InvalidInput", "Error occurred while validating input. "));
    }
    call.change(&permit, |account| {
        set::<T>(T::tags_mut(account, name)?, &tags)?;
        Ok(Xml::default())
    })
    .await
}

pub(super) async fn untag<T: Tagged>(call: Call<'_>) -> Result<Xml, Fault> {
    let name = T::named(call)?;
    let keys = call.params.list("TagKeys.member", "");
    if keys.is_empty() {
        call.params.required("TagKeys")?;
    }
    if keys.len() > MOST {
        return Err(read::constraint("TagKeys", &format!("have length less than or equal to {MOST}")));
    }
    let is_key =
        |key: &&str| (1..=LONGEST_KEY).contains(&key.chars().count()) && key.chars().all(may_stand_in_a_tag);
    if !keys.iter().all(is_key) {
        return Err(read::constraint("TagKeys", KEYS_PATTERN));
    }
    let permit = call.authorize::<T::Untag>(with_keys(T::question(call, name), keys.clone()))?;
    call.change(&permit, |account| {
        T::tags_mut(account, name)?.retain(|kept, _| !keys.iter().any(|key| same::<T>(kept, key)));
        Ok(Xml::default())
    })
    .await
}

pub(super) async fn list<T: Tagged>(call: Call<'_>) -> Result<Xml, Fault> {
    let name = T::named(call)?;
    let permit = call.authorize::<T::ListTags>(T::question(call, name))?;
    let tags = T::tags(call.account(&permit)?, name).ok_or_else(|| T::not_found(name))?;
    let entries = tags.iter().map(|(key, value)| (key.as_str(), (key, value)));
    page(call.params, "Tags", entries, |item, (key, value)| {
        item.text("Key", key).text("Value", value);
    })
}

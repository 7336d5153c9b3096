//! Aliases: names for keys within an account. An alias call is checked on the alias and on the key.

use std::collections::BTreeMap;
use std::sync::Arc;

use policy::Context;
use serde::Deserialize;
use serde_json::{Value, json};

use super::identifier::{Form, form_of};
use super::keys::{
    Aliases, OtherAccounts, Target, by_id, find, is_gone, key_id, must_not_be_pending_deletion,
};
use super::listing::{Limits, page};
use super::{Call, KmsError, managed_key};
use crate::arns;
use crate::gate::{Permit, actions};
use crate::model::{Account, Alias, Timestamp};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CreateAlias {
    alias_name: String,
    target_key_id: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DeleteAlias {
    alias_name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct ListAliases {
    key_id: Option<String>,
    limit: Option<i64>,
    marker: Option<String>,
}

/// Rules for alias names (`aws-semantics.md` §4).
fn must_be_an_alias(name: &str) -> Result<(), KmsError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'/' | b'_' | b'-');
    if name.is_empty() || !name.bytes().all(allowed) {
        let constraint = "Member must satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$";
        return Err(KmsError::constraint(name, "aliasName", constraint));
    }
    if name.len() > 256 {
        let constraint = "Member must have length less than or equal to 256";
        return Err(KmsError::constraint(name, "aliasName", constraint));
    }
    let Some(rest) = name.strip_prefix("alias/") else {
        return Err(KmsError::validation(
            "Alias must start with the prefix \"alias/\". Please see \
             https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html",
        ));
    };
    if rest.is_empty() || rest.contains(':') {
        return Err(KmsError::validation(format!("{name} contains invalid characters for an alias")));
    }
    if name == "alias/aws" || rest.starts_with("aws/") {
        return Err(KmsError::refused(
            "NotAuthorizedException",
            "The prefix alias/aws/ is reserved for AWS.",
        ));
    }
    Ok(())
}

/// The key that an alias is to stand for: never another alias.
async fn find_key(call: &Call<'_>, identifier: &str) -> Result<Target, KmsError> {
    match form_of(&call.aws.region, identifier)? {
        Form::Alias(_) | Form::AliasArn(..) => {
            Err(KmsError::validation("Aliases must refer to keys. Not aliases"))
        }
        Form::Id(_) | Form::KeyArn(..) => find(call, identifier, Aliases::Refused).await,
    }
}

pub(super) async fn create_alias(call: &Call<'_>, input: CreateAlias) -> Result<Value, KmsError> {
    must_be_an_alias(&input.alias_name)?;
    let target = find_key(call, &input.target_key_id).await?;
    let arn = arns::alias(&call.aws.region, call.caller.account_id(), &input.alias_name);
    let on_alias = call.authorize_other::<actions::kms::CreateAlias>(&arn, Context::new())?;
    let (on_key, _) =
        call.authorize_key::<actions::kms::CreateAlias>(&target, OtherAccounts::Refused, Context::new())?;
    insert_alias(call, (on_alias, on_key), &input.alias_name, key_id(&target.arn)).await
}

async fn insert_alias(
    call: &Call<'_>,
    _permits: (Permit<actions::kms::CreateAlias>, Permit<actions::kms::CreateAlias>),
    name: &str,
    key_id: &str,
) -> Result<Value, KmsError> {
    let own = call.caller.account_id();
    let now = call.meta.now.unix_timestamp();
    let insert = |account: &mut Account| {
        let key = account.keys.get(key_id).filter(|key| !is_gone(key, now));
        must_not_be_pending_deletion(key.ok_or_else(|| {
            KmsError::not_found(format!("Key '{}' does not exist", arns::key(&call.aws.region, own, key_id)))
        })?)?;
        // Aliases go with their key (BC:kms.ScheduleKeyDeletion): a name whose key is gone is free.
        if stands_for(account, name, now).is_some() {
            let arn = arns::alias(&call.aws.region, own, name);
            let message = format!("An alias with the name {arn} already exists");
            return Err(KmsError::refused("AlreadyExistsException", message));
        }
        must_take_one_more(call, account, key_id)?;
        let alias = Alias { name: name.to_owned(), key_id: key_id.to_owned(), created: now, updated: None };
        account.aliases.insert(name.to_owned(), Arc::new(alias));
        Ok(Value::Null)
    };
    Ok(call.aws.store.change(own, insert).await?)
}

/// Holds a key to the quota of its aliases.
fn must_take_one_more(call: &Call<'_>, account: &Account, key_id: &str) -> Result<(), KmsError> {
    let limit = call.aws.limits.aliases_per_key;
    let usage = account.aliases.values().filter(|alias| alias.key_id == key_id).count();
    match usage < limit {
        true => Ok(()),
        false => Err(KmsError::quota("Aliases per key", limit, usage)),
    }
}

/// The key that a name stands for, unless it is gone.
fn stands_for<'a>(account: &'a Account, name: &str, now: Timestamp) -> Option<&'a str> {
    let alias = account.aliases.get(name)?;
    account.keys.get(&alias.key_id).filter(|key| !is_gone(key, now))?;
    Some(&alias.key_id)
}

/// Gives a name to another key: asked on the alias and on both keys (KMS Developer Guide, `alias-access`).
pub(super) async fn update_alias(call: &Call<'_>, input: CreateAlias) -> Result<Value, KmsError> {
    must_be_an_alias(&input.alias_name)?;
    let own = call.caller.account_id();
    let target = find_key(call, &input.target_key_id).await?;
    let arn = arns::alias(&call.aws.region, own, &input.alias_name);
    let on_alias = call.authorize_other::<actions::kms::UpdateAlias>(&arn, Context::new())?;
    let absent = || KmsError::not_found(format!("Alias {arn} is not found."));
    let account = call.aws.store.account(own).await?;
    let now = call.meta.now.unix_timestamp();
    let before = account.as_ref().and_then(|account| stands_for(account, &input.alias_name, now));
    let before = by_id(call, own, before.ok_or_else(absent)?).await?;
    let (on_former, _) =
        call.authorize_key::<actions::kms::UpdateAlias>(&before, OtherAccounts::Refused, Context::new())?;
    let (on_key, _) =
        call.authorize_key::<actions::kms::UpdateAlias>(&target, OtherAccounts::Refused, Context::new())?;
    let keys = (key_id(&before.arn), key_id(&target.arn));
    move_alias(call, [on_alias, on_former, on_key], &input.alias_name, keys).await?.ok_or_else(absent)
}

async fn move_alias(
    call: &Call<'_>,
    _permits: [Permit<actions::kms::UpdateAlias>; 3],
    name: &str,
    (former, key_id): (&str, &str),
) -> Result<Option<Value>, KmsError> {
    let now = call.meta.now.unix_timestamp();
    let give = |account: &mut Account| {
        let key = account.keys.get(key_id).filter(|key| !is_gone(key, now));
        let missing = || KmsError::not_found(format!("Key '{key_id}' does not exist"));
        must_not_be_pending_deletion(key.ok_or_else(missing)?)?;
        // Only as it was when the gate was asked: it may have been given to another key since.
        let Some(alias) = account.aliases.get(name).filter(|alias| alias.key_id == former) else {
            return Ok(None);
        };
        if former != key_id {
            must_take_one_more(call, account, key_id)?;
        }
        let alias = Alias { key_id: key_id.to_owned(), updated: Some(now), ..Alias::clone(alias) };
        account.aliases.insert(name.to_owned(), Arc::new(alias));
        Ok::<_, KmsError>(Some(Value::Null))
    };
    Ok(call.aws.store.change(call.caller.account_id(), give).await?)
}

pub(super) async fn delete_alias(call: &Call<'_>, input: DeleteAlias) -> Result<Value, KmsError> {
    must_be_an_alias(&input.alias_name)?;
    let own = call.caller.account_id();
    let arn = arns::alias(&call.aws.region, own, &input.alias_name);
    let on_alias = call.authorize_other::<actions::kms::DeleteAlias>(&arn, Context::new())?;
    let absent = || KmsError::not_found(format!("Alias {arn} is not found."));
    let account = call.aws.store.account(own).await?;
    let now = call.meta.now.unix_timestamp();
    let key_id = account.as_ref().and_then(|account| stands_for(account, &input.alias_name, now));
    let key_id = key_id.ok_or_else(absent)?.to_owned();
    let target = by_id(call, own, &key_id).await?;
    let (on_key, _) =
        call.authorize_key::<actions::kms::DeleteAlias>(&target, OtherAccounts::Refused, Context::new())?;
    remove_alias(call, (on_alias, on_key), &input.alias_name, &key_id).await?.ok_or_else(absent)
}

async fn remove_alias(
    call: &Call<'_>,
    _permits: (Permit<actions::kms::DeleteAlias>, Permit<actions::kms::DeleteAlias>),
    name: &str,
    key_id: &str,
) -> Result<Option<Value>, KmsError> {
    let remove = |account: &mut Account| {
        // Only as it was when the gate was asked: it may have been given to another key since.
        let same = account.aliases.get(name).is_some_and(|alias| alias.key_id == key_id);
        if same {
            account.aliases.remove(name);
        }
        Ok::<_, KmsError>(same.then_some(Value::Null))
    };
    Ok(call.aws.store.change(call.caller.account_id(), remove).await?)
}

pub(super) async fn list_aliases(call: &Call<'_>, input: ListAliases) -> Result<Value, KmsError> {
    let wanted = match &input.key_id {
        Some(identifier) => Some(find(call, identifier, Aliases::Refused).await?),
        None => None,
    };
    call.authorize_other::<actions::kms::ListAliases>("*", Context::new())?;
    if let Some(wanted) = &wanted {
        wanted.must_be_own(call)?;
    }
    let own = call.caller.account_id();
    let now = call.meta.now.unix_timestamp();
    let account = call.aws.store.account(own).await?;
    let mut entries: BTreeMap<String, Value> = account
        .iter()
        .flat_map(|account| {
            account.aliases.values().filter(|alias| stands_for(account, &alias.name, now).is_some())
        })
        .filter(|alias| wanted.as_ref().is_none_or(|target| key_id(&target.arn) == alias.key_id))
        .map(|alias| {
            let value = json!({
                "AliasName": alias.name,
                "AliasArn": arns::alias(&call.aws.region, own, &alias.name),
                "TargetKeyId": alias.key_id,
                "CreationDate": alias.created,
                "LastUpdatedDate": alias.updated.unwrap_or(alias.created),
            });
            (alias.name.clone(), value)
        })
        .collect();
    if wanted.is_none() {
        // There before it has a key (BC:kms.ListAliases).
        let arn = arns::alias(&call.aws.region, own, managed_key::ALIAS);
        let without_key = || json!({ "AliasName": managed_key::ALIAS, "AliasArn": arn });
        entries.entry(managed_key::ALIAS.to_owned()).or_insert_with(without_key);
    }
    let limits = Limits { default: 50, largest: 100 };
    page("Aliases", entries.into_iter(), limits, input.limit, input.marker.as_deref())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn alias_names_follow_the_rules() {
        must_be_an_alias("alias/secure-demo_key/1").unwrap();
        let cases = [
            ("secure", "ValidationException"),
            ("alias/", "ValidationException"),
            ("alias/a b", "ValidationException"),
            ("alias/a:b", "ValidationException"),
            ("alias/aws/s3", "NotAuthorizedException"),
        ];
        for (name, code) in cases {
            assert_eq!(must_be_an_alias(name).unwrap_err().code(), code, "{name}");
        }
        let prefix = must_be_an_alias("secure").unwrap_err().to_string();
        assert!(prefix.contains("Alias must start with the prefix \"alias/\"."), "{prefix}");
    }
}

//! Keys from creation to deletion, and their metadata.

use std::collections::BTreeMap;
use std::sync::Arc;

use policy::Context;
use serde::Deserialize;
use serde_json::{Value, json};

use super::grant_tokens::GrantTokens;
use super::keys::{Aliases, OtherAccounts, find, is_gone, must_not_be_pending_deletion, symmetric};
use super::listing::{Limits, page};
use super::{Call, KmsError, managed_key, material, policies, rotation};
use crate::arns;
use crate::gate::{Permit, actions};
use crate::model::{KeyState, KmsKey};

/// Waiting periods of a deletion, in days (BC:kms.ScheduleKeyDeletion).
const DELETION_DAYS: std::ops::RangeInclusive<i64> = 7..=30;
const SECONDS_A_DAY: i64 = 24 * 60 * 60;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct CreateKey {
    policy: Option<String>,
    description: Option<String>,
    key_usage: Option<String>,
    key_spec: Option<String>,
    customer_master_key_spec: Option<String>,
    origin: Option<String>,
    custom_key_store_id: Option<String>,
    xks_key_id: Option<String>,
    multi_region: bool,
    bypass_policy_lockout_safety_check: bool,
    tags: Vec<Tag>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Tag {
    tag_key: String,
    tag_value: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct OfKey {
    pub(super) key_id: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DescribeKey {
    key_id: String,
    #[serde(default)]
    grant_tokens: GrantTokens,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ScheduleKeyDeletion {
    key_id: String,
    pending_window_in_days: Option<i64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct ListKeys {
    limit: Option<i64>,
    marker: Option<String>,
}

pub(super) async fn create_key(call: &Call<'_>, input: CreateKey) -> Result<Value, KmsError> {
    must_be_symmetric(&input)?;
    let description = input.description.clone().unwrap_or_default();
    must_be_a_description(&description)?;
    let tags = tags(&input.tags)?;
    let permit = call.authorize_other::<actions::kms::CreateKey>("*", create_conditions(&input, &tags))?;
    let account = call.caller.account_id();
    let id = uuid::Uuid::new_v4().to_string();
    let arn = arns::key(&call.aws.region, account, &id);
    if !tags.is_empty() {
        call.authorize_other::<actions::kms::TagResource>(&arn, tag_conditions(&tags))?;
    }
    let policy = match &input.policy {
        Some(text) => {
            let policy = policies::check_new(call, text).await?;
            if !input.bypass_policy_lockout_safety_check {
                policies::must_not_lock_out(call, &arn, &policy)?;
            }
            policy
        }
        None => policies::default_policy(account)?,
    };
    let key = KmsKey {
        sealed_material: material::fresh(call, &arn, 0)?,
        rotations: Vec::new(),
        id,
        arn,
        created: call.meta.now.unix_timestamp(),
        description,
        state: KeyState::Enabled,
        policy,
        grants: Vec::new(),
        aws_managed: false,
        tags,
        rotation: None,
    };
    insert_key(call, permit, key).await
}

async fn insert_key(
    call: &Call<'_>,
    _permit: Permit<actions::kms::CreateKey>,
    key: KmsKey,
) -> Result<Value, KmsError> {
    let key = Arc::new(key);
    let account = call.caller.account_id();
    let (limit, now) = (call.aws.limits.keys, call.meta.now.unix_timestamp());
    let insert = |account: &mut crate::model::Account| {
        // AWS managed keys do not count (KMS Developer Guide, `resource-limits`).
        let counted = |key: &&Arc<KmsKey>| !key.aws_managed && !is_gone(key, now);
        let usage = account.keys.values().filter(counted).count();
        if usage >= limit {
            return Err(KmsError::quota("AWS KMS keys", limit, usage));
        }
        account.keys.insert(key.id.clone(), Arc::clone(&key));
        Ok(())
    };
    call.aws.store.change(account, insert).await?;
    Ok(json!({ "KeyMetadata": metadata(call, account, &key) }))
}

pub(super) fn must_be_a_description(description: &str) -> Result<(), KmsError> {
    let constraint = "Member must have length less than or equal to 8192";
    match description.chars().count() <= 8192 {
        true => Ok(()),
        false => Err(KmsError::constraint(description, "description", constraint)),
    }
}

fn must_be_symmetric(input: &CreateKey) -> Result<(), KmsError> {
    let spec = input.key_spec.as_deref().or(input.customer_master_key_spec.as_deref());
    if let Some(spec) = spec.filter(|&spec| spec != "SYMMETRIC_DEFAULT") {
        return Err(KmsError::unsupported(&format!("The key spec {spec}")));
    }
    if let Some(usage) = input.key_usage.as_deref().filter(|&usage| usage != "ENCRYPT_DECRYPT") {
        return Err(KmsError::unsupported(&format!("The key usage {usage}")));
    }
    if let Some(origin) = input.origin.as_deref().filter(|&origin| origin != "AWS_KMS") {
        return Err(KmsError::unsupported(&format!("The origin {origin}")));
    }
    if input.custom_key_store_id.is_some() {
        return Err(KmsError::unsupported("CustomKeyStoreId"));
    }
    if input.xks_key_id.is_some() {
        return Err(KmsError::unsupported("XksKeyId"));
    }
    if input.multi_region {
        return Err(KmsError::unsupported("MultiRegion"));
    }
    Ok(())
}

/// Tags as KMS accepts them, in its words.
pub(super) fn tags(given: &[Tag]) -> Result<BTreeMap<String, String>, KmsError> {
    let mut tags = BTreeMap::new();
    for (place, Tag { tag_key, tag_value }) in given.iter().enumerate() {
        let member = |field: &str| format!("tags.{}.member.{field}", place + 1);
        let longest = |length| format!("Member must have length less than or equal to {length}");
        if tag_key.is_empty() {
            let constraint = "Member must have length greater than or equal to 1";
            return Err(KmsError::constraint(tag_key, &member("tagKey"), constraint));
        }
        if tag_key.chars().count() > 128 {
            return Err(KmsError::constraint(tag_key, &member("tagKey"), &longest(128)));
        }
        if tag_value.chars().count() > 256 {
            return Err(KmsError::constraint(tag_value, &member("tagValue"), &longest(256)));
        }
        if tag_key.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("aws:")) {
            return Err(KmsError::refused("TagException", "Tags beginning with aws: are reserved"));
        }
        if tags.insert(tag_key.clone(), tag_value.clone()).is_some() {
            return Err(KmsError::refused("TagException", "Duplicate tag keys"));
        }
    }
    match tags.len() {
        0..=50 => Ok(tags),
        _ => Err(KmsError::refused("TagException", "Too many tags")),
    }
}

fn create_conditions(input: &CreateKey, tags: &BTreeMap<String, String>) -> Context {
    let bypass = input.bypass_policy_lockout_safety_check.to_string();
    let mut conditions = symmetric().with("kms:BypassPolicyLockoutSafetyCheck", bypass);
    conditions.extend(tag_conditions(tags));
    conditions
}

pub(super) fn tag_conditions(tags: &BTreeMap<String, String>) -> Context {
    let mut conditions = Context::new();
    for (key, value) in tags {
        conditions.set(format!("aws:RequestTag/{key}"), [value.clone()]);
    }
    if !tags.is_empty() {
        conditions.set("aws:TagKeys", tags.keys().cloned());
    }
    conditions
}

/// The alias `aws/s3` is there before its key: whoever first describes it has the key made (BC:kms.DescribeKey).
pub(super) async fn describe_key(call: &Call<'_>, input: DescribeKey) -> Result<Value, KmsError> {
    let planned = managed_key::planned(call, &input.key_id).await?;
    let target = match &planned {
        Some(target) => target.clone(),
        None => find(call, &input.key_id, Aliases::Accepted).await?,
    };
    let target = target.with_tokens(call, &input.grant_tokens)?;
    let (_, key) =
        call.authorize_key::<actions::kms::DescribeKey>(&target, OtherAccounts::Accepted, Context::new())?;
    if planned.is_some() {
        managed_key::ensure(call).await?;
    }
    Ok(json!({ "KeyMetadata": metadata(call, &target.account, &key) }))
}

pub(super) async fn list_keys(call: &Call<'_>, input: ListKeys) -> Result<Value, KmsError> {
    call.authorize_other::<actions::kms::ListKeys>("*", Context::new())?;
    let account = call.aws.store.account(call.caller.account_id()).await?;
    let now = call.meta.now.unix_timestamp();
    let keys = account.iter().flat_map(|account| account.keys.values()).filter(|key| !is_gone(key, now));
    let entries = keys.map(|key| (key.id.clone(), json!({ "KeyId": key.id, "KeyArn": key.arn })));
    page("Keys", entries, Limits { default: 100, largest: 1000 }, input.limit, input.marker.as_deref())
}

pub(super) async fn enable_key(call: &Call<'_>, input: OfKey) -> Result<Value, KmsError> {
    let target = find(call, &input.key_id, Aliases::Refused).await?;
    let (permit, _) =
        call.authorize_key::<actions::kms::EnableKey>(&target, OtherAccounts::Refused, Context::new())?;
    let enable = |key: &mut KmsKey| {
        must_not_be_pending_deletion(key)?;
        if key.state == KeyState::Disabled {
            rotation::make_up(call, key)?;
        }
        key.state = KeyState::Enabled;
        Ok(Value::Null)
    };
    call.change_key(&permit, &target, enable).await
}

pub(super) async fn disable_key(call: &Call<'_>, input: OfKey) -> Result<Value, KmsError> {
    let target = find(call, &input.key_id, Aliases::Refused).await?;
    let (permit, _) =
        call.authorize_key::<actions::kms::DisableKey>(&target, OtherAccounts::Refused, Context::new())?;
    let disable = |key: &mut KmsKey| {
        must_not_be_pending_deletion(key)?;
        key.state = KeyState::Disabled;
        Ok(Value::Null)
    };
    call.change_key(&permit, &target, disable).await
}

pub(super) async fn schedule_key_deletion(
    call: &Call<'_>,
    input: ScheduleKeyDeletion,
) -> Result<Value, KmsError> {
    let days = input.pending_window_in_days.unwrap_or(30);
    KmsError::within(days, "pendingWindowInDays", &DELETION_DAYS)?;
    let target = find(call, &input.key_id, Aliases::Refused).await?;
    let conditions = Context::new().with("kms:ScheduleKeyDeletionPendingWindowInDays", days.to_string());
    let (permit, _) =
        call.authorize_key::<actions::kms::ScheduleKeyDeletion>(&target, OtherAccounts::Refused, conditions)?;
    let due = call.meta.now.unix_timestamp() + days * SECONDS_A_DAY;
    let schedule = |key: &mut KmsKey| {
        must_not_be_pending_deletion(key)?;
        key.state = KeyState::PendingDeletion { due };
        Ok(json!({
            "KeyId": key.arn, "DeletionDate": due, "KeyState": "PendingDeletion", "PendingWindowInDays": days,
        }))
    };
    call.change_key(&permit, &target, schedule).await
}

pub(super) async fn cancel_key_deletion(call: &Call<'_>, input: OfKey) -> Result<Value, KmsError> {
    let target = find(call, &input.key_id, Aliases::Refused).await?;
    let (permit, _) = call.authorize_key::<actions::kms::CancelKeyDeletion>(
        &target,
        OtherAccounts::Refused,
        Context::new(),
    )?;
    let cancel = |key: &mut KmsKey| {
        if !matches!(key.state, KeyState::PendingDeletion { .. }) {
            let message = format!("{} is not pending deletion.", key.arn);
            return Err(KmsError::refused("KMSInvalidStateException", message));
        }
        // It comes back disabled (BC:kms.CancelKeyDeletion).
        key.state = KeyState::Disabled;
        Ok(json!({ "KeyId": key.arn }))
    };
    call.change_key(&permit, &target, cancel).await
}

fn metadata(call: &Call<'_>, account: &str, key: &KmsKey) -> Value {
    let (state, deletion) = match key.state {
        KeyState::Enabled => ("Enabled", None),
        KeyState::Disabled => ("Disabled", None),
        KeyState::PendingDeletion { due } => ("PendingDeletion", Some(due)),
    };
    let mut metadata = json!({
        "AWSAccountId": account,
        "KeyId": key.id,
        "Arn": key.arn,
        "CreationDate": key.created,
        "Enabled": key.state == KeyState::Enabled,
        "Description": key.description,
        "KeyUsage": "ENCRYPT_DECRYPT",
        "KeyState": state,
        "Origin": "AWS_KMS",
        "KeyManager": if key.aws_managed { "AWS" } else { "CUSTOMER" },
        "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT",
        "KeySpec": "SYMMETRIC_DEFAULT",
        "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
        "MultiRegion": false,
        "CurrentKeyMaterialId": material::current_id(call, key),
    });
    if let (Some(due), Some(object)) = (deletion, metadata.as_object_mut()) {
        object.insert("DeletionDate".into(), json!(due));
    }
    metadata
}

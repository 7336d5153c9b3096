//! What can be set on a key after it was made: its description, its tags, its rotation.

use policy::Context;
use serde::Deserialize;
use serde_json::{Value, json};

use super::keys::{Aliases, OtherAccounts, find, must_be_usable, must_not_be_pending_deletion};
use super::lifecycle::{OfKey, Tag, must_be_a_description, tag_conditions, tags};
use super::listing::{Limits, page};
use super::{Call, KmsError};
use crate::gate::actions;
use crate::model::{KmsKey, Rotation};

const SECONDS_A_DAY: i64 = 24 * 60 * 60;

/// Days between automatic rotations, and how many when nobody says (BC:kms.EnableKeyRotation).
const ROTATION_DAYS: std::ops::RangeInclusive<i64> = 90..=2560;
const DEFAULT_ROTATION_DAYS: i64 = 365;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct UpdateKeyDescription {
    key_id: String,
    description: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TagResource {
    key_id: String,
    tags: Vec<Tag>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct UntagResource {
    key_id: String,
    tag_keys: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListResourceTags {
    key_id: String,
    limit: Option<i64>,
    marker: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct EnableKeyRotation {
    key_id: String,
    rotation_period_in_days: Option<i64>,
}

pub(super) async fn update_key_description(
    call: &Call<'_>,
    input: UpdateKeyDescription,
) -> Result<Value, KmsError> {
    must_be_a_description(&input.description)?;
    let target = find(call, &input.key_id, Aliases::Refused).await?;
    let (permit, _) = call.authorize_key::<actions::kms::UpdateKeyDescription>(
        &target,
        OtherAccounts::Refused,
        Context::new(),
    )?;
    let describe = |key: &mut KmsKey| {
        must_not_be_pending_deletion(key)?;
        key.description.clone_from(&input.description);
        Ok(Value::Null)
    };
    call.change_key(&permit, &target, describe).await
}

pub(super) async fn tag_resource(call: &Call<'_>, input: TagResource) -> Result<Value, KmsError> {
    let given = tags(&input.tags)?;
    let target = find(call, &input.key_id, Aliases::Refused).await?;
    let (permit, _) = call.authorize_key::<actions::kms::TagResource>(
        &target,
        OtherAccounts::Refused,
        tag_conditions(&given),
    )?;
    let tag = |key: &mut KmsKey| {
        must_not_be_pending_deletion(key)?;
        key.tags.extend(given.clone());
        match key.tags.len() {
            0..=50 => Ok(Value::Null),
            _ => Err(KmsError::refused("LimitExceededException", "A key can have up to 50 tags.")),
        }
    };
    call.change_key(&permit, &target, tag).await
}

pub(super) async fn untag_resource(call: &Call<'_>, input: UntagResource) -> Result<Value, KmsError> {
    let target = find(call, &input.key_id, Aliases::Refused).await?;
    let conditions = Context::new().with_all("aws:TagKeys", input.tag_keys.clone());
    let (permit, _) =
        call.authorize_key::<actions::kms::UntagResource>(&target, OtherAccounts::Refused, conditions)?;
    let untag = |key: &mut KmsKey| {
        must_not_be_pending_deletion(key)?;
        key.tags.retain(|name, _| !input.tag_keys.contains(name));
        Ok(Value::Null)
    };
    call.change_key(&permit, &target, untag).await
}

pub(super) async fn list_resource_tags(call: &Call<'_>, input: ListResourceTags) -> Result<Value, KmsError> {
    let target = find(call, &input.key_id, Aliases::Refused).await?;
    let (_, key) = call.authorize_key::<actions::kms::ListResourceTags>(
        &target,
        OtherAccounts::Refused,
        Context::new(),
    )?;
    let entries =
        key.tags.iter().map(|(name, value)| (name.clone(), json!({ "TagKey": name, "TagValue": value })));
    page("Tags", entries, Limits { default: 50, largest: 50 }, input.limit, input.marker.as_deref())
}

pub(super) async fn enable_key_rotation(
    call: &Call<'_>,
    input: EnableKeyRotation,
) -> Result<Value, KmsError> {
    let days = input.rotation_period_in_days.unwrap_or(DEFAULT_ROTATION_DAYS);
    if !ROTATION_DAYS.contains(&days) {
        let constraint = "Member must have value between 90 and 2560";
        return Err(KmsError::constraint(&days.to_string(), "rotationPeriodInDays", constraint));
    }
    let target = find(call, &input.key_id, Aliases::Refused).await?;
    let conditions = Context::new().with("kms:RotationPeriodInDays", days.to_string());
    let (permit, _) =
        call.authorize_key::<actions::kms::EnableKeyRotation>(&target, OtherAccounts::Refused, conditions)?;
    let since = call.meta.now.unix_timestamp();
    let enable = |key: &mut KmsKey| {
        must_be_usable(key)?;
        key.rotation = Some(Rotation { period_days: days, since });
        Ok(Value::Null)
    };
    call.change_key(&permit, &target, enable).await
}

pub(super) async fn disable_key_rotation(call: &Call<'_>, input: OfKey) -> Result<Value, KmsError> {
    let target = find(call, &input.key_id, Aliases::Refused).await?;
    let (permit, _) = call.authorize_key::<actions::kms::DisableKeyRotation>(
        &target,
        OtherAccounts::Refused,
        Context::new(),
    )?;
    let disable = |key: &mut KmsKey| {
        must_be_usable(key)?;
        key.rotation = None;
        Ok(Value::Null)
    };
    call.change_key(&permit, &target, disable).await
}

pub(super) async fn get_key_rotation_status(call: &Call<'_>, input: OfKey) -> Result<Value, KmsError> {
    let target = find(call, &input.key_id, Aliases::Refused).await?;
    let (_, key) = call.authorize_key::<actions::kms::GetKeyRotationStatus>(
        &target,
        OtherAccounts::Accepted,
        Context::new(),
    )?;
    let mut status = json!({ "KeyId": key.id, "KeyRotationEnabled": key.rotation.is_some() });
    if let (Some(rotation), Some(object)) = (key.rotation, status.as_object_mut()) {
        object.insert("RotationPeriodInDays".into(), json!(rotation.period_days));
        object
            .insert("NextRotationDate".into(), json!(rotation.since + rotation.period_days * SECONDS_A_DAY));
    }
    Ok(status)
}

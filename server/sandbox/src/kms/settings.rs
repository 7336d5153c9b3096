//! What can be set on a key after it was made: its description and its tags.

use policy::Context;
use serde::Deserialize;
use serde_json::{Value, json};

use super::keys::{Aliases, OtherAccounts, find, must_not_be_pending_deletion};
use super::lifecycle::{Tag, must_be_a_description, tag_conditions, tags};
use super::listing::{Limits, page};
use super::{Call, KmsError};
use crate::gate::actions;
use crate::model::KmsKey;

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

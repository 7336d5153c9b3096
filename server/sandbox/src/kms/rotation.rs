//! Rotation: new key material on demand and at its time. Old ciphertexts open all the same (KMS Developer Guide, `rotate-keys`).
//!
//! Nothing runs in the background: whoever next names a key that is due finds it rotated, at the dates at which it was due.

use policy::Context;
use serde::Deserialize;
use serde_json::{Value, json};

use super::keys::{Aliases, OtherAccounts, find, must_be_usable};
use super::lifecycle::OfKey;
use super::listing::{Limits, page};
use super::{Call, KmsError, material};
use crate::gate::actions;
use crate::model::{Account, KeyMaterial, KeyState, KmsKey, Rotation, RotationCause, Timestamp};

const SECONDS_A_DAY: i64 = 24 * 60 * 60;

/// Days between automatic rotations, and how many when nobody says (BC:kms.EnableKeyRotation).
const ROTATION_DAYS: std::ops::RangeInclusive<i64> = 90..=2560;
const DEFAULT_ROTATION_DAYS: i64 = 365;
/// Most rotations of a key on demand (BC:kms.RotateKeyOnDemand).
const MAX_ON_DEMAND: usize = 25;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct EnableKeyRotation {
    key_id: String,
    rotation_period_in_days: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListKeyRotations {
    key_id: String,
    include_key_material: Option<String>,
    limit: Option<i64>,
    marker: Option<String>,
}

/// The rotation that is on: for AWS managed keys always, every year.
fn rotation_of(key: &KmsKey) -> Option<Rotation> {
    match key.aws_managed {
        true => {
            Some(key.rotation.unwrap_or(Rotation { period_days: DEFAULT_ROTATION_DAYS, since: key.created }))
        }
        false => key.rotation,
    }
}

/// When it is to rotate next.
fn next(rotation: Rotation) -> Timestamp {
    rotation.since + rotation.period_days * SECONDS_A_DAY
}

/// Whether a key was to be rotated by now. One that is not enabled waits until it is.
pub(super) fn is_due(key: &KmsKey, now: Timestamp) -> bool {
    key.state == KeyState::Enabled && rotation_of(key).is_some_and(|rotation| next(rotation) <= now)
}

/// Rotates a key of an account as often as it was due by now, at the dates at which it was.
pub(super) async fn bring_up_to_date(call: &Call<'_>, account: &str, id: &str) -> Result<(), KmsError> {
    let now = call.meta.now.unix_timestamp();
    let rotate = |account: &mut Account| {
        let Some(key) = account.keys.get_mut(id) else { return Ok(()) };
        let mut rotated = KmsKey::clone(key);
        while is_due(&rotated, now) {
            let Some(rotation) = rotation_of(&rotated) else { break };
            let since = next(rotation);
            add(call, &mut rotated, since, RotationCause::Automatic)?;
            rotated.rotation = Some(Rotation { since, ..rotation });
        }
        *key = rotated.into();
        Ok::<_, KmsError>(())
    };
    Ok(call.aws.store.change(account, rotate).await?)
}

/// What an enabled key misses that was disabled at its time: it is rotated at once, and at every whole period from now on
/// (BC:kms.GetKeyRotationStatus).
pub(super) fn make_up(call: &Call<'_>, key: &mut KmsKey) -> Result<(), KmsError> {
    let now = call.meta.now.unix_timestamp();
    let Some(rotation) = key.rotation.filter(|rotation| next(*rotation) <= now) else { return Ok(()) };
    add(call, key, now, RotationCause::Automatic)?;
    key.rotation = Some(Rotation { since: now, ..rotation });
    Ok(())
}

fn add(call: &Call<'_>, key: &mut KmsKey, since: Timestamp, cause: RotationCause) -> Result<(), KmsError> {
    let sealed = material::fresh(call, &key.arn, material::current(key) + 1)?;
    key.rotations.push(KeyMaterial { sealed, since, cause });
    Ok(())
}

pub(super) async fn enable(call: &Call<'_>, input: EnableKeyRotation) -> Result<Value, KmsError> {
    let days = input.rotation_period_in_days.unwrap_or(DEFAULT_ROTATION_DAYS);
    KmsError::within(days, "rotationPeriodInDays", &ROTATION_DAYS)?;
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

pub(super) async fn disable(call: &Call<'_>, input: OfKey) -> Result<Value, KmsError> {
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

pub(super) async fn status(call: &Call<'_>, input: OfKey) -> Result<Value, KmsError> {
    let target = find(call, &input.key_id, Aliases::Refused).await?;
    let (_, key) = call.authorize_key::<actions::kms::GetKeyRotationStatus>(
        &target,
        OtherAccounts::Accepted,
        Context::new(),
    )?;
    // A key that is to be deleted is not rotated (BC:kms.GetKeyRotationStatus).
    let pending = matches!(key.state, KeyState::PendingDeletion { .. });
    let rotation = rotation_of(&key).filter(|_| !pending);
    let mut status = json!({ "KeyId": key.id, "KeyRotationEnabled": rotation.is_some() });
    if let (Some(rotation), Some(object)) = (rotation, status.as_object_mut()) {
        object.insert("RotationPeriodInDays".into(), json!(rotation.period_days));
        object.insert("NextRotationDate".into(), json!(next(rotation)));
    }
    Ok(status)
}

pub(super) async fn on_demand(call: &Call<'_>, input: OfKey) -> Result<Value, KmsError> {
    let target = find(call, &input.key_id, Aliases::Refused).await?;
    let (permit, _) = call.authorize_key::<actions::kms::RotateKeyOnDemand>(
        &target,
        OtherAccounts::Refused,
        Context::new(),
    )?;
    let rotate = |key: &mut KmsKey| {
        must_be_usable(key)?;
        let made = key.rotations.iter().filter(|material| material.cause == RotationCause::OnDemand).count();
        if made >= MAX_ON_DEMAND {
            let message = format!(
                "The on-demand rotations limit has been reached for the given keyId. No more on-demand rotations can be \
                 performed for this key: {}",
                key.arn
            );
            return Err(KmsError::refused("LimitExceededException", message));
        }
        add(call, key, call.meta.now.unix_timestamp(), RotationCause::OnDemand)?;
        Ok(json!({ "KeyId": key.id }))
    };
    call.change_key(&permit, &target, rotate).await
}

/// Completed rotations, oldest first; with `ALL_KEY_MATERIAL` after the key's first material.
pub(super) async fn list(call: &Call<'_>, input: ListKeyRotations) -> Result<Value, KmsError> {
    let first = match input.include_key_material.as_deref() {
        None | Some("ROTATIONS_ONLY") => 1,
        Some("ALL_KEY_MATERIAL") => 0,
        Some(other) => {
            let constraint = "Member must satisfy enum value set: [ALL_KEY_MATERIAL, ROTATIONS_ONLY]";
            return Err(KmsError::constraint(other, "includeKeyMaterial", constraint));
        }
    };
    let target = find(call, &input.key_id, Aliases::Refused).await?;
    let (_, key) = call.authorize_key::<actions::kms::ListKeyRotations>(
        &target,
        OtherAccounts::Refused,
        Context::new(),
    )?;
    let current = material::current(&key);
    let entries = (first..=current).map(|number| {
        let mut entry = json!({
            "KeyId": key.id,
            "KeyMaterialId": material::id(call, &key.arn, number),
            "KeyMaterialState": if number == current { "CURRENT" } else { "NON_CURRENT" },
        });
        let rotation = number.checked_sub(1).and_then(|place| key.rotations.get(place));
        if let (Some(rotation), Some(object)) = (rotation, entry.as_object_mut()) {
            let cause = match rotation.cause {
                RotationCause::Automatic => "AUTOMATIC",
                RotationCause::OnDemand => "ON_DEMAND",
            };
            object.insert("RotationDate".into(), json!(rotation.since));
            object.insert("RotationType".into(), json!(cause));
        }
        (format!("{number:06}"), entry)
    });
    page("Rotations", entries, Limits { default: 100, largest: 1000 }, input.limit, input.marker.as_deref())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Arc;

    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;
    use time::OffsetDateTime;

    use super::super::Via;
    use super::super::ciphertext;
    use super::*;
    use crate::caller::{Caller, Identity};
    use crate::request::RequestMeta;
    use crate::{Aws, Config, Sandbox};

    const DAY: i64 = SECONDS_A_DAY;
    const YEAR: i64 = 365 * DAY;

    struct Lab {
        aws: Arc<Aws>,
        account: String,
        key: String,
    }

    impl Lab {
        /// An account with a key that was made at second 0 and rotates every 100 days.
        async fn new() -> Self {
            let sandbox = Sandbox::open(Config::default()).await.unwrap();
            let account = sandbox.create_account().await.unwrap().account_id;
            let mut lab = Self { aws: Arc::clone(&sandbox.aws), account, key: String::new() };
            let made = lab.run(0, "CreateKey", json!({})).await;
            lab.key = made["KeyMetadata"]["KeyId"].as_str().unwrap().to_owned();
            lab.run(0, "EnableKeyRotation", json!({ "KeyId": lab.key, "RotationPeriodInDays": 100 })).await;
            lab
        }

        async fn run(&self, now: i64, operation: &str, input: Value) -> Value {
            let account = self.aws.store.account(&self.account).await.unwrap();
            let identity = Identity::User("Admin".into());
            let caller = Caller { identity, account, access_key_id: String::new(), ..Caller::ANONYMOUS };
            let now = OffsetDateTime::from_unix_timestamp(now).unwrap();
            let meta = RequestMeta::new(now, "us-east-1".into(), None, None).unwrap();
            let call = Call { aws: &self.aws, meta: &meta, caller: &caller, via: Via::Direct };
            super::super::run(&call, operation, input.to_string().as_bytes()).await.unwrap()
        }

        async fn rotations(&self, now: i64) -> Vec<(i64, String)> {
            let listed = self.run(now, "ListKeyRotations", json!({ "KeyId": self.key })).await;
            let rotations = listed["Rotations"].as_array().unwrap().iter();
            let of = |entry: &Value| {
                (
                    entry["RotationDate"].as_i64().unwrap() / DAY,
                    entry["RotationType"].as_str().unwrap().to_owned(),
                )
            };
            rotations.map(of).collect()
        }

        async fn key(&self) -> Arc<KmsKey> {
            Arc::clone(&self.aws.store.account(&self.account).await.unwrap().unwrap().keys[&self.key])
        }
    }

    fn automatic(days: &[i64]) -> Vec<(i64, String)> {
        days.iter().map(|day| (*day, "AUTOMATIC".to_owned())).collect()
    }

    #[tokio::test]
    async fn a_key_rotates_at_every_whole_period_however_long_nobody_used_it() {
        let lab = Lab::new().await;
        let sealed = lab.run(99 * DAY, "Encrypt", json!({"KeyId": lab.key, "Plaintext": "aGVsbG8="})).await;
        assert_eq!(lab.rotations(100 * DAY - 1).await, automatic(&[]));
        let status = lab.run(99 * DAY, "GetKeyRotationStatus", json!({ "KeyId": lab.key })).await;
        assert_eq!(status["NextRotationDate"], 100 * DAY);
        let opened =
            lab.run(350 * DAY, "Decrypt", json!({ "CiphertextBlob": sealed["CiphertextBlob"] })).await;
        assert_eq!(opened["Plaintext"], "aGVsbG8=", "what was encrypted before opens after");
        assert_eq!(lab.rotations(350 * DAY).await, automatic(&[100, 200, 300]));
        let again = lab.run(350 * DAY, "Encrypt", json!({"KeyId": lab.key, "Plaintext": "aGVsbG8="})).await;
        let newer = lab.run(350 * DAY, "Decrypt", json!({ "CiphertextBlob": again["CiphertextBlob"] })).await;
        assert_ne!(newer["KeyMaterialId"], opened["KeyMaterialId"]);
        // On demand leaves the schedule as it is.
        lab.run(360 * DAY, "RotateKeyOnDemand", json!({ "KeyId": lab.key })).await;
        let status = lab.run(360 * DAY, "GetKeyRotationStatus", json!({ "KeyId": lab.key })).await;
        assert_eq!(status["NextRotationDate"], 400 * DAY);
    }

    #[tokio::test]
    async fn a_disabled_key_waits_and_makes_up_when_it_is_enabled() {
        let lab = Lab::new().await;
        lab.run(50 * DAY, "DisableKey", json!({ "KeyId": lab.key })).await;
        assert_eq!(lab.rotations(250 * DAY).await, automatic(&[]));
        lab.run(260 * DAY, "EnableKey", json!({ "KeyId": lab.key })).await;
        assert_eq!(lab.rotations(260 * DAY).await, automatic(&[260]));
        assert_eq!(lab.rotations(360 * DAY).await, automatic(&[260, 360]));
        // One that is enabled in time goes on as before.
        lab.run(370 * DAY, "DisableKey", json!({ "KeyId": lab.key })).await;
        lab.run(380 * DAY, "EnableKey", json!({ "KeyId": lab.key })).await;
        assert_eq!(lab.rotations(460 * DAY).await, automatic(&[260, 360, 460]));
    }

    #[tokio::test]
    async fn a_key_that_is_to_be_deleted_is_not_rotated() {
        let lab = Lab::new().await;
        let schedule = json!({ "KeyId": lab.key, "PendingWindowInDays": 30 });
        lab.run(90 * DAY, "ScheduleKeyDeletion", schedule).await;
        let status = lab.run(110 * DAY, "GetKeyRotationStatus", json!({ "KeyId": lab.key })).await;
        assert_eq!((&status["KeyRotationEnabled"], status.get("NextRotationDate")), (&json!(false), None));
        assert_eq!(lab.rotations(110 * DAY).await, automatic(&[]));
        lab.run(115 * DAY, "CancelKeyDeletion", json!({ "KeyId": lab.key })).await;
        let status = lab.run(115 * DAY, "GetKeyRotationStatus", json!({ "KeyId": lab.key })).await;
        assert_eq!(status["KeyRotationEnabled"], true, "the setting comes back");
    }

    #[tokio::test]
    async fn a_ciphertext_from_before_rotation_opens() {
        let lab = Lab::new().await;
        let key = lab.key().await;
        // As version 1 wrote it: without the number of the material.
        let first = {
            let account = lab.aws.store.account(&lab.account).await.unwrap();
            let caller = Caller {
                identity: Identity::User("Admin".into()),
                account,
                access_key_id: String::new(),
                ..Caller::ANONYMOUS
            };
            let meta = RequestMeta::new(OffsetDateTime::UNIX_EPOCH, "us-east-1".into(), None, None).unwrap();
            let call = Call { aws: &lab.aws, meta: &meta, caller: &caller, via: Via::Direct };
            ciphertext::version_1(&call, &key, b"hello").unwrap()
        };
        let blob = BASE64_STANDARD.encode(first);
        let opened = lab.run(500 * DAY, "Decrypt", json!({ "CiphertextBlob": blob })).await;
        assert_eq!(opened["Plaintext"], "aGVsbG8=");
        assert_eq!(lab.key().await.rotations.len(), 5);
    }

    #[tokio::test]
    async fn the_key_that_aws_manages_rotates_every_year() {
        let lab = Lab::new().await;
        let described = lab.run(0, "DescribeKey", json!({ "KeyId": "alias/aws/s3" })).await;
        let id = described["KeyMetadata"]["KeyId"].clone();
        let status = lab.run(YEAR - 1, "GetKeyRotationStatus", json!({ "KeyId": id })).await;
        assert_eq!(
            (&status["KeyRotationEnabled"], &status["NextRotationDate"]),
            (&json!(true), &json!(YEAR))
        );
        let listed = lab.run(2 * YEAR, "ListKeyRotations", json!({ "KeyId": id })).await;
        assert_eq!(listed["Rotations"].as_array().unwrap().len(), 2);
    }
}

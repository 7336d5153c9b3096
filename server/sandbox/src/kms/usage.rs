//! When each key was last used for cryptography, and for what: `GetKeyLastUsage`.
//!
//! A use costs its caller a note in memory; notes are written once a second, before they are told, and at the end. A crash loses
//! the uses of the last second.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use policy::Context;
use serde_json::{Value, json};

use super::keys::{Aliases, OtherAccounts, find};
use super::lifecycle::OfKey;
use super::{Call, KmsError};
use crate::Aws;
use crate::gate::actions;
use crate::model::{KmsKey, Timestamp};
use crate::store::{Store, StoreError};

/// How often notes are written.
const WRITTEN_EVERY: Duration = Duration::from_secs(1);

/// The last use of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastUse {
    /// The operation, for example `Decrypt`.
    pub operation: String,
    /// When.
    pub used: Timestamp,
    /// Id of the request.
    pub request_id: String,
}

/// The notes that are not written yet, by key ARN. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Usage(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    noted: Mutex<HashMap<String, LastUse>>,
    /// Held while notes are on their way to the database, where readers would miss them.
    writing: tokio::sync::Mutex<()>,
}

impl Usage {
    /// Notes that `operation` succeeded with a key.
    pub(super) fn note(&self, call: &Call<'_>, key: &KmsKey, operation: &str) {
        let last = LastUse {
            operation: operation.to_owned(),
            used: call.meta.now.unix_timestamp(),
            request_id: call.meta.id.clone(),
        };
        self.keep(&key.arn, last);
    }

    /// Keeps the later of two uses.
    fn keep(&self, key: &str, last: LastUse) {
        let mut noted = self.noted();
        match noted.get_mut(key) {
            Some(known) if known.used > last.used => {}
            Some(known) => *known = last,
            None => {
                noted.insert(key.to_owned(), last);
            }
        }
    }

    /// Writes what was noted.
    pub(crate) async fn write(&self, store: &Store) -> Result<(), StoreError> {
        let _writing = self.0.writing.lock().await;
        let noted = std::mem::take(&mut *self.noted());
        if noted.is_empty() {
            return Ok(());
        }
        let written = store.write_last_uses(&noted).await;
        if written.is_err() {
            noted.into_iter().for_each(|(key, last)| self.keep(&key, last));
        }
        written
    }

    /// Writes what was noted once a second for as long as `aws` lives.
    pub(crate) fn write_in_background(aws: &Arc<Aws>) {
        let aws = Arc::downgrade(aws);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(WRITTEN_EVERY).await;
                let Some(aws) = aws.upgrade() else { return };
                if let Err(cause) = aws.key_usage.write(&aws.store).await {
                    tracing::warn!(%cause, "the last uses of keys could not be written; they are kept for the next time");
                }
            }
        });
    }

    fn noted(&self) -> MutexGuard<'_, HashMap<String, LastUse>> {
        self.0.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) async fn get_key_last_usage(call: &Call<'_>, input: OfKey) -> Result<Value, KmsError> {
    let target = find(call, &input.key_id, Aliases::Refused).await?;
    let (_, key) =
        call.authorize_key::<actions::kms::GetKeyLastUsage>(&target, OtherAccounts::Refused, Context::new())?;
    // What is told is on the disk.
    call.aws.key_usage.write(&call.aws.store).await?;
    let (last, tracked) = call.aws.store.key_use(&key.arn).await?;
    let last = last.map_or_else(
        || json!({}),
        |last| json!({ "Operation": last.operation, "Timestamp": last.used, "KmsRequestId": last.request_id }),
    );
    Ok(json!({
        "KeyId": key.id,
        "KeyLastUsage": last,
        "TrackingStartDate": tracked.max(key.created),
        "KeyCreationDate": key.created,
    }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_later_of_two_uses_is_kept_in_whatever_order_they_come() {
        let usage = Usage::default();
        let last =
            |operation: &str, used| LastUse { operation: operation.into(), used, request_id: "r".into() };
        usage.keep("key", last("Decrypt", 2));
        usage.keep("key", last("Encrypt", 1));
        assert_eq!(usage.noted()["key"], last("Decrypt", 2));
        usage.keep("key", last("Encrypt", 2));
        assert_eq!(usage.noted()["key"], last("Encrypt", 2));
    }
}

//! Who used what when: the last time that each user and role asked for an action, and the last use of each long-term access
//! key. To the minute, collected in memory and written once a minute and at the end, so that recording costs a request
//! nothing; a crash loses what was not written yet.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use crate::Aws;
use crate::caller::Caller;
use crate::model::Timestamp;
use crate::request::RequestMeta;
use crate::store::{Store, StoreError};

/// Uses further back are not told (IAM User Guide, `access_policies_last-accessed`), in seconds.
const TRACKED: Timestamp = 400 * 24 * 60 * 60;
/// How often what was collected is written.
const FLUSH: Duration = Duration::from_secs(60);
/// How exact times are, in seconds.
const MINUTE: Timestamp = 60;

/// Operations that ask for no permission, so that the gate does not see them.
const UNASKED: [&str; 2] = ["sts:GetCallerIdentity", "sts:GetSessionToken"];
/// Permissions that are asked for on the way to another call and are no calls themselves.
const NO_CALLS: [&str; 2] = ["iam:PassRole", "sts:TagSession"];

/// The last time that an entity asked for an action in a region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// Unique id of the user or role.
    pub entity: String,
    /// For example `s3:GetObject`.
    pub action: String,
    /// Region of the request.
    pub region: String,
    /// When.
    pub used: Timestamp,
}

/// The last use of an access key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyUse {
    /// Access key id.
    pub access_key: String,
    /// Namespace of the service, for example `s3`.
    pub service: String,
    /// Region of the request.
    pub region: String,
    /// When.
    pub used: Timestamp,
}

/// What is to be written, by account.
#[derive(Debug, Default)]
pub struct Collected {
    uses: HashMap<String, OfEntity>,
    keys: HashMap<String, (String, KeyUse)>,
}

#[derive(Debug)]
struct OfEntity {
    account: String,
    uses: Vec<Recent>,
}

#[derive(Debug)]
struct Recent {
    action: &'static str,
    region: String,
    used: Timestamp,
}

impl Collected {
    /// Every use with its account.
    pub fn uses(&self) -> impl Iterator<Item = (&str, Use)> {
        self.uses.iter().flat_map(|(entity, of_entity)| {
            let used = move |recent: &Recent| Use {
                entity: entity.clone(),
                action: recent.action.to_owned(),
                region: recent.region.clone(),
                used: recent.used,
            };
            of_entity.uses.iter().map(move |recent| (of_entity.account.as_str(), used(recent)))
        })
    }

    /// Every access key's use with its account.
    pub fn keys(&self) -> impl Iterator<Item = (&str, &KeyUse)> {
        self.keys.values().map(|(account, used)| (account.as_str(), used))
    }

    fn is_empty(&self) -> bool {
        self.uses.is_empty() && self.keys.is_empty()
    }

    fn note(&mut self, account: &str, entity: &str, action: &'static str, region: &str, used: Timestamp) {
        let of_entity = match self.uses.get_mut(entity) {
            Some(known) => known,
            None => self
                .uses
                .entry(entity.to_owned())
                .or_insert_with(|| OfEntity { account: account.to_owned(), uses: Vec::new() }),
        };
        let same = |known: &&mut Recent| known.action == action && known.region == region;
        match of_entity.uses.iter_mut().find(same) {
            Some(known) => known.used = known.used.max(used),
            None => of_entity.uses.push(Recent { action, region: region.to_owned(), used }),
        }
    }

    /// Keeps the first of several uses within `span` seconds.
    fn note_key(&mut self, caller: &Caller, service: &str, region: &str, used: Timestamp, span: Timestamp) {
        let key = &caller.access_key_id;
        if self.keys.get(key).is_some_and(|(_, known)| used < known.used + span) {
            return;
        }
        let used =
            KeyUse { access_key: key.clone(), service: service.to_owned(), region: region.to_owned(), used };
        self.keys.insert(key.clone(), (caller.account_id().to_owned(), used));
    }
}

/// The record. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Activity(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// See [`crate::Fidelity::access_key_use_span_seconds`].
    key_span: Timestamp,
    collected: Mutex<Collected>,
    /// Held while what was collected is on its way to the database, where readers would miss it.
    writing: tokio::sync::Mutex<()>,
}

impl Activity {
    /// A record that keeps the first of several uses of an access key within so many seconds.
    pub(crate) fn new(key_span: Timestamp) -> Self {
        Self(Arc::new(Inner { key_span, ..Inner::default() }))
    }

    /// Notes that the caller asked for an action, whatever the answer: IAM counts attempts (IAM API reference,
    /// `GenerateServiceLastAccessedDetails`).
    pub(crate) fn note(&self, meta: &RequestMeta, caller: &Caller, action: &'static str) {
        if NO_CALLS.contains(&action) {
            return;
        }
        self.note_key(meta, caller, action.split(':').next().unwrap_or_default());
        let Some(entity) = caller.entity_id() else { return };
        self.collected().note(caller.account_id(), entity, action, &meta.region, minute(meta));
    }

    /// Notes that the caller signed a request to a service.
    pub(crate) fn note_key(&self, meta: &RequestMeta, caller: &Caller, service: &str) {
        if caller.account.is_none() || caller.is_temporary() {
            return;
        }
        self.collected().note_key(caller, service, &meta.region, minute(meta), self.0.key_span);
    }

    /// Notes an operation for which the gate is not asked.
    pub(crate) fn note_operation(&self, meta: &RequestMeta, caller: &Caller, service: &str, operation: &str) {
        let unasked = |action: &&&str| action.split_once(':') == Some((service, operation));
        match UNASKED.iter().find(unasked) {
            Some(action) => self.note(meta, caller, action),
            None => self.note_key(meta, caller, service),
        }
    }

    /// Every use by an account's users and roles, deleted ones included, or by one of them; as far back as is told.
    pub(crate) async fn uses(
        &self,
        store: &Store,
        account: &str,
        entity: Option<&str>,
        now: Timestamp,
    ) -> Result<Vec<Use>, StoreError> {
        let _writing = self.0.writing.lock().await;
        let mut uses = store.uses(account, entity).await?;
        let asked_for = |owner: &str, recent: &Use| {
            owner == account && entity.is_none_or(|entity| recent.entity == entity)
        };
        for (_, recent) in self.collected().uses().filter(|(owner, recent)| asked_for(owner, recent)) {
            let same = |known: &&mut Use| {
                (&known.entity, &known.action, &known.region)
                    == (&recent.entity, &recent.action, &recent.region)
            };
            match uses.iter_mut().find(same) {
                Some(known) => known.used = known.used.max(recent.used),
                None => uses.push(recent),
            }
        }
        uses.retain(|known| known.used >= now - TRACKED);
        Ok(uses)
    }

    /// The last use of each of an account's access keys, as far as it is on record.
    pub(crate) async fn key_uses(&self, store: &Store, account: &str) -> Result<Vec<KeyUse>, StoreError> {
        let _writing = self.0.writing.lock().await;
        let mut uses = store.key_uses(account).await?;
        for (_, recent) in self.collected().keys().filter(|(owner, _)| *owner == account) {
            match uses.iter_mut().find(|known| known.access_key == recent.access_key) {
                Some(known) if recent.used < known.used + self.0.key_span => {}
                Some(known) => known.clone_from(recent),
                None => uses.push(recent.clone()),
            }
        }
        Ok(uses)
    }

    /// Writes what was collected.
    pub(crate) async fn flush(&self, store: &Store) -> Result<(), StoreError> {
        let _writing = self.0.writing.lock().await;
        let collected = std::mem::take(&mut *self.collected());
        if collected.is_empty() {
            return Ok(());
        }
        let written = self.write(store, &collected).await;
        if written.is_err() {
            let mut now = self.collected();
            for (entity, of_entity) in collected.uses {
                for recent in of_entity.uses {
                    now.note(&of_entity.account, &entity, recent.action, &recent.region, recent.used);
                }
            }
            for (account, used) in collected.keys.into_values() {
                now.keys.entry(used.access_key.clone()).or_insert((account, used));
            }
        }
        written
    }

    async fn write(&self, store: &Store, collected: &Collected) -> Result<(), StoreError> {
        let uses = collected.uses().map(|(account, used)| (account.to_owned(), used));
        store.write_uses(uses.collect()).await?;
        let keys = collected.keys().map(|(account, used)| (account.to_owned(), used.clone()));
        store.write_key_uses(keys.collect(), self.0.key_span).await
    }

    /// Writes what was collected once a minute for as long as `aws` lives.
    pub(crate) fn flush_in_background(aws: &Arc<Aws>) {
        let aws = Arc::downgrade(aws);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(FLUSH).await;
                let Some(aws) = Weak::upgrade(&aws) else { return };
                if let Err(cause) = aws.gate.activity().flush(&aws.store).await {
                    tracing::warn!(%cause, "what was last used could not be written; it is kept for the next time");
                }
            }
        });
    }

    fn collected(&self) -> MutexGuard<'_, Collected> {
        self.0.collected.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The latest use of several.
pub(crate) fn latest<'u>(uses: impl IntoIterator<Item = &'u Use>) -> Option<&'u Use> {
    uses.into_iter().max_by_key(|known| known.used)
}

fn minute(meta: &RequestMeta) -> Timestamp {
    let now = meta.now.unix_timestamp();
    now - now.rem_euclid(MINUTE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_use_of_an_action_and_the_first_use_of_a_key_in_its_span_are_kept() {
        let mut collected = Collected::default();
        for used in [60, 180, 120] {
            collected.note("1", "AIDA", "s3:GetObject", "r", used);
        }
        let uses: Vec<_> = collected.uses().map(|(account, used)| (account.to_owned(), used.used)).collect();
        assert_eq!(uses, [("1".to_owned(), 180)]);
        let caller = Caller { access_key_id: "AKIA".into(), ..Caller::ANONYMOUS };
        for (service, used) in [("s3", 0), ("kms", 899), ("iam", 900), ("sts", 960)] {
            collected.note_key(&caller, service, "r", used, 900);
        }
        let keys: Vec<_> = collected.keys().map(|(_, used)| (used.service.as_str(), used.used)).collect();
        assert_eq!(keys, [("iam", 900)]);
    }
}

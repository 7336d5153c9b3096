//! What all sessions share.

use crate::{
    activity::Live,
    cloud::{Clients, Target, imds::InstanceCredentials},
    session::Vault,
    store::{LabId, Store},
};
use app::console::{ConsoleError, Held, Persona};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};
use time::OffsetDateTime;

/// Storage, vault, the AWS to work on, and the live streams. None of its memory is the only copy of anything.
#[derive(Debug)]
pub struct Site {
    /// The console's database.
    pub store: Store,
    /// Sealed credentials.
    pub vault: Vault,
    /// The AWS to work on.
    pub target: Arc<dyn Target>,
    /// Who is told of new records.
    pub live: Live,
    locks: Mutex<HashMap<LabId, Weak<tokio::sync::Mutex<()>>>>,
    instances: Mutex<HashMap<LabId, InstanceCredentials>>,
}

impl Site {
    /// A site over these parts.
    pub fn new(store: Store, vault: Vault, target: Arc<dyn Target>) -> Self {
        Self {
            store,
            vault,
            target,
            live: Live::default(),
            locks: Mutex::default(),
            instances: Mutex::default(),
        }
    }

    /// Unix time in seconds.
    pub fn now(&self) -> i64 {
        OffsetDateTime::now_utc().unix_timestamp()
    }

    /// Waits for the lab to be free: one form or command of a lab at a time, so that a verdict is about the policies its
    /// call met.
    pub(super) async fn lock(&self, lab: &LabId) -> tokio::sync::OwnedMutexGuard<()> {
        let lock = {
            let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
            locks.retain(|_, lock| lock.strong_count() > 0);
            match locks.get(lab).and_then(Weak::upgrade) {
                Some(lock) => lock,
                None => {
                    let lock = Arc::new(tokio::sync::Mutex::new(()));
                    locks.insert(lab.clone(), Arc::downgrade(&lock));
                    lock
                }
            }
        };
        lock.lock_owned().await
    }

    /// Who a persona of the lab is, and clients that act as it; `None` if the lab never held it.
    pub(super) async fn clients(
        &self,
        lab: &LabId,
        persona: Persona,
    ) -> Result<Option<(Held, Clients)>, ConsoleError> {
        let found = self.vault.get(lab, persona).await?;
        Ok(found.map(|(held, credentials)| {
            let clients = Clients::new(&self.target, &credentials);
            (held, clients)
        }))
    }

    /// The base identity.
    pub(super) async fn admin(&self, lab: &LabId) -> Result<(Held, Clients), ConsoleError> {
        self.clients(lab, Persona::Admin).await?.ok_or_else(|| {
            ConsoleError::Unavailable(
                "This lab’s administrator is not in the vault any more. Start a new lab.".into(),
            )
        })
    }

    /// Credentials of the lab's instance kept since they were fetched, unless they end within `margin` seconds.
    pub(super) fn cached_instance(&self, lab: &LabId, margin: i64) -> Option<InstanceCredentials> {
        let now = self.now();
        let mut instances = self.instances.lock().unwrap_or_else(PoisonError::into_inner);
        instances.retain(|_, kept| kept.credentials.expires_at().is_none_or(|ends| ends > now + margin));
        instances.get(lab).cloned()
    }

    /// Keeps the instance's credentials, in memory only; `None` forgets them.
    pub(super) fn cache_instance(&self, lab: &LabId, credentials: Option<InstanceCredentials>) {
        let mut instances = self.instances.lock().unwrap_or_else(PoisonError::into_inner);
        match credentials {
            Some(credentials) => instances.insert(lab.clone(), credentials),
            None => instances.remove(lab),
        };
    }

    /// Removes a lab that a session left behind.
    pub(super) async fn forget(&self, lab: &LabId) -> Result<(), ConsoleError> {
        self.cache_instance(lab, None);
        Ok(self.store.remove_lab(lab).await?)
    }
}

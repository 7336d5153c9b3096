//! What all sessions share.

use crate::{
    activity::Live,
    cloud::{Clients, Target, TargetError, imds::InstanceCredentials},
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

    /// The same for a persona that the lab holds.
    pub(super) async fn actor(&self, lab: &LabId, persona: Persona) -> Result<(Held, Clients), ConsoleError> {
        let found = self.clients(lab, persona).await?;
        found.ok_or_else(|| ConsoleError::NotFound { what: format!("session as {}", persona.name()) })
    }

    /// The base identity.
    pub(super) async fn admin(&self, lab: &LabId) -> Result<(Held, Clients), ConsoleError> {
        self.clients(lab, Persona::Admin).await?.ok_or_else(|| {
            ConsoleError::Unavailable(
                "This lab’s administrator is not in the vault any more. Start a new lab.".into(),
            )
        })
    }

    /// Clients of the administrators of bucket and key, as far as the lab holds valid credentials of theirs: who holds a lock can
    /// read its policy, whomever it keeps out.
    pub(super) async fn lock_holders(&self, lab: &LabId) -> Result<Vec<Clients>, ConsoleError> {
        let mut holders = Vec::new();
        for persona in [Persona::SecureBucketAdmin, Persona::SecureKeyAdmin] {
            let found = self.clients(lab, persona).await?;
            holders.extend(
                found.filter(|(held, _)| super::is_valid(held, self.now())).map(|(_, clients)| clients),
            );
        }
        Ok(holders)
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

    /// Removes a lab that a session left behind, and its account with all that is in it. What cannot be removed is marked, and the
    /// next start tries again: whoever began another lab has it and need not know.
    pub(super) async fn forget(self: &Arc<Self>, lab: LabId) {
        let site = Arc::clone(self);
        // On a task of its own: the browser may go away meanwhile.
        let task = tokio::spawn(async move {
            // What is still under way in it ends first.
            let _guard = site.lock(&lab).await;
            site.cache_instance(&lab, None);
            if let Err(error) = site.remove(&lab).await {
                tracing::error!(%error, "a lab that was left is still there; the next start tries again");
            }
        });
        if task.await.is_err() {
            tracing::error!("removing a lab broke off; the next start tries again");
        }
    }

    /// Removes the labs that were left and not removed when the process before this ended.
    pub async fn forget_left_labs(self: &Arc<Self>) {
        match self.store.left_labs().await {
            Ok(labs) => {
                for lab in labs {
                    self.forget(lab.id).await;
                }
            }
            Err(error) => tracing::warn!(%error, "labs that were left were not looked for"),
        }
    }

    async fn remove(&self, id: &LabId) -> Result<(), ConsoleError> {
        let Some(lab) = self.store.lab(id).await? else { return Ok(()) };
        self.store.leave_lab(id, self.now()).await?;
        // Its row is the last to go: it is what knows the account.
        let elsewhere = lab.beyond.key_account.as_ref().map(|account| &account.account_id);
        for account in [&lab.account_id].into_iter().chain(elsewhere) {
            let removed = self.target.remove_account(account).await;
            removed.map_err(|TargetError(why)| ConsoleError::Unavailable(why))?;
        }
        Ok(self.store.remove_lab(id).await?)
    }
}

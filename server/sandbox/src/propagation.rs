//! How long changes take to be known. AWS is eventually consistent: what was changed can be read at once, and is decided by a
//! little later (IAM User Guide, `troubleshoot_general_eventual-consistency`; KMS Developer Guide, `accessing-kms`).

use std::sync::Arc;
use std::time::Duration;

use crate::Aws;
use crate::caller::Caller;
use crate::model::{Account, KmsKey, Role};

/// How long the gate decides by what was before a change. Only the gate does: operations read and list what is. At once by
/// default.
///
/// IAM's changes are those of users, groups, roles, policies, boundaries and tags as they bear on a caller, and of trust policies.
/// Who is new has no permissions yet, and a new role is not assumed yet. Access keys are good at once, and an account is when
/// it is made. KMS's are those of key policies and grants; a new key comes with its policy, and a grant token makes its grant
/// count at once. Bucket policies have no such delay. A restart makes everything known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Propagation {
    /// Of IAM's changes.
    pub iam: Duration,
    /// Of KMS's.
    pub kms: Duration,
}

impl Propagation {
    /// The same for both.
    pub fn of_all(delay: Duration) -> Self {
        Self { iam: delay, kms: delay }
    }

    /// How long it takes until everything is known.
    pub(crate) fn longest(&self) -> Duration {
        self.iam.max(self.kms)
    }
}

impl Aws {
    /// The caller with what the gate knows of its account.
    pub(crate) fn as_known(&self, caller: Caller) -> Caller {
        let known = self.store.earlier(caller.account_id(), self.propagation.iam);
        Caller { known, ..caller }
    }

    /// A role of an account as the gate knows it; `None` when it does not yet.
    pub(crate) fn known_role(&self, account: &str, role: &Arc<Role>) -> Option<Arc<Role>> {
        match self.store.earlier(account, self.propagation.iam) {
            None => Some(Arc::clone(role)),
            Some(known) => known.roles.get(&role.name).filter(|known| known.id == role.id).cloned(),
        }
    }

    /// A key as the gate knows it: a new one as it was made.
    pub(crate) fn known_key(&self, account: &str, key: &Arc<KmsKey>) -> Arc<KmsKey> {
        let named = |account: &Arc<Account>| account.keys.get(&key.id).cloned();
        let known = self.store.earliest(account, self.propagation.kms, named);
        known.unwrap_or_else(|| Arc::clone(key))
    }
}

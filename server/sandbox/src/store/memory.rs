//! What a process keeps in memory of its database, and how a commit changes it. All of it can be loaded again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::bytes::Holds;
use super::cache::{Cache, Ticket};
use super::earlier::Earlier;
use super::footprint::footprint;
use super::objects::Kept;
use super::usage::Ledger;
use crate::limits::Stock;
use crate::model::Account;

/// Shards of a cache that every request looks into.
const SHARDS: usize = 16;
/// Account snapshots take so much less than objects, as [`footprint`] estimates them.
const ACCOUNTS_SHARE: usize = 2;
/// Bytes of names and their owners that are kept.
const OWNERS_BYTES: usize = 16 << 20;
/// What a name and its owner take beside the texts.
const OWNER_BYTES: usize = 160;

/// What is kept of the database.
#[derive(Debug)]
pub(super) struct Memory {
    /// Account snapshots by id.
    pub(super) accounts: Cache<Arc<Account>>,
    /// Account ids by [`global_name`].
    pub(super) owners: Cache<String>,
    /// The latest versions of objects by [`super::objects::place`].
    pub(super) objects: Cache<Arc<Kept>>,
    /// Bytes that are being read.
    pub(super) holds: Holds,
    /// What accounts hold in S3.
    pub(super) ledger: Arc<Ledger>,
    /// What accounts were before they changed.
    pub(super) earlier: Earlier,
    /// Whether the database is this process's alone. While it is not, nothing may be answered from here.
    ours: AtomicBool,
}

/// A name that is unique over all accounts.
pub(super) fn global_name(kind: &str, name: &str) -> String {
    [kind, "/", name].concat()
}

/// What a commit changes of what is kept.
#[derive(Debug)]
pub(super) enum Effect {
    /// The latest version of a name is this, of so many bytes, or is not known here.
    Object { place: String, now: Option<(Arc<Kept>, usize)> },
    /// An account is this.
    Account(Arc<Account>),
    /// An account is gone.
    NoAccount(String),
    /// A name that is unique over all accounts has this owner, or none.
    Owner { name: String, now: Option<String> },
    /// All objects of a bucket are gone.
    NoObjects { bucket: String },
    /// Nothing names these chunks any more, which were so many bytes of an account.
    Freed { data: String, account: String, bytes: u64 },
    /// An account holds this much in S3.
    Holds { account: String, stock: Stock },
}

impl Effect {
    /// Nothing names these chunks, which count for nobody.
    pub(super) fn uncounted(data: &str) -> Self {
        Self::Freed { data: data.to_owned(), account: String::new(), bytes: 0 }
    }
}

impl Memory {
    /// Keeps about so many bytes of objects, and half as many of accounts.
    pub(super) fn new(objects: usize) -> Self {
        Self {
            accounts: Cache::new(1, objects / ACCOUNTS_SHARE),
            owners: Cache::new(SHARDS, OWNERS_BYTES),
            objects: Cache::new(SHARDS, objects),
            holds: Holds::default(),
            ledger: Arc::default(),
            earlier: Earlier::default(),
            ours: AtomicBool::new(true),
        }
    }

    pub(super) fn is_ours(&self) -> bool {
        self.ours.load(Ordering::Acquire)
    }

    /// The database may be another process's now: what is kept may be outdated.
    pub(super) fn lose(&self) {
        self.ours.store(false, Ordering::Release);
    }

    /// The database is this process's again, and may have been another's.
    pub(super) fn regain(&self) {
        self.forget();
        self.ours.store(true, Ordering::Release);
    }

    /// Forgets everything: what is in the database is not known.
    pub(super) fn forget(&self) {
        self.accounts.clear();
        self.owners.clear();
        self.objects.clear();
        self.ledger.outdate();
    }

    /// Lets go what was not used in the last calls of this.
    pub(super) fn sweep(&self) {
        self.accounts.sweep();
        self.owners.sweep();
        self.objects.sweep();
    }

    /// Before a commit. What readers load from here to [`Memory::commit`] or [`Memory::undo`] is not kept.
    pub(super) fn begin(&self, effects: &[Effect]) {
        self.each(effects, Cache::begin, Cache::begin, Cache::begin);
    }

    /// After a commit that did not happen.
    pub(super) fn undo(&self, effects: &[Effect]) {
        self.each(effects, Cache::undo, Cache::undo, Cache::undo);
    }

    fn each(
        &self,
        effects: &[Effect],
        objects: impl Fn(&Cache<Arc<Kept>>, &str),
        accounts: impl Fn(&Cache<Arc<Account>>, &str),
        owners: impl Fn(&Cache<String>, &str),
    ) {
        for effect in effects {
            match effect {
                Effect::Object { place, .. } => objects(&self.objects, place),
                Effect::Account(account) => accounts(&self.accounts, &account.id),
                Effect::NoAccount(id) => accounts(&self.accounts, id),
                Effect::Owner { name, .. } => owners(&self.owners, name),
                Effect::NoObjects { .. } | Effect::Freed { .. } | Effect::Holds { .. } => {}
            }
        }
    }

    /// After a commit. Gives the chunks that can go, as nobody reads them.
    pub(super) fn commit(&self, effects: Vec<Effect>) -> Vec<String> {
        let mut unread = Vec::new();
        for effect in effects {
            match effect {
                Effect::Object { place, now } => self.objects.commit(&place, now),
                Effect::Account(account) => {
                    let size = footprint(&account);
                    self.accounts.commit(&account.id.clone(), Some((account, size)));
                }
                Effect::NoAccount(id) => {
                    self.accounts.commit(&id, None);
                    self.earlier.forget(&id);
                }
                Effect::Owner { name, now } => {
                    let size = |owner: &String| OWNER_BYTES + name.len() + owner.len();
                    let now = now.map(|owner| (owner.clone(), size(&owner)));
                    self.owners.commit(&name, now);
                }
                Effect::NoObjects { bucket } => {
                    let within = super::objects::place(&bucket, "");
                    self.objects.retain(|place| !place.starts_with(&within));
                }
                Effect::Freed { data, account, bytes } => {
                    let still_there = || self.ledger.still_there(&account, bytes);
                    unread.extend(self.holds.free(data, still_there));
                }
                Effect::Holds { account, stock } => self.ledger.settle(account, stock),
            }
        }
        unread
    }

    /// Keeps a name's owner that was loaded after a miss.
    pub(super) fn fill_owner(&self, name: &str, ticket: Ticket, owner: String) -> String {
        let size = OWNER_BYTES + name.len() + owner.len();
        self.owners.fill(name, ticket, owner, size)
    }
}

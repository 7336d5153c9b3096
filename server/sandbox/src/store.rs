//! Accounts and objects in SQLite or PostgreSQL. What a change answers is on disk: commits are synchronous, and what readers share
//! in memory is replaced only after the commit.

mod accounts;
mod activity;
mod bytes;
mod cache;
mod changes;
mod database;
mod earlier;
mod events;
mod footprint;
mod key_uses;
mod listing;
mod memory;
mod naming;
mod objects;
mod removal;
mod root_key;
#[cfg(test)]
mod samples;
pub mod sql;
mod uploads;
mod url;
mod usage;
mod writer;

use std::hash::{BuildHasher as _, RandomState};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedMutexGuard, mpsc};
use tokio::task::JoinHandle;

pub use bytes::{Hold, ObjectBytes};
pub use changes::ChangeError;
pub use events::{EventFilter, EventRow, EventsWanted};
pub use listing::Place;
pub use objects::{
    NULL_VERSION, ObjectRow, OnlyIf, PartRow, Refused, Removed, Segment, Terms, Version, Written,
    is_version_id, new_version_id,
};
pub use root_key::{ROOT_KEY, ROOT_PASSPHRASE, RootKey};
pub use uploads::{UploadRow, end_of_attempt, first_chunk};
pub use url::DatabaseUrl;
pub use usage::{Full, Promise};

use crate::crypto::{CryptoError, Key};
use database::{Readers, Writing};
use memory::Memory;
use writer::{Member, Writer};

/// Where accounts and objects live.
#[derive(Clone, Debug)]
pub enum Storage {
    /// Nowhere: gone with the process.
    InMemory,
    /// `aws.db` and `aws.key` in this directory, which is made if missing.
    Directory(PathBuf),
    /// A PostgreSQL database. Its root key is given apart.
    Database(DatabaseUrl),
}

/// Why storage could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused or failed.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// The schema could not be brought up to date.
    #[error("the database's schema could not be brought up to date: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// A row does not hold what this version writes.
    #[error("a stored {kind} cannot be read: {source}")]
    Row {
        /// Kind of resource.
        kind: &'static str,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The data directory cannot be used.
    #[error("the data directory `{path}` cannot be used: {source}")]
    Directory {
        /// The directory.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file that events are appended to cannot be.
    #[error("the trail file `{path}` cannot be appended to: {source}")]
    TrailFile {
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The process is stopping.
    #[error("the change was not made: the process is stopping")]
    Stopped,
    /// Another process has the data directory.
    #[error(
        "the data directory `{0}` is in use by another process: stop that one, or give this one a directory of its own"
    )]
    InUse(String),
    /// Another process has the database.
    #[error(
        "the database `{0}` is in use by another process: stop that one, or give this one a database or schema of its own"
    )]
    DatabaseInUse(String),
    /// The database has no schema of the name that it was told to use.
    #[error(
        "the database `{0}` has no schema to use: create the one that `search_path` names, or leave that out"
    )]
    NoSchema(String),
    /// What was given is not the address of a database.
    #[error("the database's URL cannot be used: {0}; give `postgres://USER@HOST/DATABASE`")]
    Url(String),
    /// The database cannot be reached at the moment, or this process does not have it.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// Sealing or opening failed.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    /// There is no root key to use, or more than one.
    #[error("{0}")]
    RootKey(String),
    /// The database was written under another root key.
    #[error(
        "the root key does not open this database: it was written under another one; put back the `aws.key`, {ROOT_KEY} or \
         {ROOT_PASSPHRASE} that it was written under, or start with an empty data directory or database"
    )]
    WrongRootKey,
}

/// How many changes of different accounts may be prepared at the same time.
const CHANGING: usize = 64;

/// Accounts and objects. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    readers: Readers,
    root: Key,
    memory: Arc<Memory>,
    /// To the one task that writes; gone when the store is closed.
    queue: Mutex<Option<mpsc::Sender<Member>>>,
    writer: Mutex<Option<JoinHandle<()>>>,
    /// One change of an account at a time, by the account's hash.
    changing: Vec<Arc<tokio::sync::Mutex<()>>>,
    hasher: RandomState,
    /// Held as long as the store: a second process would not see the snapshots of this one change.
    lock: Mutex<Option<std::fs::File>>,
}

impl Store {
    /// Opens or makes the database, brings its schema up to date and checks the root key. Of objects that are read and written
    /// it keeps about `cache_bytes` in memory.
    pub async fn open(
        storage: &Storage,
        root_key: Option<&RootKey>,
        cache_bytes: usize,
    ) -> Result<Self, StoreError> {
        let mut lock = None;
        let mut key_file = None;
        let (readers, mut writing) = match storage {
            Storage::InMemory => database::open_sqlite(None).await?,
            Storage::Directory(path) => {
                make_private_directory(path)
                    .map_err(|source| StoreError::Directory { path: path.display().to_string(), source })?;
                lock = Some(lock_directory(path)?);
                key_file = Some(path.join("aws.key"));
                database::open_sqlite(Some(&path.join("aws.db"))).await?
            }
            Storage::Database(url) => database::open_postgres(url).await?,
        };
        let mut connection = writing.connection().await?;
        let root = match (storage, root_key) {
            (Storage::InMemory, None) => Key::generate()?,
            _ => root_key::open(&mut connection, root_key, key_file.as_deref()).await?,
        };
        let unnamed = bytes::unnamed(&mut connection).await?;
        let held = usage::load(&mut connection).await?;
        writing.keep(connection);
        let store = Self::start(readers, writing, root, unnamed, cache_bytes, lock);
        store.memory().ledger.reset(held);
        Ok(store)
    }

    fn start(
        readers: Readers,
        writing: Writing,
        root: Key,
        unnamed: Vec<String>,
        cache_bytes: usize,
        lock: Option<std::fs::File>,
    ) -> Self {
        let memory = Arc::new(Memory::new(cache_bytes));
        let (queue, waiting) = mpsc::channel(writer::WAITING);
        let writer = Writer::new(writing, &memory, waiting, unnamed);
        Self(Arc::new(Inner {
            readers,
            root,
            memory,
            queue: Mutex::new(Some(queue)),
            writer: Mutex::new(Some(tokio::spawn(writer.work()))),
            changing: std::iter::repeat_with(Arc::default).take(CHANGING).collect(),
            hasher: RandomState::new(),
            lock: Mutex::new(lock),
        }))
    }

    /// The key that seals every secret of this store.
    pub fn root_key(&self) -> &Key {
        &self.0.root
    }

    /// Closes the database; what is under way finishes first. Another process may open it then.
    pub async fn close(&self) {
        take(&self.0.queue);
        if let Some(writer) = take(&self.0.writer)
            && let Err(error) = writer.await
        {
            tracing::error!(%error, "the writer broke off");
        }
        self.0.readers.close().await;
        take(&self.0.lock);
    }

    /// What is kept in memory, for those who must not mind whether it is outdated.
    fn memory(&self) -> &Memory {
        &self.0.memory
    }

    /// What is kept in memory, as long as the database is this process's.
    fn kept(&self) -> Result<&Memory, StoreError> {
        match self.0.memory.is_ours() {
            true => Ok(&self.0.memory),
            false => Err(StoreError::Unavailable("the connection to it was lost".into())),
        }
    }

    fn readers(&self) -> Result<&Readers, StoreError> {
        self.kept().map(|_| &self.0.readers)
    }

    fn queue(&self) -> Option<mpsc::Sender<Member>> {
        self.0.queue.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until nobody else changes this account.
    async fn changing(&self, account: &str) -> OwnedMutexGuard<()> {
        let hash = usize::try_from(self.0.hasher.hash_one(account)).unwrap_or(usize::MAX);
        Arc::clone(&self.0.changing[hash % CHANGING]).lock_owned().await
    }
}

fn take<T>(place: &Mutex<Option<T>>) -> Option<T> {
    place.lock().unwrap_or_else(PoisonError::into_inner).take()
}

fn lock_directory(path: &Path) -> Result<std::fs::File, StoreError> {
    let failed = |source| StoreError::Directory { path: path.display().to_string(), source };
    let file = std::fs::File::create(path.join("aws.lock")).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(StoreError::InUse(path.display().to_string())),
        Err(std::fs::TryLockError::Error(source)) => Err(failed(source)),
    }
}

fn make_private_directory(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

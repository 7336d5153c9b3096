//! Accounts and objects in SQLite. What a change answers is on disk: commits are synchronous, and the snapshot that
//! readers share is replaced only after the commit.

mod accounts;
mod bytes;
mod listing;
mod objects;
mod uploads;

use std::collections::HashMap;
use std::path::PathBuf;
use std::str::FromStr as _;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Sqlite, Transaction};

pub use accounts::ChangeError;
pub use bytes::{Hold, ObjectBytes};
pub use listing::{Place, end_of_prefix};
pub use objects::{
    NULL_VERSION, ObjectRow, OnlyIf, PartRow, Removed, Segment, Terms, Version, Written, is_version_id,
    new_version_id,
};
pub use uploads::{UploadRow, end_of_attempt, first_chunk};

use crate::crypto::{CryptoError, Key};
use crate::model::Account;

/// Where accounts and objects live.
#[derive(Clone, Debug)]
pub enum Storage {
    /// Nowhere: gone with the process.
    InMemory,
    /// `aws.db` and `aws.key` in this directory, which is made if missing.
    Directory(PathBuf),
}

/// Why storage could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite refused or failed.
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
    /// The process is stopping.
    #[error("the change was not made: the process is stopping")]
    Stopped,
    /// Another process has the data directory.
    #[error(
        "the data directory `{0}` is in use by another process: stop that one, or give this one a directory of its own"
    )]
    InUse(String),
    /// Sealing or opening failed.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    /// The database was written under another root key.
    #[error(
        "the root key does not open this database: it was written under another `aws.key`; put that file back, \
         or start with an empty data directory"
    )]
    WrongRootKey,
}

/// Accounts and objects. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    pool: SqlitePool,
    root: Key,
    accounts: RwLock<HashMap<String, Arc<Account>>>,
    /// Global names (`kind`, `name`) to the account that holds them.
    owners: RwLock<HashMap<(&'static str, String), String>>,
    /// One change at a time: SQLite has one writer anyway, and snapshots are replaced in commit order.
    changing: Arc<tokio::sync::Mutex<()>>,
    /// Bytes that are being read.
    holds: bytes::Holds,
    /// Held as long as the store: a second process would not see the snapshots of this one change, and would take the chunks
    /// of its uploads for leftovers.
    lock: Mutex<Option<std::fs::File>>,
}

impl Store {
    /// Opens or makes the database, brings its schema up to date and checks the root key.
    pub async fn open(storage: &Storage) -> Result<Self, StoreError> {
        let mut lock = None;
        let (options, root, connections) = match storage {
            // An in-memory database lives in its one connection.
            Storage::InMemory => (SqliteConnectOptions::from_str("sqlite::memory:")?, Key::generate()?, 1),
            Storage::Directory(path) => {
                make_private_directory(path)
                    .map_err(|source| StoreError::Directory { path: path.display().to_string(), source })?;
                lock = Some(lock_directory(path)?);
                let options = SqliteConnectOptions::new()
                    .filename(path.join("aws.db"))
                    .create_if_missing(true)
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Full)
                    .foreign_keys(true);
                (options, Key::from_file(&path.join("aws.key"))?, 4)
            }
        };
        let pool = SqlitePoolOptions::new()
            .max_connections(connections)
            .idle_timeout(None)
            .max_lifetime(None)
            // A caller who goes away during that test would take the connection along, and an in-memory database with it.
            .test_before_acquire(false)
            .connect_with(options)
            .await?;
        sqlx::migrate!("./migrations").run(&pool).await?;
        let store = Self(Arc::new(Inner {
            pool,
            root,
            accounts: RwLock::default(),
            owners: RwLock::default(),
            changing: Arc::default(),
            holds: bytes::Holds::default(),
            lock: Mutex::new(lock),
        }));
        store.check_root_key().await?;
        store.remove_orphaned_chunks().await?;
        Ok(store)
    }

    /// The key that seals every secret of this store.
    pub fn root_key(&self) -> &Key {
        &self.0.root
    }

    /// Closes the database; what is under way finishes first. Another process may open it then.
    pub async fn close(&self) {
        self.0.pool.close().await;
        self.0.lock.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// A transaction that writes, from its start on.
    ///
    /// On a task of its own: when the future of a custom `BEGIN` is dropped, sqlx 0.8 leaves the transaction open on a connection
    /// that goes back to the pool, and nobody can write any more.
    async fn begin(&self) -> Result<Transaction<'static, Sqlite>, sqlx::Error> {
        let pool = self.0.pool.clone();
        let begun = tokio::spawn(async move { pool.begin_with("BEGIN IMMEDIATE").await });
        begun.await.map_err(|_| sqlx::Error::WorkerCrashed)?
    }

    async fn check_root_key(&self) -> Result<(), StoreError> {
        const KNOWN: &[u8] = b"trilock root key";
        let sealed: Option<String> =
            sqlx::query_scalar("SELECT sealed FROM root_key_check").fetch_optional(&self.0.pool).await?;
        match sealed {
            Some(sealed) => {
                let sealed = BASE64_STANDARD.decode(sealed).map_err(|_| StoreError::WrongRootKey)?;
                self.0.root.open(&sealed, KNOWN).map_err(|_| StoreError::WrongRootKey)?;
            }
            None => {
                let sealed = BASE64_STANDARD.encode(self.0.root.seal(KNOWN, KNOWN)?);
                sqlx::query("INSERT INTO root_key_check (id, sealed) VALUES (1, $1)")
                    .bind(sealed)
                    .execute(&self.0.pool)
                    .await?;
            }
        }
        Ok(())
    }
}

fn lock_directory(path: &std::path::Path) -> Result<std::fs::File, StoreError> {
    let failed = |source| StoreError::Directory { path: path.display().to_string(), source };
    let file = std::fs::File::create(path.join("aws.lock")).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(StoreError::InUse(path.display().to_string())),
        Err(std::fs::TryLockError::Error(source)) => Err(failed(source)),
    }
}

fn make_private_directory(path: &std::path::Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// A poisoned lock still holds a whole snapshot: writers replace values, they never leave them half-changed.
fn read<T>(lock: &RwLock<T>) -> std::sync::RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> std::sync::RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}

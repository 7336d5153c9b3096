//! The console's database: one row set a lab, committed before anything is answered.
//!
//! What a lab *means* is in [`console`](crate::console); here it is written down and read back. Credentials pass through
//! as sealed bytes only (see [`session::vault`](crate::session::vault)).

mod files;
mod lab;
mod records;
mod terminal;
mod vault;

pub use files::FileInfo;
pub use lab::{LabId, LabState};
pub use vault::SealedRow;

use app::console::ConsoleError;
use sqlx::{
    Sqlite, SqlitePool, Transaction,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::{path::Path, time::Duration};

/// A handle on the console's database; clones share its connections.
#[derive(Clone, Debug)]
pub struct Store {
    pool: SqlitePool,
}

/// Why something could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database itself: disk full, locked, damaged.
    #[error("the console's database could not be used: {0}")]
    Database(#[from] sqlx::Error),
    /// The schema could not be brought up to date.
    #[error("the console's database has another version: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// A row does not hold what this version writes.
    #[error("a row of the console's database could not be read: {0}")]
    Row(#[from] serde_json::Error),
}

impl From<StoreError> for ConsoleError {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "store");
        Self::Unavailable(format!(
            "Trilock could not save or read its own state: {error}. A call that was made to AWS stands; look at Activity, then \
             try again."
        ))
    }
}

impl Store {
    /// Opens the database file, making it and its tables as needed.
    ///
    /// Write-ahead log with full synchronisation: a commit is on disk before it is answered.
    ///
    /// # Errors
    /// When the file cannot be opened or holds a newer schema.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        make_private(path).map_err(sqlx::Error::Io)?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(10));
        Self::with(SqlitePoolOptions::new().max_connections(4).connect_with(options).await?).await
    }

    /// A database that is gone when dropped, for tests.
    ///
    /// # Errors
    /// When SQLite cannot make one.
    pub async fn in_memory() -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new().in_memory(true).foreign_keys(true);
        // One connection that never ends: each connection to `:memory:` is a database of its own.
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            // A caller who goes away during that test would take the connection along.
            .test_before_acquire(false)
            .connect_with(options)
            .await?;
        Self::with(pool).await
    }

    async fn with(pool: SqlitePool) -> Result<Self, StoreError> {
        sqlx::migrate!("./migrations").run(&pool).await?;
        Ok(Self { pool })
    }

    /// The connections, for the session store that lives in the same file.
    pub fn pool(&self) -> &SqlitePool {
        &self.pool
    }

    /// A transaction that writes, from its start on.
    ///
    /// On a task of its own: when the future of a custom `BEGIN` is dropped, sqlx 0.8 leaves the transaction open on a connection
    /// that goes back to the pool, and nobody can write any more.
    async fn begin(&self) -> Result<Transaction<'static, Sqlite>, sqlx::Error> {
        let pool = self.pool.clone();
        let begun = tokio::spawn(async move { pool.begin_with("BEGIN IMMEDIATE").await });
        begun.await.map_err(|_| sqlx::Error::WorkerCrashed)?
    }
}

/// Makes the file, if it is not there, readable by its owner only; SQLite gives its companions the same mode.
fn make_private(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

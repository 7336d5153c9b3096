//! The console's database: one row set a lab, committed before anything is answered.
//!
//! What a lab *means* is in [`console`](crate::console); here it is written down and read back. Credentials pass through
//! as sealed bytes only (see [`session::vault`](crate::session::vault)).

mod beyond;
mod database;
mod files;
mod lab;
mod records;
mod sessions;
mod terminal;
mod vault;

pub use beyond::{Beyond, KeyAccount, Play, Played, Undo};
pub use files::FileInfo;
pub use lab::{LabId, LabState};
pub use vault::SealedRow;

use app::console::ConsoleError;
use database::{Database, Transaction};
use sandbox::{
    DatabaseUrl,
    store::sql::{On, Row, Sql},
};
use serde::de::DeserializeOwned;
use std::path::Path;

/// A handle on the console's database, SQLite or PostgreSQL; clones share its connections.
#[derive(Clone, Debug)]
pub struct Store {
    database: Database,
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
    /// A PostgreSQL schema could not be made.
    #[error(
        "the console's schema `{schema}` could not be made: {error}; make it with `CREATE SCHEMA {schema}`, owned by the user \
         that Trilock connects as"
    )]
    Schema {
        /// Its name.
        schema: String,
        /// What the database said.
        error: sqlx::Error,
    },
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
    /// # Errors
    /// When the file cannot be opened or holds a newer schema.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        Ok(Self { database: Database::file(path).await? })
    }

    /// Opens a PostgreSQL database, making a schema of the console's own and its tables as needed. It is beside the schema of the
    /// embedded AWS, and has its name with `_console` added.
    ///
    /// # Errors
    /// When the database cannot be reached, its schema cannot be made, or holds a newer version.
    pub async fn open_postgres(url: &DatabaseUrl) -> Result<Self, StoreError> {
        Ok(Self { database: Database::postgres(url).await? })
    }

    /// A database that is gone when dropped, for tests.
    ///
    /// # Errors
    /// When SQLite cannot make one.
    pub async fn in_memory() -> Result<Self, StoreError> {
        Ok(Self { database: Database::memory().await? })
    }

    /// What statements run on that are a transaction each.
    pub fn on(&self) -> On<'_> {
        self.database.on()
    }

    async fn begin(&self) -> Result<Transaction, sqlx::Error> {
        self.database.begin().await
    }

    /// What the statement's rows hold as JSON in their first column.
    async fn read<T: DeserializeOwned>(&self, statement: Sql) -> Result<Vec<T>, StoreError> {
        statement.rows(self.on()).await?.iter().map(json).collect()
    }

    /// What the statement's first row holds as JSON in its first column.
    async fn read_one<T: DeserializeOwned>(&self, statement: Sql) -> Result<Option<T>, StoreError> {
        statement.row(self.on()).await?.as_ref().map(json).transpose()
    }
}

fn json<T: DeserializeOwned>(row: &Row) -> Result<T, StoreError> {
    Ok(serde_json::from_str(&row.get::<String>(0)?)?)
}

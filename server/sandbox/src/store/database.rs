//! The two databases: how they are opened and brought up to date, and how one connection of each writes.
//!
//! PostgreSQL's writing session holds an advisory lock as long as it lives, so that what another process could overtake is
//! not written at all: a session that lost its lock is gone.

use std::path::Path;
use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use sqlx::error::BoxDynError;
use sqlx::migrate::{Migration, MigrationSource, Migrator};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgDatabaseError, PgPool, PgPoolOptions, PgSeverity};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions as _, Connection as _, Sqlite};

use super::StoreError;
use super::memory::Memory;
use super::sql::{On, sql};
use super::url::DatabaseUrl;

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// Prepared statements that a connection keeps.
const STATEMENTS: usize = 256;
/// Connections that read.
const READERS: u32 = 4;
/// The log's pages, of 4 KiB, at which SQLite copies them into the database.
const LOG_PAGES: &str = "4000";
/// How long PostgreSQL may take to let a connection in.
const CONNECT: Duration = Duration::from_secs(5);
/// How long a start waits for a process before it that has just ended.
const HANDOVER: Duration = Duration::from_secs(2);
const HANDOVER_STEP: Duration = Duration::from_millis(100);
/// "trilock", to which the schema is added: the advisory lock of one schema.
const LOCK: i64 = 0x0074_7269_6c6f_636b;

/// Connections that read.
#[derive(Debug)]
pub(super) enum Readers {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

impl<'a> From<&'a Readers> for On<'a> {
    fn from(readers: &'a Readers) -> Self {
        match readers {
            Readers::Sqlite(pool) => Self::SqlitePool(pool),
            Readers::Postgres(pool) => Self::PostgresPool(pool),
        }
    }
}

impl Readers {
    /// Closes them once they are idle.
    pub(super) async fn close(&self) {
        match self {
            Self::Sqlite(pool) => pool.close().await,
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

/// The connection that writes.
#[derive(Debug)]
pub(super) enum Connection {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(Box<PgConnection>),
}

impl<'a> From<&'a mut Connection> for On<'a> {
    fn from(connection: &'a mut Connection) -> Self {
        match connection {
            Connection::Sqlite(connection) => Self::Sqlite(connection),
            Connection::Postgres(connection) => Self::Postgres(connection),
        }
    }
}

/// What gives the connection that writes.
#[derive(Debug)]
pub(super) enum Writing {
    /// A pool of one connection, and that connection when nobody else uses the pool.
    Sqlite { pool: SqlitePool, shared: bool, kept: Option<PoolConnection<Sqlite>> },
    /// How to connect, and the session if there is one.
    Postgres { options: Arc<PgConnectOptions>, kept: Option<Box<PgConnection>> },
}

/// Why a transaction was not committed.
#[derive(Debug)]
pub(super) enum Failure {
    /// A statement failed; everything was undone.
    Undone(StoreError),
    /// The connection was lost before the commit.
    Lost(StoreError),
    /// The connection was lost during the commit: nobody knows whether it was made.
    Unknown(StoreError),
}

/// Opens a SQLite database in memory or in a file, and makes it if it is not there.
pub(super) async fn open_sqlite(file: Option<&Path>) -> Result<(Readers, Writing), StoreError> {
    let options = match file {
        None => SqliteConnectOptions::from_str("sqlite::memory:")?,
        Some(file) => SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .pragma("wal_autocheckpoint", LOG_PAGES),
    };
    let options = options.foreign_keys(true).statement_cache_capacity(STATEMENTS).disable_statement_logging();
    let pool = |connections| {
        SqlitePoolOptions::new()
            .max_connections(connections)
            .idle_timeout(None)
            .max_lifetime(None)
            // A caller who goes away during that test would take the connection along, and an in-memory database with it.
            .test_before_acquire(false)
            .connect_with(options.clone())
    };
    let writer = pool(1).await?;
    Migrator::new(Dialect::Sqlite).await?.run(&writer).await?;
    // An in-memory database lives in its one connection.
    let readers = match file {
        None => writer.clone(),
        Some(_) => pool(READERS).await?,
    };
    Ok((Readers::Sqlite(readers), Writing::Sqlite { pool: writer, shared: file.is_none(), kept: None }))
}

/// Opens a PostgreSQL database that no other process has, and makes the tables if they are not there.
pub(super) async fn open_postgres(url: &DatabaseUrl) -> Result<(Readers, Writing), StoreError> {
    let options = url.options().clone().statement_cache_capacity(STATEMENTS).disable_statement_logging();
    let options = Arc::new(options);
    let mut waited = Duration::ZERO;
    let mut session = loop {
        match session(&options).await {
            Err(StoreError::DatabaseInUse(_)) if waited < HANDOVER => {
                tokio::time::sleep(HANDOVER_STEP).await;
                waited += HANDOVER_STEP;
            }
            ended => break ended?,
        }
    };
    Migrator::new(Dialect::Postgres).await?.run(&mut *session).await?;
    let readers = PgPoolOptions::new()
        .max_connections(READERS)
        .acquire_timeout(CONNECT)
        .connect_with(PgConnectOptions::clone(&options))
        .await?;
    Ok((Readers::Postgres(readers), Writing::Postgres { options, kept: Some(session) }))
}

/// The migrations, in the words of one database.
#[derive(Clone, Copy, Debug)]
enum Dialect {
    Sqlite,
    Postgres,
}

impl MigrationSource<'static> for Dialect {
    fn resolve(self) -> BoxFuture<'static, Result<Vec<Migration>, BoxDynError>> {
        let translated = move |migration: &'static Migration| match self {
            Self::Sqlite => migration.clone(),
            Self::Postgres => Migration::new(
                migration.version,
                migration.description.clone(),
                migration.migration_type,
                for_postgres(&migration.sql).into(),
                migration.no_tx,
            ),
        };
        std::future::ready(Ok(MIGRATIONS.iter().map(translated).collect())).boxed()
    }
}

/// A schema written for SQLite as PostgreSQL has it: bytes have another name there, and texts sort by their bytes only if
/// that is said.
fn for_postgres(schema: &str) -> String {
    schema.replace("BLOB", "BYTEA").replace("TEXT", "TEXT COLLATE \"C\"")
}

/// A session that may write: nobody else has the lock while it lives.
async fn session(options: &PgConnectOptions) -> Result<Box<PgConnection>, StoreError> {
    let too_long = |_| sqlx::Error::Io(std::io::ErrorKind::TimedOut.into());
    let session = tokio::time::timeout(CONNECT, options.connect()).await.map_err(too_long)??;
    let mut session = Box::new(session);
    // What is acknowledged is on the disk, whatever the database does by default. Stricter settings stay.
    let durable = sql(
        "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'",
    );
    durable.rows(On::Postgres(&mut session)).await?;
    let lock =
        sql("SELECT CAST(pg_try_advisory_lock($1 + hashtext(current_schema())) AS INT)::BIGINT").bind(LOCK);
    let locked = lock.row(On::Postgres(&mut session)).await?;
    match locked.map(|row| row.get::<Option<i64>>(0)).transpose()?.flatten() {
        Some(1) => Ok(session),
        Some(_) => Err(StoreError::DatabaseInUse(DatabaseUrl::name_of(options))),
        None => Err(StoreError::NoSchema(DatabaseUrl::name_of(options))),
    }
}

impl Writing {
    /// The connection, outside of any transaction.
    pub(super) async fn connection(&mut self) -> Result<Connection, StoreError> {
        match self {
            Self::Sqlite { pool, kept, .. } => match kept.take() {
                Some(connection) => Ok(Connection::Sqlite(connection)),
                None => Ok(Connection::Sqlite(pool.acquire().await?)),
            },
            Self::Postgres { options, kept } => match kept.take() {
                Some(session) => Ok(Connection::Postgres(session)),
                None => Ok(Connection::Postgres(session(options).await?)),
            },
        }
    }

    /// Whether this process has the database as far as it knows.
    pub(super) fn is_held(&self) -> bool {
        !matches!(self, Self::Postgres { kept: None, .. })
    }

    /// Takes a connection back that is fit for more.
    pub(super) fn keep(&mut self, connection: Connection) {
        match (self, connection) {
            (Self::Sqlite { shared: false, kept, .. }, Connection::Sqlite(connection)) => {
                *kept = Some(connection)
            }
            (Self::Postgres { kept, .. }, Connection::Postgres(session)) => *kept = Some(session),
            // Dropped, it goes back to its pool.
            (Self::Sqlite { .. } | Self::Postgres { .. }, _) => {}
        }
    }

    /// Begins a transaction that writes.
    pub(super) async fn begin(&mut self, memory: &Memory) -> Result<Connection, Failure> {
        if !self.is_held() {
            // Whatever became of the session: another process may have had the database since.
            memory.lose();
        }
        let mut connection = match self.connection().await {
            Ok(connection) => connection,
            Err(error) => return Err(self.lost(memory, error)),
        };
        // By hand: sqlx counts transactions, and counts wrong when SQLite has ended one by itself, as it does on a full disk.
        let begun = match &connection {
            Connection::Postgres(_) => sql("BEGIN").run(&mut connection).await,
            Connection::Sqlite(_) => match sql("BEGIN IMMEDIATE").run(&mut connection).await {
                Ok(begun) => Ok(begun),
                Err(_) => {
                    // One is open that could not be rolled back then, or what is wrong shows again.
                    let _ = sql("ROLLBACK").run(&mut connection).await;
                    sql("BEGIN IMMEDIATE").run(&mut connection).await
                }
            },
        };
        match begun {
            Ok(_) => {
                if !memory.is_ours() {
                    memory.regain();
                }
                Ok(connection)
            }
            Err(error) => Err(self.lost(memory, error.into())),
        }
    }

    /// Commits.
    pub(super) async fn commit(
        &mut self,
        mut connection: Connection,
        memory: &Memory,
    ) -> Result<(), Failure> {
        match sql("COMMIT").run(&mut connection).await.map_err(StoreError::from) {
            Ok(_) => {
                self.keep(connection);
                Ok(())
            }
            Err(error) => match self.roll_back(connection, error, memory).await {
                Failure::Lost(error) => Err(Failure::Unknown(error)),
                failure => Err(failure),
            },
        }
    }

    /// Undoes a transaction in which a statement failed.
    pub(super) async fn roll_back(
        &mut self,
        mut connection: Connection,
        error: StoreError,
        memory: &Memory,
    ) -> Failure {
        if matches!(connection, Connection::Postgres(_)) && is_loss(&error) {
            return self.lost(memory, error);
        }
        let undone = sql("ROLLBACK").run(&mut connection).await;
        match (undone, &connection) {
            // Dropped, it is replaced.
            (Err(sqlx::Error::WorkerCrashed), Connection::Sqlite(_)) => Failure::Undone(error),
            // SQLite may have undone it by itself.
            (Ok(_), _) | (Err(_), Connection::Sqlite(_)) => {
                self.keep(connection);
                Failure::Undone(error)
            }
            (Err(_), Connection::Postgres(_)) => self.lost(memory, error),
        }
    }

    /// Without a session the lock is gone, and another process may take the database.
    fn lost(&mut self, memory: &Memory, error: StoreError) -> Failure {
        match self {
            Self::Sqlite { .. } => Failure::Undone(error),
            Self::Postgres { kept, .. } => {
                *kept = None;
                if memory.is_ours() {
                    memory.lose();
                    tracing::error!(%error, "the database is lost; trying to get it back");
                }
                Failure::Lost(error)
            }
        }
    }

    /// Looks whether the database is still there, and gets it back if it can.
    pub(super) async fn look(&mut self, memory: &Memory) {
        let Self::Postgres { .. } = self else { return };
        let begun = self.begin(memory).await;
        if let Ok(connection) = begun {
            // Nothing was done that could be lost.
            let _ = self.commit(connection, memory).await;
        }
    }

    /// Closes the connection; another process may have the database then.
    pub(super) async fn close(self) {
        let closed = match self {
            Self::Sqlite { pool, kept, .. } => {
                drop(kept);
                pool.close().await;
                Ok(())
            }
            Self::Postgres { kept: None, .. } => Ok(()),
            Self::Postgres { kept: Some(session), .. } => session.close().await,
        };
        if let Err(error) = closed {
            tracing::debug!(%error, "the database's connection ended early");
        }
    }
}

/// Whether a session is gone, and its lock with it.
fn is_loss(error: &StoreError) -> bool {
    let StoreError::Database(error) = error else { return false };
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) => true,
        sqlx::Error::Database(error) => error
            .try_downcast_ref::<PgDatabaseError>()
            .is_some_and(|error| matches!(error.severity(), PgSeverity::Fatal | PgSeverity::Panic)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_is_put_in_postgresqls_words() {
        let schema = for_postgres("name BLOB NOT NULL, body TEXT NOT NULL");
        assert_eq!(schema, "name BYTEA NOT NULL, body TEXT COLLATE \"C\" NOT NULL");
    }
}

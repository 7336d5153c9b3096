//! The two databases the console's state may be in: how they are opened and brought up to date.

use super::StoreError;
use futures::{FutureExt as _, future::BoxFuture};
use sandbox::{
    DatabaseUrl,
    store::sql::{On, sql},
};
use sqlx::{
    ConnectOptions as _, Postgres, Sqlite,
    error::BoxDynError,
    migrate::{Migration, MigrationSource, Migrator},
    postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous},
};
use std::{path::Path, time::Duration};

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// Connections at once.
const CONNECTIONS: u32 = 4;
/// How long SQLite waits for another connection's transaction, and PostgreSQL may take to let one in.
const PATIENCE: Duration = Duration::from_secs(10);
/// Added to the name of the embedded AWS's schema. Two schemas, as each has a list of its own of what brought it up to date.
const SCHEMA_SUFFIX: &str = "_console";

/// Connections.
#[derive(Clone, Debug)]
pub(super) enum Database {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

impl Database {
    /// A file. Write-ahead log with full synchronisation: a commit is on disk before it is answered.
    pub(super) async fn file(path: &Path) -> Result<Self, StoreError> {
        make_private(path).map_err(sqlx::Error::Io)?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(PATIENCE);
        Self::sqlite(SqlitePoolOptions::new().max_connections(CONNECTIONS).connect_with(options).await?).await
    }

    /// A database that is gone when dropped.
    pub(super) async fn memory() -> Result<Self, StoreError> {
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
        Self::sqlite(pool).await
    }

    async fn sqlite(pool: SqlitePool) -> Result<Self, StoreError> {
        MIGRATIONS.run(&pool).await?;
        Ok(Self::Sqlite(pool))
    }

    /// A schema of PostgreSQL, beside the one that the URL names.
    pub(super) async fn postgres(url: &DatabaseUrl) -> Result<Self, StoreError> {
        let options = url.options().clone().disable_statement_logging();
        let too_long = |_| sqlx::Error::Io(std::io::ErrorKind::TimedOut.into());
        let mut connection = tokio::time::timeout(PATIENCE, options.connect()).await.map_err(too_long)??;
        let schema = make_schema(&mut connection).await?;
        settle(&mut connection, &schema).await?;
        Migrator::new(InPostgres).await?.run(&mut connection).await?;
        Ok(Self::Postgres(pool(options, schema).await?))
    }

    /// What statements run on that are a transaction each.
    pub(super) fn on(&self) -> On<'_> {
        match self {
            Self::Sqlite(pool) => On::SqlitePool(pool),
            Self::Postgres(pool) => On::PostgresPool(pool),
        }
    }

    /// A transaction that writes, from its start on.
    pub(super) async fn begin(&self) -> Result<Transaction, sqlx::Error> {
        match self {
            Self::Sqlite(pool) => {
                // On a task of its own: when the future of a custom `BEGIN` is dropped, sqlx 0.8 leaves the transaction open on
                // a connection that goes back to the pool, and nobody can write any more.
                let pool = pool.clone();
                let begun = tokio::spawn(async move { pool.begin_with("BEGIN IMMEDIATE").await });
                Ok(Transaction::Sqlite(begun.await.map_err(|_| sqlx::Error::WorkerCrashed)??))
            }
            Self::Postgres(pool) => Ok(Transaction::Postgres(pool.begin().await?)),
        }
    }
}

/// Several statements that are done together or not at all; undone when dropped.
#[derive(Debug)]
pub(super) enum Transaction {
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    Postgres(sqlx::Transaction<'static, Postgres>),
}

impl Transaction {
    /// What its statements run on.
    pub(super) fn on(&mut self) -> On<'_> {
        match self {
            Self::Sqlite(transaction) => On::Sqlite(&mut *transaction),
            Self::Postgres(transaction) => On::Postgres(&mut *transaction),
        }
    }

    pub(super) async fn commit(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(transaction) => transaction.commit().await,
            Self::Postgres(transaction) => transaction.commit().await,
        }
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

/// Makes the console's schema if it is not there, and gives its name.
async fn make_schema(connection: &mut PgConnection) -> Result<String, StoreError> {
    let current = sql("SELECT CAST(current_schema() AS TEXT)").row(On::Postgres(connection)).await?;
    let current = current.map(|row| row.get::<Option<String>>(0)).transpose()?.flatten();
    let schema = current.unwrap_or_else(|| "public".into()) + SCHEMA_SUFFIX;
    // Looked for first: PostgreSQL asks for the right to make one even of those who need not.
    let there = sql("SELECT 1 FROM pg_namespace WHERE nspname = $1").bind(&schema);
    if there.row(On::Postgres(connection)).await?.is_none() {
        let make = sql(format!("CREATE SCHEMA \"{}\"", schema.replace('"', "\"\"")));
        let made = make.run(On::Postgres(connection)).await;
        made.map_err(|error| StoreError::Schema { schema: schema.clone(), error })?;
    }
    Ok(schema)
}

/// Gets a new connection ready: in the console's schema, and durable. Settings stricter than durable stay.
async fn settle(connection: &mut PgConnection, schema: &str) -> Result<(), sqlx::Error> {
    let path = sql("SELECT set_config('search_path', quote_ident($1), false)").bind(schema);
    path.rows(On::Postgres(connection)).await?;
    let durable = sql(
        "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'",
    );
    durable.rows(On::Postgres(connection)).await?;
    Ok(())
}

async fn pool(options: PgConnectOptions, schema: String) -> Result<PgPool, sqlx::Error> {
    PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(PATIENCE)
        .after_connect(move |connection, _| {
            let schema = schema.clone();
            Box::pin(async move { settle(connection, &schema).await })
        })
        .connect_with(options)
        .await
}

/// The migrations, which are written for SQLite, in PostgreSQL's words.
#[derive(Clone, Copy, Debug)]
struct InPostgres;

impl MigrationSource<'static> for InPostgres {
    fn resolve(self) -> BoxFuture<'static, Result<Vec<Migration>, BoxDynError>> {
        let translated = |migration: &Migration| {
            Migration::new(
                migration.version,
                migration.description.clone(),
                migration.migration_type,
                for_postgres(&migration.sql).into(),
                migration.no_tx,
            )
        };
        std::future::ready(Ok(MIGRATIONS.iter().map(translated).collect())).boxed()
    }
}

/// Bytes and 64-bit integers have other names there, and texts sort by their bytes only if that is said.
fn for_postgres(schema: &str) -> String {
    schema.replace("BLOB", "BYTEA").replace("INTEGER", "BIGINT").replace("TEXT", "TEXT COLLATE \"C\"")
}

#[cfg(test)]
mod tests {
    use super::for_postgres;

    #[test]
    fn the_schema_is_put_in_postgresqls_words() {
        let schema = for_postgres("a INTEGER NOT NULL, b BLOB NOT NULL, c TEXT");
        assert_eq!(schema, "a BIGINT NOT NULL, b BYTEA NOT NULL, c TEXT COLLATE \"C\"");
    }
}

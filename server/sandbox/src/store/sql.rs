//! Statements with one text for both databases. sqlx's own way to that, its `Any` driver, copies every value of every row, and
//! takes its options from a URL, where SQLite's durability cannot be asked for; this takes each driver as it is.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::time::Duration;

use sqlx::postgres::{PgArguments, PgConnection, PgPool, PgRow};
use sqlx::sqlite::{SqliteArguments, SqliteConnection, SqlitePool, SqliteRow};
use sqlx::{Arguments as _, Decode, Error, Postgres, Row as _, Sqlite, Type};

/// How long a statement may take on PostgreSQL, which may be gone without a word; SQLite is on this machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is bound to a parameter. The type is part of it when there is no value: PostgreSQL prepares by types.
#[derive(Clone, Debug)]
pub enum Value {
    /// `TEXT`.
    Text(Option<String>),
    /// `BIGINT`.
    Integer(Option<i64>),
    /// `BLOB` or `BYTEA`.
    Bytes(Option<Vec<u8>>),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(Some(text.to_owned()))
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        text.as_str().into()
    }
}

impl From<i64> for Value {
    fn from(integer: i64) -> Self {
        Self::Integer(Some(integer))
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(Some(bytes.to_vec()))
    }
}

/// What a statement runs on.
#[derive(Debug)]
pub enum On<'a> {
    /// Any connection of a pool.
    SqlitePool(&'a SqlitePool),
    /// This connection.
    Sqlite(&'a mut SqliteConnection),
    /// Any connection of a pool.
    PostgresPool(&'a PgPool),
    /// This connection.
    Postgres(&'a mut PgConnection),
}

/// A statement and what is bound to it.
#[derive(Debug)]
pub struct Sql {
    text: Cow<'static, str>,
    values: Vec<Value>,
}

/// A statement with parameters `$1`, `$2` and so on, to be bound in that order.
pub fn sql(text: impl Into<Cow<'static, str>>) -> Sql {
    Sql { text: text.into(), values: Vec::new() }
}

/// `($1, $2), ($3, $4), …`: a list of rows for `VALUES`.
pub(super) fn rows_of_parameters(rows: usize, columns: usize) -> String {
    let mut list = String::new();
    for row in 0..rows {
        list.push_str(if row == 0 { "(" } else { ", (" });
        for column in 0..columns {
            let comma = if column == 0 { "" } else { ", " };
            // Writing to a string does not fail.
            let _ = write!(list, "{comma}${}", row * columns + column + 1);
        }
        list.push(')');
    }
    list
}

impl Sql {
    /// Binds the next parameter.
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Binds the next parameters.
    pub fn bind_all(mut self, values: impl IntoIterator<Item = Value>) -> Self {
        self.values.extend(values);
        self
    }

    /// Every row it gives.
    pub async fn rows(self, on: impl Into<On<'_>>) -> Result<Vec<Row>, Error> {
        let (text, values) = (self.text.as_ref(), self.values);
        match on.into() {
            On::SqlitePool(pool) => {
                let rows = sqlx::query_with(text, sqlite(values)?).fetch_all(pool).await?;
                Ok(rows.into_iter().map(Row::Sqlite).collect())
            }
            On::Sqlite(connection) => {
                let rows = sqlx::query_with(text, sqlite(values)?).fetch_all(connection).await?;
                Ok(rows.into_iter().map(Row::Sqlite).collect())
            }
            On::PostgresPool(pool) => {
                let rows = patiently(sqlx::query_with(text, postgres(values)?).fetch_all(pool)).await?;
                Ok(rows.into_iter().map(Row::Postgres).collect())
            }
            On::Postgres(connection) => {
                let rows = patiently(sqlx::query_with(text, postgres(values)?).fetch_all(connection)).await?;
                Ok(rows.into_iter().map(Row::Postgres).collect())
            }
        }
    }

    /// The first row it gives.
    pub async fn row(self, on: impl Into<On<'_>>) -> Result<Option<Row>, Error> {
        Ok(self.rows(on).await?.into_iter().next())
    }

    /// Runs it and gives how many rows it changed.
    pub async fn run(self, on: impl Into<On<'_>>) -> Result<u64, Error> {
        let (text, values) = (self.text.as_ref(), self.values);
        match on.into() {
            On::SqlitePool(pool) => {
                Ok(sqlx::query_with(text, sqlite(values)?).execute(pool).await?.rows_affected())
            }
            On::Sqlite(connection) => {
                Ok(sqlx::query_with(text, sqlite(values)?).execute(connection).await?.rows_affected())
            }
            On::PostgresPool(pool) => {
                let done = patiently(sqlx::query_with(text, postgres(values)?).execute(pool)).await?;
                Ok(done.rows_affected())
            }
            On::Postgres(connection) => {
                let done = patiently(sqlx::query_with(text, postgres(values)?).execute(connection)).await?;
                Ok(done.rows_affected())
            }
        }
    }
}

async fn patiently<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let too_long = |_| Error::Io(std::io::ErrorKind::TimedOut.into());
    tokio::time::timeout(PATIENCE, work).await.map_err(too_long)?
}

fn sqlite(values: Vec<Value>) -> Result<SqliteArguments<'static>, Error> {
    let mut arguments = SqliteArguments::default();
    for value in values {
        let added = match value {
            Value::Text(text) => sqlx::Arguments::add(&mut arguments, text),
            Value::Integer(integer) => sqlx::Arguments::add(&mut arguments, integer),
            Value::Bytes(bytes) => sqlx::Arguments::add(&mut arguments, bytes),
        };
        added.map_err(Error::Encode)?;
    }
    Ok(arguments)
}

fn postgres(values: Vec<Value>) -> Result<PgArguments, Error> {
    let mut arguments = PgArguments::default();
    for value in values {
        let added = match value {
            Value::Text(text) => arguments.add(text),
            Value::Integer(integer) => arguments.add(integer),
            Value::Bytes(bytes) => arguments.add(bytes),
        };
        added.map_err(Error::Encode)?;
    }
    Ok(arguments)
}

/// A row, of whichever database.
pub enum Row {
    /// Of SQLite.
    Sqlite(SqliteRow),
    /// Of PostgreSQL.
    Postgres(PgRow),
}

impl Row {
    /// The value of a column, counted from 0.
    pub fn get<T>(&self, column: usize) -> Result<T, Error>
    where
        T: for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres>,
    {
        match self {
            Self::Sqlite(row) => row.try_get(column),
            Self::Postgres(row) => row.try_get(column),
        }
    }

    /// Text that is stored as bytes.
    pub(super) fn get_name(&self, column: usize) -> Result<String, Error> {
        String::from_utf8(self.get(column)?)
            .map_err(|source| Error::ColumnDecode { index: column.to_string(), source: source.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_numbered_row_by_row() {
        assert_eq!(rows_of_parameters(2, 3), "($1, $2, $3), ($4, $5, $6)");
        assert_eq!(rows_of_parameters(1, 1), "($1)");
    }
}

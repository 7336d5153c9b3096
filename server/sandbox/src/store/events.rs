//! CloudTrail's events: written in batches, read newest first. What they say is `cloudtrail`'s business.

use std::fmt::Write as _;
use std::sync::Arc;

use sqlx::Row as _;

use super::{Store, StoreError};

/// An event as one account sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRow {
    /// The account that it is delivered to, 12 digits.
    pub account: String,
    /// When it happened, in microseconds of Unix time.
    pub place: i64,
    /// Its id.
    pub id: String,
    /// For example `CreateRole`.
    pub name: String,
    /// For example `iam.amazonaws.com`.
    pub source: String,
    /// Whether nothing was changed.
    pub read_only: bool,
    /// Who made the call, as events are looked up by; empty for a service.
    pub username: String,
    /// The access key id that signed; empty for a service.
    pub access_key: String,
    /// Type and name of every resource.
    pub resources: Vec<(String, String)>,
    /// The whole record, as JSON.
    pub record: Arc<str>,
}

/// Which events to read.
#[derive(Clone, Debug)]
pub struct EventsWanted<'a> {
    /// Whose.
    pub account: &'a str,
    /// First place, in microseconds of Unix time.
    pub from: i64,
    /// The first place that is none any more.
    pub to: i64,
    /// Only those before this one: place and id of the last that was read.
    pub before: Option<(i64, &'a str)>,
    /// Only those of which this is true.
    pub that: Option<EventFilter<'a>>,
}

/// What is asked of an event.
#[derive(Clone, Copy, Debug)]
pub enum EventFilter<'a> {
    /// Its id.
    Id(&'a str),
    /// Its name.
    Name(&'a str),
    /// Its source.
    Source(&'a str),
    /// `true` or `false`.
    ReadOnly(&'a str),
    /// Who made the call.
    Username(&'a str),
    /// The access key id that signed.
    AccessKey(&'a str),
}

/// Rows of one statement, and of one transaction: what waits for the database waits for so many at most.
const ROWS_A_STATEMENT: usize = 50;
const ROWS_A_TRANSACTION: usize = 500;

/// Columns of a row.
const COLUMNS: usize = 10;

impl Store {
    /// Adds events.
    pub async fn add_events(&self, rows: &[EventRow]) -> Result<(), StoreError> {
        for rows in rows.chunks(ROWS_A_TRANSACTION) {
            let mut transaction = self.begin().await?;
            for rows in rows.chunks(ROWS_A_STATEMENT) {
                let statement = insertion(rows.len());
                let mut query = sqlx::query(&statement);
                for row in rows {
                    query = query
                        .bind(&row.account)
                        .bind(row.place)
                        .bind(&row.id)
                        .bind(&row.name)
                        .bind(&row.source)
                        .bind(row.read_only.to_string())
                        .bind(&row.username)
                        .bind(&row.access_key)
                        .bind(resources_text(row)?)
                        .bind(row.record.as_ref());
                }
                query.execute(&mut *transaction).await?;
            }
            transaction.commit().await?;
        }
        Ok(())
    }

    /// Removes an account's events before `place`, and all but the newest `most` of the rest.
    pub async fn trim_events(&self, account: &str, place: i64, most: u32) -> Result<(), StoreError> {
        // The oldest one to stay; none when there are fewer.
        let oldest: Option<i64> = sqlx::query_scalar(
            "SELECT place FROM events WHERE account = $1 ORDER BY place DESC, id DESC LIMIT 1 OFFSET $2",
        )
        .bind(account)
        .bind(i64::from(most.saturating_sub(1)))
        .fetch_optional(&self.0.pool)
        .await?;
        sqlx::query("DELETE FROM events WHERE account = $1 AND place < $2")
            .bind(account)
            .bind(oldest.map_or(place, |oldest| oldest.max(place)))
            .execute(&self.0.pool)
            .await?;
        Ok(())
    }

    /// Removes every account's events before `place`.
    pub async fn forget_events(&self, place: i64) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM events WHERE place < $1").bind(place).execute(&self.0.pool).await?;
        Ok(())
    }

    /// Events, the newest first, at most `limit`.
    pub async fn events(&self, wanted: &EventsWanted<'_>, limit: u32) -> Result<Vec<EventRow>, StoreError> {
        let (column, value) = match wanted.that {
            None => ("account", wanted.account),
            Some(EventFilter::Id(value)) => ("id", value),
            Some(EventFilter::Name(value)) => ("name", value),
            Some(EventFilter::Source(value)) => ("source", value),
            Some(EventFilter::ReadOnly(value)) => ("read_only", value),
            Some(EventFilter::Username(value)) => ("username", value),
            Some(EventFilter::AccessKey(value)) => ("access_key", value),
        };
        let statement = format!(
            "SELECT account, place, id, name, source, read_only, username, access_key, resources, record FROM events \
             WHERE account = $1 AND place >= $2 AND place < $3 AND (place < $4 OR (place = $5 AND id < $6)) \
             AND {column} = $7 ORDER BY place DESC, id DESC LIMIT $8"
        );
        let (place, id) = wanted.before.unwrap_or((i64::MAX, ""));
        let rows = sqlx::query(&statement)
            .bind(wanted.account)
            .bind(wanted.from)
            .bind(wanted.to)
            .bind(place)
            .bind(place)
            .bind(id)
            .bind(value)
            .bind(i64::from(limit))
            .fetch_all(&self.0.pool)
            .await?;
        rows.iter().map(row_of).collect()
    }
}

/// `INSERT` of so many rows.
fn insertion(rows: usize) -> String {
    let mut statement = String::from(
        "INSERT INTO events (account, place, id, name, source, read_only, username, access_key, resources, record) VALUES ",
    );
    for row in 0..rows {
        statement.push_str(if row == 0 { "(" } else { ", (" });
        for column in 1..=COLUMNS {
            let comma = if column == 1 { "" } else { ", " };
            // Writing to a String cannot fail.
            let _ = write!(statement, "{comma}${}", row * COLUMNS + column);
        }
        statement.push(')');
    }
    statement
}

fn resources_text(row: &EventRow) -> Result<String, StoreError> {
    serde_json::to_string(&row.resources).map_err(|source| StoreError::Row { kind: "event", source })
}

fn row_of(row: &sqlx::sqlite::SqliteRow) -> Result<EventRow, StoreError> {
    let resources: String = row.try_get(8)?;
    let record: String = row.try_get(9)?;
    Ok(EventRow {
        account: row.try_get(0)?,
        place: row.try_get(1)?,
        id: row.try_get(2)?,
        name: row.try_get(3)?,
        source: row.try_get(4)?,
        read_only: row.try_get::<String, _>(5)? == "true",
        username: row.try_get(6)?,
        access_key: row.try_get(7)?,
        resources: serde_json::from_str(&resources)
            .map_err(|source| StoreError::Row { kind: "event", source })?,
        record: record.into(),
    })
}

//! CloudTrail's events: written in batches, read newest first. What they say is `cloudtrail`'s business.

use std::sync::Arc;

use futures::{FutureExt as _, TryFutureExt as _};

use super::sql::{Row, rows_of_parameters, sql};
use super::writer::Tx;
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
            let size = rows.iter().map(|row| row.record.len()).sum();
            self.write(size, rows.to_vec(), |rows, tx| insert(tx, rows).boxed()).await?;
        }
        Ok(())
    }

    /// Removes an account's events before `place`, and all but the newest `most` of the rest.
    pub async fn trim_events(&self, account: &str, place: i64, most: u32) -> Result<(), StoreError> {
        let asked = (account.to_owned(), place, most);
        self.write(0, asked, |(account, place, most), tx| trim(tx, account, *place, *most).boxed()).await
    }

    /// Removes every account's events before `place`.
    pub async fn forget_events(&self, place: i64) -> Result<(), StoreError> {
        self.write(0, place, |place, tx| {
            tx.run(sql("DELETE FROM events WHERE place < $1").bind(*place)).map_ok(drop).boxed()
        })
        .await
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
        let query = sql(format!(
            "SELECT account, place, id, name, source, read_only, username, access_key, resources, record FROM events \
             WHERE account = $1 AND place >= $2 AND place < $3 AND (place < $4 OR (place = $5 AND id < $6)) \
             AND {column} = $7 ORDER BY place DESC, id DESC LIMIT $8"
        ));
        let (place, id) = wanted.before.unwrap_or((i64::MAX, ""));
        let query = query.bind(wanted.account).bind(wanted.from).bind(wanted.to).bind(place).bind(place);
        let query = query.bind(id).bind(value).bind(i64::from(limit));
        query.rows(self.readers()?).await?.iter().map(row_of).collect()
    }
}

async fn insert(tx: &mut Tx, rows: &[EventRow]) -> Result<(), StoreError> {
    for rows in rows.chunks(ROWS_A_STATEMENT) {
        let mut insert = sql(format!(
            "INSERT INTO events (account, place, id, name, source, read_only, username, access_key, resources, record) \
             VALUES {}",
            rows_of_parameters(rows.len(), COLUMNS)
        ));
        for row in rows {
            insert =
                insert.bind(&row.account).bind(row.place).bind(&row.id).bind(&row.name).bind(&row.source);
            insert = insert.bind(&row.read_only.to_string()).bind(&row.username).bind(&row.access_key);
            insert = insert.bind(&resources_text(row)?).bind(row.record.as_ref());
        }
        tx.run(insert).await?;
    }
    Ok(())
}

async fn trim(tx: &mut Tx, account: &str, place: i64, most: u32) -> Result<(), StoreError> {
    // The oldest one to stay; none when there are fewer.
    let oldest =
        sql("SELECT place FROM events WHERE account = $1 ORDER BY place DESC, id DESC LIMIT 1 OFFSET $2");
    let oldest = tx.row(oldest.bind(account).bind(i64::from(most.saturating_sub(1)))).await?;
    let oldest: Option<i64> = oldest.map(|row| row.get(0)).transpose()?;
    let before = oldest.map_or(place, |oldest| oldest.max(place));
    tx.run(sql("DELETE FROM events WHERE account = $1 AND place < $2").bind(account).bind(before)).await?;
    Ok(())
}

fn resources_text(row: &EventRow) -> Result<String, StoreError> {
    serde_json::to_string(&row.resources).map_err(|source| StoreError::Row { kind: "event", source })
}

fn row_of(row: &Row) -> Result<EventRow, StoreError> {
    let (resources, record): (String, String) = (row.get(8)?, row.get(9)?);
    Ok(EventRow {
        account: row.get(0)?,
        place: row.get(1)?,
        id: row.get(2)?,
        name: row.get(3)?,
        source: row.get(4)?,
        read_only: row.get::<String>(5)? == "true",
        username: row.get(6)?,
        access_key: row.get(7)?,
        resources: serde_json::from_str(&resources)
            .map_err(|source| StoreError::Row { kind: "event", source })?,
        record: record.into(),
    })
}

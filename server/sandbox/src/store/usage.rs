//! How much an account holds: a row that changes in the same transaction as what it counts, and beside it in memory what
//! requests under way have been promised, so that no two are let through into the same room.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures::TryStreamExt as _;
use serde::Deserialize;
use sqlx::{Row as _, Sqlite, SqliteConnection, Transaction};

use super::{Store, StoreError};
use crate::limits::{Limits, Stock};

/// What an object of that many bytes counts as.
pub(super) fn of_object(size: u64) -> Stock {
    Stock { bytes: size.saturating_add(Stock::ROW_BYTES), objects: 1 }
}

/// What a delete marker or an upload without parts counts as.
pub(super) fn of_name() -> Stock {
    of_object(0)
}

/// What a part of an upload counts as.
pub(super) fn of_part(size: u64) -> Stock {
    Stock { objects: 0, ..of_object(size) }
}

/// The size in the row of an object or a part.
pub(super) fn size_in(body: &str) -> Result<u64, StoreError> {
    #[derive(Deserialize)]
    struct Sized {
        size: u64,
    }
    let row: Sized =
        serde_json::from_str(body).map_err(|source| StoreError::Row { kind: "object", source })?;
    Ok(row.size)
}

/// Why there is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// The account holds all it may.
    Account,
    /// All accounts together do.
    Process,
}

/// What a transaction adds and takes away, and the bytes that nothing names any more after it.
#[derive(Debug, Default)]
pub(super) struct Tally {
    bytes: i64,
    objects: i64,
    pub(super) freed: Vec<Freed>,
}

/// Bytes that nothing names any more.
#[derive(Debug)]
pub(super) struct Freed {
    pub(super) data: String,
    pub(super) bytes: u64,
}

impl Tally {
    pub(super) fn add(&mut self, stock: Stock) {
        self.bytes = self.bytes.saturating_add_unsigned(stock.bytes);
        self.objects = self.objects.saturating_add_unsigned(stock.objects);
    }

    pub(super) fn take(&mut self, stock: Stock) {
        self.bytes = self.bytes.saturating_sub_unsigned(stock.bytes);
        self.objects = self.objects.saturating_sub_unsigned(stock.objects);
    }

    /// Writes it to the account's row.
    pub(super) async fn record(
        &self,
        connection: &mut SqliteConnection,
        account: &str,
    ) -> Result<Option<Held>, StoreError> {
        if (self.bytes, self.objects) == (0, 0) {
            return Ok(None);
        }
        let row = sqlx::query(
            "INSERT INTO usage (account, version, bytes, objects) VALUES ($1, 1, $2, $3) \
             ON CONFLICT (account) DO UPDATE SET version = usage.version + 1, bytes = usage.bytes + excluded.bytes, \
             objects = usage.objects + excluded.objects RETURNING version, bytes, objects",
        )
        .bind(account)
        .bind(self.bytes)
        .bind(self.objects)
        .fetch_one(connection)
        .await?;
        Ok(Some(Held {
            account: account.to_owned(),
            version: row.try_get(0)?,
            stock: stock(row.try_get(1)?, row.try_get(2)?),
        }))
    }
}

fn stock(bytes: i64, objects: i64) -> Stock {
    Stock { bytes: bytes.try_into().unwrap_or(0), objects: objects.try_into().unwrap_or(0) }
}

/// An account's row as a transaction left it.
#[derive(Debug)]
pub(super) struct Held {
    account: String,
    version: i64,
    stock: Stock,
}

/// What accounts hold and what was promised to requests under way.
#[derive(Debug, Default)]
pub(super) struct Ledger(Mutex<Books>);

#[derive(Debug, Default)]
struct Books {
    accounts: HashMap<String, Entry>,
    total: Entry,
}

#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    version: i64,
    held: Stock,
    promised: Stock,
}

impl Entry {
    fn has_room(&self, wanted: Stock, limit: Stock) -> bool {
        let sum = |of: fn(&Stock) -> u64| {
            of(&self.held).saturating_add(of(&self.promised)).saturating_add(of(&wanted))
        };
        // Who asks for none of a kind is not refused for want of it.
        (wanted.bytes == 0 || sum(|stock| stock.bytes) <= limit.bytes)
            && (wanted.objects == 0 || sum(|stock| stock.objects) <= limit.objects)
    }
}

fn plus(stock: &mut Stock, more: Stock) {
    stock.bytes = stock.bytes.saturating_add(more.bytes);
    stock.objects = stock.objects.saturating_add(more.objects);
}

fn minus(stock: &mut Stock, less: Stock) {
    stock.bytes = stock.bytes.saturating_sub(less.bytes);
    stock.objects = stock.objects.saturating_sub(less.objects);
}

impl Books {
    fn must_have_room(&self, account: &str, wanted: Stock, limits: &Limits) -> Result<(), Full> {
        let entry = self.accounts.get(account).copied().unwrap_or_default();
        match (entry.has_room(wanted, limits.account), self.total.has_room(wanted, limits.process)) {
            (true, true) => Ok(()),
            (false, _) => Err(Full::Account),
            (true, false) => Err(Full::Process),
        }
    }

    fn promise(&mut self, account: &str, stock: Stock) {
        plus(&mut self.accounts.entry(account.to_owned()).or_default().promised, stock);
        plus(&mut self.total.promised, stock);
    }
}

impl Ledger {
    fn with<T>(&self, act: impl FnOnce(&mut Books) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes over a row that is committed.
    pub(super) fn settle(&self, held: Held) {
        self.with(|books| {
            let entry = books.accounts.entry(held.account).or_default();
            if entry.version < held.version {
                minus(&mut books.total.held, entry.held);
                plus(&mut books.total.held, held.stock);
                (entry.version, entry.held) = (held.version, held.stock);
            }
        });
    }
}

/// Room that was promised to a request; given back when dropped. By then what came of it is in the account's row, or is gone.
#[derive(Debug)]
pub struct Promise {
    ledger: Arc<Ledger>,
    account: String,
    stock: Stock,
}

impl Promise {
    /// Makes sure that it covers so many bytes.
    ///
    /// # Errors
    /// [`Full`], and it stays as it was.
    pub fn cover(&mut self, bytes: u64, limits: &Limits) -> Result<(), Full> {
        match bytes.checked_sub(self.stock.bytes) {
            None | Some(0) => Ok(()),
            Some(more) => self.grow(Stock { bytes: more, objects: 0 }, limits),
        }
    }

    fn grow(&mut self, more: Stock, limits: &Limits) -> Result<(), Full> {
        self.ledger.with(|books| {
            books.must_have_room(&self.account, more, limits)?;
            books.promise(&self.account, more);
            Ok(())
        })?;
        plus(&mut self.stock, more);
        Ok(())
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        let (account, stock) = (&self.account, self.stock);
        self.ledger.with(|books| {
            if let Some(entry) = books.accounts.get_mut(account) {
                minus(&mut entry.promised, stock);
            }
            minus(&mut books.total.promised, stock);
        });
    }
}

impl Store {
    /// Promises room for so many bytes and objects to a request on behalf of the account that is to hold them.
    ///
    /// # Errors
    /// [`Full`] when that and all that was promised before would be more than the limits allow.
    pub fn promise(&self, account: &str, wanted: Stock, limits: &Limits) -> Result<Promise, Full> {
        let ledger = Arc::clone(&self.0.ledger);
        let mut promise = Promise { ledger, account: account.to_owned(), stock: Stock::default() };
        promise.grow(wanted, limits)?;
        Ok(promise)
    }

    /// Keeps counting bytes that no row names any more and that are still there.
    pub(super) fn still_there(&self, account: &str, bytes: u64) -> Promise {
        let stock = Stock { bytes, objects: 0 };
        self.0.ledger.with(|books| books.promise(account, stock));
        Promise { ledger: Arc::clone(&self.0.ledger), account: account.to_owned(), stock }
    }

    /// Commits a transaction together with what it adds to and takes from an account, and removes what nothing names any more.
    ///
    /// On a task of its own: a caller who goes away must not leave the one without the other.
    pub(super) async fn commit_counted(
        &self,
        mut transaction: Transaction<'static, Sqlite>,
        account: &str,
        mut tally: Tally,
    ) -> Result<(), StoreError> {
        let (store, account) = (self.clone(), account.to_owned());
        let task = tokio::spawn(async move {
            let held = tally.record(&mut transaction, &account).await?;
            transaction.commit().await?;
            held.into_iter().for_each(|held| store.0.ledger.settle(held));
            store.free(&account, std::mem::take(&mut tally.freed)).await;
            Ok(())
        });
        task.await.map_err(|_| StoreError::Stopped)?
    }

    /// What an account holds.
    pub fn held(&self, account: &str) -> Stock {
        self.0.ledger.with(|books| books.accounts.get(account).map_or(Stock::default(), |entry| entry.held))
    }

    /// Reads what accounts hold. A database of a version that did not count is counted first.
    pub(super) async fn load_usage(&self) -> Result<(), StoreError> {
        let rows = "SELECT account, version, bytes, objects FROM usage";
        let mut found = sqlx::query(rows).fetch_all(&self.0.pool).await?;
        if found.is_empty() {
            self.count_all().await?;
            found = sqlx::query(rows).fetch_all(&self.0.pool).await?;
        }
        for row in found {
            self.0.ledger.settle(Held {
                account: row.try_get(0)?,
                version: row.try_get(1)?,
                stock: stock(row.try_get(2)?, row.try_get(3)?),
            });
        }
        Ok(())
    }

    async fn count_all(&self) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        for (account, stock) in count(&mut transaction).await? {
            sqlx::query(
                "INSERT INTO usage (account, version, bytes, objects) VALUES ($1, 1, $2, $3) ON CONFLICT (account) DO NOTHING",
            )
            .bind(account)
            .bind(i64::try_from(stock.bytes).unwrap_or(i64::MAX))
            .bind(i64::try_from(stock.objects).unwrap_or(i64::MAX))
            .execute(&mut *transaction)
            .await?;
        }
        Ok(transaction.commit().await?)
    }
}

/// Counts what every account holds, row by row.
async fn count(connection: &mut SqliteConnection) -> Result<HashMap<String, Stock>, StoreError> {
    let mut held: HashMap<String, Stock> = HashMap::new();
    // What is counted as a name only has no body here.
    for (query, of) in [
        (
            "SELECT resources.account, CASE WHEN objects.data = '' THEN '' ELSE objects.body END FROM objects \
             JOIN resources ON resources.kind = 'bucket' AND resources.name = objects.bucket",
            of_object as fn(u64) -> Stock,
        ),
        (
            "SELECT resources.account, '' FROM uploads \
             JOIN resources ON resources.kind = 'bucket' AND resources.name = uploads.bucket",
            of_object,
        ),
        (
            "SELECT resources.account, parts.body FROM parts JOIN uploads ON uploads.id = parts.upload \
             JOIN resources ON resources.kind = 'bucket' AND resources.name = uploads.bucket",
            of_part,
        ),
    ] {
        let mut rows = sqlx::query(query).fetch(&mut *connection);
        while let Some(row) = rows.try_next().await? {
            let (account, body): (String, String) = (row.try_get(0)?, row.try_get(1)?);
            let size = if body.is_empty() { 0 } else { size_in(&body)? };
            plus(held.entry(account).or_default(), of(size));
        }
    }
    Ok(held)
}

#[cfg(test)]
mod tests;

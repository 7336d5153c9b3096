//! How much an account holds: a row that changes in the same transaction as what it counts, and beside it in memory what
//! requests under way have been promised, so that no two are let through into the same room.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;

use super::memory::Effect;
use super::sql::{On, Row, rows_of_parameters, sql};
use super::writer::Tx;
use super::{Store, StoreError};
use crate::limits::{Limits, Stock};

/// Rows that are counted in one statement.
const PAGE: usize = 1_000;
/// Accounts' rows in one statement at most, a power of two.
const ROWS: usize = 32;

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

/// What a version counts as, by its row: an object, or a delete marker, which has no bytes to name.
pub(super) fn of_version(data: &str, body: &str) -> Result<Stock, StoreError> {
    match data.is_empty() {
        true => Ok(of_name()),
        false => Ok(of_object(size_in(body)?)),
    }
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

/// What a transaction adds to accounts and takes from them.
#[derive(Debug, Default)]
pub(super) struct Tally(BTreeMap<String, Delta>);

#[derive(Clone, Copy, Debug, Default)]
struct Delta {
    bytes: i64,
    objects: i64,
    /// The account is gone with all it held.
    gone: bool,
}

impl Tally {
    pub(super) fn add(&mut self, account: &str, stock: Stock) {
        let delta = self.0.entry(account.to_owned()).or_default();
        delta.bytes = delta.bytes.saturating_add_unsigned(stock.bytes);
        delta.objects = delta.objects.saturating_add_unsigned(stock.objects);
    }

    pub(super) fn take(&mut self, account: &str, stock: Stock) {
        let delta = self.0.entry(account.to_owned()).or_default();
        delta.bytes = delta.bytes.saturating_sub_unsigned(stock.bytes);
        delta.objects = delta.objects.saturating_sub_unsigned(stock.objects);
    }

    /// The account is gone, whatever it held.
    pub(super) fn end(&mut self, account: &str) {
        self.0.insert(account.to_owned(), Delta { gone: true, ..Delta::default() });
    }
}

/// Writes what a transaction has tallied to the accounts' rows.
pub(super) async fn record(tx: &mut Tx) -> Result<(), StoreError> {
    let tally = std::mem::take(&mut tx.tally);
    let (gone, changed): (Vec<_>, Vec<_>) = tally.0.into_iter().partition(|(_, delta)| delta.gone);
    for (account, _) in gone {
        tx.run(sql("DELETE FROM stock WHERE account = $1").bind(&account)).await?;
        tx.effects.push(Effect::Holds { account, stock: Stock::default() });
    }
    let mut changed = changed.as_slice();
    while !changed.is_empty() {
        // In statements of few sizes, which are prepared once.
        let (some, rest) = changed.split_at((1 << changed.len().ilog2()).min(ROWS));
        changed = rest;
        let mut upsert = sql(format!(
            "INSERT INTO stock (account, bytes, objects) VALUES {} ON CONFLICT (account) DO UPDATE \
             SET bytes = stock.bytes + excluded.bytes, objects = stock.objects + excluded.objects \
             RETURNING account, bytes, objects",
            rows_of_parameters(some.len(), 3)
        ));
        for (account, delta) in some {
            upsert = upsert.bind(account).bind(delta.bytes).bind(delta.objects);
        }
        for row in tx.rows(upsert).await? {
            let (account, stock) = of_row(&row)?;
            tx.effects.push(Effect::Holds { account, stock });
        }
    }
    Ok(())
}

fn of_row(row: &Row) -> Result<(String, Stock), StoreError> {
    let (bytes, objects): (i64, i64) = (row.get(1)?, row.get(2)?);
    Ok((
        row.get(0)?,
        Stock { bytes: bytes.try_into().unwrap_or(0), objects: objects.try_into().unwrap_or(0) },
    ))
}

/// What accounts hold and what was promised to requests under way.
#[derive(Debug, Default)]
pub(super) struct Ledger(Mutex<Books>);

#[derive(Debug, Default)]
struct Books {
    /// Of those that hold or were promised something.
    accounts: HashMap<String, Entry>,
    total: Entry,
    /// Whether the rows may say something else by now.
    outdated: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    held: Stock,
    promised: Stock,
}

impl Entry {
    /// Whether it says no more than none would: accounts come and go.
    fn is_empty(&self) -> bool {
        (self.held, self.promised) == (Stock::default(), Stock::default())
    }

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

    fn settle(&mut self, account: String, stock: Stock) {
        let mut entry = self.accounts.remove(&account).unwrap_or_default();
        minus(&mut self.total.held, entry.held);
        plus(&mut self.total.held, stock);
        entry.held = stock;
        if !entry.is_empty() {
            self.accounts.insert(account, entry);
        }
    }

    fn give_back(&mut self, account: &str, stock: Stock) {
        minus(&mut self.total.promised, stock);
        let Some(entry) = self.accounts.get_mut(account) else { return };
        minus(&mut entry.promised, stock);
        if entry.is_empty() {
            self.accounts.remove(account);
        }
    }
}

impl Ledger {
    fn with<T>(&self, act: impl FnOnce(&mut Books) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes over a row that is committed.
    pub(super) fn settle(&self, account: String, stock: Stock) {
        self.with(|books| books.settle(account, stock));
    }

    /// Takes over all rows. What was promised stays promised.
    pub(super) fn reset(&self, rows: Vec<(String, Stock)>) {
        self.with(|books| {
            books.accounts.values_mut().for_each(|entry| entry.held = Stock::default());
            books.total.held = Stock::default();
            rows.into_iter().for_each(|(account, stock)| books.settle(account, stock));
            books.accounts.retain(|_, entry| !entry.is_empty());
            books.outdated = false;
        });
    }

    /// The rows may say something else by now: they are read again before the next write.
    pub(super) fn outdate(&self) {
        self.with(|books| books.outdated = true);
    }

    pub(super) fn is_outdated(&self) -> bool {
        self.with(|books| books.outdated)
    }

    /// Keeps counting bytes that no row names any more and that are still there.
    pub(super) fn still_there(self: &Arc<Self>, account: &str, bytes: u64) -> Promise {
        let stock = Stock { bytes, objects: 0 };
        self.with(|books| books.promise(account, stock));
        Promise { ledger: Arc::clone(self), account: account.to_owned(), stock }
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
        self.ledger.with(|books| books.give_back(account, stock));
    }
}

impl Store {
    /// Promises room for so many bytes and objects to a request on behalf of the account that is to hold them.
    ///
    /// # Errors
    /// [`Full`] when that and all that was promised before would be more than the limits allow.
    pub fn promise(&self, account: &str, wanted: Stock, limits: &Limits) -> Result<Promise, Full> {
        let ledger = Arc::clone(&self.memory().ledger);
        let mut promise = Promise { ledger, account: account.to_owned(), stock: Stock::default() };
        promise.grow(wanted, limits)?;
        Ok(promise)
    }

    /// What an account holds.
    pub fn held(&self, account: &str) -> Stock {
        let of = |books: &mut Books| books.accounts.get(account).map_or(Stock::default(), |entry| entry.held);
        self.memory().ledger.with(of)
    }
}

/// Something that statements run on, again and again.
pub(super) trait Again {
    /// To run one statement on.
    fn on(&mut self) -> On<'_>;
}

impl<T> Again for T
where
    for<'a> &'a mut T: Into<On<'a>>,
{
    fn on(&mut self) -> On<'_> {
        self.into()
    }
}

/// Reads what accounts hold. A database of a version that did not count is counted first.
pub(super) async fn load(database: &mut impl Again) -> Result<Vec<(String, Stock)>, StoreError> {
    let stored = "SELECT account, bytes, objects FROM stock";
    let mut rows = sql(stored).rows(database.on()).await?;
    if rows.is_empty() {
        for (account, stock) in count(database).await? {
            let integer = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
            let insert = sql(
                "INSERT INTO stock (account, bytes, objects) VALUES ($1, $2, $3) ON CONFLICT (account) DO NOTHING",
            );
            let insert = insert.bind(&account).bind(integer(stock.bytes)).bind(integer(stock.objects));
            insert.run(database.on()).await?;
        }
        rows = sql(stored).rows(database.on()).await?;
    }
    rows.iter().map(of_row).collect()
}

/// Counts what every account holds, row by row.
async fn count(database: &mut impl Again) -> Result<BTreeMap<String, Stock>, StoreError> {
    let mut held: BTreeMap<String, Stock> = BTreeMap::new();
    let buckets =
        sql("SELECT name, account FROM resources WHERE kind = 'bucket'").rows(database.on()).await?;
    for bucket in buckets {
        let (bucket, account): (String, String) = (bucket.get(0)?, bucket.get(1)?);
        let mut stock = Stock::default();
        let mut after: (Vec<u8>, String) = Default::default();
        loop {
            let page = sql(format!(
                "SELECT name, version, data, body FROM objects WHERE bucket = $1 AND (name, version) > ($2, $3) \
                 ORDER BY name, version LIMIT {PAGE}"
            ));
            let page = page.bind(&bucket).bind(after.0.as_slice()).bind(&after.1).rows(database.on()).await?;
            for row in &page {
                plus(&mut stock, of_version(&row.get::<String>(2)?, &row.get::<String>(3)?)?);
            }
            match page.last() {
                Some(last) if page.len() == PAGE => after = (last.get(0)?, last.get(1)?),
                _ => break,
            }
        }
        let uploads =
            sql("SELECT id FROM uploads WHERE bucket = $1").bind(&bucket).rows(database.on()).await?;
        for upload in uploads {
            plus(&mut stock, of_name());
            let parts = sql("SELECT body FROM parts WHERE upload = $1").bind(&upload.get::<String>(0)?);
            for part in parts.rows(database.on()).await? {
                plus(&mut stock, of_part(size_in(&part.get::<String>(0)?)?));
            }
        }
        plus(held.entry(account).or_default(), stock);
    }
    Ok(held)
}

#[cfg(test)]
mod tests;

//! Versions that are there no more: they count no more, and their chunks are freed.

use std::collections::HashMap;

use super::{Put, Rows};
use crate::limits::Stock;
use crate::store::memory::Effect;
use crate::store::sql::{Row, sql};
use crate::store::usage;
use crate::store::writer::Tx;
use crate::store::{NULL_VERSION, StoreError};

/// What is written without versioning takes the place of what was: that counts no more, and its chunks are freed.
pub(super) async fn take_replaced(tx: &mut Tx, puts: &[&mut Put]) -> Result<(), StoreError> {
    let mut unknown = Vec::new();
    for put in puts.iter().filter(|put| put.version == NULL_VERSION) {
        match tx.replaced_row(put) {
            Some(stock) => tx.tally.take(&put.owner, stock),
            None => unknown.push(put),
        }
    }
    let rows = Rows::new(unknown.iter().map(|put| put.in_place()));
    if rows.is_empty() {
        return Ok(());
    }
    let (list, values) = rows.list();
    let replaced = sql(format!(
        "SELECT {REMOVED} FROM (VALUES {list}) AS new CROSS JOIN objects WHERE objects.bucket = new.column1 \
         AND objects.name = new.column2 AND objects.version = new.column3"
    ));
    let accounts: HashMap<&str, &str> =
        puts.iter().map(|put| (put.bucket.as_str(), put.owner.as_str())).collect();
    for row in tx.rows(replaced.bind_all(values)).await? {
        let removed = RemovedRow::read(&row)?;
        let account = accounts.get(removed.bucket.as_str()).copied().unwrap_or_default();
        removed.count(tx, account).await?;
    }
    Ok(())
}

/// What [`RemovedRow`] reads, in this order.
pub(in crate::store) const REMOVED: &str = "objects.bucket, objects.name, objects.data, objects.body, \
     CAST(CASE WHEN objects.bytes IS NULL THEN 0 ELSE 1 END AS BIGINT)";

/// A version that is there no more.
pub(in crate::store) struct RemovedRow {
    pub(super) bucket: String,
    pub(super) key: String,
    /// Empty for a delete marker.
    pub(super) data: String,
    body: String,
    in_row: bool,
}

impl RemovedRow {
    pub(in crate::store) fn read(row: &Row) -> Result<Self, StoreError> {
        let (bucket, key) = (row.get(0)?, row.get_name(1)?);
        Ok(Self { bucket, key, data: row.get(2)?, body: row.get(3)?, in_row: row.get::<i64>(4)? == 1 })
    }

    /// Takes it from its account, and frees its chunks.
    pub(in crate::store) async fn count(&self, tx: &mut Tx, account: &str) -> Result<(), StoreError> {
        let stock = usage::of_version(&self.data, &self.body)?;
        tx.tally.take(account, stock);
        match self.data.is_empty() || self.in_row {
            true => Ok(()),
            false => tx.free(&self.data, account, stock.bytes).await,
        }
    }
}

impl Tx {
    /// What a version counts as that another takes the place of, where it is known without a look that it has no chunks.
    fn replaced_row(&self, put: &Put) -> Option<Stock> {
        let place = put.place();
        let kept = self.memory.objects.get(&place).ok()?;
        let stock = match &kept.version.object {
            Some(object) if kept.bytes.is_some() => usage::of_object(object.size),
            Some(_) => return None,
            None => usage::of_name(),
        };
        let is_here =
            |effect: &Effect| matches!(effect, Effect::Object { place: here, .. } if *here == place);
        (kept.version.id == put.version && !self.effects.iter().any(is_here)).then_some(stock)
    }
}

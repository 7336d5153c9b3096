//! Removing an account with all that is its own.

use futures::FutureExt as _;

use super::memory::{Effect, global_name};
use super::naming::{REMOVED, RemovedRow};
use super::sql::{Row, sql};
use super::writer::Tx;
use super::{Store, StoreError};

/// Objects that are removed in one transaction, about: others wait for it.
const SLICE: i64 = 500;

impl Store {
    /// Removes an account, its resources, objects and uploads; false when there is no such account. Once begun it is done to
    /// its end, whoever goes away meanwhile.
    pub async fn remove_account(&self, id: &str) -> Result<bool, StoreError> {
        let (store, id) = (self.clone(), id.to_owned());
        let task = tokio::spawn(async move {
            let changing = store.changing(&id).await;
            while store.write(0, id.clone(), |id, tx| remove_some_objects(tx, id).boxed()).await? {}
            store.write(0, (id, changing), |(id, _), tx| remove_rest(tx, id).boxed()).await
        });
        task.await.map_err(|_| StoreError::Stopped)?
    }
}

async fn buckets_of(tx: &mut Tx, account: &str) -> Result<Vec<String>, StoreError> {
    let buckets = sql("SELECT name FROM resources WHERE account = $1 AND kind = 'bucket'").bind(account);
    Ok(tx.rows(buckets).await?.iter().map(|row| row.get(0)).collect::<Result<_, _>>()?)
}

/// Removes the first objects of a bucket that has many; whether there was one.
pub(super) async fn remove_some_objects(tx: &mut Tx, account: &str) -> Result<bool, StoreError> {
    for bucket in buckets_of(tx, account).await? {
        let beyond = sql("SELECT name FROM objects WHERE bucket = $1 ORDER BY name LIMIT 1 OFFSET $2");
        if let Some(beyond) = tx.row(beyond.bind(&bucket).bind(SLICE)).await? {
            let beyond: Vec<u8> = beyond.get(0)?;
            // With the name itself, or many versions of one name would go on for ever.
            let removed =
                sql(format!("DELETE FROM objects WHERE bucket = $1 AND name <= $2 RETURNING {REMOVED}"));
            let removed = tx.rows(removed.bind(&bucket).bind(beyond.as_slice())).await?;
            tx.objects_gone(account, bucket, &removed).await?;
            return Ok(true);
        }
    }
    Ok(false)
}

async fn remove_rest(tx: &mut Tx, account: &str) -> Result<bool, StoreError> {
    for bucket in buckets_of(tx, account).await? {
        let removed = sql(format!("DELETE FROM objects WHERE bucket = $1 RETURNING {REMOVED}")).bind(&bucket);
        let removed = tx.rows(removed).await?;
        tx.end_uploads(&bucket, account).await?;
        tx.objects_gone(account, bucket, &removed).await?;
    }
    let names = sql(
        "SELECT kind, name FROM resources WHERE account = $1 AND kind IN ('bucket', 'access-key', 'instance')",
    );
    for row in tx.rows(names.bind(account)).await? {
        let name = global_name(&row.get::<String>(0)?, &row.get::<String>(1)?);
        tx.effects.push(Effect::Owner { name, now: None });
    }
    tx.run(sql("DELETE FROM resources WHERE account = $1").bind(account)).await?;
    for table in ["events", "last_accessed", "key_uses"] {
        tx.run(sql(format!("DELETE FROM {table} WHERE account = $1")).bind(account)).await?;
    }
    let keys = sql("DELETE FROM key_last_uses WHERE key_arn LIKE $1");
    tx.run(keys.bind(&format!("arn:aws:kms:%:{account}:key/%"))).await?;
    let gone = tx.run(sql("DELETE FROM accounts WHERE id = $1").bind(account)).await?;
    tx.effects.push(Effect::NoAccount(account.to_owned()));
    tx.tally.end(account);
    Ok(gone > 0)
}

impl Tx {
    /// Objects of an account are removed: they count no more from this transaction on, also if it is the last for a while.
    async fn objects_gone(
        &mut self,
        account: &str,
        bucket: String,
        removed: &[Row],
    ) -> Result<(), StoreError> {
        for row in removed {
            RemovedRow::read(row)?.count(self, account).await?;
        }
        self.effects.push(Effect::NoObjects { bucket });
        Ok(())
    }
}

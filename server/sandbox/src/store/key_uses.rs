//! The rows behind `GetKeyLastUsage`: each key's last use.

use std::collections::HashMap;

use futures::{FutureExt as _, TryFutureExt as _};

use super::sql::sql;
use super::writer::Tx;
use super::{Store, StoreError};
use crate::LastUse;
use crate::model::Timestamp;

/// The row that says since when uses are recorded, in place of a key's ARN.
const TRACKING: &str = "tracking";

impl Store {
    /// Uses of keys are recorded from now on, unless they were before.
    pub async fn track_key_uses(&self, now: Timestamp) -> Result<(), StoreError> {
        self.write(0, now, |now, tx| {
            let begin =
                sql("INSERT INTO key_last_uses (key_arn, operation, used, request) VALUES ($1, '', $2, '') \
                 ON CONFLICT (key_arn) DO NOTHING");
            tx.run(begin.bind(TRACKING).bind(*now)).map_ok(drop).boxed()
        })
        .await
    }

    /// A key's last use on record, and since when uses are recorded.
    pub async fn key_use(&self, arn: &str) -> Result<(Option<LastUse>, Timestamp), StoreError> {
        let query =
            sql("SELECT key_arn, operation, used, request FROM key_last_uses WHERE key_arn IN ($1, $2)");
        let (mut last, mut tracked) = (None, 0);
        for row in query.bind(arn).bind(TRACKING).rows(self.readers()?).await? {
            let used: Timestamp = row.get(2)?;
            match row.get::<String>(0)?.as_str() {
                TRACKING => tracked = used,
                _ => last = Some(LastUse { operation: row.get(1)?, used, request_id: row.get(3)? }),
            }
        }
        Ok((last, tracked))
    }

    /// Writes last uses, by key ARN; of two uses the later stays.
    pub async fn write_last_uses(&self, uses: &HashMap<String, LastUse>) -> Result<(), StoreError> {
        self.write(0, uses.clone(), |uses, tx| put(tx, uses).boxed()).await
    }

    /// Forgets the uses of a key that is gone.
    pub async fn forget_key_uses(&self, arn: &str) -> Result<(), StoreError> {
        self.write(0, arn.to_owned(), |arn, tx| {
            tx.run(sql("DELETE FROM key_last_uses WHERE key_arn = $1").bind(arn)).map_ok(drop).boxed()
        })
        .await
    }

    /// The accounts that may hold what is to go after a time: keys that wait for their deletion, and terminated instances.
    pub async fn accounts_with_leftovers(&self) -> Result<Vec<String>, StoreError> {
        let accounts = sql(
            "SELECT DISTINCT account FROM resources WHERE (kind = 'key' AND body LIKE '%\"pending-deletion\"%') \
             OR (kind = 'instance' AND body LIKE '%\"terminated\":true%')",
        );
        Ok(accounts.rows(self.readers()?).await?.iter().map(|row| row.get(0)).collect::<Result<_, _>>()?)
    }
}

async fn put(tx: &mut Tx, uses: &HashMap<String, LastUse>) -> Result<(), StoreError> {
    for (arn, last) in uses {
        let upsert =
            sql("INSERT INTO key_last_uses (key_arn, operation, used, request) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (key_arn) DO UPDATE \
             SET operation = excluded.operation, used = excluded.used, request = excluded.request \
             WHERE excluded.used >= key_last_uses.used");
        let upsert = upsert.bind(arn).bind(&last.operation).bind(last.used);
        tx.run(upsert.bind(&last.request_id)).await?;
    }
    Ok(())
}

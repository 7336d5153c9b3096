//! The rows behind `GetKeyLastUsage`: each key's last use.

use std::collections::HashMap;

use sqlx::Row as _;

use super::{Store, StoreError};
use crate::LastUse;
use crate::model::Timestamp;

/// The row that says since when uses are recorded, in place of a key's ARN.
const TRACKING: &str = "tracking";

impl Store {
    /// Uses of keys are recorded from now on, unless they were before.
    pub async fn track_key_uses(&self, now: Timestamp) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO key_last_uses (key_arn, operation, used, request) VALUES ($1, '', $2, '') \
             ON CONFLICT (key_arn) DO NOTHING",
        )
        .bind(TRACKING)
        .bind(now)
        .execute(&self.0.pool)
        .await?;
        Ok(())
    }

    /// A key's last use on record, and since when uses are recorded.
    pub async fn key_use(&self, arn: &str) -> Result<(Option<LastUse>, Timestamp), StoreError> {
        let rows = sqlx::query(
            "SELECT key_arn, operation, used, request FROM key_last_uses WHERE key_arn IN ($1, $2)",
        )
        .bind(arn)
        .bind(TRACKING)
        .fetch_all(&self.0.pool)
        .await?;
        let (mut last, mut tracked) = (None, 0);
        for row in rows {
            let used: Timestamp = row.try_get(2)?;
            match row.try_get::<String, _>(0)?.as_str() {
                TRACKING => tracked = used,
                _ => {
                    last = Some(LastUse { operation: row.try_get(1)?, used, request_id: row.try_get(3)? });
                }
            }
        }
        Ok((last, tracked))
    }

    /// Writes last uses, by key ARN; of two uses the later stays.
    pub async fn write_key_uses(&self, uses: &HashMap<String, LastUse>) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        for (arn, last) in uses {
            sqlx::query(
                "INSERT INTO key_last_uses (key_arn, operation, used, request) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (key_arn) DO UPDATE \
                 SET operation = excluded.operation, used = excluded.used, request = excluded.request \
                 WHERE excluded.used >= key_last_uses.used",
            )
            .bind(arn)
            .bind(&last.operation)
            .bind(last.used)
            .bind(&last.request_id)
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Forgets the uses of a key that is gone.
    pub async fn forget_key_uses(&self, arn: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM key_last_uses WHERE key_arn = $1").bind(arn).execute(&self.0.pool).await?;
        Ok(())
    }

    /// The accounts that may hold what is to go after a time: keys that wait for their deletion, and terminated instances.
    pub async fn accounts_with_leftovers(&self) -> Result<Vec<String>, StoreError> {
        let accounts = sqlx::query_scalar(
            "SELECT DISTINCT account FROM resources WHERE (kind = 'key' AND body LIKE '%\"pending-deletion\"%') \
             OR (kind = 'instance' AND body LIKE '%\"terminated\":true%')",
        );
        Ok(accounts.fetch_all(&self.0.pool).await?)
    }
}

//! The rows behind [`crate::activity`]: what was last used, and access keys.

use sqlx::Row as _;

use super::{Store, StoreError};
use crate::activity::{Collected, KeyUse, Use};
use crate::model::Timestamp;

impl Store {
    /// Every use by an account's users and roles, or by one of them.
    pub async fn uses(&self, account: &str, entity: Option<&str>) -> Result<Vec<Use>, StoreError> {
        let query = match entity {
            None => sqlx::query("SELECT entity, action, region, used FROM last_accessed WHERE account = $1"),
            Some(_) => sqlx::query(
                "SELECT entity, action, region, used FROM last_accessed WHERE account = $1 AND entity = $2",
            ),
        };
        let query = query.bind(account);
        let query = match entity {
            None => query,
            Some(entity) => query.bind(entity),
        };
        let rows = query.fetch_all(&self.0.pool).await?;
        let uses = rows.iter().map(|row| {
            Ok(Use {
                entity: row.try_get(0)?,
                action: row.try_get(1)?,
                region: row.try_get(2)?,
                used: row.try_get(3)?,
            })
        });
        uses.collect()
    }

    /// The uses of an account's access keys.
    pub async fn key_uses(&self, account: &str) -> Result<Vec<KeyUse>, StoreError> {
        let rows = sqlx::query("SELECT access_key, service, region, used FROM key_uses WHERE account = $1")
            .bind(account)
            .fetch_all(&self.0.pool)
            .await?;
        let uses = rows.iter().map(|row| {
            Ok(KeyUse {
                access_key: row.try_get(0)?,
                service: row.try_get(1)?,
                region: row.try_get(2)?,
                used: row.try_get(3)?,
            })
        });
        uses.collect()
    }

    /// Writes what was collected: of an action the later use, of a key the first within `key_span` seconds.
    pub async fn write_activity(&self, collected: &Collected, key_span: Timestamp) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        for (account, used) in collected.uses() {
            sqlx::query(
                "INSERT INTO last_accessed (account, entity, action, region, used) VALUES ($1, $2, $3, $4, $5) \
                 ON CONFLICT (account, entity, action, region) DO UPDATE SET used = excluded.used \
                 WHERE excluded.used > last_accessed.used",
            )
            .bind(account)
            .bind(used.entity)
            .bind(used.action)
            .bind(used.region)
            .bind(used.used)
            .execute(&mut *transaction)
            .await?;
        }
        for (account, used) in collected.keys() {
            sqlx::query(
                "INSERT INTO key_uses (access_key, account, service, region, used) VALUES ($1, $2, $3, $4, $5) \
                 ON CONFLICT (access_key) DO UPDATE \
                 SET service = excluded.service, region = excluded.region, used = excluded.used \
                 WHERE excluded.used >= key_uses.used + $6",
            )
            .bind(&used.access_key)
            .bind(account)
            .bind(&used.service)
            .bind(&used.region)
            .bind(used.used)
            .bind(key_span)
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}

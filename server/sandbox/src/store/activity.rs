//! The rows behind [`crate::activity`]: what was last used, and access keys.

use futures::FutureExt as _;

use super::sql::sql;
use super::writer::Tx;
use super::{Store, StoreError};
use crate::activity::{KeyUse, Use};
use crate::model::Timestamp;

/// Rows that are written in one transaction at most: others wait for it.
const SLICE: usize = 500;

impl Store {
    /// Every use by an account's users and roles, or by one of them.
    pub async fn uses(&self, account: &str, entity: Option<&str>) -> Result<Vec<Use>, StoreError> {
        let query = match entity {
            None => {
                sql("SELECT entity, action, region, used FROM last_accessed WHERE account = $1").bind(account)
            }
            Some(entity) => sql(
                "SELECT entity, action, region, used FROM last_accessed WHERE account = $1 AND entity = $2",
            )
            .bind(account)
            .bind(entity),
        };
        let rows = query.rows(self.readers()?).await?;
        let uses = rows.iter().map(|row| {
            Ok(Use { entity: row.get(0)?, action: row.get(1)?, region: row.get(2)?, used: row.get(3)? })
        });
        uses.collect()
    }

    /// The uses of an account's access keys.
    pub async fn key_uses(&self, account: &str) -> Result<Vec<KeyUse>, StoreError> {
        let query = sql("SELECT access_key, service, region, used FROM key_uses WHERE account = $1");
        let rows = query.bind(account).rows(self.readers()?).await?;
        let uses = rows.iter().map(|row| {
            Ok(KeyUse {
                access_key: row.get(0)?,
                service: row.get(1)?,
                region: row.get(2)?,
                used: row.get(3)?,
            })
        });
        uses.collect()
    }

    /// Writes uses with their accounts; of each the later one stays.
    pub async fn write_uses(&self, uses: Vec<(String, Use)>) -> Result<(), StoreError> {
        for uses in uses.chunks(SLICE) {
            self.write(0, uses.to_vec(), |uses, tx| put_uses(tx, uses).boxed()).await?;
        }
        Ok(())
    }

    /// Writes uses of access keys with their accounts; of each key the first within `span` seconds stays.
    pub async fn write_key_uses(
        &self,
        uses: Vec<(String, KeyUse)>,
        span: Timestamp,
    ) -> Result<(), StoreError> {
        for uses in uses.chunks(SLICE) {
            let some = (uses.to_vec(), span);
            self.write(0, some, |(uses, span), tx| put_key_uses(tx, uses, *span).boxed()).await?;
        }
        Ok(())
    }
}

async fn put_uses(tx: &mut Tx, uses: &[(String, Use)]) -> Result<(), StoreError> {
    for (account, used) in uses {
        let upsert = sql(
            "INSERT INTO last_accessed (account, entity, action, region, used) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (account, entity, action, region) DO UPDATE SET used = excluded.used \
             WHERE excluded.used > last_accessed.used",
        );
        let upsert = upsert.bind(account).bind(&used.entity).bind(&used.action);
        tx.run(upsert.bind(&used.region).bind(used.used)).await?;
    }
    Ok(())
}

async fn put_key_uses(tx: &mut Tx, uses: &[(String, KeyUse)], span: Timestamp) -> Result<(), StoreError> {
    for (account, used) in uses {
        let upsert = sql(
            "INSERT INTO key_uses (access_key, account, service, region, used) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (access_key) DO UPDATE \
             SET service = excluded.service, region = excluded.region, used = excluded.used \
             WHERE excluded.used >= key_uses.used + $6",
        );
        let upsert = upsert.bind(&used.access_key).bind(account).bind(&used.service);
        tx.run(upsert.bind(&used.region).bind(used.used).bind(span)).await?;
    }
    Ok(())
}

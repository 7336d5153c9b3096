//! Records: one row a call, numbered within the lab, written together with what the call changed in the lab.

use super::{LabId, LabState, Store, StoreError};
use crate::cloud::Exchange;
use app::console::{Record, RecordsOf, StepId};

impl Store {
    /// Appends a record and saves the lab in one transaction. Gives the record with its number.
    ///
    /// # Errors
    /// When the database cannot be written; then neither is.
    pub async fn append_record(
        &self,
        lab: &LabState,
        mut record: Record,
        exchange: &Exchange,
    ) -> Result<Record, StoreError> {
        let mut tx = self.begin().await?;
        record.id = sqlx::query_scalar("SELECT coalesce(max(id), 0) + 1 FROM records WHERE lab_id = ?")
            .bind(lab.id.as_str())
            .fetch_one(&mut *tx)
            .await?;
        sqlx::query("INSERT INTO records (lab_id, id, step, record, exchange) VALUES (?, ?, ?, ?, ?)")
            .bind(lab.id.as_str())
            .bind(record.id)
            .bind(record.step.map(StepId::slug))
            .bind(serde_json::to_string(&record)?)
            .bind(serde_json::to_string(exchange)?)
            .execute(&mut *tx)
            .await?;
        sqlx::query("UPDATE labs SET state = ? WHERE id = ?")
            .bind(serde_json::to_string(lab)?)
            .bind(lab.id.as_str())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(record)
    }

    /// One record.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn record(&self, lab: &LabId, id: i64) -> Result<Option<Record>, StoreError> {
        let record: Option<String> =
            sqlx::query_scalar("SELECT record FROM records WHERE lab_id = ? AND id = ?")
                .bind(lab.as_str())
                .bind(id)
                .fetch_optional(&self.pool)
                .await?;
        Ok(record.map(|record| serde_json::from_str(&record)).transpose()?)
    }

    /// Several records: the newest (newest first), or all of a step (oldest first).
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn records(&self, lab: &LabId, of: RecordsOf) -> Result<Vec<Record>, StoreError> {
        let rows: Vec<String> = match of {
            RecordsOf::Newest(limit) => {
                sqlx::query_scalar("SELECT record FROM records WHERE lab_id = ? ORDER BY id DESC LIMIT ?")
                    .bind(lab.as_str())
                    .bind(limit)
                    .fetch_all(&self.pool)
                    .await?
            }
            RecordsOf::Step(step) => {
                sqlx::query_scalar("SELECT record FROM records WHERE lab_id = ? AND step = ? ORDER BY id")
                    .bind(lab.as_str())
                    .bind(step.slug())
                    .fetch_all(&self.pool)
                    .await?
            }
        };
        Ok(rows.iter().map(|row| serde_json::from_str(row)).collect::<Result<_, _>>()?)
    }

    /// The records after `id`, oldest first, at most `limit`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn records_after(&self, lab: &LabId, id: i64, limit: u32) -> Result<Vec<Record>, StoreError> {
        let rows: Vec<String> =
            sqlx::query_scalar("SELECT record FROM records WHERE lab_id = ? AND id > ? ORDER BY id LIMIT ?")
                .bind(lab.as_str())
                .bind(id)
                .bind(limit)
                .fetch_all(&self.pool)
                .await?;
        Ok(rows.iter().map(|row| serde_json::from_str(row)).collect::<Result<_, _>>()?)
    }

    /// The number of the newest record, 0 before there is one.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn newest_record(&self, lab: &LabId) -> Result<i64, StoreError> {
        Ok(sqlx::query_scalar("SELECT coalesce(max(id), 0) FROM records WHERE lab_id = ?")
            .bind(lab.as_str())
            .fetch_one(&self.pool)
            .await?)
    }
}

//! Records: one row a call, numbered within the lab, written together with what the call changed in the lab.

use super::{LabId, LabState, Store, StoreError, database::Transaction, lab::saving};
use crate::cloud::Exchange;
use app::console::{Record, RecordsOf};
use sandbox::store::sql::{Value, sql};

/// The number of a lab's next row in a table. Nobody else takes it: the lab was written before.
pub(super) async fn next_id(
    transaction: &mut Transaction,
    table: &'static str,
    lab: &LabId,
) -> Result<i64, StoreError> {
    let next = sql(format!("SELECT coalesce(max(id), 0) + 1 FROM {table} WHERE lab_id = $1"));
    let row = next.bind(lab.as_str()).row(transaction.on()).await?.ok_or(sqlx::Error::RowNotFound)?;
    Ok(row.get(0)?)
}

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
        let mut transaction = self.begin().await?;
        saving(lab)?.run(transaction.on()).await?;
        record.id = next_id(&mut transaction, "records", &lab.id).await?;
        let insert =
            sql("INSERT INTO records (lab_id, id, step, record, exchange) VALUES ($1, $2, $3, $4, $5)");
        let insert = insert
            .bind(lab.id.as_str())
            .bind(record.id)
            .bind_all([Value::Text(record.step.map(|step| step.slug().to_owned()))])
            .bind(&serde_json::to_string(&record)?)
            .bind(&serde_json::to_string(exchange)?);
        insert.run(transaction.on()).await?;
        transaction.commit().await?;
        Ok(record)
    }

    /// One record.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn record(&self, lab: &LabId, id: i64) -> Result<Option<Record>, StoreError> {
        let record = sql("SELECT record FROM records WHERE lab_id = $1 AND id = $2");
        self.read_one(record.bind(lab.as_str()).bind(id)).await
    }

    /// What went over the wire for one record.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn exchange(&self, lab: &LabId, id: i64) -> Result<Option<Exchange>, StoreError> {
        let exchange = sql("SELECT exchange FROM records WHERE lab_id = $1 AND id = $2");
        self.read_one(exchange.bind(lab.as_str()).bind(id)).await
    }

    /// Several records: the newest (newest first), or all of a step (oldest first).
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn records(&self, lab: &LabId, of: RecordsOf) -> Result<Vec<Record>, StoreError> {
        self.read(match of {
            RecordsOf::Newest(limit) => {
                let newest = sql("SELECT record FROM records WHERE lab_id = $1 ORDER BY id DESC LIMIT $2");
                newest.bind(lab.as_str()).bind(i64::from(limit))
            }
            RecordsOf::Step(step) => {
                let all = sql("SELECT record FROM records WHERE lab_id = $1 AND step = $2 ORDER BY id");
                all.bind(lab.as_str()).bind(step.slug())
            }
        })
        .await
    }

    /// The records after `id`, oldest first, at most `limit`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn records_after(&self, lab: &LabId, id: i64, limit: u32) -> Result<Vec<Record>, StoreError> {
        let after = sql("SELECT record FROM records WHERE lab_id = $1 AND id > $2 ORDER BY id LIMIT $3");
        self.read(after.bind(lab.as_str()).bind(id).bind(i64::from(limit))).await
    }

    /// The number of the newest record, 0 before there is one.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn newest_record(&self, lab: &LabId) -> Result<i64, StoreError> {
        let newest = sql("SELECT coalesce(max(id), 0) FROM records WHERE lab_id = $1").bind(lab.as_str());
        Ok(newest.row(self.on()).await?.map(|row| row.get(0)).transpose()?.unwrap_or_default())
    }
}

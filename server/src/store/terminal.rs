//! The instance's terminal log.

use super::{LabId, LabState, Store, StoreError};
use app::console::TerminalEntry;

impl Store {
    /// Appends an entry and saves the lab in one transaction. Gives the entry with its number.
    ///
    /// # Errors
    /// When the database cannot be written; then neither is.
    pub async fn append_terminal(
        &self,
        lab: &LabState,
        mut entry: TerminalEntry,
    ) -> Result<TerminalEntry, StoreError> {
        let mut tx = self.begin().await?;
        entry.id = sqlx::query_scalar("SELECT coalesce(max(id), 0) + 1 FROM terminal WHERE lab_id = ?")
            .bind(lab.id.as_str())
            .fetch_one(&mut *tx)
            .await?;
        sqlx::query("INSERT INTO terminal (lab_id, id, entry) VALUES (?, ?, ?)")
            .bind(lab.id.as_str())
            .bind(entry.id)
            .bind(serde_json::to_string(&entry)?)
            .execute(&mut *tx)
            .await?;
        sqlx::query("UPDATE labs SET state = ? WHERE id = ?")
            .bind(serde_json::to_string(lab)?)
            .bind(lab.id.as_str())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(entry)
    }

    /// The entries after number `after`, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn terminal(&self, lab: &LabId, after: i64) -> Result<Vec<TerminalEntry>, StoreError> {
        let rows: Vec<String> =
            sqlx::query_scalar("SELECT entry FROM terminal WHERE lab_id = ? AND id > ? ORDER BY id")
                .bind(lab.as_str())
                .bind(after)
                .fetch_all(&self.pool)
                .await?;
        Ok(rows.iter().map(|row| serde_json::from_str(row)).collect::<Result<_, _>>()?)
    }
}

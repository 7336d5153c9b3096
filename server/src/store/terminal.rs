//! The instance's terminal log.

use super::{LabId, LabState, Store, StoreError, lab::saving, records::next_id};
use app::console::TerminalEntry;
use sandbox::store::sql::sql;

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
        let mut transaction = self.begin().await?;
        saving(lab)?.run(transaction.on()).await?;
        entry.id = next_id(&mut transaction, "terminal", &lab.id).await?;
        let insert = sql("INSERT INTO terminal (lab_id, id, entry) VALUES ($1, $2, $3)");
        let insert = insert.bind(lab.id.as_str()).bind(entry.id).bind(&serde_json::to_string(&entry)?);
        insert.run(transaction.on()).await?;
        transaction.commit().await?;
        Ok(entry)
    }

    /// The entries after number `after`, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn terminal(&self, lab: &LabId, after: i64) -> Result<Vec<TerminalEntry>, StoreError> {
        let entries = sql("SELECT entry FROM terminal WHERE lab_id = $1 AND id > $2 ORDER BY id");
        self.read(entries.bind(lab.as_str()).bind(after)).await
    }
}

//! The vault's rows: sealed credentials, with what may be known without opening them.

use super::{LabId, Store, StoreError};
use app::console::Persona;

/// A persona's credentials as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedRow {
    /// Whose they are.
    pub persona: Persona,
    /// The caller ARN they give.
    pub arn: String,
    /// Unix time in seconds when they end; `None` for long-term keys.
    pub expires_at: Option<i64>,
    /// Nonce, ciphertext and tag.
    pub sealed: Vec<u8>,
}

type Columns = (String, String, Option<i64>, Vec<u8>);

fn row((persona, arn, expires_at, sealed): Columns) -> Option<SealedRow> {
    Some(SealedRow { persona: Persona::from_name(&persona)?, arn, expires_at, sealed })
}

impl Store {
    /// Writes a persona's sealed credentials, replacing older ones.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn put_sealed(&self, lab: &LabId, row: &SealedRow) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT OR REPLACE INTO vault (lab_id, persona, arn, expires_at, sealed) VALUES (?, ?, ?, ?, ?)",
        )
        .bind(lab.as_str())
        .bind(row.persona.name())
        .bind(&row.arn)
        .bind(row.expires_at)
        .bind(&row.sealed)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Everything sealed for a lab.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn sealed(&self, lab: &LabId) -> Result<Vec<SealedRow>, StoreError> {
        let rows: Vec<Columns> = sqlx::query_as(
            "SELECT persona, arn, expires_at, sealed FROM vault WHERE lab_id = ? ORDER BY rowid",
        )
        .bind(lab.as_str())
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().filter_map(row).collect())
    }
}

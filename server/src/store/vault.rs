//! The vault's rows: sealed credentials, with what may be known without opening them.

use super::{LabId, Store, StoreError};
use app::console::Persona;
use sandbox::store::sql::{Row, Value, sql};

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

/// A row; `None` if its persona is not one of this version's.
fn sealed_row(row: &Row) -> Result<Option<SealedRow>, StoreError> {
    let Some(persona) = Persona::from_name(&row.get::<String>(0)?) else { return Ok(None) };
    Ok(Some(SealedRow { persona, arn: row.get(1)?, expires_at: row.get(2)?, sealed: row.get(3)? }))
}

impl Store {
    /// Writes a persona's sealed credentials, replacing older ones.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn put_sealed(&self, lab: &LabId, row: &SealedRow) -> Result<(), StoreError> {
        let put =
            sql("INSERT INTO vault (lab_id, persona, arn, expires_at, sealed) VALUES ($1, $2, $3, $4, $5) \
                       ON CONFLICT (lab_id, persona) DO UPDATE SET arn = excluded.arn, \
                       expires_at = excluded.expires_at, sealed = excluded.sealed");
        let put = put
            .bind(lab.as_str())
            .bind(row.persona.name())
            .bind(&row.arn)
            .bind_all([Value::Integer(row.expires_at)])
            .bind(row.sealed.as_slice());
        put.run(self.on()).await?;
        Ok(())
    }

    /// Everything sealed for a lab.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn sealed(&self, lab: &LabId) -> Result<Vec<SealedRow>, StoreError> {
        let rows =
            sql("SELECT persona, arn, expires_at, sealed FROM vault WHERE lab_id = $1 ORDER BY persona");
        let rows = rows.bind(lab.as_str()).rows(self.on()).await?;
        rows.iter().filter_map(|row| sealed_row(row).transpose()).collect()
    }
}

//! The files on the instance.

use super::{LabId, Store, StoreError};

/// A file's name, size and time, without its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileInfo {
    /// Name in the one folder there is.
    pub name: String,
    /// Bytes.
    pub size: i64,
    /// Unix time in seconds.
    pub modified: i64,
}

impl Store {
    /// Writes a file, replacing one of that name. `now` is Unix time in seconds.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn put_file(&self, lab: &LabId, name: &str, bytes: &[u8], now: i64) -> Result<(), StoreError> {
        sqlx::query("INSERT OR REPLACE INTO files (lab_id, name, modified, bytes) VALUES (?, ?, ?, ?)")
            .bind(lab.as_str())
            .bind(name)
            .bind(now)
            .bind(bytes)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// A file's bytes.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn file(&self, lab: &LabId, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(sqlx::query_scalar("SELECT bytes FROM files WHERE lab_id = ? AND name = ?")
            .bind(lab.as_str())
            .bind(name)
            .fetch_optional(&self.pool)
            .await?)
    }

    /// Every file, by name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn files(&self, lab: &LabId) -> Result<Vec<FileInfo>, StoreError> {
        let rows: Vec<(String, i64, i64)> =
            sqlx::query_as("SELECT name, length(bytes), modified FROM files WHERE lab_id = ? ORDER BY name")
                .bind(lab.as_str())
                .fetch_all(&self.pool)
                .await?;
        Ok(rows.into_iter().map(|(name, size, modified)| FileInfo { name, size, modified }).collect())
    }

    /// Removes a file; says whether there was one.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn remove_file(&self, lab: &LabId, name: &str) -> Result<bool, StoreError> {
        let removed = sqlx::query("DELETE FROM files WHERE lab_id = ? AND name = ?")
            .bind(lab.as_str())
            .bind(name)
            .execute(&self.pool)
            .await?;
        Ok(removed.rows_affected() > 0)
    }
}

//! The files on the instance.

use super::{LabId, Store, StoreError};
use sandbox::store::sql::{Row, sql};

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
        let put = sql("INSERT INTO files (lab_id, name, modified, bytes) VALUES ($1, $2, $3, $4) \
                       ON CONFLICT (lab_id, name) DO UPDATE SET modified = excluded.modified, bytes = excluded.bytes");
        put.bind(lab.as_str()).bind(name).bind(now).bind(bytes).run(self.on()).await?;
        Ok(())
    }

    /// A file's bytes.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn file(&self, lab: &LabId, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let kept = sql("SELECT bytes FROM files WHERE lab_id = $1 AND name = $2");
        let row = kept.bind(lab.as_str()).bind(name).row(self.on()).await?;
        Ok(row.map(|row| row.get(0)).transpose()?)
    }

    /// Every file, by name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn files(&self, lab: &LabId) -> Result<Vec<FileInfo>, StoreError> {
        let kept =
            "SELECT name, CAST(length(bytes) AS BIGINT), modified FROM files WHERE lab_id = $1 ORDER BY name";
        let rows = sql(kept).bind(lab.as_str()).rows(self.on()).await?;
        let file = |row: &Row| Ok(FileInfo { name: row.get(0)?, size: row.get(1)?, modified: row.get(2)? });
        rows.iter().map(file).collect()
    }

    /// Removes a file; says whether there was one.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn remove_file(&self, lab: &LabId, name: &str) -> Result<bool, StoreError> {
        let removed = sql("DELETE FROM files WHERE lab_id = $1 AND name = $2");
        Ok(removed.bind(lab.as_str()).bind(name).run(self.on()).await? > 0)
    }
}

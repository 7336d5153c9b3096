//! Multipart uploads: parts come in any order, also again, and become an object when the upload is completed.

use serde::{Deserialize, Serialize};
use sqlx::Row as _;

use super::objects::{ObjectRow, PartRow, Terms, Written, body_of, insert_chunk, name_object};
use super::{Store, StoreError};
use crate::model::Timestamp;

/// An upload under way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UploadRow {
    /// Upload id.
    #[serde(skip)]
    pub id: String,
    /// The object it is to become: everything but size, entity tag, checksums and parts.
    pub object: ObjectRow,
    /// When it was begun.
    pub initiated: Timestamp,
    /// Principal ARN of who began it.
    pub initiator: String,
    /// Checksum algorithm asked for, as S3 spells it.
    pub checksum_algorithm: Option<String>,
    /// Whether the object's checksum is to be that of the parts' checksums.
    pub composite_checksum: bool,
}

/// Chunk numbers of one attempt at one part: the part, the attempt, the chunk.
const CHUNK_BITS: u32 = 24;
const ATTEMPT_BITS: u32 = 24;

/// The number of the first chunk of an attempt at a part. Attempts do not overlap, so that one that fails harms no other.
pub fn first_chunk(part: i64, attempt: u32) -> i64 {
    let attempt = i64::from(attempt & ((1 << ATTEMPT_BITS) - 1));
    (part << (ATTEMPT_BITS + CHUNK_BITS)) | (attempt << CHUNK_BITS)
}

/// The number after the last chunk that an attempt can have.
pub fn end_of_attempt(first: i64) -> i64 {
    first + (1 << CHUNK_BITS)
}

impl Store {
    /// Begins an upload.
    pub async fn create_upload(&self, upload: &UploadRow) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO uploads (id, bucket, name, data, body) VALUES ($1, $2, $3, $4, $5)")
            .bind(&upload.id)
            .bind(&upload.object.bucket)
            .bind(&upload.object.key)
            .bind(&upload.object.data)
            .bind(body_of(upload)?)
            .execute(&self.0.pool)
            .await?;
        Ok(())
    }

    /// An upload to this bucket and key; `None` when there is none, or no more.
    pub async fn upload(&self, bucket: &str, key: &str, id: &str) -> Result<Option<UploadRow>, StoreError> {
        let row = sqlx::query(
            "SELECT id, bucket, name, data, body FROM uploads WHERE bucket = $1 AND name = $2 AND id = $3",
        )
        .bind(bucket)
        .bind(key)
        .bind(id)
        .fetch_optional(&self.0.pool)
        .await?;
        row.map(|row| upload_of(&row)).transpose()
    }

    /// Adds the last chunk of a part and names the part, in place of an earlier one with its number.
    pub async fn put_part(
        &self,
        upload: &UploadRow,
        part: &PartRow,
        (seq, bytes): (i64, &[u8]),
    ) -> Result<Written, StoreError> {
        let mut transaction = self.begin().await?;
        let there: Option<i64> = sqlx::query_scalar("SELECT 1 FROM uploads WHERE id = $1")
            .bind(&upload.id)
            .fetch_optional(&mut *transaction)
            .await?;
        if there.is_none() {
            return Ok(Written::NoUpload);
        }
        if let Some(first) = first_of_part(&mut transaction, &upload.id, part.number).await? {
            remove_between(&mut transaction, &upload.object.data, first, end_of_attempt(first)).await?;
        }
        insert_chunk(&mut transaction, &upload.object.data, seq, bytes).await?;
        sqlx::query(
            "INSERT INTO parts (upload, number, first, body) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (upload, number) DO UPDATE SET first = excluded.first, body = excluded.body",
        )
        .bind(&upload.id)
        .bind(part.number)
        .bind(part.first)
        .bind(body_of(part)?)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(Written::Done)
    }

    /// The parts of an upload after number `after`, in order.
    pub async fn parts(&self, upload: &str, after: i64) -> Result<Vec<PartRow>, StoreError> {
        let bodies: Vec<String> =
            sqlx::query_scalar("SELECT body FROM parts WHERE upload = $1 AND number > $2 ORDER BY number")
                .bind(upload)
                .bind(after)
                .fetch_all(&self.0.pool)
                .await?;
        let read = |body: &String| {
            serde_json::from_str(body).map_err(|source| StoreError::Row { kind: "part", source })
        };
        bodies.iter().map(read).collect()
    }

    /// Makes an upload the object it was to become, of the parts that `object` names. Parts that it does not name are gone.
    pub async fn complete_upload(
        &self,
        upload: &str,
        object: &ObjectRow,
        terms: Terms<'_>,
    ) -> Result<Written, StoreError> {
        let mut transaction = self.begin().await?;
        let mut firsts: Vec<i64> = Vec::new();
        for part in &object.parts {
            // Uploaded again since the parts were read: what was promised is no longer there.
            if first_of_part(&mut transaction, upload, part.number).await? != Some(part.first) {
                return Ok(Written::NoUpload);
            }
            firsts.push(part.first);
        }
        let gone =
            sqlx::query("DELETE FROM uploads WHERE id = $1").bind(upload).execute(&mut *transaction).await?;
        if gone.rows_affected() == 0 {
            return Ok(Written::NoUpload);
        }
        sqlx::query("DELETE FROM parts WHERE upload = $1").bind(upload).execute(&mut *transaction).await?;
        let mut kept_up_to = 0;
        for first in firsts {
            remove_between(&mut transaction, &object.data, kept_up_to, first).await?;
            kept_up_to = end_of_attempt(first);
        }
        remove_between(&mut transaction, &object.data, kept_up_to, i64::MAX).await?;
        let mut freed = Vec::new();
        let written = name_object(&mut transaction, object, terms, &mut freed).await?;
        if written == Written::Done {
            transaction.commit().await?;
            self.free(freed).await;
        }
        Ok(written)
    }

    /// Ends an upload and removes its parts; false when there is no such upload.
    pub async fn abort_upload(&self, upload: &UploadRow) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let gone = sqlx::query("DELETE FROM uploads WHERE id = $1")
            .bind(&upload.id)
            .execute(&mut *transaction)
            .await?;
        sqlx::query("DELETE FROM parts WHERE upload = $1")
            .bind(&upload.id)
            .execute(&mut *transaction)
            .await?;
        if gone.rows_affected() > 0 {
            remove_between(&mut transaction, &upload.object.data, 0, i64::MAX).await?;
        }
        transaction.commit().await?;
        Ok(gone.rows_affected() > 0)
    }
}

async fn first_of_part(
    connection: &mut sqlx::SqliteConnection,
    upload: &str,
    number: i64,
) -> Result<Option<i64>, StoreError> {
    let first = sqlx::query_scalar("SELECT first FROM parts WHERE upload = $1 AND number = $2")
        .bind(upload)
        .bind(number)
        .fetch_optional(connection)
        .await?;
    Ok(first)
}

async fn remove_between(
    connection: &mut sqlx::SqliteConnection,
    data: &str,
    first: i64,
    end: i64,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM chunks WHERE data = $1 AND seq >= $2 AND seq < $3")
        .bind(data)
        .bind(first)
        .bind(end)
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) fn upload_of(row: &sqlx::sqlite::SqliteRow) -> Result<UploadRow, StoreError> {
    let body: String = row.try_get(4)?;
    let mut upload: UploadRow =
        serde_json::from_str(&body).map_err(|source| StoreError::Row { kind: "upload", source })?;
    upload.id = row.try_get(0)?;
    upload.object.bucket = row.try_get(1)?;
    upload.object.key = row.try_get(2)?;
    upload.object.data = row.try_get(3)?;
    Ok(upload)
}

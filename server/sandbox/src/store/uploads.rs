//! Multipart uploads: parts come in any order, also again, and become an object when the upload is completed.

use serde::{Deserialize, Serialize};
use sqlx::{Row as _, SqliteConnection};

use super::objects::{ObjectRow, PartRow, Terms, Written, body_of, insert_chunk, name_object};
use super::usage::{self, Tally};
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
    pub async fn create_upload(&self, upload: &UploadRow) -> Result<Written, StoreError> {
        let Some(owner) = self.bucket_owner(&upload.object.bucket).await? else {
            return Ok(Written::NoBucket);
        };
        let mut transaction = self.begin().await?;
        let made = sqlx::query(
            "INSERT INTO uploads (id, bucket, name, data, body) SELECT $1, $2, $3, $4, $5 \
             WHERE EXISTS (SELECT 1 FROM resources WHERE kind = 'bucket' AND name = $2 AND account = $6)",
        )
        .bind(&upload.id)
        .bind(&upload.object.bucket)
        .bind(&upload.object.key)
        .bind(&upload.object.data)
        .bind(body_of(upload)?)
        .bind(&owner.id)
        .execute(&mut *transaction)
        .await?;
        if made.rows_affected() == 0 {
            return Ok(Written::NoBucket);
        }
        let mut tally = Tally::default();
        tally.add(usage::of_name());
        self.commit_counted(transaction, &owner.id, tally).await?;
        Ok(Written::Done)
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

    /// Uploads to keys that start with `prefix`, after the upload `after.1` to the key `after.0`; at most `limit`, and whether
    /// more follow.
    pub async fn uploads(
        &self,
        bucket: &str,
        prefix: &str,
        after: (&str, Option<&str>),
        limit: u32,
    ) -> Result<(Vec<UploadRow>, bool), StoreError> {
        let rows = sqlx::query(
            "SELECT id, bucket, name, data, body FROM uploads WHERE bucket = $1 AND substr(name, 1, $2) = $3 \
             AND (name > $4 OR (name = $4 AND $5 <> '' AND id > $5)) ORDER BY name, id LIMIT $6",
        )
        .bind(bucket)
        .bind(i64::try_from(prefix.chars().count()).unwrap_or(i64::MAX))
        .bind(prefix)
        .bind(after.0)
        .bind(after.1.unwrap_or_default())
        .bind(i64::from(limit) + 1)
        .fetch_all(&self.0.pool)
        .await?;
        let mut uploads = rows.iter().map(upload_of).collect::<Result<Vec<_>, _>>()?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = uploads.len() > limit;
        uploads.truncate(limit);
        Ok((uploads, more))
    }

    /// Adds the last chunk of a part and names the part, in place of an earlier one with its number.
    pub async fn put_part(
        &self,
        upload: &UploadRow,
        part: &PartRow,
        (seq, bytes): (i64, &[u8]),
    ) -> Result<Written, StoreError> {
        let Some(owner) = self.bucket_owner(&upload.object.bucket).await? else {
            return Ok(Written::NoUpload);
        };
        let mut transaction = self.begin().await?;
        let mut tally = Tally::default();
        let there: Option<i64> = sqlx::query_scalar("SELECT 1 FROM uploads WHERE id = $1")
            .bind(&upload.id)
            .fetch_optional(&mut *transaction)
            .await?;
        if there.is_none() {
            return Ok(Written::NoUpload);
        }
        if let Some((first, size)) = stored_part(&mut transaction, &upload.id, part.number).await? {
            remove_between(&mut transaction, &upload.object.data, first, end_of_attempt(first)).await?;
            tally.take(usage::of_part(size));
        }
        tally.add(usage::of_part(part.size));
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
        self.commit_counted(transaction, &owner.id, tally).await?;
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
            let stored = stored_part(&mut transaction, upload, part.number).await?;
            if stored.is_none_or(|(first, _)| first != part.first) {
                return Ok(Written::NoUpload);
            }
            firsts.push(part.first);
        }
        let mut tally = Tally::default();
        if !remove_upload(&mut transaction, upload, &mut tally).await? {
            return Ok(Written::NoUpload);
        }
        let mut kept_up_to = 0;
        for first in firsts {
            remove_between(&mut transaction, &object.data, kept_up_to, first).await?;
            kept_up_to = end_of_attempt(first);
        }
        remove_between(&mut transaction, &object.data, kept_up_to, i64::MAX).await?;
        let written = name_object(&mut transaction, object, terms, &mut tally).await?;
        if written == Written::Done {
            self.commit_counted(transaction, terms.owner, tally).await?;
        }
        Ok(written)
    }

    /// Ends an upload and removes its parts; false when there is no such upload.
    pub async fn abort_upload(&self, upload: &UploadRow) -> Result<bool, StoreError> {
        let Some(owner) = self.bucket_owner(&upload.object.bucket).await? else { return Ok(false) };
        let mut transaction = self.begin().await?;
        let mut tally = Tally::default();
        let gone = remove_upload(&mut transaction, &upload.id, &mut tally).await?;
        if gone {
            remove_between(&mut transaction, &upload.object.data, 0, i64::MAX).await?;
        }
        self.commit_counted(transaction, &owner.id, tally).await?;
        Ok(gone)
    }
}

/// The number of a part's first chunk, and its size.
async fn stored_part(
    connection: &mut SqliteConnection,
    upload: &str,
    number: i64,
) -> Result<Option<(i64, u64)>, StoreError> {
    let row = sqlx::query("SELECT first, body FROM parts WHERE upload = $1 AND number = $2")
        .bind(upload)
        .bind(number)
        .fetch_optional(connection)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let body: String = row.try_get(1)?;
    Ok(Some((row.try_get(0)?, usage::size_in(&body)?)))
}

/// Removes the rows of an upload and its parts, their chunks apart; false when there is no such upload.
async fn remove_upload(
    connection: &mut SqliteConnection,
    upload: &str,
    tally: &mut Tally,
) -> Result<bool, StoreError> {
    let parts: Vec<String> = sqlx::query_scalar("SELECT body FROM parts WHERE upload = $1")
        .bind(upload)
        .fetch_all(&mut *connection)
        .await?;
    for part in &parts {
        tally.take(usage::of_part(usage::size_in(part)?));
    }
    sqlx::query("DELETE FROM parts WHERE upload = $1").bind(upload).execute(&mut *connection).await?;
    let gone = sqlx::query("DELETE FROM uploads WHERE id = $1").bind(upload).execute(connection).await?;
    if gone.rows_affected() == 0 {
        return Ok(false);
    }
    tally.take(usage::of_name());
    Ok(true)
}

/// Removes all uploads to a bucket, with what they hold.
pub(super) async fn remove_all(
    connection: &mut SqliteConnection,
    bucket: &str,
    tally: &mut Tally,
) -> Result<(), StoreError> {
    let uploads: Vec<(String, String)> = sqlx::query_as("SELECT id, data FROM uploads WHERE bucket = $1")
        .bind(bucket)
        .fetch_all(&mut *connection)
        .await?;
    for (upload, data) in uploads {
        remove_upload(connection, &upload, tally).await?;
        remove_between(connection, &data, 0, i64::MAX).await?;
    }
    Ok(())
}

async fn remove_between(
    connection: &mut SqliteConnection,
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

fn upload_of(row: &sqlx::sqlite::SqliteRow) -> Result<UploadRow, StoreError> {
    let body: String = row.try_get(4)?;
    let mut upload: UploadRow =
        serde_json::from_str(&body).map_err(|source| StoreError::Row { kind: "upload", source })?;
    upload.id = row.try_get(0)?;
    upload.object.bucket = row.try_get(1)?;
    upload.object.key = row.try_get(2)?;
    upload.object.data = row.try_get(3)?;
    Ok(upload)
}

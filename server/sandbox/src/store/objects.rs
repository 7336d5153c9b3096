//! Objects: a row that names them and, apart from it, their encrypted bytes in chunks. The row is written last, so a
//! reader sees an object whole or not at all; chunks that no row names are removed when the store opens.

use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};
use serde::{Deserialize, Serialize};
use sqlx::Row as _;

use super::{Store, StoreError};
use crate::model::{Bucket, Timestamp};

/// An object's metadata; its bytes are found by `data`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ObjectRow {
    /// Bucket name.
    #[serde(skip)]
    pub bucket: String,
    /// Object key.
    #[serde(skip)]
    pub key: String,
    /// Names the chunks; fresh for every write.
    #[serde(skip)]
    pub data: String,
    /// Plaintext length in bytes.
    pub size: u64,
    /// Entity tag, with its quotes.
    pub etag: String,
    /// When it was written.
    pub modified: Timestamp,
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// User metadata, names without `x-amz-meta-`.
    pub metadata: Vec<(String, String)>,
    /// Other system metadata by header name, such as `cache-control`.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// How it is encrypted: SSE-S3 when `kms_key_arn` is `None`, else SSE-KMS.
    pub kms_key_arn: Option<String>,
    /// Encryption context pairs that the caller gave.
    pub encryption_context: Vec<(String, String)>,
    /// The data key: KMS ciphertext for SSE-KMS, sealed under the root key for SSE-S3; base64.
    pub wrapped_key: String,
    /// Whether the data key came from an S3 Bucket Key.
    pub bucket_key: bool,
    /// Checksum of the plaintext, given and verified or else computed: algorithm name as S3 spells it (`CRC32`) and
    /// base64 value.
    pub checksums: Vec<(String, String)>,
}

/// Encrypted chunks in order.
pub type ObjectBytes = BoxStream<'static, Result<Vec<u8>, StoreError>>;

/// One page of a listing.
#[derive(Debug)]
pub struct ObjectsPage {
    /// In UTF-8 binary order of their keys.
    pub objects: Vec<ObjectRow>,
    /// Whether more follow.
    pub more: bool,
}

impl Store {
    /// Adds one encrypted chunk under a data id that no object names yet.
    pub async fn put_chunk(&self, data: &str, seq: i64, bytes: &[u8]) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO chunks (data, seq, bytes) VALUES ($1, $2, $3)")
            .bind(data)
            .bind(seq)
            .bind(bytes)
            .execute(&self.0.pool)
            .await?;
        Ok(())
    }

    /// Removes the chunks of an upload that came to nothing.
    pub async fn discard_chunks(&self, data: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM chunks WHERE data = $1 AND data NOT IN (SELECT data FROM objects)")
            .bind(data)
            .execute(&self.0.pool)
            .await?;
        Ok(())
    }

    /// Adds the last chunk and names all of them: from now on the object is these bytes; what it was before is removed in
    /// the same transaction. Gives false, and writes nothing, when the bucket is gone.
    pub async fn put_object(
        &self,
        object: &ObjectRow,
        (seq, bytes): (i64, &[u8]),
    ) -> Result<bool, StoreError> {
        let body =
            serde_json::to_string(object).map_err(|source| StoreError::Row { kind: "object", source })?;
        let mut transaction = self.0.pool.begin_with("BEGIN IMMEDIATE").await?;
        let bucket: Option<i64> =
            sqlx::query_scalar("SELECT 1 FROM resources WHERE kind = 'bucket' AND name = $1")
                .bind(&object.bucket)
                .fetch_optional(&mut *transaction)
                .await?;
        if bucket.is_none() {
            return Ok(false);
        }
        delete_bytes(&mut transaction, &object.bucket, &object.key).await?;
        sqlx::query("INSERT INTO chunks (data, seq, bytes) VALUES ($1, $2, $3)")
            .bind(&object.data)
            .bind(seq)
            .bind(bytes)
            .execute(&mut *transaction)
            .await?;
        sqlx::query(
            "INSERT INTO objects (bucket, name, data, body) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (bucket, name) DO UPDATE SET data = excluded.data, body = excluded.body",
        )
        .bind(&object.bucket)
        .bind(&object.key)
        .bind(&object.data)
        .bind(body)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// The object's metadata; `None` when there is no such object.
    pub async fn object(&self, bucket: &str, key: &str) -> Result<Option<ObjectRow>, StoreError> {
        sqlx::query("SELECT bucket, name, data, body FROM objects WHERE bucket = $1 AND name = $2")
            .bind(bucket)
            .bind(key)
            .fetch_optional(&self.0.pool)
            .await?
            .map(|row| object_row(&row))
            .transpose()
    }

    /// The object's encrypted chunks from number `first` on, in order.
    pub fn object_bytes(&self, object: &ObjectRow, first: i64) -> ObjectBytes {
        let (store, data) = (self.clone(), object.data.clone());
        futures::stream::try_unfold(first, move |seq| {
            let (store, data) = (store.clone(), data.clone());
            async move {
                let chunk: Option<Vec<u8>> =
                    sqlx::query_scalar("SELECT bytes FROM chunks WHERE data = $1 AND seq = $2")
                        .bind(&data)
                        .bind(seq)
                        .fetch_optional(&store.0.pool)
                        .await?;
                Ok(chunk.map(|chunk| (chunk, seq + 1)))
            }
        })
        .map_err(|error: sqlx::Error| StoreError::from(error))
        .boxed()
    }

    /// Removes an object and its bytes; removing what is not there is no error.
    pub async fn delete_object(&self, bucket: &str, key: &str) -> Result<(), StoreError> {
        let mut transaction = self.0.pool.begin_with("BEGIN IMMEDIATE").await?;
        delete_bytes(&mut transaction, bucket, key).await?;
        sqlx::query("DELETE FROM objects WHERE bucket = $1 AND name = $2")
            .bind(bucket)
            .bind(key)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Objects whose key starts with `prefix` and sorts after `after`, at most `limit`.
    pub async fn objects(
        &self,
        bucket: &Bucket,
        prefix: &str,
        after: &str,
        limit: u32,
    ) -> Result<ObjectsPage, StoreError> {
        // `substr` counts characters, not bytes; SQLite and PostgreSQL agree on that.
        let rows = sqlx::query(
            "SELECT bucket, name, data, body FROM objects \
             WHERE bucket = $1 AND name > $2 AND substr(name, 1, $3) = $4 ORDER BY name LIMIT $5",
        )
        .bind(&bucket.name)
        .bind(after)
        .bind(i64::try_from(prefix.chars().count()).unwrap_or(i64::MAX))
        .bind(prefix)
        .bind(i64::from(limit) + 1)
        .fetch_all(&self.0.pool)
        .await?;
        let mut objects = rows.iter().map(object_row).collect::<Result<Vec<_>, _>>()?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = objects.len() > limit;
        objects.truncate(limit);
        Ok(ObjectsPage { objects, more })
    }

    pub(super) async fn remove_orphaned_chunks(&self) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM chunks WHERE data NOT IN (SELECT data FROM objects)")
            .execute(&self.0.pool)
            .await?;
        Ok(())
    }
}

async fn delete_bytes(
    connection: &mut sqlx::SqliteConnection,
    bucket: &str,
    key: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "DELETE FROM chunks WHERE data IN (SELECT data FROM objects WHERE bucket = $1 AND name = $2)",
    )
    .bind(bucket)
    .bind(key)
    .execute(connection)
    .await?;
    Ok(())
}

fn object_row(row: &sqlx::sqlite::SqliteRow) -> Result<ObjectRow, StoreError> {
    let body: String = row.try_get(3)?;
    let mut object: ObjectRow =
        serde_json::from_str(&body).map_err(|source| StoreError::Row { kind: "object", source })?;
    object.bucket = row.try_get(0)?;
    object.key = row.try_get(1)?;
    object.data = row.try_get(2)?;
    Ok(object)
}

//! Objects and their versions: a row that names them and, apart from it, their encrypted bytes in chunks. The row is written
//! last, so a reader sees an object whole or not at all; chunks that nothing names are removed when the store opens.

use serde::{Deserialize, Serialize};
use sqlx::{Row as _, SqliteConnection};

use super::{Store, StoreError};
use crate::model::{Timestamp, Versioning};

/// The version id of what was written without versioning.
pub const NULL_VERSION: &str = "null";

/// An object's metadata; its bytes are found by `data`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ObjectRow {
    /// Bucket name.
    #[serde(skip)]
    pub bucket: String,
    /// Object key.
    #[serde(skip)]
    pub key: String,
    /// Version id, [`NULL_VERSION`] without versioning.
    #[serde(skip)]
    pub version: String,
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
    /// Tags, in the order they were given.
    #[serde(default)]
    pub tags: Vec<(String, String)>,
    /// How it is encrypted: SSE-KMS with a KMS key, SSE-C with a check value of the customer's key, SSE-S3 with neither.
    pub kms_key_arn: Option<String>,
    /// A salt and its HMAC under the customer's key; base64.
    #[serde(default)]
    pub customer_key_check: Option<String>,
    /// Encryption context pairs that the caller gave.
    pub encryption_context: Vec<(String, String)>,
    /// The data key: KMS ciphertext for SSE-KMS, sealed under the customer's key for SSE-C and under the root key for SSE-S3;
    /// base64.
    pub wrapped_key: String,
    /// Whether the data key came from an S3 Bucket Key.
    pub bucket_key: bool,
    /// Checksum of the plaintext, given and verified or else computed: algorithm name as S3 spells it (`CRC32`) and
    /// base64 value.
    pub checksums: Vec<(String, String)>,
    /// Whether that is the checksum of the parts' checksums.
    #[serde(default)]
    pub composite_checksum: bool,
    /// The parts it was uploaded in; none when it came in one piece.
    #[serde(default)]
    pub parts: Vec<PartRow>,
}

/// One part of a multipart upload, or of the object it became.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PartRow {
    /// From 1 to 10,000.
    pub number: i64,
    /// The number of its first chunk.
    pub first: i64,
    /// Plaintext length in bytes.
    pub size: u64,
    /// Entity tag, without quotes.
    pub etag: String,
    /// When it was written.
    pub modified: Timestamp,
    /// Algorithm name and base64 value.
    pub checksum: Option<(String, String)>,
}

/// Chunks in a row that hold a stretch of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The number of the first chunk.
    pub first: i64,
    /// Plaintext bytes.
    pub size: u64,
}

impl ObjectRow {
    /// Where its bytes are, in order.
    pub fn segments(&self) -> Vec<Segment> {
        match self.parts.is_empty() {
            true => vec![Segment { first: 0, size: self.size }],
            false => self.parts.iter().map(|part| Segment { first: part.first, size: part.size }).collect(),
        }
    }
}

/// One version of a name: an object, or the marker that it was deleted.
#[derive(Clone, Debug)]
pub struct Version {
    /// Object key.
    pub key: String,
    /// Version id.
    pub id: String,
    /// Whether it is what a request without a version id means.
    pub latest: bool,
    /// The object; `None` for a delete marker.
    pub object: Option<ObjectRow>,
    /// When it was written.
    pub modified: Timestamp,
}

/// What a delete marker's row holds.
#[derive(Serialize, Deserialize)]
struct Marker {
    modified: Timestamp,
}

/// What a write demands of the object that is there (`If-Match`, `If-None-Match`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OnlyIf {
    /// There is none.
    Absent,
    /// There is one.
    Present,
    /// Its entity tag is this one, quotes included.
    Etag(String),
}

/// On what terms an object is named.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// The account that owns the bucket: one of the same name that another account made meanwhile is another bucket.
    pub owner: &'a str,
    /// What must be there, if anything.
    pub only_if: Option<&'a OnlyIf>,
}

/// What came of a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Written {
    /// It is there.
    Done,
    /// Its bucket is gone; nothing was written.
    NoBucket,
    /// There is an object where none, or another one, was demanded; nothing was written.
    Changed(OnlyIf),
    /// The object that was demanded is not there; nothing was written.
    Missing,
    /// The upload was completed or aborted meanwhile; nothing was written.
    NoUpload,
}

/// What a removal left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    /// The version that was removed, or the delete marker that was put.
    pub version: Option<String>,
    /// Whether that is a delete marker.
    pub marker: bool,
}

impl Store {
    /// Adds one encrypted chunk under a data id that no object names yet.
    pub async fn put_chunk(&self, data: &str, seq: i64, bytes: &[u8]) -> Result<(), StoreError> {
        insert_chunk(&mut *self.0.pool.acquire().await?, data, seq, bytes).await
    }

    /// Removes chunks of a write that came to nothing: those of `data` from number `first` up to before `end`. What was named
    /// after all stays.
    pub async fn discard_chunks(&self, data: &str, first: i64, end: i64) -> Result<(), StoreError> {
        sqlx::query(
            "DELETE FROM chunks WHERE data = $1 AND seq >= $2 AND seq < $3 AND data NOT IN (SELECT data FROM objects) \
             AND NOT EXISTS (SELECT 1 FROM parts JOIN uploads ON uploads.id = parts.upload \
             WHERE uploads.data = $1 AND parts.first = $2)",
        )
        .bind(data)
        .bind(first)
        .bind(end)
        .execute(&self.0.pool)
        .await?;
        Ok(())
    }

    /// Adds the last chunk and names all of them: from now on the object is these bytes. Without versioning what it was
    /// before is gone.
    pub async fn put_object(
        &self,
        object: &ObjectRow,
        terms: Terms<'_>,
        (seq, bytes): (i64, &[u8]),
    ) -> Result<Written, StoreError> {
        let mut transaction = self.begin().await?;
        let mut freed = Vec::new();
        let written = name_object(&mut transaction, object, terms, &mut freed).await?;
        if written == Written::Done {
            insert_chunk(&mut transaction, &object.data, seq, bytes).await?;
            transaction.commit().await?;
            self.free(freed).await;
        }
        Ok(written)
    }

    /// The latest version of a name, or a certain one; `None` when there is none.
    pub async fn version(
        &self,
        bucket: &str,
        key: &str,
        version: Option<&str>,
    ) -> Result<Option<Version>, StoreError> {
        let query = match version {
            None => {
                "SELECT name, version, latest, data, body, bucket FROM objects \
                     WHERE bucket = $1 AND name = $2 AND latest = 1 AND $3 = ''"
            }
            Some(_) => {
                "SELECT name, version, latest, data, body, bucket FROM objects WHERE bucket = $1 AND name = $2 AND version = $3"
            }
        };
        let found = sqlx::query(query)
            .bind(bucket)
            .bind(key)
            .bind(version.unwrap_or_default())
            .fetch_optional(&self.0.pool)
            .await?;
        found.map(|row| version_of(&row)).transpose()
    }

    /// Changes what a row says of an object, its bytes apart. Gives false when that version is gone.
    pub async fn describe_object(&self, object: &ObjectRow) -> Result<bool, StoreError> {
        let updated = sqlx::query(
            "UPDATE objects SET body = $1 WHERE bucket = $2 AND name = $3 AND version = $4 AND data = $5",
        )
        .bind(body_of(object)?)
        .bind(&object.bucket)
        .bind(&object.key)
        .bind(&object.version)
        .bind(&object.data)
        .execute(&self.0.pool)
        .await?;
        Ok(updated.rows_affected() > 0)
    }

    /// Removes what a request without a version id means: the object, or with versioning nothing but its name, by a delete
    /// marker (S3 User Guide, `DeletingObjectVersions`). Removing what is not there is no error. What is demanded and does not hold
    /// is given back, and nothing was removed.
    pub async fn delete_object(
        &self,
        (bucket, key): (&str, &str),
        versioning: Option<Versioning>,
        only_if: Option<&OnlyIf>,
        now: Timestamp,
    ) -> Result<Result<Removed, Written>, StoreError> {
        let mut transaction = self.begin().await?;
        let held = holds(&mut transaction, bucket, key, only_if).await?;
        if held != Written::Done {
            return Ok(Err(held));
        }
        let mut freed = Vec::new();
        let marker = match versioning {
            None => None,
            Some(Versioning::Enabled) => Some(new_version_id()),
            Some(Versioning::Suspended) => Some(NULL_VERSION.to_owned()),
        };
        // With versioning on, a marker of its own leaves all versions as they are.
        if versioning != Some(Versioning::Enabled) {
            remove_version(&mut transaction, bucket, key, NULL_VERSION, &mut freed).await?;
        }
        match &marker {
            Some(id) => {
                let body = serde_json::to_string(&Marker { modified: now });
                let body = body.map_err(|source| StoreError::Row { kind: "delete marker", source })?;
                insert_latest(&mut transaction, (bucket, key, id), "", &body).await?;
            }
            None => promote(&mut transaction, bucket, key).await?,
        }
        transaction.commit().await?;
        self.free(freed).await;
        Ok(Ok(Removed { marker: marker.is_some(), version: marker }))
    }

    /// Removes one version for good; what was before it is the latest then. Removing what is not there is no error.
    pub async fn delete_version(
        &self,
        bucket: &str,
        key: &str,
        version: &str,
    ) -> Result<Removed, StoreError> {
        let mut transaction = self.begin().await?;
        let mut freed = Vec::new();
        let marker = remove_version(&mut transaction, bucket, key, version, &mut freed).await?;
        promote(&mut transaction, bucket, key).await?;
        transaction.commit().await?;
        self.free(freed).await;
        Ok(Removed { version: Some(version.to_owned()), marker })
    }

    pub(super) async fn remove_orphaned_chunks(&self) -> Result<(), StoreError> {
        sqlx::query(
            "DELETE FROM chunks WHERE data NOT IN (SELECT data FROM objects) AND data NOT IN (SELECT data FROM uploads)",
        )
        .execute(&self.0.pool)
        .await?;
        Ok(())
    }
}

/// A version id as S3 makes them: opaque, never reused. Later ones sort behind earlier ones, so that a listing finds its place
/// again where the version it ended with is gone.
pub fn new_version_id() -> String {
    let millis = time::OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000;
    let random = uuid::Uuid::new_v4().simple().to_string();
    format!("{millis:012x}{}", random.get(12..).unwrap_or_default())
}

/// Whether this can be a version id.
pub fn is_version_id(id: &str) -> bool {
    id == NULL_VERSION || (id.len() == 32 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')))
}

pub(super) fn body_of<T: Serialize>(row: &T) -> Result<String, StoreError> {
    serde_json::to_string(row).map_err(|source| StoreError::Row { kind: "object", source })
}

pub(super) async fn insert_chunk(
    connection: &mut SqliteConnection,
    data: &str,
    seq: i64,
    bytes: &[u8],
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO chunks (data, seq, bytes) VALUES ($1, $2, $3)")
        .bind(data)
        .bind(seq)
        .bind(bytes)
        .execute(connection)
        .await?;
    Ok(())
}

/// Makes `object` the latest of its name, if its bucket is there and what is demanded holds. `freed` takes the data ids that
/// nothing names any more.
pub(super) async fn name_object(
    connection: &mut SqliteConnection,
    object: &ObjectRow,
    terms: Terms<'_>,
    freed: &mut Vec<String>,
) -> Result<Written, StoreError> {
    let bucket: Option<i64> =
        sqlx::query_scalar("SELECT 1 FROM resources WHERE kind = 'bucket' AND name = $1 AND account = $2")
            .bind(&object.bucket)
            .bind(terms.owner)
            .fetch_optional(&mut *connection)
            .await?;
    if bucket.is_none() {
        return Ok(Written::NoBucket);
    }
    let held = holds(connection, &object.bucket, &object.key, terms.only_if).await?;
    if held != Written::Done {
        return Ok(held);
    }
    if object.version == NULL_VERSION {
        remove_version(connection, &object.bucket, &object.key, NULL_VERSION, freed).await?;
    }
    let place = (object.bucket.as_str(), object.key.as_str(), object.version.as_str());
    insert_latest(connection, place, &object.data, &body_of(object)?).await?;
    Ok(Written::Done)
}

/// Whether what is demanded of the object that is there holds; `Done` if it does.
async fn holds(
    connection: &mut SqliteConnection,
    bucket: &str,
    key: &str,
    only_if: Option<&OnlyIf>,
) -> Result<Written, StoreError> {
    let Some(only_if) = only_if else { return Ok(Written::Done) };
    let there = sqlx::query(
        "SELECT name, version, latest, data, body, bucket FROM objects \
         WHERE bucket = $1 AND name = $2 AND latest = 1",
    )
    .bind(bucket)
    .bind(key)
    .fetch_optional(connection)
    .await?;
    let there = there.map(|row| version_of(&row)).transpose()?.and_then(|version| version.object);
    Ok(match (only_if, there) {
        (OnlyIf::Absent, None) | (OnlyIf::Present, Some(_)) => Written::Done,
        (OnlyIf::Etag(etag), Some(there)) if there.etag == *etag => Written::Done,
        (OnlyIf::Present | OnlyIf::Etag(_), None) => Written::Missing,
        (OnlyIf::Absent | OnlyIf::Etag(_), Some(_)) => Written::Changed(only_if.clone()),
    })
}

/// Removes one version's row; says whether it was a delete marker.
async fn remove_version(
    connection: &mut SqliteConnection,
    bucket: &str,
    key: &str,
    version: &str,
    freed: &mut Vec<String>,
) -> Result<bool, StoreError> {
    let data: Option<String> = sqlx::query_scalar(
        "DELETE FROM objects WHERE bucket = $1 AND name = $2 AND version = $3 RETURNING data",
    )
    .bind(bucket)
    .bind(key)
    .bind(version)
    .fetch_optional(connection)
    .await?;
    let Some(data) = data else { return Ok(false) };
    let marker = data.is_empty();
    if !marker {
        freed.push(data);
    }
    Ok(marker)
}

async fn insert_latest(
    connection: &mut SqliteConnection,
    (bucket, key, version): (&str, &str, &str),
    data: &str,
    body: &str,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE objects SET latest = 0 WHERE bucket = $1 AND name = $2 AND latest = 1")
        .bind(bucket)
        .bind(key)
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "INSERT INTO objects (bucket, name, version, born, latest, data, body) VALUES ($1, $2, $3, \
         (SELECT COALESCE(MAX(born), 0) + 1 FROM objects WHERE bucket = $1 AND name = $2), 1, $4, $5)",
    )
    .bind(bucket)
    .bind(key)
    .bind(version)
    .bind(data)
    .bind(body)
    .execute(connection)
    .await?;
    Ok(())
}

/// Makes the newest version of a name the latest, if none is.
async fn promote(connection: &mut SqliteConnection, bucket: &str, key: &str) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE objects SET latest = 1 WHERE bucket = $1 AND name = $2 \
         AND born = (SELECT MAX(born) FROM objects WHERE bucket = $1 AND name = $2)",
    )
    .bind(bucket)
    .bind(key)
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) fn version_of(row: &sqlx::sqlite::SqliteRow) -> Result<Version, StoreError> {
    let (key, id, data): (String, String, String) = (row.try_get(0)?, row.try_get(1)?, row.try_get(3)?);
    let latest: i64 = row.try_get(2)?;
    let body: String = row.try_get(4)?;
    let failed = |kind| move |source| StoreError::Row { kind, source };
    if data.is_empty() {
        let marker: Marker = serde_json::from_str(&body).map_err(failed("delete marker"))?;
        return Ok(Version { key, id, latest: latest == 1, object: None, modified: marker.modified });
    }
    let mut object: ObjectRow = serde_json::from_str(&body).map_err(failed("object"))?;
    (object.key, object.version, object.data, object.bucket) =
        (key.clone(), id.clone(), data, row.try_get(5)?);
    let modified = object.modified;
    Ok(Version { key, id, latest: latest == 1, object: Some(object), modified })
}

//! Objects and their versions: a row that names them, with the encrypted bytes of a small object, or with those of a large one
//! in chunks apart. The row is written last, so a reader sees an object whole or not at all.

use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::sql::{Row, sql};
use super::{Store, StoreError};
use crate::model::Timestamp;

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
    /// The id of the upload that it was completed from, if it was.
    #[serde(default)]
    pub upload: Option<String>,
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
    /// Algorithm name and base64 value, by the algorithm of its upload.
    pub checksum: Option<(String, String)>,
    /// The same by the algorithm that its client chose, where that is another.
    #[serde(default)]
    pub claimed: Option<(String, String)>,
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
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Marker {
    pub(super) modified: Timestamp,
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

impl OnlyIf {
    /// Its entity tag is this one, given without its quotes.
    pub(crate) fn etag(unquoted: &str) -> Self {
        Self::Etag(format!("\"{unquoted}\""))
    }
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
pub type Written = Result<(), Refused>;

/// Why nothing was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Its bucket is gone.
    NoBucket,
    /// There is an object where none, or another one, was demanded.
    Changed(OnlyIf),
    /// The object that was demanded is not there.
    Missing,
    /// The upload was completed or aborted meanwhile.
    NoUpload,
    /// A part that the upload was to be completed with is gone or was uploaded again meanwhile.
    NoPart {
        /// Its number.
        number: i64,
        /// Its entity tag when it was read.
        etag: String,
    },
}

/// What a removal left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    /// The version that was removed, or the delete marker that was put.
    pub version: Option<String>,
    /// Whether that is a delete marker.
    pub marker: bool,
}

/// The latest version of a name as it is kept in memory, with its encrypted bytes if they are in its row.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) version: Version,
    pub(super) bytes: Option<Bytes>,
}

/// What an entry takes beside its texts and bytes, in bytes: about what the structures and the allocator add.
const ENTRY_BYTES: usize = 1_024;

impl Kept {
    /// What it takes in memory; `body` is the length of its row's text.
    pub(super) fn size(&self, body: usize) -> usize {
        ENTRY_BYTES + body + self.version.key.len() + self.bytes.as_ref().map_or(0, Bytes::len)
    }
}

/// The name of an object in memory; a bucket's name has no slash.
pub(super) fn place(bucket: &str, key: &str) -> String {
    [bucket, "/", key].concat()
}

/// What [`version_of`] reads, in this order.
pub(super) const VERSION: &str = "bucket, name, version, data, body";

impl Store {
    /// The latest version of a name, or a certain one; `None` when there is none.
    pub async fn version(
        &self,
        bucket: &str,
        key: &str,
        version: Option<&str>,
    ) -> Result<Option<Version>, StoreError> {
        match version {
            None => Ok(self.latest(bucket, key).await?.map(|kept| kept.version.clone())),
            Some(version) => self.certain_version(bucket, key, version).await,
        }
    }

    /// The latest version of a name, from memory if it is there.
    pub(super) async fn latest(&self, bucket: &str, key: &str) -> Result<Option<Arc<Kept>>, StoreError> {
        let place = place(bucket, key);
        let objects = &self.memory().objects;
        let ticket = match objects.get(&place) {
            Ok(kept) => return Ok(Some(kept)),
            Err(ticket) => ticket,
        };
        let query = sql(format!(
            "SELECT {VERSION}, bytes FROM objects WHERE bucket = $1 AND name = $2 ORDER BY born DESC LIMIT 1"
        ));
        let found = query.bind(bucket).bind(key.as_bytes()).row(self.readers()?).await?;
        let Some(row) = found else { return Ok(None) };
        let bytes: Option<Vec<u8>> = row.get(5)?;
        let kept = Kept { version: version_of(&row, true)?, bytes: bytes.map(Bytes::from) };
        let size = kept.size(row.get::<String>(4)?.len());
        Ok(Some(objects.fill(&place, ticket, Arc::new(kept), size)))
    }

    async fn certain_version(
        &self,
        bucket: &str,
        key: &str,
        version: &str,
    ) -> Result<Option<Version>, StoreError> {
        let query = sql(format!(
            "SELECT {VERSION}, {IS_LATEST} FROM objects WHERE bucket = $1 AND name = $2 AND version = $3"
        ));
        let query = query.bind(bucket).bind(key.as_bytes()).bind(version);
        let found = query.row(self.readers()?).await?;
        found.map(|row| version_of(&row, row.get::<i64>(5)? == 1)).transpose()
    }
}

/// Whether a row is the latest of its name, 1 or 0.
pub(super) const IS_LATEST: &str = "CAST(CASE WHEN EXISTS (SELECT 1 FROM objects later WHERE later.bucket = objects.bucket \
     AND later.name = objects.name AND later.born > objects.born) THEN 0 ELSE 1 END AS BIGINT)";

/// A version id as S3 makes them: opaque, never reused. Later ones sort behind earlier ones, so that a listing finds its place
/// again where the version it ended with is gone.
pub fn new_version_id() -> String {
    let millis = time::OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000;
    let random = uuid::Uuid::new_v4().simple().to_string();
    format!("{millis:012x}{}", random.get(12..).unwrap_or_default())
}

/// Whether S3 could have made this version id.
pub fn is_version_id(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    id == NULL_VERSION || (id.len() == 32 && id.bytes().all(plain))
}

pub(super) fn body_of<T: Serialize>(row: &T) -> Result<String, StoreError> {
    serde_json::to_string(row).map_err(|source| StoreError::Row { kind: "object", source })
}

/// Reads the columns [`VERSION`].
pub(super) fn version_of(row: &Row, latest: bool) -> Result<Version, StoreError> {
    let (bucket, key): (String, String) = (row.get(0)?, row.get_name(1)?);
    let (id, data, body): (String, String, String) = (row.get(2)?, row.get(3)?, row.get(4)?);
    let failed = |kind| move |source| StoreError::Row { kind, source };
    if data.is_empty() {
        let marker: Marker = serde_json::from_str(&body).map_err(failed("delete marker"))?;
        return Ok(Version { key, id, latest, object: None, modified: marker.modified });
    }
    let mut object: ObjectRow = serde_json::from_str(&body).map_err(failed("object"))?;
    (object.bucket, object.key, object.version, object.data) = (bucket, key.clone(), id.clone(), data);
    let modified = object.modified;
    Ok(Version { key, id, latest, object: Some(object), modified })
}

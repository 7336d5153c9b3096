//! Writing an object: encrypt as the bytes come, check the digests at the end, and only then name the chunks.

use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use s3s::{S3Error, S3Result, StdError};
use zeroize::Zeroizing;

use super::ask::{Ask, Owned};
use super::checksum::{Claims, Sums};
use super::conditional::precondition_failed;
use super::envelope::{CHUNK_BYTES, Envelope, seal_chunk};
use super::failure::{from_store, full, internal, refuse, with_fields};
use super::intake::{broken, incomplete};
use super::payload::Trailers;
use crate::crypto::{self, Key};
use crate::gate::{Permit, actions};
use crate::limits::Stock;
use crate::model::Versioning;
use crate::store::{
    NULL_VERSION, ObjectRow, OnlyIf, Promise, Refused, Store, StoreError, Terms, Written, new_version_id,
};

/// What an object is to be called and described with.
#[derive(Clone, Debug)]
pub(super) struct Description {
    pub(super) bucket: String,
    pub(super) key: String,
    pub(super) content_type: Option<String>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) metadata: Vec<(String, String)>,
    pub(super) tags: Vec<(String, String)>,
}

/// The bytes of an upload and what is claimed of them.
#[derive(Debug)]
pub(super) struct Content<S> {
    pub(super) body: S,
    /// Announced length.
    pub(super) length: Option<u64>,
    pub(super) claims: Claims,
    pub(super) trailers: Option<Trailers>,
}

/// The row of an object under this envelope, as yet without bytes.
pub(super) fn row(ask: &Ask, owned: &Owned, description: Description, envelope: &Envelope) -> ObjectRow {
    ObjectRow {
        bucket: description.bucket,
        key: description.key,
        version: version_of_a_write(owned),
        data: uuid::Uuid::new_v4().to_string(),
        size: 0,
        etag: String::new(),
        modified: ask.meta.now.unix_timestamp(),
        content_type: description.content_type,
        metadata: description.metadata,
        headers: description.headers,
        tags: description.tags,
        kms_key_arn: envelope.kms_key_arn.clone(),
        customer_key_check: envelope.customer_key_check.clone(),
        encryption_context: envelope.context.clone().into_iter().collect(),
        wrapped_key: envelope.wrapped_key.clone(),
        bucket_key: envelope.bucket_key,
        checksums: Vec::new(),
        composite_checksum: false,
        upload: None,
        parts: Vec::new(),
    }
}

/// The version id that a write to the bucket gets.
pub(super) fn version_of_a_write(owned: &Owned) -> String {
    match owned.bucket.versioning {
        Some(Versioning::Enabled) => new_version_id(),
        Some(Versioning::Suspended) | None => NULL_VERSION.to_owned(),
    }
}

/// The version id that answers show: none where versioning was never set.
pub(super) fn shown_version(owned: &Owned, row: &ObjectRow) -> Option<String> {
    owned.bucket.versioning.map(|_| row.version.clone())
}

/// Writes one object and gives its row. Until the end nothing is visible; when it fails nothing is left.
pub(super) async fn write<S>(
    ask: &Ask,
    _permit: Permit<actions::s3::PutObject>,
    owned: &Owned,
    (description, only_if): (Description, Option<OnlyIf>),
    envelope: Envelope,
    content: Content<S>,
) -> S3Result<ObjectRow>
where
    S: Stream<Item = Result<Bytes, StdError>> + Unpin,
{
    let mut row = row(ask, owned, description, &envelope);
    let room = ask.room(owned, Stock { bytes: wanted(content.length), objects: 1 })?;
    let mut draft = Draft::new(&ask.aws.store, room, envelope.key, &row.data, 0);
    let received = draft.receive(ask, content).await?;
    row.size = received.size;
    row.etag = format!("\"{}\"", entity_tag(&row, &received.sums)?);
    row.checksums = vec![(received.sums.algorithm.name().to_owned(), received.sums.value)];
    let last = draft.seal_last()?;
    let terms = Terms { owner: &owned.owner.id, only_if: only_if.as_ref() };
    let written = ask.aws.store.put_object(&row, terms, (draft.written, &last)).await;
    done(written.map_err(|error| from_store(&error))?)?;
    draft.keep();
    Ok(row)
}

/// The bytes that an object or a part will count as, as far as is known beforehand.
pub(super) fn wanted(length: Option<u64>) -> u64 {
    length.unwrap_or_default().saturating_add(Stock::ROW_BYTES)
}

/// Under a KMS key or a customer's key the entity tag is no digest of the plaintext (S3 API reference, "Object").
pub(super) fn entity_tag(row: &ObjectRow, sums: &Sums) -> S3Result<String> {
    match row.kms_key_arn.is_some() || row.customer_key_check.is_some() {
        true => Ok(hex::encode(crypto::random::<16>().map_err(internal)?)),
        false => Ok(hex::encode(&sums.md5)),
    }
}

/// What S3 says of a write that was not made.
pub(super) fn done(written: Written) -> S3Result<()> {
    written.map_err(refused)
}

pub(super) fn refused(refused: Refused) -> S3Error {
    match refused {
        Refused::NoBucket => refuse(404, "NoSuchBucket", "The specified bucket does not exist"),
        Refused::Missing => refuse(404, "NoSuchKey", "The specified key does not exist."),
        Refused::Changed(OnlyIf::Absent) => precondition_failed("If-None-Match"),
        Refused::Changed(OnlyIf::Present | OnlyIf::Etag(_)) => precondition_failed("If-Match"),
        Refused::NoUpload => no_such_upload(),
        Refused::NoPart { number, etag } => invalid_part(number, etag),
    }
}

pub(super) fn no_such_upload() -> S3Error {
    refuse(
        404,
        "NoSuchUpload",
        "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.",
    )
}

/// A part that a completion names is not there, or is another.
pub(super) fn invalid_part(number: i64, etag: String) -> S3Error {
    let error = refuse(
        400,
        "InvalidPart",
        "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified \
         entity tag may not match the part's entity tag.",
    );
    with_fields(error, [("PartNumber", number.to_string()), ("ETag", etag)])
}

/// Largest object that comes in one piece, largest part, and largest source of a copy, in bytes (S3 User Guide, `qfacts`).
pub(super) const MOST_AT_ONCE: u64 = 5 << 30;

/// Refuses what is larger than one request may bring.
pub(super) fn must_fit_at_once(ask: &Ask, size: u64) -> S3Result<()> {
    must_fit(size, MOST_AT_ONCE.min(ask.aws.limits.object_bytes))
}

/// Refuses what is larger than `most`, naming both.
pub(super) fn must_fit(size: u64, most: u64) -> S3Result<()> {
    match size <= most {
        true => Ok(()),
        false => Err(with_fields(
            refuse(400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size"),
            [("ProposedSize", size.to_string()), ("MaxSizeAllowed", most.to_string())],
        )),
    }
}

/// What was received of a body.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) size: u64,
    pub(super) sums: Sums,
}

/// Chunks while they are written. Dropped before they are kept it takes back what it wrote.
pub(super) struct Draft {
    store: Store,
    /// Room for what it writes; given back when the chunks are named or gone.
    room: Option<Promise>,
    key: Key,
    data: String,
    buffer: Zeroizing<Vec<u8>>,
    /// Number of the first chunk.
    first: i64,
    /// Number of the next chunk.
    pub(super) written: i64,
    kept: bool,
}

impl Draft {
    pub(super) fn new(store: &Store, room: Promise, key: Key, data: &str, first: i64) -> Self {
        Self {
            store: store.clone(),
            room: Some(room),
            key,
            data: data.to_owned(),
            buffer: Zeroizing::default(),
            first,
            written: first,
            kept: false,
        }
    }

    /// Takes a body to its end and compares it with what was claimed.
    pub(super) async fn receive<S>(&mut self, ask: &Ask, mut content: Content<S>) -> S3Result<Received>
    where
        S: Stream<Item = Result<Bytes, StdError>> + Unpin,
    {
        let mut digest = content.claims.digest();
        let mut size = 0_u64;
        while let Some(bytes) = content.body.next().await {
            let bytes = bytes.map_err(|error| body_error(error.as_ref()))?;
            size += bytes.len() as u64;
            must_fit_at_once(ask, size)?;
            if let Some(room) = &mut self.room {
                room.cover(wanted(Some(size)), &ask.aws.limits).map_err(full)?;
            }
            digest.update(&bytes);
            self.push(bytes).await?;
        }
        if content.length.is_some_and(|announced| announced != size) {
            return Err(incomplete());
        }
        let sums = digest.finish();
        content.claims.verify(&sums, content.trailers.as_ref())?;
        Ok(Received { size, sums })
    }

    /// Takes more plaintext. A full chunk is kept until more comes: the last one is sealed as the last.
    async fn push(&mut self, mut bytes: Bytes) -> S3Result<()> {
        while !bytes.is_empty() {
            if self.buffer.len() == CHUNK_BYTES {
                let sealed = self.seal(false)?;
                let seq = self.written;
                // Counted first: a chunk whose write was cut off may be there all the same.
                self.written += 1;
                self.store.put_chunk(&self.data, seq, &sealed).await.map_err(|error| from_store(&error))?;
                self.buffer.clear();
            }
            let more = bytes.split_to(bytes.len().min(CHUNK_BYTES - self.buffer.len()));
            self.buffer.extend_from_slice(&more);
        }
        Ok(())
    }

    fn seal(&self, last: bool) -> S3Result<Vec<u8>> {
        seal_chunk(&self.key, &self.data, self.written, last, &self.buffer).map_err(internal)
    }

    /// The last chunk, to be stored together with the row that names all of them.
    pub(super) fn seal_last(&self) -> S3Result<Vec<u8>> {
        self.seal(true)
    }

    /// The chunks are named now.
    pub(super) fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if self.kept || self.written == self.first {
            return;
        }
        let (store, data) = (self.store.clone(), std::mem::take(&mut self.data));
        let (first, end, room) = (self.first, self.written, self.room.take());
        // Dropped when the client goes away, too: nobody waits for this.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                if let Err(error) = store.discard_chunks(&data, first, end).await {
                    tracing::warn!(%error, "an interrupted upload leaves chunks until the next start");
                }
                drop(room);
            });
        }
    }
}

/// What broke off a write.
fn body_error(error: &(dyn std::error::Error + Send + Sync + 'static)) -> S3Error {
    // The body of a copy is what is stored here: that it fails is not the client's doing.
    match error.downcast_ref::<StoreError>() {
        Some(stored) => from_store(stored),
        None => broken(error),
    }
}

//! GetObject and HeadObject. A caller gets plaintext or an error, never ciphertext.

use std::ops::Range;

use bytes::Bytes;
use futures::stream::{self, BoxStream};
use futures::{StreamExt as _, TryStreamExt as _};
use http_body::Frame;
use http_body_util::StreamBody;
use policy::Context;
use s3s::dto::{
    ChecksumMode, GetObjectInput, GetObjectOutput, HeadObjectInput, HeadObjectOutput, StreamingBlob,
};
use s3s::{S3Request, S3Response, S3Result};

use super::ask::{Ask, Owned};
use super::conditional::Conditions;
use super::describe::describe;
use super::envelope::{self, CHUNK_BYTES, open_chunk};
use super::failure::{from_kms, from_store, internal, not_implemented, refuse};
use crate::Body;
use crate::crypto::{CryptoError, Key};
use crate::gate::{Permit, actions};
use crate::kms::data_key;
use crate::store::{ObjectRow, StoreError};

/// Plaintext of an object, in order.
pub(super) type Plaintext = BoxStream<'static, Result<Bytes, StoreError>>;

pub(super) async fn get_object(
    ask: &Ask,
    request: S3Request<GetObjectInput>,
) -> S3Result<S3Response<GetObjectOutput>> {
    let input = request.input;
    must_be_plain(input.version_id.as_deref(), input.part_number, input.sse_customer_algorithm.as_deref())?;
    let owned = ask.bucket(&input.bucket, input.expected_bucket_owner.as_deref()).await?;
    let permit = ask.on_object::<actions::s3::GetObject>(&owned, &input.key, Context::new())?;
    let row = find(ask, &owned, &input.key).await?;
    let conditions = Conditions {
        matches: input.if_match,
        none_match: input.if_none_match,
        modified_since: input.if_modified_since,
        unmodified_since: input.if_unmodified_since,
    };
    conditions.check(&row)?;
    let range = input.range.map(|range| range.check(row.size)).transpose().map_err(|_| unsatisfiable())?;
    let whole = 0..row.size;
    let wanted = range.clone().unwrap_or(whole);
    let body = read(ask, &permit, &row, wanted.clone()).await?;
    // A checksum of the whole says nothing about a part.
    let with_checksum = wants_checksum(input.checksum_mode.as_ref()) && range.is_none();
    let mut output = describe!(GetObjectOutput, &row, with_checksum: with_checksum);
    output.content_length = i64::try_from(wanted.end - wanted.start).ok();
    output.content_range =
        range.map(|range| format!("bytes {}-{}/{}", range.start, range.end.saturating_sub(1), row.size));
    output.body = Some(StreamingBlob::from(body));
    Ok(S3Response::new(output))
}

pub(super) async fn head_object(
    ask: &Ask,
    request: S3Request<HeadObjectInput>,
) -> S3Result<S3Response<HeadObjectOutput>> {
    let input = request.input;
    must_be_plain(input.version_id.as_deref(), input.part_number, input.sse_customer_algorithm.as_deref())?;
    let owned = ask.bucket(&input.bucket, input.expected_bucket_owner.as_deref()).await?;
    let _permit = ask.on_object::<actions::s3::GetObject>(&owned, &input.key, Context::new())?;
    let row = find(ask, &owned, &input.key).await?;
    let with_checksum = wants_checksum(input.checksum_mode.as_ref());
    if let (true, Some(key)) = (with_checksum, &row.kms_key_arn) {
        envelope::must_be_signed(ask)?;
        let may = data_key::may_read_checksum(&ask.kms(), key, &envelope::context_of(&row)).await;
        may.map_err(|error| from_kms(&error))?;
    }
    let conditions = Conditions {
        matches: input.if_match,
        none_match: input.if_none_match,
        modified_since: input.if_modified_since,
        unmodified_since: input.if_unmodified_since,
    };
    conditions.check(&row)?;
    let range = input.range.map(|range| range.check(row.size)).transpose().map_err(|_| unsatisfiable())?;
    let mut output = describe!(HeadObjectOutput, &row, with_checksum: with_checksum && range.is_none());
    let length = range.as_ref().map_or(row.size, |range| range.end - range.start);
    output.content_length = i64::try_from(length).ok();
    output.content_range =
        range.map(|range| format!("bytes {}-{}/{}", range.start, range.end.saturating_sub(1), row.size));
    Ok(S3Response::new(output))
}

fn must_be_plain(version: Option<&str>, part: Option<i32>, customer_key: Option<&str>) -> S3Result<()> {
    // Objects of a bucket without versioning have the version `null`.
    if version.is_some_and(|version| version != "null") {
        return Err(not_implemented("Reading a version of an object"));
    }
    if part.is_some() {
        return Err(not_implemented("Reading a part of an object by its number"));
    }
    match customer_key {
        Some(_) => Err(not_implemented("Server-side encryption with customer-provided keys")),
        None => Ok(()),
    }
}

fn wants_checksum(mode: Option<&ChecksumMode>) -> bool {
    mode.is_some_and(|mode| mode.as_str() == ChecksumMode::ENABLED)
}

fn unsatisfiable() -> s3s::S3Error {
    refuse(416, "InvalidRange", "The requested range is not satisfiable")
}

/// The object's row. Whether an object is missing is told to those only who may list the bucket (BC:s3.GetObject).
///
/// # Errors
/// 403 naming `s3:ListBucket`, or `NoSuchKey`.
pub(super) async fn find(ask: &Ask, owned: &Owned, key: &str) -> S3Result<ObjectRow> {
    let found = ask.aws.store.object(&owned.bucket.name, key).await;
    if let Some(row) = found.map_err(|error| from_store(&error))? {
        return Ok(row);
    }
    ask.on_bucket::<actions::s3::ListBucket>(owned, Context::new())?;
    Err(refuse(404, "NoSuchKey", "The specified key does not exist."))
}

/// Decrypts a part of an object. The first chunk is opened before anything is answered, so what cannot be read is an error
/// and no broken body.
async fn read(
    ask: &Ask,
    permit: &Permit<actions::s3::GetObject>,
    row: &ObjectRow,
    wanted: Range<u64>,
) -> S3Result<Body> {
    let several = wanted.end - wanted.start > CHUNK_BYTES as u64;
    let mut plaintext = plaintext(ask, permit, row, wanted).await?;
    if !several {
        let mut bytes = Vec::new();
        while let Some(more) = plaintext.try_next().await.map_err(|error| from_store(&error))? {
            bytes.extend_from_slice(&more);
        }
        return Ok(Body::from(bytes));
    }
    let first = plaintext.try_next().await.map_err(|error| from_store(&error))?.unwrap_or_default();
    let rest = stream::once(async { Ok(first) }).chain(plaintext);
    Ok(Body::http_body_unsync(StreamBody::new(rest.map_ok(Frame::data))))
}

/// Plaintext of a part of an object, as it is read from the store.
///
/// # Errors
/// KMS's, when the object is under a KMS key.
pub(super) async fn plaintext(
    ask: &Ask,
    _permit: &Permit<actions::s3::GetObject>,
    row: &ObjectRow,
    wanted: Range<u64>,
) -> S3Result<Plaintext> {
    let key = envelope::open(ask, row).await?;
    let chunk = CHUNK_BYTES as u64;
    let last = row.size.saturating_sub(1) / chunk;
    let (from, to) = (wanted.start / chunk, wanted.end.saturating_sub(1) / chunk);
    let first = i64::try_from(from).map_err(internal)?;
    let opener = Opener { key, row: row.clone(), wanted, last };
    let sealed = ask.aws.store.object_bytes(row, first);
    let count = usize::try_from(to.saturating_sub(from) + 1).map_err(internal)?;
    // One that ends early would pass for a shorter object: what is missing must be an error.
    let sealed = sealed.map(|chunk| chunk.map(Some)).chain(stream::repeat_with(|| Ok(None))).take(count);
    let numbered = sealed.zip(stream::iter(from..));
    Ok(numbered.map(move |(sealed, seq)| opener.open(sealed?, seq)).boxed())
}

/// Opens the chunks of one read, and cuts off what was not asked for.
struct Opener {
    key: Key,
    row: ObjectRow,
    wanted: Range<u64>,
    /// Number of the object's last chunk.
    last: u64,
}

impl Opener {
    fn open(&self, sealed: Option<Vec<u8>>, seq: u64) -> Result<Bytes, StoreError> {
        let broken = || StoreError::Crypto(CryptoError::DoesNotOpen);
        let sealed = sealed.ok_or_else(broken)?;
        let number = i64::try_from(seq).map_err(|_| broken())?;
        let plain = open_chunk(&self.key, &self.row.data, number, seq == self.last, &sealed)?;
        let begins = seq * CHUNK_BYTES as u64;
        let whole = self.row.size.saturating_sub(begins).min(CHUNK_BYTES as u64);
        if plain.len() as u64 != whole {
            return Err(broken());
        }
        let cut = |place: u64| usize::try_from(place.saturating_sub(begins).min(whole)).unwrap_or(usize::MAX);
        let part = plain.get(cut(self.wanted.start)..cut(self.wanted.end)).ok_or_else(broken)?;
        Ok(Bytes::copy_from_slice(part))
    }
}

//! GetObject and HeadObject. A caller gets plaintext or an error, never ciphertext.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures::stream::{self, BoxStream};
use futures::{StreamExt as _, TryStreamExt as _};
use http::{HeaderMap, HeaderName, HeaderValue, Uri, header};
use http_body::Frame;
use http_body_util::StreamBody;
use s3s::dto::{
    ChecksumMode, GetObjectInput, GetObjectOutput, HeadObjectInput, HeadObjectOutput, StreamingBlob,
};
use s3s::{S3Request, S3Response, S3Result};

use super::ask::{Ask, Owned};
use super::conditional::Conditions;
use super::customer_key::{self, CustomerKey, OF_OBJECT};
use super::describe::describe;
use super::encryption;
use super::envelope::{self, CHUNK_BYTES, open_chunk};
use super::failure::{from_kms, from_store, internal, invalid_argument, refuse, with_fields};
use super::tags;
use super::versions::{Found, find, on_version};
use super::write::shown_version;
use crate::Body;
use crate::caller::Identity;
use crate::crypto::{CryptoError, Key};
use crate::gate::actions;
use crate::kms::data_key;
use crate::store::{Hold, ObjectRow, Segment, StoreError};

/// Plaintext of an object, in order.
pub(super) type Plaintext = BoxStream<'static, Result<Bytes, StoreError>>;

pub(super) async fn get_object(
    ask: &Ask,
    request: S3Request<GetObjectInput>,
) -> S3Result<S3Response<GetObjectOutput>> {
    must_not_name_encryption(&request.headers)?;
    let asked_range = text_of_range(&request.headers);
    let input = request.input;
    // `s3s` puts them into the answer.
    chosen(ask, &request.uri)?;
    let owned = ask.bucket(&input.bucket, input.expected_bucket_owner.as_deref()).await?;
    let (permit, row) = may_read(ask, &owned, &input.key, input.version_id.clone()).await?;
    let conditions = Conditions {
        matches: input.if_match,
        none_match: input.if_none_match,
        modified_since: input.if_modified_since,
        unmodified_since: input.if_unmodified_since,
    };
    conditions.check(&row)?;
    let customer = customer_key::of_stored(&row, CustomerKey::read(&request.headers, &OF_OBJECT)?)?;
    let range = wanted_range(&row, (input.range, &asked_range), input.part_number)?;
    let whole = 0..row.size;
    let wanted = range.clone().unwrap_or(whole);
    let body = read(ask, &permit, (&row, customer.as_ref()), wanted.clone()).await?;
    // A checksum of the whole says nothing about a part.
    let with_checksum = wants_checksum(input.checksum_mode.as_ref()) && range.is_none();
    let mut output = describe!(GetObjectOutput, &row, customer.as_ref(), with_checksum: with_checksum);
    output.content_length = i64::try_from(wanted.end - wanted.start).ok();
    output.content_range =
        range.map(|range| format!("bytes {}-{}/{}", range.start, range.end.saturating_sub(1), row.size));
    output.version_id = shown_version(&owned, &row);
    output.parts_count = parts_count(&row, input.part_number);
    output.tag_count = tags::count(ask, &owned, &row, input.version_id);
    output.body = Some(StreamingBlob::from(body));
    Ok(S3Response::new(output))
}

pub(super) async fn head_object(
    ask: &Ask,
    request: S3Request<HeadObjectInput>,
) -> S3Result<S3Response<HeadObjectOutput>> {
    must_not_name_encryption(&request.headers)?;
    let chosen = chosen(ask, &request.uri)?;
    let asked_range = text_of_range(&request.headers);
    let input = request.input;
    let owned = ask.bucket(&input.bucket, input.expected_bucket_owner.as_deref()).await?;
    let (_permit, row) = may_read(ask, &owned, &input.key, input.version_id.clone()).await?;
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
    let customer = customer_key::of_stored(&row, CustomerKey::read(&request.headers, &OF_OBJECT)?)?;
    let range = wanted_range(&row, (input.range, &asked_range), input.part_number)?;
    let with_checksum = with_checksum && range.is_none();
    let mut output = describe!(HeadObjectOutput, &row, customer.as_ref(), with_checksum: with_checksum);
    let length = range.as_ref().map_or(row.size, |range| range.end - range.start);
    output.content_length = i64::try_from(length).ok();
    output.content_range =
        range.map(|range| format!("bytes {}-{}/{}", range.start, range.end.saturating_sub(1), row.size));
    output.version_id = shown_version(&owned, &row);
    output.parts_count = parts_count(&row, input.part_number);
    output.cache_control = input.response_cache_control.or(output.cache_control);
    output.content_disposition = input.response_content_disposition.or(output.content_disposition);
    output.content_encoding = input.response_content_encoding.or(output.content_encoding);
    output.content_language = input.response_content_language.or(output.content_language);
    output.content_type = input.response_content_type.or(output.content_type);
    output.expires = input.response_expires.or(output.expires);
    let mut response = S3Response::new(output);
    response.headers.extend(chosen);
    if let Some(count) = tags::count(ask, &owned, &row, input.version_id) {
        response.headers.insert("x-amz-tagging-count", count.into());
    }
    Ok(response)
}

/// Headers of the answer that a request chooses in its query.
const CHOSEN: [(&str, HeaderName); 6] = [
    ("response-cache-control", header::CACHE_CONTROL),
    ("response-content-disposition", header::CONTENT_DISPOSITION),
    ("response-content-encoding", header::CONTENT_ENCODING),
    ("response-content-language", header::CONTENT_LANGUAGE),
    ("response-content-type", header::CONTENT_TYPE),
    ("response-expires", header::EXPIRES),
];

/// What a request chooses of its answer's headers. Only a signed one has a say in them (BC:s3.GetObject).
fn chosen(ask: &Ask, uri: &Uri) -> S3Result<HeaderMap> {
    let query = uri.query().unwrap_or_default();
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap_or_default();
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        let header = CHOSEN.iter().find(|(known, _)| *known == name).map(|(_, header)| header);
        if let (Some(header), Ok(value)) = (header, HeaderValue::from_str(&value)) {
            headers.insert(header, value);
        }
    }
    match !headers.is_empty() && matches!(ask.caller.identity, Identity::Anonymous) {
        true => Err(refuse(
            400,
            "InvalidRequest",
            "Request specific response headers cannot be used for anonymous GET requests.",
        )),
        false => Ok(headers),
    }
}

/// How an object is encrypted cannot be changed by reading it (BC:s3.GetObject).
fn must_not_name_encryption(headers: &HeaderMap) -> S3Result<()> {
    let Some(value) = headers.get(encryption::ALGORITHM) else { return Ok(()) };
    let message = "x-amz-server-side-encryption header is not supported for this operation.";
    let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
    Err(invalid_argument(message, encryption::ALGORITHM, value))
}

fn text_of_range(headers: &HeaderMap) -> String {
    let range = headers.get(header::RANGE).map(HeaderValue::as_bytes).unwrap_or_default();
    String::from_utf8_lossy(range).into_owned()
}

/// Proof that the gate allowed to read this object: `s3:GetObject`, or `s3:GetObjectVersion` for a version by its id.
#[derive(Debug)]
pub(super) struct MayRead(());

/// Asks whether the caller may read an object, and finds it.
///
/// # Errors
/// The gate's, and those of [`find`].
pub(super) async fn may_read(
    ask: &Ask,
    owned: &Owned,
    key: &str,
    version: Option<String>,
) -> S3Result<(MayRead, ObjectRow)> {
    let found = Found::look(ask, owned, key, version).await?;
    let may_read = allowed_to_read(ask, owned, &found)?;
    Ok((may_read, find(ask, owned, found)?))
}

/// The first half of [`may_read`], for those who have more to ask before what is missing is told.
pub(super) fn allowed_to_read(ask: &Ask, owned: &Owned, found: &Found) -> S3Result<MayRead> {
    let conditions = tags::existing(found.row());
    on_version::<actions::s3::GetObject, actions::s3::GetObjectVersion>(ask, owned, found, conditions)?;
    Ok(MayRead(()))
}

/// The bytes that a range or a part number names. A range comes with its text.
fn wanted_range(
    row: &ObjectRow,
    (range, text): (Option<s3s::dto::Range>, &str),
    part: Option<i32>,
) -> S3Result<Option<Range<u64>>> {
    let Some(part) = part else {
        let within = |range: s3s::dto::Range| range.check(row.size).ok().filter(|range| !range.is_empty());
        return range.map(|range| within(range).ok_or(())).transpose().map_err(|()| {
            with_fields(
                refuse(416, "InvalidRange", "The requested range is not satisfiable"),
                [("RangeRequested", text.to_owned()), ("ActualObjectSize", row.size.to_string())],
            )
        });
    };
    if range.is_some() {
        return Err(refuse(
            400,
            "InvalidRequest",
            "Cannot specify both Range header and partNumber query parameter",
        ));
    }
    let segments = row.segments();
    let index = usize::try_from(part).ok().and_then(|part| part.checked_sub(1));
    let segment = index.and_then(|index| Some((index, segments.get(index)?)));
    let Some((index, segment)) = segment else {
        return Err(with_fields(
            refuse(416, "InvalidPartNumber", "The requested partnumber is not satisfiable"),
            [("PartNumberRequested", part.to_string()), ("ActualPartCount", segments.len().to_string())],
        ));
    };
    let begins: u64 = segments.iter().take(index).map(|segment| segment.size).sum();
    Ok(Some(begins..begins + segment.size))
}

fn parts_count(row: &ObjectRow, part: Option<i32>) -> Option<i32> {
    part.filter(|_| !row.parts.is_empty()).and_then(|_| i32::try_from(row.parts.len()).ok())
}

fn wants_checksum(mode: Option<&ChecksumMode>) -> bool {
    mode.is_some_and(|mode| mode.as_str() == ChecksumMode::ENABLED)
}

/// Decrypts a part of an object. The first chunk is opened before anything is answered, so what cannot be read is an error
/// and no broken body.
async fn read(
    ask: &Ask,
    permit: &MayRead,
    of: (&ObjectRow, Option<&CustomerKey>),
    wanted: Range<u64>,
) -> S3Result<Body> {
    let several = wanted.end - wanted.start > CHUNK_BYTES as u64;
    let mut plaintext = plaintext(ask, permit, of, wanted).await?;
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

/// Plaintext of a part of an object, as it is read from the store; with the customer's key where it needs one.
///
/// # Errors
/// KMS's, when the object is under a KMS key.
pub(super) async fn plaintext(
    ask: &Ask,
    _permit: &MayRead,
    (row, customer): (&ObjectRow, Option<&CustomerKey>),
    wanted: Range<u64>,
) -> S3Result<Plaintext> {
    let key = Arc::new(envelope::open(ask, row, customer).await?);
    let hold = ask.aws.store.hold(row).await.map_err(|error| from_store(&error))?;
    // Replaced or deleted between its row and its bytes: as if the request had come a moment later.
    let hold = Arc::new(hold.ok_or_else(|| refuse(404, "NoSuchKey", "The specified key does not exist."))?);
    let mut pieces: Vec<Plaintext> = Vec::new();
    let mut begins = 0;
    for segment in row.segments() {
        let (start, end) = (wanted.start.max(begins), wanted.end.min(begins + segment.size));
        let empty = wanted.is_empty() && segment.size == 0 && pieces.is_empty();
        if start < end || empty {
            let within = start.saturating_sub(begins)..end.saturating_sub(begins);
            let opener = Opener {
                key: Arc::clone(&key),
                hold: Arc::clone(&hold),
                data: row.data.clone(),
                segment,
                within,
            };
            pieces.push(opener.open_all()?);
        }
        begins += segment.size;
    }
    Ok(stream::iter(pieces).flatten().boxed())
}

/// Opens the chunks of one segment, and cuts off what was not asked for.
struct Opener {
    key: Arc<Key>,
    hold: Arc<Hold>,
    data: String,
    segment: Segment,
    /// What is wanted of the segment.
    within: Range<u64>,
}

impl Opener {
    fn open_all(self) -> S3Result<Plaintext> {
        let chunk = CHUNK_BYTES as u64;
        let (from, to) = (self.within.start / chunk, self.within.end.saturating_sub(1) / chunk);
        let count = to.saturating_sub(from) + 1;
        let first = self.segment.first.saturating_add_unsigned(from);
        let sealed = self.hold.chunks(first, count);
        // One that ends early would pass for a shorter object: what is missing must be an error.
        let sealed = sealed.map(|chunk| chunk.map(Some)).chain(stream::repeat_with(|| Ok(None)));
        let sealed = sealed.take(usize::try_from(count).map_err(internal)?);
        Ok(sealed.zip(stream::iter(from..)).map(move |(sealed, place)| self.open(sealed?, place)).boxed())
    }

    /// Opens the segment's chunk at `place`, counted from 0.
    fn open(&self, sealed: Option<Bytes>, place: u64) -> Result<Bytes, StoreError> {
        let broken = || StoreError::Crypto(CryptoError::DoesNotOpen);
        let sealed = sealed.ok_or_else(broken)?;
        let last = self.segment.size.saturating_sub(1) / CHUNK_BYTES as u64;
        let number = self.segment.first.saturating_add_unsigned(place);
        let plain = open_chunk(&self.key, &self.data, number, place == last, &sealed)?;
        let begins = place * CHUNK_BYTES as u64;
        let whole = self.segment.size.saturating_sub(begins).min(CHUNK_BYTES as u64);
        if plain.len() as u64 != whole {
            return Err(broken());
        }
        let cut = |at: u64| usize::try_from(at.saturating_sub(begins).min(whole)).unwrap_or(usize::MAX);
        let part = plain.get(cut(self.within.start)..cut(self.within.end)).ok_or_else(broken)?;
        Ok(Bytes::copy_from_slice(part))
    }
}

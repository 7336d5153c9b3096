//! The parts of a multipart upload: from a client, or from an object.

use std::ops::Range;

use bytes::Bytes;
use futures::{Stream, TryStreamExt as _};
use http::HeaderMap;
use policy::Context;
use s3s::dto::{
    CopyPartResult, StreamingBlob, UploadPartCopyInput, UploadPartCopyOutput, UploadPartInput,
    UploadPartOutput,
};
use s3s::{S3Request, S3Response, S3Result, StdError};

use super::ask::{Ask, Owned};
use super::checksum::{Algorithm, Claims};
use super::conditional::Conditions;
use super::copy::{must_be_copied_at_once, source};
use super::customer_key::{self, CustomerKey, OF_OBJECT, OF_SOURCE};
use super::describe;
use super::envelope;
use super::failure::{from_store, internal, invalid_argument, refuse};
use super::get::{allowed_to_read, plaintext};
use super::intent::of_headers;
use super::put::announced_length;
use super::uploads::{find_upload, settings_of};
use super::versions::{Found, find};
use super::write::{
    Content, Draft, done, entity_tag, must_fit_at_once, shown_version, wanted as bytes_wanted,
};
use crate::Body;
use crate::crypto;
use crate::gate::{Permit, actions};
use crate::limits::Stock;
use crate::store::{PartRow, UploadRow, first_chunk};

/// Largest part number.
const MOST_PARTS: i32 = 10_000;

pub(super) async fn upload_part(
    ask: &Ask,
    request: S3Request<UploadPartInput>,
) -> S3Result<S3Response<UploadPartOutput>> {
    let input = request.input;
    let owned = ask.bucket(&input.bucket, input.expected_bucket_owner.as_deref()).await?;
    let addressed = (input.key.as_str(), input.upload_id.as_str());
    let (permit, upload) = may_add(ask, &owned, addressed, (&request.headers, false)).await?;
    let number = part_number(input.part_number)?;
    let length = announced_length(&request.headers, input.content_length);
    must_fit_at_once(ask, length.unwrap_or_default())?;
    let claims = Claims::read(&request.headers)?;
    let given = claims.algorithm();
    let claims = claims_of(&upload, claims)?;
    let customer = customer_key_of(&upload, &request.headers)?;
    let (sse_customer_algorithm, sse_customer_key_md5) = CustomerKey::shown(customer.as_ref());
    let content = Content {
        body: input.body.unwrap_or_else(|| StreamingBlob::from(Body::empty())),
        length,
        claims,
        trailers: request.extensions.get().cloned(),
    };
    let part = add(ask, permit, (&owned, &upload, customer.as_ref()), number, content).await?;
    let sum = |name| given.filter(|given| given.name() == name).and_then(|_| checksum(&part, name));
    Ok(S3Response::new(UploadPartOutput {
        bucket_key_enabled: describe::bucket_key(&upload.object),
        checksum_crc32: sum("CRC32"),
        checksum_crc32c: sum("CRC32C"),
        checksum_crc64nvme: sum("CRC64NVME"),
        checksum_sha1: sum("SHA1"),
        checksum_sha256: sum("SHA256"),
        e_tag: Some(s3s::dto::ETag::Strong(part.etag.clone())),
        server_side_encryption: describe::encryption(&upload.object),
        sse_customer_algorithm,
        sse_customer_key_md5,
        ssekms_key_id: upload.object.kms_key_arn,
        ..UploadPartOutput::default()
    }))
}

pub(super) async fn upload_part_copy(
    ask: &Ask,
    request: S3Request<UploadPartCopyInput>,
) -> S3Result<S3Response<UploadPartCopyOutput>> {
    let input = request.input;
    let (bucket, key, version) = source(&input.copy_source)?;
    let from = ask.bucket(bucket, input.expected_source_bucket_owner.as_deref()).await?;
    let to = ask.bucket(&input.bucket, input.expected_bucket_owner.as_deref()).await?;
    let found = Found::look(ask, &from, key, version).await?;
    let may_read = allowed_to_read(ask, &from, &found)?;
    let addressed = (input.key.as_str(), input.upload_id.as_str());
    let (permit, upload) = may_add(ask, &to, addressed, (&request.headers, false)).await?;
    let number = part_number(input.part_number)?;
    let row = find(ask, &from, found)?;
    let conditions = Conditions {
        matches: input.copy_source_if_match,
        none_match: input.copy_source_if_none_match,
        modified_since: input.copy_source_if_modified_since,
        unmodified_since: input.copy_source_if_unmodified_since,
    };
    conditions.check_source(&row)?;
    let from_key = customer_key::of_stored(&row, CustomerKey::read(&request.headers, &OF_SOURCE)?)?;
    let customer = customer_key_of(&upload, &request.headers)?;
    let (sse_customer_algorithm, sse_customer_key_md5) = CustomerKey::shown(customer.as_ref());
    let wanted = match &input.copy_source_range {
        Some(range) => range_of(range, row.size)?,
        None => 0..row.size,
    };
    let length = wanted.end - wanted.start;
    must_be_copied_at_once(length)?;
    let body = plaintext(ask, &may_read, (&row, from_key.as_ref()), wanted).await?;
    let body = body.map_err(|error| Box::new(error) as StdError);
    let claims = Claims::none(algorithm_of(&upload));
    let content = Content { body, length: Some(length), claims, trailers: None };
    let part = add(ask, permit, (&to, &upload, customer.as_ref()), number, content).await?;
    let sum = |name| shown_checksum(&upload, &part, name);
    Ok(S3Response::new(UploadPartCopyOutput {
        bucket_key_enabled: describe::bucket_key(&upload.object),
        copy_part_result: Some(CopyPartResult {
            checksum_crc32: sum("CRC32"),
            checksum_crc32c: sum("CRC32C"),
            checksum_crc64nvme: sum("CRC64NVME"),
            checksum_sha1: sum("SHA1"),
            checksum_sha256: sum("SHA256"),
            e_tag: Some(s3s::dto::ETag::Strong(part.etag.clone())),
            last_modified: Some(describe::timestamp(part.modified)),
        }),
        copy_source_version_id: shown_version(&from, &row),
        server_side_encryption: describe::encryption(&upload.object),
        sse_customer_algorithm,
        sse_customer_key_md5,
        ssekms_key_id: upload.object.kms_key_arn,
        ..UploadPartCopyOutput::default()
    }))
}

/// Asks whether the caller may add to an upload, or complete it, and finds it. What is missing is told after the gate has been asked.
pub(super) async fn may_add(
    ask: &Ask,
    owned: &Owned,
    (key, id): (&str, &str),
    (headers, completes): (&HeaderMap, bool),
) -> S3Result<(Permit<actions::s3::PutObject>, UploadRow)> {
    let upload = find_upload(ask, owned, key, id).await;
    let mut conditions = match ask.aws.fidelity.parts_have_settings_of_upload {
        true => upload.as_ref().map(settings_of).unwrap_or_default(),
        false => Context::new(),
    };
    conditions.extend(of_headers(headers));
    conditions.set("s3:ObjectCreationOperation", [completes.to_string()]);
    let permit = ask.on_object::<actions::s3::PutObject>(owned, key, conditions)?;
    Ok((permit, upload?))
}

fn customer_key_of(upload: &UploadRow, headers: &HeaderMap) -> S3Result<Option<CustomerKey>> {
    customer_key::of_upload(&upload.object, CustomerKey::read(headers, &OF_OBJECT)?)
}

fn part_number(number: i32) -> S3Result<i64> {
    match (1..=MOST_PARTS).contains(&number) {
        true => Ok(number.into()),
        false => Err(invalid_argument(
            format!("Part number must be an integer between 1 and {MOST_PARTS}, inclusive"),
            "partNumber",
            number.to_string(),
        )),
    }
}

/// The algorithm of an upload's checksums; without a word CRC64NVME, as for objects in one piece.
pub(super) fn algorithm_of(upload: &UploadRow) -> Algorithm {
    upload.checksum_algorithm.as_deref().and_then(Algorithm::from_name).unwrap_or(Algorithm::Crc64Nvme)
}

fn claims_of(upload: &UploadRow, claims: Claims) -> S3Result<Claims> {
    let wanted = algorithm_of(upload);
    match claims.algorithm() {
        Some(given) if given != wanted && upload.checksum_algorithm.is_some() => Err(refuse(
            400,
            "InvalidRequest",
            format!(
                "Checksum Type mismatch occurred, expected checksum Type: {}, actual checksum Type: {}",
                wanted.name().to_lowercase(),
                given.name().to_lowercase()
            ),
        )),
        None if upload.composite_checksum => Err(refuse(
            400,
            "InvalidRequest",
            format!(
                "Checksum Type mismatch occurred, expected checksum Type: {}, actual checksum Type: null",
                wanted.name().to_lowercase()
            ),
        )),
        // The object's checksum is made of those of its parts, by one algorithm.
        Some(_) => Ok(claims.besides(wanted)),
        None => Ok(claims.or_computed(wanted)),
    }
}

/// Writes one part. Until its end an earlier part with its number stays.
async fn add<S>(
    ask: &Ask,
    _permit: Permit<actions::s3::PutObject>,
    (owned, upload, customer): (&Owned, &UploadRow, Option<&CustomerKey>),
    number: i64,
    content: Content<S>,
) -> S3Result<PartRow>
where
    S: Stream<Item = Result<Bytes, StdError>> + Unpin,
{
    let key = envelope::open(ask, &upload.object, customer).await?;
    let attempt = u32::from_be_bytes(crypto::random::<4>().map_err(internal)?);
    let first = first_chunk(number, attempt);
    let room = ask.room(owned, Stock { bytes: bytes_wanted(content.length), objects: 0 })?;
    let mut draft = Draft::new(&ask.aws.store, room, key, &upload.object.data, first);
    let received = draft.receive(ask, content).await?;
    let etag = entity_tag(&upload.object, &received.sums)?;
    let given = (received.sums.algorithm.name().to_owned(), received.sums.value);
    let (checksum, claimed) = match received.sums.besides {
        None => (given, None),
        Some((algorithm, value)) => ((algorithm.name().to_owned(), value), Some(given)),
    };
    let part = PartRow {
        number,
        first,
        size: received.size,
        etag,
        modified: ask.meta.now.unix_timestamp(),
        checksum: Some(checksum),
        claimed,
    };
    let last = draft.seal_last()?;
    let written = ask.aws.store.put_part(upload, &part, (draft.written, &last)).await;
    done(written.map_err(|error| from_store(&error))?)?;
    draft.keep();
    Ok(part)
}

/// The part's checksum by this algorithm as it is told: where the upload was begun with one.
pub(super) fn shown_checksum(upload: &UploadRow, part: &PartRow, name: &str) -> Option<String> {
    upload.checksum_algorithm.as_ref().and_then(|_| checksum(part, name))
}

/// The part's checksum by the algorithm of this name, if that is its client's or, without a word of that, its upload's.
fn checksum(part: &PartRow, name: &str) -> Option<String> {
    let shown = part.claimed.as_ref().or(part.checksum.as_ref());
    shown.filter(|(known, _)| known == name).map(|(_, value)| value.clone())
}

/// `bytes=first-last`, both within the object.
fn range_of(text: &str, size: u64) -> S3Result<Range<u64>> {
    let invalid = |message: std::borrow::Cow<'static, str>| {
        invalid_argument(message, "x-amz-copy-source-range", text.to_owned())
    };
    let malformed = || {
        invalid(
            "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based \
             offsets of the first and last bytes to copy"
                .into(),
        )
    };
    let (first, last) =
        text.strip_prefix("bytes=").and_then(|range| range.split_once('-')).ok_or_else(malformed)?;
    let number = |digits: &str| {
        let all = digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse::<u64>().ok().filter(|_| all).ok_or_else(malformed)
    };
    let (first, last) = (number(first)?, number(last)?);
    if first > last {
        return Err(malformed());
    }
    if first >= size {
        let message = "The specified copy range is invalid for the source object size";
        return Err(refuse(400, "InvalidRequest", message));
    }
    if last >= size {
        return Err(invalid(
            format!("Range specified is not valid for source object of size: {size}").into(),
        ));
    }
    Ok(first..last + 1)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_range_to_copy_lies_within_the_object() {
        assert_eq!(range_of("bytes=0-9", 10).unwrap(), 0..10);
        for wrong in ["bytes=0-10", "bytes=5-4", "bytes=5-", "bytes=-5", "0-9", "bytes=a-b"] {
            assert_eq!(range_of(wrong, 10).unwrap_err().code().as_str(), "InvalidArgument", "{wrong}");
        }
    }
}

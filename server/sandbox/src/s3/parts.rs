//! The parts of a multipart upload, and the object they become.

use std::ops::Range;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use crc_fast::{CrcAlgorithm, checksum_combine};
use futures::{Stream, TryStreamExt as _};
use policy::Context;
use s3s::crypto::{Checksum as _, Crc32, Crc32c, Md5};
use s3s::dto::{
    CompleteMultipartUploadInput, CompleteMultipartUploadOutput, CompletedPart, CopyPartResult,
    StreamingBlob, UploadPartCopyInput, UploadPartCopyOutput, UploadPartInput, UploadPartOutput,
};
use s3s::{S3Request, S3Response, S3Result, StdError};

use super::ask::{Ask, Owned};
use super::checksum::{Algorithm, Claims};
use super::conditional::Conditions;
use super::copy::source;
use super::describe;
use super::envelope;
use super::failure::{from_store, internal, invalid_argument, refuse, with_field};
use super::get::{allowed_to_read, plaintext};
use super::put::{announced_length, only_if};
use super::uploads::{find_upload, settings_of};
use super::versions::{Found, find};
use super::write::{
    Content, Draft, done, entity_tag, must_fit, shown_version, version_of_a_write, wanted as bytes_wanted,
};
use crate::Body;
use crate::crypto;
use crate::gate::{Permit, actions};
use crate::limits::Stock;
use crate::store::{ObjectRow, PartRow, Terms, UploadRow, first_chunk};

/// Smallest part but the last, in bytes.
const LEAST_BYTES: u64 = 5 << 20;

/// Largest part number.
const MOST_PARTS: i32 = 10_000;

pub(super) async fn upload_part(
    ask: &Ask,
    request: S3Request<UploadPartInput>,
) -> S3Result<S3Response<UploadPartOutput>> {
    let input = request.input;
    let owned = ask.bucket(&input.bucket, input.expected_bucket_owner.as_deref()).await?;
    let (permit, upload) = may_add(ask, &owned, &input.key, &input.upload_id).await?;
    let number = part_number(input.part_number)?;
    let length = announced_length(&request.headers, input.content_length);
    must_fit(ask, length.unwrap_or_default())?;
    let claims = claims_of(&upload, Claims::read(&request.headers)?)?;
    let content = Content {
        body: input.body.unwrap_or_else(|| StreamingBlob::from(Body::empty())),
        length,
        claims,
        trailers: request.trailing_headers,
    };
    let part = add(ask, permit, (&owned, &upload), number, content).await?;
    let sum = |name| checksum(&part, name);
    Ok(S3Response::new(UploadPartOutput {
        bucket_key_enabled: describe::bucket_key(&upload.object),
        checksum_crc32: sum("CRC32"),
        checksum_crc32c: sum("CRC32C"),
        checksum_crc64nvme: sum("CRC64NVME"),
        checksum_sha1: sum("SHA1"),
        checksum_sha256: sum("SHA256"),
        e_tag: Some(s3s::dto::ETag::Strong(part.etag.clone())),
        server_side_encryption: Some(describe::encryption(&upload.object)),
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
    let (permit, upload) = may_add(ask, &to, &input.key, &input.upload_id).await?;
    let number = part_number(input.part_number)?;
    let row = find(ask, &from, found)?;
    let conditions = Conditions {
        matches: input.copy_source_if_match,
        none_match: input.copy_source_if_none_match,
        modified_since: input.copy_source_if_modified_since,
        unmodified_since: input.copy_source_if_unmodified_since,
    };
    // There is no 304 for a copy: every condition that does not hold is 412.
    conditions.check(&row).map_err(|_| {
        refuse(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
    })?;
    let wanted = match &input.copy_source_range {
        Some(range) => range_of(range, row.size)?,
        None => 0..row.size,
    };
    let length = wanted.end - wanted.start;
    let body = plaintext(ask, &may_read, &row, wanted).await?.map_err(|error| Box::new(error) as StdError);
    let claims = Claims::none(algorithm_of(&upload));
    let content = Content { body, length: Some(length), claims, trailers: None };
    let part = add(ask, permit, (&to, &upload), number, content).await?;
    let sum = |name| checksum(&part, name);
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
        server_side_encryption: Some(describe::encryption(&upload.object)),
        ssekms_key_id: upload.object.kms_key_arn,
        ..UploadPartCopyOutput::default()
    }))
}

/// Asks whether the caller may add to an upload, and finds it. What is missing is told after the gate has been asked.
async fn may_add(
    ask: &Ask,
    owned: &Owned,
    key: &str,
    id: &str,
) -> S3Result<(Permit<actions::s3::PutObject>, UploadRow)> {
    let upload = find_upload(ask, owned, key, id).await;
    let settings = match ask.aws.fidelity.parts_have_settings_of_upload {
        true => upload.as_ref().map(settings_of).unwrap_or_default(),
        false => Context::new(),
    };
    let permit = ask.on_object::<actions::s3::PutObject>(owned, key, settings)?;
    Ok((permit, upload?))
}

fn part_number(number: i32) -> S3Result<i64> {
    match (1..=MOST_PARTS).contains(&number) {
        true => Ok(number.into()),
        false => Err(invalid_argument(
            format!("Part number must be an integer between 1 and {MOST_PARTS}, inclusive"),
            "partNumber",
            number,
        )),
    }
}

/// The algorithm of an upload's checksums; without a word CRC64NVME, as for objects in one piece.
fn algorithm_of(upload: &UploadRow) -> Algorithm {
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
        // The object's checksum is made of those of its parts, by one algorithm.
        Some(_) => Ok(claims.besides(wanted)),
        None => Ok(claims.or_computed(wanted)),
    }
}

/// Writes one part. Until its end an earlier part with its number stays.
async fn add<S>(
    ask: &Ask,
    _permit: Permit<actions::s3::PutObject>,
    (owned, upload): (&Owned, &UploadRow),
    number: i64,
    content: Content<S>,
) -> S3Result<PartRow>
where
    S: Stream<Item = Result<Bytes, StdError>> + Unpin,
{
    let key = envelope::open(ask, &upload.object).await?;
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

/// The part's checksum by the algorithm of this name, if that is its client's or, without a word of that, its upload's.
pub(super) fn checksum(part: &PartRow, name: &str) -> Option<String> {
    let shown = part.claimed.as_ref().or(part.checksum.as_ref());
    shown.filter(|(known, _)| known == name).map(|(_, value)| value.clone())
}

/// `bytes=first-last`, both within the object.
fn range_of(text: &str, size: u64) -> S3Result<Range<u64>> {
    let malformed = || {
        refuse(
            400,
            "InvalidArgument",
            "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based \
             offsets of the first and last bytes to copy",
        )
    };
    let (first, last) =
        text.strip_prefix("bytes=").and_then(|range| range.split_once('-')).ok_or_else(malformed)?;
    let number = |digits: &str| digits.parse::<u64>().map_err(|_| malformed());
    let (first, last) = (number(first)?, number(last)?);
    if first > last {
        return Err(malformed());
    }
    if last >= size {
        let message = format!("Range specified is not valid for source object of size: {size}");
        return Err(refuse(400, "InvalidArgument", message));
    }
    Ok(first..last + 1)
}

pub(super) async fn complete_multipart_upload(
    ask: &Ask,
    request: S3Request<CompleteMultipartUploadInput>,
) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
    let input = request.input;
    let owned = ask.bucket(&input.bucket, input.expected_bucket_owner.as_deref()).await?;
    let (permit, upload) = may_add(ask, &owned, &input.key, &input.upload_id).await?;
    let only_if = only_if(input.if_match.as_ref(), input.if_none_match.as_ref())?;
    let named = input.multipart_upload.and_then(|upload| upload.parts).unwrap_or_default();
    let there = ask.aws.store.parts(&upload.id, 0).await.map_err(|error| from_store(&error))?;
    let parts = chosen(&named, &there)?;
    let mut object = upload.object.clone();
    object.size = parts.iter().map(|part| part.size).sum();
    must_fit(ask, object.size)?;
    if input.mpu_object_size.is_some_and(|size| u64::try_from(size).ok() != Some(object.size)) {
        return Err(refuse(
            400,
            "InvalidRequest",
            "The provided 'x-amz-mp-object-size' header does not match what was computed.",
        ));
    }
    // As the bucket is set now, not as it was when the upload began.
    object.version = version_of_a_write(&owned);
    object.modified = ask.meta.now.unix_timestamp();
    object.etag = format!("\"{}\"", etag(&parts)?);
    object.composite_checksum = upload.composite_checksum;
    let algorithm = algorithm_of(&upload);
    let sum = match upload.composite_checksum {
        true => composite(algorithm, &parts)?,
        false => combined(algorithm, &parts)?,
    };
    let claimed = [
        (Algorithm::Crc32, &input.checksum_crc32),
        (Algorithm::Crc32c, &input.checksum_crc32c),
        (Algorithm::Crc64Nvme, &input.checksum_crc64nvme),
        (Algorithm::Sha1, &input.checksum_sha1),
        (Algorithm::Sha256, &input.checksum_sha256),
    ];
    for (claimed, value) in claimed {
        if value.as_ref().is_some_and(|value| claimed != algorithm || *value != sum) {
            let message =
                format!("The {} you specified did not match the calculated checksum.", claimed.name());
            return Err(refuse(400, "BadDigest", message));
        }
    }
    object.checksums = vec![(algorithm.name().to_owned(), sum)];
    object.parts = parts.into_iter().map(|part| PartRow { claimed: None, ..part }).collect();
    let terms = Terms { owner: &owned.owner.id, only_if: only_if.as_ref() };
    complete(ask, permit, &upload.id, &object, terms).await?;
    let sum = |name| describe::checksum(&object, name);
    Ok(S3Response::new(CompleteMultipartUploadOutput {
        bucket: Some(input.bucket.clone()),
        bucket_key_enabled: describe::bucket_key(&object),
        checksum_crc32: sum("CRC32"),
        checksum_crc32c: sum("CRC32C"),
        checksum_crc64nvme: sum("CRC64NVME"),
        checksum_sha1: sum("SHA1"),
        checksum_sha256: sum("SHA256"),
        checksum_type: Some(describe::checksum_type(&object)),
        e_tag: Some(describe::etag(&object)),
        key: Some(input.key.clone()),
        location: Some(format!("https://{}.s3.amazonaws.com/{}", input.bucket, input.key)),
        server_side_encryption: Some(describe::encryption(&object)),
        version_id: shown_version(&owned, &object),
        ssekms_key_id: object.kms_key_arn,
        ..CompleteMultipartUploadOutput::default()
    }))
}

async fn complete(
    ask: &Ask,
    _permit: Permit<actions::s3::PutObject>,
    upload: &str,
    object: &ObjectRow,
    terms: Terms<'_>,
) -> S3Result<()> {
    let written = ask.aws.store.complete_upload(upload, object, terms).await;
    done(written.map_err(|error| from_store(&error))?)
}

/// The parts that a completion names, as they are there.
fn chosen(named: &[CompletedPart], there: &[PartRow]) -> S3Result<Vec<PartRow>> {
    if named.is_empty() {
        return Err(refuse(
            400,
            "MalformedXML",
            "The XML you provided was not well-formed or did not validate against our published schema",
        ));
    }
    let numbers: Vec<i32> = named.iter().map(|part| part.part_number.unwrap_or_default()).collect();
    if numbers.windows(2).any(|pair| matches!(pair, [earlier, later] if earlier >= later)) {
        return Err(refuse(
            400,
            "InvalidPartOrder",
            "The list of parts was not in ascending order. Parts must be ordered by part number.",
        ));
    }
    let mut parts = Vec::with_capacity(named.len());
    for (part, number) in named.iter().zip(numbers) {
        let found = there.iter().find(|row| row.number == i64::from(number)).filter(|row| is_that(part, row));
        parts.push(found.cloned().ok_or_else(|| {
            let error = refuse(
                400,
                "InvalidPart",
                "One or more of the specified parts could not be found.  The part may not have been uploaded, or the \
                 specified entity tag may not match the part's entity tag.",
            );
            let etag = part.e_tag.as_ref().map_or("", |etag| etag.value());
            with_field(with_field(error, "PartNumber", &number.to_string()), "ETag", etag)
        })?);
    }
    let small = parts.iter().rev().skip(1).rev().find(|part| part.size < LEAST_BYTES);
    match small {
        Some(part) => {
            let error = refuse(
                400,
                "EntityTooSmall",
                "Your proposed upload is smaller than the minimum allowed size",
            );
            let fields = [
                ("ETag", part.etag.clone()),
                ("MinSizeAllowed", LEAST_BYTES.to_string()),
                ("PartNumber", part.number.to_string()),
                ("ProposedSize", part.size.to_string()),
            ];
            Err(fields.iter().fold(error, |error, (name, value)| with_field(error, name, value)))
        }
        None => Ok(parts),
    }
}

/// Whether what a completion says of a part is true.
fn is_that(named: &CompletedPart, row: &PartRow) -> bool {
    let sums = [
        ("CRC32", &named.checksum_crc32),
        ("CRC32C", &named.checksum_crc32c),
        ("CRC64NVME", &named.checksum_crc64nvme),
        ("SHA1", &named.checksum_sha1),
        ("SHA256", &named.checksum_sha256),
    ];
    let known: Vec<&(String, String)> = [&row.claimed, &row.checksum].into_iter().flatten().collect();
    let is = |name: &str, value: &str| known.iter().any(|(known, sum)| known == name && sum == value);
    let wrong =
        |(name, value): &(&str, &Option<String>)| value.as_deref().is_some_and(|value| !is(name, value));
    named.e_tag.as_ref().is_some_and(|etag| etag.value() == row.etag) && !sums.iter().any(wrong)
}

/// The entity tag of an object in parts: the digest of the parts' tags, and how many there are.
fn etag(parts: &[PartRow]) -> S3Result<String> {
    let mut md5 = Md5::new();
    for part in parts {
        md5.update(&hex::decode(&part.etag).map_err(internal)?);
    }
    Ok(format!("{}-{}", hex::encode(md5.finalize()), parts.len()))
}

fn sums_of(parts: &[PartRow]) -> S3Result<Vec<Vec<u8>>> {
    let sum = |part: &PartRow| {
        let value = part.checksum.as_ref().map(|(_, value)| value.as_str()).unwrap_or_default();
        BASE64_STANDARD.decode(value).map_err(internal)
    };
    parts.iter().map(sum).collect()
}

/// The checksum of the parts' checksums, and how many there are.
fn composite(algorithm: Algorithm, parts: &[PartRow]) -> S3Result<String> {
    let all = sums_of(parts)?.concat();
    let sum = match algorithm {
        Algorithm::Crc32 => {
            let mut crc = Crc32::new();
            crc.update(&all);
            crc.finalize().to_vec()
        }
        Algorithm::Crc32c => {
            let mut crc = Crc32c::new();
            crc.update(&all);
            crc.finalize().to_vec()
        }
        Algorithm::Sha1 => digest(&SHA1_FOR_LEGACY_USE_ONLY, &all).as_ref().to_vec(),
        Algorithm::Sha256 => digest(&SHA256, &all).as_ref().to_vec(),
        Algorithm::Crc64Nvme => return Err(internal("CRC64NVME is never composite")),
    };
    Ok(format!("{}-{}", BASE64_STANDARD.encode(sum), parts.len()))
}

/// The checksum of all bytes, from the parts' checksums and lengths: CRCs can be combined.
fn combined(algorithm: Algorithm, parts: &[PartRow]) -> S3Result<String> {
    let (kind, width) = match algorithm {
        Algorithm::Crc32 => (CrcAlgorithm::Crc32IsoHdlc, 4),
        Algorithm::Crc32c => (CrcAlgorithm::Crc32Iscsi, 4),
        Algorithm::Crc64Nvme => (CrcAlgorithm::Crc64Nvme, 8),
        Algorithm::Sha1 | Algorithm::Sha256 => return Err(internal("digests cannot be combined")),
    };
    let number = |bytes: &Vec<u8>| bytes.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    let sums: Vec<u64> = sums_of(parts)?.iter().map(number).collect();
    let mut whole: Option<u64> = None;
    for (sum, part) in sums.into_iter().zip(parts) {
        whole = Some(match whole {
            None => sum,
            Some(before) => checksum_combine(kind, before, sum, part.size),
        });
    }
    let bytes = whole.unwrap_or_default().to_be_bytes();
    Ok(BASE64_STANDARD.encode(bytes.get(8 - width..).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn part(number: i64, bytes: &[u8], algorithm: Algorithm) -> PartRow {
        let mut digest = Claims::none(algorithm).digest();
        digest.update(bytes);
        let sums = digest.finish();
        PartRow {
            number,
            first: 0,
            size: bytes.len() as u64,
            etag: hex::encode(&sums.md5),
            modified: 0,
            checksum: Some((algorithm.name().to_owned(), sums.value)),
            claimed: None,
        }
    }

    #[test]
    fn the_checksum_of_parts_is_that_of_their_bytes_in_a_row() {
        let pieces: [&[u8]; 4] = [b"hello ", b"", b"wor", b"ld"];
        for (algorithm, sum) in [
            (Algorithm::Crc32, "DUoRhQ=="),
            (Algorithm::Crc32c, "yZRlqg=="),
            (Algorithm::Crc64Nvme, "jSnVw/bqjr4="),
        ] {
            let parts: Vec<_> =
                (1..).zip(pieces).map(|(number, bytes)| part(number, bytes, algorithm)).collect();
            assert_eq!(combined(algorithm, &parts).unwrap(), sum, "{algorithm:?}");
        }
    }

    #[test]
    fn a_range_to_copy_lies_within_the_object() {
        assert_eq!(range_of("bytes=0-9", 10).unwrap(), 0..10);
        for wrong in ["bytes=0-10", "bytes=5-4", "bytes=5-", "bytes=-5", "0-9", "bytes=a-b"] {
            assert_eq!(range_of(wrong, 10).unwrap_err().code().as_str(), "InvalidArgument", "{wrong}");
        }
    }
}

//! The object that the parts of an upload become.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use crc_fast::{CrcAlgorithm, checksum_combine};
use http::HeaderMap;
use s3s::crypto::{Checksum as _, Crc32, Crc32c, Md5};
use s3s::dto::{CompleteMultipartUploadInput, CompleteMultipartUploadOutput, CompletedPart};
use s3s::{S3Request, S3Response, S3Result};

use super::ask::{Ask, Owned};
use super::checksum::Algorithm;
use super::customer_key::{self, CustomerKey, OF_OBJECT};
use super::describe;
use super::failure::{from_store, internal, malformed_xml, refuse, with_fields};
use super::parts::{algorithm_of, may_add};
use super::put::only_if;
use super::versions::Found;
use super::write::{done, invalid_part, must_fit, shown_version, version_of_a_write};
use crate::gate::{Permit, actions};
use crate::store::{ObjectRow, OnlyIf, PartRow, Terms, UploadRow};

/// Smallest part but the last, in bytes.
const LEAST_BYTES: u64 = 5 << 20;

pub(super) async fn complete_multipart_upload(
    ask: &Ask,
    request: S3Request<CompleteMultipartUploadInput>,
) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
    let input = request.input;
    let owned = ask.bucket(&input.bucket, input.expected_bucket_owner.as_deref()).await?;
    let addressed = (input.key.as_str(), input.upload_id.as_str());
    let named = input.multipart_upload.and_then(|upload| upload.parts).unwrap_or_default();
    let (permit, upload) = match may_add(ask, &owned, addressed, (&request.headers, true)).await {
        Err(error) if error.code().as_str() == "NoSuchUpload" => {
            let object = completed(ask, &owned, addressed, &named).await?.ok_or(error)?;
            return Ok(completion(&owned, object));
        }
        allowed => allowed?,
    };
    let only_if = only_if(&request.headers)?;
    if let Some(only_if) = &only_if {
        must_not_conflict(&upload, only_if, Found::look(ask, &owned, &input.key, None).await?.row())?;
    }
    must_name_checksums(&upload, &named)?;
    complete_with_key(&upload, &request.headers)?;
    let there = ask.aws.store.parts(&upload.id, 0).await.map_err(|error| from_store(&error))?;
    let parts = chosen(&named, &there)?;
    let mut object = upload.object.clone();
    object.size = parts.iter().map(|part| part.size).sum();
    must_fit(object.size, ask.aws.limits.object_bytes)?;
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
    object.parts = parts;
    object.upload = Some(upload.id.clone());
    let terms = Terms { owner: &owned.owner.id, only_if: only_if.as_ref() };
    complete(ask, permit, &upload.id, &object, terms).await?;
    Ok(completion(&owned, object))
}

/// The object that these parts became, when its upload was completed before: whoever did not hear of that asks again.
async fn completed(
    ask: &Ask,
    owned: &Owned,
    (key, upload): (&str, &str),
    named: &[CompletedPart],
) -> S3Result<Option<ObjectRow>> {
    if !ask.aws.fidelity.uploads_complete_again {
        return Ok(None);
    }
    let found = Found::look(ask, owned, key, None).await?;
    let same = |row: &&ObjectRow| {
        let pairs = || row.parts.iter().zip(named);
        row.upload.as_deref() == Some(upload)
            && row.parts.len() == named.len()
            && !named.is_empty()
            && pairs()
                .all(|(row, part)| part.part_number.map(i64::from) == Some(row.number) && is_that(part, row))
    };
    let mut object = found.row().filter(same).cloned();
    // Checksums under a customer's key are for who shows it.
    if let Some(object) = object.as_mut().filter(|object| object.customer_key_check.is_some()) {
        object.checksums.clear();
    }
    Ok(object)
}

fn completion(owned: &Owned, object: ObjectRow) -> S3Response<CompleteMultipartUploadOutput> {
    let sum = |name| describe::checksum(&object, name);
    S3Response::new(CompleteMultipartUploadOutput {
        bucket: Some(object.bucket.clone()),
        bucket_key_enabled: describe::bucket_key(&object),
        checksum_crc32: sum("CRC32"),
        checksum_crc32c: sum("CRC32C"),
        checksum_crc64nvme: sum("CRC64NVME"),
        checksum_sha1: sum("SHA1"),
        checksum_sha256: sum("SHA256"),
        checksum_type: Some(describe::checksum_type(&object)),
        e_tag: Some(describe::etag(&object)),
        key: Some(object.key.clone()),
        location: Some(format!("https://{}.s3.amazonaws.com/{}", object.bucket, object.key)),
        server_side_encryption: describe::encryption(&object),
        version_id: shown_version(owned, &object),
        ssekms_key_id: object.kms_key_arn,
        ..CompleteMultipartUploadOutput::default()
    })
}

/// A condition that holds, but about another object than was there when the upload was begun, is a conflict (S3 User Guide,
/// `conditional-writes`).
fn must_not_conflict(upload: &UploadRow, only_if: &OnlyIf, now: Option<&ObjectRow>) -> S3Result<()> {
    let (condition, holds) = match (only_if, now) {
        (OnlyIf::Absent, now) => ("If-None-Match", now.is_none()),
        (OnlyIf::Etag(etag), now) => ("If-Match", now.is_some_and(|now| now.etag == *etag)),
        (OnlyIf::Present, now) => ("If-Match", now.is_some()),
    };
    let there = now.map(|now| now.data.as_str()).unwrap_or_default();
    match holds && upload.before.as_deref().is_some_and(|before| before != there) {
        true => Err(with_fields(
            refuse(
                409,
                "ConditionalRequestConflict",
                "The conditional request cannot succeed due to a conflicting operation against this resource.",
            ),
            [("Condition", condition.to_owned()), ("Key", upload.object.key.clone())],
        )),
        false => Ok(()),
    }
}

/// A checksum of checksums needs those of all parts.
fn must_name_checksums(upload: &UploadRow, named: &[CompletedPart]) -> S3Result<()> {
    let has_none = |part: &&CompletedPart| sums_in(part).iter().all(|(_, sum)| sum.is_none());
    let missing = named.iter().find(has_none).and_then(|part| part.part_number);
    match (upload.composite_checksum, missing) {
        (true, Some(number)) => Err(refuse(
            400,
            "InvalidRequest",
            format!(
                "The upload was created using a {} checksum. The complete request must include the checksum for each part. It \
                 was missing for part {number} in the request.",
                algorithm_of(upload).name().to_lowercase()
            ),
        )),
        _ => Ok(()),
    }
}

fn sums_in(part: &CompletedPart) -> [(&'static str, &Option<String>); 5] {
    [
        ("CRC32", &part.checksum_crc32),
        ("CRC32C", &part.checksum_crc32c),
        ("CRC64NVME", &part.checksum_crc64nvme),
        ("SHA1", &part.checksum_sha1),
        ("SHA256", &part.checksum_sha256),
    ]
}

/// The checksums of parts are under the customer's key as the parts are (BC:s3.CompleteMultipartUpload, `SSECustomerAlgorithm`).
fn complete_with_key(upload: &UploadRow, headers: &HeaderMap) -> S3Result<()> {
    match CustomerKey::read(headers, &OF_OBJECT)? {
        Some(key) => customer_key::of_upload(&upload.object, Some(key)).map(drop),
        None if upload.object.customer_key_check.is_some() && upload.checksum_algorithm.is_some() => {
            Err(customer_key::parameters_missing())
        }
        None => Ok(()),
    }
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
        return Err(malformed_xml());
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
        // Both are in order; there may be ten thousand.
        let found = there.binary_search_by_key(&i64::from(number), |row| row.number);
        let found = found.ok().and_then(|index| there.get(index)).filter(|row| is_that(part, row));
        parts.push(found.cloned().ok_or_else(|| {
            let etag = part.e_tag.as_ref().map(|etag| etag.value().to_owned());
            invalid_part(number.into(), etag.unwrap_or_default())
        })?);
    }
    let Some(small) = parts.iter().rev().skip(1).rev().find(|part| part.size < LEAST_BYTES) else {
        return Ok(parts);
    };
    Err(with_fields(
        refuse(400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size"),
        [
            ("ETag", small.etag.clone()),
            ("MinSizeAllowed", LEAST_BYTES.to_string()),
            ("ProposedSize", small.size.to_string()),
            ("PartNumber", small.number.to_string()),
        ],
    ))
}

/// Whether what a completion says of a part is true.
fn is_that(named: &CompletedPart, row: &PartRow) -> bool {
    let sums = sums_in(named);
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
    use crate::s3::checksum::Claims;

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
    fn parts_are_found_by_their_numbers_wherever_there_are_gaps() {
        let there: Vec<_> = [2, 3, 7, 10_000]
            .map(|number| PartRow { size: LEAST_BYTES, ..part(number, b"x", Algorithm::Crc32) })
            .into();
        let etag = there[0].etag.clone();
        let chosen = |numbers: &[i32]| {
            let named = |number: &i32| CompletedPart {
                part_number: Some(*number),
                e_tag: Some(s3s::dto::ETag::Strong(etag.clone())),
                ..CompletedPart::default()
            };
            let named: Vec<_> = numbers.iter().map(named).collect();
            let numbers = |parts: Vec<PartRow>| parts.iter().map(|part| part.number).collect::<Vec<_>>();
            chosen(&named, &there).map(numbers).map_err(|error| error.code().as_str().to_owned())
        };
        assert_eq!(chosen(&[2, 3, 7, 10_000]).unwrap(), [2, 3, 7, 10_000]);
        assert_eq!(chosen(&[3, 10_000]).unwrap(), [3, 10_000]);
        for missing in [1, 4, 9_999] {
            assert_eq!(chosen(&[missing]).unwrap_err(), "InvalidPart", "{missing}");
        }
        assert_eq!(chosen(&[3, 2]).unwrap_err(), "InvalidPartOrder");
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
}

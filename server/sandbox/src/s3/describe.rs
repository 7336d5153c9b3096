//! What S3 says of an object besides its bytes: the headers that PutObject takes and GetObject and HeadObject give back.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::HeaderMap;
use s3s::dto::{ChecksumAlgorithm, ChecksumType, ETag, Metadata, ServerSideEncryption, Timestamp};
use s3s::{S3Error, S3Result};
use time::OffsetDateTime;

use super::ask::Owned;
use super::failure::{invalid_argument, not_implemented, refuse, with_fields};
use super::intent::GRANTS;
use crate::store::ObjectRow;

/// `Content-Type` of objects that were given none.
pub(super) const DEFAULT_CONTENT_TYPE: &str = "binary/octet-stream";

/// Largest user metadata, names and values together, in bytes.
const MAX_METADATA_BYTES: usize = 2048;

/// System metadata that is kept as it was given.
const KEPT: [&str; 5] =
    ["cache-control", "content-disposition", "content-encoding", "content-language", "expires"];

/// Headers that ask for what the embedded AWS does not have. Ignoring them would be a silent lie.
const REFUSED: [&str; 5] = [
    "x-amz-website-redirect-location",
    "x-amz-object-lock-mode",
    "x-amz-object-lock-retain-until-date",
    "x-amz-object-lock-legal-hold",
    "x-amz-write-offset-bytes",
];

/// Storage classes that S3 has besides `STANDARD` (BC:s3.PutObject).
const OTHER_CLASSES: [&str; 12] = [
    "REDUCED_REDUNDANCY",
    "STANDARD_IA",
    "ONEZONE_IA",
    "INTELLIGENT_TIERING",
    "GLACIER",
    "DEEP_ARCHIVE",
    "OUTPOSTS",
    "GLACIER_IR",
    "SNOW",
    "EXPRESS_ONEZONE",
    "FSX_OPENZFS",
    "FSX_ONTAP",
];

/// Canned access control lists that S3 knows and a bucket without ACLs refuses.
const OTHER_ACLS: [&str; 5] =
    ["public-read", "public-read-write", "authenticated-read", "aws-exec-read", "bucket-owner-read"];

/// Refuses a write that asks for what the embedded AWS does not have.
pub(super) fn must_be_supported(owned: &Owned, headers: &HeaderMap) -> S3Result<()> {
    if let Some(name) = REFUSED.iter().find(|name| headers.contains_key(**name)) {
        return Err(not_implemented(&format!("The header {name}")));
    }
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match text("x-amz-storage-class") {
        None | Some("STANDARD") => {}
        Some(class) if OTHER_CLASSES.contains(&class) => {
            return Err(not_implemented(&format!("The storage class {class}")));
        }
        Some(class) => {
            let error = refuse(400, "InvalidStorageClass", "The storage class you specified is not valid");
            return Err(with_fields(error, [("StorageClassRequested", class.to_owned())]));
        }
    }
    // Grants are as good as a list (S3 User Guide, `about-object-ownership`).
    if GRANTS.iter().any(|name| *name != "x-amz-acl" && headers.contains_key(*name)) {
        return Err(acls_refused(owned));
    }
    match text("x-amz-acl") {
        None | Some("private" | "bucket-owner-full-control") => Ok(()),
        Some(acl) if OTHER_ACLS.contains(&acl) => Err(acls_refused(owned)),
        Some(acl) => Err(invalid_argument("", "x-amz-acl", acl.to_owned())),
    }
}

/// What a bucket says that has ACLs disabled. One whose ownership controls were deleted would have them.
pub(super) fn acls_refused(owned: &Owned) -> S3Error {
    match owned.bucket.ownership {
        Some(_) => refuse(400, "AccessControlListNotSupported", "The bucket does not allow ACLs"),
        None => not_implemented("An access control list"),
    }
}

/// System metadata of a write, apart from `Content-Type`.
pub(super) fn system_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let kept = KEPT.iter().filter_map(|&name| {
        let value = headers.get(name)?.to_str().ok()?;
        // The framing of the upload is no property of the object.
        let value = match name {
            "content-encoding" => {
                let codings = value.split(',').map(str::trim).filter(|coding| *coding != "aws-chunked");
                codings.collect::<Vec<_>>().join(",")
            }
            _ => value.to_owned(),
        };
        (!value.is_empty()).then(|| (name.to_owned(), value))
    });
    kept.collect()
}

/// User metadata of a write, sorted by name.
///
/// # Errors
/// `MetadataTooLarge`.
pub(super) fn user_metadata(metadata: Option<Metadata>) -> S3Result<Vec<(String, String)>> {
    let mut pairs: Vec<(String, String)> = metadata.unwrap_or_default().into_iter().collect();
    pairs.sort();
    let size: usize = pairs.iter().map(|(name, value)| name.len() + value.len()).sum();
    match size <= MAX_METADATA_BYTES {
        true => Ok(pairs),
        false => Err(refuse(
            400,
            "MetadataTooLarge",
            "Your metadata headers exceed the maximum allowed metadata size",
        )),
    }
}

/// One kept header of an object.
pub(super) fn header(row: &ObjectRow, name: &str) -> Option<String> {
    row.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
}

/// One checksum of an object.
pub(super) fn checksum(row: &ObjectRow, name: &str) -> Option<String> {
    row.checksums.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
}

/// The algorithms of an object's checksums.
pub(super) fn checksum_algorithms(row: &ObjectRow) -> Vec<ChecksumAlgorithm> {
    row.checksums.iter().map(|(name, _)| ChecksumAlgorithm::from(name.clone())).collect()
}

/// Whether an object's checksum is that of all its bytes or that of its parts' checksums.
pub(super) fn checksum_type(row: &ObjectRow) -> ChecksumType {
    ChecksumType::from_static(match row.composite_checksum {
        true => ChecksumType::COMPOSITE,
        false => ChecksumType::FULL_OBJECT,
    })
}

pub(super) fn etag(row: &ObjectRow) -> ETag {
    ETag::Strong(row.etag.trim_matches('"').to_owned())
}

pub(super) fn timestamp(seconds: i64) -> Timestamp {
    OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH).into()
}

/// The algorithm by which S3 itself has a key for the object; none for a customer's key.
pub(super) fn encryption(row: &ObjectRow) -> Option<ServerSideEncryption> {
    let algorithm = match (&row.kms_key_arn, &row.customer_key_check) {
        (Some(_), _) => ServerSideEncryption::AWS_KMS,
        (None, Some(_)) => return None,
        (None, None) => ServerSideEncryption::AES256,
    };
    Some(ServerSideEncryption::from_static(algorithm))
}

/// The bucket key flag, which S3 gives for SSE-KMS only when it is on.
pub(super) fn bucket_key(row: &ObjectRow) -> Option<bool> {
    row.bucket_key.then_some(true)
}

/// The caller's encryption context as the answer to a write repeats it.
pub(super) fn context(row: &ObjectRow) -> Option<String> {
    if row.encryption_context.is_empty() {
        return None;
    }
    let pairs: std::collections::BTreeMap<_, _> = row.encryption_context.iter().cloned().collect();
    serde_json::to_vec(&pairs).ok().map(|json| BASE64_STANDARD.encode(json))
}

/// What S3 gives as an account's canonical user id: 64 hexadecimal digits.
pub(super) fn canonical_id(account: &str) -> String {
    hex::encode(digest(&SHA256, account.as_bytes()))
}

/// Fills the fields that GetObject and HeadObject have in common.
macro_rules! describe {
    ($output:ident, $row:expr, $customer:expr, with_checksum: $with_checksum:expr) => {{
        let (row, with_checksum): (&$crate::store::ObjectRow, bool) = ($row, $with_checksum);
        let (sse_customer_algorithm, sse_customer_key_md5) =
            $crate::s3::customer_key::CustomerKey::shown($customer);
        let sum = |name| $crate::s3::describe::checksum(row, name).filter(|_| with_checksum);
        let header = |name| $crate::s3::describe::header(row, name);
        s3s::dto::$output {
            accept_ranges: Some("bytes".to_owned()),
            bucket_key_enabled: $crate::s3::describe::bucket_key(row),
            cache_control: header("cache-control"),
            checksum_crc32: sum("CRC32"),
            checksum_crc32c: sum("CRC32C"),
            checksum_crc64nvme: sum("CRC64NVME"),
            checksum_sha1: sum("SHA1"),
            checksum_sha256: sum("SHA256"),
            checksum_type: (with_checksum && !row.checksums.is_empty())
                .then(|| $crate::s3::describe::checksum_type(row)),
            content_disposition: header("content-disposition"),
            content_encoding: header("content-encoding"),
            content_language: header("content-language"),
            content_type: Some(
                row.content_type
                    .clone()
                    .unwrap_or_else(|| $crate::s3::describe::DEFAULT_CONTENT_TYPE.to_owned()),
            ),
            e_tag: Some($crate::s3::describe::etag(row)),
            expires: header("expires")
                .and_then(|text| s3s::dto::Timestamp::parse(s3s::dto::TimestampFormat::HttpDate, &text).ok()),
            last_modified: Some($crate::s3::describe::timestamp(row.modified)),
            metadata: (!row.metadata.is_empty()).then(|| row.metadata.iter().cloned().collect()),
            server_side_encryption: $crate::s3::describe::encryption(row),
            sse_customer_algorithm,
            sse_customer_key_md5,
            ssekms_key_id: row.kms_key_arn.clone(),
            ..s3s::dto::$output::default()
        }
    }};
}
pub(super) use describe;

//! PutObject.

use http::HeaderMap;
use s3s::dto::{ETagCondition, PutObjectInput, PutObjectOutput, StreamingBlob};
use s3s::{S3Request, S3Response, S3Result};

use super::ask::Ask;
use super::checksum::Claims;
use super::customer_key::CustomerKey;
use super::describe;
use super::failure::{HEADER_NOT_IMPLEMENTED, refuse, with_fields};
use super::intent::Intent;
use super::write::{Content, must_fit_at_once, shown_version, write};
use crate::Body;
use crate::model::Versioning;
use crate::store::OnlyIf;

pub(super) async fn put_object(
    ask: &Ask,
    request: S3Request<PutObjectInput>,
) -> S3Result<S3Response<PutObjectOutput>> {
    let input = request.input;
    let owned = ask.bucket(&input.bucket, input.expected_bucket_owner.as_deref()).await?;
    let described = (input.content_type, input.metadata);
    let intent = Intent::of(ask, &owned, (input.key, true), &request.headers, described).await?;
    let only_if = only_if(&request.headers)?;
    let length = announced_length(&request.headers, input.content_length);
    must_fit_at_once(ask, length.unwrap_or_default())?;
    let claims = Claims::read(&request.headers)?;
    let sealed = intent.seal(ask).await?;
    let (sse_customer_algorithm, sse_customer_key_md5) = CustomerKey::shown(intent.customer_key());
    let content = Content {
        body: input.body.unwrap_or_else(|| StreamingBlob::from(Body::empty())),
        length,
        claims,
        trailers: request.extensions.get().cloned(),
    };
    let row = write(ask, intent.permit, &owned, (intent.description, only_if), sealed, content).await?;
    // Alone among writes it does not name the version `null`.
    let version = shown_version(&owned, &row);
    let version = version.filter(|_| owned.bucket.versioning == Some(Versioning::Enabled));
    Ok(S3Response::new(PutObjectOutput {
        bucket_key_enabled: describe::bucket_key(&row),
        checksum_crc32: describe::checksum(&row, "CRC32"),
        checksum_crc32c: describe::checksum(&row, "CRC32C"),
        checksum_crc64nvme: describe::checksum(&row, "CRC64NVME"),
        checksum_sha1: describe::checksum(&row, "SHA1"),
        checksum_sha256: describe::checksum(&row, "SHA256"),
        checksum_type: Some(describe::checksum_type(&row)),
        e_tag: Some(describe::etag(&row)),
        server_side_encryption: describe::encryption(&row),
        sse_customer_algorithm,
        sse_customer_key_md5,
        ssekms_encryption_context: describe::context(&row),
        version_id: version,
        ssekms_key_id: row.kms_key_arn,
        ..PutObjectOutput::default()
    }))
}

/// What `If-Match` and `If-None-Match` demand of the object that is there (S3 User Guide, `conditional-writes`).
pub(super) fn only_if(headers: &HeaderMap) -> S3Result<Option<OnlyIf>> {
    let condition = |name: &str| {
        let header = headers.get(name);
        header.map(|value| ETagCondition::parse_http_header(value.as_bytes())).transpose()
    };
    match (condition("if-match"), condition("if-none-match")) {
        (Ok(None), Ok(None)) => Ok(None),
        (Ok(None), Ok(Some(ETagCondition::Any))) => Ok(Some(OnlyIf::Absent)),
        (Ok(Some(ETagCondition::ETag(etag))), Ok(None)) => Ok(Some(OnlyIf::etag(etag.value()))),
        // As S3 itself answers: `If-None-Match` takes `*` only, and `If-Match` an entity tag.
        (matches, none_match) => {
            let given = |condition: &Result<Option<ETagCondition>, _>| !matches!(condition, Ok(None));
            let (header, additional) = match (given(&matches), given(&none_match)) {
                (true, true) => (
                    "If-Match,If-None-Match",
                    "Multiple conditional request headers present in the request".to_owned(),
                ),
                (matches, _) => {
                    let header = if matches { "If-Match" } else { "If-None-Match" };
                    (header, format!("We don't accept the provided value of {header} header for this API"))
                }
            };
            let message = HEADER_NOT_IMPLEMENTED;
            let error = refuse(501, "NotImplemented", message);
            Err(with_fields(error, [("Header", header.to_owned()), ("additionalMessage", additional)]))
        }
    }
}

/// Length of the object: without the framing of an aws-chunked body.
pub(super) fn announced_length(headers: &http::HeaderMap, content_length: Option<i64>) -> Option<u64> {
    let decoded =
        headers.get("x-amz-decoded-content-length").and_then(|length| length.to_str().ok()?.parse().ok());
    decoded.or_else(|| content_length.and_then(|length| u64::try_from(length).ok()))
}

//! PutObject.

use policy::Context;
use s3s::dto::{ChecksumType, PutObjectInput, PutObjectOutput, StreamingBlob};
use s3s::{S3Request, S3Response, S3Result};

use super::ask::Ask;
use super::checksum::Claims;
use super::describe;
use super::encryption::{self, Headers};
use super::envelope;
use super::write::{Content, Description, must_fit, write};
use crate::Body;
use crate::gate::actions;

pub(super) async fn put_object(
    ask: &Ask,
    request: S3Request<PutObjectInput>,
) -> S3Result<S3Response<PutObjectOutput>> {
    let input = request.input;
    let owned = ask.bucket(&input.bucket, input.expected_bucket_owner.as_deref()).await?;
    let headers = Headers {
        algorithm: input.server_side_encryption.as_ref().map(s3s::dto::ServerSideEncryption::as_str),
        key_id: input.ssekms_key_id.as_deref(),
        context: input.ssekms_encryption_context.as_deref(),
        bucket_key: input.bucket_key_enabled,
    };
    let plan = encryption::plan(ask, &owned, headers).await?;
    let mut conditions = plan.conditions;
    conditions.extend(common_conditions(&request.headers));
    let permit = ask.on_object::<actions::s3::PutObject>(&owned, &input.key, conditions)?;
    describe::must_be_supported(&request.headers)?;
    let length = announced_length(&request.headers, input.content_length);
    must_fit(ask, length.unwrap_or_default())?;
    let claims = Claims::read(&request.headers)?;
    let metadata = describe::user_metadata(input.metadata)?;
    let sealed = envelope::seal(ask, &input.bucket, &input.key, &plan.protection).await?;
    let description = Description {
        bucket: input.bucket,
        key: input.key,
        content_type: input.content_type,
        headers: describe::system_headers(&request.headers),
        metadata,
    };
    let content = Content {
        body: input.body.unwrap_or_else(|| StreamingBlob::from(Body::empty())),
        length,
        claims,
        trailers: request.trailing_headers,
    };
    let row = write(ask, permit, description, sealed, content).await?;
    Ok(S3Response::new(PutObjectOutput {
        bucket_key_enabled: describe::bucket_key(&row),
        checksum_crc32: describe::checksum(&row, "CRC32"),
        checksum_crc32c: describe::checksum(&row, "CRC32C"),
        checksum_crc64nvme: describe::checksum(&row, "CRC64NVME"),
        checksum_sha1: describe::checksum(&row, "SHA1"),
        checksum_sha256: describe::checksum(&row, "SHA256"),
        checksum_type: Some(ChecksumType::from_static(ChecksumType::FULL_OBJECT)),
        e_tag: Some(describe::etag(&row)),
        server_side_encryption: Some(describe::encryption(&row)),
        ssekms_encryption_context: describe::context(&row),
        ssekms_key_id: row.kms_key_arn,
        ..PutObjectOutput::default()
    }))
}

/// Length of the object: without the framing of an aws-chunked body.
fn announced_length(headers: &http::HeaderMap, content_length: Option<i64>) -> Option<u64> {
    let decoded =
        headers.get("x-amz-decoded-content-length").and_then(|length| length.to_str().ok()?.parse().ok());
    decoded.or_else(|| content_length.and_then(|length| u64::try_from(length).ok()))
}

/// Condition keys that a write fills from its headers, apart from those about encryption.
pub(super) fn common_conditions(headers: &http::HeaderMap) -> Context {
    let mut context = Context::new();
    for (name, key) in [
        ("x-amz-acl", "s3:x-amz-acl"),
        ("x-amz-storage-class", "s3:x-amz-storage-class"),
        ("x-amz-content-sha256", "s3:x-amz-content-sha256"),
    ] {
        if let Some(value) = headers.get(name).and_then(|value| value.to_str().ok()) {
            context.set(key, [value]);
        }
    }
    context
}

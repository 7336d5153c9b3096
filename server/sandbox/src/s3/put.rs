//! PutObject.

use policy::Context;
use s3s::dto::{ETagCondition, PutObjectInput, PutObjectOutput, StreamingBlob};
use s3s::{S3Request, S3Response, S3Result};

use super::ask::{Ask, Owned};
use super::checksum::Claims;
use super::describe;
use super::encryption::{self, Headers};
use super::envelope;
use super::failure::refuse;
use super::tags::{self, Tags};
use super::write::{Content, Description, must_fit, shown_version, write};
use crate::Body;
use crate::gate::{Permit, actions};
use crate::store::OnlyIf;

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
    let tags = tags::of_header(&request.headers)?;
    let permit = may_write(ask, &owned, &input.key, plan.conditions, (&request.headers, &tags))?;
    describe::must_be_supported(&request.headers)?;
    let only_if = only_if(input.if_match.as_ref(), input.if_none_match.as_ref())?;
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
        tags,
    };
    let content = Content {
        body: input.body.unwrap_or_else(|| StreamingBlob::from(Body::empty())),
        length,
        claims,
        trailers: request.trailing_headers,
    };
    let row = write(ask, permit, &owned, (description, only_if), sealed, content).await?;
    Ok(S3Response::new(PutObjectOutput {
        bucket_key_enabled: describe::bucket_key(&row),
        checksum_crc32: describe::checksum(&row, "CRC32"),
        checksum_crc32c: describe::checksum(&row, "CRC32C"),
        checksum_crc64nvme: describe::checksum(&row, "CRC64NVME"),
        checksum_sha1: describe::checksum(&row, "SHA1"),
        checksum_sha256: describe::checksum(&row, "SHA256"),
        checksum_type: Some(describe::checksum_type(&row)),
        e_tag: Some(describe::etag(&row)),
        server_side_encryption: Some(describe::encryption(&row)),
        ssekms_encryption_context: describe::context(&row),
        version_id: shown_version(&owned, &row),
        ssekms_key_id: row.kms_key_arn,
        ..PutObjectOutput::default()
    }))
}

/// Asks whether a write may be made: as such, with its access control list, and with its tags.
pub(super) fn may_write(
    ask: &Ask,
    owned: &Owned,
    key: &str,
    mut conditions: Context,
    (headers, tags): (&http::HeaderMap, &Tags),
) -> S3Result<Permit<actions::s3::PutObject>> {
    conditions.extend(common_conditions(headers));
    conditions.extend(tags::requested(tags));
    let permit = ask.on_object::<actions::s3::PutObject>(owned, key, conditions.clone())?;
    if headers.contains_key("x-amz-acl") {
        ask.on_object::<actions::s3::PutObjectAcl>(owned, key, conditions.clone())?;
    }
    if !tags.is_empty() {
        ask.on_object::<actions::s3::PutObjectTagging>(owned, key, conditions)?;
    }
    Ok(permit)
}

/// What `If-Match` and `If-None-Match` demand of the object that is there (S3 User Guide, `conditional-writes`).
pub(super) fn only_if(
    matches: Option<&ETagCondition>,
    none_match: Option<&ETagCondition>,
) -> S3Result<Option<OnlyIf>> {
    let unsupported = || {
        refuse(501, "NotImplemented", "A header you provided implies functionality that is not implemented")
    };
    match (matches, none_match) {
        (None, None) => Ok(None),
        (None, Some(ETagCondition::Any)) => Ok(Some(OnlyIf::Absent)),
        (Some(ETagCondition::ETag(etag)), None) => Ok(Some(OnlyIf::Etag(format!("\"{}\"", etag.value())))),
        // As S3 itself answers: `If-None-Match` takes `*` only, and `If-Match` an entity tag.
        _ => Err(unsupported()),
    }
}

/// Length of the object: without the framing of an aws-chunked body.
pub(super) fn announced_length(headers: &http::HeaderMap, content_length: Option<i64>) -> Option<u64> {
    let decoded =
        headers.get("x-amz-decoded-content-length").and_then(|length| length.to_str().ok()?.parse().ok());
    decoded.or_else(|| content_length.and_then(|length| u64::try_from(length).ok()))
}

/// Condition keys that a write fills from its headers, apart from those about encryption.
fn common_conditions(headers: &http::HeaderMap) -> Context {
    let mut context = Context::new();
    for (name, key) in [
        ("x-amz-acl", "s3:x-amz-acl"),
        ("x-amz-storage-class", "s3:x-amz-storage-class"),
        ("x-amz-content-sha256", "s3:x-amz-content-sha256"),
        ("if-match", "s3:if-match"),
        ("if-none-match", "s3:if-none-match"),
    ] {
        if let Some(value) = headers.get(name).and_then(|value| value.to_str().ok()) {
            context.set(key, [value]);
        }
    }
    context
}

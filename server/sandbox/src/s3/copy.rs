//! CopyObject: a read and a write in one, each with its own checks.

use futures::TryStreamExt as _;
use s3s::dto::{
    CopyObjectInput, CopyObjectOutput, CopyObjectResult, CopySource, MetadataDirective, ServerSideEncryption,
    TaggingDirective,
};
use s3s::{S3Request, S3Response, S3Result, StdError};

use super::ask::Ask;
use super::checksum::{Algorithm, Claims};
use super::conditional::Conditions;
use super::describe;
use super::encryption::{self, Headers};
use super::envelope;
use super::failure::{not_implemented, refuse};
use super::get::{allowed_to_read, plaintext};
use super::put::may_write;
use super::tags;
use super::versions::{Found, find};
use super::write::{Content, Description, shown_version, write};
use crate::store::ObjectRow;

pub(super) async fn copy_object(
    ask: &Ask,
    request: S3Request<CopyObjectInput>,
) -> S3Result<S3Response<CopyObjectOutput>> {
    let input = request.input;
    let (source_bucket, source_key, source_version) = source(&input.copy_source)?;
    let from = ask.bucket(source_bucket, input.expected_source_bucket_owner.as_deref()).await?;
    let to = ask.bucket(&input.bucket, input.expected_bucket_owner.as_deref()).await?;
    let found = Found::look(ask, &from, source_key, source_version).await?;
    let may_read = allowed_to_read(ask, &from, &found)?;
    let headers = Headers {
        algorithm: input.server_side_encryption.as_ref().map(ServerSideEncryption::as_str),
        key_id: input.ssekms_key_id.as_deref(),
        context: input.ssekms_encryption_context.as_deref(),
        bucket_key: input.bucket_key_enabled,
    };
    let plan = encryption::plan(ask, &to, headers).await?;
    let replace = match input.metadata_directive.as_ref().map(MetadataDirective::as_str) {
        None | Some(MetadataDirective::COPY) => false,
        Some(MetadataDirective::REPLACE) => true,
        Some(_) => return Err(refuse(400, "InvalidArgument", "Unknown metadata directive.")),
    };
    let retag = match input.tagging_directive.as_ref().map(TaggingDirective::as_str) {
        None | Some(TaggingDirective::COPY) => false,
        Some(TaggingDirective::REPLACE) => true,
        Some(_) => return Err(refuse(400, "InvalidArgument", "Unknown tagging directive.")),
    };
    let tags = match (retag, found.row()) {
        (true, _) => tags::of_header(&request.headers)?,
        (false, Some(row)) => row.tags.clone(),
        (false, None) => tags::Tags::new(),
    };
    let mut conditions = plan.conditions;
    conditions.set("s3:x-amz-copy-source", [format!("{source_bucket}/{source_key}")]);
    conditions.set("s3:x-amz-metadata-directive", [if replace { "REPLACE" } else { "COPY" }]);
    let may_write = may_write(ask, &to, &input.key, conditions, (&request.headers, &tags))?;
    describe::must_be_supported(&request.headers)?;
    if ["if-match", "if-none-match"].iter().any(|name| request.headers.contains_key(*name)) {
        return Err(not_implemented("A conditional copy"));
    }
    // An older version of itself may be copied: that is how one comes back (S3 User Guide, `RestoringPreviousVersions`).
    let same = source_bucket == input.bucket && source_key == input.key && found.is_latest();
    let row = find(ask, &from, found)?;
    let source_conditions = Conditions {
        matches: input.copy_source_if_match,
        none_match: input.copy_source_if_none_match,
        modified_since: input.copy_source_if_modified_since,
        unmodified_since: input.copy_source_if_unmodified_since,
    };
    // There is no 304 for a copy: every condition that does not hold is 412.
    source_conditions.check(&row).map_err(|_| {
        refuse(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
    })?;
    if same && !replace && input.server_side_encryption.is_none() {
        return Err(refuse(
            400,
            "InvalidRequest",
            "This copy request is illegal because it is trying to copy an object to itself without changing the object's \
             metadata, storage class, website redirect location or encryption attributes.",
        ));
    }
    let claims = Claims::none(algorithm(input.checksum_algorithm.as_ref().map(|name| name.as_str()), &row));
    let body = plaintext(ask, &may_read, &row, 0..row.size).await?;
    let sealed = envelope::seal(ask, &input.bucket, &input.key, &plan.protection).await?;
    let description = match replace {
        true => Description {
            bucket: input.bucket,
            key: input.key,
            content_type: input.content_type,
            headers: describe::system_headers(&request.headers),
            metadata: describe::user_metadata(input.metadata)?,
            tags,
        },
        false => Description {
            bucket: input.bucket,
            key: input.key,
            content_type: row.content_type.clone(),
            headers: row.headers.clone(),
            metadata: row.metadata.clone(),
            tags,
        },
    };
    let body = body.map_err(|error| Box::new(error) as StdError);
    let content = Content { body, length: Some(row.size), claims, trailers: None };
    let source_version = shown_version(&from, &row);
    let row = write(ask, may_write, &to, (description, None), sealed, content).await?;
    Ok(S3Response::new(CopyObjectOutput {
        bucket_key_enabled: describe::bucket_key(&row),
        copy_object_result: Some(CopyObjectResult {
            checksum_crc32: describe::checksum(&row, "CRC32"),
            checksum_crc32c: describe::checksum(&row, "CRC32C"),
            checksum_crc64nvme: describe::checksum(&row, "CRC64NVME"),
            checksum_sha1: describe::checksum(&row, "SHA1"),
            checksum_sha256: describe::checksum(&row, "SHA256"),
            checksum_type: Some(describe::checksum_type(&row)),
            e_tag: Some(describe::etag(&row)),
            last_modified: Some(describe::timestamp(row.modified)),
            ..CopyObjectResult::default()
        }),
        server_side_encryption: Some(describe::encryption(&row)),
        ssekms_encryption_context: describe::context(&row),
        copy_source_version_id: source_version,
        version_id: shown_version(&to, &row),
        ssekms_key_id: row.kms_key_arn,
        ..CopyObjectOutput::default()
    }))
}

/// Bucket, key and version id of what is to be copied.
pub(super) fn source(source: &CopySource) -> S3Result<(&str, &str, Option<String>)> {
    match source {
        CopySource::Bucket { bucket, key, version_id } => {
            Ok((bucket, key, version_id.as_deref().map(str::to_owned)))
        }
        CopySource::AccessPoint { .. } | CopySource::Outpost { .. } => {
            Err(not_implemented("Copying from an access point"))
        }
    }
}

/// The algorithm asked for, else that of the source.
fn algorithm(asked: Option<&str>, row: &ObjectRow) -> Algorithm {
    let stored = row.checksums.first().map(|(name, _)| name.as_str());
    asked
        .and_then(Algorithm::from_name)
        .or(stored.and_then(Algorithm::from_name))
        .unwrap_or(Algorithm::Crc64Nvme)
}

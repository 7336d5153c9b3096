//! CopyObject: a read and a write in one, each with its own checks.

use futures::TryStreamExt as _;
use s3s::dto::{
    CopyObjectInput, CopyObjectOutput, CopyObjectResult, CopySource, MetadataDirective, TaggingDirective,
};
use s3s::{S3Request, S3Response, S3Result, StdError};

use super::ask::Ask;
use super::checksum::{Algorithm, Claims};
use super::conditional::Conditions;
use super::customer_key::{self, CustomerKey, OF_OBJECT, OF_SOURCE};
use super::describe;
use super::encryption;
use super::envelope;
use super::failure::{not_implemented, refuse};
use super::get::{allowed_to_read, plaintext};
use super::intent::may_write;
use super::put::only_if;
use super::tags;
use super::versions::{Found, find};
use super::write::{Content, Description, MOST_AT_ONCE, shown_version, write};
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
    let plan = encryption::plan(ask, &to, &request.headers).await?;
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
    conditions.set("s3:ObjectCreationOperation", ["true"]);
    let may_write = may_write(ask, &to, &input.key, conditions, (&request.headers, &tags))?;
    describe::must_be_supported(&to, &request.headers)?;
    let only_if = only_if(&request.headers)?;
    let older = !found.is_latest();
    let row = find(ask, &from, found)?;
    let source_conditions = Conditions {
        matches: input.copy_source_if_match,
        none_match: input.copy_source_if_none_match,
        modified_since: input.copy_source_if_modified_since,
        unmodified_since: input.copy_source_if_unmodified_since,
    };
    source_conditions.check_source(&row)?;
    let from_key = customer_key::of_stored(&row, CustomerKey::read(&request.headers, &OF_SOURCE)?)?;
    must_be_copied_at_once(row.size)?;
    let same = source_bucket == input.bucket && source_key == input.key && !older;
    let changes = [encryption::ALGORITHM, OF_OBJECT[0], "x-amz-storage-class"];
    if same && !replace && !changes.iter().any(|name| request.headers.contains_key(*name)) {
        return Err(refuse(
            400,
            "InvalidRequest",
            "This copy request is illegal because it is trying to copy an object to itself without changing the object's \
             metadata, storage class, website redirect location or encryption attributes.",
        ));
    }
    if let Some(name) = &input.checksum_algorithm {
        Algorithm::must_be_here(name.as_str())?;
    }
    let claims = Claims::none(algorithm(input.checksum_algorithm.as_ref().map(|name| name.as_str()), &row));
    let body = plaintext(ask, &may_read, (&row, from_key.as_ref()), 0..row.size).await?;
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
    let (sse_customer_algorithm, sse_customer_key_md5) = CustomerKey::shown(plan.protection.customer_key());
    let row = write(ask, may_write, &to, (description, only_if), sealed, content).await?;
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
        }),
        server_side_encryption: describe::encryption(&row),
        sse_customer_algorithm,
        sse_customer_key_md5,
        ssekms_encryption_context: describe::context(&row),
        copy_source_version_id: source_version,
        version_id: shown_version(&to, &row),
        ssekms_key_id: row.kms_key_arn,
        ..CopyObjectOutput::default()
    }))
}

/// Refuses to copy in one request what is too large for that.
pub(super) fn must_be_copied_at_once(size: u64) -> S3Result<()> {
    match size <= MOST_AT_ONCE {
        true => Ok(()),
        false => Err(refuse(
            400,
            "InvalidRequest",
            format!(
                "The specified copy source is larger than the maximum allowable size for a copy source: {MOST_AT_ONCE}"
            ),
        )),
    }
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

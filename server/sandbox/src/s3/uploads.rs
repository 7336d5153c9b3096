//! Multipart uploads (S3 User Guide, `mpuoverview`). The data key is made when the upload begins; every part opens it anew for its
//! caller, which is why a part needs `kms:Decrypt` (`aws-semantics.md` §3).

use policy::Context;
use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, ChecksumAlgorithm, ChecksumType, CommonPrefix,
    CreateMultipartUploadInput, CreateMultipartUploadOutput, Initiator, ListMultipartUploadsInput,
    ListMultipartUploadsOutput, ListPartsInput, ListPartsOutput, MultipartUpload, Owner, Part, StorageClass,
};
use s3s::{S3Request, S3Response, S3Result};

use super::ask::{Ask, Owned};
use super::checksum::Algorithm;
use super::describe::{self, canonical_id, timestamp};
use super::encryption::{self, Headers};
use super::envelope;
use super::failure::{from_store, refuse};
use super::list::{Encoding, beyond, common_prefix, conditions, limit, shown};
use super::parts::checksum;
use super::put::may_write;
use super::tags;
use super::write::{Description, done, no_such_upload, row};
use crate::gate::{Permit, actions};
use crate::limits::Stock;
use crate::store::{PartRow, UploadRow};

pub(super) async fn create_multipart_upload(
    ask: &Ask,
    request: S3Request<CreateMultipartUploadInput>,
) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
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
    let asked = checksums(input.checksum_algorithm.as_ref(), input.checksum_type.as_ref())?;
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
    let upload = UploadRow {
        id: format!("{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple()),
        object: row(ask, &owned, description, &sealed),
        initiated: ask.meta.now.unix_timestamp(),
        initiator: ask.caller.principal().to_string(),
        checksum_algorithm: asked.map(|(algorithm, _)| algorithm.name().to_owned()),
        composite_checksum: asked.is_some_and(|(_, composite)| composite),
    };
    begin(ask, permit, &owned, &upload).await?;
    let object = upload.object;
    Ok(S3Response::new(CreateMultipartUploadOutput {
        bucket: Some(object.bucket.clone()),
        bucket_key_enabled: describe::bucket_key(&object),
        checksum_algorithm: upload.checksum_algorithm.map(ChecksumAlgorithm::from),
        checksum_type: asked.map(|(_, composite)| checksum_type(composite)),
        key: Some(object.key.clone()),
        server_side_encryption: Some(describe::encryption(&object)),
        ssekms_encryption_context: describe::context(&object),
        ssekms_key_id: object.kms_key_arn,
        upload_id: Some(upload.id),
        ..CreateMultipartUploadOutput::default()
    }))
}

async fn begin(
    ask: &Ask,
    _permit: Permit<actions::s3::PutObject>,
    owned: &Owned,
    upload: &UploadRow,
) -> S3Result<()> {
    let _room = ask.room(owned, Stock { bytes: Stock::ROW_BYTES, objects: 1 })?;
    let begun = ask.aws.store.create_upload(upload, &owned.owner.id).await;
    done(begun.map_err(|error| from_store(&error))?)
}

fn checksum_type(composite: bool) -> ChecksumType {
    ChecksumType::from_static(if composite { ChecksumType::COMPOSITE } else { ChecksumType::FULL_OBJECT })
}

/// The checksum that the object is to have, and whether it is made of the parts' checksums. Without a word on the kind it is
/// what S3 takes for the algorithm (S3 User Guide, `checking-object-integrity-upload`).
fn checksums(
    algorithm: Option<&ChecksumAlgorithm>,
    kind: Option<&ChecksumType>,
) -> S3Result<Option<(Algorithm, bool)>> {
    let Some(algorithm) = algorithm else {
        return match kind {
            None => Ok(None),
            Some(_) => Err(refuse(
                400,
                "InvalidRequest",
                "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.",
            )),
        };
    };
    let unknown = || {
        refuse(
            400,
            "InvalidRequest",
            "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, \
             CRC64NVME, SHA1, SHA256]",
        )
    };
    let algorithm = Algorithm::from_name(algorithm.as_str()).ok_or_else(unknown)?;
    let composite = match (kind.map(ChecksumType::as_str), algorithm) {
        (None, Algorithm::Crc64Nvme) | (Some(ChecksumType::FULL_OBJECT), _) => false,
        (None | Some(ChecksumType::COMPOSITE), _) => true,
        (Some(_), _) => {
            return Err(refuse(400, "InvalidRequest", "Value for x-amz-checksum-type header is invalid."));
        }
    };
    let impossible = match (composite, algorithm) {
        (true, Algorithm::Crc64Nvme) | (false, Algorithm::Sha1 | Algorithm::Sha256) => true,
        (true | false, _) => false,
    };
    if impossible {
        let kind = if composite { "COMPOSITE" } else { "FULL_OBJECT" };
        return Err(refuse(
            400,
            "InvalidRequest",
            format!(
                "The {kind} checksum type cannot be used with the {} checksum algorithm.",
                algorithm.name()
            ),
        ));
    }
    Ok(Some((algorithm, composite)))
}

/// An upload by its id.
///
/// # Errors
/// `NoSuchUpload`.
pub(super) async fn find_upload(ask: &Ask, owned: &Owned, key: &str, id: &str) -> S3Result<UploadRow> {
    let found = ask.aws.store.upload(&owned.bucket.name, key, id).await;
    let found = found.map_err(|error| from_store(&error))?;
    ask.must_still_be(owned).await?;
    found.ok_or_else(no_such_upload)
}

/// The condition keys of a part: it carries no headers about encryption, so the upload's own settings stand
/// (`aws-semantics.md` §10, item 11).
pub(super) fn settings_of(upload: &UploadRow) -> Context {
    let mut context = Context::new();
    let algorithm = if upload.object.kms_key_arn.is_some() { "aws:kms" } else { "AES256" };
    context.set("s3:x-amz-server-side-encryption", [algorithm]);
    if let Some(key) = &upload.object.kms_key_arn {
        context.set("s3:x-amz-server-side-encryption-aws-kms-key-id", [key.clone()]);
    }
    context
}

pub(super) async fn abort_multipart_upload(
    ask: &Ask,
    request: S3Request<AbortMultipartUploadInput>,
) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
    let input = request.input;
    let owned = ask.bucket(&input.bucket, input.expected_bucket_owner.as_deref()).await?;
    let permit = ask.on_object::<actions::s3::AbortMultipartUpload>(&owned, &input.key, Context::new())?;
    let upload = find_upload(ask, &owned, &input.key, &input.upload_id).await?;
    match abort(ask, permit, &upload).await? {
        true => {
            Ok(S3Response::with_status(AbortMultipartUploadOutput::default(), http::StatusCode::NO_CONTENT))
        }
        false => Err(no_such_upload()),
    }
}

async fn abort(
    ask: &Ask,
    _permit: Permit<actions::s3::AbortMultipartUpload>,
    upload: &UploadRow,
) -> S3Result<bool> {
    ask.aws.store.abort_upload(upload).await.map_err(|error| from_store(&error))
}

pub(super) async fn list_parts(
    ask: &Ask,
    request: S3Request<ListPartsInput>,
) -> S3Result<S3Response<ListPartsOutput>> {
    let input = request.input;
    let owned = ask.bucket(&input.bucket, input.expected_bucket_owner.as_deref()).await?;
    ask.on_object::<actions::s3::ListMultipartUploadParts>(&owned, &input.key, Context::new())?;
    let upload = find_upload(ask, &owned, &input.key, &input.upload_id).await?;
    let limit = limit("max-parts", input.max_parts)?;
    let after = input.part_number_marker.unwrap_or_default();
    let parts = ask.aws.store.parts(&upload.id, i64::from(after)).await;
    let mut parts = parts.map_err(|error| from_store(&error))?;
    let more = parts.len() > limit;
    parts.truncate(limit);
    // Given on the last page, too.
    let next = parts.last().map_or(Some(0), |part| i32::try_from(part.number).ok());
    Ok(S3Response::new(ListPartsOutput {
        bucket: Some(input.bucket),
        checksum_algorithm: upload.checksum_algorithm.clone().map(ChecksumAlgorithm::from),
        checksum_type: upload.checksum_algorithm.is_some().then(|| checksum_type(upload.composite_checksum)),
        initiator: Some(initiator(&upload)),
        is_truncated: Some(more),
        key: Some(input.key),
        max_parts: Some(shown(limit)),
        next_part_number_marker: next,
        owner: Some(Owner { display_name: None, id: Some(canonical_id(&owned.owner.id)) }),
        part_number_marker: Some(after),
        parts: Some(parts.iter().map(part).collect()),
        storage_class: Some(StorageClass::from_static(StorageClass::STANDARD)),
        upload_id: Some(upload.id),
        ..ListPartsOutput::default()
    }))
}

fn initiator(upload: &UploadRow) -> Initiator {
    Initiator { display_name: None, id: Some(upload.initiator.clone()) }
}

fn part(part: &PartRow) -> Part {
    let sum = |name| checksum(part, name);
    Part {
        checksum_crc32: sum("CRC32"),
        checksum_crc32c: sum("CRC32C"),
        checksum_crc64nvme: sum("CRC64NVME"),
        checksum_sha1: sum("SHA1"),
        checksum_sha256: sum("SHA256"),
        e_tag: Some(s3s::dto::ETag::Strong(part.etag.clone())),
        last_modified: Some(timestamp(part.modified)),
        part_number: i32::try_from(part.number).ok(),
        size: i64::try_from(part.size).ok(),
    }
}

pub(super) async fn list_multipart_uploads(
    ask: &Ask,
    request: S3Request<ListMultipartUploadsInput>,
) -> S3Result<S3Response<ListMultipartUploadsOutput>> {
    let input = request.input;
    let owned = ask.bucket(&input.bucket, input.expected_bucket_owner.as_deref()).await?;
    let asked = conditions(input.prefix.as_deref(), input.delimiter.as_deref(), None);
    ask.on_bucket::<actions::s3::ListBucketMultipartUploads>(&owned, asked)?;
    let limit = limit("max-uploads", input.max_uploads)?;
    let prefix = input.prefix.clone().unwrap_or_default();
    let delimiter = input.delimiter.clone().unwrap_or_default();
    // Without a key marker an upload id marker is ignored (BC:s3.ListMultipartUploads).
    let upload_id_marker = input.upload_id_marker.filter(|_| input.key_marker.is_some());
    let mut after = (input.key_marker.clone().unwrap_or_default(), upload_id_marker.clone());
    if common_prefix(&prefix, &delimiter, &after.0).as_deref() == Some(&after.0) {
        after = (beyond(&after.0), None);
    }
    let (mut uploads, mut prefixes): (Vec<UploadRow>, Vec<String>) = (Vec::new(), Vec::new());
    let mut next = None;
    'pages: loop {
        if limit == 0 {
            break;
        }
        let page =
            ask.aws.store.uploads(&owned.bucket.name, &prefix, (&after.0, after.1.as_deref()), 1_000).await;
        let (page, more) = page.map_err(|error| from_store(&error))?;
        for upload in page {
            let group = common_prefix(&prefix, &delimiter, &upload.object.key);
            let here = (upload.object.key.clone(), Some(upload.id.clone()));
            if group.is_some() && group.as_ref() == prefixes.last() {
                after = here;
                continue;
            }
            if uploads.len() + prefixes.len() == limit {
                next = Some(after);
                break 'pages;
            }
            match group {
                Some(group) => prefixes.push(group),
                None => uploads.push(upload),
            }
            after = here;
        }
        if !more {
            break;
        }
    }
    ask.must_still_be(&owned).await?;
    let is_truncated = next.is_some();
    // Given on the last page, too, where they name its last upload.
    let (next_key, next_id) = next.unwrap_or_else(|| match uploads.last() {
        Some(last) => (last.object.key.clone(), Some(last.id.clone())),
        None => (String::new(), None),
    });
    let encoding = Encoding::of(input.encoding_type.as_ref())?;
    let owner = || Some(Owner { display_name: None, id: Some(canonical_id(&owned.owner.id)) });
    let entry = |upload: &UploadRow| MultipartUpload {
        checksum_algorithm: upload.checksum_algorithm.clone().map(ChecksumAlgorithm::from),
        checksum_type: upload.checksum_algorithm.is_some().then(|| checksum_type(upload.composite_checksum)),
        initiated: Some(timestamp(upload.initiated)),
        initiator: Some(initiator(upload)),
        key: Some(encoding.text(&upload.object.key)),
        owner: owner(),
        storage_class: Some(StorageClass::from_static(StorageClass::STANDARD)),
        upload_id: Some(upload.id.clone()),
    };
    let prefix_entry = |prefix: &String| CommonPrefix { prefix: Some(encoding.text(prefix)) };
    Ok(S3Response::new(ListMultipartUploadsOutput {
        bucket: Some(input.bucket),
        common_prefixes: Some(prefixes.iter().map(prefix_entry).collect()),
        delimiter: input.delimiter.map(|delimiter| encoding.text(&delimiter)),
        is_truncated: Some(is_truncated),
        key_marker: Some(encoding.text(&input.key_marker.unwrap_or_default())),
        max_uploads: Some(shown(limit)),
        next_key_marker: Some(encoding.text(&next_key)),
        next_upload_id_marker: Some(next_id.unwrap_or_default()),
        prefix: input.prefix.map(|prefix| encoding.text(&prefix)),
        upload_id_marker: Some(upload_id_marker.unwrap_or_default()),
        uploads: Some(uploads.iter().map(entry).collect()),
        encoding_type: input.encoding_type,
        ..ListMultipartUploadsOutput::default()
    }))
}

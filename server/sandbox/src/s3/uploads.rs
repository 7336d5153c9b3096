//! Multipart uploads (S3 User Guide, `mpuoverview`). The data key is made when the upload begins; every part opens it anew for its
//! caller, which is why a part needs `kms:Decrypt` (`aws-semantics.md` §3).

use policy::Context;
use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, ChecksumAlgorithm, ChecksumType,
    CreateMultipartUploadInput, CreateMultipartUploadOutput, Initiator, ListMultipartUploadsInput,
    ListMultipartUploadsOutput, ListPartsInput, ListPartsOutput, MultipartUpload, Owner, Part, StorageClass,
};
use s3s::{S3Request, S3Response, S3Result};

use super::ask::{Ask, Owned};
use super::checksum::Algorithm;
use super::customer_key::CustomerKey;
use super::describe::{self, canonical_id, timestamp};
use super::failure::{from_store, invalid_argument, refuse};
use super::intent::Intent;
use super::list::{Encoding, Page, Scan, common_prefixes, conditions, limit, shown, shown_delimiter};
use super::parts::shown_checksum;
use super::versions::Found;
use super::write::{done, no_such_upload, row};
use crate::caller::Identity;
use crate::gate::{Permit, actions};
use crate::limits::Stock;
use crate::store::{PartRow, UploadRow, new_version_id};

pub(super) async fn create_multipart_upload(
    ask: &Ask,
    request: S3Request<CreateMultipartUploadInput>,
) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
    let input = request.input;
    let owned = ask.bucket(&input.bucket, input.expected_bucket_owner.as_deref()).await?;
    let described = (input.content_type, input.metadata);
    let before = there_now(ask, &owned, &input.key).await?;
    let intent = Intent::of(ask, &owned, (input.key, false), &request.headers, described).await?;
    let asked = checksums(input.checksum_algorithm.as_ref(), input.checksum_type.as_ref())?;
    let sealed = intent.seal(ask).await?;
    let (sse_customer_algorithm, sse_customer_key_md5) = CustomerKey::shown(intent.customer_key());
    let upload = UploadRow {
        // Begins as version ids do, so that uploads to one key sort as they were begun.
        id: format!("{}{}", new_version_id(), uuid::Uuid::new_v4().simple()),
        object: row(ask, &owned, intent.description, &sealed),
        initiated: ask.meta.now.unix_timestamp(),
        initiator: match ask.caller.identity {
            Identity::Root => canonical_id(ask.caller.account_id()),
            _ => ask.caller.principal().to_string(),
        },
        before: Some(before),
        checksum_algorithm: asked.map(|(algorithm, _)| algorithm.name().to_owned()),
        composite_checksum: asked.is_some_and(|(_, composite)| composite),
    };
    begin(ask, intent.permit, &owned, &upload).await?;
    let object = upload.object;
    Ok(S3Response::new(CreateMultipartUploadOutput {
        bucket: Some(object.bucket.clone()),
        bucket_key_enabled: describe::bucket_key(&object),
        checksum_algorithm: upload.checksum_algorithm.map(ChecksumAlgorithm::from),
        checksum_type: asked.map(|(_, composite)| checksum_type(composite)),
        key: Some(object.key.clone()),
        server_side_encryption: describe::encryption(&object),
        sse_customer_algorithm,
        sse_customer_key_md5,
        ssekms_encryption_context: describe::context(&object),
        ssekms_key_id: object.kms_key_arn,
        upload_id: Some(upload.id),
        ..CreateMultipartUploadOutput::default()
    }))
}

/// The data of the object that has this key now; empty when there is none.
async fn there_now(ask: &Ask, owned: &Owned, key: &str) -> S3Result<String> {
    let found = Found::look(ask, owned, key, None).await?;
    Ok(found.row().map(|row| row.data.clone()).unwrap_or_default())
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
    Algorithm::must_be_here(algorithm.as_str())?;
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
    if let Some(algorithm) = describe::encryption(&upload.object) {
        context.set("s3:x-amz-server-side-encryption", [algorithm.as_str()]);
    }
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
    let next = parts.last().and_then(|part| i32::try_from(part.number).ok()).unwrap_or_default();
    Ok(S3Response::new(ListPartsOutput {
        bucket: Some(input.bucket),
        checksum_algorithm: upload.checksum_algorithm.clone().map(ChecksumAlgorithm::from),
        checksum_type: upload.checksum_algorithm.is_some().then(|| checksum_type(upload.composite_checksum)),
        initiator: Some(initiator(&upload)),
        is_truncated: Some(more),
        key: Some(input.key),
        max_parts: Some(shown(limit)),
        next_part_number_marker: Some(next),
        owner: Some(Owner { display_name: None, id: Some(canonical_id(&owned.owner.id)) }),
        part_number_marker: Some(after),
        parts: Some(parts.iter().map(|row| part(&upload, row)).collect()),
        storage_class: Some(StorageClass::from_static(StorageClass::STANDARD)),
        upload_id: Some(upload.id),
        ..ListPartsOutput::default()
    }))
}

fn initiator(upload: &UploadRow) -> Initiator {
    Initiator { display_name: None, id: Some(upload.initiator.clone()) }
}

fn part(upload: &UploadRow, part: &PartRow) -> Part {
    let sum = |name| shown_checksum(upload, part, name);
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
    let permit = ask.on_bucket::<actions::s3::ListBucketMultipartUploads>(&owned, asked)?;
    let encoding = Encoding::of(input.encoding_type.as_ref())?;
    let limit = limit("max-uploads", input.max_uploads)?;
    let key_marker = input.key_marker.unwrap_or_default();
    // Without a key the id says nothing.
    let id_marker = input.upload_id_marker.filter(|id| !id.is_empty() && !key_marker.is_empty());
    if let Some(id) = &id_marker {
        let elsewhere = ask.aws.store.upload_is_elsewhere(&owned.bucket.name, &key_marker, id).await;
        if elsewhere.map_err(|error| from_store(&error))? {
            return Err(invalid_argument("Invalid uploadId marker", "upload-id-marker", id.clone()));
        }
    }
    let rolled = (input.prefix.as_deref(), input.delimiter.as_deref());
    let scan = Scan::behind(rolled, &key_marker, id_marker.as_deref(), limit);
    let page = list(ask, permit, &owned, &scan).await?;
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
    // The last upload of the page is named though no more may follow.
    let last = page.entries.last().map(|upload| (upload.object.key.clone(), Some(upload.id.clone())));
    let (next_key, next_id) = page.next.clone().or(last).unwrap_or_default();
    Ok(S3Response::new(ListMultipartUploadsOutput {
        bucket: Some(input.bucket),
        common_prefixes: Some(common_prefixes(&page, encoding)),
        delimiter: shown_delimiter(&scan, encoding),
        is_truncated: Some(page.next.is_some()),
        key_marker: Some(encoding.text(&key_marker)),
        max_uploads: Some(shown(limit)),
        next_key_marker: Some(encoding.text(&next_key)),
        next_upload_id_marker: Some(next_id.unwrap_or_default()),
        prefix: input.prefix.map(|prefix| encoding.text(&prefix)),
        upload_id_marker: Some(id_marker.unwrap_or_default()),
        uploads: Some(page.entries.iter().map(entry).collect()),
        encoding_type: input.encoding_type,
        ..ListMultipartUploadsOutput::default()
    }))
}

async fn list(
    ask: &Ask,
    _permit: Permit<actions::s3::ListBucketMultipartUploads>,
    owned: &Owned,
    scan: &Scan,
) -> S3Result<Page<UploadRow>> {
    let read = |place, count| ask.aws.store.uploads(&owned.bucket.name, &scan.prefix, place, count);
    let page = scan.collect(read, |upload| (upload.object.key.as_str(), Some(upload.id.as_str()))).await;
    let page = page.map_err(|error| from_store(&error))?;
    ask.must_still_be(owned).await?;
    Ok(page)
}

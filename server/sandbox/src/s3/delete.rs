//! DeleteObject and DeleteObjects. KMS is not asked: who may delete needs no key (`aws-semantics.md` §9, row 49).

use std::collections::HashSet;

use futures::{FutureExt as _, StreamExt as _, stream};
use http::HeaderMap;
use policy::Context;
use s3s::dto::{
    DeleteObjectInput, DeleteObjectOutput, DeleteObjectsInput, DeleteObjectsOutput, DeletedObject,
    ETagCondition, Error, ObjectIdentifier,
};
use s3s::{S3Error, S3Request, S3Response, S3Result};

use super::answer::MAX_KEY_BYTES;
use super::ask::{Ask, Owned};
use super::failure::{HEADER_NOT_IMPLEMENTED, from_store, invalid_argument, malformed_xml, refuse};
use super::intent::of_headers;
use super::tags;
use super::versions::{Found, VersionPermit, on_version};
use super::write::refused;
use crate::gate::actions;
use crate::limits::Stock;
use crate::store::{OnlyIf, Refused, Removed, is_version_id};

/// Keys of one DeleteObjects that are deleted at the same time.
const AT_ONCE: usize = 64;

/// Most keys of one DeleteObjects.
const MAX_KEYS: usize = 1000;

pub(super) async fn delete_object(
    ask: &Ask,
    request: S3Request<DeleteObjectInput>,
) -> S3Result<S3Response<DeleteObjectOutput>> {
    let input = request.input;
    let owned = ask.bucket(&input.bucket, input.expected_bucket_owner.as_deref()).await?;
    must_be_plain(input.if_match_size.is_some() || input.if_match_last_modified_time.is_some())?;
    let only_if = request.headers.get("if-match").map(|value| demanded(value.as_bytes())).transpose()?;
    let of = (input.key.as_str(), input.version_id, of_headers(&request.headers));
    let (permit, found) = may_delete(ask, &owned, of).await?;
    must_not_bypass(&request.headers)?;
    let removed = remove(ask, permit, &owned, &found.key, only_if).await?;
    let output = DeleteObjectOutput {
        delete_marker: removed.marker.then_some(true),
        version_id: removed.version,
        ..DeleteObjectOutput::default()
    };
    Ok(S3Response::with_status(output, http::StatusCode::NO_CONTENT))
}

/// There is no Object Lock here, so nothing can be bypassed.
fn must_not_bypass(headers: &HeaderMap) -> S3Result<()> {
    match headers.contains_key(BYPASS) {
        true => Err(invalid_argument(
            "x-amz-bypass-governance-retention is only applicable to Object Lock enabled buckets.",
            BYPASS,
            None,
        )),
        false => Ok(()),
    }
}

const BYPASS: &str = "x-amz-bypass-governance-retention";

/// Size and time are conditions of directory buckets only (BC:s3.DeleteObject).
fn must_be_plain(conditional: bool) -> S3Result<()> {
    match conditional {
        true => Err(refuse(501, "NotImplemented", HEADER_NOT_IMPLEMENTED)),
        false => Ok(()),
    }
}

fn demanded(etag: &[u8]) -> S3Result<OnlyIf> {
    match ETagCondition::parse_http_header(etag) {
        Ok(ETagCondition::Any) => Ok(OnlyIf::Present),
        Ok(ETagCondition::ETag(etag)) => Ok(OnlyIf::etag(etag.value())),
        Err(_) => Err(refuse(400, "InvalidArgument", "Invalid If-Match")),
    }
}

pub(super) async fn delete_objects(
    ask: &Ask,
    request: S3Request<DeleteObjectsInput>,
) -> S3Result<S3Response<DeleteObjectsOutput>> {
    let input = request.input;
    let owned = ask.bucket(&input.bucket, input.expected_bucket_owner.as_deref()).await?;
    must_have_digest(&request.headers)?;
    must_not_bypass(&request.headers)?;
    if !(1..=MAX_KEYS).contains(&input.delete.objects.len()) {
        return Err(malformed_xml());
    }
    let (mut deleted, mut errors) = (Vec::new(), Vec::new());
    // Those that are deleted at the same time share a commit. What happens to one key happens in its order.
    let keys: HashSet<&str> = input.delete.objects.iter().map(|object| object.key.as_str()).collect();
    let at_once = if keys.len() == input.delete.objects.len() { AT_ONCE } else { 1 };
    let each: Vec<_> =
        input.delete.objects.iter().map(|object| delete_one(ask, &owned, object).boxed()).collect();
    let done: Vec<_> = stream::iter(each).buffered(at_once).collect().await;
    for (object, done) in input.delete.objects.into_iter().zip(done) {
        match done {
            Ok(removed) => deleted.push(DeletedObject {
                key: Some(object.key),
                delete_marker: removed.marker.then_some(true),
                delete_marker_version_id: removed.version.filter(|_| removed.marker),
                version_id: object.version_id,
            }),
            Err(error) => errors.push(Error {
                code: Some(error.code().as_str().to_owned()),
                key: Some(object.key),
                message: error.message().map(str::to_owned),
                version_id: object.version_id,
            }),
        }
    }
    let quiet = input.delete.quiet.unwrap_or_default();
    Ok(S3Response::new(DeleteObjectsOutput {
        deleted: (!quiet && !deleted.is_empty()).then_some(deleted),
        errors: (!errors.is_empty()).then_some(errors),
        ..DeleteObjectsOutput::default()
    }))
}

/// One of many. Here alone S3 says that a version is not there.
async fn delete_one(ask: &Ask, owned: &Owned, object: &ObjectIdentifier) -> S3Result<Removed> {
    if object.key.len() > MAX_KEY_BYTES {
        return Err(refuse(400, "KeyTooLongError", "Your key is too long"));
    }
    must_be_plain(object.size.is_some() || object.last_modified_time.is_some())?;
    let only_if = object.e_tag.as_ref().map(|etag| OnlyIf::etag(etag.value()));
    let version = object.version_id.clone().filter(|version| !version.is_empty());
    let known = version.as_deref().is_none_or(is_version_id);
    let (permit, found) =
        may_delete(ask, owned, (&object.key, version.filter(|_| known), Context::new())).await?;
    if !known || (found.asked.is_some() && !found.is_there()) {
        return Err(no_such_version());
    }
    remove(ask, permit, owned, &found.key, only_if).await
}

/// Proof that a key, or one of its versions, may be deleted.
type MayDelete = VersionPermit<actions::s3::DeleteObject, actions::s3::DeleteObjectVersion>;

/// Asks whether a key, or one of its versions, may be deleted.
async fn may_delete(
    ask: &Ask,
    owned: &Owned,
    (key, version, mut conditions): (&str, Option<String>, Context),
) -> S3Result<(MayDelete, Found)> {
    let found = Found::look(ask, owned, key, version).await?;
    conditions.extend(tags::existing(found.row()));
    let permit = on_version(ask, owned, &found, conditions)?;
    Ok((permit, found))
}

async fn remove(
    ask: &Ask,
    permit: MayDelete,
    owned: &Owned,
    key: &str,
    only_if: Option<OnlyIf>,
) -> S3Result<Removed> {
    let (store, now) = (&ask.aws.store, ask.meta.now.unix_timestamp());
    let place = (owned.owner.id.as_str(), owned.bucket.name.as_str(), key);
    let removed = match &permit {
        VersionPermit::Latest(_permit) => {
            // With versioning on, a delete adds: its marker.
            let markers = u64::from(owned.bucket.versioning.is_some());
            let _room = ask.room(owned, Stock { bytes: markers * Stock::ROW_BYTES, objects: markers })?;
            store.delete_object(place, owned.bucket.versioning, only_if.as_ref(), now).await
        }
        VersionPermit::OfVersion(_permit, version) => {
            store.delete_version(place, version, only_if.as_ref()).await
        }
    };
    removed.map_err(|error| from_store(&error))?.map_err(|why| match (why, permit) {
        (Refused::Missing, VersionPermit::OfVersion(..)) => no_such_version(),
        (why, _) => refused(why),
    })
}

fn no_such_version() -> S3Error {
    refuse(404, "NoSuchVersion", "The specified version does not exist.")
}

/// A batch is deleted only as it was sent: its document needs a digest of its own (BC:s3.DeleteObjects).
fn must_have_digest(headers: &HeaderMap) -> S3Result<()> {
    let has = |name: &str| headers.contains_key(name);
    let checksum = headers.keys().any(|name| name.as_str().starts_with("x-amz-checksum-"));
    match has("content-md5") || has("x-amz-trailer") || checksum {
        true => Ok(()),
        false => Err(refuse(
            400,
            "InvalidRequest",
            "Missing required header for this request: Content-MD5 OR x-amz-checksum-*",
        )),
    }
}

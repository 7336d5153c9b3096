//! DeleteObject and DeleteObjects. KMS is not asked: who may delete needs no key (`aws-semantics.md` §9, row 49).

use s3s::dto::{
    DeleteObjectInput, DeleteObjectOutput, DeleteObjectsInput, DeleteObjectsOutput, DeletedObject, Error,
};
use s3s::{S3Request, S3Response, S3Result};

use super::ask::{Ask, Owned, no_such_bucket};
use super::failure::{from_store, not_implemented, refuse};
use super::tags;
use super::versions::{Found, on_version};
use crate::gate::actions;
use crate::limits::Stock;
use crate::store::Removed;

/// Most keys of one DeleteObjects.
const MAX_KEYS: usize = 1000;

pub(super) async fn delete_object(
    ask: &Ask,
    request: S3Request<DeleteObjectInput>,
) -> S3Result<S3Response<DeleteObjectOutput>> {
    let input = request.input;
    if input.if_match.is_some()
        || input.if_match_size.is_some()
        || input.if_match_last_modified_time.is_some()
    {
        return Err(not_implemented("A conditional delete"));
    }
    let owned = ask.bucket(&input.bucket, input.expected_bucket_owner.as_deref()).await?;
    let removed = delete_one(ask, &owned, &input.key, input.version_id).await?;
    let output = DeleteObjectOutput {
        delete_marker: removed.marker.then_some(true),
        version_id: removed.version,
        ..DeleteObjectOutput::default()
    };
    Ok(S3Response::with_status(output, http::StatusCode::NO_CONTENT))
}

pub(super) async fn delete_objects(
    ask: &Ask,
    request: S3Request<DeleteObjectsInput>,
) -> S3Result<S3Response<DeleteObjectsOutput>> {
    let input = request.input;
    let owned = ask.bucket(&input.bucket, input.expected_bucket_owner.as_deref()).await?;
    if !(1..=MAX_KEYS).contains(&input.delete.objects.len()) {
        return Err(refuse(
            400,
            "MalformedXML",
            "The XML you provided was not well-formed or did not validate against our published schema",
        ));
    }
    let (mut deleted, mut errors) = (Vec::new(), Vec::new());
    for object in input.delete.objects {
        let conditional =
            object.e_tag.is_some() || object.size.is_some() || object.last_modified_time.is_some();
        let done = match conditional {
            true => Err(not_implemented("A conditional delete")),
            false => delete_one(ask, &owned, &object.key, object.version_id.clone()).await,
        };
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

async fn delete_one(ask: &Ask, owned: &Owned, key: &str, version: Option<String>) -> S3Result<Removed> {
    let store = &ask.aws.store;
    let found = Found::look(ask, owned, key, version).await?;
    on_version::<actions::s3::DeleteObject, actions::s3::DeleteObjectVersion>(
        ask,
        owned,
        &found,
        tags::existing(found.row()),
    )?;
    let (place, now) =
        ((owned.owner.id.as_str(), owned.bucket.name.as_str(), key), ask.meta.now.unix_timestamp());
    let removed = match &found.asked {
        Some(version) => store.delete_version(place, version).await,
        None => {
            // With versioning on, a delete adds: its marker.
            let markers = u64::from(owned.bucket.versioning.is_some());
            let _room = ask.room(owned, Stock { bytes: markers * Stock::ROW_BYTES, objects: markers })?;
            store.delete_object(place, owned.bucket.versioning, now).await
        }
    };
    removed.map_err(|error| from_store(&error))?.ok_or_else(no_such_bucket)
}

//! DeleteObject and DeleteObjects. KMS is not asked: who may delete needs no key (`aws-semantics.md` §9, row 49).

use policy::Context;
use s3s::dto::{
    DeleteObjectInput, DeleteObjectOutput, DeleteObjectsInput, DeleteObjectsOutput, DeletedObject, Error,
};
use s3s::{S3Request, S3Response, S3Result};

use super::ask::{Ask, Owned};
use super::failure::{from_store, not_implemented, refuse};
use crate::gate::{Permit, actions};

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
    delete_one(ask, &owned, &input.key, input.version_id.as_deref()).await?;
    Ok(S3Response::with_status(DeleteObjectOutput::default(), http::StatusCode::NO_CONTENT))
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
            false => delete_one(ask, &owned, &object.key, object.version_id.as_deref()).await,
        };
        match done {
            Ok(()) => deleted.push(DeletedObject { key: Some(object.key), ..DeletedObject::default() }),
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

async fn delete_one(ask: &Ask, owned: &Owned, key: &str, version: Option<&str>) -> S3Result<()> {
    if version.is_some_and(|version| version != "null") {
        return Err(not_implemented("Deleting a version of an object"));
    }
    let permit = ask.on_object::<actions::s3::DeleteObject>(owned, key, Context::new())?;
    remove(ask, permit, owned, key).await
}

async fn remove(
    ask: &Ask,
    _permit: Permit<actions::s3::DeleteObject>,
    owned: &Owned,
    key: &str,
) -> S3Result<()> {
    let removed = ask.aws.store.delete_object(&owned.bucket.name, key).await;
    removed.map_err(|error| from_store(&error))
}

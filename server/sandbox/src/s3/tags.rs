//! Tags of objects and buckets (S3 User Guide, `object-tagging`), and the condition keys they fill.

use std::collections::BTreeMap;

use http::HeaderMap;
use policy::Context;
use s3s::dto::{
    DeleteBucketTaggingInput, DeleteBucketTaggingOutput, DeleteObjectTaggingInput, DeleteObjectTaggingOutput,
    GetBucketTaggingInput, GetBucketTaggingOutput, GetObjectTaggingInput, GetObjectTaggingOutput,
    PutBucketTaggingInput, PutBucketTaggingOutput, PutObjectTaggingInput, PutObjectTaggingOutput, Tag,
};
use s3s::{S3Request, S3Response, S3Result};

use super::ask::{Ask, Owned};
use super::bucket_policy::change_bucket;
use super::failure::{from_store, invalid_argument, malformed_xml, refuse, with_fields};
use super::versions::{Found, VersionPermit, find, on_version};
use super::write::shown_version;
use crate::gate::{Permit, actions};
use crate::store::ObjectRow;

/// Most tags of an object and of a bucket.
const MOST_OF_OBJECT: usize = 10;
const MOST_OF_BUCKET: usize = 50;

/// Longest key and value, in characters.
const LONGEST: (usize, usize) = (128, 256);

/// Tags in the order given.
pub(super) type Tags = Vec<(String, String)>;

/// Whose tags they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    Object,
    Bucket,
}

/// The tags of the header `x-amz-tagging`, URL-encoded as a query is.
///
/// # Errors
/// `InvalidArgument`, and what [`valid`] refuses.
pub(super) fn of_header(headers: &HeaderMap) -> S3Result<Tags> {
    let Some(header) = headers.get("x-amz-tagging") else { return Ok(Tags::new()) };
    let refused = || {
        invalid_argument(
            "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name \
             duplicates.",
            "x-amz-tagging",
            String::from_utf8_lossy(header.as_bytes()).into_owned(),
        )
    };
    let tags = header.to_str().ok().and_then(|text| serde_urlencoded::from_str::<Tags>(text).ok());
    let tags = tags.ok_or_else(refused)?;
    let wrong = |(index, (key, value)): (usize, &(String, String))| {
        !is_text(key) || !is_text(value) || tags.iter().take(index).any(|(earlier, _)| earlier == key)
    };
    match tags.iter().enumerate().any(wrong) {
        true => Err(refused()),
        false => valid(tags, Whose::Object),
    }
}

/// What a tag may hold: letters, digits, spaces, and `+ - = . _ : / @` (S3 User Guide, `object-tagging`).
fn is_text(text: &str) -> bool {
    text.chars().all(|character| character.is_alphanumeric() || " +-=._:/@".contains(character))
}

/// # Errors
/// `BadRequest` for too many tags, `InvalidTag` for one that cannot be.
fn valid(tags: Tags, whose: Whose) -> S3Result<Tags> {
    let (most, name) = match whose {
        Whose::Object => (MOST_OF_OBJECT, "Object"),
        Whose::Bucket => (MOST_OF_BUCKET, "Bucket"),
    };
    if tags.len() > most {
        return Err(refuse(400, "BadRequest", format!("{name} tags cannot be greater than {most}")));
    }
    for (index, (key, value)) in tags.iter().enumerate() {
        let characters = |text: &str| text.chars().count();
        let invalid = |message: &'static str| {
            with_fields(refuse(400, "InvalidTag", message), [("TagKey", key.clone())])
        };
        if key.is_empty() || characters(key) > LONGEST.0 || !is_text(key) {
            return Err(invalid("The TagKey you have provided is invalid"));
        }
        if characters(value) > LONGEST.1 || !is_text(value) {
            let error = invalid("The TagValue you have provided is invalid");
            return Err(with_fields(error, [("TagValue", value.clone())]));
        }
        if key.starts_with("aws:") {
            return Err(invalid(match whose {
                Whose::Object => "Your TagKey cannot be prefixed with aws:",
                Whose::Bucket => "System tags cannot be added/updated by requester",
            }));
        }
        if tags.iter().take(index).any(|(earlier, _)| earlier == key) {
            return Err(invalid("Cannot provide multiple Tags with the same key"));
        }
    }
    Ok(tags)
}

fn of_set(set: Vec<Tag>, whose: Whose) -> S3Result<Tags> {
    let pair = |tag: Tag| Some((tag.key?, tag.value?));
    let tags = set.into_iter().map(pair).collect::<Option<Tags>>().ok_or_else(malformed_xml)?;
    valid(tags, whose)
}

fn to_set<'t>(tags: impl Iterator<Item = (&'t String, &'t String)>) -> Vec<Tag> {
    tags.map(|(key, value)| Tag { key: Some(key.clone()), value: Some(value.clone()) }).collect()
}

/// The condition keys of tags that a request brings.
pub(super) fn requested(tags: &Tags) -> Context {
    let mut context = Context::new();
    if !tags.is_empty() {
        context.set("s3:RequestObjectTagKeys", tags.iter().map(|(key, _)| key.clone()));
    }
    for (key, value) in tags {
        context.set(format!("s3:RequestObjectTag/{key}"), [value.clone()]);
    }
    context
}

/// The condition keys of the tags that an object has.
pub(super) fn existing(row: Option<&ObjectRow>) -> Context {
    let mut context = Context::new();
    for (key, value) in row.into_iter().flat_map(|row| &row.tags) {
        context.set(format!("s3:ExistingObjectTag/{key}"), [value.clone()]);
    }
    context
}

/// How many tags an object has, for callers who may read them; `None` for none (BC:s3.GetObject, `TagCount`).
pub(super) fn count(ask: &Ask, owned: &Owned, row: &ObjectRow, asked: Option<String>) -> Option<i32> {
    let count = i32::try_from(row.tags.len()).ok().filter(|count| *count > 0)?;
    let mut conditions = existing(Some(row));
    let may_read = match asked {
        None => ask.on_object::<actions::s3::GetObjectTagging>(owned, &row.key, conditions).map(drop),
        Some(version) => {
            conditions.set("s3:VersionId", [version]);
            ask.on_object::<actions::s3::GetObjectVersionTagging>(owned, &row.key, conditions).map(drop)
        }
    };
    may_read.ok().map(|()| count)
}

pub(super) async fn get_object_tagging(
    ask: &Ask,
    request: S3Request<GetObjectTaggingInput>,
) -> S3Result<S3Response<GetObjectTaggingOutput>> {
    let input = request.input;
    let owned = ask.bucket(&input.bucket, input.expected_bucket_owner.as_deref()).await?;
    let found = Found::look(ask, &owned, &input.key, input.version_id).await?;
    on_version::<actions::s3::GetObjectTagging, actions::s3::GetObjectVersionTagging>(
        ask,
        &owned,
        &found,
        existing(found.row()),
    )?;
    let row = find(ask, &owned, found)?;
    Ok(S3Response::new(GetObjectTaggingOutput {
        version_id: shown_version(&owned, &row),
        tag_set: to_set(row.tags.iter().map(|(key, value)| (key, value))),
    }))
}

pub(super) async fn put_object_tagging(
    ask: &Ask,
    request: S3Request<PutObjectTaggingInput>,
) -> S3Result<S3Response<PutObjectTaggingOutput>> {
    let input = request.input;
    let owned = ask.bucket(&input.bucket, input.expected_bucket_owner.as_deref()).await?;
    let found = Found::look(ask, &owned, &input.key, input.version_id).await?;
    let tags = of_set(input.tagging.tag_set, Whose::Object)?;
    let mut conditions = existing(found.row());
    conditions.extend(requested(&tags));
    let permit = on_version::<actions::s3::PutObjectTagging, actions::s3::PutObjectVersionTagging>(
        ask, &owned, &found, conditions,
    )?;
    let row = set(ask, permit, find(ask, &owned, found)?, tags).await?;
    Ok(S3Response::new(PutObjectTaggingOutput { version_id: shown_version(&owned, &row) }))
}

pub(super) async fn delete_object_tagging(
    ask: &Ask,
    request: S3Request<DeleteObjectTaggingInput>,
) -> S3Result<S3Response<DeleteObjectTaggingOutput>> {
    let input = request.input;
    let owned = ask.bucket(&input.bucket, input.expected_bucket_owner.as_deref()).await?;
    let found = Found::look(ask, &owned, &input.key, input.version_id).await?;
    let permit = on_version::<actions::s3::DeleteObjectTagging, actions::s3::DeleteObjectVersionTagging>(
        ask,
        &owned,
        &found,
        existing(found.row()),
    )?;
    let row = set(ask, permit, find(ask, &owned, found)?, Tags::new()).await?;
    let output = DeleteObjectTaggingOutput { version_id: shown_version(&owned, &row) };
    Ok(S3Response::with_status(output, http::StatusCode::NO_CONTENT))
}

/// Proof that an object's tags may be set, or all removed.
trait MaySet {}

impl MaySet for VersionPermit<actions::s3::PutObjectTagging, actions::s3::PutObjectVersionTagging> {}
impl MaySet for VersionPermit<actions::s3::DeleteObjectTagging, actions::s3::DeleteObjectVersionTagging> {}

async fn set(ask: &Ask, _permit: impl MaySet, mut row: ObjectRow, tags: Tags) -> S3Result<ObjectRow> {
    row.tags = tags;
    match ask.aws.store.describe_object(&row).await.map_err(|error| from_store(&error))? {
        true => Ok(row),
        false => Err(refuse(404, "NoSuchKey", "The specified key does not exist.")),
    }
}

pub(super) async fn get_bucket_tagging(
    ask: &Ask,
    request: S3Request<GetBucketTaggingInput>,
) -> S3Result<S3Response<GetBucketTaggingOutput>> {
    let input = request.input;
    let owned = ask.bucket(&input.bucket, input.expected_bucket_owner.as_deref()).await?;
    ask.on_bucket::<actions::s3::GetBucketTagging>(&owned, Context::new())?;
    if owned.bucket.tags.is_empty() {
        return Err(refuse(404, "NoSuchTagSet", "The TagSet does not exist"));
    }
    Ok(S3Response::new(GetBucketTaggingOutput { tag_set: to_set(owned.bucket.tags.iter()) }))
}

pub(super) async fn put_bucket_tagging(
    ask: &Ask,
    request: S3Request<PutBucketTaggingInput>,
) -> S3Result<S3Response<PutBucketTaggingOutput>> {
    let input = request.input;
    let owned = ask.bucket(&input.bucket, input.expected_bucket_owner.as_deref()).await?;
    let permit = ask.on_bucket::<actions::s3::PutBucketTagging>(&owned, Context::new())?;
    let tags = of_set(input.tagging.tag_set, Whose::Bucket)?.into_iter().collect();
    tag_bucket(ask, permit, &owned, tags).await?;
    Ok(S3Response::with_status(PutBucketTaggingOutput {}, http::StatusCode::NO_CONTENT))
}

pub(super) async fn delete_bucket_tagging(
    ask: &Ask,
    request: S3Request<DeleteBucketTaggingInput>,
) -> S3Result<S3Response<DeleteBucketTaggingOutput>> {
    let input = request.input;
    let owned = ask.bucket(&input.bucket, input.expected_bucket_owner.as_deref()).await?;
    let permit = ask.on_bucket::<actions::s3::PutBucketTagging>(&owned, Context::new())?;
    tag_bucket(ask, permit, &owned, BTreeMap::new()).await?;
    Ok(S3Response::with_status(DeleteBucketTaggingOutput {}, http::StatusCode::NO_CONTENT))
}

async fn tag_bucket(
    ask: &Ask,
    _permit: Permit<actions::s3::PutBucketTagging>,
    owned: &Owned,
    tags: BTreeMap<String, String>,
) -> S3Result<()> {
    change_bucket(ask, owned, |bucket| bucket.tags.clone_from(&tags)).await
}

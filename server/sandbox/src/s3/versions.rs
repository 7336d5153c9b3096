//! Which version of an object a request is about, who may be told of it, and the listing of versions.

use http::{HeaderMap, HeaderValue};
use policy::Context;
use s3s::dto::{
    CommonPrefix, DeleteMarkerEntry, ListObjectVersionsInput, ListObjectVersionsOutput, ObjectVersion,
    ObjectVersionStorageClass, Owner,
};
use s3s::{S3Request, S3Response, S3Result};

use super::ask::{Ask, Owned};
use super::describe::{canonical_id, checksum_algorithm, checksum_type, etag, timestamp};
use super::failure::{from_store, invalid_argument, refuse};
use super::list::{Encoding, beyond, common_prefix, conditions, limit, shown};
use crate::gate::{Action, Permit, actions};
use crate::store::{NULL_VERSION, ObjectRow, Version};

/// What a request's key and version id lead to, before it is known whether its caller may be told.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) key: String,
    /// As the request names it.
    pub(super) asked: Option<String>,
    there: Option<Version>,
}

impl Found {
    /// Looks for it.
    ///
    /// # Errors
    /// `InvalidArgument` for what no version could be called.
    pub(super) async fn look(ask: &Ask, owned: &Owned, key: &str, asked: Option<String>) -> S3Result<Self> {
        if let Some(id) = asked.as_deref().filter(|id| !could_be_a_version(id)) {
            return Err(invalid_argument("Invalid version id specified", "versionId", id));
        }
        let there = ask.aws.store.version(&owned.bucket.name, key, asked.as_deref()).await;
        let there = there.map_err(|error| from_store(&error))?;
        Ok(Self { key: key.to_owned(), asked, there })
    }

    /// Whether it is the newest of its key.
    pub(super) fn is_latest(&self) -> bool {
        self.there.as_ref().is_some_and(|version| version.latest)
    }

    /// The object, if it is one.
    pub(super) fn row(&self) -> Option<&ObjectRow> {
        self.there.as_ref()?.object.as_ref()
    }
}

/// `null`, or 32 characters as S3 makes its version ids of.
fn could_be_a_version(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    id == NULL_VERSION || (id.len() == 32 && id.bytes().all(plain))
}

/// Asks the gate about an object: for `Latest` when the request names no version, else for `OfVersion` with the id as
/// `s3:VersionId`.
pub(super) fn on_version<Latest: Action, OfVersion: Action>(
    ask: &Ask,
    owned: &Owned,
    found: &Found,
    mut conditions: Context,
) -> S3Result<()> {
    match &found.asked {
        None => ask.on_object::<Latest>(owned, &found.key, conditions).map(drop),
        Some(version) => {
            conditions.set("s3:VersionId", [version.clone()]);
            ask.on_object::<OfVersion>(owned, &found.key, conditions).map(drop)
        }
    }
}

/// The object that was found. Whether one is missing is told to those only who may list the bucket (BC:s3.GetObject).
///
/// # Errors
/// 403 naming `s3:ListBucket`, `NoSuchKey`, `NoSuchVersion`, and `MethodNotAllowed` for a delete marker asked by its id.
pub(super) fn find(ask: &Ask, owned: &Owned, found: Found) -> S3Result<ObjectRow> {
    let marker = match found.there {
        Some(Version { object: Some(row), .. }) => return Ok(row),
        Some(marker) => Some(marker),
        None => None,
    };
    if found.asked.is_none() || marker.is_none() {
        ask.on_bucket::<actions::s3::ListBucket>(owned, Context::new())?;
    }
    let mut error = match (&found.asked, &marker) {
        (None, _) => refuse(404, "NoSuchKey", "The specified key does not exist."),
        (Some(_), None) => refuse(404, "NoSuchVersion", "The specified version does not exist."),
        (Some(_), Some(_)) => {
            refuse(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")
        }
    };
    if let Some(marker) = marker {
        let mut headers = HeaderMap::new();
        headers.insert("x-amz-delete-marker", HeaderValue::from_static("true"));
        if let Ok(id) = HeaderValue::from_str(&marker.id) {
            headers.insert("x-amz-version-id", id);
        }
        error.set_headers(headers);
    }
    Err(error)
}

pub(super) async fn list_object_versions(
    ask: &Ask,
    request: S3Request<ListObjectVersionsInput>,
) -> S3Result<S3Response<ListObjectVersionsOutput>> {
    let input = request.input;
    let owned = ask.bucket(&input.bucket, input.expected_bucket_owner.as_deref()).await?;
    let asked = conditions(input.prefix.as_deref(), input.delimiter.as_deref(), input.max_keys);
    let permit = ask.on_bucket::<actions::s3::ListBucketVersions>(&owned, asked)?;
    if input.version_id_marker.is_some() && input.key_marker.is_none() {
        return Err(refuse(
            400,
            "InvalidArgument",
            "A version-id marker cannot be specified without a key marker.",
        ));
    }
    let limit = limit(input.max_keys)?;
    let prefix = input.prefix.clone().unwrap_or_default();
    let delimiter = input.delimiter.clone().unwrap_or_default();
    let after = (input.key_marker.clone().unwrap_or_default(), input.version_id_marker.clone());
    let page = collect(ask, permit, &owned, (&prefix, &delimiter), after, limit).await?;
    let encoding = Encoding::of(input.encoding_type.as_ref())?;
    let owner = || Some(Owner { display_name: None, id: Some(canonical_id(&owned.owner.id)) });
    let (mut versions, mut markers) = (Vec::new(), Vec::new());
    for version in page.versions {
        match &version.object {
            Some(row) => versions.push(ObjectVersion {
                checksum_algorithm: checksum_algorithm(row),
                checksum_type: Some(checksum_type(row)).filter(|_| !row.checksums.is_empty()),
                e_tag: Some(etag(row)),
                is_latest: Some(version.latest),
                key: Some(encoding.text(&version.key)),
                last_modified: Some(timestamp(row.modified)),
                owner: owner(),
                size: i64::try_from(row.size).ok(),
                storage_class: Some(ObjectVersionStorageClass::from_static(
                    ObjectVersionStorageClass::STANDARD,
                )),
                version_id: Some(version.id.clone()),
                ..ObjectVersion::default()
            }),
            None => markers.push(DeleteMarkerEntry {
                is_latest: Some(version.latest),
                key: Some(encoding.text(&version.key)),
                last_modified: Some(timestamp(version.modified)),
                owner: owner(),
                version_id: Some(version.id.clone()),
            }),
        }
    }
    let prefixes = page.prefixes.iter().map(|prefix| CommonPrefix { prefix: Some(encoding.text(prefix)) });
    Ok(S3Response::new(ListObjectVersionsOutput {
        name: Some(input.bucket),
        prefix: Some(encoding.text(&prefix)),
        delimiter: input.delimiter.map(|delimiter| encoding.text(&delimiter)),
        key_marker: Some(encoding.text(&input.key_marker.unwrap_or_default())),
        version_id_marker: Some(input.version_id_marker.unwrap_or_default()),
        max_keys: Some(shown(limit)),
        is_truncated: Some(page.next.is_some()),
        next_key_marker: page.next.as_ref().map(|(key, _)| encoding.text(key)),
        next_version_id_marker: page.next.and_then(|(_, version)| version),
        versions: Some(versions),
        delete_markers: Some(markers),
        common_prefixes: Some(prefixes.collect()),
        encoding_type: input.encoding_type,
        ..ListObjectVersionsOutput::default()
    }))
}

/// One page, and where the next begins: behind this version of this key, or behind a common prefix.
#[derive(Debug, Default)]
struct Page {
    versions: Vec<Version>,
    prefixes: Vec<String>,
    next: Option<(String, Option<String>)>,
}

async fn collect(
    ask: &Ask,
    _permit: Permit<actions::s3::ListBucketVersions>,
    owned: &Owned,
    (prefix, delimiter): (&str, &str),
    after: (String, Option<String>),
    limit: usize,
) -> S3Result<Page> {
    let mut page = Page::default();
    if limit == 0 {
        return Ok(page);
    }
    let (mut key, mut version) = after;
    if common_prefix(prefix, delimiter, &key).as_deref() == Some(&key) {
        key = beyond(&key);
    }
    let mut last = None;
    loop {
        let batch =
            ask.aws.store.versions(&owned.bucket.name, prefix, (&key, version.as_deref()), 1_000).await;
        let batch = batch.map_err(|error| from_store(&error))?;
        let mut skipped = false;
        for found in batch.versions {
            let group = common_prefix(prefix, delimiter, &found.key);
            if group.is_some() && group.as_ref() == page.prefixes.last() {
                (key, version) = (found.key.clone(), Some(found.id.clone()));
                continue;
            }
            if page.versions.len() + page.prefixes.len() == limit {
                page.next = last;
                return Ok(page);
            }
            match group {
                Some(group) => {
                    (key, version) = (beyond(&group), None);
                    last = Some((group.clone(), None));
                    page.prefixes.push(group);
                    skipped = true;
                    break;
                }
                None => {
                    (key, version) = (found.key.clone(), Some(found.id.clone()));
                    last = Some((key.clone(), version.clone()));
                    page.versions.push(found);
                }
            }
        }
        if !skipped && !batch.more {
            return Ok(page);
        }
    }
}

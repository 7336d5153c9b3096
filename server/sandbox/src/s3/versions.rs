//! Which version of an object a request is about, who may be told of it, and the listing of versions.

use http::HeaderValue;
use policy::Context;
use s3s::dto::{
    DeleteMarkerEntry, ListObjectVersionsInput, ListObjectVersionsOutput, ObjectVersion,
    ObjectVersionStorageClass, Owner,
};
use s3s::{S3Request, S3Response, S3Result};

use super::ask::{Ask, Owned};
use super::describe::{canonical_id, checksum_algorithms, checksum_type, etag, timestamp};
use super::failure::{from_store, invalid_argument, refuse, with_fields};
use super::list::{Encoding, Page, Scan, common_prefixes, conditions, limit, shown, shown_delimiter};
use crate::gate::{Action, Permit, actions};
use crate::store::{ObjectRow, Version, is_version_id};

/// What a request's key and version id lead to, before it is known whether its caller may be told.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) key: String,
    /// As the request names it.
    pub(super) asked: Option<String>,
    there: Option<Version>,
}

impl Found {
    /// # Errors
    /// `InvalidArgument` for a version id that cannot be one.
    pub(super) async fn look(ask: &Ask, owned: &Owned, key: &str, asked: Option<String>) -> S3Result<Self> {
        if let Some(version) = &asked {
            must_be_a_version(version, "versionId")?;
        }
        let there = ask.aws.store.version(&owned.bucket.name, key, asked.as_deref()).await;
        let there = there.map_err(|error| from_store(&error))?;
        ask.must_still_be(owned).await?;
        Ok(Self { key: key.to_owned(), asked, there })
    }

    /// Whether there is an object, or a delete marker.
    pub(super) fn is_there(&self) -> bool {
        self.there.is_some()
    }

    /// Whether this is what a request without a version id means.
    pub(super) fn is_latest(&self) -> bool {
        self.there.as_ref().is_some_and(|version| version.latest)
    }

    /// The object, if it is one.
    pub(super) fn row(&self) -> Option<&ObjectRow> {
        self.there.as_ref()?.object.as_ref()
    }
}

fn must_be_a_version(id: &str, name: &'static str) -> S3Result<()> {
    if id.is_empty() {
        return Err(invalid_argument("Version id cannot be the empty string", name, String::new()));
    }
    match is_version_id(id) {
        true => Ok(()),
        false => Err(invalid_argument("Invalid version id specified", name, id.to_owned())),
    }
}

/// Proof that the gate allowed what a request asks of an object.
#[derive(Debug)]
pub(super) enum VersionPermit<Latest, OfVersion> {
    /// For what is under the key: the request names no version.
    Latest(Permit<Latest>),
    /// For the version with this id.
    OfVersion(Permit<OfVersion>, String),
}

/// Asks the gate about an object: for `Latest` when the request names no version, else for `OfVersion` with the id as
/// `s3:VersionId`.
pub(super) fn on_version<Latest: Action, OfVersion: Action>(
    ask: &Ask,
    owned: &Owned,
    found: &Found,
    mut conditions: Context,
) -> S3Result<VersionPermit<Latest, OfVersion>> {
    match &found.asked {
        None => ask.on_object(owned, &found.key, conditions).map(VersionPermit::Latest),
        Some(version) => {
            conditions.set("s3:VersionId", [version.clone()]);
            let permit = ask.on_object(owned, &found.key, conditions)?;
            Ok(VersionPermit::OfVersion(permit, version.clone()))
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
    // The key, too: a copy asks for two.
    let key = ("Key", found.key);
    let mut error = match (&found.asked, &marker) {
        (None, _) => with_fields(refuse(404, "NoSuchKey", "The specified key does not exist."), [key]),
        (Some(version), None) => with_fields(
            refuse(404, "NoSuchVersion", "The specified version does not exist."),
            [key, ("VersionId", version.clone())],
        ),
        (Some(_), Some(_)) => {
            refuse(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")
        }
    };
    if let Some(marker) = marker {
        let mut headers = error.headers().cloned().unwrap_or_default();
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
    let encoding = Encoding::of(input.encoding_type.as_ref())?;
    let key_marker = input.key_marker.unwrap_or_default();
    let version_marker = input.version_id_marker.filter(|marker| !marker.is_empty());
    if let (Some(marker), true) = (&version_marker, key_marker.is_empty()) {
        let message = "A version-id marker cannot be specified without a key marker.";
        return Err(invalid_argument(message, "version-id-marker", marker.clone()));
    }
    if let Some(marker) = &version_marker {
        must_be_a_version(marker, "version-id-marker")?;
    }
    let limit = limit("maxKeys", input.max_keys)?;
    let rolled = (input.prefix.as_deref(), input.delimiter.as_deref());
    let scan = Scan::behind(rolled, &key_marker, version_marker.as_deref(), limit);
    let page = list(ask, permit, &owned, &scan).await?;
    let common_prefixes = common_prefixes(&page, encoding);
    let owner = || Some(Owner { display_name: None, id: Some(canonical_id(&owned.owner.id)) });
    let (mut versions, mut markers) = (Vec::new(), Vec::new());
    for version in page.entries {
        match &version.object {
            Some(row) => versions.push(ObjectVersion {
                checksum_algorithm: Some(checksum_algorithms(row)),
                checksum_type: (!row.checksums.is_empty()).then(|| checksum_type(row)),
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
    Ok(S3Response::new(ListObjectVersionsOutput {
        name: Some(input.bucket),
        prefix: Some(encoding.text(&scan.prefix)),
        delimiter: shown_delimiter(&scan, encoding),
        key_marker: Some(encoding.text(&key_marker)),
        version_id_marker: Some(version_marker.unwrap_or_default()),
        max_keys: Some(shown(limit)),
        is_truncated: Some(page.next.is_some()),
        next_key_marker: page.next.as_ref().map(|(key, _)| encoding.text(key)),
        next_version_id_marker: page.next.and_then(|(_, version)| version),
        versions: Some(versions),
        delete_markers: Some(markers),
        common_prefixes: Some(common_prefixes),
        encoding_type: input.encoding_type,
        ..ListObjectVersionsOutput::default()
    }))
}

async fn list(
    ask: &Ask,
    _permit: Permit<actions::s3::ListBucketVersions>,
    owned: &Owned,
    scan: &Scan,
) -> S3Result<Page<Version>> {
    let read = |place, count| ask.aws.store.versions(&owned.bucket.name, &scan.prefix, place, count);
    let page = scan.collect(read, |version| (version.key.as_str(), Some(version.id.as_str()))).await;
    let page = page.map_err(|error| from_store(&error))?;
    ask.must_still_be(owned).await?;
    Ok(page)
}

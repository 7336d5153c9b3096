//! ListObjects and ListObjectsV2: prefixes, delimiters and pages.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use policy::Context;
use s3s::dto::{
    CommonPrefix, EncodingType, ListObjectsInput, ListObjectsOutput, ListObjectsV2Input, ListObjectsV2Output,
    Object, ObjectStorageClass, Owner,
};
use s3s::{S3Request, S3Response, S3Result};

use super::ask::{Ask, Owned};
use super::describe::{canonical_id, checksum_algorithm, checksum_type, etag, timestamp};
use super::failure::{from_store, invalid_argument, refuse, with_field};
use crate::gate::{Permit, actions};
use crate::model::Bucket;
use crate::store::{ObjectRow, Store, StoreError};

/// Largest and default page.
const MAX_KEYS: i32 = 1000;
/// What S3 leaves as it is under `encoding-type=url`.
const PLAIN: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'*').remove(b'/');

/// What a listing is asked for.
#[derive(Clone, Debug)]
struct Wanted {
    prefix: String,
    delimiter: String,
    /// Entries up to this one, inclusive, are skipped.
    after: String,
    limit: usize,
}

/// One page: keys and common prefixes, together in order.
#[derive(Debug, Default)]
struct Page {
    objects: Vec<ObjectRow>,
    prefixes: Vec<String>,
    /// The last entry, when more follow.
    next: Option<String>,
}

pub(super) async fn list_objects(
    ask: &Ask,
    request: S3Request<ListObjectsInput>,
) -> S3Result<S3Response<ListObjectsOutput>> {
    let input = request.input;
    let owned = ask.bucket(&input.bucket, input.expected_bucket_owner.as_deref()).await?;
    let conditions = conditions(input.prefix.as_deref(), input.delimiter.as_deref(), input.max_keys);
    let permit = ask.on_bucket::<actions::s3::ListBucket>(&owned, conditions)?;
    let wanted = Wanted {
        prefix: input.prefix.clone().unwrap_or_default(),
        delimiter: input.delimiter.clone().unwrap_or_default(),
        after: input.marker.clone().unwrap_or_default(),
        limit: limit(input.max_keys)?,
    };
    let page = list(ask, permit, &owned, &wanted).await?;
    let encoding = Encoding::of(input.encoding_type.as_ref())?;
    let owner = canonical_id(&owned.owner.id);
    Ok(S3Response::new(ListObjectsOutput {
        name: Some(input.bucket),
        prefix: Some(encoding.text(&wanted.prefix)),
        marker: Some(encoding.text(&wanted.after)),
        max_keys: Some(shown(wanted.limit)),
        is_truncated: Some(page.next.is_some()),
        // Without a delimiter the last key serves (BC:s3.ListObjects, `NextMarker`).
        next_marker: page
            .next
            .as_deref()
            .filter(|_| !wanted.delimiter.is_empty())
            .map(|next| encoding.text(next)),
        contents: contents(&page, encoding, Some(&owner)),
        common_prefixes: common_prefixes(&page, encoding),
        delimiter: input.delimiter.map(|delimiter| encoding.text(&delimiter)),
        encoding_type: input.encoding_type,
        ..ListObjectsOutput::default()
    }))
}

pub(super) async fn list_objects_v2(
    ask: &Ask,
    request: S3Request<ListObjectsV2Input>,
) -> S3Result<S3Response<ListObjectsV2Output>> {
    let input = request.input;
    let owned = ask.bucket(&input.bucket, input.expected_bucket_owner.as_deref()).await?;
    let conditions = conditions(input.prefix.as_deref(), input.delimiter.as_deref(), input.max_keys);
    let permit = ask.on_bucket::<actions::s3::ListBucket>(&owned, conditions)?;
    let after = match input.continuation_token.as_deref() {
        Some(token) => read_token(token)?,
        None => input.start_after.clone().unwrap_or_default(),
    };
    let wanted = Wanted {
        prefix: input.prefix.clone().unwrap_or_default(),
        delimiter: input.delimiter.clone().unwrap_or_default(),
        after,
        limit: limit(input.max_keys)?,
    };
    let page = list(ask, permit, &owned, &wanted).await?;
    let encoding = Encoding::of(input.encoding_type.as_ref())?;
    let owner = canonical_id(&owned.owner.id);
    let fetch_owner = input.fetch_owner.unwrap_or_default();
    Ok(S3Response::new(ListObjectsV2Output {
        name: Some(input.bucket),
        prefix: Some(encoding.text(&wanted.prefix)),
        max_keys: Some(shown(wanted.limit)),
        key_count: Some(shown(page.objects.len() + page.prefixes.len())),
        continuation_token: input.continuation_token,
        is_truncated: Some(page.next.is_some()),
        next_continuation_token: page.next.as_deref().map(|next| BASE64_URL_SAFE_NO_PAD.encode(next)),
        contents: contents(&page, encoding, Some(&owner).filter(|_| fetch_owner)),
        common_prefixes: common_prefixes(&page, encoding),
        delimiter: input.delimiter.map(|delimiter| encoding.text(&delimiter)),
        encoding_type: input.encoding_type,
        start_after: input.start_after.map(|after| encoding.text(&after)),
        ..ListObjectsV2Output::default()
    }))
}

/// Condition keys of `s3:ListBucket`: those that the request gives.
pub(super) fn conditions(prefix: Option<&str>, delimiter: Option<&str>, max_keys: Option<i32>) -> Context {
    let mut context = Context::new();
    if let Some(prefix) = prefix {
        context.set("s3:prefix", [prefix]);
    }
    if let Some(delimiter) = delimiter {
        context.set("s3:delimiter", [delimiter]);
    }
    if let Some(max_keys) = max_keys {
        context.set("s3:max-keys", [max_keys.to_string()]);
    }
    context
}

pub(super) fn limit(max_keys: Option<i32>) -> S3Result<usize> {
    let asked = max_keys.unwrap_or(MAX_KEYS).min(MAX_KEYS);
    usize::try_from(asked).map_err(|_| {
        let message = "Argument maxKeys must be an integer between 0 and 2147483647";
        invalid_argument(message, "maxKeys", asked)
    })
}

pub(super) fn shown(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

fn read_token(token: &str) -> S3Result<String> {
    let name = BASE64_URL_SAFE_NO_PAD.decode(token).ok().and_then(|name| String::from_utf8(name).ok());
    let message = "The continuation token provided is incorrect";
    name.ok_or_else(|| {
        with_field(refuse(400, "InvalidArgument", message), "ArgumentName", "continuation-token")
    })
}

/// How names are written in the answer.
#[derive(Clone, Copy, Debug)]
pub(super) enum Encoding {
    Plain,
    Url,
}

impl Encoding {
    pub(super) fn of(asked: Option<&EncodingType>) -> S3Result<Self> {
        match asked.map(EncodingType::as_str) {
            None => Ok(Self::Plain),
            Some(EncodingType::URL) => Ok(Self::Url),
            Some(other) => {
                let message = "Invalid Encoding Method specified in Request";
                Err(invalid_argument(message, "encoding-type", other))
            }
        }
    }

    pub(super) fn text(self, text: &str) -> String {
        match self {
            Self::Plain => text.to_owned(),
            Self::Url => utf8_percent_encode(text, &PLAIN).to_string(),
        }
    }
}

fn contents(page: &Page, encoding: Encoding, owner: Option<&String>) -> Option<Vec<Object>> {
    let entry = |row: &ObjectRow| Object {
        checksum_algorithm: checksum_algorithm(row),
        checksum_type: Some(checksum_type(row)).filter(|_| !row.checksums.is_empty()),
        e_tag: Some(etag(row)),
        key: Some(encoding.text(&row.key)),
        last_modified: Some(timestamp(row.modified)),
        owner: owner.map(|id| Owner { display_name: None, id: Some(id.clone()) }),
        size: i64::try_from(row.size).ok(),
        storage_class: Some(ObjectStorageClass::from_static(ObjectStorageClass::STANDARD)),
        ..Object::default()
    };
    Some(page.objects.iter().map(entry).collect())
}

fn common_prefixes(page: &Page, encoding: Encoding) -> Option<Vec<CommonPrefix>> {
    let entry = |prefix: &String| CommonPrefix { prefix: Some(encoding.text(prefix)) };
    Some(page.prefixes.iter().map(entry).collect())
}

async fn list(
    ask: &Ask,
    _permit: Permit<actions::s3::ListBucket>,
    owned: &Owned,
    wanted: &Wanted,
) -> S3Result<Page> {
    collect(&ask.aws.store, &owned.bucket, wanted).await.map_err(|error| from_store(&error))
}

/// Reads keys in order and rolls those up that share what stands between prefix and delimiter.
async fn collect(store: &Store, bucket: &Bucket, wanted: &Wanted) -> Result<Page, StoreError> {
    let mut page = Page::default();
    if wanted.limit == 0 {
        return Ok(page);
    }
    let mut cursor = wanted.after.clone();
    if let Some(passed) = common_prefix(&wanted.prefix, &wanted.delimiter, &wanted.after)
        .filter(|passed| *passed == wanted.after)
    {
        cursor = beyond(&passed);
    }
    let mut last = String::new();
    loop {
        let batch = store.objects(&bucket.name, &wanted.prefix, &cursor, MAX_KEYS.unsigned_abs()).await?;
        let mut skipped = false;
        for row in batch.objects {
            let group = common_prefix(&wanted.prefix, &wanted.delimiter, &row.key);
            // The same group again, past the largest character: it is on the page already.
            if group.is_some() && group.as_ref() == page.prefixes.last() {
                cursor.clone_from(&row.key);
                continue;
            }
            if page.objects.len() + page.prefixes.len() == wanted.limit {
                page.next = Some(last);
                return Ok(page);
            }
            match group {
                Some(group) => {
                    // The rest of the group need not be read.
                    cursor = beyond(&group);
                    last.clone_from(&group);
                    page.prefixes.push(group);
                    skipped = true;
                    break;
                }
                None => {
                    cursor.clone_from(&row.key);
                    last.clone_from(&row.key);
                    page.objects.push(row);
                }
            }
        }
        if !skipped && !batch.more {
            return Ok(page);
        }
    }
}

/// What a key is rolled up under: up to and with the first delimiter behind the prefix.
pub(super) fn common_prefix(prefix: &str, delimiter: &str, key: &str) -> Option<String> {
    if delimiter.is_empty() {
        return None;
    }
    let rest = key.strip_prefix(prefix)?;
    let place = rest.find(delimiter)?;
    key.get(..prefix.len() + place + delimiter.len()).map(str::to_owned)
}

/// Sorts behind the keys that start with `prefix`, but for those that go on with the largest character.
pub(super) fn beyond(prefix: &str) -> String {
    format!("{prefix}{}", char::MAX)
}

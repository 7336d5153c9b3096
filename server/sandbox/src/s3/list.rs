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
use super::describe::{canonical_id, checksum_algorithms, checksum_type, etag, timestamp};
use super::failure::{from_store, invalid_argument};
use crate::gate::{Permit, actions};
use crate::store::{ObjectRow, Place, StoreError};

/// Largest and default page.
const MAX_KEYS: i32 = 1000;
/// How many are read at first behind a common prefix.
const FEW: usize = 2;
/// What S3 leaves as it is under `encoding-type=url`.
const PLAIN: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'*').remove(b'/');

pub(super) async fn list_objects(
    ask: &Ask,
    request: S3Request<ListObjectsInput>,
) -> S3Result<S3Response<ListObjectsOutput>> {
    let input = request.input;
    let owned = ask.bucket(&input.bucket, input.expected_bucket_owner.as_deref()).await?;
    let conditions = conditions(input.prefix.as_deref(), input.delimiter.as_deref(), input.max_keys);
    let permit = ask.on_bucket::<actions::s3::ListBucket>(&owned, conditions)?;
    let encoding = Encoding::of(input.encoding_type.as_ref())?;
    let marker = input.marker.unwrap_or_default();
    let limit = limit("maxKeys", input.max_keys)?;
    let rolled = (input.prefix.as_deref(), input.delimiter.as_deref());
    let scan = Scan::behind(rolled, &marker, None, limit);
    let page = list(ask, permit, &owned, &scan).await?;
    let owner = canonical_id(&owned.owner.id);
    Ok(S3Response::new(ListObjectsOutput {
        name: Some(input.bucket),
        prefix: Some(encoding.text(&scan.prefix)),
        marker: Some(encoding.text(&marker)),
        max_keys: Some(shown(limit)),
        is_truncated: Some(page.next.is_some()),
        // Without a delimiter the last key serves (BC:s3.ListObjects, `NextMarker`).
        next_marker: page
            .next
            .as_ref()
            .filter(|_| !scan.delimiter.is_empty())
            .map(|(next, _)| encoding.text(next)),
        contents: contents(&page, encoding, Some(&owner)),
        common_prefixes: Some(common_prefixes(&page, encoding)),
        delimiter: shown_delimiter(&scan, encoding),
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
    let encoding = Encoding::of(input.encoding_type.as_ref())?;
    // Where the token goes on, what was asked for at first does not count.
    let start_after = input.start_after.filter(|_| input.continuation_token.is_none());
    let after = match input.continuation_token.as_deref() {
        Some(token) => read_token(token)?,
        None => start_after.clone().unwrap_or_default(),
    };
    let limit = limit("maxKeys", input.max_keys)?;
    let rolled = (input.prefix.as_deref(), input.delimiter.as_deref());
    let scan = Scan::behind(rolled, &after, None, limit);
    let page = list(ask, permit, &owned, &scan).await?;
    let owner = canonical_id(&owned.owner.id);
    let fetch_owner = input.fetch_owner.unwrap_or_default();
    Ok(S3Response::new(ListObjectsV2Output {
        name: Some(input.bucket),
        prefix: Some(encoding.text(&scan.prefix)),
        max_keys: Some(shown(limit)),
        key_count: Some(shown(page.entries.len() + page.prefixes.len())),
        continuation_token: input.continuation_token,
        is_truncated: Some(page.next.is_some()),
        next_continuation_token: page.next.as_ref().map(|(next, _)| BASE64_URL_SAFE_NO_PAD.encode(next)),
        contents: contents(&page, encoding, Some(&owner).filter(|_| fetch_owner)),
        common_prefixes: Some(common_prefixes(&page, encoding)),
        delimiter: shown_delimiter(&scan, encoding),
        encoding_type: input.encoding_type,
        start_after: start_after.map(|after| encoding.text(&after)),
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

/// Entries of a page; `name` is what S3 calls the argument.
pub(super) fn limit(name: &'static str, asked: Option<i32>) -> S3Result<usize> {
    let limit = usize::try_from(asked.unwrap_or(MAX_KEYS).min(MAX_KEYS));
    limit.map_err(|_| {
        let message = format!("Argument {name} must be an integer between 0 and 2147483647");
        invalid_argument(message, name, asked.map(|asked| asked.to_string()))
    })
}

pub(super) fn shown(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

fn read_token(token: &str) -> S3Result<String> {
    let name = BASE64_URL_SAFE_NO_PAD.decode(token).ok().and_then(|name| String::from_utf8(name).ok());
    name.filter(|name| !name.is_empty()).ok_or_else(|| {
        invalid_argument("The continuation token provided is incorrect", "continuation-token", None)
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
            Some(other) => Err(invalid_argument(
                "Invalid Encoding Method specified in Request",
                "encoding-type",
                other.to_owned(),
            )),
        }
    }

    pub(super) fn text(self, text: &str) -> String {
        match self {
            Self::Plain => text.to_owned(),
            // As forms are encoded: a space is a plus.
            Self::Url => utf8_percent_encode(text, &PLAIN).to_string().replace("%20", "+"),
        }
    }
}

fn contents(page: &Page<ObjectRow>, encoding: Encoding, owner: Option<&String>) -> Option<Vec<Object>> {
    let entry = |row: &ObjectRow| Object {
        checksum_algorithm: Some(checksum_algorithms(row)),
        checksum_type: (!row.checksums.is_empty()).then(|| checksum_type(row)),
        e_tag: Some(etag(row)),
        key: Some(encoding.text(&row.key)),
        last_modified: Some(timestamp(row.modified)),
        owner: owner.map(|id| Owner { display_name: None, id: Some(id.clone()) }),
        size: i64::try_from(row.size).ok(),
        storage_class: Some(ObjectStorageClass::from_static(ObjectStorageClass::STANDARD)),
        ..Object::default()
    };
    Some(page.entries.iter().map(entry).collect())
}

pub(super) fn common_prefixes<T>(page: &Page<T>, encoding: Encoding) -> Vec<CommonPrefix> {
    let entry = |prefix: &String| CommonPrefix { prefix: Some(encoding.text(prefix)) };
    page.prefixes.iter().map(entry).collect()
}

/// The delimiter as answers repeat it.
pub(super) fn shown_delimiter(scan: &Scan, encoding: Encoding) -> Option<String> {
    Some(encoding.text(&scan.delimiter)).filter(|delimiter| !delimiter.is_empty())
}

async fn list(
    ask: &Ask,
    _permit: Permit<actions::s3::ListBucket>,
    owned: &Owned,
    scan: &Scan,
) -> S3Result<Page<ObjectRow>> {
    let read = |place, count| ask.aws.store.objects(&owned.bucket.name, &scan.prefix, place, count);
    let page = scan.collect(read, |row| (row.key.as_str(), None)).await;
    let page = page.map_err(|error| from_store(&error))?;
    ask.must_still_be(owned).await?;
    Ok(page)
}

/// What is to be listed, and how much of it at once.
#[derive(Clone, Debug)]
pub(super) struct Scan {
    pub(super) prefix: String,
    pub(super) delimiter: String,
    pub(super) limit: usize,
    place: Place,
}

impl Scan {
    /// From behind a key, or behind one of its versions or uploads. A key that is rolled up stands for all it is rolled up with.
    pub(super) fn behind(
        (prefix, delimiter): (Option<&str>, Option<&str>),
        key: &str,
        id: Option<&str>,
        limit: usize,
    ) -> Self {
        let (prefix, delimiter) = (prefix.unwrap_or_default(), delimiter.unwrap_or_default());
        let place = match (common_prefix(prefix, delimiter, key), id) {
            (Some(group), _) => Place::BehindAll(group),
            (None, _) if key.is_empty() => Place::Start,
            (None, Some(id)) => Place::Within(key.to_owned(), id.to_owned()),
            (None, None) => Place::Behind(key.to_owned()),
        };
        Self { prefix: prefix.to_owned(), delimiter: delimiter.to_owned(), limit, place }
    }

    /// Reads what there is in order, and rolls those up that share what stands between prefix and delimiter. `read` gives at most
    /// so many from a place on; `name` tells the key of one, and its id if it is one of several of its key.
    pub(super) async fn collect<T, F>(
        &self,
        read: impl Fn(Place, u32) -> F,
        name: impl Fn(&T) -> (&str, Option<&str>),
    ) -> Result<Page<T>, StoreError>
    where
        F: Future<Output = Result<Vec<T>, StoreError>>,
    {
        let mut page = Page { entries: Vec::new(), prefixes: Vec::new(), next: None };
        if self.limit == 0 {
            return Ok(page);
        }
        let mut place = self.place.clone();
        let mut last = None;
        // One more than is wanted tells whether there is more. With a delimiter few are read at first: behind a common prefix all
        // of it would be read in vain.
        let mut count = if self.delimiter.is_empty() { self.limit + 1 } else { FEW };
        loop {
            let left = self.limit - page.entries.len() - page.prefixes.len();
            let count_now = count.min(left + 1);
            let batch = read(place.clone(), u32::try_from(count_now).unwrap_or(u32::MAX)).await?;
            let full = batch.len() == count_now;
            count *= 2;
            let mut rolled_up = false;
            for entry in batch {
                if page.entries.len() + page.prefixes.len() == self.limit {
                    page.next = last;
                    return Ok(page);
                }
                let (key, id) = name(&entry);
                if let Some(group) = common_prefix(&self.prefix, &self.delimiter, key) {
                    place = Place::BehindAll(group.clone());
                    last = Some((group.clone(), None));
                    page.prefixes.push(group);
                    (count, rolled_up) = (FEW, true);
                    break;
                }
                place = match id {
                    Some(id) => Place::Within(key.to_owned(), id.to_owned()),
                    None => Place::Behind(key.to_owned()),
                };
                last = Some((key.to_owned(), id.map(str::to_owned)));
                page.entries.push(entry);
            }
            if !full && !rolled_up {
                return Ok(page);
            }
        }
    }
}

/// One page: entries and common prefixes, together in order.
#[derive(Debug)]
pub(super) struct Page<T> {
    pub(super) entries: Vec<T>,
    pub(super) prefixes: Vec<String>,
    /// Key, and id where it has one, of the last entry, or the last common prefix, when more follow.
    pub(super) next: Option<(String, Option<String>)>,
}

/// What a key is rolled up under: up to and with the first delimiter behind the prefix.
fn common_prefix(prefix: &str, delimiter: &str, key: &str) -> Option<String> {
    if delimiter.is_empty() {
        return None;
    }
    let rest = key.strip_prefix(prefix)?;
    let place = rest.find(delimiter)?;
    key.get(..prefix.len() + place + delimiter.len()).map(str::to_owned)
}

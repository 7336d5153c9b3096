//! S3, where method, path, query and headers say what is asked.

use super::{Command, placeholder};
use bytes::Bytes;
use http::{HeaderMap, Method, Request};
use serde_json::{Map, Value};

/// Where a request's body goes in the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Body {
    None,
    /// `--body FILE`
    File,
    /// The option takes the text as it is.
    Text(&'static str),
    /// The option takes the XML's members.
    Xml(&'static str),
}

/// How much of a path an operation names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum On {
    All,
    Bucket,
    Object,
}

/// Method, what is named, the query parameter that tells it from its neighbours (empty for none), operation, body.
type Row = (Method, On, &'static str, &'static str, Body);

const ROWS: [Row; 43] = [
    (Method::GET, On::All, "", "ListBuckets", Body::None),
    (Method::GET, On::Bucket, "policy", "GetBucketPolicy", Body::None),
    (Method::GET, On::Bucket, "policyStatus", "GetBucketPolicyStatus", Body::None),
    (Method::GET, On::Bucket, "encryption", "GetBucketEncryption", Body::None),
    (Method::GET, On::Bucket, "location", "GetBucketLocation", Body::None),
    (Method::GET, On::Bucket, "versioning", "GetBucketVersioning", Body::None),
    (Method::GET, On::Bucket, "versions", "ListObjectVersions", Body::None),
    (Method::GET, On::Bucket, "uploads", "ListMultipartUploads", Body::None),
    (Method::GET, On::Bucket, "tagging", "GetBucketTagging", Body::None),
    (Method::GET, On::Bucket, "acl", "GetBucketAcl", Body::None),
    (Method::GET, On::Bucket, "publicAccessBlock", "GetPublicAccessBlock", Body::None),
    (Method::GET, On::Bucket, "ownershipControls", "GetBucketOwnershipControls", Body::None),
    (Method::GET, On::Bucket, "list-type", "ListObjectsV2", Body::None),
    (Method::GET, On::Bucket, "", "ListObjects", Body::None),
    (Method::HEAD, On::Bucket, "", "HeadBucket", Body::None),
    (Method::PUT, On::Bucket, "policy", "PutBucketPolicy", Body::Text("policy")),
    (
        Method::PUT,
        On::Bucket,
        "encryption",
        "PutBucketEncryption",
        Body::Xml("server-side-encryption-configuration"),
    ),
    (Method::PUT, On::Bucket, "versioning", "PutBucketVersioning", Body::Xml("versioning-configuration")),
    (Method::PUT, On::Bucket, "tagging", "PutBucketTagging", Body::Xml("tagging")),
    (
        Method::PUT,
        On::Bucket,
        "publicAccessBlock",
        "PutPublicAccessBlock",
        Body::Xml("public-access-block-configuration"),
    ),
    (
        Method::PUT,
        On::Bucket,
        "ownershipControls",
        "PutBucketOwnershipControls",
        Body::Xml("ownership-controls"),
    ),
    (Method::PUT, On::Bucket, "", "CreateBucket", Body::Xml("create-bucket-configuration")),
    (Method::DELETE, On::Bucket, "policy", "DeleteBucketPolicy", Body::None),
    (Method::DELETE, On::Bucket, "encryption", "DeleteBucketEncryption", Body::None),
    (Method::DELETE, On::Bucket, "tagging", "DeleteBucketTagging", Body::None),
    (Method::DELETE, On::Bucket, "publicAccessBlock", "DeletePublicAccessBlock", Body::None),
    (Method::DELETE, On::Bucket, "ownershipControls", "DeleteBucketOwnershipControls", Body::None),
    (Method::DELETE, On::Bucket, "", "DeleteBucket", Body::None),
    (Method::POST, On::Bucket, "delete", "DeleteObjects", Body::Xml("delete")),
    (Method::GET, On::Object, "tagging", "GetObjectTagging", Body::None),
    (Method::GET, On::Object, "acl", "GetObjectAcl", Body::None),
    (Method::GET, On::Object, "attributes", "GetObjectAttributes", Body::None),
    (Method::GET, On::Object, "uploadId", "ListParts", Body::None),
    (Method::GET, On::Object, "", "GetObject", Body::None),
    (Method::HEAD, On::Object, "", "HeadObject", Body::None),
    (Method::PUT, On::Object, "tagging", "PutObjectTagging", Body::Xml("tagging")),
    (Method::PUT, On::Object, "partNumber", "UploadPart", Body::File),
    (Method::PUT, On::Object, "", "PutObject", Body::File),
    (Method::POST, On::Object, "uploads", "CreateMultipartUpload", Body::None),
    (Method::POST, On::Object, "uploadId", "CompleteMultipartUpload", Body::Xml("multipart-upload")),
    (Method::DELETE, On::Object, "tagging", "DeleteObjectTagging", Body::None),
    (Method::DELETE, On::Object, "uploadId", "AbortMultipartUpload", Body::None),
    (Method::DELETE, On::Object, "", "DeleteObject", Body::None),
];

/// Query parameters and the options that set them.
const PARAMETERS: [(&str, &str); 13] = [
    ("prefix", "prefix"),
    ("delimiter", "delimiter"),
    ("max-keys", "max-keys"),
    ("start-after", "start-after"),
    ("continuation-token", "continuation-token"),
    ("marker", "marker"),
    ("key-marker", "key-marker"),
    ("version-id-marker", "version-id-marker"),
    ("upload-id-marker", "upload-id-marker"),
    ("versionId", "version-id"),
    ("uploadId", "upload-id"),
    ("partNumber", "part-number"),
    ("max-uploads", "max-uploads"),
];

/// Headers and the options that set them. Checksums are left out: the AWS CLI sends its own.
const HEADERS: [(&str, &str); 26] = [
    ("x-amz-copy-source", "copy-source"),
    ("x-amz-server-side-encryption", "server-side-encryption"),
    ("x-amz-server-side-encryption-aws-kms-key-id", "ssekms-key-id"),
    ("x-amz-server-side-encryption-bucket-key-enabled", "bucket-key-enabled"),
    ("x-amz-server-side-encryption-context", "ssekms-encryption-context"),
    ("x-amz-server-side-encryption-customer-algorithm", "sse-customer-algorithm"),
    ("x-amz-server-side-encryption-customer-key", "sse-customer-key"),
    ("x-amz-storage-class", "storage-class"),
    ("x-amz-acl", "acl"),
    ("x-amz-tagging", "tagging"),
    ("x-amz-tagging-directive", "tagging-directive"),
    ("x-amz-metadata-directive", "metadata-directive"),
    ("x-amz-object-ownership", "object-ownership"),
    ("x-amz-expected-bucket-owner", "expected-bucket-owner"),
    ("x-amz-object-attributes", "object-attributes"),
    ("x-amz-copy-source-if-match", "copy-source-if-match"),
    ("x-amz-copy-source-range", "copy-source-range"),
    ("content-type", "content-type"),
    ("content-encoding", "content-encoding"),
    ("content-disposition", "content-disposition"),
    ("content-language", "content-language"),
    ("cache-control", "cache-control"),
    ("if-match", "if-match"),
    ("if-none-match", "if-none-match"),
    ("range", "range"),
    ("x-amz-mfa", "mfa"),
];

pub(super) fn command(request: &Request<Bytes>) -> Option<Command> {
    let path = decoded(request.uri().path().trim_start_matches('/'));
    let (bucket, key) = path.split_once('/').unwrap_or((&path, ""));
    let on = match (bucket, key) {
        ("", _) => On::All,
        (_, "") => On::Bucket,
        _ => On::Object,
    };
    let query: Vec<(String, String)> =
        serde_urlencoded::from_str(request.uri().query().unwrap_or_default()).ok()?;
    let parameter =
        |name: &str| query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let (_, _, _, operation, body) = ROWS.iter().find(|(method, named, by, ..)| {
        method == request.method() && *named == on && (by.is_empty() || parameter(by).is_some())
    })?;
    let copies = request.headers().contains_key("x-amz-copy-source");
    let (operation, body) = match *operation {
        "PutObject" if copies => ("CopyObject", Body::None),
        "UploadPart" if copies => ("UploadPartCopy", Body::None),
        other => (other, *body),
    };
    let mut command = Command::new("s3", operation);
    if on != On::All {
        command.option("bucket", [bucket]);
    }
    if on == On::Object {
        command.option("key", [key]);
    }
    for (name, option) in PARAMETERS {
        if let Some(value) = parameter(name).filter(|value| !value.is_empty()) {
            command.option(option, [value]);
        }
    }
    match body {
        Body::None => {}
        Body::File => command.option("body", ["FILE"]),
        Body::Text(option) => command.option(option, [String::from_utf8_lossy(request.body()).as_ref()]),
        Body::Xml(option) if !request.body().is_empty() => match members(request.body()) {
            Some(value) => command.option(option, [value.to_string().as_str()]),
            None => command.option(option, ["file://FILE"]),
        },
        Body::Xml(_) => {}
    }
    headers(&mut command, request.headers(), matches!(body, Body::Text(_) | Body::Xml(_)));
    if operation == "GetObject" {
        command.word("FILE");
    }
    Some(command)
}

fn headers(command: &mut Command, headers: &HeaderMap, is_document: bool) {
    for (name, option) in HEADERS {
        let Some(value) = headers.get(name).and_then(|value| value.to_str().ok()) else { continue };
        match (option, value) {
            // What a document is, the AWS CLI says by itself; `aws-chunked` is how bytes travel, not what they are.
            ("content-type", _) if is_document => {}
            ("content-encoding", "aws-chunked") => {}
            ("content-type", "application/octet-stream") => {}
            ("sse-customer-key", _) => command.option(option, ["fileb://FILE"]),
            ("ssekms-encryption-context" | "mfa", _) => {
                command.option(option, [placeholder(option).as_str()])
            }
            ("bucket-key-enabled", "true") => command.option(option, []),
            ("bucket-key-enabled", _) => command.option("no-bucket-key-enabled", []),
            ("copy-source", value) => command.option(option, [decoded(value).as_str()]),
            ("object-attributes", value) => command.option(option, value.split(',')),
            (option, value) => command.option(option, [value]),
        }
    }
    let metadata: Map<String, Value> = headers
        .iter()
        .filter_map(|(name, value)| {
            Some((name.as_str().strip_prefix("x-amz-meta-")?.to_owned(), value.to_str().ok()?.into()))
        })
        .collect();
    if !metadata.is_empty() {
        command.option("metadata", [Value::Object(metadata).to_string().as_str()]);
    }
}

/// Percent-decoded; a plus is a plus in a path.
fn decoded(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let escaped = (byte == b'%').then(|| after.get(..2)).flatten();
        let escaped = escaped.and_then(|two| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok());
        match escaped {
            Some(value) => {
                bytes.push(value);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Elements of S3's documents that may come several times, and what the API calls their list.
const LISTS: [(&str, &str); 3] = [("Rule", "Rules"), ("Object", "Objects"), ("Part", "Parts")];

/// The members of an XML document's root, as the AWS CLI takes them.
fn members(body: &[u8]) -> Option<Value> {
    use quick_xml::{Reader, events::Event};
    let mut reader = Reader::from_str(std::str::from_utf8(body).ok()?);
    // Each element under way: its name, what is in it, its text.
    let mut open: Vec<(String, Map<String, Value>, String)> = Vec::new();
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                let name = start.local_name().as_ref().to_owned();
                open.push((name, Map::new(), String::new()));
            }
            Event::Empty(empty) => {
                let name = empty.local_name().as_ref().to_owned();
                add(&mut open.last_mut()?.1, name, "".into());
            }
            Event::Text(text) => open.last_mut()?.2 += &*text,
            // Entities, which are data here: a document with one is named by a file.
            Event::GeneralRef(_) | Event::CData(_) | Event::DocType(_) | Event::Eof => return None,
            Event::End(_) => {
                let (name, inner, text) = open.pop()?;
                let value = match (inner.is_empty(), text.trim()) {
                    (false, _) => Value::Object(inner),
                    (true, "true") => true.into(),
                    (true, "false") => false.into(),
                    (true, text) => text.into(),
                };
                match open.last_mut() {
                    Some((_, outer, _)) => add(outer, name, value),
                    None => return Some(value),
                }
            }
            _ => {}
        }
    }
}

fn add(outer: &mut Map<String, Value>, name: String, value: Value) {
    if let Some((_, list)) = LISTS.iter().find(|(element, _)| *element == name) {
        if let Value::Array(items) = outer.entry(*list).or_insert_with(|| Value::Array(Vec::new())) {
            items.push(value);
        }
        return;
    }
    // The one list whose element has a name of its own around it.
    let value = match (name.as_str(), value) {
        ("TagSet", Value::Object(mut tags)) => {
            tags.shift_remove("Tag").map_or(Value::Array(Vec::new()), |tags| match tags {
                Value::Array(tags) => Value::Array(tags),
                one => Value::Array(vec![one]),
            })
        }
        (_, value) => value,
    };
    match outer.get_mut(&name) {
        Some(Value::Array(items)) => items.push(value),
        Some(there) => {
            let first = there.take();
            *there = Value::Array(vec![first, value]);
        }
        None => {
            outer.insert(name, value);
        }
    }
}

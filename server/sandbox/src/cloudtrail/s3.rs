//! Events about calls to S3. Those about buckets are management events; those about objects are data events, for which nothing
//! at all is done unless they are asked for.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, Uri, header};
use http_body::Body as _;
use policy::call::Operation;
use serde_json::{Map, Value, json};

use super::identity::Who;
use super::record::{Arn, Call, MAX_VALUE, Resource};
use super::shown::or_null;
use super::trail::Made;
use super::xml::{self, Element};
use crate::caller::{Caller, Identity};
use crate::request::{Refusal, RequestMeta};
use crate::{Aws, Body, arns};

/// Headers of a request, and those of an answer, that are shown.
const OF_REQUESTS: &[&str] = &[
    "x-amz-acl",
    "x-amz-bucket-object-lock-enabled",
    "x-amz-copy-source",
    "x-amz-copy-source-range",
    "x-amz-expected-bucket-owner",
    "x-amz-metadata-directive",
    "x-amz-object-ownership",
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-server-side-encryption-bucket-key-enabled",
    "x-amz-server-side-encryption-context",
    "x-amz-server-side-encryption-customer-algorithm",
    "x-amz-storage-class",
    "x-amz-tagging-directive",
];
const OF_ANSWERS: &[&str] = &[
    "x-amz-copy-source-version-id",
    "x-amz-delete-marker",
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-server-side-encryption-bucket-key-enabled",
    "x-amz-server-side-encryption-context",
    "x-amz-version-id",
];
/// Parameters of a presigned URL that are shown beside those that stand for headers: none that whoever reads them could use.
const OF_SIGNATURES: &[&str] = &["x-amz-algorithm", "x-amz-date", "x-amz-expires", "x-amz-signedheaders"];
/// Elements of documents whose values are true or false.
const TRUTHS: &[&str] = &[
    "BlockPublicAcls",
    "BlockPublicPolicy",
    "BucketKeyEnabled",
    "IgnorePublicAcls",
    "RestrictPublicBuckets",
];
/// Operations that encrypt an object.
const ENCRYPTING: &[&str] = &["PutObject", "CopyObject", "CreateMultipartUpload"];

/// Where an operation of S3 says which it is: it is known only once the request was read and its signature verified. A request
/// that leaves this empty leaves no event.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked(Arc<OnceLock<&'static Operation>>);

impl Asked {
    /// Says which.
    pub(crate) fn is(&self, operation: Option<&'static Operation>) {
        if let Some(operation) = operation {
            // An operation says it once.
            let _ = self.0.set(operation);
        }
    }
}

/// A request under way of which there may be an event.
#[derive(Debug)]
pub(crate) struct Watch {
    asked: Asked,
    uri: Uri,
    headers: HeaderMap,
    document: Option<Bytes>,
}

impl Watch {
    /// Begins; `None` when there will be no event whatever comes.
    pub(crate) fn begin(aws: &Aws, request: &Request<Body>) -> Option<Self> {
        let on_object = !key_of(request.uri().path()).is_empty();
        if on_object && !aws.trail.takes_data_events() {
            return None;
        }
        let (uri, headers) = (request.uri().clone(), request.headers().clone());
        Some(Self { asked: Asked::default(), uri, headers, document: None })
    }

    /// For the extensions of the request.
    pub(crate) fn asked(&self) -> Asked {
        self.asked.clone()
    }

    /// Takes the body of a request that is about a bucket: a document, not an object's bytes.
    pub(crate) fn document(&mut self, body: &Body) {
        if key_of(self.uri.path()).is_empty() {
            self.document = body.bytes();
        }
    }

    /// Records what came of it.
    pub(crate) async fn end(
        self,
        aws: &Arc<Aws>,
        meta: &RequestMeta,
        caller: &Caller,
        response: &Response<Body>,
    ) {
        let Some(operation) = self.asked.0.get().copied() else { return };
        if (operation.data_event && !aws.trail.takes_data_events()) || !aws.trail.has_room(Made::ByCaller) {
            return;
        }
        let bucket = decoded(bucket_of(self.uri.path()));
        let owner = match operation.name {
            // Whoever has a bucket of that name is not told that somebody else wanted one.
            "CreateBucket" => None,
            _ => aws.store.bucket_owner(&bucket).await.ok().flatten().map(|account| account.id.clone()),
        };
        let refusal = response.extensions().get::<Refusal>().cloned();
        // A bucket that is gone, or not there yet, is its owner's who asks.
        let gone = matches!(operation.name, "CreateBucket" | "DeleteBucket");
        let owner = owner.or_else(|| gone.then(|| caller.account_id().to_owned()));
        let call = Call {
            meta,
            operation,
            who: Who::Caller(caller),
            invoked_by: None,
            request_id: meta.id.clone(),
            parameters: self.parameters(operation),
            elements: self.elements(operation, response),
            additional: self.additional(operation, meta, caller, response),
            resources: self.resources(operation, owner),
            names: Vec::new(),
            refusal,
        };
        aws.trail.push(call.entries(aws.now()));
    }

    fn parameters(&self, operation: &Operation) -> Value {
        let (bucket, key) = (bucket_of(self.uri.path()), key_of(self.uri.path()));
        let mut shown = Map::new();
        if !bucket.is_empty() {
            shown.insert("bucketName".into(), decoded(bucket).into());
        }
        if let Some(host) = text(&self.headers, header::HOST.as_str()) {
            shown.insert("Host".into(), host.into());
        }
        if !key.is_empty() {
            shown.insert("key".into(), decoded(key).into());
        }
        let query: Vec<(String, String)> =
            serde_urlencoded::from_str(self.uri.query().unwrap_or_default()).unwrap_or_default();
        for (name, value) in query {
            let lower = name.to_ascii_lowercase();
            let known = OF_REQUESTS.contains(&lower.as_str()) || OF_SIGNATURES.contains(&lower.as_str());
            if known || !lower.starts_with("x-amz-") {
                shown.insert(name, value.into());
            }
        }
        shown.extend(headers(&self.headers, OF_REQUESTS));
        // The keys of what was deleted are not shown (S3 User Guide, `cloudtrail-logging-s3-info`).
        let document = self.document.as_ref().filter(|_| !operation.data_event && !operation.read_only);
        match document {
            Some(document) if document.len() > MAX_VALUE => {
                shown.insert("omitted".into(), true.into());
            }
            Some(document) => shown.extend(shown_document(operation, document)),
            None => {}
        }
        or_null(shown)
    }

    fn elements(&self, operation: &Operation, response: &Response<Body>) -> Value {
        match operation.read_only || !response.status().is_success() {
            true => Value::Null,
            false => or_null(headers(response.headers(), OF_ANSWERS)),
        }
    }

    fn additional(
        &self,
        operation: &Operation,
        meta: &RequestMeta,
        caller: &Caller,
        response: &Response<Body>,
    ) -> Value {
        let mut shown = Map::new();
        if !matches!(caller.identity, Identity::Anonymous) {
            let in_header = self.headers.contains_key(header::AUTHORIZATION);
            shown.insert("SignatureVersion".into(), "SigV4".into());
            let method = if in_header { "AuthHeader" } else { "QueryString" };
            shown.insert("AuthenticationMethod".into(), method.into());
        }
        let length = |name: &str| text(&self.headers, name).and_then(|length| length.parse::<u64>().ok());
        let came = length("x-amz-decoded-content-length").or_else(|| length("content-length"));
        shown.insert("bytesTransferredIn".into(), came.unwrap_or_default().into());
        if let Some(applied) = self.encryption_applied(operation, response) {
            shown.insert("SSEApplied".into(), applied.into());
        }
        shown.insert("x-amz-id-2".into(), meta.host_id.as_str().into());
        let went = response.body().size_hint().exact();
        shown.insert("bytesTransferredOut".into(), went.unwrap_or_default().into());
        Value::Object(shown)
    }

    /// How an object was encrypted, and whether the request or the bucket said so (S3 User Guide, `bucket-encryption-tracking`).
    fn encryption_applied(&self, operation: &Operation, response: &Response<Body>) -> Option<&'static str> {
        let applied = text(response.headers(), "x-amz-server-side-encryption")?;
        let asked = self.headers.contains_key("x-amz-server-side-encryption");
        match (ENCRYPTING.contains(&operation.name), applied, asked) {
            (true, "aws:kms", true) => Some("SSE_KMS"),
            (true, "aws:kms", false) => Some("Default_SSE_KMS"),
            (true, "AES256", true) => Some("SSE_S3"),
            (true, "AES256", false) => Some("Default_SSE_S3"),
            _ => None,
        }
    }

    fn resources(&self, operation: &Operation, owner: Option<String>) -> Vec<Resource> {
        let (bucket, key) = (decoded(bucket_of(self.uri.path())), decoded(key_of(self.uri.path())));
        if bucket.is_empty() {
            return Vec::new();
        }
        let arn = match (operation.data_event, key.is_empty()) {
            (false, _) => None,
            (true, false) => Some(Arn::Whole(arns::object(&bucket, &key))),
            (true, true) => {
                let query: Vec<(String, String)> =
                    serde_urlencoded::from_str(self.uri.query().unwrap_or_default()).unwrap_or_default();
                let prefix = query.into_iter().find(|(name, _)| name == "prefix").map(|(_, prefix)| prefix);
                Some(Arn::Prefix(arns::object(&bucket, &prefix.unwrap_or_default())))
            }
        };
        let object =
            arn.map(|arn| Resource { kind: "AWS::S3::Object", arn, account: None, name: String::new() });
        let arn = Arn::Whole(arns::bucket(&bucket));
        let bucket = Resource { kind: "AWS::S3::Bucket", arn, account: owner, name: bucket };
        object.into_iter().chain([bucket]).collect()
    }
}

fn bucket_of(path: &str) -> &str {
    let path = path.strip_prefix('/').unwrap_or(path);
    path.split_once('/').map_or(path, |(bucket, _)| bucket)
}

fn key_of(path: &str) -> &str {
    let path = path.strip_prefix('/').unwrap_or(path);
    path.split_once('/').map_or("", |(_, key)| key)
}

fn decoded(part: &str) -> String {
    percent_encoding::percent_decode_str(part).decode_utf8_lossy().into_owned()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn headers(headers: &HeaderMap, known: &[&str]) -> Map<String, Value> {
    let shown = known.iter().filter_map(|name| Some(((*name).to_owned(), text(headers, name)?.into())));
    shown.collect()
}

/// A document that a request brings: a policy as what it is, all else as its XML says.
fn shown_document(operation: &Operation, document: &[u8]) -> Option<(String, Value)> {
    if operation.name == "PutBucketPolicy" {
        return Some(("bucketPolicy".into(), serde_json::from_slice(document).ok()?));
    }
    let root = xml::read(document)?;
    let mut shown = members(&root);
    if let Some(namespace) = &root.namespace {
        shown.insert("xmlns".into(), namespace.as_str().into());
    }
    Some((root.name, Value::Object(shown)))
}

fn members(element: &Element) -> Map<String, Value> {
    element.members(
        |name| Some(name.to_owned()),
        |child| match child.children.is_empty() {
            false => Value::Object(members(child)),
            true if TRUTHS.contains(&child.name.as_str()) => json!(child.text == "true"),
            true => child.text.as_str().into(),
        },
    )
}

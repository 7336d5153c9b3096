//! What is checked of a request before `s3s` sees it: who signed it, its body against hashes and digests, and what `s3s` would
//! misread. `s3s` gets a request without signature.

use bytes::Bytes;
use futures::StreamExt as _;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, header};
use http_body::Body as _;
use policy::Context;
use s3s::{S3Error, S3Result};

use super::checksum::Claims;
use super::failure::{internal, not_implemented, refuse, stalled, with_fields};
use super::hosts::Sent;
use super::payload::{self, PayloadError, Trailers};
use super::{absent, blocked_types};
use crate::auth::{self, AuthError, ChunkSigner, Presented};
use crate::caller::Caller;
use crate::credentials::CredentialsError;
use crate::limits::Service;
use crate::server::Stalled;
use crate::{Aws, Body};

/// Largest header section in bytes.
const HEADER_BYTES: usize = 8 << 10;

/// The condition keys that S3 fills from how a request is signed (S3 API reference, `bucket-policy-s3-sigv4-conditions`).
#[derive(Clone, Debug, Default)]
pub(super) struct Signing(pub(super) Context);

/// Checks a request and gives it back, fit for `s3s`.
pub(super) async fn check(
    aws: &Aws,
    request: Request<Body>,
    now: time::OffsetDateTime,
) -> S3Result<Request<Body>> {
    if header_bytes(request.headers()) > HEADER_BYTES {
        return Err(too_many_headers());
    }
    if request.method() == Method::OPTIONS {
        return Err(no_cors(request.headers()));
    }
    if is_form_upload(&request) {
        return Err(not_implemented("PostObject"));
    }
    let (mut parts, body) = request.into_parts();
    let presented = Presented::read(&parts).map_err(|error| refused(&error, None))?;
    let signer = match &presented {
        Some(presented) => {
            // As it was sent, which is what was signed.
            let uri =
                parts.extensions.get::<Sent>().map(|sent| std::mem::replace(&mut parts.uri, sent.0.clone()));
            let verified = verify(aws, &mut parts, presented).await;
            parts.uri = uri.unwrap_or(parts.uri);
            Some(verified?)
        }
        None => None,
    };
    // Counted once it is known who calls: nobody uses up another's share.
    let caller = parts.extensions.get::<Caller>().ok_or_else(|| internal("the request has no caller"))?;
    if !aws.throttle.admits(Service::S3, caller.account_id()) {
        let (status, code, message) = Service::S3.throttled();
        return Err(refuse(status, code, message));
    }
    absent::must_be_here(&parts)?;
    parts.extensions.insert(Signing(conditions(&parts, presented.as_ref(), now)));
    forget_signature(&mut parts)?;
    let trailers = Trailers::default();
    let body = verified(&mut parts, body, signer, &trailers)?;
    parts.extensions.insert(trailers.clone());
    tidy(&mut parts.headers);
    if is_object_put(&parts) {
        return Ok(Request::from_parts(parts, body));
    }
    let bytes = collect(body, aws.limits.document_bytes).await?;
    let claims = Claims::read(&parts.headers)?;
    let mut sums = claims.digest();
    sums.update(&bytes);
    claims.verify(&sums.finish(), Some(&trailers))?;
    must_be_read_whole(&parts, &bytes)?;
    let bytes = blocked_types::take(&mut parts, &bytes)?.map_or(bytes, Bytes::from);
    // Chunked transfers and calls inside the process come without; by now the length is known.
    if !bytes.is_empty() {
        parts.headers.insert(header::CONTENT_LENGTH, bytes.len().into());
    }
    Ok(Request::from_parts(parts, Body::from(bytes)))
}

async fn verify(aws: &Aws, parts: &mut Parts, presented: &Presented) -> S3Result<ChunkSigner> {
    if presented.expires_after.is_some() {
        headers_in_query(parts)?;
    } else if !parts.headers.contains_key(CONTENT_SHA256) {
        return Err(refuse(
            400,
            "InvalidRequest",
            format!("Missing required header for this request: {CONTENT_SHA256}"),
        ));
    }
    let verified = auth::verify_head(aws, parts, presented).await;
    verified.map_err(|error| refused(&error, Some(presented)))
}

fn refused(error: &AuthError, presented: Option<&Presented>) -> S3Error {
    if let AuthError::Credentials(CredentialsError::Store(cause)) = error {
        return internal(cause);
    }
    let (status, code, message) = error.for_s3();
    with_fields(refuse(status, code, message), error.fields_for_s3(presented))
}

const CONTENT_SHA256: &str = "x-amz-content-sha256";

/// What a presigned URL says of its signature; every other parameter that begins with `x-amz-` stands for a header.
const OF_SIGNATURE: [&str; 7] = [
    "x-amz-algorithm",
    "x-amz-credential",
    "x-amz-date",
    "x-amz-expires",
    "x-amz-signedheaders",
    "x-amz-signature",
    "x-amz-security-token",
];

/// How the names of headers end that bring a customer's key.
const CUSTOMER_KEYS: [&str; 2] = ["-customer-key", "-customer-key-md5"];

/// SDKs put headers that begin with `x-amz-` into the query of a presigned URL, so that whoever uses it need not send them.
///
/// # Errors
/// `InvalidArgument` for what can be no header.
fn headers_in_query(parts: &mut Parts) -> S3Result<()> {
    let query = parts.uri.query().unwrap_or_default();
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap_or_default();
    for (name, value) in pairs {
        let name = name.to_ascii_lowercase();
        // A customer's key is never part of a URL: whoever uses one sends it in the headers (S3 User Guide,
        // `ServerSideEncryptionCustomerKeys`, "Presigned URLs and SSE-C").
        let of_customer_key = CUSTOMER_KEYS.iter().any(|key| name.ends_with(key));
        if !name.starts_with("x-amz-") || of_customer_key || OF_SIGNATURE.contains(&name.as_str()) {
            continue;
        }
        let (Ok(named), Ok(header)) = (name.parse::<HeaderName>(), HeaderValue::from_str(&value)) else {
            let message = format!("The value of the parameter {name} cannot be that of a header.");
            let error = refuse(400, "InvalidArgument", message);
            return Err(with_fields(error, [("ArgumentName", name), ("ArgumentValue", value)]));
        };
        parts.headers.entry(named).or_insert(header);
    }
    match header_bytes(&parts.headers) > HEADER_BYTES {
        true => Err(too_many_headers()),
        false => Ok(()),
    }
}

fn conditions(parts: &Parts, presented: Option<&Presented>, now: time::OffsetDateTime) -> Context {
    // As `aws:SecureTransport` is true: the embedded AWS stands in for endpoints that are reached over TLS.
    let mut context = Context::new().with("s3:TlsVersion", "1.3");
    let hash = parts.headers.get(CONTENT_SHA256).and_then(|hash| hash.to_str().ok());
    let Some(presented) = presented else { return context };
    context.set("s3:signatureversion", ["AWS4-HMAC-SHA256"]);
    match presented.expires_after {
        None => context.set("s3:authType", ["REST-HEADER"]),
        Some(_) => {
            let age = (now - presented.time).whole_milliseconds();
            context.set("s3:authType", ["REST-QUERY-STRING"]);
            context.set("s3:signatureAge", [age.max(0).to_string()]);
        }
    }
    let unsigned = presented.expires_after.and(Some("UNSIGNED-PAYLOAD"));
    if let Some(hash) = hash.or(unsigned) {
        context.set("s3:x-amz-content-sha256", [hash]);
    }
    context
}

/// Takes away what `s3s` would verify again.
fn forget_signature(parts: &mut Parts) -> S3Result<()> {
    for name in [header::AUTHORIZATION.as_str(), "x-amz-security-token"] {
        parts.headers.remove(name);
    }
    let Some(query) = parts.uri.query() else { return Ok(()) };
    let kept: Vec<&str> = query.split('&').filter(|pair| !is_of_amz(pair)).collect();
    let path = parts.uri.path();
    let uri = if kept.is_empty() { path.to_owned() } else { format!("{path}?{}", kept.join("&")) };
    parts.uri = uri.parse().map_err(internal)?;
    Ok(())
}

fn is_of_amz(pair: &str) -> bool {
    let name = pair.split('=').next().unwrap_or_default();
    let name: Vec<u8> = percent_encoding::percent_decode_str(name).collect();
    name.get(..6).is_some_and(|start| start.eq_ignore_ascii_case(b"x-amz-"))
}

/// The body as it was meant, ending with an error when it is not what was signed.
fn verified(
    parts: &mut Parts,
    body: Body,
    signer: Option<ChunkSigner>,
    trailers: &Trailers,
) -> S3Result<Body> {
    let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let (chunks_signed, trailer) = match text(CONTENT_SHA256) {
        None => return Ok(body),
        Some("UNSIGNED-PAYLOAD") => return must_have_length(parts, body),
        Some(hash) if is_hash(hash) => {
            let hash = hash.to_owned();
            return Ok(payload::hashed(must_have_length(parts, body)?, hash));
        }
        Some("STREAMING-AWS4-HMAC-SHA256-PAYLOAD") => (true, false),
        Some("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER") => (true, true),
        Some("STREAMING-UNSIGNED-PAYLOAD-TRAILER") => (false, true),
        Some(ecdsa) if ecdsa.starts_with("STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD") => {
            return Err(not_implemented("Signature Version 4A"));
        }
        Some(other) => {
            let message = "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, \
                           STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, \
                           STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD, STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER or a \
                           valid sha256 value.";
            let fields = [("ArgumentName", CONTENT_SHA256.to_owned()), ("ArgumentValue", other.to_owned())];
            return Err(with_fields(refuse(400, "InvalidArgument", message), fields));
        }
    };
    let signer = match (chunks_signed, signer) {
        (true, Some(signer)) => Some(signer),
        (true, None) => return Err(super::failure::access_denied()),
        (false, _) => None,
    };
    let names = text("x-amz-trailer").unwrap_or_default().split(',');
    let announced: Vec<String> =
        names.map(|name| name.trim().to_ascii_lowercase()).filter(|name| !name.is_empty()).collect();
    if trailer == announced.is_empty() {
        return Err(malformed_trailer());
    }
    let length = text("x-amz-decoded-content-length").and_then(|length| length.parse::<u64>().ok());
    let length = length.ok_or_else(missing_length)?;
    parts.headers.insert(header::CONTENT_LENGTH, length.into());
    Ok(payload::chunked(body, signer, announced, trailers.clone()))
}

fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn must_have_length(parts: &Parts, body: Body) -> S3Result<Body> {
    let known = parts.headers.contains_key(header::CONTENT_LENGTH) || body.size_hint().exact().is_some();
    match known {
        true => Ok(body),
        false => Err(missing_length()),
    }
}

fn missing_length() -> S3Error {
    refuse(411, "MissingContentLength", "You must provide the Content-Length HTTP header.")
}

/// Headers that S3 reads more leniently than `s3s`: a range it does not understand is none, and an entity tag needs no quotes.
fn tidy(headers: &mut HeaderMap) {
    let range = headers.get(header::RANGE).and_then(|range| range.to_str().ok());
    if range.is_some_and(|range| range == "bytes=-" || s3s::dto::Range::parse(range).is_err()) {
        headers.remove(header::RANGE);
    }
    for name in ["if-match", "if-none-match", "x-amz-copy-source-if-match", "x-amz-copy-source-if-none-match"]
    {
        let Some(tag) = headers.get(name).and_then(|tag| tag.to_str().ok()) else { continue };
        if tag == "*" || tag.contains('"') {
            continue;
        }
        if let Ok(quoted) = HeaderValue::from_str(&format!("\"{tag}\"")) {
            headers.insert(name, quoted);
        }
    }
}

/// A document of at most so many bytes.
async fn collect(mut body: Body, most: usize) -> S3Result<Bytes> {
    let mut bytes = Vec::new();
    while let Some(more) = body.next().await {
        let more = more.map_err(|error| broken(error.as_ref()))?;
        if bytes.len() + more.len() > most {
            return Err(refuse(400, "MaxMessageLengthExceeded", "Your request was too big."));
        }
        bytes.extend_from_slice(&more);
    }
    Ok(bytes.into())
}

/// Refuses what `s3s` would pass over in a document.
fn must_be_read_whole(parts: &Parts, document: &[u8]) -> S3Result<()> {
    let creates_bucket = parts.method == Method::PUT && parts.uri.query().is_none_or(str::is_empty);
    let tags = document.windows(b"<Tags>".len()).any(|window| {
        window.starts_with(b"<Tags")
            && matches!(window.last(), Some(b'>' | b'/' | b' ' | b'\t' | b'\r' | b'\n'))
    });
    match creates_bucket && tags {
        true => Err(not_implemented("Tags of a bucket from its creation on")),
        false => Ok(()),
    }
}

/// What browsers ask before they call another origin. No bucket has a CORS configuration here.
fn no_cors(headers: &HeaderMap) -> S3Error {
    match headers.contains_key(header::ORIGIN) {
        true => refuse(403, "AccessForbidden", "CORSResponse: CORS is not enabled for this bucket."),
        false => refuse(400, "BadRequest", "Insufficient information. Origin request header needed."),
    }
}

fn too_many_headers() -> S3Error {
    let message = "Your request header section exceeds the maximum allowed size.";
    let error = refuse(400, "RequestHeaderSectionTooLarge", message);
    with_fields(error, [("MaxSizeAllowed", HEADER_BYTES.to_string())])
}

/// What headers take as they are sent. Session tokens are apart: those given here hold more than AWS's.
fn header_bytes(headers: &HeaderMap) -> usize {
    let counted = headers.iter().filter(|(name, _)| *name != "x-amz-security-token");
    counted.map(|(name, value)| name.as_str().len() + ": \r\n".len() + value.len()).sum()
}

fn is_form_upload(request: &Request<Body>) -> bool {
    let kind = request.headers().get(header::CONTENT_TYPE).map(http::HeaderValue::as_bytes);
    request.method() == Method::POST && kind.is_some_and(|kind| kind.starts_with(b"multipart/form-data"))
}

fn is_object_put(parts: &Parts) -> bool {
    let key = parts.uri.path().trim_start_matches('/').split_once('/').map(|(_, key)| key);
    // Subresources such as `?tagging` are documents, not bytes of an object.
    let of_upload = |pair: &str| {
        let name = pair.split('=').next().unwrap_or_default();
        ["", "partNumber", "uploadId", "x-id"].contains(&name)
    };
    let bytes = parts.uri.query().unwrap_or_default().split('&').all(of_upload);
    parts.method == Method::PUT && bytes && key.is_some_and(|key| !key.is_empty())
}

/// What S3 says of a body that is not as it was signed or announced.
pub(super) fn broken(error: &(dyn std::error::Error + Send + Sync + 'static)) -> S3Error {
    if error.is::<Stalled>() {
        return stalled();
    }
    match error.downcast_ref::<PayloadError>() {
        Some(PayloadError::WrongHash) => refuse(
            400,
            "XAmzContentSHA256Mismatch",
            "The provided 'x-amz-content-sha256' header does not match what was computed.",
        ),
        Some(PayloadError::WrongSignature) => {
            refuse(403, "SignatureDoesNotMatch", crate::auth::SIGNATURE_DOES_NOT_MATCH)
        }
        Some(PayloadError::Malformed) => {
            refuse(400, "InvalidRequest", "The aws-chunked body is not well-formed.")
        }
        Some(PayloadError::WrongTrailer) => malformed_trailer(),
        Some(PayloadError::ChunkTooSmall { number, size }) => with_fields(
            refuse(
                403,
                "InvalidChunkSizeError",
                "Only the last chunk is allowed to have a size less than 8192 bytes",
            ),
            [("Chunk", number.to_string()), ("BadChunkSize", size.to_string())],
        ),
        Some(PayloadError::Incomplete) | None => incomplete(),
    }
}

pub(super) fn malformed_trailer() -> S3Error {
    refuse(
        400,
        "MalformedTrailerError",
        "The request contained trailing data that was not well-formed or did not conform to our published schema.",
    )
}

/// The answer to a body that is shorter or longer than announced.
pub(super) fn incomplete() -> S3Error {
    refuse(
        400,
        "IncompleteBody",
        "You did not provide the number of bytes specified by the Content-Length HTTP header",
    )
}

//! What is checked of a request before `s3s` sees it: bodies other than uploads against their digests, which `s3s` does not
//! verify, and features that would be misread.

use aws_lc_rs::digest::{SHA256, digest};
use http::{HeaderMap, Method, Request, header};
use http_body_util::Limited;
use s3s::{S3Error, S3Result};

use super::checksum::Claims;
use super::failure::{not_implemented, refuse, stalled, with_field};
use crate::Body;
use crate::limits::Limits;
use crate::server::Stalled;

/// Largest header section in bytes.
const HEADER_BYTES: usize = 8 << 10;

/// Checks a request and gives it back, fit for `s3s`.
pub(super) async fn check(mut request: Request<Body>, limits: &Limits) -> S3Result<Request<Body>> {
    for name in ["authorization", "x-amz-security-token"] {
        // `s3s` logs headers when asked to; these must never be readable there.
        if let Some(value) = request.headers_mut().get_mut(name) {
            value.set_sensitive(true);
        }
    }
    if header_bytes(request.headers()) > HEADER_BYTES {
        let message = "Your request header section exceeds the maximum allowed size.";
        let error = refuse(400, "RequestHeaderSectionTooLarge", message);
        return Err(with_field(error, "MaxSizeAllowed", &HEADER_BYTES.to_string()));
    }
    if is_form_upload(&request) {
        return Err(not_implemented("PostObject"));
    }
    if is_object_put(&request) {
        // `s3s` holds a signed chunk whole to verify it, and the client says how long a chunk is. The framing of the
        // smallest chunks that S3 allows, 8 KiB, adds little over one hundredth.
        let object = limits.object_bytes;
        let limit = object.saturating_add(object / 16).saturating_add(1 << 16);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        return Ok(request.map(|body| Body::http_body(Limited::new(body, limit))));
    }
    let (mut parts, mut body) = request.into_parts();
    let bytes =
        body.store_all_limited(limits.document_bytes).await.map_err(|error| match error.is::<Stalled>() {
            true => stalled(),
            false => refuse(400, "MaxMessageLengthExceeded", "Your request was too big."),
        })?;
    verify_payload_hash(&parts.headers, &bytes)?;
    let claims = Claims::read(&parts.headers)?;
    if !claims.trailing() {
        let mut sums = claims.digest();
        sums.update(&bytes);
        claims.verify(&sums.finish(), None)?;
    }
    // Chunked transfers and calls inside the process come without; by now the length is known.
    if !bytes.is_empty() && !parts.headers.contains_key(header::CONTENT_LENGTH) {
        parts.headers.insert(header::CONTENT_LENGTH, bytes.len().into());
    }
    Ok(Request::from_parts(parts, body))
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

fn is_object_put(request: &Request<Body>) -> bool {
    let key = request.uri().path().trim_start_matches('/').split_once('/').map(|(_, key)| key);
    // Subresources such as `?tagging` are documents, not bytes of an object.
    let of_upload = |pair: &str| {
        let name = pair.split('=').next().unwrap_or_default();
        ["", "partNumber", "uploadId", "x-id"].contains(&name) || name.starts_with("X-Amz-")
    };
    let bytes = request.uri().query().unwrap_or_default().split('&').all(of_upload);
    request.method() == Method::PUT && bytes && key.is_some_and(|key| !key.is_empty())
}

/// The hash that is part of the signature must be that of the body. Uploads are checked as they stream.
fn verify_payload_hash(headers: &HeaderMap, body: &[u8]) -> Result<(), S3Error> {
    let claimed = headers.get("x-amz-content-sha256").map(http::HeaderValue::as_bytes);
    match claimed {
        Some(claimed) if claimed.len() == 64 && claimed != hex::encode(digest(&SHA256, body)).as_bytes() => {
            Err(payload_hash_mismatch())
        }
        _ => Ok(()),
    }
}

/// The answer to a body that is not what was signed.
pub(super) fn payload_hash_mismatch() -> S3Error {
    refuse(
        400,
        "XAmzContentSHA256Mismatch",
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
    )
}

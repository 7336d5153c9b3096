//! Requests to S3 that are signed in other ways than in a header over the whole body.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, dead_code, missing_docs, unreachable_pub)]

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_lc_rs::digest::{SHA256, digest};
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation,
    SigningSettings, UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4::{self, calculate_signature, generate_signing_key};
use bytes::Bytes;
use http::Request;

use super::{HOST, Keys, REGION};

/// What signed chunks announce, and what unsigned ones do.
pub const SIGNED: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
pub const SIGNED_WITH_TRAILER: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";
pub const UNSIGNED_WITH_TRAILER: &str = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";

fn apply(
    keys: &Keys,
    request: &mut Request<Bytes>,
    body: SignableBody<'_>,
    settings: SigningSettings,
    time: SystemTime,
) {
    let credentials = Credentials::new(&keys.access_key_id, &keys.secret, keys.token.clone(), None, "test");
    let identity = credentials.into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(REGION)
        .name("s3")
        .time(time)
        .settings(settings)
        .build()
        .unwrap()
        .into();
    let headers = request.headers().iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap()));
    let signable =
        SignableRequest::new(request.method().as_str(), request.uri().to_string(), headers, body).unwrap();
    let (instructions, _) = sign(signable, &parameters).unwrap().into_parts();
    instructions.apply_to_request_http1x(request);
}

fn settings() -> SigningSettings {
    let mut settings = SigningSettings::default();
    settings.percent_encoding_mode = PercentEncodingMode::Single;
    settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    settings
}

fn unsigned(method: &str, path: &str, headers: &[(&str, &str)]) -> Request<Bytes> {
    let mut builder =
        Request::builder().method(method).uri(format!("http://{HOST}{path}")).header("host", HOST);
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    builder.body(Bytes::new()).unwrap()
}

/// A presigned URL's path and query, signed at `time` and valid for a minute; whoever uses it must send `headers`.
pub fn presigned(
    keys: &Keys,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    time: SystemTime,
) -> String {
    let mut request = unsigned(method, path, headers);
    let mut settings = settings();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(Duration::from_secs(60));
    apply(keys, &mut request, SignableBody::UnsignedPayload, settings, time);
    request.uri().path_and_query().unwrap().to_string()
}

/// An upload whose body comes in chunks; `hash` says how.
pub fn streaming(
    keys: &Keys,
    path: &str,
    hash: &str,
    headers: &[(&str, &str)],
    time: SystemTime,
) -> Request<Bytes> {
    let mut request = unsigned("PUT", path, headers);
    let mut settings = settings();
    settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    apply(keys, &mut request, SignableBody::Precomputed(hash.to_owned()), settings, time);
    request
}

/// Signs the chunks of an upload, each with the signature before it.
pub struct Chain {
    key: Vec<u8>,
    /// Date and scope.
    when: String,
    last: String,
}

impl Chain {
    pub fn of(keys: &Keys, request: &Request<Bytes>, time: SystemTime) -> Self {
        let text = |name: &str| request.headers().get(name).unwrap().to_str().unwrap().to_owned();
        let (date, authorization) = (text("x-amz-date"), text("authorization"));
        let last = authorization.rsplit_once("Signature=").unwrap().1.to_owned();
        let key = generate_signing_key(&keys.secret, time, REGION, "s3").as_ref().to_vec();
        let when = format!("{date}\n{}/{REGION}/s3/aws4_request", &date[..8]);
        Self { key, when, last }
    }

    fn next(&mut self, kind: &str, hashes: &str) -> String {
        let text = format!("AWS4-HMAC-SHA256-{kind}\n{}\n{}\n{hashes}", self.when, self.last);
        self.last = calculate_signature(&self.key, text.as_bytes());
        self.last.clone()
    }

    /// What stands before a chunk of this length and hash.
    pub fn head(&mut self, length: usize, hash: &str) -> String {
        let signature = self.next("PAYLOAD", &format!("{}\n{hash}", sha256(b"")));
        format!("{length:x};chunk-signature={signature}\r\n")
    }

    /// One chunk with its signature.
    pub fn chunk(&mut self, bytes: &[u8]) -> Vec<u8> {
        let head = self.head(bytes.len(), &sha256(bytes));
        // The last chunk is followed by what trails, or by nothing.
        let tail: &[u8] = if bytes.is_empty() { b"" } else { b"\r\n" };
        [head.as_bytes(), bytes, tail].concat()
    }

    /// A trailer of one header with its signature.
    pub fn trailer(&mut self, name: &str, value: &str) -> Vec<u8> {
        let signature = self.next("TRAILER", &sha256(format!("{name}:{value}\n").as_bytes()));
        format!("{name}:{value}\r\nx-amz-trailer-signature:{signature}\r\n\r\n").into_bytes()
    }
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(digest(&SHA256, bytes))
}

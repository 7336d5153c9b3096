//! Requests, signed as the SDKs sign them, written out as they go over the wire.

use std::net::SocketAddr;
use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;

const REGION: &str = "us-east-1";

/// Credentials of somebody.
#[derive(Clone)]
pub struct Keys(Credentials);

impl Keys {
    pub fn long_term(id: &str, secret: &str) -> Self {
        Self(Credentials::new(id, secret, None, None, "load"))
    }

    pub fn session(id: &str, secret: &str, token: &str) -> Self {
        Self(Credentials::new(id, secret, Some(token.to_owned()), None, "load"))
    }
}

/// One request, ready to be sent.
pub fn request(
    address: SocketAddr,
    keys: &Keys,
    service: &str,
    (method, path): (&str, &str),
    headers: &[(&str, &str)],
    body: &[u8],
) -> Vec<u8> {
    let mut settings = SigningSettings::default();
    if service == "s3" {
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    }
    let identity = keys.0.clone().into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(REGION)
        .name(service)
        .time(SystemTime::now())
        .settings(settings)
        .build()
        .unwrap()
        .into();
    let host = address.to_string();
    let signed = [("host", host.as_str())].into_iter().chain(headers.iter().copied());
    let uri = format!("http://{host}{path}");
    let signable = SignableRequest::new(method, uri, signed.clone(), SignableBody::Bytes(body)).unwrap();
    let (instructions, _) = sign(signable, &parameters).unwrap().into_parts();
    let mut text = format!("{method} {path} HTTP/1.1\r\n");
    for (name, value) in signed.chain(instructions.headers()) {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
    let mut bytes = text.into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

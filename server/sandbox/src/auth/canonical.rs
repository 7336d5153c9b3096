//! The canonical request of Signature Version 4 (IAM User Guide, "Create a signed AWS API request").

use std::fmt::Write as _;

use aws_lc_rs::digest::{SHA256, digest};
use http::request::Parts;

use super::presented::{amz_date, date};
use super::{AuthError, Presented};

/// What the caller must have signed, for services other than S3.
pub(super) fn string_to_sign(parts: &Parts, body: &[u8], presented: &Presented) -> Result<String, AuthError> {
    let canonical = canonical_request(parts, body, presented)?;
    Ok(format!(
        "AWS4-HMAC-SHA256\n{}\n{}/{}/{}/aws4_request\n{}",
        amz_date(presented.time),
        date(presented.time),
        presented.region,
        presented.service,
        sha256(canonical.as_bytes()),
    ))
}

fn canonical_request(parts: &Parts, body: &[u8], presented: &Presented) -> Result<String, AuthError> {
    let mut request = format!("{}\n{}\n{}\n", parts.method, path(parts.uri.path()), query(parts.uri.query()));
    for name in &presented.signed_headers {
        let values: Vec<&str> = parts
            .headers
            .get_all(name)
            .iter()
            .map(http::HeaderValue::to_str)
            .collect::<Result<_, _>>()
            .map_err(|_| AuthError::Malformed(format!("The header {name} is not text.")))?;
        let value = values.join(",");
        let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
        request.push_str(name);
        request.push(':');
        request.push_str(&value);
        request.push('\n');
    }
    request.push('\n');
    request.push_str(&presented.signed_headers.join(";"));
    request.push('\n');
    let hash = sha256(body);
    // The header is part of the signature where it is given, so it must tell the truth about the body. Bodies that are not signed, or
    // signed in pieces, are S3's alone.
    let claimed = parts.headers.get("x-amz-content-sha256");
    if claimed.is_some_and(|claimed| claimed.as_bytes() != hash.as_bytes()) {
        return Err(AuthError::SignatureMismatch);
    }
    request.push_str(&hash);
    Ok(request)
}

/// Every service but S3 encodes each segment of the path once more than the request line does.
fn path(path: &str) -> String {
    encode(if path.is_empty() { "/" } else { path }, true)
}

fn query(query: Option<&str>) -> String {
    let pairs: Vec<(String, String)> =
        serde_urlencoded::from_str(query.unwrap_or_default()).unwrap_or_default();
    let mut pairs: Vec<String> = pairs
        .iter()
        .filter(|(name, _)| name != "X-Amz-Signature")
        .map(|(name, value)| format!("{}={}", encode(name, false), encode(value, false)))
        .collect();
    pairs.sort_unstable();
    pairs.join("&")
}

fn encode(text: &str, keep_slash: bool) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                encoded.push(char::from(byte))
            }
            b'/' if keep_slash => encoded.push('/'),
            // Writing to a String cannot fail.
            _ => drop(write!(encoded, "%{byte:02X}")),
        }
    }
    encoded
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(digest(&SHA256, bytes))
}

//! The canonical request of Signature Version 4 (IAM User Guide, "Create a signed AWS API request").

use std::fmt::Write as _;

use aws_lc_rs::digest::{SHA256, digest};
use http::request::Parts;

use super::presented::{amz_date, date};
use super::{AuthError, Presented};

/// What the caller must have signed, for services other than S3.
pub(super) fn string_to_sign(parts: &Parts, body: &[u8], presented: &Presented) -> Result<String, AuthError> {
    let hash = sha256(body);
    // The header is part of the signature where it is given, so it must tell the truth about the body: only S3 takes
    // UNSIGNED-PAYLOAD for it (IAM User Guide, "Create a signed AWS API request").
    let claimed = parts.headers.get("x-amz-content-sha256");
    if claimed.is_some_and(|claimed| claimed.as_bytes() != hash.as_bytes()) {
        return Err(AuthError::SignatureMismatch(None));
    }
    let canonical = canonical_request(parts, presented, &path(parts.uri.path()), &hash)?;
    Ok(over(&canonical, presented))
}

/// The text that is signed of a canonical request.
pub(super) fn over(canonical: &str, presented: &Presented) -> String {
    format!("AWS4-HMAC-SHA256\n{}\n{}", stamp(presented), sha256(canonical.as_bytes()))
}

/// Time and scope of a signature, as every text that is signed repeats them.
pub(super) fn stamp(presented: &Presented) -> String {
    format!(
        "{}\n{}/{}/{}/aws4_request",
        amz_date(presented.time),
        date(presented.time),
        presented.region,
        presented.service,
    )
}

/// The canonical request of a path that is encoded as the service has it, and of what stands for the body.
pub(super) fn canonical_request(
    parts: &Parts,
    presented: &Presented,
    path: &str,
    payload: &str,
) -> Result<String, AuthError> {
    let mut request = format!("{}\n{path}\n{}\n", parts.method, query(parts.uri.query()));
    for name in &presented.signed_headers {
        let values: Vec<&str> = parts
            .headers
            .get_all(name)
            .iter()
            .map(|value| std::str::from_utf8(value.as_bytes()))
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
    request.push_str(payload);
    Ok(request)
}

/// S3 encodes the path once, whatever the request line encodes of it.
pub(super) fn path_of_s3(path: &str) -> String {
    let decoded: Vec<u8> = percent_encoding::percent_decode_str(path).collect();
    encode(&decoded, true)
}

/// Every service but S3 encodes each segment of the path once more than the request line does.
fn path(path: &str) -> String {
    encode(if path.is_empty() { b"/" } else { path.as_bytes() }, true)
}

fn query(query: Option<&str>) -> String {
    let pairs: Vec<(String, String)> =
        serde_urlencoded::from_str(query.unwrap_or_default()).unwrap_or_default();
    let mut pairs: Vec<(String, String)> = pairs
        .iter()
        .filter(|(name, _)| name != "X-Amz-Signature")
        .map(|(name, value)| (encode(name.as_bytes(), false), encode(value.as_bytes(), false)))
        .collect();
    // By name, and only then by value: `=` does not count.
    pairs.sort_unstable();
    let pairs: Vec<String> = pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}

fn encode(text: &[u8], keep_slash: bool) -> String {
    let mut encoded = String::with_capacity(text.len());
    for &byte in text {
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

pub(super) fn sha256(bytes: &[u8]) -> String {
    hex::encode(digest(&SHA256, bytes))
}

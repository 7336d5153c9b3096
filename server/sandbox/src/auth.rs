//! Who signed a request: Signature Version 4, read, checked against its rules, verified, and traced to a caller.
//!
//! Requests to S3 are verified by their head, before their body is there, and what is signed of the body as it comes.

mod canonical;
mod error;
mod presented;
mod streaming;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use http::HeaderName;
use http::request::Parts;
use time::OffsetDateTime;

pub(crate) use error::{AuthError, SIGNATURE_DOES_NOT_MATCH, Wording};
pub(crate) use presented::Presented;
pub(crate) use streaming::{ChunkSigner, verify_head};

use crate::Aws;
use crate::caller::Caller;
use crate::credentials;

/// How far a request's date may lie from now, in seconds.
const MAX_SKEW_SECONDS: i64 = 15 * 60;
/// Headers that decide what a request is: with two values one reader would take the one and another the other. Those that hold
/// the signature itself are read once in [`Presented`].
const ONCE: [&str; 3] = ["host", "x-amz-target", "x-amz-content-sha256"];
/// Longest validity of a presigned URL, in seconds.
const MAX_PRESIGNED_SECONDS: i64 = 7 * 24 * 60 * 60;

/// Checks everything but the signature itself, and finds the caller.
pub(crate) async fn identify(
    aws: &Aws,
    parts: &Parts,
    presented: &Presented,
    now: OffsetDateTime,
) -> Result<Caller, AuthError> {
    check_rules(aws, parts, presented, now)?;
    let token = presented.token.as_deref();
    let now = now.unix_timestamp();
    Ok(aws.as_known(credentials::caller_of(&aws.store, &presented.access_key_id, token, now).await?))
}

/// Verifies the signature over the request and its whole body.
pub(crate) async fn verify(
    aws: &Aws,
    parts: &Parts,
    body: &[u8],
    presented: &Presented,
) -> Result<(), AuthError> {
    let secret = credentials::secret_of(&aws.store, &presented.access_key_id).await?;
    let key = generate_signing_key(&secret, presented.time.into(), &presented.region, &presented.service);
    let expected = calculate_signature(key, canonical::string_to_sign(parts, body, presented)?.as_bytes());
    verify_slices_are_equal(expected.as_bytes(), presented.signature.as_bytes())
        .map_err(|_| AuthError::SignatureMismatch(None))
}

fn check_rules(
    aws: &Aws,
    parts: &Parts,
    presented: &Presented,
    now: OffsetDateTime,
) -> Result<(), AuthError> {
    // Names as they stand: a header under a name in capitals is none that was sent, so nothing of it is in what was signed, and
    // whoever passes a request on could put one beside it. The same goes for a value that is no text.
    let signed = |name: &str| presented.signed_headers.iter().any(|header| header == name);
    if !signed("host") {
        return Err(AuthError::UnsignedHeaders("host".into()));
    }
    if let Some(name) = ONCE.iter().find(|name| parts.headers.get_all(**name).iter().nth(1).is_some()) {
        return Err(AuthError::Malformed(format!("The header {name} was given more than once.")));
    }
    let is_text = |name: &HeaderName| {
        parts.headers.get_all(name).iter().all(|value| std::str::from_utf8(value.as_bytes()).is_ok())
    };
    let loose: Vec<&str> = parts
        .headers
        .keys()
        .filter(|name| name.as_str().starts_with("x-amz-") && !(signed(name.as_str()) && is_text(name)))
        .map(HeaderName::as_str)
        .collect();
    if !loose.is_empty() {
        return Err(AuthError::UnsignedHeaders(loose.join(", ")));
    }
    let presigned = presented.expires_after.is_some();
    if presented.scope_date != presented::date(presented.time) {
        let request = presented::date(presented.time);
        return Err(AuthError::WrongDate { scope: presented.scope_date.clone(), request, presigned });
    }
    // IAM is global and signs for us-east-1 wherever it is called from; STS accepts that too.
    let global = presented.region == "us-east-1" && matches!(presented.service.as_str(), "iam" | "sts");
    if presented.region != aws.region && !global {
        let (given, expected) = (presented.region.clone(), aws.region.clone());
        return Err(AuthError::WrongRegion { given, expected, presigned });
    }
    let age = now.unix_timestamp() - presented.time.unix_timestamp();
    match presented.expires_after {
        Some(seconds) => {
            if age > seconds {
                let end = presented.time + time::Duration::seconds(seconds);
                return Err(AuthError::PresignedExpired { seconds, end, server: now });
            }
            if age < -MAX_SKEW_SECONDS {
                return Err(AuthError::PresignedEarly);
            }
        }
        None if age.abs() > MAX_SKEW_SECONDS => {
            return Err(AuthError::Skewed { request: presented.time, server: now });
        }
        None => {}
    }
    Ok(())
}

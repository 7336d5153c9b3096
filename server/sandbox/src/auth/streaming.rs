//! Signatures of S3 requests: over the head of the request, and over the chunks that its body may come in, each of which signs
//! the signature before it (S3 API reference, `sigv4-streaming`).

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use http::request::Parts;
use zeroize::Zeroizing;

use super::canonical::{canonical_request, over, path_of_s3, sha256, stamp};
use super::error::Calculated;
use super::{AuthError, Presented};
use crate::Aws;
use crate::credentials;

/// The chain of signatures over the chunks of one body.
pub(crate) struct ChunkSigner {
    key: Zeroizing<Vec<u8>>,
    /// Time and scope.
    stamp: String,
    /// The signature before.
    before: String,
}

impl std::fmt::Debug for ChunkSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ChunkSigner(..)")
    }
}

impl ChunkSigner {
    /// Whether this is the signature of the next chunk, whose SHA-256 is given in hexadecimal digits.
    pub(crate) fn is_next(&mut self, signature: &[u8], hash: &str) -> bool {
        let nothing = sha256(b"");
        let text = format!("AWS4-HMAC-SHA256-PAYLOAD\n{}\n{}\n{nothing}\n{hash}", self.stamp, self.before);
        self.before = calculate_signature(self.key.as_slice(), text.as_bytes());
        verify_slices_are_equal(self.before.as_bytes(), signature).is_ok()
    }

    /// Whether this is the signature of the trailer: `name:value` and a line feed for each of its headers.
    pub(crate) fn is_of_trailer(&self, signature: &[u8], trailer: &str) -> bool {
        let hash = sha256(trailer.as_bytes());
        let text = format!("AWS4-HMAC-SHA256-TRAILER\n{}\n{}\n{hash}", self.stamp, self.before);
        let expected = calculate_signature(self.key.as_slice(), text.as_bytes());
        verify_slices_are_equal(expected.as_bytes(), signature).is_ok()
    }
}

/// Verifies the signature over the head of a request to S3, which names the hash of its body or says how that is signed.
///
/// # Errors
/// `SignatureMismatch`, and what keeps the secret from being found.
pub(crate) async fn verify_head(
    aws: &Aws,
    parts: &Parts,
    presented: &Presented,
) -> Result<ChunkSigner, AuthError> {
    let secret = credentials::secret_of(&aws.store, &presented.access_key_id).await?;
    let key = generate_signing_key(&secret, presented.time.into(), &presented.region, &presented.service);
    let key = Zeroizing::new(key.as_ref().to_vec());
    let named = parts.headers.get("x-amz-content-sha256").and_then(|value| value.to_str().ok());
    let (raw, encoded) = (parts.uri.path(), path_of_s3(parts.uri.path()));
    let mut calculated = None;
    // Some clients sign the path as they send it. Of a presigned URL the body is not signed, unless its signer said so.
    for path in [encoded.as_str(), raw] {
        for payload in [named, presented.expires_after.and(Some("UNSIGNED-PAYLOAD"))].into_iter().flatten() {
            let canonical_request = canonical_request(parts, presented, path, payload)?;
            let string_to_sign = over(&canonical_request, presented);
            let before = calculate_signature(key.as_slice(), string_to_sign.as_bytes());
            if verify_slices_are_equal(before.as_bytes(), presented.signature.as_bytes()).is_ok() {
                return Ok(ChunkSigner { key, stamp: stamp(presented), before });
            }
            calculated.get_or_insert(Box::new(Calculated { canonical_request, string_to_sign }));
        }
        if raw == encoded {
            break;
        }
    }
    Err(AuthError::SignatureMismatch(calculated))
}

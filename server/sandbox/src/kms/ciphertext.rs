//! What KMS encrypts: a blob that names its key and opens only under the same encryption context.
//!
//! A blob is a version byte, the length of the key's ARN (two bytes, big-endian), the ARN, then nonce ‖ ciphertext ‖ tag of
//! AES-256-GCM under the key material. ARN and encryption context are authenticated.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use zeroize::Zeroizing;

use super::{Call, EncryptionContext, KmsError};
use crate::crypto::{CryptoError, Key};
use crate::model::KmsKey;

const VERSION: u8 = 1;

/// A blob, taken apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ciphertext<'a> {
    /// ARN of the key that encrypted it.
    pub(super) key_arn: &'a str,
    sealed: &'a [u8],
}

impl<'a> Ciphertext<'a> {
    /// Takes a blob apart. Nothing of it is authenticated yet.
    ///
    /// # Errors
    /// `InvalidCiphertextException` when it is no blob of this KMS.
    pub(super) fn parse(blob: &'a [u8]) -> Result<Self, KmsError> {
        let parts = || {
            let (&version, rest) = blob.split_first()?;
            let (length, rest) = rest.split_first_chunk::<2>()?;
            let (arn, sealed) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
            let key_arn = std::str::from_utf8(arn).ok()?;
            (version == VERSION).then_some(Self { key_arn, sealed })
        };
        parts().ok_or_else(KmsError::invalid_ciphertext)
    }
}

/// Encrypts under a key's material.
pub(super) fn encrypt(
    call: &Call<'_>,
    key: &KmsKey,
    context: &EncryptionContext,
    plaintext: &[u8],
) -> Result<Vec<u8>, KmsError> {
    let sealed = material(call, key)?.seal(plaintext, &authenticated(&key.arn, context))?;
    let length = u16::try_from(key.arn.len()).map_err(|_| CryptoError::Library)?;
    let mut blob = Vec::with_capacity(3 + key.arn.len() + sealed.len());
    blob.push(VERSION);
    blob.extend_from_slice(&length.to_be_bytes());
    blob.extend_from_slice(key.arn.as_bytes());
    blob.extend_from_slice(&sealed);
    Ok(blob)
}

/// Opens a blob under the key that it names.
///
/// # Errors
/// `InvalidCiphertextException` when blob or context were changed.
pub(super) fn decrypt(
    call: &Call<'_>,
    key: &KmsKey,
    context: &EncryptionContext,
    blob: Ciphertext<'_>,
) -> Result<Zeroizing<Vec<u8>>, KmsError> {
    match material(call, key)?.open(blob.sealed, &authenticated(&key.arn, context)) {
        Err(CryptoError::DoesNotOpen) => Err(KmsError::invalid_ciphertext()),
        opened => Ok(opened?),
    }
}

fn material(call: &Call<'_>, key: &KmsKey) -> Result<Key, KmsError> {
    let sealed = BASE64_STANDARD.decode(&key.sealed_material).map_err(|_| CryptoError::DoesNotOpen)?;
    let material = call.aws.store.root_key().open(&sealed, key.arn.as_bytes())?;
    Ok(Key::from_bytes(&material).ok_or(CryptoError::DoesNotOpen)?)
}

/// ARN and context as bytes. Every part is preceded by its length, so that no two contexts give the same bytes; pairs are
/// sorted, so that their order in a request does not matter.
fn authenticated(arn: &str, context: &EncryptionContext) -> Vec<u8> {
    let pairs = context.iter().flat_map(|(key, value)| [key.as_str(), value.as_str()]);
    let mut bytes = Vec::new();
    for part in std::iter::once(arn).chain(pairs) {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(pairs: &[(&str, &str)]) -> EncryptionContext {
        pairs.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect()
    }

    #[test]
    fn different_contexts_never_authenticate_as_the_same_bytes() {
        let contexts = [
            context(&[]),
            context(&[("a", "bc")]),
            context(&[("ab", "c")]),
            context(&[("a", ""), ("bc", "")]),
            context(&[("a", "b"), ("c", "")]),
        ];
        for (index, left) in contexts.iter().enumerate() {
            for (other, right) in contexts.iter().enumerate() {
                let same = authenticated("arn", left) == authenticated("arn", right);
                assert_eq!(same, index == other, "{left:?} and {right:?}");
            }
        }
    }

    #[test]
    fn what_is_no_blob_is_refused() {
        for blob in [&b""[..], b"\x01", b"\x01\x00\x05ab", b"\x02\x00\x01a", b"\x01\x00\x01\xff"] {
            assert!(Ciphertext::parse(blob).is_err(), "{blob:?}");
        }
    }
}

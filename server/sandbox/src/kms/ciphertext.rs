//! What KMS encrypts: a blob that names its key and opens only under the same encryption context.
//!
//! A blob is a version byte, the length of the key's ARN (two bytes, big-endian), the ARN, the number of the key material (two
//! bytes), then nonce ‖ ciphertext ‖ tag of AES-256-GCM under that material. ARN, number and encryption context are authenticated.
//! Version 1, from before there was rotation, has no number: it is the first material's.

use zeroize::Zeroizing;

use super::{Call, EncryptionContext, KmsError, material};
use crate::crypto::{CryptoError, Key};
use crate::model::KmsKey;

const BEFORE_ROTATION: u8 = 1;
const VERSION: u8 = 2;

/// A blob, taken apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ciphertext<'a> {
    /// ARN of the key that encrypted it.
    pub(super) key_arn: &'a str,
    /// Number of that key's material; `None` in version 1.
    material: Option<u16>,
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
            let (arn, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
            let key_arn = std::str::from_utf8(arn).ok()?;
            match version {
                BEFORE_ROTATION => Some(Self { key_arn, material: None, sealed: rest }),
                VERSION => {
                    let (number, sealed) = rest.split_first_chunk::<2>()?;
                    Some(Self { key_arn, material: Some(u16::from_be_bytes(*number)), sealed })
                }
                _ => None,
            }
        };
        parts().ok_or_else(KmsError::invalid_ciphertext)
    }

    /// The id of the key material that it names.
    pub(super) fn material_id(&self, call: &Call<'_>) -> String {
        material::id(call, self.key_arn, self.number())
    }

    fn number(&self) -> usize {
        self.material.unwrap_or_default().into()
    }
}

/// Encrypts under a key's current material.
pub(super) fn encrypt(
    call: &Call<'_>,
    key: &KmsKey,
    context: &EncryptionContext,
    plaintext: &[u8],
) -> Result<Vec<u8>, KmsError> {
    let current = material::current(key);
    let number = u16::try_from(current).map_err(|_| CryptoError::Library)?;
    let authenticated = authenticated(&key.arn, Some(number), context);
    let sealed = opened(call, key, current)?.seal(plaintext, &authenticated)?;
    let length = u16::try_from(key.arn.len()).map_err(|_| CryptoError::Library)?;
    let mut blob = Vec::with_capacity(5 + key.arn.len() + sealed.len());
    blob.push(VERSION);
    blob.extend_from_slice(&length.to_be_bytes());
    blob.extend_from_slice(key.arn.as_bytes());
    blob.extend_from_slice(&number.to_be_bytes());
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
    let authenticated = authenticated(&key.arn, blob.material, context);
    match opened(call, key, blob.number())?.open(blob.sealed, &authenticated) {
        Err(CryptoError::DoesNotOpen) => Err(KmsError::invalid_ciphertext()),
        opened => Ok(opened?),
    }
}

fn opened(call: &Call<'_>, key: &KmsKey, number: usize) -> Result<Key, KmsError> {
    material::open(call, key, number)?.ok_or_else(KmsError::invalid_ciphertext)
}

/// ARN, number and context as bytes. Every part is preceded by its length, so that no two contexts give the same bytes; pairs are
/// sorted, so that their order in a request does not matter.
fn authenticated(arn: &str, material: Option<u16>, context: &EncryptionContext) -> Vec<u8> {
    let pairs = context.iter().flat_map(|(key, value)| [key.as_str(), value.as_str()]);
    let mut bytes = material.map(u16::to_be_bytes).map_or_else(Vec::new, Vec::from);
    for part in std::iter::once(arn).chain(pairs) {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    bytes
}

/// A blob as version 1 wrote it.
#[cfg(test)]
pub(super) fn version_1(call: &Call<'_>, key: &KmsKey, plaintext: &[u8]) -> Result<Vec<u8>, KmsError> {
    let authenticated = authenticated(&key.arn, None, &EncryptionContext::new());
    let sealed = opened(call, key, 0)?.seal(plaintext, &authenticated)?;
    let length = u16::try_from(key.arn.len()).map_err(|_| CryptoError::Library)?;
    Ok([&[BEFORE_ROTATION], length.to_be_bytes().as_slice(), key.arn.as_bytes(), &sealed].concat())
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
                let same = authenticated("arn", Some(1), left) == authenticated("arn", Some(1), right);
                assert_eq!(same, index == other, "{left:?} and {right:?}");
            }
        }
    }

    #[test]
    fn what_is_no_blob_is_refused() {
        for blob in [
            &b""[..],
            b"\x01",
            b"\x01\x00\x05ab",
            b"\x02\x00\x01a\x00",
            b"\x01\x00\x01\xff",
            b"\x03\x00\x01aaaa",
        ] {
            assert!(Ciphertext::parse(blob).is_err(), "{blob:?}");
        }
    }
}

//! Reading the JSON of a request, and the blobs in it.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

use super::KmsError;
use crate::json;

/// Reads an input.
///
/// # Errors
/// Those of [`json::read`].
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, KmsError> {
    json::read(body).map_err(|(code, message)| KmsError::refused(code, message))
}

/// A blob: base64 in JSON, wiped when dropped, never printed.
#[derive(Clone)]
pub(super) struct Blob(Zeroizing<Vec<u8>>);

impl std::fmt::Debug for Blob {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Blob({} bytes)", self.0.len())
    }
}

impl std::ops::Deref for Blob {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        BASE64_STANDARD
            .decode(text.as_bytes())
            .map(|bytes| Self(Zeroizing::new(bytes)))
            .map_err(|_| D::Error::custom("not base64"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Sample {
        #[allow(dead_code)]
        key_id: String,
    }

    #[test]
    fn inputs_that_cannot_be_read_say_why_as_aws_does() {
        let missing = read::<Sample>(b"{}").unwrap_err();
        assert_eq!(
            missing.message(),
            "1 validation error detected: Value null at 'keyId' failed to satisfy constraint: Member must not be null"
        );
        assert_eq!(missing.code(), "ValidationException");
        for broken in [&b"{"[..], b"[]", br#"{"KeyId": 1}"#] {
            assert_eq!(read::<Sample>(broken).unwrap_err().code(), "SerializationException");
        }
    }
}

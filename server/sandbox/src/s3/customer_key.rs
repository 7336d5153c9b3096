//! SSE-C: keys that customers bring along with every request (S3 User Guide, `ServerSideEncryptionCustomerKeys`). An object's data
//! key is sealed under the customer's key, which is forgotten with the request. What stays is a salted HMAC under it, by which it is
//! known again.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::HeaderMap;
use s3s::crypto::{Checksum as _, Md5};
use s3s::{S3Error, S3Result};

use super::failure::{internal, invalid_argument, refuse, with_fields};
use crate::crypto::{self, Key};
use crate::store::ObjectRow;

/// The only algorithm there is.
const ALGORITHM: &str = "AES256";

/// Bytes of salt before the HMAC.
const SALT_BYTES: usize = 16;

/// Headers that bring a key: algorithm, key, and MD5 of the key.
pub(super) type Names = [&'static str; 3];

/// Of the object that is read or written.
pub(super) const OF_OBJECT: Names = [
    "x-amz-server-side-encryption-customer-algorithm",
    "x-amz-server-side-encryption-customer-key",
    "x-amz-server-side-encryption-customer-key-md5",
];

/// Of the object that is copied from.
pub(super) const OF_SOURCE: Names = [
    "x-amz-copy-source-server-side-encryption-customer-algorithm",
    "x-amz-copy-source-server-side-encryption-customer-key",
    "x-amz-copy-source-server-side-encryption-customer-key-md5",
];

/// A customer's key, for as long as its request lasts.
#[derive(Clone, Debug)]
pub(super) struct CustomerKey {
    pub(super) key: Key,
    /// Base64, as it was given.
    md5: String,
}

/// Whether a request names a customer's key in any of its headers.
pub(super) fn is_named(headers: &HeaderMap) -> bool {
    OF_OBJECT.iter().any(|name| headers.contains_key(*name))
}

impl CustomerKey {
    /// Reads the key that these headers bring.
    ///
    /// # Errors
    /// `InvalidArgument` when one of the three is missing or does not fit the others, `InvalidEncryptionAlgorithmError`.
    pub(super) fn read(headers: &HeaderMap, names: &Names) -> S3Result<Option<Self>> {
        let [algorithm, key, md5] =
            names.map(|name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned));
        if algorithm.is_none() && key.is_none() && md5.is_none() {
            return Ok(None);
        }
        let must = |provide: &str| {
            invalid(format!(
                "Requests specifying Server Side Encryption with Customer provided keys must provide {provide}."
            ))
        };
        let algorithm = algorithm.ok_or_else(|| must("a valid encryption algorithm"))?;
        let key = key.ok_or_else(|| must("an appropriate secret key"))?;
        let md5 = md5.ok_or_else(|| must("the client calculated MD5 of the secret key"))?;
        if algorithm != ALGORITHM {
            let message = "The Encryption request you specified is not valid. Supported value: AES256.";
            let fields =
                [("ArgumentName", "x-amz-server-side-encryption".to_owned()), ("ArgumentValue", algorithm)];
            return Err(with_fields(refuse(400, "InvalidEncryptionAlgorithmError", message), fields));
        }
        let wrong_key = || invalid("The secret key was invalid for the specified algorithm.");
        let bytes = BASE64_STANDARD.decode(&key).map(zeroize::Zeroizing::new).map_err(|_| wrong_key())?;
        let mut calculated = Md5::new();
        calculated.update(&bytes);
        if BASE64_STANDARD.encode(calculated.finalize()) != md5 {
            return Err(invalid(
                "The calculated MD5 hash of the key did not match the hash that was provided.",
            ));
        }
        let key = Key::from_bytes(&bytes).ok_or_else(wrong_key)?;
        Ok(Some(Self { key, md5 }))
    }

    /// The algorithm and the key's MD5, as answers repeat them.
    pub(super) fn shown(key: Option<&Self>) -> (Option<String>, Option<String>) {
        (key.map(|_| ALGORITHM.to_owned()), key.map(|key| key.md5.clone()))
    }

    /// What is kept of the key: a salt and the HMAC of the salt, base64.
    pub(super) fn check_value(&self) -> S3Result<String> {
        let salt: [u8; SALT_BYTES] = crypto::random().map_err(internal)?;
        Ok(BASE64_STANDARD.encode([salt.as_slice(), &self.key.mac(&salt)].concat()))
    }

    /// Whether this is the key that a check value was made of.
    fn fits(&self, check_value: &str) -> bool {
        let kept = BASE64_STANDARD.decode(check_value).unwrap_or_default();
        let Some((salt, mac)) = kept.split_at_checked(SALT_BYTES) else { return false };
        aws_lc_rs::constant_time::verify_slices_are_equal(&self.key.mac(salt), mac).is_ok()
    }
}

fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> S3Error {
    invalid_argument(message, "x-amz-server-side-encryption", "null".to_owned())
}

/// The key that a stored object needs, of those that a request brings.
///
/// # Errors
/// `InvalidRequest` for a key too many or too few, `AccessDenied` for another key.
pub(super) fn of_stored(row: &ObjectRow, given: Option<CustomerKey>) -> S3Result<Option<CustomerKey>> {
    match (&row.customer_key_check, given) {
        (None, None) => Ok(None),
        (None, Some(_)) => {
            Err(refuse(400, "InvalidRequest", "The encryption parameters are not applicable to this object."))
        }
        (Some(_), None) => Err(parameters_missing()),
        (Some(check), Some(key)) if key.fits(check) => Ok(Some(key)),
        (Some(_), Some(_)) => Err(refuse(
            403,
            "AccessDenied",
            "Requests specifying Server Side Encryption with Customer provided keys must provide the correct secret key.",
        )),
    }
}

pub(super) fn parameters_missing() -> S3Error {
    refuse(
        400,
        "InvalidRequest",
        "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the \
         object.",
    )
}

/// The key that an upload was begun with, which every part brings again.
///
/// # Errors
/// `InvalidRequest` when the upload was begun otherwise.
pub(super) fn of_upload(upload: &ObjectRow, given: Option<CustomerKey>) -> S3Result<Option<CustomerKey>> {
    let message = match (&upload.customer_key_check, &given) {
        (None, None) => return Ok(None),
        (Some(check), Some(key)) if key.fits(check) => return Ok(given),
        (Some(_), Some(_)) => "The provided encryption parameters did not match the ones used originally.",
        (Some(_), None) | (None, Some(_)) => {
            "The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate encryption \
             parameters."
        }
    };
    Err(refuse(400, "InvalidRequest", message))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(key: &[u8], md5: Option<&str>) -> S3Result<Option<CustomerKey>> {
        let mut calculated = Md5::new();
        calculated.update(key);
        let calculated = BASE64_STANDARD.encode(calculated.finalize());
        let values = [ALGORITHM, &BASE64_STANDARD.encode(key), md5.unwrap_or(&calculated)].map(str::to_owned);
        let headers = OF_OBJECT.iter().zip(values);
        CustomerKey::read(
            &headers.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect(),
            &OF_OBJECT,
        )
    }

    #[test]
    fn a_key_is_known_again_by_its_check_value_alone() {
        let key = read(&[1; 32], None).unwrap().unwrap();
        let (one, two) = (key.check_value().unwrap(), key.check_value().unwrap());
        assert_ne!(one, two, "salted");
        assert!(key.fits(&one) && key.fits(&two));
        assert!(!read(&[2; 32], None).unwrap().unwrap().fits(&one));
        for broken in ["", "AAAA", "not base64"] {
            assert!(!key.fits(broken), "{broken}");
        }
    }

    #[test]
    fn keys_that_cannot_be_are_refused() {
        assert_eq!(read(&[1; 31], None).unwrap_err().code().as_str(), "InvalidArgument");
        let error = read(&[1; 32], Some("AAAAAAAAAAAAAAAAAAAAAA==")).unwrap_err();
        assert_eq!(
            error.message(),
            Some("The calculated MD5 hash of the key did not match the hash that was provided.")
        );
    }
}

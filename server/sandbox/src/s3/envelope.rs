//! Envelope encryption of objects: a data key of its own for every object, wrapped by KMS, by the customer's key or by the root
//! key; the bytes in chunks of 1 MiB under AES-256-GCM. A chunk opens only at its place, and the last one only as the last.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use s3s::{S3Error, S3Result};
use zeroize::Zeroizing;

use super::ask::Ask;
use super::customer_key::CustomerKey;
use super::encryption::Protection;
use super::failure::{from_kms, internal, not_implemented, refuse};
use crate::arns;
use crate::caller::Identity;
use crate::crypto::{CryptoError, Key};
use crate::kms::{EncryptionContext, data_key};
use crate::store::ObjectRow;

/// Plaintext bytes of every chunk but the last, which holds the rest.
pub(super) const CHUNK_BYTES: usize = 1 << 20;

/// The pair that S3 itself adds to every encryption context.
const S3_PAIR: &str = "aws:s3:arn";

/// A fresh data key and how it is stored.
#[derive(Debug)]
pub(super) struct Envelope {
    pub(super) key: Key,
    /// Base64.
    pub(super) wrapped_key: String,
    /// `None` for SSE-S3.
    pub(super) kms_key_arn: Option<String>,
    /// For SSE-C only.
    pub(super) customer_key_check: Option<String>,
    pub(super) context: EncryptionContext,
    pub(super) bucket_key: bool,
}

/// What a bucket answers that takes no customers' keys (S3 User Guide, `troubleshoot-403-errors`).
fn blocked(ask: &Ask, bucket: &str, key: &str) -> S3Error {
    let copies = ask.meta.operation.is_some_and(|operation| operation.name == "CopyObject");
    let message = format!(
        "User: {} is not authorized to perform: {} on resource: \"{}\" because this bucket has blocked upload requests that \
         specify Server Side Encryption with Customer provided keys (SSE-C). Please specify a different server-side encryption \
         type",
        ask.caller.principal(),
        if copies { "s3:CopyObject" } else { "s3:PutObject" },
        arns::object(bucket, key),
    );
    refuse(403, "AccessDenied", message)
}

/// Makes a data key for an object that is to be written.
///
/// # Errors
/// KMS's, in KMS's order: form of the key id, authorization, existence, state.
pub(super) async fn seal(ask: &Ask, bucket: &str, key: &str, protection: &Protection) -> S3Result<Envelope> {
    match protection {
        Protection::DualLayer => Err(not_implemented("Server-side encryption aws:kms:dsse")),
        Protection::BlockedCustomer => Err(blocked(ask, bucket, key)),
        Protection::S3Managed => sealed_under(ask.aws.store.root_key(), bucket, key),
        Protection::Customer(customer) => {
            let check = customer.check_value()?;
            Ok(Envelope { customer_key_check: Some(check), ..sealed_under(&customer.key, bucket, key)? })
        }
        Protection::Kms { identifier, context, bucket_key } => {
            must_be_signed(ask)?;
            let full = full_context(context, bucket, key, *bucket_key);
            let made = data_key::generate(&ask.kms(), identifier, &full).await;
            let made = made.map_err(|error| from_kms(&error))?;
            Ok(Envelope {
                key: made.key,
                wrapped_key: BASE64_STANDARD.encode(made.wrapped),
                kms_key_arn: Some(made.key_arn),
                customer_key_check: None,
                context: context.clone(),
                bucket_key: *bucket_key,
            })
        }
    }
}

/// A data key sealed under a key that is at hand.
fn sealed_under(sealing: &Key, bucket: &str, key: &str) -> S3Result<Envelope> {
    let data_key = Key::generate().map_err(internal)?;
    let wrapped = sealing.seal(data_key.expose(), &own_context(bucket, key)).map_err(internal)?;
    Ok(Envelope {
        key: data_key,
        wrapped_key: BASE64_STANDARD.encode(wrapped),
        kms_key_arn: None,
        customer_key_check: None,
        context: EncryptionContext::new(),
        bucket_key: false,
    })
}

/// Opens the data key of a stored object, for the caller. `customer` is the customer's key where it needs one.
///
/// # Errors
/// KMS's, when the object is under a KMS key.
pub(super) async fn open(ask: &Ask, row: &ObjectRow, customer: Option<&CustomerKey>) -> S3Result<Key> {
    let wrapped = BASE64_STANDARD.decode(&row.wrapped_key).map_err(internal)?;
    if row.kms_key_arn.is_some() {
        must_be_signed(ask)?;
        let opened = data_key::open(&ask.kms(), &wrapped, &context_of(row)).await;
        return opened.map_err(|error| from_kms(&error));
    }
    let sealing = customer.map_or(ask.aws.store.root_key(), |customer| &customer.key);
    let opened = sealing.open(&wrapped, &own_context(&row.bucket, &row.key));
    Key::from_bytes(&opened.map_err(internal)?).ok_or_else(|| internal(CryptoError::DoesNotOpen))
}

/// The encryption context under which an object's data key was wrapped.
pub(super) fn context_of(row: &ObjectRow) -> EncryptionContext {
    let given = row.encryption_context.iter().cloned().collect();
    full_context(&given, &row.bucket, &row.key, row.bucket_key)
}

fn full_context(given: &EncryptionContext, bucket: &str, key: &str, bucket_key: bool) -> EncryptionContext {
    let arn = if bucket_key { arns::bucket(bucket) } else { arns::object(bucket, key) };
    let mut context = given.clone();
    context.insert(S3_PAIR.to_owned(), arn);
    context
}

fn own_context(bucket: &str, key: &str) -> Vec<u8> {
    format!("data key of {}", arns::object(bucket, key)).into_bytes()
}

/// KMS knows no anonymous callers (S3 User Guide, `UsingKMSEncryption`).
pub(super) fn must_be_signed(ask: &Ask) -> S3Result<()> {
    match ask.caller.identity {
        Identity::Anonymous => Err(refuse(
            400,
            "InvalidArgument",
            "Requests specifying Server Side Encryption with AWS KMS managed keys require AWS Signature Version 4.",
        )),
        _ => Ok(()),
    }
}

/// Encrypts chunk number `seq` of the bytes named `data`.
pub(super) fn seal_chunk(
    key: &Key,
    data: &str,
    seq: i64,
    last: bool,
    bytes: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    key.seal(bytes, &place(data, seq, last))
}

/// Opens what [`seal_chunk`] gave, at the same place.
pub(super) fn open_chunk(
    key: &Key,
    data: &str,
    seq: i64,
    last: bool,
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
    key.open(sealed, &place(data, seq, last))
}

fn place(data: &str, seq: i64, last: bool) -> Vec<u8> {
    format!("chunk {seq} of {data}, {}", if last { "the last" } else { "not the last" }).into_bytes()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_chunk_opens_only_at_its_own_place() {
        let key = Key::generate().unwrap();
        let sealed = seal_chunk(&key, "data", 1, false, b"plain").unwrap();
        assert_eq!(open_chunk(&key, "data", 1, false, &sealed).unwrap().as_slice(), b"plain");
        for (data, seq, last) in [("data", 0, false), ("data", 1, true), ("other", 1, false)] {
            assert!(open_chunk(&key, data, seq, last, &sealed).is_err(), "{data} {seq} {last}");
        }
    }
}

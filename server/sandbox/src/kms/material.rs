//! A key's materials: the first, and those that rotations made since. Each has a number, from 0, by which a ciphertext names it.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::{Call, KmsError};
use crate::crypto::{CryptoError, Key};
use crate::model::KmsKey;

/// The number of the material that encrypts.
pub(super) fn current(key: &KmsKey) -> usize {
    key.rotations.len()
}

/// The id of a material, 64 hexadecimal digits. It follows from the root key, so that it need not be stored.
pub(super) fn id(call: &Call<'_>, arn: &str, number: usize) -> String {
    hex::encode(call.aws.store.root_key().mac(format!("id of key material {number} of {arn}").as_bytes()))
}

/// The id of the material that encrypts.
pub(super) fn current_id(call: &Call<'_>, key: &KmsKey) -> String {
    id(call, &key.arn, current(key))
}

/// Fresh material with this number, sealed under the root key.
pub(super) fn fresh(call: &Call<'_>, arn: &str, number: usize) -> Result<String, KmsError> {
    let sealed =
        call.aws.store.root_key().seal(Key::generate()?.expose(), context(arn, number).as_bytes())?;
    Ok(BASE64_STANDARD.encode(sealed))
}

/// The material with this number; `None` when the key has no such material.
pub(super) fn open(call: &Call<'_>, key: &KmsKey, number: usize) -> Result<Option<Key>, KmsError> {
    let sealed = match number.checked_sub(1) {
        None => Some(&key.sealed_material),
        Some(place) => key.rotations.get(place).map(|material| &material.sealed),
    };
    let Some(sealed) = sealed else { return Ok(None) };
    let sealed = BASE64_STANDARD.decode(sealed).map_err(|_| CryptoError::DoesNotOpen)?;
    let opened = call.aws.store.root_key().open(&sealed, context(&key.arn, number).as_bytes())?;
    Ok(Some(Key::from_bytes(&opened).ok_or(CryptoError::DoesNotOpen)?))
}

/// What sealed material is for. The first has had the ARN alone from the beginning.
fn context(arn: &str, number: usize) -> String {
    match number {
        0 => arn.to_owned(),
        _ => format!("material {number} of {arn}"),
    }
}

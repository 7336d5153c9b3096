//! Session tokens of the metadata service: sealed, not stored, good at one instance until they expire.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::Place;
use crate::crypto::CryptoError;

/// What a token's life may be asked to be.
pub(super) const TTL_SECONDS: std::ops::RangeInclusive<i64> = 1..=21_600;

/// A token that is good for `ttl` seconds.
pub(super) fn issue(place: Place<'_>, ttl: i64) -> Result<String, CryptoError> {
    let expires = place.meta.now.unix_timestamp() + ttl;
    let sealed = place.aws.store.root_key().seal(&expires.to_be_bytes(), context(place).as_bytes())?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(sealed))
}

/// How long a token is still good at this instance; `None` when it is not.
pub(super) fn seconds_left(place: Place<'_>, token: &str) -> Option<i64> {
    let sealed = BASE64_URL_SAFE_NO_PAD.decode(token).ok()?;
    let expires = place.aws.store.root_key().open(&sealed, context(place).as_bytes()).ok()?;
    let expires = i64::from_be_bytes(expires.as_slice().try_into().ok()?);
    Some(expires - place.meta.now.unix_timestamp()).filter(|left| *left > 0)
}

fn context(place: Place<'_>) -> String {
    format!("metadata token of {}", place.instance.id)
}

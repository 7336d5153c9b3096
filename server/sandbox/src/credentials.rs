//! Credentials: what they are made of, how the secret behind an access key id is found, and session tokens.
//!
//! Session credentials are not stored. The secret is derived from the access key id under the root key; the token is the
//! session itself, sealed under the root key with the access key id as context, so it can be neither forged nor moved
//! to another key id.

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use crate::caller::{Caller, Identity, Temporary, Token, UserRef};
use crate::crypto::{self, CryptoError};
use crate::model::{AccessKey, Timestamp};
use crate::store::{Store, StoreError};

/// Access keys of role sessions start like this.
const SESSION_PREFIX: &str = "ASIA";
/// Long-term access keys start like this.
const LONG_TERM_PREFIX: &str = "AKIA";

/// What unique ids are made of.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// The bits of an access key id that hold its account, and those that tell one account's apart.
const ACCOUNT_MASK: u128 = (1 << 40) - 1;
const OTHERS_MASK: u128 = (1 << 39) - 1;

/// A set of session credentials.
#[derive(Clone)]
pub struct SessionCredentials {
    /// `ASIA…`.
    pub access_key_id: String,
    /// Secret access key.
    pub secret_access_key: Zeroizing<String>,
    /// Session token.
    pub session_token: Zeroizing<String>,
    /// Unix time in seconds.
    pub expires: Timestamp,
}

/// Why credentials are not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CredentialsError {
    /// Session credentials without their session token.
    #[error("the session token is missing")]
    MissingToken,
    /// No such access key id, or it is inactive, or its owner is gone.
    #[error("the access key id is unknown or inactive")]
    UnknownKey,
    /// The session token is forged or belongs to another key id.
    #[error("the session token does not belong to this access key id")]
    InvalidToken,
    /// The session has ended.
    #[error("the session token has expired")]
    Expired,
    /// Storage failed.
    #[error("credentials cannot be looked up: {0}")]
    Store(String),
}

impl From<StoreError> for CredentialsError {
    fn from(error: StoreError) -> Self {
        Self::Store(error.to_string())
    }
}

/// An id such as IAM gives: `prefix` and 16 or 17 characters of A–Z and 2–7.
pub fn unique_id(prefix: &str) -> Result<String, CryptoError> {
    let random: [u8; 17] = crypto::random()?;
    let length = if matches!(prefix, LONG_TERM_PREFIX | SESSION_PREFIX) { 16 } else { 17 };
    let tail = random.iter().take(length).filter_map(|byte| BASE32.get(usize::from(byte & 31)));
    Ok(prefix.chars().chain(tail.map(|&byte| char::from(byte))).collect())
}

/// A fresh long-term key for a user (`None`: the root user), with its secret.
pub fn new_access_key(
    store: &Store,
    user: Option<&str>,
    now: Timestamp,
) -> Result<(AccessKey, Zeroizing<String>), CryptoError> {
    let secret = Zeroizing::new(BASE64_STANDARD.encode(crypto::random::<30>()?));
    let key = access_key(store, unique_id(LONG_TERM_PREFIX)?, &secret, user, now)?;
    Ok((key, secret))
}

/// The stored form of a long-term key whose id and secret are given.
pub fn access_key(
    store: &Store,
    id: String,
    secret: &str,
    user: Option<&str>,
    now: Timestamp,
) -> Result<AccessKey, CryptoError> {
    let sealed = store.root_key().seal(secret.as_bytes(), id.as_bytes())?;
    Ok(AccessKey {
        sealed_secret: BASE64_STANDARD.encode(sealed),
        id,
        user: user.map(str::to_owned),
        active: true,
        created: now,
    })
}

/// Temporary credentials for what `token` says.
pub fn session_credentials(store: &Store, token: &Token) -> Result<SessionCredentials, CryptoError> {
    let access_key_id = session_key_id(token.account(), crypto::random()?);
    let sealed = store.root_key().seal(&body_of(token)?, token_context(&access_key_id).as_bytes())?;
    Ok(credentials(store, token, access_key_id, &sealed))
}

/// The same credentials each time for the same `token`: for those that are asked for again and again and not stored.
pub fn standing_credentials(store: &Store, token: &Token) -> Result<SessionCredentials, CryptoError> {
    let body = body_of(token)?;
    let mac = store.root_key().mac(&[b"access key id of ", body.as_slice()].concat());
    let mut bytes = [0; 5];
    bytes.iter_mut().zip(mac).for_each(|(to, from)| *to = from);
    let access_key_id = session_key_id(token.account(), bytes);
    let sealed = store.root_key().seal_alike(&body, token_context(&access_key_id).as_bytes())?;
    Ok(credentials(store, token, access_key_id, &sealed))
}

fn body_of(token: &Token) -> Result<Vec<u8>, CryptoError> {
    serde_json::to_vec(token).map_err(|_| CryptoError::Library)
}

fn credentials(store: &Store, token: &Token, access_key_id: String, sealed: &[u8]) -> SessionCredentials {
    SessionCredentials {
        secret_access_key: session_secret(store, &access_key_id),
        session_token: Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(sealed)),
        expires: token.expires(),
        access_key_id,
    }
}

/// A session's access key id, which holds its account as AWS's have since 2019: of 80 bits the first is set, the account's number
/// takes 40, and the others tell sessions apart. So whose a key is can be told without a list of the keys that were given.
fn session_key_id(account: &str, others: [u8; 5]) -> String {
    let account: u128 = account.parse().unwrap_or_default();
    let others = others.iter().fold(0_u128, |bits, byte| (bits << 8) | u128::from(*byte));
    let bits = (1 << 79) | ((account & ACCOUNT_MASK) << 39) | (others & OTHERS_MASK);
    let letters = (0..16).rev().filter_map(|place| BASE32.get((bits >> (5 * place)) as usize & 31));
    SESSION_PREFIX.chars().chain(letters.map(|&letter| char::from(letter))).collect()
}

/// The account of a session's access key id, 12 digits; `None` when the id is of no such form.
pub fn account_of_session_key(access_key_id: &str) -> Option<String> {
    let letters = access_key_id.strip_prefix(SESSION_PREFIX).filter(|letters| letters.len() == 16)?;
    let bits = letters.bytes().try_fold(0_u128, |bits, letter| {
        let value = BASE32.iter().position(|&known| known == letter)?;
        Some((bits << 5) | value as u128)
    })?;
    let account = (bits >> 39) & ACCOUNT_MASK;
    (bits >> 79 == 1 && account < 1_000_000_000_000).then(|| format!("{account:012}"))
}

/// The secret that must have signed a request with this access key id. Says nothing about its session token.
pub async fn secret_of(store: &Store, access_key_id: &str) -> Result<Zeroizing<String>, CredentialsError> {
    if access_key_id.starts_with(SESSION_PREFIX) {
        return Ok(session_secret(store, access_key_id));
    }
    let account = store.access_key_owner(access_key_id).await?.ok_or(CredentialsError::UnknownKey)?;
    let key = account.access_keys.get(access_key_id).ok_or(CredentialsError::UnknownKey)?;
    let sealed = BASE64_STANDARD.decode(&key.sealed_secret).map_err(|_| CredentialsError::UnknownKey)?;
    let secret = store.root_key().open(&sealed, key.id.as_bytes()).map_err(StoreError::from)?;
    String::from_utf8(secret.to_vec()).map(Zeroizing::new).map_err(|_| CredentialsError::UnknownKey)
}

/// Who holds this access key id and token. The signature is checked elsewhere.
pub async fn caller_of(
    store: &Store,
    access_key_id: &str,
    token: Option<&str>,
    now: Timestamp,
) -> Result<Caller, CredentialsError> {
    if access_key_id.starts_with(SESSION_PREFIX) {
        let token = open_token(store, access_key_id, token.ok_or(CredentialsError::MissingToken)?)?;
        if token.expires() <= now {
            return Err(CredentialsError::Expired);
        }
        let account = store.account(token.account()).await?.ok_or(CredentialsError::InvalidToken)?;
        let access_key_id = access_key_id.to_owned();
        // Under the name that it has now.
        let name_of = |user: &UserRef| account.user_with_id(&user.id).map(|user| user.name.clone());
        let mfa = matches!(&token, Token::User(temporary) if temporary.mfa);
        let (identity, temporary) = match token {
            Token::Role(session) => {
                let alive = account.roles.get(&session.role).is_some_and(|role| role.id == session.role_id);
                if !alive {
                    return Err(CredentialsError::InvalidToken);
                }
                (Identity::Session(session), None)
            }
            Token::User(Temporary { user: None, issued, .. }) => (Identity::Root, Some(issued)),
            Token::User(Temporary { user: Some(user), issued, .. }) => {
                (Identity::User(name_of(&user).ok_or(CredentialsError::InvalidToken)?), Some(issued))
            }
            Token::Federated(mut federation) => {
                if let Some(user) = &mut federation.user {
                    user.name = name_of(user).ok_or(CredentialsError::InvalidToken)?;
                }
                (Identity::Federated(federation), None)
            }
        };
        return Ok(Caller { identity, account: Some(account), access_key_id, temporary, mfa, known: None });
    }
    if token.is_some() {
        return Err(CredentialsError::InvalidToken);
    }
    let account = store.access_key_owner(access_key_id).await?.ok_or(CredentialsError::UnknownKey)?;
    let key = account.access_keys.get(access_key_id).ok_or(CredentialsError::UnknownKey)?;
    let identity = match &key.user {
        None => Identity::Root,
        Some(user) if account.users.contains_key(user) => Identity::User(user.clone()),
        Some(_) => return Err(CredentialsError::UnknownKey),
    };
    if !key.active {
        return Err(CredentialsError::UnknownKey);
    }
    let access_key_id = access_key_id.to_owned();
    Ok(Caller { identity, account: Some(account), access_key_id, temporary: None, mfa: false, known: None })
}

fn open_token(store: &Store, access_key_id: &str, token: &str) -> Result<Token, CredentialsError> {
    let sealed = BASE64_URL_SAFE_NO_PAD.decode(token).map_err(|_| CredentialsError::InvalidToken)?;
    let body = store
        .root_key()
        .open(&sealed, token_context(access_key_id).as_bytes())
        .map_err(|_| CredentialsError::InvalidToken)?;
    serde_json::from_slice(&body).map_err(|_| CredentialsError::InvalidToken)
}

fn token_context(access_key_id: &str) -> String {
    format!("session token of {access_key_id}")
}

fn session_secret(store: &Store, access_key_id: &str) -> Zeroizing<String> {
    let mac = store.root_key().mac(format!("session secret of {access_key_id}").as_bytes());
    // 30 bytes make the 40 characters of every AWS secret.
    Zeroizing::new(BASE64_STANDARD.encode(mac.get(..30).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_session_key_tells_its_account() {
        for account in ["000000000000", "111122223333", "999999999999"] {
            for others in [[0; 5], [0xff; 5], [1, 2, 3, 4, 5]] {
                let id = session_key_id(account, others);
                assert_eq!((id.len(), account_of_session_key(&id).as_deref()), (20, Some(account)), "{id}");
            }
        }
        // 1,000,000,000,000 fits into 40 bits and is no account.
        let beyond = session_key_id("1000000000000", [0; 5]);
        for id in [beyond.as_str(), "ASIA", "ASIAIOSFODNN7EXAMPLE", "AKIAQAAAAAAAAAAAAAAA", "ASIAq", ""] {
            assert_eq!(account_of_session_key(id), None, "{id}");
        }
    }
}

//! Passwords as they are kept: not at all. What is kept is what PBKDF2 makes of them, sealed under the root key, so that
//! whoever has the database alone can try none.

use std::num::NonZeroU32;

use aws_lc_rs::pbkdf2;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use zeroize::Zeroizing;

use crate::crypto::{self, CryptoError, Key};
use crate::model::PasswordPolicy;
use crate::query::Fault;

/// What OWASP's Password Storage Cheat Sheet recommends for PBKDF2 with HMAC-SHA-256.
const ROUNDS: NonZeroU32 = NonZeroU32::new(600_000).expect("not zero");
const SALT: usize = 16;
const HASH: usize = 32;
/// Most passwords that a policy can ask to be remembered.
const KEPT: usize = 24;
/// What counts as a symbol (IAM User Guide, `id_credentials_passwords_account-policy`).
const SYMBOLS: &str = "!@#$%^&*()_+-=[]{}|'";

/// A user's password and those before it.
pub(super) struct Passwords {
    /// One for all of a user's, so that a new one is compared with all at once; it leaves the seal only to be sealed again.
    salt: [u8; SALT],
    /// The newest first.
    hashes: Vec<[u8; HASH]>,
}

impl Passwords {
    /// Of a user who has none yet.
    pub(super) fn none() -> Result<Self, CryptoError> {
        Ok(Self { salt: crypto::random()?, hashes: Vec::new() })
    }

    /// Opens what [`Passwords::sealed`] gave for the same user.
    pub(super) fn open(root: &Key, user_id: &str, sealed: &str) -> Result<Self, CryptoError> {
        let sealed = BASE64_STANDARD.decode(sealed).map_err(|_| CryptoError::DoesNotOpen)?;
        let opened = root.open(&sealed, context(user_id).as_bytes())?;
        let (salt, hashes) = opened.split_first_chunk::<SALT>().ok_or(CryptoError::DoesNotOpen)?;
        Ok(Self { salt: *salt, hashes: hashes.as_chunks::<HASH>().0.to_vec() })
    }

    /// As it is stored.
    pub(super) fn sealed(&self, root: &Key, user_id: &str) -> Result<String, CryptoError> {
        let plain = Zeroizing::new([self.salt.as_slice(), self.hashes.as_flattened()].concat());
        Ok(BASE64_STANDARD.encode(root.seal(&plain, context(user_id).as_bytes())?))
    }

    /// What becomes of a password, off the threads that answer requests: it is slow on purpose.
    pub(super) async fn hash(&self, password: &str) -> Result<[u8; HASH], Fault> {
        let (salt, password) = (self.salt, Zeroizing::new(password.to_owned()));
        let hashed = tokio::task::spawn_blocking(move || {
            let mut hash = [0; HASH];
            pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, ROUNDS, &salt, password.as_bytes(), &mut hash);
            hash
        });
        hashed.await.map_err(|error| Fault::Internal(error.to_string()))
    }

    /// Whether this is the password.
    pub(super) fn is_current(&self, hash: &[u8; HASH]) -> bool {
        self.hashes.first().is_some_and(|current| same(current, hash))
    }

    /// Whether it is one of the last so many.
    pub(super) fn is_among(&self, newest: usize, hash: &[u8; HASH]) -> bool {
        self.hashes.iter().take(newest).any(|known| same(known, hash))
    }

    /// Makes it the password.
    pub(super) fn set(&mut self, hash: [u8; HASH]) {
        self.hashes.insert(0, hash);
        self.hashes.truncate(KEPT);
    }
}

fn same(one: &[u8; HASH], other: &[u8; HASH]) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(one, other).is_ok()
}

fn context(user_id: &str) -> String {
    format!("passwords of {user_id}")
}

/// Whether a password is what the policy asks for; without a policy what IAM asks for by itself: eight characters of three of
/// the four kinds (IAM User Guide, `id_credentials_passwords_account-policy`).
pub(super) fn conforms(policy: Option<&PasswordPolicy>, password: &str) -> bool {
    let has = |kind: fn(char) -> bool| password.chars().any(kind);
    let (upper, lower) = (has(|char| char.is_ascii_uppercase()), has(|char| char.is_ascii_lowercase()));
    let (digit, symbol) = (has(|char| char.is_ascii_digit()), has(|char| SYMBOLS.contains(char)));
    let length = i64::try_from(password.chars().count()).unwrap_or(i64::MAX);
    match policy {
        None => length >= 8 && [upper, lower, digit, symbol].into_iter().filter(|has| *has).count() >= 3,
        Some(policy) => {
            length >= policy.minimum_length
                && (upper || !policy.require_uppercase)
                && (lower || !policy.require_lowercase)
                && (digit || !policy.require_numbers)
                && (symbol || !policy.require_symbols)
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn three_kinds_of_characters_are_enough_unless_a_policy_says_which() {
        for (password, does) in [
            ("Abcdefg1", true),
            ("abcdefg1!", true),
            ("abcdefgh1", false),
            ("Abcde1!", false),
            ("Abcdefgh~", false),
        ] {
            assert_eq!(conforms(None, password), does, "{password}");
        }
        let policy = PasswordPolicy {
            minimum_length: 6,
            require_symbols: true,
            require_numbers: false,
            require_uppercase: false,
            require_lowercase: false,
            allow_users_to_change: false,
            max_age: None,
            reuse_prevention: None,
            hard_expiry: None,
        };
        assert!(conforms(Some(&policy), "secret!") && !conforms(Some(&policy), "Secret1234"));
    }

    #[tokio::test]
    async fn passwords_open_for_their_user_alone_and_the_newest_counts() {
        let root = Key::generate().unwrap();
        let mut passwords = Passwords::none().unwrap();
        for password in ["first", "second"] {
            passwords.set(passwords.hash(password).await.unwrap());
        }
        let sealed = passwords.sealed(&root, "AIDA1").unwrap();
        assert!(Passwords::open(&root, "AIDA2", &sealed).is_err());
        let passwords = Passwords::open(&root, "AIDA1", &sealed).unwrap();
        let first = passwords.hash("first").await.unwrap();
        assert!(!passwords.is_current(&first) && passwords.is_among(2, &first));
        assert!(
            !passwords.is_among(1, &first) && passwords.is_current(&passwords.hash("second").await.unwrap())
        );
    }
}

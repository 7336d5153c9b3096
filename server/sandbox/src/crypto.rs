//! The root key and what it seals: AES-256-GCM through aws-lc-rs. Nothing here knows what the sealed bytes mean.

use std::fmt;
use std::num::NonZeroU32;
use std::path::Path;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{hmac, pbkdf2, rand};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use zeroize::{Zeroize, Zeroizing};

/// Length of every symmetric key here, in bytes.
pub const KEY_LEN: usize = 32;

/// Rounds of PBKDF2-HMAC-SHA-256 between a passphrase and its key: what OWASP's Password Storage Cheat Sheet asks for.
const ROUNDS: NonZeroU32 = NonZeroU32::new(600_000).expect("not zero");

/// What can go wrong with keys and sealed bytes.
#[derive(Debug, thiserror::Error)]
pub enum CryptoError {
    /// The bytes were not sealed under this key with this context, or were changed since.
    #[error("the sealed bytes do not open under this key and context")]
    DoesNotOpen,
    /// The system's random generator or the cipher refused to work.
    #[error("the cryptographic library failed")]
    Library,
    /// The root key's file could not be read or written.
    #[error("the root key file `{path}` could not be {doing}: {source}")]
    KeyFile {
        /// The file.
        path: String,
        /// `read` or `written`.
        doing: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// The root key's file does not hold a key.
    #[error("the root key file `{path}` does not hold {KEY_LEN} bytes; restore it from your backup")]
    NotAKey {
        /// The file.
        path: String,
    },
    /// Others than the owner may read the root key's file.
    #[error("the root key file `{path}` may be read by others (mode {mode:03o}): run `chmod 600 {path}`")]
    Exposed {
        /// The file.
        path: String,
        /// Its permission bits.
        mode: u32,
    },
}

/// A 256-bit key; wiped when dropped, never printed.
#[derive(Clone)]
pub struct Key(Zeroizing<[u8; KEY_LEN]>);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// Fills `N` bytes from the system's random generator.
pub fn random<const N: usize>() -> Result<[u8; N], CryptoError> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| CryptoError::Library)?;
    Ok(bytes)
}

impl Key {
    /// A fresh random key.
    pub fn generate() -> Result<Self, CryptoError> {
        Ok(Self(Zeroizing::new(random()?)))
    }

    /// The key of exactly these bytes; `None` unless there are 32 of them.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(|bytes| Self(Zeroizing::new(bytes)))
    }

    /// The key that a text holds: 32 bytes in base64 or in hexadecimal digits.
    pub fn from_text(text: &str) -> Option<Self> {
        let bytes = match text.len() == KEY_LEN * 2 {
            true => hex::decode(text).ok()?,
            false => BASE64_STANDARD.decode(text).ok()?,
        };
        Self::from_bytes(&Zeroizing::new(bytes))
    }

    /// The key of a passphrase: the same for the same passphrase and salt. Takes some tenths of a second, on purpose.
    pub fn from_passphrase(passphrase: &str, salt: &[u8]) -> Self {
        let mut key = Zeroizing::new([0; KEY_LEN]);
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, ROUNDS, salt, passphrase.as_bytes(), key.as_mut_slice());
        Self(key)
    }

    /// The raw key, for the one caller that must hand it out: KMS GenerateDataKey.
    pub fn expose(&self) -> &[u8; KEY_LEN] {
        &self.0
    }

    /// Encrypts under a fresh random nonce. `context` is authenticated, not stored. Gives nonce ‖ ciphertext ‖ tag.
    pub fn seal(&self, plaintext: &[u8], context: &[u8]) -> Result<Vec<u8>, CryptoError> {
        self.seal_under(random()?, plaintext, context)
    }

    fn seal_under(
        &self,
        nonce: [u8; NONCE_LEN],
        plaintext: &[u8],
        context: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        let mut sealed = Vec::with_capacity(NONCE_LEN + plaintext.len() + AES_256_GCM.tag_len());
        sealed.extend_from_slice(&nonce);
        let mut body = plaintext.to_vec();
        self.cipher()?
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(context), &mut body)
            .map_err(|_| CryptoError::Library)?;
        sealed.append(&mut body);
        Ok(sealed)
    }

    /// The same bytes for the same plaintext and context, and under a nonce of their own for any other: for what is made anew at
    /// each request and must not differ. The nonce is derived from both; opens like what [`Key::seal`] gave.
    pub fn seal_alike(&self, plaintext: &[u8], context: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let mut message = b"nonce of ".to_vec();
        message.extend_from_slice(&(context.len() as u64).to_be_bytes());
        message.extend_from_slice(context);
        message.extend_from_slice(plaintext);
        let mut nonce = [0; NONCE_LEN];
        nonce.iter_mut().zip(self.mac(&message)).for_each(|(to, from)| *to = from);
        self.seal_under(nonce, plaintext, context)
    }

    /// Opens what [`Key::seal`] gave, with the same context.
    pub fn open(&self, sealed: &[u8], context: &[u8]) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        let (nonce, body) = sealed.split_at_checked(NONCE_LEN).ok_or(CryptoError::DoesNotOpen)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| CryptoError::DoesNotOpen)?;
        let mut body = Zeroizing::new(body.to_vec());
        let length = self
            .cipher()?
            .open_in_place(nonce, Aad::from(context), &mut body)
            .map_err(|_| CryptoError::DoesNotOpen)?
            .len();
        body.truncate(length);
        Ok(body)
    }

    /// HMAC-SHA-256 of `message` under this key: for values that are derived rather than stored.
    pub fn mac(&self, message: &[u8]) -> [u8; 32] {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, self.0.as_slice()), message);
        let mut bytes = [0; 32];
        bytes.iter_mut().zip(tag.as_ref()).for_each(|(to, from)| *to = *from);
        bytes
    }

    fn cipher(&self) -> Result<LessSafeKey, CryptoError> {
        let key = UnboundKey::new(&AES_256_GCM, self.0.as_slice()).map_err(|_| CryptoError::Library)?;
        Ok(LessSafeKey::new(key))
    }

    /// Reads the root key from `path`, or makes one there that only this user may read.
    pub fn from_file(path: &Path) -> Result<Self, CryptoError> {
        let shown = || path.display().to_string();
        match read_private(path) {
            Ok(Err(mode)) => Err(CryptoError::Exposed { path: shown(), mode }),
            Ok(Ok(mut bytes)) => {
                let key = Self::from_bytes(&bytes).ok_or_else(|| CryptoError::NotAKey { path: shown() });
                bytes.zeroize();
                key
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let key = Self::generate()?;
                write_private(path, key.expose()).map_err(|source| CryptoError::KeyFile {
                    path: shown(),
                    doing: "written",
                    source,
                })?;
                Ok(key)
            }
            Err(source) => Err(CryptoError::KeyFile { path: shown(), doing: "read", source }),
        }
    }
}

/// Reads a file that only its owner may read; gives its permission bits where others may.
fn read_private(path: &Path) -> std::io::Result<Result<Vec<u8>, u32>> {
    use std::io::Read as _;
    use std::os::unix::fs::PermissionsExt as _;
    let mut file = std::fs::File::open(path)?;
    let mode = file.metadata()?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Ok(Err(mode));
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(Ok(bytes))
}

/// Writes a file that only this user may read, whole or not at all: a crash leaves no half-written key behind.
fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let draft = path.with_extension("new");
    let mut file =
        std::fs::OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&draft, path)?;
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::File::open(folder)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn sealed_bytes_open_only_under_the_same_key_and_context() {
        let key = Key::generate().unwrap();
        let sealed = key.seal(b"plain", b"context").unwrap();
        assert_eq!(key.open(&sealed, b"context").unwrap().as_slice(), b"plain");
        assert!(key.open(&sealed, b"other").is_err());
        assert!(Key::generate().unwrap().open(&sealed, b"context").is_err());
        for index in 0..sealed.len() {
            let mut changed = sealed.clone();
            *changed.get_mut(index).unwrap() ^= 1;
            assert!(key.open(&changed, b"context").is_err(), "byte {index} was not authenticated");
        }
    }

    #[test]
    fn what_is_sealed_alike_is_the_same_only_for_the_same_plaintext_and_context() {
        let key = Key::generate().unwrap();
        let sealed = key.seal_alike(b"plain", b"context").unwrap();
        assert_eq!(key.seal_alike(b"plain", b"context").unwrap(), sealed);
        assert_eq!(key.open(&sealed, b"context").unwrap().as_slice(), b"plain");
        let nonce = |sealed: &[u8]| sealed.get(..NONCE_LEN).map(<[u8]>::to_vec);
        for (plaintext, context) in
            [(&b"plaim"[..], &b"context"[..]), (b"plain", b"contexu"), (b"tplain", b"contex")]
        {
            let other = key.seal_alike(plaintext, context).unwrap();
            assert_ne!(nonce(&other), nonce(&sealed), "a nonce serves one message");
        }
    }

    #[test]
    fn a_truncated_root_key_file_is_refused_with_advice() {
        let folder = std::env::temp_dir().join(format!("trilock-key-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir(&folder).unwrap();
        let path = folder.join("root.key");
        let first = Key::from_file(&path).unwrap();
        assert_eq!(Key::from_file(&path).unwrap().expose(), first.expose());
        std::fs::write(&path, b"short").unwrap();
        let message = Key::from_file(&path).unwrap_err().to_string();
        assert!(message.contains("restore it from your backup"), "{message}");
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_root_key_file_that_others_may_read_is_refused_with_advice() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = std::env::temp_dir().join(format!("trilock-key-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir(&folder).unwrap();
        let path = folder.join("root.key");
        Key::from_file(&path).unwrap();
        for (mode, fit) in [(0o640, false), (0o604, false), (0o400, true), (0o600, true)] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let read = Key::from_file(&path).map(drop).map_err(|error| error.to_string());
            let advice = format!("(mode {mode:03o}): run `chmod 600 {}`", path.display());
            assert_eq!(read.is_ok(), fit, "{mode:o}");
            assert!(read.is_ok() || read.clone().unwrap_err().ends_with(&advice), "{read:?}");
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_key_is_read_from_base64_and_from_hexadecimal_digits() {
        let key = Key::generate().unwrap();
        for text in [BASE64_STANDARD.encode(key.expose()), hex::encode(key.expose())] {
            assert_eq!(Key::from_text(&text).unwrap().expose(), key.expose());
        }
        for text in ["", "secret", &hex::encode([1; 31]), &BASE64_STANDARD.encode([1; 33]), &"g".repeat(64)] {
            assert!(Key::from_text(text).is_none(), "{text}");
        }
    }

    /// The value is that of Python's `hashlib.pbkdf2_hmac`.
    #[test]
    fn a_passphrase_gives_the_key_that_pbkdf2_says() {
        let key = Key::from_passphrase("Password", b"NaCl");
        assert_eq!(
            hex::encode(key.expose()),
            "6a3d02168146a78ff6e8f63912a066f71190b4cdc16a444c2c9eacac0578dfe7"
        );
    }
}

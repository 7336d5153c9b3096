//! The vault: credentials of a lab's personas, encrypted at rest, wiped from memory when dropped, never shown.
//!
//! Each is sealed with AES-256-GCM under a key that lives in a file of the data folder, or that is made of the embedded AWS's root
//! key where there is no folder. The lab's id and the persona are
//! the additional data, so a row copied to another lab or persona does not open.

use crate::{
    cloud::Credentials,
    store::{LabId, SealedRow, Store, StoreError},
};
use app::console::{ConsoleError, Held, Persona};
use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    rand::{SecureRandom, SystemRandom},
};
use sandbox::Sandbox;
use std::{fmt, fs, io, io::Write as _, path::Path, sync::Arc};
use zeroize::Zeroizing;

const KEY_LEN: usize = 32;

/// The key all rows are sealed under.
#[derive(Clone)]
pub struct RootKey(Arc<LessSafeKey>);

impl fmt::Debug for RootKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RootKey(** redacted **)")
    }
}

/// Why the vault could not be opened, or something in it.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The key file cannot be read or made.
    #[error("the vault's key {path} cannot be read or made: {error}")]
    KeyFile {
        /// The file.
        path: String,
        /// What the operating system said.
        error: io::Error,
    },
    /// The key file holds something else.
    #[error(
        "the vault's key {0} does not hold {KEY_LEN} bytes; put the right file back, or remove the data folder"
    )]
    KeyLength(String),
    /// The library refused a key, or there is no randomness.
    #[error("the cryptographic library failed")]
    Cryptography,
    /// A row was sealed under another key, for another persona, or was changed.
    #[error("credentials in the vault do not open under this key")]
    NotOurs,
    /// The rows themselves.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<VaultError> for ConsoleError {
    fn from(error: VaultError) -> Self {
        tracing::error!(%error, "vault");
        Self::Unavailable(format!("Trilock could not use its stored credentials: {error}."))
    }
}

impl RootKey {
    /// Reads the key from its file; on first start makes the file (mode 0600) with a random key.
    ///
    /// # Errors
    /// When the file cannot be read or made, or does not hold a key.
    pub fn open(path: &Path) -> Result<Self, VaultError> {
        let name = || path.display().to_string();
        let bytes = match fs::read(path) {
            Ok(bytes) => Zeroizing::new(bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let mut bytes = Zeroizing::new(vec![0; KEY_LEN]);
                fill(&mut bytes)?;
                write_private(path, &bytes).map_err(|error| VaultError::KeyFile { path: name(), error })?;
                bytes
            }
            Err(error) => return Err(VaultError::KeyFile { path: name(), error }),
        };
        if bytes.len() != KEY_LEN {
            return Err(VaultError::KeyLength(name()));
        }
        Self::new(&bytes)
    }

    /// The key that the root key of the embedded AWS gives, where nothing is kept in files.
    ///
    /// # Errors
    /// When the cryptographic library fails.
    pub fn of(aws: &Sandbox) -> Result<Self, VaultError> {
        Self::new(aws.derived_key("the console's vault").as_slice())
    }

    /// A key that ends with the process, for tests.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn random() -> Result<Self, VaultError> {
        let mut bytes = Zeroizing::new([0; KEY_LEN]);
        fill(bytes.as_mut_slice())?;
        Self::new(bytes.as_slice())
    }

    fn new(bytes: &[u8]) -> Result<Self, VaultError> {
        let key = UnboundKey::new(&AES_256_GCM, bytes).map_err(|_| VaultError::Cryptography)?;
        Ok(Self(Arc::new(LessSafeKey::new(key))))
    }

    fn seal(&self, context: &str, plaintext: &[u8]) -> Result<Vec<u8>, VaultError> {
        let mut nonce = [0; NONCE_LEN];
        fill(&mut nonce)?;
        let mut buffer = plaintext.to_vec();
        self.0
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(context), &mut buffer)
            .map_err(|_| VaultError::Cryptography)?;
        Ok([nonce.as_slice(), &buffer].concat())
    }

    fn open_sealed(&self, context: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let (nonce, ciphertext) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(VaultError::NotOurs)?;
        let mut buffer = Zeroizing::new(ciphertext.to_vec());
        let length = self
            .0
            .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(context), &mut buffer)
            .map_err(|_| VaultError::NotOurs)?
            .len();
        buffer.truncate(length);
        Ok(buffer)
    }
}

fn fill(bytes: &mut [u8]) -> Result<(), VaultError> {
    SystemRandom::new().fill(bytes).map_err(|_| VaultError::Cryptography)
}

fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    // The name must survive a crash too, or the next start would make another key and lose what this one sealed.
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// Sealed credentials, by lab and persona.
#[derive(Clone, Debug)]
pub struct Vault {
    store: Store,
    key: RootKey,
}

fn context(lab: &LabId, persona: Persona) -> String {
    format!("trilock vault 1|{}|{}", lab.as_str(), persona.name())
}

impl Vault {
    /// A vault whose rows are in `store`.
    pub fn new(store: Store, key: RootKey) -> Self {
        Self { store, key }
    }

    /// Puts a persona's credentials in, replacing older ones.
    ///
    /// # Errors
    /// When they cannot be sealed or written.
    pub async fn put(
        &self,
        lab: &LabId,
        persona: Persona,
        arn: &str,
        credentials: &Credentials,
    ) -> Result<(), VaultError> {
        let sealed = self.key.seal(&context(lab, persona), &credentials.to_bytes())?;
        let row = SealedRow { persona, arn: arn.into(), expires_at: credentials.expires_at(), sealed };
        Ok(self.store.put_sealed(lab, &row).await?)
    }

    /// Takes a persona's credentials out, expired or not; `None` if the lab never held any.
    ///
    /// # Errors
    /// When the row cannot be read or opened.
    pub async fn get(
        &self,
        lab: &LabId,
        persona: Persona,
    ) -> Result<Option<(Held, Credentials)>, VaultError> {
        let rows = self.store.sealed(lab).await?;
        let Some(row) = rows.into_iter().find(|row| row.persona == persona) else { return Ok(None) };
        let bytes = self.key.open_sealed(&context(lab, persona), &row.sealed)?;
        let credentials = Credentials::from_bytes(&bytes).ok_or(VaultError::NotOurs)?;
        Ok(Some((Held { persona, arn: row.arn, expires_at: row.expires_at }, credentials)))
    }

    /// Notes that a persona's credentials ended at `now`, whatever their time says. Nothing happens when none are held.
    ///
    /// # Errors
    /// When the row cannot be read or written.
    pub async fn end(&self, lab: &LabId, persona: Persona, now: i64) -> Result<(), VaultError> {
        let rows = self.store.sealed(lab).await?;
        let Some(row) = rows.into_iter().find(|row| row.persona == persona) else { return Ok(()) };
        Ok(self.store.put_sealed(lab, &SealedRow { expires_at: Some(now), ..row }).await?)
    }

    /// Whose credentials the lab holds, expired or not, without opening them.
    ///
    /// # Errors
    /// When the rows cannot be read.
    pub async fn held(&self, lab: &LabId) -> Result<Vec<Held>, VaultError> {
        let rows = self.store.sealed(lab).await?;
        let mut held: Vec<Held> = rows
            .into_iter()
            .map(|row| Held { persona: row.persona, arn: row.arn, expires_at: row.expires_at })
            .collect();
        held.sort_by_key(|held| held.persona);
        Ok(held)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{RootKey, Vault, VaultError};
    use crate::{
        cloud::Credentials,
        store::{LabState, Store},
    };
    use app::console::{Listings, Persona};
    use std::fs;

    fn credentials() -> Credentials {
        Credentials::temporary(
            "ASIAEXAMPLE".into(),
            "top-secret".into(),
            "token-secret".into(),
            1_900_000_000,
        )
    }

    async fn lab(store: &Store) -> LabState {
        let lab = LabState::new("111122223333".into(), Listings::Corrected, "b".into());
        store.create_lab(&lab, 0).await.unwrap();
        lab
    }

    #[tokio::test]
    async fn what_is_put_in_comes_out_for_the_same_lab_and_persona_only() {
        let store = Store::in_memory().await.unwrap();
        let vault = Vault::new(store.clone(), RootKey::random().unwrap());
        let (mine, other) = (lab(&store).await, lab(&store).await);
        vault.put(&mine.id, Persona::SecureKeyAdmin, "arn", &credentials()).await.unwrap();

        let (held, opened) = vault.get(&mine.id, Persona::SecureKeyAdmin).await.unwrap().unwrap();
        assert_eq!(opened.secret_access_key(), "top-secret");
        assert_eq!(held.expires_at, Some(1_900_000_000));
        assert!(vault.get(&other.id, Persona::SecureKeyAdmin).await.unwrap().is_none());

        let mut row = store.sealed(&mine.id).await.unwrap().remove(0);
        assert!(!row.sealed.windows(10).any(|bytes| bytes == b"top-secret"));
        row.persona = Persona::SecureBucketAdmin;
        store.put_sealed(&mine.id, &row).await.unwrap();
        let moved = vault.get(&mine.id, Persona::SecureBucketAdmin).await;
        assert!(matches!(moved, Err(VaultError::NotOurs)));
    }

    #[tokio::test]
    async fn another_key_opens_nothing() {
        let store = Store::in_memory().await.unwrap();
        let lab = lab(&store).await;
        let vault = Vault::new(store.clone(), RootKey::random().unwrap());
        vault.put(&lab.id, Persona::Admin, "arn", &credentials()).await.unwrap();
        let other = Vault::new(store, RootKey::random().unwrap());
        assert!(matches!(other.get(&lab.id, Persona::Admin).await, Err(VaultError::NotOurs)));
    }

    #[test]
    fn the_key_file_is_made_once_and_private() {
        let folder = std::env::temp_dir().join(format!("trilock-key-{}", uuid::Uuid::new_v4()));
        fs::create_dir(&folder).unwrap();
        let path = folder.join("console.key");
        let sealed = RootKey::open(&path).unwrap().seal("c", b"x").unwrap();
        assert_eq!(RootKey::open(&path).unwrap().open_sealed("c", &sealed).unwrap().as_slice(), b"x");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        fs::write(&path, "short").unwrap();
        assert!(matches!(RootKey::open(&path), Err(VaultError::KeyLength(_))));
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn nothing_in_the_vault_shows_a_secret() {
        let shown = format!("{:?} {:?}", credentials(), RootKey::random().unwrap());
        for secret in ["top-secret", "token-secret"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}

//! Where the root key comes from, and whether it is the one that the database was written under.

use std::fmt;
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use zeroize::Zeroizing;

use super::StoreError;
use super::database::Connection;
use super::sql::{Value, sql};
use crate::crypto::{self, Key};

/// The variable that holds the root key: 32 bytes in base64 or hexadecimal digits.
pub const ROOT_KEY: &str = "TRILOCK_ROOT_KEY";
/// The variable that holds a passphrase of which the root key is made.
pub const ROOT_PASSPHRASE: &str = "TRILOCK_ROOT_PASSPHRASE";

/// What the database's first row seals.
const KNOWN: &[u8] = b"trilock root key";

/// A root key that does not come from the file `aws.key`.
#[derive(Clone)]
pub enum RootKey {
    /// This one.
    Given(Key),
    /// Made of this passphrase and the salt in the database.
    Passphrase(Zeroizing<String>),
}

impl fmt::Debug for RootKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Given(_) => "Given(..)",
            Self::Passphrase(_) => "Passphrase(..)",
        })
    }
}

impl RootKey {
    /// The root key that the environment holds in [`ROOT_KEY`] or [`ROOT_PASSPHRASE`], as `variable` reads it; `None` when it
    /// holds neither. An empty variable is none.
    ///
    /// # Errors
    /// When it holds both, or what is no key.
    pub fn of_environment(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, StoreError> {
        let read = |name| variable(name).filter(|value| !value.is_empty()).map(Zeroizing::new);
        match (read(ROOT_KEY), read(ROOT_PASSPHRASE)) {
            (None, None) => Ok(None),
            (Some(_), Some(_)) => Err(StoreError::RootKey(format!(
                "the root key is given twice, in {ROOT_KEY} and in {ROOT_PASSPHRASE}: unset the one that is not meant"
            ))),
            (Some(text), None) => match Key::from_text(text.trim()) {
                Some(key) => Ok(Some(Self::Given(key))),
                None => Err(StoreError::RootKey(format!(
                    "{ROOT_KEY} holds no key: give 32 bytes in base64 or hexadecimal digits, as `openssl rand -hex 32` makes them"
                ))),
            },
            (None, Some(passphrase)) => Ok(Some(Self::Passphrase(passphrase))),
        }
    }

    fn source(&self) -> &'static str {
        match self {
            Self::Given(_) => ROOT_KEY,
            Self::Passphrase(_) => ROOT_PASSPHRASE,
        }
    }
}

/// Finds the root key: `given`, or that in the file at `path`, which is made if there is neither. Sees to it that the database
/// was written under it, or is from now on.
pub(super) async fn open(
    connection: &mut Connection,
    given: Option<&RootKey>,
    path: Option<&Path>,
) -> Result<Key, StoreError> {
    let row = sql("SELECT sealed, salt FROM root_key_check").row(&mut *connection).await?;
    let stored = row.map(|row| Ok::<_, sqlx::Error>((row.get::<String>(0)?, row.get::<Option<String>>(1)?)));
    let stored = stored.transpose()?;
    if let (Some(given), Some(path)) = (given, path.filter(|path| path.exists())) {
        return Err(StoreError::RootKey(format!(
            "the root key is given twice, in {} and in the file `{}`: unset the variable, or move the file away if the \
             database was not written under it",
            given.source(),
            path.display()
        )));
    }
    let new = stored.is_none();
    let salt = match &stored {
        Some((_, salt)) => salt.clone(),
        None => Some(BASE64_STANDARD.encode(crypto::random::<16>()?)),
    };
    let (key, salt) = match (given, path) {
        (Some(RootKey::Given(key)), _) => (key.clone(), None),
        (Some(RootKey::Passphrase(passphrase)), _) => {
            // Without a salt it was written under another kind of key.
            let salt = salt.ok_or(StoreError::WrongRootKey)?;
            let (passphrase, bytes) = (passphrase.clone(), salt.clone().into_bytes());
            let made = tokio::task::spawn_blocking(move || Key::from_passphrase(&passphrase, &bytes));
            (made.await.map_err(|_| StoreError::Stopped)?, Some(salt))
        }
        (None, Some(path)) if new || path.exists() => (Key::from_file(path)?, None),
        (None, Some(path)) => {
            return Err(StoreError::RootKey(format!(
                "the root key file `{}` is missing: put it back from your backup, or set {ROOT_KEY} or {ROOT_PASSPHRASE} to what \
                 the database was written under",
                path.display()
            )));
        }
        (None, None) => {
            return Err(StoreError::RootKey(format!(
                "there is no root key: set {ROOT_KEY} to 32 bytes in base64 or hexadecimal digits, or {ROOT_PASSPHRASE} to a \
                 passphrase, and keep it: without it nothing that is stored can be read"
            )));
        }
    };
    match stored {
        Some((sealed, _)) => {
            let sealed = BASE64_STANDARD.decode(sealed).map_err(|_| StoreError::WrongRootKey)?;
            key.open(&sealed, KNOWN).map_err(|_| StoreError::WrongRootKey)?;
        }
        None => {
            let sealed = BASE64_STANDARD.encode(key.seal(KNOWN, KNOWN)?);
            let insert = sql("INSERT INTO root_key_check (id, sealed, salt) VALUES (1, $1, $2)");
            insert.bind(&sealed).bind_all([Value::Text(salt)]).run(connection).await?;
        }
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Option<RootKey>, String> {
        let variable = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        RootKey::of_environment(variable).map_err(|error| error.to_string())
    }

    #[test]
    fn the_environment_gives_one_root_key_at_most() {
        let hex = "07".repeat(32);
        assert!(read(&[]).unwrap().is_none());
        assert!(read(&[(ROOT_KEY, ""), (ROOT_PASSPHRASE, "")]).unwrap().is_none());
        assert!(
            matches!(read(&[(ROOT_KEY, &hex)]).unwrap(), Some(RootKey::Given(key)) if *key.expose() == [7; 32])
        );
        assert!(matches!(read(&[(ROOT_PASSPHRASE, "a b")]).unwrap(), Some(RootKey::Passphrase(_))));
        let twice = read(&[(ROOT_KEY, &hex), (ROOT_PASSPHRASE, "a b")]).unwrap_err();
        assert!(twice.contains("unset the one that is not meant"), "{twice}");
        let short = read(&[(ROOT_KEY, "0707secret")]).unwrap_err();
        assert!(short.contains("`openssl rand -hex 32`") && !short.contains("secret"), "{short}");
    }
}

//! AWS credentials as the console holds them: wiped from memory when dropped, and never shown.

use serde::{Deserialize, Serialize};
use std::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// Long-term or temporary credentials.
#[derive(Clone, Zeroize, ZeroizeOnDrop, Serialize, Deserialize)]
pub struct Credentials {
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
    expires_at: Option<i64>,
}

impl Credentials {
    /// Keys of an IAM user: they do not end.
    pub fn long_term(access_key_id: String, secret_access_key: String) -> Self {
        Self { access_key_id, secret_access_key, session_token: None, expires_at: None }
    }

    /// Keys of a role session. `expires_at` is Unix time in seconds.
    pub fn temporary(
        access_key_id: String,
        secret_access_key: String,
        session_token: String,
        expires_at: i64,
    ) -> Self {
        Self {
            access_key_id,
            secret_access_key,
            session_token: Some(session_token),
            expires_at: Some(expires_at),
        }
    }

    /// The key id; not a secret.
    pub fn access_key_id(&self) -> &str {
        &self.access_key_id
    }

    /// The secret.
    pub fn secret_access_key(&self) -> &str {
        &self.secret_access_key
    }

    /// The session token of temporary credentials.
    pub fn session_token(&self) -> Option<&str> {
        self.session_token.as_deref()
    }

    /// Unix time in seconds when they end; `None` for long-term keys.
    pub fn expires_at(&self) -> Option<i64> {
        self.expires_at
    }

    /// As bytes to be sealed.
    pub(crate) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        // Strings and integers always serialize; an empty buffer would not open again, so nothing is lost silently.
        Zeroizing::new(serde_json::to_vec(self).unwrap_or_default())
    }

    /// From the bytes of [`Self::to_bytes`].
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    /// For an SDK client. The SDK's own type wipes its strings too.
    pub(crate) fn to_sdk(&self) -> aws_credential_types::Credentials {
        aws_credential_types::Credentials::new(
            &self.access_key_id,
            &self.secret_access_key,
            self.session_token.clone(),
            None,
            "trilock",
        )
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("access_key_id", &self.access_key_id)
            .field("secret_access_key", &"** redacted **")
            .field("session_token", &self.session_token.as_ref().map(|_| "** redacted **"))
            .field("expires_at", &self.expires_at)
            .finish()
    }
}

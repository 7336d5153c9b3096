//! Who is who: the session cookie, and the vault of role credentials a session may use.

pub mod layer;
pub mod vault;

pub use vault::{RootKey, Vault, VaultError};

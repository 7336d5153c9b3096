//! How people get into an account.

use serde::{Deserialize, Serialize};

use super::Timestamp;

/// An account's alias, unique over all accounts.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccountAlias {
    /// 3 to 63 lower-case letters, digits and hyphens.
    pub name: String,
    /// When it was made.
    pub created: Timestamp,
}

/// What the passwords of an account's users must be like.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordPolicy {
    /// In characters, 6 to 128.
    pub minimum_length: i64,
    /// At least one of `! @ # $ % ^ & * ( ) _ + - = [ ] { } | '`.
    pub require_symbols: bool,
    /// At least one digit.
    pub require_numbers: bool,
    /// At least one capital letter.
    pub require_uppercase: bool,
    /// At least one small letter.
    pub require_lowercase: bool,
    /// Whether every user may change its own.
    pub allow_users_to_change: bool,
    /// Days after which a password expires, 1 to 1,095; `None`: never.
    pub max_age: Option<i64>,
    /// How many earlier passwords cannot be taken again, 1 to 24.
    pub reuse_prevention: Option<i64>,
    /// Whether users with an expired password cannot set a new one; `None` when it was never said.
    pub hard_expiry: Option<bool>,
}

impl PasswordPolicy {
    /// Under which name the one that there is is kept.
    pub const NAME: &'static str = "PasswordPolicy";
}

//! How people get into an account.

use serde::{Deserialize, Serialize};

use super::{Tags, Timestamp};

/// An account's alias, unique over all accounts.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccountAlias {
    /// 3 to 63 lower-case letters, digits and hyphens.
    pub name: String,
    /// When it was made.
    pub created: Timestamp,
}

/// A user's password.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LoginProfile {
    /// When the user got one.
    pub created: Timestamp,
    /// When it was last changed.
    pub changed: Timestamp,
    /// Whether the user must set another on signing in.
    pub reset_required: bool,
    /// Hashes of it and of those before, sealed under the root key with the user's unique id as context, base64.
    pub sealed_passwords: String,
}

/// A virtual MFA device.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MfaDevice {
    /// Its ARN, `arn:aws:iam::…:mfa/…`.
    pub serial: String,
    /// When it was made.
    pub created: Timestamp,
    /// Tags by key.
    pub tags: Tags,
    /// The seed of its codes, sealed under the root key with the serial number as context, base64.
    pub sealed_seed: String,
    /// Whose it is.
    pub user: Option<MfaUser>,
    /// How many steps of thirty seconds its clock is ahead of ours.
    pub adjustment: i64,
    /// The step of the second code of the newest pair that was taken.
    pub newest_pair: Option<i64>,
    /// Steps near the newest whose codes were taken.
    pub spent: Vec<i64>,
    /// How many codes were tried in which span.
    pub tries: (i64, u32),
}

/// Whose an MFA device is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MfaUser {
    /// The user's unique id, `AIDA…`.
    pub id: String,
    /// When it was enabled.
    pub enabled: Timestamp,
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

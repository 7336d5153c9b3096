//! KMS keys, their grants and their aliases.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{PolicyText, Timestamp};

/// A symmetric KMS key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KmsKey {
    /// Key id, a UUID.
    pub id: String,
    /// Full key ARN.
    pub arn: String,
    /// When it was made.
    pub created: Timestamp,
    /// Free text.
    pub description: String,
    /// Whether and how it may be used.
    pub state: KeyState,
    /// Key policy.
    pub policy: PolicyText,
    /// 32 bytes of key material, the key's first, sealed under the root key with the ARN as context, base64.
    pub sealed_material: String,
    /// The key materials that rotations made since, oldest first. The last encrypts; all decrypt what they encrypted.
    #[serde(default)]
    pub rotations: Vec<KeyMaterial>,
    /// Grants, in the order of creation.
    pub grants: Vec<KeyGrant>,
    /// Whether AWS manages it, as `aws/s3`.
    pub aws_managed: bool,
    /// Tags by key.
    pub tags: BTreeMap<String, String>,
    /// Automatic rotation, if it is on.
    #[serde(default)]
    pub rotation: Option<Rotation>,
}

/// Key material that a rotation made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyMaterial {
    /// 32 bytes, sealed like the first with its number beside the ARN, base64.
    pub sealed: String,
    /// When it came into force.
    pub since: Timestamp,
    /// What made it.
    pub cause: RotationCause,
}

/// What made new key material.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RotationCause {
    /// Its time had come.
    Automatic,
    /// `RotateKeyOnDemand`.
    OnDemand,
}

/// Automatic rotation of a KMS key: at every whole period after it was turned on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotation {
    /// Days between rotations, 90 to 2,560.
    pub period_days: i64,
    /// When it was last turned on or changed, or last rotated.
    pub since: Timestamp,
}

/// State of a KMS key (KMS Developer Guide, "Key states").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyState {
    /// Usable.
    Enabled,
    /// Not usable for cryptography until enabled again.
    Disabled,
    /// Not usable, gone at that time unless cancelled.
    PendingDeletion {
        /// When its deletion is due.
        due: Timestamp,
    },
}

/// A grant on a KMS key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyGrant {
    /// Grant id, 64 hexadecimal digits.
    pub id: String,
    /// Principal ARN that may use it.
    pub grantee: String,
    /// Principal ARN that may retire it.
    pub retiring: Option<String>,
    /// Grant operations, for example `Decrypt`.
    pub operations: Vec<String>,
    /// `EncryptionContextEquals`.
    pub context_equals: Option<BTreeMap<String, String>>,
    /// `EncryptionContextSubset`.
    pub context_subset: Option<BTreeMap<String, String>>,
    /// Who made it: the principal ARN of the caller.
    pub issuer: String,
    /// Friendly name.
    pub name: Option<String>,
    /// When it was made.
    pub created: Timestamp,
}

/// A KMS alias.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Alias {
    /// `alias/…`.
    pub name: String,
    /// The key it stands for.
    pub key_id: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it was given to another key.
    #[serde(default)]
    pub updated: Option<Timestamp>,
}

//! What an account holds, as plain data. How it is stored is `store`'s business, who may touch it `gate`'s.

mod instance;
mod key;
mod lookups;
mod reports;
mod sign_in;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use policy::{Document, ParseError};
use serde::{Deserialize, Serialize};

pub use instance::{Instance, InstanceState, MetadataOptions, ProfileRef};
pub use key::{Alias, KeyGrant, KeyMaterial, KeyState, KmsKey, Rotation, RotationCause};
pub use reports::{AccessReport, CredentialReport, EntityUse, ServiceAccess, TrackedAction};
pub use sign_in::{AccountAlias, LoginProfile, MfaDevice, MfaUser, PasswordPolicy};

/// Unix time in seconds.
pub type Timestamp = i64;

/// One kind of resource of an account, by name. Entries are shared: cloning a table copies pointers.
pub type Table<T> = BTreeMap<String, Arc<T>>;

/// Tags by key.
pub type Tags = BTreeMap<String, String>;

/// Everything but objects that one AWS account owns. A snapshot: never changed in place, see [`crate::store::Store`].
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// 12 digits.
    pub id: String,
    /// Counts changes.
    pub version: i64,
    /// IAM users by name.
    pub users: Table<User>,
    /// IAM groups by name.
    pub groups: Table<Group>,
    /// Long-term access keys by id.
    pub access_keys: Table<AccessKey>,
    /// IAM roles by name.
    pub roles: Table<Role>,
    /// Customer managed policies by name.
    pub policies: Table<ManagedPolicy>,
    /// Instance profiles by name.
    pub instance_profiles: Table<InstanceProfile>,
    /// The account's alias by itself; one at most.
    pub account_aliases: Table<AccountAlias>,
    /// The password policy, under [`PasswordPolicy::NAME`], once one is set.
    pub password_policies: Table<PasswordPolicy>,
    /// MFA devices by serial number.
    pub mfa_devices: Table<MfaDevice>,
    /// The newest credential report, under [`CredentialReport::NAME`].
    pub credential_reports: Table<CredentialReport>,
    /// Reports of what was last accessed, by job id.
    pub access_reports: Table<AccessReport>,
    /// Buckets by name.
    pub buckets: Table<Bucket>,
    /// KMS keys by key id.
    pub keys: Table<KmsKey>,
    /// KMS aliases by full name, `alias/…`.
    pub aliases: Table<Alias>,
    /// EC2 instances by id.
    pub instances: Table<Instance>,
}

/// Calls a macro with every table of [`Account`]: field, type and the kind under which its rows are stored.
macro_rules! for_each_table {
    ($do:ident) => {
        $do! {
            users: User = "user",
            groups: Group = "group",
            access_keys: AccessKey = "access-key",
            roles: Role = "role",
            policies: ManagedPolicy = "policy",
            instance_profiles: InstanceProfile = "instance-profile",
            account_aliases: AccountAlias = "account-alias",
            password_policies: PasswordPolicy = "password-policy",
            mfa_devices: MfaDevice = "mfa-device",
            credential_reports: CredentialReport = "credential-report",
            access_reports: AccessReport = "access-report",
            buckets: Bucket = "bucket",
            keys: KmsKey = "key",
            aliases: Alias = "alias",
            instances: Instance = "instance",
        }
    };
}
pub(crate) use for_each_table;

/// A policy document as it was given, with its parsed form: stored as text, parsed once when loaded.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PolicyText {
    text: String,
    document: Arc<Document>,
}

impl PolicyText {
    /// Parses `text`; an error when it breaks the policy grammar.
    pub fn parse(text: impl Into<String>) -> Result<Self, ParseError> {
        let text = text.into();
        Ok(Self { document: Arc::new(Document::parse(&text)?), text })
    }

    /// The text as it was given.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The parsed form, shared.
    pub fn document(&self) -> Arc<Document> {
        Arc::clone(&self.document)
    }
}

impl TryFrom<String> for PolicyText {
    type Error = ParseError;
    fn try_from(text: String) -> Result<Self, ParseError> {
        Self::parse(text)
    }
}

impl From<PolicyText> for String {
    fn from(policy: PolicyText) -> Self {
        policy.text
    }
}

/// An IAM user.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct User {
    /// User name.
    pub name: String,
    /// `/` or `/…/`.
    pub path: String,
    /// `AIDA…`, never reused.
    pub id: String,
    /// When it was made.
    pub created: Timestamp,
    /// What is attached and written into it.
    #[serde(flatten)]
    pub policies: IdentityPolicies,
    /// ARN of its permissions boundary.
    #[serde(default)]
    pub boundary: Option<String>,
    /// Tags by key.
    #[serde(default)]
    pub tags: Tags,
    /// Its password, if it has one.
    #[serde(default)]
    pub login: Option<LoginProfile>,
}

/// An IAM group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Group {
    /// Group name.
    pub name: String,
    /// `/` or `/…/`.
    pub path: String,
    /// `AGPA…`, never reused.
    pub id: String,
    /// When it was made.
    pub created: Timestamp,
    /// What is attached and written into it.
    #[serde(flatten)]
    pub policies: IdentityPolicies,
    /// Names of the users who are in it.
    pub members: BTreeSet<String>,
}

/// The identity policies of a user, a group or a role.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct IdentityPolicies {
    /// ARNs of attached managed policies, in the order of attachment.
    pub attached: Vec<String>,
    /// Inline policies by name.
    pub inline: BTreeMap<String, PolicyText>,
}

/// A long-term access key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccessKey {
    /// `AKIA…`.
    pub id: String,
    /// Whose it is: a user's name, or `None` for the account's root user.
    pub user: Option<String>,
    /// The secret, sealed under the root key with the id as context, base64.
    pub sealed_secret: String,
    /// Inactive keys sign nothing.
    pub active: bool,
    /// When it was made.
    pub created: Timestamp,
}

/// An IAM role.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Role {
    /// Role name.
    pub name: String,
    /// `/` or `/…/`.
    pub path: String,
    /// `AROA…`, never reused: sessions of a deleted role stay dead when the name is taken again.
    pub id: String,
    /// When it was made.
    pub created: Timestamp,
    /// Free text.
    pub description: Option<String>,
    /// Who may assume it.
    pub trust: PolicyText,
    /// What it may do.
    #[serde(flatten)]
    pub policies: IdentityPolicies,
    /// Longest session in seconds, 3,600 to 43,200.
    pub max_session_duration: i64,
    /// ARN of its permissions boundary.
    #[serde(default)]
    pub boundary: Option<String>,
    /// Tags by key.
    #[serde(default)]
    pub tags: Tags,
}

/// A customer managed policy.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ManagedPolicy {
    /// Policy name.
    pub name: String,
    /// `/` or `/…/`.
    pub path: String,
    /// `ANPA…`.
    pub id: String,
    /// When it was made.
    pub created: Timestamp,
    /// Free text.
    pub description: Option<String>,
    /// Up to five, oldest first.
    pub versions: Vec<PolicyVersion>,
    /// Id of the version in force, for example `v1`.
    pub default_version: String,
    /// The number the next version gets.
    pub next_version: u32,
    /// Tags by key.
    #[serde(default)]
    pub tags: Tags,
}

/// One version of a managed policy.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PolicyVersion {
    /// `v1`, `v2`, …
    pub id: String,
    /// When it was made.
    pub created: Timestamp,
    /// The document.
    pub document: PolicyText,
}

impl ManagedPolicy {
    /// The version in force.
    pub fn in_force(&self) -> Option<&PolicyVersion> {
        self.versions.iter().find(|version| version.id == self.default_version)
    }
}

/// An instance profile: the envelope in which EC2 takes a role.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InstanceProfile {
    /// Profile name.
    pub name: String,
    /// `/` or `/…/`.
    pub path: String,
    /// `AIPA…`.
    pub id: String,
    /// When it was made.
    pub created: Timestamp,
    /// Name of its role; it holds one at most.
    pub role: Option<String>,
    /// Tags by key.
    #[serde(default)]
    pub tags: Tags,
}

/// An S3 bucket, without its objects.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Bucket {
    /// Bucket name, unique over all accounts.
    pub name: String,
    /// Region it was made in.
    pub region: String,
    /// When it was made.
    pub created: Timestamp,
    /// Bucket policy.
    pub policy: Option<PolicyText>,
    /// How objects are encrypted that name no encryption of their own.
    pub encryption: DefaultEncryption,
    /// Whether writes that bring a customer's key (SSE-C) are refused. Buckets of before the setting have it on, as in accounts
    /// that used no such keys until April 2026 (S3 User Guide, `default-s3-c-encryption-setting-faq`).
    #[serde(default = "yes")]
    pub blocks_customer_keys: bool,
    /// Block Public Access. `None` after the setting was deleted, which is as good as all four off.
    pub public_access_block: Option<PublicAccessBlock>,
    /// `None` until versioning was first set.
    #[serde(default)]
    pub versioning: Option<Versioning>,
    /// Tags by key.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// Who owns what others write. `None` after the setting was deleted.
    #[serde(default = "ownership_of_new_buckets")]
    pub ownership: Option<String>,
}

impl Bucket {
    /// Block Public Access as it is in force.
    pub fn blocks(&self) -> PublicAccessBlock {
        self.public_access_block.unwrap_or_default()
    }
}

fn yes() -> bool {
    true
}

/// New buckets have ACLs disabled since April 2023 (S3 User Guide, `about-object-ownership`).
pub fn ownership_of_new_buckets() -> Option<String> {
    Some("BucketOwnerEnforced".to_owned())
}

/// Whether a bucket keeps what is overwritten and deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Versioning {
    /// Every write is a version of its own.
    Enabled,
    /// Writes replace the version `null`; earlier versions stay.
    Suspended,
}

/// A bucket's default encryption.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DefaultEncryption {
    /// SSE-S3: every bucket's since 5 January 2023.
    Aes256,
    /// SSE-KMS.
    Kms {
        /// Key id, ARN or alias as given; `None` stands for the account's `aws/s3`.
        key: Option<String>,
        /// Whether S3 Bucket Keys are on.
        bucket_key: bool,
    },
}

/// The four settings of S3 Block Public Access; all on for new buckets since April 2023.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicAccessBlock {
    /// Refuses public ACLs.
    pub block_public_acls: bool,
    /// Ignores public ACLs.
    pub ignore_public_acls: bool,
    /// Refuses public bucket policies.
    pub block_public_policy: bool,
    /// Ignores the public part of a public bucket policy.
    pub restrict_public_buckets: bool,
}

impl PublicAccessBlock {
    /// All four on.
    pub const ON: Self = Self {
        block_public_acls: true,
        ignore_public_acls: true,
        block_public_policy: true,
        restrict_public_buckets: true,
    };
}

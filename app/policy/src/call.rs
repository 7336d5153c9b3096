//! The checks of one API call, as data: which action on which resource under which condition. The sandbox and the console
//! fill in the values; the mapping exists only here (`aws-semantics.md` §3, table "S3 with KMS").

mod cloudtrail;
mod ec2;
mod encryption;
mod event;
mod iam;
mod judge;
mod kms;
mod lane;
mod question;
mod s3;
mod sts;

use std::fmt;

pub use encryption::{Encryption, EncryptionRules, s3_to_kms_context};
pub use judge::{Judged, Ruling, judge, rule};
pub use lane::Lane;
pub use question::{Bearings, KeyFacts, ObjectFacts, Question, Tags};

use crate::request::ResourceKind;

/// An API operation and what it must be allowed to do, in the order in which AWS asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    /// The service prefix of its own actions: `s3`, `kms`, `iam`, `sts`, `ec2` or `cloudtrail`.
    pub service: &'static str,
    /// The operation's name in the API.
    pub name: &'static str,
    /// Its checks. Empty when nothing is checked, as for `sts:GetCallerIdentity`.
    pub checks: &'static [CheckSpec],
    /// What CloudTrail says of it: whether it changes nothing.
    pub read_only: bool,
    /// Whether CloudTrail counts it among the data events, which are recorded only where they are asked for.
    pub data_event: bool,
}

/// One check of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckSpec {
    /// The action, such as `s3:PutObject`.
    pub action: &'static str,
    /// What it is asked on.
    pub on: ResourceOf,
    /// Which kind of resource policy bears on it.
    pub lane: ResourceKind,
    /// When it is asked.
    pub when: When,
    /// Condition keys that the request fills for this check, beside those of [`CheckSpec::condition_keys`] that every check of
    /// its kind has. A key that ends in `/` or `:` stands for all that begin so, such as `aws:RequestTag/`.
    pub keys: &'static [&'static str],
}

/// What every check on an alias knows, and every check on a key (Service Authorization Reference, KMS).
const KEYS_OF_ALIASES: &[&str] = &["kms:CallerAccount", "kms:ViaService"];
const KEYS_OF_KMS_KEYS: &[&str] = &[
    "kms:CallerAccount",
    "kms:ViaService",
    "kms:KeySpec",
    "kms:KeyUsage",
    "kms:KeyOrigin",
    "kms:MultiRegion",
    "kms:ResourceAliases",
    "aws:ResourceTag/",
];
const KEYS_OF_EC2: &[&str] = &["ec2:Region"];
/// How a request to S3 is signed (S3 API Reference, `bucket-policy-s3-sigv4-conditions`).
const KEYS_OF_S3: &[&str] = &["s3:authType", "s3:signatureAge", "s3:signatureversion", "s3:TlsVersion"];
const HASH_OF_BODY: &str = "s3:x-amz-content-sha256";
/// The tags of users and roles, and those of what else has some (Service Authorization Reference, IAM and STS).
const KEYS_OF_IDENTITIES: &[&str] = &["aws:ResourceTag/", "iam:ResourceTag/"];
const KEYS_OF_TAGGED: &[&str] = &["aws:ResourceTag/"];

impl CheckSpec {
    /// The same with condition keys that the request fills.
    const fn filling(self, keys: &'static [&'static str]) -> Self {
        Self { keys, ..self }
    }

    /// The condition keys that a request may fill for this check, beside the global ones that every request carries.
    pub fn condition_keys(&self) -> impl Iterator<Item = &'static str> {
        let of_kind = match self.on {
            ResourceOf::Key | ResourceOf::SourceKey => KEYS_OF_KMS_KEYS,
            ResourceOf::Alias => KEYS_OF_ALIASES,
            ResourceOf::Role | ResourceOf::User | ResourceOf::Identity | ResourceOf::IdentityOrPolicy => {
                KEYS_OF_IDENTITIES
            }
            ResourceOf::Policy | ResourceOf::InstanceProfile | ResourceOf::MfaDevice => KEYS_OF_TAGGED,
            _ if self.action.starts_with("ec2:") => KEYS_OF_EC2,
            _ if self.action.starts_with("s3:") => KEYS_OF_S3,
            _ => &[],
        };
        // The reference lists it for all actions of S3 but one.
        let hash = self.action.starts_with("s3:") && self.action != "s3:GetBucketObjectLockConfiguration";
        of_kind.iter().chain(self.keys).copied().chain(hash.then_some(HASH_OF_BODY))
    }

    /// Whether a request may fill this condition key for this check.
    pub fn fills(&self, key: &str) -> bool {
        self.condition_keys().any(|known| match known.ends_with(['/', ':']) {
            true => key.get(..known.len()).is_some_and(|start| start.eq_ignore_ascii_case(known)),
            false => key.eq_ignore_ascii_case(known),
        })
    }
}

/// As documentation names it, for example `the object`.
impl fmt::Display for ResourceOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Any => "`*`",
            Self::Bucket => "the bucket",
            Self::Object => "the object",
            Self::SourceObject => "the object copied from",
            Self::Key => "the key",
            Self::SourceKey => "the key of the source",
            Self::Alias => "the alias",
            Self::Role => "the role",
            Self::User => "the user",
            Self::Group => "the group",
            Self::Identity => "the user, role or group",
            Self::IdentityOrPolicy => "the user, role, group or policy",
            Self::FederatedUser => "the federated user",
            Self::Policy => "the policy",
            Self::InstanceProfile => "the instance profile",
            Self::MfaDevice => "the MFA device",
            Self::Instance => "the instance",
            Self::NewInstance => "`instance/*`",
        })
    }
}

/// As documentation puts it behind the check, for example `when it sets tags`; nothing for what is always asked.
impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Always => "",
            Self::SseKms => "under SSE-KMS",
            Self::SourceKms => "when the source is under SSE-KMS",
            Self::ChecksumOfSseKms => "when it asks for the checksum under SSE-KMS",
            Self::Unversioned | Self::SourceUnversioned => "without a version id",
            Self::Versioned | Self::SourceVersioned => "with a version id",
            Self::SetsAcl => "when it sets an access control list",
            Self::SetsTags => "when it sets tags",
            Self::SetsSourceIdentity => "when it sets a source identity",
            Self::PassesRole => "when it passes a role",
            Self::Missing => "when what is asked for does not exist",
            Self::Tagged => "to tell how many tags there are",
            Self::TaggedVersion => "to tell how many tags there are, with a version id",
        })
    }
}

impl ResourceOf {
    /// Whether an ARN, or `*`, is of this kind.
    pub fn fits(self, resource: &str) -> bool {
        let of = |service: &str, kind: &str| {
            crate::arn::Arn::parse(resource)
                .is_some_and(|arn| arn.service == service && arn.resource.starts_with(kind))
        };
        match self {
            Self::Any => resource == "*",
            Self::Bucket => of("s3", "") && !resource.contains('/'),
            Self::Object | Self::SourceObject => of("s3", "") && resource.contains('/'),
            Self::Key | Self::SourceKey => of("kms", "key/"),
            Self::Alias => of("kms", "alias/"),
            Self::Role => of("iam", "role/"),
            Self::User => of("iam", "user/") || of("iam", "root"),
            Self::Group => of("iam", "group/"),
            Self::Identity => of("iam", "user/") || of("iam", "role/") || of("iam", "group/"),
            Self::IdentityOrPolicy => Self::Identity.fits(resource) || Self::Policy.fits(resource),
            Self::FederatedUser => of("sts", "federated-user/"),
            Self::Policy => of("iam", "policy/"),
            Self::InstanceProfile => of("iam", "instance-profile/"),
            Self::MfaDevice => of("iam", "mfa/"),
            Self::Instance | Self::NewInstance => of("ec2", "instance/"),
        }
    }
}

/// The resource of a check, to be filled in from the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResourceOf {
    /// No resource: `*`.
    Any,
    /// The bucket's ARN.
    Bucket,
    /// The object's ARN.
    Object,
    /// The ARN of the object copied from.
    SourceObject,
    /// The KMS key's ARN: for S3 the key that protects, or is to protect, the object.
    Key,
    /// The ARN of the key that protects the object copied from, or of the key re-encrypted from.
    SourceKey,
    /// The alias's ARN.
    Alias,
    /// The role's ARN.
    Role,
    /// The user's ARN, or that of the account's root user.
    User,
    /// The group's ARN.
    Group,
    /// The ARN of a user, a role or a group.
    Identity,
    /// The ARN of a user, a role, a group or a managed policy.
    IdentityOrPolicy,
    /// The ARN of the federated user that is to be.
    FederatedUser,
    /// The managed policy's ARN.
    Policy,
    /// The instance profile's ARN.
    InstanceProfile,
    /// The MFA device's ARN, which is its serial number.
    MfaDevice,
    /// The EC2 instance's ARN.
    Instance,
    /// `instance/*`: an instance that is being launched has no id yet (EC2 User Guide, `ExamplePolicies_EC2`).
    NewInstance,
}

/// When a check is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum When {
    /// Always.
    Always,
    /// When the object is, or is to be, encrypted under a KMS key.
    SseKms,
    /// When the object copied from is encrypted under a KMS key.
    SourceKms,
    /// When the call asks for the checksum of an object under a KMS key (`x-amz-checksum-mode`).
    ChecksumOfSseKms,
    /// When the call names no version of the object.
    Unversioned,
    /// When the call names a version of the object.
    Versioned,
    /// When the call names no version of the object copied from.
    SourceUnversioned,
    /// When the call names a version of the object copied from.
    SourceVersioned,
    /// When the call sets an access control list.
    SetsAcl,
    /// When the call sets tags, or hands on those of the session that makes it.
    SetsTags,
    /// When the call says who is behind a session, or the session that makes it has said so.
    SetsSourceIdentity,
    /// When the call passes a role to a service: an instance profile with a role.
    PassesRole,
    /// When what is asked for does not exist, such as an object, to tell 404 from 403.
    Missing,
    /// When the object has tags, to tell how many: a denial leaves the number out and the call is answered all the same. The
    /// call names no version of the object.
    Tagged,
    /// The same for a call that names a version.
    TaggedVersion,
}

/// The operation `name` of `service`; `None` when the table does not have it.
///
/// ```
/// use policy::call::{When, operation};
///
/// let put = operation("s3", "PutObject").expect("in the table");
/// let asked: Vec<_> = put.checks.iter().filter(|check| matches!(check.when, When::Always | When::SseKms)).collect();
/// assert_eq!(asked[0].action, "s3:PutObject");
/// assert_eq!(asked[1].action, "kms:GenerateDataKey");
/// ```
pub fn operation(service: &str, name: &str) -> Option<&'static Operation> {
    operations().find(|operation| operation.service == service && operation.name == name)
}

/// Every operation of the table.
pub fn operations() -> impl Iterator<Item = &'static Operation> {
    [
        s3::OPERATIONS,
        kms::OPERATIONS,
        iam::OPERATIONS,
        sts::OPERATIONS,
        ec2::OPERATIONS,
        cloudtrail::OPERATIONS,
    ]
    .into_iter()
    .flatten()
}

/// The operation `name` of S3, KMS or IAM, found when the program is compiled: what uses it so carries this one along and not the
/// whole table, which weighs in a browser.
///
/// # Panics
/// While compiling, when the table does not have it.
#[allow(clippy::panic, clippy::indexing_slicing, reason = "while compiling, where a mistake should stop")]
pub(crate) const fn fixed(service: &str, name: &str) -> Operation {
    let table = match service.as_bytes() {
        b"s3" => s3::OPERATIONS,
        b"kms" => kms::OPERATIONS,
        b"iam" => iam::OPERATIONS,
        _ => panic!("no such service"),
    };
    let mut at = 0;
    while at < table.len() {
        if is_same(table[at].name.as_bytes(), name.as_bytes()) {
            return table[at];
        }
        at += 1;
    }
    panic!("no such operation")
}

#[allow(clippy::indexing_slicing, reason = "both are of the length that is counted to")]
const fn is_same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let mut at = 0;
    while at < one.len() {
        if one[at] != other[at] {
            return false;
        }
        at += 1;
    }
    true
}

/// A check that is always asked.
const fn always(action: &'static str, on: ResourceOf, lane: ResourceKind) -> CheckSpec {
    CheckSpec { action, on, lane, when: When::Always, keys: &[] }
}

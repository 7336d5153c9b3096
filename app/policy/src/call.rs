//! The checks of one API call, as data: which action on which resource under which condition. The sandbox and the console
//! fill in the values; the mapping exists only here (`aws-semantics.md` §3, table "S3 with KMS").

mod ec2;
mod encryption;
mod iam;
mod kms;
mod s3;
mod sts;

pub use encryption::{Encryption, EncryptionRules, s3_to_kms_context};

use crate::request::ResourceKind;

/// An API operation and what it must be allowed to do, in the order in which AWS asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    /// The service prefix of its own actions: `s3`, `kms`, `iam`, `sts` or `ec2`.
    pub service: &'static str,
    /// The operation's name in the API.
    pub name: &'static str,
    /// Its checks. Empty when nothing is checked, as for `sts:GetCallerIdentity`.
    pub checks: &'static [CheckSpec],
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
    /// The user's ARN.
    User,
    /// The ARN of the federated user that is to be.
    FederatedUser,
    /// The managed policy's ARN.
    Policy,
    /// The instance profile's ARN.
    InstanceProfile,
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
    /// When the object asked for does not exist, to tell 404 from 403.
    Missing,
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
    [s3::OPERATIONS, kms::OPERATIONS, iam::OPERATIONS, sts::OPERATIONS, ec2::OPERATIONS].into_iter().flatten()
}

/// A check that is always asked.
const fn always(action: &'static str, on: ResourceOf, lane: ResourceKind) -> CheckSpec {
    CheckSpec { action, on, lane, when: When::Always }
}

//! A call as the policies see it: the operation, the values of the resources and headers it names, and the facts that bear on it.

use super::ResourceOf;
use crate::{Context, Grant, NamedPolicy};

/// Tags, each a key and its value.
pub type Tags = Vec<(String, String)>;

/// Everything that bears on one call, as far as it is known.
#[derive(Clone, Debug, Default)]
pub struct Bearings {
    /// The caller's identity policies.
    pub identity: Vec<NamedPolicy>,
    /// Its permissions boundary.
    pub boundaries: Vec<NamedPolicy>,
    /// The condition keys that say who it is, tags and all. Sessions that the console opens carry no tags of their own.
    pub caller: Context,
    /// The bucket policy.
    pub bucket_policy: Option<NamedPolicy>,
    /// Whether there is no such bucket.
    pub bucket_absent: bool,
    /// The key ARN of the bucket's default encryption.
    pub bucket_default_key: Option<String>,
    /// The object that is read.
    pub object: Option<ObjectFacts>,
    /// The object that is copied.
    pub source: Option<ObjectFacts>,
    /// The key that is used.
    pub key: Option<KeyFacts>,
    /// The trust policy of the role that is assumed.
    pub trust_policy: Option<NamedPolicy>,
    /// The tags of the role that is assumed, changed or passed.
    pub role_tags: Tags,
    /// What could not be read, as the end of a sentence that begins "could not read".
    pub unseen: Vec<String>,
}

/// An object as an administrator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ObjectFacts {
    /// It is not there.
    Missing,
    /// It is there; with the ARN of its key if it is under SSE-KMS.
    Present {
        /// Key ARN.
        key: Option<String>,
        /// Its tags.
        tags: Tags,
    },
}

/// A KMS key.
#[derive(Clone, Debug)]
pub struct KeyFacts {
    /// Its ARN.
    pub arn: String,
    /// Its key policy, if that could be read.
    pub policy: Option<NamedPolicy>,
    /// Its grants.
    pub grants: Vec<Grant>,
    /// Its tags.
    pub tags: Tags,
}

/// One API call that is about to be made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// `s3`, `kms`, `iam`, `sts` or `ec2`.
    pub service: &'static str,
    /// API operation, for example `PutObject`.
    pub operation: &'static str,
    /// Bucket name.
    pub bucket: Option<String>,
    /// Object key.
    pub object: Option<String>,
    /// The object copied from, in the same bucket.
    pub source: Option<String>,
    /// The header `x-amz-server-side-encryption`.
    pub sse: Option<String>,
    /// The header `x-amz-server-side-encryption-aws-kms-key-id`, as given.
    pub sse_key: Option<String>,
    /// Key of a KMS call, as given.
    pub key: Option<String>,
    /// Alias of a KMS call, with `alias/`.
    pub alias: Option<String>,
    /// ARN of the role that is made, changed, assumed or passed.
    pub role: Option<String>,
    /// ARN of the managed policy that is made or changed.
    pub policy: Option<String>,
    /// ARN of the instance profile.
    pub profile: Option<String>,
    /// The role that was taken off the key's users in this lab, if it still is: what changed when it can no longer use the
    /// key.
    pub removed_key_user: Option<String>,
}

impl Question {
    /// A question about an operation, without resources yet.
    pub fn new(service: &'static str, operation: &'static str) -> Self {
        Self { service, operation, ..Self::default() }
    }

    /// About a bucket.
    #[must_use]
    pub fn bucket(mut self, bucket: &str) -> Self {
        self.bucket = Some(bucket.into());
        self
    }

    /// About an object.
    #[must_use]
    pub fn object(mut self, bucket: &str, key: &str) -> Self {
        self.object = Some(key.into());
        self.bucket(bucket)
    }

    /// About a KMS key.
    #[must_use]
    pub fn key(mut self, key: &str) -> Self {
        self.key = Some(key.into());
        self
    }

    /// About a role.
    #[must_use]
    pub fn role(mut self, arn: &str) -> Self {
        self.role = Some(arn.into());
        self
    }

    /// About a managed policy.
    #[must_use]
    pub fn policy(mut self, arn: &str) -> Self {
        self.policy = Some(arn.into());
        self
    }

    /// About an instance profile.
    #[must_use]
    pub fn profile(mut self, arn: &str) -> Self {
        self.profile = Some(arn.into());
        self
    }

    /// The ARN of the object, if the call names one.
    pub fn object_arn(&self) -> Option<String> {
        Some(format!("arn:aws:s3:::{}/{}", self.bucket.as_ref()?, self.object.as_ref()?))
    }

    /// Whether the call writes an object and so fills S3's encryption condition keys.
    pub fn writes_object(&self) -> bool {
        self.service == "s3" && matches!(self.operation, "PutObject" | "CopyObject")
    }

    /// Whether the call reads an object, so that its absence and its encryption matter.
    pub fn reads_object(&self) -> bool {
        self.service == "s3" && matches!(self.operation, "GetObject" | "HeadObject")
    }

    /// The ARN of a check's resource; `key` is the key's ARN where one is known. `None` when the call names none, so the
    /// check does not arise.
    pub fn resource(&self, on: ResourceOf, key: Option<&str>, region: &str, account: &str) -> Option<String> {
        match on {
            ResourceOf::NewInstance => Some(format!("arn:aws:ec2:{region}:{account}:instance/*")),
            ResourceOf::Any => Some("*".into()),
            ResourceOf::Bucket => self.bucket.as_ref().map(|bucket| format!("arn:aws:s3:::{bucket}")),
            ResourceOf::Object => self.object_arn(),
            ResourceOf::Key => key.map(Into::into),
            ResourceOf::Alias => {
                self.alias.as_ref().map(|alias| format!("arn:aws:kms:{region}:{account}:{alias}"))
            }
            ResourceOf::Role | ResourceOf::Identity => self.role.clone(),
            ResourceOf::Policy => self.policy.clone(),
            ResourceOf::InstanceProfile => self.profile.clone(),
            ResourceOf::SourceObject => {
                Some(format!("arn:aws:s3:::{}/{}", self.bucket.as_ref()?, self.source.as_ref()?))
            }
            ResourceOf::SourceKey => key.map(Into::into),
            ResourceOf::User
            | ResourceOf::Group
            | ResourceOf::IdentityOrPolicy
            | ResourceOf::MfaDevice
            | ResourceOf::FederatedUser
            | ResourceOf::Instance => None,
        }
    }
}

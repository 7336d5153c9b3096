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
    /// The condition keys that say from where the request comes. S3 does not hand them on to KMS.
    pub network: Context,
    /// The bucket policy.
    pub bucket_policy: Option<NamedPolicy>,
    /// Whether there is no such bucket.
    pub bucket_absent: bool,
    /// The key ARN of the bucket's default encryption.
    pub bucket_default_key: Option<String>,
    /// Whether the bucket's default encryption has S3 use a Bucket Key.
    pub bucket_keys: bool,
    /// The object that is read.
    pub object: Option<ObjectFacts>,
    /// The key that is used.
    pub key: Option<KeyFacts>,
    /// The policy of the bucket that a copy reads from.
    pub source_policy: Option<NamedPolicy>,
    /// The object that a copy reads.
    pub source: Option<ObjectFacts>,
    /// The key of the object that a copy reads.
    pub source_key: Option<KeyFacts>,
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
        /// Whether it is under an S3 Bucket Key.
        bucket_key: bool,
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
    /// The condition keys that tell of it, with their values: its kind, its aliases, its tags.
    pub context: Vec<(String, Vec<String>)>,
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
    /// The header `x-amz-server-side-encryption`.
    pub sse: Option<String>,
    /// The header `x-amz-server-side-encryption-aws-kms-key-id`, as given.
    pub sse_key: Option<String>,
    /// The header `x-amz-server-side-encryption-bucket-key-enabled`.
    pub bucket_key: Option<bool>,
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
    /// ARN of the instance that is changed.
    pub instance: Option<String>,
    /// ARN of the user that is changed.
    pub user: Option<String>,
    /// Bucket and key that a copy reads.
    pub source: Option<(String, String)>,
    /// Condition keys that the request fills, beside those of encryption.
    pub carried: Vec<(String, Vec<String>)>,
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

    /// About an instance.
    #[must_use]
    pub fn instance(mut self, arn: &str) -> Self {
        self.instance = Some(arn.into());
        self
    }

    /// About a user.
    #[must_use]
    pub fn user(mut self, arn: &str) -> Self {
        self.user = Some(arn.into());
        self
    }

    /// Reading an object that is copied.
    #[must_use]
    pub fn source(mut self, bucket: &str, key: &str) -> Self {
        self.source = Some((bucket.into(), key.into()));
        self
    }

    /// Filling a condition key.
    #[must_use]
    pub fn carrying(mut self, key: impl Into<String>, values: impl IntoIterator<Item = String>) -> Self {
        self.carried.push((key.into(), values.into_iter().collect()));
        self
    }

    /// The ARN of the object that is copied.
    pub fn source_arn(&self) -> Option<String> {
        self.source.as_ref().map(|(bucket, key)| format!("arn:aws:s3:::{bucket}/{key}"))
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

    /// The ARN of a check's resource; `key` is the ARN of the key that it is about, where one is known. `None` when the call
    /// names none, so the check does not arise.
    pub fn resource(&self, on: ResourceOf, key: Option<&str>, region: &str, account: &str) -> Option<String> {
        match on {
            ResourceOf::NewInstance => Some(format!("arn:aws:ec2:{region}:{account}:instance/*")),
            ResourceOf::Any => Some("*".into()),
            ResourceOf::Bucket => self.bucket.as_ref().map(|bucket| format!("arn:aws:s3:::{bucket}")),
            ResourceOf::Object => self.object_arn(),
            ResourceOf::Key | ResourceOf::SourceKey => key.map(Into::into),
            ResourceOf::SourceObject => self.source_arn(),
            ResourceOf::User => self.user.clone(),
            ResourceOf::Alias => {
                self.alias.as_ref().map(|alias| format!("arn:aws:kms:{region}:{account}:{alias}"))
            }
            ResourceOf::Role | ResourceOf::Identity => self.role.clone(),
            ResourceOf::Policy => self.policy.clone(),
            ResourceOf::InstanceProfile => self.profile.clone(),
            ResourceOf::Instance => self.instance.clone(),
            ResourceOf::Group
            | ResourceOf::IdentityOrPolicy
            | ResourceOf::MfaDevice
            | ResourceOf::FederatedUser => None,
        }
    }
}

//! What CloudTrail says of an operation: its name there, whether it changes anything, whether it is about data, and the types
//! of its resources.

use super::{CheckSpec, Operation, ResourceOf};

/// How the names of operations begin that only read. In the Service Authorization Reference these are the operations whose
/// access level is Read or List; where CloudTrail differs, the operation's row says so.
const READING: [&str; 6] = ["Get", "List", "Head", "Describe", "Lookup", "Simulate"];

impl Operation {
    /// An operation of which CloudTrail says what its name says: reading, or not.
    pub(super) const fn new(service: &'static str, name: &'static str, checks: &'static [CheckSpec]) -> Self {
        let mut read_only = false;
        let mut place = 0;
        while place < READING.len() {
            read_only |= starts_with(name, READING[place]);
            place += 1;
        }
        Self { service, name, checks, read_only, data_event: false }
    }

    /// The same as one that CloudTrail calls read-only.
    pub(super) const fn read_only(self) -> Self {
        Self { read_only: true, ..self }
    }

    /// The same as one that CloudTrail calls no read.
    pub(super) const fn writing(self) -> Self {
        Self { read_only: false, ..self }
    }

    /// The same as one that is about data.
    pub(super) const fn on_data(self) -> Self {
        Self { data_event: true, ..self }
    }

    /// Whether one of its checks is on an object.
    pub(super) const fn asks_on_objects(&self) -> bool {
        let mut place = 0;
        while place < self.checks.len() {
            if matches!(self.checks[place].on, ResourceOf::Object | ResourceOf::SourceObject) {
                return true;
            }
            place += 1;
        }
        false
    }

    /// Its name in CloudTrail's events (S3 User Guide, `cloudtrail-logging-s3-info`).
    ///
    /// ```
    /// let operation = policy::call::operation("s3", "ListObjectsV2").expect("in the table");
    /// assert_eq!(operation.event_name(), "ListObjects");
    /// ```
    pub fn event_name(&self) -> &'static str {
        match (self.service, self.name) {
            ("s3", "ListObjectsV2") => "ListObjects",
            ("s3", "GetPublicAccessBlock") => "GetBucketPublicAccessBlock",
            ("s3", "PutPublicAccessBlock") => "PutBucketPublicAccessBlock",
            ("s3", "DeletePublicAccessBlock") => "DeleteBucketPublicAccessBlock",
            ("s3", "GetBucketLifecycleConfiguration") => "GetBucketLifecycle",
            ("s3", "PutBucketLifecycleConfiguration") => "PutBucketLifecycle",
            (_, name) => name,
        }
    }
}

impl ResourceOf {
    /// The type that CloudTrail gives resources of this kind; `None` where there is no resource, or one of any of several kinds.
    pub const fn event_type(self) -> Option<&'static str> {
        Some(match self {
            Self::Any | Self::Identity | Self::IdentityOrPolicy | Self::FederatedUser | Self::NewInstance => {
                return None;
            }
            Self::Bucket => "AWS::S3::Bucket",
            Self::Object | Self::SourceObject => "AWS::S3::Object",
            // An alias goes by the type of its key (KMS Developer Guide, `ct-createalias`).
            Self::Key | Self::SourceKey | Self::Alias => "AWS::KMS::Key",
            Self::Role => "AWS::IAM::Role",
            Self::User => "AWS::IAM::User",
            Self::Group => "AWS::IAM::Group",
            Self::Policy => "AWS::IAM::Policy",
            Self::InstanceProfile => "AWS::IAM::InstanceProfile",
            Self::MfaDevice => "AWS::IAM::VirtualMFADevice",
            Self::Instance => "AWS::EC2::Instance",
        })
    }
}

const fn starts_with(text: &str, start: &str) -> bool {
    let (text, start) = (text.as_bytes(), start.as_bytes());
    let mut place = 0;
    while place < start.len() {
        if place >= text.len() || text[place] != start[place] {
            return false;
        }
        place += 1;
    }
    true
}

//! S3, with the KMS permissions it needs on the caller when an object is under a KMS key (`aws-semantics.md` §3).

use super::ResourceOf::{Any, Bucket, Key, Object, SourceKey, SourceObject};
use super::{CheckSpec, Operation, ResourceOf, When, always};
use crate::request::ResourceKind::{KmsKey, S3Bucket};

/// What a listing fills of what it is asked for.
const LISTING: &[&str] = &["s3:prefix", "s3:delimiter", "s3:max-keys"];
/// The tags of an object that is there.
const THERE: &[&str] = &["s3:ExistingObjectTag/"];
/// The same, and by which version it was named.
const VERSION: &[&str] = &["s3:ExistingObjectTag/", "s3:VersionId"];

/// The keys of what sets an access control list, and more.
macro_rules! acl_and {
    ($($more:literal),* $(,)?) => {
        &[
            "s3:x-amz-acl",
            "s3:x-amz-grant-full-control",
            "s3:x-amz-grant-read",
            "s3:x-amz-grant-read-acp",
            "s3:x-amz-grant-write",
            "s3:x-amz-grant-write-acp",
            $($more),*
        ]
    };
}

/// What a write says in its headers (`aws-semantics.md` §3, table "How the condition keys are filled").
const WRITE: &[&str] = acl_and![
    "s3:x-amz-server-side-encryption",
    "s3:x-amz-server-side-encryption-aws-kms-key-id",
    "s3:x-amz-server-side-encryption-customer-algorithm",
    "s3:x-amz-storage-class",
    "s3:x-amz-website-redirect-location",
    "s3:if-match",
    "s3:if-none-match",
    "s3:ObjectCreationOperation",
    "s3:RequestObjectTagKeys",
    "s3:RequestObjectTag/",
    "s3:x-amz-copy-source",
    "s3:x-amz-metadata-directive",
];
const ACL: &[&str] = acl_and![];
const NEW_BUCKET: &[&str] = acl_and!["s3:LocationConstraint", "s3:x-amz-object-ownership"];
const WRITE_ACL: &[&str] = acl_and!["s3:x-amz-storage-class", "s3:ExistingObjectTag/"];
const WRITE_ACL_OF_VERSION: &[&str] =
    acl_and!["s3:x-amz-storage-class", "s3:ExistingObjectTag/", "s3:VersionId"];
/// The tags that a request brings, to an object that may have some.
const TAGS: &[&str] = &["s3:ExistingObjectTag/", "s3:RequestObjectTagKeys", "s3:RequestObjectTag/"];
const TAGS_OF_VERSION: &[&str] =
    &["s3:ExistingObjectTag/", "s3:VersionId", "s3:RequestObjectTagKeys", "s3:RequestObjectTag/"];
/// What S3 tells KMS of the object.
const CONTEXT: &[&str] = &["kms:EncryptionAlgorithm", "kms:EncryptionContext:", "kms:EncryptionContextKeys"];

pub(super) const OPERATIONS: &[Operation] = &[
    s3("ListBuckets", &[always("s3:ListAllMyBuckets", Any, S3Bucket)]),
    s3("CreateBucket", &[always("s3:CreateBucket", Bucket, S3Bucket).filling(NEW_BUCKET)]),
    s3("DeleteBucket", &[always("s3:DeleteBucket", Bucket, S3Bucket)]),
    s3("HeadBucket", &[always("s3:ListBucket", Bucket, S3Bucket)]).on_data(),
    s3("ListObjects", &[always("s3:ListBucket", Bucket, S3Bucket).filling(LISTING)]).on_data(),
    s3("ListObjectsV2", &[always("s3:ListBucket", Bucket, S3Bucket).filling(LISTING)]).on_data(),
    s3("ListObjectVersions", &[always("s3:ListBucketVersions", Bucket, S3Bucket).filling(LISTING)]).on_data(),
    s3("ListMultipartUploads", &[always("s3:ListBucketMultipartUploads", Bucket, S3Bucket)]),
    s3("GetBucketLocation", &[always("s3:GetBucketLocation", Bucket, S3Bucket)]),
    s3("GetBucketPolicy", &[always("s3:GetBucketPolicy", Bucket, S3Bucket)]),
    s3("PutBucketPolicy", &[always("s3:PutBucketPolicy", Bucket, S3Bucket)]),
    s3("DeleteBucketPolicy", &[always("s3:DeleteBucketPolicy", Bucket, S3Bucket)]),
    s3("GetBucketPolicyStatus", &[always("s3:GetBucketPolicyStatus", Bucket, S3Bucket)]),
    s3("GetBucketEncryption", &[always("s3:GetEncryptionConfiguration", Bucket, S3Bucket)]),
    s3("PutBucketEncryption", &[always("s3:PutEncryptionConfiguration", Bucket, S3Bucket)]),
    s3("DeleteBucketEncryption", &[always("s3:PutEncryptionConfiguration", Bucket, S3Bucket)]),
    s3("GetPublicAccessBlock", &[always("s3:GetBucketPublicAccessBlock", Bucket, S3Bucket)]),
    s3("PutPublicAccessBlock", &[always("s3:PutBucketPublicAccessBlock", Bucket, S3Bucket)]),
    s3("DeletePublicAccessBlock", &[always("s3:PutBucketPublicAccessBlock", Bucket, S3Bucket)]),
    s3("GetBucketOwnershipControls", &[always("s3:GetBucketOwnershipControls", Bucket, S3Bucket)]),
    s3("PutBucketOwnershipControls", &[always("s3:PutBucketOwnershipControls", Bucket, S3Bucket)]),
    s3("DeleteBucketOwnershipControls", &[always("s3:PutBucketOwnershipControls", Bucket, S3Bucket)]),
    s3("GetBucketVersioning", &[always("s3:GetBucketVersioning", Bucket, S3Bucket)]),
    s3("PutBucketVersioning", &[always("s3:PutBucketVersioning", Bucket, S3Bucket)]),
    s3("GetBucketTagging", &[always("s3:GetBucketTagging", Bucket, S3Bucket)]),
    s3("PutBucketTagging", &[always("s3:PutBucketTagging", Bucket, S3Bucket)]),
    s3("DeleteBucketTagging", &[always("s3:PutBucketTagging", Bucket, S3Bucket)]),
    s3("GetBucketAcl", &[always("s3:GetBucketAcl", Bucket, S3Bucket)]),
    s3("PutBucketAcl", &[always("s3:PutBucketAcl", Bucket, S3Bucket).filling(ACL)]),
    s3("GetBucketLifecycleConfiguration", &[always("s3:GetLifecycleConfiguration", Bucket, S3Bucket)]),
    s3("PutBucketLifecycleConfiguration", &[always("s3:PutLifecycleConfiguration", Bucket, S3Bucket)]),
    s3("DeleteBucketLifecycle", &[always("s3:PutLifecycleConfiguration", Bucket, S3Bucket)]),
    s3("GetBucketAccelerateConfiguration", &[always("s3:GetAccelerateConfiguration", Bucket, S3Bucket)]),
    s3("GetBucketCors", &[always("s3:GetBucketCORS", Bucket, S3Bucket)]),
    s3("GetBucketLogging", &[always("s3:GetBucketLogging", Bucket, S3Bucket)]),
    s3("GetBucketNotificationConfiguration", &[always("s3:GetBucketNotification", Bucket, S3Bucket)]),
    s3("GetBucketReplication", &[always("s3:GetReplicationConfiguration", Bucket, S3Bucket)]),
    s3("GetBucketRequestPayment", &[always("s3:GetBucketRequestPayment", Bucket, S3Bucket)]),
    s3("GetBucketWebsite", &[always("s3:GetBucketWebsite", Bucket, S3Bucket)]),
    s3("GetObjectLockConfiguration", &[always("s3:GetBucketObjectLockConfiguration", Bucket, S3Bucket)]),
    s3(
        "GetObject",
        &[
            there("s3:GetObject", Object, When::Unversioned),
            there("s3:GetObjectVersion", Object, When::Versioned),
            when("s3:ListBucket", Bucket, When::Missing),
            there("s3:GetObjectTagging", Object, When::Tagged),
            there("s3:GetObjectVersionTagging", Object, When::TaggedVersion),
            on_key("kms:Decrypt", Key, When::SseKms),
        ],
    ),
    s3(
        "HeadObject",
        &[
            there("s3:GetObject", Object, When::Unversioned),
            there("s3:GetObjectVersion", Object, When::Versioned),
            when("s3:ListBucket", Bucket, When::Missing),
            there("s3:GetObjectTagging", Object, When::Tagged),
            there("s3:GetObjectVersionTagging", Object, When::TaggedVersion),
            on_key("kms:GenerateDataKey", Key, When::ChecksumOfSseKms),
            on_key("kms:Decrypt", Key, When::ChecksumOfSseKms),
        ],
    ),
    s3(
        "PutObject",
        &[
            write("s3:PutObject", When::Always),
            write("s3:PutObjectAcl", When::SetsAcl).filling(WRITE_ACL),
            write("s3:PutObjectTagging", When::SetsTags).filling(TAGS),
            on_key("kms:GenerateDataKey", Key, When::SseKms),
        ],
    ),
    s3(
        "CopyObject",
        &[
            there("s3:GetObject", SourceObject, When::SourceUnversioned),
            there("s3:GetObjectVersion", SourceObject, When::SourceVersioned),
            when("s3:ListBucket", Bucket, When::Missing),
            write("s3:PutObject", When::Always),
            write("s3:PutObjectAcl", When::SetsAcl).filling(WRITE_ACL),
            write("s3:PutObjectTagging", When::SetsTags).filling(TAGS),
            on_key("kms:Decrypt", SourceKey, When::SourceKms),
            on_key("kms:GenerateDataKey", Key, When::SseKms),
        ],
    ),
    s3(
        "DeleteObject",
        &[
            when("s3:DeleteObject", Object, When::Unversioned).filling(&["s3:if-match"]),
            when("s3:DeleteObjectVersion", Object, When::Versioned).filling(&["s3:VersionId"]),
        ],
    ),
    // Asked once for every object named; each answers for itself.
    s3(
        "DeleteObjects",
        &[
            when("s3:DeleteObject", Object, When::Unversioned).filling(&["s3:if-match"]),
            when("s3:DeleteObjectVersion", Object, When::Versioned).filling(&["s3:VersionId"]),
        ],
    ),
    s3(
        "CreateMultipartUpload",
        &[
            write("s3:PutObject", When::Always),
            write("s3:PutObjectAcl", When::SetsAcl).filling(WRITE_ACL),
            write("s3:PutObjectTagging", When::SetsTags).filling(TAGS),
            on_key("kms:GenerateDataKey", Key, When::SseKms),
        ],
    ),
    s3("UploadPart", &[write("s3:PutObject", When::Always), on_key("kms:Decrypt", Key, When::SseKms)]),
    s3(
        "UploadPartCopy",
        &[
            there("s3:GetObject", SourceObject, When::SourceUnversioned),
            there("s3:GetObjectVersion", SourceObject, When::SourceVersioned),
            when("s3:ListBucket", Bucket, When::Missing),
            write("s3:PutObject", When::Always),
            on_key("kms:Decrypt", SourceKey, When::SourceKms),
            on_key("kms:Decrypt", Key, When::SseKms),
        ],
    ),
    s3("CompleteMultipartUpload", &[write("s3:PutObject", When::Always)]),
    s3("AbortMultipartUpload", &[always("s3:AbortMultipartUpload", Object, S3Bucket)]),
    s3("ListParts", &[always("s3:ListMultipartUploadParts", Object, S3Bucket)]),
    s3(
        "GetObjectAcl",
        &[
            there("s3:GetObjectAcl", Object, When::Unversioned),
            there("s3:GetObjectVersionAcl", Object, When::Versioned),
            when("s3:ListBucket", Bucket, When::Missing),
        ],
    ),
    s3(
        "PutObjectAcl",
        &[
            when("s3:PutObjectAcl", Object, When::Unversioned).filling(WRITE_ACL),
            when("s3:PutObjectVersionAcl", Object, When::Versioned).filling(WRITE_ACL_OF_VERSION),
            when("s3:ListBucket", Bucket, When::Missing),
        ],
    ),
    s3(
        "GetObjectTagging",
        &[
            there("s3:GetObjectTagging", Object, When::Unversioned),
            there("s3:GetObjectVersionTagging", Object, When::Versioned),
            when("s3:ListBucket", Bucket, When::Missing),
        ],
    ),
    s3(
        "PutObjectTagging",
        &[
            there("s3:PutObjectTagging", Object, When::Unversioned).filling(TAGS),
            there("s3:PutObjectVersionTagging", Object, When::Versioned).filling(TAGS_OF_VERSION),
            when("s3:ListBucket", Bucket, When::Missing),
        ],
    ),
    s3(
        "DeleteObjectTagging",
        &[
            there("s3:DeleteObjectTagging", Object, When::Unversioned),
            there("s3:DeleteObjectVersionTagging", Object, When::Versioned),
            when("s3:ListBucket", Bucket, When::Missing),
        ],
    ),
    s3(
        "GetObjectAttributes",
        &[
            there("s3:GetObject", Object, When::Unversioned),
            there("s3:GetObjectAttributes", Object, When::Unversioned),
            there("s3:GetObjectVersion", Object, When::Versioned),
            there("s3:GetObjectVersionAttributes", Object, When::Versioned),
            when("s3:ListBucket", Bucket, When::Missing),
            on_key("kms:Decrypt", Key, When::SseKms),
        ],
    ),
];

/// What is asked on an object is a data event; of what is asked on a bucket, its row says so (S3 User Guide,
/// `cloudtrail-logging-s3-info`).
const fn s3(name: &'static str, checks: &'static [CheckSpec]) -> Operation {
    let operation = Operation::new("s3", name, checks);
    if operation.asks_on_objects() { operation.on_data() } else { operation }
}

const fn when(action: &'static str, on: ResourceOf, when: When) -> CheckSpec {
    CheckSpec { action, on, lane: S3Bucket, when, keys: &[] }
}

/// On an object that may be there, or on a version of it.
const fn there(action: &'static str, on: ResourceOf, when: When) -> CheckSpec {
    let keys = if matches!(when, When::Versioned | When::SourceVersioned | When::TaggedVersion) {
        VERSION
    } else {
        THERE
    };
    CheckSpec { action, on, lane: S3Bucket, when, keys }
}

/// On an object that is to be written.
const fn write(action: &'static str, when: When) -> CheckSpec {
    CheckSpec { action, on: Object, lane: S3Bucket, when, keys: WRITE }
}

const fn on_key(action: &'static str, on: ResourceOf, when: When) -> CheckSpec {
    CheckSpec { action, on, lane: KmsKey, when, keys: CONTEXT }
}

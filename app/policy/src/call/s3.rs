//! S3, with the KMS permissions it needs on the caller when an object is under a KMS key (`aws-semantics.md` §3).

use super::ResourceOf::{Any, Bucket, Key, Object, SourceKey, SourceObject};
use super::{CheckSpec, Operation, ResourceOf, When, always};
use crate::request::ResourceKind::{KmsKey, S3Bucket};

pub(super) const OPERATIONS: &[Operation] = &[
    s3("ListBuckets", &[always("s3:ListAllMyBuckets", Any, S3Bucket)]),
    s3("CreateBucket", &[always("s3:CreateBucket", Bucket, S3Bucket)]),
    s3("DeleteBucket", &[always("s3:DeleteBucket", Bucket, S3Bucket)]),
    s3("HeadBucket", &[always("s3:ListBucket", Bucket, S3Bucket)]),
    s3("ListObjects", &[always("s3:ListBucket", Bucket, S3Bucket)]),
    s3("ListObjectsV2", &[always("s3:ListBucket", Bucket, S3Bucket)]),
    s3("ListObjectVersions", &[always("s3:ListBucketVersions", Bucket, S3Bucket)]),
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
    s3("PutBucketAcl", &[always("s3:PutBucketAcl", Bucket, S3Bucket)]),
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
            when("s3:GetObject", Object, When::Unversioned),
            when("s3:GetObjectVersion", Object, When::Versioned),
            when("s3:ListBucket", Bucket, When::Missing),
            on_key("kms:Decrypt", Key, When::SseKms),
        ],
    ),
    s3(
        "HeadObject",
        &[
            when("s3:GetObject", Object, When::Unversioned),
            when("s3:GetObjectVersion", Object, When::Versioned),
            when("s3:ListBucket", Bucket, When::Missing),
            on_key("kms:GenerateDataKey", Key, When::ChecksumOfSseKms),
            on_key("kms:Decrypt", Key, When::ChecksumOfSseKms),
        ],
    ),
    s3(
        "PutObject",
        &[
            always("s3:PutObject", Object, S3Bucket),
            when("s3:PutObjectAcl", Object, When::SetsAcl),
            when("s3:PutObjectTagging", Object, When::SetsTags),
            on_key("kms:GenerateDataKey", Key, When::SseKms),
        ],
    ),
    s3(
        "CopyObject",
        &[
            when("s3:GetObject", SourceObject, When::SourceUnversioned),
            when("s3:GetObjectVersion", SourceObject, When::SourceVersioned),
            always("s3:PutObject", Object, S3Bucket),
            when("s3:PutObjectAcl", Object, When::SetsAcl),
            when("s3:PutObjectTagging", Object, When::SetsTags),
            on_key("kms:Decrypt", SourceKey, When::SourceKms),
            on_key("kms:GenerateDataKey", Key, When::SseKms),
        ],
    ),
    s3(
        "DeleteObject",
        &[
            when("s3:DeleteObject", Object, When::Unversioned),
            when("s3:DeleteObjectVersion", Object, When::Versioned),
        ],
    ),
    // Asked once for every object named; each answers for itself.
    s3(
        "DeleteObjects",
        &[
            when("s3:DeleteObject", Object, When::Unversioned),
            when("s3:DeleteObjectVersion", Object, When::Versioned),
        ],
    ),
    s3(
        "CreateMultipartUpload",
        &[
            always("s3:PutObject", Object, S3Bucket),
            when("s3:PutObjectAcl", Object, When::SetsAcl),
            when("s3:PutObjectTagging", Object, When::SetsTags),
            on_key("kms:GenerateDataKey", Key, When::SseKms),
        ],
    ),
    s3("UploadPart", &[always("s3:PutObject", Object, S3Bucket), on_key("kms:Decrypt", Key, When::SseKms)]),
    s3(
        "UploadPartCopy",
        &[
            when("s3:GetObject", SourceObject, When::SourceUnversioned),
            when("s3:GetObjectVersion", SourceObject, When::SourceVersioned),
            always("s3:PutObject", Object, S3Bucket),
            on_key("kms:Decrypt", SourceKey, When::SourceKms),
            on_key("kms:Decrypt", Key, When::SseKms),
        ],
    ),
    s3("CompleteMultipartUpload", &[always("s3:PutObject", Object, S3Bucket)]),
    s3("AbortMultipartUpload", &[always("s3:AbortMultipartUpload", Object, S3Bucket)]),
    s3("ListParts", &[always("s3:ListMultipartUploadParts", Object, S3Bucket)]),
    s3(
        "GetObjectAcl",
        &[
            when("s3:GetObjectAcl", Object, When::Unversioned),
            when("s3:GetObjectVersionAcl", Object, When::Versioned),
        ],
    ),
    s3(
        "PutObjectAcl",
        &[
            when("s3:PutObjectAcl", Object, When::Unversioned),
            when("s3:PutObjectVersionAcl", Object, When::Versioned),
        ],
    ),
    s3(
        "GetObjectTagging",
        &[
            when("s3:GetObjectTagging", Object, When::Unversioned),
            when("s3:GetObjectVersionTagging", Object, When::Versioned),
        ],
    ),
    s3(
        "PutObjectTagging",
        &[
            when("s3:PutObjectTagging", Object, When::Unversioned),
            when("s3:PutObjectVersionTagging", Object, When::Versioned),
        ],
    ),
    s3(
        "DeleteObjectTagging",
        &[
            when("s3:DeleteObjectTagging", Object, When::Unversioned),
            when("s3:DeleteObjectVersionTagging", Object, When::Versioned),
        ],
    ),
    s3(
        "GetObjectAttributes",
        &[
            when("s3:GetObject", Object, When::Unversioned),
            when("s3:GetObjectAttributes", Object, When::Unversioned),
            when("s3:GetObjectVersion", Object, When::Versioned),
            when("s3:GetObjectVersionAttributes", Object, When::Versioned),
            on_key("kms:Decrypt", Key, When::SseKms),
        ],
    ),
];

const fn s3(name: &'static str, checks: &'static [CheckSpec]) -> Operation {
    Operation { service: "s3", name, checks }
}

const fn when(action: &'static str, on: ResourceOf, when: When) -> CheckSpec {
    CheckSpec { action, on, lane: S3Bucket, when }
}

const fn on_key(action: &'static str, on: ResourceOf, when: When) -> CheckSpec {
    CheckSpec { action, on, lane: KmsKey, when }
}

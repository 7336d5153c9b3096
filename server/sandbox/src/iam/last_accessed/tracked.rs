//! Which actions IAM tells the last access of (IAM User Guide, `access_policies_last-accessed-action-last-accessed`): of the
//! services that are here, and of S3 and EC2 as far as buckets and instances go.

/// Whether the last access of this action is told.
pub(super) fn is_tracked(namespace: &str, action: &str) -> bool {
    match namespace {
        "iam" => {
            let about_tags = action.starts_with("Tag")
                || action.starts_with("Untag")
                || (action.starts_with("List") && action.ends_with("Tags"));
            !about_tags && !action.contains("Delegation") && !NOT_OF_IAM.contains(&action)
        }
        "kms" => !NOT_OF_KMS.contains(&action),
        "s3" => OF_S3.contains(&action),
        "ec2" => OF_EC2.contains(&action),
        _ => false,
    }
}

const NOT_OF_IAM: [&str; 3] = ["PassRole", "GetHumanReadableSummary", "GetRoleTemplateVersion"];

const NOT_OF_KMS: [&str; 7] = [
    "ListResourceTags",
    "PutKeyPolicy",
    "ReEncryptFrom",
    "ReEncryptTo",
    "SynchronizeMultiRegionKey",
    "TagResource",
    "UntagResource",
];

const OF_S3: [&str; 40] = [
    "CreateBucket",
    "DeleteBucket",
    "DeleteBucketPolicy",
    "DeleteBucketWebsite",
    "GetAccelerateConfiguration",
    "GetAccountPublicAccessBlock",
    "GetBucketAcl",
    "GetBucketCORS",
    "GetBucketLocation",
    "GetBucketLogging",
    "GetBucketNotification",
    "GetBucketObjectLockConfiguration",
    "GetBucketOwnershipControls",
    "GetBucketPolicy",
    "GetBucketPolicyStatus",
    "GetBucketPublicAccessBlock",
    "GetBucketRequestPayment",
    "GetBucketVersioning",
    "GetBucketWebsite",
    "GetEncryptionConfiguration",
    "GetLifecycleConfiguration",
    "GetReplicationConfiguration",
    "ListAllMyBuckets",
    "ListBucketMultipartUploads",
    "PutAccelerateConfiguration",
    "PutAccountPublicAccessBlock",
    "PutBucketAcl",
    "PutBucketCORS",
    "PutBucketLogging",
    "PutBucketNotification",
    "PutBucketObjectLockConfiguration",
    "PutBucketOwnershipControls",
    "PutBucketPolicy",
    "PutBucketPublicAccessBlock",
    "PutBucketRequestPayment",
    "PutBucketVersioning",
    "PutBucketWebsite",
    "PutEncryptionConfiguration",
    "PutLifecycleConfiguration",
    "PutReplicationConfiguration",
];

const OF_EC2: [&str; 5] = [
    "AssociateIamInstanceProfile",
    "DisassociateIamInstanceProfile",
    "ReplaceIamInstanceProfileAssociation",
    "RunInstances",
    "TerminateInstances",
];

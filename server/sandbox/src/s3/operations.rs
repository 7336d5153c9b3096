//! The operations that S3 has here, by their names. What is not listed answers NotImplemented and names itself.

use std::sync::Arc;

use s3s::dto::*;
use s3s::{S3, S3Request, S3Response, S3Result};

use super::ask::Ask;
use super::{
    attributes, bucket_policy, bucket_settings, buckets, completion, copy, delete, get, list, parts, put,
    tags, unset, uploads, versions,
};
use crate::Aws;

/// S3 as `s3s` calls it.
#[derive(Clone, Debug)]
pub(super) struct Operations(Arc<Aws>);

impl Operations {
    pub(super) fn new(aws: &Arc<Aws>) -> Self {
        Self(Arc::clone(aws))
    }
}

/// One method an operation: who asks is taken from the request, the rest is the operation's own module.
macro_rules! operations {
    ($($name:ident: $input:ident -> $output:ident = $module:ident;)*) => {
        #[async_trait::async_trait]
        impl S3 for Operations {
            $(async fn $name(&self, request: S3Request<$input>) -> S3Result<S3Response<$output>> {
                let ask = Ask::of(&self.0, name_of(stringify!($input)), &request)?;
                $module::$name(&ask, request).await
            })*
        }

        /// All operations.
        pub(crate) fn names() -> Vec<&'static str> {
            vec![$(name_of(stringify!($input))),*]
        }
    };
}

/// Inputs are named after their operations.
fn name_of(input: &str) -> &str {
    input.strip_suffix("Input").unwrap_or(input)
}

operations! {
    create_bucket: CreateBucketInput -> CreateBucketOutput = buckets;
    head_bucket: HeadBucketInput -> HeadBucketOutput = buckets;
    delete_bucket: DeleteBucketInput -> DeleteBucketOutput = buckets;
    list_buckets: ListBucketsInput -> ListBucketsOutput = buckets;
    get_bucket_location: GetBucketLocationInput -> GetBucketLocationOutput = buckets;
    get_bucket_policy: GetBucketPolicyInput -> GetBucketPolicyOutput = bucket_policy;
    put_bucket_policy: PutBucketPolicyInput -> PutBucketPolicyOutput = bucket_policy;
    delete_bucket_policy: DeleteBucketPolicyInput -> DeleteBucketPolicyOutput = bucket_policy;
    get_bucket_policy_status: GetBucketPolicyStatusInput -> GetBucketPolicyStatusOutput = bucket_policy;
    get_bucket_encryption: GetBucketEncryptionInput -> GetBucketEncryptionOutput = bucket_settings;
    put_bucket_encryption: PutBucketEncryptionInput -> PutBucketEncryptionOutput = bucket_settings;
    delete_bucket_encryption: DeleteBucketEncryptionInput -> DeleteBucketEncryptionOutput = bucket_settings;
    get_public_access_block: GetPublicAccessBlockInput -> GetPublicAccessBlockOutput = bucket_settings;
    put_public_access_block: PutPublicAccessBlockInput -> PutPublicAccessBlockOutput = bucket_settings;
    delete_public_access_block: DeletePublicAccessBlockInput -> DeletePublicAccessBlockOutput = bucket_settings;
    put_object: PutObjectInput -> PutObjectOutput = put;
    get_object: GetObjectInput -> GetObjectOutput = get;
    head_object: HeadObjectInput -> HeadObjectOutput = get;
    copy_object: CopyObjectInput -> CopyObjectOutput = copy;
    delete_object: DeleteObjectInput -> DeleteObjectOutput = delete;
    delete_objects: DeleteObjectsInput -> DeleteObjectsOutput = delete;
    list_objects: ListObjectsInput -> ListObjectsOutput = list;
    list_objects_v2: ListObjectsV2Input -> ListObjectsV2Output = list;
    list_object_versions: ListObjectVersionsInput -> ListObjectVersionsOutput = versions;
    get_object_attributes: GetObjectAttributesInput -> GetObjectAttributesOutput = attributes;
    get_object_acl: GetObjectAclInput -> GetObjectAclOutput = attributes;
    get_bucket_acl: GetBucketAclInput -> GetBucketAclOutput = attributes;
    get_object_tagging: GetObjectTaggingInput -> GetObjectTaggingOutput = tags;
    put_object_tagging: PutObjectTaggingInput -> PutObjectTaggingOutput = tags;
    delete_object_tagging: DeleteObjectTaggingInput -> DeleteObjectTaggingOutput = tags;
    get_bucket_tagging: GetBucketTaggingInput -> GetBucketTaggingOutput = tags;
    put_bucket_tagging: PutBucketTaggingInput -> PutBucketTaggingOutput = tags;
    delete_bucket_tagging: DeleteBucketTaggingInput -> DeleteBucketTaggingOutput = tags;
    get_bucket_versioning: GetBucketVersioningInput -> GetBucketVersioningOutput = bucket_settings;
    put_bucket_versioning: PutBucketVersioningInput -> PutBucketVersioningOutput = bucket_settings;
    get_bucket_ownership_controls: GetBucketOwnershipControlsInput -> GetBucketOwnershipControlsOutput = bucket_settings;
    put_bucket_ownership_controls: PutBucketOwnershipControlsInput -> PutBucketOwnershipControlsOutput = bucket_settings;
    delete_bucket_ownership_controls: DeleteBucketOwnershipControlsInput -> DeleteBucketOwnershipControlsOutput = bucket_settings;
    create_multipart_upload: CreateMultipartUploadInput -> CreateMultipartUploadOutput = uploads;
    upload_part: UploadPartInput -> UploadPartOutput = parts;
    upload_part_copy: UploadPartCopyInput -> UploadPartCopyOutput = parts;
    complete_multipart_upload: CompleteMultipartUploadInput -> CompleteMultipartUploadOutput = completion;
    abort_multipart_upload: AbortMultipartUploadInput -> AbortMultipartUploadOutput = uploads;
    list_parts: ListPartsInput -> ListPartsOutput = uploads;
    list_multipart_uploads: ListMultipartUploadsInput -> ListMultipartUploadsOutput = uploads;
    put_bucket_acl: PutBucketAclInput -> PutBucketAclOutput = unset;
    put_object_acl: PutObjectAclInput -> PutObjectAclOutput = unset;
    get_bucket_accelerate_configuration: GetBucketAccelerateConfigurationInput -> GetBucketAccelerateConfigurationOutput = unset;
    get_bucket_cors: GetBucketCorsInput -> GetBucketCorsOutput = unset;
    get_bucket_lifecycle_configuration: GetBucketLifecycleConfigurationInput -> GetBucketLifecycleConfigurationOutput = unset;
    get_bucket_logging: GetBucketLoggingInput -> GetBucketLoggingOutput = unset;
    get_bucket_notification_configuration: GetBucketNotificationConfigurationInput -> GetBucketNotificationConfigurationOutput = unset;
    get_bucket_replication: GetBucketReplicationInput -> GetBucketReplicationOutput = unset;
    get_bucket_request_payment: GetBucketRequestPaymentInput -> GetBucketRequestPaymentOutput = unset;
    get_bucket_website: GetBucketWebsiteInput -> GetBucketWebsiteOutput = unset;
    get_object_lock_configuration: GetObjectLockConfigurationInput -> GetObjectLockConfigurationOutput = unset;
}

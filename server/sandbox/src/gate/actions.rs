//! The actions of the Service Authorization Reference that operations ask for, each as a type of its own.

use super::Action;

macro_rules! actions {
    ($($(#[$about:meta])* $service:ident { $($name:ident)* })*) => {
        $($(#[$about])* pub mod $service {
            $(
                #[doc = concat!("`", stringify!($service), ":", stringify!($name), "`")]
                #[derive(Debug)]
                pub struct $name;
                impl super::Action for $name {
                    const NAME: &'static str = concat!(stringify!($service), ":", stringify!($name));
                }
            )*
        })*

        /// Every action an operation can ask for.
        pub const ALL: &[&str] = &[$($(concat!(stringify!($service), ":", stringify!($name)),)*)*];
    };
}

actions! {
    /// Amazon S3.
    s3 {
        CreateBucket DeleteBucket ListAllMyBuckets ListBucket GetBucketLocation
        GetBucketPolicy PutBucketPolicy DeleteBucketPolicy GetBucketPolicyStatus
        GetEncryptionConfiguration PutEncryptionConfiguration
        GetBucketPublicAccessBlock PutBucketPublicAccessBlock
        GetObject GetObjectVersion PutObject PutObjectAcl DeleteObject DeleteObjectVersion ListBucketVersions
        ListBucketMultipartUploads ListMultipartUploadParts AbortMultipartUpload
        GetObjectAttributes GetObjectVersionAttributes GetObjectAcl GetObjectVersionAcl
        GetObjectTagging PutObjectTagging DeleteObjectTagging
        GetObjectVersionTagging PutObjectVersionTagging DeleteObjectVersionTagging
        GetBucketTagging PutBucketTagging GetBucketVersioning PutBucketVersioning GetBucketAcl
        GetBucketOwnershipControls PutBucketOwnershipControls PutBucketAcl PutObjectVersionAcl
        GetAccelerateConfiguration GetBucketCORS GetLifecycleConfiguration GetBucketLogging GetBucketNotification
        GetReplicationConfiguration GetBucketRequestPayment GetBucketWebsite GetBucketObjectLockConfiguration
    }
    /// AWS KMS.
    kms {
        CreateKey DescribeKey ListKeys CreateAlias DeleteAlias ListAliases GetKeyPolicy PutKeyPolicy ListKeyPolicies
        EnableKey DisableKey ScheduleKeyDeletion CancelKeyDeletion TagResource UntagResource ListResourceTags
        UpdateAlias UpdateKeyDescription EnableKeyRotation DisableKeyRotation GetKeyRotationStatus
        RotateKeyOnDemand ListKeyRotations GetKeyLastUsage
        GenerateDataKeyPair GenerateDataKeyPairWithoutPlaintext ListRetirableGrants
        Encrypt Decrypt GenerateDataKey GenerateDataKeyWithoutPlaintext ReEncryptFrom ReEncryptTo GenerateRandom
        CreateGrant ListGrants RevokeGrant RetireGrant
    }
    /// AWS IAM.
    iam {
        CreatePolicy CreatePolicyVersion DeletePolicyVersion SetDefaultPolicyVersion GetPolicy GetPolicyVersion
        ListPolicyVersions ListPolicies ListEntitiesForPolicy DeletePolicy
        CreateRole GetRole ListRoles DeleteRole UpdateRole UpdateRoleDescription UpdateAssumeRolePolicy
        AttachRolePolicy DetachRolePolicy ListAttachedRolePolicies
        PutRolePolicy GetRolePolicy DeleteRolePolicy ListRolePolicies
        CreateInstanceProfile GetInstanceProfile AddRoleToInstanceProfile RemoveRoleFromInstanceProfile
        DeleteInstanceProfile ListInstanceProfiles ListInstanceProfilesForRole
        CreateUser GetUser ListUsers UpdateUser DeleteUser AttachUserPolicy DetachUserPolicy ListAttachedUserPolicies
        PutUserPolicy GetUserPolicy DeleteUserPolicy ListUserPolicies
        CreateGroup GetGroup ListGroups UpdateGroup DeleteGroup AddUserToGroup RemoveUserFromGroup ListGroupsForUser
        AttachGroupPolicy DetachGroupPolicy ListAttachedGroupPolicies
        PutGroupPolicy GetGroupPolicy DeleteGroupPolicy ListGroupPolicies
        CreateAccessKey ListAccessKeys UpdateAccessKey DeleteAccessKey GetAccessKeyLastUsed
        CreateLoginProfile GetLoginProfile UpdateLoginProfile DeleteLoginProfile ChangePassword
        CreateVirtualMFADevice DeleteVirtualMFADevice EnableMFADevice ResyncMFADevice DeactivateMFADevice
        ListMFADevices ListVirtualMFADevices TagMFADevice UntagMFADevice ListMFADeviceTags
        CreateAccountAlias DeleteAccountAlias ListAccountAliases GetAccountSummary GetAccountAuthorizationDetails
        UpdateAccountPasswordPolicy GetAccountPasswordPolicy DeleteAccountPasswordPolicy
        GenerateCredentialReport GetCredentialReport
        GenerateServiceLastAccessedDetails GetServiceLastAccessedDetails GetServiceLastAccessedDetailsWithEntities
        ListPoliciesGrantingServiceAccess
        PutRolePermissionsBoundary DeleteRolePermissionsBoundary PutUserPermissionsBoundary DeleteUserPermissionsBoundary
        SimulatePrincipalPolicy SimulateCustomPolicy GetContextKeysForPrincipalPolicy GetContextKeysForCustomPolicy
        TagUser UntagUser ListUserTags TagRole UntagRole ListRoleTags TagPolicy UntagPolicy ListPolicyTags
        TagInstanceProfile UntagInstanceProfile ListInstanceProfileTags
        PassRole
    }
    /// AWS STS.
    sts { AssumeRole TagSession SetSourceIdentity DecodeAuthorizationMessage GetAccessKeyInfo GetFederationToken }
    /// Amazon EC2.
    ec2 {
        RunInstances DescribeInstances StopInstances StartInstances TerminateInstances
        AssociateIamInstanceProfile DisassociateIamInstanceProfile ReplaceIamInstanceProfileAssociation
        DescribeIamInstanceProfileAssociations ModifyInstanceMetadataOptions CreateTags DeleteTags DescribeTags
    }
    /// AWS CloudTrail.
    cloudtrail { LookupEvents }
}

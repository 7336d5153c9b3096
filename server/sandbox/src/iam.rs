//! AWS IAM: policies, roles, users, groups, instance profiles and credentials (API version 2010-05-08).
//!
//! Error messages are those that AWS was recorded answering (`aws-semantics.md` §5).

mod access_keys;
mod aliases;
mod attachments;
mod boundaries;
mod credential_report;
mod details;
mod entity;
mod groups;
mod holder;
mod last_accessed;
mod login;
mod mfa_devices;
mod password_policy;
mod passwords;
mod policies;
mod profiles;
mod qr;
mod read;
mod roles;
mod simulate;
mod subject;
mod summary;
mod tags;
mod trust;
mod usages;
mod users;
mod versions;

use entity::{Groups, MfaDevices, Policies, Profiles, Roles, Users};

use crate::query::{Service, operations};

operations! {
    Service::Iam;

    "CreatePolicy" => policies::create: ["PolicyName" "Path" "PolicyDocument" "Description" "Tags"];
    "GetPolicy" => policies::get: ["PolicyArn"];
    "ListPolicies" => policies::list: ["Scope" "OnlyAttached" "PathPrefix" "PolicyUsageFilter" "Marker" "MaxItems"];
    "ListEntitiesForPolicy" => usages::list: [
        "PolicyArn" "EntityFilter" "PathPrefix" "PolicyUsageFilter" "Marker" "MaxItems"
    ];
    "DeletePolicy" => policies::delete: ["PolicyArn"];
    "CreatePolicyVersion" => versions::create: ["PolicyArn" "PolicyDocument" "SetAsDefault"];
    "GetPolicyVersion" => versions::get: ["PolicyArn" "VersionId"];
    "ListPolicyVersions" => versions::list: ["PolicyArn" "Marker" "MaxItems"];
    "SetDefaultPolicyVersion" => versions::set_default: ["PolicyArn" "VersionId"];
    "DeletePolicyVersion" => versions::delete: ["PolicyArn" "VersionId"];

    "CreateRole" => roles::create: ["RoleName" "Path" "AssumeRolePolicyDocument" "Description" "MaxSessionDuration" "PermissionsBoundary" "Tags"];
    "GetRole" => roles::get: ["RoleName"];
    "ListRoles" => roles::list: ["PathPrefix" "Marker" "MaxItems"];
    "UpdateRole" => roles::update: ["RoleName" "Description" "MaxSessionDuration"];
    "UpdateRoleDescription" => roles::update_description: ["RoleName" "Description"];
    "DeleteRole" => roles::delete: ["RoleName"];
    "UpdateAssumeRolePolicy" => roles::update_trust: ["RoleName" "PolicyDocument"];
    "AttachRolePolicy" => attachments::attach::<Roles>: ["RoleName" "PolicyArn"];
    "DetachRolePolicy" => attachments::detach::<Roles>: ["RoleName" "PolicyArn"];
    "ListAttachedRolePolicies" => attachments::list_attached::<Roles>: ["RoleName" "PathPrefix" "Marker" "MaxItems"];
    "PutRolePolicy" => attachments::put::<Roles>: ["RoleName" "PolicyName" "PolicyDocument"];
    "GetRolePolicy" => attachments::get::<Roles>: ["RoleName" "PolicyName"];
    "DeleteRolePolicy" => attachments::delete::<Roles>: ["RoleName" "PolicyName"];
    "ListRolePolicies" => attachments::list_inline::<Roles>: ["RoleName" "Marker" "MaxItems"];

    "SimulatePrincipalPolicy" => simulate::principal: [
        "PolicySourceArn" "PolicyInputList" "PermissionsBoundaryPolicyInputList" "ActionNames" "ResourceArns"
        "ResourcePolicy" "ResourceOwner" "CallerArn" "ContextEntries" "MaxItems" "Marker"
    ];
    "SimulateCustomPolicy" => simulate::custom: [
        "PolicyInputList" "PermissionsBoundaryPolicyInputList" "ActionNames" "ResourceArns"
        "ResourcePolicy" "ResourceOwner" "CallerArn" "ContextEntries" "MaxItems" "Marker"
    ];
    "GetContextKeysForPrincipalPolicy" => simulate::keys_of_principal: ["PolicySourceArn" "PolicyInputList"];
    "GetContextKeysForCustomPolicy" => simulate::keys_of_custom: ["PolicyInputList"];

    "PutRolePermissionsBoundary" => boundaries::put::<Roles>: ["RoleName" "PermissionsBoundary"];
    "DeleteRolePermissionsBoundary" => boundaries::delete::<Roles>: ["RoleName"];
    "PutUserPermissionsBoundary" => boundaries::put::<Users>: ["UserName" "PermissionsBoundary"];
    "DeleteUserPermissionsBoundary" => boundaries::delete::<Users>: ["UserName"];

    "CreateInstanceProfile" => profiles::create: ["InstanceProfileName" "Path" "Tags"];
    "GetInstanceProfile" => profiles::get: ["InstanceProfileName"];
    "AddRoleToInstanceProfile" => profiles::add_role: ["InstanceProfileName" "RoleName"];
    "RemoveRoleFromInstanceProfile" => profiles::remove_role: ["InstanceProfileName" "RoleName"];
    "DeleteInstanceProfile" => profiles::delete: ["InstanceProfileName"];
    "ListInstanceProfiles" => profiles::list: ["PathPrefix" "Marker" "MaxItems"];
    "ListInstanceProfilesForRole" => profiles::list_for_role: ["RoleName" "Marker" "MaxItems"];

    "CreateUser" => users::create: ["UserName" "Path" "PermissionsBoundary" "Tags"];
    "GetUser" => users::get: ["UserName"];
    "ListUsers" => users::list: ["PathPrefix" "Marker" "MaxItems"];
    "UpdateUser" => users::update: ["UserName" "NewPath" "NewUserName"];
    "DeleteUser" => users::delete: ["UserName"];
    "AttachUserPolicy" => attachments::attach::<Users>: ["UserName" "PolicyArn"];
    "DetachUserPolicy" => attachments::detach::<Users>: ["UserName" "PolicyArn"];
    "ListAttachedUserPolicies" => attachments::list_attached::<Users>: ["UserName" "PathPrefix" "Marker" "MaxItems"];
    "PutUserPolicy" => attachments::put::<Users>: ["UserName" "PolicyName" "PolicyDocument"];
    "GetUserPolicy" => attachments::get::<Users>: ["UserName" "PolicyName"];
    "DeleteUserPolicy" => attachments::delete::<Users>: ["UserName" "PolicyName"];
    "ListUserPolicies" => attachments::list_inline::<Users>: ["UserName" "Marker" "MaxItems"];

    "CreateGroup" => groups::create: ["GroupName" "Path"];
    "GetGroup" => groups::get: ["GroupName" "Marker" "MaxItems"];
    "ListGroups" => groups::list: ["PathPrefix" "Marker" "MaxItems"];
    "UpdateGroup" => groups::update: ["GroupName" "NewPath" "NewGroupName"];
    "DeleteGroup" => groups::delete: ["GroupName"];
    "AddUserToGroup" => groups::add_user: ["GroupName" "UserName"];
    "RemoveUserFromGroup" => groups::remove_user: ["GroupName" "UserName"];
    "ListGroupsForUser" => groups::list_for_user: ["UserName" "Marker" "MaxItems"];
    "AttachGroupPolicy" => attachments::attach::<Groups>: ["GroupName" "PolicyArn"];
    "DetachGroupPolicy" => attachments::detach::<Groups>: ["GroupName" "PolicyArn"];
    "ListAttachedGroupPolicies" => attachments::list_attached::<Groups>: ["GroupName" "PathPrefix" "Marker" "MaxItems"];
    "PutGroupPolicy" => attachments::put::<Groups>: ["GroupName" "PolicyName" "PolicyDocument"];
    "GetGroupPolicy" => attachments::get::<Groups>: ["GroupName" "PolicyName"];
    "DeleteGroupPolicy" => attachments::delete::<Groups>: ["GroupName" "PolicyName"];
    "ListGroupPolicies" => attachments::list_inline::<Groups>: ["GroupName" "Marker" "MaxItems"];

    "TagUser" => tags::tag::<Users>: ["UserName" "Tags"];
    "UntagUser" => tags::untag::<Users>: ["UserName" "TagKeys"];
    "ListUserTags" => tags::list::<Users>: ["UserName" "Marker" "MaxItems"];
    "TagRole" => tags::tag::<Roles>: ["RoleName" "Tags"];
    "UntagRole" => tags::untag::<Roles>: ["RoleName" "TagKeys"];
    "ListRoleTags" => tags::list::<Roles>: ["RoleName" "Marker" "MaxItems"];
    "TagPolicy" => tags::tag::<Policies>: ["PolicyArn" "Tags"];
    "UntagPolicy" => tags::untag::<Policies>: ["PolicyArn" "TagKeys"];
    "ListPolicyTags" => tags::list::<Policies>: ["PolicyArn" "Marker" "MaxItems"];
    "TagInstanceProfile" => tags::tag::<Profiles>: ["InstanceProfileName" "Tags"];
    "UntagInstanceProfile" => tags::untag::<Profiles>: ["InstanceProfileName" "TagKeys"];
    "ListInstanceProfileTags" => tags::list::<Profiles>: ["InstanceProfileName" "Marker" "MaxItems"];

    "TagMFADevice" => tags::tag::<MfaDevices>: ["SerialNumber" "Tags"];
    "UntagMFADevice" => tags::untag::<MfaDevices>: ["SerialNumber" "TagKeys"];
    "ListMFADeviceTags" => tags::list::<MfaDevices>: ["SerialNumber" "Marker" "MaxItems"];

    "CreateLoginProfile" => login::create: ["UserName" "Password" "PasswordResetRequired"];
    "GetLoginProfile" => login::get: ["UserName"];
    "UpdateLoginProfile" => login::update: ["UserName" "Password" "PasswordResetRequired"];
    "DeleteLoginProfile" => login::delete: ["UserName"];
    "ChangePassword" => login::change: ["OldPassword" "NewPassword"];
    "CreateVirtualMFADevice" => mfa_devices::create: ["VirtualMFADeviceName" "Path" "Tags"];
    "DeleteVirtualMFADevice" => mfa_devices::delete: ["SerialNumber"];
    "EnableMFADevice" => mfa_devices::enable: ["UserName" "SerialNumber" "AuthenticationCode1" "AuthenticationCode2"];
    "ResyncMFADevice" => mfa_devices::resync: ["UserName" "SerialNumber" "AuthenticationCode1" "AuthenticationCode2"];
    "DeactivateMFADevice" => mfa_devices::deactivate: ["UserName" "SerialNumber"];
    "ListMFADevices" => mfa_devices::list: ["UserName" "Marker" "MaxItems"];
    "ListVirtualMFADevices" => mfa_devices::list_virtual: ["AssignmentStatus" "Marker" "MaxItems"];

    "CreateAccountAlias" => aliases::create: ["AccountAlias"];
    "DeleteAccountAlias" => aliases::delete: ["AccountAlias"];
    "ListAccountAliases" => aliases::list: ["Marker" "MaxItems"];
    "GetAccountSummary" => summary::get: [];
    "GetAccountAuthorizationDetails" => details::get: ["Filter" "Marker" "MaxItems"];
    "UpdateAccountPasswordPolicy" => password_policy::update: [
        "MinimumPasswordLength" "RequireSymbols" "RequireNumbers" "RequireUppercaseCharacters" "RequireLowercaseCharacters"
        "AllowUsersToChangePassword" "MaxPasswordAge" "PasswordReusePrevention" "HardExpiry"
    ];
    "GetAccountPasswordPolicy" => password_policy::get: [];
    "DeleteAccountPasswordPolicy" => password_policy::delete: [];
    "GenerateCredentialReport" => credential_report::generate: [];
    "GetCredentialReport" => credential_report::get: [];
    "GenerateServiceLastAccessedDetails" => last_accessed::generate: ["Arn" "Granularity"];
    "GetServiceLastAccessedDetails" => last_accessed::get: ["JobId" "Marker" "MaxItems"];
    "GetServiceLastAccessedDetailsWithEntities" => last_accessed::get_with_entities: [
        "JobId" "ServiceNamespace" "Marker" "MaxItems"
    ];
    "ListPoliciesGrantingServiceAccess" => last_accessed::list_granting: ["Arn" "ServiceNamespaces" "Marker"];

    "GetAccessKeyLastUsed" => access_keys::last_used: ["AccessKeyId"];
    "CreateAccessKey" => access_keys::create: ["UserName"];
    "ListAccessKeys" => access_keys::list: ["UserName" "Marker" "MaxItems"];
    "UpdateAccessKey" => access_keys::update: ["UserName" "AccessKeyId" "Status"];
    "DeleteAccessKey" => access_keys::delete: ["UserName" "AccessKeyId"];
}

//! IAM.

use super::ResourceOf::{
    Any, Group, Identity, IdentityOrPolicy, InstanceProfile, MfaDevice, Policy, Role, User,
};
use super::{CheckSpec, Operation, ResourceOf, When, always};
use crate::request::ResourceKind::Other;

/// What is known of a role that is handed to a service.
pub(super) const PASSED: &[&str] = &["iam:PassedToService", "iam:AssociatedResourceArn"];
/// The permissions boundary of who is made or changed; where the reference lists the key.
const BOUNDARY: &[&str] = &["iam:PermissionsBoundary"];
/// The same, and the policy that comes or goes.
const ATTACHMENT: &[&str] = &["iam:PolicyARN", "iam:PermissionsBoundary"];
/// The tags that a request brings, and the keys of those that it takes away.
const TAGS: &[&str] = &["aws:RequestTag/", "aws:TagKeys"];
const TAG_KEYS: &[&str] = &["aws:TagKeys"];
/// Who is made with a boundary and with tags.
const NEW: &[&str] = &["iam:PermissionsBoundary", "aws:RequestTag/", "aws:TagKeys"];

pub(super) const OPERATIONS: &[Operation] = &[
    iam(
        "CreatePolicy",
        &[always("iam:CreatePolicy", Policy, Other).filling(TAGS), with_tags("iam:TagPolicy", Policy)],
    ),
    iam("GetPolicy", &[always("iam:GetPolicy", Policy, Other)]),
    iam("DeletePolicy", &[always("iam:DeletePolicy", Policy, Other)]),
    iam("ListPolicies", &[always("iam:ListPolicies", Any, Other)]),
    iam("CreatePolicyVersion", &[always("iam:CreatePolicyVersion", Policy, Other)]),
    iam("GetPolicyVersion", &[always("iam:GetPolicyVersion", Policy, Other)]),
    iam("ListPolicyVersions", &[always("iam:ListPolicyVersions", Policy, Other)]),
    iam("DeletePolicyVersion", &[always("iam:DeletePolicyVersion", Policy, Other)]),
    iam("SetDefaultPolicyVersion", &[always("iam:SetDefaultPolicyVersion", Policy, Other)]),
    iam("ListEntitiesForPolicy", &[always("iam:ListEntitiesForPolicy", Policy, Other)]),
    iam("CreateRole", &[always("iam:CreateRole", Role, Other).filling(NEW), with_tags("iam:TagRole", Role)]),
    iam("GetRole", &[always("iam:GetRole", Role, Other).filling(BOUNDARY)]),
    iam("DeleteRole", &[always("iam:DeleteRole", Role, Other).filling(BOUNDARY)]),
    iam("ListRoles", &[always("iam:ListRoles", Any, Other)]),
    iam("UpdateRole", &[always("iam:UpdateRole", Role, Other).filling(BOUNDARY)]),
    iam("UpdateRoleDescription", &[always("iam:UpdateRoleDescription", Role, Other).filling(BOUNDARY)]),
    iam("UpdateAssumeRolePolicy", &[always("iam:UpdateAssumeRolePolicy", Role, Other).filling(BOUNDARY)]),
    iam("AttachRolePolicy", &[always("iam:AttachRolePolicy", Role, Other).filling(ATTACHMENT)]),
    iam("DetachRolePolicy", &[always("iam:DetachRolePolicy", Role, Other).filling(ATTACHMENT)]),
    iam("ListAttachedRolePolicies", &[always("iam:ListAttachedRolePolicies", Role, Other)]),
    iam("PutRolePolicy", &[always("iam:PutRolePolicy", Role, Other).filling(BOUNDARY)]),
    iam("GetRolePolicy", &[always("iam:GetRolePolicy", Role, Other)]),
    iam("DeleteRolePolicy", &[always("iam:DeleteRolePolicy", Role, Other).filling(BOUNDARY)]),
    iam("ListRolePolicies", &[always("iam:ListRolePolicies", Role, Other)]),
    iam(
        "PutRolePermissionsBoundary",
        &[always("iam:PutRolePermissionsBoundary", Role, Other).filling(BOUNDARY)],
    ),
    iam(
        "DeleteRolePermissionsBoundary",
        &[always("iam:DeleteRolePermissionsBoundary", Role, Other).filling(BOUNDARY)],
    ),
    iam(
        "PutUserPermissionsBoundary",
        &[always("iam:PutUserPermissionsBoundary", User, Other).filling(BOUNDARY)],
    ),
    iam(
        "DeleteUserPermissionsBoundary",
        &[always("iam:DeleteUserPermissionsBoundary", User, Other).filling(BOUNDARY)],
    ),
    iam("SimulatePrincipalPolicy", &[always("iam:SimulatePrincipalPolicy", Identity, Other)]),
    iam("SimulateCustomPolicy", &[always("iam:SimulateCustomPolicy", Any, Other)]),
    iam("TagRole", &[always("iam:TagRole", Role, Other).filling(TAGS)]),
    iam("UntagRole", &[always("iam:UntagRole", Role, Other).filling(TAG_KEYS)]),
    iam("ListRoleTags", &[always("iam:ListRoleTags", Role, Other)]),
    iam("TagUser", &[always("iam:TagUser", User, Other).filling(TAGS)]),
    iam("UntagUser", &[always("iam:UntagUser", User, Other).filling(TAG_KEYS)]),
    iam("ListUserTags", &[always("iam:ListUserTags", User, Other)]),
    iam("TagPolicy", &[always("iam:TagPolicy", Policy, Other).filling(TAGS)]),
    iam("UntagPolicy", &[always("iam:UntagPolicy", Policy, Other).filling(TAG_KEYS)]),
    iam("ListPolicyTags", &[always("iam:ListPolicyTags", Policy, Other)]),
    iam("TagInstanceProfile", &[always("iam:TagInstanceProfile", InstanceProfile, Other).filling(TAGS)]),
    iam(
        "UntagInstanceProfile",
        &[always("iam:UntagInstanceProfile", InstanceProfile, Other).filling(TAG_KEYS)],
    ),
    iam("ListInstanceProfileTags", &[always("iam:ListInstanceProfileTags", InstanceProfile, Other)]),
    iam("ListInstanceProfilesForRole", &[always("iam:ListInstanceProfilesForRole", Role, Other)]),
    iam(
        "CreateInstanceProfile",
        &[
            always("iam:CreateInstanceProfile", InstanceProfile, Other).filling(TAGS),
            with_tags("iam:TagInstanceProfile", InstanceProfile),
        ],
    ),
    iam("GetInstanceProfile", &[always("iam:GetInstanceProfile", InstanceProfile, Other)]),
    iam("DeleteInstanceProfile", &[always("iam:DeleteInstanceProfile", InstanceProfile, Other)]),
    iam("ListInstanceProfiles", &[always("iam:ListInstanceProfiles", Any, Other)]),
    iam(
        "RemoveRoleFromInstanceProfile",
        &[always("iam:RemoveRoleFromInstanceProfile", InstanceProfile, Other)],
    ),
    iam("CreateUser", &[always("iam:CreateUser", User, Other).filling(NEW), with_tags("iam:TagUser", User)]),
    iam("GetUser", &[always("iam:GetUser", User, Other)]),
    // By its old name and by its new one.
    iam("UpdateUser", &[always("iam:UpdateUser", User, Other)]),
    iam("DeleteUser", &[always("iam:DeleteUser", User, Other)]),
    iam("ListUsers", &[always("iam:ListUsers", Any, Other)]),
    iam("CreateAccessKey", &[always("iam:CreateAccessKey", User, Other)]),
    iam("UpdateAccessKey", &[always("iam:UpdateAccessKey", User, Other)]),
    iam("DeleteAccessKey", &[always("iam:DeleteAccessKey", User, Other)]),
    iam("ListAccessKeys", &[always("iam:ListAccessKeys", User, Other)]),
    iam(
        "GetAccessKeyLastUsed",
        &[
            always("iam:GetAccessKeyLastUsed", User, Other),
            CheckSpec {
                action: "iam:GetAccessKeyLastUsed",
                on: Any,
                lane: Other,
                when: When::Missing,
                keys: &[],
            },
        ],
    ),
    iam("AttachUserPolicy", &[always("iam:AttachUserPolicy", User, Other).filling(ATTACHMENT)]),
    iam("DetachUserPolicy", &[always("iam:DetachUserPolicy", User, Other).filling(ATTACHMENT)]),
    iam("ListAttachedUserPolicies", &[always("iam:ListAttachedUserPolicies", User, Other)]),
    iam("PutUserPolicy", &[always("iam:PutUserPolicy", User, Other).filling(BOUNDARY)]),
    iam("GetUserPolicy", &[always("iam:GetUserPolicy", User, Other)]),
    iam("DeleteUserPolicy", &[always("iam:DeleteUserPolicy", User, Other).filling(BOUNDARY)]),
    iam("ListUserPolicies", &[always("iam:ListUserPolicies", User, Other)]),
    iam("ListGroupsForUser", &[always("iam:ListGroupsForUser", User, Other)]),
    iam("CreateGroup", &[always("iam:CreateGroup", Group, Other)]),
    iam("GetGroup", &[always("iam:GetGroup", Group, Other)]),
    iam("ListGroups", &[always("iam:ListGroups", Any, Other)]),
    // By its old name and by its new one.
    iam("UpdateGroup", &[always("iam:UpdateGroup", Group, Other)]),
    iam("DeleteGroup", &[always("iam:DeleteGroup", Group, Other)]),
    iam("AddUserToGroup", &[always("iam:AddUserToGroup", Group, Other)]),
    iam("RemoveUserFromGroup", &[always("iam:RemoveUserFromGroup", Group, Other)]),
    iam("AttachGroupPolicy", &[always("iam:AttachGroupPolicy", Group, Other).filling(&["iam:PolicyARN"])]),
    iam("DetachGroupPolicy", &[always("iam:DetachGroupPolicy", Group, Other).filling(&["iam:PolicyARN"])]),
    iam("ListAttachedGroupPolicies", &[always("iam:ListAttachedGroupPolicies", Group, Other)]),
    iam("PutGroupPolicy", &[always("iam:PutGroupPolicy", Group, Other)]),
    iam("GetGroupPolicy", &[always("iam:GetGroupPolicy", Group, Other)]),
    iam("DeleteGroupPolicy", &[always("iam:DeleteGroupPolicy", Group, Other)]),
    iam("ListGroupPolicies", &[always("iam:ListGroupPolicies", Group, Other)]),
    iam(
        "GetContextKeysForPrincipalPolicy",
        &[always("iam:GetContextKeysForPrincipalPolicy", Identity, Other)],
    ),
    iam("GetContextKeysForCustomPolicy", &[always("iam:GetContextKeysForCustomPolicy", Any, Other)]),
    iam("TagMFADevice", &[always("iam:TagMFADevice", MfaDevice, Other).filling(TAGS)]),
    iam("UntagMFADevice", &[always("iam:UntagMFADevice", MfaDevice, Other).filling(TAG_KEYS)]),
    iam("ListMFADeviceTags", &[always("iam:ListMFADeviceTags", MfaDevice, Other)]),
    iam("CreateLoginProfile", &[always("iam:CreateLoginProfile", User, Other)]),
    iam("GetLoginProfile", &[always("iam:GetLoginProfile", User, Other)]),
    iam("UpdateLoginProfile", &[always("iam:UpdateLoginProfile", User, Other)]),
    iam("DeleteLoginProfile", &[always("iam:DeleteLoginProfile", User, Other)]),
    iam("ChangePassword", &[always("iam:ChangePassword", User, Other)]),
    iam(
        "CreateVirtualMFADevice",
        &[
            always("iam:CreateVirtualMFADevice", MfaDevice, Other).filling(TAGS),
            with_tags("iam:TagMFADevice", MfaDevice),
        ],
    ),
    iam("DeleteVirtualMFADevice", &[always("iam:DeleteVirtualMFADevice", MfaDevice, Other)]),
    iam("EnableMFADevice", &[always("iam:EnableMFADevice", User, Other)]),
    iam("ResyncMFADevice", &[always("iam:ResyncMFADevice", User, Other)]),
    iam("DeactivateMFADevice", &[always("iam:DeactivateMFADevice", User, Other)]),
    iam("ListMFADevices", &[always("iam:ListMFADevices", User, Other)]),
    iam("ListVirtualMFADevices", &[always("iam:ListVirtualMFADevices", Any, Other)]),
    iam("CreateAccountAlias", &[always("iam:CreateAccountAlias", Any, Other)]),
    iam("DeleteAccountAlias", &[always("iam:DeleteAccountAlias", Any, Other)]),
    iam("ListAccountAliases", &[always("iam:ListAccountAliases", Any, Other)]),
    iam("GetAccountSummary", &[always("iam:GetAccountSummary", Any, Other)]),
    iam("GetAccountAuthorizationDetails", &[always("iam:GetAccountAuthorizationDetails", Any, Other)]),
    iam("UpdateAccountPasswordPolicy", &[always("iam:UpdateAccountPasswordPolicy", Any, Other)]),
    iam("GetAccountPasswordPolicy", &[always("iam:GetAccountPasswordPolicy", Any, Other)]),
    iam("DeleteAccountPasswordPolicy", &[always("iam:DeleteAccountPasswordPolicy", Any, Other)]),
    iam("GenerateCredentialReport", &[always("iam:GenerateCredentialReport", Any, Other)]).read_only(),
    iam("GetCredentialReport", &[always("iam:GetCredentialReport", Any, Other)]),
    iam(
        "GenerateServiceLastAccessedDetails",
        &[always("iam:GenerateServiceLastAccessedDetails", IdentityOrPolicy, Other)],
    )
    .read_only(),
    iam("GetServiceLastAccessedDetails", &[always("iam:GetServiceLastAccessedDetails", Any, Other)]),
    iam(
        "GetServiceLastAccessedDetailsWithEntities",
        &[always("iam:GetServiceLastAccessedDetailsWithEntities", Any, Other)],
    ),
    iam(
        "ListPoliciesGrantingServiceAccess",
        &[always("iam:ListPoliciesGrantingServiceAccess", Identity, Other)],
    ),
    iam(
        "AddRoleToInstanceProfile",
        &[
            always("iam:AddRoleToInstanceProfile", InstanceProfile, Other),
            CheckSpec { action: "iam:PassRole", on: Role, lane: Other, when: When::PassesRole, keys: PASSED },
        ],
    ),
];

/// The check of one that is made with tags.
const fn with_tags(action: &'static str, on: ResourceOf) -> CheckSpec {
    CheckSpec { action, on, lane: Other, when: When::SetsTags, keys: TAGS }
}

const fn iam(name: &'static str, checks: &'static [CheckSpec]) -> Operation {
    Operation::new("iam", name, checks)
}

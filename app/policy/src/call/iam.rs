//! IAM.

use super::ResourceOf::{Any, Group, Identity, InstanceProfile, Policy, Role, User};
use super::{CheckSpec, Operation, When, always};
use crate::request::ResourceKind::Other;

/// What is known of a role that is handed to a service.
pub(super) const PASSED: &[&str] = &["iam:PassedToService", "iam:AssociatedResourceArn"];
/// The permissions boundary of who is made or changed; where the reference lists the key.
const BOUNDARY: &[&str] = &["iam:PermissionsBoundary"];
/// The same, and the policy that comes or goes.
const ATTACHMENT: &[&str] = &["iam:PolicyARN", "iam:PermissionsBoundary"];

pub(super) const OPERATIONS: &[Operation] = &[
    iam("CreatePolicy", &[always("iam:CreatePolicy", Policy, Other)]),
    iam("GetPolicy", &[always("iam:GetPolicy", Policy, Other)]),
    iam("DeletePolicy", &[always("iam:DeletePolicy", Policy, Other)]),
    iam("ListPolicies", &[always("iam:ListPolicies", Any, Other)]),
    iam("CreatePolicyVersion", &[always("iam:CreatePolicyVersion", Policy, Other)]),
    iam("GetPolicyVersion", &[always("iam:GetPolicyVersion", Policy, Other)]),
    iam("ListPolicyVersions", &[always("iam:ListPolicyVersions", Policy, Other)]),
    iam("DeletePolicyVersion", &[always("iam:DeletePolicyVersion", Policy, Other)]),
    iam("SetDefaultPolicyVersion", &[always("iam:SetDefaultPolicyVersion", Policy, Other)]),
    iam("ListEntitiesForPolicy", &[always("iam:ListEntitiesForPolicy", Policy, Other)]),
    iam("CreateRole", &[always("iam:CreateRole", Role, Other).filling(BOUNDARY)]),
    iam("GetRole", &[always("iam:GetRole", Role, Other).filling(BOUNDARY)]),
    iam("DeleteRole", &[always("iam:DeleteRole", Role, Other).filling(BOUNDARY)]),
    iam("ListRoles", &[always("iam:ListRoles", Any, Other)]),
    iam("UpdateRole", &[always("iam:UpdateRole", Role, Other).filling(BOUNDARY)]),
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
    iam("TagRole", &[always("iam:TagRole", Role, Other)]),
    iam("UntagRole", &[always("iam:UntagRole", Role, Other)]),
    iam("ListRoleTags", &[always("iam:ListRoleTags", Role, Other)]),
    iam("ListInstanceProfilesForRole", &[always("iam:ListInstanceProfilesForRole", Role, Other)]),
    iam("CreateInstanceProfile", &[always("iam:CreateInstanceProfile", InstanceProfile, Other)]),
    iam("GetInstanceProfile", &[always("iam:GetInstanceProfile", InstanceProfile, Other)]),
    iam("DeleteInstanceProfile", &[always("iam:DeleteInstanceProfile", InstanceProfile, Other)]),
    iam("ListInstanceProfiles", &[always("iam:ListInstanceProfiles", Any, Other)]),
    iam(
        "RemoveRoleFromInstanceProfile",
        &[always("iam:RemoveRoleFromInstanceProfile", InstanceProfile, Other)],
    ),
    iam("CreateUser", &[always("iam:CreateUser", User, Other).filling(BOUNDARY)]),
    iam("GetUser", &[always("iam:GetUser", User, Other)]),
    iam("DeleteUser", &[always("iam:DeleteUser", User, Other)]),
    iam("ListUsers", &[always("iam:ListUsers", Any, Other)]),
    iam("CreateAccessKey", &[always("iam:CreateAccessKey", User, Other)]),
    iam("UpdateAccessKey", &[always("iam:UpdateAccessKey", User, Other)]),
    iam("DeleteAccessKey", &[always("iam:DeleteAccessKey", User, Other)]),
    iam("ListAccessKeys", &[always("iam:ListAccessKeys", User, Other)]),
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
    iam(
        "AddRoleToInstanceProfile",
        &[
            always("iam:AddRoleToInstanceProfile", InstanceProfile, Other),
            CheckSpec { action: "iam:PassRole", on: Role, lane: Other, when: When::PassesRole, keys: PASSED },
        ],
    ),
];

const fn iam(name: &'static str, checks: &'static [CheckSpec]) -> Operation {
    Operation { service: "iam", name, checks }
}

//! IAM.

use super::ResourceOf::{Any, InstanceProfile, Policy, Role, User};
use super::{CheckSpec, Operation, When, always};
use crate::request::ResourceKind::Other;

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
    iam("CreateRole", &[always("iam:CreateRole", Role, Other)]),
    iam("GetRole", &[always("iam:GetRole", Role, Other)]),
    iam("DeleteRole", &[always("iam:DeleteRole", Role, Other)]),
    iam("ListRoles", &[always("iam:ListRoles", Any, Other)]),
    iam("UpdateRole", &[always("iam:UpdateRole", Role, Other)]),
    iam("UpdateAssumeRolePolicy", &[always("iam:UpdateAssumeRolePolicy", Role, Other)]),
    iam("AttachRolePolicy", &[always("iam:AttachRolePolicy", Role, Other)]),
    iam("DetachRolePolicy", &[always("iam:DetachRolePolicy", Role, Other)]),
    iam("ListAttachedRolePolicies", &[always("iam:ListAttachedRolePolicies", Role, Other)]),
    iam("PutRolePolicy", &[always("iam:PutRolePolicy", Role, Other)]),
    iam("GetRolePolicy", &[always("iam:GetRolePolicy", Role, Other)]),
    iam("DeleteRolePolicy", &[always("iam:DeleteRolePolicy", Role, Other)]),
    iam("ListRolePolicies", &[always("iam:ListRolePolicies", Role, Other)]),
    iam("PutRolePermissionsBoundary", &[always("iam:PutRolePermissionsBoundary", Role, Other)]),
    iam("DeleteRolePermissionsBoundary", &[always("iam:DeleteRolePermissionsBoundary", Role, Other)]),
    iam("PutUserPermissionsBoundary", &[always("iam:PutUserPermissionsBoundary", User, Other)]),
    iam("DeleteUserPermissionsBoundary", &[always("iam:DeleteUserPermissionsBoundary", User, Other)]),
    iam("SimulatePrincipalPolicy", &[always("iam:SimulatePrincipalPolicy", User, Other)]),
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
    iam("CreateUser", &[always("iam:CreateUser", User, Other)]),
    iam("GetUser", &[always("iam:GetUser", User, Other)]),
    iam("DeleteUser", &[always("iam:DeleteUser", User, Other)]),
    iam("ListUsers", &[always("iam:ListUsers", Any, Other)]),
    iam("CreateAccessKey", &[always("iam:CreateAccessKey", User, Other)]),
    iam("UpdateAccessKey", &[always("iam:UpdateAccessKey", User, Other)]),
    iam("DeleteAccessKey", &[always("iam:DeleteAccessKey", User, Other)]),
    iam("ListAccessKeys", &[always("iam:ListAccessKeys", User, Other)]),
    iam("AttachUserPolicy", &[always("iam:AttachUserPolicy", User, Other)]),
    iam("DetachUserPolicy", &[always("iam:DetachUserPolicy", User, Other)]),
    iam("ListAttachedUserPolicies", &[always("iam:ListAttachedUserPolicies", User, Other)]),
    iam("PutUserPolicy", &[always("iam:PutUserPolicy", User, Other)]),
    iam("GetUserPolicy", &[always("iam:GetUserPolicy", User, Other)]),
    iam("DeleteUserPolicy", &[always("iam:DeleteUserPolicy", User, Other)]),
    iam("ListUserPolicies", &[always("iam:ListUserPolicies", User, Other)]),
    iam("ListGroupsForUser", &[always("iam:ListGroupsForUser", User, Other)]),
    iam(
        "AddRoleToInstanceProfile",
        &[
            always("iam:AddRoleToInstanceProfile", InstanceProfile, Other),
            CheckSpec { action: "iam:PassRole", on: Role, lane: Other, when: When::PassesRole },
        ],
    ),
];

const fn iam(name: &'static str, checks: &'static [CheckSpec]) -> Operation {
    Operation { service: "iam", name, checks }
}

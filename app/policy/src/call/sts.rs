//! STS. CloudTrail calls `AssumeRole` read-only and `GetFederationToken` not: so its records show them.

use super::{CheckSpec, Operation, ResourceOf, When, always};
use crate::request::ResourceKind;

/// What is said of a session that is to be.
const SESSION: &[&str] = &[
    "sts:RoleSessionName",
    "sts:ExternalId",
    "sts:SourceIdentity",
    "sts:TransitiveTagKeys",
    "aws:RequestTag/",
    "aws:TagKeys",
    // For this request, when it brings a code of the caller's MFA device.
    "aws:MultiFactorAuthPresent",
    "aws:MultiFactorAuthAge",
];
const SESSION_TAGS: &[&str] = &["sts:TransitiveTagKeys", "aws:RequestTag/", "aws:TagKeys"];
const TAGS: &[&str] = &["aws:RequestTag/", "aws:TagKeys"];

pub(super) const OPERATIONS: &[Operation] = &[
    sts(
        "AssumeRole",
        &[
            always("sts:AssumeRole", ResourceOf::Role, ResourceKind::IamRole).filling(SESSION),
            CheckSpec {
                action: "sts:TagSession",
                on: ResourceOf::Role,
                lane: ResourceKind::IamRole,
                when: When::SetsTags,
                keys: SESSION_TAGS,
            },
            CheckSpec {
                action: "sts:SetSourceIdentity",
                on: ResourceOf::Role,
                lane: ResourceKind::IamRole,
                when: When::SetsSourceIdentity,
                keys: &["sts:SourceIdentity"],
            },
        ],
    )
    .read_only(),
    // Cannot be denied (BC:sts.GetCallerIdentity).
    sts("GetCallerIdentity", &[]),
    sts("GetSessionToken", &[]),
    sts(
        "GetFederationToken",
        &[
            always("sts:GetFederationToken", ResourceOf::FederatedUser, ResourceKind::Other).filling(TAGS),
            CheckSpec {
                action: "sts:TagSession",
                on: ResourceOf::FederatedUser,
                lane: ResourceKind::Other,
                when: When::SetsTags,
                keys: TAGS,
            },
        ],
    )
    .writing(),
    sts("GetAccessKeyInfo", &[always("sts:GetAccessKeyInfo", ResourceOf::Any, ResourceKind::Other)]),
    sts(
        "DecodeAuthorizationMessage",
        &[always("sts:DecodeAuthorizationMessage", ResourceOf::Any, ResourceKind::Other)],
    ),
];

const fn sts(name: &'static str, checks: &'static [CheckSpec]) -> Operation {
    Operation::new("sts", name, checks)
}

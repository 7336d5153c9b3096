//! STS.

use super::{CheckSpec, Operation, ResourceOf, When, always};
use crate::request::ResourceKind;

pub(super) const OPERATIONS: &[Operation] = &[
    sts(
        "AssumeRole",
        &[
            always("sts:AssumeRole", ResourceOf::Role, ResourceKind::IamRole)
                .filling(&["sts:RoleSessionName", "sts:ExternalId"]),
            CheckSpec {
                action: "sts:TagSession",
                on: ResourceOf::Role,
                lane: ResourceKind::IamRole,
                when: When::SetsTags,
                keys: &[],
            },
        ],
    ),
    // Cannot be denied (BC:sts.GetCallerIdentity).
    sts("GetCallerIdentity", &[]),
    sts("GetSessionToken", &[]),
    sts(
        "GetFederationToken",
        &[always("sts:GetFederationToken", ResourceOf::FederatedUser, ResourceKind::Other)],
    ),
    sts("GetAccessKeyInfo", &[always("sts:GetAccessKeyInfo", ResourceOf::Any, ResourceKind::Other)]),
    sts(
        "DecodeAuthorizationMessage",
        &[always("sts:DecodeAuthorizationMessage", ResourceOf::Any, ResourceKind::Other)],
    ),
];

const fn sts(name: &'static str, checks: &'static [CheckSpec]) -> Operation {
    Operation { service: "sts", name, checks }
}

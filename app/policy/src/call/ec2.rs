//! The EC2 calls about instances and their profiles.

use super::{CheckSpec, Operation, ResourceOf, When, always};
use crate::request::ResourceKind::Other;

/// Whoever gives an instance a profile passes its role.
const PASS_ROLE: CheckSpec =
    CheckSpec { action: "iam:PassRole", on: ResourceOf::Role, lane: Other, when: When::PassesRole };

pub(super) const OPERATIONS: &[Operation] = &[
    ec2(
        "RunInstances",
        &[
            always("ec2:RunInstances", ResourceOf::NewInstance, Other),
            CheckSpec {
                action: "ec2:CreateTags",
                on: ResourceOf::NewInstance,
                lane: Other,
                when: When::SetsTags,
            },
            PASS_ROLE,
        ],
    ),
    ec2("DescribeInstances", &[always("ec2:DescribeInstances", ResourceOf::Any, Other)]),
    ec2("StartInstances", &[always("ec2:StartInstances", ResourceOf::Instance, Other)]),
    ec2("StopInstances", &[always("ec2:StopInstances", ResourceOf::Instance, Other)]),
    ec2("TerminateInstances", &[always("ec2:TerminateInstances", ResourceOf::Instance, Other)]),
    ec2(
        "AssociateIamInstanceProfile",
        &[always("ec2:AssociateIamInstanceProfile", ResourceOf::Instance, Other), PASS_ROLE],
    ),
    ec2(
        "ReplaceIamInstanceProfileAssociation",
        &[always("ec2:ReplaceIamInstanceProfileAssociation", ResourceOf::Instance, Other), PASS_ROLE],
    ),
    ec2(
        "DisassociateIamInstanceProfile",
        &[always("ec2:DisassociateIamInstanceProfile", ResourceOf::Instance, Other)],
    ),
    ec2(
        "DescribeIamInstanceProfileAssociations",
        &[always("ec2:DescribeIamInstanceProfileAssociations", ResourceOf::Any, Other)],
    ),
    ec2(
        "ModifyInstanceMetadataOptions",
        &[always("ec2:ModifyInstanceMetadataOptions", ResourceOf::Instance, Other)],
    ),
    ec2("CreateTags", &[always("ec2:CreateTags", ResourceOf::Instance, Other)]),
    ec2("DeleteTags", &[always("ec2:DeleteTags", ResourceOf::Instance, Other)]),
    ec2("DescribeTags", &[always("ec2:DescribeTags", ResourceOf::Any, Other)]),
];

const fn ec2(name: &'static str, checks: &'static [CheckSpec]) -> Operation {
    Operation { service: "ec2", name, checks }
}

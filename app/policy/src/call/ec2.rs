//! The EC2 calls the tutorial makes.

use super::{CheckSpec, Operation, ResourceOf, When, always};
use crate::request::ResourceKind;

pub(super) const OPERATIONS: &[Operation] = &[
    ec2(
        "RunInstances",
        &[
            always("ec2:RunInstances", ResourceOf::NewInstance, ResourceKind::Other)
                .filling(&["ec2:InstanceType", "ec2:InstanceProfile"]),
            CheckSpec {
                action: "iam:PassRole",
                on: ResourceOf::Role,
                lane: ResourceKind::Other,
                when: When::PassesRole,
                keys: super::iam::PASSED,
            },
        ],
    ),
    ec2("DescribeInstances", &[always("ec2:DescribeInstances", ResourceOf::Any, ResourceKind::Other)]),
    ec2("StartInstances", &[always("ec2:StartInstances", ResourceOf::Instance, ResourceKind::Other)]),
    ec2("StopInstances", &[always("ec2:StopInstances", ResourceOf::Instance, ResourceKind::Other)]),
    ec2(
        "TerminateInstances",
        &[always("ec2:TerminateInstances", ResourceOf::Instance, ResourceKind::Other)
            .filling(&["ec2:InstanceID"])],
    ),
];

const fn ec2(name: &'static str, checks: &'static [CheckSpec]) -> Operation {
    Operation { service: "ec2", name, checks }
}

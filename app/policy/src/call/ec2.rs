//! The EC2 calls about instances and their profiles.

use super::{CheckSpec, Operation, ResourceOf, When, always};
use crate::request::ResourceKind::Other;

/// Whoever gives an instance a profile passes its role.
const PASS_ROLE: CheckSpec = CheckSpec {
    action: "iam:PassRole",
    on: ResourceOf::Role,
    lane: Other,
    when: When::PassesRole,
    keys: super::iam::PASSED,
};

/// What is known of an instance that is to be launched, or is there; tags apart (Service Authorization Reference, EC2).
const LAUNCHED: &[&str] = &[
    "ec2:InstanceID",
    "ec2:InstanceType",
    "ec2:InstanceProfile",
    "ec2:AvailabilityZone",
    "ec2:Tenancy",
    "ec2:InstanceMarketType",
    "ec2:MetadataHttpEndpoint",
    "ec2:MetadataHttpTokens",
    "ec2:MetadataHttpPutResponseHopLimit",
    "ec2:InstanceMetadataTags",
    "aws:RequestTag/",
    "aws:TagKeys",
];
const THERE: &[&str] = &[
    "ec2:InstanceID",
    "ec2:InstanceType",
    "ec2:InstanceProfile",
    "ec2:AvailabilityZone",
    "ec2:Tenancy",
    "ec2:InstanceMarketType",
    "ec2:MetadataHttpEndpoint",
    "ec2:MetadataHttpTokens",
    "ec2:MetadataHttpPutResponseHopLimit",
    "ec2:InstanceMetadataTags",
    "aws:ResourceTag/",
    "ec2:ResourceTag/",
];
const GIVEN_PROFILE: &[&str] = &[
    "ec2:InstanceID",
    "ec2:InstanceType",
    "ec2:InstanceProfile",
    "ec2:AvailabilityZone",
    "ec2:Tenancy",
    "ec2:InstanceMarketType",
    "ec2:MetadataHttpEndpoint",
    "ec2:MetadataHttpTokens",
    "ec2:MetadataHttpPutResponseHopLimit",
    "ec2:InstanceMetadataTags",
    "aws:ResourceTag/",
    "ec2:ResourceTag/",
    "ec2:NewInstanceProfile",
];
const MODIFIED: &[&str] = &[
    "ec2:InstanceID",
    "ec2:InstanceType",
    "ec2:InstanceProfile",
    "ec2:AvailabilityZone",
    "ec2:Tenancy",
    "ec2:InstanceMarketType",
    "ec2:MetadataHttpEndpoint",
    "ec2:MetadataHttpTokens",
    "ec2:MetadataHttpPutResponseHopLimit",
    "ec2:InstanceMetadataTags",
    "aws:ResourceTag/",
    "ec2:ResourceTag/",
    "ec2:Attribute",
    "ec2:Attribute/",
];
const TAGGED: &[&str] = &[
    "ec2:InstanceID",
    "ec2:InstanceType",
    "ec2:InstanceProfile",
    "ec2:AvailabilityZone",
    "ec2:Tenancy",
    "ec2:InstanceMarketType",
    "ec2:MetadataHttpEndpoint",
    "ec2:MetadataHttpTokens",
    "ec2:MetadataHttpPutResponseHopLimit",
    "ec2:InstanceMetadataTags",
    "aws:ResourceTag/",
    "ec2:ResourceTag/",
    "aws:RequestTag/",
    "aws:TagKeys",
];

pub(super) const OPERATIONS: &[Operation] = &[
    ec2(
        "RunInstances",
        &[
            always("ec2:RunInstances", ResourceOf::NewInstance, Other).filling(LAUNCHED),
            CheckSpec {
                action: "ec2:CreateTags",
                on: ResourceOf::NewInstance,
                lane: Other,
                when: When::SetsTags,
                keys: &["ec2:CreateAction", "aws:RequestTag/", "aws:TagKeys"],
            },
            PASS_ROLE,
        ],
    ),
    ec2("DescribeInstances", &[always("ec2:DescribeInstances", ResourceOf::Any, Other)]),
    ec2("StartInstances", &[always("ec2:StartInstances", ResourceOf::Instance, Other).filling(THERE)]),
    ec2("StopInstances", &[always("ec2:StopInstances", ResourceOf::Instance, Other).filling(THERE)]),
    ec2(
        "TerminateInstances",
        &[always("ec2:TerminateInstances", ResourceOf::Instance, Other).filling(THERE)],
    ),
    ec2(
        "AssociateIamInstanceProfile",
        &[
            always("ec2:AssociateIamInstanceProfile", ResourceOf::Instance, Other).filling(GIVEN_PROFILE),
            PASS_ROLE,
        ],
    ),
    ec2(
        "ReplaceIamInstanceProfileAssociation",
        &[
            always("ec2:ReplaceIamInstanceProfileAssociation", ResourceOf::Instance, Other)
                .filling(GIVEN_PROFILE),
            PASS_ROLE,
        ],
    ),
    ec2(
        "DisassociateIamInstanceProfile",
        &[always("ec2:DisassociateIamInstanceProfile", ResourceOf::Instance, Other).filling(THERE)],
    ),
    ec2(
        "DescribeIamInstanceProfileAssociations",
        &[always("ec2:DescribeIamInstanceProfileAssociations", ResourceOf::Any, Other)],
    ),
    ec2(
        "ModifyInstanceMetadataOptions",
        &[always("ec2:ModifyInstanceMetadataOptions", ResourceOf::Instance, Other).filling(MODIFIED)],
    ),
    ec2("CreateTags", &[always("ec2:CreateTags", ResourceOf::Instance, Other).filling(TAGGED)]),
    ec2("DeleteTags", &[always("ec2:DeleteTags", ResourceOf::Instance, Other).filling(TAGGED)]),
    ec2("DescribeTags", &[always("ec2:DescribeTags", ResourceOf::Any, Other)]),
];

const fn ec2(name: &'static str, checks: &'static [CheckSpec]) -> Operation {
    Operation::new("ec2", name, checks)
}

//! The part of Amazon EC2 that access control sees: instances with a role (API version 2016-11-15). Nothing runs.

mod associations;
mod describe;
mod fault;
mod filter;
mod ids;
mod launch;
mod message;
mod options;
mod profiles;
mod question;
mod states;
mod tags;
mod write;

pub(crate) use ids::is_instance_id;
pub(crate) use write::zone;

use crate::query::{Service, operations};

operations! {
    Service::Ec2;

    "RunInstances" => launch::run: [
        "ImageId" "InstanceType" "MinCount" "MaxCount" "IamInstanceProfile" "ClientToken" "TagSpecification" "MetadataOptions"
        "DryRun"
    ];
    "DescribeInstances" => describe::describe: ["InstanceId" "Filter" "MaxResults" "NextToken" "DryRun"];
    "StopInstances" => states::stop: ["InstanceId" "Force" "Hibernate" "SkipOsShutdown" "DryRun"];
    "StartInstances" => states::start: ["InstanceId" "DryRun"];
    "TerminateInstances" => states::terminate: ["InstanceId" "Force" "SkipOsShutdown" "DryRun"];

    "AssociateIamInstanceProfile" => associations::associate: ["InstanceId" "IamInstanceProfile"];
    "DisassociateIamInstanceProfile" => associations::disassociate: ["AssociationId"];
    "ReplaceIamInstanceProfileAssociation" => associations::replace: ["AssociationId" "IamInstanceProfile"];
    "DescribeIamInstanceProfileAssociations" => associations::describe: [
        "AssociationId" "Filter" "MaxResults" "NextToken"
    ];

    "ModifyInstanceMetadataOptions" => options::modify: [
        "InstanceId" "HttpTokens" "HttpPutResponseHopLimit" "HttpEndpoint" "HttpProtocolIpv6" "InstanceMetadataTags" "DryRun"
    ];

    "CreateTags" => tags::create: ["ResourceId" "Tag" "DryRun"];
    "DeleteTags" => tags::delete: ["ResourceId" "Tag" "DryRun"];
    "DescribeTags" => tags::describe: ["Filter" "MaxResults" "NextToken" "DryRun"];
}

//! The part of Amazon EC2 that access control sees: instances with a role (API version 2016-11-15). Nothing runs.

mod describe;
mod fault;
mod ids;
mod launch;
mod terminate;
mod write;

pub(crate) use ids::is_instance_id;
pub(crate) use write::zone;

use crate::query::{Service, operations};

operations! {
    Service::Ec2;

    "RunInstances" => launch::run: [
        "ImageId" "InstanceType" "MinCount" "MaxCount" "IamInstanceProfile" "ClientToken" "DryRun"
    ];
    "DescribeInstances" => describe::describe: ["InstanceId" "Filter" "MaxResults" "NextToken" "DryRun"];
    "TerminateInstances" => terminate::terminate: ["InstanceId" "DryRun"];
}

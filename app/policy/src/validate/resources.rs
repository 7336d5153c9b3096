//! IAM's shallow check of the ARNs in `Resource`. What stands before the first colon is not looked at, so an ARN with a
//! leading space passes (`aws-semantics.md` §1, defect 2a).

const IAM_PATHS: [&str; 13] = [
    "user/",
    "federated-user/",
    "role/",
    "group/",
    "instance-profile/",
    "mfa/",
    "server-certificate/",
    "policy/",
    "sms-mfa/",
    "saml-provider/",
    "oidc-provider/",
    "report/",
    "access-report/",
];

/// Resource types that came after the message was recorded (Service Authorization Reference, IAM and STS).
const LATER_IAM_PATHS: [&str; 4] = ["root", "delegation-request/", "role-template/", "contextProvider/"];

/// IAM's message for the resources of a policy; of several wrong ones it names the last.
pub(super) fn resource_error(resources: &[&str]) -> Option<String> {
    resources.iter().rev().find_map(|resource| error(resource))
}

fn error(resource: &str) -> Option<String> {
    if resource == "*" {
        return None;
    }
    let Some((_, rest)) = resource.split_once(':') else {
        return Some(format!("Resource {resource} must be in ARN format or \"*\"."));
    };
    let (partition, rest) =
        rest.split_once(':').map_or((rest, None), |(partition, rest)| (partition, Some(rest)));
    // A whole partition may be left open, as AWS's own managed policies do (`FSxDeleteServiceLinkedRoleAccess`).
    if partition != "aws" && partition != "*" {
        let mut parts = rest.unwrap_or("").splitn(4, ':');
        let first =
            parts.next().filter(|first| !first.is_empty() || rest.is_some_and(|rest| rest.contains(':')));
        let [first, second, third, fourth] =
            [first, parts.next(), parts.next(), parts.next()].map(|p| p.unwrap_or("*"));
        return Some(format!(
            "Partition \"{partition}\" is not valid for resource \"arn:{partition}:{first}:{second}:{third}:{fourth}\"."
        ));
    }
    let Some(rest) = rest else {
        return Some("Resource vendor must be fully qualified and cannot contain regexes.".to_owned());
    };
    let (service, rest) = rest.split_once(':').unwrap_or((rest, ""));
    let has_region = !rest.starts_with(':');
    match service {
        _ if service.contains(['*', '?']) => {
            Some("Resource vendor must be fully qualified and cannot contain regexes.".to_owned())
        }
        "iam" if has_region => Some(format!("IAM resource {resource} cannot contain region information.")),
        // Access points, jobs and the like have a region, and then an account.
        "s3" if has_region && rest.split(':').nth(1).is_none_or(str::is_empty) => {
            Some(format!("Resource {resource} can not contain region information."))
        }
        "iam" => {
            let path = rest.splitn(3, ':').nth(2).unwrap_or("");
            let known =
                path == "*" || LATER_IAM_PATHS.iter().chain(&IAM_PATHS).any(|start| path.starts_with(start));
            (!known).then(|| {
                format!("IAM resource path must either be \"*\" or start with {}.", IAM_PATHS.join(", "))
            })
        }
        _ => None,
    }
}

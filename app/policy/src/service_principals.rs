//! The names of AWS's services in `Principal`. IAM, S3 and KMS refuse names that no service has.
//!
//! No list of AWS's own is complete. Most services are called after their prefix, as in AWS's policy generator; the others
//! are in `data/service-principals.json`, which says where they come from. A name too many does less harm than one too few.

use std::sync::OnceLock;

use serde::Deserialize;

use crate::lint::catalog::{self, catalog};

const DATA: &str = include_str!("../data/service-principals.json");

#[derive(Debug, Default, Deserialize)]
struct Names {
    /// Those not called after a prefix, without `.amazonaws.com`.
    names: Vec<String>,
    /// Whole names that end in something else.
    elsewhere: Vec<String>,
}

fn names() -> &'static Names {
    static NAMES: OnceLock<Names> = OnceLock::new();
    // A test reads the data.
    NAMES.get_or_init(|| serde_json::from_str(DATA).unwrap_or_default())
}

/// Whether an AWS service has this name, such as `ec2.amazonaws.com`, `logs.eu-west-1.amazonaws.com` or
/// `ec2.amazonaws.com.cn` (IAM User Guide, `reference_policies_elements_principal`).
pub(crate) fn exists(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    if names().elsewhere.contains(&name) {
        return true;
    }
    let Some(service) =
        [".amazonaws.com", ".amazonaws.com.cn"].into_iter().find_map(|end| name.strip_suffix(end))
    else {
        return false;
    };
    let regional =
        service.rsplit_once('.').filter(|(_, region)| is_region(region)).map(|(service, _)| service);
    is_service(service) || regional.is_some_and(is_service)
}

/// The name that may have been meant.
pub(crate) fn nearest(name: &str) -> Option<String> {
    let name = name.to_ascii_lowercase();
    let service = name.find(".amazon").and_then(|end| name.get(..end)).unwrap_or(&name);
    let known = names().names.iter().map(String::as_str).chain(catalog().prefixes());
    Some(format!("{}.amazonaws.com", catalog::nearest(service, known)?))
}

fn is_service(name: &str) -> bool {
    catalog().has_prefix(name) || names().names.iter().any(|known| known == name)
}

/// Whether a text has the form of a region's name, as `us-gov-west-1`. New ones come along too often for a list.
fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [area, middle @ .., number] = parts.as_slice() else { return false };
    let is = |part: &str, of: fn(&u8) -> bool| !part.is_empty() && part.bytes().all(|byte| of(&byte));
    (2..=4).contains(&area.len())
        && is(area, u8::is_ascii_lowercase)
        && !middle.is_empty()
        && middle.iter().all(|part| is(part, u8::is_ascii_lowercase))
        && is(number, u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_can_be_read_and_knows_services_by_all_their_names() {
        let read: Names = serde_json::from_str(DATA).unwrap();
        assert!(read.names.is_sorted() && read.names.len() > 150, "{}", read.names.len());
        assert!(!read.names.iter().any(|name| name.contains("amazonaws")));
        for name in [
            "ec2.amazonaws.com",
            "EC2.amazonaws.com",
            "ec2.amazonaws.com.cn",
            "ecs-tasks.amazonaws.com",
            "eks-fargate-pods.amazonaws.com",
            "delivery.logs.amazonaws.com",
            "logs.eu-west-1.amazonaws.com",
            "logs.us-gov-west-1.amazonaws.com",
            "codedeploy.cn-north-1.amazonaws.com.cn",
            "vpc-flow-logs.amazonaws.com",
            "logging.s3.amazonaws.com",
            "logdelivery.elasticloadbalancing.amazonaws.com",
            "billingreports.amazonaws.com",
            "edgelambda.amazonaws.com",
            "lambda.alarms.cloudwatch.amazonaws.com",
            "alexa-appkit.amazon.com",
        ] {
            assert!(exists(name), "{name}");
        }
    }

    #[test]
    fn what_no_service_is_called_is_no_service() {
        for name in [
            "foo.amazonaws.com",
            "ec2",
            "",
            ".amazonaws.com",
            "amazonaws.com",
            "*.amazonaws.com",
            "ec2.amazon.com",
            "ec2.amazonaws.com.evil.example",
            "ec2.example.com",
            "ec2xamazonaws.com",
            "foo.eu-west-1.amazonaws.com",
            "logs.eu-west.amazonaws.com",
            "bucket.s3.amazonaws.com",
            "https://ec2.amazonaws.com",
        ] {
            assert!(!exists(name), "{name}");
        }
        assert_eq!(nearest("lamda.amazonaws.com").as_deref(), Some("lambda.amazonaws.com"));
        assert_eq!(nearest("ec2.amazon.com").as_deref(), Some("ec2.amazonaws.com"));
        assert_eq!(nearest("ecs-task.amazonaws.com").as_deref(), Some("ecs-tasks.amazonaws.com"));
        assert_eq!(nearest("nothing-like-it.amazonaws.com"), None);
    }
}

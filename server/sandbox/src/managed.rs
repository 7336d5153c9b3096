//! Managed policies by ARN: the account's own, and those AWS manages.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use policy::Document;
use serde::{Deserialize, Deserializer};

use crate::model::{Account, PolicyText, Timestamp};

/// ARN prefix of the policies that AWS manages.
pub(crate) const AWS_PREFIX: &str = "arn:aws:iam::aws:policy/";

/// A policy that AWS manages.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct AwsManaged {
    /// Name, which follows [`AWS_PREFIX`] in its ARN.
    pub(crate) name: String,
    /// `ANPA…`, as AWS gave it.
    pub(crate) id: String,
    /// What AWS says of it.
    pub(crate) description: String,
    /// Id of the version in force; earlier ones are not here.
    pub(crate) version: String,
    /// When AWS published it.
    pub(crate) created: Timestamp,
    /// When the version in force was published.
    pub(crate) updated: Timestamp,
    /// Its document in force.
    #[serde(deserialize_with = "document_as_text")]
    pub(crate) document: PolicyText,
}

/// The policies that people attach by name, as AWS publishes them: taken from PyPI's `moto` 5.2.5 (Apache-2.0), which reads
/// them from AWS.
const SOURCES: &str = include_str!("managed/policies.json");

static AWS_MANAGED: LazyLock<BTreeMap<String, AwsManaged>> = LazyLock::new(|| {
    // A test reads them; what cannot be read is not there.
    let policies: Vec<AwsManaged> = serde_json::from_str(SOURCES).unwrap_or_default();
    policies.into_iter().map(|policy| (policy.name.clone(), policy)).collect()
});

fn document_as_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PolicyText, D::Error> {
    let json = Box::<serde_json::value::RawValue>::deserialize(deserializer)?;
    PolicyText::parse(json.get()).map_err(serde::de::Error::custom)
}

/// The policy AWS manages under this ARN.
pub(crate) fn aws_managed(arn: &str) -> Option<&'static AwsManaged> {
    AWS_MANAGED.get(arn.strip_prefix(AWS_PREFIX)?)
}

/// Every policy that AWS manages here, by name.
pub(crate) fn all_aws_managed() -> impl Iterator<Item = &'static AwsManaged> {
    AWS_MANAGED.values()
}

/// ARN of a customer managed policy.
pub(crate) fn policy_arn(account: &str, path: &str, name: &str) -> String {
    format!("arn:aws:iam::{account}:policy{path}{name}")
}

/// Name and document in force of the managed policy with this ARN, as this account sees it.
pub(crate) fn document(account: &Account, arn: &str) -> Option<(String, Arc<Document>)> {
    let name = arn.rsplit('/').next()?.to_owned();
    Some((name, text(account, arn)?.document()))
}

/// The same as text.
pub(crate) fn text<'a>(account: &'a Account, arn: &str) -> Option<&'a PolicyText> {
    if let Some(managed) = aws_managed(arn) {
        return Some(&managed.document);
    }
    let policy = account.policies.get(arn.rsplit('/').next()?)?;
    let is_it = policy_arn(&account.id, &policy.path, &policy.name) == arn;
    is_it.then(|| policy.in_force().map(|version| &version.document))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policies_that_people_attach_by_name_are_there() {
        for name in [
            "AdministratorAccess",
            "ReadOnlyAccess",
            "PowerUserAccess",
            "SecurityAudit",
            "AmazonS3FullAccess",
            "AmazonS3ReadOnlyAccess",
            "IAMFullAccess",
            "AWSKeyManagementServicePowerUser",
        ] {
            let policy = aws_managed(&format!("{AWS_PREFIX}{name}")).unwrap_or_else(|| panic!("{name}"));
            assert!(!policy.document.document().statements().is_empty());
        }
    }
}

//! Managed policies by ARN: the account's own, and those AWS manages.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use policy::Document;

use crate::model::{Account, PolicyText, Timestamp};

/// ARN prefix of the policies that AWS manages.
pub(crate) const AWS_PREFIX: &str = "arn:aws:iam::aws:policy/";

/// A policy that AWS manages.
#[derive(Clone, Debug)]
pub(crate) struct AwsManaged {
    /// Name, which follows [`AWS_PREFIX`] in its ARN.
    pub(crate) name: &'static str,
    /// `ANPA…`, as AWS gave it.
    pub(crate) id: &'static str,
    /// What AWS says of it.
    pub(crate) description: &'static str,
    /// When AWS published it.
    pub(crate) created: Timestamp,
    /// Its document in force.
    pub(crate) document: PolicyText,
}

/// Names, ids, descriptions, dates and documents as AWS publishes them.
const SOURCES: [(&str, &str, &str, Timestamp, &str); 1] = [(
    "AdministratorAccess",
    "ANPAIWMBCKSKIEE64ZLYK",
    "Provides full access to AWS services and resources.",
    1_423_247_986,
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#,
)];

static AWS_MANAGED: LazyLock<BTreeMap<&'static str, AwsManaged>> = LazyLock::new(|| {
    SOURCES
        .iter()
        .filter_map(|&(name, id, description, created, text)| {
            let document = PolicyText::parse(text).ok()?;
            Some((name, AwsManaged { name, id, description, created, document }))
        })
        .collect()
});

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
    fn every_aws_managed_policy_parses() {
        assert_eq!(all_aws_managed().count(), SOURCES.len());
    }
}

//! What S3 calls a public bucket policy (S3 User Guide, `access-control-block-public-access`, "The meaning of public").

use crate::document::{Document, Effect, Statement};

/// Condition keys that, held to fixed values, keep a statement from being public.
const NARROWING_KEYS: [&str; 16] = [
    "aws:PrincipalAccount",
    "aws:PrincipalArn",
    "aws:PrincipalOrgID",
    "aws:PrincipalOrgPaths",
    "aws:SourceAccount",
    "aws:SourceArn",
    "aws:SourceIp",
    "aws:SourceOrgID",
    "aws:SourceOrgPaths",
    "aws:SourceOwner",
    "aws:SourceVpc",
    "aws:SourceVpce",
    "aws:userid",
    "s3:DataAccessPointAccount",
    "s3:DataAccessPointArn",
    "s3:x-amz-server-side-encryption-aws-kms-key-id",
];

impl Document {
    /// Whether S3 would call this bucket policy public: some statement allows everyone, and no condition holds it to fixed
    /// values of a key that tells callers apart.
    ///
    /// ```
    /// let everyone = r#"{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
    ///     "Resource": "arn:aws:s3:::demo/*"}}"#;
    /// assert!(policy::Document::parse(everyone)?.is_public());
    /// # Ok::<(), policy::ParseError>(())
    /// ```
    pub fn is_public(&self) -> bool {
        self.statements().iter().any(is_public)
    }
}

fn is_public(statement: &Statement) -> bool {
    let everyone = statement.principal.as_ref().is_some_and(|principal| principal.is_everyone());
    statement.effect == Effect::Allow && everyone && !statement.conditions.iter().any(narrows)
}

fn narrows(condition: &crate::condition::Condition) -> bool {
    let known = NARROWING_KEYS.iter().any(|key| key.eq_ignore_ascii_case(condition.key()));
    let whole_internet = condition.wanted().iter().any(|wanted| wanted.ends_with("/0"));
    known && condition.is_restrictive() && condition.has_only_fixed_values() && !whole_internet
}

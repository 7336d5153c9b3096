//! What S3 calls a public bucket policy (S3 User Guide, `access-control-block-public-access`, "The meaning of public").

use crate::arn::{Arn, is_account_id};
use crate::condition::Condition;
use crate::document::{Document, Effect, PrincipalElement, Statement};

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
    /// Whether S3 would call this bucket policy public: some statement allows everyone, or whoever an identity provider on the
    /// web vouches for, and no condition holds it to fixed
    /// values of a key that tells callers apart.
    ///
    /// ```
    /// let everyone = r#"{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
    ///     "Resource": "arn:aws:s3:::demo/*"}}"#;
    /// assert!(policy::Document::parse(everyone)?.is_public());
    /// # Ok::<(), policy::ParseError>(())
    /// ```
    pub fn is_public(&self) -> bool {
        self.statements().iter().any(Statement::is_public)
    }
}

impl Statement {
    /// Whether this statement makes a bucket policy public.
    pub(crate) fn is_public(&self) -> bool {
        let anyone = self.principal.as_ref().is_some_and(PrincipalElement::is_anyone);
        self.effect == Effect::Allow && anyone && !self.conditions.iter().any(narrows)
    }
}

fn narrows(condition: &Condition) -> bool {
    let known = NARROWING_KEYS.iter().any(|key| key.eq_ignore_ascii_case(condition.key()));
    // An access point may be named by a pattern, as long as its account is not.
    let fixed = condition.has_only_fixed_values()
        || condition.key().eq_ignore_ascii_case("s3:DataAccessPointArn")
            && condition
                .wanted()
                .iter()
                .all(|wanted| Arn::parse(wanted).is_some_and(|arn| is_account_id(arn.account)));
    known && condition.is_restrictive() && fixed && !condition.has_wide_network()
}

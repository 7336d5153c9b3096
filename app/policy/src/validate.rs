//! What the services refuse to store, with their codes and words (`aws-semantics.md` §1, §3 to §5). What they store although
//! it does nothing passes.
//!
//! Whether a named principal exists, and whether a key policy would lock its author out, needs the account's state: the
//! caller checks that.
//!
//! ```
//! use policy::validate;
//!
//! let json = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject",
//!     "Resource": "arn:aws:s3:::demo"}}"#;
//! let rejection = validate::bucket(json, "demo").expect_err("an object action on the bucket");
//! assert_eq!(rejection.code, "MalformedPolicy");
//! assert_eq!(rejection.message, "Action does not apply to any resource(s) in statement");
//! ```

mod bucket;
mod identity;
mod key;
mod resources;
mod s3_names;
mod trust;

pub(crate) use bucket::misfit;

use crate::document::{Document, NamedPrincipal, ParseError, ParseErrorKind, PrincipalElement};
use crate::service_principals;

/// A document refused by a service.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Rejection {
    /// The error code, such as `MalformedPolicyDocument`.
    pub code: &'static str,
    /// AWS's message.
    pub message: String,
}

/// Most characters of a managed policy, white space apart (IAM User Guide, `reference_iam-quotas`).
pub const MANAGED_POLICY_SIZE: usize = 6_144;
/// Most characters of a trust policy, white space apart; AWS raises it on request.
pub const TRUST_POLICY_SIZE: usize = 2_048;

/// What IAM refuses on `CreatePolicy` and `CreatePolicyVersion`.
///
/// # Errors
/// 400 `MalformedPolicyDocument`, or 409 `LimitExceeded` above 6,144 characters without white space.
pub fn identity(json: &str) -> Result<Document, Rejection> {
    let document = identity::identity(json)?;
    within_quota(json, MANAGED_POLICY_SIZE, "PolicySize")?;
    Ok(document)
}

/// What IAM refuses on `PutRolePolicy` and `PutUserPolicy`, and STS as a session policy. Their quotas count all policies of
/// the entity together, so the caller checks them.
///
/// # Errors
/// 400 `MalformedPolicyDocument`.
pub fn inline(json: &str) -> Result<Document, Rejection> {
    identity::identity(json)
}

/// What IAM refuses as a role's trust policy.
///
/// # Errors
/// 400 `MalformedPolicyDocument`, or 409 `LimitExceeded` above 2,048 characters without white space.
pub fn trust(json: &str) -> Result<Document, Rejection> {
    let document = trust::trust(json)?;
    within_quota(json, TRUST_POLICY_SIZE, "ACLSizePerRole")?;
    Ok(document)
}

/// What S3 refuses on `PutBucketPolicy` for `bucket`.
///
/// # Errors
/// 400 `MalformedPolicy`.
pub fn bucket(json: &str, bucket: &str) -> Result<Document, Rejection> {
    bucket::bucket(json, bucket)
}

/// What KMS refuses on `PutKeyPolicy` and `CreateKey`.
///
/// # Errors
/// 400 `MalformedPolicyDocumentException`, or `LimitExceededException` above 32,768 bytes.
pub fn key(json: &str) -> Result<Document, Rejection> {
    key::key(json)
}

fn reject(code: &'static str, message: impl Into<String>) -> Rejection {
    Rejection { code, message: message.into() }
}

/// IAM's quotas do not count white space (IAM User Guide, `reference_iam-quotas`).
fn within_quota(json: &str, most: usize, quota: &str) -> Result<(), Rejection> {
    let size = json.chars().filter(|character| !character.is_whitespace()).count();
    if size > most {
        return Err(reject("LimitExceeded", format!("Cannot exceed quota for {quota}: {most}")));
    }
    Ok(())
}

/// The words that S3 and IAM's trust policies share for a document that breaks the grammar.
fn grammar(error: &ParseError) -> String {
    match error.kind() {
        ParseErrorKind::MissingField(field) => format!("Missing required field {field}"),
        ParseErrorKind::UnknownField(field) => format!("Unknown field {field}"),
        ParseErrorKind::UnknownOperator(operator) => format!("Invalid Condition type : {operator}"),
        ParseErrorKind::InvalidPrincipal(_) => "Invalid principal in policy".to_owned(),
        ParseErrorKind::InvalidValue { value, .. } if error.pointer().ends_with("/Effect") => {
            format!("Invalid effect: {value}")
        }
        ParseErrorKind::InvalidValue { .. } => "The policy must contain a valid version string".to_owned(),
        ParseErrorKind::NotJson { .. } | ParseErrorKind::WrongType { .. } | ParseErrorKind::Conflict(..) => {
            "This policy contains invalid Json".to_owned()
        }
    }
}

/// What the resource policies of S3 and IAM's trust policies demand of every statement beyond the grammar.
fn demand_principals(code: &'static str, document: &Document) -> Result<(), Rejection> {
    use crate::document::Effect;
    if document.statements().is_empty() {
        return Err(reject(code, "Could not parse the policy: Statement is empty!"));
    }
    for statement in document.statements() {
        let Some(element) = &statement.principal else {
            return Err(reject(code, "Missing required field Principal"));
        };
        if element.named.is_empty() {
            return Err(reject(code, "Missing required field Principal cannot be empty!"));
        }
        if element.negated && statement.effect == Effect::Allow {
            return Err(reject(code, "Allow with NotPrincipal is not allowed."));
        }
        if statement.action.is_none() {
            return Err(reject(code, "Missing required field Action"));
        }
    }
    Ok(())
}

/// The first principal that no service takes: a misspelt ARN, a group, a wildcard inside an ARN, the id of a deleted
/// principal (`aws-semantics.md` §2 and §4), a service that does not exist. Gives the kind as IAM spells it and the text.
fn invalid_principal(element: &PrincipalElement) -> Option<(&'static str, &str)> {
    element.named.iter().find_map(|named| match named {
        NamedPrincipal::Nobody(text) | NamedPrincipal::UniqueId(text) => Some(("AWS", text.as_str())),
        NamedPrincipal::Service(name) if !service_principals::exists(name) => Some(("SERVICE", name)),
        NamedPrincipal::Federated(provider) if provider.is_empty() || provider == "*" => {
            Some(("Federated", provider))
        }
        _ => None,
    })
}

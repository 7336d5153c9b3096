//! What the operations that give temporary credentials have in common: session policies, credentials, constraints.

use crate::caller::{SessionTags, Token};
use crate::credentials::session_credentials;
use crate::managed;
use crate::model::{Account, PolicyText};
use crate::query::{Call, Fault, Params, Xml, timestamp};

/// Longest inline session policy, and space for all session policies together, in characters.
const MAX_POLICY: usize = 2_048;
/// Space for session tags, in characters of keys and values. AWS does not tell how it packs them; 2,268 characters in nine tags were
/// answered with 498 % (`aws-actions/configure-aws-credentials`, issue 1898).
const MAX_TAGS: usize = 455;
/// Most managed session policies.
const MAX_POLICY_ARNS: usize = 10;

/// `Policy`.
pub(super) fn inline_policy(params: &Params) -> Result<Option<&str>, Fault> {
    let policy = params.get("Policy");
    if let Some(policy) = policy {
        length("policy", policy, 1..=MAX_POLICY)?;
    }
    Ok(policy)
}

/// `PolicyArns`.
pub(super) fn policy_arns(params: &Params) -> Result<Vec<&str>, Fault> {
    let arns = params.list("PolicyArns.member", ".arn");
    match arns.len() <= MAX_POLICY_ARNS {
        true => Ok(arns),
        false => Err(Fault::validation(
            "1 validation error detected: Value at 'policyArns' failed to satisfy constraint: Member must have length less \
             than or equal to 10",
        )),
    }
}

/// New credentials, as every operation that gives some writes them.
pub(super) fn write_credentials(call: Call<'_>, token: &Token) -> Result<Xml, Fault> {
    let credentials = session_credentials(&call.aws.store, token)?;
    let mut xml = Xml::default();
    xml.element("Credentials", |element| {
        element
            .text("AccessKeyId", &credentials.access_key_id)
            .text("SecretAccessKey", credentials.secret_access_key.as_str())
            .text("SessionToken", credentials.session_token.as_str())
            .text("Expiration", timestamp(credentials.expires));
    });
    Ok(xml)
}

/// What of a session takes up space in its token.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packed<'a> {
    pub(super) policy: Option<&'a str>,
    pub(super) policy_arns: &'a [&'a str],
    pub(super) tags: &'a SessionTags,
}

impl Packed<'_> {
    /// Whether there is anything to pack.
    pub(super) fn is_empty(self) -> bool {
        self.policy.is_none() && self.policy_arns.is_empty() && self.tags.values.is_empty()
    }

    /// How much of the space is used: text as it is, without AWS's unpublished packing.
    pub(super) fn percent(self) -> usize {
        self.percent_of_policies() + self.percent_of_tags()
    }

    fn percent_of_policies(self) -> usize {
        let arns: usize = self.policy_arns.iter().map(|arn| arn.len()).sum();
        ((self.policy.map_or(0, str::len) + arns) * 100).div_ceil(MAX_POLICY)
    }

    fn percent_of_tags(self) -> usize {
        let tags = self.tags.values.iter();
        let characters: usize = tags.map(|(key, value)| key.chars().count() + value.chars().count()).sum();
        (characters * 100).div_ceil(MAX_TAGS)
    }

    /// Refuses what does not fit.
    pub(super) fn must_fit(self) -> Result<(), Fault> {
        let percent = self.percent();
        if percent <= 100 {
            return Ok(());
        }
        let message = match self.tags.values.is_empty() {
            true => {
                format!("Packed policy consumes {percent}% of allotted space, please use smaller policy.")
            }
            false => format!("Packed size of session tags consumes {percent}% of allotted space."),
        };
        Err(Fault::refused(400, "PackedPolicyTooLarge", message))
    }
}

/// The session policies that a session is to have.
pub(super) fn session_policies(
    policy: Option<&str>,
    arns: &[&str],
    account: &Account,
) -> Result<Vec<PolicyText>, Fault> {
    let malformed = |message: String| Fault::refused(400, "MalformedPolicyDocument", message);
    let mut policies = Vec::new();
    if let Some(text) = policy {
        ::policy::validate::inline(text)?;
        policies.push(PolicyText::parse(text).map_err(|error| malformed(error.to_string()))?);
    }
    for arn in arns {
        let text = managed::text(account, arn).ok_or_else(|| {
            Fault::refused(
                400,
                "InvalidParameterValue",
                format!("Policy {arn} does not exist or is not attachable."),
            )
        })?;
        policies.push(text.clone());
    }
    Ok(policies)
}

pub(super) fn length(name: &str, value: &str, range: std::ops::RangeInclusive<usize>) -> Result<(), Fault> {
    let length = value.chars().count();
    if length < *range.start() {
        return Err(constraint(
            name,
            value,
            &format!("have length greater than or equal to {}", range.start()),
        ));
    }
    if length > *range.end() {
        return Err(constraint(name, value, &format!("have length less than or equal to {}", range.end())));
    }
    Ok(())
}

pub(super) fn pattern(name: &str, value: &str, also: &str, expression: &str) -> Result<(), Fault> {
    if value.chars().all(|char| char.is_ascii_alphanumeric() || also.contains(char)) {
        return Ok(());
    }
    Err(constraint(name, value, &format!("satisfy regular expression pattern: {expression}")))
}

/// STS repeats the value, unlike IAM.
pub(super) fn constraint(name: &str, value: &str, constraint: &str) -> Fault {
    Fault::validation(format!(
        "1 validation error detected: Value '{value}' at '{name}' failed to satisfy constraint: \
         Member must {constraint}"
    ))
}

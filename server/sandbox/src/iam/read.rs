//! Readers of IAM's parameters, with the constraints of the IAM API Reference in IAM's words.

use std::fmt::Display;

use policy::Arn;

use crate::model::Table;
use crate::query::{Fault, Params, parameter};

/// Longest name of a policy, a group, an instance profile and an inline policy.
pub(super) const LONG_NAME: usize = 128;
/// Longest name of a role or a user.
pub(super) const SHORT_NAME: usize = 64;
/// Longest path.
const MAX_PATH: usize = 512;
/// Longest description.
const MAX_DESCRIPTION: usize = 1_000;
/// Shortest and longest ARN.
pub(super) const ARN_LENGTH: std::ops::RangeInclusive<usize> = 20..=2_048;

/// A constraint of the API that a parameter does not meet.
pub(super) fn constraint(name: &str, constraint: &str) -> Fault {
    let mut broken = Violations::default();
    broken.add(&parameter(name), constraint);
    broken.into_fault()
}

/// Constraints of the API that a request does not meet, told together. Like IAM, it tells ten at most.
#[derive(Debug, Default)]
pub(super) struct Violations(Vec<String>);

impl Violations {
    /// One more: the member by its name in the API's model, such as `tags.1.member.key`.
    pub(super) fn add(&mut self, member: &str, constraint: impl Display) {
        const MOST_TOLD: usize = 10;
        if self.0.len() < MOST_TOLD {
            self.0
                .push(format!("Value at '{member}' failed to satisfy constraint: Member must {constraint}"));
        }
    }

    /// An error when there is one.
    pub(super) fn into_result(self) -> Result<(), Fault> {
        if self.0.is_empty() { Ok(()) } else { Err(self.into_fault()) }
    }

    /// The error.
    pub(super) fn into_fault(self) -> Fault {
        let plural = if self.0.len() == 1 { "" } else { "s" };
        Fault::validation(format!(
            "{} validation error{plural} detected: {}",
            self.0.len(),
            self.0.join("; ")
        ))
    }
}

/// A name that must be given: letters, digits and `+=,.@_-`.
pub(super) fn name<'a>(params: &'a Params, parameter_name: &str, longest: usize) -> Result<&'a str, Fault> {
    let value = params.required(parameter_name)?;
    length(parameter_name, value, 1..=longest)?;
    if value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+=,.@_-".contains(&byte)) {
        return Ok(value);
    }
    Err(Fault::validation(format!(
        "The specified value for {} is invalid. It must contain only alphanumeric characters and/or the following: \
         +=,.@_-",
        parameter(parameter_name)
    )))
}

/// `Path`; `/` when it is not given.
pub(super) fn path(params: &Params) -> Result<&str, Fault> {
    Ok(path_of(params, "Path")?.unwrap_or("/"))
}

/// A path under another name.
pub(super) fn path_of<'a>(params: &'a Params, name: &str) -> Result<Option<&'a str>, Fault> {
    let Some(path) = params.get(name) else { return Ok(None) };
    length(name, path, 1..=MAX_PATH)?;
    let framed = path == "/" || (path.len() > 2 && path.starts_with('/') && path.ends_with('/'));
    if framed && path.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(Some(path));
    }
    Err(Fault::validation(format!(
        "The specified value for {} is invalid. It must begin and end with / and contain only alphanumeric \
         characters and/or / characters.",
        parameter(name)
    )))
}

/// `PathPrefix`; `/` when it is not given.
pub(super) fn path_prefix(params: &Params) -> Result<&str, Fault> {
    let prefix = params.get("PathPrefix").unwrap_or("/");
    length("PathPrefix", prefix, 1..=MAX_PATH)?;
    if prefix.starts_with('/') && prefix.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(prefix);
    }
    Err(Fault::validation(
        "The specified value for pathPrefix is invalid. It must begin with / and contain only alphanumeric \
         characters and/or / characters.",
    ))
}

/// `PolicyUsageFilter`.
pub(super) fn usage_filter(params: &Params) -> Result<Option<&str>, Fault> {
    let usage = params.get("PolicyUsageFilter");
    one_of("PolicyUsageFilter", usage, &["PermissionsPolicy", "PermissionsBoundary"])
}

/// `Description`.
pub(super) fn description(params: &Params) -> Result<Option<String>, Fault> {
    let Some(text) = params.get("Description") else { return Ok(None) };
    length("Description", text, 0..=MAX_DESCRIPTION)?;
    let holdable = |char| matches!(char, '\t' | '\n' | '\r' | ' '..='~' | '\u{a1}'..='\u{ff}');
    if text.chars().all(holdable) {
        return Ok(Some(text.to_owned()));
    }
    Err(constraint(
        "Description",
        r"satisfy regular expression pattern: [\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]*",
    ))
}

/// `PolicyArn`: the ARN of a managed policy.
pub(super) fn policy_arn(params: &Params) -> Result<&str, Fault> {
    let arn = params.required("PolicyArn")?;
    length("PolicyArn", arn, ARN_LENGTH)?;
    let valid = Arn::parse(arn).is_some_and(|arn| {
        (arn.partition, arn.service, arn.region) == ("aws", "iam", "")
            && (arn.account == "aws" || policy::is_account_id(arn.account))
            && arn.resource.strip_prefix("policy/").is_some_and(|name| !name.is_empty())
    });
    if valid && !arn.ends_with(char::is_whitespace) {
        return Ok(arn);
    }
    Err(Fault::validation(format!("ARN {arn} is not valid.")))
}

/// `SerialNumber` of an MFA device.
pub(super) fn serial_number(params: &Params) -> Result<&str, Fault> {
    let serial = params.required("SerialNumber")?;
    length("SerialNumber", serial, 9..=256)?;
    match serial.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+=/:,.@-".contains(&byte)) {
        true => Ok(serial),
        false => Err(constraint("SerialNumber", r"satisfy regular expression pattern: [\w+=/:,.@-]+")),
    }
}

/// `VersionId`: `v1`, `v2`, ….
pub(super) fn version_id(params: &Params) -> Result<&str, Fault> {
    let id = params.required("VersionId")?;
    let number = id.strip_prefix('v').unwrap_or_default();
    let (number, suffix) = number.split_once('.').unwrap_or((number, ""));
    let valid = number.bytes().all(|byte| byte.is_ascii_digit())
        && number.starts_with(|first| matches!(first, '1'..='9'))
        && suffix.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if valid {
        return Ok(id);
    }
    Err(constraint("VersionId", r"satisfy regular expression pattern: v[1-9][0-9]*(\.[A-Za-z0-9-]*)?"))
}

/// One of a few values.
pub(super) fn one_of<'a>(
    name: &str,
    value: Option<&'a str>,
    known: &[&str],
) -> Result<Option<&'a str>, Fault> {
    match value {
        Some(value) if !known.contains(&value) => {
            Err(constraint(name, &format!("satisfy enum value set: [{}]", known.join(", "))))
        }
        value => Ok(value),
    }
}

/// Refuses what would be the first entry beyond a quota (IAM User Guide, `reference_iam-quotas`).
pub(super) fn quota(name: &str, held: usize, limit: usize) -> Result<(), Fault> {
    match held < limit {
        true => Ok(()),
        false => Err(Fault::limit_exceeded(format!("Cannot exceed quota for {name}: {limit}"))),
    }
}

/// The name that differs from `name` in case only, or not at all: names are unique without regard to case.
pub(super) fn taken<T>(table: &Table<T>, name: &str) -> bool {
    table.keys().any(|known| known.eq_ignore_ascii_case(name))
}

pub(super) fn length(name: &str, value: &str, range: std::ops::RangeInclusive<usize>) -> Result<(), Fault> {
    let length = value.chars().count();
    if length < *range.start() {
        return Err(constraint(name, &format!("have length greater than or equal to {}", range.start())));
    }
    if length > *range.end() {
        return Err(constraint(name, &format!("have length less than or equal to {}", range.end())));
    }
    Ok(())
}

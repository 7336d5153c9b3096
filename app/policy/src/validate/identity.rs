//! IAM's checks of identity policies, in IAM's order: each class of error hides those after it. Order and words follow the
//! source `aws-semantics.md` §5 calls MOTO.

use super::resources::resource_error;
use super::{Rejection, reject};
use crate::document::{Document, ParseErrorKind, Version};
use serde_json::Value;

const CODE: &str = "MalformedPolicyDocument";

pub(super) fn identity(json: &str) -> Result<Document, Rejection> {
    let malformed = |message: &str| reject(CODE, message);
    let document = Document::parse(json).map_err(|error| match error.kind() {
        // The right word in the wrong case passes IAM's first parser and fails its second.
        ParseErrorKind::InvalidValue { value, .. }
            if error.pointer().ends_with("/Effect")
                && ["allow", "deny"].contains(&&*value.to_ascii_lowercase()) =>
        {
            malformed("The policy failed legacy parsing")
        }
        _ => malformed("Syntax errors in policy."),
    })?;
    let statements = document.statements();
    if statements.is_empty() {
        return Err(malformed("Syntax errors in policy."));
    }
    if statements.iter().any(|statement| statement.principal.is_some()) {
        return Err(malformed("Policy document should not specify a principal."));
    }
    if document.version() != Version::V2012 {
        return Err(malformed("Policy document must be version 2012-10-17 or greater."));
    }
    if statements
        .iter()
        .any(|statement| statement.conditions.iter().any(|condition| condition.has_malformed_date()))
    {
        return Err(malformed("The policy failed legacy parsing"));
    }
    let resources: Vec<&str> = texts(&document, ["Resource", "NotResource"]).collect();
    let resource_error = resource_error(&resources);
    if resource_error.is_none() && resources.iter().any(|resource| fails_legacy_parsing(resource)) {
        return Err(malformed("The policy failed legacy parsing"));
    }
    let sids = || statements.iter().filter_map(|statement| statement.sid()).filter(|sid| !sid.is_empty());
    if sids().enumerate().any(|(index, sid)| sids().take(index).any(|earlier| earlier == sid)) {
        return Err(malformed("Statement IDs (SID) in a single policy must be unique."));
    }
    let is_empty = |value: Option<&Value>| value.and_then(Value::as_array).is_none_or(Vec::is_empty);
    for (names, message) in [
        (["Action", "NotAction"], "Policy statement must contain actions."),
        (["Resource", "NotResource"], "Policy statement must contain resources."),
    ] {
        let lacks = |statement: &Value| {
            names.iter().all(|name| {
                let value = statement.get(name);
                value.is_none_or(|value| !value.is_string()) && is_empty(value)
            })
        };
        if statements.iter().any(|statement| lacks(statement.source())) {
            return Err(malformed(message));
        }
    }
    if sids().any(|sid| !sid.bytes().all(|byte| byte.is_ascii_alphanumeric())) {
        return Err(malformed(
            "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*",
        ));
    }
    if let Some(message) = resource_error {
        return Err(reject(CODE, message));
    }
    if let Some(message) = texts(&document, ["Action", "NotAction"]).find_map(action_error) {
        return Err(reject(CODE, message));
    }
    Ok(document)
}

/// The texts of an element or its `Not` form, in order.
fn texts<'d>(document: &'d Document, names: [&'static str; 2]) -> impl Iterator<Item = &'d str> {
    let values = document.statements().iter().filter_map(move |statement| {
        let source = statement.source();
        names.iter().find_map(|name| source.get(name))
    });
    values
        .flat_map(|value| match value {
            Value::Array(list) => list.as_slice(),
            single => std::slice::from_ref(single),
        })
        .filter_map(Value::as_str)
}

fn fails_legacy_parsing(resource: &str) -> bool {
    let few_colons = resource.bytes().filter(|byte| *byte == b':').count() < 5 && resource.contains("::");
    resource != "*" && (few_colons || resource.split(':').nth(2).is_none_or(str::is_empty))
}

/// What IAM says of an action's service prefix ("vendor"). Whether the action exists is not checked.
fn action_error(action: &str) -> Option<String> {
    let mut parts = action.split(':');
    let vendor = parts.next().unwrap_or("");
    match (parts.next(), parts.next()) {
        _ if action == "*" => None,
        (None, _) => {
            Some("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.".to_owned())
        }
        (Some(_), Some(_)) => Some("Actions/Condition can contain only one colon.".to_owned()),
        _ => {
            let valid = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
            (vendor != "*" && !vendor.bytes().all(valid)).then(|| format!("Vendor {vendor} is not valid"))
        }
    }
}

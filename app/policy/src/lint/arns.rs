//! ARNs that can stand for nothing: spaces around them, an account that is none, a region left out.

use super::catalog::catalog;
use super::{Change, Draft, Policy, Severity};
use crate::arn::{Arn, is_account_id};

pub(super) fn check(policy: &Policy<'_>, drafts: &mut Vec<Draft>) {
    for view in &policy.views {
        let conditions = view.conditions();
        let values = conditions.iter().flat_map(|condition| condition.values.iter().cloned());
        for (pointer, text) in view.resources().into_iter().chain(view.principals("AWS")).chain(values) {
            let trimmed = text.trim();
            if !trimmed.starts_with("arn:") {
                continue;
            }
            if trimmed != text {
                let side = if text.starts_with(char::is_whitespace) { "begins" } else { "ends" };
                let what = if view.is_deny() {
                    "the Deny does not reach what it names"
                } else {
                    "it allows nothing"
                };
                drafts.push(
                    Draft::new(
                        Severity::Warning,
                        "arn-space",
                        pointer.clone(),
                        format!(
                            "“{text}” {side} with white space, so it is no ARN and matches nothing: {what}."
                        ),
                    )
                    .mended_by("Remove the white space", [Change::Replace(pointer.clone(), trimmed.into())]),
                );
            }
            drafts.extend(account(&pointer, trimmed));
            drafts.extend(region(&pointer, trimmed));
        }
    }
}

fn account(pointer: &str, text: &str) -> Option<Draft> {
    let account = Arn::parse(text)?.account;
    let open = account.is_empty() || account.contains(['*', '?', '$']) || account == "aws";
    if open || is_account_id(account) || account.starts_with("cloudfront") {
        return None;
    }
    let what = match account.bytes().all(|byte| byte.is_ascii_digit()) {
        true => format!("has {} digits", account.len()),
        false => "is not a number".to_owned(),
    };
    let message =
        format!("The account id {account} {what}; account ids have 12. Nothing can match this ARN.");
    Some(Draft::new(Severity::Warning, "arn-account", pointer, message))
}

/// Services all of whose ARNs name a region.
fn region(pointer: &str, text: &str) -> Option<Draft> {
    let arn = Arn::parse(text)?;
    let (name, service) = catalog().service(arn.service)?;
    if !arn.region.is_empty() || !service.forms().all(|form| form.contains(":${Region}:")) {
        return None;
    }
    let message = format!("ARNs of {name} name a region, and this one names none. Nothing can match it.");
    Some(Draft::new(Severity::Warning, "arn-region", pointer, message))
}

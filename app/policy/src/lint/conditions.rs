//! Conditions that never hold, always hold, or compare a key with what it is not.

use super::catalog::{Known, catalog, nearest};
use super::view::{Condition, Placed, View};
use super::{Change, Draft, Kind, Policy, Severity};
use crate::document::Version;

pub(super) fn check(policy: &Policy<'_>, drafts: &mut Vec<Draft>) {
    match policy.document.version() {
        Version::V2008 => drafts.extend(variables(policy)),
        Version::V2012 => drafts.extend(unknown_variables(policy)),
    }
    for view in &policy.views {
        drafts.extend(twice(view));
        drafts.extend(unreadable(view));
        for condition in view.conditions() {
            drafts.extend(key(view, &condition));
            drafts.extend(operator(&condition));
            drafts.extend(wildcards(&condition));
            drafts.extend(for_all_values(view, &condition));
        }
    }
}

/// The texts that can hold variables.
fn variable_texts<'d>(policy: &Policy<'d>) -> Vec<Placed<'d>> {
    let of = |view: &View<'d>| {
        let values = view.conditions().into_iter().flat_map(|condition| condition.values);
        view.resources().into_iter().chain(values).collect::<Vec<_>>()
    };
    policy.views.iter().flat_map(of).filter(|(_, text)| text.contains("${")).collect()
}

/// Variables that no request fills, and what only looks like one.
fn unknown_variables(policy: &Policy<'_>) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for (pointer, text) in variable_texts(policy) {
        for part in text.split("${").skip(1) {
            let Some((inner, _)) = part.split_once('}') else {
                let message =
                    format!("“{text}” opens a variable with ${{ and does not close it, so it is plain text.");
                drafts.push(Draft::new(Severity::Warning, "unknown-variable", pointer.clone(), message));
                break;
            };
            let key = inner.split(',').next().unwrap_or_default().trim();
            let prefix = key.split_once(':').map(|(prefix, _)| prefix);
            let known = ["*", "?", "$"].contains(&key)
                || catalog().global_key(key).is_some()
                || prefix.is_some_and(|prefix| match catalog().service(prefix) {
                    Some((_, service)) => service.key(key).is_some(),
                    // Keys of identity providers and of services that are not known here.
                    None => !prefix.eq_ignore_ascii_case("aws"),
                });
            if !known {
                let hint = nearest(key, catalog().global_keys())
                    .map_or_else(String::new, |near| format!(" Did you mean ${{{near}}}?"));
                let message = format!("No request fills ${{{key}}}, so this matches nothing.{hint}");
                drafts.push(Draft::new(Severity::Warning, "unknown-variable", pointer.clone(), message));
            }
        }
    }
    drafts
}

/// Values that are not of the operator's type: nothing ever meets them.
fn unreadable(view: &View<'_>) -> Vec<Draft> {
    let written = view.conditions();
    let mut drafts = Vec::new();
    for condition in &view.statement.conditions {
        for value in condition.unreadable() {
            let place = written
                .iter()
                .filter(|known| known.operator == condition.operator() && known.key == condition.key())
                .find_map(|known| {
                    known.values.iter().find(|(_, text)| *text == value).map(|(at, _)| at.clone())
                });
            let message = format!(
                "“{value}” is nothing {} can compare {} with: no request meets it.",
                condition.operator(),
                condition.key()
            );
            let at = place.unwrap_or_else(|| view.pointer("Condition"));
            drafts.push(Draft::new(Severity::Warning, "value-of-wrong-type", at, message));
        }
    }
    drafts
}

/// A wildcard under an operator that takes it for an asterisk.
fn wildcards(condition: &Condition<'_>) -> Option<Draft> {
    let name = condition.operator.rsplit(':').next().unwrap_or_default();
    let like = match name.strip_suffix("IfExists").unwrap_or(name) {
        "StringEquals" => "StringLike",
        "StringNotEquals" => "StringNotLike",
        _ => return None,
    };
    // An asterisk is what the header itself holds.
    let literal = condition.key.eq_ignore_ascii_case("s3:if-none-match");
    let (pointer, value) =
        condition.values.iter().find(|(_, value)| value.replace("${*}", "").contains('*'))?;
    (!literal).then(|| {
        let message = format!("{name} takes the * of “{value}” for an asterisk, not for any text: {like} is the operator for patterns.");
        Draft::new(Severity::Warning, "wildcard-without-like", pointer.clone(), message)
    })
}

/// Variables are plain text under the old version of the language.
fn variables(policy: &Policy<'_>) -> Option<Draft> {
    let (pointer, text) = variable_texts(policy).into_iter().next()?;
    let message = format!(
        "“{text}” holds a variable, but without \"Version\": \"2012-10-17\" variables are plain text and match nothing else."
    );
    let draft = Draft::new(Severity::Warning, "variable-in-old-version", pointer, message);
    let version = "2012-10-17".into();
    Some(match policy.document.source().get("Version") {
        Some(_) => draft.mended_by("Set the version", [Change::Replace("/Version".to_owned(), version)]),
        None => draft.mended_by("Set the version", [Change::Prepend(String::new(), "Version", version)]),
    })
}

/// One key in two spellings under one operator: names of keys have no case, so it is the same key twice.
fn twice(view: &View<'_>) -> Option<Draft> {
    let conditions = view.conditions();
    let (first, second) = conditions.iter().enumerate().find_map(|(index, first)| {
        let same = |other: &&Condition<'_>| {
            other.operator == first.operator && other.key.eq_ignore_ascii_case(first.key)
        };
        conditions.iter().skip(index + 1).find(same).map(|second| (first, second))
    })?;
    let message = format!(
        "{} and {} are the same condition key under one {}: write it once, with both values if either may hold.",
        first.key, second.key, second.operator
    );
    Some(Draft::new(Severity::Warning, "condition-key-twice", second.at.clone(), message))
}

fn key(view: &View<'_>, condition: &Condition<'_>) -> Option<Draft> {
    let key = condition.key;
    let (prefix, _) = key.split_once(':')?;
    let pointer = condition.at.clone();
    let unknown = |near: Option<&str>| {
        let hint = near.map_or_else(String::new, |near| format!(" Did you mean {near}?"));
        let message = format!("There is no condition key {key}, so no request carries it.{hint}");
        Draft::new(Severity::Warning, "unknown-condition-key", pointer.clone(), message)
    };
    // Some global keys bear a service's name, such as those of an instance's credentials.
    if catalog().global_key(key).is_some() {
        return None;
    }
    if prefix.eq_ignore_ascii_case("aws") {
        return Some(unknown(nearest(key, catalog().global_keys())));
    }
    let Some((_, service)) = catalog().service(prefix) else {
        let known = catalog().has_prefix(prefix)
            || prefix.contains(['.', '/'])
            || prefix.eq_ignore_ascii_case("saml");
        return if known { None } else { Some(unknown(None)) };
    };
    if service.key(key).is_none() {
        return Some(unknown(nearest(key, service.keys())));
    }
    // A key of a service that none of the statement's actions carries.
    if !view.has("Action") {
        return None;
    }
    let actions: Vec<Known<'_>> = view
        .actions()
        .into_iter()
        .map(|(_, action)| {
            let (other, name) = action.split_once(':').unwrap_or(("*", "*"));
            if other.contains('*') {
                return service.actions("*");
            }
            catalog().service(other).map_or_else(Vec::new, |(_, service)| service.actions(name))
        })
        .collect::<Vec<_>>()
        .concat();
    if actions.is_empty() || actions.iter().any(|action| action.has_key(key)) {
        return None;
    }
    let message =
        format!("No request for the statement's actions carries {key}, so the condition sees it as missing.");
    Some(Draft::new(Severity::Warning, "condition-key-not-carried", pointer, message))
}

/// What the operators of a family compare.
fn family(operator: &str) -> Option<&'static str> {
    let name = operator.rsplit(':').next().unwrap_or(operator);
    let families = [
        ("String", "texts"),
        ("Numeric", "numbers"),
        ("Date", "dates"),
        ("Bool", "true and false"),
        ("IpAddress", "addresses"),
        ("NotIpAddress", "addresses"),
        ("Arn", "ARNs"),
    ];
    families.into_iter().find(|(start, _)| name.starts_with(start)).map(|(_, what)| what)
}

fn operator(condition: &Condition<'_>) -> Option<Draft> {
    let compared = family(condition.operator)?;
    let (prefix, _) = condition.key.split_once(':')?;
    let kind = match catalog().service(prefix) {
        Some((_, service)) => service.key(condition.key)?,
        None => catalog().global_key(condition.key)?,
    };
    let (holds, fits): (&str, &[&str]) = match kind.strip_prefix("ArrayOf").unwrap_or(kind) {
        "String" => ("texts", &["texts", "ARNs"]),
        "ARN" => ("ARNs", &["ARNs", "texts"]),
        "Numeric" => ("numbers", &["numbers"]),
        "Date" => ("dates", &["dates", "numbers"]),
        "Bool" => ("true or false", &["true and false", "texts"]),
        // AWS itself compares addresses with variables as texts.
        "IPAddress" if condition.values.iter().any(|(_, value)| value.contains("${")) => return None,
        "IPAddress" => ("addresses", &["addresses"]),
        _ => return None,
    };
    if fits.contains(&compared) {
        return None;
    }
    let message = format!(
        "{} compares {compared}, but {} holds {holds}: the condition does not do what it says.",
        condition.operator, condition.key
    );
    Some(Draft::new(Severity::Warning, "operator-does-not-fit", condition.at.clone(), message))
}

fn for_all_values(view: &View<'_>, condition: &Condition<'_>) -> Option<Draft> {
    // A grant has operations, so this key is always there.
    let always_there = condition.key.eq_ignore_ascii_case("kms:GrantOperations");
    if view.is_deny() || always_there || !condition.operator.starts_with("ForAllValues:") {
        return None;
    }
    let demanded = view.conditions().iter().any(|other| {
        other.operator == "Null"
            && other.key.eq_ignore_ascii_case(condition.key)
            && view
                .statement
                .source()
                .pointer(&other.at.replacen(&view.at, "", 1))
                .is_some_and(|wanted| wanted.as_str() == Some("false") || wanted.as_bool() == Some(false))
    });
    if demanded {
        return None;
    }
    let message = format!(
        "ForAllValues holds when the request has no {} at all, so this Allow applies then too. Add \"Null\": {{\"{}\": \
         \"false\"}} to demand it.",
        condition.key, condition.key
    );
    Some(Draft::new(Severity::Warning, "for-all-values-allows-missing", condition.at.clone(), message))
}

/// Only for a document whose kind has principals: whether a negated principal is allowed.
pub(super) fn not_principal(kind: Kind, view: &View<'_>) -> Option<Draft> {
    let allows_all_others = view.has("NotPrincipal") && !view.is_deny() && kind == Kind::Key;
    allows_all_others.then(|| {
        let message = "NotPrincipal with Allow lets in everyone but those named, anonymous callers included.";
        Draft::new(Severity::Warning, "not-principal-allows", view.pointer("NotPrincipal"), message)
    })
}

//! Key policies: who is left to change them, and who both runs and uses the key.

use super::view::View;
use super::{Draft, Kind, Policy, Severity};
use crate::document::{NamedPrincipal, PrincipalElement};

pub(super) fn check(policy: &Policy<'_>, drafts: &mut Vec<Draft>) {
    if policy.kind != Kind::Key {
        return;
    }
    let may_change = |view: &&View<'_>| !view.is_deny() && view.takes_in("kms:PutKeyPolicy");
    let shut = policy.views.iter().find(|view| {
        let everyone = view.statement.principal.as_ref().is_some_and(PrincipalElement::names_everyone);
        view.is_deny() && everyone && !view.has("Condition") && view.takes_in("kms:PutKeyPolicy")
    });
    let what = match shut {
        Some(_) => Some("This denies kms:PutKeyPolicy to everyone"),
        None if !policy.views.iter().any(|view| may_change(&view)) => {
            Some("No statement allows kms:PutKeyPolicy")
        }
        None => None,
    };
    if let Some(what) = what {
        let message = format!(
            "{what}, so nobody could change this policy any more. KMS refuses it, unless told to bypass the lockout check."
        );
        let at = shut.map_or_else(|| "/Statement".to_owned(), |view| view.at.clone());
        drafts.push(Draft::new(Severity::Warning, "locks-out", at, message));
    }
    for view in &policy.views {
        drafts.extend(inert(view));
    }
    for view in policy.views.iter().filter(may_change) {
        drafts.extend(delegates(view));
    }
    drafts.extend(both(policy));
}

/// Actions that are asked on no key, or that grants give and key policies cannot.
const NOT_BY_KEY_POLICY: [&str; 6] = [
    "kms:CreateKey",
    "kms:ListKeys",
    "kms:ListAliases",
    "kms:GenerateRandom",
    "kms:ListRetirableGrants",
    "kms:RetireGrant",
];

/// What KMS stores and never applies (KMS Developer Guide, `key-policy-overview`, `grant-delete`).
fn inert(view: &View<'_>) -> Vec<Draft> {
    let warn =
        |at: String, message: String| Draft::new(Severity::Warning, "no-effect-in-key-policy", at, message);
    let mut drafts = Vec::new();
    for element in ["Action", "Resource"] {
        if !view.has(element) && !view.has(&format!("Not{element}")) {
            drafts.push(warn(
                view.at.clone(),
                format!("KMS stores a statement without {element}, and it does nothing."),
            ));
        }
    }
    for (at, resource) in view.texts("Resource") {
        if resource != "*" && resource.contains(":alias/") {
            let message =
                format!("{resource} is an alias; the only resource of a key policy is its key, written “*”.");
            drafts.push(warn(at, message));
        }
    }
    let actions = view.texts("Action").into_iter().filter(|_| !view.is_deny());
    for (at, action) in actions {
        if NOT_BY_KEY_POLICY.iter().any(|known| known.eq_ignore_ascii_case(action)) {
            drafts.push(warn(at, format!("No key policy gives {action}: here it does nothing.")));
        }
    }
    drafts
}

fn delegates(view: &View<'_>) -> Option<Draft> {
    let named = &view.statement.principal.as_ref()?.named;
    let account = named.iter().find_map(|named| match named {
        NamedPrincipal::Account(account) => Some(account),
        _ => None,
    })?;
    let what = if view.takes_in("kms:Decrypt") { "use and administration" } else { "administration" };
    let message = format!(
        "This leaves the {what} of the key to the IAM policies of account {account}: whoever administers IAM there can get at \
         it. AWS recommends the statement, so that the key stays manageable."
    );
    Some(Draft::new(Severity::Note, "delegates-to-account", view.at.clone(), message))
}

/// A user or role that may both change the policy and decrypt.
fn both(policy: &Policy<'_>) -> Vec<Draft> {
    let of = |action: &'static str| {
        let views = policy.views.iter().filter(move |view| !view.is_deny() && view.takes_in(action));
        views
            .flat_map(|view| view.principals("AWS"))
            .filter(|(_, arn)| arn.contains(":role/") || arn.contains(":user/"))
    };
    let administrators: Vec<&str> = of("kms:PutKeyPolicy").map(|(_, arn)| arn).collect();
    let mut users: Vec<_> = of("kms:Decrypt").filter(|(_, arn)| administrators.contains(arn)).collect();
    users.dedup_by(|a, b| a.1 == b.1);
    users
        .into_iter()
        .map(|(pointer, arn)| {
            let message =
                format!("{arn} both administers the key and uses it: one mistake or one theft opens both.");
            Draft::new(Severity::Warning, "administrator-and-user", pointer, message)
        })
        .collect()
}

//! Denies that leave open what they mean to close.

use super::catalog::{Known, catalog};
use super::glob::{can_share, covers};
use super::view::{View, takes_in};
use super::{Change, Draft, Kind, Policy, Severity};

/// Actions that reach into objects beside reading, writing and deleting them: bringing back from an archive, deleting in
/// spite of a retention, changing the encryption.
const OBJECT_ACTIONS: [&str; 3] =
    ["s3:RestoreObject", "s3:BypassGovernanceRetention", "s3:UpdateObjectEncryption"];

/// Actions whose names go on: each of their longer forms does the same to the same data, by another way.
const FAMILIES: [&str; 5] =
    ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "kms:GenerateDataKey", "kms:GenerateDataKeyPair"];

pub(super) fn check(policy: &Policy<'_>, drafts: &mut Vec<Draft>) {
    if policy.kind != Kind::Identity {
        return;
    }
    for view in policy.views.iter().filter(|view| view.is_deny() && view.has("Action")) {
        let actions = view.texts("Action");
        let denied: Vec<&str> = actions.iter().map(|(_, action)| *action).collect();
        for (pointer, action) in &actions {
            drafts.extend(siblings(policy, view, (pointer, action), &denied));
        }
        drafts.extend(object_actions(policy, view, &denied));
    }
}

/// Whether an Allow of the document takes in an action on a resource of `deny`.
fn is_allowed(policy: &Policy<'_>, deny: &View<'_>, action: &str) -> bool {
    policy.views.iter().any(|view| !view.is_deny() && view.takes_in(action) && overlap(view, deny))
}

/// Whether another Deny, without condition, takes in an action on the same resources.
fn is_denied_elsewhere(policy: &Policy<'_>, deny: &View<'_>, action: &str) -> bool {
    policy.views.iter().any(|view| {
        let resources = deny.texts("Resource");
        let same = resources
            .iter()
            .all(|(_, resource)| view.texts("Resource").iter().any(|(_, wide)| covers(wide, resource)));
        view.is_deny() && view.at != deny.at && !view.has("Condition") && view.takes_in(action) && same
    })
}

/// Whether two statements can be about one resource. What is not named by `Resource` can be.
fn overlap(one: &View<'_>, other: &View<'_>) -> bool {
    let (one, other) = (one.texts("Resource"), other.texts("Resource"));
    one.is_empty()
        || other.is_empty()
        || one.iter().any(|(_, one)| other.iter().any(|(_, other)| can_share(one, other)))
}

/// An action denied by its exact name, with others of the same beginning left allowed.
fn siblings(
    policy: &Policy<'_>,
    view: &View<'_>,
    (pointer, action): (&str, &str),
    denied: &[&str],
) -> Option<Draft> {
    let (prefix, name) = action.split_once(':')?;
    if !FAMILIES.iter().any(|family| family.eq_ignore_ascii_case(action)) {
        return None;
    }
    // Another action of the list with a shorter name speaks for this one, too.
    let shorter = denied.iter().any(|other| {
        *other != action
            && !other.contains('*')
            && action.to_ascii_lowercase().starts_with(&other.to_ascii_lowercase())
    });
    let (prefix, service) = catalog().service(prefix)?;
    if shorter || service.actions(name).is_empty() {
        return None;
    }
    let is_denied = |action: &str| takes_in(denied.iter().copied(), action);
    let open: Vec<String> = service
        .actions(&format!("{name}?*"))
        .into_iter()
        .map(|known: Known<'_>| format!("{prefix}:{}", known.name))
        .filter(|sibling| !is_denied(sibling) && !is_denied_elsewhere(policy, view, sibling))
        .filter(|sibling| is_allowed(policy, view, sibling))
        .collect();
    if open.is_empty() {
        return None;
    }
    let message = format!("This Deny names {action} exactly and leaves {} allowed.", open.join(", "));
    let wide = format!("{action}*");
    Some(
        Draft::new(Severity::Warning, "deny-leaves-siblings", pointer, message)
            .mended_by(format!("Deny {wide}"), [Change::Replace(pointer.to_owned(), wide.into())]),
    )
}

/// Reading, writing and deleting objects is denied, what else reaches into them is not.
fn object_actions(policy: &Policy<'_>, view: &View<'_>, denied: &[&str]) -> Option<Draft> {
    let is_denied = |action: &str| takes_in(denied.iter().copied(), action);
    if !["s3:GetObject", "s3:PutObject", "s3:DeleteObject"].into_iter().all(is_denied) {
        return None;
    }
    let open: Vec<&str> = OBJECT_ACTIONS
        .into_iter()
        .filter(|action| !is_denied(action) && !is_denied_elsewhere(policy, view, action))
        .filter(|action| is_allowed(policy, view, action))
        .collect();
    if open.is_empty() {
        return None;
    }
    let message = format!("This Deny keeps from objects, but leaves {} allowed.", open.join(", "));
    let pointer = view.pointer("Action");
    let added = open.iter().map(|action| (*action).into()).collect();
    Some(
        Draft::new(Severity::Warning, "deny-leaves-object-actions", pointer.clone(), message)
            .mended_by("Deny them, too", [Change::Append(pointer, added)]),
    )
}

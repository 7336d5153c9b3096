//! Actions and services that do not exist.

use serde_json::Value;

use super::catalog::{catalog, nearest};
use super::view::View;
use super::{Change, Draft, Policy, Severity};
use crate::call;

pub(super) fn check(policy: &Policy<'_>, drafts: &mut Vec<Draft>) {
    for view in &policy.views {
        for (pointer, action) in view.actions() {
            let Some((prefix, name)) = action.split_once(':') else { continue };
            if prefix.contains(['*', '?']) {
                continue;
            }
            if !catalog().has_prefix(prefix) {
                drafts.push(unknown_service(pointer, action, prefix, name));
                continue;
            }
            let Some((prefix, service)) = catalog().service(prefix) else { continue };
            if service.actions(name).is_empty() {
                drafts.push(unknown_action(view, pointer, prefix, name, nearest(name, service.names())));
            }
        }
    }
}

fn unknown_service(pointer: String, action: &str, prefix: &str, name: &str) -> Draft {
    let meant = nearest(prefix, catalog().prefixes());
    let hint = meant.map_or_else(String::new, |meant| format!(" Did you mean {meant}:{name}?"));
    let message = format!("No service has the prefix {prefix}, so {action} does nothing.{hint}");
    let draft = Draft::new(Severity::Warning, "unknown-service", pointer.clone(), message);
    match meant {
        Some(meant) => {
            let meant = format!("{meant}:{name}");
            draft.mended_by(format!("Write {meant}"), [Change::Replace(pointer, meant.into())])
        }
        None => draft,
    }
}

fn unknown_action(view: &View<'_>, pointer: String, prefix: &str, name: &str, near: Option<&str>) -> Draft {
    // The name of an operation is not always the name of what it must be allowed to do.
    let operation = call::operations()
        .find(|operation| operation.service == prefix && operation.name.eq_ignore_ascii_case(name));
    let asked = operation.and_then(|operation| {
        let (first, rest) = operation.checks.split_first()?;
        // An operation of several actions that begin alike, such as ReEncrypt: a pattern takes in all of them.
        let begins = format!("{prefix}:{name}").to_ascii_lowercase();
        let all = operation.checks.iter().all(|check| check.action.to_ascii_lowercase().starts_with(&begins));
        let several = rest.iter().any(|check| check.action != first.action);
        Some(if all && several { format!("{prefix}:{}*", operation.name) } else { first.action.to_owned() })
    });
    let action = format!("{prefix}:{name}");
    let base = format!("There is no action {action}, so it does nothing.");
    let draft = |message: String| Draft::new(Severity::Warning, "unknown-action", pointer.clone(), message);
    match (operation, asked, near) {
        (Some(operation), Some(asked), _) => {
            let message = format!(
                "{base} The operation {} is authorized as {asked}: did you mean that?",
                operation.name
            );
            // It never did anything, so nothing is lost without it; the other action is a right of its own.
            let others = view.actions().len() > 1;
            match others {
                true => {
                    draft(message).mended_by(format!("Remove {action}"), [Change::Remove(pointer.clone())])
                }
                false => draft(message).mended_by(
                    format!("Write {asked}"),
                    [Change::Replace(pointer.clone(), Value::from(asked))],
                ),
            }
        }
        (_, _, Some(near)) => {
            let near = format!("{prefix}:{near}");
            draft(format!("{base} Did you mean {near}?"))
                .mended_by(format!("Write {near}"), [Change::Replace(pointer.clone(), near.into())])
        }
        _ => draft(base),
    }
}

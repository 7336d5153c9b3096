//! Key policies: who is left to change them, and who both runs and uses the key.

use super::view::View;
use super::{Draft, Kind, Policy, Severity};
use crate::document::NamedPrincipal;

pub(super) fn check(policy: &Policy<'_>, drafts: &mut Vec<Draft>) {
    if policy.kind != Kind::Key {
        return;
    }
    let may_change = |view: &&View<'_>| !view.is_deny() && view.takes_in("kms:PutKeyPolicy");
    if !policy.views.iter().any(|view| may_change(&view)) {
        let message = "No statement allows kms:PutKeyPolicy, so nobody could change this policy any more. KMS refuses it, \
                       unless told to bypass the lockout check.";
        drafts.push(Draft::new(Severity::Warning, "locks-out", "/Statement", message));
    }
    for view in policy.views.iter().filter(may_change) {
        drafts.extend(delegates(view));
    }
    drafts.extend(both(policy));
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
            .flat_map(View::aws_principals)
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

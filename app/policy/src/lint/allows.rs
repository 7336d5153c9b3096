//! Allows that give more than they seem to, less than is needed, or nothing because a Deny takes it back.

use serde_json::json;

use super::glob::covers;
use super::view::{View, takes_in};
use super::{Change, Draft, Kind, Policy, Severity, conditions};
use crate::document::PrincipalElement;

/// What lets somebody give the use of a key to others.
const KEY_ADMINISTRATION: [&str; 2] = ["kms:PutKeyPolicy", "kms:CreateGrant"];

pub(super) fn check(policy: &Policy<'_>, drafts: &mut Vec<Draft>) {
    for view in &policy.views {
        drafts.extend(conditions::not_principal(policy.kind, view));
        if view.is_deny() {
            continue;
        }
        drafts.extend(overridden(policy, view));
        match policy.kind {
            Kind::Identity => {
                drafts.extend(key_administration(policy, view));
                drafts.extend(objects_without_list(policy, view));
                drafts.extend(too_wide(view));
            }
            Kind::Bucket | Kind::Key | Kind::Trust => drafts.extend(public(policy, view)),
        }
    }
}

fn all_actions_within(narrow: &View<'_>, wide: &View<'_>) -> bool {
    let actions = narrow.texts("Action");
    !actions.is_empty() && actions.iter().all(|(_, action)| wide.takes_in(action))
}

fn all_resources_within(narrow: &View<'_>, wide: &View<'_>) -> bool {
    let (narrow, wide) = (narrow.texts("Resource"), wide.texts("Resource"));
    !narrow.is_empty() && narrow.iter().all(|(_, narrow)| wide.iter().any(|(_, wide)| covers(wide, narrow)))
}

/// An unconditional Deny of the same document that takes in all the Allow gives.
fn overridden(policy: &Policy<'_>, view: &View<'_>) -> Option<Draft> {
    let plain = |view: &View<'_>| view.has("Action") && (view.has("Resource") || policy.kind == Kind::Trust);
    let deny = policy.views.iter().find(|deny| {
        let for_everyone = policy.kind == Kind::Identity
            || deny
                .statement
                .principal
                .as_ref()
                .is_some_and(|element| !element.negated && element.is_everyone());
        deny.is_deny()
            && !deny.has("Condition")
            && plain(deny)
            && plain(view)
            && for_everyone
            && all_actions_within(view, deny)
            && (policy.kind == Kind::Trust || all_resources_within(view, deny))
    })?;
    let name = deny.statement.sid().map_or_else(|| deny.at.clone(), |sid| format!("“{sid}”"));
    let message = format!("This Allow never has an effect: the Deny {name} takes in all of it.");
    Some(Draft::new(Severity::Warning, "allow-always-denied", view.at.clone(), message))
}

/// A wildcard that takes in the right to hand out the use of keys.
fn key_administration(policy: &Policy<'_>, view: &View<'_>) -> Option<Draft> {
    let denied = |action: &str| {
        let mut denies = policy.views.iter().filter(|deny| deny.is_deny() && !deny.has("Condition"));
        denies.any(|deny| deny.takes_in(action))
    };
    let (pointer, pattern, taken) = view.texts("Action").into_iter().find_map(|(pointer, pattern)| {
        let open = |action: &&str| takes_in([pattern].into_iter(), action) && !denied(action);
        let taken: Vec<&str> = KEY_ADMINISTRATION.into_iter().filter(open).collect();
        (pattern.contains('*') && !taken.is_empty()).then_some((pointer, pattern, taken))
    })?;
    let message = format!(
        "{pattern} takes in {}: whoever has this can let others use the keys, whatever is denied to itself.",
        taken.join(" and ")
    );
    Some(Draft::new(Severity::Note, "wildcard-administers-keys", pointer, message))
}

/// Objects can be read, but not asked about.
fn objects_without_list(policy: &Policy<'_>, view: &View<'_>) -> Option<Draft> {
    if !view.takes_in("s3:GetObject")
        || policy.views.iter().any(|other| !other.is_deny() && other.takes_in("s3:ListBucket"))
    {
        return None;
    }
    let (_, objects) = view
        .texts("Resource")
        .into_iter()
        .find(|(_, text)| text.starts_with("arn:aws:s3:::") && text.contains('/'))?;
    let bucket = objects.split('/').next().unwrap_or_default();
    let message = format!(
        "s3:GetObject without s3:ListBucket on {bucket}: an object that is not there gives 403 instead of 404, and nothing \
         can be listed."
    );
    let draft = Draft::new(Severity::Note, "objects-without-list", view.pointer("Action"), message);
    let statement = json!({"Effect": "Allow", "Action": "s3:ListBucket", "Resource": bucket});
    Some(match view.at.strip_suffix(&format!("/{}", view.statement.index())) {
        Some(list) => {
            draft.mended_by("Allow listing the bucket", [Change::Append(list.to_owned(), vec![statement])])
        }
        None => draft,
    })
}

/// An Allow for everyone that nothing narrows.
fn public(policy: &Policy<'_>, view: &View<'_>) -> Option<Draft> {
    let everyone = view.statement.principal.as_ref().is_some_and(PrincipalElement::names_everyone);
    let (found, message) = match policy.kind {
        Kind::Bucket => (
            view.statement.is_public(),
            "S3 calls this public: it lets in everyone on the internet, unless Block Public Access stands in the way.",
        ),
        Kind::Key => (
            everyone && view.statement.conditions.is_empty(),
            "This lets every principal of every AWS account use the key.",
        ),
        Kind::Trust => (
            everyone && view.statement.conditions.is_empty(),
            "This lets every principal of every AWS account assume the role, if its own account allows it.",
        ),
        Kind::Identity => return None,
    };
    let element = if view.has("Principal") { "Principal" } else { "NotPrincipal" };
    found.then(|| Draft::new(Severity::Warning, "public", view.pointer(element), message))
}

/// An Allow of everything but what is named, and an Allow to pass any role.
fn too_wide(view: &View<'_>) -> Option<Draft> {
    let everywhere = view.texts("Resource").iter().any(|(_, text)| *text == "*");
    if view.has("NotAction") && everywhere {
        let message = "This allows everything but the actions named, those of services to come included.";
        return Some(Draft::new(Severity::Warning, "not-action-allows", view.pointer("NotAction"), message));
    }
    let actions = view.texts("Action");
    let passing = actions.iter().find(|(_, action)| action.eq_ignore_ascii_case("iam:PassRole"))?;
    let narrowed =
        view.conditions().iter().any(|condition| condition.key.eq_ignore_ascii_case("iam:PassedToService"));
    (everywhere && !narrowed).then(|| {
        let message =
            "Whoever may pass any role to a service can use every role's rights through it: name the roles.";
        Draft::new(Severity::Warning, "passes-any-role", passing.0.clone(), message)
    })
}

//! Actions beside resources they are never asked on.

use serde_json::{Value, json};

use super::catalog::{Known, catalog};
use super::glob::can_be;
use super::view::View;
use super::{Change, Draft, Kind, Policy, Severity};
use crate::arn::Arn;
use crate::call::{self, ResourceOf};

pub(super) fn check(policy: &Policy<'_>, drafts: &mut Vec<Draft>) {
    // A key policy's Resource is the key itself, whatever stands there; a trust policy has none.
    if !matches!(policy.kind, Kind::Identity | Kind::Bucket) {
        return;
    }
    for view in policy.views.iter().filter(|view| view.has("Action") && view.has("Resource")) {
        statement(policy, view, drafts);
    }
}

fn statement(policy: &Policy<'_>, view: &View<'_>, drafts: &mut Vec<Draft>) {
    let resources: Vec<&str> = view.texts("Resource").into_iter().map(|(_, text)| text.trim()).collect();
    if resources.contains(&"*") {
        return;
    }
    let actions = view.texts("Action");
    let mut dead = Vec::new();
    let mut judged = 0;
    for (pointer, action) in &actions {
        let Some((prefix, name)) = action.split_once(':') else { continue };
        let Some((prefix, service)) = catalog().service(prefix) else { continue };
        let known = service.actions(name);
        if known.is_empty() {
            continue;
        }
        judged += 1;
        let reached = known.iter().filter(|action| reaches(**action, &resources)).count();
        if reached == 0 {
            dead.push((pointer.clone(), *action, known));
        } else if !view.is_deny() {
            drafts.extend(left_out(policy, view, pointer, prefix, action, &known, &resources));
        }
    }
    let whole = judged == actions.len() && dead.len() == judged && !dead.is_empty();
    if whole {
        drafts.push(never_matches(policy, view, &dead, &resources));
        return;
    }
    for (pointer, action, known) in dead {
        let message = format!(
            "{action} is {} and none of the statement's resources is: this part never applies.",
            asked_on(&known)
        );
        drafts.push(Draft::new(Severity::Warning, "action-never-on-resource", pointer, message));
    }
}

fn reaches(action: Known<'_>, resources: &[&str]) -> bool {
    // Asked on all buckets, whatever the tables say of its resource types (S3 User Guide, `walkthrough1`).
    if action.name == "ListAllMyBuckets" && resources.contains(&"arn:aws:s3:::*") {
        return true;
    }
    action.arns().any(|form| resources.iter().any(|resource| can_be(resource, form)))
}

/// What actions are asked on, in words.
fn asked_on(known: &[Known<'_>]) -> String {
    let is_on = |kind: &str| known.iter().any(|action| action.is_on(kind));
    match known.iter().flat_map(|action| action.arns()).next() {
        None => "asked on no resource: only `*` takes it in,".to_owned(),
        Some(_) if is_on("object") => "asked on objects (arn:aws:s3:::bucket/key),".to_owned(),
        // Most actions on buckets are asked on access points as well, which few policies are about.
        Some(_) if is_on("bucket") => "asked on buckets (arn:aws:s3:::bucket),".to_owned(),
        Some(form) => {
            let plain = form.replace("${Partition}", "aws").replace("${", "").replace('}', "");
            format!("asked on {plain},")
        }
    }
}

type Dead<'c> = (String, &'c str, Vec<Known<'c>>);

fn never_matches(policy: &Policy<'_>, view: &View<'_>, dead: &[Dead<'_>], resources: &[&str]) -> Draft {
    let all: Vec<Known<'_>> = dead.iter().flat_map(|(_, _, known)| known.iter().copied()).collect();
    let what = if view.is_deny() {
        "This Deny never matches: what it forbids stays allowed"
    } else {
        "This statement allows nothing"
    };
    let first = dead.first().map_or("", |(_, action, _)| action);
    let and = if dead.len() > 1 { " (like the others)" } else { "" };
    let message =
        format!("{what}. {first}{and} is {} and Resource names {}.", asked_on(&all), resources.join(", "));
    let pointer = view.pointer("Resource");
    let draft = Draft::new(Severity::Warning, "statement-never-matches", pointer, message);
    // Object actions on the bucket's own ARN: the objects were meant.
    let objects = all.iter().all(|action| action.is_on("object"));
    let buckets =
        resources.iter().all(|resource| resource.starts_with("arn:aws:s3:::") && !resource.contains('/'));
    if objects && buckets && policy.kind != Kind::Key {
        let changes: Vec<Change> = view
            .texts("Resource")
            .into_iter()
            .map(|(pointer, text)| Change::Replace(pointer, format!("{}/*", text.trim()).into()))
            .collect();
        return draft.mended_by("Name the objects: end the ARN in /*", changes);
    }
    draft
}

/// What a wildcard takes in by name and the resources leave out: actions without a resource, and those that are asked on
/// an alias as well as on its key.
fn left_out(
    policy: &Policy<'_>,
    view: &View<'_>,
    pointer: &str,
    prefix: &str,
    action: &str,
    all: &[Known<'_>],
    resources: &[&str],
) -> Option<Draft> {
    if !action.contains('*') {
        return None;
    }
    // What another Allow of the document names is not left out.
    let elsewhere = |action: &Known<'_>| {
        let name = format!("{prefix}:{}", action.name);
        let mut others = policy.views.iter().filter(|other| !other.is_deny() && other.at != view.at);
        others.any(|other| other.texts("Action").iter().any(|(_, text)| text.eq_ignore_ascii_case(&name)))
    };
    let known: Vec<Known<'_>> = all.iter().copied().filter(|action| !elsewhere(action)).collect();
    let operation = |action: &Known<'_>| call::operation(prefix, action.name);
    let without: Vec<String> = known
        .iter()
        .filter(|action| !action.has_resources() && operation(action).is_some())
        .map(|action| format!("{prefix}:{}", action.name))
        .collect();
    let on_alias = |action: &&Known<'_>| {
        operation(action).is_some_and(|found| found.checks.iter().any(|check| check.on == ResourceOf::Alias))
    };
    let is_alias =
        |resource: &str| can_be(resource, "arn:${Partition}:kms:${Region}:${Account}:alias/${Alias}");
    let aliases: Vec<String> = match resources.iter().copied().any(is_alias) {
        true => Vec::new(),
        false => known.iter().filter(on_alias).map(|action| format!("{prefix}:{}", action.name)).collect(),
    };
    if without.is_empty() && aliases.is_empty() {
        return None;
    }
    let mut said = Vec::new();
    let mut changes = Vec::new();
    let list = view.at.rsplit_once('/').map_or(view.at.as_str(), |(list, _)| list).to_owned();
    let allow = |actions: &[String], resource: Value| json!({"Effect": "Allow", "Action": actions, "Resource": resource});
    if !without.is_empty() {
        said.push(format!("only the resource `*` takes in {}", without.join(", ")));
        changes.push(allow(&without, "*".into()));
    }
    if !aliases.is_empty() {
        said.push(format!("for {} the alias has to be named as well", aliases.join(", ")));
        let account =
            resources.iter().find_map(|resource| Some(Arn::parse(resource)?.account)).unwrap_or("*");
        changes.push(allow(&aliases, format!("arn:aws:kms:*:{account}:alias/*").into()));
    }
    let message = format!("On these resources {action} allows less than it seems to: {}.", said.join("; "));
    // Who named some of them elsewhere knows of the rest.
    let severity = if known.len() < all.len() { Severity::Note } else { Severity::Warning };
    let draft = Draft::new(severity, "wildcard-leaves-out", pointer, message);
    Some(match list == "/Statement" && view.at != "/Statement" {
        true => draft.mended_by("Allow them in statements of their own", [Change::Append(list, changes)]),
        false => draft,
    })
}

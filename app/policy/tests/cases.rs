//! Runs the case files in `cases/`: every case asserts the decision, the layer that decided and the deciding statements;
//! most also the lanes, the first mismatch or AWS's message.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use policy::line;
use policy::message::{self, Style};
use policy::{
    Context, DecidedBy, Decision, Document, Explanation, Grant, LaneVerdict, Mismatch, NamedPolicy, Outcome,
    Policies, Principal, Request, ResourceKind, evaluate,
};
use serde::Deserialize;
use serde_json::{Value, json};

/// One file: cases of one rule, with the actors and policies they share.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseFile {
    /// The AWS page or the row of `aws-semantics.md` the rule comes from.
    source: String,
    #[serde(default)]
    actors: BTreeMap<String, Actor>,
    #[serde(default)]
    policies: BTreeMap<String, Value>,
    cases: Vec<Case>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Actor {
    principal: Value,
    #[serde(default)]
    identity: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    /// Overrides the file's source.
    #[serde(default)]
    source: Option<String>,
    /// An actor of the file; `principal` and `identity` override it.
    #[serde(default, rename = "as")]
    actor: Option<String>,
    #[serde(default)]
    principal: Option<Value>,
    #[serde(default)]
    identity: Option<Vec<Value>>,
    action: String,
    #[serde(default = "any_resource")]
    resource: String,
    #[serde(default)]
    resource_account: Option<String>,
    #[serde(default)]
    context: BTreeMap<String, Value>,
    #[serde(default)]
    resource_policy: Option<Value>,
    #[serde(default)]
    kind: ResourceKind,
    #[serde(default)]
    grants: Vec<Grant>,
    #[serde(default)]
    boundaries: Vec<Value>,
    #[serde(default)]
    session_policies: Vec<Value>,
    #[serde(default)]
    scps: Vec<Vec<Value>>,
    #[serde(default)]
    rcps: Vec<Vec<Value>>,
    #[serde(default)]
    endpoint_policies: Vec<Value>,
    #[serde(default)]
    block_public_access: bool,
    expect: Expect,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    outcome: Outcome,
    decided_by: DecidedBy,
    /// `layer:Sid`, or `layer:index` for a statement without one; in order.
    deciding: Vec<String>,
    #[serde(default)]
    iam: Option<LaneVerdict>,
    #[serde(default)]
    resource: Option<LaneVerdict>,
    /// By statement, the first element that fails; a condition as `Operator key`.
    #[serde(default)]
    mismatch: BTreeMap<String, String>,
    /// AWS's message, in the style the action's service uses.
    #[serde(default)]
    message: Option<String>,
}

fn any_resource() -> String {
    "*".to_owned()
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

fn case_files() -> Vec<(String, CaseFile)> {
    let mut files: Vec<_> =
        fs::read_dir(folder("cases")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let read = |path: PathBuf| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).unwrap();
        let file = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        (name, file)
    };
    files.into_iter().map(read).collect()
}

/// A policy given by name (of the file, or of `fixtures/`), or in place.
fn policy(file: &CaseFile, value: &Value) -> NamedPolicy {
    let (name, json) = match value {
        Value::String(name) => match file.policies.get(name) {
            Some(document) => (name.clone(), document.to_string()),
            None => {
                let path = folder("fixtures").join(format!("{name}.json"));
                (
                    name.clone(),
                    fs::read_to_string(&path).unwrap_or_else(|_| panic!("there is no policy `{name}`")),
                )
            }
        },
        document => ("inline".to_owned(), document.to_string()),
    };
    let document = Document::parse(&json).unwrap_or_else(|error| panic!("policy `{name}`: {error}"));
    // Fixtures of identity policies are managed policies; those given in place are inline.
    let managed = matches!(value, Value::String(_)).then(|| name.rsplit('/').next().unwrap().to_owned());
    let arn = managed.map(|name| format!("arn:aws:iam::111122223333:policy/{name}"));
    NamedPolicy { name, arn, document: Arc::new(document) }
}

fn policies(file: &CaseFile, values: &[Value]) -> Vec<NamedPolicy> {
    values.iter().map(|value| policy(file, value)).collect()
}

fn principal(value: &Value) -> Principal {
    match value {
        Value::String(name) if name == "anonymous" => Principal::anonymous(),
        Value::String(arn) => Principal::from_arn(arn).unwrap(),
        Value::Object(map) => {
            match (map.get("Service"), map.get("Federated"), map.get("role"), map.get("session")) {
                (Some(service), ..) => Principal::service(service.as_str().unwrap()),
                (_, Some(provider), ..) => Principal::federated(provider.as_str().unwrap()),
                (_, _, Some(role), Some(session)) => {
                    Principal::session(role.as_str().unwrap(), session.as_str().unwrap()).unwrap()
                }
                _ => panic!("no principal: {value}"),
            }
        }
        _ => panic!("no principal: {value}"),
    }
}

fn context(values: &BTreeMap<String, Value>) -> Context {
    let mut context = Context::new();
    for (key, value) in values {
        match value {
            Value::Array(list) => context.set(key, list.iter().map(|one| one.as_str().unwrap())),
            one => context.set(key, [one.as_str().unwrap()]),
        }
    }
    context
}

/// Everything wrong with one case, as sentences.
fn run(file: &CaseFile, case: &Case) -> Vec<String> {
    let actor = case.actor.as_ref().map_or_else(Actor::default, |name| {
        file.actors.get(name).unwrap_or_else(|| panic!("there is no actor `{name}`")).clone()
    });
    let identity = policies(file, case.identity.as_ref().unwrap_or(&actor.identity));
    let resource = case.resource_policy.as_ref().map(|value| policy(file, value));
    let boundaries = policies(file, &case.boundaries);
    let session_policies = policies(file, &case.session_policies);
    let levels = |levels: &[Vec<Value>]| levels.iter().map(|level| policies(file, level)).collect::<Vec<_>>();
    let (scps, rcps) = (levels(&case.scps), levels(&case.rcps));
    let endpoint_policies = policies(file, &case.endpoint_policies);
    let request = Request {
        principal: principal(case.principal.as_ref().unwrap_or(&actor.principal)),
        action: case.action.clone(),
        resource: case.resource.clone(),
        resource_account: case.resource_account.clone(),
        context: context(&case.context),
    };
    let bearing = Policies {
        identity: &identity,
        resource: resource.as_ref(),
        resource_kind: case.kind,
        grants: &case.grants,
        boundaries: &boundaries,
        session_policies: &session_policies,
        scps: &scps,
        rcps: &rcps,
        endpoint_policies: &endpoint_policies,
        block_public_access: case.block_public_access,
    };
    let decision = evaluate(&request, &bearing);
    let mut wrong = check(&case.expect, &decision);
    wrong.extend(check_line(case, &actor, &bearing, &decision));
    wrong
}

/// The same question as a line of `trilock evaluate` must come to the same decision. Its policies have no ARNs, and a
/// session whose role has a path cannot be named in it.
fn check_line(case: &Case, actor: &Actor, given: &Policies<'_>, decision: &Decision<'_>) -> Option<String> {
    let principal = case.principal.as_ref().unwrap_or(&actor.principal);
    if principal.get("role").is_some() {
        return None;
    }
    let sources = |list: &[NamedPolicy]| -> Value {
        list.iter().map(|policy| policy.document.source().clone()).collect::<Vec<_>>().into()
    };
    let levels = |levels: &[Vec<NamedPolicy>]| -> Value {
        levels.iter().map(|level| sources(level)).collect::<Vec<_>>().into()
    };
    let line = json!({
        "name": case.name,
        "principal": principal,
        "action": case.action,
        "resource": case.resource,
        "resource_account": case.resource_account,
        "context": case.context,
        "identity_policies": sources(given.identity),
        "resource_policy": given.resource.map(|policy| policy.document.source()),
        "resource_kind": case.kind,
        "grants": case.grants,
        "boundaries": sources(given.boundaries),
        "session_policies": sources(given.session_policies),
        "scps": levels(given.scps),
        "rcps": levels(given.rcps),
        "endpoint_policies": sources(given.endpoint_policies),
        "block_public_access": case.block_public_access,
    });
    let told = match line::answer(&line.to_string()) {
        Ok(answer) => answer,
        Err(error) => return Some(format!("as a line it is refused: {error}")),
    };
    let same = told.name.as_deref() == Some(&case.name)
        && told.decision == decision.outcome
        && told.decided_by == decision.decided_by
        && told.lanes["iam"] == decision.iam
        && told.lanes["resource"] == decision.resource
        && told.statements.len() == decision.deciding.len()
        && told.message.is_some() != decision.is_allowed();
    (!same).then(|| format!("as a line it is told otherwise: {told:?}"))
}

fn check(expect: &Expect, decision: &Decision<'_>) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut compare = |what: &str, actual: String, expected: String| {
        if actual != expected {
            wrong.push(format!("{what} is {actual}, expected {expected}"));
        }
    };
    compare("the outcome", format!("{:?}", decision.outcome), format!("{:?}", expect.outcome));
    compare("the deciding layer", format!("{:?}", decision.decided_by), format!("{:?}", expect.decided_by));
    let name = |layer: &str, sid: Option<&str>, index: usize| match sid {
        Some(sid) => format!("{}:{sid}", layer.to_lowercase()),
        None => format!("{}:{index}", layer.to_lowercase()),
    };
    let deciding: Vec<_> = decision
        .deciding
        .iter()
        .map(|found| name(&format!("{:?}", found.layer), found.statement.sid(), found.statement.index()))
        .collect();
    compare("the list of deciding statements", format!("{deciding:?}"), format!("{:?}", expect.deciding));
    if let Some(verdict) = expect.iam {
        compare("the IAM lane", format!("{:?}", decision.iam), format!("{verdict:?}"));
    }
    if let Some(verdict) = expect.resource {
        compare("the resource lane", format!("{:?}", decision.resource), format!("{verdict:?}"));
    }
    let explanation = decision.explain();
    let statements = || {
        explanation.lanes.iter().flat_map(|lane| {
            lane.statements.iter().map(move |statement| {
                (name(&format!("{:?}", lane.layer), statement.sid.as_deref(), statement.index), statement)
            })
        })
    };
    for (statement, expected) in &expect.mismatch {
        let found = statements().find(|(name, _)| name == statement);
        let actual = match found.map(|(_, explained)| &explained.mismatch) {
            None => "not there".to_owned(),
            Some(None) => "nothing".to_owned(),
            Some(Some(Mismatch::Condition(condition))) => format!("{} {}", condition.operator, condition.key),
            Some(Some(other)) => serde_json::to_value(other).unwrap().as_str().unwrap().to_owned(),
        };
        compare(&format!("what fails in {statement}"), actual, expected.clone());
    }
    if let Some(expected) = &expect.message {
        let style = match decision.request().action.split(':').next() {
            Some("s3") => Style::S3,
            Some("sts") => Style::Sts,
            _ => Style::Plain,
        };
        let actual =
            decision.denial().map(|denial| message::access_denied(decision.request(), &denial, style));
        compare("the message", format!("{actual:?}"), format!("{:?}", Some(expected)));
    }
    // What holds for every decision.
    let explained: Vec<_> =
        statements().filter(|(_, statement)| statement.deciding).map(|(name, _)| name).collect();
    let sorted = |mut names: Vec<String>| {
        names.sort();
        names
    };
    compare(
        "the explained deciding statements",
        format!("{:?}", sorted(explained)),
        format!("{:?}", sorted(deciding)),
    );
    let json = serde_json::to_string(&explanation).unwrap();
    let again: Explanation = serde_json::from_str(&json).unwrap();
    compare("the explanation read back", format!("{}", again == explanation), "true".to_owned());
    wrong
}

#[test]
fn every_case_decides_as_expected_and_by_the_expected_statements() {
    let (mut run_cases, mut wrong) = (0, Vec::new());
    for (name, file) in case_files() {
        assert!(!file.source.is_empty(), "{name} cites no source");
        for case in &file.cases {
            run_cases += 1;
            let source = case.source.as_deref().unwrap_or(&file.source);
            wrong.extend(
                run(&file, case).iter().map(|what| format!("{name}: {} [{source}]: {what}", case.name)),
            );
        }
    }
    assert!(wrong.is_empty(), "{} findings in {run_cases} cases:\n{}", wrong.len(), wrong.join("\n"));
    assert!(run_cases >= 600, "only {run_cases} cases were found");
}

/// What no other suite covers is covered here in breadth: bucket policies, and keys with policies and grants.
#[test]
fn there_are_enough_cases_with_bucket_and_key_policies() {
    let files = case_files();
    let cases = || files.iter().flat_map(|(_, file)| &file.cases);
    let of = |kind| cases().filter(move |case| case.kind == kind);
    let buckets = of(ResourceKind::S3Bucket).filter(|case| case.resource_policy.is_some()).count();
    let keys = of(ResourceKind::KmsKey)
        .filter(|case| case.resource_policy.is_some() || !case.grants.is_empty())
        .count();
    let explained = cases().filter(|case| !case.expect.mismatch.is_empty()).count();
    assert!(buckets >= 150 && keys >= 120 && explained >= 180, "{buckets} {keys} {explained}");
}

#[test]
fn no_two_cases_of_a_file_bear_the_same_name() {
    for (name, file) in case_files() {
        let mut names: Vec<_> = file.cases.iter().map(|case| &case.name).collect();
        names.sort();
        let twice = names.windows(2).find(|pair| pair[0] == pair[1]);
        assert_eq!(twice, None, "{name} has a case twice");
    }
}

/// A Deny more never opens anything, and the order of identity statements never matters (checked over all cases).
#[test]
fn an_added_deny_never_allows_and_order_never_matters() {
    let deny_all = r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}"#;
    let deny_all = NamedPolicy {
        name: "deny all".to_owned(),
        arn: None,
        document: Arc::new(Document::parse(deny_all).unwrap()),
    };
    for (name, file) in case_files() {
        for case in &file.cases {
            let actor = case.actor.as_ref().map_or_else(Actor::default, |actor| file.actors[actor].clone());
            let mut identity = policies(&file, case.identity.as_ref().unwrap_or(&actor.identity));
            let resource = case.resource_policy.as_ref().map(|value| policy(&file, value));
            let request = Request {
                principal: principal(case.principal.as_ref().unwrap_or(&actor.principal)),
                action: case.action.clone(),
                resource: case.resource.clone(),
                resource_account: case.resource_account.clone(),
                context: context(&case.context),
            };
            let outcome = |identity: &[NamedPolicy]| {
                let bearing = Policies {
                    identity,
                    resource: resource.as_ref(),
                    resource_kind: case.kind,
                    grants: &case.grants,
                    ..Policies::default()
                };
                let decision = evaluate(&request, &bearing);
                (decision.outcome, decision.decided_by)
            };
            let before = outcome(&identity);
            identity.reverse();
            assert_eq!(outcome(&identity), before, "{name}: {}: the order of policies mattered", case.name);
            identity.push(deny_all.clone());
            assert_ne!(outcome(&identity).0, Outcome::Allowed, "{name}: {}: a Deny was overcome", case.name);
        }
    }
}

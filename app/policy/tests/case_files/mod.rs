//! The case files of `cases/`: reading them, and the request and policies a case stands for.
#![allow(clippy::unwrap_used, dead_code, unreachable_pub)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use policy::{
    Context, DecidedBy, Document, Grant, LaneVerdict, NamedPolicy, Outcome, Policies, Principal, Request,
    ResourceKind,
};
use serde::Deserialize;
use serde_json::{Value, json};

/// One file: cases of one rule, with the actors and policies they share.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseFile {
    /// The AWS page or the row of `aws-semantics.md` the rule comes from.
    pub source: String,
    #[serde(default)]
    pub actors: BTreeMap<String, Actor>,
    #[serde(default)]
    pub policies: BTreeMap<String, Value>,
    pub cases: Vec<Case>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actor {
    pub principal: Value,
    #[serde(default)]
    pub identity: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    pub name: String,
    /// Overrides the file's source.
    #[serde(default)]
    pub source: Option<String>,
    /// An actor of the file; `principal` and `identity` override it.
    #[serde(default, rename = "as")]
    pub actor: Option<String>,
    #[serde(default)]
    pub principal: Option<Value>,
    #[serde(default)]
    pub identity: Option<Vec<Value>>,
    pub action: String,
    #[serde(default = "any_resource")]
    pub resource: String,
    #[serde(default)]
    pub resource_account: Option<String>,
    #[serde(default)]
    pub context: BTreeMap<String, Value>,
    #[serde(default)]
    pub resource_policy: Option<Value>,
    #[serde(default)]
    pub kind: ResourceKind,
    #[serde(default)]
    pub grants: Vec<Grant>,
    #[serde(default)]
    pub boundaries: Vec<Value>,
    #[serde(default)]
    pub session_policies: Vec<Value>,
    #[serde(default)]
    pub scps: Vec<Vec<Value>>,
    #[serde(default)]
    pub rcps: Vec<Vec<Value>>,
    #[serde(default)]
    pub endpoint_policies: Vec<Value>,
    #[serde(default)]
    pub block_public_access: bool,
    pub expect: Expect,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    pub outcome: Outcome,
    pub decided_by: DecidedBy,
    /// `layer:Sid`, or `layer:index` for a statement without one; in order.
    pub deciding: Vec<String>,
    #[serde(default)]
    pub iam: Option<LaneVerdict>,
    #[serde(default)]
    pub resource: Option<LaneVerdict>,
    /// By statement, the first element that fails; a condition as `Operator key`.
    #[serde(default)]
    pub mismatch: BTreeMap<String, String>,
    /// AWS's message, in the style the action's service uses.
    #[serde(default)]
    pub message: Option<String>,
}

fn any_resource() -> String {
    "*".to_owned()
}

pub fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

pub fn case_files() -> Vec<(String, CaseFile)> {
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

/// A case with its policies compiled.
pub struct Prepared {
    pub request: Request,
    pub identity: Vec<NamedPolicy>,
    /// The caller as the case file writes it.
    pub caller: Value,
    resource: Option<NamedPolicy>,
    boundaries: Vec<NamedPolicy>,
    session_policies: Vec<NamedPolicy>,
    scps: Vec<Vec<NamedPolicy>>,
    rcps: Vec<Vec<NamedPolicy>>,
    endpoint_policies: Vec<NamedPolicy>,
}

impl Prepared {
    pub fn new(file: &CaseFile, case: &Case) -> Self {
        let actor = case.actor.as_ref().map_or_else(Actor::default, |name| {
            file.actors.get(name).unwrap_or_else(|| panic!("there is no actor `{name}`")).clone()
        });
        let levels =
            |levels: &[Vec<Value>]| levels.iter().map(|level| policies(file, level)).collect::<Vec<_>>();
        let caller = case.principal.clone().unwrap_or(actor.principal);
        Self {
            request: Request {
                principal: principal(&caller),
                action: case.action.clone(),
                resource: case.resource.clone(),
                resource_account: case.resource_account.clone(),
                context: context(&case.context),
            },
            identity: policies(file, case.identity.as_ref().unwrap_or(&actor.identity)),
            caller,
            resource: case.resource_policy.as_ref().map(|value| policy(file, value)),
            boundaries: policies(file, &case.boundaries),
            session_policies: policies(file, &case.session_policies),
            scps: levels(&case.scps),
            rcps: levels(&case.rcps),
            endpoint_policies: policies(file, &case.endpoint_policies),
        }
    }

    pub fn policies<'a>(&'a self, case: &'a Case) -> Policies<'a> {
        Policies {
            identity: &self.identity,
            resource: self.resource.as_ref(),
            resource_kind: case.kind,
            grants: &case.grants,
            boundaries: &self.boundaries,
            session_policies: &self.session_policies,
            scps: &self.scps,
            rcps: &self.rcps,
            endpoint_policies: &self.endpoint_policies,
            block_public_access: case.block_public_access,
        }
    }

    /// The case as a line of `trilock evaluate`.
    pub fn line(&self, case: &Case) -> Value {
        let sources = |list: &[NamedPolicy]| -> Value {
            list.iter().map(|policy| policy.document.source().clone()).collect::<Vec<_>>().into()
        };
        let levels = |levels: &[Vec<NamedPolicy>]| -> Value {
            levels.iter().map(|level| sources(level)).collect::<Vec<_>>().into()
        };
        json!({
            "name": case.name,
            "principal": self.caller,
            "action": case.action,
            "resource": case.resource,
            "resource_account": case.resource_account,
            "context": case.context,
            "identity_policies": sources(&self.identity),
            "resource_policy": self.resource.as_ref().map(|policy| policy.document.source()),
            "resource_kind": case.kind,
            "grants": case.grants,
            "boundaries": sources(&self.boundaries),
            "session_policies": sources(&self.session_policies),
            "scps": levels(&self.scps),
            "rcps": levels(&self.rcps),
            "endpoint_policies": sources(&self.endpoint_policies),
            "block_public_access": case.block_public_access,
        })
    }
}

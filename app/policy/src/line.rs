//! One evaluation as a line of JSON in and a line of JSON out: the format of `trilock evaluate`.
//!
//! ```
//! let line = r#"{"name": "anyone", "principal": "anonymous", "action": "s3:GetObject", "resource": "arn:aws:s3:::b/k",
//!     "resource_account": "111122223333", "resource_kind": "s3-bucket"}"#;
//! let answer = policy::line::answer(line).expect("every field is known");
//! assert_eq!(answer.decision, policy::Outcome::ImplicitlyDenied);
//! ```

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{
    Arn, Context, DecidedBy, Decision, Document, Grant, LaneVerdict, Layer, NamedPolicy, Outcome, ParseError,
    Policies, Principal, PrincipalError, Request, ResourceKind, evaluate, message,
};

/// What a line asks. Every policy is an object as AWS stores it; a layer that is left out, `null` or empty is absent.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    #[serde(default)]
    name: Option<String>,
    principal: Caller,
    action: String,
    resource: String,
    #[serde(default)]
    resource_account: Option<String>,
    #[serde(default)]
    context: BTreeMap<String, Values>,
    #[serde(default, borrow)]
    identity_policies: Option<Vec<&'a RawValue>>,
    #[serde(default, borrow)]
    resource_policy: Option<&'a RawValue>,
    #[serde(default)]
    resource_kind: Option<ResourceKind>,
    #[serde(default)]
    grants: Option<Vec<Grant>>,
    #[serde(default, borrow)]
    boundaries: Option<Vec<&'a RawValue>>,
    #[serde(default, borrow)]
    session_policies: Option<Vec<&'a RawValue>>,
    #[serde(default, borrow)]
    scps: Option<Vec<Vec<&'a RawValue>>>,
    #[serde(default, borrow)]
    rcps: Option<Vec<Vec<&'a RawValue>>>,
    #[serde(default, borrow)]
    endpoint_policies: Option<Vec<&'a RawValue>>,
    #[serde(default)]
    block_public_access: bool,
}

/// An ARN, `"anonymous"`, `{"Service": "…"}` or `{"Federated": "…"}`.
#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "expected a caller's ARN, \"anonymous\", {\"Service\": …} or {\"Federated\": …}"
)]
enum Caller {
    Text(String),
    Outside(Outside),
}

#[derive(Deserialize)]
enum Outside {
    Service(String),
    Federated(String),
}

/// A condition key's values as JSON writes them.
#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "expected a condition key's value: a string, number, boolean, or a list of them"
)]
enum Values {
    One(Scalar),
    Several(Vec<Scalar>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Scalar {
    Text(String),
    Flag(bool),
    Number(serde_json::Number),
}

/// What came of a line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answer {
    /// The line's `name`.
    pub name: Option<String>,
    /// Allowed or denied, and how.
    pub decision: Outcome,
    /// The layer that decided.
    pub decided_by: DecidedBy,
    /// The statements that decided.
    pub statements: Vec<DecidingStatement>,
    /// What the IAM lane (`iam`), the resource policy's (`resource`) and every other layer that has policies said.
    pub lanes: BTreeMap<&'static str, LaneVerdict>,
    /// AWS's words for a denial. EC2's lack the encoded message that only the service can make.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// Where a deciding statement stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DecidingStatement {
    /// The layer.
    pub policy: Layer,
    /// Which of the layer's policies, from 0, levels counted through; left out when the layer can have one only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_index: Option<usize>,
    /// The statement's place in the policy, from 0.
    pub index: usize,
    /// Its `Sid`, if it has one.
    pub sid: Option<String>,
}

/// Why a line has no decision.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub struct LineError {
    /// The line's `name`, as far as it could be read.
    pub name: Option<String>,
    /// What is wrong.
    #[source]
    pub reason: Reason,
}

/// What is wrong with a line.
#[derive(Debug, thiserror::Error)]
pub enum Reason {
    /// Not the JSON object that is expected.
    #[error("{0}")]
    Shape(String),
    /// The principal.
    #[error("principal: {0}")]
    Principal(#[from] PrincipalError),
    /// `resource_account` is no account id.
    #[error("resource_account: `{0}` is not 12 digits")]
    Account(String),
    /// The action has no service.
    #[error("action: `{0}` is not of the form service:Action")]
    Action(String),
    /// A policy document.
    #[error("{place}: {error}")]
    Policy {
        /// The field, with the place in its list.
        place: String,
        /// What is wrong in the document.
        error: ParseError,
    },
}

/// Decides one line.
///
/// # Errors
/// When the line is no JSON object of the expected form (unknown fields count), or a policy in it cannot be read.
pub fn answer(line: &str) -> Result<Answer, LineError> {
    let read: Line<'_> = serde_json::from_str(line)
        .map_err(|error| LineError { name: name_of(line), reason: Reason::Shape(error.to_string()) })?;
    let name = read.name.clone();
    decide(read).map_err(|reason| LineError { name, reason })
}

/// The name of a line that is JSON, if not of the form expected.
fn name_of(line: &str) -> Option<String> {
    let value: serde_json::Value = serde_json::from_str(line).ok()?;
    value.get("name")?.as_str().map(str::to_owned)
}

fn decide(line: Line<'_>) -> Result<Answer, Reason> {
    let identity = policies("identity_policies", line.identity_policies.as_deref())?;
    let boundaries = policies("boundaries", line.boundaries.as_deref())?;
    let session_policies = policies("session_policies", line.session_policies.as_deref())?;
    let endpoint_policies = policies("endpoint_policies", line.endpoint_policies.as_deref())?;
    let scps = levels("scps", line.scps.as_deref())?;
    let rcps = levels("rcps", line.rcps.as_deref())?;
    let resource = line.resource_policy.map(|json| policy("resource_policy".to_owned(), json)).transpose()?;
    let grants = line.grants.unwrap_or_default();
    if !line.action.split_once(':').is_some_and(|(service, name)| !service.is_empty() && !name.is_empty()) {
        return Err(Reason::Action(line.action));
    }
    if let Some(account) = line.resource_account.as_deref().filter(|account| !crate::is_account_id(account)) {
        return Err(Reason::Account(account.to_owned()));
    }
    let request = Request {
        principal: line.principal.read()?,
        action: line.action,
        resource: line.resource,
        resource_account: line.resource_account,
        context: context(line.context),
    };
    let given = Policies {
        identity: &identity,
        resource: resource.as_ref(),
        resource_kind: line.resource_kind.unwrap_or_else(|| kind_of(&request)),
        grants: &grants,
        boundaries: &boundaries,
        session_policies: &session_policies,
        scps: &scps,
        rcps: &rcps,
        endpoint_policies: &endpoint_policies,
        block_public_access: line.block_public_access,
    };
    Ok(written(line.name, &evaluate(&request, &given), &given))
}

/// What the resource is, when the line does not say: by the action's service, and for KMS and IAM by the ARN.
fn kind_of(request: &Request) -> ResourceKind {
    let is_role = || Arn::parse(&request.resource).is_some_and(|arn| arn.resource.starts_with("role/"));
    match () {
        () if request.is_for("s3") => ResourceKind::S3Bucket,
        () if request.is_for("kms") => ResourceKind::KmsKey,
        () if request.is_for("sts") && is_role() => ResourceKind::IamRole,
        () => ResourceKind::Other,
    }
}

fn written(name: Option<String>, decision: &Decision<'_>, given: &Policies<'_>) -> Answer {
    let statements = decision
        .deciding
        .iter()
        .map(|found| DecidingStatement {
            policy: found.layer,
            policy_index: place_of(found.policy, found.layer, given),
            index: found.statement.index(),
            sid: found.statement.sid().map(str::to_owned),
        })
        .collect();
    let guards = decision.explain().lanes.into_iter();
    let lanes = guards
        .filter_map(|lane| Some((guard_name(lane.layer)?, lane.verdict)))
        .chain([("iam", decision.iam), ("resource", decision.resource)])
        .collect();
    let message =
        decision.denial().map(|denial| message::access_denied(decision.request(), &denial, style(decision)));
    Answer { name, decision: decision.outcome, decided_by: decision.decided_by, statements, lanes, message }
}

/// The lane's name for the layers that `iam` and `resource` do not speak for alone.
fn guard_name(layer: Layer) -> Option<&'static str> {
    match layer {
        Layer::Identity | Layer::Resource => None,
        Layer::Boundary => Some("boundary"),
        Layer::Session => Some("session"),
        Layer::Scp => Some("scp"),
        Layer::Rcp => Some("rcp"),
        Layer::Endpoint => Some("endpoint"),
        Layer::Grant => Some("grant"),
    }
}

fn place_of(policy: &NamedPolicy, layer: Layer, given: &Policies<'_>) -> Option<usize> {
    let place = |list: &[NamedPolicy]| list.iter().position(|other| std::ptr::eq(other, policy));
    let place_in_levels =
        |levels: &[Vec<NamedPolicy>]| levels.iter().flatten().position(|other| std::ptr::eq(other, policy));
    match layer {
        Layer::Identity => place(given.identity),
        Layer::Boundary => place(given.boundaries),
        Layer::Session => place(given.session_policies),
        Layer::Endpoint => place(given.endpoint_policies),
        Layer::Scp => place_in_levels(given.scps),
        Layer::Rcp => place_in_levels(given.rcps),
        Layer::Resource | Layer::Grant => None,
    }
}

fn style(decision: &Decision<'_>) -> message::Style {
    let service = decision.request().action.split(':').next().unwrap_or_default();
    match service.to_ascii_lowercase().as_str() {
        "s3" => message::Style::S3,
        "sts" => message::Style::Sts,
        "ec2" => message::Style::Ec2 { encoded: String::new() },
        _ => message::Style::Plain,
    }
}

impl Caller {
    fn read(self) -> Result<Principal, PrincipalError> {
        match self {
            Self::Text(text) if text == "anonymous" => Ok(Principal::anonymous()),
            Self::Text(text) => Principal::from_arn(&text),
            Self::Outside(Outside::Service(name)) => Ok(Principal::service(name)),
            Self::Outside(Outside::Federated(provider)) => Ok(Principal::federated(provider)),
        }
    }
}

fn context(keys: BTreeMap<String, Values>) -> Context {
    let text = |scalar| match scalar {
        Scalar::Text(text) => text,
        Scalar::Flag(flag) => flag.to_string(),
        Scalar::Number(number) => number.to_string(),
    };
    let mut context = Context::new();
    for (key, values) in keys {
        match values {
            Values::One(value) => context.set(key, [text(value)]),
            Values::Several(values) => context.set(key, values.into_iter().map(text)),
        }
    }
    context
}

fn policies(field: &str, list: Option<&[&RawValue]>) -> Result<Vec<NamedPolicy>, Reason> {
    let list = list.unwrap_or_default().iter().enumerate();
    list.map(|(index, json)| policy(format!("{field}[{index}]"), json)).collect()
}

fn levels(field: &str, levels: Option<&[Vec<&RawValue>]>) -> Result<Vec<Vec<NamedPolicy>>, Reason> {
    let levels = levels.unwrap_or_default().iter().enumerate();
    levels.map(|(index, level)| policies(&format!("{field}[{index}]"), Some(level))).collect()
}

fn policy(place: String, json: &RawValue) -> Result<NamedPolicy, Reason> {
    match Document::parse(json.get()) {
        Ok(document) => Ok(NamedPolicy { name: place, arn: None, document: Arc::new(document) }),
        Err(error) => Err(Reason::Policy { place, error }),
    }
}

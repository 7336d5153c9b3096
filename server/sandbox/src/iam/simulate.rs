//! The policy simulator's API, answered by the engine that decides everything else here (IAM API reference,
//! `SimulatePrincipalPolicy`, `SimulateCustomPolicy`).

use std::collections::BTreeSet;
use std::sync::Arc;

use policy::{
    Context, Decision, Document, Mismatch, NamedPolicy, Outcome, Policies, Principal, Request, ResourceKind,
    evaluate,
};
use serde_json::Value;

use super::policies::stored;
use super::subject::{self, Named};
use crate::caller::{boundary, resolve};
use crate::gate::Question;
use crate::gate::actions::iam;
use crate::managed::AWS_PREFIX;
use crate::model::Account;
use crate::query::{Call, Fault, Params, Xml, page, parameter};

/// Most actions times resources of one call.
const MAX_EVALUATIONS: usize = 1_000;
/// Longest document, action and resource, in characters (IAM API reference, `SimulateCustomPolicy`).
const MAX_DOCUMENT: usize = 131_072;
const MAX_ACTION: usize = 128;
const MAX_RESOURCE: usize = 2_048;
/// How much one call may compare: characters of all documents, and of long patterns with each character of what they are compared
/// with, times evaluations.
const MAX_COMPARISONS: usize = 200_000_000;
/// Up to here a pattern with wildcards costs no more than its characters.
const SHORT_PATTERN: usize = 128;

/// Whose policies are asked about.
struct Subject {
    principal: Principal,
    /// Its kind as results name it: `user`, `role` or `group`.
    kind: &'static str,
    /// The documents that it has from its groups.
    of_groups: Vec<Arc<Document>>,
    identity: Vec<NamedPolicy>,
    boundaries: Vec<NamedPolicy>,
}

pub(super) async fn principal(call: Call<'_>) -> Result<Xml, Fault> {
    let named = Named::identity(call, "PolicySourceArn")?;
    let permit = call.authorize::<iam::SimulatePrincipalPolicy>(named.question(call))?;
    let account = call.account(&permit)?;
    let mut subject = Subject::of(account, &named.find(account)?);
    let inputs = inputs(call.params, "PolicyInputList")?;
    subject.identity.extend(inputs);
    answer(call, &subject)
}

pub(super) async fn custom(call: Call<'_>) -> Result<Xml, Fault> {
    call.authorize::<iam::SimulateCustomPolicy>(Question::about("*"))?;
    let identity = inputs(call.params, "PolicyInputList")?;
    if identity.is_empty() {
        call.params.required("PolicyInputList")?;
    }
    let principal = nobody(call.account_id());
    answer(
        call,
        &Subject { principal, kind: "user", of_groups: Vec::new(), identity, boundaries: Vec::new() },
    )
}

/// Nobody in particular: what follows from a caller is missing unless `CallerArn` names one.
fn nobody(account: &str) -> Principal {
    Principal::user(account, "simulated")
}

impl Subject {
    /// Somebody with the policies in force: a user has those of its groups too, a group is asked about as if it were a user.
    fn of(account: &Account, found: &subject::Subject<'_>) -> Self {
        let of_groups: Vec<NamedPolicy> = match found {
            subject::Subject::User(user) => {
                account.groups_of(&user.name).flat_map(|group| resolve(account, &group.policies)).collect()
            }
            _ => Vec::new(),
        };
        let (principal, kind, limit) = match found {
            subject::Subject::User(user) => {
                let path = user.path.trim_start_matches('/');
                (Principal::user(&account.id, &format!("{path}{}", user.name)), "user", &user.boundary)
            }
            subject::Subject::Role(role) => {
                let arn = crate::arns::role(&account.id, &role.path, &role.name);
                // INVARIANT: a role's ARN that we wrote ourselves names a role.
                let principal = Principal::from_arn(&arn).unwrap_or_else(|_| Principal::anonymous());
                (principal, "role", &role.boundary)
            }
            subject::Subject::Group(_) | subject::Subject::Policy(_) => (nobody(&account.id), "group", &None),
        };
        Self {
            principal,
            kind,
            of_groups: of_groups.iter().map(|policy| Arc::clone(&policy.document)).collect(),
            identity: found.policies(account),
            boundaries: limit.iter().map(|arn| boundary(account, arn.clone())).collect(),
        }
    }
}

/// Documents given with the request, under the names that results give them.
fn inputs(params: &Params, list: &str) -> Result<Vec<NamedPolicy>, Fault> {
    let texts = params.numbered(&format!("{list}.member"), "");
    let named = |(number, text): (u32, &str)| {
        must_fit(list, text, MAX_DOCUMENT)?;
        Ok(NamedPolicy { name: format!("{list}.{number}"), arn: None, document: stored(text)?.document() })
    };
    texts.into_iter().map(named).collect()
}

fn must_fit(list: &str, text: &str, most: usize) -> Result<(), Fault> {
    match text.chars().count() <= most {
        true => Ok(()),
        false => Err(Fault::validation(format!(
            "1 validation error detected: Value at '{}' failed to satisfy constraint: Member must satisfy constraint: \
             [Member must have length less than or equal to {most}]",
            parameter(list)
        ))),
    }
}

/// What one evaluation may have to compare with a text of `longest` characters.
fn comparisons(policies: &[NamedPolicy], longest: usize) -> usize {
    fn of(value: &Value, longest: usize) -> usize {
        match value {
            Value::String(text) if text.len() > SHORT_PATTERN && text.contains(['*', '?']) => {
                text.len() * text.len().min(longest)
            }
            Value::String(text) => text.len(),
            Value::Array(list) => list.iter().map(|value| of(value, longest)).sum(),
            Value::Object(members) => members.values().map(|value| of(value, longest)).sum(),
            _ => 1,
        }
    }
    policies.iter().map(|policy| of(policy.document.source(), longest)).sum()
}

/// What is asked about the subject.
struct Asked {
    caller: Option<Principal>,
    resource_policy: Option<NamedPolicy>,
    owner: Option<String>,
    context: Context,
}

impl Asked {
    /// The longest value that a condition may be compared with.
    fn longest(&self) -> usize {
        let values = self.context.iter().flat_map(|(_, values)| values);
        values.map(String::len).max().unwrap_or_default()
    }

    fn read(params: &Params) -> Result<Self, Fault> {
        let invalid = |message: String| Fault::refused(400, "InvalidInput", message);
        let caller = params.get("CallerArn").map(Principal::from_arn).transpose();
        let caller = caller.map_err(|error| invalid(format!("Invalid caller ARN: {error}")))?;
        let resource_policy = match params.get("ResourcePolicy") {
            None => None,
            Some(_) if caller.is_none() => {
                return Err(invalid(
                    "If you include a ResourcePolicy, then you must include a CallerArn.".into(),
                ));
            }
            Some(text) => {
                must_fit("ResourcePolicy", text, MAX_DOCUMENT)?;
                let document = stored(text)?.document();
                Some(NamedPolicy { name: "ResourcePolicy".into(), arn: None, document })
            }
        };
        let owner = params.get("ResourceOwner").map(|arn| {
            let account = policy::Arn::parse(arn).map_or(arn, |arn| arn.account);
            account.to_owned()
        });
        if let Some(owner) = owner.as_deref().filter(|owner| !policy::is_account_id(owner)) {
            return Err(invalid(format!("Invalid resource owner: {owner}")));
        }
        let mut context = Context::new();
        for (number, name) in params.numbered("ContextEntries.member", ".ContextKeyName") {
            let values = params.list(&format!("ContextEntries.member.{number}.ContextKeyValues.member"), "");
            context.set(name, values);
        }
        Ok(Self { caller, resource_policy, owner, context })
    }
}

fn answer(call: Call<'_>, subject: &Subject) -> Result<Xml, Fault> {
    let params = call.params;
    let actions = params.list("ActionNames.member", "");
    if actions.is_empty() {
        params.required("ActionNames")?;
    }
    let wrong = |action: &&&str| {
        action.split_once(':').is_none_or(|(service, name)| service.is_empty() || name.is_empty())
    };
    if let Some(action) = actions.iter().find(wrong) {
        return Err(Fault::refused(400, "InvalidInput", format!("Invalid Action name: {action}")));
    }
    let mut resources = params.list("ResourceArns.member", "");
    if resources.is_empty() {
        resources.push("*");
    }
    if actions.len() * resources.len() > MAX_EVALUATIONS {
        let message =
            format!("At most {MAX_EVALUATIONS} evaluations, actions times resources, are made at once.");
        return Err(Fault::refused(400, "InvalidInput", message));
    }
    actions.iter().try_for_each(|action| must_fit("ActionNames", action, MAX_ACTION))?;
    resources.iter().try_for_each(|resource| must_fit("ResourceArns", resource, MAX_RESOURCE))?;
    let asked = Asked::read(params)?;
    let mut boundaries = subject.boundaries.clone();
    boundaries.extend(inputs(params, "PermissionsBoundaryPolicyInputList")?);
    let longest =
        resources.iter().map(|resource| resource.len()).max().unwrap_or_default().max(asked.longest());
    let each = comparisons(&subject.identity, longest)
        + comparisons(&boundaries, longest)
        + comparisons(asked.resource_policy.as_slice(), longest);
    if each.saturating_mul(actions.len() * resources.len()) > MAX_COMPARISONS {
        let message =
            "The policies are too large for so many actions and resources at once; ask about fewer.";
        return Err(Fault::refused(400, "InvalidInput", message));
    }
    let pairs = actions.iter().flat_map(|action| resources.iter().map(move |resource| (*action, *resource)));
    let requests: Vec<(String, Request)> = pairs
        .enumerate()
        .map(|(number, (action, resource))| {
            let request = Request {
                principal: asked.caller.clone().unwrap_or_else(|| subject.principal.clone()),
                action: action.to_owned(),
                resource: resource.to_owned(),
                resource_account: asked.owner.clone().or_else(|| Some(call.account_id().to_owned())),
                context: asked.context.clone(),
            };
            // Pages follow the order of the request.
            (format!("{number:08}"), request)
        })
        .collect();
    let entries = requests.iter().map(|(number, request)| (number.as_str(), request));
    page(params, "EvaluationResults", entries, |xml, request| {
        let policies = Policies {
            identity: &subject.identity,
            boundaries: &boundaries,
            resource: asked.resource_policy.as_ref(),
            resource_kind: kind_of(request, asked.resource_policy.is_some()),
            ..Policies::default()
        };
        write(xml, subject, &evaluate(request, &policies), !boundaries.is_empty());
    })
}

/// Without a resource policy the simulator asks the identity policies alone, even of a key.
fn kind_of(request: &Request, has_policy: bool) -> ResourceKind {
    match request.action.split(':').next().unwrap_or_default().to_ascii_lowercase().as_str() {
        "s3" => ResourceKind::S3Bucket,
        "kms" if has_policy => ResourceKind::KmsKey,
        "sts" if has_policy => ResourceKind::IamRole,
        _ => ResourceKind::Other,
    }
}

fn write(xml: &mut Xml, subject: &Subject, decision: &Decision<'_>, bounded: bool) {
    let request = decision.request();
    let outcome = match decision.outcome {
        Outcome::Allowed => "allowed",
        Outcome::ExplicitlyDenied => "explicitDeny",
        Outcome::ImplicitlyDenied => "implicitDeny",
    };
    let explanation = decision.explain();
    xml.text("EvalActionName", &request.action)
        .text("EvalResourceName", &request.resource)
        .text("EvalDecision", outcome);
    xml.list("MatchedStatements", "member", &decision.deciding, |xml, found| {
        let ((line, column), (end_line, end_column)) = found.statement.place();
        xml.text("SourcePolicyId", &found.policy.name)
            .text("SourcePolicyType", source_type(subject, found.policy))
            .element("StartPosition", |place| {
                place.text("Line", line).text("Column", column);
            })
            .element("EndPosition", |place| {
                place.text("Line", end_line).text("Column", end_column);
            });
    });
    // Keys that a statement asked for and nobody gave: with them the answer could be another.
    let mut missing = BTreeSet::new();
    for statement in explanation.lanes.iter().flat_map(|lane| &lane.statements) {
        let reached = statement.matched || matches!(statement.mismatch, Some(Mismatch::Condition(_)));
        let absent = statement.conditions.iter().filter(|condition| condition.actual.is_none());
        missing.extend(absent.filter(|_| reached).map(|condition| condition.key.clone()));
    }
    xml.list("MissingContextValues", "member", missing, |xml, key| {
        xml.content(key);
    });
    if bounded {
        let layer = policy::Layer::Boundary;
        let lane = explanation.lanes.iter().find(|lane| lane.layer == layer);
        let allowed = lane.is_some_and(|lane| lane.verdict == policy::LaneVerdict::Allows);
        xml.element("PermissionsBoundaryDecisionDetail", |detail| {
            detail.text("AllowedByPermissionsBoundary", allowed);
        });
    }
}

fn source_type<'s>(subject: &'s Subject, policy: &NamedPolicy) -> &'s str {
    match &policy.arn {
        Some(arn) if arn.starts_with(AWS_PREFIX) => "aws-managed",
        Some(_) => "user-managed",
        None if policy.name == "ResourcePolicy" => "resource",
        None if policy.name.contains("InputList.") => "IAM Policy",
        None if subject.of_groups.iter().any(|document| Arc::ptr_eq(document, &policy.document)) => "group",
        None => subject.kind,
    }
}

pub(super) async fn keys_of_principal(call: Call<'_>) -> Result<Xml, Fault> {
    let named = Named::identity(call, "PolicySourceArn")?;
    let permit = call.authorize::<iam::GetContextKeysForPrincipalPolicy>(named.question(call))?;
    let account = call.account(&permit)?;
    let mut policies = named.find(account)?.policies(account);
    policies.extend(inputs(call.params, "PolicyInputList")?);
    Ok(keys(&policies))
}

pub(super) async fn keys_of_custom(call: Call<'_>) -> Result<Xml, Fault> {
    call.authorize::<iam::GetContextKeysForCustomPolicy>(Question::about("*"))?;
    let policies = inputs(call.params, "PolicyInputList")?;
    if policies.is_empty() {
        call.params.required("PolicyInputList")?;
    }
    Ok(keys(&policies))
}

/// The condition keys that documents ask for, and the variables they hold.
fn keys(policies: &[NamedPolicy]) -> Xml {
    let mut names = BTreeSet::new();
    for document in policies.iter().map(|policy| Arc::as_ref(&policy.document)) {
        collect(document, &mut names);
    }
    let mut xml = Xml::default();
    xml.list("ContextKeyNames", "member", names, |xml, name| {
        xml.content(name);
    });
    xml
}

fn collect(document: &Document, names: &mut BTreeSet<String>) {
    for statement in document.statements() {
        let blocks = statement.source().get("Condition").and_then(Value::as_object);
        for keys in blocks.into_iter().flat_map(serde_json::Map::values).filter_map(Value::as_object) {
            names.extend(keys.keys().cloned());
        }
        let text = statement.source().to_string();
        for part in text.split("${").skip(1) {
            let name = part.split(['}', ',']).next().unwrap_or_default().trim();
            if name.contains(':') {
                names.insert(name.to_owned());
            }
        }
    }
}

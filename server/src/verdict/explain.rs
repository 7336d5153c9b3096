//! One or two sentences that a person can read aloud.

use super::{
    judge::{is_denial, stays_within_its_account, succeeded},
    lanes::{allowing, delegating, denying, list, name, statements},
};
use app::console::{Answer, Lane};
use policy::{
    Effect, LaneVerdict, Layer, Mismatch, Outcome,
    call::{Bearings, Judged, Question},
};

/// The explanation of a verdict.
pub(super) fn sentence(
    question: &Question,
    gathered: &Bearings,
    caller: &str,
    answer: &Answer,
    judged: &[Judged],
    refused: Option<&Judged>,
    agrees: bool,
) -> String {
    let who = who(caller);
    if answer.status == 0 {
        return "No answer came, so nothing can be said about the policies.".into();
    }
    if !agrees {
        return disagreement(question, gathered, answer, refused);
    }
    match refused {
        Some(refused) => denied(question, &who, judged, refused, gathered.unseen.is_empty()),
        None if judged.is_empty() && succeeded(answer) => {
            "No policy is asked for this call: AWS answers it to whoever has valid credentials.".into()
        }
        None if succeeded(answer) => allowed(&who, judged),
        None if is_denial(answer) && stays_within_its_account(question, judged) => format!(
            "No policy decided. KMS takes {} only from the account that the key is in; the key’s policy cannot allow it to another \
             account, whatever it says.",
            question.operation
        ),
        None if judged.iter().any(|check| !check.reached) => {
            let code = answer.code.as_deref().unwrap_or("an error");
            format!("AWS refused the call before it asked any policy: {code}.")
        }
        None => {
            let code = answer.code.as_deref().unwrap_or("an error");
            format!("The policies do not stand in the way; AWS refused the call for another reason: {code}.")
        }
    }
}

/// The caller's short name: the role of a session, or the user.
pub(super) fn who(caller: &str) -> String {
    let mut parts = caller.split('/');
    let kind = parts.next().unwrap_or_default();
    let name = if kind.ends_with(":assumed-role") { parts.next() } else { parts.next_back() };
    name.unwrap_or(caller).to_owned()
}

fn allowed(who: &str, judged: &[Judged]) -> String {
    let reached: Vec<&Judged> = judged.iter().filter(|check| check.reached).collect();
    let twice = |action: &str| reached.iter().filter(|check| check.ruling.spec.action == action).count() > 1;
    let parts = reached.iter().map(|check| {
        let action = check.ruling.spec.action;
        match twice(action) {
            true => allowed_check(who, check, &format!("{action} on {}", check.ruling.spec.on)),
            false => allowed_check(who, check, action),
        }
    });
    parts.collect::<Vec<_>>().join(" ")
}

fn allowed_check(who: &str, check: &Judged, action: &str) -> String {
    let iam = statements(Lane::Iam, check);
    let by_iam = list(&allowing(&iam));
    let Some(lane) = check.ruling.resource_lane() else {
        return format!("{action}: allowed by {who}’s IAM policies, {by_iam}.");
    };
    let resource = statements(lane, check);
    let (direct, by_account) = (list(&allowing(&resource)), list(&delegating(&resource)));
    let policy = policy_name(lane);
    match (check.explanation.resource, check.explanation.iam) {
        _ if check.explanation.decided_by == policy::DecidedBy::Grant => {
            format!("{action}: allowed by a grant on the key, whatever the key policy says.")
        }
        (LaneVerdict::Allows, LaneVerdict::Allows) => {
            format!("{action}: allowed by {policy}, {direct}, and by {who}’s IAM policies, {by_iam}.")
        }
        (LaneVerdict::Allows, _) => {
            format!(
                "{action}: allowed by {policy} alone, {direct}; {who}’s IAM policies need not allow it too."
            )
        }
        (LaneVerdict::Delegates, _) => {
            format!(
                "{action}: {policy} leaves it to IAM, {by_account}, and {who}’s IAM policies allow it, {by_iam}."
            )
        }
        (LaneVerdict::Silent, _) => {
            format!("{action}: allowed by {who}’s IAM policies, {by_iam}; {policy} does not object.")
        }
        _ => format!("{action}: allowed by {who}’s IAM policies, {by_iam}."),
    }
}

fn policy_name(lane: Lane) -> &'static str {
    match lane {
        Lane::Iam => "the IAM policies",
        Lane::Bucket => "the bucket policy",
        Lane::Key => "the key policy",
        Lane::Trust => "the role’s trust policy",
    }
}

fn denied(
    question: &Question,
    who: &str,
    judged: &[Judged],
    refused: &Judged,
    unseen_is_empty: bool,
) -> String {
    let action = refused.ruling.spec.action;
    if refused.explanation.outcome == Outcome::ExplicitlyDenied {
        return explicitly(who, refused);
    }
    let before: Vec<&str> = judged
        .iter()
        .take_while(|check| check.ruling.is_allowed())
        .map(|check| check.ruling.spec.action)
        .collect();
    let before = match before.as_slice() {
        [] => String::new(),
        actions => format!(" Up to here all was well: {} was allowed.", actions.join(" and ")),
    };
    let lane = refused.ruling.resource_lane();
    match (lane, refused.explanation.resource) {
        (Some(Lane::Key), LaneVerdict::Delegates | LaneVerdict::Allows) if refused.ruling.across => format!(
            "The key belongs to another account. Its policy has said yes, which is one half; the other is that an IAM policy of \
             {who} allows {action} on it, and none does. AWS’s text does not tell which half is missing.{before}"
        ),
        (Some(Lane::Key), LaneVerdict::Delegates) => {
            let delegating = list(&delegating(&statements(Lane::Key, refused)));
            let changed = match &question.removed_key_user {
                Some(role) if role == who => {
                    format!("What changed is the key policy: it no longer names {role}. ")
                }
                _ => format!("The key policy does not name {who}. "),
            };
            format!(
                "{changed}It only leaves {action} to IAM, {delegating}, and no IAM policy of {who} allows it; that is why \
                 AWS’s text names the identity policy.{before}"
            )
        }
        (Some(Lane::Key), LaneVerdict::Silent) => {
            format!(
                "The key policy allows {action} neither to {who} nor to the account, so no IAM policy can.{before}"
            )
        }
        (Some(Lane::Key), LaneVerdict::NotConsulted) => {
            format!(
                "No IAM policy of {who} allows {action}, and no key policy could be seen that does.{before}"
            )
        }
        (Some(Lane::Trust), LaneVerdict::NotConsulted) if unseen_is_empty => format!(
            "There is no role {} yet, so nobody decided this by a policy. STS does not say that the role is missing: it answers as \
             if {who} were not allowed. Step 2 makes the three roles of the walk.",
            refused.resource.rsplit('/').next().unwrap_or_default()
        ),
        (Some(Lane::Trust), LaneVerdict::NotConsulted) => {
            format!("The role’s trust policy could not be read, so nothing can be said about {action}.")
        }
        (Some(Lane::Trust), LaneVerdict::Silent) => {
            format!("The role’s trust policy does not let {who} in{}.", trusted(refused))
        }
        (Some(Lane::Trust), LaneVerdict::Delegates) => {
            format!(
                "The role’s trust policy lets the account in, but no IAM policy of {who} allows {action} on the role."
            )
        }
        (Some(Lane::Bucket), _) if action == "s3:ListBucket" && question.reads_object() => format!(
            "There is no such object. AWS would say so to someone who may list the bucket; {who} may not, so the answer is \
             403 instead of 404."
        ),
        _ => format!(
            "No IAM policy of {who} allows {action} on {}.{}{before}",
            refused.resource,
            near_miss(refused)
        ),
    }
}

/// Whom a trust policy does let in, when that is a service.
fn trusted(refused: &Judged) -> String {
    let service = statements(Lane::Trust, refused)
        .iter()
        .find_map(|statement| statement.source.get("Principal")?.get("Service")?.as_str().map(str::to_owned));
    service.map_or_else(String::new, |service| format!(": it trusts {service} only"))
}

/// An Allow that fails on its resource alone: the mistake worth pointing at.
fn near_miss(refused: &Judged) -> String {
    let statements = statements(Lane::Iam, refused);
    let Some(near) = statements.iter().find(|statement| {
        statement.effect == Effect::Allow && statement.mismatch == Some(Mismatch::Resource)
    }) else {
        return String::new();
    };
    let resource = near.source.get("Resource").map(|resource| match resource.as_str() {
        Some(text) => format!("“{text}”"),
        None => resource.to_string(),
    });
    let starts_with_blank = near
        .source
        .get("Resource")
        .and_then(|resource| resource.as_str())
        .is_some_and(|text| text.starts_with(char::is_whitespace));
    let why = if starts_with_blank {
        ", which begins with a space, is no ARN and so takes in nothing".to_owned()
    } else if refused.resource == "*" {
        ", and this action has no resource: only “*” takes it in".to_owned()
    } else {
        ", which does not take this in".to_owned()
    };
    format!(
        " {} of {} allows the action, but its resource is {}{why}.",
        name(near),
        near.policy,
        resource.unwrap_or_else(|| "another".into())
    )
}

fn explicitly(who: &str, refused: &Judged) -> String {
    let action = refused.ruling.spec.action;
    let lanes = [Some(Lane::Iam), refused.ruling.resource_lane()].into_iter().flatten();
    let denying: Vec<String> = lanes
        .filter_map(|lane| {
            let statements = statements(lane, refused);
            let denies = statements.iter().any(|found| found.matched && found.effect == Effect::Deny);
            let policy =
                if lane == Lane::Iam { format!("{who}’s IAM policies") } else { policy_name(lane).into() };
            denies.then(|| format!("{policy}, {}", list(&denying(&statements))))
        })
        .collect();
    let allows =
        statements(Lane::Iam, refused).iter().any(|found| found.matched && found.effect == Effect::Allow);
    let although =
        if allows { ", although an IAM policy allows it: an explicit deny always wins" } else { "" };
    format!("{action} is explicitly denied by {}{although}.{}", denying.join(" and by "), conditions(refused))
}

/// What the conditions of the denying statements found, each compared key once.
fn conditions(refused: &Judged) -> String {
    let mut said: Vec<String> = Vec::new();
    let denying = refused
        .explanation
        .lanes
        .iter()
        .filter(|lane| matches!(lane.layer, Layer::Resource | Layer::Identity))
        .flat_map(|lane| &lane.statements)
        .filter(|statement| statement.matched && statement.effect == Effect::Deny);
    for condition in denying.flat_map(|statement| &statement.conditions) {
        let wanted = condition.wanted.join(" or ");
        let sentence = match &condition.actual {
            None => format!("the request carries no {}, where {wanted} is wanted", condition.key),
            Some(actual) => format!("{} is {}, not {wanted}", condition.key, actual.join(", ")),
        };
        let negated = condition.operator.contains("Not");
        if negated && !said.contains(&sentence) {
            said.push(sentence);
        }
    }
    if said.is_empty() { String::new() } else { format!(" Why: {}.", said.join("; ")) }
}

fn disagreement(
    question: &Question,
    gathered: &Bearings,
    answer: &Answer,
    refused: Option<&Judged>,
) -> String {
    let expected = match refused {
        Some(refused) => format!("the policies that Trilock can see deny {}", refused.ruling.spec.action),
        None => "the policies that Trilock can see allow this call".into(),
    };
    let unseen = match gathered.unseen.as_slice() {
        [] => String::new(),
        unseen => format!(" It could not read {}.", unseen.join(", ")),
    };
    let got = if is_denial(answer) {
        "AWS denied it"
    } else if succeeded(answer) {
        "AWS did it"
    } else {
        "AWS gave another error"
    };
    format!(
        "Evaluation and answer differ: {expected}, and {got}. AWS’s answer counts.{unseen} Trilock does not know every condition \
         key that a request carries, it sees no service control policies, resource control policies or VPC endpoint policies, and a \
         policy changed a moment ago may not be in force everywhere yet ({}:{}).",
        question.service, question.operation
    )
}

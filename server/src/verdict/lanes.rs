//! The four lanes over all checks of a call, each with one short sentence.

use app::console::{Lane, LaneSummary};
use policy::{
    Effect, LaneVerdict, Layer, Reach, StatementExplanation,
    call::{Bearings, Judged},
};

/// One summary a lane, in the order of [`Lane::ALL`].
pub(super) fn summaries(
    judged: &[Judged],
    refused: Option<&Judged>,
    gathered: &Bearings,
) -> Vec<LaneSummary> {
    Lane::ALL.into_iter().map(|lane| summary(lane, judged, refused, gathered)).collect()
}

/// A lane's verdict on the refused check if it bore on that one, else its strongest over all checks that were reached.
fn summary(lane: Lane, judged: &[Judged], refused: Option<&Judged>, gathered: &Bearings) -> LaneSummary {
    let reached: Vec<(&Judged, LaneVerdict)> = judged
        .iter()
        .filter(|check| check.reached)
        .filter_map(|check| Some((check, verdict(lane, check)?)))
        .collect();
    let on_refused = refused.and_then(|refused| verdict(lane, refused));
    let strongest = reached.iter().map(|(_, verdict)| *verdict).max_by_key(|verdict| strength(*verdict));
    let verdict = on_refused
        .filter(|verdict| *verdict != LaneVerdict::NotConsulted)
        .or(strongest)
        .unwrap_or(LaneVerdict::NotConsulted);
    // Asked on two actions with two answers, the word alone would seem to be about the whole call.
    let differs = reached.iter().any(|(_, other)| *other != verdict && *other != LaneVerdict::NotConsulted);
    let about = refused
        .filter(|_| on_refused == Some(verdict))
        .or_else(|| reached.iter().find(|(_, said)| *said == verdict).map(|(check, _)| *check))
        .filter(|_| differs)
        .map(|check| check.ruling.spec.action.to_owned());
    let said = reached
        .iter()
        .filter_map(|(check, verdict)| said(lane, check, *verdict))
        .collect::<Vec<_>>()
        .join(" ");
    let said = if said.is_empty() { unasked(lane, judged, gathered) } else { said };
    LaneSummary { lane, verdict, said, about }
}

fn verdict(lane: Lane, check: &Judged) -> Option<LaneVerdict> {
    match lane {
        Lane::Iam => Some(check.explanation.iam),
        resource if check.ruling.resource_lane() == Some(resource) => Some(check.explanation.resource),
        _ => None,
    }
}

const fn strength(verdict: LaneVerdict) -> u8 {
    match verdict {
        LaneVerdict::Denies => 4,
        LaneVerdict::Allows => 3,
        LaneVerdict::Delegates => 2,
        LaneVerdict::Silent => 1,
        LaneVerdict::NotConsulted => 0,
    }
}

fn said(lane: Lane, check: &Judged, verdict: LaneVerdict) -> Option<String> {
    let action = check.ruling.spec.action;
    let statements = statements(lane, check);
    Some(match verdict {
        LaneVerdict::Allows if lane == Lane::Key && check.explanation.lanes.iter().any(grant_decides) => {
            format!("A grant allows {action}.")
        }
        LaneVerdict::Allows => sentence(&allowing(&statements), "allows", "allow", action),
        LaneVerdict::Denies => sentence(&denying(&statements), "denies", "deny", action),
        LaneVerdict::Delegates => {
            let which = delegating(&statements);
            sentence(&which, "leaves", "leave", &format!("{action} to IAM"))
        }
        LaneVerdict::Silent => format!("No statement applies to {action}."),
        LaneVerdict::NotConsulted => return None,
    })
}

fn sentence(statements: &[&StatementExplanation], one: &str, many: &str, what: &str) -> String {
    let verb = if statements.len() == 1 { one } else { many };
    let text = format!("{} {verb} {what}.", list(statements));
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn grant_decides(lane: &policy::LaneExplanation) -> bool {
    lane.layer == Layer::Grant && lane.grants.iter().any(|grant| grant.deciding)
}

fn unasked(lane: Lane, judged: &[Judged], gathered: &Bearings) -> String {
    let arises = judged.iter().any(|check| check.ruling.resource_lane() == Some(lane));
    let on_bucket = judged
        .iter()
        .any(|check| check.ruling.resource_lane() == Some(Lane::Bucket) && check.resource != "*");
    let unread = |what: &str| gathered.unseen.iter().any(|unseen| unseen.starts_with(what));
    match lane {
        Lane::Bucket if arises && gathered.bucket_policy.is_none() && unread("the policy of the bucket") => {
            "Could not be read, so nothing can be said of it.".into()
        }
        Lane::Key if arises && unread("the key policy") => {
            "Could not be read, so nothing can be said of it.".into()
        }
        Lane::Bucket if gathered.bucket_absent => "There is no such bucket.".into(),
        Lane::Bucket if on_bucket && gathered.bucket_policy.is_none() => {
            "The bucket had no policy then.".into()
        }
        Lane::Trust if arises && gathered.trust_policy.is_none() => {
            let missing = gathered.unseen.is_empty();
            let said = if missing {
                "There is no such role, so there is no trust policy to ask."
            } else {
                "It could not be read."
            };
            said.into()
        }
        _ if arises => "Not asked: the call was refused before.".into(),
        _ => "Does not bear on this call.".into(),
    }
}

/// The statements of a lane in a check, boundary and session policies included.
pub(super) fn statements(lane: Lane, check: &Judged) -> Vec<&StatementExplanation> {
    let layers: &[Layer] = match lane {
        Lane::Iam => &[Layer::Identity, Layer::Boundary, Layer::Session],
        _ => &[Layer::Resource],
    };
    check
        .explanation
        .lanes
        .iter()
        .filter(|explained| layers.contains(&explained.layer))
        .flat_map(|explained| &explained.statements)
        .collect()
}

/// The statements that allow the caller itself.
pub(super) fn allowing<'s>(statements: &[&'s StatementExplanation]) -> Vec<&'s StatementExplanation> {
    matching(statements, |found| found.effect == Effect::Allow && found.reach != Some(Reach::Account))
}

/// The statements that allow the caller's account, and so leave it to IAM.
pub(super) fn delegating<'s>(statements: &[&'s StatementExplanation]) -> Vec<&'s StatementExplanation> {
    matching(statements, |found| found.effect == Effect::Allow && found.reach == Some(Reach::Account))
}

/// The statements that deny.
pub(super) fn denying<'s>(statements: &[&'s StatementExplanation]) -> Vec<&'s StatementExplanation> {
    matching(statements, |found| found.effect == Effect::Deny)
}

fn matching<'s>(
    statements: &[&'s StatementExplanation],
    wanted: impl Fn(&StatementExplanation) -> bool,
) -> Vec<&'s StatementExplanation> {
    statements.iter().copied().filter(|found| found.matched && wanted(found)).collect()
}

/// Statements by name: `Sid`, or policy and place where there is none.
pub(super) fn list(statements: &[&StatementExplanation]) -> String {
    let names: Vec<String> = statements.iter().map(|statement| name(statement)).collect();
    match names.as_slice() {
        [] => "a statement".into(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

/// What a statement is called on a page.
pub(super) fn name(statement: &StatementExplanation) -> String {
    match &statement.sid {
        Some(sid) if !sid.is_empty() => format!("“{sid}”"),
        _ => format!("statement {} of {}", statement.index + 1, statement.policy),
    }
}

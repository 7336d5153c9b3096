//! The gate's own trace of a call, beside the verdict that the console found from outside.

use super::Walk;
use app::console::{Check, Record};
use policy::{Explanation, Layer, Outcome};

/// Action, resource, outcome and the statements that decided.
type Row = (String, String, Outcome, Vec<(String, usize)>);

fn of_trace(action: &str, resource: &str, explanation: &Explanation) -> Row {
    let deciding = explanation
        .lanes
        .iter()
        .filter(|lane| lane.layer != Layer::Grant)
        .flat_map(|lane| &lane.statements)
        .filter(|statement| statement.deciding)
        .map(|statement| (statement.sid.clone().unwrap_or_default(), statement.index))
        .collect();
    (action.into(), resource.into(), explanation.outcome, deciding)
}

fn of_check(check: &Check) -> Row {
    let deciding = check
        .lanes
        .iter()
        .flat_map(|lane| &lane.statements)
        .filter(|statement| statement.deciding)
        .map(|statement| (statement.sid.clone().unwrap_or_default(), statement.index))
        .collect();
    (check.action.clone(), check.resource.clone(), check.outcome, deciding)
}

/// Asserts that checks, outcomes and deciding statements of a verdict are those of the gate.
pub(crate) fn assert_same(walk: &Walk, record: &Record) {
    let id = record
        .answer
        .request_id
        .as_deref()
        .unwrap_or_else(|| panic!("{} has no request id", record.operation));
    let gate: Vec<Row> = walk
        .sandbox
        .trace(id)
        .iter()
        // Whether tags may be counted decides over a header of the answer, which the console does not look at.
        .filter(|trace| record.operation == "GetObjectTagging" || trace.action != "s3:GetObjectTagging")
        .map(|trace| of_trace(trace.action, &trace.resource, &trace.explanation))
        .collect();
    let verdict: Vec<Row> =
        record.verdict.checks.iter().filter(|check| check.reached).map(of_check).collect();
    // A request that is malformed is refused before the gate is asked; the verdict then says that no policy decided.
    if gate.is_empty() && record.verdict.decided_by.is_none() && !record.answer.succeeded() {
        return;
    }
    assert_eq!(
        gate, verdict,
        "{} {} as {}: {:?}",
        record.operation, record.subject, record.caller, record.answer
    );
}

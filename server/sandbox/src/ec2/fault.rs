//! EC2's own refusals, and its denials, which carry a sealed message for whoever may decode it.

use serde_json::{Value, json};

use crate::gate::{Action, Permit, Question};
use crate::query::{Call, Fault};
use crate::sts;

/// 400 `InvalidParameterValue`.
pub(super) fn invalid_value(message: impl Into<String>) -> Fault {
    Fault::refused(400, "InvalidParameterValue", message)
}

/// A parameter that must be given.
pub(super) fn required<'a>(call: Call<'a>, name: &str) -> Result<&'a str, Fault> {
    call.params.get(name).ok_or_else(|| {
        Fault::refused(400, "MissingParameter", format!("The request must contain the parameter {name}"))
    })
}

/// `DryRun`: asked after the gate has allowed everything, and before anything happens.
pub(super) fn dry_run(call: Call<'_>) -> Result<(), Fault> {
    match call.params.flag("DryRun")? {
        false => Ok(()),
        true => Err(Fault::refused(
            412,
            "DryRunOperation",
            "Request would have succeeded, but DryRun flag is set.",
        )),
    }
}

/// Asks the gate, and words a denial as EC2 does: 403 `UnauthorizedOperation` (`aws-semantics.md` §6).
pub(super) fn authorize<A: Action>(call: Call<'_>, question: Question) -> Result<Permit<A>, Fault> {
    let resource = question.resource.clone();
    let question = question.owned_by(call.account_id());
    let denied = match call.aws.gate.authorize(call.meta, call.caller, question) {
        Ok(permit) => return Ok(permit),
        Err(denied) => denied,
    };
    let matched: Vec<Value> = denied
        .statements
        .iter()
        .map(|(policy, statement)| json!({ "policy": policy, "statement": statement }))
        .collect();
    let message = json!({
        "allowed": false,
        "explicitDeny": denied.outcome == policy::Outcome::ExplicitlyDenied,
        "matchedStatements": { "items": matched },
        "context": {
            "principal": { "id": call.caller.user_id(), "arn": call.caller.arn() },
            "action": denied.action,
            "resource": resource,
        },
    });
    let encoded = sts::encode(call.aws.store.root_key(), call.account_id(), &message)?;
    Err(Fault::refused(
        403,
        "UnauthorizedOperation",
        format!(
            "You are not authorized to perform this operation. {}. Encoded authorization failure message: {encoded}",
            denied.message
        ),
    ))
}

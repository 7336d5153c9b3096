//! EC2's own refusals, and its denials, which carry a sealed message for whoever may decode it.

use super::message;
use crate::gate::{Action, Permit, Question};
use crate::query::{Call, Fault};

/// 400 `InvalidParameterValue`.
pub(super) fn invalid_value(message: impl Into<String>) -> Fault {
    Fault::refused(400, "InvalidParameterValue", message)
}

/// 400 `UnsupportedParameter`: something EC2 has and the embedded AWS does not.
pub(super) fn unsupported(call: Call<'_>, what: &str) -> Fault {
    let operation = call.params.action().unwrap_or_default();
    Fault::refused(400, "UnsupportedParameter", format!("{what} is not supported for {operation}."))
}

/// A parameter that must be given.
pub(super) fn required<'a>(call: Call<'a>, name: &str) -> Result<&'a str, Fault> {
    call.params.get(name).ok_or_else(|| missing(name))
}

/// A parameter that was not given.
pub(super) fn missing(name: &str) -> Fault {
    Fault::refused(400, "MissingParameter", format!("The request must contain the parameter {name}"))
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

/// Asks the gate, and words a denial as EC2 does: 403 `UnauthorizedOperation` (`aws-semantics.md` §6). A denial of a list names no
/// resource and carries no sealed message.
pub(super) fn authorize<A: Action>(call: Call<'_>, question: Question) -> Result<Permit<A>, Fault> {
    let (resource, conditions) = (question.resource.clone(), question.context.clone());
    let question = question.owned_by(call.account_id());
    let denied = match call.aws.gate.authorize(call.meta, call.caller, question) {
        Ok(permit) => return Ok(permit),
        Err(denied) => denied,
    };
    let sentence = match resource.as_str() {
        "*" => denied.message.replacen(" on resource: *", "", 1),
        _ => {
            let encoded = message::encoded(call, &denied, &resource, &conditions)?;
            format!("{}. Encoded authorization failure message: {encoded}", denied.message)
        }
    };
    let message = format!("You are not authorized to perform this operation. {sentence}");
    Err(Fault::refused(403, "UnauthorizedOperation", message))
}

//! IAM's checks of trust policies.

use super::{Rejection, demand_principals, grammar, invalid_principal, reject};
use crate::document::{Document, ParseErrorKind};
use serde_json::Value;

const CODE: &str = "MalformedPolicyDocument";

const ACTIONS: [&str; 6] = [
    "sts:AssumeRole",
    "sts:AssumeRoleWithSAML",
    "sts:AssumeRoleWithWebIdentity",
    "sts:TagSession",
    "sts:SetSourceIdentity",
    "sts:SetContext",
];

pub(super) fn trust(json: &str) -> Result<Document, Rejection> {
    let document = Document::parse(json).map_err(|error| match error.kind() {
        ParseErrorKind::InvalidPrincipal(text) => {
            reject(CODE, format!("Invalid principal in policy: \"AWS\":\"{text}\""))
        }
        _ => reject(CODE, grammar(&error)),
    })?;
    for field in ["Resource", "NotResource"] {
        if document.statements().iter().any(|statement| statement.source().get(field).is_some()) {
            return Err(reject(CODE, format!("Has prohibited field {field}")));
        }
    }
    demand_principals(CODE, &document)?;
    for statement in document.statements() {
        if statement.source().get("NotPrincipal").is_some() {
            return Err(reject(CODE, "Has prohibited field NotPrincipal"));
        }
        if let Some((kind, text)) = statement.principal.as_ref().and_then(invalid_principal) {
            return Err(reject(CODE, format!("Invalid principal in policy: \"{kind}\":\"{text}\"")));
        }
        let assumes = match statement.source().get("Action") {
            Some(Value::Array(actions)) => actions.iter().all(assumes_a_role),
            Some(action) => assumes_a_role(action),
            None => false,
        };
        if !assumes {
            return Err(reject(CODE, "AssumeRole policy may only specify STS AssumeRole actions."));
        }
    }
    Ok(document)
}

fn assumes_a_role(action: &Value) -> bool {
    let Some(action) = action.as_str() else { return false };
    let sts_pattern =
        action.len() > 4 && action.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("sts:"));
    let known = ACTIONS.iter().any(|known| known.eq_ignore_ascii_case(action));
    known || (sts_pattern && action.contains('*'))
}

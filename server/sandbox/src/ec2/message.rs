//! What EC2 seals into a denial for whoever may decode it: who asked for what, the condition keys, and the statements that denied,
//! in the form that `sts:DecodeAuthorizationMessage` gives (AWS CLI Command Reference, `sts decode-authorization-message`).

use policy::{Arn, Context, Outcome};
use serde_json::{Value, json};

use crate::caller::Identity;
use crate::crypto::CryptoError;
use crate::gate::Denied;
use crate::query::Call;
use crate::sts;

/// The sealed message of a denial about `resource` under these condition keys.
pub(super) fn encoded(
    call: Call<'_>,
    denied: &Denied,
    resource: &str,
    conditions: &Context,
) -> Result<String, CryptoError> {
    let matched: Vec<Value> =
        denied.statements.iter().map(|(_, statement)| matched(call, statement)).collect();
    let mut principal = json!({ "id": call.caller.user_id(), "arn": call.caller.arn() });
    if let (Identity::User(name), Some(object)) = (&call.caller.identity, principal.as_object_mut()) {
        object.shift_insert(1, "name".into(), json!(name));
    }
    let message = json!({
        "allowed": false,
        "explicitDeny": denied.outcome == Outcome::ExplicitlyDenied,
        "matchedStatements": { "items": matched },
        "failures": { "items": [] },
        "context": {
            "principal": principal,
            "action": action(denied.action),
            "resource": resource,
            "conditions": { "items": keys(call, resource, conditions) },
        },
    });
    sts::encode(call.aws.store.root_key(), call.account_id(), &message)
}

/// The action as EC2 writes it: with the service, except that of a launch, which the transcripts since 2023 give without.
fn action(name: &str) -> &str {
    match name {
        "ec2:RunInstances" => "RunInstances",
        other => other,
    }
}

/// The service's condition keys, then those that tell the parts of the resource's ARN.
fn keys(call: Call<'_>, resource: &str, conditions: &Context) -> Vec<Value> {
    let mut items: Vec<Value> = conditions.iter().map(|(key, values)| pair(key, values)).collect();
    let Some(arn) = Arn::parse(resource) else { return items };
    let kind = arn.resource.split('/').next().unwrap_or_default();
    let parts = [
        ("aws:Resource", arn.resource),
        ("aws:Account", arn.account),
        ("aws:Region", call.aws.region.as_str()),
        ("aws:Service", "ec2"),
        ("aws:Type", kind),
        ("aws:ARN", resource),
    ];
    items.extend(parts.into_iter().map(|(key, value)| pair(key, &[value.to_owned()])));
    if let ("iam", Some(name)) = (arn.service, arn.resource.rsplit('/').next()) {
        items.push(pair("iam:RoleName", &[name.to_owned()]));
    }
    items
}

/// A statement that denied. Conditions stand there without their operators.
fn matched(call: Call<'_>, statement: &Value) -> Value {
    let conditions = statement.get("Condition").and_then(Value::as_object).into_iter().flatten();
    let conditions = conditions.filter_map(|(_, keys)| keys.as_object()).flatten();
    let conditions: Vec<Value> = conditions.map(|(key, values)| pair(key, &texts(Some(values)))).collect();
    let listed = |element: &str| items(&texts(statement.get(element)));
    json!({
        "statementId": statement.get("Sid").and_then(Value::as_str).unwrap_or_default(),
        "effect": "DENY",
        "principals": items(&[call.caller.user_id()]),
        "principalGroups": { "items": [] },
        "actions": listed("Action"),
        "resources": listed("Resource"),
        "conditions": { "items": conditions },
    })
}

fn pair(key: &str, values: &[String]) -> Value {
    json!({ "key": key, "values": items(values) })
}

fn items(values: &[String]) -> Value {
    let items: Vec<Value> = values.iter().map(|value| json!({ "value": value })).collect();
    json!({ "items": items })
}

/// One value, or several.
fn texts(value: Option<&Value>) -> Vec<String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match value {
        None => Vec::new(),
        Some(Value::Array(several)) => several.iter().map(text).collect(),
        Some(one) => vec![text(one)],
    }
}

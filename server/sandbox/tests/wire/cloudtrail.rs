//! CloudTrail over the wire: what calls leave behind, and who finds it.

mod kept;
mod lookup;
mod records;
mod services;

use crate::support;
use crate::support::{Answer, Keys, Lab};
use sandbox::{Config, TrailConfig};
use serde_json::{Value, json};

/// A lab whose data events are recorded.
async fn lab_with_data_events() -> Lab {
    let trail = TrailConfig { data_events: true, ..TrailConfig::default() };
    Lab::with(Config { trail, ..Config::default() }).await
}

/// A call to CloudTrail.
async fn cloudtrail(lab: &Lab, keys: &Keys, operation: &str, body: &str) -> Answer {
    lab.cloudtrail(keys, operation, body).await
}

/// A page of events; panics when AWS refuses.
async fn page(lab: &Lab, keys: &Keys, input: &Value) -> Value {
    let answer = cloudtrail(lab, keys, "LookupEvents", &input.to_string()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// The events that have an attribute, the newest first.
async fn events(lab: &Lab, keys: &Keys, key: &str, value: &str) -> Vec<Value> {
    let input = json!({"LookupAttributes": [{"AttributeKey": key, "AttributeValue": value}]});
    page(lab, keys, &input).await["Events"].as_array().unwrap().clone()
}

/// The records of events with that name, as their account's Admin finds them, the newest first.
async fn named(lab: &Lab, keys: &Keys, name: &str) -> Vec<Value> {
    events(lab, keys, "EventName", name).await.iter().map(record).collect()
}

/// The record in an event.
fn record(event: &Value) -> Value {
    serde_json::from_str(event["CloudTrailEvent"].as_str().unwrap()).unwrap()
}

/// The record of the call that was answered so.
fn of(lab: &Lab, answer: &Answer) -> Value {
    let mut events = lab.sandbox.events(&answer.request_id());
    assert_eq!(events.len(), 1, "{events:?}");
    events.remove(0)
}

async fn query(lab: &Lab, keys: &Keys, service: &str, action: &str, parameters: &[(&str, &str)]) -> Answer {
    let answer = lab.query(keys, service, action, parameters).await;
    assert_eq!(answer.status, 200, "{action}: {}", answer.text());
    answer
}

/// A role that everyone of the account may assume, with one inline policy.
async fn role(lab: &Lab, name: &str, trust: &Value, policy: &Value) {
    let trust = trust.to_string();
    let admin = &lab.admin;
    query(lab, admin, "iam", "CreateRole", &[("RoleName", name), ("AssumeRolePolicyDocument", &trust)]).await;
    let policy = policy.to_string();
    let put = [("RoleName", name), ("PolicyName", "inline"), ("PolicyDocument", policy.as_str())];
    query(lab, admin, "iam", "PutRolePolicy", &put).await;
}

fn allow(action: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]})
}

fn trust(principal: &Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    ]})
}

fn keys(answer: &Answer) -> Keys {
    assert_eq!(answer.status, 200, "{}", answer.text());
    Keys {
        access_key_id: answer.xml("AccessKeyId").unwrap(),
        secret: answer.xml("SecretAccessKey").unwrap(),
        token: answer.xml("SessionToken"),
    }
}

/// The error code in the record of a call that was refused.
fn told_code(lab: &Lab, answer: &support::Answer) -> String {
    of(lab, answer)["errorCode"].as_str().unwrap().to_owned()
}

//! The line format of `trilock evaluate`: what an answer looks like, and what is wrong with a bad line.
#![allow(clippy::unwrap_used)]

use policy::{Outcome, line};
use serde_json::{Value, json};

fn told(question: &Value) -> Value {
    match line::answer(&question.to_string()) {
        Ok(answer) => serde_json::to_value(answer).unwrap(),
        Err(error) => json!({"name": error.name, "error": error.reason.to_string()}),
    }
}

fn allow(sid: &str, action: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": [{"Sid": sid, "Effect": "Allow", "Action": action, "Resource": "*"}]})
}

#[test]
fn an_answer_has_the_fields_of_the_format() {
    let question = json!({
        "name": "read",
        "principal": "arn:aws:sts::111122223333:assumed-role/authorized-users/i-0abc",
        "action": "s3:GetObject",
        "resource": "arn:aws:s3:::b/k",
        "resource_account": "111122223333",
        "context": {"aws:SecureTransport": true, "aws:TagKeys": ["a", "b"], "s3:max-keys": 10},
        "identity_policies": [allow("Other", "s3:PutObject"), allow("Read", "s3:Get*")],
        "resource_policy": null,
        "resource_kind": "s3-bucket",
        "boundaries": [allow("Bound", "s3:*")],
        "session_policies": null,
        "scps": [[allow("Root", "*")], [allow("Unit", "*")]],
    });
    let expected = json!({
        "name": "read",
        "decision": "Allowed",
        "decided_by": "identity",
        "statements": [{"policy": "identity", "policy_index": 1, "index": 0, "sid": "Read"}],
        "lanes": {"iam": "Allows", "resource": "NotConsulted", "boundary": "Allows", "scp": "Allows"},
    });
    assert_eq!(told(&question), expected);
}

#[test]
fn a_denial_is_told_in_the_words_of_the_service() {
    let mut question = json!({
        "name": null,
        "principal": "arn:aws:iam::111122223333:user/alice",
        "action": "s3:GetObject",
        "resource": "arn:aws:s3:::b/k",
        "resource_account": "111122223333",
        "resource_kind": "s3-bucket",
    });
    let s3 = "User: arn:aws:iam::111122223333:user/alice is not authorized to perform: s3:GetObject on resource: \
              \"arn:aws:s3:::b/k\" because no identity-based policy allows the s3:GetObject action";
    assert_eq!(told(&question)["message"], s3);
    question["principal"] = json!("anonymous");
    assert_eq!(told(&question)["message"], "Access Denied");
    question["principal"] = json!({"Service": "logging.s3.amazonaws.com"});
    question["resource_policy"] = json!({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Principal": {"Service": "logging.s3.amazonaws.com"}, "Action": "s3:*", "Resource": "*",
    }});
    assert_eq!(told(&question)["decided_by"], "resource");
    assert_eq!(told(&question)["message"], Value::Null);
}

#[test]
fn a_bad_line_says_where_and_what() {
    let good = json!({"name": "n", "principal": "anonymous", "action": "s3:GetObject", "resource": "*"});
    let no_effect = json!({"Statement": [{"Action": "s3:*", "Resource": "*"}]});
    let cases = [
        ("principal", json!("alice"), "principal: `alice` is not an ARN"),
        ("principal", json!({"AWS": "*"}), "expected a caller's ARN"),
        (
            "principal",
            json!("arn:aws:iam::1:user/a"),
            "principal: the account of `arn:aws:iam::1:user/a` is not twelve digits",
        ),
        ("action", json!("GetObject"), "action: `GetObject` is not of the form service:Action"),
        ("resource_account", json!("42"), "resource_account: `42` is not 12 digits"),
        (
            "resource_kind",
            json!("bucket"),
            "unknown variant `bucket`, expected one of `s3-bucket`, `kms-key`, `iam-role`, `other`",
        ),
        ("context", json!({"aws:TagKeys": {}}), "expected a condition key's value"),
        (
            "identity_policies",
            json!([no_effect]),
            "identity_policies[0]: the element `Effect` is missing (at `/Statement/0`)",
        ),
        ("scps", json!([[], [no_effect]]), "scps[1][0]: the element `Effect` is missing (at `/Statement/0`)"),
        ("grants", json!([{"grantee": "x"}]), "missing field `operations`"),
        ("typo", json!(1), "unknown field `typo`"),
    ];
    for (field, value, expected) in cases {
        let mut line = good.clone();
        line[field] = value;
        let told = told(&line);
        assert_eq!(told["name"], "n", "{field}");
        assert!(told["error"].as_str().is_some_and(|error| error.contains(expected)), "{field}: {told}");
    }
    assert!(line::answer("{").unwrap_err().name.is_none());
}

/// A line that leaves the kind out must not be judged by a rule that is none of the resource's.
#[test]
fn the_kind_of_the_resource_follows_from_the_action_and_its_arn() {
    let all =
        json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}});
    let ask = |action: &str, resource: &str, policy: Value| {
        let line = json!({
            "principal": "arn:aws:iam::111122223333:user/alice", "action": action, "resource": resource,
            "identity_policies": [all], "resource_policy": policy,
        });
        line::answer(&line.to_string()).unwrap().decision
    };
    let key = json!({"Statement": {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "kms:PutKeyPolicy", "Resource": "*"}});
    let arn = "arn:aws:kms:us-east-1:111122223333:key/k";
    assert_eq!(ask("kms:Decrypt", arn, key.clone()), Outcome::ImplicitlyDenied);
    assert_eq!(ask("kms:PutKeyPolicy", arn, key), Outcome::Allowed);
    let trust = json!({"Statement": {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}});
    let role = "arn:aws:iam::111122223333:role/r";
    assert_eq!(ask("sts:AssumeRole", role, trust), Outcome::ImplicitlyDenied);
    let bucket = json!({"Statement": {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}});
    assert_eq!(ask("s3:GetObject", "arn:aws:s3:::b/k", bucket), Outcome::Allowed);
}

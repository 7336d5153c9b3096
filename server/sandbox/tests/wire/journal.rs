//! What the gate answered, as lines for the operator.

use crate::support::Lab;
use sandbox::Config;
use sandbox::gate::Journal;
use serde_json::{Value, json};

#[tokio::test]
async fn every_answer_of_the_gate_is_a_line_with_its_policies_and_without_secrets() {
    let path = std::env::temp_dir().join(format!("trilock-journal-{}", uuid::Uuid::new_v4()));
    let journal = Some(Journal::open(&path).unwrap());
    let lab = Lab::with(Config { journal, ..Config::default() }).await;
    assert_eq!(lab.s3(&lab.admin, "PUT", "/bucket-1", &[], b"").await.status, 200);
    let key = lab.kms(&lab.admin, "CreateKey", json!({})).await.json()["KeyMetadata"]["Arn"].clone();
    let key = key.as_str().unwrap();
    let headers =
        [("x-amz-server-side-encryption", "aws:kms"), ("x-amz-server-side-encryption-aws-kms-key-id", key)];
    let stored = lab.s3(&lab.admin, "PUT", "/bucket-1/key", &headers, b"the bytes of an object").await;
    assert_eq!(stored.status, 200, "{}", stored.text());
    let deny = json!({ "Version": "2012-10-17", "Statement": [{ "Sid": "NoReading", "Effect": "Deny",
        "Action": "s3:GetObject", "Resource": "*", "Condition": { "Bool": { "aws:SecureTransport": "true" } } }] });
    let reader = lab.user("reader", deny).await;
    let refused = lab.s3(&reader, "GET", "/bucket-1/key", &[], b"").await;
    assert_eq!(refused.status, 403);
    lab.sandbox.close().await;

    let written = std::fs::read_to_string(&path).unwrap();
    use std::os::unix::fs::PermissionsExt as _;
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    std::fs::remove_file(&path).unwrap();
    for secret in [&lab.admin.secret, &reader.secret, "the bytes of an object"] {
        assert!(!written.contains(secret), "{secret}");
    }
    let lines: Vec<Value> = written.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |id: &str| -> Vec<&Value> { lines.iter().filter(|line| line["request_id"] == id).collect() };

    let put = of(&stored.request_id());
    let actions: Vec<&str> = put.iter().map(|line| line["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["s3:PutObject", "kms:GenerateDataKey"], "the checks of one call, in order");
    assert_eq!(put[1]["resource"], key);
    assert_eq!((&put[1]["decision"], &put[1]["message"]), (&json!("Allowed"), &Value::Null));
    assert_eq!(put[1]["lanes"][1]["verdict"], "Delegates", "the key policy's lane: {}", put[1]);

    let get = of(&refused.request_id());
    let [line] = get.as_slice() else { panic!("{get:?}") };
    assert_eq!(line["caller"], format!("arn:aws:iam::{}:user/reader", lab.account));
    assert_eq!((&line["decision"], &line["decided_by"]), (&json!("ExplicitlyDenied"), &json!("identity")));
    assert_eq!(line["message"], refused.error().1);
    let statement = &line["lanes"][0]["statements"][0];
    assert_eq!((&statement["sid"], &statement["deciding"]), (&json!("NoReading"), &json!(true)));
    assert_eq!(statement["conditions"][0]["actual"], json!(["true"]));
    let time = line["time"].as_str().unwrap();
    assert!(
        time::OffsetDateTime::parse(time, &time::format_description::well_known::Rfc3339).is_ok(),
        "{time}"
    );
}

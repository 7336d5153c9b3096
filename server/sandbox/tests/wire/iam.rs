//! IAM over the wire: what it accepts, what it refuses and with which words (`aws-semantics.md` §5; the messages are those
//! that AWS was recorded answering).

mod account;
mod groups;
mod limits;
mod login;
mod mfa;
mod policies;
mod reports;
mod roles;
mod tags;
mod updates;
mod users;

use crate::support::{Answer, Keys, Lab};
use serde_json::json;

/// Parameters or headers.
type Pairs<'a> = Vec<(&'a str, &'a str)>;

const EC2_TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

fn allow(action: &str, resource: &str) -> String {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}]}).to_string()
}

/// Calls as Admin.
async fn iam(lab: &Lab, action: &str, parameters: &[(&str, &str)]) -> Answer {
    lab.query(&lab.admin, "iam", action, parameters).await
}

/// The same, and it must succeed.
async fn did(lab: &Lab, action: &str, parameters: &[(&str, &str)]) -> Answer {
    let answer = iam(lab, action, parameters).await;
    assert_eq!(answer.status, 200, "{action}: {}", answer.text());
    answer
}

/// The same, and it must fail like this.
async fn fails(lab: &Lab, action: &str, parameters: &[(&str, &str)], status: u16, code: &str, message: &str) {
    let answer = iam(lab, action, parameters).await;
    let (got_code, got_message) = answer.error();
    assert_eq!(
        (answer.status, got_code.as_str(), got_message.as_str()),
        (status, code, message),
        "{action} {parameters:?}"
    );
    let kind = if status < 500 { "Sender" } else { "Receiver" };
    assert_eq!(answer.xml("Type").as_deref(), Some(kind));
}

/// A user who may do this much, and keys.
async fn user(lab: &Lab, name: &str, policy: Option<&str>) -> Keys {
    did(lab, "CreateUser", &[("UserName", name)]).await;
    if let Some(policy) = policy {
        let parameters = [("UserName", name), ("PolicyName", "inline"), ("PolicyDocument", policy)];
        did(lab, "PutUserPolicy", &parameters).await;
    }
    let keys = did(lab, "CreateAccessKey", &[("UserName", name)]).await;
    Keys {
        access_key_id: keys.xml("AccessKeyId").unwrap(),
        secret: keys.xml("SecretAccessKey").unwrap(),
        token: None,
    }
}

fn decode(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8().unwrap().into_owned()
}

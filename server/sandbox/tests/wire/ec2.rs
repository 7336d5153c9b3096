//! EC2 and the metadata service of its instances over the wire (`aws-semantics.md` §6).

mod launch;
mod metadata;
mod profiles;
mod settings;

use crate::support::{Answer, Keys, Lab, call};
use sandbox::Config;
use serde_json::json;

/// Parameters or headers.
type Pairs<'a> = Vec<(&'a str, &'a str)>;

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
const LAUNCH: [(&str, &str); 3] =
    [("ImageId", "ami-0abcdef1234567890"), ("MinCount", "1"), ("MaxCount", "1")];
const PROFILE: (&str, &str) = ("IamInstanceProfile.Name", "profile");

async fn did(lab: &Lab, keys: &Keys, service: &str, action: &str, parameters: &[(&str, &str)]) -> Answer {
    let answer = lab.query(keys, service, action, parameters).await;
    assert_eq!(answer.status, 200, "{action}: {}", answer.text());
    answer
}

/// An account with a role named `app-role` in a profile named `profile`.
async fn lab_with_profile(config: Config) -> Lab {
    let lab = Lab::with(config).await;
    let admin = &lab.admin;
    did(&lab, admin, "iam", "CreateRole", &[("RoleName", "app-role"), ("AssumeRolePolicyDocument", TRUST)])
        .await;
    did(&lab, admin, "iam", "CreateInstanceProfile", &[("InstanceProfileName", "profile")]).await;
    let add = [("InstanceProfileName", "profile"), ("RoleName", "app-role")];
    did(&lab, admin, "iam", "AddRoleToInstanceProfile", &add).await;
    lab
}

async fn launch(lab: &Lab, extra: &[(&str, &str)]) -> String {
    let answer = did(lab, &lab.admin, "ec2", "RunInstances", &[&LAUNCH[..], extra].concat()).await;
    answer.xml("instanceId").unwrap()
}

async fn user(lab: &Lab, name: &str, statements: serde_json::Value) -> Keys {
    let policy = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    did(lab, &lab.admin, "iam", "CreateUser", &[("UserName", name)]).await;
    let put = [("UserName", name), ("PolicyName", "p"), ("PolicyDocument", policy.as_str())];
    did(lab, &lab.admin, "iam", "PutUserPolicy", &put).await;
    let keys = did(lab, &lab.admin, "iam", "CreateAccessKey", &[("UserName", name)]).await;
    Keys {
        access_key_id: keys.xml("AccessKeyId").unwrap(),
        secret: keys.xml("SecretAccessKey").unwrap(),
        token: None,
    }
}

/// A request to the metadata service of an instance.
async fn imds(lab: &Lab, method: &str, instance: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    call(&lab.sandbox, None, "", method, &format!("/imds/{instance}{path}"), headers, b"").await
}

async fn token(lab: &Lab, instance: &str) -> String {
    let ttl = [("x-aws-ec2-metadata-token-ttl-seconds", "21600")];
    let answer = imds(lab, "PUT", instance, "/latest/api/token", &ttl).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("x-aws-ec2-metadata-token-ttl-seconds"), Some("21600"));
    answer.text()
}

/// A GET with a token.
async fn get(lab: &Lab, instance: &str, path: &str) -> Answer {
    let token = token(lab, instance).await;
    imds(lab, "GET", instance, path, &[("x-aws-ec2-metadata-token", &token)]).await
}

/// Checks status, code and message of an error.
#[track_caller]
fn refused(answer: &Answer, status: u16, code: &str, message: &str) {
    assert_eq!((answer.status, answer.error()), (status, (code.to_owned(), message.to_owned())));
}

/// Checks an action that EC2 denies for want of an identity policy, and gives its decoded message.
async fn denied(
    lab: &Lab,
    keys: &Keys,
    action: &str,
    parameters: &[(&str, &str)],
    asked: (&str, &str),
) -> serde_json::Value {
    let answer = lab.query(keys, "ec2", action, parameters).await;
    let (code, message) = answer.error();
    assert_eq!((answer.status, code.as_str()), (403, "UnauthorizedOperation"), "{action}: {message}");
    let (asked, resource) = asked;
    let sentence = format!(" is not authorized to perform: {asked} on resource: {resource} ");
    assert!(message.contains(&sentence), "{message} has no {sentence}");
    let (_, encoded) = message.split_once("Encoded authorization failure message: ").unwrap();
    let decoded = [("EncodedMessage", encoded)];
    let decoded = did(lab, &lab.admin, "sts", "DecodeAuthorizationMessage", &decoded).await;
    serde_json::from_str(&decoded.xml("DecodedMessage").unwrap()).unwrap()
}

//! Changes that take time to be known: what is read is new at once, what is decided is old until the time has passed.

use std::time::Duration;

use crate::support::place::Place;
use crate::support::steps::{key, kms, text};
use crate::support::{Answer, Keys, Lab};
use sandbox::{Config, Propagation, Sandbox};
use serde_json::{Value, json};

/// Long enough that what is done before it has passed is done, and short enough to wait for.
const DELAY: Duration = Duration::from_millis(1_500);
/// So long that it does not pass.
const LONG: Duration = Duration::from_secs(3_600);
const PLAIN: &str = "aGVsbG8=";

async fn lab(propagation: Propagation) -> Lab {
    Lab::with(Config { propagation, ..Config::default() }).await
}

async fn did(lab: &Lab, action: &str, parameters: &[(&str, &str)]) -> Answer {
    let answer = lab.query(&lab.admin, "iam", action, parameters).await;
    assert_eq!(answer.status, 200, "{action}: {}", answer.text());
    answer
}

fn allow(action: &str) -> Value {
    json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": action, "Resource": "*" }] })
}

async fn list_buckets(lab: &Lab, keys: &Keys) -> u16 {
    lab.s3(keys, "GET", "/", &[], b"").await.status
}

/// The status of what is asked once everything is known that was done before.
async fn when_known(asks: impl AsyncFn() -> u16, before: u16) -> u16 {
    // A slow machine may be late; none is early.
    tokio::time::sleep(DELAY).await;
    for _ in 0..50 {
        let status = asks().await;
        if status != before {
            return status;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    before
}

#[tokio::test]
async fn without_a_delay_every_change_is_known_at_once() {
    let lab = Lab::new().await;
    let user = lab.user("user", allow("s3:ListAllMyBuckets")).await;
    assert_eq!(list_buckets(&lab, &user).await, 200);
    did(&lab, "DeleteUserPolicy", &[("UserName", "user"), ("PolicyName", "inline")]).await;
    assert_eq!(list_buckets(&lab, &user).await, 403);
}

#[tokio::test]
async fn a_users_policy_is_read_at_once_and_decides_when_its_time_has_passed() {
    let lab = lab(Propagation::of_all(DELAY)).await;
    let user = lab.user("user", allow("s3:ListAllMyBuckets")).await;
    let inline = [("UserName", "user"), ("PolicyName", "inline")];
    assert_eq!(did(&lab, "GetUserPolicy", &inline).await.xml("PolicyName").as_deref(), Some("inline"));
    let asked = || async { list_buckets(&lab, &user).await };
    assert_eq!(asked().await, 403, "a user who is new has no permissions yet");
    assert_eq!(when_known(asked, 403).await, 200);
    did(&lab, "DeleteUserPolicy", &inline).await;
    assert_eq!(lab.query(&lab.admin, "iam", "GetUserPolicy", &inline).await.status, 404);
    assert_eq!(asked().await, 200, "what was taken away is still there for a while");
    assert_eq!(when_known(asked, 200).await, 403);
}

#[tokio::test]
async fn a_user_made_anew_under_the_same_name_does_not_have_what_the_old_one_had() {
    let lab = lab(Propagation { iam: DELAY, ..Propagation::default() }).await;
    let old = lab.user("user", allow("s3:ListAllMyBuckets")).await;
    assert_eq!(when_known(|| async { list_buckets(&lab, &old).await }, 403).await, 200);
    let name = ("UserName", "user");
    did(&lab, "DeleteUserPolicy", &[name, ("PolicyName", "inline")]).await;
    did(&lab, "DeleteAccessKey", &[name, ("AccessKeyId", &old.access_key_id)]).await;
    did(&lab, "DeleteUser", &[name]).await;
    let new = lab.user("user", Value::Null).await;
    assert_eq!(list_buckets(&lab, &old).await, 403, "its key is gone at once");
    assert_eq!(list_buckets(&lab, &new).await, 403);
}

#[tokio::test]
async fn a_user_keeps_its_permissions_under_a_new_name() {
    let lab = lab(Propagation { iam: DELAY, ..Propagation::default() }).await;
    let user = lab.user("before", allow("s3:ListAllMyBuckets")).await;
    assert_eq!(when_known(|| async { list_buckets(&lab, &user).await }, 403).await, 200);
    did(&lab, "UpdateUser", &[("UserName", "before"), ("NewUserName", "after")]).await;
    assert_eq!(list_buckets(&lab, &user).await, 200);
}

#[tokio::test]
async fn a_new_role_is_assumed_and_a_new_trust_policy_counts_when_its_time_has_passed() {
    let lab = lab(Propagation { iam: DELAY, ..Propagation::default() }).await;
    let trust = |effect: &str| {
        json!({ "Version": "2012-10-17", "Statement": [{ "Effect": effect, "Action": "sts:AssumeRole",
            "Principal": { "AWS": format!("arn:aws:iam::{}:user/Admin", lab.account) } }] })
        .to_string()
    };
    did(&lab, "CreateRole", &[("RoleName", "role"), ("AssumeRolePolicyDocument", &trust("Allow"))]).await;
    let arn = format!("arn:aws:iam::{}:role/role", lab.account);
    let parameters = [("RoleArn", arn.as_str()), ("RoleSessionName", "session")];
    let assume = || async { lab.query(&lab.admin, "sts", "AssumeRole", &parameters).await.status };
    assert_eq!(assume().await, 403);
    assert_eq!(when_known(assume, 403).await, 200);
    let deny = [("RoleName", "role"), ("PolicyDocument", &*trust("Deny"))];
    did(&lab, "UpdateAssumeRolePolicy", &deny).await;
    assert_eq!(assume().await, 200);
    assert_eq!(when_known(assume, 200).await, 403);
}

#[tokio::test]
async fn a_boundary_and_a_group_count_when_their_time_has_passed() {
    let lab = lab(Propagation { iam: DELAY, ..Propagation::default() }).await;
    let user = lab.user("user", Value::Null).await;
    did(&lab, "CreateGroup", &[("GroupName", "group")]).await;
    let document = allow("s3:ListAllMyBuckets").to_string();
    let policy = [("GroupName", "group"), ("PolicyName", "inline"), ("PolicyDocument", document.as_str())];
    did(&lab, "PutGroupPolicy", &policy).await;
    did(&lab, "AddUserToGroup", &[("GroupName", "group"), ("UserName", "user")]).await;
    let asked = || async { list_buckets(&lab, &user).await };
    assert_eq!(asked().await, 403);
    assert_eq!(when_known(asked, 403).await, 200);
    let document = allow("ec2:DescribeInstances").to_string();
    let policy = [("PolicyName", "narrow"), ("PolicyDocument", document.as_str())];
    let boundary = did(&lab, "CreatePolicy", &policy).await.xml("Arn").unwrap();
    did(&lab, "PutUserPermissionsBoundary", &[("UserName", "user"), ("PermissionsBoundary", &boundary)])
        .await;
    assert_eq!(asked().await, 200);
    assert_eq!(when_known(asked, 200).await, 403);
}

#[tokio::test]
async fn a_key_policy_is_read_at_once_and_decides_when_its_time_has_passed() {
    let lab = lab(Propagation { kms: DELAY, ..Propagation::default() }).await;
    let user = lab.user("user", Value::Null).await;
    let arn = key(&lab).await;
    let admin = json!({ "Effect": "Allow", "Principal": { "AWS": format!("arn:aws:iam::{}:root", lab.account) },
        "Action": "kms:*", "Resource": "*" });
    let uses = json!({ "Sid": "Use", "Effect": "Allow", "Action": "kms:Encrypt", "Resource": "*",
        "Principal": { "AWS": format!("arn:aws:iam::{}:user/user", lab.account) } });
    let set = async |statements: Value| {
        let policy = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
        kms(&lab, "PutKeyPolicy", json!({ "KeyId": arn, "Policy": policy })).await
    };
    set(json!([admin, uses])).await;
    let read = kms(&lab, "GetKeyPolicy", json!({ "KeyId": arn })).await;
    assert!(text(&read, &["Policy"]).contains("\"Use\""));
    let input = json!({ "KeyId": arn, "Plaintext": PLAIN });
    let encrypt = || async { lab.kms(&user, "Encrypt", input.clone()).await.status };
    assert_eq!(encrypt().await, 400);
    assert_eq!(when_known(encrypt, 400).await, 200);
    set(json!([admin])).await;
    assert_eq!(encrypt().await, 200);
    assert_eq!(when_known(encrypt, 200).await, 400);
}

#[tokio::test]
async fn a_grant_counts_and_ends_when_its_time_has_passed_and_at_once_for_its_token() {
    let lab = lab(Propagation { kms: DELAY, ..Propagation::default() }).await;
    let user = lab.user("user", Value::Null).await;
    let arn = key(&lab).await;
    let grantee = format!("arn:aws:iam::{}:user/user", lab.account);
    let create = json!({ "KeyId": arn, "GranteePrincipal": grantee, "Operations": ["Encrypt"] });
    let made = kms(&lab, "CreateGrant", create).await;
    let (grant, token) = (text(&made, &["GrantId"]), text(&made, &["GrantToken"]));
    let listed = kms(&lab, "ListGrants", json!({ "KeyId": arn })).await;
    assert_eq!(listed.json()["Grants"][0]["GrantId"], grant);
    let encrypt = async |tokens: Value| {
        let input = json!({ "KeyId": arn, "Plaintext": PLAIN, "GrantTokens": tokens });
        lab.kms(&user, "Encrypt", input).await.status
    };
    let bare = || encrypt(json!([]));
    assert_eq!((bare().await, encrypt(json!([token])).await), (400, 200));
    assert_eq!(when_known(bare, 400).await, 200);
    kms(&lab, "RevokeGrant", json!({ "KeyId": arn, "GrantId": grant })).await;
    assert_eq!(bare().await, 200, "what was revoked is still there for a while");
    assert_eq!(when_known(bare, 200).await, 400);
    assert_eq!(encrypt(json!([token])).await, 400, "a token gives nothing without its grant");
}

#[tokio::test]
async fn a_new_account_and_a_new_key_are_known_at_once_and_a_restart_makes_all_known() {
    let config = || Config { propagation: Propagation::of_all(LONG), ..Config::default() };
    let lab = Lab::at(Place::lasting().await, config()).await;
    assert_eq!(list_buckets(&lab, &lab.admin).await, 200);
    let arn = key(&lab).await;
    kms(&lab, "Encrypt", json!({ "KeyId": arn, "Plaintext": PLAIN })).await;
    let user = lab.user("user", allow("s3:ListAllMyBuckets")).await;
    assert_eq!(list_buckets(&lab, &user).await, 403);
    lab.sandbox.close().await;
    let sandbox = Sandbox::open(lab.place.put(config())).await.unwrap();
    let lab = Lab { sandbox, ..lab };
    assert_eq!(list_buckets(&lab, &user).await, 200);
}

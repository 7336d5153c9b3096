//! A deleted user or role takes its rights along: a new one of the same name does not inherit what policies gave the old one.

use crate::support::{Keys, Lab};
use serde_json::{Value, json};

fn trust(lab: &Lab) -> String {
    let root = format!("arn:aws:iam::{}:root", lab.account);
    json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": root}, "Action": "sts:AssumeRole"}]})
    .to_string()
}

async fn create_role(lab: &Lab) {
    let answer = lab
        .query(
            &lab.admin,
            "iam",
            "CreateRole",
            &[("RoleName", "temp"), ("AssumeRolePolicyDocument", &trust(lab))],
        )
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

fn key_policy(lab: &Lab) -> Value {
    let of = |name: &str| format!("arn:aws:iam::{}:{name}", lab.account);
    json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": of("root")}, "Action": "kms:*", "Resource": "*"},
        {"Sid": "Use", "Effect": "Allow", "Principal": {"AWS": [of("role/temp"), of("root")]},
         "Action": "kms:DescribeKey", "Resource": "*"}]})
}

async fn describe(lab: &Lab, keys: &Keys, key: &str) -> u16 {
    lab.kms(keys, "DescribeKey", json!({"KeyId": key})).await.status
}

#[tokio::test]
async fn a_role_made_again_under_the_same_name_gets_nothing_of_the_old_ones() {
    let lab = Lab::new().await;
    create_role(&lab).await;
    let role = format!("arn:aws:iam::{}:role/temp", lab.account);
    let made = lab.kms(&lab.admin, "CreateKey", json!({"Policy": key_policy(&lab).to_string()})).await;
    let key = made.json()["KeyMetadata"]["KeyId"].as_str().unwrap().to_owned();
    let grant = json!({"KeyId": key, "GranteePrincipal": role, "Operations": ["Decrypt"]});
    assert_eq!(lab.kms(&lab.admin, "CreateGrant", grant).await.status, 200);
    let session = lab.assume(&lab.admin, "temp", "session").await;
    assert_eq!(describe(&lab, &session, &key).await, 200);

    assert_eq!(lab.query(&lab.admin, "iam", "DeleteRole", &[("RoleName", "temp")]).await.status, 200);
    let shown = lab.kms(&lab.admin, "GetKeyPolicy", json!({"KeyId": key, "PolicyName": "default"})).await;
    let shown: Value = serde_json::from_str(shown.json()["Policy"].as_str().unwrap()).unwrap();
    let named = shown["Statement"][1]["Principal"]["AWS"][0].as_str().unwrap().to_owned();
    assert!(named.starts_with("AROA"), "{named}");
    assert_eq!(shown["Statement"][0], key_policy(&lab)["Statement"][0], "nothing else changed");
    let grants = lab.kms(&lab.admin, "ListGrants", json!({"KeyId": key})).await.json();
    assert_eq!(grants["Grants"][0]["GranteePrincipal"], named);

    create_role(&lab).await;
    let again = lab.assume(&lab.admin, "temp", "session").await;
    assert_eq!(describe(&lab, &again, &key).await, 400, "the name is the same, the role is another");
}

#[tokio::test]
async fn a_grant_needs_a_grantee_that_exists() {
    let lab = Lab::new().await;
    let key = lab.kms(&lab.admin, "CreateKey", json!({})).await.json()["KeyMetadata"]["KeyId"].clone();
    let nobody = format!("arn:aws:iam::{}:role/nobody", lab.account);
    let grant = json!({"KeyId": key, "GranteePrincipal": nobody, "Operations": ["Decrypt"]});
    let refused = lab.kms(&lab.admin, "CreateGrant", grant).await;
    let message = format!("ARN does not refer to a valid principal: {nobody}");
    assert_eq!((refused.status, refused.error()), (400, ("InvalidArnException".into(), message)));
}

#[tokio::test]
async fn session_credentials_without_their_token_are_unknown() {
    let lab = Lab::new().await;
    create_role(&lab).await;
    let session = lab.assume(&lab.admin, "temp", "session").await;
    let without = Keys { token: None, ..session };
    let s3 = lab.s3(&without, "GET", "/", &[], b"").await;
    assert_eq!((s3.status, s3.error().0.as_str()), (403, "InvalidAccessKeyId"));
    let sts = lab.query(&without, "sts", "GetCallerIdentity", &[]).await;
    assert_eq!((sts.status, sts.error().0.as_str()), (403, "InvalidClientTokenId"));
}

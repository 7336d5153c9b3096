//! Users and access keys.

use serde_json::json;

use super::{allow, decode, did, fails, user};
use crate::support::Lab;

#[tokio::test]
async fn access_keys_work_until_they_are_made_inactive_or_deleted() {
    let lab = Lab::new().await;
    let keys = user(&lab, "u", Some(&allow("iam:GetUser", "*"))).await;
    let who = lab.query(&keys, "iam", "GetUser", &[]).await;
    assert_eq!((who.status, who.xml("UserName").as_deref()), (200, Some("u")));
    let key = [("UserName", "u"), ("AccessKeyId", keys.access_key_id.as_str())];
    let switch = |status| [key[0], key[1], ("Status", status)];
    did(&lab, "UpdateAccessKey", &switch("Inactive")).await;
    let refused = lab.query(&keys, "iam", "GetUser", &[]).await;
    assert_eq!((refused.status, refused.error().0.as_str()), (403, "InvalidClientTokenId"));
    did(&lab, "UpdateAccessKey", &switch("Active")).await;
    assert_eq!(lab.query(&keys, "iam", "GetUser", &[]).await.status, 200);
    did(&lab, "CreateAccessKey", &[("UserName", "u")]).await;
    fails(
        &lab,
        "CreateAccessKey",
        &[("UserName", "u")],
        409,
        "LimitExceeded",
        "Cannot exceed quota for AccessKeysPerUser: 2",
    )
    .await;
    fails(
        &lab,
        "CreateAccessKey",
        &[("UserName", "ghost")],
        404,
        "NoSuchEntity",
        "The user with name ghost cannot be found.",
    )
    .await;
    let listed = did(&lab, "ListAccessKeys", &[("UserName", "u")]).await.text();
    assert_eq!(listed.matches("<AccessKeyId>").count(), 2);
    assert!(!listed.contains("SecretAccessKey") && !listed.contains(&keys.secret), "{listed}");
    fails(
        &lab,
        "DeleteUser",
        &[("UserName", "u")],
        409,
        "DeleteConflict",
        "Cannot delete entity, must delete access keys first.",
    )
    .await;
    did(&lab, "DeleteAccessKey", &key).await;
    assert_eq!(lab.query(&keys, "iam", "GetUser", &[]).await.status, 403);
    let absent = format!("The Access Key with id {} cannot be found.", keys.access_key_id);
    fails(&lab, "DeleteAccessKey", &key, 404, "NoSuchEntity", &absent).await;
}

#[tokio::test]
async fn users_are_made_listed_and_deleted() {
    let lab = Lab::new().await;
    did(&lab, "CreateUser", &[("UserName", "u"), ("Path", "/team/")]).await;
    fails(
        &lab,
        "CreateUser",
        &[("UserName", "U")],
        409,
        "EntityAlreadyExists",
        "User with name U already exists.",
    )
    .await;
    let read = did(&lab, "GetUser", &[("UserName", "u")]).await;
    assert_eq!(read.xml("Arn"), Some(format!("arn:aws:iam::{}:user/team/u", lab.account)));
    assert!(did(&lab, "ListUsers", &[("PathPrefix", "/team/")]).await.text().contains("<UserName>u<"));
    let admin = "arn:aws:iam::aws:policy/AdministratorAccess";
    did(&lab, "AttachUserPolicy", &[("UserName", "u"), ("PolicyArn", admin)]).await;
    assert_eq!(
        did(&lab, "ListAttachedUserPolicies", &[("UserName", "u")]).await.xml("PolicyArn").as_deref(),
        Some(admin)
    );
    fails(
        &lab,
        "DeleteUser",
        &[("UserName", "u")],
        409,
        "DeleteConflict",
        "Cannot delete entity, must detach all policies first.",
    )
    .await;
    did(&lab, "DetachUserPolicy", &[("UserName", "u"), ("PolicyArn", admin)]).await;
    let inline = [("UserName", "u"), ("PolicyName", "in")];
    did(&lab, "PutUserPolicy", &[inline[0], inline[1], ("PolicyDocument", &allow("s3:*", "*"))]).await;
    assert!(did(&lab, "ListUserPolicies", &[("UserName", "u")]).await.text().contains("<member>in</member>"));
    assert_eq!(
        decode(&did(&lab, "GetUserPolicy", &inline).await.xml("PolicyDocument").unwrap()),
        allow("s3:*", "*")
    );
    fails(
        &lab,
        "DeleteUser",
        &[("UserName", "u")],
        409,
        "DeleteConflict",
        "Cannot delete entity, must delete policies first.",
    )
    .await;
    did(&lab, "DeleteUserPolicy", &inline).await;
    did(&lab, "DeleteUser", &[("UserName", "u")]).await;
    fails(
        &lab,
        "GetUser",
        &[("UserName", "u")],
        404,
        "NoSuchEntity",
        "The user with name u cannot be found.",
    )
    .await;
}

#[tokio::test]
async fn a_session_must_name_the_user_it_means() {
    let lab = Lab::new().await;
    let root = format!("arn:aws:iam::{}:root", lab.account);
    let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": root}, "Action": "sts:AssumeRole"}]}).to_string();
    did(&lab, "CreateRole", &[("RoleName", "r"), ("AssumeRolePolicyDocument", &trust)]).await;
    let session = lab.assume(&lab.admin, "r", "me").await;
    let answer = lab.query(&session, "iam", "GetUser", &[]).await;
    assert_eq!(
        (answer.status, answer.error()),
        (
            400,
            ("ValidationError".into(), "Must specify userName when calling with non-User credentials".into())
        )
    );
}

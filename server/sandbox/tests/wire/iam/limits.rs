//! Permissions boundaries, AWS's own policies, and the simulator, which must say what the embedded AWS then does.

use serde_json::json;

use super::{EC2_TRUST, allow, decode, did, fails, iam, user};
use crate::support::Lab;

const READ_ONLY: &str = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";

#[tokio::test]
async fn a_boundary_limits_what_identity_policies_give_and_gives_nothing_itself() {
    let lab = Lab::new().await;
    lab.s3(&lab.admin, "PUT", "/bucket-1", &[], b"").await;
    let keys = user(&lab, "alice", Some(&allow("s3:*", "*"))).await;
    let put = |path: &'static str| lab.s3(&keys, "PUT", path, &[], b"x");
    assert_eq!(put("/bucket-1/before").await.status, 200);
    did(&lab, "PutUserPermissionsBoundary", &[("UserName", "alice"), ("PermissionsBoundary", READ_ONLY)])
        .await;
    let denied = put("/bucket-1/after").await;
    assert_eq!(
        denied.error().1,
        format!(
            "User: arn:aws:iam::{}:user/alice is not authorized to perform: s3:PutObject on resource: \
             \"arn:aws:s3:::bucket-1/after\" because no permissions boundary allows the s3:PutObject action",
            lab.account
        )
    );
    assert_eq!(lab.s3(&keys, "GET", "/bucket-1/before", &[], b"").await.status, 200);
    let shown = did(&lab, "GetUser", &[("UserName", "alice")]).await;
    assert_eq!(shown.xml("PermissionsBoundaryArn").as_deref(), Some(READ_ONLY));
    // By itself it gives nothing.
    did(&lab, "DeleteUserPolicy", &[("UserName", "alice"), ("PolicyName", "inline")]).await;
    assert_eq!(lab.s3(&keys, "GET", "/bucket-1/before", &[], b"").await.status, 403);
    did(&lab, "DeleteUserPermissionsBoundary", &[("UserName", "alice")]).await;
    assert_eq!(did(&lab, "GetUser", &[("UserName", "alice")]).await.xml("PermissionsBoundaryArn"), None);
}

#[tokio::test]
async fn a_boundary_is_a_policy_that_is_there_and_in_use() {
    let lab = Lab::new().await;
    let arn = format!("arn:aws:iam::{}:policy/limit", lab.account);
    let with =
        [("RoleName", "r"), ("AssumeRolePolicyDocument", EC2_TRUST), ("PermissionsBoundary", arn.as_str())];
    let missing = format!("Scope ARN: {arn} does not exist or is not attachable.");
    fails(&lab, "CreateRole", &with, 404, "NoSuchEntity", &missing).await;
    did(&lab, "CreatePolicy", &[("PolicyName", "limit"), ("PolicyDocument", &allow("s3:*", "*"))]).await;
    let made = did(&lab, "CreateRole", &with).await;
    assert_eq!(made.xml("PermissionsBoundaryArn").as_deref(), Some(arn.as_str()));
    let policy = did(&lab, "GetPolicy", &[("PolicyArn", &arn)]).await;
    assert_eq!(policy.xml("PermissionsBoundaryUsageCount").as_deref(), Some("1"));
    let conflict = "Cannot delete a policy attached to entities.";
    fails(&lab, "DeletePolicy", &[("PolicyArn", &arn)], 409, "DeleteConflict", conflict).await;
    did(&lab, "DeleteRolePermissionsBoundary", &[("RoleName", "r")]).await;
    did(&lab, "DeletePolicy", &[("PolicyArn", &arn)]).await;
    let absent = "The role with name none cannot be found.";
    let none = [("RoleName", "none"), ("PermissionsBoundary", READ_ONLY)];
    fails(&lab, "PutRolePermissionsBoundary", &none, 404, "NoSuchEntity", absent).await;
}

/// Whoever may make users only within a boundary cannot make one that may do more, nor take the boundary away.
#[tokio::test]
async fn administration_is_delegated_by_demanding_a_boundary() {
    let lab = Lab::new().await;
    let document = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Action": ["iam:CreateUser", "iam:PutUserPermissionsBoundary", "iam:AttachUserPolicy"],
        "Resource": "*",
        "Condition": {"StringEquals": {"iam:PermissionsBoundary": READ_ONLY}},
    }]});
    let keys = user(&lab, "helpdesk", Some(&document.to_string())).await;
    let ask = |action: &'static str, parameters: Vec<(&'static str, &'static str)>| {
        let (lab, keys) = (&lab, &keys);
        async move { lab.query(keys, "iam", action, &parameters).await.status }
    };
    assert_eq!(ask("CreateUser", vec![("UserName", "free")]).await, 403);
    let wide = "arn:aws:iam::aws:policy/AdministratorAccess";
    assert_eq!(ask("CreateUser", vec![("UserName", "free"), ("PermissionsBoundary", wide)]).await, 403);
    assert_eq!(ask("CreateUser", vec![("UserName", "bound"), ("PermissionsBoundary", READ_ONLY)]).await, 200);
    assert_eq!(ask("AttachUserPolicy", vec![("UserName", "bound"), ("PolicyArn", wide)]).await, 200);
    assert_eq!(ask("AttachUserPolicy", vec![("UserName", "Admin"), ("PolicyArn", wide)]).await, 403);
    assert_eq!(
        ask("PutUserPermissionsBoundary", vec![("UserName", "bound"), ("PermissionsBoundary", wide)]).await,
        403
    );
    assert_eq!(ask("DeleteUserPermissionsBoundary", vec![("UserName", "bound")]).await, 403);
}

#[tokio::test]
async fn policies_that_aws_manages_can_be_read_and_attached_by_name() {
    let lab = Lab::new().await;
    let listed = did(&lab, "ListPolicies", &[("Scope", "AWS")]).await.text();
    for name in [
        "ReadOnlyAccess",
        "PowerUserAccess",
        "SecurityAudit",
        "IAMFullAccess",
        "AWSKeyManagementServicePowerUser",
    ] {
        assert!(listed.contains(&format!("<PolicyName>{name}</PolicyName>")), "{name}");
    }
    let shown = did(&lab, "GetPolicy", &[("PolicyArn", READ_ONLY)]).await;
    let version = shown.xml("DefaultVersionId").unwrap();
    let document = did(&lab, "GetPolicyVersion", &[("PolicyArn", READ_ONLY), ("VersionId", &version)]).await;
    assert!(decode(&document.xml("Document").unwrap()).contains("s3:Get*"));
    lab.s3(&lab.admin, "PUT", "/bucket-1", &[], b"").await;
    let keys = user(&lab, "reader", None).await;
    assert_eq!(lab.s3(&keys, "GET", "/bucket-1", &[], b"").await.status, 403);
    did(&lab, "AttachUserPolicy", &[("UserName", "reader"), ("PolicyArn", READ_ONLY)]).await;
    assert_eq!(lab.s3(&keys, "GET", "/bucket-1", &[], b"").await.status, 200);
    assert_eq!(lab.s3(&keys, "PUT", "/bucket-1/x", &[], b"x").await.status, 403);
}

#[tokio::test]
async fn the_simulator_says_what_then_happens_and_by_which_statement() {
    let lab = Lab::new().await;
    lab.s3(&lab.admin, "PUT", "/bucket-1", &[], b"").await;
    let document = "{\"Version\": \"2012-10-17\", \"Statement\": [\n \
        {\"Effect\": \"Allow\", \"Action\": \"s3:*\", \"Resource\": \"*\"},\n \
        {\"Effect\": \"Deny\", \"Action\": \"s3:DeleteObject\", \"Resource\": \"arn:aws:s3:::bucket-1/*\"}]}";
    let keys = user(&lab, "alice", Some(document)).await;
    let arn = format!("arn:aws:iam::{}:user/alice", lab.account);
    let simulate = |action: &'static str, resource: &'static str| {
        let (lab, arn) = (&lab, arn.as_str());
        async move {
            let parameters = [
                ("PolicySourceArn", arn),
                ("ActionNames.member.1", action),
                ("ResourceArns.member.1", resource),
            ];
            did(lab, "SimulatePrincipalPolicy", &parameters).await
        }
    };
    for (action, method, path, decision) in [
        ("s3:PutObject", "PUT", "/bucket-1/x", "allowed"),
        ("s3:GetObject", "GET", "/bucket-1/x", "allowed"),
        ("s3:DeleteObject", "DELETE", "/bucket-1/x", "explicitDeny"),
    ] {
        let said = simulate(action, "arn:aws:s3:::bucket-1/x").await;
        assert_eq!(said.xml("EvalDecision").as_deref(), Some(decision), "{}", said.text());
        let done = lab.s3(&keys, method, path, &[], b"x").await.status < 300;
        assert_eq!(done, decision == "allowed", "{action}");
    }
    let denied = simulate("s3:DeleteObject", "arn:aws:s3:::bucket-1/x").await;
    assert_eq!(denied.xml("SourcePolicyId").as_deref(), Some("inline"));
    assert_eq!((denied.xml("Line").as_deref(), denied.xml("Column").as_deref()), (Some("3"), Some("2")));
    assert_eq!(simulate("kms:Decrypt", "*").await.xml("EvalDecision").as_deref(), Some("implicitDeny"));
    // Under a boundary, and with what it would be with more.
    did(&lab, "PutUserPermissionsBoundary", &[("UserName", "alice"), ("PermissionsBoundary", READ_ONLY)])
        .await;
    let bounded = simulate("s3:PutObject", "arn:aws:s3:::bucket-1/x").await;
    assert_eq!(bounded.xml("EvalDecision").as_deref(), Some("implicitDeny"));
    assert_eq!(bounded.xml("AllowedByPermissionsBoundary").as_deref(), Some("false"));
}

#[tokio::test]
async fn documents_are_simulated_that_nobody_has() {
    let lab = Lab::new().await;
    let document = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/${aws:PrincipalTag/team}/*",
        "Condition": {"StringEquals": {"s3:ExistingObjectTag/stage": "live"}, "Bool": {"aws:SecureTransport": "true"}},
    }]})
    .to_string();
    let keys =
        did(&lab, "GetContextKeysForCustomPolicy", &[("PolicyInputList.member.1", &document)]).await.text();
    for key in ["aws:PrincipalTag/team", "s3:ExistingObjectTag/stage", "aws:SecureTransport"] {
        assert!(keys.contains(&format!("<member>{key}</member>")), "{keys}");
    }
    let mut parameters = vec![
        ("PolicyInputList.member.1", document.as_str()),
        ("ActionNames.member.1", "s3:GetObject"),
        ("ActionNames.member.2", "s3:PutObject"),
        ("ResourceArns.member.1", "arn:aws:s3:::b/red/x"),
        ("ContextEntries.member.1.ContextKeyName", "aws:PrincipalTag/team"),
        ("ContextEntries.member.1.ContextKeyType", "string"),
        ("ContextEntries.member.1.ContextKeyValues.member.1", "red"),
    ];
    let missing = did(&lab, "SimulateCustomPolicy", &parameters).await.text();
    assert_eq!(missing.matches("<EvalDecision>implicitDeny</EvalDecision>").count(), 2, "{missing}");
    assert!(missing.contains("<MissingContextValues><member>aws:SecureTransport</member><member>s3:ExistingObjectTag/stage</member>"), "{missing}");
    parameters.extend([
        ("ContextEntries.member.2.ContextKeyName", "s3:ExistingObjectTag/stage"),
        ("ContextEntries.member.2.ContextKeyValues.member.1", "live"),
        ("ContextEntries.member.3.ContextKeyName", "aws:SecureTransport"),
        ("ContextEntries.member.3.ContextKeyValues.member.1", "true"),
    ]);
    let allowed = did(&lab, "SimulateCustomPolicy", &parameters).await.text();
    assert!(allowed.contains("<EvalActionName>s3:GetObject</EvalActionName><EvalResourceName>arn:aws:s3:::b/red/x</EvalResourceName><EvalDecision>allowed</EvalDecision>"), "{allowed}");
    assert!(allowed.contains("<SourcePolicyId>PolicyInputList.1</SourcePolicyId>"));
    for (parameters, code) in [
        (vec![("PolicyInputList.member.1", "{")], "MalformedPolicyDocument"),
        (vec![("PolicyInputList.member.1", document.as_str())], "ValidationError"),
        (
            vec![("PolicyInputList.member.1", document.as_str()), ("ActionNames.member.1", "GetObject")],
            "InvalidInput",
        ),
        (vec![("ActionNames.member.1", "s3:GetObject")], "ValidationError"),
    ] {
        let answer = iam(&lab, "SimulateCustomPolicy", &parameters).await;
        assert_eq!((answer.status, answer.error().0.as_str()), (400, code), "{parameters:?}");
    }
    let nobody = format!("arn:aws:iam::{}:user/nobody", lab.account);
    let parameters = [("PolicySourceArn", nobody.as_str()), ("ActionNames.member.1", "s3:GetObject")];
    assert_eq!(iam(&lab, "SimulatePrincipalPolicy", &parameters).await.error().0, "NoSuchEntity");
}

#[tokio::test]
async fn a_condition_on_a_key_that_aws_does_not_carry_for_the_action_never_holds() {
    let lab = Lab::new().await;
    let boundary = "arn:aws:iam::aws:policy/ReadOnlyAccess";
    let made = [("UserName", "bounded"), ("PermissionsBoundary", boundary)];
    assert_eq!(lab.query(&lab.admin, "iam", "CreateUser", &made).await.status, 200);
    let keeper = lab
        .user(
            "keeper",
            json!({"Version": "2012-10-17", "Statement": {
                "Effect": "Allow", "Action": ["iam:CreateAccessKey", "iam:PutUserPolicy"], "Resource": "*",
                "Condition": {"StringEquals": {"iam:PermissionsBoundary": boundary}},
            }}),
        )
        .await;
    let document =
        json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}});
    let document = document.to_string();
    let put = [("UserName", "bounded"), ("PolicyName", "p"), ("PolicyDocument", document.as_str())];
    assert_eq!(lab.query(&keeper, "iam", "PutUserPolicy", &put).await.status, 200);
    // The reference lists `iam:PermissionsBoundary` for PutUserPolicy, and not for CreateAccessKey.
    let key = lab.query(&keeper, "iam", "CreateAccessKey", &[("UserName", "bounded")]).await;
    assert_eq!(key.error().0, "AccessDenied", "{}", key.text());
}

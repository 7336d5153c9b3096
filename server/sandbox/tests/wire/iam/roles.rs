//! Roles, what is attached to them, and instance profiles.

use serde_json::{Value, json};

use super::{EC2_TRUST, allow, decode, did, fails, user};
use crate::support::Lab;

#[tokio::test]
async fn a_role_shows_what_aws_shows_of_it() {
    let lab = Lab::new().await;
    let parameters = [
        ("RoleName", "r"),
        ("Path", "/app/"),
        ("AssumeRolePolicyDocument", EC2_TRUST),
        ("Description", "d"),
        ("MaxSessionDuration", "7200"),
    ];
    let made = did(&lab, "CreateRole", &parameters).await;
    assert_eq!(made.xml("Arn"), Some(format!("arn:aws:iam::{}:role/app/r", lab.account)));
    assert!(made.xml("RoleId").unwrap().starts_with("AROA"));
    assert_eq!(decode(&made.xml("AssumeRolePolicyDocument").unwrap()), EC2_TRUST);
    assert_eq!(made.xml("MaxSessionDuration"), None, "CreateRole does not show it");
    let read = did(&lab, "GetRole", &[("RoleName", "r")]).await;
    assert_eq!(read.xml("MaxSessionDuration").as_deref(), Some("7200"));
    let trust = EC2_TRUST.replace("ec2.", "lambda.");
    did(&lab, "UpdateAssumeRolePolicy", &[("RoleName", "r"), ("PolicyDocument", &trust)]).await;
    let read = did(&lab, "GetRole", &[("RoleName", "r")]).await;
    assert_eq!(decode(&read.xml("AssumeRolePolicyDocument").unwrap()), trust);
    assert!(did(&lab, "ListRoles", &[("PathPrefix", "/app/")]).await.text().contains("<RoleName>r<"));
    assert!(!did(&lab, "ListRoles", &[("PathPrefix", "/other/")]).await.text().contains("<RoleName>r<"));
    let twice = [("RoleName", "R"), ("AssumeRolePolicyDocument", EC2_TRUST)];
    fails(&lab, "CreateRole", &twice, 409, "EntityAlreadyExists", "Role with name R already exists.").await;
    let absent = "The role with name ghost cannot be found.";
    for action in [
        "GetRole",
        "DeleteRole",
        "ListAttachedRolePolicies",
        "ListRolePolicies",
        "ListInstanceProfilesForRole",
    ] {
        fails(&lab, action, &[("RoleName", "ghost")], 404, "NoSuchEntity", absent).await;
    }
}

#[tokio::test]
async fn a_role_goes_only_when_nothing_hangs_on_it() {
    let lab = Lab::new().await;
    let role = ("RoleName", "r");
    let admin = "arn:aws:iam::aws:policy/AdministratorAccess";
    did(&lab, "CreateRole", &[role, ("AssumeRolePolicyDocument", EC2_TRUST)]).await;
    did(&lab, "CreateInstanceProfile", &[("InstanceProfileName", "i")]).await;
    did(&lab, "AddRoleToInstanceProfile", &[("InstanceProfileName", "i"), role]).await;
    did(&lab, "AttachRolePolicy", &[role, ("PolicyArn", admin)]).await;
    did(&lab, "AttachRolePolicy", &[role, ("PolicyArn", admin)]).await;
    did(&lab, "PutRolePolicy", &[role, ("PolicyName", "in"), ("PolicyDocument", &allow("s3:*", "*"))]).await;
    let attached = did(&lab, "ListAttachedRolePolicies", &[role]).await.text();
    assert_eq!(
        attached.matches("<PolicyName>AdministratorAccess<").count(),
        1,
        "attaching twice is attaching once"
    );
    let profile_first = "Cannot delete entity, must remove roles from instance profile first.";
    fails(&lab, "DeleteRole", &[role], 409, "DeleteConflict", profile_first).await;
    fails(
        &lab,
        "DeleteInstanceProfile",
        &[("InstanceProfileName", "i")],
        409,
        "DeleteConflict",
        profile_first,
    )
    .await;
    did(&lab, "RemoveRoleFromInstanceProfile", &[("InstanceProfileName", "i"), role]).await;
    fails(
        &lab,
        "DeleteRole",
        &[role],
        409,
        "DeleteConflict",
        "Cannot delete entity, must detach all policies first.",
    )
    .await;
    did(&lab, "DetachRolePolicy", &[role, ("PolicyArn", admin)]).await;
    fails(
        &lab,
        "DetachRolePolicy",
        &[role, ("PolicyArn", admin)],
        404,
        "NoSuchEntity",
        &format!("Policy {admin} was not found."),
    )
    .await;
    fails(
        &lab,
        "DeleteRole",
        &[role],
        409,
        "DeleteConflict",
        "Cannot delete entity, must delete policies first.",
    )
    .await;
    let inline = [role, ("PolicyName", "in")];
    assert_eq!(
        decode(&did(&lab, "GetRolePolicy", &inline).await.xml("PolicyDocument").unwrap()),
        allow("s3:*", "*")
    );
    assert!(did(&lab, "ListRolePolicies", &[role]).await.text().contains("<member>in</member>"));
    did(&lab, "DeleteRolePolicy", &inline).await;
    let absent = "The role policy with name in cannot be found.";
    fails(&lab, "GetRolePolicy", &inline, 404, "NoSuchEntity", absent).await;
    fails(&lab, "DeleteRolePolicy", &inline, 404, "NoSuchEntity", absent).await;
    did(&lab, "DeleteRole", &[role]).await;
    did(&lab, "DeleteInstanceProfile", &[("InstanceProfileName", "i")]).await;
}

#[tokio::test]
async fn attaching_stops_at_what_exists_and_at_ten() {
    let lab = Lab::new().await;
    did(&lab, "CreateRole", &[("RoleName", "r"), ("AssumeRolePolicyDocument", EC2_TRUST)]).await;
    let ghost = format!("arn:aws:iam::{}:policy/ghost", lab.account);
    let message = format!("Policy {ghost} does not exist or is not attachable.");
    fails(
        &lab,
        "AttachRolePolicy",
        &[("RoleName", "r"), ("PolicyArn", &ghost)],
        404,
        "NoSuchEntity",
        &message,
    )
    .await;
    for number in 0..=10 {
        let name = format!("p{number}");
        let arn = format!("arn:aws:iam::{}:policy/{name}", lab.account);
        did(&lab, "CreatePolicy", &[("PolicyName", &name), ("PolicyDocument", &allow("s3:*", "*"))]).await;
        let attach = [("RoleName", "r"), ("PolicyArn", arn.as_str())];
        match number {
            10 => {
                fails(
                    &lab,
                    "AttachRolePolicy",
                    &attach,
                    409,
                    "LimitExceeded",
                    "Cannot exceed quota for PoliciesPerRole: 10",
                )
                .await
            }
            _ => drop(did(&lab, "AttachRolePolicy", &attach).await),
        }
    }
    let arn = format!("arn:aws:iam::{}:policy/p0", lab.account);
    assert_eq!(
        did(&lab, "GetPolicy", &[("PolicyArn", &arn)]).await.xml("AttachmentCount").as_deref(),
        Some("1")
    );
    fails(
        &lab,
        "DeletePolicy",
        &[("PolicyArn", &arn)],
        409,
        "DeleteConflict",
        "Cannot delete a policy attached to entities.",
    )
    .await;
    let big = allow(&format!("s3:{}", "a".repeat(2_100)), "*");
    let put = [("UserName", "Admin"), ("PolicyName", "big"), ("PolicyDocument", big.as_str())];
    fails(
        &lab,
        "PutUserPolicy",
        &put,
        409,
        "LimitExceeded",
        "Maximum policy size of 2048 bytes exceeded for user Admin",
    )
    .await;
}

#[tokio::test]
async fn an_instance_profile_holds_one_role() {
    let lab = Lab::new().await;
    for role in ["one", "two"] {
        did(&lab, "CreateRole", &[("RoleName", role), ("AssumeRolePolicyDocument", EC2_TRUST)]).await;
    }
    let profile = ("InstanceProfileName", "i");
    let made = did(&lab, "CreateInstanceProfile", &[profile]).await;
    assert!(made.text().contains("<Roles/>"));
    fails(
        &lab,
        "CreateInstanceProfile",
        &[profile],
        409,
        "EntityAlreadyExists",
        "Instance Profile i already exists.",
    )
    .await;
    let gone = ("InstanceProfileName", "ghost");
    let absent = "Instance Profile ghost cannot be found.";
    fails(&lab, "GetInstanceProfile", &[gone], 404, "NoSuchEntity", absent).await;
    fails(&lab, "AddRoleToInstanceProfile", &[gone, ("RoleName", "one")], 404, "NoSuchEntity", absent).await;
    fails(
        &lab,
        "AddRoleToInstanceProfile",
        &[profile, ("RoleName", "none")],
        404,
        "NoSuchEntity",
        "The role with name none cannot be found.",
    )
    .await;
    did(&lab, "AddRoleToInstanceProfile", &[profile, ("RoleName", "one")]).await;
    let second = [profile, ("RoleName", "two")];
    fails(
        &lab,
        "AddRoleToInstanceProfile",
        &second,
        409,
        "LimitExceeded",
        "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1",
    )
    .await;
    fails(
        &lab,
        "RemoveRoleFromInstanceProfile",
        &second,
        404,
        "NoSuchEntity",
        "Role two in Instance Profile i cannot be found.",
    )
    .await;
    assert_eq!(did(&lab, "GetInstanceProfile", &[profile]).await.xml("RoleName").as_deref(), Some("one"));
    assert!(
        did(&lab, "ListInstanceProfilesForRole", &[("RoleName", "one")])
            .await
            .text()
            .contains("<InstanceProfileName>i<")
    );
    assert!(
        !did(&lab, "ListInstanceProfilesForRole", &[("RoleName", "two")]).await.text().contains("<member>")
    );
    assert!(did(&lab, "ListInstanceProfiles", &[]).await.text().contains("<InstanceProfileName>i<"));
}

#[tokio::test]
async fn filling_a_profile_needs_pass_role_to_ec2() {
    let lab = Lab::new().await;
    did(&lab, "CreateRole", &[("RoleName", "r"), ("AssumeRolePolicyDocument", EC2_TRUST)]).await;
    did(&lab, "CreateInstanceProfile", &[("InstanceProfileName", "i")]).await;
    let role = format!("arn:aws:iam::{}:role/r", lab.account);
    let add = [("InstanceProfileName", "i"), ("RoleName", "r")];
    let without = user(&lab, "without", Some(&allow("iam:AddRoleToInstanceProfile", "*"))).await;
    let denied = lab.query(&without, "iam", "AddRoleToInstanceProfile", &add).await;
    let sentence = format!(
        "User: arn:aws:iam::{}:user/without is not authorized to perform: iam:PassRole on resource: {role} because no identity-based policy allows the iam:PassRole action",
        lab.account
    );
    assert_eq!((denied.status, denied.error().1), (403, sentence));
    let to = |service: &str| -> String {
        json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "iam:AddRoleToInstanceProfile", "Resource": "*"},
            {"Effect": "Allow", "Action": "iam:PassRole", "Resource": role, "Condition": {"StringEquals": {"iam:PassedToService": service}}}
        ]}).to_string()
    };
    let to_lambda = user(&lab, "to-lambda", Some(&to("lambda.amazonaws.com"))).await;
    assert_eq!(lab.query(&to_lambda, "iam", "AddRoleToInstanceProfile", &add).await.status, 403);
    let to_ec2 = user(&lab, "to-ec2", Some(&to("ec2.amazonaws.com"))).await;
    assert_eq!(lab.query(&to_ec2, "iam", "AddRoleToInstanceProfile", &add).await.status, 200);
}

#[tokio::test]
async fn attaching_can_be_limited_to_one_policy() {
    let lab = Lab::new().await;
    did(&lab, "CreateRole", &[("RoleName", "r"), ("AssumeRolePolicyDocument", EC2_TRUST)]).await;
    did(
        &lab,
        "CreatePolicy",
        &[("PolicyName", "harmless"), ("PolicyDocument", &allow("s3:ListAllMyBuckets", "*"))],
    )
    .await;
    let harmless = format!("arn:aws:iam::{}:policy/harmless", lab.account);
    let policy: Value = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "iam:AttachRolePolicy", "Resource": format!("arn:aws:iam::{}:role/r", lab.account),
         "Condition": {"ArnEquals": {"iam:PolicyARN": harmless}}}]});
    let keys = user(&lab, "u", Some(&policy.to_string())).await;
    let attach = |arn| [("RoleName", "r"), ("PolicyArn", arn)];
    assert_eq!(lab.query(&keys, "iam", "AttachRolePolicy", &attach(&harmless)).await.status, 200);
    let admin = "arn:aws:iam::aws:policy/AdministratorAccess";
    assert_eq!(lab.query(&keys, "iam", "AttachRolePolicy", &attach(admin)).await.status, 403);
}

#[tokio::test]
async fn the_path_of_a_resource_counts_in_policies() {
    let lab = Lab::new().await;
    for (name, path) in [("inside", "/app/"), ("outside", "/")] {
        did(
            &lab,
            "CreateRole",
            &[("RoleName", name), ("Path", path), ("AssumeRolePolicyDocument", EC2_TRUST)],
        )
        .await;
    }
    let keys =
        user(&lab, "u", Some(&allow("iam:GetRole", &format!("arn:aws:iam::{}:role/app/*", lab.account))))
            .await;
    assert_eq!(lab.query(&keys, "iam", "GetRole", &[("RoleName", "inside")]).await.status, 200);
    let denied = lab.query(&keys, "iam", "GetRole", &[("RoleName", "outside")]).await;
    assert_eq!(denied.status, 403);
    assert!(denied.error().1.contains("on resource: role outside because no identity-based policy"));
}

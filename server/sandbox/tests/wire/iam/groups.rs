//! Groups: what their users may do by them, and what holds them together.

use super::{allow, did, fails, iam, user};
use crate::support::{Answer, Keys, Lab};

async fn group(lab: &Lab, name: &str, policy: Option<&str>) {
    did(lab, "CreateGroup", &[("GroupName", name)]).await;
    if let Some(policy) = policy {
        let parameters = [("GroupName", name), ("PolicyName", "shared"), ("PolicyDocument", policy)];
        did(lab, "PutGroupPolicy", &parameters).await;
    }
}

async fn join(lab: &Lab, group: &str, user: &str) -> Answer {
    did(lab, "AddUserToGroup", &[("GroupName", group), ("UserName", user)]).await
}

async fn may_list_roles(lab: &Lab, keys: &Keys) -> bool {
    lab.query(keys, "iam", "ListRoles", &[]).await.status == 200
}

#[tokio::test]
async fn a_user_has_the_policies_of_its_groups_as_long_as_it_is_in_them() {
    let lab = Lab::new().await;
    let keys = user(&lab, "ann", None).await;
    group(&lab, "readers", Some(&allow("iam:ListRoles", "*"))).await;
    assert!(!may_list_roles(&lab, &keys).await);
    join(&lab, "readers", "ann").await;
    join(&lab, "readers", "ann").await;
    assert!(may_list_roles(&lab, &keys).await);
    let simulated = did(
        &lab,
        "SimulatePrincipalPolicy",
        &[
            ("PolicySourceArn", format!("arn:aws:iam::{}:user/ann", lab.account).as_str()),
            ("ActionNames.member.1", "iam:ListRoles"),
        ],
    )
    .await;
    assert_eq!(simulated.xml("EvalDecision").as_deref(), Some("allowed"));
    assert_eq!(simulated.xml("SourcePolicyType").as_deref(), Some("group"));
    did(&lab, "RemoveUserFromGroup", &[("GroupName", "readers"), ("UserName", "ann")]).await;
    assert!(!may_list_roles(&lab, &keys).await);
}

#[tokio::test]
async fn a_groups_denial_and_its_attached_policies_count_and_a_boundary_limits_them() {
    let lab = Lab::new().await;
    let keys = user(&lab, "ann", Some(&allow("iam:ListRoles", "*"))).await;
    group(&lab, "barred", Some(&allow("iam:ListRoles", "*").replace("Allow", "Deny"))).await;
    join(&lab, "barred", "ann").await;
    let denied = lab.query(&keys, "iam", "ListRoles", &[]).await;
    assert!(
        denied.error().1.ends_with("with an explicit deny in an identity-based policy"),
        "{}",
        denied.text()
    );
    did(&lab, "RemoveUserFromGroup", &[("GroupName", "barred"), ("UserName", "ann")]).await;

    group(&lab, "admins", None).await;
    join(&lab, "admins", "ann").await;
    let arn = "arn:aws:iam::aws:policy/IAMFullAccess";
    did(&lab, "AttachGroupPolicy", &[("GroupName", "admins"), ("PolicyArn", arn)]).await;
    assert_eq!(lab.query(&keys, "iam", "ListUsers", &[]).await.status, 200);
    let boundary =
        [("UserName", "ann"), ("PermissionsBoundary", "arn:aws:iam::aws:policy/AmazonS3FullAccess")];
    did(&lab, "PutUserPermissionsBoundary", &boundary).await;
    assert_eq!(lab.query(&keys, "iam", "ListUsers", &[]).await.status, 403);
}

#[tokio::test]
async fn a_group_and_its_users_show_each_other() {
    let lab = Lab::new().await;
    user(&lab, "ann", None).await;
    let made = did(&lab, "CreateGroup", &[("GroupName", "g"), ("Path", "/team/")]).await;
    assert_eq!(made.xml("Arn"), Some(format!("arn:aws:iam::{}:group/team/g", lab.account)));
    assert!(made.xml("GroupId").unwrap().starts_with("AGPA"));
    join(&lab, "g", "ann").await;
    let read = did(&lab, "GetGroup", &[("GroupName", "g")]).await;
    assert_eq!((read.xml("GroupName").as_deref(), read.xml("UserName").as_deref()), (Some("g"), Some("ann")));
    let of_user = did(&lab, "ListGroupsForUser", &[("UserName", "ann")]).await;
    assert_eq!(of_user.xml("GroupName").as_deref(), Some("g"));
    let elsewhere = did(&lab, "ListGroups", &[("PathPrefix", "/other/")]).await;
    assert_eq!(elsewhere.xml("GroupName"), None);
    did(
        &lab,
        "PutGroupPolicy",
        &[("GroupName", "g"), ("PolicyName", "p"), ("PolicyDocument", &allow("s3:*", "*"))],
    )
    .await;
    let names = did(&lab, "ListGroupPolicies", &[("GroupName", "g")]).await;
    assert_eq!(names.xml("member").as_deref(), Some("p"));
    let policy = did(&lab, "GetGroupPolicy", &[("GroupName", "g"), ("PolicyName", "p")]).await;
    assert_eq!(policy.xml("GroupName").as_deref(), Some("g"));
}

#[tokio::test]
async fn neither_a_group_with_users_nor_a_user_in_a_group_is_deleted() {
    let lab = Lab::new().await;
    did(&lab, "CreateUser", &[("UserName", "ann")]).await;
    group(&lab, "g", Some(&allow("s3:*", "*"))).await;
    join(&lab, "g", "ann").await;
    let message = "Cannot delete entity, must remove users from group first.";
    fails(&lab, "DeleteGroup", &[("GroupName", "g")], 409, "DeleteConflict", message).await;
    fails(&lab, "DeleteUser", &[("UserName", "ann")], 409, "DeleteConflict", message).await;
    did(&lab, "RemoveUserFromGroup", &[("GroupName", "g"), ("UserName", "ann")]).await;
    did(&lab, "DeleteUser", &[("UserName", "ann")]).await;
    let message = "Cannot delete entity, must delete policies first.";
    fails(&lab, "DeleteGroup", &[("GroupName", "g")], 409, "DeleteConflict", message).await;
    did(&lab, "DeleteGroupPolicy", &[("GroupName", "g"), ("PolicyName", "shared")]).await;
    did(&lab, "DeleteGroup", &[("GroupName", "g")]).await;
}

#[tokio::test]
async fn what_is_not_there_is_named_and_quotas_hold() {
    let lab = Lab::new().await;
    did(&lab, "CreateUser", &[("UserName", "ann")]).await;
    group(&lab, "g", None).await;
    let code = "NoSuchEntity";
    for action in ["AddUserToGroup", "RemoveUserFromGroup"] {
        let message = "The group with name ghost cannot be found.";
        fails(&lab, action, &[("GroupName", "ghost"), ("UserName", "ann")], 404, code, message).await;
        let message = "The user with name ghost cannot be found.";
        fails(&lab, action, &[("GroupName", "g"), ("UserName", "ghost")], 404, code, message).await;
    }
    let message = "Group with name G already exists.";
    fails(&lab, "CreateGroup", &[("GroupName", "G")], 409, "EntityAlreadyExists", message).await;
    assert_eq!(iam(&lab, "CreateGroup", &[("GroupName", &"g".repeat(129))]).await.status, 400);
    for number in 0..10 {
        let name = format!("group-{number}");
        group(&lab, &name, None).await;
        join(&lab, &name, "ann").await;
    }
    let message = "Cannot exceed quota for GroupsPerUser: 10";
    fails(&lab, "AddUserToGroup", &[("GroupName", "g"), ("UserName", "ann")], 409, "LimitExceeded", message)
        .await;
}

#[tokio::test]
async fn a_policy_attached_to_a_group_is_in_use() {
    let lab = Lab::new().await;
    group(&lab, "g", None).await;
    let made =
        did(&lab, "CreatePolicy", &[("PolicyName", "p"), ("PolicyDocument", &allow("s3:*", "*"))]).await;
    let arn = made.xml("Arn").unwrap();
    did(&lab, "AttachGroupPolicy", &[("GroupName", "g"), ("PolicyArn", &arn)]).await;
    let read = did(&lab, "GetPolicy", &[("PolicyArn", &arn)]).await;
    assert_eq!(read.xml("AttachmentCount").as_deref(), Some("1"));
    let message = "Cannot delete a policy attached to entities.";
    fails(&lab, "DeletePolicy", &[("PolicyArn", &arn)], 409, "DeleteConflict", message).await;
    did(&lab, "DetachGroupPolicy", &[("GroupName", "g"), ("PolicyArn", &arn)]).await;
    did(&lab, "DeletePolicy", &[("PolicyArn", &arn)]).await;
}

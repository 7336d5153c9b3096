//! Other names, paths and settings, and what goes along with them.

use serde_json::json;

use super::{EC2_TRUST, allow, decode, did, fails, iam, user};
use crate::support::Lab;

#[tokio::test]
async fn a_renamed_user_keeps_keys_groups_sessions_and_what_policies_give_it() {
    let lab = Lab::new().await;
    let account = &lab.account;
    let keys = user(&lab, "before", None).await;
    did(&lab, "CreateGroup", &[("GroupName", "g")]).await;
    did(&lab, "AddUserToGroup", &[("GroupName", "g"), ("UserName", "before")]).await;
    let document = allow("iam:GetUser", "*");
    did(&lab, "PutGroupPolicy", &[("GroupName", "g"), ("PolicyName", "p"), ("PolicyDocument", &document)])
        .await;
    let old = format!("arn:aws:iam::{account}:user/before");
    let new = format!("arn:aws:iam::{account}:user/team/after");
    let trust = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": old}, "Action": "sts:AssumeRole"}]});
    did(&lab, "CreateRole", &[("RoleName", "r"), ("AssumeRolePolicyDocument", &trust.to_string())]).await;
    let token = lab.query(&keys, "sts", "GetSessionToken", &[]).await;
    let temporary = crate::support::Keys {
        access_key_id: token.xml("AccessKeyId").unwrap(),
        secret: token.xml("SecretAccessKey").unwrap(),
        token: token.xml("SessionToken"),
    };
    let parameters = [("UserName", "before"), ("NewUserName", "after"), ("NewPath", "/team/")];
    did(&lab, "UpdateUser", &parameters).await;

    let own = lab.query(&keys, "iam", "GetUser", &[]).await;
    assert_eq!((own.xml("Arn").as_deref(), own.status), (Some(new.as_str()), 200), "{}", own.text());
    assert!(did(&lab, "GetGroup", &[("GroupName", "g")]).await.text().contains("<UserName>after<"));
    let identity = lab.query(&temporary, "sts", "GetCallerIdentity", &[]).await;
    assert_eq!(identity.xml("Arn").as_deref(), Some(new.as_str()));
    let trust = did(&lab, "GetRole", &[("RoleName", "r")]).await.xml("AssumeRolePolicyDocument").unwrap();
    assert!(decode(&trust).contains(&new), "{trust}");
    lab.assume(&keys, "r", "session").await;
    let gone = "The user with name before cannot be found.";
    fails(&lab, "GetUser", &[("UserName", "before")], 404, "NoSuchEntity", gone).await;
    // Whoever takes the old name is another.
    let other = user(&lab, "before", None).await;
    let arn = format!("arn:aws:iam::{account}:role/r");
    let assumed =
        lab.query(&other, "sts", "AssumeRole", &[("RoleArn", &arn), ("RoleSessionName", "session")]).await;
    assert_eq!(assumed.status, 403);
}

#[tokio::test]
async fn a_name_that_is_taken_and_one_that_may_not_be_given_are_refused() {
    let lab = Lab::new().await;
    for name in ["one", "two"] {
        did(&lab, "CreateUser", &[("UserName", name)]).await;
        did(&lab, "CreateGroup", &[("GroupName", name)]).await;
    }
    let taken = "User with name TWO already exists.";
    let parameters = [("UserName", "one"), ("NewUserName", "TWO")];
    fails(&lab, "UpdateUser", &parameters, 409, "EntityAlreadyExists", taken).await;
    let taken = "Group with name two already exists.";
    let parameters = [("GroupName", "one"), ("NewGroupName", "two")];
    fails(&lab, "UpdateGroup", &parameters, 409, "EntityAlreadyExists", taken).await;
    // In another spelling it is its own.
    did(&lab, "UpdateUser", &[("UserName", "one"), ("NewUserName", "One")]).await;
    assert_eq!(did(&lab, "GetUser", &[("UserName", "one")]).await.xml("UserName").as_deref(), Some("One"));
    let path = "The specified value for newPath is invalid. It must begin and end with / and contain only alphanumeric \
        characters and/or / characters.";
    fails(&lab, "UpdateUser", &[("UserName", "one"), ("NewPath", "x")], 400, "ValidationError", path).await;
    let name = "The specified value for newUserName is invalid. It must contain only alphanumeric characters and/or the \
        following: +=,.@_-";
    fails(&lab, "UpdateUser", &[("UserName", "one"), ("NewUserName", "a b")], 400, "ValidationError", name)
        .await;
    // Both names are asked about.
    let narrow = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["iam:UpdateUser", "iam:UpdateGroup"],
        "Resource": [format!("arn:aws:iam::{}:user/o*", lab.account), format!("arn:aws:iam::{}:group/o*", lab.account)]}]});
    did(&lab, "UpdateUser", &[("UserName", "One"), ("NewUserName", "one")]).await;
    let keys = user(&lab, "clerk", Some(&narrow.to_string())).await;
    for (operation, parameter, to) in
        [("UpdateUser", "UserName", "NewUserName"), ("UpdateGroup", "GroupName", "NewGroupName")]
    {
        let elsewhere = lab.query(&keys, "iam", operation, &[(parameter, "one"), (to, "three")]).await;
        assert!(
            elsewhere.error().1.contains(&format!("iam:{operation} on resource: ")),
            "{}",
            elsewhere.text()
        );
        assert!(elsewhere.error().1.contains("three"), "{}", elsewhere.text());
        let near = lab.query(&keys, "iam", operation, &[(parameter, "one"), (to, "other")]).await;
        assert_eq!(near.status, 200, "{}", near.text());
    }
}

#[tokio::test]
async fn a_renamed_group_keeps_its_users_and_policies() {
    let lab = Lab::new().await;
    let keys = user(&lab, "u", None).await;
    did(&lab, "CreateGroup", &[("GroupName", "g")]).await;
    did(&lab, "AddUserToGroup", &[("GroupName", "g"), ("UserName", "u")]).await;
    let document = allow("iam:ListUsers", "*");
    did(&lab, "PutGroupPolicy", &[("GroupName", "g"), ("PolicyName", "p"), ("PolicyDocument", &document)])
        .await;
    did(&lab, "UpdateGroup", &[("GroupName", "g"), ("NewGroupName", "h"), ("NewPath", "/team/")]).await;
    assert_eq!(lab.query(&keys, "iam", "ListUsers", &[]).await.status, 200);
    let listed = did(&lab, "ListGroupsForUser", &[("UserName", "u")]).await;
    assert_eq!(listed.xml("Arn"), Some(format!("arn:aws:iam::{}:group/team/h", lab.account)));
    let gone = "The group with name g cannot be found.";
    fails(&lab, "UpdateGroup", &[("GroupName", "g")], 404, "NoSuchEntity", gone).await;
}

#[tokio::test]
async fn a_roles_settings_change_one_by_one() {
    let lab = Lab::new().await;
    let role = ("RoleName", "r");
    did(&lab, "CreateRole", &[role, ("AssumeRolePolicyDocument", EC2_TRUST), ("Description", "first")]).await;
    let updated = did(&lab, "UpdateRole", &[role, ("MaxSessionDuration", "7200")]).await;
    // Clients look for the element.
    assert!(updated.xml("UpdateRoleResult").is_some(), "{}", updated.text());
    let shown = did(&lab, "GetRole", &[role]).await;
    let fields = ["Description", "MaxSessionDuration"].map(|field| shown.xml(field).unwrap());
    assert_eq!(fields, ["first", "7200"]);
    did(&lab, "UpdateRole", &[role, ("Description", "")]).await;
    assert_eq!(did(&lab, "GetRole", &[role]).await.xml("Description").as_deref(), Some(""));
    let described = did(&lab, "UpdateRoleDescription", &[role, ("Description", "second")]).await;
    assert_eq!(described.xml("Description").as_deref(), Some("second"));
    let gone = "The role with name ghost cannot be found.";
    let ghost = [("RoleName", "ghost"), ("Description", "x")];
    fails(&lab, "UpdateRole", &ghost, 404, "NoSuchEntity", gone).await;
    fails(&lab, "UpdateRoleDescription", &ghost, 404, "NoSuchEntity", gone).await;
    let short = iam(&lab, "UpdateRole", &[role, ("MaxSessionDuration", "60")]).await;
    assert_eq!(short.error().0, "ValidationError");
    assert_eq!(iam(&lab, "UpdateRoleDescription", &[role]).await.error().0, "ValidationError");
}

#[tokio::test]
async fn who_has_a_policy_is_listed_by_kind_path_and_usage() {
    let lab = Lab::new().await;
    let document = allow("s3:*", "*");
    did(&lab, "CreatePolicy", &[("PolicyName", "p"), ("PolicyDocument", &document)]).await;
    let arn = format!("arn:aws:iam::{}:policy/p", lab.account);
    let policy = ("PolicyArn", arn.as_str());
    did(&lab, "CreateUser", &[("UserName", "u"), ("Path", "/team/")]).await;
    did(&lab, "AttachUserPolicy", &[("UserName", "u"), policy]).await;
    did(&lab, "CreateUser", &[("UserName", "bounded"), ("PermissionsBoundary", &arn)]).await;
    did(&lab, "CreateGroup", &[("GroupName", "g")]).await;
    did(&lab, "AttachGroupPolicy", &[("GroupName", "g"), policy]).await;
    did(&lab, "CreateRole", &[("RoleName", "r"), ("AssumeRolePolicyDocument", EC2_TRUST)]).await;
    did(&lab, "AttachRolePolicy", &[("RoleName", "r"), policy]).await;
    let listed = async |more: &[(&str, &str)]| {
        let parameters: Vec<_> = std::iter::once(policy).chain(more.iter().copied()).collect();
        let text = did(&lab, "ListEntitiesForPolicy", &parameters).await.text();
        let names = ["<GroupName>g<", "<UserName>u<", "<UserName>bounded<", "<RoleName>r<"];
        names.map(|name| text.contains(name))
    };
    assert_eq!(listed(&[]).await, [true; 4]);
    assert_eq!(listed(&[("EntityFilter", "User")]).await, [false, true, true, false]);
    assert_eq!(listed(&[("PathPrefix", "/team/")]).await, [false, true, false, false]);
    assert_eq!(listed(&[("PolicyUsageFilter", "PermissionsBoundary")]).await, [false, false, true, false]);
    assert_eq!(listed(&[("PolicyUsageFilter", "PermissionsPolicy")]).await, [true, true, false, true]);
    assert_eq!(listed(&[("MaxItems", "2")]).await, [true, false, false, true]);
    let ghost = format!("arn:aws:iam::{}:policy/ghost", lab.account);
    let gone = format!("Policy {ghost} was not found.");
    fails(&lab, "ListEntitiesForPolicy", &[("PolicyArn", &ghost)], 404, "NoSuchEntity", &gone).await;
    let unknown = iam(&lab, "ListEntitiesForPolicy", &[policy, ("EntityFilter", "Policy")]).await;
    assert_eq!(unknown.error().0, "ValidationError");
}

#[tokio::test]
async fn a_groups_policies_are_simulated_as_if_it_were_somebody() {
    let lab = Lab::new().await;
    did(&lab, "CreateGroup", &[("GroupName", "g")]).await;
    let document = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject",
        "Resource": "*", "Condition": {"StringEquals": {"s3:ExistingObjectTag/team": "red"}}}]});
    let document = document.to_string();
    did(&lab, "PutGroupPolicy", &[("GroupName", "g"), ("PolicyName", "p"), ("PolicyDocument", &document)])
        .await;
    let arn = format!("arn:aws:iam::{}:group/g", lab.account);
    let source = ("PolicySourceArn", arn.as_str());
    let keys = did(&lab, "GetContextKeysForPrincipalPolicy", &[source]).await;
    assert!(keys.text().contains("<member>s3:ExistingObjectTag/team</member>"), "{}", keys.text());
    let tag = [
        ("ContextEntries.member.1.ContextKeyName", "s3:ExistingObjectTag/team"),
        ("ContextEntries.member.1.ContextKeyType", "string"),
        ("ContextEntries.member.1.ContextKeyValues.member.1", "red"),
    ];
    let asked = [source, ("ActionNames.member.1", "s3:GetObject"), tag[0], tag[1], tag[2]];
    let allowed = did(&lab, "SimulatePrincipalPolicy", &asked).await;
    assert_eq!(allowed.xml("EvalDecision").as_deref(), Some("allowed"));
    assert_eq!(allowed.xml("SourcePolicyType").as_deref(), Some("group"));
    let denied = did(&lab, "SimulatePrincipalPolicy", &asked[..2]).await;
    assert_eq!(denied.xml("EvalDecision").as_deref(), Some("implicitDeny"));
    let policy = "arn:aws:iam::aws:policy/AdministratorAccess";
    let message = format!("Invalid Entity Arn: {policy} does not clearly define entity type and name.");
    let parameters = [("PolicySourceArn", policy), ("ActionNames.member.1", "s3:GetObject")];
    fails(&lab, "SimulatePrincipalPolicy", &parameters, 400, "InvalidInput", &message).await;
}

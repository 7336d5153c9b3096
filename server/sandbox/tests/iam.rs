//! IAM over the wire: what it accepts, what it refuses and with which words (`aws-semantics.md` §5; the messages are those
//! that AWS was recorded answering).
#![allow(clippy::unwrap_used)]

mod support;

use serde_json::{Value, json};
use support::{Answer, Keys, Lab};

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

#[tokio::test]
async fn a_policy_is_made_read_and_deleted() {
    let lab = Lab::new().await;
    let document = allow("s3:*", "arn:aws:s3:::b/ä *");
    let parameters = [
        ("PolicyName", "p"),
        ("Path", "/team/"),
        ("PolicyDocument", document.as_str()),
        ("Description", "<x> & y"),
    ];
    let made = did(&lab, "CreatePolicy", &parameters).await;
    let arn = format!("arn:aws:iam::{}:policy/team/p", lab.account);
    assert_eq!(made.xml("Arn"), Some(arn.clone()));
    assert!(made.xml("PolicyId").unwrap().starts_with("ANPA"));
    assert_eq!(made.xml("DefaultVersionId").as_deref(), Some("v1"));
    assert!(made.text().contains(r#"<CreatePolicyResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><CreatePolicyResult><Policy>"#));
    assert_eq!(made.xml("RequestId").unwrap(), made.request_id());
    let read = did(&lab, "GetPolicy", &[("PolicyArn", &arn)]).await;
    assert_eq!(read.xml("Description").as_deref(), Some("<x> & y"));
    let version = did(&lab, "GetPolicyVersion", &[("PolicyArn", &arn), ("VersionId", "v1")]).await;
    let encoded = version.xml("Document").unwrap();
    assert!(encoded.contains("b%2F%C3%A4%20%2A"), "{encoded}");
    assert_eq!(decode(&encoded), document);
    let deleted = did(&lab, "DeletePolicy", &[("PolicyArn", &arn)]).await;
    assert!(deleted.text().contains("<ResponseMetadata>") && !deleted.text().contains("DeletePolicyResult"));
    fails(
        &lab,
        "GetPolicy",
        &[("PolicyArn", &arn)],
        404,
        "NoSuchEntity",
        &format!("Policy {arn} was not found."),
    )
    .await;
}

#[tokio::test]
async fn a_policy_has_five_versions_and_one_in_force() {
    let lab = Lab::new().await;
    let document = allow("s3:*", "*");
    did(&lab, "CreatePolicy", &[("PolicyName", "p"), ("PolicyDocument", &document)]).await;
    let arn = format!("arn:aws:iam::{}:policy/p", lab.account);
    for number in 2..=5 {
        let default = if number == 2 { "true" } else { "false" };
        let parameters =
            [("PolicyArn", arn.as_str()), ("PolicyDocument", &document), ("SetAsDefault", default)];
        let made = did(&lab, "CreatePolicyVersion", &parameters).await;
        assert_eq!(made.xml("VersionId"), Some(format!("v{number}")));
        assert_eq!(made.xml("IsDefaultVersion").as_deref(), Some(default));
    }
    let sixth = [("PolicyArn", arn.as_str()), ("PolicyDocument", &document)];
    let message = "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.";
    fails(&lab, "CreatePolicyVersion", &sixth, 409, "LimitExceeded", message).await;
    let listed = did(&lab, "ListPolicyVersions", &[("PolicyArn", &arn)]).await.text();
    let places: Vec<usize> = ["v5", "v4", "v3", "v2", "v1"]
        .iter()
        .map(|id| listed.find(&format!("<VersionId>{id}<")).unwrap())
        .collect();
    assert!(places.is_sorted(), "newest first: {listed}");
    let version = |id| [("PolicyArn", arn.as_str()), ("VersionId", id)];
    fails(
        &lab,
        "DeletePolicyVersion",
        &version("v2"),
        409,
        "DeleteConflict",
        "Cannot delete the default version of a policy.",
    )
    .await;
    did(&lab, "SetDefaultPolicyVersion", &version("v4")).await;
    assert_eq!(
        did(&lab, "GetPolicy", &[("PolicyArn", &arn)]).await.xml("DefaultVersionId").as_deref(),
        Some("v4")
    );
    did(&lab, "DeletePolicyVersion", &version("v2")).await;
    let made = did(&lab, "CreatePolicyVersion", &sixth).await;
    assert_eq!(made.xml("VersionId").as_deref(), Some("v6"), "numbers are not reused");
    let absent = format!("Policy {arn} version v2 does not exist or is not attachable.");
    for action in ["GetPolicyVersion", "SetDefaultPolicyVersion", "DeletePolicyVersion"] {
        fails(&lab, action, &version("v2"), 404, "NoSuchEntity", &absent).await;
    }
    let pattern = r"1 validation error detected: Value at 'versionId' failed to satisfy constraint: Member must satisfy regular expression pattern: v[1-9][0-9]*(\.[A-Za-z0-9-]*)?";
    for id in ["v0", "1", "v1x", "v"] {
        fails(&lab, "GetPolicyVersion", &version(id), 400, "ValidationError", pattern).await;
    }
    let versions = "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.";
    fails(&lab, "DeletePolicy", &[("PolicyArn", &arn)], 409, "DeleteConflict", versions).await;
}

#[tokio::test]
async fn the_version_in_force_is_the_one_that_decides() {
    let lab = Lab::new().await;
    let keys = user(&lab, "u", None).await;
    did(&lab, "CreatePolicy", &[("PolicyName", "p"), ("PolicyDocument", &allow("iam:ListRoles", "*"))]).await;
    let arn = format!("arn:aws:iam::{}:policy/p", lab.account);
    did(&lab, "AttachUserPolicy", &[("UserName", "u"), ("PolicyArn", &arn)]).await;
    assert_eq!(lab.query(&keys, "iam", "ListRoles", &[]).await.status, 200);
    let other = allow("iam:ListUsers", "*");
    did(
        &lab,
        "CreatePolicyVersion",
        &[("PolicyArn", &arn), ("PolicyDocument", &other), ("SetAsDefault", "true")],
    )
    .await;
    let denied = lab.query(&keys, "iam", "ListRoles", &[]).await;
    let sentence = format!(
        "User: arn:aws:iam::{}:user/u is not authorized to perform: iam:ListRoles on resource: * because no identity-based policy allows the iam:ListRoles action",
        lab.account
    );
    assert_eq!((denied.status, denied.error()), (403, ("AccessDenied".into(), sentence)));
}

#[tokio::test]
async fn malformed_parameters_are_refused_in_iams_words() {
    let lab = Lab::new().await;
    let long = "n".repeat(129);
    let role = "r".repeat(65);
    let name_set = "It must contain only alphanumeric characters and/or the following: +=,.@_-";
    let null = |name: &str| {
        format!(
            "1 validation error detected: Value null at '{name}' failed to satisfy constraint: Member must not be null"
        )
    };
    let at = |name: &str, rule: &str| {
        format!(
            "1 validation error detected: Value at '{name}' failed to satisfy constraint: Member must {rule}"
        )
    };
    let document = allow("s3:*", "*");
    let cases: Vec<(&str, Vec<(&str, &str)>, String)> = vec![
        ("CreatePolicy", vec![("PolicyDocument", &document)], null("policyName")),
        ("CreatePolicy", vec![("PolicyName", "p")], null("policyDocument")),
        ("CreatePolicy", vec![("PolicyName", &long), ("PolicyDocument", &document)], at("policyName", "have length less than or equal to 128")),
        ("CreatePolicy", vec![("PolicyName", "p"), ("Path", "x"), ("PolicyDocument", &document)], "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.".into()),
        ("CreateRole", vec![("AssumeRolePolicyDocument", EC2_TRUST)], null("roleName")),
        ("CreateRole", vec![("RoleName", "r")], null("assumeRolePolicyDocument")),
        ("CreateRole", vec![("RoleName", &role), ("AssumeRolePolicyDocument", EC2_TRUST)], at("roleName", "have length less than or equal to 64")),
        ("CreateRole", vec![("RoleName", "a/b"), ("AssumeRolePolicyDocument", EC2_TRUST)], format!("The specified value for roleName is invalid. {name_set}")),
        ("CreateRole", vec![("RoleName", "r"), ("AssumeRolePolicyDocument", EC2_TRUST), ("MaxSessionDuration", "3599")], "1 validation error detected: Value '3599' at 'maxSessionDuration' failed to satisfy constraint: Member must have value greater than or equal to 3600".into()),
        ("GetRole", vec![("RoleName", "")], at("roleName", "have length greater than or equal to 1")),
        ("CreateUser", vec![("UserName", "a b")], format!("The specified value for userName is invalid. {name_set}")),
        ("AttachRolePolicy", vec![("RoleName", "r"), ("PolicyArn", "longpolicynamebutnoarn")], "ARN longpolicynamebutnoarn is not valid.".into()),
        ("AttachRolePolicy", vec![("RoleName", "r"), ("PolicyArn", "short")], at("policyArn", "have length greater than or equal to 20")),
        ("ListRoles", vec![("MaxItems", "0")], "1 validation error detected: Value '0' at 'maxItems' failed to satisfy constraint: Member must have value greater than or equal to 1".into()),
        ("ListPolicies", vec![("Scope", "Mine")], at("scope", "satisfy enum value set: [All, AWS, Local]")),
        ("UpdateAccessKey", vec![("AccessKeyId", "AKIAIOSFODNN7EXAMPLE"), ("Status", "Off")], at("status", "satisfy enum value set: [Active, Inactive]")),
    ];
    for (action, parameters, message) in &cases {
        fails(&lab, action, parameters, 400, "ValidationError", message).await;
    }
    fails(
        &lab,
        "CreateUniverse",
        &[],
        400,
        "InvalidAction",
        "The action CreateUniverse is not valid for this web service.",
    )
    .await;
}

#[tokio::test]
async fn malformed_documents_are_refused_and_nothing_is_stored() {
    let lab = Lab::new().await;
    let oversized = allow(&format!("s3:{}", "a".repeat(6_200)), "*");
    let cases = [
        ("CreatePolicy", "{", 400, "MalformedPolicyDocument", "Syntax errors in policy."),
        (
            "CreatePolicy",
            r#"{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}"#,
            400,
            "MalformedPolicyDocument",
            "Policy document must be version 2012-10-17 or greater.",
        ),
        (
            "CreatePolicy",
            r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"b"}}"#,
            400,
            "MalformedPolicyDocument",
            "Resource b must be in ARN format or \"*\".",
        ),
        ("CreatePolicy", &oversized, 409, "LimitExceeded", "Cannot exceed quota for PolicySize: 6144"),
        ("CreateRole", "{", 400, "MalformedPolicyDocument", "This policy contains invalid Json"),
    ];
    for (action, document, status, code, message) in cases {
        let parameters: Vec<(&str, &str)> = match action {
            "CreatePolicy" => vec![("PolicyName", "x"), ("PolicyDocument", document)],
            _ => vec![("RoleName", "x"), ("AssumeRolePolicyDocument", document)],
        };
        fails(&lab, action, &parameters, status, code, message).await;
    }
    let ghost = format!("arn:aws:iam::{}:role/ghost", lab.account);
    let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": ghost}, "Action": "sts:AssumeRole"}]}).to_string();
    let message = format!("Invalid principal in policy: \"AWS\":\"{ghost}\"");
    fails(
        &lab,
        "CreateRole",
        &[("RoleName", "x"), ("AssumeRolePolicyDocument", &trust)],
        400,
        "MalformedPolicyDocument",
        &message,
    )
    .await;
    assert!(!did(&lab, "ListPolicies", &[("Scope", "Local")]).await.text().contains("<member>"));
    assert!(!did(&lab, "ListRoles", &[]).await.text().contains("<member>"));
}

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
    assert!(denied.error().1.contains(":role/outside because no identity-based policy"));
}

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
async fn lists_come_in_pages() {
    let lab = Lab::new().await;
    for name in ["a", "b", "c"] {
        did(&lab, "CreateRole", &[("RoleName", name), ("AssumeRolePolicyDocument", EC2_TRUST)]).await;
    }
    let first = did(&lab, "ListRoles", &[("MaxItems", "2")]).await;
    assert_eq!(first.xml("IsTruncated").as_deref(), Some("true"));
    assert!(first.text().contains("<RoleName>b<") && !first.text().contains("<RoleName>c<"));
    let marker = first.xml("Marker").unwrap();
    let second = did(&lab, "ListRoles", &[("MaxItems", "2"), ("Marker", &marker)]).await;
    assert_eq!(second.xml("IsTruncated").as_deref(), Some("false"));
    assert!(second.text().contains("<RoleName>c<") && !second.text().contains("<RoleName>b<"));
    let all = did(&lab, "ListPolicies", &[("Scope", "AWS")]).await;
    assert!(all.text().contains("arn:aws:iam::aws:policy/AdministratorAccess"));
    assert_eq!(all.xml("AttachmentCount").as_deref(), Some("1"));
}

#[tokio::test]
async fn policies_of_aws_can_be_read_and_not_changed() {
    let lab = Lab::new().await;
    let arn = ("PolicyArn", "arn:aws:iam::aws:policy/AdministratorAccess");
    let read = did(&lab, "GetPolicy", &[arn]).await;
    assert_eq!(
        read.xml("Description").as_deref(),
        Some("Provides full access to AWS services and resources.")
    );
    assert!(
        decode(&did(&lab, "GetPolicyVersion", &[arn, ("VersionId", "v1")]).await.xml("Document").unwrap())
            .contains("\"Action\":\"*\"")
    );
    assert_eq!(iam(&lab, "DeletePolicy", &[arn]).await.status, 403);
    assert_eq!(
        iam(&lab, "CreatePolicyVersion", &[arn, ("PolicyDocument", &allow("s3:*", "*"))]).await.status,
        403
    );
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

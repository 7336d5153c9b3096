//! Managed policies and their versions; parameters and documents that are refused.

use serde_json::json;

use super::{EC2_TRUST, Pairs, allow, decode, did, fails, iam, user};
use crate::support::Lab;

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
        "User: arn:aws:iam::{}:user/u is not authorized to perform: iam:ListRoles on resource: arn:aws:iam::{}:role/ because no identity-based policy allows the iam:ListRoles action",
        lab.account, lab.account
    );
    assert_eq!((denied.status, denied.error()), (403, ("AccessDenied".into(), sentence)));
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
    let made_up = EC2_TRUST.replace("ec2.", "foo.");
    let message = "Invalid principal in policy: \"SERVICE\":\"foo.amazonaws.com\"";
    let create = [("RoleName", "x"), ("AssumeRolePolicyDocument", made_up.as_str())];
    fails(&lab, "CreateRole", &create, 400, "MalformedPolicyDocument", message).await;
    assert!(!did(&lab, "ListPolicies", &[("Scope", "Local")]).await.text().contains("<member>"));
    assert!(!did(&lab, "ListRoles", &[]).await.text().contains("<member>"));
    did(&lab, "CreateRole", &[("RoleName", "x"), ("AssumeRolePolicyDocument", EC2_TRUST)]).await;
    let update = [("RoleName", "x"), ("PolicyDocument", made_up.as_str())];
    fails(&lab, "UpdateAssumeRolePolicy", &update, 400, "MalformedPolicyDocument", message).await;
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
    // Admin's, among those that nobody holds.
    assert_eq!(all.text().matches("<AttachmentCount>1</AttachmentCount>").count(), 1);
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
    let cases: Vec<(&str, Pairs<'_>, String)> = vec![
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
        501,
        "NotImplemented",
        "The operation CreateUniverse is not implemented.",
    )
    .await;
}

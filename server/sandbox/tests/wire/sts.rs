//! STS over the wire: who may assume a role, for how long, and what the session may do (`aws-semantics.md` §5 and §7).

use crate::support::{Answer, Keys, Lab, account};
use serde_json::{Value, json};

/// Parameters or headers.
type Pairs<'a> = Vec<(&'a str, &'a str)>;

fn trust(principal: &Value, condition: Option<Value>) -> String {
    let mut statement = json!({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"});
    if let (Some(condition), Some(statement)) = (condition, statement.as_object_mut()) {
        statement.insert("Condition".into(), condition);
    }
    json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()
}

fn allow(action: &str, resource: &str) -> String {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}]}).to_string()
}

async fn did(lab: &Lab, keys: &Keys, service: &str, action: &str, parameters: &[(&str, &str)]) -> Answer {
    let answer = lab.query(keys, service, action, parameters).await;
    assert_eq!(answer.status, 200, "{action}: {}", answer.text());
    answer
}

/// A role that trusts the account and may list roles.
async fn role(lab: &Lab, name: &str, extra: &[(&str, &str)]) -> String {
    let account = json!({"AWS": format!("arn:aws:iam::{}:root", lab.account)});
    role_trusting(lab, name, &trust(&account, None), extra).await
}

async fn role_trusting(lab: &Lab, name: &str, trust: &str, extra: &[(&str, &str)]) -> String {
    let mut parameters = vec![("RoleName", name), ("AssumeRolePolicyDocument", trust)];
    parameters.extend_from_slice(extra);
    let made = did(lab, &lab.admin, "iam", "CreateRole", &parameters).await;
    let policy = allow("iam:List*", "*");
    let put = [("RoleName", name), ("PolicyName", "list"), ("PolicyDocument", policy.as_str())];
    did(lab, &lab.admin, "iam", "PutRolePolicy", &put).await;
    made.xml("Arn").unwrap()
}

async fn user(lab: &Lab, name: &str) -> Keys {
    did(lab, &lab.admin, "iam", "CreateUser", &[("UserName", name)]).await;
    let keys = did(lab, &lab.admin, "iam", "CreateAccessKey", &[("UserName", name)]).await;
    Keys {
        access_key_id: keys.xml("AccessKeyId").unwrap(),
        secret: keys.xml("SecretAccessKey").unwrap(),
        token: None,
    }
}

fn keys(answer: &Answer) -> Keys {
    Keys {
        access_key_id: answer.xml("AccessKeyId").unwrap(),
        secret: answer.xml("SecretAccessKey").unwrap(),
        token: answer.xml("SessionToken"),
    }
}

async fn refused(lab: &Lab, keys: &Keys, parameters: &[(&str, &str)]) -> (u16, String, String) {
    let answer = lab.query(keys, "sts", "AssumeRole", parameters).await;
    let (code, message) = answer.error();
    (answer.status, code, message)
}

fn denied(caller: &str, role: &str) -> (u16, String, String) {
    let message = format!("User: {caller} is not authorized to perform: sts:AssumeRole on resource: {role}");
    (403, "AccessDenied".into(), message)
}

#[tokio::test]
async fn a_session_has_the_permissions_of_its_role_and_says_who_it_is() {
    let lab = Lab::new().await;
    let arn = role(&lab, "r", &[("Path", "/app/")]).await;
    let assumed =
        did(&lab, &lab.admin, "sts", "AssumeRole", &[("RoleArn", &arn), ("RoleSessionName", "me@home")])
            .await;
    let session = format!("arn:aws:sts::{}:assumed-role/r/me@home", lab.account);
    assert_eq!(assumed.xml("Arn"), Some(session.clone()));
    assert!(assumed.xml("AccessKeyId").unwrap().starts_with("ASIA"));
    assert!(assumed.xml("AssumedRoleId").unwrap().ends_with(":me@home"));
    assert_eq!(assumed.xml("PackedPolicySize"), None);
    let who = did(&lab, &keys(&assumed), "sts", "GetCallerIdentity", &[]).await;
    assert_eq!((who.xml("Arn"), who.xml("Account")), (Some(session.clone()), Some(lab.account.clone())));
    assert_eq!(who.xml("UserId"), assumed.xml("AssumedRoleId"));
    did(&lab, &keys(&assumed), "iam", "ListRoles", &[]).await;
    let beyond = lab.query(&keys(&assumed), "iam", "CreateUser", &[("UserName", "x")]).await;
    assert_eq!(beyond.status, 403);
    assert!(
        beyond
            .error()
            .1
            .starts_with(&format!("User: {session} is not authorized to perform: iam:CreateUser"))
    );
}

#[tokio::test]
async fn who_may_assume_is_decided_by_trust_and_identity() {
    let lab = Lab::new().await;
    let arn = role(&lab, "r", &[]).await;
    let nobody = user(&lab, "nobody").await;
    let nobody_arn = format!("arn:aws:iam::{}:user/nobody", lab.account);
    let asked = [("RoleArn", arn.as_str()), ("RoleSessionName", "me")];
    assert_eq!(
        refused(&lab, &nobody, &asked).await,
        denied(&nobody_arn, &arn),
        "the trust policy only delegates"
    );
    let direct = role_trusting(&lab, "direct", &trust(&json!({"AWS": nobody_arn}), None), &[]).await;
    did(&lab, &nobody, "sts", "AssumeRole", &[("RoleArn", &direct), ("RoleSessionName", "me")]).await;
    let ec2 = role_trusting(&lab, "ec2", &trust(&json!({"Service": "ec2.amazonaws.com"}), None), &[]).await;
    let admin_arn = format!("arn:aws:iam::{}:user/Admin", lab.account);
    assert_eq!(
        refused(&lab, &lab.admin, &[("RoleArn", &ec2), ("RoleSessionName", "me")]).await,
        denied(&admin_arn, &ec2)
    );
    for ghost in [
        format!("arn:aws:iam::{}:role/ghost", lab.account),
        "arn:aws:iam::999999999999:role/r".into(),
        arn.replace("role/", "role/other/"),
    ] {
        assert_eq!(
            refused(&lab, &lab.admin, &[("RoleArn", &ghost), ("RoleSessionName", "me")]).await,
            denied(&admin_arn, &ghost)
        );
    }
}

#[tokio::test]
async fn across_accounts_both_sides_must_allow() {
    let lab = Lab::new().await;
    let (other, other_admin) = account(&lab.sandbox).await;
    let closed = role(&lab, "closed", &[]).await;
    let other_arn = format!("arn:aws:iam::{other}:user/Admin");
    assert_eq!(
        refused(&lab, &other_admin, &[("RoleArn", &closed), ("RoleSessionName", "me")]).await,
        denied(&other_arn, &closed)
    );
    let condition = json!({"StringEquals": {"sts:ExternalId": "secret-42"}});
    let open = role_trusting(&lab, "open", &trust(&json!({"AWS": other}), Some(condition)), &[]).await;
    let asked = [("RoleArn", open.as_str()), ("RoleSessionName", "me")];
    assert_eq!(
        refused(&lab, &other_admin, &asked).await,
        denied(&other_arn, &open),
        "without the external id"
    );
    let assumed =
        did(&lab, &other_admin, "sts", "AssumeRole", &[asked[0], asked[1], ("ExternalId", "secret-42")])
            .await;
    let who = did(&lab, &keys(&assumed), "sts", "GetCallerIdentity", &[]).await;
    assert_eq!(who.xml("Account"), Some(lab.account.clone()));
}

#[tokio::test]
async fn the_root_user_assumes_nothing() {
    let lab = Lab::new().await;
    let arn = role(&lab, "r", &[]).await;
    lab.sandbox.hold_account(&lab.account, "AKIAROOTROOTROOTROOT", "root-secret").await.unwrap();
    let root =
        Keys { access_key_id: "AKIAROOTROOTROOTROOT".into(), secret: "root-secret".into(), token: None };
    let who = did(&lab, &root, "sts", "GetCallerIdentity", &[]).await;
    assert_eq!(
        (who.xml("Arn"), who.xml("UserId")),
        (Some(format!("arn:aws:iam::{}:root", lab.account)), Some(lab.account.clone()))
    );
    let wanted = (403, "AccessDenied".into(), "Roles may not be assumed by root accounts.".into());
    assert_eq!(refused(&lab, &root, &[("RoleArn", &arn), ("RoleSessionName", "me")]).await, wanted);
}

#[tokio::test]
async fn malformed_parameters_are_refused_in_stss_words() {
    let lab = Lab::new().await;
    let arn = role(&lab, "r", &[("MaxSessionDuration", "7200")]).await;
    let long = "s".repeat(65);
    let detected = |rest: &str| format!("1 validation error detected: {rest}");
    let constraint = "failed to satisfy constraint: Member must";
    let cases: Vec<(Pairs<'_>, &str, String)> = vec![
        (
            vec![("RoleSessionName", "me")],
            "ValidationError",
            detected(&format!("Value null at 'roleArn' {constraint} not be null")),
        ),
        (
            vec![("RoleArn", &arn)],
            "ValidationError",
            detected(&format!("Value null at 'roleSessionName' {constraint} not be null")),
        ),
        (
            vec![("RoleArn", &arn), ("RoleSessionName", "Session1:2")],
            "ValidationError",
            detected(&format!(
                r"Value 'Session1:2' at 'roleSessionName' {constraint} satisfy regular expression pattern: [\w+=,.@-]*"
            )),
        ),
        (
            vec![("RoleArn", &arn), ("RoleSessionName", "s")],
            "ValidationError",
            detected(&format!(
                "Value 's' at 'roleSessionName' {constraint} have length greater than or equal to 2"
            )),
        ),
        (
            vec![("RoleArn", &arn), ("RoleSessionName", &long)],
            "ValidationError",
            detected(&format!(
                "Value '{long}' at 'roleSessionName' {constraint} have length less than or equal to 64"
            )),
        ),
        (
            vec![("RoleArn", "nothing-valid-in-here"), ("RoleSessionName", "me")],
            "ValidationError",
            "nothing-valid-in-here is invalid".into(),
        ),
        (
            vec![("RoleArn", "arn:a:::something/test-role"), ("RoleSessionName", "me")],
            "ValidationError",
            "arn:a:::something/test-role is invalid".into(),
        ),
        (
            vec![("RoleArn", &arn), ("RoleSessionName", "me"), ("DurationSeconds", "899")],
            "ValidationError",
            detected(&format!(
                "Value '899' at 'durationSeconds' {constraint} have value greater than or equal to 900"
            )),
        ),
        (
            vec![("RoleArn", &arn), ("RoleSessionName", "me"), ("DurationSeconds", "43201")],
            "ValidationError",
            detected(&format!(
                "Value '43201' at 'durationSeconds' {constraint} have value less than or equal to 43200"
            )),
        ),
        (
            vec![("RoleArn", &arn), ("RoleSessionName", "me"), ("DurationSeconds", "7201")],
            "ValidationError",
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.".into(),
        ),
        (
            vec![("RoleArn", &arn), ("RoleSessionName", "me"), ("Policy", "{")],
            "MalformedPolicyDocument",
            "Syntax errors in policy.".into(),
        ),
    ];
    for (parameters, code, message) in &cases {
        assert_eq!(
            refused(&lab, &lab.admin, parameters).await,
            (400, (*code).to_owned(), message.clone()),
            "{parameters:?}"
        );
    }
}

#[tokio::test]
async fn a_chained_session_lasts_an_hour_at_most() {
    let lab = Lab::new().await;
    let arn = role(&lab, "r", &[("MaxSessionDuration", "7200")]).await;
    let put = [("RoleName", "r"), ("PolicyName", "chain"), ("PolicyDocument", &allow("sts:AssumeRole", "*"))];
    did(&lab, &lab.admin, "iam", "PutRolePolicy", &put).await;
    let asked = [("RoleArn", arn.as_str()), ("RoleSessionName", "me"), ("DurationSeconds", "3601")];
    let first = did(&lab, &lab.admin, "sts", "AssumeRole", &asked).await;
    let wanted = (
        400,
        "ValidationError".into(),
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
            .into(),
    );
    assert_eq!(refused(&lab, &keys(&first), &asked).await, wanted);
    did(&lab, &keys(&first), "sts", "AssumeRole", &asked[..2]).await;
}

#[tokio::test]
async fn session_policies_narrow_a_session() {
    let lab = Lab::new().await;
    let arn = role(&lab, "r", &[]).await;
    let only_users = allow("iam:ListUsers", "*");
    did(&lab, &lab.admin, "iam", "CreatePolicy", &[("PolicyName", "users"), ("PolicyDocument", &only_users)])
        .await;
    let managed = format!("arn:aws:iam::{}:policy/users", lab.account);
    for extra in [("Policy", only_users.as_str()), ("PolicyArns.member.1.arn", managed.as_str())] {
        let assumed = did(
            &lab,
            &lab.admin,
            "sts",
            "AssumeRole",
            &[("RoleArn", &arn), ("RoleSessionName", "me"), extra],
        )
        .await;
        assert!(assumed.xml("PackedPolicySize").is_some());
        let session = keys(&assumed);
        did(&lab, &session, "iam", "ListUsers", &[]).await;
        let denied = lab.query(&session, "iam", "ListRoles", &[]).await;
        assert_eq!(denied.status, 403);
        assert!(
            denied.error().1.ends_with("because no session policy allows the iam:ListRoles action"),
            "{}",
            denied.text()
        );
    }
    let ghost = format!("arn:aws:iam::{}:policy/ghost", lab.account);
    let absent = refused(
        &lab,
        &lab.admin,
        &[("RoleArn", &arn), ("RoleSessionName", "me"), ("PolicyArns.member.1.arn", &ghost)],
    )
    .await;
    assert_eq!(absent.0, 400);
}

#[tokio::test]
async fn a_role_made_anew_does_not_revive_the_sessions_of_the_old_one() {
    let lab = Lab::new().await;
    role(&lab, "r", &[]).await;
    let session = lab.assume(&lab.admin, "r", "me").await;
    did(&lab, &lab.admin, "iam", "DeleteRolePolicy", &[("RoleName", "r"), ("PolicyName", "list")]).await;
    did(&lab, &lab.admin, "iam", "DeleteRole", &[("RoleName", "r")]).await;
    role(&lab, "r", &[]).await;
    assert_eq!(lab.query(&session, "iam", "ListRoles", &[]).await.status, 403);
}

#[tokio::test]
async fn nobody_can_be_denied_their_own_identity_and_keys_tell_their_account() {
    let lab = Lab::new().await;
    let nobody = user(&lab, "nobody").await;
    let deny = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "sts:*", "Resource": "*"}]}).to_string();
    did(
        &lab,
        &lab.admin,
        "iam",
        "PutUserPolicy",
        &[("UserName", "nobody"), ("PolicyName", "deny"), ("PolicyDocument", &deny)],
    )
    .await;
    did(&lab, &nobody, "sts", "GetCallerIdentity", &[]).await;
    let key = [("AccessKeyId", nobody.access_key_id.as_str())];
    assert_eq!(
        did(&lab, &lab.admin, "sts", "GetAccessKeyInfo", &key).await.xml("Account"),
        Some(lab.account.clone())
    );
    let denied = lab.query(&nobody, "sts", "GetAccessKeyInfo", &key).await;
    assert_eq!((denied.status, denied.error().0.as_str()), (403, "AccessDenied"));
    assert_eq!(
        lab.query(&lab.admin, "sts", "GetAccessKeyInfo", &[("AccessKeyId", "AKIAIOSFODNN7EXAMPLE")])
            .await
            .status,
        400
    );
}

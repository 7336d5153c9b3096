//! STS over the wire: the temporary credentials of users and of federated users (IAM User Guide,
//! `id_credentials_sts-comparison`, and the STS API reference).

use crate::support::{Answer, Keys, Lab};
use serde_json::{Value, json};

const BUCKET: &str = "trilock-tokens";

fn policy(statement: &Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": [statement]})
}

fn allow(actions: &[&str]) -> Value {
    policy(&json!({"Effect": "Allow", "Action": actions, "Resource": "*"}))
}

fn keys(answer: &Answer) -> Keys {
    assert_eq!(answer.status, 200, "{}", answer.text());
    Keys {
        access_key_id: answer.xml("AccessKeyId").unwrap(),
        secret: answer.xml("SecretAccessKey").unwrap(),
        token: answer.xml("SessionToken"),
    }
}

fn error(answer: &Answer) -> (u16, String, String) {
    let (code, message) = answer.error();
    (answer.status, code, message)
}

async fn session_token(lab: &Lab, user: &Keys) -> Keys {
    keys(&lab.query(user, "sts", "GetSessionToken", &[]).await)
}

async fn federate(lab: &Lab, user: &Keys, name: &str, policy: Option<&Value>) -> Keys {
    let policy = policy.map(Value::to_string);
    let mut parameters = vec![("Name", name)];
    parameters.extend(policy.as_deref().map(|policy| ("Policy", policy)));
    keys(&lab.query(user, "sts", "GetFederationToken", &parameters).await)
}

async fn who(lab: &Lab, keys: &Keys) -> (String, String) {
    let who = lab.query(keys, "sts", "GetCallerIdentity", &[]).await;
    (who.xml("Arn").unwrap(), who.xml("UserId").unwrap())
}

async fn bucket(lab: &Lab) {
    let made = lab.s3(&lab.admin, "PUT", &format!("/{BUCKET}"), &[], b"").await;
    assert_eq!(made.status, 200, "{}", made.text());
    let put = lab.s3(&lab.admin, "PUT", &format!("/{BUCKET}/key"), &[], b"text").await;
    assert_eq!(put.status, 200, "{}", put.text());
}

async fn read(lab: &Lab, keys: &Keys) -> u16 {
    lab.s3(keys, "GET", &format!("/{BUCKET}/key"), &[], b"").await.status
}

async fn remove_user(lab: &Lab, name: &str, keys: &Keys) {
    let calls: [(&str, Vec<(&str, &str)>); 3] = [
        ("DeleteAccessKey", vec![("UserName", name), ("AccessKeyId", &keys.access_key_id)]),
        ("DeleteUserPolicy", vec![("UserName", name), ("PolicyName", "inline")]),
        ("DeleteUser", vec![("UserName", name)]),
    ];
    for (action, parameters) in calls {
        let answer = lab.query(&lab.admin, "iam", action, &parameters).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
}

#[tokio::test]
async fn a_session_token_is_the_user_itself_except_to_iam_and_most_of_sts() {
    let lab = Lab::new().await;
    bucket(&lab).await;
    let user = lab.user("ann", allow(&["s3:GetObject", "iam:*", "sts:*"])).await;
    let session = session_token(&lab, &user).await;
    assert!(session.access_key_id.starts_with("ASIA"));
    assert_eq!(who(&lab, &session).await, who(&lab, &user).await);
    assert_eq!(read(&lab, &session).await, 200);
    let put = lab.s3(&session, "PUT", &format!("/{BUCKET}/key"), &[], b"").await;
    assert!(put.error().1.starts_with(&format!("User: arn:aws:iam::{}:user/ann is not", lab.account)));

    let closed =
        (403, "InvalidClientTokenId".into(), "The security token included in the request is invalid".into());
    assert_eq!(lab.query(&user, "iam", "ListUsers", &[]).await.status, 200);
    assert_eq!(error(&lab.query(&session, "iam", "ListUsers", &[]).await), closed);
    for (action, parameters) in [("GetSessionToken", &[][..]), ("GetFederationToken", &[("Name", "bob")])] {
        let message = format!("Cannot call {action} with session credentials");
        let answer = lab.query(&session, "sts", action, parameters).await;
        assert_eq!(error(&answer), (403, "AccessDenied".into(), message));
    }
}

#[tokio::test]
async fn nobody_can_be_denied_a_session_token_and_its_user_is_denied_what_it_was() {
    let lab = Lab::new().await;
    bucket(&lab).await;
    let user = lab.user("ann", policy(&json!({"Effect": "Deny", "Action": "*", "Resource": "*"}))).await;
    let session = session_token(&lab, &user).await;
    assert_eq!(read(&lab, &session).await, 403);
    let permit = allow(&["s3:GetObject"]).to_string();
    let put = [("UserName", "ann"), ("PolicyName", "inline"), ("PolicyDocument", permit.as_str())];
    assert_eq!(lab.query(&lab.admin, "iam", "PutUserPolicy", &put).await.status, 200);
    assert_eq!(read(&lab, &session).await, 200, "policies are read at the call, not at the issue");
}

#[tokio::test]
async fn a_condition_can_tell_temporary_credentials() {
    let lab = Lab::new().await;
    bucket(&lab).await;
    for (operator, key, value, long_term, temporary) in [
        ("Null", "aws:TokenIssueTime", "false", 403, 200),
        ("Null", "aws:TokenIssueTime", "true", 200, 403),
        ("Bool", "aws:MultiFactorAuthPresent", "false", 403, 200),
        ("BoolIfExists", "aws:MultiFactorAuthPresent", "false", 200, 200),
        ("Bool", "aws:MultiFactorAuthPresent", "true", 403, 403),
    ] {
        let name = format!("{operator}-{value}-{}", &key[4..7]);
        let statement = json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Condition": {operator: {key: value}}});
        let user = lab.user(&name, policy(&statement)).await;
        assert_eq!(read(&lab, &user).await, long_term, "{name}");
        assert_eq!(read(&lab, &session_token(&lab, &user).await).await, temporary, "{name}");
    }
}

#[tokio::test]
async fn tokens_end_with_their_user_and_cannot_be_forged_or_lent() {
    let lab = Lab::new().await;
    bucket(&lab).await;
    let user = lab.user("ann", allow(&["s3:GetObject", "sts:GetFederationToken"])).await;
    let session = session_token(&lab, &user).await;
    let federated = federate(&lab, &user, "bob", Some(&allow(&["s3:GetObject"]))).await;
    let mixed =
        Keys { token: session.token.clone(), ..keys(&lab.query(&user, "sts", "GetSessionToken", &[]).await) };
    let mut letters = session.token.clone().unwrap().into_bytes();
    letters[20] = if letters[20] == b'A' { b'B' } else { b'A' };
    let forged = Keys {
        access_key_id: session.access_key_id.clone(),
        secret: session.secret.clone(),
        token: Some(String::from_utf8(letters).unwrap()),
    };
    for bad in [&mixed, &forged] {
        assert_eq!(lab.query(bad, "sts", "GetCallerIdentity", &[]).await.status, 403);
        assert_eq!(read(&lab, bad).await, 400, "InvalidToken");
    }
    assert_eq!((read(&lab, &session).await, read(&lab, &federated).await), (200, 200));
    remove_user(&lab, "ann", &user).await;
    lab.user("ann", allow(&["s3:GetObject"])).await;
    assert_ne!(read(&lab, &session).await, 200, "one made anew under the same name is another");
    assert_ne!(read(&lab, &federated).await, 200);
}

#[tokio::test]
async fn a_federated_user_may_do_what_both_its_policy_and_its_users_policies_allow() {
    let lab = Lab::new().await;
    bucket(&lab).await;
    let user = lab.user("ann", allow(&["s3:GetObject", "sts:*", "iam:*"])).await;
    let arn = format!("arn:aws:sts::{}:federated-user/bob", lab.account);
    let both = federate(&lab, &user, "bob", Some(&allow(&["s3:*", "sts:*", "iam:*"]))).await;
    assert_eq!(who(&lab, &both).await, (arn.clone(), format!("{}:bob", lab.account)));
    assert_eq!(read(&lab, &both).await, 200);
    let put = lab.s3(&both, "PUT", &format!("/{BUCKET}/key"), &[], b"").await;
    assert_eq!(
        error(&put).2,
        format!(
            "User: {arn} is not authorized to perform: s3:PutObject on resource: \"arn:aws:s3:::{BUCKET}/key\" because no \
             identity-based policy allows the s3:PutObject action"
        )
    );
    let narrow = federate(&lab, &user, "bob", Some(&allow(&["s3:PutObject"]))).await;
    let get = lab.s3(&narrow, "GET", &format!("/{BUCKET}/key"), &[], b"").await;
    assert!(
        get.error().1.ends_with("because no session policy allows the s3:GetObject action"),
        "{}",
        get.text()
    );
    let none = federate(&lab, &user, "bob", None).await;
    assert_eq!(read(&lab, &none).await, 403, "without a session policy it may do nothing");

    assert_eq!(error(&lab.query(&both, "iam", "ListUsers", &[]).await).1, "InvalidClientTokenId");
    let role = format!("arn:aws:iam::{}:role/any", lab.account);
    let assume =
        lab.query(&both, "sts", "AssumeRole", &[("RoleArn", &role), ("RoleSessionName", "me")]).await;
    assert_eq!(error(&assume).1, "AccessDenied");
    assert_eq!(lab.query(&both, "sts", "GetSessionToken", &[]).await.status, 403);
}

#[tokio::test]
async fn a_bucket_policy_gives_to_a_federated_user_by_name() {
    let lab = Lab::new().await;
    bucket(&lab).await;
    let user = lab.user("ann", allow(&["sts:GetFederationToken"])).await;
    let bob = federate(&lab, &user, "bob", None).await;
    let carol = federate(&lab, &user, "carol", None).await;
    let principal = format!("arn:aws:sts::{}:federated-user/bob", lab.account);
    let document = policy(&json!({
        "Effect": "Allow", "Principal": {"AWS": principal}, "Action": "s3:GetObject", "Resource": format!("arn:aws:s3:::{BUCKET}/*")
    }));
    let put =
        lab.s3(&lab.admin, "PUT", &format!("/{BUCKET}?policy"), &[], document.to_string().as_bytes()).await;
    assert_eq!(put.status, 204, "{}", put.text());
    assert_eq!((read(&lab, &bob).await, read(&lab, &carol).await), (200, 403));
}

#[tokio::test]
async fn federation_needs_permission_and_sound_parameters() {
    let lab = Lab::new().await;
    let nobody = lab.user("nobody", Value::Null).await;
    let denied = lab.query(&nobody, "sts", "GetFederationToken", &[("Name", "bob")]).await;
    let account = &lab.account;
    assert_eq!(
        error(&denied),
        (
            403,
            "AccessDenied".into(),
            format!(
                "User: arn:aws:iam::{account}:user/nobody is not authorized to perform: sts:GetFederationToken on resource: \
                 arn:aws:sts::{account}:federated-user/bob"
            )
        )
    );
    for bad in [
        vec![],
        vec![("Name", "b")],
        vec![("Name", "no spaces")],
        vec![("Name", "bob"), ("DurationSeconds", "899")],
        vec![("Name", "bob"), ("DurationSeconds", "129601")],
        vec![("Name", "bob"), ("Policy", "{")],
        vec![("Name", "bob"), ("PolicyArns.member.1.arn", "arn:aws:iam::aws:policy/NoSuchPolicy")],
        vec![("Name", "bob"), ("Tags.member.1.Key", "k")],
    ] {
        let answer = lab.query(&lab.admin, "sts", "GetFederationToken", &bad).await;
        assert_eq!(answer.status, 400, "{bad:?}: {}", answer.text());
    }
    for bad in [("DurationSeconds", "1"), ("NoSuchParameter", "x")] {
        assert_eq!(lab.query(&lab.admin, "sts", "GetSessionToken", &[bad]).await.status, 400, "{bad:?}");
    }
}

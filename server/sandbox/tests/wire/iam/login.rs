//! Login profiles and passwords (IAM User Guide, `id_credentials_passwords`).

use serde_json::json;

use super::{allow, did, fails, iam, user};
use crate::support::{Lab, account};

const VIOLATION: &str = "Password does not conform to the account password policy.";

#[tokio::test]
async fn a_user_gets_a_password_that_nothing_shows_again() {
    let lab = Lab::new().await;
    user(&lab, "u", None).await;
    let name = ("UserName", "u");
    let missing = "Login Profile for User u cannot be found.";
    fails(&lab, "GetLoginProfile", &[name], 404, "NoSuchEntity", missing).await;
    fails(&lab, "UpdateLoginProfile", &[name], 404, "NoSuchEntity", missing).await;
    fails(&lab, "DeleteLoginProfile", &[name], 404, "NoSuchEntity", missing).await;
    let password = ("Password", "Correct-Horse-1");
    let made = did(&lab, "CreateLoginProfile", &[name, password, ("PasswordResetRequired", "true")]).await;
    assert_eq!(made.xml("PasswordResetRequired").as_deref(), Some("true"));
    let taken = "Login Profile for user u already exists.";
    fails(&lab, "CreateLoginProfile", &[name, password], 409, "EntityAlreadyExists", taken).await;
    // What is not said stays.
    did(&lab, "UpdateLoginProfile", &[name, ("Password", "Correct-Horse-2")]).await;
    let shown = did(&lab, "GetLoginProfile", &[name]).await;
    assert_eq!(shown.xml("PasswordResetRequired").as_deref(), Some("true"));
    assert!(!shown.text().contains("Horse"), "{}", shown.text());
    did(&lab, "UpdateLoginProfile", &[name, ("PasswordResetRequired", "false")]).await;
    let shown = did(&lab, "GetLoginProfile", &[name]).await;
    assert_eq!(shown.xml("PasswordResetRequired").as_deref(), Some("false"));
    let keys = did(&lab, "ListAccessKeys", &[name]).await.xml("AccessKeyId").unwrap();
    did(&lab, "DeleteAccessKey", &[name, ("AccessKeyId", &keys)]).await;
    let conflict = "Cannot delete entity, must delete login profile first.";
    fails(&lab, "DeleteUser", &[name], 409, "DeleteConflict", conflict).await;
    did(&lab, "DeleteLoginProfile", &[name]).await;
    did(&lab, "DeleteUser", &[name]).await;
}

#[tokio::test]
async fn passwords_conform_to_the_accounts_policy() {
    let lab = Lab::new().await;
    user(&lab, "u", None).await;
    let with = |password: &'static str| [("UserName", "u"), ("Password", password)];
    for password in ["short1!", "onlysmallletters1"] {
        fails(&lab, "CreateLoginProfile", &with(password), 400, "PasswordPolicyViolation", VIOLATION).await;
    }
    did(&lab, "CreateLoginProfile", &with("Three-kinds")).await;
    let policy =
        [("MinimumPasswordLength", "12"), ("RequireNumbers", "true"), ("PasswordReusePrevention", "2")];
    did(&lab, "UpdateAccountPasswordPolicy", &policy).await;
    fails(&lab, "UpdateLoginProfile", &with("Three-kinds-of"), 400, "PasswordPolicyViolation", VIOLATION)
        .await;
    for password in ["number-one-1", "number-two-2"] {
        did(&lab, "UpdateLoginProfile", &with(password)).await;
        fails(&lab, "UpdateLoginProfile", &with("number-one-1"), 400, "PasswordPolicyViolation", VIOLATION)
            .await;
    }
    did(&lab, "UpdateLoginProfile", &with("number-three-3")).await;
    did(&lab, "UpdateLoginProfile", &with("number-one-1")).await;
    let null = "1 validation error detected: Value null at 'password' failed to satisfy constraint: Member must not be null";
    fails(&lab, "CreateLoginProfile", &[("UserName", "u")], 400, "ValidationError", null).await;
    let pattern = r"1 validation error detected: Value at 'password' failed to satisfy constraint: Member must satisfy regular expression pattern: [\u0009\u000A\u000D\u0020-\u00FF]+";
    fails(&lab, "UpdateLoginProfile", &with("Correct-Horse-€1"), 400, "ValidationError", pattern).await;
}

#[tokio::test]
async fn users_change_their_own_password_when_the_account_lets_them() {
    let lab = Lab::new().await;
    let keys = user(&lab, "u", None).await;
    did(&lab, "UpdateAccountPasswordPolicy", &[("AllowUsersToChangePassword", "true")]).await;
    let change = async |old: &str, new: &str| {
        let answer =
            lab.query(&keys, "iam", "ChangePassword", &[("OldPassword", old), ("NewPassword", new)]).await;
        (answer.status, answer.error())
    };
    let (status, (code, message)) = change("first-1", "second-2").await;
    assert_eq!((status, code.as_str()), (404, "NoSuchEntity"));
    assert_eq!(message, "Login Profile for User u cannot be found.");
    let first = [("UserName", "u"), ("Password", "first-1"), ("PasswordResetRequired", "true")];
    did(&lab, "CreateLoginProfile", &first).await;
    assert_eq!(change("wrong-1", "second-2").await.1.0, "AccessDenied");
    assert_eq!(change("first-1", "x").await, (400, ("PasswordPolicyViolation".into(), VIOLATION.into())));
    assert_eq!(change("first-1", "second-2").await.0, 200);
    assert_eq!(change("first-1", "third-3").await.0, 403);
    let shown = did(&lab, "GetLoginProfile", &[("UserName", "u")]).await;
    assert_eq!(shown.xml("PasswordResetRequired").as_deref(), Some("false"));
    // Not anybody else's, and not without the policy.
    let others = lab.query(&keys, "iam", "UpdateLoginProfile", &[("UserName", "Admin")]).await;
    assert_eq!(others.status, 403);
    did(&lab, "DeleteAccountPasswordPolicy", &[]).await;
    let (status, (_, message)) = change("second-2", "Third-password-3").await;
    assert_eq!(status, 403);
    assert!(
        message.contains("not authorized to perform: iam:ChangePassword on resource: user u"),
        "{message}"
    );
    let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Principal": {"AWS": format!("arn:aws:iam::{}:root", lab.account)}, "Action": "sts:AssumeRole"}]});
    did(&lab, "CreateRole", &[("RoleName", "r"), ("AssumeRolePolicyDocument", &trust.to_string())]).await;
    let session = lab.assume(&lab.admin, "r", "session").await;
    let parameters = [("OldPassword", "a"), ("NewPassword", "b")];
    let answer = lab.query(&session, "iam", "ChangePassword", &parameters).await;
    assert_eq!((answer.status, answer.error().0.as_str()), (400, "InvalidUserType"));
}

#[tokio::test]
async fn the_credential_report_tells_of_passwords() {
    let lab = Lab::new().await;
    user(&lab, "u", None).await;
    did(&lab, "CreateLoginProfile", &[("UserName", "u"), ("Password", "Correct-Horse-1")]).await;
    did(&lab, "UpdateAccountPasswordPolicy", &[("MaxPasswordAge", "30")]).await;
    did(&lab, "GenerateCredentialReport", &[]).await;
    let lines = super::reports::report(&lab).await;
    let line = lines.iter().find(|line| line[0] == "u").unwrap();
    assert_eq!(line[3..5], ["true", "no_information"]);
    assert!(line[6] > line[5] && line[6].ends_with('Z'), "{line:?}");
    assert_eq!(lines.iter().find(|line| line[0] == "Admin").unwrap()[3..7], ["false", "N/A", "N/A", "N/A"]);
}

#[tokio::test]
async fn a_password_is_its_users_alone() {
    let lab = Lab::new().await;
    let (_, other) = account(&lab.sandbox).await;
    let keys = user(&lab, "u", Some(&allow("iam:CreateLoginProfile", "*"))).await;
    // Without a name: the caller.
    let own = lab.query(&keys, "iam", "CreateLoginProfile", &[("Password", "Correct-Horse-1")]).await;
    assert_eq!(own.xml("UserName").as_deref(), Some("u"), "{}", own.text());
    let elsewhere = lab.query(&other, "iam", "GetLoginProfile", &[("UserName", "u")]).await;
    assert_eq!((elsewhere.status, elsewhere.error().0.as_str()), (404, "NoSuchEntity"));
    assert_eq!(iam(&lab, "GetLoginProfile", &[("UserName", "ghost")]).await.status, 404);
}

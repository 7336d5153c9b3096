//! MFA devices, and what their codes open (IAM User Guide, `id_credentials_mfa`).

use serde_json::json;

use super::{did, fails, iam, user};
use crate::support::phone::Phone;
use crate::support::{Answer, Keys, Lab};

const INVALID: &str = "MultiFactorAuthentication failed with invalid MFA one time pass code. ";
const UNABLE: &str = "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is \
    valid and associated with this user.";

fn keys(answer: &Answer) -> Keys {
    assert_eq!(answer.status, 200, "{}", answer.text());
    Keys {
        access_key_id: answer.xml("AccessKeyId").unwrap(),
        secret: answer.xml("SecretAccessKey").unwrap(),
        token: answer.xml("SessionToken"),
    }
}

#[tokio::test]
async fn a_device_is_made_given_and_taken_back() {
    let lab = Lab::new().await;
    user(&lab, "u", None).await;
    user(&lab, "v", None).await;
    let phone = Phone::new(&lab, "phone").await;
    let serial = ("SerialNumber", phone.serial.as_str());
    assert_eq!(phone.serial, format!("arn:aws:iam::{}:mfa/phone", lab.account));
    let again = [("VirtualMFADeviceName", "phone")];
    let exists = "MFA device already exists.";
    fails(&lab, "CreateVirtualMFADevice", &again, 409, "EntityAlreadyExists", exists).await;
    let codes = [phone.code(0), phone.code(1)];
    let wrong = phone.with_codes(&lab, "EnableMFADevice", "u", [&codes[1], &codes[0]], 403).await;
    assert_eq!(
        wrong.error(),
        ("InvalidAuthenticationCode".into(), "Authentication code for device is not valid.".into())
    );
    phone.with_codes(&lab, "EnableMFADevice", "u", [&codes[0], &codes[1]], 200).await;
    let own = phone.with_codes(&lab, "EnableMFADevice", "u", [&codes[0], &codes[1]], 409).await;
    assert_eq!(own.error().1, "MFA Device for user u already exists.");
    let other = phone.with_codes(&lab, "EnableMFADevice", "v", [&codes[0], &codes[1]], 409).await;
    assert_eq!(other.error().1, "MFA Device is already in use.");
    let listed = did(&lab, "ListMFADevices", &[("UserName", "u")]).await;
    assert_eq!(listed.xml("SerialNumber").as_deref(), Some(phone.serial.as_str()));
    assert!(!did(&lab, "ListMFADevices", &[("UserName", "v")]).await.text().contains("<member>"));
    let assigned = did(&lab, "ListVirtualMFADevices", &[("AssignmentStatus", "Assigned")]).await;
    assert!(
        assigned.text().contains("<UserName>u<") && !assigned.text().contains("Seed"),
        "{}",
        assigned.text()
    );
    let unassigned = did(&lab, "ListVirtualMFADevices", &[("AssignmentStatus", "Unassigned")]).await;
    assert!(!unassigned.text().contains("<member>"));
    did(&lab, "GenerateCredentialReport", &[]).await;
    let lines = super::reports::report(&lab).await;
    let active = |name: &str| lines.iter().find(|line| line[0] == name).unwrap()[7].clone();
    assert_eq!((active("u").as_str(), active("v").as_str()), ("true", "false"));
    let in_use = "MFA VirtualDevice in use. Must deactivate first.";
    fails(&lab, "DeleteVirtualMFADevice", &[serial], 409, "DeleteConflict", in_use).await;
    let access_key = did(&lab, "ListAccessKeys", &[("UserName", "u")]).await.xml("AccessKeyId").unwrap();
    did(&lab, "DeleteAccessKey", &[("UserName", "u"), ("AccessKeyId", &access_key)]).await;
    let tokens = "Cannot delete entity, must remove tokens from principal first.";
    fails(&lab, "DeleteUser", &[("UserName", "u")], 409, "DeleteConflict", tokens).await;
    // A pair counts once, a later one synchronizes anew.
    phone.with_codes(&lab, "ResyncMFADevice", "u", [&codes[0], &codes[1]], 403).await;
    phone.with_codes(&lab, "ResyncMFADevice", "u", [&phone.code(40), &phone.code(41)], 200).await;
    let of_v = [("UserName", "v"), serial];
    fails(&lab, "DeactivateMFADevice", &of_v, 404, "NoSuchEntity", "MFA Device invalid for user.").await;
    did(&lab, "DeactivateMFADevice", &[("UserName", "u"), serial]).await;
    did(&lab, "DeleteVirtualMFADevice", &[serial]).await;
    let gone = format!("MFA Device with serial number {} does not exist.", phone.serial);
    fails(&lab, "DeleteVirtualMFADevice", &[serial], 404, "NoSuchEntity", &gone).await;
    did(&lab, "DeleteUser", &[("UserName", "u")]).await;
}

#[tokio::test]
async fn devices_have_tags_and_parameters_are_checked() {
    let lab = Lab::new().await;
    let tag = [("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "red")];
    let made = did(
        &lab,
        "CreateVirtualMFADevice",
        &[("VirtualMFADeviceName", "phone"), ("Path", "/team/"), tag[0], tag[1]],
    )
    .await;
    let serial = made.xml("SerialNumber").unwrap();
    assert!(serial.ends_with(":mfa/team/phone"), "{serial}");
    let serial = ("SerialNumber", serial.as_str());
    let more = [serial, ("Tags.member.1.Key", "floor"), ("Tags.member.1.Value", "3")];
    did(&lab, "TagMFADevice", &more).await;
    did(&lab, "UntagMFADevice", &[serial, ("TagKeys.member.1", "team")]).await;
    let tags = did(&lab, "ListMFADeviceTags", &[serial]).await.text();
    assert!(tags.contains("<Key>floor</Key><Value>3</Value>") && !tags.contains("team"), "{tags}");
    user(&lab, "u", None).await;
    let asked =
        [("UserName", "u"), serial, ("AuthenticationCode1", "12345"), ("AuthenticationCode2", "abcdef")];
    let at = |name: &str, rule: &str| {
        format!("Value at '{name}' failed to satisfy constraint: Member must {rule}")
    };
    let message = format!(
        "2 validation errors detected: {}; {}",
        at("authenticationCode1", "have length greater than or equal to 6"),
        at("authenticationCode2", r"satisfy regular expression pattern: [\d]+")
    );
    fails(&lab, "EnableMFADevice", &asked, 400, "ValidationError", &message).await;
    let status = iam(&lab, "ListVirtualMFADevices", &[("AssignmentStatus", "Lost")]).await;
    assert_eq!(status.error().0, "ValidationError");
    let fido = iam(&lab, "GetMFADevice", &[serial]).await;
    assert_eq!((fido.status, fido.error().0.as_str()), (501, "NotImplemented"));
}

/// A user who may do everything once it has shown its device, and no more than to get there without.
async fn careful_user(lab: &Lab) -> Keys {
    let document = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "NotAction": ["sts:GetSessionToken"], "Resource": "*",
         "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}},
    ]});
    user(lab, "careful", Some(&document.to_string())).await
}

#[tokio::test]
async fn a_code_opens_what_a_policy_keeps_for_mfa() {
    let lab = Lab::new().await;
    let long_term = careful_user(&lab).await;
    let phone = Phone::new(&lab, "phone").await;
    phone.enable(&lab, "careful").await;
    let get = async |keys: &Keys, code: Option<&str>| {
        let mut parameters = Vec::new();
        if let Some(code) = code {
            parameters.extend([("SerialNumber", phone.serial.as_str()), ("TokenCode", code)]);
        }
        lab.query(keys, "sts", "GetSessionToken", &parameters).await
    };
    let without = keys(&get(&long_term, None).await);
    assert_eq!(lab.s3(&without, "GET", "/", &[], b"").await.status, 403);
    assert_eq!(lab.query(&without, "iam", "ListUsers", &[]).await.status, 403);
    let code = phone.code(2);
    let with = keys(&get(&long_term, Some(&code)).await);
    assert_eq!(lab.s3(&with, "GET", "/", &[], b"").await.status, 200);
    // IAM is closed to session tokens without MFA, and open to those with.
    assert_eq!(lab.query(&with, "iam", "ListUsers", &[]).await.status, 200);
    let again = get(&long_term, Some(&code)).await;
    assert_eq!((again.status, again.error()), (403, ("AccessDenied".into(), INVALID.into())));
    let mallory = user(&lab, "mallory", None).await;
    let others = get(&mallory, Some(&phone.code(3))).await;
    assert_eq!((others.status, others.error().1.as_str()), (403, UNABLE));
    let alone = lab.query(&long_term, "sts", "GetSessionToken", &[("SerialNumber", &phone.serial)]).await;
    assert_eq!(
        alone.error().1,
        "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code."
    );
    let malformed = get(&long_term, Some("12345")).await;
    assert_eq!(malformed.error().0, "ValidationError");
}

#[tokio::test]
async fn the_age_of_the_code_can_be_limited() {
    let lab = Lab::new().await;
    let fresh = |seconds: &str| {
        json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:ListUsers", "Resource": "*",
            "Condition": {"NumericLessThan": {"aws:MultiFactorAuthAge": seconds}}}]})
        .to_string()
    };
    let long_term = user(&lab, "u", Some(&fresh("3600"))).await;
    assert_eq!(
        lab.query(&long_term, "iam", "ListUsers", &[]).await.status,
        403,
        "without MFA there is no age"
    );
    let phone = Phone::new(&lab, "phone").await;
    phone.enable(&lab, "u").await;
    let parameters = [("SerialNumber", phone.serial.as_str()), ("TokenCode", &phone.code(2))];
    let session = keys(&lab.query(&long_term, "sts", "GetSessionToken", &parameters).await);
    assert_eq!(lab.query(&session, "iam", "ListUsers", &[]).await.status, 200);
    let document = fresh("0");
    let parameters = [("UserName", "u"), ("PolicyName", "inline"), ("PolicyDocument", document.as_str())];
    did(&lab, "PutUserPolicy", &parameters).await;
    assert_eq!(lab.query(&session, "iam", "ListUsers", &[]).await.status, 403);
}

#[tokio::test]
async fn a_trust_policy_can_ask_for_mfa() {
    let lab = Lab::new().await;
    let assume = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": ["sts:AssumeRole"], "Resource": "*"}]});
    let keys_of_u = user(&lab, "u", Some(&assume.to_string())).await;
    let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Principal": {"AWS": format!("arn:aws:iam::{}:user/u", lab.account)}, "Action": "sts:AssumeRole",
        "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}]});
    did(&lab, "CreateRole", &[("RoleName", "r"), ("AssumeRolePolicyDocument", &trust.to_string())]).await;
    let document = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"},
        {"Effect": "Allow", "Action": "iam:ListUsers", "Resource": "*",
         "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}]});
    let put = [("RoleName", "r"), ("PolicyName", "p"), ("PolicyDocument", &document.to_string())];
    did(&lab, "PutRolePolicy", &put).await;
    let phone = Phone::new(&lab, "phone").await;
    phone.enable(&lab, "u").await;
    let arn = format!("arn:aws:iam::{}:role/r", lab.account);
    let role = [("RoleArn", arn.as_str()), ("RoleSessionName", "session")];
    assert_eq!(lab.query(&keys_of_u, "sts", "AssumeRole", &role).await.status, 403);
    let code = phone.code(2);
    let parameters = [role[0], role[1], ("SerialNumber", &phone.serial), ("TokenCode", &code)];
    let session = keys(&lab.query(&keys_of_u, "sts", "AssumeRole", &parameters).await);
    assert_eq!(lab.s3(&session, "GET", "/", &[], b"").await.status, 200);
    assert_eq!(lab.query(&session, "iam", "ListUsers", &[]).await.status, 403, "the session carries no MFA");
    let again = lab.query(&keys_of_u, "sts", "AssumeRole", &parameters).await;
    assert_eq!(again.error().1, INVALID);
}

#[tokio::test]
async fn whoever_has_a_device_needs_it_to_change_its_own() {
    let lab = Lab::new().await;
    let own = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:*", "Resource": "*"}]});
    let long_term = user(&lab, "u", Some(&own.to_string())).await;
    let phone = Phone::new(&lab, "phone").await;
    let serial = ("SerialNumber", phone.serial.as_str());
    // The first device is enabled without one.
    let parameters = [
        ("UserName", "u"),
        serial,
        ("AuthenticationCode1", &phone.code(0)),
        ("AuthenticationCode2", &phone.code(1)),
    ];
    assert_eq!(lab.query(&long_term, "iam", "EnableMFADevice", &parameters).await.status, 200);
    let deactivate = [("UserName", "u"), serial];
    let refused = lab.query(&long_term, "iam", "DeactivateMFADevice", &deactivate).await;
    assert_eq!(
        (refused.status, refused.error().1.as_str()),
        (
            403,
            "To complete this action, please ensure that you are authenticated with an MFA device that is enabled for \
             this user."
        )
    );
    let shown = [serial, ("TokenCode", &phone.code(2))];
    let session = keys(&lab.query(&long_term, "sts", "GetSessionToken", &shown).await);
    // Without a name: the caller.
    assert_eq!(lab.query(&session, "iam", "DeactivateMFADevice", &[serial]).await.status, 200);
}

//! Who may do what in KMS: every operation without permission, key policies, other accounts.

use std::collections::BTreeSet;

use crate::support::steps::{assert_refused, key, kms, text};
use crate::support::{Lab, account};
use serde_json::{Value, json};

/// Every operation that asks the gate, with an input that would succeed.
fn operations<'a>(arn: &'a str, blob: &str) -> Vec<(&'static str, Value, &'a str)> {
    vec![
        ("CreateKey", json!({}), "*"),
        ("ListKeys", json!({}), "*"),
        ("ListAliases", json!({}), "*"),
        ("GenerateRandom", json!({"NumberOfBytes": 8}), "*"),
        ("DescribeKey", json!({"KeyId": arn}), arn),
        ("GetKeyPolicy", json!({"KeyId": arn}), arn),
        ("ListKeyPolicies", json!({"KeyId": arn}), arn),
        ("PutKeyPolicy", json!({"KeyId": arn, "Policy": "{}"}), arn),
        ("EnableKey", json!({"KeyId": arn}), arn),
        ("DisableKey", json!({"KeyId": arn}), arn),
        ("ScheduleKeyDeletion", json!({"KeyId": arn}), arn),
        ("CancelKeyDeletion", json!({"KeyId": arn}), arn),
        ("Encrypt", json!({"KeyId": arn, "Plaintext": "aGVsbG8="}), arn),
        ("Decrypt", json!({"CiphertextBlob": blob}), arn),
        ("GenerateDataKey", json!({"KeyId": arn, "KeySpec": "AES_256"}), arn),
        ("GenerateDataKeyWithoutPlaintext", json!({"KeyId": arn, "KeySpec": "AES_256"}), arn),
        (
            "CreateGrant",
            json!({"KeyId": arn, "GranteePrincipal": "arn:aws:iam::111122223333:root", "Operations": ["Decrypt"]}),
            arn,
        ),
        ("ListGrants", json!({"KeyId": arn}), arn),
        ("RevokeGrant", json!({"KeyId": arn, "GrantId": "0"}), arn),
        ("RetireGrant", json!({"KeyId": arn, "GrantId": "0"}), arn),
        ("ListRetirableGrants", json!({"RetiringPrincipal": "arn:aws:iam::111122223333:root"}), "*"),
        ("UpdateKeyDescription", json!({"KeyId": arn, "Description": "x"}), arn),
        ("TagResource", json!({"KeyId": arn, "Tags": [{"TagKey": "a", "TagValue": "b"}]}), arn),
        ("UntagResource", json!({"KeyId": arn, "TagKeys": ["a"]}), arn),
        ("ListResourceTags", json!({"KeyId": arn}), arn),
        ("EnableKeyRotation", json!({"KeyId": arn}), arn),
        ("DisableKeyRotation", json!({"KeyId": arn}), arn),
        ("GetKeyRotationStatus", json!({"KeyId": arn}), arn),
        ("RotateKeyOnDemand", json!({"KeyId": arn}), arn),
        ("ListKeyRotations", json!({"KeyId": arn}), arn),
        ("GetKeyLastUsage", json!({"KeyId": arn}), arn),
        ("GenerateDataKeyPair", json!({"KeyId": arn, "KeyPairSpec": "ECC_NIST_P256"}), arn),
        ("GenerateDataKeyPairWithoutPlaintext", json!({"KeyId": arn, "KeyPairSpec": "ECC_NIST_P256"}), arn),
    ]
}

#[tokio::test]
async fn a_user_without_permissions_is_denied_every_operation_in_aws_words() {
    let lab = Lab::new().await;
    let arn = key(&lab).await;
    let nobody = lab.user("nobody", Value::Null).await;
    let sealed = kms(&lab, "Encrypt", json!({"KeyId": arn, "Plaintext": "aGVsbG8="})).await;
    let blob = text(&sealed, &["CiphertextBlob"]);
    let mut asked: BTreeSet<&str> = BTreeSet::from(["ReEncrypt"]);
    for (operation, input, resource) in operations(&arn, &blob) {
        asked.insert(operation);
        let message = format!(
            "User: arn:aws:iam::{}:user/nobody is not authorized to perform: kms:{operation} on resource: {resource} because \
             no identity-based policy allows the kms:{operation} action",
            lab.account
        );
        assert_refused(&lab.kms(&nobody, operation, input).await, 400, "AccessDeniedException", &message);
    }
    let aliases = [
        ("CreateAlias", json!({"AliasName": "alias/x", "TargetKeyId": arn})),
        ("UpdateAlias", json!({"AliasName": "alias/x", "TargetKeyId": arn})),
        ("DeleteAlias", json!({"AliasName": "alias/x"})),
    ];
    for (operation, input) in aliases {
        asked.insert(operation);
        let (code, message) = lab.kms(&nobody, operation, input).await.error();
        assert_eq!(code, "AccessDeniedException");
        assert!(
            message.contains(&format!("kms:{operation} on resource: arn:aws:kms:us-east-1:")),
            "{message}"
        );
    }
    let re_encrypt =
        lab.kms(&nobody, "ReEncrypt", json!({"CiphertextBlob": blob, "DestinationKeyId": arn})).await;
    assert!(re_encrypt.error().1.contains("kms:ReEncryptFrom on resource"), "{}", re_encrypt.text());
    let there_are = sandbox::operations().into_iter().find(|(service, _)| *service == "KMS").unwrap().1;
    assert_eq!(
        asked,
        there_are.iter().map(|operation| operation.name).collect(),
        "an operation that nobody was denied"
    );
}

#[tokio::test]
async fn without_delegation_the_key_policy_itself_is_blamed() {
    let lab = Lab::new().await;
    let arn = key(&lab).await;
    let user = lab.user("keeper", Value::Null).await;
    let policy = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "kms:*", "Resource": "*",
        "Principal": {"AWS": format!("arn:aws:iam::{}:user/keeper", lab.account)},
    }]});
    let input = json!({"KeyId": arn, "Policy": policy.to_string(), "BypassPolicyLockoutSafetyCheck": true});
    kms(&lab, "PutKeyPolicy", input).await;
    let message = format!(
        "User: arn:aws:iam::{}:user/Admin is not authorized to perform: kms:DescribeKey on resource: {arn} because no \
         resource-based policy allows the kms:DescribeKey action",
        lab.account
    );
    assert_refused(
        &lab.kms(&lab.admin, "DescribeKey", json!({"KeyId": arn})).await,
        400,
        "AccessDeniedException",
        &message,
    );
    assert_eq!(lab.kms(&user, "DescribeKey", json!({"KeyId": arn})).await.status, 200);
}

#[tokio::test]
async fn a_key_policy_may_neither_lock_its_author_out_nor_name_who_does_not_exist() {
    let lab = Lab::new().await;
    let arn = key(&lab).await;
    let before = text(&kms(&lab, "GetKeyPolicy", json!({"KeyId": arn})).await, &["Policy"]);
    assert!(before.contains("Enable IAM User Permissions"), "{before}");
    lab.user("other", Value::Null).await;
    let allow = |principal: &str| {
        json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "kms:*", "Resource": "*"}]})
            .to_string()
    };
    let invalid = "Policy contains a statement with one or more invalid principals.";
    let lockout = "The new key policy will not allow you to update the key policy in the future.";
    let account = &lab.account;
    let cases = [
        (allow(&format!("arn:aws:iam::{account}:user/other")), lockout),
        (allow(&format!("arn:aws:iam::{account}:user/absent")), invalid),
        (allow(&format!("arn:aws:iam::{account}:role/absent")), invalid),
        (allow("arn:aws:iam::999999999999:root"), invalid),
        (allow("AIDAEXAMPLEEXAMPLEEXA"), invalid),
        (allow("*").replace(r#""AWS":"*""#, r#""Service":"foo.amazonaws.com""#), invalid),
    ];
    for (policy, message) in cases {
        let put = json!({"KeyId": arn, "Policy": policy});
        assert_refused(
            &lab.kms(&lab.admin, "PutKeyPolicy", put).await,
            400,
            "MalformedPolicyDocumentException",
            message,
        );
        let create = json!({"Policy": policy});
        assert_refused(
            &lab.kms(&lab.admin, "CreateKey", create).await,
            400,
            "MalformedPolicyDocumentException",
            message,
        );
    }
    let after = text(&kms(&lab, "GetKeyPolicy", json!({"KeyId": arn})).await, &["Policy"]);
    assert_eq!(after, before, "a refused policy changes nothing");
    let keys = kms(&lab, "ListKeys", json!({})).await;
    assert_eq!(keys.json()["Keys"].as_array().unwrap().len(), 1, "a refused CreateKey makes no key");
    let locked = json!({"Policy": allow(&format!("arn:aws:iam::{account}:user/other")), "BypassPolicyLockoutSafetyCheck": true});
    kms(&lab, "CreateKey", locked).await;
}

#[tokio::test]
async fn a_key_of_another_account_needs_both_sides_and_tells_strangers_nothing() {
    let lab = Lab::new().await;
    let arn = key(&lab).await;
    let (other, stranger) = account(&lab.sandbox).await;
    let encrypt = json!({"KeyId": arn, "Plaintext": "aGVsbG8="});
    let absent = format!("arn:aws:kms:us-east-1:{}:key/11111111-2222-3333-4444-555555555555", lab.account);
    let nothing_told = format!(
        "User: arn:aws:iam::{other}:user/Admin is not authorized to perform: kms:Encrypt on this resource because the resource \
         does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies \
         access"
    );
    for key in [&arn, &absent] {
        let input = json!({"KeyId": key, "Plaintext": "aGVsbG8="});
        assert_refused(
            &lab.kms(&stranger, "Encrypt", input).await,
            400,
            "AccessDeniedException",
            &nothing_told,
        );
    }
    let root = |account: &str| format!("arn:aws:iam::{account}:root");
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": [root(&lab.account), root(&other)]}, "Action": "kms:*", "Resource": "*"},
    ]});
    kms(&lab, "PutKeyPolicy", json!({"KeyId": arn, "Policy": policy.to_string()})).await;
    assert_eq!(lab.kms(&stranger, "Encrypt", encrypt).await.status, 200);
    // What stays within one account stays so whatever the policy says: as if there were no key.
    let alias = json!({"AliasName": "alias/theirs", "TargetKeyId": arn});
    let sealed = text(
        &kms(&lab, "Encrypt", json!({"KeyId": arn, "Plaintext": "aGVsbG8="})).await,
        &["CiphertextBlob"],
    );
    let grants = ["CreateGrant", "ListGrants", "RevokeGrant"];
    let across = [
        "DescribeKey",
        "Encrypt",
        "Decrypt",
        "GenerateDataKey",
        "GenerateDataKeyWithoutPlaintext",
        "GenerateDataKeyPair",
        "GenerateDataKeyPairWithoutPlaintext",
        "GetKeyRotationStatus",
        "ReEncrypt",
    ];
    let re_encrypt = ("ReEncrypt", json!({"CiphertextBlob": sealed, "DestinationKeyId": arn}), arn.as_str());
    for (operation, input, _) in operations(&arn, &sealed).into_iter().chain([re_encrypt]) {
        if input.get("KeyId").is_none() && input.get("CiphertextBlob").is_none() {
            continue;
        }
        let (code, _) = lab.kms(&stranger, operation, input).await.error();
        match operation {
            _ if across.contains(&operation) => assert_eq!(code, "", "{operation}"),
            // These reach the key, and then find no grant.
            _ if grants.contains(&operation) => assert_ne!(code, "AccessDeniedException", "{operation}"),
            _ => assert_eq!(code, "AccessDeniedException", "{operation}"),
        }
    }
    for operation in ["CreateAlias", "UpdateAlias"] {
        assert_ne!(lab.kms(&stranger, operation, alias.clone()).await.status, 200, "{operation}");
    }
    let listed = lab.kms(&stranger, "ListAliases", json!({"KeyId": arn})).await;
    assert_refused(&listed, 400, "NotFoundException", &format!("Key '{arn}' does not exist"));
}

#[tokio::test]
async fn condition_keys_of_kms_reach_the_policies() {
    let lab = Lab::new().await;
    let arn = key(&lab).await;
    kms(&lab, "CreateAlias", json!({"AliasName": "alias/demo", "TargetKeyId": arn})).await;
    let cases = [
        (
            "kms:EncryptionContext:team",
            json!("a"),
            json!({"KeyId": arn, "Plaintext": "aGVsbG8=", "EncryptionContext": {"team": "a"}}),
            json!({"KeyId": arn, "Plaintext": "aGVsbG8=", "EncryptionContext": {"team": "b"}}),
        ),
        (
            "kms:EncryptionContextKeys",
            json!("team"),
            json!({"KeyId": arn, "Plaintext": "aGVsbG8=", "EncryptionContext": {"team": "a"}}),
            json!({"KeyId": arn, "Plaintext": "aGVsbG8="}),
        ),
        (
            "kms:RequestAlias",
            json!("alias/demo"),
            json!({"KeyId": "alias/demo", "Plaintext": "aGVsbG8="}),
            json!({"KeyId": arn, "Plaintext": "aGVsbG8="}),
        ),
    ];
    for (number, (condition, wanted, passes, fails)) in cases.into_iter().enumerate() {
        let policy = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Action": "kms:Encrypt", "Resource": "*",
            "Condition": {"ForAnyValue:StringEquals": {condition: wanted}},
        }]});
        let user = lab.user(&format!("user-{number}"), policy).await;
        assert_eq!(lab.kms(&user, "Encrypt", passes).await.status, 200, "{condition}");
        assert_eq!(lab.kms(&user, "Encrypt", fails).await.error().0, "AccessDeniedException", "{condition}");
    }
}

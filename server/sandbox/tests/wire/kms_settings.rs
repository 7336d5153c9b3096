//! Aliases that move, and what is set on a key after it was made.

use crate::support::steps::{assert_refused, key, kms, text};
use crate::support::{Keys, Lab, account};
use serde_json::{Value, json};

const PLAIN: &str = "aGVsbG8=";

async fn code(lab: &Lab, keys: &Keys, operation: &str, input: Value) -> String {
    lab.kms(keys, operation, input).await.error().0
}

#[tokio::test]
async fn an_alias_moves_from_key_to_key_and_goes_with_its_key() {
    let lab = Lab::new().await;
    let (first, second) = (key(&lab).await, key(&lab).await);
    kms(&lab, "CreateAlias", json!({"AliasName": "alias/app", "TargetKeyId": first})).await;
    let update = json!({"AliasName": "alias/app", "TargetKeyId": second});
    // Asked on the alias and on both keys.
    let on = |resources: Value| json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:UpdateAlias", "Resource": resources}]});
    let alias = format!("arn:aws:kms:us-east-1:{}:alias/app", lab.account);
    for (number, (resources, passes)) in [
        (json!([alias, first]), false),
        (json!([alias, second]), false),
        (json!([first, second]), false),
        (json!([alias, first, second]), true),
    ]
    .into_iter()
    .enumerate()
    {
        let user = lab.user(&format!("user-{number}"), on(resources.clone())).await;
        let answer = lab.kms(&user, "UpdateAlias", update.clone()).await;
        assert_eq!(answer.status == 200, passes, "{resources}: {}", answer.text());
    }
    let described = kms(&lab, "DescribeKey", json!({"KeyId": "alias/app"})).await;
    assert_eq!(text(&described, &["KeyMetadata", "Arn"]), second);
    let missing =
        lab.kms(&lab.admin, "UpdateAlias", json!({"AliasName": "alias/none", "TargetKeyId": second})).await;
    assert_refused(
        &missing,
        400,
        "NotFoundException",
        &format!("Alias arn:aws:kms:us-east-1:{}:alias/none is not found.", lab.account),
    );
    kms(&lab, "ScheduleKeyDeletion", json!({"KeyId": first, "PendingWindowInDays": 7})).await;
    let pending = json!({"AliasName": "alias/app", "TargetKeyId": first});
    assert_eq!(code(&lab, &lab.admin, "UpdateAlias", pending).await, "KMSInvalidStateException");
}

#[tokio::test]
async fn description_tags_and_rotation_are_set_and_told() {
    let lab = Lab::new().await;
    let arn = key(&lab).await;
    kms(&lab, "UpdateKeyDescription", json!({"KeyId": arn, "Description": "for the report"})).await;
    let described = kms(&lab, "DescribeKey", json!({"KeyId": arn})).await;
    assert_eq!(text(&described, &["KeyMetadata", "Description"]), "for the report");
    let tags = json!({"KeyId": arn, "Tags": [{"TagKey": "team", "TagValue": "red"}, {"TagKey": "stage", "TagValue": "live"}]});
    kms(&lab, "TagResource", tags).await;
    let only_live = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:Encrypt", "Resource": "*",
        "Condition": {"StringEquals": {"aws:ResourceTag/stage": "live"}}}]});
    let user = lab.user("live", only_live).await;
    let encrypt = || json!({"KeyId": arn, "Plaintext": PLAIN});
    assert_eq!(lab.kms(&user, "Encrypt", encrypt()).await.status, 200);
    kms(&lab, "UntagResource", json!({"KeyId": arn, "TagKeys": ["stage"]})).await;
    assert_eq!(code(&lab, &user, "Encrypt", encrypt()).await, "AccessDeniedException");
    let listed = kms(&lab, "ListResourceTags", json!({"KeyId": arn})).await.json();
    assert_eq!(listed["Tags"], json!([{"TagKey": "team", "TagValue": "red"}]));
    let twice =
        json!({"KeyId": arn, "Tags": [{"TagKey": "a", "TagValue": "1"}, {"TagKey": "a", "TagValue": "2"}]});
    assert_eq!(code(&lab, &lab.admin, "TagResource", twice).await, "TagException");
    let status = || kms(&lab, "GetKeyRotationStatus", json!({"KeyId": arn}));
    assert_eq!(status().await.json()["KeyRotationEnabled"], false);
    kms(&lab, "EnableKeyRotation", json!({"KeyId": arn, "RotationPeriodInDays": 90})).await;
    assert_eq!(status().await.json()["RotationPeriodInDays"], 90);
    let short = json!({"KeyId": arn, "RotationPeriodInDays": 89});
    assert_eq!(code(&lab, &lab.admin, "EnableKeyRotation", short).await, "ValidationException");
    kms(&lab, "DisableKeyRotation", json!({"KeyId": arn})).await;
    assert_eq!(status().await.json()["KeyRotationEnabled"], false);
    kms(&lab, "DisableKey", json!({"KeyId": arn})).await;
    assert_eq!(code(&lab, &lab.admin, "EnableKeyRotation", json!({"KeyId": arn})).await, "DisabledException");
    // None of it from another account.
    let (_, stranger) = account(&lab.sandbox).await;
    for operation in ["ListResourceTags", "EnableKeyRotation", "DisableKeyRotation"] {
        assert_eq!(
            code(&lab, &stranger, operation, json!({"KeyId": arn})).await,
            "AccessDeniedException",
            "{operation}"
        );
    }
}

#[tokio::test]
async fn a_data_key_pair_has_its_private_half_sealed_under_the_key() {
    let lab = Lab::new().await;
    let arn = key(&lab).await;
    for spec in ["ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521", "RSA_2048"] {
        let context = json!({"purpose": "signing"});
        let input = json!({"KeyId": arn, "KeyPairSpec": spec, "EncryptionContext": context});
        let pair = kms(&lab, "GenerateDataKeyPair", input.clone()).await;
        let sealed = text(&pair, &["PrivateKeyCiphertextBlob"]);
        let opened =
            kms(&lab, "Decrypt", json!({"CiphertextBlob": sealed, "EncryptionContext": context})).await;
        assert_eq!(text(&opened, &["Plaintext"]), text(&pair, &["PrivateKeyPlaintext"]), "{spec}");
        assert!(!text(&pair, &["PublicKey"]).is_empty());
        assert_eq!(
            code(&lab, &lab.admin, "Decrypt", json!({"CiphertextBlob": sealed})).await,
            "InvalidCiphertextException"
        );
        let without = kms(&lab, "GenerateDataKeyPairWithoutPlaintext", input).await.json();
        assert!(without.get("PrivateKeyPlaintext").is_none() && without.get("PublicKey").is_some());
    }
    for (spec, expected) in [("SM2", "UnsupportedOperationException"), ("DSA", "ValidationException")] {
        let input = json!({"KeyId": arn, "KeyPairSpec": spec});
        assert_eq!(code(&lab, &lab.admin, "GenerateDataKeyPair", input).await, expected);
    }
}

//! Rotation of keys, what is told of their use, and the keys that AWS manages.

use crate::support;
use std::collections::BTreeSet;

use crate::support::steps::{KMS_HEADER, assert_refused, key, kms, lab_with_bucket, s3, text};
use crate::support::{Keys, Lab};
use serde_json::{Value, json};

const PLAIN: &str = "aGVsbG8=";

async fn code(lab: &Lab, keys: &Keys, operation: &str, input: Value) -> String {
    lab.kms(keys, operation, input).await.error().0
}

async fn encrypted(lab: &Lab, arn: &str) -> String {
    text(&kms(lab, "Encrypt", json!({"KeyId": arn, "Plaintext": PLAIN})).await, &["CiphertextBlob"])
}

async fn last_use(lab: &Lab, arn: &str) -> Value {
    kms(lab, "GetKeyLastUsage", json!({"KeyId": arn})).await.json()["KeyLastUsage"].clone()
}

#[tokio::test]
async fn a_rotated_key_encrypts_anew_and_opens_what_is_old() {
    let lab = Lab::new().await;
    let arn = key(&lab).await;
    let id = arn.rsplit('/').next().unwrap();
    let of_key = || json!({"KeyId": arn});
    assert_eq!(
        kms(&lab, "ListKeyRotations", of_key()).await.json(),
        json!({"Rotations": [], "Truncated": false})
    );
    let mut blobs = vec![encrypted(&lab, &arn).await];
    for _ in 0..3 {
        let rotated = kms(&lab, "RotateKeyOnDemand", of_key()).await;
        assert_eq!(rotated.json(), json!({"KeyId": id}));
        blobs.push(encrypted(&lab, &arn).await);
    }
    let mut materials = Vec::new();
    for blob in &blobs {
        let opened = kms(&lab, "Decrypt", json!({"CiphertextBlob": blob})).await;
        assert_eq!(text(&opened, &["Plaintext"]), PLAIN);
        materials.push(text(&opened, &["KeyMaterialId"]));
    }
    assert_eq!(BTreeSet::from_iter(&materials).len(), 4, "every rotation makes another material");
    let described = kms(&lab, "DescribeKey", of_key()).await;
    assert_eq!(text(&described, &["KeyMetadata", "CurrentKeyMaterialId"]), materials[3]);
    let data_key = kms(&lab, "GenerateDataKey", json!({"KeyId": arn, "KeySpec": "AES_256"})).await;
    assert_eq!(text(&data_key, &["KeyMaterialId"]), materials[3]);
    let moved = kms(&lab, "ReEncrypt", json!({"CiphertextBlob": blobs[1], "DestinationKeyId": arn})).await;
    assert_eq!(text(&moved, &["SourceKeyMaterialId"]), materials[1]);
    assert_eq!(text(&moved, &["DestinationKeyMaterialId"]), materials[3]);

    let all = json!({"KeyId": arn, "IncludeKeyMaterial": "ALL_KEY_MATERIAL"});
    let listed = kms(&lab, "ListKeyRotations", all).await.json();
    let column = |name: &str| -> Vec<Value> {
        listed["Rotations"].as_array().unwrap().iter().map(|rotation| rotation[name].clone()).collect()
    };
    assert_eq!(column("KeyMaterialId"), materials.iter().map(|id| json!(id)).collect::<Vec<_>>());
    assert_eq!(column("KeyMaterialState"), ["NON_CURRENT", "NON_CURRENT", "NON_CURRENT", "CURRENT"]);
    assert_eq!(
        column("RotationType"),
        [Value::Null, json!("ON_DEMAND"), json!("ON_DEMAND"), json!("ON_DEMAND")]
    );
    assert!(column("RotationDate")[0].is_null() && column("RotationDate")[1].is_i64());
    let first = kms(&lab, "ListKeyRotations", json!({"KeyId": arn, "Limit": 2})).await.json();
    assert_eq!((first["Rotations"].as_array().unwrap().len(), &first["Truncated"]), (2, &json!(true)));
    let rest = json!({"KeyId": arn, "Limit": 2, "Marker": first["NextMarker"]});
    let rest = kms(&lab, "ListKeyRotations", rest).await.json();
    assert_eq!((rest["Rotations"].as_array().unwrap().len(), &rest["Truncated"]), (1, &json!(false)));
}

#[tokio::test]
async fn rotations_are_limited_and_need_a_key_that_is_enabled() {
    let lab = Lab::new().await;
    let arn = key(&lab).await;
    let of_key = || json!({"KeyId": arn});
    for _ in 0..25 {
        kms(&lab, "RotateKeyOnDemand", of_key()).await;
    }
    let message = format!(
        "The on-demand rotations limit has been reached for the given keyId. No more on-demand rotations can be performed for \
         this key: {arn}"
    );
    assert_refused(
        &lab.kms(&lab.admin, "RotateKeyOnDemand", of_key()).await,
        400,
        "LimitExceededException",
        &message,
    );
    let arn = key(&lab).await;
    let of_key = || json!({"KeyId": arn});
    for (operation, input, expected) in [
        ("RotateKeyOnDemand", json!({}), "ValidationException"),
        ("RotateKeyOnDemand", json!({"KeyId": "alias/none"}), "NotFoundException"),
        ("ListKeyRotations", json!({"KeyId": arn, "IncludeKeyMaterial": "SOME"}), "ValidationException"),
        ("ListKeyRotations", json!({"KeyId": arn, "Limit": 1001}), "ValidationException"),
        ("ListKeyRotations", json!({"KeyId": arn, "Limit": "x"}), "SerializationException"),
        ("GetKeyLastUsage", json!({}), "ValidationException"),
        ("GetKeyLastUsage", json!({"KeyId": "x"}), "NotFoundException"),
        ("GetKeyLastUsage", json!({"KeyId": 1}), "SerializationException"),
    ] {
        assert_eq!(code(&lab, &lab.admin, operation, input.clone()).await, expected, "{operation} {input}");
    }
    kms(&lab, "DisableKey", of_key()).await;
    assert_eq!(code(&lab, &lab.admin, "RotateKeyOnDemand", of_key()).await, "DisabledException");
    kms(&lab, "ScheduleKeyDeletion", of_key()).await;
    assert_eq!(code(&lab, &lab.admin, "RotateKeyOnDemand", of_key()).await, "KMSInvalidStateException");
    kms(&lab, "ListKeyRotations", of_key()).await;
    kms(&lab, "GetKeyLastUsage", of_key()).await;
}

#[tokio::test]
async fn objects_open_after_their_key_was_rotated() {
    let lab = lab_with_bucket().await;
    let arn = key(&lab).await;
    let headers = [KMS_HEADER, (support::steps::KEY_HEADER, arn.as_str())];
    s3(&lab, "PUT", "/bucket-1/before", &headers, b"old").await;
    kms(&lab, "RotateKeyOnDemand", json!({"KeyId": arn})).await;
    s3(&lab, "PUT", "/bucket-1/after", &headers, b"new").await;
    assert_eq!(s3(&lab, "GET", "/bucket-1/before", &[], b"").await.text(), "old");
    assert_eq!(s3(&lab, "GET", "/bucket-1/after", &[], b"").await.text(), "new");
}

#[tokio::test]
async fn the_last_use_of_a_key_is_told_whoever_used_it() {
    let lab = lab_with_bucket().await;
    let (arn, other) = (key(&lab).await, key(&lab).await);
    let told = kms(&lab, "GetKeyLastUsage", json!({"KeyId": arn})).await.json();
    assert_eq!(told["KeyLastUsage"], json!({}));
    assert_eq!(json!(arn.rsplit('/').next().unwrap()), told["KeyId"]);
    assert!(told["TrackingStartDate"].as_i64() >= told["KeyCreationDate"].as_i64());
    let blob = encrypted(&lab, &arn).await;
    let spec = "ECC_NIST_P256";
    for (operation, input) in [
        ("Decrypt", json!({"CiphertextBlob": blob})),
        ("GenerateDataKey", json!({"KeyId": arn, "KeySpec": "AES_256"})),
        ("GenerateDataKeyWithoutPlaintext", json!({"KeyId": arn, "KeySpec": "AES_256"})),
        ("GenerateDataKeyPair", json!({"KeyId": arn, "KeyPairSpec": spec})),
        ("GenerateDataKeyPairWithoutPlaintext", json!({"KeyId": arn, "KeyPairSpec": spec})),
        ("Encrypt", json!({"KeyId": arn, "Plaintext": PLAIN})),
        ("ReEncrypt", json!({"CiphertextBlob": blob, "DestinationKeyId": other})),
    ] {
        let answer = kms(&lab, operation, input).await;
        let last = last_use(&lab, &arn).await;
        assert_eq!(
            (&last["Operation"], &last["KmsRequestId"]),
            (&json!(operation), &json!(answer.request_id()))
        );
        assert!(last["Timestamp"].is_i64());
    }
    assert_eq!(last_use(&lab, &other).await["Operation"], "ReEncrypt");
    // What fails and what is no cryptography is no use.
    let nobody = lab.user("nobody", Value::Null).await;
    let before = last_use(&lab, &arn).await;
    code(&lab, &nobody, "Encrypt", json!({"KeyId": arn, "Plaintext": PLAIN})).await;
    code(&lab, &lab.admin, "Encrypt", json!({"KeyId": arn, "Plaintext": PLAIN, "DryRun": true})).await;
    let wrong = json!({"CiphertextBlob": blob, "EncryptionContext": {"a": "b"}});
    assert_eq!(code(&lab, &lab.admin, "Decrypt", wrong).await, "InvalidCiphertextException");
    kms(&lab, "DescribeKey", json!({"KeyId": arn})).await;
    assert_eq!(last_use(&lab, &arn).await, before);
    // S3 uses it for who puts and gets.
    let headers = [KMS_HEADER, (support::steps::KEY_HEADER, arn.as_str())];
    s3(&lab, "PUT", "/bucket-1/a", &headers, b"x").await;
    assert_eq!(last_use(&lab, &arn).await["Operation"], "GenerateDataKey");
    s3(&lab, "GET", "/bucket-1/a", &[], b"").await;
    assert_eq!(last_use(&lab, &arn).await["Operation"], "Decrypt");
}

#[tokio::test]
async fn uses_and_rotations_survive_a_restart() {
    let lab = Lab::lasting().await;
    let arn = key(&lab).await;
    let old = encrypted(&lab, &arn).await;
    kms(&lab, "RotateKeyOnDemand", json!({"KeyId": arn})).await;
    let request = kms(&lab, "Encrypt", json!({"KeyId": arn, "Plaintext": PLAIN})).await.request_id();
    let lab = lab.restarted().await;
    assert_eq!(last_use(&lab, &arn).await["KmsRequestId"], json!(request));
    assert_eq!(text(&kms(&lab, "Decrypt", json!({"CiphertextBlob": old})).await, &["Plaintext"]), PLAIN);
    let rotations = kms(&lab, "ListKeyRotations", json!({"KeyId": arn})).await.json();
    assert_eq!(rotations["Rotations"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_key_that_aws_manages_is_looked_at_and_used_through_s3_only() {
    let lab = lab_with_bucket().await;
    let alias = "alias/aws/s3";
    let listed = || async { kms(&lab, "ListAliases", json!({})).await.json()["Aliases"].clone() };
    let alias_arn = format!("arn:aws:kms:us-east-1:{}:{alias}", lab.account);
    assert_eq!(listed().await, json!([{"AliasName": alias, "AliasArn": alias_arn}]), "there before its key");
    let nobody = lab.user("nobody", Value::Null).await;
    assert_eq!(code(&lab, &nobody, "DescribeKey", json!({"KeyId": alias})).await, "AccessDeniedException");
    assert!(listed().await[0]["TargetKeyId"].is_null(), "who may not describe it has it not made");
    let described = kms(&lab, "DescribeKey", json!({"KeyId": alias})).await;
    assert_eq!(text(&described, &["KeyMetadata", "KeyManager"]), "AWS");
    let arn = text(&described, &["KeyMetadata", "Arn"]);
    assert_eq!(
        text(&kms(&lab, "DescribeKey", json!({"KeyId": alias_arn})).await, &["KeyMetadata", "Arn"]),
        arn
    );
    assert_eq!(listed().await[0]["TargetKeyId"], json!(arn.rsplit('/').next().unwrap()));
    let of_key = || json!({"KeyId": arn});
    let by_key = kms(&lab, "ListAliases", of_key()).await.json();
    assert_eq!(by_key["Aliases"][0]["AliasName"], json!(alias));
    let status = kms(&lab, "GetKeyRotationStatus", of_key()).await.json();
    assert_eq!((&status["KeyRotationEnabled"], &status["RotationPeriodInDays"]), (&json!(true), &json!(365)));
    for operation in ["GetKeyPolicy", "ListResourceTags", "ListGrants", "ListKeyRotations", "GetKeyLastUsage"]
    {
        kms(&lab, operation, of_key()).await;
    }
    // Its policy cannot be changed, and gives nobody anything that changes it.
    let policy = json!({"KeyId": arn, "Policy": "{}"});
    for (operation, input) in [
        ("DisableKey", of_key()),
        ("EnableKey", of_key()),
        ("ScheduleKeyDeletion", of_key()),
        ("CancelKeyDeletion", of_key()),
        ("PutKeyPolicy", policy),
        ("EnableKeyRotation", of_key()),
        ("DisableKeyRotation", of_key()),
        ("RotateKeyOnDemand", of_key()),
        ("UpdateKeyDescription", json!({"KeyId": arn, "Description": "mine"})),
        ("TagResource", json!({"KeyId": arn, "Tags": [{"TagKey": "a", "TagValue": "b"}]})),
        (
            "CreateGrant",
            json!({"KeyId": arn, "GranteePrincipal": format!("arn:aws:iam::{}:root", lab.account), "Operations": ["Decrypt"]}),
        ),
        ("CreateAlias", json!({"AliasName": "alias/mine", "TargetKeyId": arn})),
        ("Encrypt", json!({"KeyId": arn, "Plaintext": PLAIN})),
    ] {
        let message = format!(
            "User: arn:aws:iam::{}:user/Admin is not authorized to perform: kms:{operation} on resource: {arn} because no \
             resource-based policy allows the kms:{operation} action",
            lab.account
        );
        assert_refused(&lab.kms(&lab.admin, operation, input).await, 400, "AccessDeniedException", &message);
    }
    for operation in ["DeleteAlias", "UpdateAlias", "CreateAlias"] {
        let input = json!({"AliasName": alias, "TargetKeyId": arn});
        assert_eq!(code(&lab, &lab.admin, operation, input).await, "NotAuthorizedException", "{operation}");
    }
    s3(&lab, "PUT", "/bucket-1/a", &[KMS_HEADER], b"x").await;
    assert_eq!(last_use(&lab, &arn).await["Operation"], "GenerateDataKey");
}

#[tokio::test]
async fn aliases_that_aws_refuses_are_refused_in_its_words() {
    let lab = Lab::new().await;
    let arn = key(&lab).await;
    let (name, absent) = ("alias/demo", "11111111-2222-3333-4444-555555555555");
    kms(&lab, "CreateAlias", json!({"AliasName": name, "TargetKeyId": arn})).await;
    let long = format!("alias/{}", "a".repeat(251));
    let pattern = "Member must satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$";
    let invalid = |value: &str, constraint: &str| {
        format!(
            "1 validation error detected: Value '{value}' at 'aliasName' failed to satisfy constraint: {constraint}"
        )
    };
    for (alias, target, code, message) in [
        (
            long.as_str(),
            arn.as_str(),
            "ValidationException",
            invalid(&long, "Member must have length less than or equal to 256"),
        ),
        ("alias/a b", &arn, "ValidationException", invalid("alias/a b", pattern)),
        ("", &arn, "ValidationException", invalid("", pattern)),
        (
            "alias/a:b",
            &arn,
            "ValidationException",
            "alias/a:b contains invalid characters for an alias".into(),
        ),
        (
            "demo",
            &arn,
            "ValidationException",
            "Alias must start with the prefix \"alias/\". Please see \
             https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html"
                .into(),
        ),
        ("alias/x", name, "ValidationException", "Aliases must refer to keys. Not aliases".into()),
        (
            "alias/x",
            absent,
            "NotFoundException",
            format!("Key 'arn:aws:kms:us-east-1:{}:key/{absent}' does not exist", lab.account),
        ),
    ] {
        let input = json!({"AliasName": alias, "TargetKeyId": target});
        assert_refused(&lab.kms(&lab.admin, "CreateAlias", input).await, 400, code, &message);
    }
    let of_absent = lab.kms(&lab.admin, "ListAliases", json!({"KeyId": absent})).await;
    assert_eq!(of_absent.error().0, "NotFoundException");
    let listed = kms(&lab, "ListAliases", json!({})).await.json();
    let names: Vec<&Value> =
        listed["Aliases"].as_array().unwrap().iter().map(|alias| &alias["AliasName"]).collect();
    assert_eq!(names, ["alias/aws/s3", name]);
    let one = kms(&lab, "ListAliases", json!({"Limit": 1})).await.json();
    let rest = kms(&lab, "ListAliases", json!({"Limit": 1, "Marker": one["NextMarker"]})).await.json();
    assert_eq!((&one["Truncated"], &rest["Aliases"][0]["AliasName"]), (&json!(true), &json!(name)));
}

#[tokio::test]
async fn tags_come_in_pages() {
    let lab = Lab::new().await;
    let tags: Vec<Value> =
        (0..50).map(|number| json!({"TagKey": format!("{number:02}"), "TagValue": "x"})).collect();
    let arn = text(&kms(&lab, "CreateKey", json!({"Tags": tags})).await, &["KeyMetadata", "Arn"]);
    let (mut seen, mut marker) = (Vec::new(), Value::Null);
    loop {
        let page =
            kms(&lab, "ListResourceTags", json!({"KeyId": arn, "Limit": 20, "Marker": marker})).await.json();
        seen.extend(page["Tags"].as_array().unwrap().clone());
        marker = page["NextMarker"].clone();
        if page["Truncated"] == json!(false) {
            break;
        }
    }
    assert_eq!(seen, tags);
    let one_more = json!({"KeyId": arn, "Tags": [{"TagKey": "more", "TagValue": "x"}]});
    assert_refused(
        &lab.kms(&lab.admin, "TagResource", one_more).await,
        400,
        "LimitExceededException",
        "A key can have up to 50 tags.",
    );
    for limit in [0, 51] {
        let input = json!({"KeyId": arn, "Limit": limit});
        assert_eq!(code(&lab, &lab.admin, "ListResourceTags", input).await, "ValidationException");
    }
}

#[tokio::test]
async fn what_there_is_not_is_refused_by_its_name() {
    let lab = Lab::new().await;
    for operation in [
        "ReplicateKey",
        "UpdatePrimaryRegion",
        "Sign",
        "Verify",
        "GetPublicKey",
        "GenerateMac",
        "VerifyMac",
        "DeriveSharedSecret",
        "GetParametersForImport",
        "ImportKeyMaterial",
        "DeleteImportedKeyMaterial",
        "CreateCustomKeyStore",
    ] {
        let message = format!("The operation {operation} is not implemented.");
        let answer = lab.kms(&lab.admin, operation, json!({})).await;
        assert_refused(&answer, 400, "UnknownOperationException", &message);
    }
    let blob = encrypted(&lab, &key(&lab).await).await;
    for (operation, input, what) in [
        ("CreateKey", json!({"MultiRegion": true}), "MultiRegion"),
        ("CreateKey", json!({"XksKeyId": "x"}), "XksKeyId"),
        ("CreateKey", json!({"Origin": "EXTERNAL"}), "The origin EXTERNAL"),
        (
            "CreateKey",
            json!({"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"}),
            "The key spec HMAC_256",
        ),
        ("Decrypt", json!({"CiphertextBlob": blob, "Recipient": {}}), "Recipient"),
        (
            "Decrypt",
            json!({"CiphertextBlob": blob, "DryRun": true, "DryRunModifiers": ["IGNORE_CIPHERTEXT"]}),
            "DryRunModifiers",
        ),
    ] {
        let message = format!("{what} is not supported by the embedded AWS.");
        assert_refused(
            &lab.kms(&lab.admin, operation, input).await,
            400,
            "UnsupportedOperationException",
            &message,
        );
    }
}

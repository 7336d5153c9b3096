//! KMS over the wire: keys, aliases and cryptography that is real.

use crate::support::Lab;
use crate::support::steps::{assert_refused, key, kms, text};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

fn id(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap()
}

#[tokio::test]
async fn what_is_encrypted_opens_again_by_every_form_of_the_key_identifier() {
    let lab = Lab::new().await;
    let arn = key(&lab).await;
    kms(&lab, "CreateAlias", json!({"AliasName": "alias/demo", "TargetKeyId": arn})).await;
    let alias_arn = format!("arn:aws:kms:us-east-1:{}:alias/demo", lab.account);
    for identifier in [arn.as_str(), id(&arn), "alias/demo", &alias_arn] {
        let input =
            json!({"KeyId": identifier, "Plaintext": "aGVsbG8=", "EncryptionContext": {"a": "1", "b": "2"}});
        let sealed = kms(&lab, "Encrypt", input).await;
        assert_eq!(text(&sealed, &["KeyId"]), arn);
        let blob = text(&sealed, &["CiphertextBlob"]);
        // The order of the pairs does not matter, and the blob names its key.
        let opened =
            kms(&lab, "Decrypt", json!({"CiphertextBlob": blob, "EncryptionContext": {"b": "2", "a": "1"}}))
                .await;
        assert_eq!(
            (text(&opened, &["Plaintext"]), text(&opened, &["KeyId"])),
            ("aGVsbG8=".into(), arn.clone())
        );
    }
}

#[tokio::test]
async fn a_ciphertext_opens_neither_under_another_context_nor_changed_nor_by_another_key() {
    let lab = Lab::new().await;
    let (arn, other) = (key(&lab).await, key(&lab).await);
    let sealed =
        kms(&lab, "Encrypt", json!({"KeyId": arn, "Plaintext": "aGVsbG8=", "EncryptionContext": {"a": "1"}}))
            .await;
    let blob = text(&sealed, &["CiphertextBlob"]);
    for context in [json!({}), json!({"a": "2"}), json!({"a": "1", "b": ""}), json!({"A": "1"})] {
        let input = json!({"CiphertextBlob": blob, "EncryptionContext": context});
        assert_refused(&lab.kms(&lab.admin, "Decrypt", input).await, 400, "InvalidCiphertextException", "");
    }
    let bytes = BASE64_STANDARD.decode(&blob).unwrap();
    for place in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[place] ^= 1;
        let input =
            json!({"CiphertextBlob": BASE64_STANDARD.encode(changed), "EncryptionContext": {"a": "1"}});
        let answer = lab.kms(&lab.admin, "Decrypt", input).await;
        assert_eq!(answer.status, 400, "byte {place} was not authenticated");
    }
    let input = json!({"CiphertextBlob": blob, "EncryptionContext": {"a": "1"}, "KeyId": other});
    let message = "The key ID in the request does not identify a CMK that can perform this operation.";
    assert_refused(&lab.kms(&lab.admin, "Decrypt", input).await, 400, "IncorrectKeyException", message);
}

#[tokio::test]
async fn data_keys_differ_and_open_to_what_was_handed_out() {
    let lab = Lab::new().await;
    let arn = key(&lab).await;
    let made = kms(&lab, "GenerateDataKey", json!({"KeyId": arn, "KeySpec": "AES_256"})).await;
    let plaintext = text(&made, &["Plaintext"]);
    assert_eq!(BASE64_STANDARD.decode(&plaintext).unwrap().len(), 32);
    let opened = kms(&lab, "Decrypt", json!({"CiphertextBlob": text(&made, &["CiphertextBlob"])})).await;
    assert_eq!(text(&opened, &["Plaintext"]), plaintext);
    let again = kms(&lab, "GenerateDataKey", json!({"KeyId": arn, "NumberOfBytes": 64})).await;
    assert_ne!(text(&again, &["Plaintext"]), plaintext);

    let without =
        kms(&lab, "GenerateDataKeyWithoutPlaintext", json!({"KeyId": arn, "KeySpec": "AES_128"})).await;
    assert!(without.json().get("Plaintext").is_none());
    let opened = kms(&lab, "Decrypt", json!({"CiphertextBlob": text(&without, &["CiphertextBlob"])})).await;
    assert_eq!(BASE64_STANDARD.decode(text(&opened, &["Plaintext"])).unwrap().len(), 16);

    let random = kms(&lab, "GenerateRandom", json!({"NumberOfBytes": 24})).await;
    assert_eq!(BASE64_STANDARD.decode(text(&random, &["Plaintext"])).unwrap().len(), 24);
}

#[tokio::test]
async fn re_encryption_moves_a_ciphertext_to_another_key_and_context() {
    let lab = Lab::new().await;
    let (from, to) = (key(&lab).await, key(&lab).await);
    let sealed = kms(
        &lab,
        "Encrypt",
        json!({"KeyId": from, "Plaintext": "aGVsbG8=", "EncryptionContext": {"a": "1"}}),
    )
    .await;
    let blob = text(&sealed, &["CiphertextBlob"]);
    let input = |context: Value| {
        json!({"CiphertextBlob": blob, "SourceEncryptionContext": context, "DestinationKeyId": to,
               "DestinationEncryptionContext": {"b": "2"}})
    };
    let moved = kms(&lab, "ReEncrypt", input(json!({"a": "1"}))).await;
    assert_eq!((text(&moved, &["SourceKeyId"]), text(&moved, &["KeyId"])), (from, to.clone()));
    let input_back = json!({"CiphertextBlob": text(&moved, &["CiphertextBlob"]), "EncryptionContext": {"b": "2"}, "KeyId": to});
    assert_eq!(text(&kms(&lab, "Decrypt", input_back).await, &["Plaintext"]), "aGVsbG8=");
    assert_refused(
        &lab.kms(&lab.admin, "ReEncrypt", input(json!({}))).await,
        400,
        "InvalidCiphertextException",
        "",
    );
}

#[tokio::test]
async fn a_key_is_held_to_its_state() {
    let lab = Lab::new().await;
    let arn = key(&lab).await;
    let encrypt = json!({"KeyId": arn, "Plaintext": "aGVsbG8="});
    let of_key = json!({"KeyId": arn});

    kms(&lab, "DisableKey", of_key.clone()).await;
    assert_refused(
        &lab.kms(&lab.admin, "Encrypt", encrypt.clone()).await,
        400,
        "DisabledException",
        &format!("{arn} is disabled."),
    );
    assert_eq!(
        text(&kms(&lab, "DescribeKey", of_key.clone()).await, &["KeyMetadata", "KeyState"]),
        "Disabled"
    );
    kms(&lab, "EnableKey", of_key.clone()).await;
    kms(&lab, "Encrypt", encrypt.clone()).await;

    let scheduled = kms(&lab, "ScheduleKeyDeletion", json!({"KeyId": arn, "PendingWindowInDays": 7})).await;
    assert_eq!(text(&scheduled, &["KeyState"]), "PendingDeletion");
    let pending = format!("{arn} is pending deletion.");
    for (operation, input) in [
        ("Encrypt", encrypt),
        ("EnableKey", of_key.clone()),
        ("DisableKey", of_key.clone()),
        ("ScheduleKeyDeletion", of_key.clone()),
        ("CreateAlias", json!({"AliasName": "alias/late", "TargetKeyId": arn})),
    ] {
        assert_refused(
            &lab.kms(&lab.admin, operation, input).await,
            400,
            "KMSInvalidStateException",
            &pending,
        );
    }
    kms(&lab, "GetKeyPolicy", of_key.clone()).await;
    kms(&lab, "CancelKeyDeletion", of_key.clone()).await;
    assert_eq!(
        text(&kms(&lab, "DescribeKey", of_key.clone()).await, &["KeyMetadata", "KeyState"]),
        "Disabled"
    );
    let message = format!("{arn} is not pending deletion.");
    assert_refused(
        &lab.kms(&lab.admin, "CancelKeyDeletion", of_key).await,
        400,
        "KMSInvalidStateException",
        &message,
    );
}

#[tokio::test]
async fn inputs_that_aws_refuses_are_refused_in_its_words() {
    let lab = Lab::new().await;
    let arn = key(&lab).await;
    let absent = format!("arn:aws:kms:us-east-1:{}:key/11111111-2222-3333-4444-555555555555", lab.account);
    let no_alias = format!("Alias arn:aws:kms:us-east-1:{}:alias/none is not found.", lab.account);
    kms(&lab, "CreateAlias", json!({"AliasName": "alias/taken", "TargetKeyId": arn})).await;
    let taken =
        format!("An alias with the name arn:aws:kms:us-east-1:{}:alias/taken already exists", lab.account);
    let cases = [
        (
            "DescribeKey",
            json!({"KeyId": absent}),
            "NotFoundException",
            format!("Key '{absent}' does not exist"),
        ),
        ("DescribeKey", json!({"KeyId": "x"}), "NotFoundException", "Invalid keyId 'x'".into()),
        ("DescribeKey", json!({"KeyId": "alias/none"}), "NotFoundException", no_alias.clone()),
        ("DeleteAlias", json!({"AliasName": "alias/none"}), "NotFoundException", no_alias),
        (
            "CreateAlias",
            json!({"AliasName": "alias/taken", "TargetKeyId": arn}),
            "AlreadyExistsException",
            taken,
        ),
        (
            "DisableKey",
            json!({"KeyId": "alias/taken"}),
            "NotFoundException",
            "Invalid keyId 'alias/taken'".into(),
        ),
        (
            "GenerateDataKey",
            json!({"KeyId": arn}),
            "ValidationException",
            "Please specify either number of bytes or key spec.".into(),
        ),
        (
            "CreateKey",
            json!({"KeySpec": "RSA_2048"}),
            "UnsupportedOperationException",
            "The key spec RSA_2048 is not supported by the embedded AWS.".into(),
        ),
        ("Sign", json!({}), "UnknownOperationException", "The operation Sign is not implemented.".into()),
        (
            "Encrypt",
            json!({"KeyId": arn, "Plaintext": "aGVsbG8=", "DryRun": true}),
            "DryRunOperationException",
            "The request would have succeeded, but the DryRun option is set.".into(),
        ),
        (
            "RevokeGrant",
            json!({"KeyId": arn, "GrantId": "0"}),
            "NotFoundException",
            "Grant ID 0 not found".into(),
        ),
    ];
    for (operation, input, code, message) in cases {
        assert_refused(&lab.kms(&lab.admin, operation, input).await, 400, code, &message);
    }
    for (input, code) in [
        (json!({"KeyId": arn, "Plaintext": "not base64"}), "SerializationException"),
        (json!({"KeyId": arn, "Plaintext": ""}), "ValidationException"),
        (json!({"KeyId": arn, "Plaintext": "A".repeat(5464)}), "ValidationException"),
        (json!({"Plaintext": "aGVsbG8="}), "ValidationException"),
        (
            json!({"KeyId": arn, "Plaintext": "aGVsbG8=", "EncryptionContext": {"a": "1", "A": "2"}}),
            "UnsupportedOperationException",
        ),
    ] {
        assert_eq!(lab.kms(&lab.admin, "Encrypt", input).await.error().0, code);
    }
}

#[tokio::test]
async fn lists_come_in_pages() {
    let lab = Lab::new().await;
    let mut arns = Vec::new();
    for number in 0..5 {
        let arn = key(&lab).await;
        kms(&lab, "CreateAlias", json!({"AliasName": format!("alias/{number}"), "TargetKeyId": arn})).await;
        arns.push(arn);
    }
    arns.sort();
    let mut seen = Vec::new();
    let mut marker = Value::Null;
    loop {
        let page = kms(&lab, "ListKeys", json!({"Limit": 2, "Marker": marker})).await.json();
        seen.extend(
            page["Keys"].as_array().unwrap().iter().map(|key| key["KeyArn"].as_str().unwrap().to_owned()),
        );
        marker = page["NextMarker"].clone();
        if !page["Truncated"].as_bool().unwrap() {
            break;
        }
    }
    assert_eq!(seen, arns);
    let of_one = kms(&lab, "ListAliases", json!({"KeyId": arns[0]})).await.json();
    assert_eq!(of_one["Aliases"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn neither_plaintext_nor_key_material_is_in_the_database_and_everything_survives_a_restart() {
    let lab = Lab::lasting().await;
    let arn = key(&lab).await;
    let made = kms(&lab, "GenerateDataKey", json!({"KeyId": arn, "KeySpec": "AES_256"})).await;
    let (blob, plaintext) = (text(&made, &["CiphertextBlob"]), text(&made, &["Plaintext"]));
    let raw = BASE64_STANDARD.decode(&plaintext).unwrap();
    for bytes in lab.place.stored().await {
        assert!(!bytes.windows(raw.len()).any(|window| window == raw));
        assert!(!bytes.windows(plaintext.len()).any(|window| window == plaintext.as_bytes()));
    }
    let lab = lab.restarted().await;
    let opened = kms(&lab, "Decrypt", json!({"CiphertextBlob": blob})).await;
    assert_eq!(text(&opened, &["Plaintext"]), plaintext);
}

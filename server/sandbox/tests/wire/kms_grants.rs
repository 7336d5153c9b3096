//! Grants: what they give and to whom, under which conditions they are made, how they are known and how they end.

use std::time::Duration;

use crate::support::steps::{assert_refused, key, kms, text};
use crate::support::{Keys, Lab, account};
use sandbox::{Config, Propagation};
use serde_json::{Value, json};

const PLAIN: &str = "aGVsbG8=";

async fn code(lab: &Lab, keys: &Keys, operation: &str, input: Value) -> String {
    lab.kms(keys, operation, input).await.error().0
}

fn user(lab: &Lab, name: &str) -> String {
    format!("arn:aws:iam::{}:user/{name}", lab.account)
}

#[tokio::test]
async fn a_grant_allows_within_its_constraints_until_it_is_revoked() {
    let lab = Lab::new().await;
    let arn = key(&lab).await;
    let user = lab.user("grantee", Value::Null).await;
    let grantee = format!("arn:aws:iam::{}:user/grantee", lab.account);
    let create = json!({"KeyId": arn, "GranteePrincipal": grantee, "Operations": ["Encrypt", "Decrypt"], "Name": "once",
                        "Constraints": {"EncryptionContextSubset": {"team": "a"}}});
    let made = kms(&lab, "CreateGrant", create.clone()).await;
    let grant = text(&made, &["GrantId"]);
    let again = kms(&lab, "CreateGrant", create).await;
    assert_eq!(text(&again, &["GrantId"]), grant, "the same named grant is made once");
    let listed = kms(&lab, "ListGrants", json!({"KeyId": arn})).await.json();
    assert_eq!(listed["Grants"].as_array().unwrap().len(), 1);
    assert_eq!(listed["Grants"][0]["Constraints"]["EncryptionContextSubset"]["team"], "a");

    let encrypt =
        |context: Value| json!({"KeyId": arn, "Plaintext": "aGVsbG8=", "EncryptionContext": context});
    assert_eq!(lab.kms(&user, "Encrypt", encrypt(json!({"team": "a", "x": "y"}))).await.status, 200);
    assert_eq!(
        lab.kms(&user, "Encrypt", encrypt(json!({"team": "b"}))).await.error().0,
        "AccessDeniedException"
    );
    assert_eq!(lab.kms(&user, "DescribeKey", json!({"KeyId": arn})).await.error().0, "AccessDeniedException");
    kms(&lab, "RevokeGrant", json!({"KeyId": arn, "GrantId": grant})).await;
    assert_eq!(
        lab.kms(&user, "Encrypt", encrypt(json!({"team": "a"}))).await.error().0,
        "AccessDeniedException"
    );
}

#[tokio::test]
async fn a_grant_is_retired_by_whom_it_names_and_by_its_account_alone() {
    let lab = Lab::new().await;
    let arn = key(&lab).await;
    let names = ["grantee", "retiree", "bystander"];
    let mut users = Vec::new();
    for name in names {
        users.push(lab.user(name, Value::Null).await);
    }
    let [grantee, retiree, bystander] = &users[..] else { panic!("three users") };
    let user = |name: &str| user(&lab, name);
    let grant = |operations: Value| {
        let input = json!({
            "KeyId": arn, "GranteePrincipal": user("grantee"), "RetiringPrincipal": user("retiree"), "Operations": operations,
        });
        kms(&lab, "CreateGrant", input)
    };
    let made = grant(json!(["Encrypt"])).await;
    let by_id = json!({"KeyId": arn, "GrantId": text(&made, &["GrantId"])});
    let encrypt = || json!({"KeyId": arn, "Plaintext": PLAIN});
    assert_eq!(lab.kms(grantee, "Encrypt", encrypt()).await.status, 200);
    // No key policy gives it, and a grant only to those it names.
    for keys in [grantee, bystander] {
        assert_eq!(code(&lab, keys, "RetireGrant", by_id.clone()).await, "AccessDeniedException");
    }
    let listed = kms(&lab, "ListRetirableGrants", json!({"RetiringPrincipal": user("retiree")})).await;
    assert_eq!(listed.json()["Grants"].as_array().unwrap().len(), 1, "{}", listed.text());
    let token = json!({"GrantToken": text(&made, &["GrantToken"])});
    let retired = lab.kms(retiree, "RetireGrant", token.clone()).await;
    assert_eq!(retired.status, 200, "{}", retired.text());
    assert_eq!(code(&lab, grantee, "Encrypt", encrypt()).await, "AccessDeniedException");
    assert_eq!(
        code(&lab, retiree, "RetireGrant", token).await,
        "AccessDeniedException",
        "nothing is left to retire"
    );
    // A grantee to whom the grant gives it, and the account by its identity policies.
    let made = grant(json!(["Encrypt", "RetireGrant"])).await;
    assert_eq!(
        lab.kms(grantee, "RetireGrant", json!({"GrantToken": text(&made, &["GrantToken"])})).await.status,
        200
    );
    let made = grant(json!(["Encrypt"])).await;
    kms(&lab, "RetireGrant", json!({"KeyId": arn, "GrantId": text(&made, &["GrantId"])})).await;
    for (input, expected) in [
        (json!({}), "ValidationException"),
        (json!({"KeyId": arn}), "ValidationException"),
        (json!({"GrantToken": "?"}), "InvalidGrantTokenException"),
        (json!({"KeyId": "1234abcd-12ab-34cd-56ef-1234567890ab", "GrantId": "x"}), "NotFoundException"),
        (json!({"KeyId": arn, "GrantId": "x"}), "NotFoundException"),
    ] {
        assert_eq!(code(&lab, &lab.admin, "RetireGrant", input.clone()).await, expected, "{input}");
    }
}

#[tokio::test]
async fn a_grant_that_is_not_known_yet_counts_for_who_gives_its_token() {
    let propagation = Propagation { kms: Duration::from_secs(300), ..Propagation::default() };
    let lab = Lab::with(Config { propagation, ..Config::default() }).await;
    let (arn, other) = (key(&lab).await, key(&lab).await);
    let grantee = lab.user("grantee", Value::Null).await;
    let stranger = lab.user("stranger", Value::Null).await;
    let create = |key: &str| {
        json!({"KeyId": key, "GranteePrincipal": user(&lab, "grantee"), "Name": "one",
               "Operations": ["Encrypt", "Decrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "DescribeKey",
                              "GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext", "ReEncryptFrom", "ReEncryptTo",
                              "CreateGrant"]})
    };
    let token = text(&kms(&lab, "CreateGrant", create(&arn)).await, &["GrantToken"]);
    let again = text(&kms(&lab, "CreateGrant", create(&arn)).await, &["GrantToken"]);
    assert_ne!(token, again, "each token is another");
    let foreign = text(&kms(&lab, "CreateGrant", create(&other)).await, &["GrantToken"]);
    let sealed =
        text(&kms(&lab, "Encrypt", json!({"KeyId": arn, "Plaintext": PLAIN})).await, &["CiphertextBlob"]);
    let spec = "AES_256";
    let inputs = [
        ("Encrypt", json!({"KeyId": arn, "Plaintext": PLAIN})),
        ("Decrypt", json!({"CiphertextBlob": sealed})),
        ("GenerateDataKey", json!({"KeyId": arn, "KeySpec": spec})),
        ("GenerateDataKeyWithoutPlaintext", json!({"KeyId": arn, "KeySpec": spec})),
        ("GenerateDataKeyPair", json!({"KeyId": arn, "KeyPairSpec": "ECC_NIST_P256"})),
        ("GenerateDataKeyPairWithoutPlaintext", json!({"KeyId": arn, "KeyPairSpec": "ECC_NIST_P256"})),
        ("DescribeKey", json!({"KeyId": arn})),
        ("ReEncrypt", json!({"CiphertextBlob": sealed, "DestinationKeyId": arn})),
        (
            "CreateGrant",
            json!({"KeyId": arn, "GranteePrincipal": user(&lab, "stranger"), "Operations": ["Encrypt"]}),
        ),
    ];
    for (operation, input) in inputs {
        let with = |tokens: Value| {
            let mut input = input.clone();
            input["GrantTokens"] = tokens;
            input
        };
        assert_eq!(
            code(&lab, &grantee, operation, input.clone()).await,
            "AccessDeniedException",
            "{operation}"
        );
        assert_eq!(code(&lab, &grantee, operation, with(json!([foreign]))).await, "AccessDeniedException");
        // A token alone gives nothing.
        assert_eq!(code(&lab, &stranger, operation, with(json!([token]))).await, "AccessDeniedException");
        for token in [&token, &again] {
            let answer = lab.kms(&grantee, operation, with(json!([foreign, token]))).await;
            assert_eq!(answer.status, 200, "{operation}: {}", answer.text());
        }
        for broken in [json!(["?"]), json!([token[..40]]), json!([""])] {
            assert_eq!(code(&lab, &grantee, operation, with(broken)).await, "InvalidGrantTokenException");
        }
        let many = json!(vec![token.clone(); 11]);
        assert_eq!(code(&lab, &grantee, operation, with(many)).await, "ValidationException");
        assert_eq!(code(&lab, &grantee, operation, with(json!("x"))).await, "SerializationException");
    }
    // Everyone else sees it at once.
    let listed = kms(&lab, "ListGrants", json!({"KeyId": other})).await.json();
    assert_eq!(listed["Grants"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn who_makes_grants_by_a_grant_hands_on_no_more_than_it_has() {
    let lab = Lab::new().await;
    let arn = key(&lab).await;
    let middle = lab.user("middle", Value::Null).await;
    let last = lab.user("last", Value::Null).await;
    let to = |name: &str, operations: Value, constraints: Value| json!({"KeyId": arn, "GranteePrincipal": user(&lab, name), "Operations": operations, "Constraints": constraints});
    let team = || json!({"EncryptionContextSubset": {"team": "a"}});
    kms(&lab, "CreateGrant", to("middle", json!(["CreateGrant", "Decrypt", "Encrypt"]), team())).await;
    // One that gives more, but not CreateGrant.
    kms(&lab, "CreateGrant", to("middle", json!(["DescribeKey"]), json!({}))).await;
    let cases = [
        (json!(["Encrypt"]), team(), true),
        (json!(["Encrypt", "Decrypt", "CreateGrant"]), team(), true),
        (json!(["Encrypt"]), json!({"EncryptionContextSubset": {"team": "a", "stage": "live"}}), true),
        (json!(["Encrypt"]), json!({"EncryptionContextEquals": {"team": "a"}}), true),
        (json!(["Encrypt"]), json!({"EncryptionContextEquals": {"team": "b"}}), false),
        (json!(["Encrypt"]), json!({"EncryptionContextSubset": {"stage": "live"}}), false),
        (json!(["Encrypt"]), json!({}), false),
        (json!(["Encrypt", "DescribeKey"]), team(), false),
        (json!(["GenerateDataKey"]), team(), false),
    ];
    for (operations, constraints, passes) in cases {
        let made = lab.kms(&middle, "CreateGrant", to("last", operations.clone(), constraints.clone())).await;
        let expected = if passes { "" } else { "AccessDeniedException" };
        assert_eq!(made.error().0, expected, "{operations} {constraints}: {}", made.text());
    }
    let encrypt = |team: &str| json!({"KeyId": arn, "Plaintext": PLAIN, "EncryptionContext": {"team": team}});
    assert_eq!(lab.kms(&last, "Encrypt", encrypt("a")).await.status, 200);
    assert_eq!(code(&lab, &last, "Encrypt", encrypt("b")).await, "AccessDeniedException");
    // An exact context must be handed on as it is.
    let arn = key(&lab).await;
    let to = |constraints: Value| {
        json!({"KeyId": arn, "GranteePrincipal": user(&lab, "middle"), "Operations": ["CreateGrant", "Encrypt"],
               "Constraints": {"EncryptionContextEquals": constraints}})
    };
    kms(&lab, "CreateGrant", to(json!({"team": "a"}))).await;
    assert_eq!(code(&lab, &middle, "CreateGrant", to(json!({"team": "a"}))).await, "");
    let wider = to(json!({"team": "a", "stage": "live"}));
    assert_eq!(code(&lab, &middle, "CreateGrant", wider).await, "AccessDeniedException");
}

#[tokio::test]
async fn condition_keys_of_grants_reach_the_policies() {
    let lab = Lab::new().await;
    let arn = key(&lab).await;
    lab.user("worker", Value::Null).await;
    lab.user("keeper", Value::Null).await;
    let input = |change: Value| {
        let mut input =
            json!({"KeyId": arn, "GranteePrincipal": user(&lab, "worker"), "Operations": ["Encrypt"]});
        for (name, value) in change.as_object().unwrap() {
            input[name] = value.clone();
        }
        input
    };
    let context = || json!({"Constraints": {"EncryptionContextEquals": {"a": "b"}}});
    let cases = [
        (
            json!({"ForAllValues:StringEquals": {"kms:GrantOperations": ["Encrypt", "Decrypt"]}}),
            json!({"Operations": ["Decrypt", "Encrypt"]}),
            json!({"Operations": ["Encrypt", "DescribeKey"]}),
        ),
        (
            json!({"StringEquals": {"kms:GranteePrincipal": user(&lab, "worker")}}),
            json!({}),
            json!({"GranteePrincipal": user(&lab, "keeper")}),
        ),
        (
            json!({"StringEquals": {"kms:RetiringPrincipal": user(&lab, "keeper")}}),
            json!({"RetiringPrincipal": user(&lab, "keeper")}),
            json!({}),
        ),
        (
            json!({"StringEquals": {"kms:GrantConstraintType": "EncryptionContextEquals"}}),
            context(),
            json!({}),
        ),
        (json!({"Bool": {"kms:GrantIsForAWSResource": "false"}}), json!({}), Value::Null),
        (json!({"Bool": {"kms:GrantIsForAWSResource": "true"}}), Value::Null, json!({})),
    ];
    for (number, (condition, passes, fails)) in cases.into_iter().enumerate() {
        let policy = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "kms:CreateGrant", "Resource": "*", "Condition": condition},
        ]});
        let maker = lab.user(&format!("maker-{number}"), policy).await;
        for (change, expected) in [(passes, ""), (fails, "AccessDeniedException")] {
            if !change.is_null() {
                assert_eq!(code(&lab, &maker, "CreateGrant", input(change)).await, expected, "{condition}");
            }
        }
    }
}

#[tokio::test]
async fn a_named_grant_is_made_once_for_the_same_parameters() {
    let lab = Lab::new().await;
    let arn = key(&lab).await;
    lab.user("grantee", Value::Null).await;
    lab.user("other", Value::Null).await;
    let everything = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:*", "Resource": "*"}]});
    let second = lab.user("second", everything).await;
    let input = |change: Value| {
        let mut input = json!({
            "KeyId": arn, "GranteePrincipal": user(&lab, "grantee"), "Operations": ["Encrypt", "Decrypt"], "Name": "a:b/c_d-1"
        });
        for (name, value) in change.as_object().unwrap() {
            input[name] = value.clone();
        }
        input
    };
    let first = text(&kms(&lab, "CreateGrant", input(json!({}))).await, &["GrantId"]);
    assert_eq!(first.len(), 64);
    // Whoever of the account asks again.
    let again = lab.kms(&second, "CreateGrant", input(json!({}))).await;
    assert_eq!(text(&again, &["GrantId"]), first);
    for change in [
        json!({"GranteePrincipal": user(&lab, "other")}),
        json!({"RetiringPrincipal": user(&lab, "other")}),
        json!({"Operations": ["Encrypt"]}),
        json!({"Constraints": {"EncryptionContextSubset": {"a": "b"}}}),
        json!({"Name": "other"}),
        json!({"Name": null}),
        json!({"Name": null}),
    ] {
        assert_ne!(
            text(&kms(&lab, "CreateGrant", input(change.clone())).await, &["GrantId"]),
            first,
            "{change}"
        );
    }
    let listed = kms(&lab, "ListGrants", json!({"KeyId": arn})).await.json();
    assert_eq!(listed["Grants"].as_array().unwrap().len(), 8);
    let of_other =
        kms(&lab, "ListGrants", json!({"KeyId": arn, "GranteePrincipal": user(&lab, "other")})).await.json();
    assert_eq!(of_other["Grants"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn grants_that_aws_refuses_are_refused_in_its_words() {
    let lab = Lab::new().await;
    let arn = key(&lab).await;
    lab.user("grantee", Value::Null).await;
    let invalid = |value: &str, member: &str, constraint: &str| {
        format!(
            "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {constraint}"
        )
    };
    let pattern = r"Member must satisfy regular expression pattern: ^[\w+=,.@:/-]+$";
    let of_name = "Member must satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$";
    let no_principal = "ARN does not refer to a valid principal: ";
    let pairs: serde_json::Map<String, Value> =
        (0..9).map(|number| (number.to_string(), json!("x"))).collect();
    let cases = [
        (json!({"GranteePrincipal": "*"}), "ValidationException", invalid("*", "granteePrincipal", pattern)),
        (json!({"RetiringPrincipal": "a b"}), "ValidationException", invalid("a b", "retiringPrincipal", pattern)),
        (json!({"GranteePrincipal": user(&lab, "absent")}), "InvalidArnException", no_principal.to_owned() + &user(&lab, "absent")),
        (json!({"RetiringPrincipal": "ec2.amazonaws.com"}), "InvalidArnException", no_principal.to_owned() + "ec2.amazonaws.com"),
        (json!({"Name": "a b"}), "ValidationException", invalid("a b", "name", of_name)),
        (json!({"Name": ""}), "ValidationException", invalid("", "name", of_name)),
        (
            json!({"Name": "a".repeat(257)}),
            "ValidationException",
            invalid(&"a".repeat(257), "name", "Member must have length less than or equal to 256"),
        ),
        (
            json!({"Operations": []}),
            "ValidationException",
            invalid("[]", "operations", "Member must have length greater than or equal to 1"),
        ),
        (
            json!({"Operations": ["Encrypt", "Sign"]}),
            "ValidationException",
            "The operation Sign is not supported by grants for symmetric encryption KMS keys.".into(),
        ),
        (
            json!({"Operations": ["Encrypt", "kms:Decrypt"]}),
            "ValidationException",
            invalid(
                "[Encrypt, kms:Decrypt]",
                "operations",
                "Member must satisfy constraint: [Member must satisfy enum value set: [Decrypt, Encrypt, GenerateDataKey, \
                 GenerateDataKeyWithoutPlaintext, ReEncryptFrom, ReEncryptTo, CreateGrant, RetireGrant, DescribeKey, \
                 GenerateDataKeyPair, GenerateDataKeyPairWithoutPlaintext, Sign, Verify, GetPublicKey, GenerateMac, VerifyMac, \
                 DeriveSharedSecret]]",
            ),
        ),
        (
            json!({"Constraints": {"EncryptionContextEquals": pairs}}),
            "ValidationException",
            "1 validation error detected: Value at 'constraints.encryptionContextEquals' failed to satisfy constraint: Member must \
             have length less than or equal to 8"
                .into(),
        ),
        (
            json!({"Constraints": {"EncryptionContextSubset": {"a": "x".repeat(385)}}}),
            "ValidationException",
            "1 validation error detected: Value at 'constraints.encryptionContextSubset' failed to satisfy constraint: Member must \
             have length less than or equal to 384"
                .into(),
        ),
        (json!({"KeyId": "alias/aws/s3"}), "NotFoundException", "Invalid keyId 'alias/aws/s3'".into()),
        (
            json!({"DryRun": true}),
            "DryRunOperationException",
            "The request would have succeeded, but the DryRun option is set.".into(),
        ),
    ];
    for (change, code, message) in cases {
        let mut input =
            json!({"KeyId": arn, "GranteePrincipal": user(&lab, "grantee"), "Operations": ["Encrypt"]});
        for (name, value) in change.as_object().unwrap() {
            input[name] = value.clone();
        }
        assert_refused(&lab.kms(&lab.admin, "CreateGrant", input).await, 400, code, &message);
    }
    let listed = kms(&lab, "ListGrants", json!({"KeyId": arn})).await.json();
    assert_eq!(listed["Grants"], json!([]), "a refused grant is not made");
}

#[tokio::test]
async fn grants_reach_roles_sessions_and_other_accounts() {
    let lab = Lab::new().await;
    let arn = key(&lab).await;
    let trust = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{}:root", lab.account)}, "Action": "sts:AssumeRole"}]});
    let made = lab
        .query(
            &lab.admin,
            "iam",
            "CreateRole",
            &[("RoleName", "app"), ("AssumeRolePolicyDocument", &trust.to_string())],
        )
        .await;
    assert_eq!(made.status, 200, "{}", made.text());
    let (one, two) = (lab.assume(&lab.admin, "app", "one").await, lab.assume(&lab.admin, "app", "two").await);
    let (other, stranger) = account(&lab.sandbox).await;
    let grant = |grantee: String, operation: &str| json!({"KeyId": arn, "GranteePrincipal": grantee, "Operations": [operation]});
    let session = format!("arn:aws:sts::{}:assumed-role/app/one", lab.account);
    kms(&lab, "CreateGrant", grant(session, "DescribeKey")).await;
    kms(&lab, "CreateGrant", grant(format!("arn:aws:iam::{}:role/app", lab.account), "Encrypt")).await;
    kms(&lab, "CreateGrant", grant(format!("arn:aws:iam::{other}:root"), "Encrypt")).await;
    let describe = || json!({"KeyId": arn});
    let encrypt = || json!({"KeyId": arn, "Plaintext": PLAIN});
    assert_eq!(code(&lab, &one, "DescribeKey", describe()).await, "");
    assert_eq!(code(&lab, &two, "DescribeKey", describe()).await, "AccessDeniedException");
    assert_eq!(code(&lab, &one, "Encrypt", encrypt()).await, "");
    assert_eq!(code(&lab, &two, "Encrypt", encrypt()).await, "");
    // Another account's administrator has it from the grant and his own policies.
    assert_eq!(code(&lab, &stranger, "Encrypt", encrypt()).await, "");
    assert_eq!(code(&lab, &stranger, "DescribeKey", describe()).await, "AccessDeniedException");
    let mut retirable = grant(format!("arn:aws:iam::{}:role/app", lab.account), "Encrypt");
    retirable["RetiringPrincipal"] = json!(format!("arn:aws:iam::{other}:root"));
    let token = text(&kms(&lab, "CreateGrant", retirable).await, &["GrantToken"]);
    let (_, third) = account(&lab.sandbox).await;
    let retire = || json!({"GrantToken": token});
    assert_eq!(code(&lab, &third, "RetireGrant", retire()).await, "AccessDeniedException");
    assert_eq!(code(&lab, &stranger, "RetireGrant", retire()).await, "");
}

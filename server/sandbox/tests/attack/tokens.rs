//! Session tokens: forged, cut short, changed by a bit, of another key, expired; and those of the metadata service.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sandbox::{Config, Fidelity};
use serde_json::json;

use crate::support::steps::{lab_with_bucket, s3};
use crate::support::{Keys, Lab, call};
use crate::{Words, in_words_of, one_of_each, refusal, signed, tried};

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

type Parameters<'a> = &'a [(&'a str, &'a str)];

/// What every service answers to a token that is none.
const INVALID: Words = [
    (400, "InvalidToken"),
    (400, "UnrecognizedClientException"),
    (403, "InvalidClientTokenId"),
    (403, "InvalidClientTokenId"),
    (401, "AuthFailure"),
];
const EXPIRED: Words = [
    (400, "ExpiredToken"),
    (400, "ExpiredTokenException"),
    (403, "ExpiredToken"),
    (403, "ExpiredToken"),
    (400, "RequestExpired"),
];

/// A lab with a role that may do everything, and two sessions of it.
async fn lab_with_sessions() -> (Lab, [Keys; 2]) {
    let lab = lab_with_bucket().await;
    s3(&lab, "PUT", "/bucket-1/object", &[], b"secret").await;
    let trust = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": format!("arn:aws:iam::{}:root", lab.account)},
    }]})
    .to_string();
    let role = [("RoleName", "admin"), ("AssumeRolePolicyDocument", trust.as_str())];
    assert_eq!(lab.query(&lab.admin, "iam", "CreateRole", &role).await.status, 200);
    let policy = [("RoleName", "admin"), ("PolicyArn", "arn:aws:iam::aws:policy/AdministratorAccess")];
    assert_eq!(lab.query(&lab.admin, "iam", "AttachRolePolicy", &policy).await.status, 200);
    let sessions =
        [lab.assume(&lab.admin, "admin", "one").await, lab.assume(&lab.admin, "admin", "two").await];
    (lab, sessions)
}

/// Every service refuses these credentials in its own words, though they are signed for with the right secret.
async fn nowhere_accepted(lab: &Lab, keys: &Keys, words: &Words, what: &str) {
    for plain in one_of_each() {
        let answer = tried(lab, &signed(&plain, keys)).await;
        let (status, code) = in_words_of(plain.service, words);
        assert_eq!(
            refusal(&answer),
            (status, code.to_owned()),
            "{what} at {}: {}",
            plain.service,
            answer.text()
        );
        assert!(lab.sandbox.trace(&answer.request_id()).is_empty(), "{what}: the gate was asked");
    }
}

#[tokio::test]
async fn a_session_is_good_with_its_own_key_and_its_own_token_alone() {
    let (lab, [one, two]) = lab_with_sessions().await;
    for plain in one_of_each() {
        assert_eq!(tried(&lab, &signed(&plain, &one)).await.status, 200, "{}", plain.service);
    }
    let moved = Keys { token: two.token.clone(), ..one.clone() };
    nowhere_accepted(&lab, &moved, &INVALID, "the token of another session").await;
    let of_user = Keys { token: one.token.clone(), ..lab.admin.clone() };
    nowhere_accepted(&lab, &of_user, &INVALID, "a token with a user's key").await;
    let random = Keys { token: Some(BASE64_URL_SAFE_NO_PAD.encode([7; 300])), ..one.clone() };
    nowhere_accepted(&lab, &random, &INVALID, "a made up token").await;
    let empty = Keys { token: Some(String::new()), ..one.clone() };
    nowhere_accepted(&lab, &empty, &INVALID, "an empty token").await;
    let none = Keys { token: None, ..one.clone() };
    let mut words = INVALID;
    words[0] = (403, "InvalidAccessKeyId");
    nowhere_accepted(&lab, &none, &words, "no token").await;
    let claims = json!({"role": {
        "account": lab.account, "role": "admin", "role_id": "AROA", "name": "x", "policies": [], "issued": 0,
        "expires": 9_999_999_999_i64, "source": "assume-role",
    }});
    let plain = Keys { token: Some(BASE64_URL_SAFE_NO_PAD.encode(claims.to_string())), ..one };
    nowhere_accepted(&lab, &plain, &INVALID, "a token that is not sealed").await;
}

#[tokio::test]
async fn no_bit_of_a_session_token_can_be_changed_and_nothing_cut_off() {
    let (lab, [one, _]) = lab_with_sessions().await;
    let token = one.token.clone().unwrap();
    let sealed = BASE64_URL_SAFE_NO_PAD.decode(&token).unwrap();
    let kms = &one_of_each()[1];
    for bit in 0..sealed.len() * 8 {
        let mut changed = sealed.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let keys = Keys { token: Some(BASE64_URL_SAFE_NO_PAD.encode(&changed)), ..one.clone() };
        let answer = tried(&lab, &signed(kms, &keys)).await;
        assert_eq!(refusal(&answer).1, "UnrecognizedClientException", "bit {bit}: {}", answer.text());
    }
    for length in 0..token.len() {
        let keys = Keys { token: Some(token[..length].to_owned()), ..one.clone() };
        let answer = tried(&lab, &signed(kms, &keys)).await;
        assert_eq!(
            refusal(&answer).1,
            "UnrecognizedClientException",
            "{length} characters: {}",
            answer.text()
        );
    }
    for more in ["A", "=", "AAAA", "%"] {
        let keys = Keys { token: Some(format!("{token}{more}")), ..one.clone() };
        let answer = tried(&lab, &signed(kms, &keys)).await;
        assert_eq!(refusal(&answer).1, "UnrecognizedClientException", "with {more}");
    }
}

#[tokio::test]
async fn credentials_are_worth_nothing_once_their_time_is_over() {
    let fidelity = Fidelity { instance_credential_seconds: 0, ..Fidelity::default() };
    let lab = Lab::with(Config { fidelity, ..Config::default() }).await;
    let instance = launch(&lab).await;
    let keys = lab.instance_keys(&instance).await;
    nowhere_accepted(&lab, &keys, &EXPIRED, "the token of a session that is over").await;
}

#[tokio::test]
async fn a_session_ends_with_its_role_even_if_the_name_is_taken_again() {
    let (lab, [one, _]) = lab_with_sessions().await;
    let admin = |action, parameters: Vec<(&'static str, String)>| {
        let lab = &lab;
        async move {
            let parameters: Vec<_> = parameters.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let answer = lab.query(&lab.admin, "iam", action, &parameters).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            answer
        }
    };
    let name = || ("RoleName", "admin".to_owned());
    let arn = || ("PolicyArn", "arn:aws:iam::aws:policy/AdministratorAccess".to_owned());
    admin("DetachRolePolicy", vec![name(), arn()]).await;
    admin("DeleteRole", vec![name()]).await;
    nowhere_accepted(&lab, &one, &INVALID, "the role is gone").await;
    admin("CreateRole", vec![name(), ("AssumeRolePolicyDocument", TRUST.to_owned())]).await;
    admin("AttachRolePolicy", vec![name(), arn()]).await;
    nowhere_accepted(&lab, &one, &INVALID, "the role is another of the same name").await;
}

/// An instance with a role that may do everything.
async fn launch(lab: &Lab) -> String {
    let calls: [(&str, &str, Parameters<'_>); 4] = [
        ("iam", "CreateRole", &[("RoleName", "app"), ("AssumeRolePolicyDocument", TRUST)]),
        (
            "iam",
            "AttachRolePolicy",
            &[("RoleName", "app"), ("PolicyArn", "arn:aws:iam::aws:policy/AdministratorAccess")],
        ),
        ("iam", "CreateInstanceProfile", &[("InstanceProfileName", "app")]),
        ("iam", "AddRoleToInstanceProfile", &[("InstanceProfileName", "app"), ("RoleName", "app")]),
    ];
    for (service, action, parameters) in calls {
        let answer = lab.query(&lab.admin, service, action, parameters).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    another_instance(lab).await
}

async fn another_instance(lab: &Lab) -> String {
    let parameters = [
        ("ImageId", "ami-0abcdef1234567890"),
        ("MinCount", "1"),
        ("MaxCount", "1"),
        ("IamInstanceProfile.Name", "app"),
    ];
    lab.query(&lab.admin, "ec2", "RunInstances", &parameters).await.xml("instanceId").unwrap()
}

#[tokio::test]
async fn a_metadata_token_opens_one_instance_and_only_unchanged() {
    let lab = Lab::new().await;
    let (instance, other) = (launch(&lab).await, another_instance(&lab).await);
    let ttl = [("x-aws-ec2-metadata-token-ttl-seconds", "60")];
    let path = format!("/imds/{instance}/latest/api/token");
    let token = call(&lab.sandbox, None, "", "PUT", &path, &ttl, b"").await.text();
    let read = |instance: String, token: String| {
        let lab = &lab;
        async move {
            let path = format!("/imds/{instance}/latest/meta-data/iam/security-credentials/app");
            let headers = [("x-aws-ec2-metadata-token", token.as_str())];
            call(&lab.sandbox, None, "", "GET", &path, &headers, b"").await
        }
    };
    assert_eq!(read(instance.clone(), token.clone()).await.status, 200);
    assert_eq!(read(other.clone(), token.clone()).await.status, 401, "the token of another instance");
    let sealed = BASE64_URL_SAFE_NO_PAD.decode(&token).unwrap();
    for bit in 0..sealed.len() * 8 {
        let mut changed = sealed.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let answer = read(instance.clone(), BASE64_URL_SAFE_NO_PAD.encode(changed)).await;
        assert_eq!(answer.status, 401, "bit {bit}");
    }
    for length in 0..token.len() {
        assert_eq!(
            read(instance.clone(), token[..length].to_owned()).await.status,
            401,
            "{length} characters"
        );
    }
    // Nobody comes out of one instance's folder into another's.
    for path in [
        format!("/imds/{instance}/../{other}/latest/meta-data/instance-id"),
        format!("/imds/{instance}%2f..%2f{other}/latest/meta-data/instance-id"),
        format!("/imds/{instance}/latest/../../{other}/latest/meta-data/instance-id"),
        format!("/imds/{instance}/latest/%2e%2e/%2e%2e/{other}/latest/meta-data/instance-id"),
    ] {
        let headers = [("x-aws-ec2-metadata-token", token.as_str())];
        let answer = call(&lab.sandbox, None, "", "GET", &path, &headers, b"").await;
        assert!((400..500).contains(&answer.status), "{path}: {} {}", answer.status, answer.text());
    }
    for ttl in ["0", "21601", "-1", "1e3", "", "99999999999999999999"] {
        let headers = [("x-aws-ec2-metadata-token-ttl-seconds", ttl)];
        assert_eq!(call(&lab.sandbox, None, "", "PUT", &path, &headers, b"").await.status, 400, "{ttl}");
    }
}

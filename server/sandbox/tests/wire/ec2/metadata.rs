//! The metadata service of an instance.

use sandbox::{Config, Fidelity};
use serde_json::json;

use super::*;

#[tokio::test]
async fn an_instance_gets_credentials_of_its_role() {
    let lab = lab_with_profile(Config::default()).await;
    let id = launch(&lab, &[PROFILE]).await;
    let folder = get(&lab, &id, "/latest/meta-data/iam/security-credentials/").await;
    assert_eq!(folder.text(), "app-role", "the role's name, not the profile's");
    let answer = get(&lab, &id, "/latest/meta-data/iam/security-credentials/app-role").await;
    let credentials = answer.json();
    let field = |name: &str| credentials.get(name).unwrap().as_str().unwrap().to_owned();
    assert_eq!((field("Code"), field("Type")), ("Success".into(), "AWS-HMAC".into()));
    assert!(field("AccessKeyId").starts_with("ASIA"));
    let time = |name: &str| {
        let format = &time::format_description::well_known::Rfc3339;
        time::OffsetDateTime::parse(&field(name), format).unwrap()
    };
    assert_eq!(
        (time("Expiration") - time("LastUpdated")).whole_seconds(),
        Fidelity::default().instance_credential_seconds
    );
    let keys = lab.instance_keys(&id).await;
    let who = did(&lab, &keys, "sts", "GetCallerIdentity", &[]).await;
    assert_eq!(who.xml("Arn"), Some(format!("arn:aws:sts::{}:assumed-role/app-role/{id}", lab.account)));
    assert_eq!(
        lab.query(&keys, "iam", "ListUsers", &[]).await.status,
        403,
        "the role has no permissions yet"
    );
    let admin = ("PolicyArn", "arn:aws:iam::aws:policy/AdministratorAccess");
    did(&lab, &lab.admin, "iam", "AttachRolePolicy", &[("RoleName", "app-role"), admin]).await;
    did(&lab, &keys, "iam", "ListUsers", &[]).await;
}

#[tokio::test]
async fn credentials_of_an_instance_expire() {
    let fidelity = Fidelity { instance_credential_seconds: 0, ..Fidelity::default() };
    let lab = lab_with_profile(Config { fidelity, ..Config::default() }).await;
    let id = launch(&lab, &[PROFILE]).await;
    let keys = lab.instance_keys(&id).await;
    let answer = lab.query(&keys, "sts", "GetCallerIdentity", &[]).await;
    assert_eq!((answer.status, answer.error().0.as_str()), (403, "ExpiredToken"));
}

#[tokio::test]
async fn a_role_that_does_not_trust_ec2_gives_no_credentials() {
    let lab = lab_with_profile(Config::default()).await;
    let id = launch(&lab, &[PROFILE]).await;
    let trust = TRUST.replace("ec2.", "lambda.");
    did(
        &lab,
        &lab.admin,
        "iam",
        "UpdateAssumeRolePolicy",
        &[("RoleName", "app-role"), ("PolicyDocument", &trust)],
    )
    .await;
    let answer = get(&lab, &id, "/latest/meta-data/iam/security-credentials/app-role").await;
    assert_eq!(answer.status, 200);
    let refusal = answer.json();
    assert_eq!(refusal.get("Code").unwrap(), "AssumeRoleUnauthorizedAccess");
    assert!(
        refusal.get("Message").unwrap().as_str().unwrap().starts_with("EC2 cannot assume the role app-role.")
    );
    assert!(refusal.get("AccessKeyId").is_none());
}

#[tokio::test]
async fn the_metadata_service_wants_a_token() {
    let lab = lab_with_profile(Config::default()).await;
    let (one, two) = (launch(&lab, &[PROFILE]).await, launch(&lab, &[PROFILE]).await);
    const TTL: &str = "x-aws-ec2-metadata-token-ttl-seconds";
    const TOKEN: &str = "x-aws-ec2-metadata-token";
    let foreign = token(&lab, &two).await;
    let cases: Vec<(&str, &str, Pairs<'_>, u16)> = vec![
        ("PUT", "/latest/api/token", vec![], 400),
        ("PUT", "/latest/api/token", vec![(TTL, "0")], 400),
        ("PUT", "/latest/api/token", vec![(TTL, "21601")], 400),
        ("PUT", "/latest/api/token", vec![(TTL, "soon")], 400),
        ("PUT", "/2021-03-23/api/token", vec![(TTL, "60")], 403),
        ("PUT", "/latest/api/token", vec![(TTL, "60"), ("x-forwarded-for", "10.0.0.1")], 403),
        ("PUT", "/latest/meta-data/ami-id", vec![(TTL, "60")], 404),
        ("POST", "/latest/api/token", vec![(TTL, "60")], 405),
        ("GET", "/latest/meta-data/", vec![], 401),
        ("GET", "/latest/meta-data/", vec![(TOKEN, "made-up")], 401),
        ("GET", "/latest/meta-data/", vec![(TOKEN, &foreign)], 401),
    ];
    for (method, path, headers, status) in cases {
        assert_eq!(
            imds(&lab, method, &one, path, &headers).await.status,
            status,
            "{method} {path} {headers:?}"
        );
    }
    let short = imds(&lab, "PUT", &one, "/latest/api/token", &[(TTL, "1")]).await.text();
    assert_eq!(imds(&lab, "GET", &one, "/latest/meta-data/", &[(TOKEN, &short)]).await.status, 200);
    tokio::time::sleep(std::time::Duration::from_millis(2_100)).await;
    assert_eq!(
        imds(&lab, "GET", &one, "/latest/meta-data/", &[(TOKEN, &short)]).await.status,
        401,
        "its second is over"
    );
}

#[tokio::test]
async fn the_metadata_service_lists_and_answers_items() {
    const FOLDER: &str = "ami-id\nami-launch-index\niam/\ninstance-action\ninstance-id\ninstance-life-cycle\ninstance-type\n\
                          placement/\nreservation-id\nservices/";
    let lab = lab_with_profile(Config::default()).await;
    let id = launch(&lab, &[PROFILE]).await;
    let bare = launch(&lab, &[]).await;
    let cases = [
        ("/latest/", "dynamic\nmeta-data"),
        ("/latest", "dynamic\nmeta-data"),
        ("/latest/meta-data/", FOLDER),
        ("/latest/meta-data", FOLDER),
        ("/latest/meta-data/services/", "domain\npartition"),
        ("/latest/meta-data/services/domain", "amazonaws.com"),
        ("/latest/meta-data/ami-launch-index", "0"),
        ("/latest/meta-data/iam/", "info\nsecurity-credentials/"),
        ("/latest/meta-data/ami-id", "ami-0abcdef1234567890"),
        ("/latest/meta-data/instance-id", id.as_str()),
        ("/latest/meta-data/instance-type", "m1.small"),
        ("/latest/meta-data/placement/region", "us-east-1"),
        ("/latest/meta-data/placement/availability-zone", "us-east-1a"),
        // As botocore asks.
        ("/latest/meta-data/placement/availability-zone/", "us-east-1a"),
        ("/2021-03-23/meta-data/placement/region", "us-east-1"),
    ];
    for (path, wanted) in cases {
        let answer = get(&lab, &id, path).await;
        assert_eq!((answer.status, answer.text().as_str()), (200, wanted), "{path}");
    }
    let info = get(&lab, &id, "/latest/meta-data/iam/info").await.json();
    assert_eq!(
        info.get("InstanceProfileArn").unwrap(),
        &json!(format!("arn:aws:iam::{}:instance-profile/profile", lab.account))
    );
    let document = get(&lab, &id, "/latest/dynamic/instance-identity/document").await.json();
    assert_eq!(
        (document.get("region").unwrap(), document.get("accountId").unwrap()),
        (&json!("us-east-1"), &json!(lab.account))
    );
    for path in [
        "/latest/meta-data/iam/security-credentials/other",
        "/latest/user-data",
        "/v1/meta-data/",
        "/2021-99-99/meta-data/",
        "/latest/meta-data/nothing",
    ] {
        assert_eq!(get(&lab, &id, path).await.status, 404, "{path}");
    }
    assert_eq!(get(&lab, &bare, "/latest/meta-data/iam/info").await.status, 404, "no profile");
    assert_eq!(
        get(&lab, &bare, "/latest/meta-data/iam/security-credentials/").await.status,
        404,
        "no profile"
    );
}

#[tokio::test]
async fn a_terminated_or_unknown_instance_has_no_metadata_service() {
    let lab = lab_with_profile(Config::default()).await;
    let id = launch(&lab, &[PROFILE]).await;
    let token = token(&lab, &id).await;
    did(&lab, &lab.admin, "ec2", "TerminateInstances", &[("InstanceId.1", &id)]).await;
    let headers =
        [("x-aws-ec2-metadata-token", token.as_str()), ("x-aws-ec2-metadata-token-ttl-seconds", "60")];
    for instance in [id.as_str(), "i-0123456789abcdef0"] {
        assert_eq!(imds(&lab, "GET", instance, "/latest/meta-data/", &headers).await.status, 404);
        assert_eq!(imds(&lab, "PUT", instance, "/latest/api/token", &headers).await.status, 404);
    }
}

#[tokio::test]
async fn a_profile_made_anew_is_not_the_one_an_instance_was_launched_with() {
    let lab = lab_with_profile(Config::default()).await;
    let id = launch(&lab, &[PROFILE]).await;
    let (profile, role) = (("InstanceProfileName", "profile"), ("RoleName", "app-role"));
    did(&lab, &lab.admin, "iam", "RemoveRoleFromInstanceProfile", &[profile, role]).await;
    assert_eq!(get(&lab, &id, "/latest/meta-data/iam/security-credentials/app-role").await.status, 404);
    did(&lab, &lab.admin, "iam", "DeleteInstanceProfile", &[profile]).await;
    did(&lab, &lab.admin, "iam", "CreateInstanceProfile", &[profile]).await;
    did(&lab, &lab.admin, "iam", "AddRoleToInstanceProfile", &[profile, role]).await;
    assert_eq!(get(&lab, &id, "/latest/meta-data/iam/security-credentials/app-role").await.status, 404);
}

#[tokio::test]
async fn assuming_a_role_from_an_instance_is_not_chaining() {
    let lab = lab_with_profile(Config::default()).await;
    let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"AWS": format!("arn:aws:iam::{}:role/app-role", lab.account)}}]})
    .to_string();
    let long = [("RoleName", "long"), ("AssumeRolePolicyDocument", &trust), ("MaxSessionDuration", "7200")];
    let arn = did(&lab, &lab.admin, "iam", "CreateRole", &long).await.xml("Arn").unwrap();
    let keys = lab.instance_keys(&launch(&lab, &[PROFILE]).await).await;
    let asked = [("RoleArn", arn.as_str()), ("RoleSessionName", "me"), ("DurationSeconds", "7200")];
    did(&lab, &keys, "sts", "AssumeRole", &asked).await;
}

#[tokio::test]
async fn an_instance_gets_the_same_credentials_until_the_next_are_due() {
    // Five minutes and two seconds: the next are there every other second, five minutes before the last end.
    let fidelity = Fidelity { instance_credential_seconds: 302, ..Fidelity::default() };
    let lab = lab_with_profile(Config { fidelity, ..Config::default() }).await;
    let id = launch(&lab, &[PROFILE]).await;
    let other = launch(&lab, &[PROFILE]).await;
    let path = "/latest/meta-data/iam/security-credentials/app-role";
    let first = loop {
        let (first, again) = (get(&lab, &id, path).await, get(&lab, &id, path).await);
        // The next may have come in between.
        if first.body == again.body {
            break first;
        }
    };
    assert_ne!(get(&lab, &other, path).await.json()["AccessKeyId"], first.json()["AccessKeyId"]);
    let old = lab.instance_keys(&id).await;
    tokio::time::sleep(std::time::Duration::from_millis(2_100)).await;
    let next = get(&lab, &id, path).await.json();
    assert_ne!(next["AccessKeyId"], first.json()["AccessKeyId"]);
    assert_ne!(next["Token"], first.json()["Token"]);
    did(&lab, &old, "sts", "GetCallerIdentity", &[]).await;
    did(&lab, &lab.instance_keys(&id).await, "sts", "GetCallerIdentity", &[]).await;
}

#[tokio::test]
async fn instance_metadata_version_1_is_answered_where_the_instance_allows_it() {
    let lab = lab_with_profile(Config::default()).await;
    let optional = launch(&lab, &[PROFILE, ("MetadataOptions.HttpTokens", "optional")]).await;
    let required = launch(&lab, &[PROFILE]).await;
    let path = "/latest/meta-data/iam/security-credentials/app-role";
    let bare = imds(&lab, "GET", &optional, path, &[]).await;
    assert_eq!(bare.status, 200, "{}", bare.text());
    assert_eq!(bare.header("x-aws-ec2-metadata-token-ttl-seconds"), None);
    let with_token = get(&lab, &optional, path).await;
    assert_ne!(
        bare.json()["AccessKeyId"],
        with_token.json()["AccessKeyId"],
        "each version has credentials of its own"
    );
    let made_up = [("x-aws-ec2-metadata-token", "made-up")];
    assert_eq!(imds(&lab, "GET", &optional, path, &made_up).await.status, 401);
    let refused = imds(&lab, "GET", &required, path, &[]).await;
    assert_eq!(refused.status, 401);
    assert!(refused.text().contains("<title>401 - Unauthorized</title>"), "{}", refused.text());
    // A policy can demand that credentials came by version 2 (EC2 User Guide, `iam-policies-for-ec2`).
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "iam:ListUsers", "Resource": "*"},
        {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"NumericLessThan": {"ec2:RoleDelivery": "2.0"}}},
    ]});
    let put = [("RoleName", "app-role"), ("PolicyName", "p"), ("PolicyDocument", &policy.to_string())];
    did(&lab, &lab.admin, "iam", "PutRolePolicy", &put).await;
    for (answer, status) in [(bare, 403), (with_token, 200)] {
        let json = answer.json();
        let field = |name: &str| json[name].as_str().unwrap().to_owned();
        let keys = Keys {
            access_key_id: field("AccessKeyId"),
            secret: field("SecretAccessKey"),
            token: Some(field("Token")),
        };
        assert_eq!(lab.query(&keys, "iam", "ListUsers", &[]).await.status, status);
    }
}

#[tokio::test]
async fn a_policy_can_name_the_instance_that_a_session_is_of() {
    let lab = lab_with_profile(Config::default()).await;
    let (one, two) = (launch(&lab, &[PROFILE]).await, launch(&lab, &[PROFILE]).await);
    let arn = format!("arn:aws:ec2:us-east-1:{}:instance/{one}", lab.account);
    let policy = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "iam:ListUsers", "Resource": "*", "Condition": {"ArnEquals": {"ec2:SourceInstanceARN": arn}}
    }]});
    let put = [("RoleName", "app-role"), ("PolicyName", "p"), ("PolicyDocument", &policy.to_string())];
    did(&lab, &lab.admin, "iam", "PutRolePolicy", &put).await;
    for (instance, status) in [(one, 200), (two, 403)] {
        let keys = lab.instance_keys(&instance).await;
        assert_eq!(lab.query(&keys, "iam", "ListUsers", &[]).await.status, status);
    }
}

#[tokio::test]
async fn a_metadata_service_that_is_switched_off_or_stopped_answers_nobody() {
    let lab = lab_with_profile(Config::default()).await;
    let off = launch(&lab, &[PROFILE, ("MetadataOptions.HttpEndpoint", "disabled")]).await;
    let ttl = [("x-aws-ec2-metadata-token-ttl-seconds", "60")];
    assert_eq!(imds(&lab, "PUT", &off, "/latest/api/token", &ttl).await.status, 403);
    assert_eq!(imds(&lab, "GET", &off, "/latest/meta-data/", &[]).await.status, 403);
    let stopped = launch(&lab, &[PROFILE]).await;
    did(&lab, &lab.admin, "ec2", "StopInstances", &[("InstanceId.1", &stopped)]).await;
    assert_eq!(imds(&lab, "PUT", &stopped, "/latest/api/token", &ttl).await.status, 404);
    did(&lab, &lab.admin, "ec2", "StartInstances", &[("InstanceId.1", &stopped)]).await;
    assert_eq!(imds(&lab, "PUT", &stopped, "/latest/api/token", &ttl).await.status, 200);
}

#[tokio::test]
async fn the_metadata_service_tells_its_versions_and_the_tags_that_it_may() {
    let lab = lab_with_profile(Config::default()).await;
    let tags = [
        ("TagSpecification.1.ResourceType", "instance"),
        ("TagSpecification.1.Tag.1.Key", "Name"),
        ("TagSpecification.1.Tag.1.Value", "web server"),
    ];
    let id = launch(&lab, &tags).await;
    assert!(get(&lab, &id, "/").await.text().starts_with("1.0\n2007-01-19\n"));
    let path = "/latest/meta-data/tags/instance/";
    assert_eq!(get(&lab, &id, path).await.status, 404, "not told unless that is asked for");
    let tell = [("InstanceId", id.as_str()), ("InstanceMetadataTags", "enabled")];
    did(&lab, &lab.admin, "ec2", "ModifyInstanceMetadataOptions", &tell).await;
    assert_eq!(get(&lab, &id, path).await.text(), "Name");
    assert_eq!(get(&lab, &id, &format!("{path}Name")).await.text(), "web server");
    let slash = [("ResourceId.1", id.as_str()), ("Tag.1.Key", "a/b")];
    refused(
        &lab.query(&lab.admin, "ec2", "CreateTags", &slash).await,
        400,
        "InvalidParameterValue",
        "'a/b' is not a valid tag key. Tag keys must match pattern ([0-9a-zA-Z\\-_+=,.@:]{1,255}), and must not be a reserved \
         name ('.', '..', '_index')",
    );
}

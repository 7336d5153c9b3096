//! EC2 and the metadata service of its instances over the wire (`aws-semantics.md` §6).
#![allow(clippy::unwrap_used)]

mod support;

use sandbox::{Config, Fidelity};
use serde_json::json;
use support::{Answer, Keys, Lab, call};

/// Parameters or headers.
type Pairs<'a> = Vec<(&'a str, &'a str)>;

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
const LAUNCH: [(&str, &str); 3] =
    [("ImageId", "ami-0abcdef1234567890"), ("MinCount", "1"), ("MaxCount", "1")];
const PROFILE: (&str, &str) = ("IamInstanceProfile.Name", "profile");

async fn did(lab: &Lab, keys: &Keys, service: &str, action: &str, parameters: &[(&str, &str)]) -> Answer {
    let answer = lab.query(keys, service, action, parameters).await;
    assert_eq!(answer.status, 200, "{action}: {}", answer.text());
    answer
}

/// An account with a role named `app-role` in a profile named `profile`.
async fn lab_with_profile(config: Config) -> Lab {
    let lab = Lab::with(config).await;
    let admin = &lab.admin;
    did(&lab, admin, "iam", "CreateRole", &[("RoleName", "app-role"), ("AssumeRolePolicyDocument", TRUST)])
        .await;
    did(&lab, admin, "iam", "CreateInstanceProfile", &[("InstanceProfileName", "profile")]).await;
    let add = [("InstanceProfileName", "profile"), ("RoleName", "app-role")];
    did(&lab, admin, "iam", "AddRoleToInstanceProfile", &add).await;
    lab
}

async fn launch(lab: &Lab, extra: &[(&str, &str)]) -> String {
    let answer = did(lab, &lab.admin, "ec2", "RunInstances", &[&LAUNCH[..], extra].concat()).await;
    answer.xml("instanceId").unwrap()
}

async fn user(lab: &Lab, name: &str, statements: serde_json::Value) -> Keys {
    let policy = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    did(lab, &lab.admin, "iam", "CreateUser", &[("UserName", name)]).await;
    let put = [("UserName", name), ("PolicyName", "p"), ("PolicyDocument", policy.as_str())];
    did(lab, &lab.admin, "iam", "PutUserPolicy", &put).await;
    let keys = did(lab, &lab.admin, "iam", "CreateAccessKey", &[("UserName", name)]).await;
    Keys {
        access_key_id: keys.xml("AccessKeyId").unwrap(),
        secret: keys.xml("SecretAccessKey").unwrap(),
        token: None,
    }
}

/// A request to the metadata service of an instance.
async fn imds(lab: &Lab, method: &str, instance: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    call(&lab.sandbox, None, "", method, &format!("/imds/{instance}{path}"), headers, b"").await
}

async fn token(lab: &Lab, instance: &str) -> String {
    let ttl = [("x-aws-ec2-metadata-token-ttl-seconds", "21600")];
    let answer = imds(lab, "PUT", instance, "/latest/api/token", &ttl).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("x-aws-ec2-metadata-token-ttl-seconds"), Some("21600"));
    answer.text()
}

/// A GET with a token.
async fn get(lab: &Lab, instance: &str, path: &str) -> Answer {
    let token = token(lab, instance).await;
    imds(lab, "GET", instance, path, &[("x-aws-ec2-metadata-token", &token)]).await
}

#[tokio::test]
async fn an_instance_is_launched_described_and_terminated() {
    let lab = lab_with_profile(Config::default()).await;
    let id = launch(&lab, &[PROFILE, ("InstanceType", "t3.micro")]).await;
    assert!(id.starts_with("i-") && id.len() == 19, "{id}");
    let described = did(&lab, &lab.admin, "ec2", "DescribeInstances", &[("InstanceId.1", &id)]).await;
    assert!(described.text().contains(
        r#"<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>"#
    ));
    assert_eq!(described.xml("instanceType").as_deref(), Some("t3.micro"));
    assert_eq!(described.xml("arn"), Some(format!("arn:aws:iam::{}:instance-profile/profile", lab.account)));
    let ended = did(&lab, &lab.admin, "ec2", "TerminateInstances", &[("InstanceId.1", &id)]).await;
    assert!(ended.text().contains("<currentState><code>48</code><name>terminated</name></currentState><previousState><code>16</code><name>running</name></previousState>"));
    let running = [("Filter.1.Name", "instance-state-name"), ("Filter.1.Value.1", "running")];
    assert!(!did(&lab, &lab.admin, "ec2", "DescribeInstances", &running).await.text().contains(&id));
}

#[tokio::test]
async fn the_same_client_token_launches_once() {
    let lab = lab_with_profile(Config::default()).await;
    let once = launch(&lab, &[PROFILE, ("ClientToken", "t")]).await;
    assert_eq!(launch(&lab, &[PROFILE, ("ClientToken", "t")]).await, once);
    let other =
        lab.query(&lab.admin, "ec2", "RunInstances", &[&LAUNCH[..], &[("ClientToken", "t")]].concat()).await;
    assert_eq!((other.status, other.error().0.as_str()), (400, "IdempotentParameterMismatch"));
}

#[tokio::test]
async fn malformed_requests_are_refused_in_ec2s_words() {
    let lab = lab_with_profile(Config::default()).await;
    did(&lab, &lab.admin, "iam", "CreateInstanceProfile", &[("InstanceProfileName", "empty")]).await;
    let empty = format!("arn:aws:iam::{}:instance-profile/empty", lab.account);
    let no_role = format!("IAM Instance Profile \"{empty}\" has no associated IAM Roles");
    let with = |extra: &[(&'static str, &'static str)]| [&LAUNCH[..], extra].concat();
    let cases: Vec<(&str, Pairs<'_>, u16, &str, &str)> = vec![
        (
            "RunInstances",
            with(&[("IamInstanceProfile.Name", "x")]),
            400,
            "InvalidParameterValue",
            "Value (x) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name",
        ),
        (
            "RunInstances",
            with(&[("IamInstanceProfile.Arn", "arn:aws:iam::999999999999:instance-profile/profile")]),
            400,
            "InvalidParameterValue",
            "Value (arn:aws:iam::999999999999:instance-profile/profile) for parameter iamInstanceProfile.arn is invalid. Invalid IAM Instance Profile ARN",
        ),
        (
            "RunInstances",
            with(&[("IamInstanceProfile.Name", "empty")]),
            400,
            "InvalidParameterValue",
            &no_role,
        ),
        (
            "RunInstances",
            vec![("MinCount", "1"), ("MaxCount", "1")],
            400,
            "MissingParameter",
            "The request must contain the parameter ImageId",
        ),
        (
            "RunInstances",
            vec![("ImageId", "windows"), ("MinCount", "1"), ("MaxCount", "1")],
            400,
            "InvalidAMIID.Malformed",
            "Invalid id: \"windows\" (expecting \"ami-...\")",
        ),
        (
            "RunInstances",
            with(&[("DryRun", "true")]),
            412,
            "DryRunOperation",
            "Request would have succeeded, but DryRun flag is set.",
        ),
        (
            "DescribeInstances",
            vec![("InstanceId.1", "i-0123456789abcdef0")],
            400,
            "InvalidInstanceID.NotFound",
            "The instance ID 'i-0123456789abcdef0' does not exist",
        ),
        (
            "TerminateInstances",
            vec![("InstanceId.1", "x")],
            400,
            "InvalidInstanceID.Malformed",
            "Invalid id: \"x\"",
        ),
        (
            "DescribeInstances",
            vec![("Filter.1.Name", "colour"), ("Filter.1.Value.1", "red")],
            400,
            "InvalidParameterValue",
            "The filter 'colour' is invalid",
        ),
        ("CreateVpc", vec![], 501, "NotImplemented", "The operation CreateVpc is not implemented."),
    ];
    for (action, parameters, status, code, message) in cases {
        let answer = lab.query(&lab.admin, "ec2", action, &parameters).await;
        assert_eq!(
            (answer.status, answer.error()),
            (status, (code.to_owned(), message.to_owned())),
            "{parameters:?}"
        );
        assert!(answer.text().contains("<Response><Errors><Error>"), "{}", answer.text());
        assert_eq!(answer.xml("RequestID").unwrap(), answer.request_id());
    }
    let described = did(&lab, &lab.admin, "ec2", "DescribeInstances", &[]).await;
    assert!(!described.text().contains("instanceId"), "nothing was launched");
}

#[tokio::test]
async fn launching_with_a_profile_needs_pass_role_to_ec2() {
    let lab = lab_with_profile(Config::default()).await;
    let role = format!("arn:aws:iam::{}:role/app-role", lab.account);
    let run = json!({"Effect": "Allow", "Action": ["ec2:RunInstances", "sts:DecodeAuthorizationMessage"], "Resource": "*"});
    let pass = |service: &str| json!({"Effect": "Allow", "Action": "iam:PassRole", "Resource": role, "Condition": {"StringEquals": {"iam:PassedToService": service}}});
    let request = [&LAUNCH[..], &[PROFILE]].concat();
    let without = user(&lab, "without", json!([run])).await;
    assert_eq!(
        lab.query(&without, "ec2", "RunInstances", &LAUNCH).await.status,
        200,
        "without a profile nothing is passed"
    );
    let denied = lab.query(&without, "ec2", "RunInstances", &request).await;
    let (code, message) = denied.error();
    assert_eq!((denied.status, code.as_str()), (403, "UnauthorizedOperation"));
    let sentence = format!(
        "You are not authorized to perform this operation. User: arn:aws:iam::{}:user/without is not authorized to perform: iam:PassRole on resource: {role} because no identity-based policy allows the iam:PassRole action. Encoded authorization failure message: ",
        lab.account
    );
    let encoded = message.strip_prefix(&sentence).unwrap_or_else(|| panic!("{message}"));
    let decoded =
        did(&lab, &without, "sts", "DecodeAuthorizationMessage", &[("EncodedMessage", encoded)]).await;
    let decoded: serde_json::Value = serde_json::from_str(&decoded.xml("DecodedMessage").unwrap()).unwrap();
    assert_eq!(decoded.pointer("/context/action").unwrap(), "iam:PassRole");
    assert_eq!(decoded.pointer("/context/resource").unwrap(), role.as_str());
    assert_eq!(decoded.pointer("/allowed").unwrap(), false);
    let forged =
        lab.query(&without, "sts", "DecodeAuthorizationMessage", &[("EncodedMessage", "AAAA")]).await;
    assert_eq!((forged.status, forged.error().0.as_str()), (400, "InvalidAuthorizationMessageException"));
    let (_, stranger) = support::account(&lab.sandbox).await;
    let foreign =
        lab.query(&stranger, "sts", "DecodeAuthorizationMessage", &[("EncodedMessage", encoded)]).await;
    assert_eq!(foreign.status, 400, "another account cannot decode it");
    let to_lambda = user(&lab, "to-lambda", json!([run, pass("lambda.amazonaws.com")])).await;
    assert_eq!(lab.query(&to_lambda, "ec2", "RunInstances", &request).await.status, 403);
    let to_ec2 = user(&lab, "to-ec2", json!([run, pass("ec2.amazonaws.com")])).await;
    did(&lab, &to_ec2, "ec2", "RunInstances", &request).await;
}

#[tokio::test]
async fn a_dry_run_that_is_not_allowed_is_denied() {
    let lab = lab_with_profile(Config::default()).await;
    let nobody = user(&lab, "nobody", json!([{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}])).await;
    let answer =
        lab.query(&nobody, "ec2", "RunInstances", &[&LAUNCH[..], &[("DryRun", "true")]].concat()).await;
    assert_eq!((answer.status, answer.error().0.as_str()), (403, "UnauthorizedOperation"));
}

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
    let lab = lab_with_profile(Config::default()).await;
    let id = launch(&lab, &[PROFILE]).await;
    let bare = launch(&lab, &[]).await;
    let cases = [
        ("/latest/", "dynamic/\nmeta-data/"),
        ("/latest/meta-data/", "ami-id\niam/\ninstance-id\ninstance-type\nplacement/"),
        ("/latest/meta-data", "ami-id\niam/\ninstance-id\ninstance-type\nplacement/"),
        ("/latest/meta-data/iam/", "info\nsecurity-credentials/"),
        ("/latest/meta-data/ami-id", "ami-0abcdef1234567890"),
        ("/latest/meta-data/instance-id", id.as_str()),
        ("/latest/meta-data/instance-type", "m1.small"),
        ("/latest/meta-data/placement/region", "us-east-1"),
        ("/latest/meta-data/placement/availability-zone", "us-east-1a"),
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

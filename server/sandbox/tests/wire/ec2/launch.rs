//! Launching instances, describing and ending them.

use sandbox::Config;
use serde_json::json;

use super::*;
use crate::support;

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
    assert!(ended.text().contains("<currentState><code>32</code><name>shutting-down</name></currentState><previousState><code>16</code><name>running</name></previousState>"));
    let running = [("Filter.1.Name", "instance-state-name"), ("Filter.1.Value.1", "running")];
    assert!(!did(&lab, &lab.admin, "ec2", "DescribeInstances", &running).await.text().contains(&id));
}

#[tokio::test]
async fn the_same_client_token_launches_once() {
    let lab = lab_with_profile(Config::default()).await;
    let asked = [&LAUNCH[..], &[PROFILE, ("ClientToken", "t")]].concat();
    let first = did(&lab, &lab.admin, "ec2", "RunInstances", &asked).await;
    assert!(first.text().contains("<instanceState><code>0</code><name>pending</name></instanceState>"));
    let again = did(&lab, &lab.admin, "ec2", "RunInstances", &asked).await;
    assert_eq!(again.xml("instanceId"), first.xml("instanceId"));
    assert!(again.text().contains("<instanceState><code>16</code><name>running</name></instanceState>"));
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

//! Every operation of IAM, STS and EC2 asks the gate before anything else: none is open to a user without permissions.

#![allow(clippy::unwrap_used)]
use std::collections::BTreeMap;
use std::sync::Arc;

use http::Response;
use http_body_util::BodyExt as _;

use super::Params;
use crate::caller::{Caller, Identity};
use crate::model::{Account, IdentityPolicies, User};
use crate::request::RequestMeta;
use crate::{Aws, Body, Config, Sandbox, ec2, iam, sts};

/// Operations that nobody can be denied (STS API Reference).
const UNDENIABLE: [&str; 2] = ["GetCallerIdentity", "GetSessionToken"];

/// A value for every parameter that an operation may need; lists and structures by their first entry.
fn values(account: &str) -> BTreeMap<&'static str, (&'static str, String)> {
    const INSTANCE: &str = "i-0abcdef1234567890";
    const DOCUMENT: &str =
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#;
    BTreeMap::from([
        ("PolicyName", ("PolicyName", "p".to_owned())),
        ("PolicyDocument", ("PolicyDocument", DOCUMENT.into())),
        ("AssumeRolePolicyDocument", ("AssumeRolePolicyDocument", "{}".into())),
        ("PolicyArn", ("PolicyArn", format!("arn:aws:iam::{account}:policy/p"))),
        ("VersionId", ("VersionId", "v1".into())),
        ("PermissionsBoundary", ("PermissionsBoundary", "arn:aws:iam::aws:policy/ReadOnlyAccess".into())),
        ("Name", ("Name", "partner".into())),
        ("PolicySourceArn", ("PolicySourceArn", format!("arn:aws:iam::{account}:user/Admin"))),
        ("PolicyInputList", ("PolicyInputList.member.1", DOCUMENT.into())),
        ("ActionNames", ("ActionNames.member.1", "s3:GetObject".into())),
        ("RoleName", ("RoleName", "r".into())),
        ("GroupName", ("GroupName", "g".into())),
        ("UserName", ("UserName", "Admin".into())),
        ("InstanceProfileName", ("InstanceProfileName", "i".into())),
        ("AccessKeyId", ("AccessKeyId", "AKIAIOSFODNN7EXAMPLE".into())),
        ("Status", ("Status", "Inactive".into())),
        ("Description", ("Description", "d".into())),
        ("Password", ("Password", "Correct-Horse-1".into())),
        ("OldPassword", ("OldPassword", "Correct-Horse-1".into())),
        ("NewPassword", ("NewPassword", "Correct-Horse-2".into())),
        ("VirtualMFADeviceName", ("VirtualMFADeviceName", "phone".into())),
        ("SerialNumber", ("SerialNumber", format!("arn:aws:iam::{account}:mfa/phone"))),
        ("AuthenticationCode1", ("AuthenticationCode1", "123456".into())),
        ("AuthenticationCode2", ("AuthenticationCode2", "654321".into())),
        ("AccountAlias", ("AccountAlias", "lab".into())),
        ("Arn", ("Arn", format!("arn:aws:iam::{account}:user/Admin"))),
        ("JobId", ("JobId", "01234567-89ab-cdef-0123-456789abcdef".into())),
        ("ServiceNamespace", ("ServiceNamespace", "s3".into())),
        ("ServiceNamespaces", ("ServiceNamespaces.member.1", "s3".into())),
        ("Tags", ("Tags", String::new())),
        ("TagKeys", ("TagKeys.member.1", "team".into())),
        ("RoleArn", ("RoleArn", format!("arn:aws:iam::{account}:role/r"))),
        ("RoleSessionName", ("RoleSessionName", "session".into())),
        ("EncodedMessage", ("EncodedMessage", "AAAA".into())),
        ("ImageId", ("ImageId", "ami-0abcdef1234567890".into())),
        ("MinCount", ("MinCount", "1".into())),
        ("MaxCount", ("MaxCount", "1".into())),
        ("InstanceId", ("InstanceId.1", INSTANCE.into())),
        ("IamInstanceProfile", ("IamInstanceProfile.Name", "i".into())),
        ("AssociationId", ("AssociationId", "iip-assoc-0abcdef1234567890".into())),
        ("ResourceId", ("ResourceId.1", INSTANCE.into())),
        ("Tag", ("Tag.1.Key", "k".into())),
    ])
}

async fn sandbox_with_nobody() -> (Arc<Aws>, Caller) {
    let sandbox = Sandbox::open(Config::default()).await.unwrap();
    let account = sandbox.create_account().await.unwrap().account_id;
    let aws = Arc::clone(&sandbox.aws);
    let nobody = User {
        name: "nobody".into(),
        path: "/".into(),
        id: "AIDANOBODY".into(),
        created: 0,
        policies: IdentityPolicies::default(),
        boundary: None,
        tags: crate::model::Tags::new(),
        login: None,
    };
    aws.store
        .change(&account, |account: &mut Account| {
            account.users.insert("nobody".into(), Arc::new(nobody.clone()));
            Ok::<_, std::convert::Infallible>(())
        })
        .await
        .unwrap();
    let account = aws.store.account(&account).await.unwrap();
    let caller = Caller {
        identity: Identity::User("nobody".into()),
        account,
        access_key_id: "AKIANOBODY".into(),
        ..Caller::ANONYMOUS
    };
    (aws, caller)
}

async fn call(aws: &Arc<Aws>, caller: &Caller, service: &str, action: &str, takes: &[&str]) -> (u16, String) {
    let meta = RequestMeta::new(aws.now(), aws.region.clone(), None, None).unwrap();
    let values = values(caller.account_id());
    let mut pairs = vec![("Action", action.to_owned())];
    // To STS a serial number is nothing without a code of the device.
    let needed = takes.iter().filter(|name| service != "sts" || **name != "SerialNumber");
    pairs.extend(needed.filter_map(|name| values.get(name)).cloned());
    if matches!(action, "AssociateIamInstanceProfile" | "ModifyInstanceMetadataOptions") {
        pairs.push(("InstanceId", "i-0abcdef1234567890".into()));
    }
    if action == "DescribeIamInstanceProfileAssociations" {
        pairs.retain(|(name, _)| *name != "AssociationId");
    }
    let body = serde_urlencoded::to_string(&pairs).unwrap();
    let params = Params::read("", body.as_bytes()).unwrap();
    let answer: Response<Body> = match service {
        "iam" => iam::handle(aws, &meta, caller, &params).await,
        "sts" => sts::handle(aws, &meta, caller, &params).await,
        _ => ec2::handle(aws, &meta, caller, &params).await,
    };
    let (parts, body) = answer.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (parts.status.as_u16(), String::from_utf8(body.to_vec()).unwrap())
}

/// Names of operations with the parameters they take.
type Operations = &'static [(&'static str, &'static [&'static str])];

const SERVICES: [(&str, Operations); 3] =
    [("iam", iam::OPERATIONS), ("sts", sts::OPERATIONS), ("ec2", ec2::OPERATIONS)];

#[tokio::test]
async fn a_user_without_permissions_is_denied_every_operation_by_its_own_action() {
    let (aws, caller) = sandbox_with_nobody().await;
    let before = aws.store.account(caller.account_id()).await.unwrap().unwrap().version;
    for (service, operations) in SERVICES {
        for (action, takes) in operations.iter().filter(|(action, _)| !UNDENIABLE.contains(action)) {
            let (status, body) = call(&aws, &caller, service, action, takes).await;
            assert_eq!(status, 403, "{action}: {body}");
            let code = if service == "ec2" { "UnauthorizedOperation" } else { "AccessDenied" };
            assert!(body.contains(&format!("<Code>{code}</Code>")), "{action}: {body}");
            // EC2 names no resource of a list.
            let resource =
                if service == "ec2" && action.starts_with("Describe") { "because" } else { "on resource:" };
            let sentence =
                format!("user/nobody is not authorized to perform: {service}:{action} {resource} ");
            assert!(body.contains(&sentence), "{action}: {body}");
        }
    }
    let after = aws.store.account(caller.account_id()).await.unwrap().unwrap().version;
    assert_eq!(before, after, "a denied operation changed the account");
}

#[tokio::test]
async fn a_parameter_that_an_operation_does_not_take_is_refused_by_name_rather_than_ignored() {
    let (aws, caller) = sandbox_with_nobody().await;
    let meta = RequestMeta::new(aws.now(), aws.region.clone(), None, None).unwrap();
    let body = b"Action=CreateRole&RoleName=r&AssumeRolePolicyDocument=x&Tagz.member.1.Key=a";
    let params = Params::read("", body).unwrap();
    let answer = iam::handle(&aws, &meta, &caller, &params).await;
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    let body = String::from_utf8(body.to_vec()).unwrap();
    assert!(body.contains("The parameter Tagz.member.1.Key is not supported for CreateRole."), "{body}");
}

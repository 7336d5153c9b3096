//! AWS's words by service and layer (`aws-semantics.md` §7). What the case files assert is not repeated here.
#![allow(clippy::unwrap_used)]

use policy::message::{Style, access_denied, reason};
use policy::{Context, Denial, Layer, Policies, Principal, Request, ResourceKind, evaluate};

fn denial(layer: Layer, explicit: bool, resource_kind: ResourceKind) -> Denial {
    Denial {
        layer,
        explicit,
        policy_arn: None,
        resource_kind,
        cross_account: false,
        public_access_blocked: false,
    }
}

#[test]
fn every_layer_has_its_words() {
    let table = [
        (Layer::Identity, "identity-based policy", "an identity-based policy"),
        (Layer::Resource, "resource-based policy", "a resource-based policy"),
        (Layer::Boundary, "permissions boundary", "a permissions boundary"),
        (Layer::Session, "session policy", "a session policy"),
        (Layer::Scp, "service control policy", "a service control policy"),
        (Layer::Rcp, "resource control policy", "a resource control policy"),
        (Layer::Endpoint, "VPC endpoint policy", "a VPC endpoint policy"),
    ];
    for (layer, lacking, denying) in table {
        let implicit = reason(&denial(layer, false, ResourceKind::S3Bucket), "s3:GetObject");
        assert_eq!(implicit, format!("because no {lacking} allows the s3:GetObject action"));
        let explicit = reason(&denial(layer, true, ResourceKind::S3Bucket), "s3:GetObject");
        assert_eq!(explicit, format!("with an explicit deny in {denying}"));
    }
    let trust =
        |explicit| reason(&denial(Layer::Resource, explicit, ResourceKind::IamRole), "sts:AssumeRole");
    assert_eq!(trust(false), "because no role trust policy allows the sts:AssumeRole action");
    assert_eq!(trust(true), "with an explicit deny in the role trust policy");
}

#[test]
fn ec2_adds_the_encoded_message() {
    let request = Request {
        principal: Principal::from_arn("arn:aws:iam::111122223333:user/alice").unwrap(),
        action: "ec2:RunInstances".to_owned(),
        resource: "arn:aws:ec2:us-east-1:111122223333:instance/*".to_owned(),
        resource_account: None,
        context: Context::new(),
    };
    let style = Style::Ec2 { encoded: "abc".to_owned() };
    assert_eq!(
        access_denied(&request, &denial(Layer::Identity, false, ResourceKind::Other), style),
        "You are not authorized to perform this operation. User: arn:aws:iam::111122223333:user/alice is not authorized to \
         perform: ec2:RunInstances on resource: arn:aws:ec2:us-east-1:111122223333:instance/* because no identity-based \
         policy allows the ec2:RunInstances action. Encoded authorization failure message: abc"
    );
}

#[test]
fn iam_names_what_exists_by_name_and_what_is_made_by_arn() {
    let account = "arn:aws:iam::111122223333:";
    for (action, resource, expected) in [
        ("iam:CreatePolicy", "policy/q", "policy q".to_owned()),
        ("iam:GetPolicy", "policy/q", format!("policy {account}policy/q")),
        ("iam:CreatePolicyVersion", "policy/team/q", format!("policy {account}policy/team/q")),
        ("iam:ListPolicies", "*", "policy path /".to_owned()),
        ("iam:CreateRole", "role/r", format!("{account}role/r")),
        ("iam:PassRole", "role/r", format!("{account}role/r")),
        ("iam:AttachRolePolicy", "role/team/r", "role r".to_owned()),
        ("iam:ListRoles", "*", format!("{account}role/")),
        ("iam:CreateAccessKey", "user/u", "user u".to_owned()),
        ("iam:CreateInstanceProfile", "instance-profile/p", format!("{account}instance-profile/p")),
        ("iam:AddRoleToInstanceProfile", "instance-profile/p", "instance profile p".to_owned()),
        ("kms:CreateKey", "*", "*".to_owned()),
    ] {
        let request = Request {
            principal: Principal::user("111122223333", "alice"),
            action: action.into(),
            resource: if resource == "*" { "*".into() } else { format!("{account}{resource}") },
            resource_account: None,
            context: Context::new(),
        };
        let decision = evaluate(&request, &Policies::default());
        let text = access_denied(&request, &decision.denial().unwrap(), Style::Plain);
        let expected = format!(
            "User: {account}user/alice is not authorized to perform: {action} on resource: {expected} because no \
             identity-based policy allows the {action} action"
        );
        assert_eq!(text, expected);
    }
}

//! AWS's own words for a denial (`aws-semantics.md` §7).

use crate::arn::Arn;
use crate::decision::{Denial, Layer};
use crate::principal::PrincipalKind;
use crate::request::{Request, ResourceKind};

/// How a service words its denials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Style {
    /// S3 for its own actions: the resource ARN stands in double quotes; bare outside the account.
    S3,
    /// KMS, IAM and most others. KMS's sentence keeps this style when S3 passes it on (§7, rule 4).
    Plain,
    /// STS, which gives no reason (§7, rule 6).
    Sts,
    /// EC2, which adds an encoded message that `sts:DecodeAuthorizationMessage` reads.
    Ec2 {
        /// The encoded authorization failure message; left out when empty.
        encoded: String,
    },
}

/// The message of a denied request. Take `denial` from [`Decision::denial`](crate::Decision::denial).
///
/// ```
/// use policy::message::{Style, access_denied};
/// use policy::{Context, Policies, Principal, Request, evaluate};
///
/// let request = Request {
///     principal: Principal::user("111122223333", "alice"),
///     action: "s3:GetObject".into(),
///     resource: "arn:aws:s3:::demo/report.pdf".into(),
///     resource_account: Some("111122223333".into()),
///     context: Context::new(),
/// };
/// let denial = evaluate(&request, &Policies::default()).denial().expect("nothing allows it");
/// assert_eq!(
///     access_denied(&request, &denial, Style::S3),
///     "User: arn:aws:iam::111122223333:user/alice is not authorized to perform: s3:GetObject on resource: \
///      \"arn:aws:s3:::demo/report.pdf\" because no identity-based policy allows the s3:GetObject action"
/// );
/// ```
pub fn access_denied(request: &Request, denial: &Denial, style: Style) -> String {
    let caller = &request.principal;
    let action = &request.action;
    let resource = &request.resource;
    match style {
        Style::S3 if denial.cross_account => "Access Denied".to_owned(),
        Style::S3 if resource == "*" => {
            format!("User: {caller} is not authorized to perform: {action} {}", reason(denial, action))
        }
        Style::S3 => format!(
            "User: {caller} is not authorized to perform: {action} on resource: \"{resource}\" {}",
            reason(denial, action)
        ),
        Style::Plain if denial.resource_kind == ResourceKind::KmsKey && denial.cross_account => {
            other_accounts_key(request)
        }
        Style::Plain => format!(
            "User: {caller} is not authorized to perform: {action} on resource: {} {}",
            as_iam_names_it(request),
            reason(denial, action)
        ),
        Style::Sts
            if caller.kind() == PrincipalKind::Root && denial.resource_kind == ResourceKind::IamRole =>
        {
            "Roles may not be assumed by root accounts.".to_owned()
        }
        Style::Sts => {
            format!("User: {caller} is not authorized to perform: {action} on resource: {resource}")
        }
        Style::Ec2 { encoded } => {
            let end = match encoded.is_empty() {
                true => String::new(),
                false => format!(". Encoded authorization failure message: {encoded}"),
            };
            format!(
                "You are not authorized to perform this operation. User: {caller} is not authorized to perform: {action} on \
                 resource: {resource} {}{end}",
                reason(denial, action)
            )
        }
    }
}

/// The resource of an IAM action as IAM's messages name it: by name where it exists already, by ARN where it is being made or
/// passed on, and a policy that exists by both. So in the answers people quote publicly: `role NAME` for `GetRole`,
/// `AttachRolePolicy` and `DeleteRole`, `policy NAME` for `CreatePolicy`, `policy ARN` for `GetPolicy` and
/// `CreatePolicyVersion`, `policy path /` for `ListPolicies`, `instance profile NAME` for `AddRoleToInstanceProfile`, a bare
/// ARN for `CreateRole`, `CreateInstanceProfile` and `PassRole`, and for lists the ARN of the path. Other services: as is.
fn as_iam_names_it(request: &Request) -> String {
    let resource = request.resource.as_str();
    let Some(("iam", action)) = request.action.split_once(':') else { return resource.to_owned() };
    let listed = match action {
        "ListRoles" => Some("role/"),
        "ListUsers" => Some("user/"),
        "ListGroups" => Some("group/"),
        "ListInstanceProfiles" => Some("instance-profile/"),
        "ListPolicies" => return "policy path /".to_owned(),
        _ => None,
    };
    if let (Some(path), Some(account)) = (listed, request.principal.account()) {
        return format!("arn:aws:iam::{account}:{path}");
    }
    let Some((kind, path)) = Arn::parse(resource).and_then(|arn| arn.resource.split_once('/')) else {
        return resource.to_owned();
    };
    let name = path.rsplit('/').next().unwrap_or_default();
    match (action, kind) {
        ("CreateRole" | "CreateUser" | "CreateGroup" | "CreateInstanceProfile" | "PassRole", _) => {
            resource.to_owned()
        }
        ("CreatePolicy", "policy") => format!("policy {name}"),
        (_, "policy") => format!("policy {resource}"),
        (_, "role") => format!("role {name}"),
        (_, "user") => format!("user {name}"),
        (_, "group") => format!("group {name}"),
        (_, "instance-profile") => format!("instance profile {name}"),
        _ => resource.to_owned(),
    }
}

/// The end of the sentence: `because no … policy allows the … action`, or `with an explicit deny in …`.
pub fn reason(denial: &Denial, action: &str) -> String {
    if denial.explicit {
        let policy = match (denial.layer, denial.resource_kind) {
            (Layer::Identity, _) => "an identity-based policy",
            (Layer::Resource | Layer::Grant, ResourceKind::IamRole) => "the role trust policy",
            (Layer::Resource | Layer::Grant, _) => "a resource-based policy",
            (Layer::Boundary, _) => "a permissions boundary",
            (Layer::Session, _) => "a session policy",
            (Layer::Scp, _) => "a service control policy",
            (Layer::Rcp, _) => "a resource control policy",
            (Layer::Endpoint, _) => "a VPC endpoint policy",
        };
        return match &denial.policy_arn {
            Some(arn) => format!("with an explicit deny in {policy}: {arn}"),
            None => format!("with an explicit deny in {policy}"),
        };
    }
    let policy = match (denial.layer, denial.resource_kind) {
        (Layer::Identity, _) => "identity-based policy",
        (Layer::Resource | Layer::Grant, ResourceKind::IamRole) => "role trust policy",
        (Layer::Resource | Layer::Grant, _) => "resource-based policy",
        (Layer::Boundary, _) => "permissions boundary",
        (Layer::Session, _) => "session policy",
        (Layer::Scp, _) => "service control policy",
        (Layer::Rcp, _) => "resource control policy",
        (Layer::Endpoint, _) => "VPC endpoint policy",
    };
    format!("because no {policy} allows the {action} action")
}

/// For another account's key KMS says neither which policy nor whether the key exists (§7, rule 5).
fn other_accounts_key(request: &Request) -> String {
    let what = match request.action.eq_ignore_ascii_case("kms:Decrypt") {
        true => "the resource associated with this ciphertext",
        false => "this resource",
    };
    format!(
        "User: {} is not authorized to perform: {} on {what} because the resource does not exist in this Region, no \
         resource-based policies allow access, or a resource-based policy explicitly denies access",
        request.principal, request.action
    )
}

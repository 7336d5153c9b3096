//! The condition keys of a request as the engine sees them: the caller's context, and the keys AWS derives itself.

use crate::arn::{Arn, is_account_id};
use crate::pattern::Variable;
use crate::principal::PrincipalKind;
use crate::request::Request;

/// A condition key's name, with what the engine knows about it.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    name: String,
    derived: Option<Derived>,
}

/// Keys that come from the principal or the resource, not from the caller's context.
#[derive(Clone, Copy, Debug)]
enum Derived {
    PrincipalArn,
    PrincipalAccount,
    PrincipalType,
    PrincipalIsAwsService,
    PrincipalServiceName,
    ResourceAccount,
    UserName,
    UserId,
    KmsCallerAccount,
    S3ResourceAccount,
    ViaAwsService,
}

const DERIVED: [(&str, Derived); 11] = [
    ("aws:PrincipalArn", Derived::PrincipalArn),
    ("aws:PrincipalAccount", Derived::PrincipalAccount),
    ("aws:PrincipalType", Derived::PrincipalType),
    ("aws:PrincipalIsAWSService", Derived::PrincipalIsAwsService),
    ("aws:PrincipalServiceName", Derived::PrincipalServiceName),
    ("aws:ResourceAccount", Derived::ResourceAccount),
    ("aws:username", Derived::UserName),
    ("aws:userid", Derived::UserId),
    ("kms:CallerAccount", Derived::KmsCallerAccount),
    ("s3:ResourceAccount", Derived::S3ResourceAccount),
    ("aws:ViaAWSService", Derived::ViaAwsService),
];

fn derived(name: &str) -> Option<Derived> {
    DERIVED.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, derived)| *derived)
}

impl Key {
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), derived: derived(name) }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

/// A key's values in the request; never empty.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Actual<'a> {
    One(&'a str),
    Several(&'a [String]),
}

impl<'a> Actual<'a> {
    pub(crate) fn iter(self) -> impl Iterator<Item = &'a str> {
        let (one, several) = match self {
            Self::One(value) => (Some(value), [].as_slice()),
            Self::Several(values) => (None, values),
        };
        one.into_iter().chain(several.iter().map(String::as_str))
    }
}

/// A request with the facts that follow from it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) request: &'a Request,
    /// The account that owns the resource, as far as it can be known.
    pub(crate) resource_account: Option<&'a str>,
}

impl<'a> Facts<'a> {
    pub(crate) fn new(request: &'a Request) -> Self {
        let in_arn =
            || Arn::parse(&request.resource).map(|arn| arn.account).filter(|account| is_account_id(account));
        let in_context = || request.context.get("aws:ResourceAccount")?.first().map(String::as_str);
        let given = request.resource_account.as_deref();
        let resource_account =
            given.or_else(in_arn).or_else(in_context).or_else(|| request.principal.account());
        Self { request, resource_account }
    }

    /// The values of a key; `None` when the request lacks it. A key without a value counts as lacking.
    pub(crate) fn get(&self, key: &Key) -> Option<Actual<'a>> {
        match key.derived {
            Some(derived) => self.derive(derived).map(Actual::One),
            None => {
                self.request.context.get(&key.name).filter(|values| !values.is_empty()).map(Actual::Several)
            }
        }
    }

    /// The value of a policy variable: a key with exactly one value, else the default
    /// (IAM User Guide, `reference_policies_variables`).
    pub(crate) fn variable<'v>(&self, variable: &'v Variable) -> Option<&'v str>
    where
        'a: 'v,
    {
        let value = match derived(&variable.key) {
            Some(derived) => self.derive(derived),
            None => match self.request.context.get(&variable.key) {
                Some([value]) => Some(value.as_str()),
                _ => None,
            },
        };
        value.or(variable.default.as_deref())
    }

    fn derive(&self, derived: Derived) -> Option<&'a str> {
        let principal = &self.request.principal;
        match derived {
            // A session's ARN does not hold its role's path; the request's own value may, if it is that role.
            Derived::PrincipalArn => match self.request.context.get("aws:PrincipalArn") {
                Some([given, ..]) if !principal.is_role_path_known() && principal.is_of_role(given) => {
                    Some(given)
                }
                _ => principal.principal_arn(),
            },
            Derived::ViaAwsService => match self.request.context.get("aws:ViaAWSService") {
                Some([given, ..]) => Some(given),
                _ => principal.account().map(|_| "false"),
            },
            Derived::PrincipalAccount => principal.account(),
            Derived::PrincipalType => match principal.kind() {
                PrincipalKind::Root => Some("Account"),
                PrincipalKind::User => Some("User"),
                PrincipalKind::Role | PrincipalKind::Session => Some("AssumedRole"),
                PrincipalKind::FederatedUser => Some("FederatedUser"),
                PrincipalKind::Anonymous => Some("Anonymous"),
                PrincipalKind::Federated | PrincipalKind::Service => None,
            },
            Derived::PrincipalIsAwsService => match principal.kind() {
                PrincipalKind::Anonymous => None,
                PrincipalKind::Service => Some("true"),
                _ => Some("false"),
            },
            Derived::PrincipalServiceName => principal.service_name(),
            Derived::ResourceAccount => self.resource_account,
            Derived::UserName => principal.user_name(),
            Derived::UserId => match self.request.context.get("aws:userid") {
                Some([value, ..]) => Some(value),
                _ => match principal.kind() {
                    PrincipalKind::Root => principal.account(),
                    PrincipalKind::Anonymous => Some("anonymous"),
                    _ => None,
                },
            },
            Derived::S3ResourceAccount => self.resource_account.filter(|_| self.request.is_for("s3")),
            // Only KMS fills it. A service that calls on somebody's behalf has no account of its own.
            Derived::KmsCallerAccount if !self.request.is_for("kms") => None,
            Derived::KmsCallerAccount => principal
                .account()
                .or_else(|| self.request.context.get("kms:CallerAccount")?.first().map(String::as_str)),
        }
    }
}

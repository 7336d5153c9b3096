//! Who makes a request, and the ARNs by which policies can name them.

use crate::arn::{Arn, is_account_id};

/// The caller of a request.
///
/// Made by the constructors only, so its ARNs always agree with one another.
///
/// ```
/// use policy::{Principal, PrincipalKind};
///
/// let session = Principal::session("arn:aws:iam::111122223333:role/team/reader", "walk")?;
/// assert_eq!(session.kind(), PrincipalKind::Session);
/// assert_eq!(session.arn(), Some("arn:aws:sts::111122223333:assumed-role/reader/walk"));
/// assert_eq!(session.principal_arn(), Some("arn:aws:iam::111122223333:role/team/reader"));
/// assert!(Principal::from_arn("arn:aws:iam::111122223333:group/readers").is_err());
/// # Ok::<(), policy::PrincipalError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Principal {
    kind: PrincipalKind,
    /// Caller ARN; the service name for a service, the provider for a federated identity.
    name: String,
    /// Value of `aws:PrincipalArn`.
    principal_arn: Option<String>,
    account: Option<String>,
    /// False when only the session ARN was known: a session ARN does not carry its role's path.
    role_path_known: bool,
}

/// What kind of caller a [`Principal`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PrincipalKind {
    /// The account's root user.
    Root,
    /// An IAM user.
    User,
    /// A role whose session is not known, for questions such as "could this role…".
    Role,
    /// A role session: what `sts:AssumeRole` or an instance profile gives.
    Session,
    /// A session made by `sts:GetFederationToken`.
    FederatedUser,
    /// An identity vouched for by an identity provider, before it has assumed a role.
    Federated,
    /// An AWS service calling as itself.
    Service,
    /// Nobody: an unsigned request.
    Anonymous,
}

/// Why a text does not name a principal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PrincipalError {
    /// Not an ARN at all.
    #[error("`{0}` is not an ARN")]
    NotAnArn(String),
    /// An ARN whose account part is not twelve digits.
    #[error("the account of `{0}` is not twelve digits")]
    NotAnAccount(String),
    /// An ARN of something that cannot make requests.
    #[error("`{0}` does not name an account root, user, role or session")]
    NotACaller(String),
}

impl Principal {
    /// The root user of `account`.
    pub fn root(account: &str) -> Self {
        Self::in_account(PrincipalKind::Root, account, format!("arn:aws:iam::{account}:root"))
    }

    /// The IAM user `path_and_name` (such as `Alice` or `division/Alice`) of `account`.
    pub fn user(account: &str, path_and_name: &str) -> Self {
        Self::in_account(PrincipalKind::User, account, format!("arn:aws:iam::{account}:user/{path_and_name}"))
    }

    /// A session of the role with this full ARN, path included.
    ///
    /// # Errors
    /// When `role_arn` is not the ARN of an IAM role.
    pub fn session(role_arn: &str, session_name: &str) -> Result<Self, PrincipalError> {
        let role = Self::from_arn(role_arn)?;
        let (PrincipalKind::Role, Some(arn)) = (role.kind, Arn::parse(role_arn)) else {
            return Err(PrincipalError::NotACaller(role_arn.to_owned()));
        };
        let role_name = last_component(arn.resource);
        Ok(Self {
            kind: PrincipalKind::Session,
            name: format!(
                "arn:{}:sts::{}:assumed-role/{role_name}/{session_name}",
                arn.partition, arn.account
            ),
            ..role
        })
    }

    /// An AWS service calling as itself, such as `ec2.amazonaws.com`.
    pub fn service(name: impl Into<String>) -> Self {
        Self::outside(PrincipalKind::Service, name.into())
    }

    /// An identity of an identity provider (its ARN or domain), as in `sts:AssumeRoleWithWebIdentity`.
    pub fn federated(provider: impl Into<String>) -> Self {
        Self::outside(PrincipalKind::Federated, provider.into())
    }

    /// The caller of an unsigned request.
    pub fn anonymous() -> Self {
        Self::outside(PrincipalKind::Anonymous, String::new())
    }

    /// Reads a caller's ARN: `iam::A:root`, `iam::A:user/…`, `iam::A:role/…`, `sts::A:assumed-role/R/S` or
    /// `sts::A:federated-user/…`.
    ///
    /// # Errors
    /// When the text is no ARN, has no account, or names something that makes no requests.
    pub fn from_arn(text: &str) -> Result<Self, PrincipalError> {
        let arn = Arn::parse(text).ok_or_else(|| PrincipalError::NotAnArn(text.to_owned()))?;
        if !is_account_id(arn.account) {
            return Err(PrincipalError::NotAnAccount(text.to_owned()));
        }
        let not_a_caller = || PrincipalError::NotACaller(text.to_owned());
        let (kind, name) = arn.resource.split_once('/').unwrap_or((arn.resource, ""));
        let kind = match (arn.service, kind, name.is_empty()) {
            ("iam", "root", true) => PrincipalKind::Root,
            ("iam", "user", false) => PrincipalKind::User,
            ("iam", "role", false) => PrincipalKind::Role,
            ("sts", "federated-user", false) => PrincipalKind::FederatedUser,
            ("sts", "assumed-role", false) => PrincipalKind::Session,
            _ => return Err(not_a_caller()),
        };
        let mut principal = Self::in_account(kind, arn.account, text.to_owned());
        if kind == PrincipalKind::Session {
            let (role, session) = name.split_once('/').ok_or_else(not_a_caller)?;
            if role.is_empty() || session.is_empty() {
                return Err(not_a_caller());
            }
            principal.principal_arn = Some(format!("arn:{}:iam::{}:role/{role}", arn.partition, arn.account));
            principal.role_path_known = false;
        }
        Ok(principal)
    }

    /// What kind of caller this is.
    pub fn kind(&self) -> PrincipalKind {
        self.kind
    }

    /// The caller's ARN as `sts:GetCallerIdentity` and error messages give it: the assumed-role form for sessions.
    /// `None` for services, federated and anonymous callers.
    pub fn arn(&self) -> Option<&str> {
        self.account.is_some().then_some(self.name.as_str())
    }

    /// The value of `aws:PrincipalArn`: the *role's* ARN for a session. `None` where [`arn`](Self::arn) is.
    pub fn principal_arn(&self) -> Option<&str> {
        self.principal_arn.as_deref()
    }

    /// The account the caller belongs to.
    pub fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    /// The service's name (`ec2.amazonaws.com`), for a service.
    pub fn service_name(&self) -> Option<&str> {
        (self.kind == PrincipalKind::Service).then_some(self.name.as_str())
    }

    /// The provider's name or ARN, for a federated identity.
    pub fn provider(&self) -> Option<&str> {
        (self.kind == PrincipalKind::Federated).then_some(self.name.as_str())
    }

    /// The user name without its path, for an IAM user: the value of `aws:username`.
    pub fn user_name(&self) -> Option<&str> {
        (self.kind == PrincipalKind::User).then(|| last_component(&self.name))
    }

    /// Whether `role_arn` names the role this principal is, or is a session of.
    ///
    /// Role names are unique in an account whatever their path, so without a known path the name decides.
    pub(crate) fn is_of_role(&self, role_arn: &str) -> bool {
        let Some(own) = self.principal_arn.as_deref() else { return false };
        match self.kind {
            PrincipalKind::Role => own == role_arn,
            PrincipalKind::Session if self.role_path_known => own == role_arn,
            PrincipalKind::Session => match (Arn::parse(own), Arn::parse(role_arn)) {
                (Some(own), Some(named)) => {
                    (own.partition, own.account) == (named.partition, named.account)
                        && last_component(own.resource) == last_component(named.resource)
                }
                _ => false,
            },
            _ => false,
        }
    }

    /// Whether the path of a session's role is known; there is one to know for sessions only.
    pub(crate) fn is_role_path_known(&self) -> bool {
        self.role_path_known
    }

    /// Whether this is a service-linked role, or a session of one: service and resource control policies do not bear on them
    /// (Organizations User Guide, `orgs_manage_policies_scps`). Their path is reserved; where a session does not show it, their
    /// names all begin alike.
    pub(crate) fn is_service_linked(&self) -> bool {
        let role =
            self.principal_arn.as_deref().and_then(|arn| arn.split_once(":role/")).map(|(_, role)| role);
        role.is_some_and(|role| match self.role_path_known {
            true => role.starts_with("aws-service-role/"),
            false => role.starts_with("AWSServiceRoleFor"),
        })
    }

    fn in_account(kind: PrincipalKind, account: &str, arn: String) -> Self {
        Self {
            kind,
            principal_arn: Some(arn.clone()),
            name: arn,
            account: Some(account.to_owned()),
            role_path_known: true,
        }
    }

    fn outside(kind: PrincipalKind, name: String) -> Self {
        Self { kind, name, principal_arn: None, account: None, role_path_known: true }
    }
}

/// What the message templates call the caller: its ARN, or the service's or provider's name.
impl std::fmt::Display for Principal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.kind {
            PrincipalKind::Anonymous => f.write_str("anonymous"),
            _ => f.write_str(&self.name),
        }
    }
}

fn last_component(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

//! Who makes a request: the identity behind its credentials, and the policies that identity brings along.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use policy::{Context, Document, NamedPolicy, Principal};
use serde::{Deserialize, Serialize};

use crate::model::{Account, IdentityPolicies, PasswordPolicy, PolicyText, Role, Tags, Timestamp, User};
use crate::{arns, managed};

/// The identity behind a request, with a snapshot of its account.
#[derive(Clone, Debug)]
pub struct Caller {
    /// What the credentials stand for.
    pub identity: Identity,
    /// The caller's account as it is now; `None` for an anonymous caller.
    pub account: Option<Arc<Account>>,
    /// The access key id that signed; empty for an anonymous caller.
    pub access_key_id: String,
    /// When the temporary credentials of a user or of the root user were issued; `None` for long-term keys, and for sessions,
    /// which say so themselves.
    pub temporary: Option<Timestamp>,
    /// Whether those were given for a code of the user's MFA device.
    pub mfa: bool,
    /// The caller's account as the gate knows it, while changes are on their way; `None` when it is `account`.
    pub known: Option<Arc<Account>>,
}

/// What credentials stand for.
#[derive(Clone, Debug)]
pub enum Identity {
    /// The account's root user.
    Root,
    /// An IAM user, by name.
    User(String),
    /// A session of a role.
    Session(Session),
    /// A federated user: what `sts:GetFederationToken` gives.
    Federated(Federation),
    /// No credentials at all.
    Anonymous,
}

/// A role session, as its session token carries it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Session {
    /// 12 digits.
    pub account: String,
    /// Role name.
    pub role: String,
    /// `AROA…`: a role made anew under the same name is another role.
    pub role_id: String,
    /// Session name.
    pub name: String,
    /// Session policies.
    pub policies: Vec<PolicyText>,
    /// When it began.
    pub issued: Timestamp,
    /// When it ends.
    pub expires: Timestamp,
    /// Where it came from; decides whether assuming another role from it is chaining.
    pub source: SessionSource,
    /// Session tags: given when the role was assumed, or handed on by the session that assumed it.
    #[serde(default)]
    pub tags: SessionTags,
    /// Who is behind it, as they said when they first assumed a role; it stays along a chain of roles.
    #[serde(default)]
    pub source_identity: Option<String>,
    /// The instance whose metadata service gave it.
    #[serde(default)]
    pub instance: Option<Delivery>,
}

/// Session tags (IAM User Guide, `id_session-tags`). Keys differ in more than case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionTags {
    /// Values by key.
    pub values: BTreeMap<String, String>,
    /// The keys whose tags go on to sessions that are assumed from this one.
    pub transitive: BTreeSet<String>,
}

/// How credentials came to an instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// ARN of the instance.
    pub instance: String,
    /// Version of the metadata service: 1 without a token, 2 with one.
    pub version: u8,
}

impl SessionTags {
    /// The tags that go on along a chain of roles.
    pub fn handed_on(&self) -> Self {
        let goes_on = |(key, _): &(&String, &String)| self.transitive.contains(*key);
        let values = self.values.iter().filter(goes_on);
        Self {
            values: values.map(|(key, value)| (key.clone(), value.clone())).collect(),
            transitive: self.transitive.clone(),
        }
    }
}

impl Session {
    /// The condition keys that the session's token brings along: its tags, its source identity, the instance it is of. Tags of the
    /// role itself come first: a session tag replaces one with the same key, whatever its case.
    pub fn conditions(&self) -> Context {
        let mut context = principal_tags(&self.tags.values);
        if let Some(identity) = &self.source_identity {
            context.set("aws:SourceIdentity", [identity.clone()]);
        }
        if let Some(delivery) = &self.instance {
            context.set("ec2:SourceInstanceARN", [delivery.instance.clone()]);
            context.set("ec2:RoleDelivery", [format!("{}.0", delivery.version)]);
        }
        context
    }
}

/// Tags as the condition keys of whoever has them: `aws:PrincipalTag/…`.
pub fn principal_tags(tags: &BTreeMap<String, String>) -> Context {
    let mut context = Context::new();
    for (key, value) in tags {
        context.set(format!("aws:PrincipalTag/{key}"), [value.clone()]);
    }
    context
}

/// What a session token carries.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Token {
    /// A session of a role.
    Role(Session),
    /// A user or the root user itself, for a while: `sts:GetSessionToken`.
    User(Temporary),
    /// A federated user.
    Federated(Federation),
}

impl Token {
    /// When it ends.
    pub fn expires(&self) -> Timestamp {
        match self {
            Self::Role(session) => session.expires,
            Self::User(temporary) => temporary.expires,
            Self::Federated(federation) => federation.expires,
        }
    }

    /// 12 digits.
    pub fn account(&self) -> &str {
        match self {
            Self::Role(session) => &session.account,
            Self::User(temporary) => &temporary.account,
            Self::Federated(federation) => &federation.account,
        }
    }
}

/// An IAM user by name and unique id: one made anew under the same name is another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserRef {
    /// User name.
    pub name: String,
    /// `AIDA…`.
    pub id: String,
}

/// Temporary credentials of a user.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Temporary {
    /// 12 digits.
    pub account: String,
    /// `None` for the root user.
    pub user: Option<UserRef>,
    /// When they were issued.
    pub issued: Timestamp,
    /// When they end.
    pub expires: Timestamp,
    /// Whether the user showed a code of its MFA device.
    #[serde(default)]
    pub mfa: bool,
}

/// A federated user.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Federation {
    /// 12 digits.
    pub account: String,
    /// The user who asked, within whose policies it stays; `None` for the root user.
    pub user: Option<UserRef>,
    /// The name it was given.
    pub name: String,
    /// Session policies: without them it may do nothing but what resource policies give it by name.
    pub policies: Vec<PolicyText>,
    /// When it began.
    pub issued: Timestamp,
    /// When it ends.
    pub expires: Timestamp,
    /// Session tags.
    #[serde(default)]
    pub tags: SessionTags,
}

/// How a role session came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SessionSource {
    /// `sts:AssumeRole`.
    AssumeRole,
    /// An instance's metadata service.
    Instance,
}

impl Caller {
    /// A caller without credentials.
    pub const ANONYMOUS: Self = Self {
        identity: Identity::Anonymous,
        account: None,
        access_key_id: String::new(),
        temporary: None,
        mfa: false,
        known: None,
    };

    /// 12 digits; empty for an anonymous caller.
    pub fn account_id(&self) -> &str {
        self.account.as_ref().map_or("", |account| &account.id)
    }

    /// The principal as policies see it.
    pub fn principal(&self) -> Principal {
        let account = self.account_id();
        match &self.identity {
            Identity::Root => Principal::root(account),
            Identity::User(name) => {
                let user = self.account.as_ref().and_then(|account| account.users.get(name));
                let path = user.map_or("/", |user| &user.path);
                Principal::user(account, &format!("{}{name}", path.trim_start_matches('/')))
            }
            Identity::Session(session) => {
                let role = self.account.as_ref().and_then(|account| account.roles.get(&session.role));
                let arn = arns::role(account, role.map_or("/", |role| &role.path), &session.role);
                // INVARIANT: a role's ARN that we wrote ourselves names a role.
                Principal::session(&arn, &session.name).unwrap_or_else(|_| Principal::anonymous())
            }
            Identity::Federated(federation) => {
                // INVARIANT: the name was checked when it was given.
                Principal::from_arn(&format!("arn:aws:sts::{account}:federated-user/{}", federation.name))
                    .unwrap_or_else(|_| Principal::anonymous())
            }
            Identity::Anonymous => Principal::anonymous(),
        }
    }

    /// Whether these are temporary credentials of any kind.
    pub fn is_temporary(&self) -> bool {
        self.temporary.is_some() || matches!(self.identity, Identity::Session(_) | Identity::Federated(_))
    }

    /// Whether IAM is closed to these credentials, whatever policies say: those of `sts:GetSessionToken` without MFA, and of
    /// federated users (IAM User Guide, `id_credentials_sts-comparison`).
    pub fn is_shut_out_of_iam(&self) -> bool {
        (self.temporary.is_some() && !self.mfa) || matches!(self.identity, Identity::Federated(_))
    }

    /// The caller's ARN as `GetCallerIdentity` gives it; `anonymous` without credentials.
    pub fn arn(&self) -> String {
        self.principal().arn().unwrap_or("anonymous").to_owned()
    }

    /// `aws:userid`: the account for root, `AIDA…` for a user, `AROA…:session` for a session.
    pub fn user_id(&self) -> String {
        match &self.identity {
            Identity::Root => self.account_id().to_owned(),
            Identity::User(name) => self
                .account
                .as_ref()
                .and_then(|account| account.users.get(name))
                .map_or_else(String::new, |user| user.id.clone()),
            Identity::Session(session) => format!("{}:{}", session.role_id, session.name),
            Identity::Federated(federation) => format!("{}:{}", federation.account, federation.name),
            Identity::Anonymous => "anonymous".into(),
        }
    }

    /// The unique id of the user or role that acts: `AIDA…` or `AROA…`. A federated user acts as the user who vouches for it.
    pub fn entity_id(&self) -> Option<&str> {
        match &self.identity {
            Identity::Root | Identity::Anonymous => None,
            Identity::User(name) => self.account.as_ref()?.users.get(name).map(|user| user.id.as_str()),
            Identity::Session(session) => Some(&session.role_id),
            Identity::Federated(federation) => federation.user.as_ref().map(|user| user.id.as_str()),
        }
    }

    fn known_account(&self) -> Option<&Account> {
        self.known.as_deref().or(self.account.as_deref())
    }

    /// A user of the caller's account as the gate knows it: by its id, for names change.
    fn known_user(&self, name: &str) -> Option<&User> {
        let user = self.account.as_ref()?.users.get(name)?;
        match &self.known {
            None => Some(user),
            Some(known) => known.user_with_id(&user.id),
        }
    }

    /// The role of a session as the gate knows it.
    fn known_role(&self, session: &Session) -> Option<&Role> {
        let role = self.known_account()?.roles.get(&session.role)?;
        (role.id == session.role_id).then_some(role)
    }

    /// The user behind a federated user as the gate knows it.
    fn known_voucher(&self, user: &UserRef) -> Option<&User> {
        self.known_user(&user.name).filter(|known| known.id == user.id)
    }

    /// The identity policies in force now: changes act on live sessions without new credentials.
    pub fn identity_policies(&self) -> Vec<NamedPolicy> {
        let Some(account) = self.known_account() else { return Vec::new() };
        match &self.identity {
            Identity::Root | Identity::Anonymous => Vec::new(),
            Identity::User(name) => {
                let Some(user) = self.known_user(name) else { return Vec::new() };
                of_user(account, user).into_iter().chain(own_password(account, user)).collect()
            }
            Identity::Session(session) => {
                self.known_role(session).map_or_else(Vec::new, |role| resolve(account, &role.policies))
            }
            Identity::Federated(federation) => match &federation.user {
                Some(user) => self.known_voucher(user).map_or_else(Vec::new, |user| of_user(account, user)),
                // The root user may do everything, so its session policies alone limit it.
                None => {
                    let arn = format!("{}AdministratorAccess", managed::AWS_PREFIX);
                    resolve(account, &IdentityPolicies { attached: vec![arn], ..IdentityPolicies::default() })
                }
            },
        }
    }

    /// The caller's permissions boundary, as it is in force now. One whose policy is gone allows nothing.
    pub fn boundaries(&self) -> Vec<NamedPolicy> {
        let Some(account) = self.known_account() else { return Vec::new() };
        let arn = match &self.identity {
            Identity::Root | Identity::Anonymous => None,
            Identity::User(name) => self.known_user(name).and_then(|user| user.boundary.clone()),
            Identity::Session(session) => self.known_role(session).and_then(|role| role.boundary.clone()),
            Identity::Federated(federation) => federation
                .user
                .as_ref()
                .and_then(|user| self.known_voucher(user))
                .and_then(|user| user.boundary.clone()),
        };
        arn.map(|arn| boundary(account, arn)).into_iter().collect()
    }

    /// The tags that fill `aws:PrincipalTag/…`: those of the caller's user or role as they are now; a federated user has those
    /// of the user who vouches for it (IAM User Guide, `access_iam-tags`; STS API reference, `GetFederationToken`).
    pub fn principal_tags(&self) -> Tags {
        let of_user = |user: Option<&User>| user.map(|user| user.tags.clone());
        let tags = match &self.identity {
            Identity::Root | Identity::Anonymous => None,
            Identity::User(name) => of_user(self.known_user(name)),
            Identity::Session(session) => self.known_role(session).map(|role| role.tags.clone()),
            Identity::Federated(federation) => {
                of_user(federation.user.as_ref().and_then(|user| self.known_voucher(user)))
            }
        };
        tags.unwrap_or_default()
    }

    /// The session policies of a role session or a federated user.
    pub fn session_policies(&self) -> Vec<NamedPolicy> {
        let policies = match &self.identity {
            Identity::Session(session) => session.policies.as_slice(),
            Identity::Federated(federation) => federation.policies.as_slice(),
            Identity::Root | Identity::User(_) | Identity::Anonymous => &[],
        };
        policies
            .iter()
            .map(|text| NamedPolicy { name: "session policy".into(), arn: None, document: text.document() })
            .collect()
    }
}

/// A permissions boundary by its ARN.
pub(crate) fn boundary(account: &Account, arn: String) -> NamedPolicy {
    let (name, document) = managed::document(account, &arn).unwrap_or_else(|| {
        let name = arn.rsplit('/').next().unwrap_or_default().to_owned();
        (name, Arc::new(Document::nothing()))
    });
    NamedPolicy { name, arn: Some(arn), document }
}

/// A user's own policies, then those of its groups.
pub(crate) fn of_user(account: &Account, user: &User) -> Vec<NamedPolicy> {
    let groups = account.groups_of(&user.name).flat_map(|group| resolve(account, &group.policies));
    resolve(account, &user.policies).into_iter().chain(groups).collect()
}

/// What the account's password policy gives every user, if it does: to change its own password, and to see what passwords
/// must be like (IAM API reference, `UpdateAccountPasswordPolicy`).
fn own_password(account: &Account, user: &User) -> Option<NamedPolicy> {
    account.password_policies.get(PasswordPolicy::NAME).filter(|policy| policy.allow_users_to_change)?;
    let user = arns::user(&account.id, &user.path, &user.name);
    let document = serde_json::json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "iam:ChangePassword", "Resource": user},
        {"Effect": "Allow", "Action": "iam:GetAccountPasswordPolicy", "Resource": "*"},
    ]});
    let document = Arc::new(Document::parse(&document.to_string()).ok()?);
    Some(NamedPolicy { name: "account password policy".into(), arn: None, document })
}

/// Attached managed policies, then inline ones, each with its document in force.
pub(crate) fn resolve(account: &Account, policies: &IdentityPolicies) -> Vec<NamedPolicy> {
    let attached = policies.attached.iter().filter_map(|arn| {
        let (name, document) = managed::document(account, arn)?;
        Some(NamedPolicy { name, arn: Some(arn.clone()), document })
    });
    let inline = policies.inline.iter().map(|(name, text)| NamedPolicy {
        name: name.clone(),
        arn: None,
        document: text.document(),
    });
    attached.chain(inline).collect()
}

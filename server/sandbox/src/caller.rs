//! Who makes a request: the identity behind its credentials, and the policies that identity brings along.

use std::sync::Arc;

use policy::{Document, NamedPolicy, Principal};
use serde::{Deserialize, Serialize};

use crate::model::{Account, IdentityPolicies, PolicyText, Timestamp};
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
    pub const ANONYMOUS: Self =
        Self { identity: Identity::Anonymous, account: None, access_key_id: String::new() };

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
            Identity::Anonymous => Principal::anonymous(),
        }
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
            Identity::Anonymous => "anonymous".into(),
        }
    }

    /// The identity policies in force now: changes act on live sessions without new credentials.
    pub fn identity_policies(&self) -> Vec<NamedPolicy> {
        let Some(account) = &self.account else { return Vec::new() };
        match &self.identity {
            Identity::Root | Identity::Anonymous => Vec::new(),
            Identity::User(name) => {
                account.users.get(name).map_or_else(Vec::new, |user| resolve(account, &user.policies))
            }
            Identity::Session(session) => account
                .roles
                .get(&session.role)
                .filter(|role| role.id == session.role_id)
                .map_or_else(Vec::new, |role| resolve(account, &role.policies)),
        }
    }

    /// The caller's permissions boundary, as it is in force now. One whose policy is gone allows nothing.
    pub fn boundaries(&self) -> Vec<NamedPolicy> {
        let Some(account) = &self.account else { return Vec::new() };
        let arn = match &self.identity {
            Identity::Root | Identity::Anonymous => None,
            Identity::User(name) => account.users.get(name).and_then(|user| user.boundary.clone()),
            Identity::Session(session) => {
                account.roles.get(&session.role).and_then(|role| role.boundary.clone())
            }
        };
        arn.map(|arn| boundary(account, arn)).into_iter().collect()
    }

    /// The session policies of a role session.
    pub fn session_policies(&self) -> Vec<NamedPolicy> {
        let Identity::Session(session) = &self.identity else { return Vec::new() };
        session
            .policies
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

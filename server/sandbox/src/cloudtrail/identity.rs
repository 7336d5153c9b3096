//! `userIdentity`: who made a call (CloudTrail User Guide, `cloudtrail-event-reference-user-identity`).

use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::arns;
use crate::caller::{Caller, Federation, Identity, Session};
use crate::model::Timestamp;

/// Who made a call.
#[derive(Clone, Copy, Debug)]
pub(super) enum Who<'a> {
    /// A caller, by the access key that signed, or nobody by none.
    Caller(&'a Caller),
    /// An AWS service, as itself.
    Service,
}

impl Who<'_> {
    /// The account that made the call; none for a service, and without credentials.
    pub(super) fn account(&self) -> Option<&str> {
        match self {
            Self::Caller(caller) => Some(caller.account_id()).filter(|account| !account.is_empty()),
            Self::Service => None,
        }
    }

    /// As its own account sees it. `invoked_by` is the service that made the call for it, or as itself.
    pub(super) fn to_itself(self, invoked_by: Option<&str>) -> Value {
        let mut identity = match self {
            Self::Service => members(json!({ "type": "AWSService" })),
            Self::Caller(caller) => of_caller(caller),
        };
        if let Some(service) = invoked_by {
            identity.insert("invokedBy".into(), service.into());
        }
        Value::Object(identity)
    }

    /// As another account sees it, whose resource was asked for: the account and the unique id, and no name.
    pub(super) fn to_others(self, invoked_by: Option<&str>) -> Value {
        let Self::Caller(caller) = self else { return self.to_itself(invoked_by) };
        let mut identity = match caller.identity {
            Identity::Anonymous => of_caller(caller),
            _ => members(json!({
                "type": "AWSAccount", "principalId": caller.user_id(), "accountId": caller.account_id(),
            })),
        };
        if let Some(service) = invoked_by {
            identity.insert("invokedBy".into(), service.into());
        }
        Value::Object(identity)
    }

    /// What events are looked up by as `Username`: a role's session goes by the name of the session.
    pub(super) fn username(&self) -> &str {
        let Self::Caller(caller) = self else { return "" };
        match &caller.identity {
            Identity::Root => "root",
            Identity::User(name) => name,
            Identity::Session(session) => &session.name,
            Identity::Federated(federation) => &federation.name,
            Identity::Anonymous => "",
        }
    }

    /// The access key id that signed; empty without one.
    pub(super) fn access_key(&self) -> &str {
        match self {
            Self::Caller(caller) => &caller.access_key_id,
            Self::Service => "",
        }
    }
}

fn of_caller(caller: &Caller) -> Map<String, Value> {
    let kind = match &caller.identity {
        Identity::Root => "Root",
        Identity::User(_) => "IAMUser",
        Identity::Session(_) => "AssumedRole",
        Identity::Federated(_) => "FederatedUser",
        Identity::Anonymous => {
            return members(json!({ "type": "AWSAccount", "principalId": "", "accountId": "anonymous" }));
        }
    };
    let mut identity = members(json!({
        "type": kind,
        "principalId": caller.user_id(),
        "arn": caller.arn(),
        "accountId": caller.account_id(),
        "accessKeyId": caller.access_key_id,
    }));
    let alias = caller.account.iter().flat_map(|account| account.account_aliases.values()).next();
    let name = match &caller.identity {
        Identity::User(name) => Some(name.as_str()),
        Identity::Root => alias.map(|alias| alias.name.as_str()),
        _ => None,
    };
    if let Some(name) = name {
        identity.insert("userName".into(), name.into());
    }
    let context = match &caller.identity {
        Identity::Session(session) => Some(of_session(caller, session)),
        Identity::Federated(federation) => Some(of_federation(caller, federation)),
        _ => caller.temporary.map(|issued| json!({ "attributes": attributes(issued, caller.mfa) })),
    };
    if let Some(context) = context {
        identity.insert("sessionContext".into(), context);
    }
    identity
}

fn of_session(caller: &Caller, session: &Session) -> Value {
    let role = caller.account.as_ref().and_then(|account| account.roles.get(&session.role));
    let path = role.map_or("/", |role| role.path.as_str());
    let mut context = json!({
        "sessionIssuer": {
            "type": "Role",
            "principalId": session.role_id,
            "arn": arns::role(&session.account, path, &session.role),
            "accountId": session.account,
            "userName": session.role,
        },
        "attributes": attributes(session.issued, false),
    });
    if let Some(delivery) = &session.instance {
        context["ec2RoleDelivery"] = format!("{}.0", delivery.version).into();
    }
    if let Some(identity) = &session.source_identity {
        context["sourceIdentity"] = identity.as_str().into();
    }
    context
}

fn of_federation(caller: &Caller, federation: &Federation) -> Value {
    let account = &federation.account;
    let issuer = match &federation.user {
        None => json!({
            "type": "Root",
            "principalId": account,
            "arn": format!("arn:aws:iam::{account}:root"),
            "accountId": account,
        }),
        Some(user) => {
            let known = caller.account.as_ref().and_then(|account| account.users.get(&user.name));
            json!({
                "type": "IAMUser",
                "principalId": user.id,
                "arn": arns::user(account, known.map_or("/", |known| &known.path), &user.name),
                "accountId": account,
                "userName": user.name,
            })
        }
    };
    json!({ "sessionIssuer": issuer, "attributes": attributes(federation.issued, false) })
}

/// `mfa` is whether the user showed a code of its device: what is assumed from such credentials does not say so.
fn attributes(issued: Timestamp, mfa: bool) -> Value {
    let issued = OffsetDateTime::from_unix_timestamp(issued).ok().and_then(|time| time.format(&Rfc3339).ok());
    json!({ "creationDate": issued.unwrap_or_default(), "mfaAuthenticated": mfa.to_string() })
}

fn members(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

//! The `Principal` and `NotPrincipal` elements, and how far a match with them reaches.

use serde::{Deserialize, Serialize};

use crate::arn::{Arn, is_account_id};
use crate::document::Effect;
use crate::principal::{Principal, PrincipalKind};

/// `Principal` or `NotPrincipal`.
#[derive(Clone, Debug)]
pub(crate) struct PrincipalElement {
    pub(crate) negated: bool,
    pub(crate) named: Vec<NamedPrincipal>,
}

/// One principal that a policy names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NamedPrincipal {
    /// `*`: everyone, anonymous callers included.
    Everyone,
    /// An account, as its id or its root ARN.
    Account(String),
    /// A user, by ARN.
    User(String),
    /// A role, by ARN.
    Role(String),
    /// A role or federated-user session, by ARN.
    Session(String),
    /// A service, by name.
    Service(String),
    /// An identity provider.
    Federated(String),
    /// An account's canonical user id. S3 stores the account's ARN in its place, so as such it names nobody.
    CanonicalUser(String),
    /// The unique id left behind by a deleted user or role; it names nobody any more.
    UniqueId(String),
    /// A text that names nobody: a wildcard inside an ARN, a group, a misspelt ARN.
    Nobody(String),
}

/// By which name a resource policy reached the caller. This decides which other layers limit its Allow (the table in
/// `aws-semantics.md` §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    /// Through the account: the decision is delegated to the account's identity policies.
    Account,
    /// By the role's ARN: permissions boundary and session policies still limit the caller.
    Role,
    /// By a name that nothing but an explicit Deny limits: everyone, the user, the session, the service, the root user
    /// itself.
    Direct,
}

impl NamedPrincipal {
    /// Reads a value under `AWS`.
    pub(crate) fn aws(text: &str) -> Self {
        if text == "*" {
            return Self::Everyone;
        }
        if is_account_id(text) {
            return Self::Account(text.to_owned());
        }
        let owned = || text.to_owned();
        // An origin access identity of CloudFront (S3 User Guide, `example-bucket-policies`).
        if text.starts_with("arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity ") {
            return Self::User(text.to_owned());
        }
        let Some(arn) = Arn::parse(text).filter(|arn| is_account_id(arn.account)) else {
            let unique = ["AIDA", "AROA"].iter().any(|prefix| text.starts_with(prefix))
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
            return if unique { Self::UniqueId(owned()) } else { Self::Nobody(owned()) };
        };
        let (kind, name) = arn.resource.split_once('/').unwrap_or((arn.resource, ""));
        if name.contains(['*', '?']) {
            return Self::Nobody(owned());
        }
        match (arn.service, kind, name.is_empty()) {
            ("iam", "root", true) => Self::Account(arn.account.to_owned()),
            ("iam", "user", false) => Self::User(owned()),
            ("iam", "role", false) => Self::Role(owned()),
            ("sts", "assumed-role", false) if name.contains('/') => Self::Session(owned()),
            ("sts", "federated-user", false) => Self::Session(owned()),
            _ => Self::Nobody(owned()),
        }
    }

    /// How this name reaches `principal`, if it does.
    fn reach(&self, principal: &Principal) -> Option<Reach> {
        let arn = principal.arn();
        let (reached, reach) = match self {
            Self::Everyone => (true, Reach::Direct),
            Self::Account(account) => {
                let reach =
                    if principal.kind() == PrincipalKind::Root { Reach::Direct } else { Reach::Account };
                (principal.account() == Some(account), reach)
            }
            Self::User(user) => (principal.kind() == PrincipalKind::User && arn == Some(user), Reach::Direct),
            Self::Role(role) => (principal.is_of_role(role), Reach::Role),
            Self::Session(session) => {
                let sessions =
                    matches!(principal.kind(), PrincipalKind::Session | PrincipalKind::FederatedUser);
                (sessions && arn == Some(session), Reach::Direct)
            }
            Self::Service(service) => (
                principal.service_name().is_some_and(|name| name.eq_ignore_ascii_case(service)),
                Reach::Direct,
            ),
            Self::Federated(provider) => (principal.provider() == Some(provider), Reach::Direct),
            Self::CanonicalUser(_) | Self::UniqueId(_) | Self::Nobody(_) => (false, Reach::Account),
        };
        reached.then_some(reach)
    }
}

impl PrincipalElement {
    /// How the element reaches `principal` in a statement with this effect; `None` when it does not.
    pub(crate) fn reach(&self, principal: &Principal, effect: Effect) -> Option<Reach> {
        if !self.negated {
            return self.named.iter().filter_map(|named| named.reach(principal)).max();
        }
        let applies = match effect {
            // Whoever is listed in any way is not allowed by it: the reading that gives least.
            Effect::Allow => !self.named.iter().any(|named| named.reach(principal).is_some()),
            Effect::Deny => !self.lists_fully(principal),
        };
        applies.then_some(Reach::Direct)
    }

    /// Whether a `NotPrincipal` with Deny spares the caller: every principal it is at once must be listed, the account
    /// and for a session its role too (IAM User Guide, `reference_policies_elements_notprincipal`).
    fn lists_fully(&self, principal: &Principal) -> bool {
        let any = |test: &dyn Fn(&NamedPrincipal) -> bool| self.named.iter().any(test);
        if any(&|named| *named == NamedPrincipal::Everyone) {
            return true;
        }
        let reached_as =
            |test: fn(&NamedPrincipal) -> bool| any(&|named| test(named) && named.reach(principal).is_some());
        let account = || reached_as(|named| matches!(named, NamedPrincipal::Account(_)));
        let role = || reached_as(|named| matches!(named, NamedPrincipal::Role(_)));
        match principal.kind() {
            PrincipalKind::Root => account(),
            PrincipalKind::User => account() && reached_as(|named| matches!(named, NamedPrincipal::User(_))),
            PrincipalKind::Role => account() && role(),
            PrincipalKind::Session => {
                account() && role() && reached_as(|named| matches!(named, NamedPrincipal::Session(_)))
            }
            PrincipalKind::FederatedUser => {
                account() && reached_as(|named| matches!(named, NamedPrincipal::Session(_)))
            }
            PrincipalKind::Service | PrincipalKind::Federated => reached_as(|_| true),
            PrincipalKind::Anonymous => false,
        }
    }

    /// Whether anyone on the internet can come under it: everyone, or those an identity provider vouches for.
    pub(crate) fn is_anyone(&self) -> bool {
        self.is_everyone() || self.named.iter().any(|named| matches!(named, NamedPrincipal::Federated(_)))
    }

    /// Whether it names everyone: `*`.
    pub(crate) fn names_everyone(&self) -> bool {
        !self.negated && self.is_everyone()
    }

    /// Whether it takes in everyone: `*`, or everyone but those listed.
    pub(crate) fn is_everyone(&self) -> bool {
        self.negated || self.named.contains(&NamedPrincipal::Everyone)
    }
}

//! What is known of a request before any service looks at it.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use policy::Context;
use policy::call::{Operation, ResourceOf};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::caller::{Caller, Identity, principal_tags};
use crate::crypto::{self, CryptoError};

/// One request: its ids, its time and where it came from. Put into the HTTP request's extensions by the router.
#[derive(Clone, Debug)]
pub struct RequestMeta {
    /// The id that the answer carries and the gate's trace is kept under.
    pub id: String,
    /// S3's second id.
    pub host_id: String,
    /// When the request arrived.
    pub now: OffsetDateTime,
    /// Who sent it; `None` for a call inside the process.
    pub source_ip: Option<IpAddr>,
    /// `User-Agent`.
    pub user_agent: Option<String>,
    /// Region of its credential scope.
    pub region: String,
    /// What it asks for, once that is known: the row that its questions to the gate are held to.
    pub operation: Option<&'static Operation>,
    /// What the gate was asked about, where somebody wants to know.
    pub(crate) subjects: Option<Subjects>,
}

/// Resources that the gate was asked about for one request, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Subjects(Arc<Mutex<Vec<Subject>>>);

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Subject {
    /// Its kind.
    pub(crate) on: ResourceOf,
    /// Its ARN, or `*`.
    pub(crate) resource: String,
    /// The account that owns it.
    pub(crate) owner: Option<String>,
}

impl Subjects {
    /// Notes one, unless it is there.
    pub(crate) fn note(&self, subject: Subject) {
        let mut subjects = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !subjects.iter().any(|known| known.resource == subject.resource) {
            subjects.push(subject);
        }
    }

    /// All of them so far.
    pub(crate) fn all(&self) -> Vec<Subject> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What a service refused a request with. Error answers carry it in their extensions, so that CloudTrail need not read their
/// bodies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The error code as the service answers it.
    pub(crate) code: String,
    /// Its message.
    pub(crate) message: String,
}

impl Refusal {
    pub(crate) fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into() }
    }
}

impl RequestMeta {
    /// Ids for a new request.
    pub fn new(
        now: OffsetDateTime,
        region: String,
        source_ip: Option<IpAddr>,
        user_agent: Option<String>,
    ) -> Result<Self, CryptoError> {
        use base64::Engine as _;
        Ok(Self {
            id: uuid::Uuid::new_v4().to_string(),
            host_id: base64::prelude::BASE64_STANDARD.encode(crypto::random::<48>()?),
            now,
            source_ip,
            user_agent,
            region,
            operation: None,
            subjects: None,
        })
    }

    /// The same request with the resources noted that the gate is asked about.
    pub(crate) fn noting_subjects(self) -> Self {
        Self { subjects: Some(Subjects::default()), ..self }
    }

    /// The same request as one for this operation.
    pub(crate) fn asking_for(&self, service: &str, name: &str) -> Self {
        Self { operation: policy::call::operation(service, name), ..self.clone() }
    }

    /// The global condition keys that every request carries (IAM User Guide, "AWS global condition context keys").
    /// `aws:SecureTransport` is true: the embedded AWS stands in for endpoints that are reached over TLS.
    pub fn global_context(&self, caller: &Caller) -> Context {
        let mut context = Context::new()
            .with("aws:CurrentTime", self.now.format(&Rfc3339).unwrap_or_default())
            .with("aws:EpochTime", self.now.unix_timestamp().to_string())
            .with("aws:SecureTransport", "true")
            .with("aws:RequestedRegion", self.region.clone());
        if let Some(ip) = self.source_ip {
            context = context.with("aws:SourceIp", ip.to_string());
        }
        if let Some(agent) = &self.user_agent {
            context = context.with("aws:UserAgent", agent.clone());
        }
        let context = match &caller.identity {
            Identity::Anonymous => return context,
            Identity::User(name) => context.with("aws:username", name.clone()),
            Identity::Root | Identity::Session(_) | Identity::Federated(_) => context,
        };
        let mut context = context.with("aws:userid", caller.user_id());
        for (key, value) in caller.principal_tags() {
            context.set(format!("aws:PrincipalTag/{key}"), [value]);
        }
        // Tags of the session replace those of the user or role with the same key.
        match &caller.identity {
            Identity::Session(session) => context.extend(session.conditions()),
            Identity::Federated(federation) => context.extend(principal_tags(&federation.tags.values)),
            _ => {}
        }
        let issued = match &caller.identity {
            Identity::Session(session) => Some(session.issued),
            Identity::Federated(federation) => Some(federation.issued),
            _ => caller.temporary,
        };
        let text = |time: i64| OffsetDateTime::from_unix_timestamp(time).ok()?.format(&Rfc3339).ok();
        let Some(issued_at) = issued.and_then(text) else { return context };
        context = context.with("aws:TokenIssueTime", issued_at);
        // Sessions of roles carry none, whatever was shown to get them (IAM User Guide,
        // `id_credentials_mfa_configure-api-require`).
        if caller.temporary.is_some() || matches!(caller.identity, Identity::Federated(_)) {
            context = context.with("aws:MultiFactorAuthPresent", caller.mfa.to_string());
        }
        match issued {
            Some(issued) if caller.mfa => {
                let age = self.now.unix_timestamp() - issued;
                context.with("aws:MultiFactorAuthAge", age.to_string())
            }
            _ => context,
        }
    }
}

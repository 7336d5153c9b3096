//! What is known of a request before any service looks at it.

use std::net::IpAddr;

use policy::Context;
use policy::call::Operation;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::caller::{Caller, Identity};
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
        })
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
        let context = context.with("aws:userid", caller.user_id());
        let issued = match &caller.identity {
            Identity::Session(session) => Some(session.issued),
            Identity::Federated(federation) => Some(federation.issued),
            _ => caller.temporary,
        };
        let text = |time: i64| OffsetDateTime::from_unix_timestamp(time).ok()?.format(&Rfc3339).ok();
        let Some(issued) = issued.and_then(text) else { return context };
        let context = context.with("aws:TokenIssueTime", issued);
        // The key is there for temporary credentials only, and no caller here has MFA.
        match caller.is_shut_out_of_iam() {
            true => context.with("aws:MultiFactorAuthPresent", "false"),
            false => context,
        }
    }
}

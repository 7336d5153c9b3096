//! The gate: every operation asks here, and gets a [`Permit`] that its code needs in order to run.
//!
//! A permit names its action in its type, so code that asks for `s3:GetObject` cannot be handed the permit of another
//! action, and code that asks for a permit cannot be called without one.

pub mod actions;
mod journal;
mod kept;
mod wording;

use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};

use policy::call::CheckSpec;
use policy::message::{self, Style};
use policy::{Context, Explanation, Grant, NamedPolicy, Outcome, Principal, Request, ResourceKind, evaluate};
use time::format_description::well_known::Rfc3339;

use crate::activity::Activity;
use crate::caller::Caller;
use crate::fidelity::Fidelity;
use crate::model::Tags;
use crate::request::{RequestMeta, Subject};

pub use journal::Journal;
use journal::Line;
use kept::{Asked, Kept};

/// An action of the Service Authorization Reference, as a type.
pub trait Action {
    /// For example `s3:GetObject`.
    const NAME: &'static str;
}

/// Proof that the gate allowed `A` to this caller on this resource.
#[derive(Debug)]
pub struct Permit<A> {
    resource: String,
    action: PhantomData<A>,
}

impl<A> Permit<A> {
    /// The resource ARN it was given for.
    pub fn resource(&self) -> &str {
        &self.resource
    }
}

/// What is asked of the gate: an action's resource with the policies and keys that bear on it.
#[derive(Debug, Default)]
pub struct Question {
    /// Resource ARN, or `*` where the action has none.
    pub resource: String,
    /// Account that owns the resource; `None` when it has no owner yet.
    pub owner: Option<String>,
    /// Bucket policy, key policy or trust policy.
    pub resource_policy: Option<NamedPolicy>,
    /// What kind of resource that policy sits on.
    pub kind: ResourceKind,
    /// Grants on the key.
    pub grants: Vec<Grant>,
    /// Condition keys of the service; the global ones are added by the gate.
    pub context: Context,
    /// Whether the bucket's RestrictPublicBuckets is on.
    pub block_public_access: bool,
}

impl Question {
    /// A question about a resource that has no policy of its own.
    pub fn about(resource: impl Into<String>) -> Self {
        Self { resource: resource.into(), ..Self::default() }
    }

    /// The same with the account that owns the resource.
    #[must_use]
    pub fn owned_by(mut self, account: &str) -> Self {
        self.owner = Some(account.to_owned());
        self
    }

    /// The same with the tags of the resource. Users and roles show theirs under a key of IAM's own as well (Service
    /// Authorization Reference), which is `own_key`.
    #[must_use]
    pub fn with_tags_of_resource(mut self, tags: &Tags, own_key: bool) -> Self {
        for (key, value) in tags {
            self = self.with(format!("aws:ResourceTag/{key}"), value);
            if own_key {
                self = self.with(format!("iam:ResourceTag/{key}"), value);
            }
        }
        self
    }

    /// The same with one more condition key.
    #[must_use]
    pub fn with(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.context = self.context.with(key, value);
        self
    }
}

/// The gate said no.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Denied {
    /// The action that was refused.
    pub action: &'static str,
    /// AWS's sentence (`aws-semantics.md` §7).
    pub message: String,
    /// Whether a Deny statement said so, or nothing allowed it.
    pub outcome: Outcome,
    /// The statements that denied, by policy; none when nothing allowed it.
    pub statements: Vec<(String, serde_json::Value)>,
}

/// One question the gate answered, kept for the operator and the tests.
#[derive(Debug, Clone)]
pub struct Trace {
    /// The request it belongs to.
    pub request_id: String,
    /// The action asked about.
    pub action: &'static str,
    /// Its resource.
    pub resource: String,
    /// The whole decision.
    pub explanation: Explanation,
}

/// Answers questions, remembers the newest answers, and records who asked for what last. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Gate {
    kept: Arc<Mutex<Kept>>,
    activity: Activity,
    fidelity: Fidelity,
    journal: Option<Journal>,
}

/// Who asks, with what they bring along.
struct Asking {
    principal: Principal,
    identity: Vec<NamedPolicy>,
    session_policies: Vec<NamedPolicy>,
    boundaries: Vec<NamedPolicy>,
    context: Context,
}

impl Gate {
    /// A gate that words denials as the switches say, records in `activity`, and writes its answers to a file if there is one.
    pub(crate) fn new(fidelity: Fidelity, activity: Activity, journal: Option<Journal>) -> Self {
        Self { activity, fidelity, journal, ..Self::default() }
    }

    /// Who asked for what last.
    pub(crate) fn activity(&self) -> &Activity {
        &self.activity
    }

    /// Decides whether `caller` may do `A`, by every policy that bears on it.
    pub fn authorize<A: Action>(
        &self,
        meta: &RequestMeta,
        caller: &Caller,
        question: Question,
    ) -> Result<Permit<A>, Denied> {
        self.activity.note(meta, caller, A::NAME);
        let asking = Asking {
            principal: caller.principal(),
            identity: caller.identity_policies(),
            session_policies: caller.session_policies(),
            boundaries: caller.boundaries(),
            context: meta.global_context(caller),
        };
        self.decide(meta, asking, question)
    }

    /// The same for an AWS service that acts as itself, such as EC2 when it takes a role for an instance.
    pub fn authorize_service<A: Action>(
        &self,
        meta: &RequestMeta,
        service: &str,
        question: Question,
    ) -> Result<Permit<A>, Denied> {
        let asking = Asking {
            principal: Principal::service(service),
            identity: Vec::new(),
            session_policies: Vec::new(),
            boundaries: Vec::new(),
            context: meta.global_context(&Caller::ANONYMOUS),
        };
        self.decide(meta, asking, question)
    }

    fn decide<A: Action>(
        &self,
        meta: &RequestMeta,
        asking: Asking,
        question: Question,
    ) -> Result<Permit<A>, Denied> {
        let row = row_of(meta, A::NAME, &question.resource);
        if let (Some(subjects), Some(row)) = (&meta.subjects, row) {
            let (resource, owner) = (question.resource.clone(), question.owner.clone());
            subjects.note(Subject { on: row.on, resource, owner });
        }
        let mut context = asking.context;
        context.extend(visible(row, question.context));
        let asked = Asked {
            request: Request {
                principal: asking.principal,
                action: A::NAME.to_owned(),
                resource: question.resource.clone(),
                resource_account: question.owner,
                context,
            },
            identity: asking.identity,
            session_policies: asking.session_policies,
            boundaries: asking.boundaries,
            resource: question.resource_policy,
            kind: question.kind,
            grants: question.grants,
            block_public_access: question.block_public_access,
        };
        let policies = asked.policies();
        let decision = evaluate(&asked.request, &policies);
        let denied = decision.denial().map(|denial| {
            let denial = wording::blamed(&self.fidelity, &decision, denial);
            let message = message::access_denied(&asked.request, &denial, style(A::NAME));
            let denying = decision.deciding.iter();
            Denied {
                action: A::NAME,
                message: wording::written(&self.fidelity, A::NAME, message),
                outcome: decision.outcome,
                statements: denying
                    .map(|found| (found.policy.name.clone(), found.statement.source().clone()))
                    .collect(),
            }
        });
        if let Some(journal) = self.journal.as_ref().filter(|journal| journal.is_written()) {
            let explanation = decision.explain();
            journal.append(&Line {
                time: meta.now.format(&Rfc3339).unwrap_or_default(),
                request_id: &meta.id,
                caller: asked.request.principal.to_string(),
                action: A::NAME,
                resource: &question.resource,
                decision: explanation.outcome,
                decided_by: explanation.decided_by,
                message: denied.as_ref().map(|denied| denied.message.as_str()),
                lanes: &explanation.lanes,
            });
        }
        let freed = self.kept.lock().unwrap_or_else(PoisonError::into_inner).keep(&meta.id, A::NAME, asked);
        drop(freed);
        match denied {
            None => Ok(Permit { resource: question.resource, action: PhantomData }),
            Some(denied) => Err(denied),
        }
    }

    /// What the gate answered for one request, in order; empty when it is not kept any more.
    pub fn trace(&self, request_id: &str) -> Vec<Trace> {
        let asked = self.kept.lock().unwrap_or_else(PoisonError::into_inner).of(request_id);
        asked.iter().map(|(action, asked)| kept::traced(request_id, action, asked)).collect()
    }

    /// Finishes the file of answers.
    pub fn close(&self) {
        if let Some(journal) = &self.journal {
            journal.close();
        }
    }
}

/// The check of the operation under way that announces this question: `policy::call` is what the documentation, CloudTrail and
/// the console tell of an operation, so that it must not say less than is done. `None` outside an operation, when a service
/// acts as itself.
fn row_of(meta: &RequestMeta, action: &str, resource: &str) -> Option<&'static CheckSpec> {
    let operation = meta.operation?;
    let row = operation.checks.iter().find(|check| check.action == action && check.on.fits(resource));
    debug_assert!(
        row.is_some(),
        "{} asks {action} on {resource}, which its row in `policy::call` does not say",
        operation.name
    );
    row
}

/// Of what is known about a request, the condition keys that AWS carries for this check. Others no policy may see: a condition
/// on them would match here and never on AWS.
fn visible(row: Option<&CheckSpec>, known: Context) -> Context {
    let Some(row) = row else { return known };
    let mut context = Context::new();
    for (key, values) in known {
        if row.fills(&key) || key.starts_with("aws:Via") {
            context.set(key, values);
        }
    }
    context
}

/// How the service of an action words a denial (`aws-semantics.md` §7, rules 3, 4 and 6).
fn style(action: &str) -> Style {
    match action.split_once(':') {
        Some(("s3", _)) => Style::S3,
        Some(("sts", _)) => Style::Sts,
        _ => Style::Plain,
    }
}

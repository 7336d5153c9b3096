//! What an evaluation gives: the outcome, the layer that decided and the statements that made it so.

use serde::{Deserialize, Serialize};

use crate::condition::Condition;
use crate::document::{Reach, Statement};
use crate::facts::Facts;
use crate::kms::Grant;
use crate::layers::Said;
use crate::request::{NamedPolicy, Policies, Request, ResourceKind};

/// Whether the request may go ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Outcome {
    /// Allowed.
    Allowed,
    /// Denied because something needed did not allow it.
    ImplicitlyDenied,
    /// Denied by a Deny statement.
    ExplicitlyDenied,
}

/// A kind of policy that bears on a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layer {
    /// Identity policies.
    Identity,
    /// The bucket, key or trust policy.
    Resource,
    /// Permissions boundary.
    Boundary,
    /// Session policies.
    Session,
    /// Service control policies.
    Scp,
    /// Resource control policies.
    Rcp,
    /// VPC endpoint policies.
    Endpoint,
    /// KMS grants.
    Grant,
}

/// The layer that decided. For an implicit denial: the layer that would have had to allow, as AWS's message names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DecidedBy {
    /// Identity policies; for a delegating key or trust policy too, since it leaves the decision to them.
    Identity,
    /// The bucket, key or trust policy.
    Resource,
    /// Permissions boundary.
    Boundary,
    /// Session policies.
    Session,
    /// Service control policies.
    Scp,
    /// Resource control policies.
    Rcp,
    /// VPC endpoint policies.
    Endpoint,
    /// A KMS grant.
    Grant,
    /// No policy: the account's root user holds every permission in its own account.
    None,
}

impl From<Layer> for DecidedBy {
    fn from(layer: Layer) -> Self {
        match layer {
            Layer::Identity => Self::Identity,
            Layer::Resource => Self::Resource,
            Layer::Boundary => Self::Boundary,
            Layer::Session => Self::Session,
            Layer::Scp => Self::Scp,
            Layer::Rcp => Self::Rcp,
            Layer::Endpoint => Self::Endpoint,
            Layer::Grant => Self::Grant,
        }
    }
}

/// What one lane says about a request, whatever the others say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum LaneVerdict {
    /// A statement, or a grant, allows it.
    Allows,
    /// A Deny statement applies.
    Denies,
    /// No statement applies.
    Silent,
    /// The resource policy allows the caller's account, which leaves the decision to its identity policies.
    Delegates,
    /// There is no such policy, or it does not bear on this request.
    NotConsulted,
}

/// A statement together with the policy and layer it stands in.
#[derive(Clone, Copy, Debug)]
pub struct StatementRef<'a> {
    /// The layer.
    pub layer: Layer,
    /// The policy.
    pub policy: &'a NamedPolicy,
    /// The statement.
    pub statement: &'a Statement,
    /// How it reaches the caller.
    pub reach: Reach,
}

/// A statement that was read, and what came of it.
#[derive(Clone, Copy, Debug)]
pub struct Examined<'a> {
    /// The layer.
    pub layer: Layer,
    /// The policy.
    pub policy: &'a NamedPolicy,
    /// The statement.
    pub statement: &'a Statement,
    /// How it reaches the caller if it applies, else the first element that the request does not meet.
    pub applied: Result<Reach, Unmet<'a>>,
}

/// The first element of a statement that a request does not meet, in the order principal, action, resource, conditions.
#[derive(Clone, Copy, Debug)]
pub enum Unmet<'a> {
    /// The statement names no principal, so in a resource policy it names nobody.
    NoPrincipal,
    /// `Principal` or `NotPrincipal` does not take in the caller.
    Principal,
    /// The statement has no `Action`, so it does nothing.
    NoAction,
    /// `Action` or `NotAction` does not take in the action.
    Action,
    /// The statement has no `Resource`, so it does nothing.
    NoResource,
    /// `Resource` or `NotResource` does not take in the resource.
    Resource,
    /// A condition does not hold; [`Decision::actual`] has the request's values.
    Condition(&'a Condition),
}

/// The answer to a [`Request`]. Borrows from request and policies; [`explain`](Decision::explain) gives an owned account.
#[derive(Clone, Debug)]
pub struct Decision<'a> {
    /// Allowed or denied, and how.
    pub outcome: Outcome,
    /// The layer that decided.
    pub decided_by: DecidedBy,
    /// The statements that decided: on an explicit denial every Deny that applies, whatever its layer; when allowed those
    /// by which `decided_by` allowed it, with the delegating statements it rests on; none on an implicit denial.
    pub deciding: Vec<StatementRef<'a>>,
    /// The IAM lane: identity policies within permissions boundary and session policies.
    pub iam: LaneVerdict,
    /// The resource policy's lane, grants included.
    pub resource: LaneVerdict,
    /// The grant that covers the request, whether or not it was needed.
    pub grant: Option<&'a Grant>,
    pub(crate) examined: Vec<Examined<'a>>,
    pub(crate) said: Said,
    pub(crate) facts: Facts<'a>,
    pub(crate) policies: Policies<'a>,
}

/// Why a request was denied, as data; `message` puts it in AWS's words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Denial {
    /// The layer to blame.
    pub layer: Layer,
    /// Whether a Deny statement did it, rather than the lack of an Allow.
    pub explicit: bool,
    /// The ARN of the policy with the Deny, when it has one and AWS would tell it.
    pub policy_arn: Option<String>,
    /// What the resource policy is attached to.
    pub resource_kind: ResourceKind,
    /// Whether caller and resource belong to different accounts, or the caller to none.
    pub cross_account: bool,
    /// Whether S3 Block Public Access set the bucket policy's Allow aside.
    pub public_access_blocked: bool,
}

impl<'a> Decision<'a> {
    /// Whether the request may go ahead.
    pub fn is_allowed(&self) -> bool {
        self.outcome == Outcome::Allowed
    }

    /// The request that was decided.
    pub fn request(&self) -> &'a Request {
        self.facts.request
    }

    /// Every statement that was read, in the order of reading, with the first element that failed where it does not apply.
    /// Owned text about it: [`explain`](Self::explain).
    pub fn examined(&self) -> &[Examined<'a>] {
        &self.examined
    }

    /// The values the request has for a condition's key; `None` when it lacks the key.
    pub fn actual(&self, condition: &Condition) -> Option<impl Iterator<Item = &'a str> + use<'a>> {
        condition.actual(&self.facts).map(|actual| actual.iter())
    }

    /// Whether the caller belongs to the account that owns the resource.
    pub fn is_same_account(&self) -> bool {
        let account = self.facts.request.principal.account();
        account.is_some() && account == self.facts.resource_account
    }

    /// Why the request was denied; `None` when it was allowed.
    pub fn denial(&self) -> Option<Denial> {
        let layer = match self.decided_by {
            _ if self.is_allowed() => return None,
            DecidedBy::Identity => Layer::Identity,
            DecidedBy::Boundary => Layer::Boundary,
            DecidedBy::Session => Layer::Session,
            DecidedBy::Scp => Layer::Scp,
            DecidedBy::Rcp => Layer::Rcp,
            DecidedBy::Endpoint => Layer::Endpoint,
            DecidedBy::Resource | DecidedBy::Grant | DecidedBy::None => Layer::Resource,
        };
        let explicit = self.outcome == Outcome::ExplicitlyDenied;
        // Resource and endpoint policies are never named by ARN, nor any outside the account (`aws-semantics.md` §7, rule 1).
        let named = explicit && self.is_same_account() && !matches!(layer, Layer::Resource | Layer::Endpoint);
        let policy_arn =
            if named { self.deciding.first().and_then(|first| first.policy.arn.clone()) } else { None };
        Some(Denial {
            layer,
            explicit,
            policy_arn,
            resource_kind: self.policies.resource_kind,
            cross_account: !self.is_same_account(),
            public_access_blocked: self.said.public_access_blocked,
        })
    }
}

//! A decision as an owned account for pages and files: every statement of every policy, with the element that failed.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::condition::Condition;
use crate::decision::{DecidedBy, Decision, Denial, Examined, LaneVerdict, Layer, Outcome, Unmet};
use crate::document::{Effect, Reach};
use crate::facts::Facts;
use crate::layers::Bearing;
use crate::layers::scan::{Frame, applies};
use crate::request::NamedPolicy;

/// A decision with everything that led to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    /// Allowed or denied, and how.
    pub outcome: Outcome,
    /// The layer that decided.
    pub decided_by: DecidedBy,
    /// The IAM lane's verdict: identity policies within permissions boundary and session policies.
    pub iam: LaneVerdict,
    /// The resource policy's verdict, grants included.
    pub resource: LaneVerdict,
    /// Why it was denied, if it was.
    pub denial: Option<Denial>,
    /// The layers that have policies, identity first, then resource, then the others.
    pub lanes: Vec<LaneExplanation>,
}

/// One layer: its verdict and every statement of its policies, in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LaneExplanation {
    /// The layer.
    pub layer: Layer,
    /// What it says by itself.
    pub verdict: LaneVerdict,
    /// Its statements.
    pub statements: Vec<StatementExplanation>,
    /// Its grants, for [`Layer::Grant`].
    pub grants: Vec<GrantExplanation>,
}

/// One statement against the request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StatementExplanation {
    /// The policy's name.
    pub policy: String,
    /// The policy's ARN, if it has one.
    pub policy_arn: Option<String>,
    /// The statement's place in the policy, from 0.
    pub index: usize,
    /// Its `Sid`.
    pub sid: Option<String>,
    /// Its effect.
    pub effect: Effect,
    /// Whether it applies to the request.
    pub matched: bool,
    /// Whether it is one of those that decided.
    pub deciding: bool,
    /// How it reaches the caller, when it applies.
    pub reach: Option<Reach>,
    /// The first element that the request does not meet, when it does not apply.
    pub mismatch: Option<Mismatch>,
    /// All its conditions with the values compared, whether or not they were reached.
    pub conditions: Vec<ConditionExplanation>,
    /// The statement as JSON.
    pub source: Value,
}

/// One condition key of one operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConditionExplanation {
    /// The operator as written.
    pub operator: String,
    /// The condition key as written.
    pub key: String,
    /// The values the policy wants.
    pub wanted: Vec<String>,
    /// The values the request has; `None` when it lacks the key.
    pub actual: Option<Vec<String>>,
    /// Whether the condition holds.
    pub matched: bool,
}

/// One grant against the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantExplanation {
    /// The grant's id.
    pub grant_id: String,
    /// Its grantee.
    pub grantee: String,
    /// Its operations.
    pub operations: Vec<String>,
    /// Whether it covers the request.
    pub matched: bool,
    /// Whether it is the one that decided.
    pub deciding: bool,
}

/// The first element of a statement that a request does not meet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mismatch {
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
    /// A condition does not hold.
    Condition(ConditionExplanation),
}

impl Decision<'_> {
    /// The decision with every statement that was looked at, owned.
    ///
    /// ```
    /// # use policy::{Context, Policies, Principal, Request, evaluate};
    /// # let request = Request {
    /// #     principal: Principal::root("111122223333"),
    /// #     action: "s3:ListAllMyBuckets".into(),
    /// #     resource: "*".into(),
    /// #     resource_account: None,
    /// #     context: Context::new(),
    /// # };
    /// let explanation = evaluate(&request, &Policies::default()).explain();
    /// let json = serde_json::to_string(&explanation)?;
    /// # assert!(json.contains("\"outcome\":\"Allowed\""), "{json}");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn explain(&self) -> Explanation {
        let policies = &self.policies;
        let bearing = Bearing::new(&self.facts, policies);
        let mut lanes = vec![
            self.lane(Layer::Identity, policies.identity.iter()),
            self.lane(Layer::Resource, policies.resource.into_iter()),
        ];
        if let Some(resource) = lanes.get_mut(1) {
            // What the decision made of the policy counts, grants apart: Denies and Allows may have been set aside.
            resource.verdict = match (bearing.resource, bearing.grant) {
                (None, _) => LaneVerdict::NotConsulted,
                (Some(_), None) => self.resource,
                (Some(_), Some(_)) => resource.verdict,
            };
        }
        if !policies.grants.is_empty() {
            lanes.push(self.grants(&bearing));
        }
        let guards: [(Layer, bool, Vec<&NamedPolicy>); 5] = [
            (Layer::Boundary, !policies.boundaries.is_empty(), policies.boundaries.iter().collect()),
            (
                Layer::Session,
                !policies.session_policies.is_empty(),
                policies.session_policies.iter().collect(),
            ),
            (Layer::Scp, !policies.scps.is_empty(), policies.scps.iter().flatten().collect()),
            (Layer::Rcp, !policies.rcps.is_empty(), policies.rcps.iter().flatten().collect()),
            (
                Layer::Endpoint,
                !policies.endpoint_policies.is_empty(),
                policies.endpoint_policies.iter().collect(),
            ),
        ];
        for (layer, present, list) in guards {
            if present {
                lanes.push(self.lane(layer, list.into_iter()));
            }
        }
        Explanation {
            outcome: self.outcome,
            decided_by: self.decided_by,
            iam: self.iam,
            resource: self.resource,
            denial: self.denial(),
            lanes,
        }
    }

    fn lane<'p>(&self, layer: Layer, list: impl Iterator<Item = &'p NamedPolicy>) -> LaneExplanation {
        let recorded = self.examined.iter().filter(|found| found.layer == layer);
        let mut statements: Vec<_> = recorded.map(|found| self.statement(found)).collect();
        if statements.is_empty() {
            // The layer did not bear on the request, so it was not read.
            let frame = Frame::of(layer, self.policies.resource_kind);
            let all = list.flat_map(|policy| {
                policy.document.statements().iter().map(move |statement| (policy, statement))
            });
            statements.extend(all.map(|(policy, statement)| {
                let applied = applies(statement, &self.facts, frame);
                self.statement(&Examined { layer, policy, statement, applied })
            }));
        }
        let applying =
            |effect| statements.iter().filter(move |found| found.matched && found.effect == effect);
        let verdict = if applying(Effect::Deny).next().is_some() {
            LaneVerdict::Denies
        } else {
            match applying(Effect::Allow).filter_map(|found| found.reach).max() {
                Some(Reach::Account) => LaneVerdict::Delegates,
                Some(_) => LaneVerdict::Allows,
                None => LaneVerdict::Silent,
            }
        };
        LaneExplanation { layer, verdict, statements, grants: Vec::new() }
    }

    fn grants(&self, bearing: &Bearing<'_>) -> LaneExplanation {
        let decided = self.decided_by == DecidedBy::Grant;
        let explain = |grant: &crate::kms::Grant| {
            let covering = bearing.grant.is_some_and(|(covering, _)| std::ptr::eq(covering, grant));
            GrantExplanation {
                grant_id: grant.grant_id.clone(),
                grantee: grant.grantee.clone(),
                operations: grant.operations.clone(),
                matched: grant.reach(self.request()).is_some(),
                deciding: decided && covering,
            }
        };
        let grants: Vec<_> = self.policies.grants.iter().map(explain).collect();
        let verdict = match grants.iter().any(|grant| grant.matched) {
            true => LaneVerdict::Allows,
            false => LaneVerdict::Silent,
        };
        LaneExplanation { layer: Layer::Grant, verdict, statements: Vec::new(), grants }
    }

    fn statement(&self, found: &Examined<'_>) -> StatementExplanation {
        let Examined { layer, policy, statement, applied } = *found;
        let deciding = self.deciding.iter().any(|deciding| {
            // One document may be attached twice; the place decides, not the text.
            deciding.layer == layer
                && std::ptr::eq(deciding.policy, policy)
                && std::ptr::eq(deciding.statement, statement)
        });
        let mismatch = applied.err().map(|unmet| match unmet {
            Unmet::NoPrincipal => Mismatch::NoPrincipal,
            Unmet::Principal => Mismatch::Principal,
            Unmet::NoAction => Mismatch::NoAction,
            Unmet::Action => Mismatch::Action,
            Unmet::NoResource => Mismatch::NoResource,
            Unmet::Resource => Mismatch::Resource,
            Unmet::Condition(condition) => Mismatch::Condition(explain_condition(condition, &self.facts)),
        });
        StatementExplanation {
            policy: policy.name.clone(),
            policy_arn: policy.arn.clone(),
            index: statement.index,
            sid: statement.sid.clone(),
            effect: statement.effect,
            matched: applied.is_ok(),
            deciding,
            reach: applied.ok(),
            mismatch,
            conditions: statement
                .conditions
                .iter()
                .map(|condition| explain_condition(condition, &self.facts))
                .collect(),
            source: statement.source().clone(),
        }
    }
}

fn explain_condition(condition: &Condition, facts: &Facts<'_>) -> ConditionExplanation {
    ConditionExplanation {
        operator: condition.operator().to_owned(),
        key: condition.key().to_owned(),
        wanted: condition.wanted().to_vec(),
        actual: condition.actual(facts).map(|actual| actual.iter().map(str::to_owned).collect()),
        matched: condition.holds(facts),
    }
}

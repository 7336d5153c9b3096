//! One statement against one request, and one layer's statements together.

use crate::condition::Condition;
use crate::context::Supposed;
use crate::decision::{Examined, Layer, Unmet};
use crate::document::{Effect, Reach, Statement};
use crate::facts::Facts;
use crate::pattern::Resolve;
use crate::request::{NamedPolicy, ResourceKind};

/// How a layer reads the elements a statement may lack.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    principal: PrincipalRule,
    resource_optional: bool,
}

#[derive(Clone, Copy, Debug)]
enum PrincipalRule {
    /// Policies attached to the caller: it is the principal.
    Caller,
    /// Policies attached to something else: they say whom they mean.
    Named,
}

impl Frame {
    pub(crate) fn of(layer: Layer, kind: ResourceKind) -> Self {
        match layer {
            Layer::Resource => {
                // A trust policy has no Resource element: the role it is attached to is meant.
                Self { principal: PrincipalRule::Named, resource_optional: kind == ResourceKind::IamRole }
            }
            Layer::Rcp | Layer::Endpoint => {
                Self { principal: PrincipalRule::Named, resource_optional: false }
            }
            _ => Self { principal: PrincipalRule::Caller, resource_optional: false },
        }
    }
}

/// Whether `statement` applies to the request, and if so how it reaches the caller.
pub(crate) fn applies<'s>(
    statement: &'s Statement,
    facts: &Facts<'_>,
    frame: Frame,
) -> Result<Reach, Unmet<'s>> {
    let request = facts.request;
    let reach = match (frame.principal, &statement.principal) {
        (PrincipalRule::Caller, _) => Reach::Direct,
        (PrincipalRule::Named, None) => return Err(Unmet::NoPrincipal),
        (PrincipalRule::Named, Some(element)) => {
            element.reach(&request.principal, statement.effect).ok_or(Unmet::Principal)?
        }
    };
    match &statement.action {
        None => return Err(Unmet::NoAction),
        Some(element) if !element.matches(&request.action) => return Err(Unmet::Action),
        Some(_) => {}
    }
    // S3 authorizes the list of buckets on all of them (S3 User Guide, `walkthrough1`).
    let resource = match request.resource.as_str() {
        "*" if request.action.eq_ignore_ascii_case("s3:ListAllMyBuckets") => "arn:aws:s3:::*",
        resource => resource,
    };
    let resolve: Resolve<'_, '_> = &|variable| facts.variable(variable);
    match &statement.resource {
        None if !frame.resource_optional => return Err(Unmet::NoResource),
        Some(element) if !element.matches(resource, resolve) => return Err(Unmet::Resource),
        _ => {}
    }
    let holds = |condition: &Condition| match request.context.supposed {
        Some(supposed) if condition.is_of_the_call(request.context.get("aws:ViaAWSService").is_some()) => {
            (statement.effect == Effect::Allow) == (supposed == Supposed::Best)
        }
        _ => condition.holds(facts),
    };
    match statement.conditions.iter().find(|condition| !holds(condition)) {
        Some(condition) => Err(Unmet::Condition(condition)),
        None => Ok(reach),
    }
}

/// What the policies of one layer, or of one level of it, say together.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Scan {
    /// Whether a Deny applies.
    pub(crate) denies: bool,
    /// The best reach of the Allows that apply.
    pub(crate) allows: Option<Reach>,
}

/// Reads all statements of `policies`, noting each in `examined`.
pub(crate) fn scan<'a>(
    facts: &Facts<'a>,
    frame: Frame,
    layer: Layer,
    policies: &'a [NamedPolicy],
    examined: &mut Vec<Examined<'a>>,
) -> Scan {
    let mut scan = Scan::default();
    for policy in policies {
        for statement in policy.document.statements() {
            let applied = applies(statement, facts, frame);
            match (applied, statement.effect) {
                (Err(_), _) => {}
                (Ok(reach), Effect::Allow) => scan.allows = scan.allows.max(Some(reach)),
                (Ok(_), Effect::Deny) => scan.denies = true,
            }
            examined.push(Examined { layer, policy, statement, applied });
        }
    }
    scan
}

//! From what each layer said to the decision. The only place where the layers' rank is written down.

use super::Guard;
use crate::decision::{DecidedBy, Layer, Outcome};
use crate::document::Reach;

/// What every layer said.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Said {
    /// Whether the action needs no permission at all.
    pub(crate) free: bool,
    /// Whether an account's root user is to assume a role, which no policy lets it (`aws-semantics.md` §5).
    pub(crate) root_assumes: bool,
    pub(crate) scp: Guard,
    pub(crate) rcp: Guard,
    pub(crate) endpoint: Guard,
    pub(crate) boundary: Guard,
    pub(crate) session: Guard,
    pub(crate) identity_denies: bool,
    pub(crate) identity_allows: bool,
    pub(crate) resource_denies: bool,
    /// The best reach of the resource policy's Allows.
    pub(crate) resource_reach: Option<Reach>,
    /// The reach of a grant that covers the request.
    pub(crate) grant_reach: Option<Reach>,
    /// Whether the resource policy, or a grant, must allow or delegate.
    pub(crate) consent_needed: bool,
    /// Whether the caller belongs to any account.
    pub(crate) has_account: bool,
    pub(crate) same_account: bool,
    pub(crate) is_root: bool,
    pub(crate) public_access_blocked: bool,
}

/// The decision, and whose Allows made it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Combined {
    pub(crate) outcome: Outcome,
    pub(crate) decided_by: DecidedBy,
    /// Whether the identity policies' Allows decided.
    pub(crate) by_identity: bool,
    /// Whether the resource policy's Allows decided, and from which reach on.
    pub(crate) by_resource_from: Option<Reach>,
}

pub(crate) fn combine(said: &Said) -> Combined {
    if said.free {
        return allowed(DecidedBy::None, false, None);
    }
    if let Some(layer) = explicit_denial(said) {
        return denied(Outcome::ExplicitlyDenied, layer);
    }
    let granted = if said.root_assumes {
        Err(Layer::Identity)
    } else if !said.scp.allows {
        Err(Layer::Scp)
    } else if !said.rcp.allows {
        Err(Layer::Rcp)
    } else if !said.has_account {
        by_resource_alone(said)
    } else if said.same_account {
        same_account(said)
    } else {
        cross_account(said)
    };
    match granted {
        Ok(_) if !said.endpoint.allows => denied(Outcome::ImplicitlyDenied, Layer::Endpoint),
        Ok(allowed) => allowed,
        Err(layer) => denied(Outcome::ImplicitlyDenied, layer),
    }
}

fn explicit_denial(said: &Said) -> Option<Layer> {
    let denying = [
        (said.scp.denies, Layer::Scp),
        (said.rcp.denies, Layer::Rcp),
        (said.identity_denies, Layer::Identity),
        (said.boundary.denies, Layer::Boundary),
        (said.session.denies, Layer::Session),
        (said.resource_denies, Layer::Resource),
        (said.endpoint.denies, Layer::Endpoint),
    ];
    denying.into_iter().find_map(|(denies, layer)| denies.then_some(layer))
}

/// Services, federated and anonymous callers have no identity policies.
fn by_resource_alone(said: &Said) -> Result<Combined, Layer> {
    match said.resource_reach {
        Some(least) => Ok(allowed(DecidedBy::Resource, false, Some(least))),
        None => Err(Layer::Resource),
    }
}

/// Either side suffices, unless the resource policy must consent; what limits the resource policy's Allow depends on how it
/// names the caller (the table in `aws-semantics.md` §2).
fn same_account(said: &Said) -> Result<Combined, Layer> {
    let named = said.resource_reach.filter(|reach| *reach > Reach::Account);
    let delegated = said.resource_reach.is_some() || said.grant_reach == Some(Reach::Account);
    let by_identity = said.identity_allows && (!said.consent_needed || delegated);
    let within_limits = said.boundary.allows && said.session.allows;
    if by_identity && within_limits && !said.consent_needed {
        let decided_by = if said.is_root { DecidedBy::None } else { DecidedBy::Identity };
        return Ok(allowed(decided_by, true, None));
    }
    if named == Some(Reach::Direct) || named.is_some() && within_limits {
        return Ok(allowed(DecidedBy::Resource, false, named));
    }
    if by_identity && within_limits {
        return Ok(allowed(DecidedBy::Identity, true, Some(Reach::Account)));
    }
    match said.grant_reach {
        Some(Reach::Direct) => return Ok(allowed(DecidedBy::Grant, false, None)),
        Some(Reach::Role) if within_limits => return Ok(allowed(DecidedBy::Grant, false, None)),
        _ => {}
    }
    if by_identity || named.is_some() || said.grant_reach == Some(Reach::Role) {
        return Err(missing_limit(said));
    }
    Err(if said.consent_needed && !delegated { Layer::Resource } else { Layer::Identity })
}

/// The caller's account and the resource's must both allow (IAM User Guide,
/// `reference_policies_evaluation-logic-cross-account`). A grant is the key account's consent, no more.
fn cross_account(said: &Said) -> Result<Combined, Layer> {
    if !said.identity_allows {
        return Err(Layer::Identity);
    }
    if !(said.boundary.allows && said.session.allows) {
        return Err(missing_limit(said));
    }
    match (said.resource_reach, said.grant_reach) {
        (Some(least), _) => Ok(allowed(DecidedBy::Resource, true, Some(least))),
        (None, Some(_)) => Ok(allowed(DecidedBy::Grant, true, None)),
        (None, None) => Err(Layer::Resource),
    }
}

fn missing_limit(said: &Said) -> Layer {
    if said.boundary.allows { Layer::Session } else { Layer::Boundary }
}

fn allowed(decided_by: DecidedBy, by_identity: bool, by_resource_from: Option<Reach>) -> Combined {
    Combined { outcome: Outcome::Allowed, decided_by, by_identity, by_resource_from }
}

fn denied(outcome: Outcome, layer: Layer) -> Combined {
    Combined { outcome, decided_by: layer.into(), by_identity: false, by_resource_from: None }
}

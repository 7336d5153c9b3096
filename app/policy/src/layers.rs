//! Evaluation: every layer is read once, then the rules of `aws-semantics.md` §2 combine what the layers said.

mod combine;
mod levers;
mod rcp;
pub(crate) mod scan;

use crate::decision::{Decision, Examined, LaneVerdict, Layer, Outcome, StatementRef};
use crate::document::{Effect, Reach};
use crate::facts::Facts;
use crate::kms;
use crate::principal::PrincipalKind;
use crate::request::{NamedPolicy, Policies, Request, ResourceKind};
use combine::Combined;
pub(crate) use combine::{Said, combine};
use scan::{Frame, Scan};

/// Decides a request by all policies that bear on it (IAM User Guide, `reference_policies_evaluation-logic`; for KMS its
/// Developer Guide, `policy-evaluation`).
///
/// Pure: the same input gives the same decision. It never panics; a document that names nobody or nothing matches nothing.
///
/// ```
/// use std::sync::Arc;
/// use policy::{Context, Document, NamedPolicy, Policies, Principal, Request, ResourceKind, Unmet, evaluate};
///
/// let json = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow",
///     "Principal": {"AWS": "arn:aws:iam::111122223333:role/reader"}, "Action": "kms:Decrypt", "Resource": "*",
///     "Condition": {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}}}"#;
/// let key_policy = NamedPolicy { name: "key policy".into(), arn: None, document: Arc::new(Document::parse(json)?) };
/// let request = Request {
///     principal: Principal::session("arn:aws:iam::111122223333:role/reader", "walk")?,
///     action: "kms:Decrypt".into(),
///     resource: "arn:aws:kms:us-east-1:111122223333:key/1234".into(),
///     resource_account: None,
///     context: Context::new(),
/// };
/// let policies =
///     Policies { resource: Some(&key_policy), resource_kind: ResourceKind::KmsKey, ..Policies::default() };
/// let decision = evaluate(&request, &policies);
/// // Called directly, not through S3: the condition is what fails, and the request lacks its key.
/// let Err(Unmet::Condition(condition)) = decision.examined()[0].applied else { panic!("it holds") };
/// assert_eq!(condition.key(), "kms:ViaService");
/// assert!(decision.actual(condition).is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn evaluate<'a>(request: &'a Request, policies: &Policies<'a>) -> Decision<'a> {
    let facts = Facts::new(request);
    // What needs no permission no policy can forbid: nothing is read.
    let none = Policies::default();
    let policies = if needs_permission(request) { policies } else { &none };
    let bearing = Bearing::new(&facts, policies);
    let mut examined = Vec::with_capacity(statements(policies));
    let said = listen(&facts, policies, &bearing, &mut examined);
    let combined = combine(&said);
    Decision {
        outcome: combined.outcome,
        decided_by: combined.decided_by,
        iam: iam_verdict(&said),
        resource: resource_verdict(&said, &bearing, policies),
        grant: bearing.grant.map(|(grant, _)| grant),
        deciding: deciding(&examined, &combined, &bearing),
        examined,
        said,
        facts,
        policies: *policies,
    }
}

/// Which policies bear on a request at all, and by which rules.
pub(crate) struct Bearing<'a> {
    /// The resource policy, where the action is one it governs.
    pub(crate) resource: Option<&'a NamedPolicy>,
    /// Whether the resource policy must allow or delegate: key and trust policies.
    pub(crate) consent_needed: bool,
    /// The grant that covers the request, and how it reaches the caller.
    pub(crate) grant: Option<(&'a kms::Grant, Reach)>,
    /// Whether the resource policy's Denies are set aside: a bucket account's root can always mend the bucket policy.
    denies_set_aside: bool,
    /// Why the resource policy's Allows are set aside, if they are.
    allows_set_aside: Option<SetAside>,
    /// Whether the resource's account may by its identity policies, without the resource policy's word.
    account_may: bool,
}

/// What keeps a resource policy's Allow from having its effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SetAside {
    /// S3 Block Public Access.
    PublicAccess,
    /// The request is not signed, and the service takes signed requests only: `*` means every principal of AWS.
    Unsigned,
    /// A key policy cannot give `kms:RetireGrant`.
    Retiring,
}

impl<'a> Bearing<'a> {
    pub(crate) fn new(facts: &Facts<'a>, policies: &Policies<'a>) -> Self {
        let request = facts.request;
        let same_account = request.principal.account().is_some_and(|own| facts.resource_account == Some(own));
        let mut bearing = Self {
            resource: policies.resource,
            consent_needed: false,
            grant: None,
            denies_set_aside: false,
            allows_set_aside: None,
            account_may: false,
        };
        let unsigned = request.principal.kind() == PrincipalKind::Anonymous;
        match policies.resource_kind {
            ResourceKind::IamRole => {
                // A trust policy governs assuming the role and nothing else one can do with it.
                bearing.consent_needed = request.is_for("sts");
                bearing.resource = policies.resource.filter(|_| bearing.consent_needed);
                bearing.allows_set_aside = unsigned.then_some(SetAside::Unsigned);
            }
            ResourceKind::KmsKey => {
                // What is asked on an alias, or on no resource, no key policy governs.
                bearing.consent_needed = kms::is_about_a_key(request);
                bearing.resource = policies.resource.filter(|_| bearing.consent_needed);
                bearing.account_may = kms::is_retiring(request) && same_account;
                bearing.allows_set_aside = match (unsigned, kms::is_retiring(request)) {
                    (true, _) => Some(SetAside::Unsigned),
                    (false, true) => Some(SetAside::Retiring),
                    (false, false) => None,
                };
                let covering = |grant: &'a kms::Grant| Some((grant, grant.reach(request)?));
                bearing.grant = policies.grants.iter().filter_map(covering).max_by_key(|(_, reach)| *reach);
            }
            ResourceKind::S3Bucket => {
                let mends = ["s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"];
                bearing.denies_set_aside = same_account
                    && request.principal.kind() == PrincipalKind::Root
                    && mends.iter().any(|action| action.eq_ignore_ascii_case(&request.action));
                let blocked = policies.block_public_access
                    && !same_account
                    && request.principal.kind() != PrincipalKind::Service
                    && policies.resource.is_some_and(|policy| policy.document.is_public());
                bearing.allows_set_aside = blocked.then_some(SetAside::PublicAccess);
            }
            ResourceKind::Other => {}
        }
        bearing
    }
}

/// Reads every layer, in the order in which a denial is blamed: SCP and RCP, identity, resource (`aws-semantics.md` §10,
/// item 10), the others where they belong.
fn listen<'a>(
    facts: &Facts<'a>,
    policies: &Policies<'a>,
    bearing: &Bearing<'a>,
    examined: &mut Vec<Examined<'a>>,
) -> Said {
    let principal = &facts.request.principal;
    let mut read = |layer, list: &'a [NamedPolicy]| {
        scan::scan(facts, Frame::of(layer, policies.resource_kind), layer, list, examined)
    };
    // Each must allow, so one that is silent makes the whole silent.
    let every = |scans: &mut dyn Iterator<Item = Scan>| {
        scans.fold(Guard { allows: true, denies: false }, |guard, scan| Guard {
            allows: guard.allows && scan.allows.is_some(),
            denies: guard.denies || scan.denies,
        })
    };
    // Service control policies limit the principals of the organization's accounts, so not callers without an account.
    let scps =
        if principal.account().is_some() && !principal.is_service_linked() { policies.scps } else { &[] };
    let scp = every(&mut scps.iter().map(|level| read(Layer::Scp, level)));
    let rcps = if rcp::bear_on(facts.request) { policies.rcps } else { &[] };
    let rcp = every(&mut rcps.iter().map(|level| read(Layer::Rcp, level)));
    let identity = read(Layer::Identity, policies.identity);
    let boundary = every(&mut policies.boundaries.chunks(1).map(|boundary| read(Layer::Boundary, boundary)));
    let session = read(Layer::Session, policies.session_policies);
    let resource = read(Layer::Resource, bearing.resource.map_or(&[], std::slice::from_ref));
    let endpoint =
        every(&mut policies.endpoint_policies.chunks(1).map(|policy| read(Layer::Endpoint, policy)));
    let is_root = principal.kind() == PrincipalKind::Root;
    Said {
        free: !needs_permission(facts.request),
        root_assumes: is_root
            && policies.resource_kind == ResourceKind::IamRole
            && facts.request.action.eq_ignore_ascii_case("sts:AssumeRole"),
        scp,
        rcp,
        endpoint,
        boundary,
        session: Guard {
            // Without a session policy a federated user may do nothing (STS API reference, `GetFederationToken`).
            allows: session.allows.is_some()
                || policies.session_policies.is_empty() && principal.kind() != PrincipalKind::FederatedUser,
            denies: session.denies,
        },
        identity_denies: identity.denies,
        identity_allows: is_root || identity.allows.is_some(),
        resource_denies: resource.denies && !bearing.denies_set_aside,
        resource_reach: match bearing.account_may {
            true => Some(Reach::Account),
            false => resource.allows.filter(|_| bearing.allows_set_aside.is_none()),
        },
        grant_reach: bearing.grant.map(|(_, reach)| reach),
        consent_needed: bearing.consent_needed,
        has_account: principal.account().is_some(),
        same_account: principal.account().is_some_and(|own| facts.resource_account == Some(own)),
        is_root,
        public_access_blocked: bearing.allows_set_aside == Some(SetAside::PublicAccess)
            && resource.allows.is_some(),
    }
}

/// Whether an action is authorized at all. Two are not, and no Deny takes them away (STS API reference, `GetCallerIdentity` and
/// `GetSessionToken`).
fn needs_permission(request: &Request) -> bool {
    let free = ["sts:GetCallerIdentity", "sts:GetSessionToken"];
    let signed = request.principal.kind() != PrincipalKind::Anonymous;
    !(signed && free.iter().any(|free| free.eq_ignore_ascii_case(&request.action)))
}

/// A layer that can only narrow.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Guard {
    pub(crate) allows: bool,
    pub(crate) denies: bool,
}

impl Guard {
    fn change(&mut self, allow: bool) {
        self.allows = allow;
        self.denies &= !allow;
    }
}

/// How many statements there are to read.
fn statements(policies: &Policies<'_>) -> usize {
    let lists =
        [policies.identity, policies.boundaries, policies.session_policies, policies.endpoint_policies];
    let levels = policies.scps.iter().chain(policies.rcps).map(Vec::as_slice);
    let all = lists.into_iter().chain(levels).flatten().chain(policies.resource);
    all.map(|policy| policy.document.statements().len()).sum()
}

/// Of all statements that were read, those that decided.
fn deciding<'a>(
    examined: &[Examined<'a>],
    combined: &Combined,
    bearing: &Bearing<'_>,
) -> Vec<StatementRef<'a>> {
    let decided = |effect: Effect, layer: Layer, reach: Reach| match (combined.outcome, effect) {
        (Outcome::ImplicitlyDenied, _)
        | (Outcome::ExplicitlyDenied, Effect::Allow)
        | (Outcome::Allowed, Effect::Deny) => false,
        (Outcome::ExplicitlyDenied, Effect::Deny) => layer != Layer::Resource || !bearing.denies_set_aside,
        (Outcome::Allowed, Effect::Allow) => match layer {
            Layer::Identity => combined.by_identity,
            Layer::Resource => {
                bearing.allows_set_aside.is_none()
                    && combined.by_resource_from.is_some_and(|least| reach >= least)
            }
            _ => false,
        },
    };
    let chosen = examined.iter().filter_map(|found| {
        let reach = found.applied.ok()?;
        decided(found.statement.effect, found.layer, reach).then_some(StatementRef {
            layer: found.layer,
            policy: found.policy,
            statement: found.statement,
            reach,
        })
    });
    chosen.collect()
}

fn iam_verdict(said: &Said) -> LaneVerdict {
    if !said.has_account {
        LaneVerdict::NotConsulted
    } else if said.identity_denies || said.boundary.denies || said.session.denies {
        LaneVerdict::Denies
    } else if said.identity_allows && said.boundary.allows && said.session.allows {
        LaneVerdict::Allows
    } else {
        LaneVerdict::Silent
    }
}

fn resource_verdict(said: &Said, bearing: &Bearing<'_>, policies: &Policies<'_>) -> LaneVerdict {
    if said.resource_denies {
        return LaneVerdict::Denies;
    }
    match said.resource_reach.max(said.grant_reach) {
        Some(Reach::Direct | Reach::Role) => LaneVerdict::Allows,
        Some(Reach::Account) => LaneVerdict::Delegates,
        None if bearing.resource.is_some() || !policies.grants.is_empty() => LaneVerdict::Silent,
        None => LaneVerdict::NotConsulted,
    }
}

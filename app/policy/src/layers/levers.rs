//! Where a change would turn a decision round.

use super::combine::{Said, combine};
use crate::decision::{Decision, Layer, Outcome};
use crate::document::Reach;
use crate::kms;
use crate::principal::PrincipalKind;
use crate::request::{Policies, Request, ResourceKind};

/// Every layer, in the order in which changes are proposed.
const LAYERS: [Layer; 8] = [
    Layer::Identity,
    Layer::Resource,
    Layer::Grant,
    Layer::Boundary,
    Layer::Session,
    Layer::Scp,
    Layer::Rcp,
    Layer::Endpoint,
];

impl Decision<'_> {
    /// The smallest sets of layers in which a change would turn the decision round. A denial turns when each layer of a set
    /// stops denying and allows the caller by name; an Allow turns when each layer of a set stops allowing.
    ///
    /// Layers that have no policy and could have none are left out, and so are S3 Block Public Access and the root user's
    /// own rights, which no policy changes; then the list may be empty.
    ///
    /// ```
    /// use policy::{Context, Layer, Policies, Principal, Request, ResourceKind, evaluate};
    ///
    /// let request = Request {
    ///     principal: Principal::from_arn("arn:aws:iam::444455556666:user/bob")?,
    ///     action: "s3:GetObject".into(),
    ///     resource: "arn:aws:s3:::demo/report.pdf".into(),
    ///     resource_account: Some("111122223333".into()),
    ///     context: Context::new(),
    /// };
    /// let nothing = Policies { resource_kind: ResourceKind::S3Bucket, ..Policies::default() };
    /// // Another account's user needs both: a policy of his own and the bucket's.
    /// assert_eq!(evaluate(&request, &nothing).levers(), [[Layer::Identity, Layer::Resource]]);
    /// # Ok::<(), policy::PrincipalError>(())
    /// ```
    pub fn levers(&self) -> Vec<Vec<Layer>> {
        let layers: Vec<Layer> = LAYERS
            .into_iter()
            .filter(|layer| can_change(*layer, self.facts.request, &self.policies))
            .collect();
        let mut sets: Vec<Vec<Layer>> = Vec::new();
        let mut candidates: Vec<u32> = (1..1_u32 << layers.len()).collect();
        candidates.sort_by_key(|bits| bits.count_ones());
        for bits in candidates {
            let within = |layers: &[Layer]| {
                layers
                    .iter()
                    .enumerate()
                    .filter(|(place, _)| bits & (1 << place) != 0)
                    .map(|(_, layer)| *layer)
                    .collect()
            };
            let set: Vec<Layer> = within(&layers);
            if sets.iter().any(|smaller| smaller.iter().all(|layer| set.contains(layer))) {
                continue;
            }
            let mut said = self.said;
            set.iter().for_each(|layer| change(&mut said, *layer, !self.is_allowed()));
            if (combine(&said).outcome == Outcome::Allowed) != self.is_allowed() {
                sets.push(set);
            }
        }
        sets
    }
}

fn can_change(layer: Layer, request: &Request, policies: &Policies<'_>) -> bool {
    match layer {
        Layer::Identity => request.principal.account().is_some(),
        Layer::Resource => match policies.resource_kind {
            ResourceKind::S3Bucket => request.resource != "*",
            ResourceKind::KmsKey => kms::is_about_a_key(request) && !kms::is_retiring(request),
            ResourceKind::IamRole => request.is_for("sts"),
            ResourceKind::Other => policies.resource.is_some(),
        },
        Layer::Grant => policies.resource_kind == ResourceKind::KmsKey && kms::is_about_a_key(request),
        Layer::Boundary => !policies.boundaries.is_empty(),
        Layer::Session => {
            !policies.session_policies.is_empty() || request.principal.kind() == PrincipalKind::FederatedUser
        }
        Layer::Scp => !policies.scps.is_empty(),
        Layer::Rcp => !policies.rcps.is_empty(),
        Layer::Endpoint => !policies.endpoint_policies.is_empty(),
    }
}

/// Makes a layer allow, or stop allowing.
fn change(said: &mut Said, layer: Layer, allow: bool) {
    let reach = allow.then_some(Reach::Direct);
    match layer {
        Layer::Identity => {
            said.identity_denies &= !allow;
            said.identity_allows = allow || said.is_root;
        }
        Layer::Resource => {
            said.resource_denies &= !allow;
            said.resource_reach = reach;
        }
        Layer::Grant => said.grant_reach = reach,
        Layer::Boundary => said.boundary.change(allow),
        Layer::Session => said.session.change(allow),
        Layer::Scp => said.scp.change(allow),
        Layer::Rcp => said.rcp.change(allow),
        Layer::Endpoint => said.endpoint.change(allow),
    }
}

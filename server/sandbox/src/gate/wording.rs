//! Which of several true reasons a denial is given, where AWS's choice is not known for certain.

use policy::{Decision, Denial, LaneVerdict, Layer, ResourceKind};

use crate::fidelity::Fidelity;

/// The denial as the switches have it named.
pub(super) fn blamed(fidelity: &Fidelity, decision: &Decision<'_>, mut denial: Denial) -> Denial {
    if denial.layer != Layer::Identity {
        return denial;
    }
    let on_key = denial.resource_kind == ResourceKind::KmsKey;
    let delegated = !denial.explicit && on_key && decision.resource == LaneVerdict::Delegates;
    let denied_by_both =
        denial.explicit && decision.deciding.iter().any(|found| found.layer == Layer::Resource);
    if (delegated && !fidelity.delegated_denial_blames_identity)
        || (denied_by_both && !fidelity.identity_named_before_resource)
    {
        denial.layer = Layer::Resource;
        denial.policy_arn = None;
    }
    denial
}

/// The message as the switches have it written.
pub(super) fn written(fidelity: &Fidelity, action: &str, message: String) -> String {
    match action.starts_with("kms:") && !fidelity.kms_denials_name_star {
        true => message.replace(" on resource: * ", " "),
        false => message,
    }
}

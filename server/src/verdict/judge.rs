//! Evaluating every check of a call and setting the result beside AWS's answer.

use super::{explain, lanes};
use app::console::{Answer, Check, CheckLane, Lane, PolicyFrame, Verdict};
use policy::{
    DecidedBy, LaneVerdict, Layer, NamedPolicy, Outcome, Principal, ResourceKind,
    call::{self, Bearings, Judged, Question},
};
use serde_json::{Map, Value};

/// Whether an answer is a denial by policies, rather than success or some other failure.
pub fn is_denial(answer: &Answer) -> bool {
    match answer.code.as_deref() {
        Some("AccessDenied") if blocked_as_public(answer) => false,
        Some(code) => {
            matches!(code, "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" | "Forbidden")
        }
        // A HEAD has no body and so no code.
        None => answer.status == 403,
    }
}

/// Whether Block Public Access rejected a bucket policy: a setting, and no policy, for all that AWS's code is the same.
fn blocked_as_public(answer: &Answer) -> bool {
    let message = answer.message.as_deref().unwrap_or_default();
    message.contains("public policies are blocked by the BlockPublicPolicy")
}

/// Judges a call that `caller` made in `region`, from the policies in force and AWS's answer.
pub fn judge(
    question: &Question,
    gathered: &Bearings,
    caller: &str,
    region: &str,
    answer: &Answer,
) -> Verdict {
    let principal = match caller {
        "anonymous" => Ok(Principal::anonymous()),
        arn => Principal::from_arn(arn),
    };
    let mut judged = match principal {
        Ok(principal) => call::judge(question, gathered, &principal, region),
        Err(error) => {
            tracing::warn!(%error, "caller of a call");
            Vec::new()
        }
    };
    if failed_otherwise(answer) && judged.iter().any(|check| !check.ruling.is_allowed()) {
        // A bad name or a bucket that is not there comes to light before any policy is asked.
        judged.iter_mut().for_each(|check| check.reached = false);
    }
    let refused = judged.iter().find(|check| check.reached && !check.ruling.is_allowed());
    let agrees = agrees(refused, answer)
        || refused.is_none() && is_denial(answer) && stays_within_its_account(question, &judged);
    let decided_by = match (agrees, refused) {
        (true, Some(refused)) if role_is_missing(refused, gathered) => None,
        (true, Some(refused)) => decider(refused, question, caller),
        (true, None) if succeeded(answer) => {
            judged.iter().rev().find(|check| check.reached).and_then(|check| decider(check, question, caller))
        }
        _ => None,
    };
    Verdict {
        lanes: lanes::summaries(&judged, refused, gathered),
        decided_by,
        agrees,
        explanation: explain::sentence(question, gathered, caller, answer, &judged, refused, agrees),
        checks: judged
            .iter()
            .map(|judged| check(judged, gathered, decider(judged, question, caller)))
            .collect(),
    }
}

/// The lane that decided a check. What a key policy leaves to IAM is IAM's to refuse; but where that policy has just stopped naming
/// the caller, it is what turned the answer, through S3 and directly alike.
fn decider(judged: &Judged, question: &Question, caller: &str) -> Option<Lane> {
    let ruling = &judged.ruling;
    let turned = ruling.outcome == Outcome::ImplicitlyDenied
        && ruling.resource_lane() == Some(Lane::Key)
        && ruling.resource == LaneVerdict::Delegates
        && judged.explanation.decided_by == DecidedBy::Identity
        && !ruling.across
        && question.removed_key_user.as_deref().is_some_and(|role| role == explain::who(caller));
    if turned { Some(Lane::Key) } else { ruling.decided_by() }
}

/// Whether a check fails for want of the role that somebody wants to become: then no policy has decided, for there is none.
pub(super) fn role_is_missing(refused: &Judged, gathered: &Bearings) -> bool {
    refused.ruling.resource_lane() == Some(Lane::Trust)
        && refused.explanation.resource == LaneVerdict::NotConsulted
        && gathered.trust_policy.is_none()
        && gathered.unseen.is_empty()
        && refused.ruling.decided_by() == Some(Lane::Trust)
}

pub(super) fn succeeded(answer: &Answer) -> bool {
    (200..300).contains(&answer.status)
}

/// Whether AWS refused for a reason that is not a policy's.
fn failed_otherwise(answer: &Answer) -> bool {
    answer.status >= 400 && !is_denial(answer)
}

/// Whether the call is one that KMS takes only from the account of the key, whatever any policy allows (KMS Developer Guide,
/// "Allowing users in other accounts to use a KMS key"), and it came from another.
pub(super) fn stays_within_its_account(question: &Question, judged: &[Judged]) -> bool {
    const FROM_ANYWHERE: [&str; 14] = [
        "CreateGrant",
        "Decrypt",
        "DescribeKey",
        "Encrypt",
        "GenerateDataKey",
        "GenerateDataKeyPair",
        "GenerateDataKeyPairWithoutPlaintext",
        "GenerateDataKeyWithoutPlaintext",
        "GetKeyRotationStatus",
        "GetPublicKey",
        "ListGrants",
        "ReEncrypt",
        "RetireGrant",
        "RevokeGrant",
    ];
    question.service == "kms"
        && !FROM_ANYWHERE.contains(&question.operation)
        && judged.iter().any(|check| check.ruling.across && check.ruling.resource_lane() == Some(Lane::Key))
}

/// Evaluation and answer agree when both deny the same action, or neither denies.
fn agrees(refused: Option<&Judged>, answer: &Answer) -> bool {
    match refused {
        None => !is_denial(answer),
        Some(refused) => {
            let named = answer
                .message
                .as_deref()
                .and_then(|message| message.split_once("is not authorized to perform: "))
                .and_then(|(_, rest)| rest.split_whitespace().next());
            is_denial(answer)
                && named.is_none_or(|named| named == refused.ruling.spec.action)
                && same_reason(refused, answer.message.as_deref().unwrap_or_default())
        }
    }
}

/// Whether AWS's text, where it gives a reason, gives the one that evaluation found: a Deny, or that nothing allows (IAM User Guide,
/// "Troubleshoot access denied error messages").
fn same_reason(refused: &Judged, message: &str) -> bool {
    let explicit = refused.ruling.outcome == Outcome::ExplicitlyDenied;
    !(explicit && message.contains(" because no ") || !explicit && message.contains(" with an explicit deny"))
}

fn check(judged: &Judged, gathered: &Bearings, decided_by: Option<Lane>) -> Check {
    let of = |layers: &[Layer]| {
        judged
            .explanation
            .lanes
            .iter()
            .filter(|lane| layers.contains(&lane.layer))
            .flat_map(|lane| lane.statements.iter().cloned())
            .collect()
    };
    let iam = CheckLane {
        lane: Lane::Iam,
        verdict: judged.explanation.iam,
        statements: of(&[Layer::Identity, Layer::Boundary, Layer::Session]),
        policies: gathered.identity.iter().chain(&gathered.boundaries).map(frame).collect(),
    };
    let of_resource = match judged.ruling.spec.lane {
        ResourceKind::S3Bucket => gathered.bucket_policy.as_ref(),
        ResourceKind::KmsKey => gathered.key.as_ref().and_then(|key| key.policy.as_ref()),
        ResourceKind::IamRole => gathered.trust_policy.as_ref(),
        ResourceKind::Other => None,
    };
    let resource = judged.ruling.resource_lane().map(|lane| CheckLane {
        lane,
        verdict: judged.explanation.resource,
        statements: of(&[Layer::Resource]),
        policies: of_resource.into_iter().map(frame).collect(),
    });
    Check {
        action: judged.ruling.spec.action.into(),
        resource: judged.resource.clone(),
        outcome: judged.explanation.outcome,
        decided_by: decided_by.filter(|_| !role_is_missing(judged, gathered)),
        reached: judged.reached,
        lanes: [iam].into_iter().chain(resource).collect(),
    }
}

/// A policy's document without its statements, which the explanation has one by one.
fn frame(policy: &NamedPolicy) -> PolicyFrame {
    let mut frame = policy.document.source().clone();
    if let Some(statements) = frame.get_mut("Statement") {
        *statements =
            if statements.is_array() { Value::Array(Vec::new()) } else { Value::Object(Map::new()) };
    }
    PolicyFrame { policy: policy.name.clone(), arn: policy.arn.clone(), frame }
}

#[cfg(test)]
mod tests {
    use super::*;
    use policy::{Document, call::KeyFacts};
    use std::sync::Arc;

    const CALLER: &str = "arn:aws:iam::111122223333:user/Admin";

    fn allowing_all(principal: &str) -> Option<NamedPolicy> {
        let text =
            format!(r#"{{"Statement": {{"Effect": "Allow", {principal} "Action": "*", "Resource": "*"}}}}"#);
        let document = Arc::new(Document::parse(&text).ok()?);
        Some(NamedPolicy { name: "all".into(), arn: None, document })
    }

    fn denied(message: &str) -> Answer {
        let code = Some("AccessDenied".into());
        Answer { status: 403, code, message: Some(message.into()), request_id: None }
    }

    #[test]
    fn a_reason_in_awss_text_that_is_not_ours_is_a_difference() {
        let question = Question::new("iam", "ListUsers");
        let start = "User: x is not authorized to perform: iam:ListUsers on resource: y";
        for (reason, agrees) in [
            (" because no identity-based policy allows the iam:ListUsers action", true),
            (" with an explicit deny in an identity-based policy", false),
            ("", true),
        ] {
            let answer = denied(&format!("{start}{reason}"));
            let verdict = judge(&question, &Bearings::default(), CALLER, "us-east-1", &answer);
            assert_eq!(verdict.agrees, agrees, "{reason}: {}", verdict.explanation);
        }
    }

    #[test]
    fn kms_takes_some_calls_from_the_keys_own_account_alone_and_no_policy_decides() {
        let arn = "arn:aws:kms:us-east-1:999999999999:key/k";
        let policy = allowing_all(r#""Principal": {"AWS": "arn:aws:iam::111122223333:root"},"#);
        let key = KeyFacts { arn: arn.into(), policy, grants: Vec::new(), context: Vec::new() };
        let gathered = Bearings {
            identity: allowing_all("").into_iter().collect(),
            key: Some(key),
            ..Bearings::default()
        };
        let of = |operation| {
            let question = Question::new("kms", operation).key(arn);
            judge(&question, &gathered, CALLER, "us-east-1", &denied("no"))
        };
        let policy = of("PutKeyPolicy");
        assert!(policy.agrees && policy.decided_by.is_none(), "{}", policy.explanation);
        assert!(
            policy.explanation.contains("only from the account that the key is in"),
            "{}",
            policy.explanation
        );
        assert!(!of("Decrypt").agrees, "that one may come from elsewhere");
    }
}

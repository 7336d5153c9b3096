//! Evaluating every check of a call and setting the result beside AWS's answer.

use super::{Gathered, ObjectFacts, Question, Tags, explain, lanes};
use app::console::{Answer, Check, CheckLane, Lane, Verdict};
use policy::{
    Context, DecidedBy, Explanation, Layer, Outcome, Policies, Principal, Request, ResourceKind,
    call::{self, CheckSpec, Encryption, EncryptionRules, ResourceOf, When},
    evaluate,
};

/// One check that arose, with its decision.
#[derive(Clone, Debug)]
pub(super) struct Judged {
    pub(super) spec: CheckSpec,
    pub(super) resource: String,
    pub(super) explanation: Explanation,
    /// Whether S3 made the check at KMS with the caller's identity.
    pub(super) through_s3: bool,
    pub(super) reached: bool,
}

impl Judged {
    /// The lane of the check's resource policy.
    pub(super) fn resource_lane(&self) -> Option<Lane> {
        match self.spec.lane {
            ResourceKind::S3Bucket => Some(Lane::Bucket),
            ResourceKind::KmsKey => Some(Lane::Key),
            ResourceKind::IamRole => Some(Lane::Trust),
            ResourceKind::Other => None,
        }
    }

    pub(super) fn is_allowed(&self) -> bool {
        self.explanation.outcome == Outcome::Allowed
    }

    /// The lane that decided this check.
    ///
    /// When S3 asks KMS for the caller and the key policy names neither it nor denies it, the engine (as AWS's text) points
    /// to the identity policies, because the key policy still delegates to them. The lock of the tutorial is the key
    /// policy: in `aws-semantics.md` §9 the decider of such rows is KMS, and so it is here. A direct KMS call that IAM was
    /// expected to allow stays with IAM.
    pub(super) fn decided_by(&self) -> Option<Lane> {
        let implicit = self.explanation.outcome == Outcome::ImplicitlyDenied;
        match self.explanation.decided_by {
            DecidedBy::Identity if implicit && self.through_s3 => Some(Lane::Key),
            DecidedBy::Identity | DecidedBy::Boundary | DecidedBy::Session | DecidedBy::Scp => {
                Some(Lane::Iam)
            }
            DecidedBy::Resource | DecidedBy::Grant | DecidedBy::Rcp => self.resource_lane(),
            DecidedBy::Endpoint | DecidedBy::None => None,
        }
    }
}

/// Whether an answer is a denial by policies, rather than success or some other failure.
pub fn is_denial(answer: &Answer) -> bool {
    match answer.code.as_deref() {
        Some(code) => {
            matches!(code, "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" | "Forbidden")
        }
        // A HEAD has no body and so no code.
        None => answer.status == 403,
    }
}

/// Judges a call that `caller` made in `region`, from the policies in force and AWS's answer.
pub fn judge(
    question: &Question,
    gathered: &Gathered,
    caller: &str,
    region: &str,
    answer: &Answer,
) -> Verdict {
    let mut judged = match Principal::from_arn(caller) {
        Ok(principal) => checks(question, gathered, &principal, region),
        Err(error) => {
            tracing::warn!(%error, "caller of a call");
            Vec::new()
        }
    };
    if failed_otherwise(answer) && judged.iter().any(|check| !check.is_allowed()) {
        // A bad name or a bucket that is not there comes to light before any policy is asked.
        judged.iter_mut().for_each(|check| check.reached = false);
    }
    let refused = judged.iter().find(|check| check.reached && !check.is_allowed());
    let agrees = agrees(refused, answer);
    let decided_by = match (agrees, refused) {
        (true, Some(refused)) => refused.decided_by(),
        (true, None) if succeeded(answer) => {
            judged.iter().rev().find(|check| check.reached).and_then(Judged::decided_by)
        }
        _ => None,
    };
    Verdict {
        lanes: lanes::summaries(&judged, refused, gathered),
        decided_by,
        agrees,
        explanation: explain::sentence(question, gathered, caller, answer, &judged, refused, agrees),
        checks: judged.iter().map(check).collect(),
    }
}

pub(super) fn succeeded(answer: &Answer) -> bool {
    (200..300).contains(&answer.status)
}

/// Whether AWS refused for a reason that is not a policy's.
fn failed_otherwise(answer: &Answer) -> bool {
    answer.status >= 400 && !is_denial(answer)
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
            is_denial(answer) && named.is_none_or(|named| named == refused.spec.action)
        }
    }
}

fn checks(question: &Question, gathered: &Gathered, principal: &Principal, region: &str) -> Vec<Judged> {
    let Some(operation) = call::operation(question.service, question.operation) else { return Vec::new() };
    let mut judged: Vec<Judged> = Vec::new();
    for spec in operation.checks.iter().filter(|spec| arises(spec.when, question, gathered)) {
        let account = principal.account().unwrap_or_default();
        let key = gathered.key.as_ref();
        let Some(resource) = question.resource(spec.on, key.map(|key| key.arn.as_str()), region, account)
        else {
            continue;
        };
        let through_s3 = question.service == "s3" && spec.lane == ResourceKind::KmsKey;
        let request = Request {
            principal: principal.clone(),
            action: spec.action.into(),
            resource: resource.clone(),
            resource_account: None,
            context: context(spec, question, gathered, region, account),
        };
        let policies = Policies {
            identity: &gathered.identity,
            boundaries: &gathered.boundaries,
            resource: match spec.lane {
                ResourceKind::S3Bucket => gathered.bucket_policy.as_ref(),
                ResourceKind::KmsKey => key.and_then(|key| key.policy.as_ref()),
                ResourceKind::IamRole => gathered.trust_policy.as_ref(),
                ResourceKind::Other => None,
            },
            resource_kind: spec.lane,
            grants: match (spec.lane, key) {
                (ResourceKind::KmsKey, Some(key)) => &key.grants,
                _ => &[],
            },
            ..Policies::default()
        };
        judged.push(Judged {
            spec: *spec,
            resource,
            explanation: evaluate(&request, &policies).explain(),
            through_s3,
            // AWS stops at the first check that does not pass.
            reached: judged.iter().all(Judged::is_allowed),
        });
    }
    judged
}

fn arises(when: When, question: &Question, gathered: &Gathered) -> bool {
    match when {
        When::Always | When::Unversioned => true,
        When::SseKms => gathered.key.is_some(),
        When::PassesRole => question.role.is_some(),
        When::Missing => gathered.object == Some(ObjectFacts::Missing),
        // The console's calls name no versions, set no ACLs and tags, copy nothing and ask for no checksums. Whether tags may be
        // counted decides over a header, not over the call.
        When::SourceKms
        | When::ChecksumOfSseKms
        | When::Versioned
        | When::SourceUnversioned
        | When::SourceVersioned
        | When::SetsAcl
        | When::SetsTags
        | When::Tagged
        | When::TaggedVersion
        | When::SetsSourceIdentity => false,
    }
}

fn context(
    spec: &CheckSpec,
    question: &Question,
    gathered: &Gathered,
    region: &str,
    account: &str,
) -> Context {
    let global = Context::new().with("aws:SecureTransport", "true").with("aws:RequestedRegion", region);
    let own = match (spec.lane, question.service) {
        (ResourceKind::KmsKey, "s3") => {
            call::s3_to_kms_context(region, account, &question.object_arn().unwrap_or_default())
        }
        _ if question.service == "kms" => Context::new().with("kms:CallerAccount", account),
        _ if question.writes_object() => {
            let key = gathered.key.as_ref().map(|key| key.arn.as_str());
            Encryption {
                algorithm: question.sse.as_deref(),
                key_id: question.sse_key.as_deref(),
                alias_target: key,
                bucket_default_key: gathered.bucket_default_key.as_deref(),
                aws_managed_key: key.filter(|_| question.sse_key.is_none()),
                region,
                caller_account: account,
            }
            .context(&EncryptionRules::default())
        }
        _ if spec.action == "iam:PassRole" => Context::new().with("iam:PassedToService", "ec2.amazonaws.com"),
        _ => Context::new(),
    };
    let mut context = global;
    context.extend(gathered.caller.clone());
    context.extend(own);
    for (key, tags) in tags(spec, gathered) {
        // What AWS does not carry for a check, no policy may see.
        if spec.fills(key) {
            for (name, value) in tags {
                context.set(format!("{key}{name}"), [value.clone()]);
            }
        }
    }
    context
}

/// The tags of a check's resource, by the condition keys that tell them.
fn tags<'a>(spec: &CheckSpec, gathered: &'a Gathered) -> Vec<(&'static str, &'a Tags)> {
    match (spec.on, &gathered.key, &gathered.object) {
        (ResourceOf::Key, Some(key), _) => vec![("aws:ResourceTag/", &key.tags)],
        (ResourceOf::Object, _, Some(ObjectFacts::Present { tags, .. })) => {
            vec![("s3:ExistingObjectTag/", tags)]
        }
        (ResourceOf::Role, ..) => {
            vec![("aws:ResourceTag/", &gathered.role_tags), ("iam:ResourceTag/", &gathered.role_tags)]
        }
        _ => Vec::new(),
    }
}

fn check(judged: &Judged) -> Check {
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
    };
    let resource = judged.resource_lane().map(|lane| CheckLane {
        lane,
        verdict: judged.explanation.resource,
        statements: of(&[Layer::Resource]),
    });
    Check {
        action: judged.spec.action.into(),
        resource: judged.resource.clone(),
        outcome: judged.explanation.outcome,
        reached: judged.reached,
        lanes: [iam].into_iter().chain(resource).collect(),
    }
}

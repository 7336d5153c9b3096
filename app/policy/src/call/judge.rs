//! Evaluating every check of a call from the policies and facts that bear on it.

use super::{
    CheckSpec, Encryption, EncryptionRules, Lane, Operation, ResourceOf, When, operation,
    question::{Bearings, ObjectFacts, Question, Tags},
    s3_to_kms_context,
};
use crate::{
    Context, DecidedBy, Decision, Explanation, LaneVerdict, Outcome, Policies, Principal, Request,
    ResourceKind, evaluate,
};

/// One check that arose, with its decision.
#[derive(Clone, Debug)]
pub struct Judged {
    /// What was decided, in short.
    pub ruling: Ruling,
    /// Its resource: an ARN, or `*`.
    pub resource: String,
    /// The decision with everything that led to it.
    pub explanation: Explanation,
    /// Whether AWS gets as far: every check before it passes.
    pub reached: bool,
}

/// What was decided of one check, without what led to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ruling {
    /// The check, as the table has it.
    pub spec: CheckSpec,
    /// Whether S3 made the check at KMS with the caller's identity.
    pub through_s3: bool,
    /// Allowed or denied, and how.
    pub outcome: Outcome,
    /// The IAM lane's verdict.
    pub iam: LaneVerdict,
    /// The verdict of the resource's policy, grants included.
    pub resource: LaneVerdict,
    /// Whether the resource belongs to another account than the caller.
    pub across: bool,
    layer: DecidedBy,
}

impl Ruling {
    /// The lane of the check's resource policy.
    pub fn resource_lane(&self) -> Option<Lane> {
        match self.spec.lane {
            ResourceKind::S3Bucket => Some(Lane::Bucket),
            ResourceKind::KmsKey => Some(Lane::Key),
            ResourceKind::IamRole => Some(Lane::Trust),
            ResourceKind::Other => None,
        }
    }

    /// Whether the check passes.
    pub fn is_allowed(&self) -> bool {
        self.outcome == Outcome::Allowed
    }

    /// The lane that decided this check.
    ///
    /// When S3 asks KMS for the caller and the key policy names neither it nor denies it, the engine (as AWS's text) points
    /// to the identity policies, because the key policy still delegates to them. The lock of the tutorial is the key
    /// policy: in `aws-semantics.md` §9 the decider of such rows is KMS, and so it is here. A direct KMS call that IAM was
    /// expected to allow stays with IAM; whoever knows that the key policy has just stopped naming the caller may say otherwise.
    pub fn decided_by(&self) -> Option<Lane> {
        let implicit = self.outcome == Outcome::ImplicitlyDenied;
        // A key of another account that names the caller, or its account, has said its yes: then it is IAM that is missing.
        let named = match self.resource {
            LaneVerdict::Allows => true,
            LaneVerdict::Delegates => self.across,
            _ => false,
        };
        match self.layer {
            DecidedBy::Identity if implicit && self.through_s3 && !named => Some(Lane::Key),
            DecidedBy::Identity | DecidedBy::Boundary | DecidedBy::Session | DecidedBy::Scp => {
                Some(Lane::Iam)
            }
            DecidedBy::Resource | DecidedBy::Grant | DecidedBy::Rcp => self.resource_lane(),
            DecidedBy::Endpoint | DecidedBy::None => None,
        }
    }
}

/// Every check of the call that `principal` makes in `region`, in AWS's order, each with its decision. Empty for an operation that
/// the table does not have.
pub fn judge(question: &Question, bearings: &Bearings, principal: &Principal, region: &str) -> Vec<Judged> {
    let mut judged: Vec<Judged> = Vec::new();
    let Some(operation) = operation(question.service, question.operation) else { return judged };
    decide(operation, question, bearings, principal, region, |ruling, decision| {
        judged.push(Judged {
            ruling,
            resource: decision.request().resource.clone(),
            explanation: decision.explain(),
            // AWS stops at the first check that does not pass.
            reached: judged.iter().all(|before| before.ruling.is_allowed()),
        });
    });
    judged
}

/// The same in short, for an operation at hand: what is decided, without an account of every statement.
pub fn rule(
    operation: &'static Operation,
    question: &Question,
    bearings: &Bearings,
    principal: &Principal,
    region: &str,
) -> Vec<Ruling> {
    let mut rulings = Vec::new();
    decide(operation, question, bearings, principal, region, |ruling, _| rulings.push(ruling));
    rulings
}

/// Decides every check of a call, and hands each to `take`.
fn decide(
    operation: &'static Operation,
    question: &Question,
    bearings: &Bearings,
    principal: &Principal,
    region: &str,
    mut take: impl FnMut(Ruling, &Decision<'_>),
) {
    for spec in operation.checks.iter().filter(|spec| arises(spec.when, question, bearings)) {
        let account = principal.account().unwrap_or_default();
        // Whether a missing object may be told of is asked of the bucket it is missing from.
        let missing_source = question.source.as_ref().filter(|_| spec.when == When::Missing);
        let of_source =
            missing_source.is_some() || matches!(spec.on, ResourceOf::SourceObject | ResourceOf::SourceKey);
        let key = if of_source { bearings.source_key.as_ref() } else { bearings.key.as_ref() };
        let resource = match missing_source {
            Some((bucket, _)) => Some(format!("arn:aws:s3:::{bucket}")),
            None => question.resource(spec.on, key.map(|key| key.arn.as_str()), region, account),
        };
        let Some(resource) = resource else { continue };
        let request = Request {
            principal: principal.clone(),
            action: spec.action.into(),
            resource,
            resource_account: None,
            context: context(spec, question, bearings, region, account),
        };
        let policies = Policies {
            identity: &bearings.identity,
            boundaries: &bearings.boundaries,
            resource: match spec.lane {
                ResourceKind::S3Bucket if of_source => bearings.source_policy.as_ref(),
                ResourceKind::S3Bucket => bearings.bucket_policy.as_ref(),
                ResourceKind::KmsKey => key.and_then(|key| key.policy.as_ref()),
                ResourceKind::IamRole => bearings.trust_policy.as_ref(),
                ResourceKind::Other => None,
            },
            resource_kind: spec.lane,
            grants: match (spec.lane, key) {
                (ResourceKind::KmsKey, Some(key)) => &key.grants,
                _ => &[],
            },
            ..Policies::default()
        };
        let decision = evaluate(&request, &policies);
        let ruling = Ruling {
            spec: *spec,
            through_s3: question.service == "s3" && spec.lane == ResourceKind::KmsKey,
            outcome: decision.outcome,
            iam: decision.iam,
            resource: decision.resource,
            across: !decision.is_same_account(),
            layer: decision.decided_by,
        };
        take(ruling, &decision);
    }
}

fn arises(when: When, question: &Question, bearings: &Bearings) -> bool {
    match when {
        When::Always | When::Unversioned => true,
        When::SseKms => bearings.key.is_some(),
        When::PassesRole => question.role.is_some(),
        When::SourceUnversioned => question.source.is_some(),
        When::SourceKms => bearings.source_key.is_some(),
        When::Missing => [&bearings.object, &bearings.source].contains(&&Some(ObjectFacts::Missing)),
        // The console's calls name no versions, set no ACLs and tags, and ask for no checksums. Whether tags may be counted
        // decides over a header, not over the call.
        When::ChecksumOfSseKms
        | When::Versioned
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
    bearings: &Bearings,
    region: &str,
    account: &str,
) -> Context {
    let global = Context::new().with("aws:SecureTransport", "true").with("aws:RequestedRegion", region);
    let own = match (spec.lane, question.service) {
        (ResourceKind::KmsKey, "s3") => {
            s3_to_kms_context(region, account, &encrypted_under(spec, question, bearings).unwrap_or_default())
        }
        _ if question.service == "kms" => Context::new().with("kms:CallerAccount", account),
        _ if question.writes_object() && spec.on == ResourceOf::Object => {
            let key = bearings.key.as_ref().map(|key| key.arn.as_str());
            Encryption {
                algorithm: question.sse.as_deref(),
                key_id: question.sse_key.as_deref(),
                alias_target: key,
                bucket_default_key: bearings.bucket_default_key.as_deref(),
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
    // Who is nobody does not sign.
    let signed = SIGNED.iter().filter(|_| !account.is_empty());
    for (key, value) in PLAIN.iter().chain(signed).filter(|(key, _)| spec.fills(key)) {
        context.set(*key, [*value]);
    }
    context.extend(bearings.caller.clone());
    if !(spec.lane == ResourceKind::KmsKey && question.service == "s3") {
        context.extend(bearings.network.clone());
    }
    context.extend(own);
    let key = match spec.on {
        ResourceOf::Key => bearings.key.as_ref(),
        ResourceOf::SourceKey => bearings.source_key.as_ref(),
        _ => None,
    };
    let of_key = key.map_or(&[][..], |key| &key.context);
    // What AWS does not carry for a check, no policy may see.
    for (key, values) in question.carried.iter().chain(of_key).filter(|(key, _)| spec.fills(key)) {
        context.set(key.clone(), values.clone());
    }
    for (key, tags) in tags(spec, bearings) {
        if spec.fills(key) {
            for (name, value) in tags {
                context.set(format!("{key}{name}"), [value.clone()]);
            }
        }
    }
    context
}

/// What a request brings that the SDKs or the CLI signed.
const SIGNED: [(&str, &str); 2] =
    [("s3:authType", "REST-HEADER"), ("s3:signatureversion", "AWS4-HMAC-SHA256")];

/// What AWS fills in for a request that says nothing else.
const PLAIN: [(&str, &str); 5] = [
    ("s3:TlsVersion", "1.3"),
    ("s3:ObjectCreationOperation", "true"),
    ("kms:EncryptionAlgorithm", "SYMMETRIC_DEFAULT"),
    ("kms:BypassPolicyLockoutSafetyCheck", "false"),
    ("kms:ScheduleKeyDeletionPendingWindowInDays", "30"),
];

/// The ARN that S3 puts into the encryption context: of the object, or of its bucket where a Bucket Key is used. A write that does
/// not say goes by the bucket's default.
fn encrypted_under(spec: &CheckSpec, question: &Question, bearings: &Bearings) -> Option<String> {
    let of_source = spec.on == ResourceOf::SourceKey;
    let found = if of_source { &bearings.source } else { &bearings.object };
    let by_bucket = match found {
        Some(ObjectFacts::Present { bucket_key, .. }) if of_source || !question.writes_object() => {
            *bucket_key
        }
        _ => question.bucket_key.unwrap_or(bearings.bucket_keys),
    };
    match (of_source, by_bucket) {
        (false, false) => question.object_arn(),
        (false, true) => Some(format!("arn:aws:s3:::{}", question.bucket.as_ref()?)),
        (true, false) => question.source_arn(),
        (true, true) => Some(format!("arn:aws:s3:::{}", question.source.as_ref()?.0)),
    }
}

/// The tags of a check's resource, by the condition keys that tell them.
fn tags<'a>(spec: &CheckSpec, bearings: &'a Bearings) -> Vec<(&'static str, &'a Tags)> {
    match (spec.on, &bearings.object) {
        (ResourceOf::SourceObject, _) => match &bearings.source {
            Some(ObjectFacts::Present { tags, .. }) => vec![("s3:ExistingObjectTag/", tags)],
            _ => Vec::new(),
        },
        (ResourceOf::Object, Some(ObjectFacts::Present { tags, .. })) => {
            vec![("s3:ExistingObjectTag/", tags)]
        }
        (ResourceOf::Role, _) => {
            vec![("aws:ResourceTag/", &bearings.role_tags), ("iam:ResourceTag/", &bearings.role_tags)]
        }
        _ => Vec::new(),
    }
}

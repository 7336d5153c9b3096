//! The newest questions the gate answered. An answer follows from its question, so it is the question that is kept: most answers
//! nobody looks at, and explaining one costs more than giving it.

use std::collections::VecDeque;
use std::sync::Arc;

use policy::{Grant, NamedPolicy, Policies, Request, ResourceKind, evaluate};

use super::Trace;

/// How much is kept: so many questions, and no more bytes than that, as far as they can be estimated.
const KEPT_ANSWERS: usize = 4_096;
const KEPT_BYTES: usize = 32 << 20;

/// What a statement, a grant and a condition key take up, in bytes, beside their text. Documents are shared with the account that
/// has them, but an account may replace them.
const STATEMENT_BYTES: usize = 1_024;
const GRANT_BYTES: usize = 512;
const CONDITION_KEY_BYTES: usize = 64;

/// A request with every policy that bears on it.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) request: Request,
    pub(super) identity: Vec<NamedPolicy>,
    pub(super) session_policies: Vec<NamedPolicy>,
    pub(super) boundaries: Vec<NamedPolicy>,
    pub(super) resource: Option<NamedPolicy>,
    pub(super) kind: ResourceKind,
    pub(super) grants: Vec<Grant>,
    pub(super) block_public_access: bool,
}

impl Asked {
    pub(super) fn policies(&self) -> Policies<'_> {
        Policies {
            identity: &self.identity,
            resource: self.resource.as_ref(),
            resource_kind: self.kind,
            grants: &self.grants,
            session_policies: &self.session_policies,
            boundaries: &self.boundaries,
            block_public_access: self.block_public_access,
            ..Policies::default()
        }
    }

    fn bytes(&self) -> usize {
        let policies = [&self.identity, &self.session_policies, &self.boundaries].into_iter().flatten();
        let policies = policies.chain(&self.resource).map(|policy| {
            STATEMENT_BYTES * policy.document.statements().len() + policy.document.text().len()
        });
        let context = self.request.context.iter().map(|(key, values)| {
            CONDITION_KEY_BYTES + key.len() + values.iter().map(String::len).sum::<usize>()
        });
        STATEMENT_BYTES
            + self.request.resource.len()
            + policies.sum::<usize>()
            + context.sum::<usize>()
            + GRANT_BYTES * self.grants.len()
    }
}

#[derive(Debug)]
struct Answer {
    request_id: String,
    action: &'static str,
    asked: Arc<Asked>,
    bytes: usize,
}

/// Questions in the order they were answered in.
#[derive(Debug, Default)]
pub(super) struct Kept {
    answers: VecDeque<Answer>,
    bytes: usize,
}

impl Kept {
    /// Keeps one more. What there is no room for any more is given back, for the caller to drop when it holds no lock.
    pub(super) fn keep(&mut self, request_id: &str, action: &'static str, asked: Asked) -> Vec<Arc<Asked>> {
        let bytes = asked.bytes();
        self.bytes += bytes;
        self.answers.push_back(Answer {
            request_id: request_id.to_owned(),
            action,
            asked: Arc::new(asked),
            bytes,
        });
        let mut freed = Vec::new();
        // The newest stays whatever its size.
        while self.answers.len() > 1 && (self.answers.len() > KEPT_ANSWERS || self.bytes > KEPT_BYTES) {
            let Some(oldest) = self.answers.pop_front() else { break };
            self.bytes -= oldest.bytes;
            freed.push(oldest.asked);
        }
        freed
    }

    /// What was asked for one request, with the action of each question.
    pub(super) fn of(&self, request_id: &str) -> Vec<(&'static str, Arc<Asked>)> {
        let of_request = self.answers.iter().filter(|answer| answer.request_id == request_id);
        of_request.map(|answer| (answer.action, Arc::clone(&answer.asked))).collect()
    }
}

/// The answer to a question, once more and in full.
pub(super) fn traced(request_id: &str, action: &'static str, asked: &Asked) -> Trace {
    Trace {
        request_id: request_id.to_owned(),
        action,
        resource: asked.request.resource.clone(),
        explanation: evaluate(&asked.request, &asked.policies()).explain(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use policy::{Context, Document, Principal};

    use super::*;

    fn asked(policies: usize) -> Asked {
        let statement = r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}"#;
        let document =
            Document::parse(&format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#)).unwrap();
        let policy = NamedPolicy { name: "p".into(), arn: None, document: Arc::new(document) };
        Asked {
            request: Request {
                principal: Principal::service("ec2.amazonaws.com"),
                action: "s3:GetObject".into(),
                resource: "*".into(),
                resource_account: None,
                context: Context::new(),
            },
            identity: vec![policy; policies],
            session_policies: Vec::new(),
            boundaries: Vec::new(),
            resource: None,
            kind: ResourceKind::S3Bucket,
            grants: Vec::new(),
            block_public_access: false,
        }
    }

    #[test]
    fn the_newest_are_kept_within_bounds() {
        let mut kept = Kept::default();
        let mut keep =
            |id: usize, policies| drop(kept.keep(&id.to_string(), "s3:GetObject", asked(policies)));
        (0..5_000).for_each(|id| keep(id, 1));
        (5_000..5_100).for_each(|id| keep(id, 1_000));
        let there = |kept: &Kept, ids: std::ops::Range<usize>| {
            ids.filter(|id| !kept.of(&id.to_string()).is_empty()).count()
        };
        assert!(there(&kept, 0..5_100) < 40, "answers of a MiB each are kept");
        kept.keep("6000", "s3:GetObject", asked(100_000));
        assert_eq!((there(&kept, 0..5_100), there(&kept, 6_000..6_001)), (0, 1), "the newest stays");
        let mut kept = Kept::default();
        for id in 0..1_000 {
            let mut wide = asked(1);
            wide.request.context.set("kms:EncryptionContext:a", ["x".repeat(1 << 20)]);
            kept.keep(&id.to_string(), "kms:Decrypt", wide);
        }
        assert!(there(&kept, 0..1_000) < 33, "answers about a MiB each are kept");
        let mut kept = Kept::default();
        let freed: usize =
            (0..5_000).map(|id| kept.keep(&id.to_string(), "s3:GetObject", asked(1)).len()).sum();
        assert_eq!(
            (freed, there(&kept, 0..5_000)),
            (5_000 - KEPT_ANSWERS, KEPT_ANSWERS),
            "so many and no more"
        );
    }
}

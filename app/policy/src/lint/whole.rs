//! What concerns the document as a whole: names that stand twice, and a size that is nearly too much.

use super::spans::Spans;
use super::{Draft, Kind, Severity};
use crate::validate;

pub(super) fn check(json: &str, kind: Kind, spans: &Spans<'_>, drafts: &mut Vec<Draft>) {
    drafts.extend(spans.repeated().iter().map(|repeated| {
        let message = format!(
            "{} stands here more than once: at most one of them counts, the last where the service does not refuse them.",
            repeated.name
        );
        Draft::new(Severity::Warning, "member-repeated", &repeated.pointer, message)
    }));
    drafts.extend(size(json, kind));
}

/// From nine tenths of the quota on. Above it the service refuses the document, which is a finding of its own.
fn size(json: &str, kind: Kind) -> Option<Draft> {
    let (most, unit) = match kind {
        Kind::Identity => {
            (validate::MANAGED_POLICY_SIZE, "characters of a managed policy, white space apart")
        }
        Kind::Trust => (validate::TRUST_POLICY_SIZE, "characters of a trust policy, white space apart"),
        Kind::Bucket => (20_480, "bytes of a bucket policy"),
        Kind::Key => (32_768, "bytes of a key policy"),
    };
    let size = match kind {
        Kind::Identity | Kind::Trust => json.chars().filter(|character| !character.is_whitespace()).count(),
        Kind::Bucket | Kind::Key => json.len(),
    };
    let near = size * 10 >= most * 9 && size <= most;
    let message = || format!("This is {size} of the {most} {unit}: there is little room left.");
    near.then(|| Draft::new(Severity::Note, "near-size-limit", "", message()))
}

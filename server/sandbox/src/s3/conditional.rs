//! Conditional reads: `If-Match`, `If-None-Match`, `If-Modified-Since` and `If-Unmodified-Since` (RFC 9110, section 13).

use http::HeaderMap;
use s3s::dto::{ETagCondition, Timestamp};
use s3s::{S3Result, header};
use time::OffsetDateTime;

use super::failure::refuse;
use crate::store::ObjectRow;

/// The conditions of one read.
#[derive(Clone, Debug, Default)]
pub(super) struct Conditions {
    pub(super) matches: Option<ETagCondition>,
    pub(super) none_match: Option<ETagCondition>,
    pub(super) modified_since: Option<Timestamp>,
    pub(super) unmodified_since: Option<Timestamp>,
}

impl Conditions {
    /// Whether the read may go on. An entity tag goes before a date.
    ///
    /// # Errors
    /// 412 `PreconditionFailed` and 304.
    pub(super) fn check(&self, row: &ObjectRow) -> S3Result<()> {
        let tag = row.etag.trim_matches('"');
        let same = |condition: &ETagCondition| condition.as_etag().is_none_or(|etag| etag.value() == tag);
        let newer_than =
            |time: &Timestamp| row.modified > OffsetDateTime::from(time.clone()).unix_timestamp();
        let failed = match (&self.matches, &self.unmodified_since) {
            (Some(condition), _) => !same(condition),
            (None, Some(time)) => newer_than(time),
            (None, None) => false,
        };
        if failed {
            return Err(refuse(
                412,
                "PreconditionFailed",
                "At least one of the pre-conditions you specified did not hold",
            ));
        }
        let unchanged = match (&self.none_match, &self.modified_since) {
            (Some(condition), _) => same(condition),
            (None, Some(time)) => !newer_than(time),
            (None, None) => false,
        };
        if unchanged {
            let mut error = refuse(304, "NotModified", "Not Modified");
            let mut headers = HeaderMap::new();
            if let Ok(etag) = row.etag.parse() {
                headers.insert(header::ETAG, etag);
            }
            error.set_headers(headers);
            return Err(error);
        }
        Ok(())
    }
}

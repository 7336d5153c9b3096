//! Conditional reads: `If-Match`, `If-None-Match`, `If-Modified-Since` and `If-Unmodified-Since` (RFC 9110, section 13).

use http::HeaderMap;
use s3s::dto::{ETagCondition, Timestamp};
use s3s::{S3Error, S3Result, header};
use time::OffsetDateTime;

use super::failure::{refuse, with_fields};
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
    /// Whether the read may go on.
    ///
    /// # Errors
    /// 412 `PreconditionFailed` and 304.
    pub(super) fn check(&self, row: &ObjectRow) -> S3Result<()> {
        if let Some(condition) = self.failed(row) {
            return Err(precondition_failed(condition));
        }
        if self.unchanged(row).is_some() {
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

    /// The same for the source of a copy, for which there is no 304: every condition that does not hold is 412.
    ///
    /// # Errors
    /// `PreconditionFailed`.
    pub(super) fn check_source(&self, row: &ObjectRow) -> S3Result<()> {
        match self.failed(row).or_else(|| self.unchanged(row)) {
            Some(condition) => Err(precondition_failed(&format!("x-amz-copy-source-{condition}"))),
            None => Ok(()),
        }
    }

    /// The condition that the object fails. An entity tag goes before a date.
    fn failed(&self, row: &ObjectRow) -> Option<&'static str> {
        match (&self.matches, &self.unmodified_since) {
            (Some(condition), _) => (!is_tag_of(row, condition)).then_some("If-Match"),
            (None, Some(time)) => newer(row, time).then_some("If-Unmodified-Since"),
            (None, None) => None,
        }
    }

    /// The condition by which the object is not news. A date in the future is none.
    fn unchanged(&self, row: &ObjectRow) -> Option<&'static str> {
        match (&self.none_match, &self.modified_since) {
            (Some(condition), _) => is_tag_of(row, condition).then_some("If-None-Match"),
            (None, Some(time)) if in_future(time) => None,
            (None, Some(time)) => (!newer(row, time)).then_some("If-Modified-Since"),
            (None, None) => None,
        }
    }
}

fn is_tag_of(row: &ObjectRow, condition: &ETagCondition) -> bool {
    condition.as_etag().is_none_or(|etag| etag.value() == row.etag.trim_matches('"'))
}

fn newer(row: &ObjectRow, time: &Timestamp) -> bool {
    row.modified > OffsetDateTime::from(time.clone()).unix_timestamp()
}

fn in_future(time: &Timestamp) -> bool {
    OffsetDateTime::from(time.clone()) > OffsetDateTime::now_utc()
}

/// The answer to a condition that does not hold.
pub(super) fn precondition_failed(condition: &str) -> S3Error {
    let message = "At least one of the pre-conditions you specified did not hold";
    with_fields(refuse(412, "PreconditionFailed", message), [("Condition", condition.to_owned())])
}

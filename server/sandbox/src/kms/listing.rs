//! Pages of the List operations: `Limit`, `Marker`, `NextMarker` and `Truncated`.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::KmsError;

/// Largest and default page sizes of one List operation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) default: i64,
    pub(super) largest: i64,
}

/// Cuts one page out of `entries`, which are sorted by the name that each carries. The marker holds the last name of the
/// page before.
///
/// # Errors
/// `ValidationException` for a limit out of range, `InvalidMarkerException` for a marker that no page gave.
pub(super) fn page(
    member: &str,
    entries: impl Iterator<Item = (String, Value)>,
    limits: Limits,
    limit: Option<i64>,
    marker: Option<&str>,
) -> Result<Value, KmsError> {
    let limit = limit.unwrap_or(limits.default);
    KmsError::within(limit, "limit", &(1..=limits.largest))?;
    let after = marker.map(read_marker).transpose()?;
    let mut rest =
        entries.skip_while(|(name, _)| after.as_ref().is_some_and(|after| name <= after)).peekable();
    let mut last = None;
    let mut values = Vec::new();
    for (name, value) in rest.by_ref().take(usize::try_from(limit).unwrap_or_default()) {
        values.push(value);
        last = Some(name);
    }
    let truncated = rest.peek().is_some();
    let mut answer = Map::new();
    answer.insert(member.to_owned(), Value::Array(values));
    answer.insert("Truncated".to_owned(), Value::Bool(truncated));
    if let (true, Some(last)) = (truncated, last) {
        answer.insert("NextMarker".to_owned(), Value::String(BASE64_URL_SAFE_NO_PAD.encode(last)));
    }
    Ok(Value::Object(answer))
}

fn read_marker(marker: &str) -> Result<String, KmsError> {
    let name = BASE64_URL_SAFE_NO_PAD.decode(marker).ok().and_then(|name| String::from_utf8(name).ok());
    name.ok_or_else(|| {
        KmsError::refused(
            "InvalidMarkerException",
            "The request was rejected because the marker that specifies where pagination should next begin is not valid.",
        )
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    const LIMITS: Limits = Limits { default: 2, largest: 3 };

    fn entries() -> impl Iterator<Item = (String, Value)> {
        ["a", "b", "c"].into_iter().map(|name| (name.to_owned(), json!(name)))
    }

    #[test]
    fn pages_follow_one_another_without_gap_or_overlap() {
        let first = page("Names", entries(), LIMITS, None, None).unwrap();
        let marker = first["NextMarker"].clone();
        assert_eq!(first, json!({"Names": ["a", "b"], "Truncated": true, "NextMarker": marker}));
        let second = page("Names", entries(), LIMITS, None, marker.as_str()).unwrap();
        assert_eq!(second, json!({"Names": ["c"], "Truncated": false}));
    }

    #[test]
    fn a_limit_out_of_range_is_refused() {
        for (limit, bound) in
            [(0, "greater than or equal to 1"), (4, "less than or equal to 3"), (-1, "greater")]
        {
            let refused = page("Names", entries(), LIMITS, Some(limit), None).unwrap_err();
            assert_eq!(refused.code(), "ValidationException");
            assert!(refused.message().contains(bound), "{}", refused.message());
        }
    }

    #[test]
    fn a_made_up_marker_is_refused() {
        let refused = page("Names", entries(), LIMITS, None, Some("!")).unwrap_err();
        assert_eq!(refused.code(), "InvalidMarkerException");
    }
}

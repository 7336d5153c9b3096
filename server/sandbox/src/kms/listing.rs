//! Pages of the List operations: `Limit`, `Marker`, `NextMarker` and `Truncated`.

use serde_json::{Map, Value};

use super::KmsError;

/// Largest and default page sizes of one List operation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) default: i64,
    pub(super) largest: i64,
}

/// Cuts one page out of `entries`, which are sorted by the name that each carries. The marker is the last name of the
/// page before.
pub(super) fn page(
    member: &str,
    entries: impl Iterator<Item = (String, Value)>,
    limits: Limits,
    limit: Option<i64>,
    marker: Option<&str>,
) -> Result<Value, KmsError> {
    let limit = limit.unwrap_or(limits.default);
    KmsError::within(limit, "limit", &(1..=limits.largest))?;
    let mut rest =
        entries.skip_while(|(name, _)| marker.is_some_and(|marker| name.as_str() <= marker)).peekable();
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
        answer.insert("NextMarker".to_owned(), Value::String(last));
    }
    Ok(Value::Object(answer))
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
        assert_eq!(first, json!({"Names": ["a", "b"], "Truncated": true, "NextMarker": "b"}));
        let second = page("Names", entries(), LIMITS, None, Some("b")).unwrap();
        assert_eq!(second, json!({"Names": ["c"], "Truncated": false}));
    }

    #[test]
    fn a_limit_out_of_range_is_refused() {
        for limit in [0, 4, -1] {
            assert_eq!(
                page("Names", entries(), LIMITS, Some(limit), None).unwrap_err().code(),
                "ValidationException"
            );
        }
    }
}

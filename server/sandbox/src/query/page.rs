//! Lists in pages, as IAM gives them: `Marker`, `MaxItems`, `IsTruncated`.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::{Fault, Params, Xml};

/// Entries of a page when the request does not say (IAM API Reference, `MaxItems`).
pub(crate) const DEFAULT_ITEMS: i64 = 100;
/// Largest `MaxItems`.
const MAX_ITEMS: i64 = 1_000;

/// What of a list fits into one page.
#[derive(Debug)]
pub(crate) struct Page<T> {
    /// The entries of this page.
    pub(crate) entries: Vec<T>,
    /// Where the next page starts, when there is one.
    marker: Option<String>,
}

impl<T> Page<T> {
    /// Writes whether there is more.
    pub(crate) fn write_end(&self, xml: &mut Xml) {
        xml.text("IsTruncated", self.marker.is_some()).optional("Marker", self.marker.as_deref());
    }
}

/// One page of `entries`, which come in the order of their keys, written as the list `name`.
pub(crate) fn page<'k, T>(
    params: &Params,
    name: &str,
    entries: impl IntoIterator<Item = (&'k str, T)>,
    fill: impl Fn(&mut Xml, T),
) -> Result<Xml, Fault> {
    let mut page = cut(params, DEFAULT_ITEMS, entries)?;
    let mut xml = Xml::default();
    xml.list(name, "member", std::mem::take(&mut page.entries), fill);
    page.write_end(&mut xml);
    Ok(xml)
}

/// The page that the request asks for of `entries`, which come in the order of their keys; `default` entries when it does not
/// say how many.
///
/// A marker is the key after which the next page starts, so that a page stays where it is when entries come and go.
pub(crate) fn cut<'k, T>(
    params: &Params,
    default: i64,
    entries: impl IntoIterator<Item = (&'k str, T)>,
) -> Result<Page<T>, Fault> {
    let limit = params.integer("MaxItems", 1..=MAX_ITEMS)?.unwrap_or(default);
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let after = marker(params)?;
    let mut rest =
        entries.into_iter().filter(|(key, _)| after.as_deref().is_none_or(|after| *key > after)).peekable();
    let mut last = "";
    let mut taken = Vec::new();
    while let Some((key, entry)) = rest.next_if(|_| taken.len() < limit) {
        last = key;
        taken.push(entry);
    }
    let truncated = rest.peek().is_some();
    Ok(Page { entries: taken, marker: truncated.then(|| BASE64_URL_SAFE_NO_PAD.encode(last)) })
}

/// The key after which the page starts that the request asks for.
pub(crate) fn marker(params: &Params) -> Result<Option<String>, Fault> {
    let read = |marker: &str| {
        if marker.is_empty() {
            return Err(Fault::validation(
                "1 validation error detected: Value at 'marker' failed to satisfy constraint: Member must have length \
                 greater than or equal to 1",
            ));
        }
        let key = BASE64_URL_SAFE_NO_PAD.decode(marker).ok();
        key.and_then(|key| String::from_utf8(key).ok()).ok_or_else(|| Fault::validation("Invalid Marker."))
    };
    params.get("Marker").map(read).transpose()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn pages_follow_each_other_without_gap_or_overlap() {
        let keys = ["a", "b", "c"];
        let read = |query: String| {
            let params = Params::read(&query, b"").unwrap();
            page(&params, "Ids", keys.map(|key| (key, key)), |xml, key| {
                xml.content(key);
            })
            .unwrap()
            .into_document()
        };
        let first = read("MaxItems=2".into());
        assert!(
            first.contains("<Ids><member>a</member><member>b</member></Ids><IsTruncated>true</IsTruncated>"),
            "{first}"
        );
        let marker = first.split("<Marker>").nth(1).unwrap().split('<').next().unwrap();
        let second = read(format!("MaxItems=2&Marker={marker}"));
        assert!(
            second.ends_with("<Ids><member>c</member></Ids><IsTruncated>false</IsTruncated>"),
            "{second}"
        );
    }

    #[test]
    fn a_made_up_marker_is_refused() {
        let params = Params::read("Marker=%21", b"").unwrap();
        assert_eq!(
            page(&params, "Ids", [("a", "a")], |_, _| {}).unwrap_err().to_string(),
            "ValidationError: Invalid Marker."
        );
    }
}

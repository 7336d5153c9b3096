//! XML as records show it: elements become members, lists become lists.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use serde_json::{Map, Value};

/// Deepest nesting of a document that is shown.
const MAX_DEPTH: usize = 32;

/// An element with what is in it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Element {
    /// Its name, without prefix.
    pub(super) name: String,
    /// `xmlns`.
    pub(super) namespace: Option<String>,
    /// The text directly in it.
    pub(super) text: String,
    /// The elements directly in it.
    pub(super) children: Vec<Element>,
}

/// Reads a document; `None` for what is none, or is nested too deeply.
pub(super) fn read(document: &[u8]) -> Option<Element> {
    let mut reader = Reader::from_str(std::str::from_utf8(document).ok()?);
    let mut open = vec![Element::default()];
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => open.push(element(&start)),
            Event::Empty(start) => open.last_mut()?.children.push(element(&start)),
            Event::End(_) => {
                let done = open.pop()?;
                open.last_mut()?.children.push(done);
            }
            Event::Text(text) => open.last_mut()?.text.push_str(&text),
            Event::CData(text) => open.last_mut()?.text.push_str(&text),
            Event::GeneralRef(entity) => {
                let text = &mut open.last_mut()?.text;
                match entity.resolve_char_ref().ok()? {
                    Some(character) => text.push(character),
                    None => text.push_str(quick_xml::escape::resolve_predefined_entity(&entity)?),
                }
            }
            Event::Eof => break,
            _ => {}
        }
        if open.len() > MAX_DEPTH {
            return None;
        }
    }
    let (Some(mut document), true) = (open.pop(), open.is_empty()) else { return None };
    document.children.pop()
}

fn element(start: &BytesStart<'_>) -> Element {
    let namespace = start.try_get_attribute("xmlns").ok().flatten();
    Element {
        name: start.local_name().as_ref().to_owned(),
        namespace: namespace.map(|namespace| namespace.value.into_owned()),
        ..Element::default()
    }
}

impl Element {
    /// The first child of that name.
    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// Its children as members: `name` gives a child's name as it is shown, `None` to leave it out, and `value` what is shown
    /// of it. A name that comes again makes a list.
    pub(super) fn members(
        &self,
        name: impl Fn(&str) -> Option<String>,
        value: impl Fn(&Self) -> Value,
    ) -> Map<String, Value> {
        let mut members = Map::new();
        for child in &self.children {
            let Some(name) = name(&child.name) else { continue };
            match members.get_mut(&name) {
                None => {
                    members.insert(name, value(child));
                }
                Some(Value::Array(list)) => list.push(value(child)),
                Some(first) => {
                    let list = vec![first.take(), value(child)];
                    *first = Value::Array(list);
                }
            }
        }
        members
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_document_is_read_with_its_entities_and_nothing_else_is() {
        let root = read(b"<a xmlns=\"n\"><b>1 &amp; &#50;</b><c/></a>").unwrap();
        assert_eq!((root.name.as_str(), root.namespace.as_deref()), ("a", Some("n")));
        assert_eq!(root.child("b").unwrap().text, "1 & 2");
        assert_eq!(root.child("c"), Some(&Element { name: "c".into(), ..Element::default() }));
        assert_eq!(read(b"<a><b></a>"), None);
        assert_eq!(read(b"not xml"), None);
        assert_eq!(read(b"<a>&unknown;</a>"), None);
        assert_eq!(read("<a>".repeat(100).as_bytes()), None);
    }
}

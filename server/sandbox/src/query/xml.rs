//! Writing XML: elements by name, text escaped. Names are ours and never come from a request.

use std::fmt::{Display, Write as _};

/// XML being written.
#[derive(Debug, Default)]
pub(crate) struct Xml(String);

impl Xml {
    /// Whether nothing has been written.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What an operation answers whose result is there and holds nothing: clients look for its element.
    pub(crate) fn nothing() -> Self {
        Self("\n".into())
    }

    /// `<name>value</name>`
    pub(crate) fn text(&mut self, name: &str, value: impl Display) -> &mut Self {
        let value = escape(&value.to_string());
        self.push(format_args!("<{name}>{value}</{name}>"))
    }

    /// The same, or nothing without a value.
    pub(crate) fn optional(&mut self, name: &str, value: Option<impl Display>) -> &mut Self {
        match value {
            Some(value) => self.text(name, value),
            None => self,
        }
    }

    /// An element with what `fill` writes; `<name/>` when it writes nothing.
    pub(crate) fn element(&mut self, name: &str, fill: impl FnOnce(&mut Self)) -> &mut Self {
        let mut inner = Self::default();
        fill(&mut inner);
        match inner.is_empty() {
            true => self.push(format_args!("<{name}/>")),
            false => self.push(format_args!("<{name}>{}</{name}>", inner.0)),
        }
    }

    /// A list: an element `name` with one element `item` an entry.
    pub(crate) fn list<T>(
        &mut self,
        name: &str,
        item: &str,
        entries: impl IntoIterator<Item = T>,
        fill: impl Fn(&mut Self, T),
    ) -> &mut Self {
        self.element(name, |list| {
            for entry in entries {
                list.element(item, |element| fill(element, entry));
            }
        })
    }

    /// An element with a default namespace.
    pub(crate) fn root(&mut self, name: &str, namespace: &str, fill: impl FnOnce(&mut Self)) -> &mut Self {
        let mut inner = Self::default();
        fill(&mut inner);
        self.push(format_args!("<{name} xmlns=\"{namespace}\">{}</{name}>", inner.0))
    }

    /// Text alone, without an element.
    pub(crate) fn content(&mut self, value: impl Display) -> &mut Self {
        let value = escape(&value.to_string());
        self.push(format_args!("{value}"))
    }

    /// XML that was written elsewhere.
    pub(crate) fn raw(&mut self, xml: Self) -> &mut Self {
        self.push(format_args!("{}", xml.0))
    }

    /// The finished document.
    pub(crate) fn into_document(self) -> String {
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}", self.0)
    }

    fn push(&mut self, text: std::fmt::Arguments<'_>) -> &mut Self {
        // Writing to a String cannot fail.
        let _ = self.0.write_fmt(text);
        self
    }
}

/// Escapes markup. Carriage returns are escaped as well, or a parser would turn them into line feeds; characters that
/// XML 1.0 cannot hold at all become U+FFFD.
fn escape(text: &str) -> String {
    let holdable: String = text
        .chars()
        .map(|char| match char {
            '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'.. => char,
            _ => char::REPLACEMENT_CHARACTER,
        })
        .collect();
    quick_xml::escape::escape(holdable.as_str()).replace('\r', "&#13;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_line_ends_and_unholdable_characters_survive_a_parser() {
        let mut xml = Xml::default();
        xml.text("A", "<&>\"'\r\n\u{1}\u{fffe}é");
        assert_eq!(xml.0, "<A>&lt;&amp;&gt;&quot;&apos;&#13;\n\u{fffd}\u{fffd}é</A>");
    }

    #[test]
    fn an_element_without_content_is_empty() {
        let mut xml = Xml::default();
        xml.list("Roles", "member", Vec::<u8>::new(), |_, _| {}).list("Ids", "member", [1, 2], |item, id| {
            item.content(id);
        });
        assert_eq!(xml.0, "<Roles/><Ids><member>1</member><member>2</member></Ids>");
    }
}

//! Where the values of a JSON text stand: its JSON pointers with the bytes they cover.

use std::collections::HashMap;
use std::ops::Range;

/// The places of all values of a text that is valid JSON.
#[derive(Debug)]
pub(crate) struct Spans<'t> {
    text: &'t str,
    places: HashMap<String, Range<usize>>,
    repeated: Vec<Repeated>,
}

/// A member's name that stands in its object once more. Its pointer leads to the last one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Repeated {
    pub(super) pointer: String,
    pub(super) name: String,
}

impl<'t> Spans<'t> {
    /// Of a text that is not JSON only the whole is known.
    pub(crate) fn new(text: &'t str) -> Self {
        let mut reader = Reader { text, at: 0, places: HashMap::new(), repeated: Vec::new() };
        reader.value(&mut String::new());
        Self { text, places: reader.places, repeated: reader.repeated }
    }

    /// The bytes of the value at `pointer`; the nearest value around it when there is none.
    pub(crate) fn of(&self, pointer: &str) -> Range<usize> {
        let mut pointer = pointer;
        loop {
            if let Some(range) = self.places.get(pointer) {
                return range.clone();
            }
            match pointer.rfind('/') {
                Some(slash) => pointer = pointer.get(..slash).unwrap_or_default(),
                None => return 0..self.text.len(),
            }
        }
    }

    /// The members whose names stand in their objects more than once.
    pub(super) fn repeated(&self) -> &[Repeated] {
        &self.repeated
    }

    /// The text of a place.
    pub(super) fn text(&self, place: Range<usize>) -> &'t str {
        self.text.get(place).unwrap_or_default()
    }

    /// The bytes to take away so that an item leaves its list without its comma.
    pub(super) fn without(&self, pointer: &str) -> Range<usize> {
        let place = self.of(pointer);
        let item =
            pointer.rsplit_once('/').and_then(|(list, index)| Some((list, index.parse::<usize>().ok()?)));
        let Some((list, index)) = item else { return place };
        let neighbour = |index: usize| self.places.get(&format!("{list}/{index}"));
        match (index.checked_sub(1).and_then(neighbour), neighbour(index + 1)) {
            (Some(before), _) => before.end..place.end,
            (None, Some(after)) => place.start..after.start,
            (None, None) => place,
        }
    }

    /// The place of a list's last item; `None` when the value is no list, or an empty one.
    pub(super) fn last_item(&self, pointer: &str) -> Option<Range<usize>> {
        let is_list = self.text(self.of(pointer)).starts_with('[');
        let items = (0..).map_while(|index| self.places.get(&format!("{pointer}/{index}")));
        if is_list { items.last().cloned() } else { None }
    }

    /// Line and column of a byte, both from 1; the column counts characters.
    pub(crate) fn position(&self, byte: usize) -> (usize, usize) {
        let before = self.text.get(..byte).unwrap_or(self.text);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        (line, column)
    }
}

/// Walks over valid JSON; stops without harm at anything else.
struct Reader<'t> {
    text: &'t str,
    at: usize,
    places: HashMap<String, Range<usize>>,
    repeated: Vec<Repeated>,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    /// Steps over `byte` if it comes next, white space apart.
    fn take(&mut self, byte: u8) -> bool {
        self.space();
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn value(&mut self, pointer: &mut String) {
        self.space();
        let start = self.at;
        match self.peek() {
            Some(b'{') => self.members(pointer),
            Some(b'[') => self.items(pointer),
            Some(b'"') => drop(self.string()),
            _ => {
                let ends = |byte: u8| matches!(byte, b',' | b']' | b'}') || byte.is_ascii_whitespace();
                while self.peek().is_some_and(|byte| !ends(byte)) {
                    self.at += 1;
                }
            }
        }
        self.places.insert(pointer.clone(), start..self.at);
    }

    fn members(&mut self, pointer: &mut String) {
        self.at += 1;
        let length = pointer.len();
        loop {
            self.space();
            if self.peek() != Some(b'"') {
                break;
            }
            let name = self.string();
            if !self.take(b':') {
                return;
            }
            pointer.push('/');
            pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
            if self.places.contains_key(pointer.as_str()) {
                self.repeated.push(Repeated { pointer: pointer.clone(), name });
            }
            self.value(pointer);
            pointer.truncate(length);
            if !self.take(b',') {
                break;
            }
        }
        self.take(b'}');
    }

    fn items(&mut self, pointer: &mut String) {
        self.at += 1;
        let length = pointer.len();
        for index in 0.. {
            self.space();
            if matches!(self.peek(), None | Some(b']')) {
                break;
            }
            pointer.push_str(&format!("/{index}"));
            self.value(pointer);
            pointer.truncate(length);
            if !self.take(b',') {
                break;
            }
        }
        self.take(b']');
    }

    /// Steps over a string and gives what it says.
    fn string(&mut self) -> String {
        let start = self.at;
        self.at += 1;
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b'"' => break,
                b'\\' => self.at = (self.at + 1).min(self.text.len()),
                _ => {}
            }
        }
        let quoted = self.text.get(start..self.at).unwrap_or_default();
        serde_json::from_str(quoted).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_found_with_its_line_and_column() {
        let text = "{\n  \"a/b\": [1, \"x\\\"y\"],\n  \"ü\": {\"c\": true}\n}";
        let spans = Spans::new(text);
        let shown = |pointer: &str| (&text[spans.of(pointer)], spans.position(spans.of(pointer).start));
        assert_eq!(shown("/a~1b"), (r#"[1, "x\"y"]"#, (2, 10)));
        assert_eq!(shown("/a~1b/1"), (r#""x\"y""#, (2, 14)));
        assert_eq!(shown("/ü/c"), ("true", (3, 14)));
        assert_eq!(shown("/ü/missing/deeper"), (r#"{"c": true}"#, (3, 8)));
        assert_eq!(shown("").1, (1, 1));
    }

    #[test]
    fn what_is_not_json_does_no_harm() {
        for text in ["", "{", "[", "{\"a\"", "{\"a\":[\"\\", "\"", "nonsense", "{\"a\":1,,}"] {
            assert!(text.get(Spans::new(text).of("/Statement")).is_some(), "{text}");
            assert!(text.get(Spans::new(text).of("/a/0")).is_some(), "{text}");
        }
    }
}

//! JSON as the parser reads it: borrowed from the text where it can be, so that compiling a policy copies little.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node<'j> {
    Null,
    Flag(bool),
    /// A number in the text JSON gives it.
    Number(String),
    Text(Cow<'j, str>),
    List(Vec<Node<'j>>),
    Object(Object<'j>),
}

/// A JSON object, members in their order. Of members with the same name the last one counts, in the place of the first,
/// as `serde_json` reads them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Object<'j>(Vec<(Cow<'j, str>, Node<'j>)>);

/// Up to here comparing every name with every other is faster than a map.
const FEW: usize = 16;

impl<'j> Object<'j> {
    pub(super) fn get(&self, name: &str) -> Option<&Node<'j>> {
        self.iter().find_map(|(known, node)| (known == name).then_some(node))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Node<'j>)> {
        self.0.iter().map(|(name, node)| (name.as_ref(), node))
    }

    fn of(members: Vec<(Cow<'j, str>, Node<'j>)>) -> Self {
        let mut places: HashMap<Cow<'j, str>, usize> = HashMap::new();
        let many = members.len() > FEW;
        let mut kept: Vec<(Cow<'j, str>, Node<'j>)> = Vec::with_capacity(members.len());
        for (name, node) in members {
            let place = match many {
                true => places.get(&name).copied(),
                false => kept.iter().position(|(known, _)| *known == name),
            };
            if let Some((_, earlier)) = place.and_then(|place| kept.get_mut(place)) {
                *earlier = node;
                continue;
            }
            if many {
                places.insert(name.clone(), kept.len());
            }
            kept.push((name, node));
        }
        Self(kept)
    }
}

impl<'de> Deserialize<'de> for Node<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Self::Value, E> {
        Ok(Node::Flag(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Node::Number(number.to_string()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Node::Number(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(if number.is_finite() { Node::Number(format!("{number:?}")) } else { Node::Null })
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Node::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Node::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = list.next_element()? {
            nodes.push(node);
        }
        Ok(Node::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some((Name(name), node)) = map.next_entry()? {
            members.push((name, node));
        }
        Ok(Node::Object(Object::of(members)))
    }
}

/// A member's name, borrowed if it has no escapes.
struct Name<'j>(Cow<'j, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameVisitor;
        impl<'de> Visitor<'de> for NameVisitor {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a member's name")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(NameVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_what_serde_json_reads() {
        let many: Vec<_> = (0..40).map(|index| format!(r#""k{}": {index}"#, index % 30)).collect();
        let texts = [
            r#"{"a": [1, -2, 1.5, true, null, "x\"y", "plain"], "b": {"c\n": {}}}"#.to_owned(),
            r#"{"a": 1, "b": 2, "a": 3}"#.to_owned(),
            format!("{{{}}}", many.join(",")),
        ];
        for text in texts {
            let value: serde_json::Value = serde_json::from_str(&text).unwrap();
            let node: Node<'_> = serde_json::from_str(&text).unwrap();
            assert_eq!(as_value(&node).to_string(), value.to_string());
        }
    }

    fn as_value(node: &Node<'_>) -> serde_json::Value {
        match node {
            Node::Null => serde_json::Value::Null,
            Node::Flag(flag) => (*flag).into(),
            Node::Number(number) => serde_json::from_str(number).unwrap(),
            Node::Text(text) => text.as_ref().into(),
            Node::List(list) => list.iter().map(as_value).collect::<Vec<_>>().into(),
            Node::Object(object) => serde_json::Value::Object(
                object.iter().map(|(name, node)| (name.to_owned(), as_value(node))).collect(),
            ),
        }
    }
}

//! A statement as it is written, with the places of its texts.

use serde_json::Value;

use super::glob::covers;
use crate::document::{Document, Effect, Statement};

/// One statement and where it stands.
pub(super) struct View<'d> {
    pub(super) statement: &'d Statement,
    /// JSON pointer to the statement.
    pub(super) at: String,
}

/// A text with its JSON pointer.
pub(super) type Placed<'d> = (String, &'d str);

impl<'d> View<'d> {
    /// All statements of a document.
    pub(super) fn all(document: &'d Document) -> Vec<Self> {
        let is_list = document.source().get("Statement").is_some_and(Value::is_array);
        let at = |index: usize| if is_list { format!("/Statement/{index}") } else { "/Statement".to_owned() };
        document.statements().iter().map(|statement| View { statement, at: at(statement.index()) }).collect()
    }

    pub(super) fn is_deny(&self) -> bool {
        self.statement.effect() == Effect::Deny
    }

    pub(super) fn has(&self, element: &str) -> bool {
        self.statement.source().get(element).is_some()
    }

    /// The pointer to an element.
    pub(super) fn pointer(&self, element: &str) -> String {
        format!("{}/{element}", self.at)
    }

    /// The texts of an element, each with its pointer; none when the element is absent.
    pub(super) fn texts(&self, element: &str) -> Vec<Placed<'d>> {
        let value = self.statement.source().get(element);
        value.map_or_else(Vec::new, |value| texts(value, &self.pointer(element)))
    }

    /// The texts of `Action` or `NotAction`.
    pub(super) fn actions(&self) -> Vec<Placed<'d>> {
        self.either("Action", "NotAction")
    }

    /// Whether a pattern of `Action` takes in this action, or all that this pattern does. Actions have no case.
    pub(super) fn takes_in(&self, action: &str) -> bool {
        takes_in(self.texts("Action").iter().map(|(_, pattern)| *pattern), action)
    }

    /// The texts of `Resource` or `NotResource`.
    pub(super) fn resources(&self) -> Vec<Placed<'d>> {
        self.either("Resource", "NotResource")
    }

    fn either(&self, plain: &str, negated: &str) -> Vec<Placed<'d>> {
        self.texts(if self.has(plain) { plain } else { negated })
    }

    /// The texts under `AWS`, `Service` and the like of `Principal` or `NotPrincipal`.
    pub(super) fn principals(&self, kind: &str) -> Vec<Placed<'d>> {
        let element = if self.has("Principal") { "Principal" } else { "NotPrincipal" };
        let value = self.statement.source().get(element).and_then(|principal| principal.get(kind));
        value.map_or_else(Vec::new, |value| texts(value, &format!("{}/{kind}", self.pointer(element))))
    }

    /// The conditions: pointer of the key, operator, key, and the values with their pointers.
    pub(super) fn conditions(&self) -> Vec<Condition<'d>> {
        let blocks = self.statement.source().get("Condition").and_then(Value::as_object);
        let mut conditions = Vec::new();
        for (operator, keys) in blocks.into_iter().flatten() {
            for (key, values) in keys.as_object().into_iter().flatten() {
                let at = format!("{}/{}/{}", self.pointer("Condition"), escaped(operator), escaped(key));
                conditions.push(Condition { operator, key, values: texts(values, &at), at });
            }
        }
        conditions
    }
}

/// One condition key of one operator.
pub(super) struct Condition<'d> {
    pub(super) operator: &'d str,
    pub(super) key: &'d str,
    /// Pointer to the key's values.
    pub(super) at: String,
    pub(super) values: Vec<Placed<'d>>,
}

/// Whether one of the patterns of actions takes in `action`.
pub(super) fn takes_in<'p>(mut patterns: impl Iterator<Item = &'p str>, action: &str) -> bool {
    let action = action.to_ascii_lowercase();
    patterns.any(|pattern| covers(&pattern.to_ascii_lowercase(), &action))
}

fn texts<'v>(value: &'v Value, at: &str) -> Vec<Placed<'v>> {
    match value {
        Value::Array(list) => list
            .iter()
            .enumerate()
            .filter_map(|(index, value)| Some((format!("{at}/{index}"), value.as_str()?)))
            .collect(),
        single => single.as_str().map(|text| (at.to_owned(), text)).into_iter().collect(),
    }
}

/// A member's name inside a JSON pointer (RFC 6901).
pub(super) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

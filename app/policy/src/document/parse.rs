//! From JSON text to a compiled [`Document`], by the grammar that all services share.
//!
//! Services differ in what they demand beyond it (KMS takes a statement without `Action`, trust policies have no
//! `Resource`), so only what none accepts is an error here.

use std::sync::Arc;

use super::element::{ActionElement, ResourceElement};
use super::error::{ParseError, ParseErrorKind};
use super::node::{Node, Object};
use super::principals::{NamedPrincipal, PrincipalElement};
use super::{Document, Effect, Source, Statement, Version};
use crate::condition::{Condition, Operator};

/// A place in the document: a JSON pointer that is written out only for an error.
#[derive(Clone, Copy)]
enum At<'p> {
    Root,
    Member(&'p At<'p>, &'p str),
    Item(&'p At<'p>, usize),
}

impl At<'_> {
    /// The pointer; `~` and `/` escaped as RFC 6901 says.
    fn pointer(&self) -> String {
        match self {
            Self::Root => String::new(),
            Self::Member(parent, name) => {
                format!("{}/{}", parent.pointer(), name.replace('~', "~0").replace('/', "~1"))
            }
            Self::Item(parent, index) => format!("{}/{index}", parent.pointer()),
        }
    }

    fn error(&self, kind: ParseErrorKind) -> ParseError {
        ParseError::new(self.pointer(), kind)
    }
}

pub(super) fn document(json: &str) -> Result<Document, ParseError> {
    let root: Node<'_> = serde_json::from_str(json).map_err(|error| {
        At::Root.error(ParseErrorKind::NotJson { line: error.line(), column: error.column() })
    })?;
    let source = Arc::new(Source::new(json));
    let object = as_object(&root, At::Root)?;
    only_known(object, At::Root, &["Version", "Id", "Statement"])?;
    let version = match text(object, At::Root, "Version")? {
        None | Some("2008-10-17") => Version::V2008,
        Some("2012-10-17") => Version::V2012,
        Some(other) => {
            let expected = "`2008-10-17`, `2012-10-17`";
            let kind = ParseErrorKind::InvalidValue { value: other.to_owned(), expected };
            return Err(At::Member(&At::Root, "Version").error(kind));
        }
    };
    let id = text(object, At::Root, "Id")?.map(str::to_owned);
    let at = At::Member(&At::Root, "Statement");
    let statements = match object.get("Statement") {
        None => return Err(At::Root.error(ParseErrorKind::MissingField("Statement"))),
        Some(Node::List(values)) => values
            .iter()
            .enumerate()
            .map(|(index, value)| statement(value, At::Item(&at, index), index, version, &source))
            .collect::<Result<Vec<_>, _>>()?,
        Some(single) => vec![statement(single, at, 0, version, &source)?],
    };
    Ok(Document { version, id, statements, source })
}

const STATEMENT_ELEMENTS: [&str; 9] = [
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
];

fn statement(
    value: &Node<'_>,
    at: At<'_>,
    index: usize,
    version: Version,
    source: &Arc<Source>,
) -> Result<Statement, ParseError> {
    let object = as_object(value, at)?;
    only_known(object, at, &STATEMENT_ELEMENTS)?;
    let variables = version == Version::V2012;
    let effect = match text(object, at, "Effect")? {
        Some("Allow") => Effect::Allow,
        Some("Deny") => Effect::Deny,
        Some(other) => {
            let kind = ParseErrorKind::InvalidValue { value: other.to_owned(), expected: "`Allow`, `Deny`" };
            return Err(At::Member(&at, "Effect").error(kind));
        }
        None => return Err(at.error(ParseErrorKind::MissingField("Effect"))),
    };
    let principal = match one_of(object, at, "Principal", "NotPrincipal")? {
        Some((name, negated, value)) => {
            Some(PrincipalElement { negated, named: principals(value, At::Member(&at, name))? })
        }
        None => None,
    };
    let action = match one_of(object, at, "Action", "NotAction")? {
        Some((name, negated, value)) => {
            Some(ActionElement::new(negated, &texts(value, At::Member(&at, name))?))
        }
        None => None,
    };
    let resource = match one_of(object, at, "Resource", "NotResource")? {
        Some((name, negated, value)) => {
            Some(ResourceElement::new(negated, &texts(value, At::Member(&at, name))?, variables))
        }
        None => None,
    };
    let conditions = match object.get("Condition") {
        Some(value) => conditions(value, At::Member(&at, "Condition"), variables)?,
        None => Vec::new(),
    };
    Ok(Statement {
        index,
        sid: text(object, at, "Sid")?.map(str::to_owned),
        effect,
        principal,
        action,
        resource,
        conditions,
        source: Arc::clone(source),
    })
}

fn principals(value: &Node<'_>, at: At<'_>) -> Result<Vec<NamedPrincipal>, ParseError> {
    let object = match value {
        Node::Text(text) if text == "*" => return Ok(vec![NamedPrincipal::Everyone]),
        Node::Text(text) => return Err(at.error(ParseErrorKind::InvalidPrincipal(text.to_string()))),
        other => as_object(other, at)?,
    };
    let mut named = Vec::new();
    for (kind, value) in object.iter() {
        let at = At::Member(&at, kind);
        let make: fn(&str) -> NamedPrincipal = match kind {
            "AWS" => NamedPrincipal::aws,
            "Service" => |name| NamedPrincipal::Service(name.to_owned()),
            "Federated" => |provider| NamedPrincipal::Federated(provider.to_owned()),
            "CanonicalUser" => |id| NamedPrincipal::CanonicalUser(id.to_owned()),
            _ => return Err(at.error(ParseErrorKind::UnknownField(kind.to_owned()))),
        };
        named.extend(texts(value, at)?.into_iter().map(make));
    }
    Ok(named)
}

fn conditions(value: &Node<'_>, at: At<'_>, variables: bool) -> Result<Vec<Condition>, ParseError> {
    let mut conditions = Vec::new();
    for (operator_text, keys) in as_object(value, at)?.iter() {
        let at = At::Member(&at, operator_text);
        let operator = Operator::parse(operator_text)
            .ok_or_else(|| at.error(ParseErrorKind::UnknownOperator(operator_text.to_owned())))?;
        for (key, wanted) in as_object(keys, at)?.iter() {
            let wanted = condition_values(wanted, At::Member(&at, key))?;
            conditions.push(Condition::new(operator.clone(), key, wanted, variables));
        }
    }
    Ok(conditions)
}

fn condition_values(value: &Node<'_>, at: At<'_>) -> Result<Vec<String>, ParseError> {
    let scalar = |value: &Node<'_>, at: At<'_>| match value {
        Node::Text(text) => Ok(text.to_string()),
        Node::Flag(flag) => Ok(flag.to_string()),
        Node::Number(number) => Ok(number.to_string()),
        _ => Err(at.error(ParseErrorKind::WrongType { expected: "a string, number or boolean" })),
    };
    match value {
        Node::List(values) => {
            values.iter().enumerate().map(|(index, value)| scalar(value, At::Item(&at, index))).collect()
        }
        single => Ok(vec![scalar(single, at)?]),
    }
}

/// Of two elements that exclude each other, the one that is there: its name, whether it is the `Not` form, its value.
fn one_of<'o, 'j>(
    object: &'o Object<'j>,
    at: At<'_>,
    plain: &'static str,
    negated: &'static str,
) -> Result<Option<(&'static str, bool, &'o Node<'j>)>, ParseError> {
    match (object.get(plain), object.get(negated)) {
        (Some(_), Some(_)) => Err(at.error(ParseErrorKind::Conflict(plain, negated))),
        (Some(value), None) => Ok(Some((plain, false, value))),
        (None, Some(value)) => Ok(Some((negated, true, value))),
        (None, None) => Ok(None),
    }
}

fn texts<'o>(value: &'o Node<'_>, at: At<'_>) -> Result<Vec<&'o str>, ParseError> {
    match value {
        Node::List(values) => values
            .iter()
            .enumerate()
            .map(|(index, value)| match value {
                Node::Text(text) => Ok(text.as_ref()),
                _ => Err(At::Item(&at, index).error(ParseErrorKind::WrongType { expected: "a string" })),
            })
            .collect(),
        Node::Text(text) => Ok(vec![text]),
        _ => Err(at.error(ParseErrorKind::WrongType { expected: "a string or a list of strings" })),
    }
}

fn text<'o>(object: &'o Object<'_>, at: At<'_>, name: &'static str) -> Result<Option<&'o str>, ParseError> {
    match object.get(name) {
        None => Ok(None),
        Some(Node::Text(text)) => Ok(Some(text)),
        Some(_) => Err(At::Member(&at, name).error(ParseErrorKind::WrongType { expected: "a string" })),
    }
}

fn as_object<'v, 'j>(value: &'v Node<'j>, at: At<'_>) -> Result<&'v Object<'j>, ParseError> {
    match value {
        Node::Object(object) => Ok(object),
        _ => Err(at.error(ParseErrorKind::WrongType { expected: "an object" })),
    }
}

fn only_known(object: &Object<'_>, at: At<'_>, known: &[&str]) -> Result<(), ParseError> {
    match object.iter().map(|(name, _)| name).find(|name| !known.contains(name)) {
        Some(name) => Err(At::Member(&at, name).error(ParseErrorKind::UnknownField(name.to_owned()))),
        None => Ok(()),
    }
}

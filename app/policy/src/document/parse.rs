//! From JSON text to a compiled [`Document`], by the grammar that all services share.
//!
//! Services differ in what they demand beyond it (KMS takes a statement without `Action`, trust policies have no
//! `Resource`), so only what none accepts is an error here.

use serde_json::{Map, Value};

use super::element::{ActionElement, ResourceElement};
use super::error::{ParseError, ParseErrorKind};
use super::principals::{NamedPrincipal, PrincipalElement};
use super::{Document, Effect, Statement, Version};
use crate::condition::{Condition, Operator};

type Object = Map<String, Value>;

pub(super) fn document(json: &str) -> Result<Document, ParseError> {
    let source: Value = serde_json::from_str(json).map_err(|error| {
        ParseError::new("", ParseErrorKind::NotJson { line: error.line(), column: error.column() })
    })?;
    let object = as_object(&source, "")?;
    only_known(object, "", &["Version", "Id", "Statement"])?;
    let version = match text(object, "", "Version")? {
        None | Some("2008-10-17") => Version::V2008,
        Some("2012-10-17") => Version::V2012,
        Some(other) => {
            let expected = "`2008-10-17`, `2012-10-17`";
            return Err(ParseError::new(
                "/Version",
                ParseErrorKind::InvalidValue { value: other.to_owned(), expected },
            ));
        }
    };
    let id = text(object, "", "Id")?.map(str::to_owned);
    let statements = match object.get("Statement") {
        None => return Err(ParseError::new("", ParseErrorKind::MissingField("Statement"))),
        Some(Value::Array(values)) => values
            .iter()
            .enumerate()
            .map(|(index, value)| statement(value, &format!("/Statement/{index}"), index, version))
            .collect::<Result<Vec<_>, _>>()?,
        Some(single) => vec![statement(single, "/Statement", 0, version)?],
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

fn statement(value: &Value, at: &str, index: usize, version: Version) -> Result<Statement, ParseError> {
    let object = as_object(value, at)?;
    only_known(object, at, &STATEMENT_ELEMENTS)?;
    let variables = version == Version::V2012;
    let effect = match text(object, at, "Effect")? {
        Some("Allow") => Effect::Allow,
        Some("Deny") => Effect::Deny,
        Some(other) => {
            let kind = ParseErrorKind::InvalidValue { value: other.to_owned(), expected: "`Allow`, `Deny`" };
            return Err(ParseError::new(format!("{at}/Effect"), kind));
        }
        None => return Err(ParseError::new(at, ParseErrorKind::MissingField("Effect"))),
    };
    let principal = match one_of(object, at, "Principal", "NotPrincipal")? {
        Some((name, negated, value)) => {
            Some(PrincipalElement { negated, named: principals(value, &format!("{at}/{name}"))? })
        }
        None => None,
    };
    let action = match one_of(object, at, "Action", "NotAction")? {
        Some((name, negated, value)) => {
            Some(ActionElement::new(negated, &texts(value, &format!("{at}/{name}"))?))
        }
        None => None,
    };
    let resource = match one_of(object, at, "Resource", "NotResource")? {
        Some((name, negated, value)) => {
            Some(ResourceElement::new(negated, &texts(value, &format!("{at}/{name}"))?, variables))
        }
        None => None,
    };
    Ok(Statement {
        index,
        sid: text(object, at, "Sid")?.map(str::to_owned),
        effect,
        principal,
        action,
        resource,
        conditions: object
            .get("Condition")
            .map_or(Ok(Vec::new()), |value| conditions(value, &format!("{at}/Condition"), variables))?,
        source: value.clone(),
    })
}

fn principals(value: &Value, at: &str) -> Result<Vec<NamedPrincipal>, ParseError> {
    let object = match value {
        Value::String(text) if text == "*" => return Ok(vec![NamedPrincipal::Everyone]),
        Value::String(text) => {
            return Err(ParseError::new(at, ParseErrorKind::InvalidPrincipal(text.clone())));
        }
        other => as_object(other, at)?,
    };
    let mut named = Vec::new();
    for (kind, value) in object {
        let at = child(at, kind);
        let make = match kind.as_str() {
            "AWS" => |text: String| NamedPrincipal::aws(&text),
            "Service" => NamedPrincipal::Service,
            "Federated" => NamedPrincipal::Federated,
            "CanonicalUser" => NamedPrincipal::CanonicalUser,
            _ => return Err(ParseError::new(at, ParseErrorKind::UnknownField(kind.clone()))),
        };
        named.extend(texts(value, &at)?.into_iter().map(make));
    }
    Ok(named)
}

fn conditions(value: &Value, at: &str, variables: bool) -> Result<Vec<Condition>, ParseError> {
    let mut conditions = Vec::new();
    for (operator_text, keys) in as_object(value, at)? {
        let at = child(at, operator_text);
        let operator = Operator::parse(operator_text)
            .ok_or_else(|| ParseError::new(&*at, ParseErrorKind::UnknownOperator(operator_text.clone())))?;
        for (key, wanted) in as_object(keys, &at)? {
            let wanted = condition_values(wanted, &child(&at, key))?;
            conditions.push(Condition::new(operator.clone(), key, wanted, variables));
        }
    }
    Ok(conditions)
}

fn condition_values(value: &Value, at: &str) -> Result<Vec<String>, ParseError> {
    let scalar = |value: &Value, at: &str| match value {
        Value::String(text) => Ok(text.clone()),
        Value::Bool(flag) => Ok(flag.to_string()),
        Value::Number(number) => Ok(number.to_string()),
        _ => Err(ParseError::new(at, ParseErrorKind::WrongType { expected: "a string, number or boolean" })),
    };
    match value {
        Value::Array(values) => {
            values.iter().enumerate().map(|(index, value)| scalar(value, &format!("{at}/{index}"))).collect()
        }
        single => Ok(vec![scalar(single, at)?]),
    }
}

/// Of two elements that exclude each other, the one that is there: its name, whether it is the `Not` form, its value.
fn one_of<'o>(
    object: &'o Object,
    at: &str,
    plain: &'static str,
    negated: &'static str,
) -> Result<Option<(&'static str, bool, &'o Value)>, ParseError> {
    match (object.get(plain), object.get(negated)) {
        (Some(_), Some(_)) => Err(ParseError::new(at, ParseErrorKind::Conflict(plain, negated))),
        (Some(value), None) => Ok(Some((plain, false, value))),
        (None, Some(value)) => Ok(Some((negated, true, value))),
        (None, None) => Ok(None),
    }
}

fn texts(value: &Value, at: &str) -> Result<Vec<String>, ParseError> {
    let one = |value: &Value, at: &str| match value {
        Value::String(text) => Ok(text.clone()),
        _ => Err(ParseError::new(at, ParseErrorKind::WrongType { expected: "a string" })),
    };
    match value {
        Value::Array(values) => {
            values.iter().enumerate().map(|(index, value)| one(value, &format!("{at}/{index}"))).collect()
        }
        Value::String(text) => Ok(vec![text.clone()]),
        _ => {
            Err(ParseError::new(at, ParseErrorKind::WrongType { expected: "a string or a list of strings" }))
        }
    }
}

fn text<'o>(object: &'o Object, at: &str, name: &'static str) -> Result<Option<&'o str>, ParseError> {
    match object.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => {
            Err(ParseError::new(format!("{at}/{name}"), ParseErrorKind::WrongType { expected: "a string" }))
        }
    }
}

fn as_object<'v>(value: &'v Value, at: &str) -> Result<&'v Object, ParseError> {
    value.as_object().ok_or_else(|| ParseError::new(at, ParseErrorKind::WrongType { expected: "an object" }))
}

fn only_known(object: &Object, at: &str, known: &[&str]) -> Result<(), ParseError> {
    match object.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(ParseError::new(child(at, name), ParseErrorKind::UnknownField(name.clone()))),
        None => Ok(()),
    }
}

/// The JSON pointer of a member; `~` and `/` escaped as RFC 6901 says.
fn child(at: &str, name: &str) -> String {
    format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"))
}

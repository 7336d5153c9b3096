//! What the service refuses, in its own words.

use serde_json::{Value, json};

use super::view::{View, escaped};
use super::{Draft, Kind, Severity};
use crate::document::{Document, ParseErrorKind, Statement};
use crate::service_principals;
use crate::validate::{self, Rejection};

pub(super) fn check(json: &str, kind: Kind, drafts: &mut Vec<Draft>) {
    let Some(rejection) = rejection(json, kind) else { return };
    let message = format!("{}: {}", rejection.code, rejection.message);
    let (pointer, detail) = match Document::parse(json) {
        Err(error) => {
            // The services say little of what they cannot read; the place is found by the parser.
            let detail = match error.kind() {
                ParseErrorKind::NotJson { .. } => error.kind().to_string(),
                kind => format!("{kind}."),
            };
            (error.pointer().to_owned(), format!(" ({detail})"))
        }
        Ok(document) => place(&document, kind, &rejection),
    };
    drafts.push(Draft::new(Severity::Error, "refused", pointer, format!("{message}{detail}")));
}

fn rejection(json: &str, kind: Kind) -> Option<Rejection> {
    match kind {
        Kind::Identity => validate::identity(json).err(),
        Kind::Trust => validate::trust(json).err(),
        Kind::Key => validate::key(json).err(),
        Kind::Bucket => validate::bucket(json, &bucket_of(json)).err(),
    }
}

/// The bucket a bucket policy is for: the one its first resource names.
fn bucket_of(json: &str) -> String {
    let named = json.split_once("arn:aws:s3:::").map(|(_, rest)| rest);
    let name = named.and_then(|rest| rest.split(['/', '"', '*', '?']).next());
    name.filter(|name| !name.is_empty()).unwrap_or("the-bucket").to_owned()
}

/// The statement that is refused by itself for the same reason, and within it what the message is about. What the service
/// leaves unsaid comes second, to stand behind its words.
fn place(document: &Document, kind: Kind, rejection: &Rejection) -> (String, String) {
    let source = document.source();
    let whole = || ("/Statement".to_owned(), String::new());
    let Some(statements) = source.get("Statement").and_then(Value::as_array) else {
        return document
            .statements()
            .first()
            .and_then(|only| unsaid(only, "/Statement", rejection))
            .unwrap_or_else(whole);
    };
    let refused = statements.iter().position(|statement| {
        let mut alone = source.clone();
        if let Some(list) = alone.get_mut("Statement") {
            *list = json!([statement]);
        }
        self::rejection(&alone.to_string(), kind).is_some_and(|found| found.message == rejection.message)
    });
    let Some(index) = refused else { return whole() };
    let at = format!("/Statement/{index}");
    if let Some(found) =
        document.statements().get(index).and_then(|statement| unsaid(statement, &at, rejection))
    {
        return found;
    }
    let quoted = statements.get(index).and_then(|statement| quoted(statement, &at, &rejection.message));
    (quoted.unwrap_or(at), String::new())
}

/// The place within a statement of what the message does not name, and what is wrong with it.
fn unsaid(statement: &Statement, at: &str, rejection: &Rejection) -> Option<(String, String)> {
    if rejection.message.starts_with("Conditions do not apply") {
        let misfit = validate::misfit(statement)?;
        let place = format!("{at}/Condition/{}/{}", escaped(misfit.operator), escaped(misfit.key));
        return Some((place, format!(" ({} does not carry {}.)", misfit.action, misfit.key)));
    }
    if rejection.message.contains("nvalid principal") {
        let services = View { statement, at: at.to_owned() }.principals("Service");
        let (place, name) = services.into_iter().find(|(_, name)| !service_principals::exists(name))?;
        let hint = service_principals::nearest(name)
            .map_or_else(String::new, |near| format!(" Did you mean {near}?"));
        return Some((place, format!(" (No AWS service is called {name}.{hint})")));
    }
    None
}

/// The pointer to the longest text within `value` that `message` holds.
fn quoted(value: &Value, at: &str, message: &str) -> Option<String> {
    fn texts(value: &Value, at: &str, message: &str, found: &mut Vec<(usize, String)>) {
        match value {
            Value::String(text) if text.len() > 3 && message.contains(text.as_str()) => {
                found.push((text.len(), at.to_owned()));
            }
            Value::Array(list) => {
                list.iter()
                    .enumerate()
                    .for_each(|(index, item)| texts(item, &format!("{at}/{index}"), message, found));
            }
            Value::Object(members) => members
                .iter()
                .filter(|(name, _)| *name != "Effect")
                .for_each(|(name, member)| texts(member, &format!("{at}/{name}"), message, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    texts(value, at, message, &mut found);
    found.into_iter().max_by_key(|(length, _)| *length).map(|(_, pointer)| pointer)
}

//! Session tags and source identities: what a session is told about itself, and what it hands on along a chain of roles (IAM User
//! Guide, `id_session-tags` and `id_credentials_temp_control-access_monitor`).

use super::session::{constraint, length, pattern};
use crate::caller::{Caller, Identity, SessionTags};
use crate::gate::Question;
use crate::query::{Fault, Params};

/// Most session tags of a request.
const MAX_TAGS: usize = 50;
const MAX_KEY: usize = 128;
const MAX_VALUE: usize = 256;

/// `Tags` and `TransitiveTagKeys`. Keys are compared without regard to case, and keep it.
pub(super) fn tags(params: &Params) -> Result<SessionTags, Fault> {
    let mut tags = SessionTags::default();
    let given = params.numbered("Tags.member", ".Key");
    if given.len() > MAX_TAGS {
        return Err(too_many("tags"));
    }
    // A value without a key is a tag as well, and not a well-formed one.
    if let Some((number, _)) = params
        .numbered("Tags.member", ".Value")
        .into_iter()
        .find(|(number, _)| given.iter().all(|(known, _)| known != number))
    {
        return Err(missing(&format!("tags.{number}.member.key")));
    }
    for (number, key) in given {
        let member = |field: &str| format!("tags.{number}.member.{field}");
        let value = params.get(&format!("Tags.member.{number}.Value"));
        let value = value.ok_or_else(|| missing(&member("value")))?;
        length(&member("key"), key, 1..=MAX_KEY)?;
        length(&member("value"), value, 0..=MAX_VALUE)?;
        taggable(&member("key"), key, '+')?;
        taggable(&member("value"), value, '*')?;
        if key.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("aws:")) {
            return Err(invalid("Tag keys that begin with aws: are reserved for AWS."));
        }
        if tags.values.keys().any(|known| same(known, key)) {
            return Err(invalid("Duplicate tag keys found. Please note that Tag keys are case insensitive."));
        }
        tags.values.insert(key.to_owned(), value.to_owned());
    }
    let transitive = params.list("TransitiveTagKeys.member", "");
    if transitive.len() > MAX_TAGS {
        return Err(too_many("transitiveTagKeys"));
    }
    for wanted in transitive {
        let key = tags.values.keys().find(|key| same(key, wanted)).ok_or_else(|| {
            invalid("The specified transitive tag key must be included in the requested tags.")
        })?;
        tags.transitive.insert(key.clone());
    }
    Ok(tags)
}

/// `SourceIdentity`.
pub(super) fn source_identity(params: &Params) -> Result<Option<&str>, Fault> {
    let identity = params.get("SourceIdentity");
    if let Some(identity) = identity {
        length("sourceIdentity", identity, 2..=64)?;
        pattern("sourceIdentity", identity, "_+=,.@-", r"[\w+=,.@-]*")?;
    }
    Ok(identity)
}

/// The tags that `caller` hands on to a session that it opens.
pub(super) fn inherited(caller: &Caller) -> SessionTags {
    match &caller.identity {
        Identity::Session(session) => session.tags.handed_on(),
        _ => SessionTags::default(),
    }
}

/// What a session gets: the tags asked for and those handed on, none of which can be replaced.
pub(super) fn joined(asked: &SessionTags, inherited: SessionTags) -> Result<SessionTags, Fault> {
    let taken = |key: &String| inherited.values.keys().any(|known| same(known, key));
    if asked.values.keys().any(taken) {
        return Err(invalid(
            "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the \
             calling session.",
        ));
    }
    let mut tags = inherited;
    tags.values.extend(asked.values.clone());
    tags.transitive.extend(asked.transitive.clone());
    Ok(tags)
}

/// A question with the condition keys of tags that are being passed.
pub(super) fn with_tags(mut question: Question, tags: &SessionTags) -> Question {
    for (key, value) in &tags.values {
        question = question.with(format!("aws:RequestTag/{key}"), value.clone());
    }
    if !tags.values.is_empty() {
        question.context.set("aws:TagKeys", tags.values.keys().cloned());
    }
    if !tags.transitive.is_empty() {
        question.context.set("sts:TransitiveTagKeys", tags.transitive.iter().cloned());
    }
    question
}

fn same(left: &str, right: &str) -> bool {
    left.to_lowercase() == right.to_lowercase()
}

/// Letters, digits, spaces and `_.:/=+-@`.
fn taggable(name: &str, value: &str, repeated: char) -> Result<(), Fault> {
    let allowed = |char: char| {
        char.is_alphanumeric() || "_.:/=+-@".contains(char) || (char.is_whitespace() && !char.is_control())
    };
    if value.chars().all(allowed) {
        return Ok(());
    }
    let expression = format!(r"[\p{{L}}\p{{Z}}\p{{N}}_.:/=+\-@]{repeated}");
    Err(constraint(name, value, &format!("satisfy regular expression pattern: {expression}")))
}

fn invalid(message: &str) -> Fault {
    Fault::refused(400, "InvalidParameterValue", message)
}

fn missing(member: &str) -> Fault {
    Fault::validation(format!(
        "1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"
    ))
}

fn too_many(member: &str) -> Fault {
    Fault::validation(format!(
        "1 validation error detected: Value at '{member}' failed to satisfy constraint: Member must have length less than or \
         equal to {MAX_TAGS}"
    ))
}

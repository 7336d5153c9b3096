//! S3's checks of bucket policies (`aws-semantics.md` §3). Unlike IAM, S3 checks that actions exist and go with the
//! resources of their statement. Condition values are not checked.

use super::s3_names::{BUCKET_ACTIONS, CONDITION_KEYS, OBJECT_ACTIONS};
use super::{Rejection, demand_principals, grammar, invalid_principal, reject};
use crate::document::{Document, ParseErrorKind, Statement};
use crate::lint::catalog::catalog;
use crate::pattern::{Pattern, Syntax};
use serde_json::Value;

const CODE: &str = "MalformedPolicy";

/// Bytes of a bucket policy without insignificant white space.
const MOST_BYTES: usize = 20_480;

pub(super) fn bucket(json: &str, bucket: &str) -> Result<Document, Rejection> {
    let not_json = || reject(CODE, "Policies must be valid JSON and the first byte must be '{'");
    if !json.starts_with('{') {
        return Err(not_json());
    }
    let document = Document::parse(json).map_err(|error| match error.kind() {
        ParseErrorKind::NotJson { .. } | ParseErrorKind::WrongType { .. } => not_json(),
        _ => reject(CODE, grammar(&error)),
    })?;
    demand_principals(CODE, &document)?;
    for statement in document.statements() {
        check(statement, bucket)?;
    }
    if document.source().to_string().len() > MOST_BYTES {
        let message =
            format!("Normalized policy document exceeds the maximum allowed size of {MOST_BYTES} bytes");
        return Err(reject(CODE, message));
    }
    Ok(document)
}

fn check(statement: &Statement, bucket: &str) -> Result<(), Rejection> {
    let source = statement.source();
    if statement.principal.as_ref().and_then(invalid_principal).is_some() {
        return Err(reject(CODE, "Invalid principal in policy"));
    }
    let Some(resources) = source.get("Resource").or_else(|| source.get("NotResource")) else {
        return Err(reject(CODE, "Missing required field Resource"));
    };
    let mut covers = Covers::default();
    for resource in texts(resources) {
        let Some(covered) = Covers::of(resource, bucket) else {
            return Err(reject(CODE, "Policy has invalid resource"));
        };
        covers.bucket |= covered.bucket;
        covers.objects |= covered.objects;
    }
    let goes_with_resources = source.get("Action").is_some() && source.get("Resource").is_some();
    for action in source.get("Action").or_else(|| source.get("NotAction")).into_iter().flat_map(texts) {
        let Some(needed) = Covers::needed_by(action) else {
            return Err(reject(CODE, "Policy has invalid action"));
        };
        if goes_with_resources && !(needed.bucket && covers.bucket || needed.objects && covers.objects) {
            return Err(reject(CODE, "Action does not apply to any resource(s) in statement"));
        }
    }
    if statement.conditions.iter().any(|condition| !is_condition_key(condition.key())) {
        return Err(reject(CODE, "Policy has an invalid condition key"));
    }
    if misfit(statement).is_some() {
        return Err(reject(
            CODE,
            "Conditions do not apply to combination of actions and resources in statement",
        ));
    }
    Ok(())
}

/// Keys that every signed request has. The reference leaves some of them out at some actions.
const KEYS_OF_ALL_ACTIONS: [&str; 6] = [
    "s3:ResourceAccount",
    "s3:TlsVersion",
    "s3:authType",
    "s3:signatureAge",
    "s3:signatureversion",
    "s3:x-amz-content-sha256",
];

/// A condition key of S3 that an action of its statement does not carry, by the Service Authorization Reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Misfit<'s> {
    pub(crate) operator: &'s str,
    pub(crate) key: &'s str,
    pub(crate) action: &'s str,
}

/// The first condition S3 refuses for one of the statement's actions: one that does not fit is enough. A pattern of actions
/// fits when one of those it takes in does, as nothing says how S3 reads them; `NotAction` and global keys always fit.
pub(crate) fn misfit(statement: &Statement) -> Option<Misfit<'_>> {
    let actions = statement.source().get("Action")?;
    let mut keys = statement.conditions.iter().map(|condition| (condition.operator(), condition.key()));
    keys.find_map(|(operator, key)| {
        let is_of_s3 = key.get(..3).is_some_and(|prefix| prefix.eq_ignore_ascii_case("s3:"));
        if !is_of_s3 || KEYS_OF_ALL_ACTIONS.iter().any(|known| known.eq_ignore_ascii_case(key)) {
            return None;
        }
        let action = texts(actions).find(|action| !carries(action, key))?;
        Some(Misfit { operator, key, action })
    })
}

/// Whether an action, or one of those a pattern takes in, carries a key. What the reference does not know carries all.
fn carries(action: &str, key: &str) -> bool {
    let Some((_, s3)) = catalog().service("s3") else { return true };
    let pattern = Pattern::compile(action, Syntax::Wildcards, false).ignoring_case();
    let mut taken_in = s3
        .actions("*")
        .into_iter()
        .filter(|known| pattern.matches(&format!("s3:{}", known.name), &|_| None))
        .peekable();
    taken_in.peek().is_none() || taken_in.any(|known| known.has_key(key))
}

/// The kinds of resource something is about.
#[derive(Clone, Copy, Debug, Default)]
struct Covers {
    bucket: bool,
    objects: bool,
}

impl Covers {
    /// What a `Resource` takes in of `bucket`; `None` when it is not within this bucket.
    fn of(resource: &str, bucket: &str) -> Option<Self> {
        let bucket_arn = format!("arn:aws:s3:::{bucket}");
        let objects = format!("{bucket_arn}/");
        if resource.starts_with(&objects) {
            return Some(Self { bucket: false, objects: true });
        }
        if resource == "*" || !resource.starts_with("arn:aws:s3:::") {
            return None;
        }
        let fixed = resource.find('*').and_then(|star| resource.get(..star));
        let covers = Self {
            bucket: Pattern::compile(resource, Syntax::Resource, false).matches(&bucket_arn, &|_| None),
            objects: fixed.is_some_and(|fixed| objects.starts_with(fixed)),
        };
        (covers.bucket || covers.objects).then_some(covers)
    }

    /// What the actions that `action` takes in are about; `None` when it takes in none that a bucket policy can hold.
    fn needed_by(action: &str) -> Option<Self> {
        let pattern = Pattern::compile(action, Syntax::Wildcards, false).ignoring_case();
        let any = |names: &[&str]| names.iter().any(|name| pattern.matches(&format!("s3:{name}"), &|_| None));
        let needed = Self { bucket: any(&BUCKET_ACTIONS), objects: any(&OBJECT_ACTIONS) };
        (needed.bucket || needed.objects).then_some(needed)
    }
}

/// Global keys are taken as they come; S3's own must exist.
fn is_condition_key(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    if key.starts_with("aws:") {
        return true;
    }
    CONDITION_KEYS.iter().any(|known| {
        let known = known.to_ascii_lowercase();
        if known.ends_with('/') { key.len() > known.len() && key.starts_with(&known) } else { key == known }
    })
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    let list = match value {
        Value::Array(list) => list.as_slice(),
        single => std::slice::from_ref(single),
    };
    list.iter().filter_map(Value::as_str)
}

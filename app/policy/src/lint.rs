//! What is wrong with a policy document: what its service refuses, and what it accepts although it does not do what it says.
//!
//! ```
//! use policy::lint::{Kind, Severity, lint};
//!
//! let findings = lint(
//!     r#"{"Version": "2012-10-17", "Statement": [
//!         {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::demo"}]}"#,
//!     Kind::Identity,
//! );
//! assert_eq!(findings[0].code, "statement-never-matches");
//! assert_eq!((findings[0].severity, findings[0].line), (Severity::Warning, 2));
//! ```

mod actions;
mod allows;
mod arns;
pub(crate) mod catalog;
mod conditions;
mod denies;
pub(crate) mod glob;
mod key;
mod pairs;
mod rejected;
pub(crate) mod spans;
pub(crate) mod view;
mod whole;

use std::ops::Range;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::document::Document;
use spans::Spans;
use view::View;

/// What a document is attached to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A user, group or role: managed or inline.
    Identity,
    /// An S3 bucket.
    Bucket,
    /// A KMS key.
    Key,
    /// A role, as its trust policy.
    Trust,
}

impl Kind {
    /// All there are.
    pub const ALL: [Self; 4] = [Self::Identity, Self::Bucket, Self::Key, Self::Trust];

    /// The word for it on a command line and in a form.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Bucket => "bucket",
            Self::Key => "key",
            Self::Trust => "trust",
        }
    }

    /// The kind of that word; `None` if there is none.
    pub fn from_name(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == word)
    }

    /// What a document most likely is, by what it names; `Identity` when nothing tells.
    pub fn guess(json: &str) -> Self {
        let Ok(document) = Document::parse(json) else { return Self::Identity };
        let has_principals = document.statements().iter().any(|statement| statement.principal.is_some());
        let views = View::all(&document);
        let mut actions = views.iter().flat_map(View::actions).map(|(_, action)| action.to_ascii_lowercase());
        match () {
            () if !has_principals => Self::Identity,
            () if actions.by_ref().any(|action| action.starts_with("sts:")) => Self::Trust,
            () if views.iter().flat_map(View::actions).any(|(_, action)| action.starts_with("kms:")) => {
                Self::Key
            }
            () => Self::Bucket,
        }
    }
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The service refuses the document.
    Error,
    /// The service accepts it, but it does not do what it says, or more than it seems to.
    Warning,
    /// Worth knowing.
    Note,
}

impl Severity {
    /// The word for it in a list of findings.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The rule's name; stable.
    pub code: String,
    /// A JSON pointer (RFC 6901) to the place.
    pub pointer: String,
    /// Its line, from 1.
    pub line: usize,
    /// Its column in characters, from 1.
    pub column: usize,
    /// What is wrong and what comes of it. For what a service refuses: the service's error code and own words.
    pub message: String,
    /// What would mend it, where that is clear.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<Fix>,
}

/// A change of the document's text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fix {
    /// What it does, as an order: `Remove the space`.
    pub title: String,
    /// The edits, in the order of the text, none overlapping another.
    pub edits: Vec<Edit>,
}

/// Bytes of the text to be replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
    /// What stands there instead.
    pub text: String,
}

impl Fix {
    /// The text with this change made. A text the fix was not made for is given back as it is where an edit does not fit.
    ///
    /// ```
    /// use policy::lint::{Kind, lint};
    ///
    /// let text = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:Decrpyt", "Resource": "*"}]}"#;
    /// let fix = lint(text, Kind::Identity)[0].fix.clone().expect("one action is near");
    /// assert_eq!(fix.title, "Write kms:Decrypt");
    /// assert_eq!(fix.apply(text), text.replace("Decrpyt", "Decrypt"));
    /// ```
    pub fn apply(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for edit in self.edits.iter().rev() {
            if text.get(edit.start..edit.end).is_some() {
                text.replace_range(edit.start..edit.end, &edit.text);
            }
        }
        text
    }
}

/// Looks a document over. Findings come in the order of the text, the worse first where they are in one place.
pub fn lint(json: &str, kind: Kind) -> Vec<Finding> {
    let mut drafts = Vec::new();
    rejected::check(json, kind, &mut drafts);
    if let Ok(document) = Document::parse(json) {
        let policy = Policy { kind, document: &document, views: View::all(&document) };
        for rules in [
            actions::check,
            arns::check,
            pairs::check,
            conditions::check,
            denies::check,
            allows::check,
            key::check,
        ] {
            rules(&policy, &mut drafts);
        }
    }
    let spans = Spans::new(json);
    whole::check(json, kind, &spans, &mut drafts);
    let mut findings: Vec<_> = drafts.into_iter().map(|draft| draft.placed(&spans)).collect();
    findings.sort_by_key(|(place, finding)| (place.start, finding.severity));
    findings.into_iter().map(|(_, finding)| finding).collect()
}

/// A document under inspection.
struct Policy<'d> {
    kind: Kind,
    document: &'d Document,
    views: Vec<View<'d>>,
}

/// A finding before its place is looked up.
#[derive(Debug)]
struct Draft {
    severity: Severity,
    code: &'static str,
    pointer: String,
    message: String,
    fix: Option<(String, Vec<Change>)>,
}

/// A change to the document, by place.
#[derive(Clone, Debug)]
enum Change {
    /// The value becomes another.
    Replace(String, Value),
    /// An item of a list goes.
    Remove(String),
    /// Values come after the last of a list, or of a single value that counts as one.
    Append(String, Vec<Value>),
    /// A member comes before the others of the object.
    Prepend(String, &'static str, Value),
}

impl Draft {
    fn new(
        severity: Severity,
        code: &'static str,
        pointer: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self { severity, code, pointer: pointer.into(), message: message.into(), fix: None }
    }

    fn mended_by(mut self, title: impl Into<String>, changes: impl Into<Vec<Change>>) -> Self {
        self.fix = Some((title.into(), changes.into()));
        self
    }

    fn placed(self, spans: &Spans<'_>) -> (Range<usize>, Finding) {
        let place = spans.of(&self.pointer);
        let (line, column) = spans.position(place.start);
        let fix = self.fix.map(|(title, changes)| {
            let mut edits: Vec<_> = changes.into_iter().map(|change| change.edit(spans)).collect();
            edits.sort_by_key(|edit| edit.start);
            Fix { title, edits }
        });
        let finding = Finding {
            severity: self.severity,
            code: self.code.to_owned(),
            pointer: self.pointer,
            line,
            column,
            message: self.message,
            fix,
        };
        (place, finding)
    }
}

impl Change {
    fn edit(self, spans: &Spans<'_>) -> Edit {
        match self {
            Self::Replace(pointer, value) => {
                let Range { start, end } = spans.of(&pointer);
                Edit { start, end, text: value.to_string() }
            }
            Self::Remove(pointer) => {
                let Range { start, end } = spans.without(&pointer);
                Edit { start, end, text: String::new() }
            }
            Self::Append(pointer, values) => {
                let place = spans.of(&pointer);
                let value = values.iter().map(Value::to_string).collect::<Vec<_>>().join(", ");
                match spans.last_item(&pointer) {
                    Some(last) => Edit { start: last.end, end: last.end, text: format!(", {value}") },
                    // A single value becomes a list; the brackets go around it in one edit.
                    None => Edit {
                        start: place.start,
                        end: place.end,
                        text: format!("[{}, {value}]", spans.text(place.clone())),
                    },
                }
            }
            Self::Prepend(pointer, name, value) => {
                let start = spans.of(&pointer).start + 1;
                Edit { start, end: start, text: format!("\"{name}\": {value}, ") }
            }
        }
    }
}

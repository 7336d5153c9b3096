//! Policy documents, parsed and compiled in one step. What a service rejects on top of the grammar is in `validate`.

mod element;
mod error;
mod node;
mod parse;
mod principals;

pub(crate) use element::{ActionElement, ResourceElement};
pub use error::{ParseError, ParseErrorKind};
pub use principals::Reach;
pub(crate) use principals::{NamedPrincipal, PrincipalElement};

use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::condition::Condition;
use crate::lint::spans::Spans;

/// The policy language a document is written in (`Version`). Variables are expanded only in the newer one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// `2008-10-17`, also meant when the element is absent.
    #[default]
    V2008,
    /// `2012-10-17`.
    V2012,
}

/// What a statement does when it applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Effect {
    /// Allows the request, unless something denies it.
    Allow,
    /// Denies the request, whatever allows it.
    Deny,
}

/// A policy document, compiled: evaluation borrows it and neither parses nor allocates.
#[derive(Clone, Debug)]
pub struct Document {
    pub(crate) version: Version,
    pub(crate) id: Option<String>,
    pub(crate) statements: Vec<Statement>,
    pub(crate) source: Arc<Source>,
}

/// One statement of a [`Document`].
#[derive(Clone, Debug)]
pub struct Statement {
    pub(crate) index: usize,
    pub(crate) sid: Option<String>,
    pub(crate) effect: Effect,
    pub(crate) principal: Option<PrincipalElement>,
    pub(crate) action: Option<ActionElement>,
    pub(crate) resource: Option<ResourceElement>,
    pub(crate) conditions: Vec<Condition>,
    pub(crate) source: Arc<Source>,
}

/// The text a document was compiled from, and the JSON it is once someone asks.
#[derive(Debug)]
pub(crate) struct Source {
    text: Box<str>,
    json: OnceLock<Value>,
}

impl Source {
    fn new(text: &str) -> Self {
        Self { text: text.into(), json: OnceLock::new() }
    }

    fn json(&self) -> &Value {
        // The text was parsed before.
        self.json.get_or_init(|| serde_json::from_str(&self.text).unwrap_or_default())
    }
}

impl Document {
    /// Parses and compiles a document by the grammar all services share (IAM User Guide, `reference_policies_grammar`).
    ///
    /// ```
    /// use policy::{Document, Effect};
    ///
    /// let document = Document::parse(r#"{"Statement": {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}}"#)?;
    /// assert_eq!(document.statements()[0].effect(), Effect::Deny);
    ///
    /// let error = Document::parse(r#"{"Statement": [{"Effect": "Denied"}]}"#).expect_err("no such effect");
    /// assert_eq!(error.pointer(), "/Statement/0/Effect");
    /// # Ok::<(), policy::ParseError>(())
    /// ```
    ///
    /// # Errors
    /// When the text is not JSON, an element is unknown, missing or of the wrong type, or a condition operator does not
    /// exist. The error holds a JSON pointer to the place.
    pub fn parse(json: &str) -> Result<Document, ParseError> {
        parse::document(json)
    }

    /// A document that says nothing: what stands in for one that is gone.
    ///
    /// ```
    /// assert!(policy::Document::nothing().statements().is_empty());
    /// ```
    pub fn nothing() -> Document {
        let source = Arc::new(Source::new(r#"{"Version":"2012-10-17","Statement":[]}"#));
        Document { version: Version::V2012, id: None, statements: Vec::new(), source }
    }

    /// The language version.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The `Id` element.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The statements, in order. A single statement object counts as a list of one.
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// The document as JSON, keys in their order.
    pub fn source(&self) -> &Value {
        self.source.json()
    }

    /// The text it was parsed from.
    pub fn text(&self) -> &str {
        &self.source.text
    }
}

impl std::str::FromStr for Document {
    type Err = ParseError;

    fn from_str(json: &str) -> Result<Self, ParseError> {
        Self::parse(json)
    }
}

impl Statement {
    /// The place among the document's statements, from 0.
    pub fn index(&self) -> usize {
        self.index
    }

    /// The `Sid` element.
    pub fn sid(&self) -> Option<&str> {
        self.sid.as_deref()
    }

    /// `Allow` or `Deny`.
    pub fn effect(&self) -> Effect {
        self.effect
    }

    /// Where the statement begins and ends in the document's text: line and column in characters, both from 1; the end is
    /// behind its last character.
    ///
    /// ```
    /// let text = "{\"Statement\": [\n  {\"Effect\": \"Deny\", \"Action\": \"*\", \"Resource\": \"*\"}]}";
    /// let document = policy::Document::parse(text)?;
    /// assert_eq!(document.statements()[0].place(), ((2, 3), (2, 53)));
    /// # Ok::<(), policy::ParseError>(())
    /// ```
    pub fn place(&self) -> ((usize, usize), (usize, usize)) {
        let spans = Spans::new(&self.source.text);
        let is_list = self.source.json().get("Statement").is_some_and(Value::is_array);
        let pointer = if is_list { format!("/Statement/{}", self.index) } else { "/Statement".to_owned() };
        let range = spans.of(&pointer);
        (spans.position(range.start), spans.position(range.end))
    }

    /// The statement as JSON, keys in their order.
    pub fn source(&self) -> &Value {
        const NONE: &Value = &Value::Null;
        match self.source.json().get("Statement") {
            Some(Value::Array(statements)) => statements.get(self.index).unwrap_or(NONE),
            Some(single) => single,
            None => NONE,
        }
    }
}

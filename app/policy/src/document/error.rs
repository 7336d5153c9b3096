//! Why a policy document cannot be read.

/// A place in a document and what is wrong there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}{}", at(.pointer))]
pub struct ParseError {
    pointer: String,
    #[source]
    kind: ParseErrorKind,
}

/// What is wrong with a document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseErrorKind {
    /// Not JSON at all.
    #[error("the policy is not valid JSON at line {line}, column {column}")]
    NotJson {
        /// Line, from 1.
        line: usize,
        /// Column, from 1; 0 when the text ends before the line begins.
        column: usize,
    },
    /// A required element is absent.
    #[error("the element `{0}` is missing")]
    MissingField(&'static str),
    /// An element the grammar does not know.
    #[error("the element `{0}` is not part of the policy language")]
    UnknownField(String),
    /// An element of the wrong JSON type.
    #[error("the value must be {expected}")]
    WrongType {
        /// What it must be, with its article.
        expected: &'static str,
    },
    /// A value outside the element's choices.
    #[error("`{value}` is not one of {expected}")]
    InvalidValue {
        /// What the document says.
        value: String,
        /// The choices.
        expected: &'static str,
    },
    /// Two elements that exclude each other.
    #[error("`{0}` and `{1}` cannot stand in one statement")]
    Conflict(&'static str, &'static str),
    /// A condition operator that does not exist.
    #[error("`{0}` is not a condition operator")]
    UnknownOperator(String),
    /// A text as `Principal` other than `*`.
    #[error("`{0}` cannot stand as a principal by itself")]
    InvalidPrincipal(String),
}

impl ParseError {
    pub(crate) fn new(pointer: impl Into<String>, kind: ParseErrorKind) -> Self {
        Self { pointer: pointer.into(), kind }
    }

    /// A JSON pointer (RFC 6901) to the place; empty for the whole document.
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// What is wrong.
    pub fn kind(&self) -> &ParseErrorKind {
        &self.kind
    }
}

fn at(pointer: &str) -> String {
    if pointer.is_empty() { String::new() } else { format!(" (at `{pointer}`)") }
}

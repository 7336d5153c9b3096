//! A call as it went over the wire.

use serde::{Deserialize, Serialize};

/// Request and answer of one call, and what CloudTrail recorded of it. Nothing in it is secret: what proves an identity is left
/// out where it is noted, and bodies are not kept.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Wire {
    /// The AWS CLI command that makes the same request, with placeholders for what is secret or bytes; `None` for calls made
    /// before commands were kept.
    pub command: Option<String>,
    /// HTTP method, path and query.
    pub request_line: String,
    /// Names and values.
    pub request_headers: Vec<(String, String)>,
    /// HTTP status; 0 when no answer came.
    pub status: u16,
    /// Names and values.
    pub answer_headers: Vec<(String, String)>,
    /// CloudTrail's records, as JSON: of the call, and of those that one service made to another for it. None when they are not
    /// kept any more, and of an AWS that tells them minutes later.
    pub events: Vec<serde_json::Value>,
}

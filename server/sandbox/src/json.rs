//! JSON 1.1 over HTTP, as KMS and CloudTrail speak it: inputs in JSON, bodies with `__type` and `message` on errors, and the
//! request id in a header.

use http::{HeaderValue, Response, StatusCode, header};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::Body;
use crate::request::{Refusal, RequestMeta};

const CONTENT_TYPE: HeaderValue = HeaderValue::from_static("application/x-amz-json-1.1");

/// An error answer with AWS's code and message.
pub(crate) fn error(meta: &RequestMeta, status: u16, code: &str, message: &str) -> Response<Body> {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = respond(meta, status, json!({ "__type": code, "message": message }).to_string());
    response.extensions_mut().insert(Refusal::new(code, message));
    response
}

/// Reads an input. Members that AWS does not know are ignored, as AWS does.
///
/// # Errors
/// Code and message: `SerializationException` when it is not JSON or a member has the wrong type, `ValidationException` when a
/// required member is missing.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, (&'static str, String)> {
    let malformed = || ("SerializationException", String::new());
    let body = if body.is_empty() { b"{}" } else { body };
    // A list would be read as the members in their order.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(malformed());
    }
    serde_json::from_slice(body).map_err(|error| {
        let text = error.to_string();
        match text.strip_prefix("missing field `").and_then(|rest| rest.split_once('`')) {
            Some((member, _)) => (
                "ValidationException",
                format!(
                    "1 validation error detected: Value null at '{}' failed to satisfy constraint: Member must not be null",
                    crate::query::parameter(member)
                ),
            ),
            None => malformed(),
        }
    })
}

/// A success answer; operations without output answer an empty body.
pub(crate) fn success(meta: &RequestMeta, value: &Value) -> Response<Body> {
    let body = if value.is_null() { String::new() } else { value.to_string() };
    respond(meta, StatusCode::OK, body)
}

fn respond(meta: &RequestMeta, status: StatusCode, body: String) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, CONTENT_TYPE);
    if let Ok(id) = HeaderValue::from_str(&meta.id) {
        headers.insert("x-amzn-requestid", id);
    }
    response
}

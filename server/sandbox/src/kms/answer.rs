//! How KMS answers: JSON 1.1 bodies with `__type` and `message` on errors, and the request id in a header.

use http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};

use super::KmsError;
use crate::Body;
use crate::request::RequestMeta;

const CONTENT_TYPE: HeaderValue = HeaderValue::from_static("application/x-amz-json-1.1");

/// An error answer with AWS's code and message.
pub(crate) fn error(meta: &RequestMeta, status: u16, code: &str, message: &str) -> Response<Body> {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    respond(meta, status, json!({ "__type": code, "message": message }).to_string())
}

pub(super) fn failure(meta: &RequestMeta, failure: &KmsError) -> Response<Body> {
    if let Some(cause) = failure.cause() {
        tracing::error!(request_id = %meta.id, cause, "a KMS request failed");
    }
    error(meta, failure.status(), failure.code(), failure.message())
}

/// A success answer; operations without output answer an empty body.
pub(super) fn success(meta: &RequestMeta, value: &Value) -> Response<Body> {
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

//! How S3 answers: request ids on every answer, and errors with all the fields that S3's have and `s3s` leaves out.

use http::{HeaderValue, Method, Response, StatusCode, header};
use quick_xml::Reader;
use quick_xml::escape::escape;
use quick_xml::events::Event;

use super::blocked_types::{self, BlocksCustomerKeys};
use super::failure;
use crate::Body;
use crate::request::RequestMeta;

/// What an error tells in its headers: that a delete marker is in the way, and which.
const KEPT_OF_ERRORS: [&str; 3] = ["x-amz-delete-marker", "x-amz-version-id", "connection"];

/// An error answer with S3's code and message, and what else it says by the names of its elements. `resource` is the path that
/// was asked for, decoded.
pub(super) fn error(
    meta: &RequestMeta,
    (status, code, message): (u16, &str, &str),
    fields: &[(impl AsRef<str>, String)],
    resource: &str,
) -> Response<Body> {
    let given: String = fields
        .iter()
        .map(|(name, value)| (name.as_ref(), escape(value)))
        .map(|(name, value)| format!("<{name}>{value}</{name}>"))
        .collect();
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{}</Code><Message>{}</Message>{given}{}<Resource>{}\
         </Resource><RequestId>{}</RequestId><HostId>{}</HostId></Error>",
        escape(code),
        escape(message),
        named(code, resource),
        escape(resource),
        escape(&meta.id),
        escape(&meta.host_id),
    );
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    identify(meta, &mut response);
    response
}

/// The fields by which S3 names what is missing.
fn named(code: &str, resource: &str) -> String {
    let path = resource.trim_start_matches('/');
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    match code {
        "NoSuchBucket"
        | "NoSuchBucketPolicy"
        | "BucketNotEmpty"
        | "BucketAlreadyExists"
        | "BucketAlreadyOwnedByYou"
        | "InvalidBucketName"
        | "NoSuchPublicAccessBlockConfiguration"
        | "OwnershipControlsNotFoundError"
        | "NoSuchCORSConfiguration"
        | "NoSuchLifecycleConfiguration"
        | "NoSuchWebsiteConfiguration"
        | "ReplicationConfigurationNotFoundError"
        | "ObjectLockConfigurationNotFoundError"
        | "NoSuchTagSet" => {
            format!("<BucketName>{}</BucketName>", escape(bucket))
        }
        "NoSuchKey" | "NoSuchVersion" => format!("<Key>{}</Key>", escape(key)),
        _ => String::new(),
    }
}

fn identify(meta: &RequestMeta, response: &mut Response<Body>) {
    let ids = [("x-amz-request-id", &meta.id), ("x-amz-id-2", &meta.host_id)];
    for (name, id) in ids {
        if let Ok(id) = HeaderValue::from_str(id) {
            response.headers_mut().insert(name, id);
        }
    }
}

/// Whether a client waits for a word before it sends the body (RFC 9110, section 10.1.1).
pub(super) fn waits(headers: &http::HeaderMap) -> bool {
    headers.get(header::EXPECT).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"))
}

/// Ends the connection with this answer. A client that waited and was refused may take what comes next for the answer to the body
/// that it did not send, as botocore does.
pub(super) fn close(response: &mut Response<Body>) {
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
}

/// What an answer must know of its request.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    method: Method,
    /// Whether the client waits for a word before it sends the body.
    waits: bool,
    /// Decoded path.
    pub(super) resource: String,
}

impl Asked {
    pub(super) fn of(request: &http::Request<Body>) -> Self {
        let path = request.uri().path();
        let resource = percent_encoding::percent_decode_str(path).decode_utf8_lossy().into_owned();
        Self { method: request.method().clone(), waits: waits(request.headers()), resource }
    }

    /// Completes an answer of `s3s`.
    pub(super) fn finish(&self, meta: &RequestMeta, mut response: Response<Body>) -> Response<Body> {
        let status = response.status();
        if self.waits && !status.is_success() {
            close(&mut response);
        }
        if status == StatusCode::NOT_MODIFIED || (self.method == Method::HEAD && !status.is_success()) {
            *response.body_mut() = Body::empty();
            response.headers_mut().remove(header::CONTENT_LENGTH);
        } else if status.is_client_error() || status.is_server_error() {
            let (code, message) = code_and_message(response.body());
            let message = failure::message(&code, message);
            let mut fields = failure::fields_of(response.headers());
            if code == "MethodNotAllowed" {
                fields.push(("Method".to_owned(), self.method.to_string()));
            }
            let mut answer = error(meta, (status.as_u16(), &code, &message), &fields, &self.resource);
            for name in KEPT_OF_ERRORS {
                if let Some(value) = response.headers_mut().remove(name) {
                    answer.headers_mut().insert(name, value);
                }
            }
            return answer;
        }
        if let Some(blocks) = response.extensions().get::<BlocksCustomerKeys>().copied() {
            let document = response.body().bytes().unwrap_or_default();
            let document = blocked_types::give(&String::from_utf8_lossy(&document), blocks);
            response.headers_mut().remove(header::CONTENT_LENGTH);
            *response.body_mut() = Body::from(document);
        }
        identify(meta, &mut response);
        response
    }
}

/// `Code` and `Message` of an error body.
fn code_and_message(body: &Body) -> (String, Option<String>) {
    let bytes = body.bytes().unwrap_or_default();
    let mut reader = Reader::from_str(std::str::from_utf8(&bytes).unwrap_or_default());
    let (mut within, mut code, mut message) = (String::new(), String::new(), None::<String>);
    loop {
        let text = match reader.read_event() {
            Ok(Event::Start(start)) => {
                start.name().as_ref().clone_into(&mut within);
                continue;
            }
            Ok(Event::Text(text)) => text.to_string(),
            Ok(Event::GeneralRef(entity)) => resolve(&entity),
            Ok(Event::Eof) | Err(_) => break,
            Ok(_) => continue,
        };
        match within.as_str() {
            "Code" => code.push_str(&text),
            "Message" => message.get_or_insert_default().push_str(&text),
            _ => {}
        }
    }
    if code.is_empty() {
        code.push_str("InternalError");
    }
    (code, message)
}

fn resolve(entity: &quick_xml::events::BytesRef<'_>) -> String {
    match entity.resolve_char_ref() {
        Ok(Some(character)) => character.to_string(),
        _ => quick_xml::escape::resolve_predefined_entity(entity).unwrap_or_default().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_bodies_of_s3s_are_read_whole_with_their_escapes() {
        let body = Body::from(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>AccessDenied</Code>\
             <Message>on resource: &quot;a&amp;b&quot; &#x41;</Message></Error>"
                .to_owned(),
        );
        let (code, message) = code_and_message(&body);
        assert_eq!(code, "AccessDenied");
        assert_eq!(message.as_deref(), Some("on resource: \"a&b\" A"));
    }

    #[test]
    fn a_body_that_is_no_error_is_an_internal_error() {
        assert_eq!(code_and_message(&Body::empty()), ("InternalError".to_owned(), None));
    }
}

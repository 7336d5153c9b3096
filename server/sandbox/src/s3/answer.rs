//! How S3 answers: request ids on every answer, and errors with all the fields that S3's have and `s3s` leaves out.

use http::{HeaderValue, Method, Response, StatusCode, header};
use quick_xml::Reader;
use quick_xml::escape::{escape, partial_escape};
use quick_xml::events::Event;

use super::failure;
use crate::Body;
use crate::fidelity::Fidelity;
use crate::request::RequestMeta;

/// What an error tells in its headers: that a delete marker is in the way, and which.
const KEPT_OF_ERRORS: [&str; 2] = ["x-amz-delete-marker", "x-amz-version-id"];

/// An error answer with S3's code and message. `resource` is the path that was asked for, decoded.
pub(crate) fn error(
    meta: &RequestMeta,
    status: u16,
    code: &str,
    message: &str,
    resource: &str,
) -> Response<Body> {
    written(meta, status, (code, &escape(message)), resource)
}

/// The same with a message that is escaped already.
fn written(meta: &RequestMeta, status: u16, (code, message): (&str, &str), resource: &str) -> Response<Body> {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{}</Code><Message>{}</Message>{}<Resource>{}</Resource>\
         <RequestId>{}</RequestId><HostId>{}</HostId></Error>",
        escape(code),
        message,
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
        | "NoSuchPublicAccessBlockConfiguration" => {
            format!("<BucketName>{}</BucketName>", escape(bucket))
        }
        "NoSuchKey" => format!("<Key>{}</Key>", escape(key)),
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

/// What an answer must know of its request.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    head: bool,
    escapes_quotes: bool,
    /// Decoded path.
    pub(super) resource: String,
}

impl Asked {
    pub(super) fn of(request: &http::Request<Body>, fidelity: &Fidelity) -> Self {
        let path = request.uri().path();
        let resource = percent_encoding::percent_decode_str(path).decode_utf8_lossy().into_owned();
        Self { head: request.method() == Method::HEAD, escapes_quotes: fidelity.s3_escapes_quotes, resource }
    }

    /// Completes an answer of `s3s`.
    pub(super) fn finish(&self, meta: &RequestMeta, mut response: Response<Body>) -> Response<Body> {
        let status = response.status();
        if status == StatusCode::NOT_MODIFIED || (self.head && !status.is_success()) {
            *response.body_mut() = Body::empty();
            response.headers_mut().remove(header::CONTENT_LENGTH);
        } else if status.is_client_error() || status.is_server_error() {
            let (code, message) = code_and_message(response.body());
            let message = failure::message(&code, message);
            let message = match self.escapes_quotes {
                true => escape(&message),
                false => partial_escape(&message),
            };
            let mut answer = written(meta, status.as_u16(), (&code, &message), &self.resource);
            for name in KEPT_OF_ERRORS {
                if let Some(value) = response.headers_mut().remove(name) {
                    answer.headers_mut().insert(name, value);
                }
            }
            return answer;
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

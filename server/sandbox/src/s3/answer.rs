//! How S3 answers: request ids on every answer, and errors with all the fields that S3's have and `s3s` leaves out.

use std::borrow::Cow;

use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use quick_xml::Reader;
use quick_xml::escape::{escape, partial_escape};
use quick_xml::events::Event;

use super::blocked_types::{self, BlocksCustomerKeys};
use super::failure;
use crate::Body;
use crate::fidelity::Fidelity;
use crate::request::{Refusal, RequestMeta};

/// XML namespace of S3's answers.
const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";

/// What an error tells in its headers: that a delete marker is in the way, and which.
const KEPT_OF_ERRORS: [&str; 2] = ["x-amz-delete-marker", "x-amz-version-id"];

/// Fields of an error beside those that all have, by name.
pub(crate) type Fields = Vec<(Cow<'static, str>, String)>;

/// An error answer with S3's code and message. `resource` is the path that was asked for, decoded; `fields` are what
/// this error has beside the fields that all have.
pub(crate) fn error(
    meta: &RequestMeta,
    status: u16,
    code: &str,
    message: &str,
    resource: &str,
    fields: &Fields,
) -> Response<Body> {
    written(meta, status, (code, message), resource, fields, true)
}

/// The same, with quotes in the message escaped or not.
fn written(
    meta: &RequestMeta,
    status: u16,
    (code, message): (&str, &str),
    resource: &str,
    fields: &Fields,
    escapes_quotes: bool,
) -> Response<Body> {
    let named = named(code, resource).filter(|(name, _)| fields.iter().all(|(known, _)| known != name));
    let fields = fields.iter().map(|(name, value)| (name.as_ref(), value.as_str()));
    let own: String = named
        .into_iter()
        .chain(fields)
        .map(|(name, value)| format!("<{name}>{}</{name}>", escape(value)))
        .collect();
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{}</Code><Message>{}</Message>{own}<Resource>{}</Resource>\
         <RequestId>{}</RequestId><HostId>{}</HostId></Error>",
        escape(code),
        if escapes_quotes { escape(message) } else { partial_escape(message) },
        escape(resource),
        escape(&meta.id),
        escape(&meta.host_id),
    );
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    response.extensions_mut().insert(Refusal::new(code, message));
    identify(meta, &mut response);
    response
}

/// The field by which S3 names what is missing, where it is what was asked for.
fn named<'r>(code: &str, resource: &'r str) -> Option<(&'static str, &'r str)> {
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
        | "ServerSideEncryptionConfigurationNotFoundError"
        | "NoSuchCORSConfiguration"
        | "NoSuchLifecycleConfiguration"
        | "NoSuchWebsiteConfiguration"
        | "ReplicationConfigurationNotFoundError"
        | "ObjectLockConfigurationNotFoundError"
        | "NoSuchTagSet" => Some(("BucketName", bucket)),
        "NoSuchKey" | "NoSuchVersion" => Some(("Key", key)),
        _ => None,
    }
}

fn identify(meta: &RequestMeta, response: &mut Response<Body>) {
    response.headers_mut().insert(header::SERVER, HeaderValue::from_static("AmazonS3"));
    let ids = [("x-amz-request-id", &meta.id), ("x-amz-id-2", &meta.host_id)];
    for (name, id) in ids {
        if let Ok(id) = HeaderValue::from_str(id) {
            response.headers_mut().insert(name, id);
        }
    }
}

/// Longest key, in bytes.
pub(super) const MAX_KEY_BYTES: usize = 1024;

/// What an answer must know of its request.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    method: Method,
    escapes_quotes: bool,
    /// Decoded path.
    pub(super) resource: String,
    query: Vec<(String, String)>,
}

impl Asked {
    pub(super) fn of(request: &http::Request<Body>, fidelity: &Fidelity) -> Self {
        let path = request.uri().path();
        let resource = percent_encoding::percent_decode_str(path).decode_utf8_lossy().into_owned();
        Self {
            method: request.method().clone(),
            escapes_quotes: fidelity.s3_escapes_quotes,
            resource,
            query: serde_urlencoded::from_str(request.uri().query().unwrap_or_default()).unwrap_or_default(),
        }
    }

    /// What an error repeats of its request (Amazon S3 API Reference, "Error responses").
    fn repeated(&self, code: &str, headers: &HeaderMap) -> Fields {
        let query =
            |name: &str| self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        let field = |name: &'static str, value: Option<String>| Some((Cow::Borrowed(name), value?));
        let fields = match code {
            "NoSuchUpload" | "InvalidPart" | "InvalidPartOrder" => {
                [field("UploadId", query("uploadId")), None]
            }
            "KeyTooLongError" => {
                let key =
                    self.resource.trim_start_matches('/').split_once('/').map_or(0, |(_, key)| key.len());
                [
                    field("Size", Some(key.to_string())),
                    field("MaxSizeAllowed", Some(MAX_KEY_BYTES.to_string())),
                ]
            }
            "MethodNotAllowed" => {
                let kind = match self.resource.trim_matches('/') {
                    _ if headers.contains_key("x-amz-delete-marker") => "DeleteMarker",
                    "" => "SERVICE",
                    bucket if !bucket.contains('/') => "BUCKET",
                    _ => "OBJECT",
                };
                [field("Method", Some(self.method.to_string())), field("ResourceType", Some(kind.to_owned()))]
            }
            _ => [None, None],
        };
        fields.into_iter().flatten().collect()
    }

    /// Completes an answer of `s3s`.
    pub(super) fn finish(&self, meta: &RequestMeta, mut response: Response<Body>) -> Response<Body> {
        let status = response.status();
        let given = failure::take_fields(response.headers_mut());
        if status == StatusCode::NOT_MODIFIED || (self.method == Method::HEAD && !status.is_success()) {
            if status != StatusCode::NOT_MODIFIED {
                // HEAD tells its status alone; what is behind it is known here only.
                let (code, message) = code_and_message(response.body());
                let message = failure::message(&code, message);
                response.extensions_mut().insert(Refusal { code, message });
            }
            *response.body_mut() = Body::empty();
            response.headers_mut().remove(header::CONTENT_LENGTH);
        } else if status.is_client_error() || status.is_server_error() {
            let (code, message) = code_and_message(response.body());
            let message = failure::message(&code, message);
            let mut fields = self.repeated(&code, response.headers());
            fields.extend(given);
            let (status, wording) = (status.as_u16(), (code.as_str(), &*message));
            let mut answer = written(meta, status, wording, &self.resource, &fields, self.escapes_quotes);
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
        if self.method == Method::HEAD && response.headers().contains_key(header::CONTENT_RANGE) {
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        }
        if self.method == Method::GET && self.query.iter().any(|(name, _)| name == "attributes") {
            without_quotes(&mut response);
        }
        put_in_namespace(&mut response);
        identify(meta, &mut response);
        response
    }
}

/// Of all answers GetObjectAttributes alone gives an entity tag without its quotes.
fn without_quotes(response: &mut Response<Body>) {
    let body = response.body().bytes().unwrap_or_default();
    let Ok(document) = std::str::from_utf8(&body) else { return };
    let bare = document.split_once("<ETag>").and_then(|(before, rest)| {
        let (etag, after) = rest.split_once("</ETag>")?;
        let etag = etag.replace("&quot;", "").replace('"', "");
        Some(format!("{before}<ETag>{etag}</ETag>{after}"))
    });
    if let Some(bare) = bare {
        response.headers_mut().remove(header::CONTENT_LENGTH);
        *response.body_mut() = Body::from(bare);
    }
}

/// Puts S3's namespace on the root element of an answer. `s3s` leaves it out where the body is one member of the output.
fn put_in_namespace(response: &mut Response<Body>) {
    // An object's own bytes are nobody's to change, and of all answers only theirs come in ranges.
    if response.headers().contains_key(header::ACCEPT_RANGES) {
        return;
    }
    let body = response.body().bytes().unwrap_or_default();
    let Some((before, after)) = std::str::from_utf8(&body).ok().and_then(at_bare_root) else { return };
    let named = format!("{before} xmlns=\"{NAMESPACE}\"{after}");
    response.headers_mut().remove(header::CONTENT_LENGTH);
    *response.body_mut() = Body::from(named);
}

/// Splits a document behind the name of its root element, if that has no attributes.
fn at_bare_root(document: &str) -> Option<(&str, &str)> {
    let declared = document.strip_prefix("<?xml")?;
    let root = declared.split_once("?>")?.1.trim_start().strip_prefix('<')?;
    let (name, behind) = root.split_at_checked(root.find(['>', '/', ' '])?)?;
    let place = document.len() - root.len() + name.len();
    document.split_at_checked(place).filter(|_| !behind.starts_with(' '))
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
    fn the_root_element_of_an_answer_is_in_s3s_namespace() {
        let declaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";
        for (root, split) in
            [("<A><B/></A>", Some("<A")), ("<A/>", Some("<A")), ("<A xmlns=\"n\"/>", None), ("{}", None)]
        {
            let document = format!("{declaration}\n{root}");
            let before = split.map(|before| format!("{declaration}\n{before}"));
            assert_eq!(at_bare_root(&document).map(|(before, _)| before.to_owned()), before, "{root}");
        }
        assert_eq!(at_bare_root("<A/>"), None, "what S3 answers is declared");
    }

    #[test]
    fn a_body_that_is_no_error_is_an_internal_error() {
        assert_eq!(code_and_message(&Body::empty()), ("InternalError".to_owned(), None));
    }
}

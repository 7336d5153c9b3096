//! AWS's Query protocol, as IAM, STS and EC2 speak it: form parameters in, XML out. Nothing here knows an operation.

mod call;
#[cfg(test)]
mod denials;
mod fault;
mod page;
mod params;
mod xml;

use bytes::Bytes;
use http::{Response, StatusCode, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

pub(crate) use call::{Call, operations};
pub(crate) use fault::Fault;
pub(crate) use page::{DEFAULT_ITEMS, cut, marker, page};
pub(crate) use params::{Params, parameter};
pub(crate) use xml::Xml;

use crate::Body;
use crate::model::Timestamp;
use crate::request::{Refusal, RequestMeta};

/// A service that speaks the Query protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    /// AWS IAM.
    Iam,
    /// AWS STS.
    Sts,
    /// Amazon EC2, whose answers and errors have a form of their own.
    Ec2,
}

impl Service {
    /// The one API version it answers.
    pub(crate) const fn version(self) -> &'static str {
        match self {
            Self::Iam => "2010-05-08",
            Self::Sts => "2011-06-15",
            Self::Ec2 => "2016-11-15",
        }
    }

    /// Prefix of its actions.
    pub(crate) const fn prefix(self) -> &'static str {
        match self {
            Self::Iam => "iam",
            Self::Sts => "sts",
            Self::Ec2 => "ec2",
        }
    }

    /// XML namespace of its answers.
    const fn namespace(self) -> &'static str {
        match self {
            Self::Iam => "https://iam.amazonaws.com/doc/2010-05-08/",
            Self::Sts => "https://sts.amazonaws.com/doc/2011-06-15/",
            Self::Ec2 => "http://ec2.amazonaws.com/doc/2016-11-15/",
        }
    }

    /// Its code for a failure on our side.
    const fn internal_code(self) -> &'static str {
        match self {
            Self::Iam => "ServiceFailure",
            Self::Sts => "InternalFailure",
            Self::Ec2 => "InternalError",
        }
    }
}

/// An error in the form of the service.
pub(crate) fn error(
    service: Service,
    meta: &RequestMeta,
    status: u16,
    code: &str,
    message: &str,
) -> Response<Body> {
    let mut body = Xml::default();
    match service {
        Service::Iam | Service::Sts => {
            let fault = if status < 500 { "Sender" } else { "Receiver" };
            body.root("ErrorResponse", service.namespace(), |response| {
                response
                    .element("Error", |error| {
                        // Some errors of IAM have no message.
                        let message = Some(message).filter(|message| !message.is_empty());
                        error.text("Type", fault).text("Code", code).optional("Message", message);
                    })
                    .text("RequestId", &meta.id);
            });
        }
        Service::Ec2 => {
            body.element("Response", |response| {
                response
                    .element("Errors", |errors| {
                        errors.element("Error", |error| {
                            error.text("Code", code).text("Message", message);
                        });
                    })
                    .text("RequestID", &meta.id);
            });
        }
    }
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = respond(meta, status, body);
    response.extensions_mut().insert(Refusal::new(code, message));
    response
}

/// The answer of a successful operation; `result` is empty where the operation answers nothing.
pub(crate) fn answer(service: Service, meta: &RequestMeta, action: &str, result: Xml) -> Response<Body> {
    let mut body = Xml::default();
    body.root(&format!("{action}Response"), service.namespace(), |response| match service {
        Service::Ec2 => {
            response.text("requestId", &meta.id).raw(result);
        }
        Service::Iam | Service::Sts => {
            if !result.is_empty() {
                response.element(&format!("{action}Result"), |element| {
                    element.raw(result);
                });
            }
            response.element("ResponseMetadata", |metadata| {
                metadata.text("RequestId", &meta.id);
            });
        }
    });
    respond(meta, StatusCode::OK, body)
}

/// What an operation gave, as an answer or as an error; a failure on our side is logged.
pub(crate) fn finish(
    service: Service,
    meta: &RequestMeta,
    action: &str,
    outcome: Result<Xml, Fault>,
) -> Response<Body> {
    match outcome {
        Ok(result) => answer(service, meta, action, result),
        Err(fault) => {
            if let Fault::Internal(cause) = &fault {
                tracing::error!(request_id = %meta.id, action, %cause, "an operation failed");
            }
            let (status, code, message) = fault.wording(service);
            error(service, meta, status, &code, &message)
        }
    }
}

/// A time as AWS writes it in XML, for example `2026-11-24T09:30:00Z`.
pub(crate) fn timestamp(seconds: Timestamp) -> String {
    OffsetDateTime::from_unix_timestamp(seconds)
        .ok()
        .and_then(|time| time.format(&Rfc3339).ok())
        .unwrap_or_default()
}

/// A policy document as IAM answers it: URL-encoded, keeping only RFC 3986's unreserved characters.
pub(crate) fn encoded(document: &str) -> impl std::fmt::Display {
    const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    utf8_percent_encode(document, RESERVED)
}

fn respond(meta: &RequestMeta, status: StatusCode, body: Xml) -> Response<Body> {
    let mut response = Response::new(Body::from(Bytes::from(body.into_document())));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/xml;charset=UTF-8"));
    if let Ok(id) = header::HeaderValue::from_str(&meta.id) {
        headers.insert("x-amzn-requestid", id);
    }
    response
}

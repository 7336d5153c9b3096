//! What went over the wire in one call, with everything secret left out.

use super::command_line;
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex};

/// Request and answer of one call: method, address, headers and status. Bodies are not kept, and neither are the values
/// of headers that prove an identity.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// HTTP method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Request headers.
    pub request_headers: Vec<(String, String)>,
    /// HTTP status; 0 when no answer came.
    pub status: u16,
    /// Answer headers.
    pub response_headers: Vec<(String, String)>,
    /// The AWS CLI command that makes the same request, without what is secret in it. Rows from before it was kept have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
}

const SECRET_HEADERS: [&str; 6] = [
    "authorization",
    "cookie",
    "set-cookie",
    "x-amz-security-token",
    "x-aws-ec2-metadata-token",
    "x-amz-server-side-encryption-context",
];

fn shown(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .map(|(name, value)| {
            let secret = SECRET_HEADERS.contains(&name.as_str());
            let value = if secret {
                "** redacted **".into()
            } else {
                String::from_utf8_lossy(value.as_bytes()).into()
            };
            (name.as_str().to_owned(), value)
        })
        .collect()
}

impl Exchange {
    /// The request half.
    pub(crate) fn of_request(request: &Request<Bytes>) -> Self {
        Self {
            method: request.method().to_string(),
            path: request.uri().path_and_query().map_or_else(|| "/".into(), ToString::to_string),
            request_headers: shown(request.headers()),
            command: command_line::of_request(request),
            ..Self::default()
        }
    }

    /// The answer half.
    pub(crate) fn answered(&mut self, response: &Response<Bytes>) {
        self.status = response.status().as_u16();
        self.response_headers = shown(response.headers());
    }

    /// AWS's request id, by whichever header the service sends it.
    pub fn request_id(&self) -> Option<&str> {
        let names = ["x-amzn-requestid", "x-amz-request-id"];
        self.response_headers
            .iter()
            .find(|(name, _)| names.contains(&name.as_str()))
            .map(|(_, value)| value.as_str())
    }
}

/// Remembers the newest exchange of one set of clients.
#[derive(Clone, Debug, Default)]
pub struct Recorder(Arc<Mutex<Option<Exchange>>>);

impl Recorder {
    /// Notes an exchange, with or without an answer.
    pub(crate) fn note(&self, exchange: Exchange) {
        tracing::debug!(method = exchange.method, path = exchange.path, status = exchange.status, "AWS call");
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(exchange);
    }

    /// Takes the newest exchange out.
    pub fn take(&self) -> Option<Exchange> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::Exchange;
    use bytes::Bytes;
    use http::{Request, Response};

    #[test]
    fn nothing_that_proves_an_identity_is_kept() {
        let request = Request::put("http://127.0.0.1/b/k?x-id=PutObject")
            .header("Authorization", "AWS4-HMAC-SHA256 Signature=abc")
            .header("X-Amz-Security-Token", "token-secret")
            .header("X-Amz-Server-Side-Encryption", "aws:kms")
            .body(Bytes::from_static(b"body"))
            .unwrap();
        let mut exchange = Exchange::of_request(&request);
        exchange.answered(
            &Response::builder().status(403).header("x-amz-request-id", "R1").body(Bytes::new()).unwrap(),
        );
        let written = serde_json::to_string(&exchange).unwrap();
        assert!(!written.contains("token-secret") && !written.contains("abc"), "{written}");
        assert!(written.contains("aws:kms"));
        assert_eq!((exchange.status, exchange.request_id()), (403, Some("R1")));
    }

    #[test]
    fn exchanges_written_before_commands_were_kept_are_still_read() {
        let written =
            r#"{"method":"GET","path":"/","request_headers":[],"status":200,"response_headers":[]}"#;
        assert_eq!(serde_json::from_str::<Exchange>(written).unwrap().command, None);
    }
}

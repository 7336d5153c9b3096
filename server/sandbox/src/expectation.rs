//! `Expect: 100-continue`: a client that waits for permission to send its body (RFC 9110, section 10.1.1).
//!
//! A request that is refused before its body was asked for leaves the connection in doubt: the client may send the body
//! after all, or its next request. Whoever mistakes the one for the other answers nonsense, so such a connection ends.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use http_body::{Frame, SizeHint};

use crate::Body;

/// What became of one request's expectation; `None` of a request without one.
pub(crate) struct Expectation(Option<Arc<AtomicBool>>);

impl Expectation {
    /// Watches whether the body of a request is asked for.
    pub(crate) fn of(request: Request<Body>) -> (Request<Body>, Self) {
        let expected = request.headers().get(header::EXPECT);
        if !expected.is_some_and(|expected| expected.as_bytes().eq_ignore_ascii_case(b"100-continue")) {
            return (request, Self(None));
        }
        let asked_for = Arc::new(AtomicBool::new(false));
        let watch = |body| Body::http_body(Watched { body, asked_for: Arc::clone(&asked_for) });
        (request.map(watch), Self(Some(asked_for)))
    }

    /// Ends the connection with this answer if the body was never asked for.
    pub(crate) fn conclude(&self, response: &mut Response<Body>) {
        if self.0.as_ref().is_some_and(|asked_for| !asked_for.load(Ordering::Relaxed)) {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
    }
}

/// A body that notes when it is first read.
struct Watched {
    body: Body,
    asked_for: Arc<AtomicBool>,
}

impl http_body::Body for Watched {
    type Data = Bytes;
    type Error = <Body as http_body::Body>::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.asked_for.store(true, Ordering::Relaxed);
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use http_body_util::BodyExt as _;

    fn request(expects: bool) -> Request<Body> {
        let mut request = Request::new(Body::from("body".to_owned()));
        if expects {
            request.headers_mut().insert(header::EXPECT, HeaderValue::from_static("100-continue"));
        }
        request
    }

    fn ends(expectation: &Expectation) -> bool {
        let mut response = Response::new(Body::empty());
        expectation.conclude(&mut response);
        response.headers().get(header::CONNECTION).is_some_and(|value| value == "close")
    }

    #[tokio::test]
    async fn a_connection_ends_when_the_body_was_promised_and_never_asked_for() {
        let (_unread, expectation) = Expectation::of(request(true));
        assert!(ends(&expectation));
        let (read, expectation) = Expectation::of(request(true));
        assert_eq!(read.into_body().collect().await.unwrap().to_bytes(), "body");
        assert!(!ends(&expectation));
        let (_unread, expectation) = Expectation::of(request(false));
        assert!(!ends(&expectation), "a body on its way is the connection's own to deal with");
    }
}

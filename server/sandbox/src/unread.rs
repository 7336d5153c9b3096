//! Bodies that a request brings and nobody reads, because it was refused before.
//!
//! The connection must not break over them. A client that still sends would lose the answer, and one that promised to
//! send (`Expect: 100-continue`, RFC 9110, section 10.1.1) may go on with the body or with its next request: whoever
//! mistakes the one for the other answers nonsense.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt as _;

use crate::Body;

/// How much of a body is read for nothing, in bytes; the connection ends over one that is longer.
const MAX_BYTES: usize = 4 << 20;
/// How long that may take.
const MAX_TIME: Duration = Duration::from_secs(10);

/// Watches what becomes of one request's body.
pub(crate) struct Unread {
    promised: bool,
    asked_for: Arc<AtomicBool>,
}

impl Unread {
    /// Watches the body of a request that came over a connection.
    pub(crate) fn watch(request: Request<Body>) -> (Request<Body>, Self) {
        let expected = request.headers().get(header::EXPECT);
        let promised = expected.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"));
        let watch = Self { promised, asked_for: Arc::default() };
        // To who promised to send nothing there is no word to go on either: botocore takes the next answer for this one's.
        if http_body::Body::is_end_stream(request.body()) {
            return (request, watch);
        }
        let asked_for = Arc::clone(&watch.asked_for);
        let request = request.map(|body| Body::http_body(Watched { body: Some(body), promised, asked_for }));
        (request, watch)
    }

    /// Ends the connection with this answer if the body was promised and never asked for.
    pub(crate) fn conclude(&self, response: &mut Response<Body>) {
        if self.promised && !self.asked_for.load(Ordering::Relaxed) {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
    }
}

/// A body that notes when it is first read. What is left of it when it is dropped is read to its end, unless it was only
/// promised: then nothing is on its way.
struct Watched {
    /// `None` once it is at its end.
    body: Option<Body>,
    promised: bool,
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
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let frame = Pin::new(body).poll_frame(context);
        if matches!(frame, Poll::Ready(None | Some(Err(_)))) {
            self.body = None;
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(http_body::Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), http_body::Body::size_hint)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let on_its_way = !self.promised || self.asked_for.load(Ordering::Relaxed);
        let Some(body) = self.body.take().filter(|body| on_its_way && !http_body::Body::is_end_stream(body))
        else {
            return;
        };
        // The answer does not wait for it.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(tokio::time::timeout(MAX_TIME, read_away(body)));
        }
    }
}

async fn read_away(mut body: Body) {
    let mut left = MAX_BYTES;
    while let Some(Ok(frame)) = body.frame().await {
        let length = frame.data_ref().map_or(0, Bytes::len);
        match left.checked_sub(length) {
            Some(rest) => left = rest,
            None => return,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use http_body_util::StreamBody;
    use tokio::sync::mpsc;

    /// A request, and the end at which its body is sent.
    fn request(expects: bool) -> (Request<Body>, mpsc::Sender<Bytes>) {
        let (sender, mut receiver) = mpsc::channel(1);
        let frames = futures::stream::poll_fn(move |context| receiver.poll_recv(context));
        let frames = futures::StreamExt::map(frames, |bytes| Ok::<_, std::io::Error>(Frame::data(bytes)));
        let mut request = Request::new(Body::http_body_unsync(StreamBody::new(frames)));
        if expects {
            request.headers_mut().insert(header::EXPECT, HeaderValue::from_static("100-continue"));
        }
        (request, sender)
    }

    fn ends(unread: &Unread) -> bool {
        let mut response = Response::new(Body::empty());
        unread.conclude(&mut response);
        response.headers().get(header::CONNECTION).is_some_and(|value| value == "close")
    }

    #[tokio::test]
    async fn a_connection_ends_when_the_body_was_promised_and_never_asked_for() {
        let (request, sender) = request(true);
        let (request, unread) = Unread::watch(request);
        drop(request);
        assert!(ends(&unread));
        assert!(sender.is_closed(), "nothing is on its way");
    }

    #[test]
    fn a_connection_ends_when_nothing_was_promised_with_ceremony() {
        for expects in [true, false] {
            let (request, _sender) = request(expects);
            let (_request, unread) = Unread::watch(request.map(|_| Body::empty()));
            assert_eq!(ends(&unread), expects);
        }
    }

    #[tokio::test]
    async fn a_connection_goes_on_when_the_body_was_asked_for() {
        let (request, sender) = request(true);
        let (mut request, unread) = Unread::watch(request);
        sender.send(Bytes::from_static(b"body")).await.unwrap();
        request.body_mut().frame().await.unwrap().unwrap();
        assert!(!ends(&unread));
    }

    #[tokio::test]
    async fn what_is_on_its_way_is_read_up_to_a_limit() {
        let (request, sender) = request(false);
        let (request, unread) = Unread::watch(request);
        drop(request);
        assert!(!ends(&unread));
        let mut sent = 0;
        while sender.send(Bytes::from(vec![0; 1 << 20])).await.is_ok() {
            sent += 1;
        }
        assert!((4..=6).contains(&sent), "{sent} MiB were read");
    }
}

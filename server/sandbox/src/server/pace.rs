//! Clients that let the server wait: within a request, or while an answer is written to them. Only the time that the server
//! waits counts, not the time that it takes itself.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use crate::limits::Clients;

/// A client moved too little in the time it had.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("{}", Self::TEXT)]
pub(crate) struct Stalled;

impl Stalled {
    /// By which it is known where other types wrap it.
    pub(crate) const TEXT: &str = "the client moved too few bytes in the time it had";
}

/// S3's message to such a client.
pub(crate) const STALLED_MESSAGE: &str = "Your socket connection to the server was not read from or written to within the \
                                          timeout period. Idle connections will be closed.";

/// How long one direction of a connection has been waited for, and what moved meanwhile.
#[derive(Debug)]
struct Pace {
    /// How long may be waited for [`Clients::STALL_BYTES`].
    patience: Duration,
    moved: u64,
    waited: Duration,
    /// Since when it is waited for now.
    since: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Pace {
    fn new(patience: Duration) -> Self {
        Self { patience, moved: 0, waited: Duration::ZERO, since: None, timer: None }
    }

    fn moved(&mut self, bytes: usize) {
        let Some(since) = self.since.take() else { return };
        self.waited += since.elapsed();
        self.moved = self.moved.saturating_add(bytes as u64);
        if self.moved >= Clients::STALL_BYTES {
            (self.moved, self.waited) = (0, Duration::ZERO);
        }
    }

    /// Says when the wait has been too long; wakes the task by then.
    fn poll_stalled(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let starts = self.since.is_none();
        let since = *self.since.get_or_insert_with(Instant::now);
        let deadline = since + self.patience.saturating_sub(self.waited);
        let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        if starts {
            timer.as_mut().reset(deadline);
        }
        timer.as_mut().poll(cx)
    }
}

/// The body of a request, given up when its client stalls.
#[derive(Debug)]
pub(super) struct PacedBody {
    body: Incoming,
    pace: Pace,
}

impl PacedBody {
    pub(super) fn new(body: Incoming, patience: Duration) -> Self {
        Self { body, pace: Pace::new(patience) }
    }
}

impl http_body::Body for PacedBody {
    type Data = Bytes;
    type Error = crate::server::BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Ready(frame) => {
                let bytes = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref().map(Bytes::len));
                self.pace.moved(bytes.unwrap_or_default());
                Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
            }
            Poll::Pending => self.pace.poll_stalled(cx).map(|()| Some(Err(Stalled.into()))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A connection that breaks when its client stops taking what is written to it.
#[derive(Debug)]
pub(super) struct PacedStream<S> {
    stream: S,
    pace: Pace,
}

impl<S> PacedStream<S> {
    pub(super) fn new(stream: S, patience: Duration) -> Self {
        Self { stream, pace: Pace::new(patience) }
    }

    fn paced(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match written {
            Poll::Ready(written) => {
                self.pace.moved(*written.as_ref().unwrap_or(&0));
                Poll::Ready(written)
            }
            Poll::Pending => {
                let late = || Err(io::Error::new(io::ErrorKind::TimedOut, Stalled));
                self.pace.poll_stalled(cx).map(|()| late())
            }
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for PacedStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for PacedStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.paced(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.paced(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

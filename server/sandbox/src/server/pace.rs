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
        // What was there without a wait is moved, too: a client that sends much at a time is no slow one.
        if let Some(since) = self.since.take() {
            self.waited += since.elapsed();
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_millis(300);
    const WAIT: Duration = Duration::from_millis(60);

    async fn stalled(pace: &mut Pace) -> bool {
        std::future::poll_fn(|cx| Poll::Ready(pace.poll_stalled(cx).is_ready())).await
    }

    /// Waits for a client, and says whether that was too long.
    async fn stalls_after_a_wait(pace: &mut Pace) -> bool {
        if stalled(pace).await {
            return true;
        }
        tokio::time::sleep(WAIT).await;
        stalled(pace).await
    }

    #[tokio::test]
    async fn bytes_that_are_there_without_a_wait_count() {
        let mut pace = Pace::new(PATIENCE);
        for round in 0..10 {
            assert!(!stalls_after_a_wait(&mut pace).await, "round {round}");
            // One byte ends the wait; the rest of the burst is there already.
            pace.moved(1);
            pace.moved(Clients::STALL_BYTES as usize - 1);
        }
    }

    #[tokio::test]
    async fn waits_add_up_until_enough_has_moved() {
        let mut pace = Pace::new(PATIENCE);
        let mut rounds = 0;
        while !stalls_after_a_wait(&mut pace).await {
            pace.moved(1);
            rounds += 1;
            assert!(rounds < 10, "so little does not take so long");
        }
        assert!(rounds > 0, "one wait is not too long");
    }
}

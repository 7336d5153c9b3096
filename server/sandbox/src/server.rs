//! HTTP on TCP, with bounds on how many clients there are and how slow they may be: the same router for the AWS CLI and SDKs.

mod admission;
mod pace;

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpStream};

use crate::limits::Clients;
use crate::{Body, Sandbox};
use admission::Admission;
use pace::{PacedBody, PacedStream};

pub(crate) use pace::{STALLED_MESSAGE, Stalled};

/// Why a request's body could not be read.
pub type BodyError = Box<dyn std::error::Error + Send + Sync>;

/// How long requests under way may take to finish once the server is told to stop.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);
/// How long to wait before accepting again when the system has no descriptor left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How long a connection may be silent before the system asks whether its client is still there.
const KEEPALIVE: Duration = Duration::from_secs(60);
/// How long to wait between such questions.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(15);

impl Sandbox {
    /// Answers requests on `listener` until `shutdown` completes, then lets those under way finish. How many clients it serves
    /// at once and how slow they may be is in [`Limits`](crate::Limits).
    pub async fn serve(self, listener: TcpListener, shutdown: impl Future<Output = ()>) {
        let (clients, router) = (self.aws.limits.clients, self.router);
        let answer = move |request, peer: SocketAddr| {
            let router = router.clone();
            async move { router.call(request, Some(peer.ip())).await }
        };
        serve(listener, clients, admission::REFUSAL, answer, shutdown).await;
    }
}

/// Answers requests on `listener` with what `answer` makes of them and of who is connected, until `shutdown` completes; then those
/// under way may finish. `clients` says how many it serves at once and how slow they may be, and `refusal` is told to one too
/// many, as it goes over the wire. Whoever has a listener beside the embedded AWS's serves it with the same care.
pub async fn serve<F, B>(
    listener: TcpListener,
    clients: Clients,
    refusal: &'static str,
    answer: impl Fn(http::Request<Body>, SocketAddr) -> F + Clone + Send + 'static,
    shutdown: impl Future<Output = ()>,
) where
    F: Future<Output = http::Response<B>> + Send + 'static,
    B: hyper::body::Body<Data = Bytes, Error: Into<BodyError>> + Send + 'static,
{
    let admission = Admission::new(clients, refusal);
    let graceful = GracefulShutdown::new();
    let mut server = http1::Builder::new();
    // The time for headers runs from the end of the answer before, so that it ends idle connections too.
    server.timer(TokioTimer::new()).header_read_timeout(clients.idle);
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut shutdown => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let Some(place) = admission.admit(peer.ip()) else {
            tracing::debug!(%peer, "a connection was refused: there are too many");
            admission.refuse(stream);
            continue;
        };
        prepare(&stream);
        let answer = answer.clone();
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let answered = answer(request.map(|body| paced(body, clients.stall)), peer);
            async move { Ok::<_, Infallible>(answered.await) }
        });
        let io = TokioIo::new(PacedStream::new(stream, clients.stall));
        let connection = graceful.watch(server.serve_connection(io, service));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
            drop(place);
        });
    }
    drop(listener);
    if tokio::time::timeout(DRAIN_TIMEOUT, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests still under way were cut off after {} s", DRAIN_TIMEOUT.as_secs());
    }
}

fn prepare(stream: &TcpStream) {
    // Small answers go out at once instead of waiting for more to send.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY could not be set");
    }
    // Clients that vanished without a word are found out.
    let keepalive = TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE_INTERVAL);
    if let Err(error) = SockRef::from(stream).set_tcp_keepalive(&keepalive) {
        tracing::debug!(%error, "TCP keepalive could not be set");
    }
}

fn paced(body: Incoming, patience: Duration) -> Body {
    match body.is_end_stream() {
        true => Body::empty(),
        false => Body::http_body(PacedBody::new(body, patience)),
    }
}

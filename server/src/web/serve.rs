//! The console's listener: bounded as the embedded AWS's is, so that clients that are slow or many do not take the pages from others.

use axum::{Router, body::Body};
use sandbox::{limits::Clients, server};
use tokio::net::TcpListener;
use tower::ServiceExt as _;

/// What one too many is told.
const TOO_MANY: &str = "HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 79\r\n\
    connection: close\r\nretry-after: 1\r\n\r\n\
    Too many connections to Trilock at once. Close pages, or try again in a moment.";

/// Answers requests on `listener` until `shutdown` completes, then lets those under way finish.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    clients: Clients,
    shutdown: impl Future<Output = ()>,
) {
    let answer = move |request: http::Request<sandbox::Body>, _| {
        let answered = router.clone().oneshot(request.map(Body::new));
        async move {
            match answered.await {
                Ok(response) => response,
                Err(never) => match never {},
            }
        }
    };
    server::serve(listener, clients, TOO_MANY, answer, shutdown).await;
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::TOO_MANY;

    #[test]
    fn the_refusal_is_as_long_as_it_says() {
        let (head, body) = TOO_MANY.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{}", body.len());
    }
}

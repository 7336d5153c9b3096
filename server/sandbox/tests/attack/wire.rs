//! Bytes over TCP, and what comes back for them.

use std::net::SocketAddr;
use std::time::Duration;

use sandbox::Sandbox;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A sandbox on loopback. Dropped, it stops.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start(sandbox: &Sandbox) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let serve = sandbox.clone().serve(listener, async {
            let _ = stopped.await;
        });
        Self { address, stop: Some(stop), task: tokio::spawn(serve) }
    }

    /// Sends bytes and reads until the server closes or is silent for a while. The answers, one after the other.
    pub(crate) async fn exchange(&self, bytes: &[u8]) -> String {
        String::from_utf8_lossy(&self.exchange_bytes(bytes).await).into_owned()
    }

    pub(crate) async fn exchange_bytes(&self, bytes: &[u8]) -> Vec<u8> {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        // The server may answer and close before it has read everything.
        let _ = stream.write_all(bytes).await;
        let mut answer = Vec::new();
        let mut buffer = vec![0; 64 << 10];
        loop {
            match tokio::time::timeout(Duration::from_millis(400), stream.read(&mut buffer)).await {
                Ok(Ok(0) | Err(_)) | Err(_) => return answer,
                Ok(Ok(read)) => answer.extend_from_slice(&buffer[..read]),
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        self.task.abort();
    }
}

/// The status codes of answers that came one after the other.
pub(crate) fn statuses(answers: &str) -> Vec<u16> {
    let lines = answers.split("HTTP/1.1 ").skip(1);
    lines.filter_map(|line| line.get(..3)?.parse().ok()).collect()
}

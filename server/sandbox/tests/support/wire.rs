//! Bytes over TCP, and what comes back for them.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, dead_code, missing_docs, unreachable_pub)]

use std::net::SocketAddr;
use std::time::Duration;

use sandbox::Sandbox;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A sandbox on loopback. Dropped, it stops.
pub struct Server {
    pub address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Server {
    pub async fn start(sandbox: &Sandbox) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let serve = sandbox.clone().serve(listener, async {
            let _ = stopped.await;
        });
        Self { address, stop: Some(stop), task: tokio::spawn(serve) }
    }

    /// Sends bytes and reads until the server closes or is silent for a while. The answers, one after the other.
    pub async fn exchange(&self, bytes: &[u8]) -> String {
        String::from_utf8_lossy(&self.exchange_bytes(bytes).await).into_owned()
    }

    /// Sends bytes and reads one answer, or until the server closes. When it waits for more it gets the end.
    pub async fn ask(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let _ = stream.write_all(bytes).await;
        let mut answer = Vec::new();
        let mut buffer = vec![0; 64 << 10];
        let mut patience = Duration::from_millis(200);
        loop {
            match tokio::time::timeout(patience, stream.read(&mut buffer)).await {
                Ok(Ok(0) | Err(_)) => break,
                Ok(Ok(read)) => answer.extend_from_slice(&buffer[..read]),
                Err(_) if answer.is_empty() => {
                    let _ = stream.shutdown().await;
                    patience = Duration::from_secs(60);
                }
                Err(_) => break,
            }
            if is_whole(&answer) {
                break;
            }
        }
        String::from_utf8_lossy(&answer).into_owned()
    }

    async fn exchange_bytes(&self, bytes: &[u8]) -> Vec<u8> {
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

/// Whether an answer has all the bytes that its head announces.
fn is_whole(answer: &[u8]) -> bool {
    let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
    length.is_some_and(|length| answer.len() >= end + 4 + length)
}

/// The status codes of answers that came one after the other.
pub fn statuses(answers: &str) -> Vec<u16> {
    let lines = answers.split("HTTP/1.1 ").skip(1);
    lines.filter_map(|line| line.get(..3)?.parse().ok()).collect()
}

//! Clients that are stuck, in every way there is, do not take others down; and each is let go in time.

use crate::support;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant, SystemTime};

use crate::support::{Keys, request};
use sandbox::limits::Clients;
use sandbox::{Config, Limits, Sandbox};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// An embedded AWS on a free port of loopback.
struct Served {
    address: SocketAddr,
    keys: Keys,
    server: JoinHandle<()>,
}

impl Served {
    async fn start(clients: Clients) -> Self {
        let limits = Limits { clients, ..Limits::in_memory() };
        let sandbox = Sandbox::open(Config { limits, ..Config::default() }).await.unwrap();
        let (_, keys) = support::account(&sandbox).await;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(sandbox.serve(listener, std::future::pending()));
        Self { address, keys, server }
    }

    /// A connection from 127.0.0.`from`, with room for little that it has not read.
    async fn connect(&self, from: u8) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 0, from)), 0)).unwrap();
        socket.set_recv_buffer_size(4_096).unwrap();
        socket.connect(self.address).await.unwrap()
    }

    /// The head of a signed request, to its empty line.
    fn head(&self, service: &str, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> String {
        let request = request(Some(&self.keys), service, method, path, headers, body, SystemTime::now());
        let mut head = format!("{method} {path} HTTP/1.1\r\ncontent-length: {}\r\n", body.len());
        for (name, value) in request.headers() {
            head.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap()));
        }
        head + "\r\n"
    }

    /// A request on a connection of its own: the whole answer, and how long it took.
    async fn ask(&self, from: u8, method: &str, path: &str, body: &[u8]) -> (String, Duration) {
        let start = Instant::now();
        let mut stream = self.connect(from).await;
        let head = self.head("s3", method, path, &[("connection", "close")], body);
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(body).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        (String::from_utf8_lossy(&answer).into_owned(), start.elapsed())
    }

    async fn put(&self, path: &str, body: &[u8]) {
        let (answer, _) = self.ask(1, "PUT", path, body).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Every way to be stuck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stuck {
    /// Connects and says nothing.
    Silent,
    /// Sends half of its headers.
    HalfHead,
    /// Sends half of an upload.
    HalfObject,
    /// Sends half of a document to S3.
    HalfDocument,
    /// Sends half of a call to KMS.
    HalfCall,
    /// Asks for a large object and does not read it.
    DoesNotRead,
    /// Got its answer, and asks nothing more.
    Idle,
}

const ALL: [Stuck; 7] = [
    Stuck::Silent,
    Stuck::HalfHead,
    Stuck::HalfObject,
    Stuck::HalfDocument,
    Stuck::HalfCall,
    Stuck::DoesNotRead,
    Stuck::Idle,
];

impl Stuck {
    async fn begin(self, served: &Served, from: u8) -> TcpStream {
        let mut stream = served.connect(from).await;
        let body = [b'7'; 2_000];
        let sent = match self {
            Self::Silent => String::new(),
            Self::HalfHead => {
                served.head("s3", "GET", "/bucket-1/large", &[], b"").replace("\r\n\r\n", "\r\n")
            }
            Self::HalfObject => served.head("s3", "PUT", "/bucket-1/half", &[], &body),
            Self::HalfDocument => served.head("s3", "PUT", "/bucket-1?policy", &[], &body),
            Self::HalfCall => {
                let headers = [
                    ("content-type", "application/x-amz-json-1.1"),
                    ("x-amz-target", "TrentService.ListKeys"),
                ];
                served.head("kms", "POST", "/", &headers, &body)
            }
            Self::DoesNotRead => served.head("s3", "GET", "/bucket-1/large", &[], b""),
            Self::Idle => served.head("s3", "HEAD", "/bucket-1", &[], b""),
        };
        stream.write_all(sent.as_bytes()).await.unwrap();
        match self {
            Self::HalfObject | Self::HalfDocument | Self::HalfCall => {
                stream.write_all(&body[..1_000]).await.unwrap();
            }
            Self::Idle => {
                let mut answer = [0; 4_096];
                let read = stream.read(&mut answer).await.unwrap();
                assert!(answer[..read].starts_with(b"HTTP/1.1 200"));
            }
            Self::Silent | Self::HalfHead | Self::DoesNotRead => {}
        }
        stream
    }
}

/// How many descriptors this process may open.
fn descriptors() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap_or_default();
    line.split_whitespace().nth(3).and_then(|soft| soft.parse().ok()).unwrap_or(1_024)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_stuck_clients_do_not_take_others_down() {
    // Both ends are in this process.
    let many = 1_000.min((descriptors() - 100) / 2);
    let clients = Clients { connections: 2_000, connections_per_address: 2_000, ..Clients::default() };
    let served = Served::start(clients).await;
    served.put("/bucket-1", b"").await;
    served.put("/bucket-1/large", &vec![7; 16 << 20]).await;
    served.put("/bucket-1/small", b"small").await;
    let mut stuck = Vec::new();
    for number in 0..many {
        stuck.push(ALL[number % ALL.len()].begin(&served, 2).await);
    }
    let mut times = Vec::new();
    for round in 0..50 {
        let (read, took) = served.ask(3, "GET", "/bucket-1/small", b"").await;
        assert!(read.starts_with("HTTP/1.1 200") && read.ends_with("small"), "{read}");
        times.push(took);
        let (written, took) = served.ask(3, "PUT", &format!("/bucket-1/{round}"), b"more").await;
        assert!(written.starts_with("HTTP/1.1 200"), "{written}");
        times.push(took);
    }
    times.sort_unstable();
    eprintln!(
        "{many} stuck clients; others took {:?} to {:?}, half of them at most {:?}",
        times[0], times[99], times[50]
    );
    // The first may wait for what the stuck ones made the server do before they were stuck.
    assert!(times[95] < Duration::from_secs(1), "{times:?}");
    drop(stuck);
}

/// Reads to the end, within the time that stuck clients have; `None` when the connection stays open.
async fn end_of(stream: &mut TcpStream) -> Option<String> {
    let mut answer = Vec::new();
    // A reset is an end as well.
    timeout(Duration::from_secs(8), stream.read_to_end(&mut answer)).await.ok()?.ok();
    Some(String::from_utf8_lossy(&answer).into_owned())
}

#[tokio::test]
async fn every_stuck_client_is_let_go_in_time_and_told_why_if_it_can_be_told() {
    const TOLD: &str = "Your socket connection to the server was not read from or written to within the timeout period. \
                        Idle connections will be closed.";
    let patience = Duration::from_secs(1);
    let served = Served::start(Clients { idle: patience, stall: patience, ..Clients::default() }).await;
    served.put("/bucket-1", b"").await;
    served.put("/bucket-1/large", &vec![7; 16 << 20]).await;
    for stuck in ALL {
        let start = Instant::now();
        let mut stream = stuck.begin(&served, 2).await;
        if stuck == Stuck::DoesNotRead {
            // Waits for longer than it may: then what the system had kept is there, and the rest is not.
            tokio::time::sleep(4 * patience).await;
        }
        let answer = end_of(&mut stream).await.unwrap_or_else(|| panic!("{stuck:?} is never let go"));
        assert!(
            start.elapsed() >= patience,
            "{stuck:?} was let go too early: {:?} {answer}",
            start.elapsed()
        );
        match stuck {
            Stuck::Silent | Stuck::HalfHead | Stuck::Idle => assert_eq!(answer, "", "{stuck:?}"),
            Stuck::DoesNotRead => assert!(answer.len() < 16 << 20, "{} bytes were sent", answer.len()),
            Stuck::HalfObject | Stuck::HalfDocument | Stuck::HalfCall => {
                assert!(answer.starts_with("HTTP/1.1 400"), "{stuck:?}: {answer}");
                assert!(answer.contains("RequestTimeout") && answer.contains(TOLD), "{stuck:?}: {answer}");
            }
        }
    }
    let (half, _) = served.ask(1, "GET", "/bucket-1/half", b"").await;
    assert!(half.starts_with("HTTP/1.1 404"), "nothing is left of half an object: {half}");
}

#[tokio::test]
async fn a_client_that_is_slow_but_moves_is_served() {
    let clients = Clients { stall: Duration::from_secs(1), ..Clients::default() };
    let served = Served::start(clients).await;
    served.put("/bucket-1", b"").await;
    let body = vec![7; 100_000];
    let mut stream = served.connect(2).await;
    let head = served.head("s3", "PUT", "/bucket-1/slow", &[("connection", "close")], &body);
    stream.write_all(head.as_bytes()).await.unwrap();
    // 100 KB in 2 s, a little at a time.
    for piece in body.chunks(5_000) {
        tokio::time::sleep(Duration::from_millis(100)).await;
        stream.write_all(piece).await.unwrap();
    }
    let answer = end_of(&mut stream).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    // And one that moves less than it must is not, however steadily.
    let mut stream = served.connect(2).await;
    stream.write_all(head.replace("/slow", "/slower").as_bytes()).await.unwrap();
    let mut sent = 0;
    for piece in body.chunks(500) {
        tokio::time::sleep(Duration::from_millis(100)).await;
        if stream.write_all(piece).await.is_err() {
            break;
        }
        sent += piece.len();
    }
    assert!(sent < 20_000, "{sent} bytes were taken");
}

#[tokio::test]
async fn one_connection_too_many_is_told_so_and_others_have_their_places() {
    let clients = Clients { connections: 6, connections_per_address: 4, ..Clients::default() };
    let served = Served::start(clients).await;
    served.put("/bucket-1", b"").await;
    let mut stuck = Vec::new();
    for _ in 0..4 {
        stuck.push(Stuck::Idle.begin(&served, 2).await);
    }
    let (refused, _) = served.ask(2, "GET", "/bucket-1", b"").await;
    assert!(refused.starts_with("HTTP/1.1 503") && refused.contains("<Code>SlowDown</Code>"), "{refused}");
    let (other, _) = served.ask(3, "GET", "/bucket-1", b"").await;
    assert!(other.starts_with("HTTP/1.1 200"), "{other}");
    for address in [3, 4] {
        stuck.push(Stuck::Idle.begin(&served, address).await);
    }
    let (refused, _) = served.ask(5, "GET", "/bucket-1", b"").await;
    assert!(refused.starts_with("HTTP/1.1 503"), "{refused}");
    stuck.clear();
    for _ in 0..100 {
        let (answer, _) = served.ask(2, "GET", "/bucket-1", b"").await;
        if answer.starts_with("HTTP/1.1 200") {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("places were not free again");
}

//! Clients of the console that are stuck or too many, in every way there is, do not take the pages from others.

#![allow(clippy::unwrap_used)]

mod support;

use sandbox::limits::Clients;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use support::Walk;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use trilock::{
    shutdown::{Shutdown, Trigger},
    web::{self, Setup},
};

/// What stuck clients have in these tests.
const PATIENCE: Duration = Duration::from_millis(500);
/// By when each of them is let go.
const LET_GO: Duration = Duration::from_secs(8);

/// A console on a free port of loopback.
struct Served {
    address: SocketAddr,
    server: JoinHandle<()>,
    trigger: Trigger,
    site_root: PathBuf,
    _walk: Walk,
}

impl Served {
    async fn start(connections: usize, per_address: usize) -> Self {
        let walk = Walk::new().await;
        let (trigger, shutdown) = Shutdown::by_hand();
        let site_root = std::env::temp_dir().join(format!("trilock-slow-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir_all(site_root.join("pkg")).unwrap();
        std::fs::write(site_root.join("pkg/large.js"), vec![b' '; 32 << 20]).unwrap();
        let setup = Setup {
            site: walk.site.clone(),
            shutdown: shutdown.clone(),
            site_root: site_root.clone(),
            loopback: true,
        };
        let router = web::router(setup).await;
        let clients =
            Clients { connections, connections_per_address: per_address, idle: PATIENCE, stall: PATIENCE };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(web::serve(listener, router, clients, shutdown.asked()));
        Self { address, server, trigger, site_root, _walk: walk }
    }

    /// A connection from 127.0.0.`from`, with room for little that it has not read.
    async fn connect(&self, from: u8) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 0, from)), 0)).unwrap();
        socket.set_recv_buffer_size(4_096).unwrap();
        socket.connect(self.address).await.unwrap()
    }

    async fn send(&self, from: u8, text: &str) -> TcpStream {
        let mut stream = self.connect(from).await;
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }

    /// Whether the console answers somebody else, at once.
    async fn answers(&self, from: u8) -> bool {
        let start = Instant::now();
        let request = format!("GET /healthz HTTP/1.1\r\n{HOST}connection: close\r\n\r\n");
        let mut stream = self.send(from, &request).await;
        let answer = end_of(&mut stream).await.unwrap();
        answer.starts_with("HTTP/1.1 200") && answer.ends_with("ok\n") && start.elapsed() < PATIENCE
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.server.abort();
        let _ = std::fs::remove_dir_all(&self.site_root);
    }
}

const HOST: &str = "host: 127.0.0.1\r\n";

/// Reads to the end, within the time that stuck clients have; `None` when the connection stays open.
async fn end_of(stream: &mut TcpStream) -> Option<String> {
    let mut answer = Vec::new();
    // A reset is an end as well.
    timeout(LET_GO, stream.read_to_end(&mut answer)).await.ok()?.ok();
    Some(String::from_utf8_lossy(&answer).into_owned())
}

/// A form of which half comes.
fn half_form(path: &str, content_type: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\n{HOST}content-type: {content_type}\r\ncontent-length: 2000\r\n\r\nname=half"
    )
}

/// Every way to be stuck, and the status that each is told, if it can be told.
fn ways() -> [(&'static str, String, Option<&'static str>); 6] {
    let idle = format!("GET /healthz HTTP/1.1\r\n{HOST}\r\n");
    let form = half_form("/api/lab/start", "application/x-www-form-urlencoded");
    let upload = half_form("/instance/files", "multipart/form-data; boundary=x");
    let large = format!("GET /pkg/large.js HTTP/1.1\r\n{HOST}\r\n");
    [
        ("silent", String::new(), None),
        ("half a head", format!("GET / HTTP/1.1\r\n{HOST}"), None),
        ("idle after its answer", idle, Some("200")),
        ("half a form", form, Some("408")),
        ("half an upload", upload, Some("400")),
        ("does not read", large, Some("200")),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_stuck_client_is_let_go_and_others_are_answered_meanwhile() {
    let served = Served::start(100, 50).await;
    for (way, text, status) in ways() {
        let mut stuck = served.send(2, &text).await;
        assert!(served.answers(3).await, "{way}");
        if way == "does not read" {
            tokio::time::sleep(PATIENCE * 4).await;
        }
        let told = end_of(&mut stuck).await.unwrap_or_else(|| panic!("{way}: the connection stays open"));
        assert_eq!(told.split(' ').nth(1), status, "{way}: {told}");
        if way == "does not read" {
            assert!(told.len() < 32 << 20, "the answer was broken off");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stuck_clients_of_one_address_leave_room_for_others_and_go_themselves() {
    let served = Served::start(6, 4).await;
    let mut stuck = Vec::new();
    for (_, text, _) in ways().iter().skip(1).take(4) {
        stuck.push(served.send(2, text).await);
    }
    // The server counts a connection when it takes it, not when it is made.
    assert!(served.answers(3).await);
    let mut refused = served.connect(2).await;
    let told = end_of(&mut refused).await.unwrap();
    assert!(told.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{told}");
    assert!(
        told.ends_with("Too many connections to Trilock at once. Close pages, or try again in a moment.")
    );
    assert!(served.answers(3).await, "another address has room");
    for mut stuck in stuck {
        assert!(end_of(&mut stuck).await.is_some());
    }
    assert!(served.answers(2).await, "its places are free again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_waits_for_news_is_not_stuck_and_ends_with_the_server() {
    let mut served = Served::start(10, 10).await;
    let form = "listings=corrected&bucket=slow-clients-bucket";
    let post = |path: &str, cookie: &str, form: &str| {
        format!(
            "POST {path} HTTP/1.1\r\n{HOST}cookie: {cookie}\r\naccept: text/html\r\nconnection: close\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
            form.len()
        )
    };
    let started = end_of(&mut served.send(2, &post("/api/lab/start", "", form)).await).await.unwrap();
    let cookie = started.split("set-cookie: ").nth(1).unwrap().split(';').next().unwrap().to_owned();
    let stream = format!("GET /activity/stream HTTP/1.1\r\n{HOST}cookie: {cookie}\r\n\r\n");
    let mut stream = served.send(2, &stream).await;
    tokio::time::sleep(PATIENCE * 3).await;
    let role = post("/api/role/create", &cookie, "step=roles&role=secure-bucket-admin");
    let made = end_of(&mut served.send(2, &role).await).await.unwrap();
    assert!(made.starts_with("HTTP/1.1 303"), "{made}");
    let mut news = String::new();
    while !news.contains("CreateRole") {
        let mut some = [0; 4_096];
        let read = timeout(LET_GO, stream.read(&mut some)).await.unwrap().unwrap();
        assert_ne!(read, 0, "the stream ended: {news}");
        news.push_str(&String::from_utf8_lossy(&some[..read]));
    }
    served.trigger.pull();
    assert!(end_of(&mut stream).await.is_some());
    timeout(LET_GO, &mut served.server).await.unwrap().unwrap();
}

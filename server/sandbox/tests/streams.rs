//! Large objects pass through in both directions and from name to name, and the memory they take is none of their size. What
//! is measured is this process, so nothing else is tested in it.
#![allow(clippy::unwrap_used)]

mod support;

use std::net::SocketAddr;
use std::time::SystemTime;

use aws_lc_rs::digest::{Context, SHA256};
use bytes::Bytes;
use http::Request;
use sandbox::limits::Stock;
use sandbox::{Config, Limits};
use support::place::Place;
use support::signed::{Chain, SIGNED, UNSIGNED_WITH_TRAILER, streaming};
use support::steps::s3;
use support::{Lab, request};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const OBJECT: &str = "/bucket-1/object";
const MIB: u64 = 1 << 20;
/// How much memory may grow while anything is under way, whatever its size: what is written is committed in groups of 8 MiB, and the
/// database keeps some of its pages.
const GROWTH: u64 = 40 * MIB;
const PIECE: usize = 64 << 10;

/// One piece of a body that repeats nowhere.
fn piece(number: u64) -> Vec<u8> {
    let mut piece = vec![number.to_le_bytes()[0]; PIECE];
    piece[..8].copy_from_slice(&number.to_le_bytes());
    piece
}

fn pieces(size: u64) -> impl Iterator<Item = Vec<u8>> {
    (0..size / PIECE as u64).map(piece)
}

/// What the process holds in memory, and held at most since [`forget_peak`], in bytes.
fn memory(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() << 10
}

/// `proc(5)`: 5 sets the peak to what there is now.
fn forget_peak() {
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
}

/// What a body is made of: some text, all pieces, some text.
struct Framed {
    before: Vec<u8>,
    size: u64,
    behind: Vec<u8>,
}

/// Makes a request over TCP. Gives its status, and every piece of the answer's body to `read`.
async fn exchange(
    address: SocketAddr,
    request: &Request<Bytes>,
    body: &Framed,
    mut read: impl FnMut(&[u8]),
) -> u16 {
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut from, mut to) = stream.into_split();
    let length = body.before.len() as u64 + body.size + body.behind.len() as u64;
    let mut head = format!("{} {} HTTP/1.1\r\n", request.method(), request.uri().path_and_query().unwrap());
    for (name, value) in request.headers() {
        head.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap()));
    }
    head.push_str(&format!("content-length: {length}\r\nconnection: close\r\n\r\n"));
    to.write_all(head.as_bytes()).await.unwrap();
    to.write_all(&body.before).await.unwrap();
    for piece in pieces(body.size) {
        to.write_all(&piece).await.unwrap();
    }
    to.write_all(&body.behind).await.unwrap();
    let (mut head, mut buffer) = (Vec::new(), vec![0; PIECE]);
    let end = loop {
        let count = from.read(&mut buffer).await.unwrap();
        assert!(count > 0, "no answer: {}", String::from_utf8_lossy(&head));
        head.extend_from_slice(&buffer[..count]);
        if let Some(end) = head.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
    };
    read(&head[end + 4..]);
    loop {
        match from.read(&mut buffer).await.unwrap() {
            0 => break,
            count => read(&buffer[..count]),
        }
    }
    std::str::from_utf8(&head[9..12]).unwrap().parse().unwrap()
}

/// Puts an object of this size in one signed chunk and in one that is not, copies it and gets it.
async fn passes(size: u64) {
    // Room for four of them.
    let room = Stock { bytes: 5 * size, objects: 10 };
    let limits = Limits { account: room, process: room, ..Limits::default() };
    let lab = Lab::at(Place::folder(), Config { cache_bytes: 1 << 20, limits, ..Config::default() }).await;
    s3(&lab, "PUT", "/bucket-1", &[], b"").await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(lab.sandbox.clone().serve(listener, std::future::pending()));
    let nothing = Framed { before: Vec::new(), size: 0, behind: Vec::new() };
    let get = async |path: &str| {
        let request = request(Some(&lab.admin), "s3", "GET", path, &[], b"", SystemTime::now());
        let (mut expected, mut rest) = (pieces(size), Vec::new());
        let check = |bytes: &[u8]| {
            rest.extend_from_slice(bytes);
            while rest.len() >= PIECE {
                assert!(
                    expected.next().is_some_and(|piece| rest[..PIECE] == piece),
                    "another byte than was put"
                );
                rest.drain(..PIECE);
            }
        };
        let status = exchange(address, &request, &nothing, check).await;
        assert!(expected.next().is_none() && rest.is_empty(), "it ended early");
        status
    };
    let length = size.to_string();
    let decoded = ("x-amz-decoded-content-length", length.as_str());
    let (now, size_of_chunk) = (SystemTime::now(), usize::try_from(size).unwrap());
    let trailed = [decoded, ("x-amz-trailer", "x-amz-checksum-crc64nvme")];
    let unsigned = streaming(&lab.admin, OBJECT, UNSIGNED_WITH_TRAILER, &trailed, now);
    let sum =
        pieces(size).fold(crc_fast::Digest::new(crc_fast::CrcAlgorithm::Crc64Nvme), |mut sum, piece| {
            sum.update(&piece);
            sum
        });
    let sum = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, sum.finalize().to_be_bytes());
    let in_one_chunk = Framed {
        before: format!("{size:x}\r\n").into_bytes(),
        size,
        behind: format!("\r\n0\r\nx-amz-checksum-crc64nvme:{sum}\r\n\r\n").into_bytes(),
    };
    let signed = streaming(&lab.admin, OBJECT, SIGNED, &[decoded], now);
    let mut chain = Chain::of(&lab.admin, &signed, now);
    let hash = pieces(size).fold(Context::new(&SHA256), |mut hash, piece| {
        hash.update(&piece);
        hash
    });
    let in_one_signed_chunk = Framed {
        before: chain.head(size_of_chunk, &hex::encode(hash.finish())).into_bytes(),
        size,
        behind: [b"\r\n".to_vec(), chain.chunk(b""), b"\r\n".to_vec()].concat(),
    };
    s3(&lab, "PUT", "/bucket-1/first", &[], &[1; 2 << 20]).await;
    s3(&lab, "GET", "/bucket-1/first", &[], b"").await;
    forget_peak();
    let before = memory("VmRSS:");
    let must_be_small = |what: &str| {
        let growth = memory("VmHWM:").saturating_sub(before);
        assert!(growth < GROWTH, "{what} of {size} bytes: memory grew by {growth} bytes");
        println!("{what}: {growth} bytes");
    };
    for (what, request, body) in
        [("an unsigned chunk", &unsigned, &in_one_chunk), ("a signed chunk", &signed, &in_one_signed_chunk)]
    {
        let mut answer = Vec::new();
        let status = exchange(address, request, body, |bytes| answer.extend_from_slice(bytes)).await;
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&answer));
        must_be_small(what);
        assert_eq!(get(OBJECT).await, 200);
        must_be_small("a get");
    }
    let source = [("x-amz-copy-source", "bucket-1/object")];
    let copy = request(Some(&lab.admin), "s3", "PUT", "/bucket-1/copy", &source, b"", SystemTime::now());
    assert_eq!(exchange(address, &copy, &nothing, |_| ()).await, 200);
    must_be_small("a copy");
    assert_eq!(get("/bucket-1/copy").await, 200);
    must_be_small("a get of the copy");
    server.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_does_not_grow_with_an_object() {
    passes(96 * MIB).await;
}

/// The largest object that one request may bring.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes and 20 GiB of disk: cargo test --release -p sandbox --test streams -- --ignored --nocapture"]
async fn memory_does_not_grow_with_an_object_of_5_gib() {
    passes(5 * 1024 * MIB).await;
}

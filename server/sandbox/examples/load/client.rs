//! Connections that send requests which are ready, one after the other, and time the answers.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Barrier;
use std::time::{Duration, Instant};

/// Time before the clock starts, in which connections are opened and caches filled.
const WARM_UP: Duration = Duration::from_millis(500);

/// One connection, kept open, and opened anew for a server that closes it after an answer, as moto does.
pub struct Connection {
    address: SocketAddr,
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
}

impl Connection {
    pub fn open(address: SocketAddr) -> Self {
        Self { address, stream: connected(address), buffer: Vec::with_capacity(16 << 10) }
    }

    /// Sends one request and reads its answer.
    pub fn exchange(&mut self, request: &[u8]) -> Answer {
        let (status, head, length) = self.receive(request);
        Answer { status, body: self.buffer.get(head..head + length).unwrap().to_vec() }
    }

    /// The same without a copy: status, length of the head, length of the body.
    fn receive(&mut self, request: &[u8]) -> (u16, usize, usize) {
        self.stream.write_all(request).unwrap();
        self.buffer.clear();
        let head = loop {
            self.read_more();
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                break end + 4;
            }
        };
        let text = std::str::from_utf8(self.buffer.get(..head).unwrap()).unwrap();
        let status = text.get(9..12).unwrap().parse().unwrap();
        let closes = header(text, "connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
        let length = header(text, "content-length").map_or(0, |length| length.parse().unwrap());
        assert!(header(text, "transfer-encoding").is_none(), "chunked answers are not read here: {text}");
        while self.buffer.len() < head + length {
            self.read_more();
        }
        if closes {
            self.stream = connected(self.address);
        }
        (status, head, length)
    }

    fn read_more(&mut self) {
        let before = self.buffer.len();
        self.buffer.resize(before + (8 << 10), 0);
        let read = self.stream.read(self.buffer.get_mut(before..).unwrap()).unwrap();
        assert!(read > 0, "the server closed the connection");
        self.buffer.truncate(before + read);
    }
}

fn connected(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (known, value) = line.split_once(':')?;
        known.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// Requests of every connection, ready to be sent.
pub struct Plan(Vec<Vec<Vec<u8>>>);

impl Plan {
    pub fn new(connections: usize, requests: usize, make: impl Fn(usize, usize) -> Vec<u8>) -> Self {
        let of = |connection| (0..requests).map(|number| make(connection, number)).collect();
        Self((0..connections).map(of).collect())
    }

    /// Sends every request once.
    pub fn once(&self, address: SocketAddr) {
        std::thread::scope(|scope| {
            for requests in &self.0 {
                scope.spawn(move || {
                    let mut connection = Connection::open(address);
                    for request in requests {
                        let answer = connection.exchange(request);
                        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
                    }
                });
            }
        });
    }

    /// Sends requests over all connections at once for so long. Every answer must be 200 with a body of so many bytes.
    pub fn run(&self, address: SocketAddr, length: Duration, bytes: usize) -> Measured {
        let start = Barrier::new(self.0.len());
        let times = std::thread::scope(|scope| {
            let start = &start;
            let run = move |requests: &Vec<Vec<u8>>| {
                let mut connection = Connection::open(address);
                let mut times = Vec::with_capacity(1 << 16);
                start.wait();
                let begun = Instant::now();
                for request in requests.iter().cycle() {
                    let sent = Instant::now();
                    let since = sent - begun;
                    if since > WARM_UP + length {
                        break;
                    }
                    let (status, _, body) = connection.receive(request);
                    assert_eq!(
                        (status, body),
                        (200, bytes),
                        "{}",
                        String::from_utf8_lossy(&connection.buffer)
                    );
                    if since >= WARM_UP {
                        times.push(sent.elapsed());
                    }
                }
                times
            };
            let threads: Vec<_> = self.0.iter().map(|requests| scope.spawn(move || run(requests))).collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        Measured::new(times, length)
    }
}

/// How long answers took.
pub struct Measured {
    times: Vec<Duration>,
    length: Duration,
}

impl Measured {
    fn new(mut times: Vec<Duration>, length: Duration) -> Self {
        times.sort_unstable();
        Self { times, length }
    }

    /// Answers a second.
    pub fn rate(&self) -> f64 {
        self.times.len() as f64 / self.length.as_secs_f64()
    }

    /// How long this part of all answers took at most; 0.5 is the median.
    pub fn percentile(&self, part: f64) -> Duration {
        let last = self.times.len().saturating_sub(1);
        self.times.get((last as f64 * part) as usize).copied().unwrap_or_default()
    }
}

//! A load client: how many GETs and PUTs of 1 KiB under SSE-KMS the embedded AWS answers a second, over TCP, every request
//! signed, all three policies in force; and how many moto does on the same machine, one after the other.
//!
//! ```sh
//! cargo run --release -p sandbox --example load                 # the embedded AWS, as a process of its own, on disk
//! cargo run --release -p sandbox --example load -- --peer       # and moto_server after it (PyPI: moto[server])
//! cargo run --release -p sandbox --example load -- --endpoint http://127.0.0.1:4566 --keys AKIA…:secret
//! ```
//!
//! Requests are signed before the clock starts, so that the client costs as little as it can; a server verifies each of them all
//! the same. A measurement ends with an error when one answer is not what it should be.
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, dead_code)]

#[path = "load/client.rs"]
mod client;
#[path = "load/lab.rs"]
mod lab;
#[path = "load/serve.rs"]
mod serve;
#[path = "load/sign.rs"]
mod sign;

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use clap::Parser;
use client::{Measured, Plan};
use lab::Lab;
use sign::Keys;

/// That of the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Body of every object, in bytes.
const OBJECT_BYTES: usize = 1024;
/// The peer that `--peer` measures, which enforces none of the three policies as it is started here.
const PEER: &str = "moto";
/// Distinct objects of every connection.
const OBJECTS: usize = 250;

#[derive(Parser)]
struct Options {
    /// Connections at a time.
    #[arg(long, default_value_t = 16)]
    connections: usize,
    /// Seconds of every measurement.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Measure moto_server too, which must be on the PATH.
    #[arg(long)]
    peer: bool,
    /// An AWS that runs already.
    #[arg(long)]
    endpoint: Option<String>,
    /// ACCESS_KEY_ID:SECRET of an administrator there.
    #[arg(long, requires = "endpoint")]
    keys: Option<String>,
    /// Keep everything in memory instead of on disk.
    #[arg(long)]
    in_memory: bool,
    /// Where the data go; a folder in the system's temporary one when it is not given.
    #[arg(long)]
    data: Option<std::path::PathBuf>,
    /// Answer requests instead of sending them: what this program starts as a process of its own.
    #[arg(long, hide = true)]
    serve: bool,
}

/// A server that was started here, ended when dropped.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn main() {
    let options = Options::parse();
    if options.serve {
        return serve::run(options.in_memory, options.data);
    }
    println!(
        "| server | call | connections | requests/s | median | 99 % | slowest |\n|---|---|---|---|---|---|---|"
    );
    if let Some(endpoint) = &options.endpoint {
        let keys = options.keys.as_deref().and_then(|keys| keys.split_once(':'));
        let (id, secret) = keys.expect("--endpoint needs --keys ACCESS_KEY_ID:SECRET");
        let address = endpoint.trim_start_matches("http://").parse().expect("http://ADDRESS:PORT");
        return measure(endpoint, address, &Keys::long_term(id, secret), &options);
    }
    let folder = options.data.clone().unwrap_or_else(|| std::env::temp_dir().join("trilock-load"));
    let mut own = Command::new(std::env::current_exe().unwrap());
    own.arg("--serve").args(options.in_memory.then_some("--in-memory"));
    own.arg("--data").arg(&folder).stdout(Stdio::piped());
    let mut own = Server(own.spawn().unwrap());
    let address = serve::address_of(&mut own.0);
    let name = if options.in_memory { "trilock, in memory" } else { "trilock, on disk" };
    measure(name, address, &Keys::long_term(serve::ACCESS_KEY_ID, serve::SECRET), &options);
    drop(own);
    if options.data.is_none() {
        let _ = std::fs::remove_dir_all(folder);
    }
    if options.peer {
        let port = free_port();
        let moto = Command::new("moto_server")
            .args(["-p", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("moto_server is not on the PATH: pip install 'moto[server]'");
        let moto = Server(moto);
        let address: SocketAddr = ([127, 0, 0, 1], port).into();
        wait_for(address);
        measure(PEER, address, &Keys::long_term(serve::ACCESS_KEY_ID, serve::SECRET), &options);
        drop(moto);
    }
}

fn measure(name: &str, address: SocketAddr, admin: &Keys, options: &Options) {
    let lab = Lab::prepare(address, admin, name != PEER);
    let length = Duration::from_secs(options.seconds);
    let put = Plan::new(options.connections, OBJECTS, |connection, object| {
        lab.put(&format!("c{connection}/o{object}"), &[b'x'; OBJECT_BYTES])
    });
    let get = Plan::new(options.connections, OBJECTS, |connection, object| {
        lab.get(&format!("c{connection}/o{object}"))
    });
    put.once(address);
    report(name, "PUT 1 KiB SSE-KMS", options.connections, &put.run(address, length, 0));
    report(name, "GET 1 KiB SSE-KMS", options.connections, &get.run(address, length, OBJECT_BYTES));
}

fn report(name: &str, call: &str, connections: usize, measured: &Measured) {
    let micros = |part| format!("{} µs", measured.percentile(part).as_micros());
    println!(
        "| {name} | {call} | {connections} | {:.0} | {} | {} | {} |",
        measured.rate(),
        micros(0.5),
        micros(0.99),
        micros(1.0)
    );
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn wait_for(address: SocketAddr) {
    let begun = Instant::now();
    while std::net::TcpStream::connect(address).is_err() {
        assert!(begun.elapsed() < Duration::from_secs(30), "{address} does not answer");
        std::thread::sleep(Duration::from_millis(50));
    }
}

//! The embedded AWS as a process of its own, for the load client.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Child;

use sandbox::{Config, Sandbox, Storage};

pub const ACCESS_KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";
pub const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const ACCOUNT: &str = "111122223333";

/// Says its address on standard output, then answers until it is killed.
pub fn run(in_memory: bool, data: Option<PathBuf>) {
    let storage = match data {
        Some(folder) if !in_memory => Storage::Directory(folder),
        _ => Storage::InMemory,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let sandbox = Sandbox::open(Config { storage, ..Config::default() }).await.unwrap();
        sandbox.hold_account(ACCOUNT, ACCESS_KEY_ID, SECRET).await.unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("{}", listener.local_addr().unwrap());
        sandbox.serve(listener, std::future::pending()).await;
    });
}

/// The address that a server started as a process of its own says.
pub fn address_of(server: &mut Child) -> SocketAddr {
    let mut line = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
    line.trim().parse().expect("the server did not start")
}

//! How many clients are connected, in all and from each address, and what one too many is told.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use crate::limits::Clients;

/// The answer to one too many of the embedded AWS: before its request is read nobody knows which service it is for, so it is S3's.
pub(super) const REFUSAL: &str = "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/xml\r\ncontent-length: 150\r\n\
    connection: close\r\nretry-after: 1\r\n\r\n\
    <?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>SlowDown</Code><Message>Too many connections. Please reduce your \
    request rate.</Message></Error>\r\n";

/// How many refusals are told at once; beyond that connections are closed without a word.
const REFUSALS: usize = 32;

/// How long a refused client has to read why.
const REFUSAL_TIME: Duration = Duration::from_secs(1);

/// Counts connections.
#[derive(Clone, Debug)]
pub(super) struct Admission {
    clients: Clients,
    /// The answer to one too many, as it goes over the wire.
    refusal: &'static str,
    counts: Arc<Mutex<Counts>>,
    refusals: Arc<Semaphore>,
}

#[derive(Debug, Default)]
struct Counts {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// A connection's place; free again when dropped.
#[derive(Debug)]
pub(super) struct Place {
    counts: Arc<Mutex<Counts>>,
    address: IpAddr,
}

impl Admission {
    pub(super) fn new(clients: Clients, refusal: &'static str) -> Self {
        Self { clients, refusal, counts: Arc::default(), refusals: Arc::new(Semaphore::new(REFUSALS)) }
    }

    /// A place for a client; `None` when there is none.
    pub(super) fn admit(&self, address: IpAddr) -> Option<Place> {
        let address = address.to_canonical();
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let from_there = counts.by_address.get(&address).copied().unwrap_or_default();
        if counts.all >= self.clients.connections || from_there >= self.clients.connections_per_address {
            return None;
        }
        counts.all += 1;
        counts.by_address.insert(address, from_there + 1);
        Some(Place { counts: Arc::clone(&self.counts), address })
    }

    /// Tells a client that there is no place for it. What it has sent is read, so that closing does not take the answer away
    /// from it.
    pub(super) fn refuse(&self, mut stream: TcpStream) {
        let Ok(permit) = Arc::clone(&self.refusals).try_acquire_owned() else { return };
        let refusal = self.refusal;
        tokio::spawn(async move {
            let told = async {
                stream.write_all(refusal.as_bytes()).await?;
                stream.shutdown().await?;
                let mut ignored = [0; 4_096];
                while stream.read(&mut ignored).await? > 0 {}
                std::io::Result::Ok(())
            };
            // Late or broken off: there is nothing more to do for it.
            let _ = tokio::time::timeout(REFUSAL_TIME, told).await;
            drop(permit);
        });
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.all = counts.all.saturating_sub(1);
        match counts.by_address.get_mut(&self.address) {
            Some(from_there) if *from_there > 1 => *from_there -= 1,
            _ => drop(counts.by_address.remove(&self.address)),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn places_are_counted_in_all_and_by_address_and_free_again() {
        let clients = Clients { connections: 3, connections_per_address: 2, ..Clients::default() };
        let admission = Admission::new(clients, REFUSAL);
        let admit = |address: &str| admission.admit(address.parse().unwrap());
        let first = admit("10.0.0.1");
        let _second = admit("::ffff:10.0.0.1");
        assert!(admit("10.0.0.1").is_none(), "an address has its share, in both spellings");
        let _third = admit("10.0.0.2");
        assert!(admit("10.0.0.3").is_none(), "all places are taken");
        drop(first);
        assert!(admit("10.0.0.1").is_some());
        assert_eq!(admission.counts.lock().unwrap().by_address.len(), 2, "who is gone is forgotten");
    }

    #[test]
    fn the_refusal_is_as_long_as_it_says() {
        let (head, body) = REFUSAL.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{}", body.len());
    }
}

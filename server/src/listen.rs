//! Binding the two addresses, with errors that say which one and what to do.

use std::{io, net::SocketAddr};
use tokio::net::TcpListener;

/// Why an address could not be listened on.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Something else has the port.
    #[error(
        "{address} is in use by another program, so {what} cannot listen there; pick another with {option} ADDRESS:PORT"
    )]
    Occupied {
        /// The console or the embedded AWS.
        what: &'static str,
        /// The address.
        address: SocketAddr,
        /// The option that changes it.
        option: &'static str,
    },
    /// The address is not this machine's, or needs more rights.
    #[error("{what} cannot listen on {address}: {error}; pick another with {option} ADDRESS:PORT")]
    Refused {
        /// The console or the embedded AWS.
        what: &'static str,
        /// The address.
        address: SocketAddr,
        /// The option that changes it.
        option: &'static str,
        /// What the operating system said.
        error: io::Error,
    },
}

/// Listens on `address`; `what` and `option` name it in errors.
///
/// # Errors
/// When the port is taken, or the operating system refuses the address.
pub async fn listen(
    address: SocketAddr,
    what: &'static str,
    option: &'static str,
) -> Result<TcpListener, ListenError> {
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => ListenError::Occupied { what, address, option },
        _ => ListenError::Refused { what, address, option, error },
    })
}

/// The address a person types to reach a listener: an unspecified address is reached by loopback.
pub fn reachable(address: SocketAddr) -> String {
    match address.ip() {
        ip if !ip.is_unspecified() => format!("http://{address}"),
        ip if ip.is_ipv6() => format!("http://[::1]:{}", address.port()),
        _ => format!("http://127.0.0.1:{}", address.port()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{listen, reachable};

    #[tokio::test]
    async fn an_occupied_port_says_which_and_what_to_do() {
        let taken = listen("127.0.0.1:0".parse().unwrap(), "the console", "--listen").await.unwrap();
        let address = taken.local_addr().unwrap();
        let error = listen(address, "the console", "--listen").await.unwrap_err().to_string();
        assert_eq!(
            error,
            format!(
                "{address} is in use by another program, so the console cannot listen there; pick another with --listen ADDRESS:PORT"
            )
        );
    }

    #[test]
    fn an_unspecified_address_is_reached_by_loopback() {
        let cases = [
            ("127.0.0.1:3000", "http://127.0.0.1:3000"),
            ("0.0.0.0:3000", "http://127.0.0.1:3000"),
            ("[::]:3000", "http://[::1]:3000"),
        ];
        for (address, expected) in cases {
            assert_eq!(reachable(address.parse().unwrap()), expected);
        }
    }
}

//! The commands of the command line, one a file, and why one ends early.

pub mod evaluate;
pub mod lint;
pub mod sandbox;
pub mod serve;

use crate::{
    data_dir::DataDirError, listen::ListenError, session::VaultError, shutdown::GRACE, store::StoreError,
};
use ::sandbox::Sandbox;
use std::io::{self, Write as _};

/// Why a command could not start or go on. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// An address.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The data folder.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// The console's database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The vault's key.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The embedded AWS did not open.
    #[error("the embedded AWS could not start: {0}")]
    Sandbox(String),
    /// An `--account` that cannot be read.
    #[error("--account: {0}")]
    AccountOption(String),
    /// An account of `--account`.
    #[error("--account {account_id}: {reason}")]
    Account {
        /// 12 digits.
        account_id: String,
        /// What the embedded AWS said.
        reason: String,
    },
    /// A `--database` that cannot be read.
    #[error("--database: {0}")]
    DatabaseOption(String),
    /// A file of `trilock lint`.
    #[error("{} cannot be read: {error}", file.display())]
    File {
        /// As given.
        file: std::path::PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// `--trace`.
    #[error("--trace {} cannot be written: {error}", file.display())]
    Trace {
        /// As given.
        file: std::path::PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// Documents of `trilock lint` that their service would refuse.
    #[error("{0} of the documents would be refused")]
    Refused(usize),
    /// Lines of `trilock evaluate` without a decision.
    #[error("{0} of the lines could not be answered; each says why in its place")]
    Unanswered(usize),
    /// A listener broke, or standard input or output did.
    #[error("input or output failed: {0}")]
    Io(#[from] io::Error),
}

/// The embedded AWS's root key, if the environment gives one.
fn root_key() -> Result<Option<::sandbox::RootKey>, CommandError> {
    ::sandbox::RootKey::of_environment(|name| std::env::var(name).ok())
        .map_err(|error| CommandError::Sandbox(error.to_string()))
}

/// Prints a line that other programs may wait for.
fn announce(line: &str) {
    // A closed standard output is no reason to stop serving.
    let mut out = io::stdout().lock();
    if writeln!(out, "{line}").and_then(|()| out.flush()).is_err() {
        tracing::debug!(line, "standard output is closed");
    }
}

/// Closes the embedded AWS: what CloudTrail has not written yet is written.
async fn close(sandbox: &Sandbox) {
    if tokio::time::timeout(GRACE, sandbox.close()).await.is_err() {
        tracing::warn!("the database was left open: requests are still under way");
    }
}

/// Warns when an address can be reached from other machines.
fn warn_if_open(what: &str, address: std::net::SocketAddr) {
    if !address.ip().is_loopback() {
        eprintln!("trilock: {what} listens on {address} and can be reached from other machines");
    }
}

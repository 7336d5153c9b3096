//! Why a part could not be done. Every message says what was tried and, where something is missing, what to do.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use crate::test::tally::Tally;

/// Ends the whole command.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Something this machine lacks and xtask cannot install: one sentence that names what to do.
    #[error("{0}")]
    Prerequisite(String),
    /// A program could not be started at all.
    #[error("cannot start `{program}`: {source}")]
    Start {
        /// As it would be typed.
        program: String,
        source: io::Error,
    },
    /// A program ran and failed; it has said why itself.
    #[error("`{command}` failed ({status})")]
    Command { command: String, status: ExitStatus },
    /// A program did not end in the time it was given, and was stopped.
    #[error("`{command}` took longer than {seconds} s and was stopped")]
    TooLong { command: String, seconds: u64 },
    #[error("cannot {what} {}: {source}", path.display())]
    File { what: &'static str, path: PathBuf, source: io::Error },
    /// A tool that is linked in found something wrong with the sources.
    #[error("{0}")]
    Source(String),
    /// Tests ran and some failed; the runners have listed them.
    #[error("{0}")]
    Tests(Tally),
}

impl Error {
    /// For `map_err` after an operation on one file or folder.
    pub(crate) fn file(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::File { what, path, source }
    }
}

//! The instance's terminal: a line is split like a shell splits it, then read as one of a few commands. There is no shell.
//!
//! What a command *does* is in [`console`](crate::console); here are its words, its limits and the exact texts the real
//! programs print: the AWS CLI of version 2, whose source for `aws s3` and for printing is that of 1.45 too
//! (`awscli/customizations/s3/results.py`, `subcommands.py`, `awscli/formatter.py`, `text.py`).

pub mod api;
pub mod command;
pub mod completion;
pub mod files;
mod help;
pub mod line;
pub mod print;
pub mod s3_path;
pub mod usage;

/// The prompt's user and its home, as on Amazon Linux.
pub const HOME: &str = "/home/ec2-user";

/// Our own stand-in for the white paper that the tutorial downloads.
pub const SAMPLE_PDF: &[u8] = include_bytes!("../assets/KMS-Cryptographic-Details.pdf");

/// What a command wrote to standard output and error together, and its exit status.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// The text.
    pub text: String,
    /// Exit status.
    pub status: i32,
}

impl Output {
    /// Text of a command that succeeded.
    pub fn ok(text: impl Into<String>) -> Self {
        Self { text: text.into(), status: 0 }
    }

    /// Text of a command that failed.
    pub fn failed(status: i32, text: impl Into<String>) -> Self {
        Self { text: text.into(), status }
    }
}

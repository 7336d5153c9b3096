//! The instance's terminal: a line is split like a shell splits it, then read as one of a few commands. There is no shell.
//!
//! What a command *does* is in [`console`](crate::console); here are its words, its limits and the exact texts the real
//! programs print (AWS CLI 1.45: `awscli/customizations/s3/results.py` and `subcommands.py`).

pub mod command;
pub mod files;
pub mod line;
pub mod print;
pub mod s3_path;

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

/// What `help` prints.
pub const HELP: &str = "\
This terminal runs these commands, one a line, without a shell behind it:

  curl -O URL.pdf                     download the test file (a stand-in that Trilock brings along)
  aws s3 cp FILE s3://BUCKET/[KEY]    upload; [--sse [AES256|aws:kms]] [--sse-kms-key-id KEY]
  aws s3 cp s3://BUCKET/KEY FILE      download
  aws s3 ls [s3://BUCKET[/PREFIX]]    list buckets or objects
  aws s3 rm s3://BUCKET/KEY           delete an object
  aws sts get-caller-identity         who the instance is
  ls [-l]   cat FILE   sha256sum FILE   rm FILE   clear   help

Its credentials are those of the instance's role, from the instance metadata service.
";

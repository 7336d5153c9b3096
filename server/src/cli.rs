//! The command line, as `design.md` fixes it. What the options mean is here; what the commands do is in
//! [`commands`](crate::commands).

mod aws;
mod limits;

pub use aws::AwsOptions;
pub use limits::LimitOptions;

use clap::{
    Args, Parser, Subcommand, ValueEnum,
    builder::{PossibleValue, PossibleValuesParser, TypedValueParser},
};
use policy::lint::Kind;
use sandbox::limits::Clients;
use std::{fmt, net::SocketAddr, path::PathBuf, str::FromStr};
use zeroize::Zeroizing;

/// Where the console's state and the embedded AWS's state are kept unless `--data` says otherwise.
pub const DEFAULT_DATA_DIR: &str = "./trilock-data";

/// Three locks on S3 data, walked through with guided role switching.
#[derive(Debug, Parser)]
#[command(name = "trilock", version, about, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the console, with an AWS built into the same process
    Serve(ServeOptions),
    /// Serve the embedded AWS alone, for the AWS CLI and SDKs
    Sandbox(SandboxOptions),
    /// Decide authorization questions from standard input, one JSON object a line
    #[command(after_long_help = EVALUATE_HELP)]
    Evaluate,
    /// Find what is wrong with policy documents: what AWS refuses, and what it accepts but does not do what it says
    Lint(LintOptions),
}

/// What `trilock evaluate --help` adds.
const EVALUATE_HELP: &str = r#"Each line is one question, for example:

  {"name": "may Alice read?", "principal": "arn:aws:iam::111122223333:user/alice",
   "action": "s3:GetObject", "resource": "arn:aws:s3:::b/k", "resource_account": "111122223333",
   "resource_kind": "s3-bucket", "identity_policies": [{...}], "resource_policy": {...}}

(on one line). Further fields: context, grants, boundaries, session_policies, scps and rcps (lists
of levels, root first), endpoint_policies, block_public_access. `principal` may also be
{"Service": "ec2.amazonaws.com"}, {"Federated": "..."} or "anonymous"; `resource_kind` is s3-bucket,
kms-key, iam-role or other. Each answer is one line, in the same order. A line that cannot be
answered gives {"name": ..., "error": ...}, and the exit status is 1 at the end."#;

/// Options of `trilock serve`.
#[derive(Args, Debug)]
pub struct ServeOptions {
    /// Address of the console; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:3000")]
    pub listen: SocketAddr,
    /// Address of the embedded AWS, for the AWS CLI and SDKs; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4566")]
    pub aws_listen: SocketAddr,
    /// Folder that holds all state; made if it is not there
    #[arg(long, value_name = "DIR", default_value = DEFAULT_DATA_DIR, conflicts_with = "database")]
    pub data: PathBuf,
    /// PostgreSQL database that holds all state instead of a folder, the console's in a schema of its own; the root key is in
    /// TRILOCK_ROOT_KEY or made of TRILOCK_ROOT_PASSPHRASE
    #[arg(long, value_name = "URL")]
    pub database: Option<DatabaseOption>,
    /// Most connections to the console at once; one more is answered 503 and closed. An open page holds one
    #[arg(long, value_name = "NUMBER", default_value_t = 160, value_parser = limits::at_least_one)]
    pub console_connections: usize,
    /// Most connections to the console at once from one IP address; one more is answered 503 and closed
    #[arg(long, value_name = "NUMBER", default_value_t = 80, value_parser = limits::at_least_one)]
    pub console_connections_per_address: usize,
    /// The AWS to work on
    #[arg(long, value_name = "embedded|aws|URL", default_value = "embedded")]
    pub target: Target,
    /// How the embedded AWS is to be.
    #[command(flatten)]
    pub aws: AwsOptions,
}

impl ServeOptions {
    /// How many may be connected to the console, and how slow they may be: as slow as clients of the embedded AWS.
    pub fn clients(&self) -> Clients {
        Clients {
            connections: self.console_connections,
            connections_per_address: self.console_connections_per_address,
            ..self.aws.limits.limits(false, true).clients
        }
    }
}

/// Options of `trilock sandbox`.
#[derive(Args, Debug)]
pub struct SandboxOptions {
    /// Address to listen on; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4566")]
    pub listen: SocketAddr,
    /// Folder that holds all state; made if it is not there
    #[arg(long, value_name = "DIR", default_value = DEFAULT_DATA_DIR)]
    pub data: PathBuf,
    /// PostgreSQL database that holds all state instead of a folder; the root key is in TRILOCK_ROOT_KEY or made of
    /// TRILOCK_ROOT_PASSPHRASE
    #[arg(long, value_name = "URL", conflicts_with = "data")]
    pub database: Option<DatabaseOption>,
    /// Keep all state in memory; nothing is written
    #[arg(long, conflicts_with_all = ["data", "database"])]
    pub in_memory: bool,
    /// Append every event of CloudTrail to this file, one JSON record a line: who called what, from where,
    /// and what was answered; calls about S3 objects included. Why a policy decided so is not in it
    #[arg(long, value_name = "FILE")]
    pub trail: Option<PathBuf>,
    /// An account whose root user holds these keys; may be given several times
    #[arg(long = "account", value_name = "ACCOUNT_ID:ACCESS_KEY_ID:SECRET")]
    pub accounts: Vec<AccountOption>,
    /// How it is to be.
    #[command(flatten)]
    pub aws: AwsOptions,
}

/// Options of `trilock lint`.
#[derive(Args, Debug)]
pub struct LintOptions {
    /// Policy documents as JSON; `-` reads standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// What the documents are attached to; guessed for each when left out
    #[arg(long, value_parser = kinds())]
    pub kind: Option<Kind>,
    /// How findings are written
    #[arg(long, value_enum, default_value = "text")]
    pub format: LintFormat,
}

/// Reads the kind of a document by its name, and lists the names with what each is attached to.
fn kinds() -> impl TypedValueParser<Value = Kind> {
    let attached_to = |kind| match kind {
        Kind::Identity => "A user, group or role",
        Kind::Bucket => "An S3 bucket",
        Kind::Key => "A KMS key",
        Kind::Trust => "A role, as its trust policy",
    };
    let words = Kind::ALL.map(|kind| PossibleValue::new(kind.name()).help(attached_to(kind)));
    PossibleValuesParser::new(words).try_map(|word| Kind::from_name(&word).ok_or("no such kind"))
}

/// How findings are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LintFormat {
    /// `file:line:column: severity: message [code]`
    Text,
    /// A list with one object a file
    Json,
}

/// What the console's SDK clients talk to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The AWS in this process.
    Embedded,
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "embedded" => Ok(Self::Embedded),
            "aws" => {
                Err("this version works on the embedded AWS only; a real AWS account is not supported yet"
                    .into())
            }
            url if url.starts_with("http://") || url.starts_with("https://") => {
                Err("this version works on the embedded AWS only; other endpoints are not supported yet"
                    .into())
            }
            _ => {
                Err("expected `embedded`, `aws` or an endpoint URL; this version supports `embedded` only"
                    .into())
            }
        }
    }
}

/// `--database` as given. Taken as it is and read later: what clap refuses it prints, password and all.
#[derive(Clone)]
pub struct DatabaseOption(Zeroizing<String>);

impl DatabaseOption {
    /// Reads it.
    ///
    /// # Errors
    /// What is wrong with it, without its password.
    pub fn read(&self) -> Result<sandbox::DatabaseUrl, String> {
        self.0.parse().map_err(|error: sandbox::StoreError| error.to_string())
    }
}

impl FromStr for DatabaseOption {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(Zeroizing::new(text.into())))
    }
}

impl fmt::Debug for DatabaseOption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DatabaseOption(** redacted **)")
    }
}

/// `--account` as given. Taken as it is and read later, with [`HeldAccount`]: what clap refuses it prints, secret and all.
#[derive(Clone)]
pub struct AccountOption(Zeroizing<String>);

impl AccountOption {
    /// Reads it.
    ///
    /// # Errors
    /// What is wrong with it, without its secret.
    pub fn read(&self) -> Result<HeldAccount, String> {
        self.0.parse()
    }
}

impl FromStr for AccountOption {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(Zeroizing::new(text.into())))
    }
}

impl fmt::Debug for AccountOption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccountOption(** redacted **)")
    }
}

/// `--account` of `trilock sandbox`. Its secret is wiped from memory when dropped and never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct HeldAccount {
    /// 12 digits.
    pub account_id: String,
    /// Access key id of the account's root user.
    pub access_key_id: String,
    /// Its secret access key.
    pub secret_access_key: Zeroizing<String>,
}

impl FromStr for HeldAccount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.splitn(3, ':');
        let (Some(account_id), Some(access_key_id), Some(secret)) =
            (parts.next(), parts.next(), parts.next())
        else {
            return Err("expected three parts with colons between: ACCOUNT_ID:ACCESS_KEY_ID:SECRET".into());
        };
        if account_id.len() != 12 || !account_id.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err("the account id, before the first colon, must be 12 digits".into());
        }
        if !(16..=128).contains(&access_key_id.len())
            || !access_key_id.bytes().all(|byte| byte.is_ascii_alphanumeric())
        {
            return Err("the access key id must be 16 to 128 letters and digits".into());
        }
        if secret.is_empty() || secret.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err("the secret access key must not be empty or hold blanks".into());
        }
        Ok(Self {
            account_id: account_id.into(),
            access_key_id: access_key_id.into(),
            secret_access_key: Zeroizing::new(secret.into()),
        })
    }
}

impl fmt::Debug for HeldAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeldAccount")
            .field("account_id", &self.account_id)
            .field("access_key_id", &self.access_key_id)
            .field("secret_access_key", &"** redacted **")
            .finish()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{Cli, Command, HeldAccount};
    use clap::{CommandFactory as _, Parser as _};

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn serve_listens_on_loopback_unless_told_otherwise() {
        let Command::Serve(options) = Cli::try_parse_from(["trilock", "serve"]).unwrap().command else {
            panic!("not serve");
        };
        assert_eq!(options.listen.to_string(), "127.0.0.1:3000");
        assert_eq!(options.aws_listen.to_string(), "127.0.0.1:4566");
    }

    #[test]
    fn the_consoles_connections_are_bounded_apart_from_those_of_the_embedded_aws() {
        let clients = |arguments: &[&str]| {
            let cli = Cli::try_parse_from([&["trilock", "serve"], arguments].concat()).unwrap();
            let Command::Serve(options) = cli.command else { panic!("not serve") };
            (options.clients(), options.aws.limits.limits(false, true).clients)
        };
        let (console, aws) = clients(&[]);
        assert_eq!((console.connections, console.connections_per_address), (160, 80));
        assert_eq!((console.idle, console.stall), (aws.idle, aws.stall));
        // With databases and files, below the 1,024 descriptors that many systems give a process.
        assert!(console.connections + aws.connections <= 960);
        let (console, aws) = clients(&[
            "--console-connections",
            "7",
            "--console-connections-per-address",
            "6",
            "--connections",
            "5",
            "--idle-timeout",
            "4",
        ]);
        assert_eq!((console.connections, console.connections_per_address, aws.connections), (7, 6, 5));
        assert_eq!(console.idle.as_secs(), 4);
        assert!(Cli::try_parse_from(["trilock", "serve", "--console-connections", "0"]).is_err());
    }

    #[test]
    fn options_that_cannot_be_used_say_why() {
        let cases: [(&[&str], &str); 6] = [
            (&["serve", "--target", "aws"], "embedded AWS only"),
            (&["serve", "--target", "https://s3.example"], "embedded AWS only"),
            (&["serve", "--listen", "somewhere"], "invalid socket address"),
            (&["sandbox", "--in-memory", "--data", "x"], "cannot be used with"),
            (&["sandbox", "--database", "x", "--data", "x"], "cannot be used with"),
            (&["sandbox", "--database", "x", "--in-memory"], "cannot be used with"),
        ];
        for (arguments, expected) in cases {
            let error = Cli::try_parse_from([&["trilock"], arguments].concat()).unwrap_err().to_string();
            assert!(error.contains(expected), "{arguments:?}: {error}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_database_is_told_without_its_password() {
        for text in ["mysql://trilock:hunter2@db/lab", "postgres://trilock:hunter2@db:port/lab"] {
            let arguments = ["trilock", "sandbox", "--database", text];
            let Command::Sandbox(options) = Cli::try_parse_from(arguments).unwrap().command else {
                panic!("not sandbox");
            };
            assert!(!format!("{options:?}").contains("hunter2"));
            let error = options.database.unwrap().read().unwrap_err();
            assert!(error.contains("postgres://USER@HOST/DATABASE") && !error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn an_accounts_secret_may_hold_colons_and_is_never_shown() {
        let account: HeldAccount = "111122223333:AKIAIOSFODNN7EXAMPLE:se:cret".parse().unwrap();
        assert_eq!(account.secret_access_key.as_str(), "se:cret");
        assert!(!format!("{account:?}").contains("se:cret"));
    }

    #[test]
    fn what_is_wrong_with_an_account_is_told_without_its_secret() {
        for (text, expected) in [
            ("123:AKIAIOSFODNN7EXAMPLE:hunter2", "12 digits"),
            ("hunter2:AKIAIOSFODNN7EXAMPLE:hunter2", "12 digits"),
            ("hunter2", "three parts"),
            ("111122223333:AKIA:hunter2", "16 to 128"),
            ("111122223333:AKIAIOSFODNN7EXAMPLE:hunter2 hunter2", "must not be empty or hold blanks"),
        ] {
            let Command::Sandbox(options) =
                Cli::try_parse_from(["trilock", "sandbox", "--account", text]).unwrap().command
            else {
                panic!("not sandbox");
            };
            let error = options.accounts[0].read().unwrap_err();
            assert!(error.contains(expected) && !error.contains("hunter2"), "{error}");
            assert!(!format!("{options:?}").contains("hunter2"));
        }
    }
}

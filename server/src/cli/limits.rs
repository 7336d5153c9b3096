//! Options that bound what accounts and clients may take of the machine.

use clap::Args;
use sandbox::Limits;
use sandbox::limits::{Clients, Rates, Stock};
use std::{fmt, num::NonZeroU32, str::FromStr, time::Duration};

/// What their help stands under.
const HEADING: &str = "Limits of the embedded AWS";

/// Limits of the embedded AWS, the same for `trilock serve` and `trilock sandbox`.
#[derive(Args, Clone, Copy, Debug)]
#[command(next_help_heading = HEADING)]
pub struct LimitOptions {
    /// Largest object that an upload may make; beyond it S3 answers 400 EntityTooLarge
    #[arg(long, value_name = "SIZE", default_value = "50000GiB")]
    max_object: Size,
    /// Largest request to KMS, IAM, STS and EC2; beyond it they answer 413 RequestEntityTooLarge
    #[arg(long, value_name = "SIZE", default_value = "1MiB")]
    max_request: Size,
    /// Largest request to S3 that is no object; beyond it S3 answers 400 MaxMessageLengthExceeded
    #[arg(long, value_name = "SIZE", default_value = "4MiB")]
    max_document: Size,
    /// What the objects of one account may hold, 1 KiB more counted for each object and part; beyond it S3 answers 507
    /// InsufficientCapacity [default: 10GiB; 2GiB in memory]
    #[arg(long, value_name = "SIZE")]
    account_bytes: Option<Size>,
    /// Most objects of one account, versions, delete markers and uploads under way included; beyond it S3 answers 507
    /// InsufficientCapacity
    #[arg(long, value_name = "NUMBER", default_value_t = 1_000_000)]
    account_objects: u64,
    /// What the objects of all accounts may hold [default: 50GiB; 4GiB in memory]
    #[arg(long, value_name = "SIZE")]
    total_bytes: Option<Size>,
    /// Most objects of all accounts
    #[arg(long, value_name = "NUMBER", default_value_t = 10_000_000)]
    total_objects: u64,
    /// Most buckets of one account; beyond it S3 answers 400 TooManyBuckets
    #[arg(long, value_name = "NUMBER", default_value_t = 1_000)]
    account_buckets: usize,
    /// Most KMS keys of one account, AWS managed ones apart; beyond it KMS answers LimitExceededException
    #[arg(long, value_name = "NUMBER", default_value_t = 1_000)]
    account_keys: usize,
    /// Most aliases of one KMS key; beyond it KMS answers LimitExceededException
    #[arg(long, value_name = "NUMBER", default_value_t = 50)]
    key_aliases: usize,
    /// Most grants on one KMS key; beyond it KMS answers LimitExceededException
    #[arg(long, value_name = "NUMBER", default_value_t = 1_000)]
    key_grants: usize,
    /// Requests a second that one account may make of S3; beyond it S3 answers 503 SlowDown [default: 1000 in `trilock serve`,
    /// none in `trilock sandbox`]
    #[arg(long, value_name = "NUMBER|none")]
    s3_rate: Option<Rate>,
    /// The same of KMS, S3's calls for that account included; beyond it KMS answers 400 ThrottlingException, and S3 503 SlowDown
    /// [default: 1000 in `trilock serve`, none in `trilock sandbox`]
    #[arg(long, value_name = "NUMBER|none")]
    kms_rate: Option<Rate>,
    /// The same of IAM; beyond it IAM answers 400 Throttling [default: 200 in `trilock serve`, none in `trilock sandbox`]
    #[arg(long, value_name = "NUMBER|none")]
    iam_rate: Option<Rate>,
    /// The same of STS; beyond it STS answers 400 Throttling [default: 600 in `trilock serve`, none in `trilock sandbox`]
    #[arg(long, value_name = "NUMBER|none")]
    sts_rate: Option<Rate>,
    /// The same of EC2; beyond it EC2 answers 503 RequestLimitExceeded [default: 100 in `trilock serve`, none in `trilock
    /// sandbox`]
    #[arg(long, value_name = "NUMBER|none")]
    ec2_rate: Option<Rate>,
    /// The same of CloudTrail, as AWS has it for LookupEvents; beyond it CloudTrail answers 400 ThrottlingException
    #[arg(long, value_name = "NUMBER|none", default_value = "2")]
    cloudtrail_rate: Rate,
    /// Most connections at once; one more is answered 503 and closed
    #[arg(long, value_name = "NUMBER", default_value_t = 800, value_parser = at_least_one)]
    connections: usize,
    /// Most connections at once from one IP address; one more is answered 503 and closed
    #[arg(long, value_name = "NUMBER", default_value_t = 400, value_parser = at_least_one)]
    connections_per_address: usize,
    /// How long a connection may wait for the headers of a request, from its start or from the answer before
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    idle_timeout: u64,
    /// How long a client may take for 16 KiB of a request or of an answer; beyond it a request is answered 400 RequestTimeout,
    /// and an answer is broken off
    #[arg(long, value_name = "SECONDS", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    stall_timeout: u64,
}

/// What an account may call where people share a console. AWS's own quota for STS; the others are far below AWS's, and far above
/// what a person's commands come to.
const SHARED: Rates = Rates {
    s3: NonZeroU32::new(1_000),
    kms: NonZeroU32::new(1_000),
    iam: NonZeroU32::new(200),
    sts: NonZeroU32::new(600),
    ec2: NonZeroU32::new(100),
    cloudtrail: NonZeroU32::new(2),
};

impl LimitOptions {
    /// The limits, for an AWS in memory or not, used by many people or not.
    pub fn limits(self, in_memory: bool, shared: bool) -> Limits {
        let usual = if in_memory { Limits::in_memory() } else { Limits::default() };
        let rates = if shared { SHARED } else { Rates::default() };
        let rate = |given: Option<Rate>, usual| given.map_or(usual, |Rate(rate)| rate);
        let stock = |bytes: Option<Size>, objects: u64, usual: Stock| Stock {
            bytes: bytes.map_or(usual.bytes, |Size(bytes)| bytes),
            objects,
        };
        Limits {
            object_bytes: self.max_object.0,
            request_bytes: self.max_request.in_memory(),
            document_bytes: self.max_document.in_memory(),
            account: stock(self.account_bytes, self.account_objects, usual.account),
            process: stock(self.total_bytes, self.total_objects, usual.process),
            buckets: self.account_buckets,
            keys: self.account_keys,
            aliases_per_key: self.key_aliases,
            grants_per_key: self.key_grants,
            rates: Rates {
                s3: rate(self.s3_rate, rates.s3),
                kms: rate(self.kms_rate, rates.kms),
                iam: rate(self.iam_rate, rates.iam),
                sts: rate(self.sts_rate, rates.sts),
                ec2: rate(self.ec2_rate, rates.ec2),
                cloudtrail: self.cloudtrail_rate.0,
            },
            clients: Clients {
                connections: self.connections,
                connections_per_address: self.connections_per_address,
                idle: Duration::from_secs(self.idle_timeout),
                stall: Duration::from_secs(self.stall_timeout),
            },
        }
    }
}

pub(super) fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|number| *number > 0).ok_or_else(|| "expected a number from 1 on".into())
}

/// A number of bytes: `1048576` or `1MiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Size(u64);

const UNITS: [(&str, u32); 4] = [("KiB", 10), ("MiB", 20), ("GiB", 30), ("TiB", 40)];

impl Size {
    fn in_memory(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unit = UNITS.iter().find_map(|(unit, shift)| Some((text.strip_suffix(unit)?, *shift)));
        let (number, shift) = unit.unwrap_or((text, 0));
        let bytes = number.trim_end().parse::<u64>().ok().and_then(|number| number.checked_mul(1 << shift));
        bytes.map(Self).ok_or_else(|| "expected bytes, such as 1048576, 64MiB or 10GiB".into())
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits = |(_, shift): &&(&str, u32)| self.0 > 0 && self.0.is_multiple_of(1 << shift);
        match UNITS.iter().rev().find(fits) {
            Some((unit, shift)) => write!(f, "{}{unit}", self.0 >> shift),
            None => self.0.fmt(f),
        }
    }
}

/// Requests a second, or `none` for no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rate(Option<NonZeroU32>);

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "none" => Ok(Self(None)),
            number => match number.parse() {
                Ok(rate) => Ok(Self(Some(rate))),
                Err(_) => Err("expected a number of requests a second from 1 on, or `none`".into()),
            },
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::cli::{Cli, Command};
    use clap::{CommandFactory as _, Parser as _};
    use std::fmt::Write as _;

    fn given(command: &str, arguments: &[&str]) -> Result<Limits, clap::Error> {
        let cli = Cli::try_parse_from([&["trilock", command], arguments].concat())?;
        Ok(match cli.command {
            Command::Serve(options) => options.aws.limits.limits(false, true),
            Command::Sandbox(options) => options.aws.limits.limits(options.in_memory, false),
            _ => panic!("neither"),
        })
    }

    #[test]
    fn without_options_the_limits_are_the_usual_ones() {
        let rates = Rates { cloudtrail: SHARED.cloudtrail, ..Rates::default() };
        assert_eq!(given("sandbox", &[]).unwrap(), Limits { rates, ..Limits::default() });
        assert_eq!(given("sandbox", &["--in-memory"]).unwrap(), Limits { rates, ..Limits::in_memory() });
        assert_eq!(given("serve", &[]).unwrap(), Limits { rates: SHARED, ..Limits::default() });
        // Defaults that depend on something are told in words.
        let help = Cli::try_parse_from(["trilock", "sandbox", "--help"]).unwrap_err().to_string();
        let words = help.split_whitespace().collect::<Vec<_>>().join(" ");
        let (durable, memory) = (Limits::default(), Limits::in_memory());
        for (durable, memory) in [(durable.account, memory.account), (durable.process, memory.process)] {
            let told = format!("[default: {}; {} in memory]", Size(durable.bytes), Size(memory.bytes));
            assert!(words.contains(&told), "{told}");
        }
        for rate in [SHARED.s3, SHARED.kms, SHARED.iam, SHARED.sts, SHARED.ec2] {
            let told = format!("[default: {} in `trilock serve`, none in `trilock sandbox`]", rate.unwrap());
            assert!(words.contains(&told), "{told}");
        }
    }

    #[test]
    fn every_limit_can_be_set() {
        let arguments = "--max-object 5GiB --max-request 2MiB --max-document 3MiB --account-bytes 1TiB --account-objects 7 \
                         --total-bytes 2000 --total-objects 8 --account-buckets 9 --account-keys 10 --key-aliases 11 \
                         --key-grants 12 --s3-rate 13 --kms-rate 14 --iam-rate 15 --sts-rate none --ec2-rate 16 --cloudtrail-rate 1 \
                         --connections 17 --connections-per-address 18 --idle-timeout 19 --stall-timeout 20";
        let arguments: Vec<&str> = arguments.split_whitespace().collect();
        let expected = Limits {
            object_bytes: 5 << 30,
            request_bytes: 2 << 20,
            document_bytes: 3 << 20,
            account: Stock { bytes: 1 << 40, objects: 7 },
            process: Stock { bytes: 2_000, objects: 8 },
            buckets: 9,
            keys: 10,
            aliases_per_key: 11,
            grants_per_key: 12,
            rates: Rates {
                s3: NonZeroU32::new(13),
                kms: NonZeroU32::new(14),
                iam: NonZeroU32::new(15),
                sts: None,
                ec2: NonZeroU32::new(16),
                cloudtrail: NonZeroU32::new(1),
            },
            clients: Clients {
                connections: 17,
                connections_per_address: 18,
                idle: Duration::from_secs(19),
                stall: Duration::from_secs(20),
            },
        };
        for command in ["serve", "sandbox"] {
            assert_eq!(given(command, &arguments).unwrap(), expected);
        }
    }

    #[test]
    fn a_limit_that_cannot_be_read_says_what_is_expected() {
        for (option, value, expected) in [
            ("--max-object", "5GB", "expected bytes, such as"),
            ("--account-bytes", "99999999999TiB", "expected bytes, such as"),
            ("--s3-rate", "0", "or `none`"),
            ("--s3-rate", "fast", "or `none`"),
            ("--connections", "0", "from 1 on"),
            ("--stall-timeout", "0", "not in 1..=86400"),
            ("--key-grants", "-1", "unexpected argument"),
        ] {
            let error = given("sandbox", &[option, value]).unwrap_err().to_string();
            assert!(error.contains(expected), "{option} {value}: {error}");
        }
    }

    /// The page that `docs/limits.md` must be; with `UPDATE_GOLDEN=1` in the environment the test writes it.
    #[test]
    fn the_page_of_limits_is_what_the_help_says() {
        const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/limits.md");
        let command = Cli::command();
        let sandbox = command.find_subcommand("sandbox").unwrap();
        let limits = sandbox.get_arguments().filter(|argument| argument.get_help_heading() == Some(HEADING));
        let mut page = format!("{INTRODUCTION}\n| option | default | what it bounds |\n|---|---|---|\n");
        let told = |text: &str| text.replace('|', "\\|");
        for argument in limits {
            let help = argument.get_help().unwrap().to_string();
            let given = argument.get_default_values().first().and_then(|value| value.to_str());
            // Defaults that depend on something are told in words.
            let (what, default) = match help.split_once(" [default: ") {
                Some((what, default)) => (what, default.trim_end_matches(']')),
                None => (help.as_str(), given.unwrap()),
            };
            let value = argument.get_value_names().unwrap().join(" ");
            let option = format!("--{} {value}", argument.get_long().unwrap());
            writeln!(page, "| `{}` | {} | {} |", told(&option), told(default), told(what)).unwrap();
        }
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(PAGE, &page).unwrap();
        }
        assert!(
            std::fs::read_to_string(PAGE).is_ok_and(|written| written == page),
            "docs/limits.md is out of date: it says how to write it"
        );
    }

    const INTRODUCTION: &str = "\
# What the embedded AWS lets accounts and clients take

Every limit answers as AWS does where AWS has one of its kind. The numbers are this machine's: no lab meets them, and one
trainee does not fill the disk. `trilock serve` and `trilock sandbox` take the same options. A test writes this page from
their help: `UPDATE_GOLDEN=1 cargo test -p trilock --lib limits`.

In a classroom, give everybody a share: `trilock serve --account-bytes 200MiB --total-bytes 8GiB --s3-rate 100`. To measure,
`trilock sandbox` has no rates unless you set them, CloudTrail's apart; all other limits hold there too.

`trilock serve` bounds the connections to the console too, with `--console-connections` and
`--console-connections-per-address`, by the same `--idle-timeout` and `--stall-timeout`. Behind a proxy or a router everybody
may have one address: raise both then, and `ulimit -n` with them if all connections together come to more than about 1,000.

IAM's own quotas are not options: users, groups, roles, policies, their versions and sizes are bounded as AWS bounds them by
default. The SDKs retry what is answered 503, `Throttling` and `ThrottlingException`, with pauses that grow; they do not retry
`InsufficientCapacity`.
";

    #[test]
    fn sizes_are_written_as_they_are_read() {
        for text in ["0", "1000", "1KiB", "64MiB", "1025MiB", "10GiB", "3TiB"] {
            assert_eq!(text.parse::<Size>().unwrap().to_string(), text);
        }
    }
}

//! From words to a command, or to what the real program prints for words it does not take.

mod options;

use super::{Output, s3_path::Place};
use options::Options;

/// A command this terminal runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Nothing but blanks.
    Nothing,
    /// `aws s3 cp FILE s3://…`
    Upload {
        /// Local path as typed.
        file: String,
        /// Bucket name.
        bucket: String,
        /// Key, empty or ending in `/` when the file's name is to be appended.
        key: String,
        /// `--sse`.
        sse: Option<Sse>,
        /// `--sse-kms-key-id`.
        kms_key_id: Option<String>,
        /// `--quiet` or `--only-show-errors`.
        quiet: bool,
    },
    /// `aws s3 cp s3://… FILE`
    Download {
        /// Bucket name.
        bucket: String,
        /// Key.
        key: String,
        /// Local path as typed.
        file: String,
        /// `--quiet` or `--only-show-errors`.
        quiet: bool,
    },
    /// `aws s3 ls` without a bucket.
    ListBuckets,
    /// `aws s3 ls s3://…`
    ListObjects {
        /// Bucket name.
        bucket: String,
        /// Prefix.
        prefix: String,
        /// `--recursive`.
        recursive: bool,
    },
    /// `aws s3 rm s3://…`
    Delete {
        /// Bucket name.
        bucket: String,
        /// Key.
        key: String,
        /// `--quiet` or `--only-show-errors`.
        quiet: bool,
    },
    /// `aws sts get-caller-identity`
    CallerIdentity,
    /// `curl -O URL`
    Curl {
        /// The address.
        url: String,
    },
    /// `ls [-l]`
    Ls {
        /// `-l`.
        long: bool,
    },
    /// `rm FILE…`
    Rm {
        /// Paths as typed.
        files: Vec<String>,
        /// `-f`: missing files are no error.
        force: bool,
    },
    /// `cat FILE…`
    Cat(Vec<String>),
    /// `sha256sum FILE…`
    Sha256(Vec<String>),
    /// `clear`
    Clear,
    /// `help`
    Help,
}

impl Command {
    /// Whether it needs the instance's credentials.
    pub const fn calls_aws(&self) -> bool {
        matches!(
            self,
            Self::Upload { .. }
                | Self::Download { .. }
                | Self::ListBuckets
                | Self::ListObjects { .. }
                | Self::Delete { .. }
                | Self::CallerIdentity
        )
    }
}

/// Values of `--sse`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sse {
    /// `AES256`, and `--sse` without a value.
    Aes256,
    /// `aws:kms`.
    Kms,
}

impl Sse {
    /// The header's value.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Aes256 => "AES256",
            Self::Kms => "aws:kms",
        }
    }
}

const CP_USAGE: &str = "\nusage: aws s3 cp <LocalPath> <S3Uri> or <S3Uri> <LocalPath> or <S3Uri> <S3Uri>\nError: Invalid argument type\n";
const RM_USAGE: &str = "\nusage: aws s3 rm <S3Uri>\nError: Invalid argument type\n";
const AWS_USAGE: &str = "\
usage: aws [options] <command> <subcommand> [<subcommand> ...] [parameters]
To see help text, you can run:

  aws help
  aws <command> help
  aws <command> <subcommand> help
";

/// Reads words as a command.
///
/// # Errors
/// What the program, or the shell for an unknown one, prints instead of running.
pub fn parse(words: &[String]) -> Result<Command, Output> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] => Ok(Command::Nothing),
        ["help" | "?", ..] | ["aws", "help", ..] => Ok(Command::Help),
        ["clear"] => Ok(Command::Clear),
        ["ls", rest @ ..] => ls(rest),
        ["cat", rest @ ..] => Ok(Command::Cat(operands("cat", rest)?)),
        ["sha256sum", rest @ ..] => Ok(Command::Sha256(operands("sha256sum", rest)?)),
        ["rm", rest @ ..] => rm(rest),
        ["curl", rest @ ..] => curl(rest),
        ["aws", "s3", "cp", rest @ ..] => cp(rest),
        ["aws", "s3", "ls", rest @ ..] => s3_ls(rest),
        ["aws", "s3", "rm", rest @ ..] => s3_rm(rest),
        ["aws", "sts", "get-caller-identity", rest @ ..] => {
            let options = Options::read(rest, &[])?;
            options.no_more_paths(0)?;
            Ok(Command::CallerIdentity)
        }
        ["aws"] => Err(Output::failed(
            2,
            format!("{AWS_USAGE}aws: error: the following arguments are required: command\n"),
        )),
        ["aws", "s3"] => Err(Output::failed(
            255,
            "\nusage: aws [options] <command> <subcommand> [parameters]\naws: error: too few arguments\n",
        )),
        ["aws", rest @ ..] => {
            let what = rest.iter().take(2).copied().collect::<Vec<_>>().join(" ");
            Err(Output::failed(
                252,
                format!(
                    "trilock: `aws {what}` is not among the commands of this terminal; type help to see them\n"
                ),
            ))
        }
        [unknown, ..] => Err(Output::failed(
            127,
            format!("-bash: {unknown}: command not found\nType help to see what this terminal runs.\n"),
        )),
    }
}

fn ls(words: &[&str]) -> Result<Command, Output> {
    match words {
        [] | ["." | "~"] => Ok(Command::Ls { long: false }),
        ["-l" | "-la" | "-al"] | ["-l", "."] => Ok(Command::Ls { long: true }),
        [other, ..] if other.starts_with('-') => {
            Err(Output::failed(2, format!("ls: unrecognized option '{other}'\n")))
        }
        [other, ..] => {
            Err(Output::failed(2, format!("ls: cannot access '{other}': No such file or directory\n")))
        }
    }
}

fn operands(program: &str, words: &[&str]) -> Result<Vec<String>, Output> {
    match words.iter().find(|word| word.starts_with('-') && word.len() > 1) {
        Some(option) => Err(Output::failed(1, format!("{program}: unrecognized option '{option}'\n"))),
        None if words.is_empty() => Err(Output::failed(1, format!("{program}: missing operand\n"))),
        None => Ok(words.iter().map(|&word| word.into()).collect()),
    }
}

fn rm(words: &[&str]) -> Result<Command, Output> {
    let force = words.contains(&"-f");
    let rest: Vec<&str> = words.iter().copied().filter(|word| *word != "-f").collect();
    Ok(Command::Rm { files: operands("rm", &rest)?, force })
}

fn curl(words: &[&str]) -> Result<Command, Output> {
    let mut keeps_name = false;
    let mut url = None;
    for word in words {
        match word.strip_prefix('-') {
            Some("-remote-name") => keeps_name = true,
            Some(letters)
                if letters.chars().all(|letter| "OsSLf".contains(letter)) && !letters.is_empty() =>
            {
                keeps_name |= letters.contains('O');
            }
            Some(_) => return Err(Output::failed(2, format!("curl: option {word}: is unknown\n"))),
            None if url.is_none() => url = Some(*word),
            None => return Err(Output::failed(2, "trilock: one address at a time\n")),
        }
    }
    let Some(url) = url else {
        return Err(Output::failed(
            2,
            "curl: no URL specified!\ncurl: try 'curl --help' for more information\n",
        ));
    };
    if !keeps_name {
        return Err(Output::failed(2, "trilock: use curl -O, which saves the file under its own name\n"));
    }
    Ok(Command::Curl { url: url.into() })
}

fn cp(words: &[&str]) -> Result<Command, Output> {
    let options = Options::read(words, &["--sse", "--sse-kms-key-id"])?;
    let [from, to] = options.paths.as_slice() else {
        return Err(match options.paths.len() {
            0 | 1 => Output::failed(
                2,
                format!("{AWS_USAGE}aws: error: the following arguments are required: paths\n"),
            ),
            _ => Output::failed(255, format!("\nUnknown options: {}\n", options.paths[2..].join(","))),
        });
    };
    if options.recursive {
        return Err(Output::failed(
            2,
            "trilock: this terminal copies one file at a time, without --recursive\n",
        ));
    }
    match (Place::of(from), Place::of(to)) {
        (Place::Local(_), Place::Local(_)) => Err(Output::failed(255, CP_USAGE)),
        (Place::S3 { .. }, Place::S3 { .. }) => Err(Output::failed(
            2,
            "trilock: this terminal copies between the instance and S3, not inside S3\n",
        )),
        (Place::Local(file), Place::S3 { bucket, key }) => Ok(Command::Upload {
            file,
            bucket,
            key,
            sse: options.sse,
            kms_key_id: options.kms_key_id,
            quiet: options.quiet,
        }),
        (Place::S3 { key, .. }, Place::Local(_)) if key.is_empty() || key.ends_with('/') => {
            Err(Output::failed(2, "trilock: name one object to download, such as s3://bucket/file.pdf\n"))
        }
        (Place::S3 { bucket, key }, Place::Local(file)) => {
            Ok(Command::Download { bucket, key, file, quiet: options.quiet })
        }
    }
}

fn s3_ls(words: &[&str]) -> Result<Command, Output> {
    let options = Options::read(words, &[])?;
    options.no_more_paths(1)?;
    let path = options.paths.first().map_or("s3://", String::as_str);
    let path = if path.starts_with("s3://") { path.into() } else { format!("s3://{path}") };
    match Place::of(&path) {
        Place::S3 { bucket, key } if !bucket.is_empty() => {
            Ok(Command::ListObjects { bucket, prefix: key, recursive: options.recursive })
        }
        _ => Ok(Command::ListBuckets),
    }
}

fn s3_rm(words: &[&str]) -> Result<Command, Output> {
    let options = Options::read(words, &[])?;
    options.no_more_paths(1)?;
    let Some(path) = options.paths.first() else {
        return Err(Output::failed(
            2,
            format!("{AWS_USAGE}aws: error: the following arguments are required: paths\n"),
        ));
    };
    if options.recursive {
        return Err(Output::failed(
            2,
            "trilock: this terminal deletes one object at a time, without --recursive\n",
        ));
    }
    match Place::of(path) {
        Place::S3 { bucket, key } if !key.is_empty() => {
            Ok(Command::Delete { bucket, key, quiet: options.quiet })
        }
        Place::S3 { .. } => {
            Err(Output::failed(2, "trilock: name one object to delete, such as s3://bucket/file.pdf\n"))
        }
        Place::Local(_) => Err(Output::failed(255, RM_USAGE)),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{Command, Sse, parse};
    use crate::terminal::line;

    fn read(line: &str) -> Result<Command, crate::terminal::Output> {
        parse(&line::words(line).unwrap())
    }

    #[test]
    fn the_tutorials_commands_are_read_as_printed() {
        let upload = |key: &str, sse, kms_key_id: Option<&str>| Command::Upload {
            file: "KMS-Cryptographic-Details.pdf".into(),
            bucket: "b".into(),
            key: key.into(),
            sse,
            kms_key_id: kms_key_id.map(Into::into),
            quiet: false,
        };
        let cases = [
            (
                "aws s3 cp KMS-Cryptographic-Details.pdf s3://b/\n--sse aws:kms --sse-kms-key-id arn:k",
                upload("", Some(Sse::Kms), Some("arn:k")),
            ),
            ("aws s3 cp KMS-Cryptographic-Details.pdf s3://b/test2.pdf", upload("test2.pdf", None, None)),
            (
                "aws s3 cp --sse=aws:kms KMS-Cryptographic-Details.pdf s3://b",
                upload("", Some(Sse::Kms), None),
            ),
            ("aws s3 cp KMS-Cryptographic-Details.pdf s3://b --sse", upload("", Some(Sse::Aes256), None)),
            (
                "aws s3 cp s3://b/KMS-Cryptographic-Details.pdf test3.pdf",
                Command::Download {
                    bucket: "b".into(),
                    key: "KMS-Cryptographic-Details.pdf".into(),
                    file: "test3.pdf".into(),
                    quiet: false,
                },
            ),
            (
                "curl -O 'https://d1.awsstatic.com/whitepapers/KMS-Cryptographic-Details.pdf'",
                Command::Curl {
                    url: "https://d1.awsstatic.com/whitepapers/KMS-Cryptographic-Details.pdf".into(),
                },
            ),
            ("aws s3 ls", Command::ListBuckets),
            (
                "aws s3 ls b/p",
                Command::ListObjects { bucket: "b".into(), prefix: "p".into(), recursive: false },
            ),
            ("aws sts get-caller-identity", Command::CallerIdentity),
        ];
        for (line, expected) in cases {
            assert_eq!(read(line).unwrap(), expected, "{line}");
        }
    }

    #[test]
    fn what_is_not_understood_prints_what_the_program_prints() {
        let cases = [
            ("foo --bar", 127, "-bash: foo: command not found\n"),
            ("aws s3 cp a b", 255, "Error: Invalid argument type"),
            ("aws s3 cp a s3://b --foo", 255, "\nUnknown options: --foo\n"),
            ("aws s3 cp a s3://b --sse des", 2, "argument --sse: Invalid choice"),
            ("aws s3 cp a s3://b --sse-kms-key-id", 2, "--sse-kms-key-id: expected one argument"),
            ("aws s3 cp a", 2, "required: paths"),
            ("aws s3 cp s3://a/b s3://c/d", 2, "not inside S3"),
            ("aws s3 rm f", 255, "usage: aws s3 rm <S3Uri>"),
            ("aws s3 ls --sse", 255, "Unknown options: --sse"),
            ("aws kms list-keys", 252, "`aws kms list-keys`"),
            ("aws", 2, "arguments are required: command"),
            ("curl https://a.example/b.pdf", 2, "curl -O"),
            ("cat", 1, "cat: missing operand"),
        ];
        for (line, status, expected) in cases {
            let output = read(line).unwrap_err();
            assert!(output.text.contains(expected), "{line}: {}", output.text);
            assert_eq!(output.status, status, "{line}");
        }
    }
}

//! `aws s3`: copy, move, list and delete (AWS CLI: `awscli/customizations/s3/subcommands.py`).

use super::options::split;
use crate::terminal::{
    Output,
    s3_path::Place,
    usage::{self, USAGE_STATUS},
};

/// A command of `aws s3`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum S3 {
    /// `cp` and `mv`
    Transfer(Transfer),
    /// `ls` without a bucket
    ListBuckets,
    /// `ls s3://…`
    ListObjects {
        /// Bucket name.
        bucket: String,
        /// Prefix.
        prefix: String,
        /// `--recursive`
        recursive: bool,
    },
    /// `rm s3://…`
    Delete {
        /// Bucket name.
        bucket: String,
        /// Key.
        key: String,
        /// `--quiet` or `--only-show-errors`
        quiet: bool,
    },
}

/// `cp` or `mv` from one place to another; at least one of them is in S3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Whether the source is deleted when it has been copied: `mv`.
    pub moves: bool,
    /// Where from.
    pub from: Place,
    /// Where to. The key may be empty or end in `/`, when the source's name is to be appended.
    pub to: Place,
    /// `--sse`
    pub sse: Option<Sse>,
    /// `--sse-kms-key-id`
    pub kms_key_id: Option<String>,
    /// `--quiet` or `--only-show-errors`
    pub quiet: bool,
}

/// Values of `--sse`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sse {
    /// `AES256`, and `--sse` without a value.
    Aes256,
    /// `aws:kms`
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

pub(super) fn parse(operation: &str, words: &[&str]) -> Result<S3, Output> {
    match operation {
        "cp" => transfer(words, false),
        "mv" => transfer(words, true),
        "ls" => ls(words),
        "rm" => rm(words),
        "sync" | "mb" | "rb" | "presign" | "website" => Err(usage::not_here(format_args!(
            "`aws s3 {operation}` is not among the commands of this terminal; it has cp, mv, ls and rm"
        ))),
        _ => Err(usage::choice(
            "subcommand",
            &["ls", "website", "cp", "mv", "rm", "sync", "mb", "rb", "presign"],
        )),
    }
}

/// Options that the AWS CLI has for these commands and this terminal has not (AWS CLI Command Reference, `s3`).
const OTHERS: [&str; 27] = [
    "--acl",
    "--cache-control",
    "--checksum-algorithm",
    "--checksum-mode",
    "--content-disposition",
    "--content-encoding",
    "--content-language",
    "--content-type",
    "--copy-props",
    "--dryrun",
    "--exclude",
    "--expires",
    "--follow-symlinks",
    "--force-glacier-transfer",
    "--grants",
    "--human-readable",
    "--include",
    "--metadata",
    "--metadata-directive",
    "--no-guess-mime-type",
    "--page-size",
    "--request-payer",
    "--source-region",
    "--sse-c",
    "--storage-class",
    "--summarize",
    "--website-redirect",
];

/// Options of `aws s3`; everything else is a path.
#[derive(Debug, Default)]
struct Options {
    paths: Vec<String>,
    sse: Option<Sse>,
    kms_key_id: Option<String>,
    recursive: bool,
    quiet: bool,
}

impl Options {
    /// `own` are those of the command's options that only it has.
    fn read(words: &[&str], own: &[&str]) -> Result<Self, Output> {
        let mut options = Self::default();
        let mut unknown = Vec::new();
        let mut words = words.iter().copied().peekable();
        while let Some(word) = words.next() {
            let Some((name, mut value)) = split(word) else {
                options.paths.push(word.into());
                continue;
            };
            // `--sse` takes a value only if one follows; the other must have one.
            let takes_next = matches!(name, "--sse" | "--sse-kms-key-id");
            if takes_next && value.is_none() && words.peek().is_some_and(|next| !next.starts_with("--")) {
                value = words.next();
            }
            match (name, value) {
                ("--sse", value) if own.contains(&name) => options.sse = Some(sse(value)?),
                ("--sse-kms-key-id", Some(id)) if own.contains(&name) => options.kms_key_id = Some(id.into()),
                ("--sse-kms-key-id", None) => {
                    return Err(usage::error(format_args!("argument {name}: expected one argument")));
                }
                ("--recursive", None) => options.recursive = true,
                ("--quiet" | "--only-show-errors", None) => options.quiet = true,
                _ if OTHERS.contains(&name) => {
                    return Err(usage::not_here(format_args!("this terminal’s aws s3 has no {name}")));
                }
                _ => unknown.push(name),
            }
        }
        if unknown.is_empty() { Ok(options) } else { Err(usage::unknown(unknown)) }
    }

    /// Refuses more than `than` paths.
    fn no_more_paths(&self, than: usize) -> Result<(), Output> {
        match self.paths.get(than..) {
            None | Some([]) => Ok(()),
            Some(more) => Err(usage::unknown(more.iter().map(String::as_str))),
        }
    }
}

fn sse(value: Option<&str>) -> Result<Sse, Output> {
    match value {
        None | Some("AES256") => Ok(Sse::Aes256),
        Some("aws:kms") => Ok(Sse::Kms),
        Some(_) => Err(usage::choice("--sse", &["AES256", "aws:kms"])),
    }
}

fn transfer(words: &[&str], moves: bool) -> Result<S3, Output> {
    let Options { paths, sse, kms_key_id, recursive, quiet } = {
        let options = Options::read(words, &["--sse", "--sse-kms-key-id"])?;
        options.no_more_paths(2)?;
        options
    };
    let name = if moves { "mv" } else { "cp" };
    let [from, to] = paths.as_slice() else { return Err(usage::required(["paths"])) };
    if recursive {
        let verb = if moves { "moves" } else { "copies" };
        return Err(usage::not_here(format_args!(
            "this terminal {verb} one file at a time, without --recursive"
        )));
    }
    let (from, to) = (Place::of(from), Place::of(to));
    match (&from, &to) {
        (Place::Local(_), Place::Local(_)) => Err(Output::failed(
            USAGE_STATUS,
            format!(
                "\nusage: aws s3 {name} <LocalPath> <S3Uri> or <S3Uri> <LocalPath> or <S3Uri> <S3Uri>\n\
                 Error: Invalid argument type\n"
            ),
        )),
        (Place::S3 { key, .. }, _) if key.is_empty() || key.ends_with('/') => {
            let verb = if moves { "move" } else { "copy" };
            Err(usage::not_here(format_args!("name one object to {verb}, such as s3://bucket/file.pdf")))
        }
        (Place::S3 { .. }, Place::S3 { .. }) if moves && from == to.clone().with_name_of(&from) => {
            Err(Output::failed(USAGE_STATUS, format!("\nCannot mv a file onto itself: {from} - {to}\n")))
        }
        _ => Ok(S3::Transfer(Transfer { moves, from, to, sse, kms_key_id, quiet })),
    }
}

fn ls(words: &[&str]) -> Result<S3, Output> {
    let options = Options::read(words, &[])?;
    options.no_more_paths(1)?;
    let path = options.paths.first().map_or("s3://", String::as_str);
    let path = if path.starts_with("s3://") { path.into() } else { format!("s3://{path}") };
    match Place::of(&path) {
        Place::S3 { bucket, key } if !bucket.is_empty() => {
            Ok(S3::ListObjects { bucket, prefix: key, recursive: options.recursive })
        }
        _ => Ok(S3::ListBuckets),
    }
}

fn rm(words: &[&str]) -> Result<S3, Output> {
    let options = Options::read(words, &[])?;
    options.no_more_paths(1)?;
    let Some(path) = options.paths.first() else { return Err(usage::required(["paths"])) };
    if options.recursive {
        return Err(usage::not_here("this terminal deletes one object at a time, without --recursive"));
    }
    match Place::of(path) {
        Place::S3 { bucket, key } if !key.is_empty() => Ok(S3::Delete { bucket, key, quiet: options.quiet }),
        Place::S3 { .. } => Err(usage::not_here("name one object to delete, such as s3://bucket/file.pdf")),
        Place::Local(_) => {
            Err(Output::failed(USAGE_STATUS, "\nusage: aws s3 rm <S3Uri>\nError: Invalid argument type\n"))
        }
    }
}

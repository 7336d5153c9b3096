//! Options of the AWS CLI's commands, and what it prints for those it does not know.

use super::{AWS_USAGE, Sse};
use crate::terminal::Output;

/// Options of the AWS CLI's commands, with their values; everything else is a path.
#[derive(Debug, Default)]
pub(super) struct Options {
    pub(super) paths: Vec<String>,
    pub(super) sse: Option<Sse>,
    pub(super) kms_key_id: Option<String>,
    pub(super) recursive: bool,
    pub(super) quiet: bool,
}

impl Options {
    /// `own` are those of the command's options that only it has.
    pub(super) fn read(words: &[&str], own: &[&str]) -> Result<Self, Output> {
        let mut options = Self::default();
        let mut unknown = Vec::new();
        let mut words = words.iter().copied().peekable();
        while let Some(word) = words.next() {
            let Some((name, mut value)) = option(word) else {
                options.paths.push(word.into());
                continue;
            };
            // `--sse` takes a value only if one follows; the others must have one.
            let takes_next = matches!(name, "--sse" | "--sse-kms-key-id" | "--region" | "--output");
            if takes_next && value.is_none() && words.peek().is_some_and(|next| !next.starts_with("--")) {
                value = words.next();
            }
            match (name, value) {
                ("--sse", value) if own.contains(&name) => options.sse = Some(sse(value)?),
                ("--sse-kms-key-id", Some(id)) if own.contains(&name) => options.kms_key_id = Some(id.into()),
                ("--region" | "--output", Some(_)) | ("--no-progress", None) => {}
                ("--sse-kms-key-id" | "--region" | "--output", None) => {
                    return Err(Output::failed(
                        2,
                        format!("{AWS_USAGE}aws: error: argument {name}: expected one argument\n"),
                    ));
                }
                ("--recursive", None) => options.recursive = true,
                ("--quiet" | "--only-show-errors", None) => options.quiet = true,
                _ => unknown.push(name),
            }
        }
        match unknown.as_slice() {
            [] => Ok(options),
            unknown => Err(Output::failed(255, format!("\nUnknown options: {}\n", unknown.join(",")))),
        }
    }

    /// Refuses more than `than` paths.
    pub(super) fn no_more_paths(&self, than: usize) -> Result<(), Output> {
        match self.paths.get(than..) {
            None | Some([]) => Ok(()),
            Some(more) => Err(Output::failed(255, format!("\nUnknown options: {}\n", more.join(",")))),
        }
    }
}

fn option(word: &str) -> Option<(&str, Option<&str>)> {
    word.starts_with("--")
        .then(|| word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value))))
}

fn sse(value: Option<&str>) -> Result<Sse, Output> {
    match value {
        None | Some("AES256") => Ok(Sse::Aes256),
        Some("aws:kms") => Ok(Sse::Kms),
        Some(_) => Err(Output::failed(
            2,
            format!(
                "{AWS_USAGE}aws: error: argument --sse: Invalid choice, valid choices are:\n\n\
                 AES256                                   | aws:kms                                 \n"
            ),
        )),
    }
}

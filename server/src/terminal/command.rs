//! From words to a command, or to what the real program prints for words it does not take.

mod local;
mod options;
mod s3;

pub use local::Local;
pub(super) use options::split as split_option;
pub use options::{Globals, OutputFormat};
pub use s3::{S3, Sse, Transfer};

use super::{
    Output,
    api::{self, Call},
    help, usage,
};

/// A command this terminal runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Nothing but blanks.
    Nothing,
    /// `clear`
    Clear,
    /// `help` and what it is asked about.
    Help(String),
    /// A program that works on the instance's files.
    Local(Local),
    /// `aws s3 …`
    S3(S3, Globals),
    /// `aws s3api …`, `aws kms …`, `aws sts …`
    Api(Call, Globals),
}

/// Reads words as a command.
///
/// # Errors
/// What the program, or the shell for an unknown one, prints instead of running.
pub fn parse(words: &[String]) -> Result<Command, Output> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] => Ok(Command::Nothing),
        ["clear"] => Ok(Command::Clear),
        ["help" | "?" | "man", about @ ..] => help::about(&about.join(" ")).map(Command::Help),
        ["aws", rest @ ..] => aws(rest),
        [program, rest @ ..] => local::parse(program, rest).map(Command::Local),
    }
}

fn aws(words: &[&str]) -> Result<Command, Output> {
    let (globals, words) = Globals::read(words)?;
    let words = words.as_slice();
    match words {
        [] => Err(usage::required(["command"])),
        ["help", about @ ..] => help::about(&["aws", &about.join(" ")].join(" ")).map(Command::Help),
        [about @ .., "help"] => help::about(&["aws", &about.join(" ")].join(" ")).map(Command::Help),
        ["s3"] => Err(usage::too_few("s3")),
        [service] if api::SERVICES.contains(service) => Err(usage::required(["operation"])),
        ["s3", operation, rest @ ..] => s3::parse(operation, rest).map(|s3| Command::S3(s3, globals)),
        [service, operation, rest @ ..] if api::SERVICES.contains(service) => {
            api::parse(service, operation, rest).map(|call| Command::Api(call, globals))
        }
        [service, ..] => Err(usage::not_here(format_args!(
            "`aws {service}` is not among the commands of this terminal; type help to see them"
        ))),
    }
}

#[cfg(test)]
mod tests;

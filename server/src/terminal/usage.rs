//! What the AWS CLI says to a command line that it cannot run. It ends with status 252 then
//! (AWS CLI User Guide, `cli-usage-returncodes`); 254 is for what AWS refused, 1 for a transfer that failed.

use super::Output;

/// Status for a command line that cannot be run.
pub const USAGE_STATUS: i32 = 252;
/// Status for what AWS answered with an error.
pub const SERVICE_STATUS: i32 = 254;
/// Status for what failed on the instance.
pub const GENERAL_STATUS: i32 = 255;

const USAGE: &str = "
usage: aws [options] <command> <subcommand> [<subcommand> ...] [parameters]
To see help text, you can run:

  aws help
  aws <command> help
  aws <command> <subcommand> help
";

/// `aws: error: …` below the usage.
pub fn error(message: impl std::fmt::Display) -> Output {
    Output::failed(USAGE_STATUS, format!("{USAGE}\naws: error: {message}\n"))
}

/// Options or words that the command does not have.
pub fn unknown<'a>(options: impl IntoIterator<Item = &'a str>) -> Output {
    let options = options.into_iter().collect::<Vec<_>>().join(", ");
    Output::failed(USAGE_STATUS, format!("{USAGE}\nUnknown options: {options}\n"))
}

/// Arguments that the command needs.
pub fn required<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Output {
    let arguments = arguments.into_iter().collect::<Vec<_>>().join(", ");
    error(format!("the following arguments are required: {arguments}"))
}

/// A command of the AWS CLI's own, such as `aws s3`, without one of its subcommands.
pub fn too_few(command: &str) -> Output {
    let usage = format!("usage: aws [options] {command} <subcommand> [parameters]");
    Output::failed(USAGE_STATUS, format!("\n{usage}\naws: error: too few arguments\n"))
}

/// A value that cannot be read.
pub fn parameter(option: &str, why: impl std::fmt::Display) -> Output {
    Output::failed(USAGE_STATUS, format!("\nError parsing parameter '{option}': {why}\n"))
}

/// Values that AWS would not take and the AWS CLI does not send.
pub fn validation(wrong: &[String]) -> Output {
    Output::failed(USAGE_STATUS, format!("\nParameter validation failed:\n{}\n", wrong.join("\n")))
}

/// What AWS knows and this terminal does not do; in our words, not in the AWS CLI's.
pub fn not_here(what: impl std::fmt::Display) -> Output {
    Output::failed(USAGE_STATUS, format!("trilock: {what}\n"))
}

/// An option's value among those that the AWS CLI takes.
pub fn choice(option: &str, choices: &[&str]) -> Output {
    let rows: Vec<String> = choices
        .chunks(2)
        .map(|pair| pair.iter().map(|choice| format!("{choice:<40}")).collect::<Vec<_>>().join(" | "))
        .collect();
    error(format!("argument {option}: Invalid choice, valid choices are:\n\n{}", rows.join("\n")))
}

//! Options that every command of the AWS CLI takes.

use crate::terminal::{Output, usage};

/// How a command prints what AWS answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OutputFormat {
    /// `--output json`, and without the option.
    #[default]
    Json,
    /// `--output text`
    Text,
}

/// Options before or behind any command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Globals {
    /// `--output`
    pub output: OutputFormat,
    /// `--region`
    pub region: Option<String>,
}

const OUTPUTS: [&str; 6] = ["json", "text", "table", "yaml", "yaml-stream", "off"];

impl Globals {
    /// Takes the global options out of the words behind `aws`.
    pub(super) fn read<'a>(words: &[&'a str]) -> Result<(Self, Vec<&'a str>), Output> {
        let mut globals = Self::default();
        let mut rest = Vec::new();
        let mut words = words.iter().copied();
        while let Some(word) = words.next() {
            let (name, value) = split(word).unwrap_or((word, None));
            let mut value = || {
                let value = value.or_else(|| words.next());
                value.ok_or_else(|| usage::error(format_args!("argument {name}: expected one argument")))
            };
            match name {
                "--output" => {
                    globals.output = match value()? {
                        "json" => OutputFormat::Json,
                        "text" => OutputFormat::Text,
                        other if OUTPUTS.contains(&other) => {
                            let text = "this terminal prints --output json and --output text only";
                            return Err(usage::not_here(text));
                        }
                        _ => return Err(usage::choice(name, &OUTPUTS)),
                    }
                }
                "--region" => globals.region = Some(value()?.into()),
                "--no-cli-pager" | "--no-paginate" | "--no-progress" | "--no-verify-ssl" => {}
                "--query"
                | "--profile"
                | "--endpoint-url"
                | "--debug"
                | "--no-sign-request"
                | "--ca-bundle"
                | "--cli-input-json"
                | "--generate-cli-skeleton" => {
                    return Err(usage::not_here(format_args!(
                        "this terminal has no {name}; the AWS CLI in a shell of your own has it: see “Use your own terminal” \
                         on the instance’s page"
                    )));
                }
                _ => rest.push(word),
            }
        }
        Ok((globals, rest))
    }
}

/// `--name`, `--name=value`; `None` for what is no option.
pub(in crate::terminal) fn split(word: &str) -> Option<(&str, Option<&str>)> {
    word.starts_with("--")
        .then(|| word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value))))
}

//! `aws s3api`, `aws kms` and `aws sts`: the operations this terminal has, and how their options are read. What a word says
//! to the AWS CLI, help, completion and parsing all come from one table.

mod table;
pub mod values;

use super::{Output, command::split_option, usage};
use table::OPERATIONS;

/// The services whose operations are called by their names in the API.
pub const SERVICES: [&str; 3] = ["s3api", "kms", "sts"];

/// An operation of the AWS CLI.
#[derive(Debug, PartialEq, Eq)]
pub struct Operation {
    /// One of [`SERVICES`].
    pub service: &'static str,
    /// As typed, such as `put-object`.
    pub name: &'static str,
    /// As the API calls it, such as `PutObject`.
    pub api: &'static str,
    /// What it takes.
    pub options: &'static [Opt],
    /// Whether it writes what it gets to a file that is named behind its options.
    pub outfile: bool,
    /// What it does, in a few words.
    pub about: &'static str,
}

/// An option of an operation.
#[derive(Debug, PartialEq, Eq)]
pub struct Opt {
    /// With its two dashes.
    pub name: &'static str,
    /// What its value is.
    pub kind: Kind,
    /// Whether the operation needs it.
    pub required: bool,
    /// How long its text, or how great its number, has to be for the AWS CLI to send it (botocore's service models).
    pub least: usize,
}

/// What an option's value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text, or `file://` and a file with it.
    Text,
    /// A whole number.
    Number,
    /// Bytes: `fileb://` and a file, or base64.
    Blob,
    /// A file's path: its bytes are the value.
    File,
    /// No value; also written with `--no-` before its name.
    Flag,
    /// `key=value,key=value`, or JSON.
    Map,
}

/// An operation with what was typed for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Which.
    pub operation: &'static Operation,
    /// Options and their values as typed; flags are `true` or `false`.
    pub typed: Vec<(&'static Opt, String)>,
    /// The file behind the options, where the operation writes one.
    pub outfile: Option<String>,
}

/// The operations of a service.
pub fn operations(service: &str) -> impl Iterator<Item = &'static Operation> {
    OPERATIONS.iter().filter(move |operation| operation.service == service)
}

/// An operation by the words it is typed with.
pub fn operation(service: &str, name: &str) -> Option<&'static Operation> {
    operations(service).find(|operation| operation.name == name)
}

/// Reads an operation's words.
///
/// # Errors
/// What the AWS CLI prints for options it does not know or misses; in our words, that the operation is not here.
pub(super) fn parse(service: &str, name: &str, words: &[&str]) -> Result<Call, Output> {
    let Some(operation) = operation(service, name) else {
        let names: Vec<&str> = operations(service).map(|operation| operation.name).collect();
        return Err(usage::not_here(format_args!(
            "`aws {service} {name}` is not among the commands of this terminal. Of {service} it has {}",
            names.join(", ")
        )));
    };
    let mut call = Call { operation, typed: Vec::new(), outfile: None };
    let mut unknown = Vec::new();
    let mut words = words.iter().copied().peekable();
    while let Some(word) = words.next() {
        let Some((name, value)) = split_option(word) else {
            match operation.outfile && call.outfile.is_none() {
                true => call.outfile = Some(word.into()),
                false => unknown.push(word),
            }
            continue;
        };
        let negated = name.strip_prefix("--no-").map(|name| format!("--{name}"));
        let known = |name: &str| operation.options.iter().find(|option| option.name == name);
        let flag = negated.as_deref().and_then(known).filter(|option| option.kind == Kind::Flag);
        match (known(name), flag) {
            (Some(option), _) if option.kind == Kind::Flag => call.typed.push((option, "true".into())),
            (None, Some(option)) => call.typed.push((option, "false".into())),
            (Some(option), _) => {
                // A value that begins with two dashes is the next option.
                let value = value.or_else(|| words.next_if(|next| !next.starts_with("--")));
                let Some(value) = value else {
                    return Err(usage::error(format_args!("argument {name}: expected one argument")));
                };
                call.typed.retain(|(before, _)| *before != option);
                call.typed.push((option, value.into()));
            }
            (None, None) => unknown.push(word),
        }
    }
    let given = |option: &Opt| call.typed.iter().any(|(typed, _)| *typed == option);
    let mut missing: Vec<&str> = operation
        .options
        .iter()
        .filter(|option| option.required && !given(option))
        .map(|option| option.name)
        .collect();
    if operation.outfile && call.outfile.is_none() {
        missing.push("outfile");
    }
    match (missing.is_empty(), unknown.is_empty()) {
        (false, _) => Err(usage::required(missing)),
        (true, false) => Err(usage::unknown(unknown)),
        (true, true) => Ok(call),
    }
}

impl Operation {
    /// How it is typed: required options first, the others in brackets.
    pub fn synopsis(&self) -> String {
        let mut lines = vec![format!("aws {} {}", self.service, self.name)];
        let (required, optional): (Vec<&Opt>, Vec<&Opt>) =
            self.options.iter().partition(|option| option.required);
        lines.extend(required.iter().map(|option| format!("      {}", option.typed())));
        lines.extend(optional.iter().map(|option| format!("      [{}]", option.typed())));
        if self.outfile {
            lines.push("      FILE".into());
        }
        lines.join("\n")
    }
}

impl Opt {
    fn typed(&self) -> String {
        let value = match self.kind {
            Kind::Text => "TEXT | file://FILE",
            Kind::Number => "NUMBER",
            Kind::Blob => "fileb://FILE | BASE64",
            Kind::File => "FILE",
            Kind::Flag => return self.name.into(),
            Kind::Map => "KEY=VALUE,…",
        };
        format!("{} {value}", self.name)
    }
}

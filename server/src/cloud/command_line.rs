//! The AWS CLI command that makes the same request, for a person to copy. Read off the request as it is sent: nothing here
//! knows what the console meant.
//!
//! What is secret or bytes becomes a placeholder: a word in capitals, or `fileb://FILE`.

mod json;
mod query;
mod s3;

use bytes::Bytes;
use http::{HeaderMap, Request, header};
use serde_json::Value;

/// Commands up to this many characters stay on one line.
const ONE_LINE: usize = 96;

/// Members whose values are secret, in any service: the person who runs the command fills them in.
const SECRETS: [&str; 9] = [
    "Password",
    "OldPassword",
    "NewPassword",
    "SecretAccessKey",
    "TokenCode",
    "AuthenticationCode1",
    "AuthenticationCode2",
    "WebIdentityToken",
    "SAMLAssertion",
];

/// The command for a request; `None` if it is none of a service that the AWS CLI speaks to here. What is not signed is S3's:
/// no other service answers it.
pub(crate) fn of_request(request: &Request<Bytes>) -> Option<String> {
    if !request.headers().contains_key(header::AUTHORIZATION) {
        let mut command = s3::command(request)?;
        command.word("--no-sign-request");
        return Some(command.to_string());
    }
    let command = match signed_for(request.headers())? {
        "s3" => s3::command(request)?,
        "kms" => json::command("kms", request)?,
        "cloudtrail" => json::command("cloudtrail", request)?,
        "iam" => query::command("iam", request.body())?,
        "sts" => query::command("sts", request.body())?,
        "ec2" => query::command("ec2", request.body())?,
        _ => return None,
    };
    Some(command.to_string())
}

/// The service in the credential scope of the signature.
fn signed_for(headers: &HeaderMap) -> Option<&str> {
    let credential = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once("Credential=")?.1;
    credential.split(',').next()?.split('/').nth(3)
}

/// A command in parts: `aws SERVICE OPERATION`, then options with their values, then what stands alone.
#[derive(Debug, Default)]
struct Command {
    start: String,
    /// Each `--option value…`, quoted.
    options: Vec<String>,
}

impl Command {
    fn new(service: &str, operation: &str) -> Self {
        let service = if service == "s3" { "s3api" } else { service };
        Self { start: format!("aws {service} {}", kebab(operation)), options: Vec::new() }
    }

    /// `--name value…`; each value is one word of the shell.
    fn option<'a>(&mut self, name: &str, values: impl IntoIterator<Item = &'a str>) {
        let words = std::iter::once(format!("--{name}")).chain(values.into_iter().map(quoted));
        self.options.push(words.collect::<Vec<_>>().join(" "));
    }

    /// What stands without an option, such as the file that `get-object` writes.
    fn word(&mut self, word: &str) {
        self.options.push(word.into());
    }

    /// An option with a value of a structure, as the AWS CLI takes it.
    fn value(&mut self, name: &str, value: &Value) {
        match value {
            Value::Bool(true) => self.option(name, []),
            Value::Bool(false) => self.option(&format!("no-{name}"), []),
            Value::String(text) => self.option(name, [text.as_str()]),
            Value::Array(items) if items.iter().all(Value::is_string) => {
                self.option(name, items.iter().filter_map(Value::as_str));
            }
            other => self.option(name, [other.to_string().as_str()]),
        }
    }
}

impl std::fmt::Display for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let line = std::iter::once(self.start.as_str()).chain(self.options.iter().map(String::as_str));
        let line = line.collect::<Vec<_>>();
        let length: usize = line.iter().map(|part| part.len() + 1).sum();
        f.write_str(&line.join(if length > ONE_LINE { " \\\n  " } else { " " }))
    }
}

/// A word as a POSIX shell reads it. What no shell can be given is left out; no request holds a zero byte there.
fn quoted(word: &str) -> String {
    shlex::try_quote(word).map(Into::into).unwrap_or_default()
}

/// `PolicyName` to `policy-name`, as botocore's `xform_name` does it.
fn kebab(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut out = String::with_capacity(name.len() + 8);
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| letters.get(before));
        let starts_word = before.is_some_and(|before| {
            letter.is_ascii_uppercase()
                && (before.is_ascii_lowercase()
                    || before.is_ascii_digit()
                    || letters.get(at + 1).is_some_and(char::is_ascii_lowercase))
        });
        // `ARNs` and the like are one word.
        let plural = letters.get(at + 1) == Some(&'s') && at + 2 == letters.len();
        if starts_word && !(plural && before.is_some_and(char::is_ascii_uppercase)) {
            out.push('-');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

/// What stands for a secret: the option's name in capitals.
fn placeholder(name: &str) -> String {
    kebab(name).to_uppercase()
}

#[cfg(test)]
mod tests;

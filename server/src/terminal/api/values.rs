//! The values of options: what was typed, or what the file holds that was named.

use super::{Call, Kind, Opt};
use crate::terminal::{
    Output,
    s3_path::{LocalPath, local},
    usage::{self, USAGE_STATUS},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::collections::BTreeMap;

/// A value as the operation takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Value {
    Text(String),
    Bytes(Vec<u8>),
    Number(i32),
    Flag(bool),
    Map(BTreeMap<String, String>),
}

/// The values of a call, by option.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values(Vec<(&'static str, Value)>);

/// A file that a value names: the option, how it was named, and the name if it is in the instance's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// As typed, without `file://`.
    pub path: String,
    /// Its name in the one folder there is; `None` when the path leads elsewhere.
    pub name: Option<String>,
}

/// The file that an option's value names, if it names one.
pub fn named_file(option: &Opt, typed: &str) -> Option<Named> {
    let prefixed = || typed.strip_prefix("fileb://").or_else(|| typed.strip_prefix("file://"));
    let path = match option.kind {
        Kind::File => prefixed().unwrap_or(typed),
        Kind::Flag | Kind::Number => return None,
        Kind::Text | Kind::Blob | Kind::Map => prefixed()?,
    };
    let name = match local(path) {
        LocalPath::File(name) => Some(name),
        LocalPath::Folder | LocalPath::Elsewhere => None,
    };
    Some(Named { path: path.into(), name })
}

impl Values {
    /// The values of a call. `files` are those that its values name ([`named_file`]), by path.
    ///
    /// # Errors
    /// What the AWS CLI prints for a value that it cannot read.
    pub fn read(call: &Call, files: &BTreeMap<String, Vec<u8>>) -> Result<Self, Output> {
        let mut values = Vec::new();
        for (option, typed) in &call.typed {
            values.push((option.name, value(option, typed, files)?));
        }
        let read = Self(values);
        let wrong: Vec<String> =
            call.typed.iter().filter_map(|(option, _)| read.too_little(option)).collect();
        if wrong.is_empty() { Ok(read) } else { Err(usage::validation(&wrong)) }
    }

    /// What the AWS CLI says of a value that is too short or too small.
    fn too_little(&self, option: &Opt) -> Option<String> {
        let parameter: String = option.name.split('-').filter_map(capitalized).collect();
        let least = option.least;
        match self.get(option.name)? {
            Value::Text(text) if text.chars().count() < least => Some(format!(
                "Invalid length for parameter {parameter}, value: {}, valid min length: {least}",
                text.chars().count()
            )),
            Value::Number(number)
                if i64::from(*number) < i64::try_from(least).unwrap_or(i64::MAX) && least > 0 =>
            {
                Some(format!(
                    "Invalid value for parameter {parameter}, value: {number}, valid min value: {least}"
                ))
            }
            _ => None,
        }
    }

    fn get(&self, option: &str) -> Option<&Value> {
        self.0.iter().find(|(name, _)| *name == option).map(|(_, value)| value)
    }

    /// An option's text.
    pub fn text(&self, option: &str) -> Option<&str> {
        match self.get(option)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The text of an option that the parser has made sure of.
    pub fn needed(&self, option: &str) -> &str {
        self.text(option).unwrap_or_default()
    }

    /// An option's bytes.
    pub fn bytes(&self, option: &str) -> Option<&[u8]> {
        match self.get(option)? {
            Value::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// An option's number.
    pub fn number(&self, option: &str) -> Option<i32> {
        match self.get(option)? {
            Value::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// Whether a flag was given, and how.
    pub fn flag(&self, option: &str) -> Option<bool> {
        match self.get(option)? {
            Value::Flag(set) => Some(*set),
            _ => None,
        }
    }

    /// An option's pairs.
    pub fn map(&self, option: &str) -> Option<&BTreeMap<String, String>> {
        match self.get(option)? {
            Value::Map(pairs) => Some(pairs),
            _ => None,
        }
    }
}

fn capitalized(word: &str) -> Option<String> {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect())
}

fn value(option: &Opt, typed: &str, files: &BTreeMap<String, Vec<u8>>) -> Result<Value, Output> {
    let name = option.name;
    let file = named_file(option, typed).map(|named| (files.get(&named.path), named.path));
    let bytes = match file {
        None => None,
        Some((Some(bytes), _)) => Some(bytes.as_slice()),
        Some((None, _)) if option.kind == Kind::File => {
            return Err(usage::parameter(name, "Blob values must be a path to a file."));
        }
        Some((None, path)) => {
            return Err(usage::parameter(
                name,
                format_args!(
                    "Unable to load paramfile {typed}: [Errno 2] No such file or directory: '{path}'"
                ),
            ));
        }
    };
    let text = || {
        match bytes {
        None => Ok(typed.to_owned()),
        Some(bytes) => String::from_utf8(bytes.to_vec()).map_err(|_| {
            usage::parameter(
                name,
                format_args!(
                    "Unable to load paramfile ({typed}), text contents could not be decoded.  If this is a binary file, \
                     please use the fileb:// prefix instead of the file:// prefix."
                ),
            )
        }),
    }
    };
    Ok(match option.kind {
        Kind::Flag => Value::Flag(typed == "true"),
        Kind::File => Value::Bytes(bytes.unwrap_or_default().to_vec()),
        Kind::Text => Value::Text(text()?),
        Kind::Number => Value::Number(
            typed
                .parse()
                .map_err(|_| usage::error(format_args!("argument {name}: invalid int value: '{typed}'")))?,
        ),
        Kind::Blob if typed.starts_with("fileb://") => Value::Bytes(bytes.unwrap_or_default().to_vec()),
        Kind::Blob => {
            let text = text()?;
            let text = text.trim();
            Value::Bytes(STANDARD.decode(text).map_err(|_| {
                Output::failed(
                    USAGE_STATUS,
                    format!(
                        "\nInvalid base64: \"{}\"\ntrilock: {name} takes base64, or fileb:// and the name of a file\n",
                        shortened(text)
                    ),
                )
            })?)
        }
        Kind::Map => Value::Map(pairs(name, &text()?)?),
    })
}

fn shortened(text: &str) -> String {
    if text.chars().count() > 60 { text.chars().take(60).chain(['…']).collect() } else { text.into() }
}

/// `a=b,c=d`, or a JSON object of strings.
fn pairs(option: &str, text: &str) -> Result<BTreeMap<String, String>, Output> {
    if text.trim_start().starts_with('{') {
        return serde_json::from_str(text).map_err(|error| {
            usage::parameter(option, format_args!("Invalid JSON: {error}\nJSON received: {text}"))
        });
    }
    text.split(',')
        .map(|pair| {
            let (key, value) = pair.split_once('=').ok_or_else(|| {
                usage::parameter(option, format_args!("Expected: '=', received: 'EOF' for input:\n{text}"))
            })?;
            Ok((key.trim().to_owned(), value.to_owned()))
        })
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{Values, named_file};
    use crate::terminal::api::parse;
    use std::collections::BTreeMap;

    fn read(words: &[&str]) -> Result<Values, crate::terminal::Output> {
        let call = parse(words[0], words[1], &words[2..]).unwrap();
        let files = [("plain".to_owned(), b"\xff\x00".to_vec()), ("policy.json".to_owned(), b"{}".to_vec())];
        Values::read(&call, &BTreeMap::from(files))
    }

    #[test]
    fn values_are_typed_or_come_from_files_of_the_instance() {
        let encrypt = read(&["kms", "encrypt", "--key-id", "k", "--plaintext", "fileb://plain"]).unwrap();
        assert_eq!(
            (encrypt.text("--key-id"), encrypt.bytes("--plaintext")),
            (Some("k"), Some(&b"\xff\x00"[..]))
        );
        let inline =
            read(&["kms", "encrypt", "--key-id=k", "--plaintext", "aGk=", "--encryption-context", "a=b,c=d"]);
        let inline = inline.unwrap();
        assert_eq!(inline.bytes("--plaintext"), Some(&b"hi"[..]));
        assert_eq!(inline.map("--encryption-context").unwrap().len(), 2);
        let policy =
            read(&["kms", "put-key-policy", "--key-id", "k", "--policy", "file://policy.json"]).unwrap();
        assert_eq!(policy.text("--policy"), Some("{}"));
        let body = read(&["s3api", "put-object", "--bucket", "b", "--key", "k", "--body", "plain"]).unwrap();
        assert_eq!(body.bytes("--body"), Some(&b"\xff\x00"[..]));
    }

    #[test]
    fn what_is_too_short_or_too_small_is_not_sent() {
        let words = [
            "sts",
            "assume-role",
            "--role-arn",
            "foo",
            "--role-session-name",
            "x",
            "--duration-seconds",
            "5",
        ];
        let refused = read(&words).unwrap_err();
        assert_eq!(refused.status, 252);
        assert_eq!(
            refused.text,
            "\nParameter validation failed:\nInvalid length for parameter RoleArn, value: 3, valid min length: 20\n\
             Invalid length for parameter RoleSessionName, value: 1, valid min length: 2\n\
             Invalid value for parameter DurationSeconds, value: 5, valid min value: 900\n"
        );
    }

    #[test]
    fn what_cannot_be_read_is_said_as_the_aws_cli_says_it() {
        let cases: [(&[&str], &str); 6] = [
            (
                &["kms", "encrypt", "--key-id", "k", "--plaintext", "fileb://none"],
                "Error parsing parameter '--plaintext': Unable to load paramfile fileb://none: [Errno 2] No such file or \
                 directory: 'none'",
            ),
            (
                &["kms", "encrypt", "--key-id", "k", "--plaintext", "not base64"],
                "Invalid base64: \"not base64\"",
            ),
            (
                &["kms", "put-key-policy", "--key-id", "k", "--policy", "file://plain"],
                "text contents could not be decoded",
            ),
            (
                &["s3api", "put-object", "--bucket", "b", "--key", "k", "--body", "/etc/passwd"],
                "Error parsing parameter '--body': Blob values must be a path to a file.",
            ),
            (
                &["kms", "generate-data-key", "--key-id", "k", "--number-of-bytes", "many"],
                "argument --number-of-bytes: invalid int value: 'many'",
            ),
            (
                &["kms", "decrypt", "--ciphertext-blob", "aGk=", "--encryption-context", "a"],
                "Expected: '=', received: 'EOF'",
            ),
        ];
        for (words, expected) in cases {
            let output = read(words).unwrap_err();
            assert!(output.text.contains(expected), "{words:?}: {}", output.text);
            assert_eq!(output.status, 252, "{words:?}");
        }
    }

    #[test]
    fn only_values_that_name_files_read_them() {
        let call = parse("s3api", "put-object", &["--bucket", "b", "--key", "f", "--body", "./f"]).unwrap();
        let named: Vec<_> =
            call.typed.iter().filter_map(|(option, typed)| named_file(option, typed)).collect();
        assert_eq!(named.len(), 1);
        assert_eq!((named[0].path.as_str(), named[0].name.as_deref()), ("./f", Some("f")));
    }
}

//! What `help` prints: everything in groups, or one command.

use super::{Output, api};

/// Everything this terminal runs.
const ALL: &str = "\
This terminal runs these commands, one a line, without a shell behind it. `help COMMAND` says more, such as `help aws kms`.

Files of the instance
  ls [-l]   cat FILE   sha256sum FILE   cp FILE NEW   mv FILE NEW   rm FILE
  curl -O URL.pdf          the test file (a stand-in that Trilock brings along)
S3
  aws s3 cp|mv FROM TO     one of them s3://BUCKET/KEY; [--sse [AES256|aws:kms]] [--sse-kms-key-id KEY]
  aws s3 ls [s3://BUCKET[/PREFIX]] [--recursive]
  aws s3 rm s3://BUCKET/KEY
  aws s3api OPERATION      put-object, get-object, head-object, get-bucket-policy and others
KMS and STS
  aws kms OPERATION        encrypt, decrypt, generate-data-key, describe-key, get-key-policy and others
  aws sts OPERATION        get-caller-identity, assume-role
This terminal
  clear   help [COMMAND]   Tab completes, arrow up brings lines back

Its credentials are those of the instance's role, from the instance metadata service.
";

/// Commands with their own help: words, and what they say.
const ONE: [(&str, &str); 13] = [
    (
        "aws s3 cp",
        "aws s3 cp FILE s3://BUCKET/[KEY]            upload\n\
         aws s3 cp s3://BUCKET/KEY FILE              download; - prints text instead\n\
         aws s3 cp s3://BUCKET/KEY s3://BUCKET/KEY   copy inside S3\n\
         \x20     [--sse [AES256|aws:kms]] [--sse-kms-key-id KEY] [--quiet]\n\n\
         One file at a time. A download asks HeadObject, then GetObject; a copy HeadObject, then CopyObject.\n",
    ),
    (
        "aws s3 mv",
        "aws s3 mv FROM TO\n      [--sse [AES256|aws:kms]] [--sse-kms-key-id KEY] [--quiet]\n\n\
         What cp does; then the source is deleted, in S3 with DeleteObject.\n",
    ),
    (
        "aws s3 ls",
        "aws s3 ls [s3://BUCKET[/PREFIX]] [--recursive]\n\nBuckets, or the objects and folders in one.\n",
    ),
    ("aws s3 rm", "aws s3 rm s3://BUCKET/KEY [--quiet]\n\nDeletes one object.\n"),
    (
        "aws s3",
        "aws s3 cp|mv FROM TO\naws s3 ls [s3://BUCKET[/PREFIX]] [--recursive]\naws s3 rm s3://BUCKET/KEY\n\n\
         `help aws s3 cp` says more.\n",
    ),
    ("ls", "ls [-l] [FILE…]\n\nThe instance's files.\n"),
    ("cat", "cat FILE…\n\nPrints text files.\n"),
    ("sha256sum", "sha256sum FILE…\n\nWhether two files are the same to the last byte.\n"),
    ("cp", "cp FILE NEW\n\nCopies a file of the instance. `aws s3 cp` copies to and from S3.\n"),
    ("mv", "mv FILE NEW\n\nRenames a file of the instance.\n"),
    ("rm", "rm [-f] FILE…\n\nRemoves files of the instance.\n"),
    (
        "curl",
        "curl -O URL\n\nSaves the test file under the last part of an https address that ends in .pdf. Nothing is fetched: \
         Trilock brings\na stand-in along.\n",
    ),
    ("clear", "clear\n\nEmpties the log; files and calls stay.\n"),
];

/// What `help` prints about a command; about everything when nothing is named.
///
/// # Errors
/// When there is no such command.
pub(super) fn about(command: &str) -> Result<String, Output> {
    let command = command.trim();
    let words: Vec<&str> = command.split_whitespace().collect();
    if matches!(words.as_slice(), [] | ["aws"] | ["help"]) {
        return Ok(ALL.into());
    }
    if let Some((_, text)) = ONE.iter().find(|(name, _)| *name == command) {
        return Ok((*text).into());
    }
    match words.as_slice() {
        ["aws", service] if api::SERVICES.contains(service) => Ok(of_service(service)),
        ["aws", service, name] => match api::operation(service, name) {
            Some(operation) => Ok(format!(
                "{}\n\n{} calls {}: {}.\n",
                operation.synopsis(),
                operation.name,
                operation.api,
                operation.about
            )),
            None => Err(nothing(command)),
        },
        _ => Err(nothing(command)),
    }
}

fn of_service(service: &str) -> String {
    let operations: Vec<_> = api::operations(service).collect();
    let width = operations.iter().map(|operation| operation.name.len()).max().unwrap_or_default();
    let lines =
        operations.iter().map(|operation| format!("  {:width$}  {}\n", operation.name, operation.about));
    let lines: String = lines.collect();
    format!(
        "aws {service} OPERATION [OPTIONS] [--output json|text]\n\n{lines}\n`help aws {service} OPERATION` names the options.\n"
    )
}

fn nothing(command: &str) -> Output {
    Output::failed(1, format!("There is no help on `{command}`. Type help to see what this terminal runs.\n"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{ONE, about};
    use crate::terminal::{api, command, line};

    #[test]
    fn every_command_has_help_and_runs_under_that_name() {
        for (name, _) in ONE {
            assert!(about(name).unwrap().contains(name), "{name}");
        }
        for service in api::SERVICES {
            let listed = about(&format!("aws {service}")).unwrap();
            for operation in api::operations(service) {
                assert!(listed.contains(operation.name), "{}", operation.name);
                let one = about(&format!("aws {service} {}", operation.name)).unwrap();
                for option in operation.options {
                    assert!(one.contains(option.name), "{} {}", operation.name, option.name);
                }
            }
        }
        for asked in ["help", "help aws", "aws help", "aws kms help", "aws kms encrypt help", "help curl"] {
            let words = line::words(asked).unwrap();
            assert!(matches!(command::parse(&words), Ok(command::Command::Help(_))), "{asked}");
        }
    }

    #[test]
    fn help_on_what_is_not_there_says_so() {
        assert_eq!(about("emacs").unwrap_err().status, 1);
        assert!(about("aws lambda invoke").unwrap_err().text.contains("aws lambda invoke"));
    }
}

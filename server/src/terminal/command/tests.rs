#![allow(clippy::unwrap_used)]
//! Lines as people type them.

use super::{Command, Globals, Local, OutputFormat, S3, Sse, Transfer, parse};
use crate::terminal::{Output, line, s3_path::Place};

fn read(line: &str) -> Result<Command, Output> {
    parse(&line::words(line).unwrap())
}

fn transfer(from: &str, to: &str, sse: Option<Sse>, kms_key_id: Option<&str>) -> Command {
    let (from, to) = (Place::of(from), Place::of(to));
    let transfer =
        Transfer { moves: false, from, to, sse, kms_key_id: kms_key_id.map(Into::into), quiet: false };
    Command::S3(S3::Transfer(transfer), Globals::default())
}

#[test]
fn the_tutorials_commands_are_read_as_printed() {
    let pdf = "KMS-Cryptographic-Details.pdf";
    let cases = [
        (
            "aws s3 cp KMS-Cryptographic-Details.pdf s3://b/ --sse aws:kms --sse-kms-key-id arn:k",
            transfer(pdf, "s3://b/", Some(Sse::Kms), Some("arn:k")),
        ),
        ("aws s3 cp KMS-Cryptographic-Details.pdf s3://b/t.pdf", transfer(pdf, "s3://b/t.pdf", None, None)),
        (
            "aws s3 cp KMS-Cryptographic-Details.pdf s3://b --sse",
            transfer(pdf, "s3://b", Some(Sse::Aes256), None),
        ),
        ("aws --region us-east-1 s3 cp s3://b/k t.pdf --no-progress", {
            let Command::S3(s3, _) = transfer("s3://b/k", "t.pdf", None, None) else { unreachable!() };
            Command::S3(s3, Globals { region: Some("us-east-1".into()), ..Globals::default() })
        }),
        (
            "curl -O 'https://d1.awsstatic.com/whitepapers/KMS-Cryptographic-Details.pdf'",
            Command::Local(Local::Curl {
                url: "https://d1.awsstatic.com/whitepapers/KMS-Cryptographic-Details.pdf".into(),
            }),
        ),
        ("aws s3 ls", Command::S3(S3::ListBuckets, Globals::default())),
        (
            "aws s3 ls b/p",
            Command::S3(
                S3::ListObjects { bucket: "b".into(), prefix: "p".into(), recursive: false },
                Globals::default(),
            ),
        ),
        ("ls -la", Command::Local(Local::Ls { long: true, files: Vec::new() })),
        ("mv a b", Command::Local(Local::Copy { from: "a".into(), to: "b".into(), moves: true })),
    ];
    for (line, expected) in cases {
        assert_eq!(read(line).unwrap(), expected, "{line}");
    }
}

#[test]
fn operations_are_read_by_the_names_of_the_aws_cli() {
    let Command::Api(call, globals) =
        read("aws kms decrypt --ciphertext-blob fileb://secret --output text --key-id=k").unwrap()
    else {
        panic!("no operation");
    };
    assert_eq!((call.operation.api, globals.output), ("Decrypt", OutputFormat::Text));
    let typed: Vec<_> = call.typed.iter().map(|(option, value)| (option.name, value.as_str())).collect();
    assert_eq!(typed, [("--ciphertext-blob", "fileb://secret"), ("--key-id", "k")]);
    let Command::Api(call, _) = read("aws s3api get-object --bucket b --key k file.pdf").unwrap() else {
        panic!("no operation");
    };
    assert_eq!(call.outfile.as_deref(), Some("file.pdf"));
}

#[test]
fn moving_is_copying_that_deletes_and_never_onto_itself() {
    let Command::S3(S3::Transfer(transfer), _) = read("aws s3 mv s3://b/a s3://c/ --quiet").unwrap() else {
        panic!("no transfer");
    };
    assert!(transfer.moves && transfer.quiet);
    for line in ["aws s3 mv s3://b/a s3://b/a", "aws s3 mv s3://b/a s3://b"] {
        assert!(
            read(line).unwrap_err().text.contains("Cannot mv a file onto itself: s3://b/a - s3://b/"),
            "{line}"
        );
    }
}

#[test]
fn what_is_not_understood_prints_what_the_program_prints() {
    let cases = [
        ("foo --bar", 127, "-bash: foo: command not found\n"),
        ("aws s3 cp a b", 252, "Error: Invalid argument type"),
        ("aws s3 mv a b", 252, "usage: aws s3 mv <LocalPath> <S3Uri>"),
        ("aws s3 cp a s3://b --foo", 252, "\nUnknown options: --foo\n"),
        ("aws s3 cp a s3://b --dryrun", 252, "trilock: this terminal’s aws s3 has no --dryrun"),
        (
            "aws s3 ls --human-readable --summarize",
            252,
            "trilock: this terminal’s aws s3 has no --human-readable",
        ),
        ("aws s3 cp a s3://b --sse des", 252, "argument --sse: Invalid choice"),
        ("aws s3 cp a s3://b --sse aws:kms:dsse", 252, "argument --sse: Invalid choice"),
        (
            "aws s3",
            252,
            "\nusage: aws [options] s3 <subcommand> [parameters]\naws: error: too few arguments\n",
        ),
        ("aws s3 cp a s3://b --sse-kms-key-id", 252, "--sse-kms-key-id: expected one argument"),
        ("aws s3 cp a", 252, "required: paths"),
        ("aws s3 cp a s3://b c", 252, "Unknown options: c"),
        ("aws s3 cp s3://a/ s3://c/ --recursive", 252, "without --recursive"),
        ("aws s3 rm f", 252, "usage: aws s3 rm <S3Uri>"),
        ("aws s3 rm s3://b/", 252, "name one object to delete"),
        ("aws s3 ls --sse", 252, "Unknown options: --sse"),
        ("aws s3 sync . s3://b", 252, "`aws s3 sync`"),
        ("aws s3 fly", 252, "argument subcommand: Invalid choice"),
        ("aws kms create-key", 252, "Of kms it has encrypt, decrypt"),
        (
            "aws kms encrypt --key-id k",
            252,
            "aws: error: the following arguments are required: --plaintext\n",
        ),
        ("aws kms encrypt --key-id --plaintext x", 252, "argument --key-id: expected one argument"),
        ("aws s3api get-object --bucket b", 252, "are required: --key, outfile\n"),
        ("aws kms list-keys --all", 252, "Unknown options: --all"),
        ("aws kms list-keys --output table", 252, "--output json and --output text only"),
        ("aws kms list-keys --output xml", 252, "argument --output: Invalid choice"),
        ("aws kms list-keys --query Keys", 252, "this terminal has no --query"),
        ("aws kms", 252, "required: operation"),
        ("aws lambda list-functions", 252, "`aws lambda`"),
        ("aws", 252, "arguments are required: command"),
        ("curl https://a.example/b.pdf", 2, "curl -O"),
        ("cat", 1, "cat: missing operand"),
        ("mv a", 1, "missing destination file operand after 'a'"),
        ("ls --color", 2, "ls: unrecognized option '--color'"),
    ];
    for (line, status, expected) in cases {
        let output = read(line).unwrap_err();
        assert!(output.text.contains(expected), "{line}: {}", output.text);
        assert_eq!(output.status, status, "{line}");
    }
}

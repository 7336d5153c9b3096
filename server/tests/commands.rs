//! The commands that answer and end: what they print, and with which status.
#![allow(clippy::unwrap_used)]

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

fn trilock(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_trilock"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn evaluate_answers_every_line_and_fails_at_the_end_if_one_was_bad() {
    let good =
        r#"{"name":"a","principal":"anonymous","action":"s3:GetObject","resource":"arn:aws:s3:::b/k"}"#;
    let all_good = trilock(&["evaluate"], &format!("{good}\n{good}"));
    assert!(all_good.status.success());
    assert_eq!(String::from_utf8(all_good.stdout).unwrap().lines().count(), 2);
    assert_eq!(all_good.stderr, b"");

    let one_bad = trilock(&["evaluate"], &format!("nonsense\n{good}\n"));
    assert_eq!(one_bad.status.code(), Some(1));
    let stdout = String::from_utf8(one_bad.stdout).unwrap();
    assert!(stdout.starts_with(r#"{"name":null,"error":"expected ident at line 1 column 2"}"#), "{stdout}");
    assert!(stdout.lines().nth(1).unwrap().contains(r#""decision":"ImplicitlyDenied""#), "{stdout}");
    let stderr = String::from_utf8(one_bad.stderr).unwrap();
    assert_eq!(stderr, "trilock: 1 of the lines could not be answered; each says why in its place\n");
}

#[test]
fn lint_tells_file_line_and_fix_and_fails_for_what_would_be_refused() {
    let listing = concat!(env!("CARGO_MANIFEST_DIR"), "/src/tutorial/listings/bucket-access.printed.json");
    let warned = trilock(&["lint", listing], "");
    assert!(warned.status.success());
    let stdout = String::from_utf8(warned.stdout).unwrap();
    assert!(stdout.contains("warning: There is no action s3:HeadBucket"), "{stdout}");
    assert!(stdout.contains("    fix: Remove s3:HeadBucket\n"), "{stdout}");

    let refused =
        trilock(&["lint", "--kind", "identity", "--format", "json", "-"], r#"{"Version": "2012-10-17"}"#);
    assert_eq!(refused.status.code(), Some(1));
    let json: serde_json::Value = serde_json::from_slice(&refused.stdout).unwrap();
    assert_eq!(json[0]["kind"], "identity");
    assert_eq!(json[0]["findings"][0]["severity"], "error");
    assert_eq!(json[0]["findings"][0]["line"], 1);

    let absent = trilock(&["lint", "no-such-file.json"], "");
    assert_eq!(absent.status.code(), Some(1));
    assert!(String::from_utf8(absent.stderr).unwrap().contains("no-such-file.json cannot be read"));
}

//! Steps that tests of S3 and KMS share, as Admin unless they say otherwise.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, dead_code, missing_docs, unreachable_pub)]

use serde_json::{Value, json};

use super::{Answer, Lab};

/// Names of the headers that ask for SSE-KMS.
pub const KMS_HEADER: (&str, &str) = ("x-amz-server-side-encryption", "aws:kms");
pub const KEY_HEADER: &str = "x-amz-server-side-encryption-aws-kms-key-id";

pub async fn lab_with_bucket() -> Lab {
    let lab = Lab::new().await;
    s3(&lab, "PUT", "/bucket-1", &[], b"").await;
    lab
}

/// An S3 call that must succeed.
pub async fn s3(lab: &Lab, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let answer = lab.s3(&lab.admin, method, path, headers, body).await;
    assert!((200..300).contains(&answer.status), "{method} {path}: {} {}", answer.status, answer.text());
    answer
}

/// A KMS call that must succeed.
pub async fn kms(lab: &Lab, operation: &str, input: Value) -> Answer {
    let answer = lab.kms(&lab.admin, operation, input).await;
    assert_eq!(answer.status, 200, "{operation}: {}", answer.text());
    answer
}

/// A new KMS key with the default policy; gives its ARN.
pub async fn key(lab: &Lab) -> String {
    text(&kms(lab, "CreateKey", json!({})).await, &["KeyMetadata", "Arn"])
}

/// The CRC32 of a body as S3 takes it; a batch of deletions must bring one.
pub fn crc32(body: &[u8]) -> String {
    use base64::Engine as _;
    let sum = crc_fast::checksum(crc_fast::CrcAlgorithm::Crc32IsoHdlc, body);
    base64::prelude::BASE64_STANDARD.encode(&sum.to_be_bytes()[4..])
}

/// A text in a JSON answer.
pub fn text(answer: &Answer, path: &[&str]) -> String {
    let json = answer.json();
    let value = path.iter().fold(&json, |value, name| value.get(*name).unwrap_or(&Value::Null));
    value.as_str().unwrap_or_else(|| panic!("no {path:?} in {json}")).to_owned()
}

/// Checks status, code and message of an error.
#[track_caller]
pub fn assert_refused(answer: &Answer, status: u16, code: &str, message: &str) {
    assert_eq!((answer.status, answer.error()), (status, (code.to_owned(), message.to_owned())));
}

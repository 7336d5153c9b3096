//! Bodies that are not what was signed.

use crate::support::calls::Plain;
use crate::support::signer::{Raw, Scope, sha256};
use crate::support::steps::{lab_with_bucket, s3};
use crate::{one_of_each, refusal, tried};

/// What stands for a body that is not signed, or signed in pieces.
const PLACEHOLDERS: [&str; 4] = [
    "UNSIGNED-PAYLOAD",
    "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
];

#[tokio::test]
async fn only_s3_takes_a_body_that_is_not_signed() {
    let lab = lab_with_bucket().await;
    for plain in one_of_each().into_iter().filter(|plain| plain.service != "s3") {
        for payload in PLACEHOLDERS.into_iter().chain(["", "0", &sha256(b"another body")]) {
            let mut raw = Raw::of(&plain);
            raw.sign(&lab.admin, &Scope { payload: Some(payload.into()), ..Scope::of(plain.service) });
            let answer = tried(&lab, &raw).await;
            assert!(
                [400, 401, 403].contains(&answer.status),
                "{payload} at {}: {}",
                plain.service,
                answer.text()
            );
            assert!(lab.sandbox.trace(&answer.request_id()).is_empty(), "{payload} at {}", plain.service);
        }
    }
}

#[tokio::test]
async fn s3_stores_no_body_that_is_not_what_was_signed() {
    let lab = lab_with_bucket().await;
    s3(&lab, "PUT", "/bucket-1/object", &[], b"before").await;
    let of =
        |line: &str, body: &str| Raw::of(&Plain::s3(line, &Default::default(), body, &Default::default()));
    let policy = r#"{"Version":"2012-10-17","Statement":[]}"#;
    let tagging = "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>";
    for (line, body) in [
        ("PUT /bucket-1/object", "after"),
        ("PUT /bucket-1?policy", policy),
        ("PUT /bucket-1?tagging", tagging),
        ("POST /bucket-1?delete", "<Delete><Object><Key>object</Key></Object></Delete>"),
    ] {
        // Signed, and changed on the way.
        let mut raw = of(line, body);
        raw.sign(&lab.admin, &Scope::of("s3"));
        for changed in
            [body.replace('b', "c") + " ", String::new(), format!("{body}{body}"), body[1..].to_owned()]
        {
            let answer = tried(&lab, &Raw { body: changed.clone().into_bytes(), ..raw.clone() }).await;
            assert_eq!(refusal(&answer), (400, "XAmzContentSHA256Mismatch".into()), "{line} {changed:?}");
        }
        // Signed as something else from the start.
        let mut raw = of(line, body);
        raw.sign(&lab.admin, &Scope { payload: Some(sha256(b"something else")), ..Scope::of("s3") });
        assert_eq!(refusal(&tried(&lab, &raw).await), (400, "XAmzContentSHA256Mismatch".into()), "{line}");
        // Named as nothing that S3 knows.
        for payload in [
            "",
            "0",
            "UNSIGNED",
            &sha256(body.as_bytes()).to_uppercase(),
            "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD",
        ] {
            let mut raw = of(line, body);
            raw.sign(&lab.admin, &Scope { payload: Some(payload.into()), ..Scope::of("s3") });
            let answer = tried(&lab, &raw).await;
            assert!(
                [400, 403, 501].contains(&answer.status),
                "{line} {payload}: {} {}",
                answer.status,
                answer.text()
            );
        }
        // Named not at all.
        let mut raw = of(line, body);
        raw.sign(&lab.admin, &Scope { unsigned: vec!["x-amz-content-sha256".into()], ..Scope::of("s3") });
        raw.headers.retain(|(name, _)| name != "x-amz-content-sha256");
        assert_eq!(tried(&lab, &raw).await.status, 400, "{line}");
    }
    assert_eq!(s3(&lab, "GET", "/bucket-1/object", &[], b"").await.text(), "before");
    assert_eq!(lab.s3(&lab.admin, "GET", "/bucket-1?policy", &[], b"").await.status, 404);
    assert_eq!(lab.s3(&lab.admin, "GET", "/bucket-1?tagging", &[], b"").await.status, 404);
}

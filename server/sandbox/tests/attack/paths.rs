//! Names that look like ways out: keys are only ever keys, of the bucket that the request names.

use std::collections::BTreeMap;

use crate::support::calls::Plain;
use crate::support::signer::{Raw, Scope};
use crate::support::steps::{lab_with_bucket, s3};
use crate::support::wire::{Server, statuses};
use crate::support::{Lab, account};
use crate::{signed, tried};

/// Keys as they stand in a request's path.
const KEYS: [&str; 34] = [
    "../bucket-2/secret",
    "../../bucket-2/secret",
    "a/../../bucket-2/secret",
    "./object",
    "%2e%2e/bucket-2/secret",
    "%2e%2e%2fbucket-2%2fsecret",
    "..%2fbucket-2%2fsecret",
    "..%5cbucket-2%5csecret",
    "%252e%252e/bucket-2/secret",
    "a%2f..%2f..%2fbucket-2%2fsecret",
    "/object",
    "//bucket-2/secret",
    "/bucket-2/secret",
    "object/",
    "object//",
    "object/.",
    "object/..",
    "object%00",
    "object%00/../../bucket-2/secret",
    "%00",
    "%0d%0ax-amz-acl:%20public-read",
    "%09%0b%0c",
    "object%3f",
    "object%23",
    "object?",
    "object%20",
    "%20object",
    "object+plus",
    "%7f",
    "%e2%80%ae",
    "%c3%a9",
    "e%cc%81",
    "%f0%9f%98%80",
    "http://127.0.0.1/bucket-2/secret",
];

async fn lab() -> Lab {
    let lab = lab_with_bucket().await;
    s3(&lab, "PUT", "/bucket-1/object", &[], b"object").await;
    let (_, stranger) = account(&lab.sandbox).await;
    for (path, body) in [("/bucket-2", ""), ("/bucket-2/secret", "secret")] {
        assert_eq!(lab.s3(&stranger, "PUT", path, &[], body.as_bytes()).await.status, 200);
    }
    lab
}

fn at(method: &str, key: &str, body: &str) -> Plain {
    Plain::s3(&format!("{method} /bucket-1/{key}"), &BTreeMap::new(), body, &BTreeMap::new())
}

/// What the path says once it is decoded; `None` when that is no text.
fn decoded(key: &str) -> Option<String> {
    let key = key.split('?').next().unwrap();
    percent_encoding::percent_decode_str(key).decode_utf8().ok().map(Into::into)
}

async fn keys_of(lab: &Lab) -> Vec<String> {
    let listing = s3(lab, "GET", "/bucket-1?list-type=2&encoding-type=url", &[], b"").await.text();
    let found = listing.split("<Key>").skip(1).map(|rest| rest.split("</Key>").next().unwrap().to_owned());
    // As a form has it: a space is a plus.
    let found = found.map(|key| key.replace('+', " "));
    found.map(|key| percent_encoding::percent_decode_str(&key).decode_utf8().unwrap().into_owned()).collect()
}

#[tokio::test]
async fn a_key_is_a_key_whatever_it_looks_like() {
    let lab = lab().await;
    for key in KEYS {
        let name = decoded(key).unwrap();
        let put = tried(&lab, &signed(&at("PUT", key, key), &lab.admin)).await;
        assert_eq!(put.status, 200, "{key}: {}", put.text());
        let got = tried(&lab, &signed(&at("GET", key, ""), &lab.admin)).await;
        assert_eq!(got.text(), key, "{key}");
        let mut there = vec!["object".to_owned(), name.clone()];
        there.sort();
        there.dedup();
        assert_eq!(keys_of(&lab).await, there, "{key}");
        // The gate was asked about this very key of this very bucket.
        let asked = lab.sandbox.trace(&put.request_id());
        assert_eq!(asked[0].resource, format!("arn:aws:s3:::bucket-1/{name}"), "{key}");
        let gone = tried(&lab, &signed(&at("DELETE", key, ""), &lab.admin)).await;
        assert_eq!(gone.status, 204, "{key}: {}", gone.text());
        s3(&lab, "PUT", "/bucket-1/object", &[], b"object").await;
    }
}

#[tokio::test]
async fn what_is_no_text_is_no_key() {
    let lab = lab().await;
    // Overlong forms of `.`, `/` and NUL, halves of pairs, bytes that begin nothing, escapes that are none.
    for key in [
        "%c0%ae%c0%ae/",
        "..%c0%af",
        "%c0%80",
        "%e0%80%af",
        "%f0%80%80%af",
        "%ed%a0%80",
        "%ff",
        "%80",
        "%c3",
        "a%fe%ff",
    ] {
        for method in ["PUT", "GET", "DELETE", "HEAD"] {
            let answer = tried(&lab, &signed(&at(method, key, ""), &lab.admin)).await;
            assert!(
                (400..500).contains(&answer.status),
                "{method} {key}: {} {}",
                answer.status,
                answer.text()
            );
        }
    }
    for key in ["%", "%2", "%zz", "%u002e"] {
        let answer = tried(&lab, &signed(&at("PUT", key, ""), &lab.admin)).await;
        assert!(answer.status == 200 || (400..500).contains(&answer.status), "{key}: {}", answer.text());
    }
    assert!(keys_of(&lab).await.contains(&"object".to_owned()));
}

#[tokio::test]
async fn a_key_has_1024_bytes_at_most() {
    let lab = lab().await;
    for (key, fits) in [
        ("a".repeat(1024), true),
        ("a".repeat(1025), false),
        ("%c3%a9".repeat(512), true),
        ("%c3%a9".repeat(513), false),
    ] {
        let answer = tried(&lab, &signed(&at("PUT", &key, ""), &lab.admin)).await;
        match fits {
            true => assert_eq!(answer.status, 200, "{}", answer.text()),
            false => assert_eq!((answer.status, answer.error().0.as_str()), (400, "KeyTooLongError")),
        }
    }
}

#[tokio::test]
async fn no_key_leads_a_copy_into_another_bucket() {
    let lab = lab().await;
    for source in [
        "bucket-1/../bucket-2/secret",
        "/bucket-1/../bucket-2/secret",
        "bucket-1/%2e%2e/bucket-2/secret",
        "bucket-1%2f..%2fbucket-2%2fsecret",
        "bucket-2/secret",
        "//bucket-2/secret",
        "/bucket-2/secret?versionId=null",
        "bucket-2%2fsecret",
        "arn:aws:s3:us-east-1:111122223333:accesspoint/ap/object/secret",
        "arn:aws:s3:::bucket-2/secret",
        "bucket-1",
        "",
        "/",
        "?",
        "bucket-1/object?versionId=",
        "bucket-1/object?versionId=../x",
        "bucket-1/object%00",
        "%ff/%ff",
    ] {
        let mut raw = Raw::of(&at("PUT", "copy", ""));
        raw.set("x-amz-copy-source", source);
        raw.sign(&lab.admin, &Scope::of("s3"));
        let answer = tried(&lab, &raw).await;
        assert!(
            (400..502).contains(&answer.status) && answer.status != 500,
            "{source}: {} {}",
            answer.status,
            answer.text()
        );
        assert!(!keys_of(&lab).await.contains(&"copy".to_owned()), "{source}");
    }
}

/// Over the wire paths are not tidied up on the way: dots, double slashes and bytes beyond ASCII arrive as they are.
#[tokio::test]
async fn raw_paths_stay_within_their_bucket() {
    let lab = lab().await;
    let server = Server::start(&lab.sandbox).await;
    for path in [
        "/bucket-1/../bucket-2/secret",
        "//bucket-2/secret",
        "/./bucket-2/secret",
        "/../bucket-2/secret",
        "/bucket-1//../../bucket-2/secret",
        "http://127.0.0.1/bucket-2/secret",
        "http://bucket-2/secret",
        "//bucket-2.s3.amazonaws.com/secret",
        "bucket-2/secret",
        "*",
        "/bucket-2/secret#",
        "/bucket-1\\..\\bucket-2\\secret",
        "/bucket-1/\u{e9}",
        "/bucket-2/secret;x",
    ] {
        let mut raw = Raw::of(&at("GET", "object", ""));
        raw.target = path.into();
        raw.sign(&lab.admin, &Scope::of("s3"));
        let answer = server.exchange(&raw.bytes()).await;
        let statuses = statuses(&answer);
        assert!(statuses.iter().all(|status| (400..500).contains(status)), "{path}: {answer}");
        assert!(!answer.contains("\r\n\r\nsecret"), "{path}: {answer}");
    }
    // A host that names a bucket names none here.
    let mut raw = Raw::of(&at("GET", "object", ""));
    raw.target = "/secret".into();
    raw.set("host", "bucket-2.s3.amazonaws.com");
    raw.sign(&lab.admin, &Scope::of("s3"));
    let answer = server.exchange(&raw.bytes()).await;
    assert!(!answer.contains("200 OK"), "{answer}");
}

//! Signatures: changed by a bit, over something else, for another scope, of headers that were not signed, given twice.

use crate::support::calls::Plain;
use crate::support::signer::{Raw, Scope};
use crate::support::steps::{lab_with_bucket, s3};
use crate::support::{Answer, Keys, Lab};
use crate::{Words, in_words_of, one_of_each, refusal, signed, tried};

/// A change to the text of a header.
type Change = fn(&str) -> String;

/// What every service answers to a signature that does not match.
const MISMATCH: Words = [
    (403, "SignatureDoesNotMatch"),
    (400, "InvalidSignatureException"),
    (403, "SignatureDoesNotMatch"),
    (403, "SignatureDoesNotMatch"),
    (401, "AuthFailure"),
];
/// To a signature that cannot be read.
const MALFORMED: Words = [
    (400, "AuthorizationHeaderMalformed"),
    (400, "IncompleteSignatureException"),
    (400, "IncompleteSignature"),
    (400, "IncompleteSignature"),
    (400, "IncompleteSignature"),
];
/// To headers that should have been signed.
const UNSIGNED: Words = [
    (403, "AccessDenied"),
    (400, "InvalidSignatureException"),
    (403, "SignatureDoesNotMatch"),
    (403, "SignatureDoesNotMatch"),
    (401, "AuthFailure"),
];

async fn lab() -> Lab {
    let lab = lab_with_bucket().await;
    s3(&lab, "PUT", "/bucket-1/object", &[], b"secret").await;
    s3(&lab, "PUT", "/bucket-1/other", &[], b"other").await;
    lab
}

fn is_refused(lab: &Lab, answer: &Answer, service: &str, words: &Words, what: &str) {
    let (status, code) = in_words_of(service, words);
    assert_eq!(refusal(answer), (status, code.to_owned()), "{what} at {service}: {}", answer.text());
    assert!(lab.sandbox.trace(&answer.request_id()).is_empty(), "{what} at {service}: the gate was asked");
}

/// The `Authorization` header, changed.
fn with_authorization(raw: &Raw, change: impl Fn(&str) -> String) -> Raw {
    let mut raw = raw.clone();
    let changed = change(raw.header("authorization").unwrap());
    raw.set("authorization", changed);
    raw
}

#[tokio::test]
async fn our_signatures_by_hand_are_those_of_clients() {
    let lab = lab().await;
    for plain in one_of_each() {
        assert_eq!(tried(&lab, &signed(&plain, &lab.admin)).await.status, 200, "{}", plain.service);
        let mut presigned = Raw::of(&plain);
        presigned.presign(&lab.admin, &Scope::of(plain.service), "60");
        // A presigned request carries only what its signer signed.
        let answer = tried(&lab, &presigned).await;
        assert_eq!(answer.status, 200, "{}: {}", plain.service, answer.text());
    }
}

#[tokio::test]
async fn no_bit_of_a_signature_can_be_changed() {
    let lab = lab().await;
    for plain in one_of_each() {
        let raw = signed(&plain, &lab.admin);
        let start = raw.header("authorization").unwrap().find("Signature=").unwrap() + 10;
        for place in 0..64 {
            let changed = with_authorization(&raw, |value| {
                let mut bytes = value.as_bytes().to_vec();
                bytes[start + place] = if bytes[start + place] == b'0' { b'1' } else { b'0' };
                String::from_utf8(bytes).unwrap()
            });
            is_refused(
                &lab,
                &tried(&lab, &changed).await,
                plain.service,
                &MISMATCH,
                "a bit of the signature",
            );
        }
        for (what, change) in [
            ("cut short", (|value: &str| value[..value.len() - 1].to_owned()) as fn(&str) -> String),
            ("longer", |value| format!("{value}0")),
            ("empty", |value| value.split("Signature=").next().unwrap().to_owned() + "Signature="),
            ("in capitals", |value| {
                let (head, signature) = value.split_once("Signature=").unwrap();
                format!("{head}Signature={}", signature.to_ascii_uppercase())
            }),
        ] {
            let changed = with_authorization(&raw, change);
            is_refused(&lab, &tried(&lab, &changed).await, plain.service, &MISMATCH, what);
        }
    }
}

#[tokio::test]
async fn what_was_signed_cannot_be_changed_afterwards() {
    let lab = lab().await;
    for plain in one_of_each() {
        let raw = signed(&plain, &lab.admin);
        let mut changes: Vec<(&str, Raw)> = vec![
            ("the method", Raw { method: "PATCH".into(), ..raw.clone() }),
            ("the query", Raw { target: format!("{}?versionId=null", raw.target), ..raw.clone() }),
            ("the host", {
                let mut raw = raw.clone();
                raw.set("host", "127.0.0.2:4566");
                raw
            }),
            ("the time", {
                let mut raw = raw.clone();
                let date = raw.header("x-amz-date").unwrap().to_owned();
                let second = if date.ends_with("0Z") { '1' } else { '0' };
                raw.set("x-amz-date", format!("{}{second}Z", &date[..14]));
                raw
            }),
        ];
        if plain.service == "s3" {
            changes.push(("the path", Raw { target: "/bucket-1/other".into(), ..raw.clone() }));
        } else {
            changes.push(("the path", Raw { target: "/other".into(), ..raw.clone() }));
            changes.push(("the body", Raw { body: [&raw.body[..], b" "].concat(), ..raw.clone() }));
            changes.push((
                "the body's end",
                Raw { body: raw.body[..raw.body.len() - 1].to_vec(), ..raw.clone() },
            ));
        }
        if plain.service == "kms" {
            let mut raw = raw.clone();
            raw.set("x-amz-target", "TrentService.ListAliases");
            changes.push(("the target", raw));
        }
        for (what, changed) in changes {
            is_refused(&lab, &tried(&lab, &changed).await, plain.service, &MISMATCH, what);
        }
    }
}

#[tokio::test]
async fn a_signature_is_good_for_one_scope_only() {
    let lab = lab().await;
    for plain in one_of_each() {
        let right = Scope::of(plain.service);
        let yesterday = crate::support::signer::day(right.time - time::Duration::days(1));
        let wrong: [(&str, Scope, &Words); 5] = [
            ("another day", Scope { date: yesterday, ..right.clone() }, &MALFORMED),
            ("no day", Scope { date: "today".into(), ..right.clone() }, &MALFORMED),
            (
                "another region",
                Scope { region: "eu-west-1".into(), ..right.clone() },
                &[MALFORMED[0], MISMATCH[1], MISMATCH[2], MISMATCH[3], MISMATCH[4]],
            ),
            (
                "no region",
                Scope { region: String::new(), ..right.clone() },
                &[MALFORMED[0], MISMATCH[1], MISMATCH[2], MISMATCH[3], MISMATCH[4]],
            ),
            ("another end", Scope { terminator: "aws5_request".into(), ..right.clone() }, &MALFORMED),
        ];
        for (what, scope, words) in wrong {
            let mut raw = Raw::of(&plain);
            raw.sign(&lab.admin, &scope);
            let answer = tried(&lab, &raw).await;
            // A scope that cannot be read names no service: it is told apart by the shape of the request.
            let service = match (plain.service, what) {
                ("iam" | "ec2", "another end") => "sts",
                (service, _) => service,
            };
            is_refused(&lab, &answer, service, words, what);
        }
        // The same scope, signed with the key of another service, day or region.
        let service = if plain.service == "kms" { "iam" } else { "kms" };
        for other in [
            Scope { region: "eu-west-1".into(), ..right.clone() },
            Scope { service: service.into(), ..right.clone() },
        ] {
            let mut raw = Raw::of(&plain);
            raw.sign(
                &lab.admin,
                &Scope {
                    payload: (plain.service == "s3").then(|| crate::support::signer::sha256(b"")),
                    ..other.clone()
                },
            );
            let said = with_authorization(&raw, |value| value.replace(&other.text(), &right.text()));
            is_refused(&lab, &tried(&lab, &said).await, plain.service, &MISMATCH, &other.text());
        }
    }
}

#[tokio::test]
async fn an_authorization_header_is_read_in_one_way_only() {
    let lab = lab().await;
    for plain in one_of_each() {
        let raw = signed(&plain, &lab.admin);
        let broken: [(&str, Change); 9] = [
            ("another algorithm", |value| value.replace("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1")),
            ("no algorithm", |value| value.replace("AWS4-HMAC-SHA256 ", "")),
            ("an algorithm with two keys", |value| {
                value.replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256")
            }),
            ("no credential", |value| value.replace("Credential=", "Credentials=")),
            ("no signed headers", |value| value.replace("SignedHeaders=", "Headers=")),
            ("no signature", |value| value.replace("Signature=", "Sign=")),
            ("a short scope", |value| value.replace("/aws4_request", "")),
            ("a long scope", |value| value.replace("/aws4_request", "/aws4_request/more")),
            ("nothing", |_| String::new()),
        ];
        for (what, change) in broken {
            let answer = tried(&lab, &with_authorization(&raw, change)).await;
            assert!(
                (400..404).contains(&answer.status),
                "{what} at {}: {} {}",
                plain.service,
                answer.status,
                answer.text()
            );
            assert!(lab.sandbox.trace(&answer.request_id()).is_empty(), "{what} at {}", plain.service);
        }
        let version_2 = with_authorization(&raw, |_| format!("AWS {}:c2lnbmF0dXJl", lab.admin.access_key_id));
        let answer = tried(&lab, &version_2).await;
        assert_eq!(answer.status, 400, "Signature Version 2 at {}: {}", plain.service, answer.text());
    }
}

/// Whoever sits between a client and S3 could add headers to a request if the list of those that are signed could be made longer
/// without changing what is signed.
#[tokio::test]
async fn headers_cannot_be_passed_off_as_signed() {
    let lab = lab().await;
    let put = Plain::s3("PUT /bucket-1/new", &Default::default(), "", &Default::default());
    let raw = signed(&put, &lab.admin);
    let names = |more: &str| {
        let more = more.to_owned();
        move |value: &str| value.replace("x-amz-date,", &format!("x-amz-date{more},"))
    };
    let attempts: Vec<(&str, Raw)> = vec![
        ("not listed", raw.clone()),
        ("listed", with_authorization(&raw, names(";x-amz-copy-source"))),
        ("listed in capitals", with_authorization(&raw, names(";X-Amz-Copy-Source"))),
        ("listed with a space", with_authorization(&raw, names("; x-amz-copy-source"))),
        (
            "listed in a list of its own",
            with_authorization(&raw, |value| {
                value.replace(
                    "SignedHeaders=",
                    "SignedHeaders=host;x-amz-content-sha256;x-amz-copy-source;x-amz-date, SignedHeaders=",
                )
            }),
        ),
        (
            "listed behind the signature",
            with_authorization(&raw, |value| {
                format!("{value}, SignedHeaders=host;x-amz-content-sha256;x-amz-copy-source;x-amz-date")
            }),
        ),
    ];
    for (what, mut attempt) in attempts {
        attempt.set("x-amz-copy-source", "bucket-1/object");
        let answer = tried(&lab, &attempt).await;
        assert!([400, 403].contains(&answer.status), "{what}: {} {}", answer.status, answer.text());
        assert_eq!(lab.s3(&lab.admin, "HEAD", "/bucket-1/new", &[], b"").await.status, 404, "{what}");
    }
    // A value that is no text is no part of what is signed, either.
    let mut request = with_authorization(&raw, names(";x-amz-tagging")).request().unwrap();
    request.headers_mut().insert("x-amz-tagging", http::HeaderValue::from_bytes(b"a=\xff").unwrap());
    let answer = crate::support::send(&lab.sandbox, request).await;
    assert_eq!(answer.status, 403, "{}", answer.text());
    assert_eq!(lab.s3(&lab.admin, "HEAD", "/bucket-1/new", &[], b"").await.status, 404);
}

#[tokio::test]
async fn what_must_be_signed_is_refused_unsigned() {
    let lab = lab().await;
    for plain in one_of_each() {
        for (name, value) in [
            ("host", None),
            ("x-amz-date", None),
            ("x-amz-extra", Some("1")),
            ("x-amz-acl", Some("public-read")),
        ] {
            let mut raw = Raw::of(&plain);
            if let Some(value) = value {
                raw.set(name, value);
            }
            raw.sign(&lab.admin, &Scope { unsigned: vec![name.into()], ..Scope::of(plain.service) });
            is_refused(&lab, &tried(&lab, &raw).await, plain.service, &UNSIGNED, name);
        }
    }
    let (_, stranger) = crate::support::account(&lab.sandbox).await;
    let token = Keys { token: Some("x".into()), ..stranger };
    for plain in one_of_each() {
        let mut raw = Raw::of(&plain);
        raw.sign(
            &token,
            &Scope { unsigned: vec!["x-amz-security-token".into()], ..Scope::of(plain.service) },
        );
        is_refused(&lab, &tried(&lab, &raw).await, plain.service, &UNSIGNED, "the token");
    }
}

#[tokio::test]
async fn headers_that_decide_may_be_there_once_only() {
    let lab = lab().await;
    for plain in one_of_each() {
        for name in ["authorization", "x-amz-date", "x-amz-content-sha256", "host"] {
            let mut raw = signed(&plain, &lab.admin);
            let Some(value) = raw.header(name).map(str::to_owned) else { continue };
            raw.headers.push((name.into(), value));
            let answer = tried(&lab, &raw).await;
            assert!(
                [400, 401, 403].contains(&answer.status),
                "{name} twice at {}: {}",
                plain.service,
                answer.text()
            );
            assert!(lab.sandbox.trace(&answer.request_id()).is_empty(), "{name} twice at {}", plain.service);
        }
        // Signed as it is, too: whoever reads the one and acts on the other would be fooled.
        for name in ["host", "x-amz-target", "x-amz-content-sha256", "x-amz-security-token"] {
            let mut raw = Raw::of(&plain);
            let value = raw.header(name).unwrap_or("TrentService.ListAliases").to_owned();
            raw.headers.push((name.into(), value.clone()));
            if raw.headers.iter().filter(|(known, _)| known == name).count() < 2 {
                raw.headers.push((name.into(), value));
            }
            raw.sign(&lab.admin, &Scope::of(plain.service));
            if raw.headers.iter().filter(|(known, _)| known == name).count() < 2 {
                continue;
            }
            let answer = tried(&lab, &raw).await;
            assert!(
                (400..404).contains(&answer.status),
                "{name} twice at {}: {} {}",
                plain.service,
                answer.status,
                answer.text()
            );
            assert!(lab.sandbox.trace(&answer.request_id()).is_empty(), "{name} twice at {}", plain.service);
        }
    }
}

#[tokio::test]
async fn a_request_has_one_signature() {
    let lab = lab().await;
    let nobody = lab.user("nobody", serde_json::Value::Null).await;
    for plain in one_of_each() {
        let mut raw = Raw::of(&plain);
        raw.presign(&nobody, &Scope::of(plain.service), "60");
        raw.sign(&lab.admin, &Scope::of(plain.service));
        let answer = tried(&lab, &raw).await;
        assert_eq!(answer.status, 400, "{}: {}", plain.service, answer.text());
        assert!(lab.sandbox.trace(&answer.request_id()).is_empty(), "{}", plain.service);
        let mut raw = signed(&plain, &lab.admin);
        let mark = if raw.target.contains('?') { '&' } else { '?' };
        for more in
            ["AWSAccessKeyId=x&Signature=y&Expires=9999999999", "X-Amz-Signature=0", "x%2Damz%2Dcredential=x"]
        {
            let target = format!("{}{mark}{more}", raw.target);
            let answer = tried(&lab, &Raw { target, ..raw.clone() }).await;
            assert_eq!(answer.status, 400, "{} with {more}: {}", plain.service, answer.text());
        }
        raw.headers.retain(|(name, _)| name != "authorization");
        let answer = tried(&lab, &raw).await;
        assert!([400, 403].contains(&answer.status), "{} without any: {}", plain.service, answer.text());
    }
}

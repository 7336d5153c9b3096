//! Requests that two readers could read in two ways, over a raw connection: one of them must not become two, and no header
//! become another.

use crate::support::Lab;
use crate::support::calls::Plain;
use crate::support::signer::{Raw, Scope};
use crate::support::steps::{lab_with_bucket, s3};
use crate::support::wire::{Server, statuses};
use crate::{one_of_each, signed};

async fn lab() -> (Lab, Server) {
    let lab = lab_with_bucket().await;
    s3(&lab, "PUT", "/bucket-1/object", &[], b"secret").await;
    let server = Server::start(&lab.sandbox).await;
    (lab, server)
}

/// The head of a request as bytes, with more headers as they stand.
fn with(raw: &Raw, more: &[u8]) -> Vec<u8> {
    let bytes = raw.bytes();
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 2;
    [&bytes[..end], more, b"\r\n", &bytes[end + 2..]].concat()
}

/// The same without the length that is written by itself.
fn without_length(raw: &Raw) -> Raw {
    let mut raw = raw.clone();
    raw.headers.push(("transfer-encoding".into(), "chunked".into()));
    raw
}

fn head(answer: &str) -> &str {
    answer.split("\r\n\r\n").next().unwrap_or_default()
}

async fn is_alive(lab: &Lab, server: &Server) {
    let answer = server.exchange(&signed(&one_of_each()[0], &lab.admin).bytes()).await;
    assert_eq!(statuses(&answer), [200], "{answer}");
}

/// The body is another request; whoever takes the wrong length answers it too.
#[tokio::test]
async fn a_body_is_never_a_request() {
    let (lab, server) = lab().await;
    let hidden = signed(&one_of_each()[0], &lab.admin).bytes();
    let mut put = Raw::of(&Plain::s3("PUT /bucket-1/hidden", &Default::default(), "", &Default::default()));
    put.body = hidden.clone();
    put.sign(&lab.admin, &Scope::of("s3"));
    let length = hidden.len();
    let framings: Vec<(&str, Vec<u8>)> = vec![
        ("two lengths", with(&put, b"content-length: 0\r\n")),
        ("two lengths, the other first", {
            let mut put = put.clone();
            put.headers.insert(0, ("content-length".into(), "0".into()));
            with(&put, format!("content-length: {length}\r\n").as_bytes())
        }),
        ("a list of lengths", {
            let mut put = put.clone();
            put.headers.push(("content-length".into(), format!("{length}, 0")));
            put.bytes()
        }),
        ("a length and chunks", with(&put, b"transfer-encoding: chunked\r\n")),
        ("a length and chunks in capitals", with(&put, b"Transfer-Encoding: CHUNKED\r\n")),
        ("a length and identity", with(&put, b"transfer-encoding: identity\r\n")),
        ("a length and what is not chunked", with(&put, b"transfer-encoding: xchunked\r\n")),
        ("a length and chunks at last", with(&put, b"transfer-encoding: gzip, chunked\r\n")),
        ("a length and chunks that are not last", with(&put, b"transfer-encoding: chunked, identity\r\n")),
        (
            "a length and two encodings",
            with(&put, b"transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n"),
        ),
        ("a length and a folded encoding", with(&put, b"transfer-encoding:\r\n chunked\r\n")),
        ("a length and an encoding with a space", with(&put, b"transfer-encoding : chunked\r\n")),
        ("a length and an encoding with a tab", with(&put, b"transfer-encoding:\tchunked\r\n")),
        ("a length and an encoding behind a control", with(&put, b"transfer-encoding: \x0bchunked\r\n")),
        (
            "a length and an encoding behind a bare line feed",
            with(&put, b"x: y\ntransfer-encoding: chunked\r\n"),
        ),
        (
            "a length and an encoding behind a bare return",
            with(&put, b"x: y\rtransfer-encoding: chunked\r\n"),
        ),
        ("a length with a sign", {
            let mut put = put.clone();
            put.headers.push(("content-length".into(), format!("+{length}")));
            put.bytes()
        }),
        ("a length in another base", {
            let mut put = put.clone();
            put.headers.push(("content-length".into(), format!("0x{length:x}")));
            put.bytes()
        }),
        ("a length with a space", {
            let mut put = put.clone();
            put.headers.push(("content-length".into(), "1 0".into()));
            put.bytes()
        }),
        ("a negative length", {
            let mut put = put.clone();
            put.headers.push(("content-length".into(), "-1".into()));
            put.bytes()
        }),
        ("a length beyond all bounds", {
            let mut put = put.clone();
            put.headers.push(("content-length".into(), "99999999999999999999999".into()));
            put.bytes()
        }),
    ];
    for (what, bytes) in framings {
        let answer = server.exchange(&bytes).await;
        let statuses = statuses(&answer);
        assert!(statuses.len() <= 1, "{what}: {} answers: {answer}", statuses.len());
        assert!(statuses.iter().all(|status| *status < 500 || *status == 501), "{what}: {answer}");
        assert!(!answer.contains("\r\n\r\nsecret"), "{what}: {answer}");
    }
    // Chunks that end before the body does: what follows is another request and answered as one, or not at all.
    let mut chunked = without_length(&put);
    chunked.body = [b"0\r\n\r\n", &hidden[..]].concat();
    let both = with(&chunked, format!("content-length: {}\r\n", chunked.body.len()).as_bytes());
    let answer = server.exchange(&both).await;
    assert!(statuses(&answer).len() <= 1, "chunks and a length: {answer}");
    is_alive(&lab, &server).await;
}

#[tokio::test]
async fn chunked_transfers_that_are_not_well_formed_end_the_connection() {
    let (lab, server) = lab().await;
    let put = Raw::of(&Plain::s3("PUT /bucket-1/chunked", &Default::default(), "hello", &Default::default()));
    for (what, body, stored) in [
        ("well-formed", &b"5\r\nhello\r\n0\r\n\r\n"[..], true),
        ("with an extension", b"5;a=b\r\nhello\r\n0\r\n\r\n", true),
        ("no size", b"\r\nhello\r\n0\r\n\r\n", false),
        ("a negative size", b"-5\r\nhello\r\n0\r\n\r\n", false),
        ("a size with a prefix", b"0x5\r\nhello\r\n0\r\n\r\n", false),
        ("a size beyond all bounds", b"fffffffffffffffff\r\nhello\r\n0\r\n\r\n", false),
        ("too short", b"6\r\nhello\r\n0\r\n\r\n", false),
        ("too long", b"4\r\nhello\r\n0\r\n\r\n", false),
        ("bare line feeds", b"5\nhello\n0\n\n", false),
        ("no end", b"5\r\nhello\r\n", false),
    ] {
        let mut raw = without_length(&put);
        raw.sign(&lab.admin, &Scope::of("s3"));
        raw.body = body.to_vec();
        let answer = server.exchange(&raw.bytes()).await;
        let statuses = statuses(&answer);
        assert!(statuses.iter().all(|status| *status < 500 || *status == 501), "{what}: {answer}");
        let there = lab.s3(&lab.admin, "GET", "/bucket-1/chunked", &[], b"").await;
        assert!(there.status == 404 || (stored && there.text() == "hello"), "{what}: {}", there.text());
        s3(&lab, "DELETE", "/bucket-1/chunked", &[], b"").await;
    }
    is_alive(&lab, &server).await;
}

#[tokio::test]
async fn heads_that_are_not_well_formed_are_refused() {
    let (lab, server) = lab().await;
    let raw = signed(&one_of_each()[0], &lab.admin);
    let refused: Vec<(&str, Vec<u8>)> = vec![
        ("a folded header", with(&raw, b"x-folded: a\r\n b\r\n")),
        ("a space before the colon", with(&raw, b"x-amz-acl : public-read\r\n")),
        ("no colon", with(&raw, b"x-amz-acl\r\n")),
        ("no name", with(&raw, b": public-read\r\n")),
        ("a name that is none", with(&raw, b"x amz acl: public-read\r\n")),
        ("a NUL", with(&raw, b"x-header: a\x00b\r\n")),
        ("a bare return", with(&raw, b"x-header: a\rx-amz-acl: public-read\r\n")),
        ("a second host", with(&raw, b"host: bucket-2\r\n")),
        ("an unsigned header", with(&raw, b"x-amz-acl: public-read\r\n")),
        ("an unsigned header in capitals", with(&raw, b"X-AMZ-ACL: public-read\r\n")),
        ("no host", {
            let mut raw = raw.clone();
            raw.headers.retain(|(name, _)| name != "host");
            raw.bytes()
        }),
        ("no version", b"GET /bucket-1/object\r\n\r\n".to_vec()),
        ("another protocol", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec()),
        ("a method that is none", [b"G@T", &raw.bytes()[3..]].concat()),
        ("a small method", [b"get", &raw.bytes()[3..]].concat()),
        ("nothing but noise", vec![0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03]),
    ];
    for (what, bytes) in refused {
        let answer = server.exchange(&bytes).await;
        let statuses = statuses(&answer);
        assert!(
            statuses.iter().all(|status| (400..500).contains(status) || *status == 501 || *status == 505),
            "{what}: {answer}"
        );
        assert!(!answer.contains("\r\n\r\nsecret"), "{what}: {answer}");
    }
    is_alive(&lab, &server).await;
}

#[tokio::test]
async fn header_names_are_the_same_in_any_case() {
    let (lab, server) = lab().await;
    for plain in one_of_each() {
        let mut raw = signed(&plain, &lab.admin);
        for (place, (name, _)) in raw.headers.iter_mut().enumerate() {
            *name = name
                .chars()
                .enumerate()
                .map(|(index, char)| if (index + place) % 2 == 0 { char.to_ascii_uppercase() } else { char })
                .collect();
        }
        let answer = server.exchange(&raw.bytes()).await;
        assert_eq!(statuses(&answer), [200], "{}: {answer}", plain.service);
    }
}

/// What a client stores or asks for comes back in headers; none of it may become a header of its own.
#[tokio::test]
async fn no_value_ends_its_header() {
    let (lab, server) = lab().await;
    let injected = "DQpTZXQtQ29va2llOiBldmlsPTE=";
    for (name, value) in [
        ("x-amz-meta-note", format!("=?UTF-8?B?{injected}?=")),
        ("x-amz-meta-note", "=?UTF-8?Q?=0D=0ASet-Cookie:_evil=3D1?=".into()),
        ("x-amz-meta-note", "=?UTF-8?Q?=00=01=7F?=".into()),
        ("content-disposition", "attachment; filename=\"a%0d%0aSet-Cookie: evil=1\"".into()),
        ("cache-control", "=?UTF-8?Q?=0D=0ASet-Cookie:_evil=3D1?=".into()),
        ("content-type", "text/plain%0d%0aSet-Cookie: evil=1".into()),
        ("x-amz-tagging", "a=%0d%0aSet-Cookie:%20evil=1".into()),
    ] {
        let mut raw =
            Raw::of(&Plain::s3("PUT /bucket-1/noted", &Default::default(), "x", &Default::default()));
        raw.set(name, value.clone());
        raw.sign(&lab.admin, &Scope::of("s3"));
        let put = server.exchange(&raw.bytes()).await;
        assert!(statuses(&put).iter().all(|status| *status < 500), "{name}: {value}: {put}");
        for line in ["GET /bucket-1/noted", "HEAD /bucket-1/noted", "GET /bucket-1/noted?tagging"] {
            let plain = Plain::s3(line, &Default::default(), "", &Default::default());
            let got = server.exchange(&signed(&plain, &lab.admin).bytes()).await;
            assert!(!head(&got).contains("\r\nSet-Cookie"), "{name}: {value}: {got}");
            assert!(statuses(&got).iter().all(|status| *status < 500), "{name}: {value}: {line}: {got}");
        }
    }
    let overrides = [
        "content-type",
        "content-disposition",
        "content-language",
        "cache-control",
        "content-encoding",
        "expires",
    ];
    for name in overrides {
        for value in ["%0d%0aSet-Cookie:%20evil=1", "a%00b", "%ff", "%e2%82%ac"] {
            let line = format!("GET /bucket-1/object?response-{name}={value}");
            let plain = Plain::s3(&line, &Default::default(), "", &Default::default());
            let got = server.exchange(&signed(&plain, &lab.admin).bytes()).await;
            assert!(!head(&got).contains("\r\nSet-Cookie"), "{line}: {got}");
            assert!(statuses(&got).iter().all(|status| *status < 500), "{line}: {got}");
        }
    }
    // Nor what is repeated in an error's body: it stays text.
    let line = "GET /bucket-1/%3C/Resource%3E%3Cscript%3E?versionId=%3Cb%3E";
    let plain = Plain::s3(line, &Default::default(), "", &Default::default());
    let got = server.exchange(&signed(&plain, &lab.admin).bytes()).await;
    assert!(!got.contains("<script>"), "{got}");
    is_alive(&lab, &server).await;
}

#[tokio::test]
async fn heads_of_any_size_are_answered_or_refused_at_once() {
    let (lab, server) = lab().await;
    for (what, line, header) in [
        ("a header of 9 KiB", 0, 9 << 10),
        ("a header of 60 KiB", 0, 60 << 10),
        ("a header of 1 MiB", 0, 1 << 20),
        ("a line of 9 KiB", 9 << 10, 0),
        ("a line of 60 KiB", 60 << 10, 0),
        ("a line of 1 MiB", 1 << 20, 0),
    ] {
        let plain = Plain::s3(
            &format!("GET /bucket-1?prefix={}", "a".repeat(line)),
            &Default::default(),
            "",
            &Default::default(),
        );
        let mut raw = Raw::of(&plain);
        raw.set("x-amz-meta-long", "a".repeat(header));
        raw.sign(&lab.admin, &Scope::of("s3"));
        let begun = crate::Watch::start();
        let answer = server.exchange(&raw.bytes()).await;
        assert!(begun.elapsed() < crate::SOON, "{what}");
        assert!(
            statuses(&answer).iter().all(|status| *status < 500),
            "{what}: {}",
            &answer[..answer.len().min(500)]
        );
    }
    for count in [50, 99, 101, 1_000, 20_000] {
        let mut raw = signed(&one_of_each()[0], &lab.admin);
        raw.headers.extend((0..count).map(|number| (format!("x-header-{number}"), "a".to_owned())));
        let answer = server.exchange(&raw.bytes()).await;
        assert!(statuses(&answer).iter().all(|status| *status < 500), "{count} headers: {answer}");
    }
    is_alive(&lab, &server).await;
}

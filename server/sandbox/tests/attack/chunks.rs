//! Uploads in signed chunks: chunks that are missing, doubled, in another order, of another upload, longer or shorter than they
//! say; lengths and trailers that are not true. What was there before must stay.

use std::fmt::Write as _;

use crate::support::calls::Plain;
use crate::support::signer::{Raw, Scope};
use crate::support::steps::{lab_with_bucket, s3};
use crate::support::{Answer, Lab};
use crate::tried;

/// Bytes of each chunk, the last one apart. S3 takes no smaller ones.
const CHUNK: usize = 8 << 10;
const SIGNED: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
const WITH_TRAILER: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";
const UNSIGNED: &str = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";

/// An upload, taken apart.
#[derive(Clone)]
struct Upload {
    raw: Raw,
    /// Chunks as they go over the wire, the empty one that ends them included.
    chunks: Vec<Vec<u8>>,
    /// What follows the last chunk.
    end: Vec<u8>,
}

impl Upload {
    /// Two and a half chunks, with a checksum behind them unless there is no place for it.
    fn new(lab: &Lab, payload: &str) -> Self {
        Self::of(lab, payload, &content(), &content().len().to_string())
    }

    fn of(lab: &Lab, payload: &str, content: &[u8], decoded_length: &str) -> Self {
        let mut raw =
            Raw::of(&Plain::s3("PUT /bucket-1/object", &Default::default(), "", &Default::default()));
        raw.set("content-encoding", "aws-chunked");
        raw.set("x-amz-decoded-content-length", decoded_length);
        if payload != SIGNED {
            raw.set("x-amz-trailer", "x-amz-checksum-crc32");
        }
        let scope = Scope { payload: Some(payload.into()), ..Scope::of("s3") };
        let mut before = raw.sign(&lab.admin, &scope);
        let mut chunks = Vec::new();
        for piece in content.chunks(CHUNK).chain([&b""[..]]) {
            let mut chunk = format!("{:x}", piece.len());
            if payload != UNSIGNED {
                before = scope.chunk(&lab.admin.secret, &before, piece);
                let _ = write!(chunk, ";chunk-signature={before}");
            }
            chunk.push_str("\r\n");
            let end: &[u8] = if piece.is_empty() { b"" } else { b"\r\n" };
            chunks.push([chunk.as_bytes(), piece, end].concat());
        }
        let mut end = String::new();
        if payload != SIGNED {
            let trailer = format!("x-amz-checksum-crc32:{}", crc32(content));
            let _ = write!(end, "{trailer}\r\n");
            if payload == WITH_TRAILER {
                let signature = scope.trailer(&lab.admin.secret, &before, &format!("{trailer}\n"));
                let _ = write!(end, "x-amz-trailer-signature:{signature}\r\n");
            }
        }
        end.push_str("\r\n");
        Self { raw, chunks, end: end.into_bytes() }
    }

    async fn send(&self, lab: &Lab) -> Answer {
        let body = [self.chunks.concat(), self.end.clone()].concat();
        tried(lab, &Raw { body, ..self.raw.clone() }).await
    }

    /// The same with other text in what follows the chunks.
    fn ending(&self, from: &str, to: &str) -> Self {
        let end = String::from_utf8(self.end.clone()).unwrap();
        assert!(end.contains(from), "{from} in {end}");
        Self { end: end.replace(from, to).into_bytes(), ..self.clone() }
    }
}

fn content() -> Vec<u8> {
    (0..CHUNK * 2 + CHUNK / 2).map(|place| b'a' + u8::try_from(place % 23).unwrap()).collect()
}

fn crc32(bytes: &[u8]) -> String {
    use base64::Engine as _;
    let sum = crc_fast::checksum(crc_fast::CrcAlgorithm::Crc32IsoHdlc, bytes);
    base64::prelude::BASE64_STANDARD.encode(u32::try_from(sum).unwrap().to_be_bytes())
}

async fn lab() -> Lab {
    let lab = lab_with_bucket().await;
    s3(&lab, "PUT", "/bucket-1/object", &[], b"before").await;
    lab
}

/// Each upload is refused by the client's fault, and the object is what it was.
async fn all_refused(lab: &Lab, attempts: Vec<(&str, Upload)>, codes: &[&str]) {
    let rows = s3(lab, "GET", "/bucket-1/object", &[], b"").await;
    for (what, upload) in attempts {
        let answer = upload.send(lab).await;
        assert!((400..500).contains(&answer.status), "{what}: {} {}", answer.status, answer.text());
        assert!(codes.contains(&answer.error().0.as_str()), "{what}: {}", answer.text());
        let now = s3(lab, "GET", "/bucket-1/object", &[], b"").await;
        assert_eq!((now.text(), now.header("etag")), (rows.text(), rows.header("etag")), "{what}");
    }
}

#[tokio::test]
async fn whole_uploads_are_taken() {
    let lab = lab().await;
    for payload in [SIGNED, WITH_TRAILER, UNSIGNED] {
        let answer = Upload::new(&lab, payload).send(&lab).await;
        assert_eq!(answer.status, 200, "{payload}: {}", answer.text());
        assert!(s3(&lab, "GET", "/bucket-1/object", &[], b"").await.body == content(), "{payload}");
        let empty = Upload::of(&lab, payload, b"", "0").send(&lab).await;
        assert_eq!(empty.status, 200, "{payload}: {}", empty.text());
    }
}

#[tokio::test]
async fn signed_chunks_come_whole_in_order_and_once() {
    let lab = lab().await;
    for payload in [SIGNED, WITH_TRAILER] {
        let whole = Upload::new(&lab, payload);
        let earlier = Upload::of(&lab, payload, &[content(), b"x".to_vec()].concat(), "20481");
        let with = |change: &dyn Fn(&mut Vec<Vec<u8>>)| {
            let mut upload = whole.clone();
            change(&mut upload.chunks);
            upload
        };
        let attempts = vec![
            ("the first one missing", with(&|chunks| drop(chunks.remove(0)))),
            ("one missing in between", with(&|chunks| drop(chunks.remove(1)))),
            ("the last one missing", with(&|chunks| drop(chunks.remove(2)))),
            ("one doubled", with(&|chunks| chunks.insert(1, chunks[0].clone()))),
            ("one again in place of another", with(&|chunks| chunks[1] = chunks[0].clone())),
            ("in another order", with(&|chunks| chunks.swap(0, 1))),
            ("ended early", with(&|chunks| chunks.swap(1, 3))),
            ("one of another upload", with(&|chunks| chunks[1] = earlier.chunks[1].clone())),
            ("all of another upload", with(&|chunks| *chunks = earlier.chunks.clone())),
            ("a byte changed", with(&|chunks| *chunks[1].iter_mut().rev().nth(3).unwrap() ^= 1)),
            ("a bit of a chunk's signature", with(&|chunks| chunks[1][25] ^= 1)),
            ("a bit of the last chunk's signature", with(&|chunks| chunks[3][25] ^= 1)),
            (
                "a chunk without a signature",
                with(&|chunks| chunks[0] = [b"2000\r\n", &content()[..CHUNK], b"\r\n"].concat()),
            ),
            ("a chunk that says it is longer", with(&|chunks| chunks[0][0] = b'3')),
            ("a chunk that says it is shorter", with(&|chunks| chunks[0][0] = b'1')),
            ("a chunk of no size", with(&|chunks| chunks[0] = chunks[0][4..].to_vec())),
            ("a chunk of a negative size", with(&|chunks| chunks[0].insert(0, b'-'))),
            (
                "a chunk of a size beyond all bounds",
                with(&|chunks| chunks[0].splice(0..0, *b"ffffffffffff").for_each(drop)),
            ),
            (
                "no line end behind a chunk",
                with(&|chunks| {
                    chunks[0].pop();
                    chunks[0].pop();
                }),
            ),
            (
                "other line ends",
                with(&|chunks| {
                    let place = chunks[0].iter().position(|byte| *byte == b'\r').unwrap();
                    chunks[0].remove(place);
                }),
            ),
        ];
        let codes = ["SignatureDoesNotMatch", "IncompleteBody", "InvalidRequest", "MalformedTrailerError"];
        all_refused(&lab, attempts, &codes).await;
    }
}

#[tokio::test]
async fn an_upload_that_breaks_off_is_no_upload() {
    let lab = lab().await;
    for payload in [SIGNED, WITH_TRAILER, UNSIGNED] {
        let whole = Upload::new(&lab, payload);
        let body = [whole.chunks.concat(), whole.end.clone()].concat();
        let last = whole.chunks[..3].concat().len();
        let lengths = [0, 1, 4, 90, CHUNK, last - 1];
        let cut = |length: usize| Upload {
            chunks: vec![body[..length].to_vec()],
            end: Vec::new(),
            ..whole.clone()
        };
        let attempts: Vec<_> = lengths.iter().map(|length| ("cut short", cut(*length))).collect();
        let codes = ["IncompleteBody", "InvalidRequest", "SignatureDoesNotMatch", "MalformedTrailerError"];
        all_refused(&lab, attempts, &codes).await;
        let more = Upload { end: [&whole.end[..], b"more"].concat(), ..whole.clone() };
        let again = Upload { end: [&whole.end[..], &whole.chunks.concat()].concat(), ..whole.clone() };
        all_refused(
            &lab,
            vec![("more behind the end", more), ("all of it again", again)],
            &["InvalidRequest"],
        )
        .await;
    }
}

#[tokio::test]
async fn an_upload_without_its_last_chunk_is_no_upload() {
    let lab = lab().await;
    for payload in [SIGNED, WITH_TRAILER, UNSIGNED] {
        let whole = Upload::new(&lab, payload);
        let body = [whole.chunks.concat(), whole.end.clone()].concat();
        let last = whole.chunks[..3].concat().len();
        let cut = |length: usize| Upload {
            chunks: vec![body[..length].to_vec()],
            end: Vec::new(),
            ..whole.clone()
        };
        let attempts: Vec<_> = [last, last + 1, last + 3].map(|length| ("cut short", cut(length))).into();
        all_refused(&lab, attempts, &["IncompleteBody", "InvalidRequest", "MalformedTrailerError"]).await;
        let upload = Upload::of(&lab, payload, &content(), "20480x");
        all_refused(&lab, vec![("a length with a letter", upload)], &["MissingContentLength"]).await;
    }
}

#[tokio::test]
async fn the_announced_length_is_the_length() {
    let lab = lab().await;
    for payload in [SIGNED, WITH_TRAILER, UNSIGNED] {
        for announced in ["0", "1", "20479", "20481", "1000000"] {
            let upload = Upload::of(&lab, payload, &content(), announced);
            all_refused(&lab, vec![(announced, upload)], &["IncompleteBody"]).await;
        }
        for announced in ["", "-1", "many", "99999999999999999999999", "18446744073709551616"] {
            let upload = Upload::of(&lab, payload, &content(), announced);
            let codes = [
                "IncompleteBody",
                "InvalidRequest",
                "MissingContentLength",
                "EntityTooLarge",
                "InvalidArgument",
            ];
            all_refused(&lab, vec![(announced, upload)], &codes).await;
        }
        let mut upload = Upload::new(&lab, payload);
        upload.raw.headers.retain(|(name, _)| name != "x-amz-decoded-content-length");
        let scope = Scope { payload: Some(payload.into()), ..Scope::of("s3") };
        upload.raw.sign(&lab.admin, &scope);
        all_refused(&lab, vec![("no length", upload)], &["MissingContentLength"]).await;
    }
}

#[tokio::test]
async fn trailers_are_what_was_signed_and_what_is_true() {
    let lab = lab().await;
    let (sum, other) = (crc32(&content()), crc32(b"other"));
    let signed = Upload::new(&lab, WITH_TRAILER);
    let signature = String::from_utf8(signed.end.clone()).unwrap();
    let signature = signature.split("signature:").nth(1).unwrap().trim().to_owned();
    let attempts = vec![
        ("another checksum", signed.ending(&sum, &other)),
        ("another name", signed.ending("crc32", "crc32c")),
        ("another signature", signed.ending(&signature, &"0".repeat(64))),
        ("no signature", signed.ending(&format!("x-amz-trailer-signature:{signature}\r\n"), "")),
        ("no checksum", signed.ending(&format!("x-amz-checksum-crc32:{sum}\r\n"), "")),
        (
            "one more",
            signed.ending("x-amz-trailer-signature", "x-amz-meta-more:1\r\nx-amz-trailer-signature"),
        ),
        (
            "the same twice",
            signed.ending(
                "x-amz-trailer-signature",
                &format!("x-amz-checksum-crc32:{sum}\r\nx-amz-trailer-signature"),
            ),
        ),
        ("none at all", Upload { end: b"\r\n".to_vec(), ..signed.clone() }),
        ("no colon", signed.ending("crc32:", "crc32 ")),
        ("no text", Upload { end: b"\xff\xfe:\xff\r\n".to_vec(), ..signed.clone() }),
        ("too many", Upload { end: "a:b\r\n".repeat(200).into_bytes(), ..signed.clone() }),
        ("too long", Upload { end: format!("a:{}\r\n", "b".repeat(1 << 20)).into_bytes(), ..signed.clone() }),
    ];
    all_refused(&lab, attempts, &["SignatureDoesNotMatch", "InvalidRequest", "MalformedTrailerError"]).await;
    let plain = Upload::new(&lab, UNSIGNED);
    let attempts = vec![
        ("another checksum", plain.ending(&sum, &other)),
        ("no checksum", plain.ending(&sum, "")),
        ("a checksum that is none", plain.ending(&sum, "AAA=")),
        ("another name", plain.ending("crc32", "crc32c")),
        ("none at all", Upload { end: b"\r\n".to_vec(), ..plain.clone() }),
    ];
    all_refused(&lab, attempts, &["BadDigest", "InvalidRequest", "MalformedTrailerError"]).await;
    // Announced differently from what comes.
    for payload in [WITH_TRAILER, UNSIGNED] {
        let mut upload = Upload::new(&lab, payload);
        upload.raw.headers.retain(|(name, _)| name != "x-amz-trailer");
        upload.raw.sign(&lab.admin, &Scope { payload: Some(payload.into()), ..Scope::of("s3") });
        let answer = upload.send(&lab).await;
        assert_eq!(answer.status, 400, "{payload}: {}", answer.text());
    }
    assert_eq!(s3(&lab, "GET", "/bucket-1/object", &[], b"").await.text(), "before");
}

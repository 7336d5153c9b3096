//! Objects over the wire: they come back whole, digests are verified, and nothing is stored in the clear.

use crate::support;
use crate::support::steps::{KEY_HEADER, KMS_HEADER, assert_refused, key, lab_with_bucket, s3};
use crate::support::{Answer, Keys, Lab, signed};
use sandbox::{Config, Limits};
use serde_json::json;

const MIB: usize = 1 << 20;
/// Bytes that do not repeat at any chunk boundary.
fn sample(length: usize) -> Vec<u8> {
    (0_u64..)
        .flat_map(|number| number.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes())
        .take(length)
        .collect()
}

#[tokio::test]
async fn objects_of_every_size_come_back_whole_and_in_ranges() {
    let lab = lab_with_bucket().await;
    let arn = key(&lab).await;
    for size in [0, 1, 1024, MIB - 1, MIB, MIB + 1, 2 * MIB, 2 * MIB + 345_678] {
        let body = sample(size);
        for headers in [&[][..], &[KMS_HEADER, (KEY_HEADER, arn.as_str())][..]] {
            s3(&lab, "PUT", "/bucket-1/object", headers, &body).await;
            let got = s3(&lab, "GET", "/bucket-1/object", &[], b"").await;
            assert!(got.body == body, "{size} bytes");
            assert_eq!(got.header("content-length"), Some(size.to_string().as_str()));
            for (range, from, to) in [
                ("bytes=0-0", 0, 1),
                ("bytes=1048570-1048580", 1_048_570, 1_048_581),
                ("bytes=1048576-", MIB, size),
                ("bytes=-5", size.saturating_sub(5), size),
            ] {
                if from >= size {
                    continue;
                }
                let part = s3(&lab, "GET", "/bucket-1/object", &[("range", range)], b"").await;
                let to = to.min(size);
                assert!(part.body == body[from..to], "{range} of {size}");
                assert_eq!(part.status, 206);
                assert_eq!(
                    part.header("content-range"),
                    Some(format!("bytes {from}-{}/{size}", to - 1).as_str())
                );
            }
        }
    }
    let beyond = lab.s3(&lab.admin, "GET", "/bucket-1/object", &[("range", "bytes=99999999-")], b"").await;
    assert_eq!((beyond.status, beyond.error().0.as_str()), (416, "InvalidRange"));
}

#[tokio::test]
async fn what_describes_an_object_comes_back_with_it() {
    let lab = lab_with_bucket().await;
    let headers = [
        ("content-type", "text/plain"),
        ("cache-control", "no-store"),
        ("content-disposition", "attachment"),
        ("x-amz-meta-colour", "blue"),
        ("x-amz-checksum-sha256", "uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek="),
    ];
    let put = s3(&lab, "PUT", "/bucket-1/a%20b/%C3%A9", &headers, b"hello world").await;
    assert_eq!(put.header("etag"), Some("\"5eb63bbbe01eeed093cb22bb8f5acdc3\""));
    assert_eq!(put.header("x-amz-server-side-encryption"), Some("AES256"));
    for method in ["GET", "HEAD"] {
        let got =
            s3(&lab, method, "/bucket-1/a%20b/%C3%A9", &[("x-amz-checksum-mode", "ENABLED")], b"").await;
        for (name, value) in headers {
            assert_eq!(got.header(name), Some(value), "{method} {name}");
        }
        assert_eq!(got.header("etag"), put.header("etag"));
        assert_eq!(got.header("accept-ranges"), Some("bytes"));
        assert_eq!(got.header("x-amz-checksum-type"), Some("FULL_OBJECT"));
        assert!(got.header("x-amz-request-id").is_some() && got.header("x-amz-id-2").is_some());
    }
    let etag = put.header("etag").unwrap();
    let same = lab.s3(&lab.admin, "GET", "/bucket-1/a%20b/%C3%A9", &[("if-none-match", etag)], b"").await;
    assert_eq!((same.status, same.body.len()), (304, 0));
    let other = lab.s3(&lab.admin, "GET", "/bucket-1/a%20b/%C3%A9", &[("if-match", "\"x\"")], b"").await;
    assert_eq!((other.status, other.error().0.as_str()), (412, "PreconditionFailed"));
}

#[tokio::test]
async fn errors_carry_every_field_that_s3_gives_and_none_on_head() {
    let lab = lab_with_bucket().await;
    let answer = lab.s3(&lab.admin, "GET", "/bucket-1/a%20%26b", &[], b"").await;
    assert_refused(&answer, 404, "NoSuchKey", "The specified key does not exist.");
    assert_eq!(answer.xml("Key").as_deref(), Some("a &b"));
    assert_eq!(answer.xml("Resource").as_deref(), Some("/bucket-1/a &b"));
    assert_eq!(answer.xml("RequestId").as_deref(), answer.header("x-amz-request-id"));
    assert_eq!(answer.xml("HostId").as_deref(), answer.header("x-amz-id-2"));
    let head = lab.s3(&lab.admin, "HEAD", "/bucket-1/absent", &[], b"").await;
    assert_eq!((head.status, head.body.len()), (404, 0));
    let bucket = lab.s3(&lab.admin, "GET", "/no-such-bucket/x", &[], b"").await;
    assert_refused(&bucket, 404, "NoSuchBucket", "The specified bucket does not exist");
}

#[tokio::test]
async fn uploads_with_a_wrong_digest_are_refused_and_leave_nothing() {
    let lab = lab_with_bucket().await;
    let wrong = [
        (
            "content-md5",
            "AAAAAAAAAAAAAAAAAAAAAA==",
            "The Content-MD5 you specified did not match what we received.",
        ),
        (
            "x-amz-checksum-crc32",
            "AAAAAA==",
            "The CRC32 you specified did not match the calculated checksum.",
        ),
        (
            "x-amz-checksum-crc64nvme",
            "AAAAAAAAAAA=",
            "The CRC64NVME you specified did not match the calculated checksum.",
        ),
    ];
    for (name, value, message) in wrong {
        let answer = lab.s3(&lab.admin, "PUT", "/bucket-1/object", &[(name, value)], b"hello world").await;
        assert_refused(&answer, 400, "BadDigest", message);
        // Documents are checked as uploads are.
        let policy = lab.s3(&lab.admin, "PUT", "/bucket-1?policy", &[(name, value)], b"{}").await;
        assert_eq!(policy.error().0, "BadDigest");
    }
    assert_eq!(lab.s3(&lab.admin, "GET", "/bucket-1/object", &[], b"").await.status, 404);
}

#[tokio::test]
async fn a_body_other_than_the_signed_one_is_refused() {
    let lab = lab_with_bucket().await;
    let now = std::time::SystemTime::now();
    for path in ["/bucket-1/object", "/bucket-1?policy"] {
        let mut request = support::request(Some(&lab.admin), "s3", "PUT", path, &[], b"what was signed", now);
        *request.body_mut() = "what was sent!!".into();
        let answer = support::send(&lab.sandbox, request).await;
        let message = "The provided 'x-amz-content-sha256' header does not match what was computed.";
        assert_refused(&answer, 400, "XAmzContentSHA256Mismatch", message);
    }
    assert_eq!(lab.s3(&lab.admin, "GET", "/bucket-1/object", &[], b"").await.status, 404);
}

#[tokio::test]
async fn checksums_that_trail_the_body_are_verified() {
    let lab = lab_with_bucket().await;
    for (sum, status) in [("DUoRhQ==", 200), ("AAAAAA==", 400)] {
        let body = format!("b\r\nhello world\r\n0\r\nx-amz-checksum-crc32:{sum}\r\n\r\n");
        let headers = [
            ("content-encoding", "aws-chunked"),
            ("x-amz-decoded-content-length", "11"),
            ("x-amz-trailer", "x-amz-checksum-crc32"),
        ];
        let answer =
            support::send(&lab.sandbox, streaming(&lab.admin, "/bucket-1/object", &headers, &body)).await;
        assert_eq!(answer.status, status, "{}", answer.text());
        if status == 400 {
            assert_refused(
                &answer,
                400,
                "BadDigest",
                "The CRC32 you specified did not match the calculated checksum.",
            );
        }
        let got = s3(&lab, "GET", "/bucket-1/object", &[], b"").await;
        assert_eq!(got.text(), "hello world");
        assert_eq!(got.header("content-encoding"), None);
    }
    let headers = [("x-amz-decoded-content-length", "11"), ("x-amz-trailer", "x-amz-checksum-crc32")];
    let body = "b\r\nhello world\r\n0\r\n\r\n";
    let answer = support::send(&lab.sandbox, streaming(&lab.admin, "/bucket-1/none", &headers, body)).await;
    assert_eq!(answer.error().0, "MalformedTrailerError");
    let body = "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n";
    let answer = support::send(&lab.sandbox, streaming(&lab.admin, "/bucket-1/none", &headers, body)).await;
    assert_eq!(answer.error().0, "IncompleteBody", "fewer bytes than announced");
}

/// An upload in unsigned chunks with a trailer, as the SDKs send it over TLS.
fn streaming(keys: &Keys, path: &str, headers: &[(&str, &str)], body: &str) -> http::Request<bytes::Bytes> {
    let now = std::time::SystemTime::now();
    let request = signed::streaming(keys, path, signed::UNSIGNED_WITH_TRAILER, headers, now);
    request.map(|_| bytes::Bytes::copy_from_slice(body.as_bytes()))
}

#[tokio::test]
async fn uploads_above_the_limit_are_refused_with_the_limit_named() {
    let limits = Limits { object_bytes: 1_500_000, ..Limits::default() };
    let lab = Lab::with(Config { limits, ..Config::default() }).await;
    s3(&lab, "PUT", "/bucket-1", &[], b"").await;
    s3(&lab, "PUT", "/bucket-1/fits", &[], &sample(1_500_000)).await;
    let message = "Your proposed upload exceeds the maximum allowed size";
    // With and without announced length; the last is cut off before it is all read.
    for (size, headers) in
        [(1_500_001, &[][..]), (1_500_001, &[("content-length", "1500001")][..]), (4_000_000, &[][..])]
    {
        let answer = lab.s3(&lab.admin, "PUT", "/bucket-1/large", headers, &sample(size)).await;
        assert_refused(&answer, 400, "EntityTooLarge", message);
        assert_eq!(answer.xml("MaxSizeAllowed").as_deref(), Some("1500000"));
    }
    assert_eq!(lab.s3(&lab.admin, "HEAD", "/bucket-1/large", &[], b"").await.status, 404);
}

#[tokio::test]
async fn plaintext_is_never_on_disk_and_objects_survive_a_restart() {
    let lab = Lab::lasting().await;
    s3(&lab, "PUT", "/bucket-1", &[], b"").await;
    let arn = key(&lab).await;
    let body: Vec<u8> = b"the plans for the summer party ".repeat(70_000);
    s3(&lab, "PUT", "/bucket-1/by-s3", &[], &body).await;
    s3(&lab, "PUT", "/bucket-1/by-kms", &[KMS_HEADER, (KEY_HEADER, &arn)], &body).await;
    // Broken off at the end, after two chunks were written.
    let bad =
        lab.s3(&lab.admin, "PUT", "/bucket-1/bad", &[("x-amz-checksum-crc32", "AAAAAA==")], &body).await;
    assert_eq!(bad.error().0, "BadDigest");
    let stored = lab.place.stored().await;
    assert!(!stored.iter().any(|bytes| bytes.windows(11).any(|window| window == b"summer part")));
    let lab = lab.restarted().await;
    for object in ["/bucket-1/by-s3", "/bucket-1/by-kms"] {
        assert!(s3(&lab, "GET", object, &[], b"").await.body == body, "{object}");
    }
    assert_eq!(lab.s3(&lab.admin, "HEAD", "/bucket-1/bad", &[], b"").await.status, 404);
}

#[tokio::test]
async fn a_copy_is_decrypted_under_one_key_and_encrypted_under_another() {
    let lab = lab_with_bucket().await;
    let (from, to) = (key(&lab).await, key(&lab).await);
    let body = sample(MIB + 10);
    let headers = [KMS_HEADER, (KEY_HEADER, from.as_str()), ("x-amz-meta-colour", "blue")];
    s3(&lab, "PUT", "/bucket-1/source", &headers, &body).await;
    let copy = [KMS_HEADER, (KEY_HEADER, to.as_str()), ("x-amz-copy-source", "/bucket-1/source")];
    let copied = s3(&lab, "PUT", "/bucket-1/target", &copy, b"").await;
    assert_eq!(copied.header(KEY_HEADER), Some(to.as_str()));
    let actions: Vec<_> =
        lab.sandbox.trace(&copied.request_id()).into_iter().map(|asked| asked.action).collect();
    assert_eq!(actions, ["s3:GetObject", "s3:PutObject", "kms:Decrypt", "kms:GenerateDataKey"]);
    let got = s3(&lab, "GET", "/bucket-1/target", &[], b"").await;
    assert!(got.body == body);
    assert_eq!(got.header("x-amz-meta-colour"), Some("blue"));
    let plain = s3(&lab, "PUT", "/bucket-1/plain", &[("x-amz-copy-source", "bucket-1/target")], b"").await;
    assert_eq!(plain.header("x-amz-server-side-encryption"), Some("AES256"));
    let itself =
        lab.s3(&lab.admin, "PUT", "/bucket-1/plain", &[("x-amz-copy-source", "bucket-1/plain")], b"").await;
    assert_eq!(itself.error().0, "InvalidRequest");
    let replaced = [
        ("x-amz-copy-source", "bucket-1/plain"),
        ("x-amz-metadata-directive", "REPLACE"),
        ("x-amz-meta-colour", "red"),
    ];
    s3(&lab, "PUT", "/bucket-1/plain", &replaced, b"").await;
    let got = s3(&lab, "GET", "/bucket-1/plain", &[], b"").await;
    assert!(got.body == body && got.header("x-amz-meta-colour") == Some("red"));
}

#[tokio::test]
async fn many_objects_are_deleted_at_once_and_each_answers_for_itself() {
    let lab = lab_with_bucket().await;
    for key in ["a", "b", "c"] {
        s3(&lab, "PUT", &format!("/bucket-1/{key}"), &[], b"x").await;
    }
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "s3:DeleteObject", "Resource": ["arn:aws:s3:::bucket-1/a", "arn:aws:s3:::bucket-1/absent"]},
    ]});
    let user = lab.user("sweeper", policy).await;
    let body = "<Delete><Object><Key>a</Key></Object><Object><Key>b</Key></Object><Object><Key>absent</Key></Object></Delete>";
    // A batch needs a digest; the client of these tests adds one to what is written so.
    let without = lab.s3(&user, "POST", "/bucket-1?delete=", &[], body.as_bytes()).await;
    let message = "Missing required header for this request: Content-MD5 OR x-amz-checksum-*";
    assert_refused(&without, 400, "InvalidRequest", message);
    let answer = lab.s3(&user, "POST", "/bucket-1?delete", &[], body.as_bytes()).await;
    let text = answer.text();
    assert!(
        text.contains("<Deleted><Key>a</Key></Deleted>")
            && text.contains("<Deleted><Key>absent</Key></Deleted>"),
        "{text}"
    );
    assert!(
        text.contains("<Code>AccessDenied</Code>") && text.contains("s3:DeleteObject on resource"),
        "{text}"
    );
    let left = s3(&lab, "GET", "/bucket-1?list-type=2", &[], b"").await.text();
    assert!(
        !left.contains("<Key>a</Key>") && left.contains("<Key>b</Key>") && left.contains("<Key>c</Key>"),
        "{left}"
    );
}

#[tokio::test]
async fn listings_roll_up_prefixes_and_come_in_pages() {
    let lab = lab_with_bucket().await;
    let keys = ["a", "b/1", "b/2", "b/3", "c", "d/x/1", "d/y", "e e&é"];
    for key in keys {
        let path: String =
            percent_encoding::utf8_percent_encode(key, percent_encoding::NON_ALPHANUMERIC).to_string();
        s3(&lab, "PUT", &format!("/bucket-1/{}", path.replace("%2F", "/")), &[], b"x").await;
    }
    let list = |query: String| {
        let lab = &lab;
        async move { s3(lab, "GET", &format!("/bucket-1?list-type=2{query}"), &[], b"").await }
    };
    let names = |answer: &Answer| {
        let text = answer.text();
        let of = |open: &str| {
            text.split(open)
                .skip(1)
                .map(|rest| rest.split('<').next().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        let mut names = of("<Key>");
        names.extend(of("<CommonPrefixes><Prefix>"));
        names.sort();
        names
    };
    assert_eq!(names(&list(String::new()).await).len(), 8);
    assert_eq!(names(&list("&delimiter=%2F".into()).await), ["a", "b/", "c", "d/", "e e&amp;é"]);
    assert_eq!(names(&list("&delimiter=%2F&prefix=d%2F".into()).await), ["d/x/", "d/y"]);
    assert_eq!(names(&list("&start-after=c".into()).await).len(), 3);
    assert_eq!(names(&list("&prefix=e&encoding-type=url".into()).await), ["e+e%26%C3%A9"]);
    assert_eq!(names(&list("&max-keys=0".into()).await), Vec::<String>::new());
    for (query, expected) in [("", 8), ("&delimiter=%2F", 5)] {
        let (mut seen, mut token) = (Vec::new(), String::new());
        loop {
            let page = list(format!("{query}&max-keys=2{token}")).await;
            seen.extend(names(&page));
            match page.xml("NextContinuationToken") {
                Some(next) => token = format!("&continuation-token={next}"),
                None => break,
            }
        }
        let mut unique = seen.clone();
        unique.dedup();
        assert_eq!((seen.len(), unique.len()), (expected, expected), "{seen:?}");
    }
    let (mut seen, mut marker) = (Vec::new(), String::new());
    loop {
        let page =
            s3(&lab, "GET", &format!("/bucket-1?delimiter=%2F&max-keys=1&marker={marker}"), &[], b"").await;
        seen.extend(names(&page));
        match page.xml("NextMarker") {
            Some(next) => marker = next.replace('/', "%2F"),
            None => break,
        }
    }
    assert_eq!(seen, ["a", "b/", "c", "d/", "e e&amp;é"]);
    let policy = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*", "Condition": {"StringEquals": {"s3:prefix": "b/"}},
    }]});
    let user = lab.user("lister", policy).await;
    assert_eq!(lab.s3(&user, "GET", "/bucket-1?list-type=2&prefix=b%2F", &[], b"").await.status, 200);
    assert_eq!(lab.s3(&user, "GET", "/bucket-1?list-type=2", &[], b"").await.status, 403);
}

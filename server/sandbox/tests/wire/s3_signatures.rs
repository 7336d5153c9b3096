//! How requests to S3 are signed: in presigned URLs and in chunks, and what policies see of it.

use std::time::{Duration, SystemTime};

use crate::support::signed::{
    Chain, SIGNED, SIGNED_WITH_TRAILER, UNSIGNED_WITH_TRAILER, presigned, streaming,
};
use crate::support::steps::{assert_refused, crc32, lab_with_bucket, s3};
use crate::support::{Answer, Lab, call, send};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};

const OBJECT: &str = "/bucket-1/object";
const KIB: usize = 1 << 10;

#[tokio::test]
async fn a_presigned_url_is_worth_what_its_signer_may_do_until_it_expires() {
    let lab = lab_with_bucket().await;
    s3(&lab, "PUT", "/bucket-1/object", &[], b"x").await;
    let nobody = lab.user("nobody", Value::Null).await;
    let now = SystemTime::now();
    let past = now - Duration::from_secs(61);
    let get = |path: String| {
        let lab = &lab;
        async move { call(&lab.sandbox, None, "s3", "GET", &path, &[], b"").await }
    };
    assert_eq!(get(presigned(&lab.admin, "GET", "/bucket-1/object", &[], now)).await.text(), "x");
    assert_refused(
        &get(presigned(&lab.admin, "GET", "/bucket-1/object", &[], past)).await,
        403,
        "AccessDenied",
        "Request has expired",
    );
    let denied = get(presigned(&nobody, "GET", "/bucket-1/object", &[], now)).await;
    assert!(
        denied.error().1.contains("user/nobody is not authorized to perform: s3:GetObject"),
        "{}",
        denied.text()
    );
    let moved = presigned(&lab.admin, "GET", "/bucket-1/object", &[], now).replace("/object", "/other");
    assert_eq!(get(moved).await.error().0, "SignatureDoesNotMatch");
}

/// Whoever holds a presigned URL could else add headers that its signer never signed, by presenting a second signature that
/// nobody verifies.
#[tokio::test]
async fn a_request_is_signed_in_its_header_or_in_its_query_and_not_in_both() {
    let lab = lab_with_bucket().await;
    s3(&lab, "PUT", "/bucket-1/secret", &[], b"secret").await;
    let url = presigned(&lab.admin, "PUT", "/bucket-1/upload", &[], SystemTime::now());
    let garbage = format!(
        "AWS4-HMAC-SHA256 Credential={}/20260101/us-east-1/s3/aws4_request, \
         SignedHeaders=host;x-amz-copy-source;x-amz-date, Signature={}",
        lab.admin.access_key_id,
        "0".repeat(64)
    );
    let date = "20260101T000000Z";
    for query in [url.clone(), url.replace("X-Amz-Signature", "X%2DAmz%2DSignature")] {
        let headers = [
            ("authorization", garbage.as_str()),
            ("x-amz-date", date),
            ("x-amz-copy-source", "bucket-1/secret"),
        ];
        let answer = call(&lab.sandbox, None, "s3", "PUT", &query, &headers, b"").await;
        assert_refused(
            &answer,
            400,
            "InvalidArgument",
            "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the \
             Authorization header should be specified",
        );
    }
    // Without the second signature the header is one that was not signed.
    let unsigned =
        call(&lab.sandbox, None, "s3", "PUT", &url, &[("x-amz-copy-source", "bucket-1/secret")], b"").await;
    assert_refused(
        &unsigned,
        403,
        "AccessDenied",
        "There were headers present in the request which were not signed",
    );
    assert_eq!(lab.s3(&lab.admin, "HEAD", "/bucket-1/upload", &[], b"").await.status, 404);
    assert_eq!(call(&lab.sandbox, None, "s3", "PUT", &url, &[], b"own").await.status, 200);
}

/// SDKs put headers that begin with `x-amz-` into the query, where they are as good as headers.
#[tokio::test]
async fn what_a_presigned_url_says_in_its_query_stands_for_headers() {
    let lab = lab_with_bucket().await;
    let now = SystemTime::now();
    let path =
        format!("{OBJECT}?x-amz-meta-colour=blue%20sky&x-amz-tagging=team%3Da&x-amz-storage-class=STANDARD");
    let put = presigned(&lab.admin, "PUT", &path, &[], now);
    assert_eq!(call(&lab.sandbox, None, "s3", "PUT", &put, &[], b"x").await.status, 200);
    let got = s3(&lab, "GET", OBJECT, &[], b"").await;
    assert_eq!(got.header("x-amz-meta-colour"), Some("blue sky"));
    assert_eq!(got.header("x-amz-tagging-count"), Some("1"));
    // A header that was signed must be sent, and an own word in it is not what was signed.
    let sealed = presigned(&lab.admin, "PUT", OBJECT, &[("x-amz-acl", "private")], now);
    for (headers, status) in
        [(&[][..], 403), (&[("x-amz-acl", "public-read")][..], 403), (&[("x-amz-acl", "private")][..], 200)]
    {
        let answer = call(&lab.sandbox, None, "s3", "PUT", &sealed, headers, b"x").await;
        assert_eq!(answer.status, status, "{headers:?}: {}", answer.text());
    }
    for (changed, method) in [
        (presigned(&lab.admin, "GET", OBJECT, &[], now) + "&versionId=null", "GET"),
        (presigned(&lab.admin, "GET", OBJECT, &[], now), "DELETE"),
        (
            presigned(&lab.admin, "GET", OBJECT, &[], now).replace("X-Amz-Expires=60", "X-Amz-Expires=600"),
            "GET",
        ),
    ] {
        let answer = call(&lab.sandbox, None, "s3", method, &changed, &[], b"").await;
        assert_eq!((answer.status, answer.error().0.as_str()), (403, "SignatureDoesNotMatch"), "{changed}");
        for field in [
            "AWSAccessKeyId",
            "StringToSign",
            "SignatureProvided",
            "StringToSignBytes",
            "CanonicalRequest",
            "CanonicalRequestBytes",
        ] {
            assert!(answer.xml(field).is_some(), "{field}");
        }
    }
    assert_eq!(s3(&lab, "GET", OBJECT, &[], b"").await.text(), "x");
}

#[tokio::test]
async fn presigned_urls_that_cannot_be_are_refused_in_s3s_words() {
    let lab = lab_with_bucket().await;
    let now = SystemTime::now();
    s3(&lab, "PUT", OBJECT, &[], b"x").await;
    let url = presigned(&lab.admin, "GET", OBJECT, &[], now);
    let early = presigned(&lab.admin, "GET", OBJECT, &[], now + Duration::from_secs(3_600));
    let no_expiry = url.replace("X-Amz-Expires=60&", "");
    let all = "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, \
               X-Amz-SignedHeaders, and X-Amz-Expires parameters.";
    let week = "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 \
                seconds";
    let version_2 =
        "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.";
    let query = "AuthorizationQueryParametersError";
    let signature_2 =
        format!("{OBJECT}?AWSAccessKeyId={}&Signature=x&Expires=99999999999", lab.admin.access_key_id);
    let cases = [
        (early, 403, "AccessDenied", "Request is not valid yet"),
        (no_expiry, 400, query, all),
        (url.replace("X-Amz-Expires=60", "X-Amz-Expires=604801"), 400, query, week),
        (
            url.replace("X-Amz-Expires=60", "X-Amz-Expires=-1"),
            400,
            query,
            "X-Amz-Expires must be non-negative",
        ),
        (
            url.replace("X-Amz-Expires=60", "X-Amz-Expires=soon"),
            400,
            query,
            "X-Amz-Expires should be a number",
        ),
        (signature_2, 400, "InvalidRequest", version_2),
    ];
    for (url, status, code, message) in cases {
        assert_refused(&call(&lab.sandbox, None, "s3", "GET", &url, &[], b"").await, status, code, message);
    }
    let header = format!("AWS {}:x", lab.admin.access_key_id);
    let by_header = call(&lab.sandbox, None, "s3", "GET", OBJECT, &[("authorization", &header)], b"").await;
    assert_refused(&by_header, 400, "InvalidRequest", version_2);
    // HEAD and DELETE, too.
    for (method, status) in [("HEAD", 200), ("DELETE", 204)] {
        let url = presigned(&lab.admin, method, OBJECT, &[], now);
        assert_eq!(call(&lab.sandbox, None, "s3", method, &url, &[], b"").await.status, status);
    }
}

#[tokio::test]
async fn headers_of_the_answer_are_chosen_by_those_who_sign() {
    let lab = lab_with_bucket().await;
    s3(&lab, "PUT", OBJECT, &[("content-type", "text/plain")], b"x").await;
    let chosen = [
        ("response-content-type", "content-type", "text/html"),
        ("response-content-language", "content-language", "de"),
        ("response-cache-control", "cache-control", "no-cache"),
        ("response-content-disposition", "content-disposition", "attachment; filename=a.txt"),
        ("response-content-encoding", "content-encoding", "x"),
        ("response-expires", "expires", "Wed, 25 Nov 2026 09:30:00 GMT"),
    ];
    let query = serde_urlencoded::to_string(chosen.map(|(name, _, value)| (name, value))).unwrap();
    let path = format!("{OBJECT}?{}", query.replace('+', "%20"));
    for method in ["GET", "HEAD"] {
        let url = presigned(&lab.admin, method, &path, &[], SystemTime::now());
        let got = call(&lab.sandbox, None, "s3", method, &url, &[], b"").await;
        for (_, name, value) in chosen {
            assert_eq!(got.header(name), Some(value), "{method}: {}", got.text());
        }
    }
    let anonymous = call(&lab.sandbox, None, "s3", "GET", &path, &[], b"").await;
    let message = "Request specific response headers cannot be used for anonymous GET requests.";
    assert_refused(&anonymous, 400, "InvalidRequest", message);
}

/// One upload in signed chunks; `change` is made to the body before it is sent.
async fn upload(
    lab: &Lab,
    (chunks, trailer): (&[&[u8]], Option<&str>),
    change: impl Fn(Vec<Vec<u8>>) -> Vec<Vec<u8>>,
) -> Answer {
    let now = SystemTime::now();
    let length = chunks.iter().map(|chunk| chunk.len()).sum::<usize>().to_string();
    let mut headers =
        vec![("content-encoding", "aws-chunked"), ("x-amz-decoded-content-length", length.as_str())];
    headers.extend(trailer.map(|_| ("x-amz-trailer", "x-amz-checksum-crc32")));
    let hash = if trailer.is_some() { SIGNED_WITH_TRAILER } else { SIGNED };
    let request = streaming(&lab.admin, OBJECT, hash, &headers, now);
    let mut chain = Chain::of(&lab.admin, &request, now);
    let mut pieces: Vec<Vec<u8>> = chunks.iter().map(|chunk| chain.chunk(chunk)).collect();
    pieces.push(chain.chunk(b""));
    pieces.push(match trailer {
        Some(sum) => chain.trailer("x-amz-checksum-crc32", sum),
        None => b"\r\n".to_vec(),
    });
    send(&lab.sandbox, request.map(|_| Bytes::from(change(pieces).concat()))).await
}

#[tokio::test]
async fn chunks_are_verified_each_in_its_place() {
    let lab = lab_with_bucket().await;
    let (first, second, last) = (vec![1; 64 * KIB], vec![2; 8 * KIB], vec![3; 5]);
    let chunks: [&[u8]; 3] = [&first, &second, &last];
    let whole = chunks.concat();
    let sum = crc32(&whole);
    for trailer in [None, Some(sum.as_str())] {
        let put = upload(&lab, (&chunks, trailer), |pieces| pieces).await;
        assert_eq!(put.status, 200, "{}", put.text());
        assert!(s3(&lab, "GET", OBJECT, &[], b"").await.body == whole);
        s3(&lab, "DELETE", OBJECT, &[], b"").await;
    }
    let flip = |piece: usize, place: usize| {
        move |mut pieces: Vec<Vec<u8>>| {
            let bytes = &mut pieces[piece];
            let place = if place == usize::MAX { bytes.len() - 3 } else { place };
            bytes[place] ^= 1;
            pieces
        }
    };
    // Where the signature stands in the line before a chunk of 0x10000 bytes.
    let in_signature = "10000;chunk-signature=".len() + 3;
    type Change = Box<dyn Fn(Vec<Vec<u8>>) -> Vec<Vec<u8>>>;
    let changes: [(&str, Change, u16, &str); 7] = [
        ("a byte", Box::new(flip(1, usize::MAX)), 403, "SignatureDoesNotMatch"),
        ("a signature", Box::new(flip(0, in_signature)), 403, "SignatureDoesNotMatch"),
        (
            "the order",
            Box::new(|mut pieces| {
                pieces.swap(0, 1);
                pieces
            }),
            403,
            "SignatureDoesNotMatch",
        ),
        (
            "one twice",
            Box::new(|mut pieces| {
                pieces.insert(1, pieces[0].clone());
                pieces
            }),
            403,
            "SignatureDoesNotMatch",
        ),
        (
            "one left out",
            Box::new(|mut pieces| {
                pieces.remove(1);
                pieces
            }),
            403,
            "SignatureDoesNotMatch",
        ),
        (
            "no end",
            Box::new(|mut pieces| {
                pieces.truncate(3);
                pieces
            }),
            400,
            "IncompleteBody",
        ),
        (
            "more behind",
            Box::new(|mut pieces| {
                pieces.push(b"more".to_vec());
                pieces
            }),
            400,
            "InvalidRequest",
        ),
    ];
    for (what, change, status, code) in changes {
        let answer = upload(&lab, (&chunks, None), change).await;
        assert_eq!((answer.status, answer.error().0.as_str()), (status, code), "{what}");
    }
    let wrong_sum = upload(&lab, (&chunks, Some("AAAAAA==")), |pieces| pieces).await;
    assert_eq!((wrong_sum.status, wrong_sum.error().0.as_str()), (400, "BadDigest"));
    // A trailer is signed as well: another value is not what was signed.
    let other = BASE64_STANDARD.encode([0; 4]);
    let swapped = upload(&lab, (&chunks, Some(&sum)), |mut pieces| {
        let text = String::from_utf8(pieces.pop().unwrap()).unwrap();
        pieces.push(text.replace(&sum, &other).into_bytes());
        pieces
    })
    .await;
    assert_eq!((swapped.status, swapped.error().0.as_str()), (403, "SignatureDoesNotMatch"));
    let small: [&[u8]; 3] = [&first, &last, &second];
    let refused = upload(&lab, (&small, None), |pieces| pieces).await;
    let message = "Only the last chunk is allowed to have a size less than 8192 bytes";
    assert_refused(&refused, 403, "InvalidChunkSizeError", message);
    assert_eq!(
        (refused.xml("Chunk").as_deref(), refused.xml("BadChunkSize").as_deref()),
        (Some("2"), Some("5"))
    );
    assert_eq!(lab.s3(&lab.admin, "HEAD", OBJECT, &[], b"").await.status, 404, "nothing is left of any");
}

#[tokio::test]
async fn what_a_body_announces_must_be_there_and_be_true() {
    let lab = lab_with_bucket().await;
    let headers = [("x-amz-decoded-content-length", "5"), ("x-amz-trailer", "x-amz-checksum-crc32")];
    let body = format!("5\r\nhello\r\n0\r\nx-amz-checksum-crc32:{}\r\n\r\n", crc32(b"hello"));
    for (hash, headers, status, code) in [
        (UNSIGNED_WITH_TRAILER, &headers[..], 200, ""),
        (UNSIGNED_WITH_TRAILER, &headers[..1], 400, "MalformedTrailerError"),
        (UNSIGNED_WITH_TRAILER, &headers[1..], 411, "MissingContentLength"),
        (SIGNED, &headers[..1], 400, "InvalidRequest"),
        ("STREAMING-OTHER", &headers[..], 400, "InvalidArgument"),
        ("STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", &headers[..], 501, "NotImplemented"),
    ] {
        let request = streaming(&lab.admin, OBJECT, hash, headers, SystemTime::now());
        let answer = send(&lab.sandbox, request.map(|_| Bytes::from(body.clone()))).await;
        assert_eq!((answer.status, answer.error().0.as_str()), (status, code), "{hash}: {}", answer.text());
    }
    let longer = [("x-amz-decoded-content-length", "4"), headers[1]];
    let request =
        streaming(&lab.admin, "/bucket-1/longer", UNSIGNED_WITH_TRAILER, &longer, SystemTime::now());
    let answer = send(&lab.sandbox, request.map(|_| Bytes::from(body))).await;
    assert_eq!(answer.error().0, "IncompleteBody", "{}", answer.text());
    // Who signs no chunk must not say so.
    let anonymous =
        call(&lab.sandbox, None, "s3", "PUT", OBJECT, &[("x-amz-content-sha256", SIGNED)], b"0\r\n\r\n")
            .await;
    assert_eq!(anonymous.status, 403);
}

/// Policies of AWS's own examples: only signed headers, no old presigned URLs, no unsigned bodies (S3 API Reference,
/// `bucket-policy-s3-sigv4-conditions`).
#[tokio::test]
async fn policies_see_how_a_request_is_signed() {
    let lab = lab_with_bucket().await;
    let now = SystemTime::now();
    s3(&lab, "PUT", OBJECT, &[], b"x").await;
    let deny = |condition: Value| {
        json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::bucket-1/*", "Condition": condition,
        }]})
        .to_string()
    };
    let old = now - Duration::from_secs(30);
    let cases = [
        (json!({"StringNotEquals": {"s3:authType": "REST-HEADER"}}), [true, false, false]),
        (json!({"StringEquals": {"s3:authType": "REST-HEADER"}}), [false, true, true]),
        (json!({"NumericGreaterThan": {"s3:signatureAge": "20000"}}), [true, true, false]),
        (json!({"StringNotEquals": {"s3:signatureversion": "AWS4-HMAC-SHA256"}}), [true, true, true]),
        (json!({"StringEquals": {"s3:x-amz-content-sha256": "UNSIGNED-PAYLOAD"}}), [true, false, false]),
        (json!({"NumericLessThan": {"s3:TlsVersion": "1.2"}}), [true, true, true]),
    ];
    for (condition, passes) in cases {
        s3(&lab, "PUT", "/bucket-1?policy", &[], deny(condition.clone()).as_bytes()).await;
        let (fresh, aged) =
            (presigned(&lab.admin, "GET", OBJECT, &[], now), presigned(&lab.admin, "GET", OBJECT, &[], old));
        let answers = [
            lab.s3(&lab.admin, "GET", OBJECT, &[], b"").await,
            call(&lab.sandbox, None, "s3", "GET", &fresh, &[], b"").await,
            call(&lab.sandbox, None, "s3", "GET", &aged, &[], b"").await,
        ];
        assert_eq!(answers.map(|answer| answer.status == 200), passes, "{condition}");
    }
}

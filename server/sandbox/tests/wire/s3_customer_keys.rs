//! SSE-C: objects under keys that their owners bring along, and buckets that refuse such keys.

use crate::support::place::Place;
use crate::support::steps::{KEY_HEADER, KMS_HEADER, assert_refused, key, lab_with_bucket, s3};
use crate::support::{Answer, Lab};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sandbox::{Config, Fidelity};
use serde_json::json;

const OBJECT: &str = "/bucket-1/object";
const MIB: usize = 1 << 20;
const ALGORITHM: &str = "x-amz-server-side-encryption-customer-algorithm";
const MISSING: &str = "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to \
                       retrieve the object.";
const WRONG: &str = "Requests specifying Server Side Encryption with Customer provided keys must provide the correct secret key.";

/// Algorithm, key and MD5 of the key.
type Headers = [(&'static str, String); 3];

/// The headers that bring the key of 32 times this byte.
fn customer_key(byte: u8) -> Headers {
    use s3s::crypto::Checksum as _;
    let mut md5 = s3s::crypto::Md5::new();
    md5.update(&[byte; 32]);
    [
        (ALGORITHM, "AES256".to_owned()),
        ("x-amz-server-side-encryption-customer-key", BASE64_STANDARD.encode([byte; 32])),
        ("x-amz-server-side-encryption-customer-key-md5", BASE64_STANDARD.encode(md5.finalize())),
    ]
}

/// The same for what is copied from.
fn source_key(byte: u8) -> Headers {
    let names = [
        "x-amz-copy-source-server-side-encryption-customer-algorithm",
        "x-amz-copy-source-server-side-encryption-customer-key",
        "x-amz-copy-source-server-side-encryption-customer-key-md5",
    ];
    let mut headers = customer_key(byte);
    headers.iter_mut().zip(names).for_each(|(header, name)| header.0 = name);
    headers
}

fn borrowed<'a>(headers: &'a [(&'static str, String)]) -> Vec<(&'static str, &'a str)> {
    headers.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

async fn with(
    lab: &Lab,
    method: &str,
    path: &str,
    headers: &[&[(&'static str, String)]],
    body: &[u8],
) -> Answer {
    let headers = headers.concat();
    lab.s3(&lab.admin, method, path, &borrowed(&headers), body).await
}

fn plain(name: &'static str, value: &str) -> Vec<(&'static str, String)> {
    vec![(name, value.to_owned())]
}

fn encryption(blocked: &str) -> String {
    format!(
        "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm>\
         </ApplyServerSideEncryptionByDefault>{blocked}</Rule></ServerSideEncryptionConfiguration>"
    )
}

fn blocked(kind: &str) -> String {
    encryption(&format!(
        "<BlockedEncryptionTypes><EncryptionType>{kind}</EncryptionType></BlockedEncryptionTypes>"
    ))
}

/// A bucket that takes customers' keys.
async fn lab() -> Lab {
    let lab = lab_with_bucket().await;
    s3(&lab, "PUT", "/bucket-1?encryption", &[], blocked("NONE").as_bytes()).await;
    lab
}

#[tokio::test]
async fn an_object_is_read_with_the_key_it_was_written_with_and_no_other() {
    let lab = lab().await;
    let mine = customer_key(1);
    for size in [0, 1, MIB + 5] {
        let body: Vec<u8> = (0..size).map(|place| u8::try_from(place % 251).unwrap()).collect();
        let put = with(&lab, "PUT", OBJECT, &[&mine], &body).await;
        assert_eq!(put.status, 200, "{}", put.text());
        for method in ["GET", "HEAD"] {
            let got = with(&lab, method, OBJECT, &[&mine], b"").await;
            assert_eq!(got.status, 200);
            for (name, value) in [&mine[0], &mine[2]] {
                assert_eq!(
                    (got.header(name), put.header(name)),
                    (Some(value.as_str()), Some(value.as_str()))
                );
            }
            assert_eq!(got.header("x-amz-server-side-encryption"), None, "it is not S3 that has the key");
            assert!(!got.headers.contains_key(mine[1].0), "the key is never shown");
        }
        assert!(with(&lab, "GET", OBJECT, &[&mine], b"").await.body == body);
        assert_refused(&with(&lab, "GET", OBJECT, &[], b"").await, 400, "InvalidRequest", MISSING);
        assert_refused(
            &with(&lab, "GET", OBJECT, &[&customer_key(2)], b"").await,
            403,
            "AccessDenied",
            WRONG,
        );
        let heads = [
            with(&lab, "HEAD", OBJECT, &[], b"").await,
            with(&lab, "HEAD", OBJECT, &[&customer_key(2)], b"").await,
        ];
        assert_eq!(heads.map(|head| (head.status, head.body.len())), [(400, 0), (403, 0)]);
    }
    let range = with(&lab, "GET", OBJECT, &[&mine, &plain("range", "bytes=1048574-1048578")], b"").await;
    assert_eq!((range.status, range.body.len()), (206, 5));
    // The entity tag is no MD5 of the plaintext: it would give away equal objects (S3 API Reference, "Common response headers").
    let etag = |answer: &Answer| answer.header("etag").unwrap().to_owned();
    let (one, two) =
        (with(&lab, "PUT", OBJECT, &[&mine], b"x").await, with(&lab, "PUT", OBJECT, &[&mine], b"x").await);
    assert_ne!(etag(&one), etag(&two));
    // What needs no bytes needs no key.
    assert!(s3(&lab, "GET", "/bucket-1?list-type=2", &[], b"").await.text().contains("<Key>object</Key>"));
    assert_eq!(s3(&lab, "GET", "/bucket-1/object?tagging", &[], b"").await.status, 200);
    let attributes = plain("x-amz-object-attributes", "ETag,ObjectSize,Checksum");
    let known = with(&lab, "GET", "/bucket-1/object?attributes", &[&attributes, &mine], b"").await;
    assert_eq!(known.xml("ObjectSize").as_deref(), Some("1"), "{}", known.text());
    let unknown = with(&lab, "GET", "/bucket-1/object?attributes", &[&attributes], b"").await;
    assert_refused(&unknown, 400, "InvalidRequest", MISSING);
    // An object that S3 encrypts has no use for a key.
    s3(&lab, "PUT", OBJECT, &[], b"x").await;
    let message = "The encryption parameters are not applicable to this object.";
    assert_refused(&with(&lab, "GET", OBJECT, &[&mine], b"").await, 400, "InvalidRequest", message);
}

#[tokio::test]
async fn keys_that_cannot_be_are_refused_and_nothing_is_written() {
    let lab = lab().await;
    let mine = customer_key(1);
    let provide = |what: &str| {
        format!("Requests specifying Server Side Encryption with Customer provided keys must provide {what}.")
    };
    let change = |place: usize, value: &str| {
        let mut headers = mine.clone();
        value.clone_into(&mut headers[place].1);
        headers.to_vec()
    };
    let kms = plain(KMS_HEADER.0, KMS_HEADER.1);
    // Of five bytes, with the digest that they have: that is looked at first.
    let mut short = mine.clone();
    "c2hvcnQ=".clone_into(&mut short[1].1);
    "TwnaqdlbyxZqMCQHoOC6vg==".clone_into(&mut short[2].1);
    let cases = [
        (mine[1..].to_vec(), "InvalidArgument", provide("a valid encryption algorithm")),
        (vec![mine[0].clone(), mine[2].clone()], "InvalidArgument", provide("an appropriate secret key")),
        (mine[..2].to_vec(), "InvalidArgument", provide("the client calculated MD5 of the secret key")),
        (change(0, "AES128"), "InvalidEncryptionAlgorithmError", "The Encryption request you specified is not valid. Supported value: AES256.".into()),
        (short.to_vec(), "InvalidArgument", "The secret key was invalid for the specified algorithm.".into()),
        (change(1, "!"), "InvalidArgument", "The secret key was invalid for the specified algorithm.".into()),
        (change(2, &customer_key(2)[2].1), "InvalidArgument", "The calculated MD5 hash of the key did not match the hash that was provided.".into()),
        (
            [mine.to_vec(), kms].concat(),
            "InvalidArgument",
            "Server Side Encryption with Customer provided key is incompatible with the encryption method specified".into(),
        ),
    ];
    for (headers, code, message) in cases {
        for path in [OBJECT.to_owned(), format!("{OBJECT}?uploads")] {
            let method = if path.ends_with("uploads") { "POST" } else { "PUT" };
            let answer = with(&lab, method, &path, &[&headers], b"").await;
            assert_refused(&answer, 400, code, &message);
        }
    }
    assert_eq!(with(&lab, "HEAD", OBJECT, &[], b"").await.status, 404);
}

#[tokio::test]
async fn a_copy_takes_a_key_for_the_source_and_one_for_the_target() {
    let lab = lab().await;
    let arn = key(&lab).await;
    let body = vec![7; MIB + 1];
    with(&lab, "PUT", "/bucket-1/source", &[&customer_key(1)], &body).await;
    let from = plain("x-amz-copy-source", "bucket-1/source");
    assert_refused(&with(&lab, "PUT", OBJECT, &[&from], b"").await, 400, "InvalidRequest", MISSING);
    let wrong = with(&lab, "PUT", OBJECT, &[&from, &source_key(2)], b"").await;
    assert_refused(&wrong, 403, "AccessDenied", WRONG);
    // From one key to another, to S3's own, to a KMS key; and back.
    let copied = with(&lab, "PUT", OBJECT, &[&from, &source_key(1), &customer_key(2)], b"").await;
    assert_eq!(copied.header(ALGORITHM), Some("AES256"), "{}", copied.text());
    assert!(with(&lab, "GET", OBJECT, &[&customer_key(2)], b"").await.body == body);
    let in_place = plain("x-amz-copy-source", "bucket-1/object");
    let rotated = with(&lab, "PUT", OBJECT, &[&in_place, &source_key(2), &customer_key(3)], b"").await;
    assert_eq!(rotated.status, 200, "{}", rotated.text());
    assert!(with(&lab, "GET", OBJECT, &[&customer_key(3)], b"").await.body == body);
    let plain_copy = with(&lab, "PUT", OBJECT, &[&from, &source_key(1)], b"").await;
    assert_eq!(plain_copy.header("x-amz-server-side-encryption"), Some("AES256"));
    let kms = vec![(KMS_HEADER.0, KMS_HEADER.1.to_owned()), (KEY_HEADER, arn.clone())];
    let under_kms = with(&lab, "PUT", OBJECT, &[&from, &source_key(1), &kms], b"").await;
    assert_eq!(under_kms.header(KEY_HEADER), Some(arn.as_str()));
    let back = with(&lab, "PUT", "/bucket-1/back", &[&in_place, &customer_key(4)], b"").await;
    assert_eq!(back.status, 200, "{}", back.text());
    assert!(with(&lab, "GET", "/bucket-1/back", &[&customer_key(4)], b"").await.body == body);
}

#[tokio::test]
async fn every_part_brings_the_key_of_its_upload() {
    let lab = lab().await;
    let mine = customer_key(1);
    let begun = with(&lab, "POST", &format!("{OBJECT}?uploads"), &[&mine], b"").await;
    assert_eq!(begun.header(ALGORITHM), Some("AES256"));
    let upload = begun.xml("UploadId").unwrap();
    let path = |number: u32| format!("{OBJECT}?partNumber={number}&uploadId={upload}");
    let (first, second) = (vec![1; 5 * MIB], vec![2; 1_000]);
    let subsequent = "The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate \
                      encryption parameters.";
    assert_refused(&with(&lab, "PUT", &path(1), &[], &first).await, 400, "InvalidRequest", subsequent);
    let other = "The provided encryption parameters did not match the ones used originally.";
    assert_refused(
        &with(&lab, "PUT", &path(1), &[&customer_key(2)], &first).await,
        400,
        "InvalidRequest",
        other,
    );
    let one = with(&lab, "PUT", &path(1), &[&mine], &first).await;
    s3(&lab, "PUT", "/bucket-1/source", &[], &second).await;
    let from = plain("x-amz-copy-source", "bucket-1/source");
    let two = with(&lab, "PUT", &path(2), &[&from, &mine], b"").await;
    let part = |number: u32, etag: &str| {
        format!("<Part><PartNumber>{number}</PartNumber><ETag>{}</ETag></Part>", etag.replace('"', "&quot;"))
    };
    let parts = part(1, one.header("etag").unwrap()) + &part(2, &two.xml("ETag").unwrap());
    let body = format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>");
    let done = with(&lab, "POST", &format!("{OBJECT}?uploadId={upload}"), &[&mine], body.as_bytes()).await;
    assert_eq!(done.status, 200, "{}", done.text());
    assert!(with(&lab, "GET", OBJECT, &[&mine], b"").await.body == [first, second].concat());
    assert_refused(&with(&lab, "GET", OBJECT, &[], b"").await, 400, "InvalidRequest", MISSING);
    // An upload that S3 encrypts takes no key.
    let begun = s3(&lab, "POST", &format!("{OBJECT}?uploads"), &[], b"").await.xml("UploadId").unwrap();
    let keyed = with(&lab, "PUT", &format!("{OBJECT}?partNumber=1&uploadId={begun}"), &[&mine], b"x").await;
    assert_eq!(keyed.error().0, "InvalidRequest");
}

#[tokio::test]
async fn a_bucket_blocks_customers_keys_until_it_is_told_otherwise() {
    let lab = lab_with_bucket().await;
    let mine = customer_key(1);
    let setting = |lab: Lab| async move {
        let got = s3(&lab, "GET", "/bucket-1?encryption", &[], b"").await;
        (got.xml("EncryptionType").unwrap(), lab)
    };
    let (kind, lab) = setting(lab).await;
    assert_eq!(kind, "SSE-C", "as in AWS since April 2026");
    for (path, method) in [(OBJECT.to_owned(), "PUT"), (format!("{OBJECT}?uploads"), "POST")] {
        let refused = with(&lab, method, &path, &[&mine], b"x").await;
        assert_eq!((refused.status, refused.error().0.as_str()), (403, "AccessDenied"), "{}", refused.text());
    }
    s3(&lab, "PUT", "/bucket-1?encryption", &[], blocked("NONE").as_bytes()).await;
    assert_eq!(with(&lab, "PUT", OBJECT, &[&mine], b"x").await.status, 200);
    // Who says nothing about it changes nothing about it.
    s3(&lab, "PUT", "/bucket-1?encryption", &[], encryption("").as_bytes()).await;
    let (kind, lab) = setting(lab).await;
    assert_eq!(kind, "NONE");
    s3(&lab, "PUT", "/bucket-1?encryption", &[], blocked("SSE-C").as_bytes()).await;
    assert_eq!(with(&lab, "PUT", OBJECT, &[&mine], b"y").await.status, 403);
    assert_eq!(with(&lab, "GET", OBJECT, &[&mine], b"").await.text(), "x", "what is there is still read");
    for malformed in ["SSE-X", "", "SSE-C</EncryptionType><EncryptionType>NONE"] {
        let answer =
            lab.s3(&lab.admin, "PUT", "/bucket-1?encryption", &[], blocked(malformed).as_bytes()).await;
        assert_eq!((answer.status, answer.error().0.as_str()), (400, "MalformedXML"), "{malformed}");
    }
    let nobody = lab.user("nobody", serde_json::Value::Null).await;
    assert_eq!(
        lab.s3(&nobody, "PUT", "/bucket-1?encryption", &[], blocked("NONE").as_bytes()).await.status,
        403
    );
    let as_before = Fidelity { customer_keys_blocked_in_new_buckets: false, ..Fidelity::default() };
    let lab = Lab::with(Config { fidelity: as_before, ..Config::default() }).await;
    s3(&lab, "PUT", "/bucket-1", &[], b"").await;
    assert_eq!(with(&lab, "PUT", OBJECT, &[&mine], b"x").await.status, 200);
}

/// How the User Guide blocks such keys by policy (S3 User Guide, `ServerSideEncryptionCustomerKeys`).
#[tokio::test]
async fn a_policy_sees_that_a_customers_key_comes_along() {
    let lab = lab().await;
    let deny = |condition: serde_json::Value| {
        json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::bucket-1/*",
            "Condition": {"Null": condition},
        }]})
        .to_string()
    };
    for (absent, with_key, without) in [("false", 403, 200), ("true", 200, 403)] {
        let policy = deny(json!({"s3:x-amz-server-side-encryption-customer-algorithm": absent}));
        s3(&lab, "PUT", "/bucket-1?policy", &[], policy.as_bytes()).await;
        assert_eq!(with(&lab, "PUT", OBJECT, &[&customer_key(1)], b"x").await.status, with_key, "{absent}");
        assert_eq!(with(&lab, "PUT", OBJECT, &[], b"x").await.status, without, "{absent}");
    }
    // A part is judged by the same header, which it must bring anyway.
    let begun = with(&lab, "POST", &format!("{OBJECT}?uploads"), &[&customer_key(1)], b"").await;
    let path = format!("{OBJECT}?partNumber=1&uploadId={}", begun.xml("UploadId").unwrap());
    assert_eq!(with(&lab, "PUT", &path, &[&customer_key(1)], b"x").await.status, 200);
}

#[tokio::test]
async fn neither_key_nor_plaintext_is_on_disk_and_the_key_fits_after_a_restart() {
    let lab = Lab::at(Place::folder(), Config::default()).await;
    s3(&lab, "PUT", "/bucket-1", &[], b"").await;
    s3(&lab, "PUT", "/bucket-1?encryption", &[], blocked("NONE").as_bytes()).await;
    let body = b"the plans for the summer party ".repeat(70_000);
    assert_eq!(with(&lab, "PUT", OBJECT, &[&customer_key(9)], &body).await.status, 200);
    lab.sandbox.close().await;
    let Place::Folder(folder) = &lab.place else { unreachable!() };
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let holds = |text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
        assert!(!holds(b"summer part") && !holds(&[9; 32]), "{}", path.display());
        for (_, value) in &customer_key(9)[1..] {
            assert!(!holds(value.as_bytes()), "{}", path.display());
        }
    }
    let lab = lab.restarted().await;
    assert!(with(&lab, "GET", OBJECT, &[&customer_key(9)], b"").await.body == body);
    assert_refused(&with(&lab, "GET", OBJECT, &[&customer_key(8)], b"").await, 403, "AccessDenied", WRONG);
}

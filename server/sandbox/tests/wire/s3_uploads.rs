//! Multipart uploads over the wire: parts in any order and again, what completes and what does not, and who may.

use crate::support::steps::{KEY_HEADER, KMS_HEADER, assert_refused, key, lab_with_bucket, s3};
use crate::support::{Answer, Lab};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;

const MIB: usize = 1 << 20;
const PATH: &str = "/bucket-1/large";

fn sample(seed: u64, length: usize) -> Vec<u8> {
    (seed..)
        .flat_map(|number| number.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes())
        .take(length)
        .collect()
}

async fn begin(lab: &Lab, headers: &[(&str, &str)]) -> String {
    s3(lab, "POST", &format!("{PATH}?uploads"), headers, b"").await.xml("UploadId").unwrap()
}

async fn part(lab: &Lab, upload: &str, number: u32, body: &[u8]) -> String {
    let path = format!("{PATH}?partNumber={number}&uploadId={upload}");
    s3(lab, "PUT", &path, &[], body).await.header("etag").unwrap().to_owned()
}

async fn complete(lab: &Lab, upload: &str, parts: &[(u32, &str)], headers: &[(&str, &str)]) -> Answer {
    let entry = |(number, etag): &(u32, &str)| {
        format!("<Part><PartNumber>{number}</PartNumber><ETag>{}</ETag></Part>", etag.replace('"', "&quot;"))
    };
    let parts: String = parts.iter().map(entry).collect();
    let body = format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>");
    lab.s3(&lab.admin, "POST", &format!("{PATH}?uploadId={upload}"), headers, body.as_bytes()).await
}

#[tokio::test]
async fn parts_in_any_order_and_again_become_the_object_in_their_order() {
    let lab = lab_with_bucket().await;
    let arn = key(&lab).await;
    for headers in [&[][..], &[KMS_HEADER, (KEY_HEADER, arn.as_str())][..]] {
        let upload = begin(&lab, headers).await;
        let pieces = [sample(1, 5 * MIB), sample(2, 5 * MIB + 3), sample(3, 1_234)];
        let third = part(&lab, &upload, 30, &pieces[2]).await;
        part(&lab, &upload, 2, b"replaced later").await;
        let first = part(&lab, &upload, 1, &pieces[0]).await;
        let second = part(&lab, &upload, 2, &pieces[1]).await;
        part(&lab, &upload, 40, b"not named at the end").await;
        assert_eq!(lab.s3(&lab.admin, "HEAD", PATH, &[], b"").await.status, 404, "nothing is visible yet");
        let listed = s3(&lab, "GET", &format!("{PATH}?uploadId={upload}"), &[], b"").await;
        assert_eq!(listed.text().matches("<PartNumber>").count(), 4, "{}", listed.text());
        let done = complete(&lab, &upload, &[(1, &first), (2, &second), (30, &third)], &[]).await;
        assert_eq!(done.status, 200, "{}", done.text());
        let etag = done.xml("ETag").unwrap();
        assert!(etag.ends_with("-3\""), "{etag}");
        let whole = pieces.concat();
        let got = s3(&lab, "GET", PATH, &[("x-amz-checksum-mode", "ENABLED")], b"").await;
        assert!(got.body == whole);
        assert_eq!(got.header("etag"), Some(etag.as_str()));
        assert_eq!(got.header("x-amz-checksum-crc64nvme"), done.xml("ChecksumCRC64NVME").as_deref());
        // The checksum is that of the bytes, as a copy in one piece shows.
        let copied = s3(&lab, "PUT", "/bucket-1/copy", &[("x-amz-copy-source", "bucket-1/large")], b"").await;
        assert_eq!(copied.xml("ChecksumCRC64NVME"), done.xml("ChecksumCRC64NVME"));
        for (from, to) in [(0, 1), (5 * MIB - 1, 5 * MIB + 1), (10 * MIB, 10 * MIB + 100), (1, whole.len())] {
            let range = format!("bytes={from}-{}", to - 1);
            let got = s3(&lab, "GET", PATH, &[("range", &range)], b"").await;
            assert!(got.body == whole[from..to], "{range}");
        }
        let got = s3(&lab, "GET", &format!("{PATH}?partNumber=2"), &[], b"").await;
        assert!(got.body == pieces[1] && got.status == 206);
        assert_eq!(got.header("x-amz-mp-parts-count"), Some("3"));
        let none = lab.s3(&lab.admin, "GET", &format!("{PATH}?partNumber=4"), &[], b"").await;
        assert_refused(&none, 416, "InvalidPartNumber", "The requested partnumber is not satisfiable");
        let again = complete(&lab, &upload, &[(1, &first)], &[]).await;
        assert_eq!((again.status, again.error().0.as_str()), (404, "NoSuchUpload"));
        s3(&lab, "DELETE", PATH, &[], b"").await;
    }
}

#[tokio::test]
async fn what_does_not_add_up_is_refused_and_the_upload_goes_on() {
    let lab = lab_with_bucket().await;
    let upload = begin(&lab, &[]).await;
    let small = part(&lab, &upload, 1, b"small").await;
    let last = part(&lab, &upload, 2, b"last").await;
    let wrong = "\"00000000000000000000000000000000\"";
    for (parts, code) in [
        (&[][..], "MalformedXML"),
        (&[(2, last.as_str()), (1, small.as_str())][..], "InvalidPartOrder"),
        (&[(1, small.as_str()), (1, small.as_str())][..], "InvalidPartOrder"),
        (&[(1, wrong)][..], "InvalidPart"),
        (&[(7, small.as_str())][..], "InvalidPart"),
        (&[(1, small.as_str()), (2, last.as_str())][..], "EntityTooSmall"),
    ] {
        let answer = complete(&lab, &upload, parts, &[]).await;
        assert_eq!((answer.status, answer.error().0.as_str()), (400, code), "{parts:?}");
    }
    for (headers, status, code) in [
        (&[("x-amz-mp-object-size", "6")][..], 400, "InvalidRequest"),
        (&[("x-amz-checksum-crc32", "AAAAAA==")][..], 400, "BadDigest"),
        (&[("if-match", "\"x\"")][..], 404, "NoSuchKey"),
    ] {
        let answer = complete(&lab, &upload, &[(1, &small)], headers).await;
        assert_eq!(
            (answer.status, answer.error().0.as_str()),
            (status, code),
            "{headers:?} {}",
            answer.text()
        );
    }
    for number in ["0", "10001"] {
        let path = format!("{PATH}?partNumber={number}&uploadId={upload}");
        let answer = lab.s3(&lab.admin, "PUT", &path, &[], b"x").await;
        assert_eq!((answer.status, answer.error().0.as_str()), (400, "InvalidArgument"), "{number}");
    }
    let path = format!("{PATH}?partNumber=1&uploadId={upload}");
    let broken =
        lab.s3(&lab.admin, "PUT", &path, &[("content-md5", "AAAAAAAAAAAAAAAAAAAAAA==")], b"other").await;
    assert_eq!(broken.error().0, "BadDigest");
    let done = complete(&lab, &upload, &[(1, &small)], &[]).await;
    assert_eq!(done.status, 200, "a part that failed left the one before it: {}", done.text());
    assert_eq!(s3(&lab, "GET", PATH, &[], b"").await.text(), "small");
}

#[tokio::test]
async fn uploads_are_listed_and_aborted() {
    let lab = lab_with_bucket().await;
    let mut ids = Vec::new();
    for key in ["a/1", "a/2", "b", "b"] {
        let answer = s3(&lab, "POST", &format!("/bucket-1/{key}?uploads"), &[], b"").await;
        ids.push((key, answer.xml("UploadId").unwrap()));
    }
    let listed = |query: &'static str| s3(&lab, "GET", query, &[], b"");
    let all = listed("/bucket-1?uploads").await.text();
    assert_eq!(all.matches("<UploadId>").count(), 4, "{all}");
    let grouped = listed("/bucket-1?uploads&delimiter=/").await.text();
    assert_eq!(grouped.matches("<Prefix>a/</Prefix>").count(), 1, "{grouped}");
    assert_eq!(grouped.matches("<UploadId>").count(), 2);
    let page = listed("/bucket-1?uploads&max-uploads=3").await;
    let (key, id) = (page.xml("NextKeyMarker").unwrap(), page.xml("NextUploadIdMarker").unwrap());
    let next =
        s3(&lab, "GET", &format!("/bucket-1?uploads&key-marker={key}&upload-id-marker={id}"), &[], b"").await;
    assert_eq!(next.text().matches("<UploadId>").count(), 1, "{}", next.text());
    for (key, id) in &ids {
        let path = format!("/bucket-1/{key}?uploadId={id}");
        assert_eq!(s3(&lab, "DELETE", &path, &[], b"").await.status, 204);
        let again = lab.s3(&lab.admin, "DELETE", &path, &[], b"").await;
        assert_eq!((again.status, again.error().0.as_str()), (404, "NoSuchUpload"));
    }
    assert!(!listed("/bucket-1?uploads").await.text().contains("<UploadId>"));
    // Uploads under way do not keep a bucket.
    s3(&lab, "POST", "/bucket-1/left?uploads", &[], b"").await;
    assert_eq!(s3(&lab, "DELETE", "/bucket-1", &[], b"").await.status, 204);
    s3(&lab, "PUT", "/bucket-1", &[], b"").await;
    assert!(!listed("/bucket-1?uploads").await.text().contains("<UploadId>"));
}

/// Every part is read back before the object is made, so whoever may only encrypt cannot upload in parts
/// (`aws-semantics.md` §3 and §8).
#[tokio::test]
async fn a_part_under_a_kms_key_needs_decrypt() {
    let lab = lab_with_bucket().await;
    let arn = key(&lab).await;
    let policy = |actions: serde_json::Value| json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]});
    let writer = lab.user("writer", policy(json!(["s3:*", "kms:GenerateDataKey"]))).await;
    let headers = [KMS_HEADER, (KEY_HEADER, arn.as_str())];
    let begun = lab.s3(&writer, "POST", &format!("{PATH}?uploads"), &headers, b"").await;
    assert_eq!(begun.status, 200, "{}", begun.text());
    let upload = begun.xml("UploadId").unwrap();
    let denied = lab.s3(&writer, "PUT", &format!("{PATH}?partNumber=1&uploadId={upload}"), &[], b"x").await;
    let user = format!("arn:aws:iam::{}:user/writer", lab.account);
    assert_refused(
        &denied,
        403,
        "AccessDenied",
        &format!(
            "User: {user} is not authorized to perform: kms:Decrypt on resource: {arn} because no identity-based policy allows \
             the kms:Decrypt action"
        ),
    );
}

/// Listing 4 denies writes without its headers; a part carries none, and the upload's own settings stand
/// (`aws-semantics.md` §10, item 11).
#[tokio::test]
async fn a_part_is_judged_by_the_settings_of_its_upload() {
    let lab = lab_with_bucket().await;
    let arn = key(&lab).await;
    let deny = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::bucket-1/*",
        "Condition": {"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}},
    }]});
    let plain = begin(&lab, &[]).await;
    s3(&lab, "PUT", "/bucket-1?policy", &[], deny.to_string().as_bytes()).await;
    let upload = begin(&lab, &[KMS_HEADER, (KEY_HEADER, arn.as_str())]).await;
    let etag = part(&lab, &upload, 1, b"x").await;
    assert_eq!(complete(&lab, &upload, &[(1, &etag)], &[]).await.status, 200);
    let denied = lab.s3(&lab.admin, "PUT", &format!("{PATH}?partNumber=1&uploadId={plain}"), &[], b"x").await;
    assert!(
        denied.error().1.ends_with("with an explicit deny in a resource-based policy"),
        "{}",
        denied.text()
    );
    let unencrypted = lab.s3(&lab.admin, "POST", &format!("{PATH}?uploads"), &[], b"").await;
    assert_eq!(unencrypted.status, 403);
}

#[tokio::test]
async fn parts_are_copied_from_objects_and_have_checksums_of_the_kind_asked_for() {
    let lab = lab_with_bucket().await;
    let source = sample(9, 6 * MIB);
    s3(&lab, "PUT", "/bucket-1/source", &[], &source).await;
    let upload = begin(&lab, &[("x-amz-checksum-algorithm", "SHA256")]).await;
    let copy = |number: u32, range: &'static str| {
        let path = format!("{PATH}?partNumber={number}&uploadId={upload}");
        let lab = &lab;
        async move {
            let headers = [("x-amz-copy-source", "bucket-1/source"), ("x-amz-copy-source-range", range)];
            lab.s3(&lab.admin, "PUT", &path, &headers, b"").await
        }
    };
    let (first, second) = (copy(1, "bytes=0-5242879").await, copy(2, "bytes=5242880-6291455").await);
    let etags =
        [&first, &second].map(|answer| answer.xml("ETag").unwrap_or_else(|| panic!("{}", answer.text())));
    assert!(first.xml("ChecksumSHA256").is_some());
    assert_eq!(copy(3, "bytes=0-6291456").await.error().0, "InvalidArgument");
    let path = format!("{PATH}?partNumber=3&uploadId={upload}");
    let other =
        lab.s3(&lab.admin, "PUT", &path, &[("x-amz-checksum-crc32", "DUoRhQ==")], b"hello world").await;
    assert_eq!(other.error().0, "InvalidRequest", "{}", other.text());
    let named: String = (1..)
        .zip(etags.iter().zip([&first, &second]))
        .map(|(number, (etag, answer)): (u32, _)| {
            let (etag, sum) = (etag.replace('"', "&quot;"), answer.xml("ChecksumSHA256").unwrap());
            format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag><ChecksumSHA256>{sum}</ChecksumSHA256></Part>")
        })
        .collect();
    let named = format!("<CompleteMultipartUpload>{named}</CompleteMultipartUpload>");
    let done = s3(&lab, "POST", &format!("{PATH}?uploadId={upload}"), &[], named.as_bytes()).await;
    assert!(done.xml("ChecksumSHA256").unwrap().ends_with("-2"), "{}", done.text());
    assert_eq!(done.xml("ChecksumType").as_deref(), Some("COMPOSITE"));
    assert!(s3(&lab, "GET", PATH, &[], b"").await.body == source);
    let wanted = [("x-amz-object-attributes", "ETag,Checksum,ObjectParts,ObjectSize,StorageClass")];
    let attributes = s3(&lab, "GET", &format!("{PATH}?attributes"), &wanted, b"").await;
    assert_eq!(attributes.xml("PartsCount").as_deref(), Some("2"), "{}", attributes.text());
    assert_eq!(attributes.xml("ObjectSize").as_deref(), Some("6291456"));
    for (headers, code) in [
        (
            &[("x-amz-checksum-algorithm", "SHA1"), ("x-amz-checksum-type", "FULL_OBJECT")][..],
            "InvalidRequest",
        ),
        (&[("x-amz-checksum-algorithm", "MD4")][..], "InvalidRequest"),
        (&[("x-amz-checksum-type", "COMPOSITE")][..], "InvalidRequest"),
    ] {
        let answer = lab.s3(&lab.admin, "POST", &format!("{PATH}?uploads"), headers, b"").await;
        assert_eq!(answer.error().0, code, "{headers:?}");
    }
}

#[tokio::test]
async fn a_client_may_choose_how_its_parts_are_summed_and_the_object_has_one_sum_of_all() {
    let lab = lab_with_bucket().await;
    let pieces = [vec![1; 5 << 20], b"the end".to_vec()];
    let crc32_of = |body: &[u8]| {
        let sum = crc_fast::checksum(crc_fast::CrcAlgorithm::Crc32IsoHdlc, body);
        BASE64_STANDARD.encode(u32::try_from(sum).unwrap().to_be_bytes())
    };
    let upload = begin(&lab, &[]).await;
    let mut parts = Vec::new();
    for (number, body) in (1..).zip(&pieces) {
        let crc32 = crc32_of(body);
        let path = format!("{PATH}?partNumber={number}&uploadId={upload}");
        let part = s3(&lab, "PUT", &path, &[("x-amz-checksum-crc32", &crc32)], body).await;
        assert_eq!(part.header("x-amz-checksum-crc32"), Some(crc32.as_str()));
        assert_eq!(part.header("x-amz-checksum-crc64nvme"), None);
        parts.push((number, part.header("etag").unwrap().to_owned()));
    }
    let parts: Vec<_> = parts.iter().map(|(number, etag)| (*number, etag.as_str())).collect();
    complete(&lab, &upload, &parts, &[]).await;
    s3(&lab, "PUT", "/bucket-1/at-once", &[], &pieces.concat()).await;
    let mode = [("x-amz-checksum-mode", "ENABLED")];
    let whole = s3(&lab, "HEAD", "/bucket-1/at-once", &mode, b"").await;
    let combined = s3(&lab, "HEAD", PATH, &mode, b"").await;
    let sum = "x-amz-checksum-crc64nvme";
    assert!(whole.header(sum).is_some());
    assert_eq!(combined.header(sum), whole.header(sum));
}

/// Whoever did not hear that an upload was completed asks again (BC:s3.CompleteMultipartUpload).
#[tokio::test]
async fn an_upload_completes_again_with_the_same_parts_and_no_others() {
    let lab = lab_with_bucket().await;
    let upload = begin(&lab, &[]).await;
    let first = part(&lab, &upload, 1, &sample(1, 5 * MIB)).await;
    let last = part(&lab, &upload, 2, b"the end").await;
    let parts = [(1, first.as_str()), (2, last.as_str())];
    let done = complete(&lab, &upload, &parts, &[]).await;
    assert_eq!(done.status, 200, "{}", done.text());
    let again = complete(&lab, &upload, &parts, &[]).await;
    assert_eq!((again.status, again.xml("ETag")), (200, done.xml("ETag")), "{}", again.text());
    let absent = "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.";
    let others = complete(&lab, &upload, &parts[..1], &[]).await;
    assert_refused(&others, 404, "NoSuchUpload", absent);
    assert_eq!(others.xml("UploadId"), Some(upload.clone()));
    for (method, path) in
        [("GET", format!("{PATH}?uploadId={upload}")), ("DELETE", format!("{PATH}?uploadId={upload}"))]
    {
        assert_refused(&lab.s3(&lab.admin, method, &path, &[], b"").await, 404, "NoSuchUpload", absent);
    }
    // Another upload of the same parts was never completed.
    let aborted = begin(&lab, &[]).await;
    part(&lab, &aborted, 1, &sample(1, 5 * MIB)).await;
    part(&lab, &aborted, 2, b"the end").await;
    s3(&lab, "DELETE", &format!("{PATH}?uploadId={aborted}"), &[], b"").await;
    assert_refused(&complete(&lab, &aborted, &parts, &[]).await, 404, "NoSuchUpload", absent);
    s3(&lab, "PUT", PATH, &[], b"another").await;
    assert_refused(&complete(&lab, &upload, &parts, &[]).await, 404, "NoSuchUpload", absent);
    assert_eq!(s3(&lab, "GET", PATH, &[], b"").await.text(), "another");
}

#[tokio::test]
async fn parts_are_listed_in_pages_with_the_checksums_that_were_asked_for() {
    let lab = lab_with_bucket().await;
    for (headers, named) in [(&[][..], false), (&[("x-amz-checksum-algorithm", "SHA1")][..], true)] {
        let upload = begin(&lab, headers).await;
        for number in [1, 4, 7] {
            let path = format!("{PATH}?partNumber={number}&uploadId={upload}");
            let sum = [("x-amz-checksum-sha1", "EfatjsUqKYSrqv18O1FlA3hcIHI=")];
            s3(&lab, "PUT", &path, if named { &sum } else { &[] }, b"x").await;
        }
        let page = |query: &str| s3_owned(&lab, format!("{PATH}?uploadId={upload}{query}"));
        let first = page("&max-parts=2").await;
        for (element, value) in [
            ("IsTruncated", "true"),
            ("MaxParts", "2"),
            ("PartNumberMarker", "0"),
            ("NextPartNumberMarker", "4"),
        ] {
            assert_eq!(first.xml(element).as_deref(), Some(value), "{}", first.text());
        }
        assert_eq!(first.xml("ChecksumSHA1").is_some(), named, "{}", first.text());
        assert_eq!(first.xml("ChecksumAlgorithm").is_some(), named);
        let rest = page("&part-number-marker=4").await;
        assert_eq!(
            (rest.xml("PartNumber").as_deref(), rest.xml("IsTruncated").as_deref()),
            (Some("7"), Some("false"))
        );
        let none = page("&max-parts=0").await;
        assert_eq!(none.xml("IsTruncated").as_deref(), Some("true"), "{}", none.text());
    }
}

async fn s3_owned(lab: &Lab, path: String) -> Answer {
    s3(lab, "GET", &path, &[], b"").await
}

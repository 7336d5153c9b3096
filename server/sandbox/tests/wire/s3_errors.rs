//! What S3's errors tell beside code and message, and what its answers must have for clients to read them.

use crate::support;
use std::time::SystemTime;

use crate::support::steps::{lab_with_bucket, s3};
use crate::support::{Answer, Lab, request};

async fn ask(lab: &Lab, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    lab.s3(&lab.admin, method, path, headers, body).await
}

#[tokio::test]
async fn errors_name_what_they_are_about() {
    let lab = lab_with_bucket().await;
    s3(&lab, "PUT", "/bucket-1/object", &[], b"0123456789").await;
    let upload = s3(&lab, "POST", "/bucket-1/big?uploads", &[], b"").await.xml("UploadId").unwrap();
    let part = format!("/bucket-1/big?partNumber=1&uploadId={upload}");
    let etag = s3(&lab, "PUT", &part, &[], b"small").await.header("etag").unwrap().to_owned();
    s3(&lab, "PUT", &part.replace("Number=1", "Number=2"), &[], b"small").await;
    let complete = |parts: &[(u32, &str)]| {
        let parts: String = parts
            .iter()
            .map(|(number, etag)| {
                format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>")
            })
            .collect();
        format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>")
    };
    let of_upload = format!("/bucket-1/big?uploadId={upload}");
    let absent = "00000000000000000000000000000000";
    let long = format!("/bucket-1/{}", "k".repeat(1025));
    let missing = complete(&[(7, absent)]);
    let (unordered, small) = (complete(&[(2, &etag), (1, &etag)]), complete(&[(1, &etag), (2, &etag)]));
    let range: &[(&str, &str)] = &[("range", "bytes=10-")];
    let condition: &[(&str, &str)] = &[("if-match", "\"other\"")];
    let absent_version = format!("/bucket-1/object?versionId={absent}");
    let absent_upload = format!("/bucket-1/big?uploadId={absent}");
    /// Method, path, headers, body, code, and the fields that the answer holds.
    type Case<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], &'a str, &'a str, &'a [(&'a str, &'a str)]);
    #[rustfmt::skip]
    let cases: [Case<'_>; 11] = [
        ("GET", "/bucket-1/object", range, "", "InvalidRange", &[("RangeRequested", "bytes=10-"), ("ActualObjectSize", "10")]),
        ("GET", "/bucket-1/object", condition, "", "PreconditionFailed", &[("Condition", "If-Match")]),
        ("GET", &absent_version, &[], "", "NoSuchVersion", &[("Key", "object"), ("VersionId", absent)]),
        ("GET", "/bucket-1/object?versionId=x", &[], "", "InvalidArgument", &[("ArgumentName", "versionId"), ("ArgumentValue", "x")]),
        ("GET", "/bucket-1?max-keys=-1", &[], "", "InvalidArgument", &[("ArgumentName", "maxKeys"), ("ArgumentValue", "-1")]),
        ("GET", &absent_upload, &[], "", "NoSuchUpload", &[("UploadId", absent)]),
        ("PUT", &long, &[], "", "KeyTooLongError", &[("Size", "1025"), ("MaxSizeAllowed", "1024")]),
        ("POST", &of_upload, &[], &missing, "InvalidPart", &[("UploadId", &upload), ("PartNumber", "7"), ("ETag", absent)]),
        ("POST", &of_upload, &[], &unordered, "InvalidPartOrder", &[("UploadId", &upload)]),
        ("POST", &of_upload, &[], &small, "EntityTooSmall", &[("PartNumber", "1"), ("ProposedSize", "5"), ("MinSizeAllowed", "5242880")]),
        ("GET", "/bucket-1?tagging", &[], "", "NoSuchTagSet", &[("BucketName", "bucket-1")]),
    ];
    for (method, path, headers, body, code, fields) in cases {
        let answer = ask(&lab, method, path, headers, body.as_bytes()).await;
        assert_eq!(answer.error().0, code, "{}", answer.text());
        for (name, value) in fields {
            assert_eq!(answer.xml(name).as_deref(), Some(*value), "{}", answer.text());
        }
        assert!(answer.headers.keys().all(|name| !name.as_str().contains("trilock")), "{:?}", answer.headers);
    }
    let head = ask(&lab, "HEAD", "/bucket-1/object", range, b"").await;
    assert!(head.headers.keys().all(|name| !name.as_str().contains("trilock")), "{:?}", head.headers);
}

#[tokio::test]
async fn a_copy_says_which_of_two_is_missing() {
    let lab = lab_with_bucket().await;
    for (source, code, field, name) in [
        ("/bucket-2/object", "NoSuchBucket", "BucketName", "bucket-2"),
        ("/bucket-1/source", "NoSuchKey", "Key", "source"),
    ] {
        let answer = ask(&lab, "PUT", "/bucket-1/object", &[("x-amz-copy-source", source)], b"").await;
        assert_eq!(answer.error().0, code, "{}", answer.text());
        assert_eq!(answer.xml(field).as_deref(), Some(name), "{}", answer.text());
        assert_eq!(answer.text().matches(&format!("<{field}>")).count(), 1, "{}", answer.text());
    }
}

#[tokio::test]
async fn a_head_answers_as_its_get_would() {
    let lab = lab_with_bucket().await;
    s3(&lab, "PUT", "/bucket-1/object", &[("content-type", "text/plain")], b"0123456789").await;
    let query = "/bucket-1/object?response-content-type=text%2Fhtml&response-cache-control=no-store";
    for method in ["GET", "HEAD"] {
        let part = s3(&lab, method, query, &[("range", "bytes=2-5")], b"").await;
        assert_eq!((part.status, part.header("content-range")), (206, Some("bytes 2-5/10")), "{method}");
        assert_eq!(part.header("content-type"), Some("text/html"), "{method}");
        assert_eq!(part.header("cache-control"), Some("no-store"), "{method}");
    }
}

#[tokio::test]
async fn an_older_version_of_itself_may_be_copied_and_the_newest_not() {
    let lab = lab_with_bucket().await;
    let body = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    s3(&lab, "PUT", "/bucket-1?versioning", &[], body).await;
    let put = s3(&lab, "PUT", "/bucket-1/object", &[], b"one").await;
    let one = format!("/bucket-1/object?versionId={}", put.header("x-amz-version-id").unwrap());
    s3(&lab, "PUT", "/bucket-1/object", &[], b"two").await;
    s3(&lab, "PUT", "/bucket-1/object", &[("x-amz-copy-source", &one)], b"").await;
    assert_eq!(s3(&lab, "GET", "/bucket-1/object", &[], b"").await.text(), "one");
    let itself =
        ask(&lab, "PUT", "/bucket-1/object", &[("x-amz-copy-source", "/bucket-1/object")], b"").await;
    assert_eq!(itself.error().0, "InvalidRequest", "{}", itself.text());
}

#[tokio::test]
async fn answers_are_in_s3s_namespace_but_objects_are_nobodys_to_change() {
    let lab = lab_with_bucket().await;
    let object = "<?xml version=\"1.0\"?>\n<PolicyStatus><IsPublic>true</IsPublic></PolicyStatus>";
    s3(&lab, "PUT", "/bucket-1/object.xml", &[("content-type", "application/xml")], object.as_bytes()).await;
    assert_eq!(s3(&lab, "GET", "/bucket-1/object.xml", &[], b"").await.text(), object);
    for path in ["publicAccessBlock", "encryption", "ownershipControls", "location", "versioning", "acl"] {
        let answer = s3(&lab, "GET", &format!("/bucket-1?{path}"), &[], b"").await.text();
        assert_eq!(
            answer.matches(" xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"").count(),
            1,
            "{answer}"
        );
    }
}

#[tokio::test]
async fn listings_tell_checksums_and_where_they_end() {
    let lab = lab_with_bucket().await;
    s3(&lab, "PUT", "/bucket-1/object", &[], b"one").await;
    for query in ["list-type=2", "versions"] {
        let listed = s3(&lab, "GET", &format!("/bucket-1?{query}"), &[], b"").await;
        assert_eq!(listed.xml("ChecksumAlgorithm").as_deref(), Some("CRC64NVME"), "{}", listed.text());
        assert_eq!(listed.xml("ChecksumType").as_deref(), Some("FULL_OBJECT"), "{}", listed.text());
    }
    let upload = s3(&lab, "POST", "/bucket-1/big?uploads", &[], b"").await.xml("UploadId").unwrap();
    let uploads = s3(&lab, "GET", "/bucket-1?uploads", &[], b"").await;
    assert_eq!(uploads.xml("NextKeyMarker").as_deref(), Some("big"), "{}", uploads.text());
    assert_eq!(uploads.xml("NextUploadIdMarker"), Some(upload.clone()), "{}", uploads.text());
    let parts = s3(&lab, "GET", &format!("/bucket-1/big?uploadId={upload}"), &[], b"").await;
    assert_eq!(parts.xml("NextPartNumberMarker").as_deref(), Some("0"), "{}", parts.text());
}

#[tokio::test]
async fn tags_are_counted_for_those_who_may_read_them() {
    let lab = lab_with_bucket().await;
    s3(&lab, "PUT", "/bucket-1/object", &[("x-amz-tagging", "a=1&b=2")], b"one").await;
    let policy = serde_json::json!({
        "Version": "2012-10-17",
        "Statement": { "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*" }
    });
    let reader = lab.user("reader", policy).await;
    for method in ["GET", "HEAD"] {
        let counted = lab.s3(&lab.admin, method, "/bucket-1/object", &[], b"").await;
        assert_eq!(counted.header("x-amz-tagging-count"), Some("2"), "{method}");
        let read = lab.s3(&reader, method, "/bucket-1/object", &[], b"").await;
        assert_eq!((read.status, read.header("x-amz-tagging-count")), (200, None), "{method}");
    }
}

#[tokio::test]
async fn a_request_for_another_region_learns_this_one() {
    let lab = lab_with_bucket().await;
    for (method, named) in [("GET", Some("us-east-1")), ("HEAD", None)] {
        let mut request = request(Some(&lab.admin), "s3", method, "/bucket-1", &[], b"", SystemTime::now());
        let signed = request.headers()["authorization"].to_str().unwrap().replace("us-east-1", "eu-west-1");
        request.headers_mut().insert("authorization", signed.parse().unwrap());
        let answer = support::send(&lab.sandbox, request).await;
        assert_eq!(answer.status, 400);
        assert_eq!(answer.header("x-amz-bucket-region"), Some("us-east-1"), "{method}");
        assert_eq!(answer.xml("Region").as_deref(), named, "{}", answer.text());
    }
}

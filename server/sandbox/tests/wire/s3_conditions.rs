//! Requests that hold under conditions only, and reads of a part of an object.

use crate::support::Lab;
use crate::support::steps::{assert_refused, lab_with_bucket, s3};
use serde_json::json;

type Headers<'a> = &'a [(&'a str, &'a str)];

const OBJECT: &str = "/bucket-1/object";
const NOT_HELD: &str = "At least one of the pre-conditions you specified did not hold";
const ON: &[u8] = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";

/// Status, and the condition that an error names.
async fn outcome(lab: &Lab, method: &str, path: &str, headers: &[(&str, &str)]) -> (u16, Option<String>) {
    let answer = lab.s3(&lab.admin, method, path, headers, b"").await;
    if answer.status == 412 && method != "HEAD" {
        assert_refused(&answer, 412, "PreconditionFailed", NOT_HELD);
    }
    (answer.status, answer.xml("Condition"))
}

/// RFC 9110, section 13.2.2: an entity tag goes before a date.
#[tokio::test]
async fn reads_hold_under_their_conditions_only() {
    let lab = lab_with_bucket().await;
    let etag = s3(&lab, "PUT", OBJECT, &[], b"x").await.header("etag").unwrap().to_owned();
    let bare = etag.trim_matches('"');
    let (past, future) = ("Sat, 01 Jan 2000 00:00:00 GMT", "Fri, 01 Jan 2100 00:00:00 GMT");
    let other = "\"00000000000000000000000000000000\"";
    let cases: [(Headers<'_>, u16, Option<&str>); 13] = [
        (&[("if-match", &etag)], 200, None),
        (&[("if-match", bare)], 200, None),
        (&[("if-match", "*")], 200, None),
        (&[("if-match", other)], 412, Some("If-Match")),
        (&[("if-match", &etag), ("if-unmodified-since", past)], 200, None),
        (&[("if-unmodified-since", past)], 412, Some("If-Unmodified-Since")),
        (&[("if-none-match", &etag)], 304, None),
        (&[("if-none-match", bare)], 304, None),
        (&[("if-none-match", other)], 200, None),
        (&[("if-none-match", other), ("if-modified-since", future)], 200, None),
        (&[("if-modified-since", past)], 200, None),
        // One in the future is no condition.
        (&[("if-modified-since", future)], 200, None),
        (&[("if-match", other), ("if-none-match", &etag)], 412, Some("If-Match")),
    ];
    for (headers, status, condition) in cases {
        let condition = condition.map(str::to_owned);
        assert_eq!(outcome(&lab, "GET", OBJECT, headers).await, (status, condition), "{headers:?}");
        assert_eq!(outcome(&lab, "HEAD", OBJECT, headers).await.0, status, "HEAD {headers:?}");
    }
    let unchanged = lab.s3(&lab.admin, "GET", OBJECT, &[("if-none-match", &etag)], b"").await;
    assert_eq!((unchanged.header("etag"), unchanged.body.len()), (Some(etag.as_str()), 0));
}

/// What is no range is none, as S3 has it; one that is asked for behind the end is refused.
#[tokio::test]
async fn ranges_that_make_no_sense_are_ignored_and_those_behind_the_end_refused() {
    let lab = lab_with_bucket().await;
    s3(&lab, "PUT", OBJECT, &[], b"0123456789").await;
    s3(&lab, "PUT", "/bucket-1/empty", &[], b"").await;
    for (range, body) in [
        ("bytes=0-8", "012345678"),
        ("bytes=9-", "9"),
        ("bytes=-3", "789"),
        ("bytes=-15", "0123456789"),
        ("bytes=3-100", "3456789"),
    ] {
        let got = s3(&lab, "GET", OBJECT, &[("range", range)], b"").await;
        assert_eq!((got.status, got.text().as_str()), (206, body), "{range}");
    }
    for range in
        ["bytes=1-0", "bytes=-", "bytes=--1", "bytes=0--1", "bytes=0-1,3-4", "0-8", "bytes=a-b", "lines=0-1"]
    {
        let got = s3(&lab, "GET", OBJECT, &[("range", range)], b"").await;
        assert_eq!((got.status, got.text().as_str()), (200, "0123456789"), "{range}");
        assert_eq!(got.header("content-range"), None);
    }
    let message = "The requested range is not satisfiable";
    for (path, range, size) in [
        (OBJECT, "bytes=10-", "10"),
        (OBJECT, "bytes=100-200", "10"),
        (OBJECT, "bytes=-0", "10"),
        ("/bucket-1/empty", "bytes=0-", "0"),
        ("/bucket-1/empty", "bytes=-5", "0"),
    ] {
        let refused = lab.s3(&lab.admin, "GET", path, &[("range", range)], b"").await;
        assert_refused(&refused, 416, "InvalidRange", message);
        assert_eq!(refused.xml("RangeRequested").as_deref(), Some(range));
        assert_eq!(refused.xml("ActualObjectSize").as_deref(), Some(size));
    }
    let part = s3(&lab, "GET", &format!("{OBJECT}?partNumber=1"), &[], b"").await;
    assert_eq!((part.status, part.text().as_str()), (206, "0123456789"));
    let both =
        lab.s3(&lab.admin, "GET", &format!("{OBJECT}?partNumber=1"), &[("range", "bytes=0-1")], b"").await;
    assert_refused(
        &both,
        400,
        "InvalidRequest",
        "Cannot specify both Range header and partNumber query parameter",
    );
}

#[tokio::test]
async fn a_copy_holds_under_conditions_on_its_source_and_on_what_it_replaces() {
    let lab = lab_with_bucket().await;
    let etag = s3(&lab, "PUT", OBJECT, &[], b"x").await.header("etag").unwrap().to_owned();
    let there = s3(&lab, "PUT", "/bucket-1/there", &[], b"y").await.header("etag").unwrap().to_owned();
    let past = "Sat, 01 Jan 2000 00:00:00 GMT";
    let copy = ("x-amz-copy-source", "bucket-1/object");
    let cases: [(&str, Headers<'_>, u16, Option<&str>); 10] = [
        ("there", &[copy, ("x-amz-copy-source-if-match", &there)], 412, Some("x-amz-copy-source-If-Match")),
        (
            "there",
            &[copy, ("x-amz-copy-source-if-none-match", &etag)],
            412,
            Some("x-amz-copy-source-If-None-Match"),
        ),
        (
            "there",
            &[copy, ("x-amz-copy-source-if-unmodified-since", past)],
            412,
            Some("x-amz-copy-source-If-Unmodified-Since"),
        ),
        ("there", &[copy, ("if-none-match", "*")], 412, Some("If-None-Match")),
        ("there", &[copy, ("if-match", &etag)], 412, Some("If-Match")),
        ("none", &[copy, ("if-match", &etag)], 404, None),
        ("there", &[copy, ("if-none-match", &etag)], 501, None),
        ("none", &[copy, ("if-none-match", "*")], 200, None),
        ("there", &[copy, ("if-match", &there)], 200, None),
        (
            "there",
            &[copy, ("x-amz-copy-source-if-match", &etag), ("x-amz-copy-source-if-unmodified-since", past)],
            200,
            None,
        ),
    ];
    for (target, headers, status, condition) in cases {
        let got = outcome(&lab, "PUT", &format!("/bucket-1/{target}"), headers).await;
        assert_eq!(got, (status, condition.map(str::to_owned)), "{headers:?}");
    }
    assert_eq!(s3(&lab, "GET", "/bucket-1/there", &[], b"").await.text(), "x");
}

#[tokio::test]
async fn what_is_deleted_must_be_what_was_meant() {
    let lab = lab_with_bucket().await;
    for versioned in [false, true] {
        if versioned {
            s3(&lab, "PUT", "/bucket-1?versioning", &[], ON).await;
        }
        let etag = s3(&lab, "PUT", OBJECT, &[], b"x").await.header("etag").unwrap().to_owned();
        let stale = [("if-match", "\"0\"")];
        assert_eq!(outcome(&lab, "DELETE", OBJECT, &stale).await, (412, Some("If-Match".to_owned())));
        let absent = lab.s3(&lab.admin, "DELETE", "/bucket-1/absent", &[("if-match", "*")], b"").await;
        assert_refused(&absent, 404, "NoSuchKey", "The specified key does not exist.");
        let batch = |etag: &str| {
            let etag = etag.replace('"', "&quot;");
            format!("<Delete><Object><Key>object</Key><ETag>{etag}</ETag></Object></Delete>")
        };
        for (tag, element) in [("\"0\"", "Error"), (etag.as_str(), "Deleted")] {
            let answer = s3(&lab, "POST", "/bucket-1?delete", &[], batch(tag).as_bytes()).await;
            assert!(answer.text().contains(&format!("<{element}>")), "{}", answer.text());
        }
        assert_eq!(lab.s3(&lab.admin, "HEAD", OBJECT, &[], b"").await.status, 404);
        s3(&lab, "PUT", OBJECT, &[], b"x").await;
        assert_eq!(s3(&lab, "DELETE", OBJECT, &[("if-match", &etag)], b"").await.status, 204);
    }
    // A version is measured by itself, not by the latest.
    s3(&lab, "PUT", "/bucket-3", &[], b"").await;
    let before = s3(&lab, "PUT", "/bucket-3/object", &[], b"before").await.header("etag").unwrap().to_owned();
    s3(&lab, "PUT", "/bucket-3?versioning", &[], ON).await;
    let latest = s3(&lab, "PUT", "/bucket-3/object", &[], b"latest").await.header("etag").unwrap().to_owned();
    let null = "/bucket-3/object?versionId=null";
    let not_held = (412, Some("If-Match".to_owned()));
    assert_eq!(outcome(&lab, "DELETE", null, &[("if-match", &latest)]).await, not_held);
    assert_eq!(outcome(&lab, "DELETE", null, &[("if-match", &before)]).await, (204, None));
    let gone = lab.s3(&lab.admin, "DELETE", null, &[("if-match", &before)], b"").await;
    assert_refused(&gone, 404, "NoSuchVersion", "The specified version does not exist.");
    // Of many at once one is first, and the others are told.
    s3(&lab, "PUT", "/bucket-2", &[], b"").await;
    for path in ["/bucket-2/race", "/bucket-2/race?versionId=null"] {
        s3(&lab, "PUT", "/bucket-2/race", &[], b"x").await;
        let races = (0..8).map(|_| lab.s3(&lab.admin, "DELETE", path, &[("if-match", "*")], b""));
        let statuses = futures::future::join_all(races).await.into_iter().map(|answer| answer.status);
        let mut statuses: Vec<_> = statuses.collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [204, 404, 404, 404, 404, 404, 404, 404], "{path}");
    }
}

/// Conditional writes can be demanded by policy (S3 User Guide, `conditional-writes-enforce`).
#[tokio::test]
async fn a_policy_can_demand_conditional_writes() {
    let lab = lab_with_bucket().await;
    let deny = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::bucket-1/*",
        "Condition": {"Null": {"s3:if-none-match": "true"}, "Bool": {"s3:ObjectCreationOperation": "true"}},
    }]});
    s3(&lab, "PUT", "/bucket-1?policy", &[], deny.to_string().as_bytes()).await;
    let once = [("if-none-match", "*")];
    assert_eq!(lab.s3(&lab.admin, "PUT", OBJECT, &[], b"x").await.status, 403);
    assert_eq!(lab.s3(&lab.admin, "PUT", OBJECT, &once, b"x").await.status, 200);
    let copy = [("x-amz-copy-source", "bucket-1/object")];
    assert_eq!(lab.s3(&lab.admin, "PUT", "/bucket-1/copy", &copy, b"").await.status, 403);
    assert_eq!(lab.s3(&lab.admin, "PUT", "/bucket-1/copy", &[copy[0], once[0]], b"").await.status, 200);
    // An upload is begun and gets its parts without a condition; that comes with its completion.
    let upload = s3(&lab, "POST", "/bucket-1/large?uploads", &[], b"").await.xml("UploadId").unwrap();
    let part = s3(&lab, "PUT", &format!("/bucket-1/large?partNumber=1&uploadId={upload}"), &[], b"x").await;
    let etag = part.header("etag").unwrap().replace('"', "&quot;");
    let body = format!(
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{etag}</ETag></Part></CompleteMultipartUpload>"
    );
    let complete = format!("/bucket-1/large?uploadId={upload}");
    assert_eq!(lab.s3(&lab.admin, "POST", &complete, &[], body.as_bytes()).await.status, 403);
    let done = lab.s3(&lab.admin, "POST", &complete, &once, body.as_bytes()).await;
    assert_eq!(done.status, 200, "{}", done.text());
}

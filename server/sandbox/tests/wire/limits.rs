//! What an account may hold and how often it may call; each limit answers in AWS's words, and what is given back may be used
//! again.

use crate::support;
use std::num::NonZeroU32;
use std::time::Duration;

use crate::support::place::Place;
use crate::support::{Answer, Keys, Lab};
use futures::future::join_all;
use sandbox::limits::{Rates, Stock};
use sandbox::{Config, Limits, Sandbox};
use serde_json::json;

async fn lab(limits: Limits) -> Lab {
    Lab::with(Config { limits, ..Config::default() }).await
}

async fn put(lab: &Lab, path: &str, bytes: usize) -> Answer {
    lab.s3(&lab.admin, "PUT", path, &[], &vec![7; bytes]).await
}

fn assert_refused(answer: &Answer, status: u16, code: &str, message: &str) {
    assert_eq!((answer.status, answer.error()), (status, (code.into(), message.into())));
}

const ACCOUNT_FULL: &str = "Your account holds as many bytes or objects as the embedded AWS allows.";

/// Waits until nothing but `bytes` and `objects` is counted for new requests: what was broken off goes on a task of its own.
async fn settled(lab: &Lab, bytes: u64, objects: u64) {
    for _ in 0..400 {
        if lab.sandbox.held(&lab.account) == (Stock { bytes, objects }) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("{:?} is held instead of {bytes} bytes and {objects} objects", lab.sandbox.held(&lab.account));
}

#[tokio::test]
async fn one_bucket_too_many_is_refused_and_one_that_is_there_is_not() {
    let lab = lab(Limits { buckets: 2, ..Limits::default() }).await;
    for bucket in ["/bucket-1", "/bucket-2", "/bucket-1"] {
        assert_eq!(put(&lab, bucket, 0).await.status, 200);
    }
    let answer = put(&lab, "/bucket-3", 0).await;
    assert_refused(&answer, 400, "TooManyBuckets", "You have attempted to create more buckets than allowed");
    assert_eq!(lab.s3(&lab.admin, "DELETE", "/bucket-1", &[], b"").await.status, 204);
    assert_eq!(put(&lab, "/bucket-3", 0).await.status, 200);
}

#[tokio::test]
async fn quotas_of_kms_name_themselves() {
    let lab = lab(Limits { keys: 2, aliases_per_key: 2, grants_per_key: 2, ..Limits::default() }).await;
    let kms = async |operation: &str, body| lab.kms(&lab.admin, operation, body).await;
    let key = async || kms("CreateKey", json!({})).await;
    let id = |answer: &Answer| answer.json()["KeyMetadata"]["KeyId"].as_str().unwrap().to_owned();
    let (one, two) = (id(&key().await), id(&key().await));
    let refused = |answer: &Answer, quota: &str, usage: usize| {
        let message =
            format!("{quota} quota for this account in this region is 2, current usage is {usage}.");
        assert_refused(answer, 400, "LimitExceededException", &message);
    };
    refused(&key().await, "AWS KMS keys", 2);

    for (alias, key) in [("alias/1", &one), ("alias/2", &one), ("alias/3", &two)] {
        let made = kms("CreateAlias", json!({ "AliasName": alias, "TargetKeyId": key })).await;
        assert_eq!(made.status, 200, "{}", made.text());
    }
    for (operation, alias) in [("CreateAlias", "alias/4"), ("UpdateAlias", "alias/3")] {
        let answer = kms(operation, json!({ "AliasName": alias, "TargetKeyId": one })).await;
        refused(&answer, "Aliases per key", 2);
    }
    let again = kms("UpdateAlias", json!({ "AliasName": "alias/1", "TargetKeyId": one })).await;
    assert_eq!(again.status, 200, "an alias that stays with its key is none more: {}", again.text());

    let grantee = format!("arn:aws:iam::{}:user/Admin", lab.account);
    let grant = async |name: &str| {
        let body =
            json!({ "KeyId": one, "GranteePrincipal": grantee, "Operations": ["Decrypt"], "Name": name });
        kms("CreateGrant", body).await
    };
    let first = grant("1").await;
    assert_eq!((first.status, grant("2").await.status), (200, 200));
    refused(&grant("3").await, "Grants per key", 2);
    let same = grant("1").await;
    assert_eq!(
        (same.status, &same.json()["GrantId"]),
        (200, &first.json()["GrantId"]),
        "the same grant again"
    );

    // The key that AWS manages, and one whose deletion is done, are none of them.
    assert_eq!(put(&lab, "/bucket-1", 0).await.status, 200);
    let headers = [("x-amz-server-side-encryption", "aws:kms")];
    let stored = lab.s3(&lab.admin, "PUT", "/bucket-1/key", &headers, b"bytes").await;
    assert_eq!(stored.status, 200, "{}", stored.text());
}

#[tokio::test]
async fn every_service_throttles_in_its_own_words() {
    let rate = NonZeroU32::new(3);
    let rates = Rates { s3: rate, kms: rate, iam: rate, sts: rate, ec2: rate, cloudtrail: rate };
    let lab = lab(Limits { rates, ..Limits::default() }).await;
    let (_, other) = support::account(&lab.sandbox).await;
    let call = async |keys: &Keys, service: &str| match service {
        "s3" => lab.s3(keys, "GET", "/", &[], b"").await,
        "kms" => lab.kms(keys, "ListKeys", json!({})).await,
        "iam" => lab.query(keys, "iam", "ListRoles", &[]).await,
        "sts" => lab.query(keys, "sts", "GetCallerIdentity", &[]).await,
        "cloudtrail" => lab.cloudtrail(keys, "LookupEvents", "{}").await,
        _ => lab.query(keys, "ec2", "DescribeInstances", &[]).await,
    };
    let forged = Keys { secret: "not the secret".into(), ..lab.admin.clone() };
    for (service, status, code, message) in [
        ("s3", 503, "SlowDown", "Please reduce your request rate."),
        (
            "kms",
            400,
            "ThrottlingException",
            "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.",
        ),
        ("iam", 400, "Throttling", "Rate exceeded"),
        ("sts", 400, "Throttling", "Rate exceeded"),
        ("ec2", 503, "RequestLimitExceeded", "Request limit exceeded."),
        ("cloudtrail", 400, "ThrottlingException", "Rate exceeded"),
    ] {
        for _ in 0..10 {
            let refused = call(&forged, service).await;
            assert!((400..=403).contains(&refused.status) && refused.error().0 != code, "{}", refused.text());
        }
        let answers = join_all((0..10).map(|_| call(&lab.admin, service))).await;
        let throttled: Vec<&Answer> = answers.iter().filter(|answer| answer.status != 200).collect();
        // As many as there are tokens; a slow machine may see one more come in.
        assert!((5..=7).contains(&throttled.len()), "{service}: {} were throttled", throttled.len());
        throttled.iter().for_each(|answer| assert_refused(answer, status, code, message));
        assert!(lab.sandbox.trace(&throttled[0].request_id()).is_empty(), "the gate is not asked");
        assert_eq!(call(&other, service).await.status, 200, "{service}: another account is not touched");
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_eq!(call(&lab.admin, service).await.status, 200, "{service}: half a second later");
    }
}

#[tokio::test]
async fn s3_is_throttled_by_kms_for_objects_under_its_keys() {
    let rates = Rates { kms: NonZeroU32::new(3), ..Rates::default() };
    let lab = lab(Limits { rates, ..Limits::default() }).await;
    assert_eq!(put(&lab, "/bucket-1", 0).await.status, 200);
    let headers = [("x-amz-server-side-encryption", "aws:kms")];
    let mut answers = Vec::new();
    for _ in 0..10 {
        answers.push(lab.s3(&lab.admin, "PUT", "/bucket-1/key", &headers, b"bytes").await);
    }
    let throttled = answers.iter().find(|answer| answer.status != 200).unwrap();
    let message = "Please reduce your request rate for operations involving AWS KMS.";
    assert_refused(throttled, 503, "SlowDown", message);
    assert_eq!(put(&lab, "/bucket-1/plain", 1).await.status, 200, "without KMS there is no such limit");
}

#[tokio::test]
async fn an_account_is_full_by_bytes_and_has_room_again_when_it_deletes() {
    let row = Stock::ROW_BYTES;
    let account = Stock { bytes: 10 * row + 50_000, objects: 10 };
    let lab = lab(Limits { account, ..Limits::default() }).await;
    assert_eq!(put(&lab, "/bucket-1", 0).await.status, 200);
    assert_eq!(put(&lab, "/bucket-1/a", 30_000).await.status, 200);
    assert_refused(&put(&lab, "/bucket-1/b", 30_000).await, 507, "InsufficientCapacity", ACCOUNT_FULL);
    assert_eq!(put(&lab, "/bucket-1/b", 20_000).await.status, 200);
    settled(&lab, 50_000 + 2 * row, 2).await;
    // Replaced by something smaller, copied, and deleted.
    assert_eq!(put(&lab, "/bucket-1/a", 5_000).await.status, 200);
    settled(&lab, 25_000 + 2 * row, 2).await;
    let copy = [("x-amz-copy-source", "/bucket-1/b")];
    assert_eq!(lab.s3(&lab.admin, "PUT", "/bucket-1/c", &copy, b"").await.status, 200);
    let copy = lab.s3(&lab.admin, "PUT", "/bucket-1/d", &copy, b"").await;
    assert_refused(&copy, 507, "InsufficientCapacity", ACCOUNT_FULL);
    for key in ["a", "b", "c"] {
        let path = format!("/bucket-1/{key}");
        assert_eq!(lab.s3(&lab.admin, "DELETE", &path, &[], b"").await.status, 204);
    }
    settled(&lab, 0, 0).await;
    assert_eq!(put(&lab, "/bucket-1/a", 55_000).await.status, 200);
}

#[tokio::test]
async fn an_account_is_full_by_objects_delete_markers_and_uploads_included() {
    let lab = lab(Limits { account: Stock { bytes: 1 << 30, objects: 4 }, ..Limits::default() }).await;
    assert_eq!(put(&lab, "/bucket-1", 0).await.status, 200);
    let versioning = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    let on = lab.s3(&lab.admin, "PUT", "/bucket-1?versioning", &[], versioning.as_bytes()).await;
    assert_eq!(on.status, 200, "{}", on.text());
    assert_eq!(
        (put(&lab, "/bucket-1/a", 1).await.status, put(&lab, "/bucket-1/a", 1).await.status),
        (200, 200)
    );
    let marker = lab.s3(&lab.admin, "DELETE", "/bucket-1/a", &[], b"").await;
    assert_eq!(marker.status, 204);
    let upload = lab.s3(&lab.admin, "POST", "/bucket-1/b?uploads", &[], b"").await;
    assert_eq!(upload.status, 200, "{}", upload.text());
    for (method, path) in [("PUT", "/bucket-1/c"), ("DELETE", "/bucket-1/a"), ("POST", "/bucket-1/c?uploads")]
    {
        let answer = lab.s3(&lab.admin, method, path, &[], b"").await;
        assert_refused(&answer, 507, "InsufficientCapacity", ACCOUNT_FULL);
    }
    let id = marker.header("x-amz-version-id").unwrap();
    let path = format!("/bucket-1/a?versionId={id}");
    assert_eq!(
        lab.s3(&lab.admin, "DELETE", &path, &[], b"").await.status,
        204,
        "what makes room may be done"
    );
    assert_eq!(put(&lab, "/bucket-1/c", 1).await.status, 200);
    settled(&lab, 3 + 4 * Stock::ROW_BYTES, 4).await;
}

#[tokio::test]
async fn uploads_under_way_count_until_they_are_over() {
    let row = Stock::ROW_BYTES;
    let account = Stock { bytes: 12 << 20, objects: 10 };
    let lab = lab(Limits { account, ..Limits::default() }).await;
    assert_eq!(put(&lab, "/bucket-1", 0).await.status, 200);
    let begin = async || {
        let begun = lab.s3(&lab.admin, "POST", "/bucket-1/big?uploads", &[], b"").await;
        begun.xml("UploadId").unwrap()
    };
    let part = async |id: &str, number: u32, bytes: usize| {
        put(&lab, &format!("/bucket-1/big?partNumber={number}&uploadId={id}"), bytes).await
    };
    let id = begin().await;
    let first = part(&id, 1, 5 << 20).await;
    assert_eq!((first.status, part(&id, 2, 5 << 20).await.status), (200, 200));
    assert_refused(&part(&id, 3, 5 << 20).await, 507, "InsufficientCapacity", ACCOUNT_FULL);
    settled(&lab, (10 << 20) + 3 * row, 1).await;
    // Completed with one of its parts: the other is given back.
    let body = format!(
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{}</ETag></Part></CompleteMultipartUpload>",
        first.header("etag").unwrap()
    );
    let done =
        lab.s3(&lab.admin, "POST", &format!("/bucket-1/big?uploadId={id}"), &[], body.as_bytes()).await;
    assert_eq!(done.status, 200, "{}", done.text());
    settled(&lab, (5 << 20) + row, 1).await;
    let id = begin().await;
    assert_eq!(part(&id, 1, 5 << 20).await.status, 200);
    let aborted = lab.s3(&lab.admin, "DELETE", &format!("/bucket-1/big?uploadId={id}"), &[], b"").await;
    assert_eq!(aborted.status, 204);
    settled(&lab, (5 << 20) + row, 1).await;
    // Gone with their bucket.
    assert_eq!(lab.s3(&lab.admin, "DELETE", "/bucket-1/big", &[], b"").await.status, 204);
    let id = begin().await;
    assert_eq!(part(&id, 1, 5 << 20).await.status, 200);
    assert_eq!(lab.s3(&lab.admin, "DELETE", "/bucket-1", &[], b"").await.status, 204);
    settled(&lab, 0, 0).await;
}

#[tokio::test]
async fn many_at_once_get_no_further_than_one_after_another() {
    let row = Stock::ROW_BYTES;
    let account = Stock { bytes: 5 * (100_000 + row), objects: 1_000 };
    let lab = lab(Limits { account, ..Limits::default() }).await;
    assert_eq!(put(&lab, "/bucket-1", 0).await.status, 200);
    let paths: Vec<String> = (0..40).map(|number| format!("/bucket-1/{number}")).collect();
    let answers = join_all(paths.iter().map(|path| put(&lab, path, 100_000))).await;
    let stored = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(stored, 5);
    assert!(answers.iter().all(|answer| [200, 507].contains(&answer.status)));
    settled(&lab, account.bytes, 5).await;
}

#[tokio::test]
async fn what_was_refused_or_broken_off_takes_no_room() {
    let account = Stock { bytes: 2_000_000, objects: 10 };
    let lab = lab(Limits { account, ..Limits::default() }).await;
    assert_eq!(put(&lab, "/bucket-1", 0).await.status, 200);
    let wrong = [("content-md5", "AAAAAAAAAAAAAAAAAAAAAA==")];
    for round in 0..12 {
        let refused = lab.s3(&lab.admin, "PUT", "/bucket-1/key", &wrong, &vec![7; 1_500_000]).await;
        assert_eq!(refused.status, 400, "{}", refused.text());
        let bytes = vec![7; 1_500_000];
        let call = lab.s3(&lab.admin, "PUT", "/bucket-1/gone", &[], &bytes);
        support::go_away_after(1 + round % 4, Duration::from_micros(200), call).await;
        lab.s3(&lab.admin, "DELETE", "/bucket-1/gone", &[], b"").await;
    }
    settled(&lab, 0, 0).await;
    // What is taken back goes on a task of its own.
    for _ in 0..400 {
        if put(&lab, "/bucket-1/key", 1_900_000).await.status == 200 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("room was not given back");
}

#[tokio::test]
async fn bytes_that_are_read_while_they_are_replaced_still_count() {
    use http_body_util::BodyExt as _;
    let account = Stock { bytes: 9_000_000, objects: 10 };
    let lab = lab(Limits { account, ..Limits::default() }).await;
    assert_eq!(put(&lab, "/bucket-1", 0).await.status, 200);
    assert_eq!(put(&lab, "/bucket-1/key", 4_000_000).await.status, 200);
    let now = std::time::SystemTime::now();
    let request = support::request(Some(&lab.admin), "s3", "GET", "/bucket-1/key", &[], b"", now);
    let mut reader = lab.sandbox.call(request.map(sandbox::Body::from)).await.into_body();
    reader.frame().await.unwrap().unwrap();
    assert_eq!(put(&lab, "/bucket-1/key", 4_000_000).await.status, 200);
    let other = put(&lab, "/bucket-1/other", 4_000_000).await;
    assert_refused(&other, 507, "InsufficientCapacity", ACCOUNT_FULL);
    drop(reader);
    for _ in 0..400 {
        if put(&lab, "/bucket-1/other", 4_000_000).await.status == 200 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("room was not given back");
}

#[tokio::test]
async fn all_accounts_together_have_a_limit_and_it_survives_a_restart() {
    let limits = Limits { process: Stock { bytes: 100_000, objects: 10 }, ..Limits::default() };
    let config = Config { limits, ..Config::default() };
    let mut lab = Lab::at(Place::lasting().await, config.clone()).await;
    let (_, other) = support::account(&lab.sandbox).await;
    assert_eq!(put(&lab, "/bucket-1", 0).await.status, 200);
    assert_eq!(lab.s3(&other, "PUT", "/bucket-2", &[], b"").await.status, 200);
    assert_eq!(put(&lab, "/bucket-1/a", 60_000).await.status, 200);
    let full = "All accounts together hold as many bytes or objects as the embedded AWS allows.";
    for _ in 0..2 {
        let held = lab.sandbox.held(&lab.account);
        assert_eq!(held, Stock { bytes: 60_000 + Stock::ROW_BYTES, objects: 1 });
        let answer = lab.s3(&other, "PUT", "/bucket-2/b", &[], &vec![7; 60_000]).await;
        assert_refused(&answer, 507, "InsufficientCapacity", full);
        lab.sandbox.close().await;
        lab.sandbox = Sandbox::open(lab.place.put(config.clone())).await.unwrap();
        // Accounts are read when they are first asked for; what they hold is known before.
    }
    assert_eq!(lab.s3(&lab.admin, "DELETE", "/bucket-1/a", &[], b"").await.status, 204);
    let answer = lab.s3(&other, "PUT", "/bucket-2/b", &[], &vec![7; 60_000]).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[tokio::test]
async fn headers_of_s3_have_a_largest_size_session_tokens_apart() {
    let lab = lab(Limits::default()).await;
    assert_eq!(put(&lab, "/bucket-1", 0).await.status, 200);
    let put = async |name: &str, bytes: usize| {
        let value = "a".repeat(bytes);
        lab.s3(&lab.admin, "PUT", "/bucket-1/key", &[(name, value.as_str())], b"bytes").await
    };
    let large = put("x-large", 8 << 10).await;
    let message = "Your request header section exceeds the maximum allowed size.";
    assert_refused(&large, 400, "RequestHeaderSectionTooLarge", message);
    assert_eq!(large.xml("MaxSizeAllowed").as_deref(), Some("8192"));
    assert_eq!(put("x-large", 7_000).await.status, 200);
    let metadata = put("x-amz-meta-large", 2_049).await;
    let message = "Your metadata headers exceed the maximum allowed metadata size";
    assert_refused(&metadata, 400, "MetadataTooLarge", message);
    assert_eq!(put("x-amz-meta-large", 2_048 - "large".len()).await.status, 200);
}

#[tokio::test]
async fn requests_have_a_largest_size() {
    let lab = lab(Limits { request_bytes: 2_000, document_bytes: 2_000, ..Limits::default() }).await;
    let long = "x".repeat(3_000);
    let answer = lab.kms(&lab.admin, "CreateKey", json!({ "Description": long })).await;
    assert_refused(&answer, 413, "RequestEntityTooLarge", "Request must be smaller than 2000 bytes");
    let answer = lab.query(&lab.admin, "iam", "CreateUser", &[("UserName", &long)]).await;
    assert_refused(&answer, 413, "RequestEntityTooLarge", "Request must be smaller than 2000 bytes");
    assert_eq!(put(&lab, "/bucket-1", 0).await.status, 200);
    let answer = lab.s3(&lab.admin, "PUT", "/bucket-1?policy", &[], long.as_bytes()).await;
    assert_refused(&answer, 400, "MaxMessageLengthExceeded", "Your request was too big.");
    assert_eq!(put(&lab, "/bucket-1/object", 3_000).await.status, 200, "objects have a limit of their own");
}

#[tokio::test]
async fn instances_come_and_go_without_end() {
    let lab = lab(Limits::default()).await;
    for _ in 0..15 {
        let launch = [("ImageId", "ami-12345678"), ("MinCount", "20"), ("MaxCount", "20")];
        let launched = lab.query(&lab.admin, "ec2", "RunInstances", &launch).await;
        assert_eq!(launched.status, 200, "{}", launched.text());
        let text = launched.text();
        let ids: Vec<String> = text
            .split("<instanceId>")
            .skip(1)
            .map(|rest| rest.split('<').next().unwrap().to_owned())
            .collect();
        let names: Vec<String> = (1..=ids.len()).map(|number| format!("InstanceId.{number}")).collect();
        let ended: Vec<(&str, &str)> =
            names.iter().zip(&ids).map(|(name, id)| (name.as_str(), id.as_str())).collect();
        let terminated = lab.query(&lab.admin, "ec2", "TerminateInstances", &ended).await;
        assert_eq!(terminated.status, 200, "{}", terminated.text());
    }
    let described = lab.query(&lab.admin, "ec2", "DescribeInstances", &[]).await.text();
    assert_eq!(described.matches("<instanceId>").count(), 220, "the newest of 300 are remembered");
}

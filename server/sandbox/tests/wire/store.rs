//! What is stored: one process has it, what reached the disk is in force, and writes that wait together are each for themselves.

use crate::support;
use std::time::Duration;

use crate::support::place::Place;
use crate::support::steps::{kms, lab_with_bucket, s3};
use crate::support::{Keys, Lab, account, go_away_after};
use futures::future::join_all;
use sandbox::{Config, Sandbox};

#[tokio::test]
async fn a_second_process_is_kept_out_until_the_first_is_done() {
    let place = Place::lasting().await;
    let first = Sandbox::open(place.config()).await.unwrap();
    let refused = Sandbox::open(place.config()).await.unwrap_err().to_string();
    assert!(refused.contains("is in use by another process: stop that one"), "{refused}");
    first.close().await;
    drop(first);
    Sandbox::open(place.config()).await.unwrap();
}

async fn users(sandbox: &Sandbox, admin: &Keys) -> Vec<String> {
    let body = b"Action=ListUsers&Version=2010-05-08&MaxItems=1000";
    let headers = [("content-type", "application/x-www-form-urlencoded; charset=utf-8")];
    let answer = support::call(sandbox, Some(admin), "iam", "POST", "/", &headers, body).await;
    let text = answer.text();
    text.split("<UserName>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()).collect()
}

/// A client may go away at any moment of its call. What then is on the disk must be in force in the process as well: a key
/// policy that shuts somebody out would else come into force at the next change, or the next start.
#[tokio::test]
async fn a_change_whose_caller_went_away_is_in_force_if_it_is_stored() {
    let lab = Lab::lasting().await;
    for patience in 0..80 {
        let name = format!("user-{patience:02}");
        let parameters = [("UserName", name.as_str())];
        let call = lab.query(&lab.admin, "iam", "CreateUser", &parameters);
        go_away_after(patience, Duration::from_micros(50), call).await;
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let in_force = users(&lab.sandbox, &lab.admin).await;
    assert!(in_force.len() > 10, "{in_force:?}");
    let lab = lab.restarted().await;
    assert_eq!(users(&lab.sandbox, &lab.admin).await, in_force);
}

/// What is in memory only must outlive every caller, whatever it was doing.
#[tokio::test]
async fn an_account_in_memory_outlives_every_caller() {
    const PATH: &str = "/trilock-gone/key";
    let lab = Lab::new().await;
    s3(&lab, "PUT", "/trilock-gone", &[], b"").await;
    s3(&lab, "PUT", PATH, &[], b"kept").await;
    let mut left = 0;
    for round in 0..400 {
        let (method, body) = [("GET", ""), ("HEAD", ""), ("PUT", "kept")][round % 3];
        let call = lab.s3(&lab.admin, method, PATH, &[], body.as_bytes());
        left += usize::from(!go_away_after(1 + round % 2, Duration::from_micros(20), call).await);
    }
    // Reads are answered from memory before anybody can leave; writes are not.
    assert!(left > 30, "{left} callers went away");
    let read = lab.s3(&lab.admin, "GET", PATH, &[], b"").await;
    assert_eq!((read.status, read.text().as_str()), (200, "kept"));
}

#[tokio::test]
async fn of_writes_at_the_same_time_each_is_answered_for_itself() {
    let lab = lab_with_bucket().await;
    let bodies: Vec<_> = (0..40).map(|number| format!("body {number}").into_bytes()).collect();
    let paths: Vec<_> = (0..40).map(|number| format!("/bucket-1/object-{number}")).collect();
    // One of them into a bucket that is not there, and one under a condition that does not hold.
    let puts = paths.iter().zip(&bodies).enumerate().map(|(number, (path, body))| match number {
        7 => lab.s3(&lab.admin, "PUT", "/bucket-2/object", &[], body),
        11 => lab.s3(&lab.admin, "PUT", path, &[("if-match", "\"0123456789abcdef0123456789abcdef\"")], body),
        _ => lab.s3(&lab.admin, "PUT", path, &[], body),
    });
    for (number, answer) in join_all(puts).await.into_iter().enumerate() {
        let expected = if [7, 11].contains(&number) { 404 } else { 200 };
        assert_eq!(answer.status, expected, "{number}: {}", answer.text());
    }
    for (number, (path, body)) in paths.iter().zip(&bodies).enumerate() {
        let answer = lab.s3(&lab.admin, "GET", path, &[], b"").await;
        match number {
            7 | 11 => assert_eq!(answer.status, 404),
            _ => assert!(answer.body == body.as_slice(), "{number}: {}", answer.text()),
        }
    }
    let removals = paths.iter().map(|path| lab.s3(&lab.admin, "DELETE", path, &[], b""));
    assert!(join_all(removals).await.iter().all(|answer| answer.status == 204));
    let left = s3(&lab, "GET", "/bucket-1?list-type=2", &[], b"").await;
    assert_eq!(left.xml("KeyCount").unwrap(), "0");
}

#[tokio::test]
async fn of_conditional_writes_of_one_name_at_the_same_time_one_is_made() {
    let lab = lab_with_bucket().await;
    let bodies: Vec<_> = (0..30).map(|number| format!("body {number}").into_bytes()).collect();
    let absent = [("if-none-match", "*")];
    let puts = bodies.iter().map(|body| lab.s3(&lab.admin, "PUT", "/bucket-1/once", &absent, body));
    let answers = join_all(puts).await;
    let made: Vec<_> = (0..30).filter(|number| answers[*number].status == 200).collect();
    assert_eq!(made.len(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.status == 412).count(), 29);
    assert!(s3(&lab, "GET", "/bucket-1/once", &[], b"").await.body == bodies[made[0]].as_slice());
}

#[tokio::test]
async fn versions_that_are_written_at_the_same_time_are_all_there_and_the_last_is_the_latest() {
    let lab = lab_with_bucket().await;
    let versioning = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    s3(&lab, "PUT", "/bucket-1?versioning", &[], versioning.as_bytes()).await;
    let bodies: Vec<_> = (0..20).map(|number| format!("body {number}").into_bytes()).collect();
    let puts = bodies.iter().map(|body| lab.s3(&lab.admin, "PUT", "/bucket-1/name", &[], body));
    let mut versions: Vec<_> = join_all(puts)
        .await
        .iter()
        .map(|answer| answer.header("x-amz-version-id").unwrap().to_owned())
        .collect();
    let latest = s3(&lab, "GET", "/bucket-1/name", &[], b"").await;
    let latest = latest.header("x-amz-version-id").unwrap().to_owned();
    let listed = s3(&lab, "GET", "/bucket-1?versions", &[], b"").await.text();
    let mut listed: Vec<_> =
        listed.split("<VersionId>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()).collect();
    assert_eq!(listed[0], latest);
    listed.sort();
    versions.sort();
    assert_eq!(listed, versions);
    // What goes uncovers what was before it.
    s3(&lab, "DELETE", &format!("/bucket-1/name?versionId={latest}"), &[], b"").await;
    let before = s3(&lab, "GET", "/bucket-1/name", &[], b"").await;
    assert!(before.header("x-amz-version-id").unwrap() != latest);
}

/// Reads come from memory; what they give is never older than what a write was answered.
#[tokio::test]
async fn a_read_sees_every_write_that_was_answered() {
    let lab = lab_with_bucket().await;
    let large = vec![7; 40_000];
    for round in 0..60 {
        let text = format!("round {round}").into_bytes();
        let body = if round % 3 == 0 { &large } else { &text };
        let reads = (0..4).map(|_| lab.s3(&lab.admin, "GET", "/bucket-1/name", &[], b""));
        let (written, _) =
            tokio::join!(lab.s3(&lab.admin, "PUT", "/bucket-1/name", &[], body), join_all(reads));
        assert_eq!(written.status, 200);
        assert!(s3(&lab, "GET", "/bucket-1/name", &[], b"").await.body == body.as_slice(), "{round}");
        if round % 5 == 0 {
            let tags = "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>";
            s3(&lab, "PUT", "/bucket-1/name?tagging", &[], tags.as_bytes()).await;
            let tagged = s3(&lab, "HEAD", "/bucket-1/name", &[], b"").await;
            assert_eq!(tagged.status, 200);
            assert!(
                s3(&lab, "GET", "/bucket-1/name?tagging", &[], b"").await.text().contains("<Key>a</Key>")
            );
        }
        if round % 7 == 0 {
            s3(&lab, "DELETE", "/bucket-1/name", &[], b"").await;
            assert_eq!(lab.s3(&lab.admin, "GET", "/bucket-1/name", &[], b"").await.status, 404);
        }
    }
}

/// With next to no memory for objects, all is read from the database; and what is read is what would be with much.
#[tokio::test]
async fn without_memory_for_objects_all_is_the_same() {
    let lab = Lab::with(Config { cache_bytes: 0, ..Config::default() }).await;
    s3(&lab, "PUT", "/bucket-1", &[], b"").await;
    for number in 0..50 {
        s3(&lab, "PUT", &format!("/bucket-1/{number}"), &[], format!("{number}").as_bytes()).await;
    }
    for number in 0..50 {
        let read = s3(&lab, "GET", &format!("/bucket-1/{number}"), &[], b"").await;
        assert_eq!(read.text(), number.to_string());
    }
}

/// An object's name may hold any character; PostgreSQL's texts take no null.
#[tokio::test]
async fn names_sort_by_their_bytes_and_may_hold_any_character() {
    let lab = lab_with_bucket().await;
    let names = ["%00", "%01%00", "A", "B", "a", "a%00b", "a0", "b", "%C3%A9", "%F0%9F%94%92"];
    for name in names {
        s3(&lab, "PUT", &format!("/bucket-1/{name}"), &[], name.as_bytes()).await;
        assert_eq!(s3(&lab, "GET", &format!("/bucket-1/{name}"), &[], b"").await.text(), name);
    }
    let listed = s3(&lab, "GET", "/bucket-1?list-type=2&encoding-type=url", &[], b"").await.text();
    let listed: Vec<_> = listed.split("<Key>").skip(1).map(|rest| rest.split('<').next().unwrap()).collect();
    assert_eq!(listed, names);
}

#[tokio::test]
async fn a_removed_account_is_gone_with_all_that_was_its_own() {
    let lab = Lab::lasting().await;
    let (other, admin) = account(&lab.sandbox).await;
    s3(&lab, "PUT", "/trilock-own", &[], b"").await;
    let large = vec![7; 3 << 20];
    for (name, body) in [("small", b"x".as_slice()), ("large", &large)] {
        s3(&lab, "PUT", &format!("/trilock-own/{name}"), &[], body).await;
    }
    s3(&lab, "POST", "/trilock-own/upload?uploads", &[], b"").await;
    kms(&lab, "CreateKey", serde_json::json!({})).await;
    assert_eq!(lab.s3(&admin, "PUT", "/trilock-other", &[], b"").await.status, 200);
    assert_eq!(lab.s3(&admin, "PUT", "/trilock-other/object", &[], b"kept").await.status, 200);

    assert!(lab.sandbox.remove_account(&lab.account).await.unwrap());
    assert!(!lab.sandbox.remove_account(&lab.account).await.unwrap());
    let gone = lab.s3(&lab.admin, "GET", "/trilock-own/small", &[], b"").await;
    assert_eq!(gone.error().0, "InvalidAccessKeyId");
    // Its names are free, and what was in its bucket does not come back.
    assert_eq!(lab.s3(&admin, "PUT", "/trilock-own", &[], b"").await.status, 200);
    for path in ["/trilock-own/small", "/trilock-own/large"] {
        assert_eq!(lab.s3(&admin, "GET", path, &[], b"").await.status, 404);
    }
    let uploads = lab.s3(&admin, "GET", "/trilock-own?uploads", &[], b"").await.text();
    assert!(!uploads.contains("<Upload>"), "{uploads}");
    lab.sandbox.hold_account(&lab.account, &lab.admin.access_key_id, &lab.admin.secret).await.unwrap();
    assert!(!kms(&lab, "ListKeys", serde_json::json!({})).await.text().contains("KeyArn"));
    let lab = lab.restarted().await;
    assert_eq!(lab.s3(&admin, "GET", "/trilock-other/object", &[], b"").await.text(), "kept");
    assert_eq!(lab.s3(&admin, "GET", "/trilock-own/small", &[], b"").await.status, 404);
    assert!(other != lab.account);
}

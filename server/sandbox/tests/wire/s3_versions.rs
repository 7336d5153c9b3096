//! Versions, delete markers, tags and conditional writes over the wire.

use crate::support;
use crate::support::steps::{assert_refused, lab_with_bucket, s3};
use crate::support::{Answer, Lab};
use serde_json::{Value, json};

const PATH: &str = "/bucket-1/object";

async fn versioning(lab: &Lab, status: &str) {
    let body = format!("<VersioningConfiguration><Status>{status}</Status></VersioningConfiguration>");
    s3(lab, "PUT", "/bucket-1?versioning", &[], body.as_bytes()).await;
}

fn version(answer: &Answer) -> String {
    answer.header("x-amz-version-id").unwrap().to_owned()
}

async fn of(lab: &Lab, id: &str) -> Answer {
    lab.s3(&lab.admin, "GET", &format!("{PATH}?versionId={id}"), &[], b"").await
}

#[tokio::test]
async fn versions_stay_until_they_are_deleted_by_their_id() {
    let lab = lab_with_bucket().await;
    assert_eq!(s3(&lab, "GET", "/bucket-1?versioning", &[], b"").await.xml("Status"), None);
    let before = s3(&lab, "PUT", PATH, &[], b"before").await;
    assert_eq!(before.header("x-amz-version-id"), None);
    versioning(&lab, "Enabled").await;
    assert_eq!(
        s3(&lab, "GET", "/bucket-1?versioning", &[], b"").await.xml("Status").as_deref(),
        Some("Enabled")
    );
    let one = version(&s3(&lab, "PUT", PATH, &[], b"one").await);
    let two = version(&s3(&lab, "PUT", PATH, &[], b"two").await);
    assert_ne!(one, two);
    assert_eq!(s3(&lab, "GET", PATH, &[], b"").await.text(), "two");
    assert_eq!(
        (of(&lab, &one).await.text().as_str(), of(&lab, "null").await.text().as_str()),
        ("one", "before")
    );
    let marker = s3(&lab, "DELETE", PATH, &[], b"").await;
    assert_eq!(marker.header("x-amz-delete-marker"), Some("true"));
    let gone = lab.s3(&lab.admin, "GET", PATH, &[], b"").await;
    assert_refused(&gone, 404, "NoSuchKey", "The specified key does not exist.");
    assert_eq!(gone.header("x-amz-delete-marker"), Some("true"));
    assert_eq!(of(&lab, &version(&marker)).await.error().0, "MethodNotAllowed");
    assert_eq!(of(&lab, &two).await.text(), "two");
    assert!(!s3(&lab, "GET", "/bucket-1?list-type=2", &[], b"").await.text().contains("<Key>"));
    let listed = s3(&lab, "GET", "/bucket-1?versions", &[], b"").await.text();
    assert_eq!(
        (listed.matches("<Version>").count(), listed.matches("<DeleteMarker>").count()),
        (3, 1),
        "{listed}"
    );
    let order: Vec<_> = ["<DeleteMarker>", &two, &one, ">null<"].map(|text| listed.find(text)).into();
    assert!(order.iter().all(Option::is_some), "{listed}");
    let refused = lab.s3(&lab.admin, "DELETE", "/bucket-1", &[], b"").await;
    assert_eq!(refused.error().0, "BucketNotEmpty");
    s3(&lab, "DELETE", &format!("{PATH}?versionId={}", version(&marker)), &[], b"").await;
    assert_eq!(s3(&lab, "GET", PATH, &[], b"").await.text(), "two");
    s3(&lab, "DELETE", &format!("{PATH}?versionId={two}"), &[], b"").await;
    assert_eq!(s3(&lab, "GET", PATH, &[], b"").await.text(), "one");
    assert_refused(&of(&lab, &two).await, 404, "NoSuchVersion", "The specified version does not exist.");
    // Suspended: writes replace the version `null`, earlier versions stay.
    versioning(&lab, "Suspended").await;
    assert_eq!(s3(&lab, "PUT", PATH, &[], b"suspended").await.header("x-amz-version-id"), None);
    assert_eq!(version(&s3(&lab, "GET", PATH, &[], b"").await), "null");
    assert_eq!(
        (of(&lab, "null").await.text().as_str(), of(&lab, &one).await.text().as_str()),
        ("suspended", "one")
    );
    s3(&lab, "DELETE", PATH, &[], b"").await;
    assert_eq!(lab.s3(&lab.admin, "GET", PATH, &[], b"").await.status, 404);
    for id in ["null", one.as_str()] {
        s3(&lab, "DELETE", &format!("{PATH}?versionId={id}"), &[], b"").await;
    }
    assert_eq!(s3(&lab, "DELETE", "/bucket-1", &[], b"").await.status, 204);
}

#[tokio::test]
async fn versions_are_listed_page_by_page() {
    let lab = lab_with_bucket().await;
    versioning(&lab, "Enabled").await;
    for (key, count) in [("a/1", 2), ("a/2", 1), ("b", 3), ("c", 1)] {
        for number in 0..count {
            s3(&lab, "PUT", &format!("/bucket-1/{key}"), &[], format!("{number}").as_bytes()).await;
        }
    }
    let (mut seen, mut markers) = (Vec::new(), String::new());
    loop {
        let page = s3(&lab, "GET", &format!("/bucket-1?versions&max-keys=2{markers}"), &[], b"").await;
        let text = page.text();
        seen.extend(text.split("<VersionId>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()));
        let (Some(key), Some(version)) = (page.xml("NextKeyMarker"), page.xml("NextVersionIdMarker")) else {
            break;
        };
        markers = format!("&key-marker={key}&version-id-marker={version}");
    }
    assert_eq!(seen.len(), 7, "{seen:?}");
    assert_eq!(seen.iter().collect::<std::collections::BTreeSet<_>>().len(), 7);
    let grouped = s3(&lab, "GET", "/bucket-1?versions&delimiter=/", &[], b"").await.text();
    assert_eq!((grouped.matches("<Version>").count(), grouped.matches("<CommonPrefixes>").count()), (4, 1));
}

/// A version by its id is another permission, and what is denied to the one is not denied to the other.
#[tokio::test]
async fn versions_have_actions_of_their_own() {
    let lab = lab_with_bucket().await;
    versioning(&lab, "Enabled").await;
    let id = version(&s3(&lab, "PUT", PATH, &[], b"x").await);
    let may = |actions: Value| json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]});
    let latest = lab.user("latest", may(json!(["s3:GetObject", "s3:DeleteObject"]))).await;
    let versions = lab.user("versions", may(json!(["s3:GetObjectVersion", "s3:DeleteObjectVersion"]))).await;
    let by_id = format!("{PATH}?versionId={id}");
    assert_eq!(lab.s3(&latest, "GET", PATH, &[], b"").await.status, 200);
    for (method, action) in [("GET", "s3:GetObjectVersion"), ("DELETE", "s3:DeleteObjectVersion")] {
        let denied = lab.s3(&latest, method, &by_id, &[], b"").await;
        assert!(denied.error().1.contains(&format!("perform: {action} on")), "{}", denied.text());
    }
    assert_eq!(lab.s3(&versions, "GET", &by_id, &[], b"").await.status, 200);
    assert_eq!(lab.s3(&versions, "GET", PATH, &[], b"").await.status, 403);
    let one = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObjectVersion", "Resource": "*",
        "Condition": {"StringEquals": {"s3:VersionId": "another"}}}]});
    let other = lab.user("other", one).await;
    assert_eq!(lab.s3(&other, "GET", &by_id, &[], b"").await.status, 403);
    assert_eq!(lab.s3(&versions, "DELETE", &by_id, &[], b"").await.status, 204);
}

#[tokio::test]
async fn tags_are_set_read_and_decide() {
    let lab = lab_with_bucket().await;
    s3(&lab, "PUT", PATH, &[("x-amz-tagging", "stage=live&team=red%20one")], b"x").await;
    let tags = s3(&lab, "GET", &format!("{PATH}?tagging"), &[], b"").await.text();
    assert!(tags.contains("<Key>team</Key><Value>red one</Value>"), "{tags}");
    assert_eq!(s3(&lab, "GET", PATH, &[], b"").await.header("x-amz-tagging-count"), Some("2"));
    let readers = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObjectTagging"],
        "Resource": "*", "Condition": {"StringEquals": {"s3:ExistingObjectTag/stage": "live"}}}]});
    let reader = lab.user("reader", readers).await;
    assert_eq!(lab.s3(&reader, "GET", PATH, &[], b"").await.status, 200);
    let set = |pairs: &[(&str, &str)]| {
        let tags: String = pairs
            .iter()
            .map(|(key, value)| format!("<Tag><Key>{key}</Key><Value>{value}</Value></Tag>"))
            .collect();
        format!("<Tagging><TagSet>{tags}</TagSet></Tagging>")
    };
    let path = format!("{PATH}?tagging");
    let put = lab.s3(&reader, "PUT", &path, &[], set(&[("stage", "test")]).as_bytes()).await;
    assert_eq!(put.status, 200, "{}", put.text());
    assert_eq!(lab.s3(&reader, "GET", PATH, &[], b"").await.status, 403, "the tag that allowed it is gone");
    assert_eq!(s3(&lab, "DELETE", &path, &[], b"").await.status, 204);
    assert!(!s3(&lab, "GET", &path, &[], b"").await.text().contains("<Tag>"));
    // Tags with a write are a permission of their own.
    let writers = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}]});
    let writer = lab.user("writer", writers).await;
    let denied = lab.s3(&writer, "PUT", PATH, &[("x-amz-tagging", "a=b")], b"y").await;
    assert!(denied.error().1.contains("perform: s3:PutObjectTagging on"), "{}", denied.text());
    let denied = lab.s3(&writer, "PUT", PATH, &[("x-amz-acl", "private")], b"y").await;
    assert!(denied.error().1.contains("perform: s3:PutObjectAcl on"), "{}", denied.text());
    let many: Vec<(String, String)> = (0..11).map(|number| (format!("k{number}"), "v".to_owned())).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    let long = "k".repeat(129);
    for (pairs, code) in [
        (&many[..], "BadRequest"),
        (&[("a", "b"), ("a", "c")][..], "InvalidTag"),
        (&[("aws:x", "b")][..], "InvalidTag"),
        (&[("", "b")][..], "InvalidTag"),
        (&[(long.as_str(), "b")][..], "InvalidTag"),
    ] {
        let answer = lab.s3(&lab.admin, "PUT", &path, &[], set(pairs).as_bytes()).await;
        assert_eq!((answer.status, answer.error().0.as_str()), (400, code), "{pairs:?}");
    }
    // The bucket's own.
    let none = lab.s3(&lab.admin, "GET", "/bucket-1?tagging", &[], b"").await;
    assert_refused(&none, 404, "NoSuchTagSet", "The TagSet does not exist");
    s3(&lab, "PUT", "/bucket-1?tagging", &[], set(&[("cost", "1")]).as_bytes()).await;
    assert!(s3(&lab, "GET", "/bucket-1?tagging", &[], b"").await.text().contains("<Key>cost</Key>"));
    assert_eq!(s3(&lab, "DELETE", "/bucket-1?tagging", &[], b"").await.status, 204);
}

#[tokio::test]
async fn a_conditional_write_is_made_or_refused_whole() {
    let lab = lab_with_bucket().await;
    let first = s3(&lab, "PUT", PATH, &[("if-none-match", "*")], b"first").await;
    let etag = first.header("etag").unwrap().to_owned();
    let changed = "At least one of the pre-conditions you specified did not hold";
    let again = lab.s3(&lab.admin, "PUT", PATH, &[("if-none-match", "*")], b"second").await;
    assert_refused(&again, 412, "PreconditionFailed", changed);
    assert_eq!(s3(&lab, "GET", PATH, &[], b"").await.text(), "first");
    s3(&lab, "PUT", PATH, &[("if-match", &etag)], b"third").await;
    let stale = lab.s3(&lab.admin, "PUT", PATH, &[("if-match", &etag)], b"fourth").await;
    assert_refused(&stale, 412, "PreconditionFailed", changed);
    let missing = lab.s3(&lab.admin, "PUT", "/bucket-1/none", &[("if-match", &etag)], b"x").await;
    assert_refused(&missing, 404, "NoSuchKey", "The specified key does not exist.");
    // Of many at once one is first.
    let racing = (0..8).map(|_| lab.s3(&lab.admin, "PUT", "/bucket-1/race", &[("if-none-match", "*")], b"x"));
    let answers = futures::future::join_all(racing).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.status == 412).count(), 7);
}

/// A reader sees the object it began with to its end, whatever is written meanwhile.
#[tokio::test]
async fn an_object_that_is_replaced_while_it_is_read_comes_whole() {
    use http_body_util::BodyExt as _;
    let lab = lab_with_bucket().await;
    let body: Vec<u8> = (0..5_000_000_u32).map(|number| number.to_le_bytes()[1]).collect();
    s3(&lab, "PUT", PATH, &[], &body).await;
    let request =
        support::request(Some(&lab.admin), "s3", "GET", PATH, &[], b"", std::time::SystemTime::now());
    let mut reading = lab.sandbox.call(request.map(sandbox::Body::from)).await.into_body();
    let mut got = reading.frame().await.unwrap().unwrap().into_data().unwrap().to_vec();
    s3(&lab, "PUT", PATH, &[], b"another").await;
    s3(&lab, "DELETE", PATH, &[], b"").await;
    got.extend_from_slice(&reading.collect().await.unwrap().to_bytes());
    assert!(got == body);
}

#[tokio::test]
async fn with_acls_disabled_the_owner_has_full_control_and_nobody_else() {
    let lab = lab_with_bucket().await;
    s3(&lab, "PUT", PATH, &[], b"x").await;
    for path in ["/bucket-1?acl", "/bucket-1/object?acl"] {
        let acl = s3(&lab, "GET", path, &[], b"").await.text();
        assert_eq!(acl.matches("FULL_CONTROL").count(), 1, "{acl}");
    }
    let controls = s3(&lab, "GET", "/bucket-1?ownershipControls", &[], b"").await;
    assert_eq!(controls.xml("ObjectOwnership").as_deref(), Some("BucketOwnerEnforced"));
    assert_eq!(s3(&lab, "DELETE", "/bucket-1?ownershipControls", &[], b"").await.status, 204);
    let none = lab.s3(&lab.admin, "GET", "/bucket-1?ownershipControls", &[], b"").await;
    assert_eq!((none.status, none.error().0.as_str()), (404, "OwnershipControlsNotFoundError"));
}

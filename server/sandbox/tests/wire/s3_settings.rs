//! Settings that buckets here do not have, access control lists, and what a new bucket may be told.

use crate::support::Lab;
use crate::support::steps::{assert_refused, lab_with_bucket, s3};
use serde_json::Value;

type Headers<'a> = &'a [(&'a str, &'a str)];

const OBJECT: &str = "/bucket-1/object";

/// Consoles and infrastructure tools ask for all of them, and take nothing but AWS's own word for what is not there.
#[tokio::test]
async fn a_setting_that_was_never_made_is_answered_as_aws_does() {
    let lab = lab_with_bucket().await;
    for (setting, code, message) in [
        ("cors", "NoSuchCORSConfiguration", "The CORS configuration does not exist"),
        ("lifecycle", "NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist"),
        (
            "replication",
            "ReplicationConfigurationNotFoundError",
            "The replication configuration was not found",
        ),
        (
            "website",
            "NoSuchWebsiteConfiguration",
            "The specified bucket does not have a website configuration",
        ),
        (
            "object-lock",
            "ObjectLockConfigurationNotFoundError",
            "Object Lock configuration does not exist for this bucket",
        ),
    ] {
        let answer = lab.s3(&lab.admin, "GET", &format!("/bucket-1?{setting}"), &[], b"").await;
        assert_refused(&answer, 404, code, message);
        assert_eq!(answer.xml("BucketName").as_deref(), Some("bucket-1"));
    }
    for (setting, element) in [
        ("accelerate", "<AccelerateConfiguration"),
        ("logging", "<BucketLoggingStatus"),
        ("notification", "<NotificationConfiguration"),
        ("requestPayment", "<Payer>BucketOwner</Payer>"),
    ] {
        let text = s3(&lab, "GET", &format!("/bucket-1?{setting}"), &[], b"").await.text();
        assert!(text.contains(element), "{text}");
        assert!(text.contains(" xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\""), "{text}");
    }
    for setting in ["cors", "logging"] {
        let none = lab.s3(&lab.admin, "GET", &format!("/bucket-2?{setting}"), &[], b"").await;
        assert_refused(&none, 404, "NoSuchBucket", "The specified bucket does not exist");
        let other = [("x-amz-expected-bucket-owner", "999999999999")];
        let refused = lab.s3(&lab.admin, "GET", &format!("/bucket-1?{setting}"), &other, b"").await;
        assert_eq!((refused.status, refused.error().0.as_str()), (403, "AccessDenied"), "{}", refused.text());
    }
}

#[tokio::test]
async fn a_bucket_without_acls_takes_none() {
    let lab = lab_with_bucket().await;
    s3(&lab, "PUT", OBJECT, &[], b"x").await;
    let refused = "The bucket does not allow ACLs";
    let canned = [("x-amz-acl", "private")];
    for path in ["/bucket-1?acl", "/bucket-1/object?acl"] {
        let answer = lab.s3(&lab.admin, "PUT", path, &canned, b"").await;
        assert_refused(&answer, 400, "AccessControlListNotSupported", refused);
        let malformed = lab.s3(&lab.admin, "PUT", path, &[], b"<AccessControlPolicy>").await;
        assert_eq!(
            (malformed.status, malformed.error().0.as_str()),
            (400, "MalformedXML"),
            "{}",
            malformed.text()
        );
    }
    let absent = lab.s3(&lab.admin, "PUT", "/bucket-1/absent?acl", &canned, b"").await;
    assert_refused(&absent, 404, "NoSuchKey", "The specified key does not exist.");
    // With a write, only what changes nothing.
    for (headers, status, code) in [
        (&[("x-amz-acl", "private")][..], 200, ""),
        (&[("x-amz-acl", "bucket-owner-full-control")][..], 200, ""),
        (&[("x-amz-acl", "public-read")][..], 400, "AccessControlListNotSupported"),
        (
            &[("x-amz-grant-read", "uri=http://acs.amazonaws.com/groups/global/AllUsers")][..],
            400,
            "AccessControlListNotSupported",
        ),
        (&[("x-amz-acl", "fake")][..], 400, "InvalidArgument"),
        (&[("x-amz-storage-class", "FAKE")][..], 400, "InvalidStorageClass"),
        (&[("x-amz-website-redirect-location", "/a")][..], 501, "NotImplemented"),
    ] {
        let answer = lab.s3(&lab.admin, "PUT", OBJECT, headers, b"x").await;
        assert_eq!(
            (answer.status, answer.error().0.as_str()),
            (status, code),
            "{headers:?}: {}",
            answer.text()
        );
    }
}

#[tokio::test]
async fn a_new_bucket_is_told_what_it_can_be_and_no_more() {
    let lab = Lab::new().await;
    let location = |region: &str| {
        format!(
            "<CreateBucketConfiguration><LocationConstraint>{region}</LocationConstraint></CreateBucketConfiguration>"
        )
    };
    let tags = "<CreateBucketConfiguration><Tags><Tag><Key>a</Key><Value>b</Value></Tag></Tags></CreateBucketConfiguration>";
    let elsewhere = "The eu-west-1 location constraint is incompatible for the region specific endpoint this request was sent to.";
    let enforced = "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting";
    let cases: [(Headers<'_>, String, u16, &str, Option<&str>); 8] = [
        (&[], location("eu-west-1"), 400, "IllegalLocationConstraintException", Some(elsewhere)),
        (
            &[("x-amz-object-ownership", "Mine")],
            String::new(),
            400,
            "InvalidArgument",
            Some("Invalid x-amz-object-ownership header: Mine"),
        ),
        (
            &[("x-amz-acl", "public-read")],
            String::new(),
            400,
            "InvalidBucketAclWithObjectOwnership",
            Some(enforced),
        ),
        (&[("x-amz-bucket-object-lock-enabled", "true")], String::new(), 501, "NotImplemented", None),
        (&[], tags.to_owned(), 501, "NotImplemented", None),
        (&[], "<CreateBucketConfiguration>".to_owned(), 400, "MalformedXML", None),
        (&[("x-amz-object-ownership", "ObjectWriter")], String::new(), 501, "NotImplemented", None),
        (
            &[("x-amz-object-ownership", "BucketOwnerEnforced"), ("x-amz-acl", "private")],
            String::new(),
            200,
            "",
            None,
        ),
    ];
    for (headers, body, status, code, message) in cases {
        let answer = lab.s3(&lab.admin, "PUT", "/bucket-1", headers, body.as_bytes()).await;
        assert_eq!(
            (answer.status, answer.error().0.as_str()),
            (status, code),
            "{headers:?} {body}: {}",
            answer.text()
        );
        assert!(message.is_none_or(|message| answer.error().1 == message), "{}", answer.text());
        assert!(status != 200 || answer.header("location") == Some("/bucket-1"), "{:?}", answer.headers);
    }
    // Policies see what the bucket is to be.
    let policy = serde_json::json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "s3:CreateBucket", "Resource": "*",
         "Condition": {"StringEquals": {"s3:x-amz-object-ownership": "BucketOwnerEnforced"}}},
    ]});
    let maker = lab.user("maker", policy).await;
    assert_eq!(lab.s3(&maker, "PUT", "/bucket-2", &[], b"").await.status, 403);
    let enforced = [("x-amz-object-ownership", "BucketOwnerEnforced")];
    assert_eq!(lab.s3(&maker, "PUT", "/bucket-2", &enforced, b"").await.status, 200);
    let nobody = lab.user("nobody", Value::Null).await;
    assert_eq!(lab.s3(&nobody, "PUT", "/bucket-3", &enforced, b"").await.status, 403);
}

#[tokio::test]
async fn tags_are_of_the_characters_and_the_number_that_s3_takes() {
    let lab = lab_with_bucket().await;
    let set = |pairs: &[(&str, &str)]| {
        let tags: String = pairs
            .iter()
            .map(|(key, value)| format!("<Tag><Key>{key}</Key><Value>{value}</Value></Tag>"))
            .collect();
        format!("<Tagging><TagSet>{tags}</TagSet></Tagging>")
    };
    s3(&lab, "PUT", OBJECT, &[], b"x").await;
    let long = "v".repeat(257);
    let of_object = format!("{OBJECT}?tagging");
    for (path, tag, message, field) in [
        (of_object.as_str(), ("a,b", "x"), "The TagKey you have provided is invalid", "TagKey"),
        (&of_object, ("a", "x,y"), "The TagValue you have provided is invalid", "TagValue"),
        (&of_object, ("a", long.as_str()), "The TagValue you have provided is invalid", "TagValue"),
        (&of_object, ("aws:x", "y"), "Your TagKey cannot be prefixed with aws:", "TagKey"),
        ("/bucket-1?tagging", ("aws:x", "y"), "System tags cannot be added/updated by requester", "TagKey"),
    ] {
        let answer = lab.s3(&lab.admin, "PUT", path, &[], set(&[tag]).as_bytes()).await;
        assert_refused(&answer, 400, "InvalidTag", message);
        assert!(answer.xml(field).is_some(), "{}", answer.text());
    }
    s3(&lab, "PUT", &of_object, &[], set(&[("é +-=._:/@", "é +-=._:/@")]).as_bytes()).await;
    for header in ["a=1&a=2", "a=%ZZ", &"k=v&".repeat(3)] {
        let answer = lab.s3(&lab.admin, "PUT", OBJECT, &[("x-amz-tagging", header)], b"y").await;
        assert_eq!(
            (answer.status, answer.error().0.as_str()),
            (400, "InvalidArgument"),
            "{header}: {}",
            answer.text()
        );
    }
    assert_eq!(s3(&lab, "GET", OBJECT, &[], b"").await.text(), "x");
}

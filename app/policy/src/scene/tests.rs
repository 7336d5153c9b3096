//! What everyone may do at the end of the tutorial, and after changes.

use super::*;

const ACCOUNT: &str = "111122223333";
const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/// The tutorial's end: Admin, the two administrators, the instance, and somebody with nothing.
fn scene() -> Scene {
    let document = |id: &str, kind, text: &str| SceneDocument {
        id: id.into(),
        kind,
        name: id.into(),
        arn: None,
        text: text.into(),
    };
    let session = |role: &str, policy: Option<&str>| Actor {
        name: role.into(),
        arn: format!("arn:aws:sts::{ACCOUNT}:assumed-role/{role}/Admin"),
        policies: policy.map(Into::into).into_iter().collect(),
        ..Actor::default()
    };
    Scene {
        account: ACCOUNT.into(),
        region: "us-east-1".into(),
        bucket: "demo".into(),
        object: "example.pdf".into(),
        key_arn: Some(KEY.into()),
        actors: vec![
            Actor {
                name: "Admin".into(),
                arn: format!("arn:aws:iam::{ACCOUNT}:user/Admin"),
                policies: vec!["administrator".into()],
                ..Actor::default()
            },
            session("secure-bucket-admin", Some("bucket-admin")),
            session("authorized-users", Some("bucket-access")),
            session("other-team", None),
        ],
        documents: vec![
            document(
                "administrator",
                Kind::Identity,
                r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#,
            ),
            document(
                "bucket-admin",
                Kind::Identity,
                r#"{"Version": "2012-10-17", "Statement": [
                    {"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
                    {"Effect": "Deny", "Action": ["s3:GetObject*", "s3:PutObject*", "s3:DeleteObject*"],
                     "Resource": "arn:aws:s3:::demo/*"}]}"#,
            ),
            document(
                "bucket-access",
                Kind::Identity,
                r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow",
                    "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
                    "Resource": "arn:aws:s3:::demo/*"}}"#,
            ),
            document(
                "bucket-policy",
                Kind::Bucket,
                r#"{"Version": "2012-10-17", "Statement": {"Sid": "DenyUnencrypted", "Effect": "Deny", "Principal": "*",
                    "Action": "s3:PutObject", "Resource": "arn:aws:s3:::demo/*",
                    "Condition": {"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}}}}"#,
            ),
            document(
                "key-policy",
                Kind::Key,
                r#"{"Version": "2012-10-17", "Statement": [
                    {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "kms:*",
                     "Resource": "*"},
                    {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/authorized-users"},
                     "Action": ["kms:Decrypt", "kms:GenerateDataKey*"], "Resource": "*"}]}"#,
            ),
        ],
        ..Scene::default()
    }
}

fn answer(scene: &Scene, actor: &str, deed: Deed) -> Answered {
    super::answer(scene, &scene.matrix().unwrap(), actor, deed).unwrap().clone()
}

fn without_key_user(scene: &mut Scene) {
    let key = scene.documents.iter_mut().find(|document| document.kind == Kind::Key).unwrap();
    key.text = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "kms:*", "Resource": "*"}}"#
        .into();
}

#[test]
fn the_instance_reads_and_writes_under_the_key_until_the_key_user_is_removed() {
    let mut scene = scene();
    for deed in [Deed::Read, Deed::Write] {
        let before = answer(&scene, "authorized-users", deed);
        assert!(before.allowed && before.open.all(), "{before:?}");
    }
    without_key_user(&mut scene);
    let after = answer(&scene, "authorized-users", Deed::Read);
    assert_eq!((after.allowed, after.action, after.decided_by), (false, "kms:Decrypt", Some(Lane::Key)));
    assert_eq!(after.open, Locks { iam: true, bucket: true, key: false });
    assert!(answer(&scene, "authorized-users", Deed::Delete).allowed, "deleting asks no key");
    assert!(answer(&scene, "Admin", Deed::Read).allowed, "root delegation");
}

#[test]
fn each_lock_that_refuses_is_shut_and_the_others_are_not() {
    let scene = scene();
    let bucket_admin = answer(&scene, "secure-bucket-admin", Deed::Read);
    assert_eq!(bucket_admin.open, Locks { iam: false, bucket: true, key: false });
    assert!(bucket_admin.explicit);
    let admin = answer(&scene, "Admin", Deed::WritePlain);
    assert_eq!(admin.open, Locks { iam: true, bucket: false, key: true });
    assert_eq!(admin.decided_by, Some(Lane::Bucket));
    let other = answer(&scene, "other-team", Deed::Read);
    assert_eq!(other.open, Locks { iam: false, bucket: true, key: false });
    assert_eq!((other.explicit, other.decided_by), (false, Some(Lane::Iam)));
}

#[test]
fn an_iam_policy_that_denies_the_key_is_what_stands_in_the_way() {
    let mut scene = scene();
    let access = scene.documents.iter_mut().find(|document| document.id == "bucket-access").unwrap();
    access.text = r#"{"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"},
        {"Effect": "Deny", "Action": "kms:*", "Resource": "*"}]}"#
        .into();
    let read = answer(&scene, "authorized-users", Deed::Read);
    assert_eq!(read.open, Locks { iam: false, bucket: true, key: true });
    assert_eq!(read.decided_by, Some(Lane::Iam));
}

#[test]
fn a_default_key_of_another_policy_is_judged_by_that() {
    let mut scene = scene();
    scene.documents.retain(|document| document.kind != Kind::Bucket);
    scene.default_key = Some("arn:aws:kms:us-east-1:111122223333:key/managed".into());
    assert!(!answer(&scene, "authorized-users", Deed::WritePlain).allowed, "nothing is known of that key");
    scene.documents.push(SceneDocument {
        id: DEFAULT_KEY_POLICY.into(),
        kind: Kind::Key,
        name: "aws/s3".into(),
        arn: None,
        text: r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "*"},
            "Action": "kms:*", "Resource": "*", "Condition": {"StringEquals": {"kms:CallerAccount": "111122223333"}}}}"#
            .into(),
    });
    assert!(answer(&scene, "authorized-users", Deed::WritePlain).allowed);
}

#[test]
fn a_bucket_policy_that_allows_the_caller_opens_the_iam_lock_with_it() {
    let mut scene = scene();
    let policy = scene.documents.iter_mut().find(|document| document.kind == Kind::Bucket).unwrap();
    policy.text = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*",
        "Action": "s3:GetObject", "Resource": "arn:aws:s3:::demo/*"}}"#
        .into();
    let other = answer(&scene, "other-team", Deed::Read);
    assert_eq!(other.open, Locks { iam: true, bucket: true, key: false });
    assert_eq!(other.decided_by, Some(Lane::Key));
}

#[test]
fn all_locks_are_open_exactly_where_the_call_is_allowed() {
    let mut scene = scene();
    for change in [|_: &mut Scene| {}, without_key_user] {
        change(&mut scene);
        for answer in scene.matrix().unwrap().into_iter().flatten().flatten() {
            assert_eq!(answer.open.all(), answer.allowed, "{answer:?}");
        }
    }
}

#[test]
fn without_a_key_there_is_nothing_to_be_said_of_it() {
    let scene = Scene { key_arn: None, ..scene() };
    let row = scene.matrix().unwrap().remove(0);
    let said: Vec<_> = Deed::ALL
        .into_iter()
        .zip(&row)
        .filter(|(_, answer)| answer.is_some())
        .map(|(deed, _)| deed)
        .collect();
    assert_eq!(said, [Deed::WritePlain, Deed::Delete, Deed::List, Deed::ChangeIam, Deed::ChangeBucketPolicy]);
}

#[test]
fn a_document_that_cannot_be_read_is_named_and_an_empty_one_is_none() {
    let mut scene = scene();
    scene.documents[3].text = " ".into();
    assert!(scene.matrix().is_ok());
    assert!(answer(&scene, "Admin", Deed::WritePlain).allowed, "no bucket policy denies it");
    scene.documents[4].text = "{".into();
    let unreadable = scene.matrix().unwrap_err();
    assert_eq!(unreadable[0].document, "key-policy");
}

/// Puts this condition on the bucket policy's only statement, a Deny of everything to everybody.
fn denying_unless(scene: &mut Scene, condition: &str) {
    let policy = scene.documents.iter_mut().find(|document| document.kind == Kind::Bucket).unwrap();
    policy.text = format!(
        r#"{{"Version": "2012-10-17", "Statement": {{"Effect": "Deny", "Principal": "*", "Action": "s3:*",
            "Resource": "*", "Condition": {condition}}}}}"#
    );
}

#[test]
fn an_answer_hangs_on_what_a_call_brings_with_it_where_that_could_turn_it() {
    let mut scene = scene();
    assert!(!scene.matrix().unwrap().into_iter().flatten().flatten().any(|answer| answer.hangs));
    denying_unless(&mut scene, r#"{"NotIpAddress": {"AWS:sourceIP": "203.0.113.0/24"}}"#);
    assert_eq!(scene.unknown_keys(), ["aws:SourceIp"]);
    assert!(answer(&scene, "authorized-users", Deed::Read).hangs);
    let other = answer(&scene, "other-team", Deed::Read);
    assert!(!other.hangs && !other.allowed, "IAM refuses from wherever it comes: {other:?}");
    assert!(!answer(&scene, "authorized-users", Deed::Decrypt).hangs, "the bucket policy is not asked");
    // A second condition that does not hold takes the Deny away in any case.
    denying_unless(
        &mut scene,
        r#"{"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}, "StringEquals": {"aws:PrincipalAccount": "999999999999"}}"#,
    );
    assert!(!answer(&scene, "authorized-users", Deed::Read).hangs);
}

#[test]
fn an_allow_that_hangs_is_told_as_well_even_on_two_keys_at_once() {
    let mut scene = scene();
    let access = scene.documents.iter_mut().find(|document| document.id == "bucket-access").unwrap();
    access.text =
        r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*",
        "Condition": {"DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"},
                      "IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}}"#
            .into();
    assert_eq!(scene.unknown_keys(), ["aws:CurrentTime", "aws:SourceIp"]);
    let read = answer(&scene, "authorized-users", Deed::Read);
    assert!(read.hangs && !read.allowed, "{read:?}");
}

/// A key policy that allows authorized-users everything under this condition, and nobody else anything.
fn key_for_users_if(scene: &mut Scene, condition: &str) {
    let key = scene.documents.iter_mut().find(|document| document.kind == Kind::Key).unwrap();
    key.text = format!(
        r#"{{"Version": "2012-10-17", "Statement": {{"Effect": "Allow",
            "Principal": {{"AWS": "arn:aws:iam::111122223333:role/authorized-users"}}, "Action": "kms:*",
            "Resource": "*", "Condition": {condition}}}}}"#
    );
}

#[test]
fn a_bucket_key_changes_the_encryption_context() {
    let mut scene = scene();
    key_for_users_if(
        &mut scene,
        r#"{"StringLike": {"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::demo/*"}}"#,
    );
    for deed in [Deed::Read, Deed::Write] {
        assert!(answer(&scene, "authorized-users", deed).allowed);
    }
    scene.bucket_keys = true;
    for deed in [Deed::Read, Deed::Write] {
        assert!(!answer(&scene, "authorized-users", deed).allowed, "the context is the bucket's ARN");
    }
}

#[test]
fn what_tells_of_the_key_is_known() {
    let mut scene = scene();
    key_for_users_if(&mut scene, r#"{"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/demo"}}"#);
    assert!(!answer(&scene, "authorized-users", Deed::Decrypt).allowed);
    scene.key_context.push(("kms:ResourceAliases".into(), vec!["alias/demo".into()]));
    assert!(answer(&scene, "authorized-users", Deed::Decrypt).allowed);
}

#[test]
fn from_where_a_call_comes_is_not_handed_on_to_kms() {
    let mut scene = scene();
    key_for_users_if(&mut scene, r#"{"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}"#);
    let read = answer(&scene, "authorized-users", Deed::Read);
    assert!(!read.allowed && !read.hangs, "S3 asks, from nowhere: {read:?}");
    assert!(answer(&scene, "authorized-users", Deed::Decrypt).hangs);
}

#[test]
fn what_a_plain_request_brings_is_known() {
    let mut scene = scene();
    for (action, condition, deed) in [
        (
            "s3:PutObject",
            r#"{"Bool": {"s3:ObjectCreationOperation": "true"}, "Null": {"s3:if-none-match": "true"}}"#,
            Deed::Write,
        ),
        (
            "s3:GetObject",
            r#"{"StringEquals": {"s3:authType": "REST-HEADER", "s3:signatureversion": "AWS4-HMAC-SHA256"}}"#,
            Deed::Read,
        ),
    ] {
        let policy = scene.documents.iter_mut().find(|document| document.kind == Kind::Bucket).unwrap();
        policy.text = format!(
            r#"{{"Version": "2012-10-17", "Statement": {{"Effect": "Deny", "Principal": "*", "Action": "{action}",
                "Resource": "arn:aws:s3:::demo/*", "Condition": {condition}}}}}"#
        );
        let denied = answer(&scene, "authorized-users", deed);
        assert!(denied.explicit && !denied.hangs, "{condition}: {denied:?}");
    }
    let access = scene.documents.iter_mut().find(|document| document.id == "administrator").unwrap();
    access.text =
        r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": "kms:ScheduleKeyDeletion", "Resource": "*",
         "Condition": {"NumericGreaterThan": {"kms:ScheduleKeyDeletionPendingWindowInDays": "29"}}},
        {"Effect": "Deny", "Action": "kms:Decrypt", "Resource": "*",
         "Condition": {"StringEquals": {"kms:EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}}},
        {"Effect": "Deny", "Action": "kms:PutKeyPolicy", "Resource": "*",
         "Condition": {"Bool": {"kms:BypassPolicyLockoutSafetyCheck": "false"}}}]}"#
            .into();
    for deed in [Deed::DeleteKey, Deed::Decrypt, Deed::Read, Deed::ChangeKeyPolicy] {
        assert!(answer(&scene, "Admin", deed).explicit, "{deed:?}");
    }
}

#[test]
fn a_key_policy_that_leaves_the_caller_to_iam_does_not_open_the_lock_by_a_deny_in_iam() {
    for kms in ["Deny", "Allow"] {
        let mut scene = scene();
        without_key_user(&mut scene);
        let access = scene.documents.iter_mut().find(|document| document.id == "bucket-access").unwrap();
        let action = if kms == "Deny" { "kms:*" } else { "iam:ListUsers" };
        access.text = format!(
            r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}},
                {{"Effect": "{kms}", "Action": "{action}", "Resource": "*"}}]}}"#
        );
        assert!(!answer(&scene, "authorized-users", Deed::Read).open.key, "{kms} {action}");
    }
}

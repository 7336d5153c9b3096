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
    let matrix = scene.matrix().unwrap();
    let row = scene.actors.iter().position(|known| known.name == actor).unwrap();
    let column = Deed::ALL.iter().position(|known| *known == deed).unwrap();
    matrix[row][column].clone().unwrap()
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

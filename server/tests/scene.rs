//! Who could do what: the scene as the console reads it, and documents put in force from it.
#![allow(clippy::unwrap_used)]

mod support;

use app::console::{Console as _, ConsoleError, Listings, Persona, StepId};
use policy::{
    call::Lane,
    scene::{self, Answered, Deed, Scene},
};
use support::{PDF, Walk};

fn answer(scene: &Scene, actor: &str, deed: Deed) -> Answered {
    scene::answer(scene, &scene.matrix().unwrap(), actor, deed).unwrap().clone()
}

fn id_of(scene: &Scene, name: &str) -> String {
    scene.documents.iter().find(|document| document.name == name).unwrap().id.clone()
}

#[tokio::test]
async fn a_lab_that_was_just_started_has_admin_and_nobody() {
    let walk = Walk::started(Listings::Corrected).await;
    let scene = walk.console.scene().await.unwrap();
    let names: Vec<_> = scene.actors.iter().map(|actor| actor.name.as_str()).collect();
    assert_eq!(names, ["Admin", "any other role"]);
    assert_eq!(scene.key_arn, None);
    assert!(scene.matrix().is_ok());
}

#[tokio::test]
async fn what_the_scene_says_is_what_aws_does() {
    let walk = Walk::built().await;
    let scene = walk.console.scene().await.unwrap();
    let names: Vec<_> = scene.actors.iter().map(|actor| actor.name.as_str()).collect();
    assert_eq!(
        names,
        ["Admin", "secure-bucket-admin", "secure-key-admin", "authorized-users", "any other role"]
    );

    let bucket = walk.lab().await.bucket;
    let key = walk.lab().await.key_arn.unwrap();
    let upload = format!("aws s3 cp {PDF} s3://{bucket}/ --sse aws:kms --sse-kms-key-id {key}");
    let plain = format!("aws s3 cp {PDF} s3://{bucket}/plain.pdf");
    let download = format!("aws s3 cp s3://{bucket}/{PDF} copy.pdf");
    let list = format!("aws s3 ls s3://{bucket}");
    for (line, deed) in [
        (upload.as_str(), Deed::Write),
        (plain.as_str(), Deed::WritePlain),
        (download.as_str(), Deed::Read),
        (list.as_str(), Deed::List),
    ] {
        let entry = walk.run(StepId::Test1, line).await;
        let record = walk.console.record(*entry.records.last().unwrap()).await.unwrap();
        let said = answer(&scene, "authorized-users", deed);
        assert_eq!(said.allowed, record.answer.succeeded(), "{line}");
        assert_eq!(said.decided_by, record.verdict.decided_by, "{line}");
    }
    assert!(answer(&scene, "secure-bucket-admin", Deed::ChangeBucketPolicy).allowed);
    assert!(!answer(&scene, "secure-bucket-admin", Deed::Read).allowed);
    assert!(answer(&scene, "secure-key-admin", Deed::ChangeKeyPolicy).allowed);
    assert!(!answer(&scene, "secure-key-admin", Deed::DataKey).allowed);
    assert!(!answer(&scene, "any other role", Deed::Delete).allowed);
}

#[tokio::test]
async fn a_document_is_applied_by_the_holder_of_its_lock_and_the_scene_follows() {
    let walk = Walk::built().await;
    walk.switch(Persona::Admin).await;
    let scene = walk.console.scene().await.unwrap();
    let policy = scene
        .document("key-policy")
        .unwrap()
        .text
        .replace(":role/authorized-users", ":role/secure-bucket-admin");
    let records = walk.console.apply("key-policy".into(), policy).await.unwrap();
    let last = walk.console.record(*records.last().unwrap()).await.unwrap();
    assert_eq!((last.operation.as_str(), last.persona), ("PutKeyPolicy", Persona::SecureKeyAdmin));
    assert!(last.answer.succeeded(), "{:?}", last.answer);
    let lab = walk.lab().await;
    assert_eq!(lab.key_user_present, Some(false));
    assert_eq!(lab.acting.persona, Persona::Admin, "whoever the session acts as stays so");

    let after = walk.console.scene().await.unwrap();
    let read = answer(&after, "authorized-users", Deed::Read);
    assert_eq!((read.allowed, read.decided_by), (false, Some(Lane::Key)));

    // An empty bucket policy is none.
    let records = walk.console.apply("bucket-policy".into(), " ".into()).await.unwrap();
    let last = walk.console.record(*records.last().unwrap()).await.unwrap();
    assert_eq!((last.operation.as_str(), last.persona), ("DeleteBucketPolicy", Persona::SecureBucketAdmin));
    assert_eq!(walk.console.scene().await.unwrap().document("bucket-policy").unwrap().text, "");
}

#[tokio::test]
async fn a_sixth_version_of_a_policy_takes_the_place_of_the_oldest() {
    let walk = Walk::built().await;
    let scene = walk.console.scene().await.unwrap();
    let id = id_of(&scene, "secure-bucket-admin");
    let text = scene.document(&id).unwrap().text.clone();
    for round in 0..6 {
        let text = text.replace("AllowAllActions", &format!("Round{round}"));
        let records = walk.console.apply(id.clone(), text.clone()).await.unwrap();
        let last = walk.console.record(*records.last().unwrap()).await.unwrap();
        assert_eq!(
            (last.operation.as_str(), last.answer.status),
            ("CreatePolicyVersion", 200),
            "round {round}"
        );
        assert_eq!(walk.console.scene().await.unwrap().document(&id).unwrap().text, text);
    }
}

#[tokio::test]
async fn what_cannot_be_applied_is_said_and_changes_nothing() {
    let walk = Walk::built().await;
    let before = walk.console.scene().await.unwrap();
    let empty = walk.console.apply("key-policy".into(), String::new()).await.unwrap_err();
    assert!(matches!(empty, ConsoleError::Invalid { .. }), "{empty}");
    let records = walk.console.apply("bucket-policy".into(), "{ not json".into()).await.unwrap();
    let last = walk.console.record(*records.last().unwrap()).await.unwrap();
    assert_eq!(last.answer.code.as_deref(), Some("MalformedPolicy"));
    assert_eq!(walk.console.scene().await.unwrap(), before);
}

#[tokio::test]
async fn a_policy_that_keeps_admin_from_reading_it_is_read_by_the_holder_of_its_lock() {
    let walk = Walk::built().await;
    let key = walk.console.scene().await.unwrap().document("key-policy").unwrap().text.clone();
    // Without the statement for the account, only those whom the policy names can read it.
    let mut policy: serde_json::Value = serde_json::from_str(&key).unwrap();
    policy["Statement"].as_array_mut().unwrap().remove(0);
    walk.console.apply("key-policy".into(), policy.to_string()).await.unwrap();
    let bucket = walk.lab().await.bucket;
    let account = walk.lab().await.account_id;
    let only_its_admin = serde_json::json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Deny", "Principal": "*", "Action": "s3:*",
        "Resource": [format!("arn:aws:s3:::{bucket}"), format!("arn:aws:s3:::{bucket}/*")],
        "Condition": {"StringNotEquals": {"aws:PrincipalArn": format!("arn:aws:iam::{account}:role/secure-bucket-admin")}}
    }]});
    walk.console.apply("bucket-policy".into(), only_its_admin.to_string()).await.unwrap();

    let scene = walk.console.scene().await.unwrap();
    assert_eq!(scene.unseen, Vec::<String>::new());
    assert!(
        scene.document("key-policy").is_some() && !scene.document("bucket-policy").unwrap().text.is_empty()
    );
    assert!(answer(&scene, "secure-key-admin", Deed::ChangeKeyPolicy).allowed);
    let read = answer(&scene, "Admin", Deed::Read);
    assert_eq!((read.allowed, read.explicit, read.decided_by), (false, true, Some(Lane::Bucket)));

    let entry = walk.run(StepId::Test3, &format!("aws s3 cp s3://{bucket}/{PDF} copy.pdf")).await;
    let record = walk.console.record(*entry.records.last().unwrap()).await.unwrap();
    assert_eq!(record.verdict.decided_by, Some(Lane::Bucket), "{}", record.verdict.explanation);
    assert!(record.verdict.agrees, "{}", record.verdict.explanation);
}

//! Doing a step as the wrong role: it fails as on AWS, and is explained like any other call. Rows are those of
//! `aws-semantics.md` §9.

#![allow(clippy::unwrap_used)]

mod support;

use app::console::{Action, Console as _, Lane, ListingId, Listings, Persona, StepId};
use policy::LaneVerdict::{Allows, Delegates, Denies, NotConsulted, Silent};
use support::{PDF, Walk, assert_verdict, lane};

#[tokio::test]
async fn row_6_authorized_users_cannot_be_assumed_by_hand() {
    let walk = Walk::built().await;
    let id = walk.console.switch(Persona::AuthorizedUsers, None).await.unwrap().unwrap();
    let record = walk.console.record(id).await.unwrap();
    assert_eq!(record.answer.code.as_deref(), Some("AccessDenied"));
    assert_eq!((lane(&record, Lane::Iam), lane(&record, Lane::Trust)), (Allows, Silent));
    assert_eq!(record.verdict.decided_by, Some(Lane::Trust), "{}", record.verdict.explanation);
    assert!(record.verdict.explanation.contains("ec2.amazonaws.com"), "{}", record.verdict.explanation);
    assert_eq!(walk.lab().await.acting.persona, Persona::Admin);
}

#[tokio::test]
async fn row_12_the_key_administrator_cannot_touch_the_bucket() {
    let walk = Walk::built().await;
    walk.switch(Persona::SecureKeyAdmin).await;
    let document = walk.console.listing(ListingId::BucketPolicy, None).await.unwrap().document;
    let record = walk.act(StepId::BucketPolicy, Action::PutBucketPolicy { document }).await;
    assert_verdict(&record, 403, Some("AccessDenied"), [Silent, Silent, NotConsulted], Some(Lane::Iam));
}

#[tokio::test]
async fn row_13_the_bucket_administrator_cannot_touch_the_key() {
    let walk = Walk::built().await;
    walk.switch(Persona::SecureBucketAdmin).await;
    let record = walk.act(StepId::Test4, Action::RemoveKeyUser).await;
    assert_eq!(record.operation, "GetKeyPolicy");
    assert_verdict(
        &record,
        400,
        Some("AccessDeniedException"),
        [Silent, NotConsulted, Delegates],
        Some(Lane::Iam),
    );
    assert_eq!(walk.lab().await.key_user_present, Some(true));
}

#[tokio::test]
async fn rows_19_to_22_every_upload_without_the_right_key_is_denied_by_the_bucket_policy() {
    let walk = Walk::built().await;
    let lab = walk.lab().await;
    let other = format!("arn:aws:kms:us-east-1:{}:key/1234abcd-12ab-34cd-56ef-1234567890ab", lab.account_id);
    for options in
        ["", "--sse", "--sse AES256", "--sse aws:kms", &format!("--sse aws:kms --sse-kms-key-id {other}")]
    {
        let entry =
            walk.run(StepId::Test2, &format!("aws s3 cp {PDF} s3://{}/x {options}", lab.bucket)).await;
        let record = walk.last_call(&entry).await;
        assert_eq!(record.answer.code.as_deref(), Some("AccessDenied"), "{options}: {}", entry.output);
        assert_eq!(
            record.verdict.decided_by,
            Some(Lane::Bucket),
            "{options}: {}",
            record.verdict.explanation
        );
        assert_eq!(lane(&record, Lane::Bucket), Denies, "{options}");
    }
}

#[tokio::test]
async fn rows_28_30_and_49_listing_and_deleting_ask_no_key() {
    let walk = Walk::built().await;
    let bucket = walk.lab().await.bucket;
    walk.run(StepId::Test1, &walk.upload_command("").await).await;
    let cases = [
        (format!("aws s3 ls s3://{bucket}"), 0, [Allows, Silent, NotConsulted]),
        ("aws s3 ls".to_owned(), 0, [Allows, NotConsulted, NotConsulted]),
        (format!("aws s3 rm s3://{bucket}/{PDF}"), 0, [Allows, Silent, NotConsulted]),
    ];
    for (line, status, lanes) in cases {
        let entry = walk.run(StepId::Test3, &line).await;
        assert_eq!(entry.status, status, "{line}: {}", entry.output);
        let record = walk.last_call(&entry).await;
        let http = if record.operation == "DeleteObject" { 204 } else { 200 };
        assert_verdict(&record, http, None, lanes, Some(Lane::Iam));
    }
    // Row 31, corrected: a missing object is a 404, which the AWS CLI prints in words of its own.
    let entry = walk.run(StepId::Test3, &walk.download_command("x.pdf").await).await;
    assert_eq!(
        entry.output,
        format!(
            "fatal error: An error occurred (404) when calling the HeadObject operation: Key \"{PDF}\" does not exist\n"
        )
    );
    assert!(walk.last_call(&entry).await.verdict.agrees);
}

#[tokio::test]
async fn the_instance_is_who_the_metadata_service_says() {
    let walk = Walk::built().await;
    let lab = walk.lab().await;
    let entry = walk.run(StepId::Test1, "aws sts get-caller-identity").await;
    let who: serde_json::Value = serde_json::from_str(&entry.output).unwrap();
    let arn =
        format!("arn:aws:sts::{}:assumed-role/authorized-users/{}", lab.account_id, lab.instance_id.unwrap());
    assert_eq!(who["Arn"], arn.as_str());
    let record = walk.last_call(&entry).await;
    assert_eq!((record.caller.as_str(), record.verdict.decided_by), (arn.as_str(), None));
}

#[tokio::test]
async fn a_role_that_is_not_there_was_refused_by_nobodys_policy() {
    let walk = Walk::started(Listings::Corrected).await;
    let id = walk.console.switch(Persona::SecureKeyAdmin, Some(StepId::Policies)).await.unwrap().unwrap();
    let record = walk.console.record(id).await.unwrap();
    assert_eq!(record.answer.code.as_deref(), Some("AccessDenied"));
    assert_eq!((lane(&record, Lane::Trust), record.verdict.decided_by), (NotConsulted, None));
    let said = record.verdict.shown_lanes().into_iter().find(|lane| lane.lane == Lane::Trust).unwrap().said;
    assert!(said.contains("no such role"), "{said}");
    assert!(
        record.verdict.explanation.contains("no role secure-key-admin"),
        "{}",
        record.verdict.explanation
    );
}

#[tokio::test]
async fn a_refused_alias_is_asked_for_again_without_a_second_key() {
    let walk = Walk::started(Listings::Corrected).await;
    walk.policies().await;
    walk.roles().await;
    walk.switch(Persona::SecureKeyAdmin).await;
    let Action::CreateKey { description, administrators, users, .. } = walk.key_form() else {
        unreachable!()
    };
    let form = |alias: &str| Action::CreateKey {
        alias: alias.into(),
        description: description.clone(),
        administrators: administrators.clone(),
        users: users.clone(),
    };
    let refused = walk.act(StepId::Key, form("aws/mine")).await;
    assert_eq!(refused.operation, "CreateAlias");
    assert!(!refused.answer.succeeded());
    let key = walk.lab().await.key_arn;
    let records = walk.console.act(StepId::Key, form("mine")).await.unwrap();
    assert_eq!(records.len(), 1, "the alias alone");
    let lab = walk.lab().await;
    assert_eq!((lab.key_arn.clone(), lab.key_alias.as_deref()), (key, Some("mine")));
    assert!(lab.key_user_present == Some(true) && lab.is_done(StepId::Key));
    // The alias is decided by IAM alone and the key by its own policy; both are said.
    let record = walk.console.record(records[0]).await.unwrap();
    let lanes: Vec<Lane> = record.verdict.deciders().into_iter().map(|(_, lane)| lane).collect();
    assert_eq!(lanes, [Lane::Iam, Lane::Key]);
}

#[tokio::test]
async fn an_empty_line_is_refused_and_not_kept_for_the_pages_that_follow() {
    let walk = Walk::built().await;
    assert!(walk.console.run(Some(StepId::Test1), "  ".into()).await.is_err());
    assert_eq!(walk.console.draft("run").await.unwrap(), None);
}

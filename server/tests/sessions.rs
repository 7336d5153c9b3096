//! What a browser's session may and may not do, and what survives.

#![allow(clippy::unwrap_used)]

mod support;

use app::console::{Action, Console as _, ConsoleError, ListingId, Listings, Persona, RecordsOf, StepId};
use support::{Walk, invalid_field};
use trilock::cloud::Credentials;

#[tokio::test]
async fn a_browser_without_a_lab_is_told_to_start_one() {
    let walk = Walk::new().await;
    assert_eq!(walk.console.lab().await.unwrap(), None);
    assert_eq!(walk.console.records(RecordsOf::Newest(5)).await.unwrap_err(), ConsoleError::NoLab);
    assert_eq!(
        walk.console.act(StepId::Instance, Action::LaunchInstance).await.unwrap_err(),
        ConsoleError::NoLab
    );
}

#[tokio::test]
async fn a_bad_bucket_name_starts_nothing_and_is_kept_in_the_form() {
    let walk = Walk::new().await;
    for name in ["", "A", "under_score", "192.168.1.1"] {
        assert_eq!(
            invalid_field(walk.console.start(Listings::Printed, name.into()).await),
            "bucket",
            "{name}"
        );
        let draft = walk.console.draft("start").await.unwrap().unwrap();
        assert!(draft.values.contains(&("bucket".into(), name.into())));
    }
    assert_eq!(walk.console.lab().await.unwrap(), None);
}

#[tokio::test]
async fn another_browser_sees_nothing_of_a_lab() {
    let walk = Walk::started(Listings::Corrected).await;
    walk.policies().await;
    let other = walk.other_browser();
    assert_eq!(other.lab().await.unwrap(), None);
    assert_eq!(other.record(1).await.unwrap_err(), ConsoleError::NoLab);
    other.start(Listings::Corrected, other.suggested_bucket()).await.unwrap();
    assert_ne!(other.lab().await.unwrap().unwrap().account_id, walk.lab().await.account_id);
    assert!(matches!(other.record(1).await.unwrap_err(), ConsoleError::NotFound { .. }));
}

#[tokio::test]
async fn expired_credentials_are_refused_before_any_call_and_renewed_by_switching() {
    let walk = Walk::started(Listings::Corrected).await;
    walk.policies().await;
    walk.roles().await;
    walk.switch(Persona::SecureBucketAdmin).await;
    let lab = walk.lab().await;
    let id = trilock_lab(&walk).await;
    let ended = Credentials::temporary("ASIAEXAMPLE".into(), "secret".into(), "token".into(), 1);
    walk.site.vault.put(&id, Persona::SecureBucketAdmin, &lab.acting.arn, &ended).await.unwrap();
    let calls = walk.console.records(RecordsOf::Newest(100)).await.unwrap().len();
    let bucket = Action::CreateBucket { name: lab.bucket.clone() };
    assert_eq!(
        walk.console.act(StepId::Bucket, bucket.clone()).await.unwrap_err(),
        ConsoleError::Expired { persona: "secure-bucket-admin".into() }
    );
    assert_eq!(walk.console.records(RecordsOf::Newest(100)).await.unwrap().len(), calls);
    assert!(!walk.lab().await.held.iter().any(|held| held.persona == Persona::SecureBucketAdmin));
    assert!(walk.console.switch(Persona::SecureBucketAdmin, None).await.unwrap().is_some());
    walk.done(StepId::Bucket, bucket).await;
}

#[tokio::test]
async fn a_refused_form_keeps_its_values_until_it_succeeds() {
    let walk = Walk::started(Listings::Corrected).await;
    let broken = Action::CreatePolicy {
        listing: ListingId::BucketAdmin,
        name: "secure-bucket-admin".into(),
        document: "{ not json".into(),
    };
    let record = walk.act(StepId::Policies, broken.clone()).await;
    assert_eq!(record.answer.code.as_deref(), Some("MalformedPolicyDocument"));
    assert_eq!(record.verdict.decided_by, None);
    assert!(record.verdict.agrees, "{}", record.verdict.explanation);
    let draft = walk.console.draft(&broken.form_id()).await.unwrap().unwrap();
    assert!(draft.values.contains(&("document".into(), "{ not json".into())));
    assert!(walk.lab().await.done_forms.is_empty());
    walk.policies().await;
    assert_eq!(walk.console.draft(&broken.form_id()).await.unwrap(), None);
}

#[tokio::test]
async fn files_have_limits_that_are_stated() {
    let walk = Walk::built().await;
    let too_large = vec![0; 8 * 1024 * 1024 + 1];
    assert_eq!(invalid_field(walk.console.upload("big.bin".into(), too_large).await), "file");
    let draft = walk.console.draft("run").await.unwrap().unwrap();
    assert!(draft.problem.unwrap().1.contains("at most 8 MiB"));
    assert_eq!(invalid_field(walk.console.upload("../x".into(), vec![1]).await), "file");
    walk.console.upload("own.txt".into(), b"mine\n".to_vec()).await.unwrap();
    assert_eq!(walk.console.draft("run").await.unwrap(), None);
    assert_eq!(walk.run(StepId::Test1, "cat own.txt").await.output, "mine\n");
    walk.run(StepId::Test1, "clear").await;
    assert!(walk.console.terminal().await.unwrap().is_empty());
}

#[tokio::test]
async fn no_record_holds_a_secret() {
    let walk = Walk::built().await;
    walk.switch(Persona::SecureKeyAdmin).await;
    walk.run(StepId::Test1, &walk.upload_command("").await).await;
    let id = trilock_lab(&walk).await;
    let mut secrets = Vec::new();
    for persona in [Persona::Admin, Persona::SecureBucketAdmin, Persona::SecureKeyAdmin] {
        let (_, credentials) = walk.site.vault.get(&id, persona).await.unwrap().unwrap();
        secrets.push(credentials.secret_access_key().to_owned());
        secrets.extend(credentials.session_token().map(str::to_owned));
    }
    let rows: Vec<(String, String)> = sqlx::query_as("SELECT record, exchange FROM records")
        .fetch_all(walk.site.store.pool())
        .await
        .unwrap();
    assert!(!rows.is_empty());
    for (record, exchange) in rows {
        for secret in &secrets {
            assert!(!record.contains(secret) && !exchange.contains(secret), "{record}");
        }
    }
}

/// The id of the walk's lab, which no page shows.
async fn trilock_lab(walk: &Walk) -> trilock::store::LabId {
    let id: String =
        sqlx::query_scalar("SELECT state FROM labs").fetch_one(walk.site.store.pool()).await.unwrap();
    let state: trilock::store::LabState = serde_json::from_str(&id).unwrap();
    state.id
}

//! What a browser's session may and may not do, and what survives.

#![allow(clippy::unwrap_used)]

mod support;

use app::console::{Action, Console as _, ConsoleError, ListingId, Listings, Persona, RecordsOf, StepId};
use sandbox::store::sql::sql;
use std::task::{Context, Waker};
use std::time::Duration;
use support::{Walk, invalid_field};
use trilock::cloud::{Clients, Credentials};

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
    let id = walk.lab_id().await;
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
    let id = walk.lab_id().await;
    let mut secrets = Vec::new();
    for persona in [Persona::Admin, Persona::SecureBucketAdmin, Persona::SecureKeyAdmin] {
        let (_, credentials) = walk.site.vault.get(&id, persona).await.unwrap().unwrap();
        secrets.push(credentials.secret_access_key().to_owned());
        secrets.extend(credentials.session_token().map(str::to_owned));
    }
    let rows = sql("SELECT record, exchange FROM records").rows(walk.site.store.on()).await.unwrap();
    assert!(!rows.is_empty());
    for row in rows {
        let (record, exchange): (String, String) = (row.get(0).unwrap(), row.get(1).unwrap());
        for secret in &secrets {
            assert!(!record.contains(secret) && !exchange.contains(secret), "{record}");
        }
    }
}

/// A browser that goes away between a call and its record must not leave the call made and the lab not knowing of it.
#[tokio::test]
async fn what_a_browser_began_is_done_and_recorded_though_it_went_away() {
    let walk = Walk::started(Listings::Corrected).await;
    walk.policies().await;
    walk.roles().await;
    let id = walk.lab_id().await;
    let calls = || async { walk.console.records(RecordsOf::Newest(100)).await.unwrap().len() };
    let mut gone = 0;
    // Some stages are short and others long: a call is given twice the time from one round to the next.
    for patience in (0..14).cycle().take(140).map(|doubled| 1 << doubled) {
        if gone > 2 {
            break;
        }
        let before = calls().await;
        let mut switching = walk.console.switch(Persona::SecureBucketAdmin, None);
        let mut ready = false;
        for _ in 0..patience {
            ready = switching.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready();
            if ready {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(switching);
        tokio::time::sleep(Duration::from_millis(100)).await;
        let acting = walk.lab().await.acting.persona == Persona::SecureBucketAdmin;
        assert_eq!(
            calls().await - before,
            usize::from(acting),
            "a role was taken on, and the call recorded, or neither"
        );
        gone += usize::from(acting && !ready);
        walk.switch(Persona::Admin).await;
        walk.site.vault.end(&id, Persona::SecureBucketAdmin, 0).await.unwrap();
    }
    assert!(gone > 0, "no browser went away while a call was under way");
}

/// A role that was deleted and made again is another role: the credentials held for the first are worth nothing, though their
/// time is not over.
#[tokio::test]
async fn credentials_of_a_role_that_was_made_again_are_renewed_by_the_next_switch() {
    let walk = Walk::built().await;
    let id = walk.lab_id().await;
    walk.switch(Persona::SecureKeyAdmin).await;
    let (_, credentials) = walk.site.vault.get(&id, Persona::Admin).await.unwrap().unwrap();
    let iam = Clients::new(&walk.site.target, &credentials).iam;
    let role = "secure-key-admin";
    let trust = iam.get_role().role_name(role).send().await.unwrap();
    let trust = trust.role().unwrap().assume_role_policy_document().unwrap().to_owned();
    let trust = decoded(&trust);
    let attached = iam.list_attached_role_policies().role_name(role).send().await.unwrap();
    let policy = attached.attached_policies()[0].policy_arn().unwrap().to_owned();
    iam.detach_role_policy().role_name(role).policy_arn(&policy).send().await.unwrap();
    iam.delete_role().role_name(role).send().await.unwrap();
    iam.create_role().role_name(role).assume_role_policy_document(trust).send().await.unwrap();
    iam.attach_role_policy().role_name(role).policy_arn(&policy).send().await.unwrap();
    let record = walk.act(StepId::Test4, Action::RemoveKeyUser).await;
    assert_eq!(record.answer.code.as_deref(), Some("UnrecognizedClientException"), "the old session is dead");
    assert!(
        walk.lab().await.held.iter().all(|held| held.persona != Persona::SecureKeyAdmin),
        "and not held for valid"
    );
    walk.switch(Persona::SecureKeyAdmin).await;
    assert!(walk.lab().await.held.iter().any(|held| held.persona == Persona::SecureKeyAdmin));
}

/// A document as IAM gives it, decoded.
fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8().unwrap().into_owned()
}

/// Only with `TRILOCK_TEST_DATABASE` set.
#[tokio::test]
async fn a_lab_goes_on_after_its_database_was_away() {
    let walk = Walk::started(Listings::Corrected).await;
    walk.policies().await;
    let before = (walk.lab().await, walk.console.records(RecordsOf::Newest(5)).await.unwrap());
    walk.place.disconnect().await;
    assert_eq!((walk.lab().await, walk.console.records(RecordsOf::Newest(5)).await.unwrap()), before);
    walk.console.start(Listings::Printed, walk.console.suggested_bucket()).await.unwrap();
    assert_ne!(walk.lab().await.account_id, before.0.account_id);
}

//! What a step can do for a person: solve itself, be undone, be skipped; and the lab as a whole: listed and removed.

#![allow(clippy::unwrap_used)]

mod support;

use app::console::{
    Action, Console as _, ConsoleError, ListingId, Listings, Persona, StepId, Work, WorkReport,
};
use support::Walk;
use trilock::{cloud::Asked as _, web::ActsAs};

/// Solves a step, which must go to its end, and gives the report.
async fn solved(walk: &Walk, step: StepId) -> WorkReport {
    walk.console.solve(step, None).await.unwrap();
    let lab = walk.lab().await;
    let report = lab.report.clone().unwrap();
    assert_eq!(report.stopped, None, "{step:?}");
    assert!(lab.is_done(step), "{step:?}: {:?}", lab.done);
    assert_eq!((report.work, report.step), (Work::Solve, step));
    agreed(walk, &report).await;
    report
}

/// Undoes a step, which must go to its end and leave nothing to undo.
async fn undone(walk: &Walk, step: StepId) -> WorkReport {
    walk.console.undo(step).await.unwrap();
    let lab = walk.lab().await;
    let report = lab.report.clone().unwrap();
    assert_eq!(report.stopped, None, "{step:?}");
    assert!(!lab.is_done(step), "{step:?}");
    let left = walk.console.undoing(step).await.unwrap();
    assert!(left.removals.is_empty() && left.also.is_empty(), "{step:?}: {left:#?}");
    agreed(walk, &report).await;
    report
}

/// In every call of a report the evaluation agrees with AWS's answer.
async fn agreed(walk: &Walk, report: &WorkReport) {
    for id in &report.records {
        let record = walk.console.record(*id).await.unwrap();
        assert!(record.verdict.agrees, "{}: {}", record.title(), record.verdict.explanation);
    }
}

#[tokio::test]
async fn corrected_every_step_solves_itself_undoes_itself_and_solves_itself_again() {
    let walk = Walk::started(Listings::Corrected).await;
    for step in StepId::ALL {
        solved(&walk, step).await;
    }
    assert_eq!(walk.lab().await.done, StepId::ALL);
    for step in StepId::ALL.into_iter().rev() {
        undone(&walk, step).await;
        solved(&walk, step).await;
        // What stood on it was undone too.
        solved(&walk, StepId::Restore).await;
        solved(&walk, StepId::Test2).await;
        solved(&walk, StepId::Test3).await;
        assert_eq!(walk.lab().await.done, StepId::ALL, "after {step:?}");
    }
}

#[tokio::test]
async fn printed_it_stops_at_create_key_and_goes_on_with_the_correction_that_was_asked_for() {
    let walk = Walk::started(Listings::Printed).await;
    let before = walk.console.solution(StepId::Restore).await.unwrap();
    assert_eq!(before.stops_at, Some(ListingId::KeyAdmin));
    walk.console.solve(StepId::Restore, None).await.unwrap();
    let report = walk.lab().await.report.unwrap();
    let stopped = report.stopped.clone().unwrap();
    assert_eq!(stopped.correct, Some(ListingId::KeyAdmin));
    let refused = walk.console.record(stopped.record.unwrap()).await.unwrap();
    assert_eq!((refused.operation.as_str(), refused.answer.status), ("CreateKey", 400));
    assert_eq!(refused.persona, Persona::SecureKeyAdmin);
    let corrections = Action::listing_form_id("correct", ListingId::KeyAdmin);
    assert!(!walk.lab().await.is_form_done(&corrections), "nothing is corrected unasked");

    walk.console.solve(StepId::Restore, Some(ListingId::KeyAdmin)).await.unwrap();
    assert_eq!(walk.lab().await.report.unwrap().stopped, None);
    for step in StepId::ALL {
        solved(&walk, step).await;
    }
    assert_eq!(walk.lab().await.done, StepId::ALL);
    for step in StepId::ALL.into_iter().rev() {
        undone(&walk, step).await;
        walk.console.solve(step, None).await.unwrap();
        if walk.lab().await.report.unwrap().stopped.is_some() {
            walk.console.solve(step, Some(ListingId::KeyAdmin)).await.unwrap();
        }
        assert!(walk.lab().await.is_done(step), "{step:?}");
        for later in StepId::ALL {
            walk.console.solve(later, None).await.unwrap();
            if walk.lab().await.report.unwrap().stopped.is_some() {
                walk.console.solve(later, Some(ListingId::KeyAdmin)).await.unwrap();
            }
        }
        assert_eq!(walk.lab().await.done, StepId::ALL, "after {step:?}");
    }
}

#[tokio::test]
async fn what_will_be_done_is_said_before_and_is_what_is_done() {
    let walk = Walk::started(Listings::Corrected).await;
    let solution = walk.console.solution(StepId::Test1).await.unwrap();
    let report = solved(&walk, StepId::Test1).await;
    let mut made = Vec::new();
    for id in &report.records {
        let record = walk.console.record(*id).await.unwrap();
        if record.operation != "AssumeRole" && record.persona != Persona::Instance {
            made.push(format!("{}:{}", record.service, record.operation));
        }
    }
    let said: Vec<String> =
        solution.tasks.iter().filter(|task| !task.is_line).flat_map(|task| task.calls.clone()).collect();
    assert_eq!(made, said);
    let typed: Vec<String> =
        walk.console.terminal().await.unwrap().into_iter().map(|entry| entry.line).collect();
    let lines = solution.tasks.iter().filter(|task| task.is_line);
    // Before the key is there its ARN is not known.
    let said: Vec<String> = lines.flat_map(|task| task.calls.clone()).collect();
    assert_eq!(typed.len(), said.len());
    assert_eq!(typed[0], said[0]);
    assert!(walk.console.solution(StepId::Test1).await.unwrap().tasks.is_empty());
}

#[tokio::test]
async fn whoever_was_acting_acts_again_afterwards_unless_the_role_is_gone() {
    let walk = Walk::started(Listings::Corrected).await;
    let report = solved(&walk, StepId::Key).await;
    assert_eq!((report.before, report.after), (Persona::Admin, Persona::Admin));
    walk.switch(Persona::SecureKeyAdmin).await;
    let report = solved(&walk, StepId::BucketPolicy).await;
    assert_eq!((report.before, report.after), (Persona::SecureKeyAdmin, Persona::SecureKeyAdmin));
    let report = undone(&walk, StepId::Roles).await;
    assert_eq!((report.before, report.after), (Persona::SecureKeyAdmin, Persona::Admin));
    assert_eq!(walk.lab().await.acting.persona, Persona::Admin);
    assert!(walk.lab().await.held(Persona::SecureKeyAdmin).is_none());
}

#[tokio::test]
async fn a_tab_that_acts_as_its_own_persona_goes_on_as_that_one_and_the_session_as_its() {
    let walk = Walk::started(Listings::Corrected).await;
    solved(&walk, StepId::Roles).await;
    walk.console.hold(Persona::SecureKeyAdmin, None, false).await.unwrap();
    let own = ActsAs { persona: Persona::SecureKeyAdmin, strictly: false };
    let tab = walk.console.clone().acting_as(Some(own));
    tab.solve(StepId::Test1, None).await.unwrap();
    let report = tab.lab().await.unwrap().unwrap().report.unwrap();
    assert_eq!((report.stopped, report.after), (None, Persona::SecureKeyAdmin));
    assert_eq!(walk.lab().await.acting.persona, Persona::Admin);
    tab.undo(StepId::Roles).await.unwrap();
    let report = walk.lab().await.report.unwrap();
    assert_eq!((report.before, report.after), (Persona::SecureKeyAdmin, Persona::Admin));
}

#[tokio::test]
async fn undo_names_what_it_takes_with_it_and_really_takes_it() {
    let walk = Walk::built().await;
    walk.run(StepId::Test1, &walk.upload_command("").await).await;
    let lab = walk.lab().await;
    let undoing = walk.console.undoing(StepId::Bucket).await.unwrap();
    assert_eq!(undoing.also, [StepId::BucketPolicy, StepId::Test1]);
    let named: Vec<(&str, Option<Persona>)> =
        undoing.removals.iter().map(|removal| (removal.what.as_str(), removal.persona)).collect();
    assert_eq!(
        named,
        [
            ("Object", Some(Persona::Instance)),
            ("File on the instance", Some(Persona::Instance)),
            ("Bucket policy", Some(Persona::SecureBucketAdmin)),
            ("Bucket", Some(Persona::SecureBucketAdmin)),
        ]
    );
    undone(&walk, StepId::Bucket).await;
    let clients = walk.admin().await;
    let gone = clients.s3.head_bucket().bucket(&lab.bucket).send().await;
    assert!(gone.is_err());
    assert!(walk.lab().await.is_done(StepId::Key), "the key does not stand on the bucket");

    let key = lab.key_arn.unwrap();
    undone(&walk, StepId::Key).await;
    let described = clients.kms.describe_key().key_id(&key).send().asked().await.unwrap();
    assert!(described.key_metadata().unwrap().deletion_date().is_some());
    assert_eq!(walk.lab().await.key_arn, None);
    undone(&walk, StepId::Policies).await;
    let roles = clients.iam.list_roles().send().asked().await.unwrap();
    assert!(roles.roles().is_empty());
    let scope = aws_sdk_iam::types::PolicyScopeType::Local;
    let policies = clients.iam.list_policies().scope(scope).send().asked().await.unwrap();
    assert!(policies.policies().is_empty());
    assert_eq!(walk.lab().await.done, []);
}

#[tokio::test]
async fn objects_go_by_admin_when_there_is_no_instance_to_remove_them() {
    let walk = Walk::built().await;
    walk.run(StepId::Test1, &walk.upload_command("").await).await;
    undone(&walk, StepId::Instance).await;
    let lab = walk.lab().await;
    assert_eq!(lab.instance_id, None);
    let clients = walk.admin().await;
    let key = lab.key_arn.unwrap();
    let body = aws_sdk_s3::primitives::ByteStream::from_static(b"x");
    let put = clients.s3.put_object().bucket(&lab.bucket).key("a b").body(body);
    put.server_side_encryption("aws:kms".into()).ssekms_key_id(key).send().asked().await.unwrap();
    let report = undone(&walk, StepId::Bucket).await;
    let first = walk.console.record(report.records[0]).await.unwrap();
    assert_eq!((first.operation.as_str(), first.persona), ("DeleteObject", Persona::Admin));
}

#[tokio::test]
async fn a_versioned_bucket_goes_with_all_its_versions() {
    let walk = Walk::built().await;
    let clients = walk.admin().await;
    let bucket = walk.lab().await.bucket;
    let enabled = aws_sdk_s3::types::BucketVersioningStatus::Enabled;
    let versioning = aws_sdk_s3::types::VersioningConfiguration::builder().status(enabled).build();
    let put = clients.s3.put_bucket_versioning().bucket(&bucket).versioning_configuration(versioning);
    put.send().asked().await.unwrap();
    for _ in 0..2 {
        walk.run(StepId::Test1, &walk.upload_command("").await).await;
    }
    walk.run(StepId::Test1, &format!("aws s3 rm s3://{bucket}/{}", support::PDF)).await;
    let undoing = walk.console.undoing(StepId::Bucket).await.unwrap();
    let versions = undoing.removals.iter().filter(|removal| removal.what == "Version of an object");
    assert_eq!(versions.count(), 3);
    undone(&walk, StepId::Bucket).await;
}

#[tokio::test]
async fn what_was_sent_is_kept_to_be_looked_over_until_it_is_undone() {
    let walk = Walk::started(Listings::Corrected).await;
    let listing = ListingId::BucketAccess;
    let document =
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:HeadBucket","Resource":"*"}}"#;
    let action =
        Action::CreatePolicy { listing, name: "secure-bucket-access".into(), document: document.into() };
    let sent = Action::sent_form_id(&action.form_id());
    walk.done(StepId::Policies, action).await;
    let kept = walk.console.draft(&sent).await.unwrap().unwrap();
    assert_eq!(kept.value("document"), Some(document));
    undone(&walk, StepId::Policies).await;
    assert_eq!(walk.console.draft(&sent).await.unwrap(), None);
}

#[tokio::test]
async fn what_is_in_the_way_stops_it_and_is_shown() {
    let walk = Walk::started(Listings::Corrected).await;
    let clients = walk.admin().await;
    let document =
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#;
    let made = clients.iam.create_policy().policy_name("secure-key-admin").policy_document(document);
    made.send().asked().await.unwrap();
    walk.console.solve(StepId::Roles, None).await.unwrap();
    let lab = walk.lab().await;
    let stopped = lab.report.unwrap().stopped.unwrap();
    assert!(stopped.why.contains("EntityAlreadyExists"), "{}", stopped.why);
    assert_eq!(stopped.correct, None);
    let record = walk.console.record(stopped.record.unwrap()).await.unwrap();
    assert_eq!(record.operation, "CreatePolicy");
    assert!(!lab.done.contains(&StepId::Policies));
    // The way out: undo finds it in AWS though this walk did not make it.
    undone(&walk, StepId::Policies).await;
    solved(&walk, StepId::Roles).await;
}

#[tokio::test]
async fn a_skipped_step_is_passed_over_until_it_is_done_or_taken_up_again() {
    let walk = Walk::started(Listings::Corrected).await;
    walk.console.skip(StepId::Policies, true).await.unwrap();
    let lab = walk.lab().await;
    assert_eq!(
        (lab.skipped.as_slice(), lab.next_step()),
        ([StepId::Policies].as_slice(), Some(StepId::Roles))
    );
    assert!(!lab.is_done(StepId::Policies));
    walk.console.skip(StepId::Policies, false).await.unwrap();
    assert_eq!(walk.lab().await.next_step(), Some(StepId::Policies));
    walk.console.skip(StepId::Policies, true).await.unwrap();
    solved(&walk, StepId::Policies).await;
    assert_eq!(walk.lab().await.skipped, []);
}

#[tokio::test]
async fn each_listing_has_a_spelling_of_its_own() {
    let walk = Walk::started(Listings::Corrected).await;
    let text = async |id| walk.console.listing(id, None).await.unwrap().document;
    walk.console.spell(ListingId::KeyAdmin, Listings::Printed).await.unwrap();
    assert!(text(ListingId::KeyAdmin).await.contains("\" arn:aws:kms:"));
    assert!(text(ListingId::BucketAdmin).await.contains("/*\""));
    assert!(!text(ListingId::BucketPolicy).await.contains("11112222333"));
    walk.console.spell(ListingId::BucketPolicy, Listings::Printed).await.unwrap();
    assert!(text(ListingId::BucketPolicy).await.contains("arn:aws:kms::11112222333:key/1234abcd-"));
    let solution = walk.console.solution(StepId::Key).await.unwrap();
    assert_eq!(solution.stops_at, Some(ListingId::KeyAdmin));

    // What was sent counts, whatever the listing is switched to afterwards.
    solved(&walk, StepId::Policies).await;
    walk.console.spell(ListingId::KeyAdmin, Listings::Corrected).await.unwrap();
    assert_eq!(walk.lab().await.printed, [ListingId::KeyAdmin]);
    walk.console.solve(StepId::Key, None).await.unwrap();
    let stopped = walk.lab().await.report.unwrap().stopped.unwrap();
    assert_eq!(stopped.correct, Some(ListingId::KeyAdmin));
    undone(&walk, StepId::Policies).await;
    assert_eq!(walk.lab().await.printed, []);
    solved(&walk, StepId::Key).await;
}

#[tokio::test]
async fn the_lab_is_listed_with_all_that_is_in_it_and_then_removed() {
    let walk = Walk::started(Listings::Corrected).await;
    solved(&walk, StepId::Test3).await;
    let account = walk.lab().await.account_id;
    let list = walk.console.inventory().await.unwrap();
    let count = |what: &str| list.iter().filter(|thing| thing.what == what).count();
    for (what, many) in [
        ("Account", 1),
        ("Policy", 3),
        ("Role", 3),
        ("Instance profile", 1),
        ("Bucket", 1),
        ("Bucket policy", 1),
        ("Object", 1),
        ("Key", 1),
        ("Alias", 1),
        ("Instance", 1),
        ("Files on the instance", 1),
    ] {
        assert_eq!(count(what), many, "{what}: {list:#?}");
    }
    walk.console.remove_lab().await.unwrap();
    assert_eq!(walk.console.lab().await.unwrap(), None);
    assert_eq!(walk.console.terminal().await.unwrap_err(), ConsoleError::NoLab);
    assert!(walk.site.store.labs().await.unwrap().is_empty());
    assert!(!walk.sandbox.remove_account(&account).await.unwrap(), "the account is gone already");
    walk.console.start(Listings::Corrected, walk.console.suggested_bucket()).await.unwrap();
}

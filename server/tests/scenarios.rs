//! Every scenario, played as its page plays it, on a corrected and on a printed walk: each move comes out as it says, by the lane
//! it says, and putting things back leaves nothing behind.

#![allow(clippy::unwrap_used)]

mod support;

use app::console::{
    Action, Console as _, Lane, Listings, Persona, StepId,
    scenario::{Attempt, Lock, Occasion, Scenario, ScenarioId, Scenarios as _},
};
use support::{Walk, place::Place};
use trilock::cloud::Clients;

/// What the lab's AWS holds that a scenario could change.
async fn world(walk: &Walk) -> Vec<String> {
    let (lab, admin) = (walk.lab().await, walk.admin().await);
    let bucket = &lab.bucket;
    let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap().to_string();
    let policy = admin.s3.get_bucket_policy().bucket(bucket).send().await.unwrap();
    let key =
        admin.kms.get_key_policy().key_id(lab.key_arn.unwrap()).policy_name("default").send().await.unwrap();
    let block = admin.s3.get_public_access_block().bucket(bucket).send().await.unwrap();
    let encryption = admin.s3.get_bucket_encryption().bucket(bucket).send().await.unwrap();
    let objects = admin.s3.list_objects_v2().bucket(bucket).send().await.unwrap();
    let mut world = vec![
        json(policy.policy().unwrap()),
        json(key.policy().unwrap()),
        format!("{:?}", block.public_access_block_configuration()),
        format!("{:?}", encryption.server_side_encryption_configuration()),
        format!("{:?}", objects.contents().iter().map(|object| object.key()).collect::<Vec<_>>()),
    ];
    for role in admin.iam.list_roles().send().await.unwrap().roles() {
        let name = role.role_name();
        let inline = admin.iam.list_role_policies().role_name(name).send().await.unwrap();
        let attached = admin.iam.list_attached_role_policies().role_name(name).send().await.unwrap();
        world.push(format!("{name}: {:?} {:?}", inline.policy_names(), attached.attached_policies()));
        for policy in attached.attached_policies() {
            let arn = policy.policy_arn().unwrap();
            let versions = admin.iam.list_policy_versions().policy_arn(arn).send().await.unwrap();
            let ids = versions
                .versions()
                .iter()
                .map(|version| (version.version_id(), version.is_default_version()));
            world.push(format!("{arn}: {:?}", ids.collect::<Vec<_>>()));
        }
    }
    world
}

fn otherwise(scenario: &Scenario) -> Vec<String> {
    let one = |one: &app::console::scenario::Move| match &one.made {
        None => Some(format!("{:?} {}. {}: not made {:?}", scenario.id, one.number, one.title, one.problem)),
        Some(made) if !made.as_expected => {
            let seen: Vec<String> = made
                .records
                .iter()
                .map(|record| format!("{:?}\n    {}", record.answer, record.verdict.explanation))
                .collect();
            Some(format!(
                "{:?} {}. {}: {}\n  {}",
                scenario.id,
                one.number,
                one.title,
                made.missing,
                seen.join("\n  ")
            ))
        }
        Some(_) => None,
    };
    scenario.moves.iter().filter_map(one).collect()
}

async fn play_all(listings: Listings) {
    let walk = Walk::built_from(listings, Place::passing().await).await;
    let (before, lab) = (world(&walk).await, walk.lab().await);
    let mut wrong = Vec::new();
    for id in ScenarioId::ALL {
        let asked = walk.console.scenario(id).await.unwrap();
        assert!(asked.is_ready(), "{asked:#?}");
        // It stops at a move that comes out otherwise: told below.
        walk.console.play_rest(id).await.unwrap();
        let played = walk.console.scenario(id).await.unwrap();
        wrong.extend(otherwise(&played));
        for record in played.moves.iter().filter_map(|one| one.made.as_ref()).flat_map(|made| &made.records) {
            assert_eq!(record.occasion, Some(Occasion::Scenario(id)));
            assert_eq!(record.step, None);
            if !record.verdict.agrees {
                wrong.push(format!("{id:?} {}: {}", record.operation, record.verdict.explanation));
            }
        }
        assert!(played.open && !played.put_back && !played.undo.is_empty(), "{id:?}");
        walk.console.mend(id).await.unwrap();
        let mended = walk.console.scenario(id).await.unwrap();
        assert_eq!(mended.unmended, Vec::<String>::new(), "{id:?}");
        assert!(!mended.open && mended.put_back, "{id:?}");
        assert!(mended.undo.is_empty() && !mended.without_key_user, "{id:?}");
        assert_eq!(world(&walk).await, before, "{id:?} left something behind");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let after = walk.lab().await;
    assert_eq!((after.done, after.done_forms), (lab.done, lab.done_forms), "scenarios do no step");
    assert_eq!(after.acting, lab.acting, "whoever the session acts as stays");
}

#[tokio::test]
async fn every_scenario_comes_out_as_it_says_on_a_corrected_walk() {
    Box::pin(play_all(Listings::Corrected)).await;
}

#[tokio::test]
async fn every_scenario_comes_out_as_it_says_on_a_printed_walk() {
    Box::pin(play_all(Listings::Printed)).await;
}

#[tokio::test]
async fn two_errors_at_once_leave_no_lock_and_one_error_leaves_the_key() {
    let walk = Walk::built().await;
    walk.console.play_rest(ScenarioId::TwoAtOnce).await.unwrap();
    let drill = walk.console.scenario(ScenarioId::TwoAtOnce).await.unwrap();
    let locks = |number: usize| -> Vec<_> {
        let made = drill.moves[number - 1].made.as_ref().unwrap();
        made.records
            .iter()
            .filter_map(Attempt::of)
            .map(|tried| (tried.what, tried.locks.map(|(_, lock)| lock), tried.through))
            .collect()
    };
    use Lock::{Holds, Open, PassedOver, Silent, WouldBeOpen, WouldHold};
    assert_eq!(
        locks(3),
        [("read", [Holds, Silent, WouldHold], false), ("write", [Holds, Silent, WouldHold], false)]
    );
    assert_eq!(
        locks(5),
        [("read", [PassedOver, Open, Holds], false), ("write", [PassedOver, Open, Holds], false)]
    );
    assert_eq!(
        locks(7),
        [("read", [PassedOver, Open, Open], true), ("write", [PassedOver, Open, Open], true)]
    );
    assert_eq!(
        locks(9),
        [("read", [Holds, Open, WouldBeOpen], false), ("write", [Holds, Open, WouldBeOpen], false)]
    );
    assert_eq!(Lane::ALL[..3], [Lane::Iam, Lane::Bucket, Lane::Key]);
}

#[tokio::test]
async fn one_scenario_is_open_at_a_time_and_survives_in_the_store() {
    let walk = Walk::built().await;
    let (one, other) = (ScenarioId::BucketOpened, ScenarioId::IamTooWide);
    walk.console.play(one, 1, None).await.unwrap();
    let refused = walk.console.play(other, 1, None).await.unwrap_err().to_string();
    assert!(refused.contains("Bucket policy opened to all"), "{refused}");
    assert_eq!(walk.console.scenario(other).await.unwrap().other, Some(one));
    // A policy that was edited stays as typed, and is what was put.
    let typed = "{\"Version\":\"2012-10-17\",\"Statement\":[]}";
    walk.console.play(one, 4, Some(typed.into())).await.unwrap();
    let moved = walk.console.scenario(one).await.unwrap().moves[3].clone();
    assert_eq!(moved.document.unwrap().1, typed);
    assert!(!moved.made.as_ref().unwrap().as_expected);
    assert!(moved.made.unwrap().missing.contains("begin again"));
    assert_eq!(support::invalid_field(walk.console.play(one, 4, Some(" ".into())).await), "document");
    walk.console.mend(one).await.unwrap();
    // What came of the round that is over is still told; what was typed is not offered again.
    let over = walk.console.scenario(one).await.unwrap();
    assert!(over.put_back && over.moves[0].made.is_some());
    assert!(
        over.moves[3].document.as_ref().unwrap().1.contains("OpenToAll") && over.moves[3].problem.is_none()
    );
    walk.console.play(one, 1, None).await.unwrap();
    let anew = walk.console.scenario(one).await.unwrap();
    assert!(!anew.put_back && anew.moves[3].made.is_none());
    walk.console.mend(one).await.unwrap();
    walk.console.play(other, 1, None).await.unwrap();
}

#[tokio::test]
async fn the_second_account_goes_with_the_lab() {
    let walk = Walk::built().await;
    walk.console.play_rest(ScenarioId::KeyOfAnotherAccount).await.unwrap();
    let lab = walk.lab_id().await;
    let (held, credentials) = walk.site.vault.get(&lab, Persona::KeyAccountAdmin).await.unwrap().unwrap();
    assert!(!held.arn.contains(&walk.lab().await.account_id), "{}", held.arn);
    let administrator = Clients::new(&walk.site.target, &credentials);
    administrator.sts.get_caller_identity().send().await.unwrap();
    walk.console.start(Listings::Corrected, walk.console.suggested_bucket()).await.unwrap();
    assert!(administrator.sts.get_caller_identity().send().await.is_err(), "its keys died with it");
}

/// What a check found: how many claims hold, and the others with what is missing.
async fn check(walk: &Walk, step: StepId) -> (usize, Vec<String>) {
    walk.console.check(step).await.unwrap();
    let found = walk.console.checked(step).await.unwrap().unwrap();
    for probed in &found {
        for id in &probed.records {
            let record = walk.console.record(*id).await.unwrap();
            assert_eq!(record.occasion, Some(Occasion::Check(step)));
            assert!(record.verdict.agrees, "{}: {}", probed.claim, record.verdict.explanation);
        }
    }
    let missing: Vec<String> = found
        .iter()
        .filter(|probed| !probed.holds)
        .map(|probed| format!("{}: {}", probed.claim, probed.missing))
        .collect();
    (found.len() - missing.len(), missing)
}

#[tokio::test]
async fn a_check_holds_both_sides_of_every_step_on_a_corrected_walk_and_changes_nothing() {
    let walk = Walk::built().await;
    let (before, done) = (world(&walk).await, walk.lab().await.done);
    for step in StepId::ALL.into_iter().filter(|step| *step != StepId::Test4) {
        let (held, missing) = check(&walk, step).await;
        assert!(held >= 2, "{step:?} proves one side only");
        assert_eq!(missing, Vec::<String>::new(), "{step:?}");
    }
    let (_, missing) = check(&walk, StepId::Test4).await;
    assert!(missing.iter().all(|line| line.contains("still a key user")), "{missing:?}");
    assert_eq!(missing.len(), 2, "{missing:?}");
    assert_eq!(world(&walk).await, before, "a check left something behind");
    assert_eq!(walk.lab().await.done, done, "a check does no step");
    // After test 4's change its claims hold, and those of test 1 do not.
    walk.switch(Persona::SecureKeyAdmin).await;
    walk.done(StepId::Test4, Action::RemoveKeyUser).await;
    assert_eq!(check(&walk, StepId::Test4).await.1, Vec::<String>::new());
    assert_eq!(check(&walk, StepId::Test1).await.1.len(), 1);
    let scenario = walk.console.scenario(ScenarioId::BucketOpened).await.unwrap();
    assert!(scenario.without_key_user && !scenario.is_ready());
}

#[tokio::test]
async fn a_check_of_a_printed_walk_names_the_defects_and_one_before_anything_is_made_says_what_to_make() {
    let walk = Walk::built_from(Listings::Printed, Place::passing().await).await;
    let before = world(&walk).await;
    let (held, missing) = check(&walk, StepId::Policies).await;
    assert_eq!((held, missing.len()), (5, 3), "{missing:?}");
    for (line, advice) in missing.iter().zip(["end in /*", "end in /*", "s3:ListBucket is missing"]) {
        assert!(line.contains(advice), "{line}");
    }
    // The bucket's administrator could put an object: the key refused, not IAM.
    let (_, missing) = check(&walk, StepId::Bucket).await;
    assert!(missing[0].contains("Put the corrected listing in step 1"), "{missing:?}");
    assert_eq!(world(&walk).await, before);

    let empty = Walk::started(Listings::Corrected).await;
    for step in StepId::ALL {
        let (held, missing) = check(&empty, step).await;
        assert_eq!(held, 0, "{step:?} {missing:?}");
        // A lab without a key, a role or an instance has not failed at what it could not try.
        let found = empty.console.checked(step).await.unwrap().unwrap();
        for probed in found.iter().filter(|probed| probed.untried) {
            assert!(!probed.holds && probed.missing.starts_with("Needs "), "{step:?} {probed:?}");
        }
        assert!(step == StepId::Roles || found.iter().any(|probed| probed.untried), "{step:?} {found:?}");
        assert!(missing.iter().all(|line| line.split(": ").last().is_some_and(|advice| advice.len() > 20)));
    }
}

/// `aws-semantics.md` §9, row 34.
#[tokio::test]
async fn before_there_is_a_key_the_check_of_step_3_tells_both_spellings_of_listing_1_apart() {
    for (listings, refused) in [(Listings::Corrected, true), (Listings::Printed, false)] {
        let walk = Walk::on(Place::passing().await).await;
        walk.console.start(listings, walk.console.suggested_bucket()).await.unwrap();
        walk.policies().await;
        walk.roles().await;
        walk.switch(Persona::SecureBucketAdmin).await;
        let bucket = walk.lab().await.bucket;
        walk.done(StepId::Bucket, Action::CreateBucket { name: bucket.clone() }).await;
        let (_, missing) = check(&walk, StepId::Bucket).await;
        let put = |line: &&String| line.starts_with("secure-bucket-admin cannot put an object");
        let told = missing.iter().find(put);
        assert_eq!(told.is_none(), refused, "{listings:?} {missing:?}");
        assert!(told.is_none_or(|line| line.contains("and worked")), "{missing:?}");
        assert!(walk.console.checked(StepId::Bucket).await.unwrap().unwrap().iter().all(|one| !one.untried));
        let objects = walk.admin().await.s3.list_objects_v2().bucket(&bucket).send().await.unwrap();
        assert_eq!(objects.contents().len(), 0, "what it put is deleted again");
    }
}

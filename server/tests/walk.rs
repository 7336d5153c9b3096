//! The whole tutorial, from an empty account to restored access, against the embedded AWS.

#![allow(clippy::unwrap_used)]

mod support;

use app::console::{Action, Console as _, Lane, Persona, StepId};
use policy::LaneVerdict::{Allows, Delegates, Denies, NotConsulted, Silent};
use support::{PDF, Walk, assert_verdict, lane};

#[tokio::test]
async fn the_corrected_walk_goes_from_empty_to_restored_access() {
    let walk = Walk::built().await;
    let lab = walk.lab().await;
    let bucket = lab.bucket.clone();
    assert_eq!(lab.key_user_present, Some(true));

    // Test 1: an encrypted upload is allowed by IAM for S3 and by the key policy for KMS.
    let entry = walk.run(StepId::Test1, &walk.upload_command("").await).await;
    assert_eq!(entry.output, format!("upload: ./{PDF} to s3://{bucket}/{PDF}\n"));
    assert_verdict(&walk.last_call(&entry).await, 200, None, [Allows, Silent, Allows], Some(Lane::Key));

    // Test 2: an unencrypted upload is denied by the bucket policy.
    let entry = walk.run(StepId::Test2, &format!("aws s3 cp {PDF} s3://{bucket}/test2.pdf")).await;
    assert_eq!(entry.status, 1);
    let said = format!(
        "upload failed: ./{PDF} to s3://{bucket}/test2.pdf An error occurred (AccessDenied) when calling the PutObject \
         operation: User: arn:aws:sts::{}:assumed-role/authorized-users/{} is not authorized to perform: s3:PutObject on \
         resource: \"arn:aws:s3:::{bucket}/test2.pdf\" with an explicit deny in a resource-based policy\n",
        lab.account_id,
        lab.instance_id.as_deref().unwrap()
    );
    assert_eq!(entry.output, said);
    let record = walk.last_call(&entry).await;
    assert_verdict(&record, 403, Some("AccessDenied"), [Allows, Denies, NotConsulted], Some(Lane::Bucket));
    assert!(record.verdict.explanation.contains("“DenyUnencryptedObjectUploads” and “DenyWrongKMSKey”"));

    // Test 3: a download is HeadObject, then GetObject.
    let entry = walk.run(StepId::Test3, &walk.download_command("test3.pdf").await).await;
    assert_eq!(entry.output, format!("download: s3://{bucket}/{PDF} to ./test3.pdf\n"));
    let head = walk.console.record(entry.records[0]).await.unwrap();
    assert_verdict(&head, 200, None, [Allows, Silent, NotConsulted], Some(Lane::Iam));
    assert_verdict(&walk.last_call(&entry).await, 200, None, [Allows, Silent, Allows], Some(Lane::Key));
    let sums = walk.run(StepId::Test3, &format!("sha256sum {PDF} test3.pdf")).await.output;
    let sums: Vec<&str> = sums.lines().map(|line| line.split_whitespace().next().unwrap()).collect();
    assert_eq!(sums[0], sums[1]);

    // Test 4: the key user is removed; upload and download fail, and it is the key policy that decides.
    walk.switch(Persona::SecureKeyAdmin).await;
    let record = walk.done(StepId::Test4, Action::RemoveKeyUser).await;
    assert_eq!(lane(&record, Lane::Key), Allows);
    assert_eq!(walk.lab().await.key_user_present, Some(false));
    for (command, action) in [
        (walk.upload_command("test4.pdf").await, "kms:GenerateDataKey"),
        (walk.download_command("test4.pdf").await, "kms:Decrypt"),
    ] {
        let entry = walk.run(StepId::Test4, &command).await;
        let reason = format!("because no identity-based policy allows the {action} action");
        assert!(entry.output.contains(&reason), "{}", entry.output);
        let record = walk.last_call(&entry).await;
        assert_verdict(&record, 403, Some("AccessDenied"), [Silent, Silent, Delegates], Some(Lane::Key));
        let explanation = &record.verdict.explanation;
        assert!(
            explanation.starts_with("What changed is the key policy: it no longer names"),
            "{explanation}"
        );
    }

    // Restoring access.
    walk.done(StepId::Restore, Action::AddKeyUser).await;
    for command in [walk.upload_command("test4.pdf").await, walk.download_command("test4.pdf").await] {
        let entry = walk.run(StepId::Restore, &command).await;
        assert_eq!(entry.status, 0, "{}", entry.output);
        assert_verdict(&walk.last_call(&entry).await, 200, None, [Allows, Silent, Allows], Some(Lane::Key));
    }
    assert_eq!(walk.lab().await.done, StepId::ALL);
}

#[tokio::test]
async fn the_printed_walk_fails_at_create_key_and_goes_on_once_listing_2_is_corrected() {
    use app::console::{ListingId, Listings};
    let walk = Walk::started(Listings::Printed).await;
    walk.policies().await;
    walk.roles().await;
    walk.switch(Persona::SecureKeyAdmin).await;
    let record = walk.act(StepId::Key, walk.key_form()).await;
    assert_verdict(
        &record,
        400,
        Some("AccessDeniedException"),
        [Silent, NotConsulted, NotConsulted],
        Some(Lane::Iam),
    );
    assert!(record.verdict.explanation.contains("begins with a space"), "{}", record.verdict.explanation);
    let draft = walk.console.draft("create-key").await.unwrap().unwrap();
    assert!(draft.problem.unwrap().1.starts_with("AccessDeniedException: "));

    walk.switch(Persona::Admin).await;
    walk.done(StepId::Policies, Action::CorrectPolicy { listing: ListingId::KeyAdmin }).await;
    walk.switch(Persona::SecureKeyAdmin).await;
    walk.done(StepId::Key, walk.key_form()).await;
    assert_eq!(walk.console.draft("create-key").await.unwrap(), None);
}

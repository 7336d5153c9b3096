//! The console explains from outside what the embedded AWS decided inside: for every call of a walk, right roles and wrong,
//! the checks and statements of the verdict are those of the gate's own trace.

#![allow(clippy::unwrap_used)]

mod support;

use app::console::{Action, Console as _, ListingId, Persona, RecordsOf, StepId};
use support::{PDF, Walk, gate};

#[tokio::test]
async fn verdict_and_gate_agree_on_every_check_of_every_call() {
    let walk = Walk::built().await;
    let bucket = walk.lab().await.bucket;
    let document = walk.console.listing(ListingId::BucketPolicy, None).await.unwrap().document;
    let lines = [
        walk.upload_command("").await,
        format!("aws s3 cp {PDF} s3://{bucket}/test2.pdf"),
        format!("aws s3 cp {PDF} s3://{bucket}/test2.pdf --sse AES256"),
        walk.download_command("test3.pdf").await,
        format!("aws s3 cp s3://{bucket}/absent.pdf x.pdf"),
        "aws s3 ls".into(),
        format!("aws s3 ls s3://{bucket}"),
        "aws sts get-caller-identity".into(),
    ];
    for persona in
        [Persona::SecureBucketAdmin, Persona::SecureKeyAdmin, Persona::AuthorizedUsers, Persona::Admin]
    {
        walk.console.switch(persona, None).await.unwrap();
        walk.act(StepId::Bucket, Action::CreateBucket { name: format!("{bucket}-{}", persona.name()) }).await;
        walk.act(StepId::BucketPolicy, Action::PutBucketPolicy { document: document.clone() }).await;
        walk.act(StepId::Key, walk.key_form()).await;
        walk.act(StepId::Instance, Action::LaunchInstance).await;
    }
    walk.switch(Persona::SecureKeyAdmin).await;
    for action in [Action::RemoveKeyUser, Action::AddKeyUser] {
        for line in &lines {
            walk.run(StepId::Test3, line).await;
        }
        walk.act(StepId::Test4, action).await;
    }
    let mut records = walk.console.records(RecordsOf::Newest(500)).await.unwrap();
    records.reverse();
    for record in records {
        gate::assert_same(&walk, &record);
        assert!(record.verdict.agrees, "{}: {}", record.operation, record.verdict.explanation);
    }
}

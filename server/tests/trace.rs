//! The console explains from outside what the embedded AWS decided inside: for every call of a walk, right roles and wrong,
//! the checks and statements of the verdict are those of the gate's own trace.

#![allow(clippy::unwrap_used)]

mod support;

use app::console::{Action, Check, Console as _, ListingId, Persona, RecordsOf, StepId};
use policy::{Explanation, Layer, Outcome};
use support::{PDF, Walk};

/// Action, resource, outcome and the statements that decided.
type Row = (String, String, Outcome, Vec<(String, usize)>);

fn of_trace(action: &str, resource: &str, explanation: &Explanation) -> Row {
    let deciding = explanation
        .lanes
        .iter()
        .filter(|lane| lane.layer != Layer::Grant)
        .flat_map(|lane| &lane.statements)
        .filter(|statement| statement.deciding)
        .map(|statement| (statement.sid.clone().unwrap_or_default(), statement.index))
        .collect();
    (action.into(), resource.into(), explanation.outcome, deciding)
}

fn of_check(check: &Check) -> Row {
    let deciding = check
        .lanes
        .iter()
        .flat_map(|lane| &lane.statements)
        .filter(|statement| statement.deciding)
        .map(|statement| (statement.sid.clone().unwrap_or_default(), statement.index))
        .collect();
    (check.action.clone(), check.resource.clone(), check.outcome, deciding)
}

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
        let id = record
            .answer
            .request_id
            .as_deref()
            .unwrap_or_else(|| panic!("{} has no request id", record.operation));
        let gate: Vec<Row> = walk
            .sandbox
            .trace(id)
            .iter()
            .map(|trace| of_trace(trace.action, &trace.resource, &trace.explanation))
            .collect();
        let verdict: Vec<Row> =
            record.verdict.checks.iter().filter(|check| check.reached).map(of_check).collect();
        // A request that is malformed is refused before the gate is asked; the verdict then says that no policy decided.
        if gate.is_empty() && record.verdict.decided_by.is_none() && !record.answer.succeeded() {
            continue;
        }
        assert_eq!(
            gate, verdict,
            "{} {} as {}: {:?}",
            record.operation, record.subject, record.caller, record.answer
        );
        assert!(record.verdict.agrees, "{}: {}", record.operation, record.verdict.explanation);
    }
}

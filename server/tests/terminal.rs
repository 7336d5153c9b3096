//! What is typed on the instance beyond the tutorial: moves and copies, `s3api`, `kms` and `sts`, each with its verdicts, and
//! the files and keys that a person takes away.

#![allow(clippy::unwrap_used)]

mod support;

use app::console::{Action, Console as _, Lane, Persona, StepId, TerminalEntry};
use policy::LaneVerdict::{Allows, Delegates, Denies, NotConsulted, Silent};
use serde_json::Value;
use support::{PDF, Walk, assert_verdict};
use trilock::console::OwnKey;

async fn typed(walk: &Walk, line: &str) -> TerminalEntry {
    let entry = walk.run(StepId::Test1, line).await;
    for id in &entry.records {
        let record = walk.console.record(*id).await.unwrap();
        assert!(record.verdict.agrees, "{line}: {}: {}", record.operation, record.verdict.explanation);
    }
    entry
}

async fn json(walk: &Walk, line: &str) -> Value {
    let entry = typed(walk, line).await;
    assert_eq!(entry.status, 0, "{line}: {}", entry.output);
    serde_json::from_str(&entry.output).unwrap()
}

async fn operations(walk: &Walk, entry: &TerminalEntry) -> Vec<String> {
    let mut operations = Vec::new();
    for id in &entry.records {
        operations.push(walk.console.record(*id).await.unwrap().operation);
    }
    operations
}

#[tokio::test]
async fn moving_an_object_copies_it_and_then_deletes_its_source() {
    let walk = Walk::built().await;
    let (bucket, key) = (walk.lab().await.bucket, walk.lab().await.key_arn.unwrap());
    typed(&walk, &walk.upload_command("").await).await;
    let encrypted = format!("--sse aws:kms --sse-kms-key-id {key}");

    let moved = typed(&walk, &format!("aws s3 mv s3://{bucket}/{PDF} s3://{bucket}/m.pdf {encrypted}")).await;
    assert_eq!(moved.output, format!("move: s3://{bucket}/{PDF} to s3://{bucket}/m.pdf\n"));
    assert_eq!(operations(&walk, &moved).await, ["HeadObject", "CopyObject", "DeleteObject"]);
    let copy = walk.console.record(moved.records[1]).await.unwrap();
    assert_verdict(&copy, 200, None, [Allows, Silent, Allows], Some(Lane::Key));
    let actions: Vec<_> = copy.verdict.checks.iter().map(|check| check.action.as_str()).collect();
    assert_eq!(actions, ["s3:GetObject", "s3:PutObject", "kms:Decrypt", "kms:GenerateDataKey"]);

    // A copy is a PutObject to the bucket policy: without the header it is denied, and a move leaves the source.
    let plain = typed(&walk, &format!("aws s3 mv s3://{bucket}/m.pdf s3://{bucket}/n.pdf")).await;
    assert_eq!(
        (plain.status, operations(&walk, &plain).await),
        (1, vec!["HeadObject".into(), "CopyObject".into()])
    );
    assert!(plain.output.starts_with(&format!(
        "move failed: s3://{bucket}/m.pdf to s3://{bucket}/n.pdf An error occurred (AccessDenied) when calling the CopyObject"
    )));
    let denied = walk.last_call(&plain).await;
    assert_verdict(&denied, 403, Some("AccessDenied"), [Allows, Denies, NotConsulted], Some(Lane::Bucket));

    let down = typed(&walk, &format!("aws s3 mv s3://{bucket}/m.pdf .")).await;
    assert_eq!(down.output, format!("move: s3://{bucket}/m.pdf to ./m.pdf\n"));
    assert_eq!(operations(&walk, &down).await, ["HeadObject", "GetObject", "DeleteObject"]);
    let up = typed(&walk, &format!("aws s3 mv m.pdf s3://{bucket}/ {encrypted}")).await;
    assert_eq!(up.output, format!("move: ./m.pdf to s3://{bucket}/m.pdf\n"));
    assert_eq!(typed(&walk, "ls").await.output, format!("{PDF}\n"), "a file that was moved is gone");
}

#[tokio::test]
async fn a_key_encrypts_and_decrypts_what_files_hold() {
    let walk = Walk::built().await;
    let key = walk.lab().await.key_arn.unwrap();
    walk.console.upload("plain.txt".into(), b"the secret".to_vec()).await.unwrap();
    let encrypted = json(
        &walk,
        &format!("aws kms encrypt --key-id {key} --plaintext fileb://plain.txt --encryption-context team=a"),
    )
    .await;
    assert_eq!(encrypted["KeyId"], key.as_str());
    let blob = encrypted["CiphertextBlob"].as_str().unwrap();

    // Without a key's name the verdict still is about the key: the ciphertext names it.
    let decrypted = format!("aws kms decrypt --ciphertext-blob {blob} --encryption-context team=a");
    let entry = typed(&walk, &decrypted).await;
    assert!(entry.output.contains("\"Plaintext\": \"dGhlIHNlY3JldA==\""), "{}", entry.output);
    assert_verdict(&walk.last_call(&entry).await, 200, None, [Silent, NotConsulted, Allows], Some(Lane::Key));

    let wrong = typed(&walk, &format!("aws kms decrypt --ciphertext-blob {blob}")).await;
    assert_eq!(wrong.status, 254);
    assert!(
        wrong.output.contains("(InvalidCiphertextException) when calling the Decrypt operation"),
        "{}",
        wrong.output
    );

    walk.switch(Persona::SecureKeyAdmin).await;
    walk.done(StepId::Test4, Action::RemoveKeyUser).await;
    let refused = typed(&walk, &decrypted).await;
    assert_eq!(refused.status, 254);
    let record = walk.last_call(&refused).await;
    assert_verdict(
        &record,
        400,
        Some("AccessDeniedException"),
        [Silent, NotConsulted, Delegates],
        // As for the download through S3: what turned the answer is the key policy.
        Some(Lane::Key),
    );
    // Key users never had this one (`aws-semantics.md` §9, row 44).
    let managing = typed(&walk, &format!("aws kms get-key-policy --key-id {key}")).await;
    let record = walk.last_call(&managing).await;
    assert_eq!((record.answer.status, record.verdict.decided_by), (400, Some(Lane::Iam)));
    assert!(!record.verdict.explanation.contains("What changed"), "{}", record.verdict.explanation);
}

#[tokio::test]
async fn what_a_command_prints_of_secrets_is_kept_in_no_record() {
    let walk = Walk::built().await;
    let key = walk.lab().await.key_arn.unwrap();
    let entry = typed(&walk, &format!("aws kms generate-data-key --key-id {key} --number-of-bytes 32")).await;
    let made: Value = serde_json::from_str(&entry.output).unwrap();
    let plaintext = made["Plaintext"].as_str().unwrap();
    assert_eq!(plaintext.len(), 44);
    let id = *entry.records.last().unwrap();
    let record = serde_json::to_string(&walk.console.record(id).await.unwrap()).unwrap();
    let wire = serde_json::to_string(&walk.console.wire(id).await.unwrap()).unwrap();
    assert!(!record.contains(plaintext) && !wire.contains(plaintext));
    assert!(wire.contains(&format!("aws kms generate-data-key \\\\\\n  --key-id {key}")), "{wire}");

    let without = json(
        &walk,
        &format!("aws kms generate-data-key-without-plaintext --key-id {key} --key-spec AES_128"),
    )
    .await;
    assert!(without.get("Plaintext").is_none());
}

#[tokio::test]
async fn nobody_lets_the_instance_assume_a_role_or_write_the_key_policy() {
    let walk = Walk::built().await;
    let lab = walk.lab().await;
    let role = format!("arn:aws:iam::{}:role/secure-key-admin", lab.account_id);
    let entry =
        typed(&walk, &format!("aws sts assume-role --role-arn {role} --role-session-name probe")).await;
    assert_eq!(entry.status, 254);
    assert!(
        entry
            .output
            .starts_with("\nAn error occurred (AccessDenied) when calling the AssumeRole operation: ")
    );
    let key = lab.key_arn.unwrap();
    walk.console.upload("policy.json".into(), b"{}".to_vec()).await.unwrap();
    let entry =
        typed(&walk, &format!("aws kms put-key-policy --key-id {key} --policy file://policy.json")).await;
    assert!(
        entry.output.contains("(AccessDeniedException) when calling the PutKeyPolicy operation"),
        "{}",
        entry.output
    );
    let other = typed(&walk, "aws kms list-keys --region eu-west-1").await;
    assert_eq!((other.status, other.records.len()), (252, 0), "{}", other.output);
}

#[tokio::test]
async fn files_are_copied_renamed_listed_and_saved() {
    let walk = Walk::built().await;
    assert_eq!(typed(&walk, &format!("cp {PDF} a.pdf")).await.status, 0);
    assert_eq!(typed(&walk, "mv a.pdf b.pdf").await.status, 0);
    let sums = typed(&walk, &format!("sha256sum {PDF} b.pdf")).await.output;
    let sums: Vec<&str> = sums.lines().map(|line| line.split("  ").next().unwrap()).collect();
    assert_eq!(sums[0], sums[1]);
    assert_eq!(
        typed(&walk, "ls b.pdf nothing").await.output,
        "ls: cannot access 'nothing': No such file or directory\nb.pdf\n"
    );
    let names: Vec<_> = walk.console.files().await.unwrap().into_iter().map(|file| file.name).collect();
    assert_eq!(names, [PDF, "b.pdf"]);
    assert!(walk.console.file("b.pdf").await.unwrap().starts_with(b"%PDF"));
    walk.console.remove_file("b.pdf".into()).await.unwrap();
    walk.console.remove_file("b.pdf".into()).await.unwrap();
    assert!(walk.console.file("b.pdf").await.is_err());
    assert!(walk.console.completion().await.unwrap().names.starts_with(&format!("*\t{PDF}\ts3://")));
    assert!(walk.other_browser().file(PDF).await.is_err(), "a file is of one lab");
}

#[tokio::test]
async fn the_access_key_for_a_persons_own_shell_is_made_by_a_call_and_replaced_by_the_next() {
    let walk = Walk::built().await;
    let key_of = |key: OwnKey| match key {
        OwnKey::File(text) => {
            text.lines().nth(1).unwrap().strip_prefix("aws_access_key_id = ").unwrap().to_owned()
        }
        OwnKey::Refused(call) => panic!("call {call} was refused"),
    };
    let first = key_of(walk.console.create_own_key().await.unwrap());
    assert_eq!(walk.lab().await.own_access_key.as_deref(), Some(first.as_str()));
    let second = key_of(walk.console.create_own_key().await.unwrap());
    assert_ne!(first, second);
    let deleted = walk.console.delete_own_key().await.unwrap();
    let record = walk.console.record(*deleted.last().unwrap()).await.unwrap();
    assert_eq!((record.operation.as_str(), record.persona), ("DeleteAccessKey", Persona::Admin));
    assert_verdict(&record, 200, None, [Allows, NotConsulted, NotConsulted], Some(Lane::Iam));
    assert_eq!(walk.lab().await.own_access_key, None);
    // The console's own key is another one.
    walk.switch(Persona::SecureBucketAdmin).await;
}

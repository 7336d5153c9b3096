//! Two accounts, each with an administrator, and one who has no account: every operation, tried on what belongs to another.

use std::collections::BTreeSet;

use crate::support::calls::Plain;
use crate::support::samples;
use crate::support::world::{Rows, Template, World, difference};
use crate::support::{Answer, Keys, account};

/// What AWS tells whoever may ask: whose an access key is, and who one is oneself.
const TOLD_TO_ALL: [&str; 3] = ["GetAccessKeyInfo", "GetCallerIdentity", "GetSessionToken"];

/// What only the account itself may come to know.
fn secrets(world: &World) -> Vec<String> {
    let texts = [
        "the plain text",
        "the sealed text",
        "the first text",
        "the second text",
        "the first part",
        "aGVsbG8=",
    ];
    let names = world.names.iter().filter(|(name, _)| !["document", "trust"].contains(&name.as_str()));
    let mut secrets: Vec<String> = names.map(|(_, value)| value.clone()).collect();
    secrets.extend(texts.map(str::to_owned));
    secrets.extend(
        ["sample-user", "sample-role", "sample-group", "sample-profile", "alias/sample"].map(str::to_owned),
    );
    secrets
}

/// Nothing of the account is told, and nothing of it is changed. What the caller sent itself may come back in an error.
fn is_kept(
    world: &World,
    name: &str,
    sent: &Plain,
    answer: &Answer,
    (before, after): (&Rows, &Rows),
    stranger: Option<&str>,
) {
    assert!(answer.status != 500, "{name}: {}", answer.text());
    if answer.status < 300 && !TOLD_TO_ALL.iter().any(|told| name.contains(told)) {
        let text = answer.text();
        let sent = format!("{}{:?}{}", sent.path, sent.headers, String::from_utf8_lossy(&sent.body));
        let sent = percent_encoding::percent_decode_str(&sent).decode_utf8_lossy();
        for secret in secrets(world).iter().filter(|secret| !sent.contains(secret.as_str())) {
            assert!(!text.contains(secret), "{name} tells {secret}: {text}");
        }
    }
    for row in before {
        assert!(after.contains(row), "{name} changed: {}", difference(before, after));
    }
    // What is new belongs to the stranger: its own users, keys and buckets.
    let new: BTreeSet<_> = after.difference(before).collect();
    let own = |row: &&&String| stranger.is_some_and(|account| row.contains(&format!("'{account}'")));
    assert!(new.iter().all(|row| own(&row)), "{name} added: {}", difference(before, after));
}

async fn try_all(keys: impl AsyncFn(&World) -> (Option<Keys>, Option<String>)) {
    let template = Template::build().await;
    for sample in samples::all() {
        let world = template.world().await;
        let (keys, account) = keys(&world).await;
        let plain = sample.plain(&world.names);
        let before = world.rows().await;
        let answer = plain.send(&world.lab.sandbox, keys.as_ref()).await;
        let after = world.rows().await;
        is_kept(&world, &sample.name(), &plain, &answer, (&before, &after), account.as_deref());
    }
}

#[tokio::test]
async fn another_accounts_administrator_reads_and_changes_nothing() {
    try_all(async |world: &World| {
        let (account, admin) = account(&world.lab.sandbox).await;
        (Some(admin), Some(account))
    })
    .await;
}

#[tokio::test]
async fn a_user_without_permissions_reads_and_changes_nothing() {
    try_all(async |world: &World| (Some(world.tester.clone()), None)).await;
}

#[tokio::test]
async fn nobody_at_all_reads_and_changes_nothing() {
    try_all(async |_: &World| (None, None)).await;
}

//! What the rows say, what is in memory and what is there are the same, whatever happens.
#![allow(clippy::unwrap_used)]

use std::convert::Infallible;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};

use futures::FutureExt as _;

use super::*;
use crate::model::{Account, Versioning};
use crate::store::removal::remove_some_objects;
use crate::store::samples::{OWNER, make_bucket, object, part, store_with_bucket, upload_of};
use crate::store::{NULL_VERSION, ObjectRow, PartRow, Storage, Terms, UploadRow, new_version_id};

async fn remove_bucket(store: &Store, name: &str) {
    let remove = |account: &mut Account| {
        account.buckets.remove(name);
        Ok::<_, Infallible>(())
    };
    // Refused while there are objects.
    let _ = store.change(OWNER, remove).await;
}

/// Asserts that nothing is promised any more and that row, memory and a count of everything agree.
async fn assert_true(store: &Store, when: &str) -> Stock {
    let counted = store.write(0, (), |(), tx| async move { count(tx).await }.boxed()).await.unwrap();
    let counted = counted.get(OWNER).copied().unwrap_or_default();
    let rows = store.write(0, (), |(), tx| async move { load(tx).await }.boxed()).await.unwrap();
    let row = rows.into_iter().find(|(account, _)| account == OWNER).map_or(Stock::default(), |(_, row)| row);
    let (entry, total) = store
        .memory()
        .ledger
        .with(|books| (books.accounts.get(OWNER).copied().unwrap_or_default(), books.total));
    assert_eq!((row, entry.held, total.held), (counted, counted, counted), "{when}");
    assert_eq!((entry.promised, total.promised), (Stock::default(), Stock::default()), "{when}");
    counted
}

async fn open(storage: &Storage) -> Store {
    Store::open(storage, None, 1 << 20).await.unwrap()
}

#[tokio::test]
async fn what_is_counted_is_what_is_there_after_anything() {
    let folder = std::env::temp_dir().join(format!("trilock-usage-{}", uuid::Uuid::new_v4()));
    let storage = Storage::Directory(folder.clone());
    let mut store = open(&storage).await;
    store.create_account(OWNER, |_| Ok::<_, Infallible>(())).await.unwrap();
    let seed = RandomState::new().build_hasher().finish();
    let mut state = seed;
    let mut random = move |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let terms = Terms { owner: OWNER, only_if: None };
    let mut uploads: Vec<UploadRow> = Vec::new();
    let (mut most, mut held) = (Stock::default(), Vec::new());
    for step in 0..600 {
        let bucket = ["bucket-1", "bucket-2"][random(2) as usize];
        let key = ["a", "b", "c"][random(3) as usize];
        let versioning = [None, Some(Versioning::Enabled), Some(Versioning::Suspended)][random(3) as usize];
        let version = match versioning {
            Some(Versioning::Enabled) => new_version_id(),
            _ => NULL_VERSION.into(),
        };
        match random(12) {
            0 => make_bucket(&store, bucket).await,
            1 => remove_bucket(&store, bucket).await,
            2..=4 => {
                let row = object(bucket, key, &version, random(5_000));
                let chunks = random(2) as i64;
                for chunk in 0..chunks {
                    store.put_chunk(&row.data, chunk, b"bytes").await.unwrap();
                }
                let written = store.put_object(&row, terms, (chunks, b"bytes")).await.unwrap();
                if let (Ok(()), 0) = (written, random(3)) {
                    held.push(store.hold(&row).await.unwrap());
                }
            }
            5 => drop(store.delete_object((OWNER, bucket, key), versioning, None, 0).await.unwrap()),
            6 => {
                let there = store.version(bucket, key, None).await.unwrap();
                let id = there.map_or_else(|| NULL_VERSION.to_owned(), |there| there.id);
                drop(store.delete_version((OWNER, bucket, key), &id, None).await.unwrap());
            }
            7 => {
                let upload = upload_of(bucket, key);
                drop(store.create_upload(&upload, OWNER).await.unwrap());
                uploads.push(upload);
            }
            8..=9 if !uploads.is_empty() => {
                let upload = &uploads[random(uploads.len() as u64) as usize];
                let part = part(1 + random(3) as i64, step, random(5_000));
                drop(store.put_part(upload, &part, (part.first, b"bytes")).await.unwrap());
            }
            10 if !uploads.is_empty() => {
                let upload = uploads.swap_remove(random(uploads.len() as u64) as usize);
                let parts: Vec<PartRow> = store.parts(&upload.id, random(2) as i64).await.unwrap();
                let size = parts.iter().map(|part| part.size).sum();
                let object = ObjectRow { size, parts, version, ..upload.object.clone() };
                drop(store.complete_upload(&upload.id, &object, terms).await.unwrap());
            }
            11 if !uploads.is_empty() => {
                let upload = uploads.swap_remove(random(uploads.len() as u64) as usize);
                store.abort_upload(&upload).await.unwrap();
            }
            _ => held.clear(),
        }
        if step % 20 == 0 {
            held.clear();
            // Bytes that were held go on a task of their own.
            for _ in 0..200 {
                let promised = store.memory().ledger.with(|books| books.total.promised);
                if promised == Stock::default() {
                    break;
                }
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
            let now = assert_true(&store, &format!("seed {seed}, step {step}")).await;
            (most.bytes, most.objects) = (most.bytes.max(now.bytes), most.objects.max(now.objects));
        }
        if step % 200 == 199 {
            held.clear();
            store.close().await;
            store = open(&storage).await;
            store.account(OWNER).await.unwrap();
        }
    }
    assert!(most.bytes > 10_000 && most.objects > 5, "the walk did something: {most:?}");
    // A database of a version that did not count: its rows are made when it is opened.
    let before = assert_true(&store, "at the end").await;
    store.write(0, (), |(), tx| tx.run(sql("DELETE FROM stock")).boxed()).await.unwrap();
    store.close().await;
    let store = open(&storage).await;
    assert_eq!(assert_true(&store, "counted anew").await, before);
    // Writers who cross each other, and an account that goes with all it has.
    make_bucket(&store, "bucket-1").await;
    let rows: Vec<_> =
        (0..40).map(|number| object("bucket-1", &number.to_string(), NULL_VERSION, 100)).collect();
    let (puts, removed) = tokio::join!(
        futures::future::join_all(rows.iter().map(|row| store.put_object(row, terms, (0, b"bytes")))),
        store.remove_account(OWNER)
    );
    assert!(removed.unwrap() && puts.iter().all(Result::is_ok));
    assert_eq!(assert_true(&store, "without its account").await, Stock::default());
    store.close().await;
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn what_is_left_of_an_account_that_is_half_removed_is_what_counts() {
    let store = store_with_bucket("bucket").await;
    let terms = Terms { owner: OWNER, only_if: None };
    let rows: Vec<_> =
        (0..700).map(|number| object("bucket", &number.to_string(), NULL_VERSION, 100)).collect();
    let puts = rows.iter().map(|row| store.put_object(row, terms, (0, b"bytes")));
    assert!(futures::future::join_all(puts).await.into_iter().all(|put| put.unwrap().is_ok()));
    let before = assert_true(&store, "before").await;
    let more = store.write(0, (), |(), tx| remove_some_objects(tx, OWNER).boxed()).await.unwrap();
    // As if the process had ended here.
    let left = assert_true(&store, "half removed").await;
    assert!(more && left.objects > 0 && left.objects < before.objects, "{left:?} of {before:?}");
    assert!(store.remove_account(OWNER).await.unwrap());
    assert_eq!(assert_true(&store, "removed").await, Stock::default());
}

#[tokio::test]
async fn no_more_is_promised_than_the_limits_allow() {
    let store = open(&Storage::InMemory).await;
    let limits = Limits {
        account: Stock { bytes: 100, objects: 2 },
        process: Stock { bytes: 150, objects: 3 },
        ..Limits::default()
    };
    let promise = |account: &str, bytes, objects| store.promise(account, Stock { bytes, objects }, &limits);
    let mut first = promise("a", 60, 1).unwrap();
    assert_eq!(promise("a", 41, 0).unwrap_err(), Full::Account);
    let second = promise("a", 40, 1).unwrap();
    assert_eq!(promise("a", 0, 1).unwrap_err(), Full::Account, "objects are counted too");
    assert_eq!(promise("b", 51, 0).unwrap_err(), Full::Process);
    let third = promise("b", 50, 1).unwrap();
    assert_eq!(promise("c", 0, 1).unwrap_err(), Full::Process);
    assert_eq!(first.cover(61, &limits).unwrap_err(), Full::Account);
    drop(second);
    drop(third);
    first.cover(100, &limits).unwrap();
    first.cover(80, &limits).unwrap();
    assert_eq!(promise("a", 1, 0).unwrap_err(), Full::Account, "what is covered stays so");
    drop(first);
    drop(promise("a", 100, 2).unwrap());
}

#[tokio::test]
async fn of_accounts_that_hold_nothing_and_were_promised_nothing_nothing_is_kept() {
    let store = open(&Storage::InMemory).await;
    let ledger = &store.memory().ledger;
    let known = || ledger.with(|books| books.accounts.len());
    let some = Stock { bytes: 1, objects: 1 };
    let promises = ["a", "b"].map(|account| store.promise(account, some, &Limits::default()).unwrap());
    ledger.settle("b".into(), some);
    ledger.settle("c".into(), some);
    assert_eq!(known(), 3);
    drop(promises);
    assert_eq!(known(), 2, "the room for `a` came to nothing");
    ledger.settle("b".into(), Stock::default());
    ledger.settle("never held".into(), Stock::default());
    assert_eq!(known(), 1);
    ledger.reset(Vec::new());
    assert_eq!(known(), 0, "`c` is gone from the rows");
}

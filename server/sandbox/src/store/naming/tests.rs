//! What is demanded of a version holds when it is written or removed, not when somebody looked.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::store::samples::{OWNER, object, store_with_bucket};

const PLACE: (&str, &str, &str) = (OWNER, "bucket", "key");
const TERMS: Terms<'_> = Terms { owner: OWNER, only_if: None };

async fn put(store: &Store, version: &str, etag: &str) {
    let row = ObjectRow { etag: etag.into(), ..object("bucket", "key", version, 5) };
    store.put_object(&row, TERMS, (0, b"bytes")).await.unwrap().unwrap();
}

fn tagged(etag: &str) -> OnlyIf {
    OnlyIf::Etag(etag.into())
}

#[tokio::test]
async fn a_version_is_removed_if_it_is_itself_what_was_demanded() {
    let store = store_with_bucket("bucket").await;
    let remove = async |version: &str, only_if: OnlyIf| {
        let removed = store.delete_version(PLACE, version, Some(&only_if)).await.unwrap();
        removed.map(|removed| removed.version.unwrap())
    };
    put(&store, NULL_VERSION, "looked at").await;
    // Replaced since it was looked at.
    put(&store, NULL_VERSION, "null").await;
    let later = new_version_id();
    put(&store, &later, "later").await;
    for etag in ["looked at", "later"] {
        let refused = remove(NULL_VERSION, tagged(etag)).await;
        assert_eq!(refused, Err(Refused::Changed(tagged(etag))), "{etag}");
    }
    assert_eq!(remove(&later, tagged("null")).await, Err(Refused::Changed(tagged("null"))));
    assert_eq!(remove(NULL_VERSION, tagged("null")).await.as_deref(), Ok(NULL_VERSION));
    for only_if in [tagged("null"), OnlyIf::Present] {
        assert_eq!(remove(NULL_VERSION, only_if).await, Err(Refused::Missing));
    }
    assert_eq!(remove(&later, OnlyIf::Present).await, Ok(later.clone()));
    assert!(store.version("bucket", "key", None).await.unwrap().is_none());
}

#[tokio::test]
async fn of_removals_that_are_made_together_each_has_its_own_condition() {
    let store = store_with_bucket("bucket").await;
    let keys: Vec<String> = (0..8).map(|number| number.to_string()).collect();
    for key in &keys {
        let row = ObjectRow { etag: key.clone(), ..object("bucket", key, NULL_VERSION, 5) };
        store.put_object(&row, TERMS, (0, b"bytes")).await.unwrap().unwrap();
    }
    let (even, odd) = (tagged("even"), OnlyIf::Present);
    let removals = keys.iter().enumerate().map(|(number, key)| {
        let only_if = if number % 2 == 0 { &even } else { &odd };
        store.delete_version((OWNER, "bucket", key), NULL_VERSION, Some(only_if))
    });
    let removed: Vec<bool> = futures::future::join_all(removals)
        .await
        .into_iter()
        .map(|removed| removed.unwrap().is_ok())
        .collect();
    assert_eq!(removed, [false, true, false, true, false, true, false, true]);
}

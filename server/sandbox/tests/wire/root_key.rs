//! Where the root key comes from: a file, a key that is given, or a passphrase; and what is said when it is not the right one.

use crate::support;
use crate::support::Lab;
use crate::support::place::Place;
use crate::support::steps::s3;
use sandbox::crypto::Key;
use sandbox::{Config, RootKey, Sandbox};

fn given(byte: u8) -> Option<RootKey> {
    Some(RootKey::Given(Key::from_bytes(&[byte; 32]).unwrap()))
}

fn passphrase(text: &str) -> Option<RootKey> {
    Some(RootKey::Passphrase(text.to_owned().into()))
}

async fn refused(place: &Place, root_key: Option<RootKey>) -> String {
    Sandbox::open(Config { root_key, ..place.config() }).await.unwrap_err().to_string()
}

const WRONG: &str = "the root key does not open this database: it was written under another one; put back";

#[tokio::test]
async fn what_was_written_under_a_key_opens_under_no_other() {
    let place = Place::lasting().await;
    let sandbox = Sandbox::open(Config { root_key: given(1), ..place.config() }).await.unwrap();
    sandbox.close().await;
    for wrong in [given(2), passphrase("a passphrase")] {
        let message = refused(&place, wrong).await;
        assert!(message.starts_with(WRONG), "{message}");
    }
    Sandbox::open(Config { root_key: given(1), ..place.config() }).await.unwrap();
}

#[tokio::test]
async fn what_was_written_under_a_passphrase_opens_under_no_other() {
    let place = Place::lasting().await;
    let config = Config { root_key: passphrase("a passphrase"), ..place.config() };
    let sandbox = Sandbox::open(config.clone()).await.unwrap();
    let (_, admin) = support::account(&sandbox).await;
    sandbox.close().await;
    let message = refused(&place, passphrase("another")).await;
    assert!(message.starts_with(WRONG), "{message}");
    // The salt is in the database: the same passphrase gives the same key again.
    let sandbox = Sandbox::open(config).await.unwrap();
    let asked = support::call(&sandbox, Some(&admin), "s3", "GET", "/", &[], b"").await;
    assert_eq!(asked.status, 200, "{}", asked.text());
}

#[tokio::test]
async fn a_key_in_the_folder_and_another_that_is_given_are_one_too_many() {
    let place = Place::folder();
    let lab = Lab::at(place, Config::default()).await;
    s3(&lab, "PUT", "/bucket-1", &[], b"").await;
    lab.sandbox.close().await;
    let message = refused(&lab.place, given(1)).await;
    assert!(
        message.starts_with("the root key is given twice, in TRILOCK_ROOT_KEY and in the file"),
        "{message}"
    );
    let Place::Folder(folder) = &lab.place else { unreachable!() };
    let file = folder.join("aws.key");
    std::fs::rename(&file, folder.join("aside")).unwrap();
    // A new key would open nothing, so none is made.
    let message = refused(&lab.place, None).await;
    assert!(message.contains("is missing: put it back from your backup"), "{message}");
    assert!(!file.exists());
    let raw = std::fs::read(folder.join("aside")).unwrap();
    let moved = Some(RootKey::Given(Key::from_bytes(&raw).unwrap()));
    Sandbox::open(Config { root_key: moved, ..lab.place.config() }).await.unwrap();
}

#[tokio::test]
async fn a_database_without_a_root_key_is_refused_with_advice() {
    let place = Place::lasting().await;
    let Place::Schema { .. } = place else { return };
    let message = refused(&place, None).await;
    assert!(message.starts_with("there is no root key: set TRILOCK_ROOT_KEY to 32 bytes"), "{message}");
}

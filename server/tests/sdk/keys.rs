//! KMS: cryptography, grants, and errors by their types.

use std::collections::HashMap;

use aws_sdk_kms::error::ProvideErrorMetadata as _;
use aws_sdk_kms::operation::decrypt::DecryptError;
use aws_sdk_kms::operation::encrypt::EncryptError;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{DataKeySpec, GrantConstraints, GrantOperation, KeyState};

use crate::lab::{ACCOUNT, Lab, Person};

async fn key(person: &Person) -> String {
    person.kms.create_key().send().await.unwrap().key_metadata.unwrap().arn.unwrap()
}

#[tokio::test]
async fn what_is_encrypted_opens_under_the_same_context_alone() {
    let lab = Lab::start();
    let kms = lab.root().kms;
    let key = key(&lab.root()).await;
    let context = HashMap::from([("team".to_owned(), "security".to_owned())]);
    let encrypt = kms.encrypt().key_id(&key).set_encryption_context(Some(context.clone()));
    let sealed = encrypt.plaintext(Blob::new("a secret")).send().await.unwrap().ciphertext_blob.unwrap();
    let decrypt = kms.decrypt().ciphertext_blob(sealed.clone()).set_encryption_context(Some(context.clone()));
    let opened = decrypt.send().await.unwrap();
    assert_eq!(opened.plaintext().unwrap().as_ref(), b"a secret");
    assert_eq!(opened.key_id(), Some(key.as_str()));
    let refused = kms.decrypt().ciphertext_blob(sealed).send().await.unwrap_err();
    let refused = refused.as_service_error();
    assert!(matches!(refused, Some(DecryptError::InvalidCiphertextException(_))), "{refused:?}");

    let data_key = kms.generate_data_key().key_id(&key).key_spec(DataKeySpec::Aes256).send().await.unwrap();
    let opened =
        kms.decrypt().ciphertext_blob(data_key.ciphertext_blob().unwrap().clone()).send().await.unwrap();
    assert_eq!(opened.plaintext(), data_key.plaintext());
    assert_eq!(data_key.plaintext().unwrap().as_ref().len(), 32);
    let other = self::key(&lab.root()).await;
    let moved = kms.re_encrypt().ciphertext_blob(data_key.ciphertext_blob().unwrap().clone());
    let moved = moved.destination_key_id(&other).send().await.unwrap();
    assert_eq!((moved.source_key_id(), moved.key_id()), (Some(key.as_str()), Some(other.as_str())));
}

#[tokio::test]
async fn a_grant_opens_what_it_names_until_it_is_revoked() {
    let lab = Lab::start();
    let kms = lab.root().kms;
    let key = key(&lab.root()).await;
    let user = lab.user("grantee", None).await;
    let denied = user.kms.describe_key().key_id(&key).send().await.unwrap_err();
    assert_eq!(denied.code(), Some("AccessDeniedException"), "{denied:?}");
    let constraints = GrantConstraints::builder().encryption_context_subset("team", "security").build();
    let grant = kms.create_grant().key_id(&key).constraints(constraints);
    let grant = grant.grantee_principal(format!("arn:aws:iam::{ACCOUNT}:user/grantee"));
    let grant = grant.operations(GrantOperation::Encrypt).operations(GrantOperation::Decrypt);
    let grant = grant.send().await.unwrap();
    let encrypt = || user.kms.encrypt().key_id(&key).plaintext(Blob::new("a"));
    let by_token =
        encrypt().encryption_context("team", "security").grant_tokens(grant.grant_token().unwrap());
    by_token.send().await.unwrap();
    let other = encrypt().encryption_context("team", "another").send().await.unwrap_err();
    assert_eq!(other.code(), Some("AccessDeniedException"), "{other:?}");
    let listed = kms.list_grants().key_id(&key).into_paginator().items().send();
    let listed: Vec<_> = listed.collect::<Result<_, _>>().await.unwrap();
    assert_eq!(listed.iter().map(|grant| grant.grant_id()).collect::<Vec<_>>(), [grant.grant_id()]);
    kms.revoke_grant().key_id(&key).grant_id(grant.grant_id().unwrap()).send().await.unwrap();
    let revoked = encrypt().encryption_context("team", "security").send().await.unwrap_err();
    assert_eq!(revoked.code(), Some("AccessDeniedException"), "{revoked:?}");
}

#[tokio::test]
async fn errors_have_the_types_that_the_sdk_knows_and_are_not_tried_again() {
    let lab = Lab::start();
    let root = lab.root();
    let key = key(&root).await;
    let before = root.tcp.sent();
    let missing =
        root.kms.describe_key().key_id("1234abcd-12ab-34cd-56ef-1234567890ab").send().await.unwrap_err();
    assert!(missing.as_service_error().unwrap().is_not_found_exception(), "{missing:?}");
    let name = root.kms.create_alias().alias_name("no-prefix").target_key_id(&key).send().await.unwrap_err();
    assert_eq!(name.code(), Some("ValidationException"), "{name:?}");
    root.kms.disable_key().key_id(&key).send().await.unwrap();
    let disabled = root.kms.encrypt().key_id(&key).plaintext(Blob::new("a")).send().await.unwrap_err();
    let disabled = disabled.into_service_error();
    let EncryptError::DisabledException(disabled) = disabled else { panic!("{disabled:?}") };
    assert_eq!(disabled.message(), Some(format!("{key} is disabled.").as_str()));
    let ending =
        root.kms.schedule_key_deletion().key_id(&key).pending_window_in_days(7).send().await.unwrap();
    assert_eq!(ending.key_state(), Some(&KeyState::PendingDeletion));
    assert!(ending.deletion_date().is_some());
    let ending = root.kms.enable_key().key_id(&key).send().await.unwrap_err();
    assert!(ending.as_service_error().unwrap().is_kms_invalid_state_exception(), "{ending:?}");
    assert_eq!(root.tcp.sent() - before, 6, "one request each");
}

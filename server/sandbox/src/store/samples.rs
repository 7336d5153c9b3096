//! Buckets, objects and uploads for the tests of what is stored.
#![allow(clippy::unwrap_used)]

use std::convert::Infallible;
use std::sync::Arc;

use super::{NULL_VERSION, ObjectRow, PartRow, Storage, Store, UploadRow};
use crate::model::{Account, Bucket, DefaultEncryption};

pub(super) const OWNER: &str = "111122223333";

/// A store in memory, with an account that has this bucket.
pub(super) async fn store_with_bucket(name: &str) -> Store {
    let store = Store::open(&Storage::InMemory, None, 1 << 20).await.unwrap();
    store.create_account(OWNER, |_| Ok::<_, Infallible>(())).await.unwrap();
    make_bucket(&store, name).await;
    store
}

pub(super) async fn make_bucket(store: &Store, name: &str) {
    let bucket = Bucket {
        name: name.to_owned(),
        region: "us-east-1".into(),
        created: 0,
        policy: None,
        encryption: DefaultEncryption::Aes256,
        public_access_block: None,
        versioning: None,
        tags: Default::default(),
        ownership: None,
        blocks_customer_keys: false,
    };
    let bucket = Arc::new(bucket);
    let insert = |account: &mut Account| {
        account.buckets.insert(bucket.name.clone(), Arc::clone(&bucket));
        Ok::<_, Infallible>(())
    };
    store.change(OWNER, insert).await.unwrap();
}

pub(super) fn object(bucket: &str, key: &str, version: &str, size: u64) -> ObjectRow {
    ObjectRow {
        bucket: bucket.into(),
        key: key.into(),
        version: version.into(),
        data: uuid::Uuid::new_v4().to_string(),
        size,
        etag: String::new(),
        modified: 0,
        content_type: None,
        metadata: Vec::new(),
        headers: Vec::new(),
        tags: Vec::new(),
        kms_key_arn: None,
        customer_key_check: None,
        encryption_context: Vec::new(),
        wrapped_key: String::new(),
        bucket_key: false,
        checksums: Vec::new(),
        composite_checksum: false,
        upload: None,
        parts: Vec::new(),
    }
}

pub(super) fn part(number: i64, attempt: u32, size: u64) -> PartRow {
    let first = super::first_chunk(number, attempt);
    PartRow { number, first, size, etag: String::new(), modified: 0, checksum: None, claimed: None }
}

pub(super) fn upload_of(bucket: &str, key: &str) -> UploadRow {
    UploadRow {
        id: uuid::Uuid::new_v4().to_string(),
        object: object(bucket, key, NULL_VERSION, 0),
        initiated: 0,
        initiator: String::new(),
        before: None,
        checksum_algorithm: None,
        composite_checksum: false,
    }
}

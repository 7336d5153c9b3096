//! What PutObject and CreateMultipartUpload have in common: reading a write's headers, asking the gate about it, and making the data
//! key of the object that is to be.

use http::HeaderMap;
use policy::Context;
use s3s::S3Result;
use s3s::dto::{ContentType, Metadata};

use super::ask::{Ask, Owned};
use super::customer_key::CustomerKey;
use super::describe;
use super::encryption::{self, Protection};
use super::envelope::{self, Envelope};
use super::tags::{self, Tags};
use super::write::Description;
use crate::gate::{Permit, actions};

/// A write that the gate has allowed.
#[derive(Debug)]
pub(super) struct Intent {
    pub(super) permit: Permit<actions::s3::PutObject>,
    pub(super) description: Description,
    protection: Protection,
}

impl Intent {
    /// Asks whether a write to `key` may be made as its headers say. `creates` is false for what only begins an object.
    ///
    /// # Errors
    /// The gate's, and those of headers that contradict each other or ask for what is not there.
    pub(super) async fn of(
        ask: &Ask,
        owned: &Owned,
        (key, creates): (String, bool),
        headers: &HeaderMap,
        (content_type, metadata): (Option<ContentType>, Option<Metadata>),
    ) -> S3Result<Self> {
        let plan = encryption::plan(ask, owned, headers).await?;
        let tags = tags::of_header(headers)?;
        let mut conditions = plan.conditions;
        conditions.set("s3:ObjectCreationOperation", [creates.to_string()]);
        let permit = may_write(ask, owned, &key, conditions, (headers, &tags))?;
        describe::must_be_supported(owned, headers)?;
        let description = Description {
            bucket: owned.bucket.name.clone(),
            key,
            content_type,
            headers: describe::system_headers(headers),
            metadata: describe::user_metadata(metadata)?,
            tags,
        };
        Ok(Self { permit, description, protection: plan.protection })
    }

    /// Makes the object's data key.
    ///
    /// # Errors
    /// KMS's.
    pub(super) async fn seal(&self, ask: &Ask) -> S3Result<Envelope> {
        envelope::seal(ask, &self.description.bucket, &self.description.key, &self.protection).await
    }

    /// The customer's key, where the object is to be under one.
    pub(super) fn customer_key(&self) -> Option<&CustomerKey> {
        self.protection.customer_key()
    }
}

/// Asks whether a write may be made: as such, with its access control list, and with its tags.
pub(super) fn may_write(
    ask: &Ask,
    owned: &Owned,
    key: &str,
    mut conditions: Context,
    (headers, tags): (&HeaderMap, &Tags),
) -> S3Result<Permit<actions::s3::PutObject>> {
    conditions.extend(of_headers(headers));
    conditions.extend(tags::requested(tags));
    let permit = ask.on_object::<actions::s3::PutObject>(owned, key, conditions.clone())?;
    if GRANTS.iter().any(|name| headers.contains_key(*name)) {
        ask.on_object::<actions::s3::PutObjectAcl>(owned, key, conditions.clone())?;
    }
    if !tags.is_empty() {
        ask.on_object::<actions::s3::PutObjectTagging>(owned, key, conditions)?;
    }
    Ok(permit)
}

/// Headers that set an access control list.
pub(super) const GRANTS: [&str; 6] = [
    "x-amz-acl",
    "x-amz-grant-full-control",
    "x-amz-grant-read",
    "x-amz-grant-read-acp",
    "x-amz-grant-write",
    "x-amz-grant-write-acp",
];

/// Condition keys that a write fills with headers of the same name, apart from those about encryption.
pub(super) fn of_headers(headers: &HeaderMap) -> Context {
    let others = [
        "if-match",
        "if-none-match",
        "x-amz-metadata-directive",
        "x-amz-storage-class",
        "x-amz-website-redirect-location",
        "x-amz-server-side-encryption-customer-algorithm",
    ];
    let mut context = Context::new();
    for name in GRANTS.into_iter().chain(others) {
        if let Some(value) = headers.get(name).and_then(|value| value.to_str().ok()) {
            context.set(format!("s3:{name}"), [value]);
        }
    }
    context
}

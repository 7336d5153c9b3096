//! One S3 request on its way through the gate: who asks, which bucket, which condition keys.

use std::sync::Arc;

use policy::{Context, NamedPolicy, ResourceKind};
use s3s::{S3Error, S3Request, S3Result};

use super::failure::{access_denied, from_store, full, internal, refuse, with_fields};
use super::intake::Signing;
use crate::caller::Caller;
use crate::cloudtrail::Asked;
use crate::gate::{Action, Permit, Question};
use crate::kms::{self, Via};
use crate::limits::Stock;
use crate::model::{Account, Bucket};
use crate::request::RequestMeta;
use crate::store::Promise;
use crate::{Aws, arns};

/// Who asks, and when.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    pub(super) aws: Arc<Aws>,
    pub(super) meta: RequestMeta,
    pub(super) caller: Caller,
    /// How the request was signed.
    signing: Signing,
}

/// A bucket with the account that owns it.
#[derive(Clone, Debug)]
pub(super) struct Owned {
    pub(super) owner: Arc<Account>,
    pub(super) bucket: Arc<Bucket>,
}

impl Ask {
    /// A request for the operation `name`.
    pub(super) fn of<T>(aws: &Arc<Aws>, name: &str, request: &S3Request<T>) -> S3Result<Self> {
        let meta = request.extensions.get::<RequestMeta>().map(|meta| meta.asking_for("s3", name));
        let caller = request.extensions.get::<Caller>().cloned();
        match (meta, caller) {
            (Some(meta), Some(caller)) => {
                if let Some(asked) = request.extensions.get::<Asked>() {
                    asked.is(meta.operation);
                }
                let signing = request.extensions.get().cloned().unwrap_or_default();
                Ok(Self { aws: Arc::clone(aws), meta, caller, signing })
            }
            _ => Err(internal("the request lost its caller")),
        }
    }

    /// Finds a bucket.
    ///
    /// # Errors
    /// `InvalidBucketOwnerAWSAccountID`; `NoSuchBucket`, as S3 tells everyone; `AccessDenied` when it is not `expected` that owns it.
    pub(super) async fn bucket(&self, name: &str, expected: Option<&str>) -> S3Result<Owned> {
        if let Some(expected) =
            expected.filter(|id| id.len() != 12 || !id.bytes().all(|digit| digit.is_ascii_digit()))
        {
            let message = format!(
                "The value of the expected bucket owner parameter must be an AWS Account ID... [{expected}]"
            );
            return Err(refuse(400, "InvalidBucketOwnerAWSAccountID", message));
        }
        let owner = self.aws.store.bucket_owner(name).await.map_err(|error| from_store(&error))?;
        let owned = owner.and_then(|owner| {
            let bucket = Arc::clone(owner.buckets.get(name)?);
            Some(Owned { owner, bucket })
        });
        // The name, too: a copy asks for two.
        let owned = owned.ok_or_else(|| with_fields(no_such_bucket(), [("BucketName", name.to_owned())]))?;
        match expected.is_none_or(|expected| expected == owned.owner.id) {
            true => Ok(owned),
            false => Err(access_denied()),
        }
    }

    /// Checks, once something was read under a bucket's name, that the bucket is still the one whose policy was or will be asked: it
    /// may have been deleted and made again, by another account.
    ///
    /// # Errors
    /// `NoSuchBucket`.
    pub(super) async fn must_still_be(&self, owned: &Owned) -> S3Result<()> {
        let now = self.bucket(&owned.bucket.name, None).await?;
        match (&now.owner.id, now.bucket.created) == (&owned.owner.id, owned.bucket.created) {
            true => Ok(()),
            false => Err(no_such_bucket()),
        }
    }

    /// Asks the gate about the bucket itself.
    pub(super) fn on_bucket<A: Action>(&self, owned: &Owned, conditions: Context) -> S3Result<Permit<A>> {
        self.ask(owned, arns::bucket(&owned.bucket.name), conditions)
    }

    /// Asks the gate about an object.
    pub(super) fn on_object<A: Action>(
        &self,
        owned: &Owned,
        key: &str,
        conditions: Context,
    ) -> S3Result<Permit<A>> {
        self.ask(owned, arns::object(&owned.bucket.name, key), conditions)
    }

    fn ask<A: Action>(&self, owned: &Owned, resource: String, conditions: Context) -> S3Result<Permit<A>> {
        let policy = owned.bucket.policy.as_ref();
        self.authorize(Question {
            resource,
            owner: Some(owned.owner.id.clone()),
            resource_policy: policy.map(|policy| NamedPolicy {
                name: "bucket policy".into(),
                arn: None,
                document: policy.document(),
            }),
            kind: ResourceKind::S3Bucket,
            context: conditions,
            block_public_access: owned.bucket.blocks().restrict_public_buckets,
            ..Question::default()
        })
    }

    /// Asks the gate about what is no bucket of anyone yet, or no bucket at all.
    pub(super) fn on_own<A: Action>(&self, resource: String, conditions: Context) -> S3Result<Permit<A>> {
        let mut question = Question::about(resource).owned_by(self.caller.account_id());
        question.kind = ResourceKind::S3Bucket;
        question.context = conditions;
        self.authorize(question)
    }

    fn authorize<A: Action>(&self, mut question: Question) -> S3Result<Permit<A>> {
        question.context.extend(self.signing.0.clone());
        self.aws
            .gate
            .authorize(&self.meta, &self.caller, question)
            .map_err(|denied| refuse(403, "AccessDenied", denied.message))
    }

    /// Room for what a request is about to write to a bucket, on its owner's account.
    ///
    /// # Errors
    /// `InsufficientCapacity`, S3's code for storage that is full.
    pub(super) fn room(&self, owned: &Owned, wanted: Stock) -> S3Result<Promise> {
        self.aws.store.promise(&owned.owner.id, wanted, &self.aws.limits).map_err(full)
    }

    /// The same caller's call to KMS, made by S3.
    pub(super) fn kms(&self) -> kms::Call<'_> {
        kms::Call { aws: &self.aws, meta: &self.meta, caller: &self.caller, via: Via::S3 }
    }
}

pub(super) fn no_such_bucket() -> S3Error {
    refuse(404, "NoSuchBucket", "The specified bucket does not exist")
}

//! Bucket policies.

use std::sync::Arc;

use policy::Context;
use s3s::dto::{
    DeleteBucketPolicyInput, DeleteBucketPolicyOutput, GetBucketPolicyInput, GetBucketPolicyOutput,
    GetBucketPolicyStatusInput, GetBucketPolicyStatusOutput, PolicyStatus, PutBucketPolicyInput,
    PutBucketPolicyOutput,
};
use s3s::{S3Error, S3Request, S3Response, S3Result};

use super::ask::{Ask, Owned};
use super::failure::{from_change, from_store, internal, refuse};
use crate::arns;
use crate::gate::{Permit, actions};
use crate::model::{Account, Bucket, PolicyText};
use crate::principals;

pub(super) async fn get_bucket_policy(
    ask: &Ask,
    request: S3Request<GetBucketPolicyInput>,
) -> S3Result<S3Response<GetBucketPolicyOutput>> {
    let input = request.input;
    let owned = ask.bucket(&input.bucket, input.expected_bucket_owner.as_deref()).await?;
    ask.on_bucket::<actions::s3::GetBucketPolicy>(&owned, Context::new())?;
    only_for_the_owner(ask, &owned)?;
    let policy = owned.bucket.policy.as_ref().ok_or_else(no_policy)?;
    Ok(S3Response::new(GetBucketPolicyOutput { policy: Some(policy.text().to_owned()) }))
}

pub(super) async fn get_bucket_policy_status(
    ask: &Ask,
    request: S3Request<GetBucketPolicyStatusInput>,
) -> S3Result<S3Response<GetBucketPolicyStatusOutput>> {
    let input = request.input;
    let owned = ask.bucket(&input.bucket, input.expected_bucket_owner.as_deref()).await?;
    ask.on_bucket::<actions::s3::GetBucketPolicyStatus>(&owned, Context::new())?;
    let policy = owned.bucket.policy.as_ref().ok_or_else(no_policy)?;
    let status = PolicyStatus { is_public: Some(policy.document().is_public()) };
    Ok(S3Response::new(GetBucketPolicyStatusOutput { policy_status: Some(status) }))
}

pub(super) async fn put_bucket_policy(
    ask: &Ask,
    request: S3Request<PutBucketPolicyInput>,
) -> S3Result<S3Response<PutBucketPolicyOutput>> {
    let input = request.input;
    let owned = ask.bucket(&input.bucket, input.expected_bucket_owner.as_deref()).await?;
    let permit = ask.on_bucket::<actions::s3::PutBucketPolicy>(&owned, Context::new())?;
    only_for_the_owner(ask, &owned)?;
    let document = policy::validate::bucket(&input.policy, &input.bucket)
        .map_err(|rejection| refuse(400, rejection.code, rejection.message))?;
    let exist = principals::all_exist(&ask.aws.store, &document).await;
    if !exist.map_err(|error| from_store(&error))? {
        return Err(refuse(400, "MalformedPolicy", "Invalid principal in policy"));
    }
    if owned.bucket.blocks().block_public_policy && document.is_public() {
        return Err(public_policy_blocked(ask, &input.bucket));
    }
    // S3 keeps the document, not its spelling: it comes back without the spaces (`aws-semantics.md` §3).
    let policy = PolicyText::parse(document.source().to_string()).map_err(internal)?;
    store_policy(ask, permit, &owned, Some(policy)).await?;
    Ok(S3Response::with_status(PutBucketPolicyOutput {}, http::StatusCode::NO_CONTENT))
}

async fn store_policy(
    ask: &Ask,
    _permit: Permit<actions::s3::PutBucketPolicy>,
    owned: &Owned,
    policy: Option<PolicyText>,
) -> S3Result<()> {
    change_bucket(ask, owned, |bucket| bucket.policy.clone_from(&policy)).await
}

fn public_policy_blocked(ask: &Ask, bucket: &str) -> S3Error {
    let message = format!(
        "User: {} is not authorized to perform: s3:PutBucketPolicy on resource: \"{}\" because public policies are blocked \
         by the BlockPublicPolicy block public access setting.",
        ask.caller.arn(),
        arns::bucket(bucket),
    );
    refuse(403, "AccessDenied", message)
}

pub(super) async fn delete_bucket_policy(
    ask: &Ask,
    request: S3Request<DeleteBucketPolicyInput>,
) -> S3Result<S3Response<DeleteBucketPolicyOutput>> {
    let input = request.input;
    let owned = ask.bucket(&input.bucket, input.expected_bucket_owner.as_deref()).await?;
    let permit = ask.on_bucket::<actions::s3::DeleteBucketPolicy>(&owned, Context::new())?;
    only_for_the_owner(ask, &owned)?;
    remove_policy(ask, permit, &owned).await?;
    Ok(S3Response::with_status(DeleteBucketPolicyOutput {}, http::StatusCode::NO_CONTENT))
}

async fn remove_policy(
    ask: &Ask,
    _permit: Permit<actions::s3::DeleteBucketPolicy>,
    owned: &Owned,
) -> S3Result<()> {
    change_bucket(ask, owned, |bucket| bucket.policy = None).await
}

/// Changes a bucket's settings.
///
/// # Errors
/// `NoSuchBucket` when it is gone by now.
pub(super) async fn change_bucket(ask: &Ask, owned: &Owned, change: impl Fn(&mut Bucket)) -> S3Result<()> {
    let name = &owned.bucket.name;
    let changed = ask.aws.store.change(&owned.owner.id, |account: &mut Account| {
        let bucket = account.buckets.get(name);
        let missing = || refuse(404, "NoSuchBucket", "The specified bucket does not exist");
        let mut bucket = Bucket::clone(bucket.ok_or_else(missing)?);
        change(&mut bucket);
        account.buckets.insert(name.clone(), Arc::new(bucket));
        Ok(())
    });
    changed.await.map_err(from_change)
}

/// Other accounts cannot touch a bucket's policy, though it gives them the permission (S3 API reference, `GetBucketPolicy`,
/// `PutBucketPolicy` and `DeleteBucketPolicy`).
fn only_for_the_owner(ask: &Ask, owned: &Owned) -> S3Result<()> {
    match ask.caller.account_id() == owned.owner.id {
        true => Ok(()),
        false => {
            Err(refuse(405, "MethodNotAllowed", "The specified method is not allowed against this resource."))
        }
    }
}

fn no_policy() -> S3Error {
    refuse(404, "NoSuchBucketPolicy", "The bucket policy does not exist")
}

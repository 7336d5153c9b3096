//! Buckets from creation to deletion.

use std::collections::BTreeMap;
use std::sync::Arc;

use policy::Context;
use s3s::dto::{
    Bucket as BucketEntry, BucketLocationConstraint, CreateBucketInput, CreateBucketOutput,
    DeleteBucketInput, DeleteBucketOutput, GetBucketLocationInput, GetBucketLocationOutput, HeadBucketInput,
    HeadBucketOutput, ListBucketsInput, ListBucketsOutput, ObjectOwnership, Owner,
};
use s3s::{S3Error, S3Request, S3Response, S3Result};

use super::ask::{Ask, Owned};
use super::describe::{canonical_id, timestamp};
use super::failure::{from_change, from_store, invalid_argument, not_implemented, refuse};
use super::intent::of_headers;
use crate::arns;
use crate::gate::{Permit, actions};
use crate::model::{Account, Bucket, DefaultEncryption, PublicAccessBlock, ownership_of_new_buckets};
use crate::store::ChangeError;

/// The one region that is not named as a location, and where making one's own bucket again succeeds.
const US_EAST_1: &str = "us-east-1";
/// Largest page of ListBuckets.
const MAX_BUCKETS: i32 = 10_000;

pub(super) async fn create_bucket(
    ask: &Ask,
    request: S3Request<CreateBucketInput>,
) -> S3Result<S3Response<CreateBucketOutput>> {
    let input = request.input;
    let configuration = input.create_bucket_configuration.as_ref();
    let location = configuration.and_then(|configuration| configuration.location_constraint.as_ref());
    let location = location.map(BucketLocationConstraint::as_str);
    let mut conditions = of_headers(&request.headers);
    if let Some(location) = location {
        conditions.set("s3:LocationConstraint", [location]);
    }
    if let Some(ownership) = &input.object_ownership {
        conditions.set("s3:x-amz-object-ownership", [ownership.as_str()]);
    }
    let permit = ask.on_own::<actions::s3::CreateBucket>(arns::bucket(&input.bucket), conditions)?;
    must_be_here(&ask.aws.region, location)?;
    must_be_plain(&input)?;
    insert_bucket(ask, permit, &input.bucket).await?;
    let location = match ask.aws.region.as_str() {
        US_EAST_1 => format!("/{}", input.bucket),
        _ => format!("http://{}.s3.amazonaws.com/", input.bucket),
    };
    Ok(S3Response::new(CreateBucketOutput { location: Some(location) }))
}

async fn insert_bucket(ask: &Ask, _permit: Permit<actions::s3::CreateBucket>, name: &str) -> S3Result<()> {
    let region = &ask.aws.region;
    let bucket = Arc::new(Bucket {
        name: name.to_owned(),
        region: region.clone(),
        created: ask.meta.now.unix_timestamp(),
        policy: None,
        encryption: DefaultEncryption::Aes256,
        blocks_customer_keys: ask.aws.fidelity.customer_keys_blocked_in_new_buckets,
        public_access_block: Some(PublicAccessBlock::ON),
        versioning: None,
        tags: BTreeMap::new(),
        ownership: ownership_of_new_buckets(),
    });
    let insert = |account: &mut Account| {
        match account.buckets.contains_key(name) {
            // As in AWS's oldest region only.
            true if region == US_EAST_1 => {}
            true => {
                return Err(refuse(
                    409,
                    "BucketAlreadyOwnedByYou",
                    "Your previous request to create the named bucket succeeded and you already own it.",
                ));
            }
            false if account.buckets.len() >= ask.aws.limits.buckets => {
                let message = "You have attempted to create more buckets than allowed";
                return Err(refuse(400, "TooManyBuckets", message));
            }
            false => {
                account.buckets.insert(name.to_owned(), Arc::clone(&bucket));
            }
        }
        Ok(())
    };
    ask.aws.store.change(ask.caller.account_id(), insert).await.map_err(from_change)
}

fn must_be_here(region: &str, location: Option<&str>) -> S3Result<()> {
    match location {
        None | Some("") if region == US_EAST_1 => Ok(()),
        None | Some("") => Err(refuse(
            400,
            "IllegalLocationConstraintException",
            "The unspecified location constraint is incompatible for the region specific endpoint this request was sent to.",
        )),
        Some(US_EAST_1) => {
            Err(refuse(400, "InvalidLocationConstraint", "The specified location-constraint is not valid"))
        }
        Some(location) if location == region => Ok(()),
        Some(location) => Err(refuse(
            400,
            "IllegalLocationConstraintException",
            format!(
                "The {location} location constraint is incompatible for the region specific endpoint this request was sent \
                 to."
            ),
        )),
    }
}

fn must_be_plain(input: &CreateBucketInput) -> S3Result<()> {
    if input.object_lock_enabled_for_bucket == Some(true) {
        return Err(not_implemented("Object Lock"));
    }
    match input.object_ownership.as_ref().map(ObjectOwnership::as_str) {
        None | Some(ObjectOwnership::BUCKET_OWNER_ENFORCED) => {}
        Some(other @ (ObjectOwnership::BUCKET_OWNER_PREFERRED | ObjectOwnership::OBJECT_WRITER)) => {
            return Err(not_implemented(&format!("The object ownership {other}")));
        }
        Some(other) => {
            let message = format!("Invalid x-amz-object-ownership header: {other}");
            return Err(invalid_argument(message, "x-amz-object-ownership", None));
        }
    }
    let grants = [
        &input.grant_full_control,
        &input.grant_read,
        &input.grant_read_acp,
        &input.grant_write,
        &input.grant_write_acp,
    ];
    let acl = input.acl.as_ref().is_some_and(|acl| acl.as_str() != "private");
    match acl || grants.into_iter().any(Option::is_some) {
        true => Err(refuse(
            400,
            "InvalidBucketAclWithObjectOwnership",
            "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
        )),
        false => Ok(()),
    }
}

pub(super) async fn head_bucket(
    ask: &Ask,
    request: S3Request<HeadBucketInput>,
) -> S3Result<S3Response<HeadBucketOutput>> {
    let input = request.input;
    let owned = ask.bucket(&input.bucket, input.expected_bucket_owner.as_deref()).await?;
    ask.on_bucket::<actions::s3::ListBucket>(&owned, Context::new())?;
    Ok(S3Response::new(HeadBucketOutput {
        access_point_alias: Some(false),
        bucket_region: Some(owned.bucket.region.clone()),
        ..HeadBucketOutput::default()
    }))
}

pub(super) async fn delete_bucket(
    ask: &Ask,
    request: S3Request<DeleteBucketInput>,
) -> S3Result<S3Response<DeleteBucketOutput>> {
    let input = request.input;
    let owned = ask.bucket(&input.bucket, input.expected_bucket_owner.as_deref()).await?;
    let permit = ask.on_bucket::<actions::s3::DeleteBucket>(&owned, Context::new())?;
    remove_bucket(ask, permit, &owned).await?;
    Ok(S3Response::with_status(DeleteBucketOutput {}, http::StatusCode::NO_CONTENT))
}

async fn remove_bucket(ask: &Ask, _permit: Permit<actions::s3::DeleteBucket>, owned: &Owned) -> S3Result<()> {
    let remove = |account: &mut Account| {
        account.buckets.remove(&owned.bucket.name);
        Ok::<_, S3Error>(())
    };
    let removed = ask.aws.store.change(&owned.owner.id, remove).await;
    removed.map_err(|error| match error {
        ChangeError::BucketNotEmpty if owned.bucket.versioning.is_some() => refuse(
            409,
            "BucketNotEmpty",
            "The bucket you tried to delete is not empty. You must delete all versions in the bucket.",
        ),
        other => from_change(other),
    })
}

pub(super) async fn get_bucket_location(
    ask: &Ask,
    request: S3Request<GetBucketLocationInput>,
) -> S3Result<S3Response<GetBucketLocationOutput>> {
    let input = request.input;
    let owned = ask.bucket(&input.bucket, input.expected_bucket_owner.as_deref()).await?;
    ask.on_bucket::<actions::s3::GetBucketLocation>(&owned, Context::new())?;
    let region = &owned.bucket.region;
    let location = (region != US_EAST_1).then(|| BucketLocationConstraint::from(region.clone()));
    Ok(S3Response::new(GetBucketLocationOutput { location_constraint: location }))
}

pub(super) async fn list_buckets(
    ask: &Ask,
    request: S3Request<ListBucketsInput>,
) -> S3Result<S3Response<ListBucketsOutput>> {
    let input = request.input;
    ask.on_own::<actions::s3::ListAllMyBuckets>("*".to_owned(), Context::new())?;
    let limit = match input.max_buckets {
        None => MAX_BUCKETS,
        Some(limit) if (1..=MAX_BUCKETS).contains(&limit) => limit,
        Some(_) => {
            let message = "Argument max-buckets must be an integer between 1 and 10000.";
            return Err(refuse(400, "InvalidArgument", message));
        }
    };
    let account = ask.aws.store.account(ask.caller.account_id()).await.map_err(|error| from_store(&error))?;
    let prefix = input.prefix.as_deref().unwrap_or_default();
    let after = input.continuation_token.as_deref().unwrap_or_default();
    let here = input.bucket_region.as_ref().is_none_or(|region| *region == ask.aws.region);
    let mut matching = account
        .iter()
        .flat_map(|account| account.buckets.values())
        .filter(|bucket| here && bucket.name.starts_with(prefix) && bucket.name.as_str() > after)
        .peekable();
    let buckets: Vec<BucketEntry> = matching
        .by_ref()
        .take(usize::try_from(limit).unwrap_or_default())
        .map(|bucket| BucketEntry {
            bucket_region: Some(bucket.region.clone()),
            creation_date: Some(timestamp(bucket.created)),
            name: Some(bucket.name.clone()),
        })
        .collect();
    let more = matching.peek().is_some();
    Ok(S3Response::new(ListBucketsOutput {
        continuation_token: buckets.last().and_then(|last| last.name.clone()).filter(|_| more),
        buckets: Some(buckets),
        owner: Some(Owner { display_name: None, id: Some(canonical_id(ask.caller.account_id())) }),
        prefix: input.prefix,
    }))
}

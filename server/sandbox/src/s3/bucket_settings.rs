//! Default encryption and Block Public Access of a bucket.

use policy::Context;
use s3s::dto::{
    BucketVersioningStatus, DeleteBucketEncryptionInput, DeleteBucketEncryptionOutput,
    DeleteBucketOwnershipControlsInput, DeleteBucketOwnershipControlsOutput, DeletePublicAccessBlockInput,
    DeletePublicAccessBlockOutput, GetBucketEncryptionInput, GetBucketEncryptionOutput,
    GetBucketOwnershipControlsInput, GetBucketOwnershipControlsOutput, GetBucketVersioningInput,
    GetBucketVersioningOutput, GetPublicAccessBlockInput, GetPublicAccessBlockOutput, ObjectOwnership,
    OwnershipControls, OwnershipControlsRule, PublicAccessBlockConfiguration, PutBucketEncryptionInput,
    PutBucketEncryptionOutput, PutBucketOwnershipControlsInput, PutBucketOwnershipControlsOutput,
    PutBucketVersioningInput, PutBucketVersioningOutput, PutPublicAccessBlockInput,
    PutPublicAccessBlockOutput, ServerSideEncryption, ServerSideEncryptionByDefault,
    ServerSideEncryptionConfiguration, ServerSideEncryptionRule,
};
use s3s::{S3Request, S3Response, S3Result};

use super::ask::{Ask, Owned};
use super::blocked_types::BlocksCustomerKeys;
use super::bucket_policy::change_bucket;
use super::failure::{invalid_argument, malformed_xml, not_implemented, refuse};
use crate::gate::{Permit, actions};
use crate::model::{DefaultEncryption, PublicAccessBlock, Versioning};

pub(super) async fn get_bucket_encryption(
    ask: &Ask,
    request: S3Request<GetBucketEncryptionInput>,
) -> S3Result<S3Response<GetBucketEncryptionOutput>> {
    let input = request.input;
    let owned = ask.bucket(&input.bucket, input.expected_bucket_owner.as_deref()).await?;
    ask.on_bucket::<actions::s3::GetEncryptionConfiguration>(&owned, Context::new())?;
    let (algorithm, key, bucket_key) = match &owned.bucket.encryption {
        DefaultEncryption::Aes256 => (ServerSideEncryption::AES256, None, false),
        DefaultEncryption::Kms { key, bucket_key } => {
            (ServerSideEncryption::AWS_KMS, key.clone(), *bucket_key)
        }
    };
    let rule = ServerSideEncryptionRule {
        apply_server_side_encryption_by_default: Some(ServerSideEncryptionByDefault {
            kms_master_key_id: key,
            sse_algorithm: ServerSideEncryption::from_static(algorithm),
        }),
        bucket_key_enabled: Some(bucket_key),
    };
    let configuration = ServerSideEncryptionConfiguration { rules: vec![rule] };
    let mut response = S3Response::new(GetBucketEncryptionOutput {
        server_side_encryption_configuration: Some(configuration),
    });
    response.extensions.insert(BlocksCustomerKeys(owned.bucket.blocks_customer_keys));
    Ok(response)
}

pub(super) async fn put_bucket_encryption(
    ask: &Ask,
    request: S3Request<PutBucketEncryptionInput>,
) -> S3Result<S3Response<PutBucketEncryptionOutput>> {
    let input = request.input;
    let owned = ask.bucket(&input.bucket, input.expected_bucket_owner.as_deref()).await?;
    let permit = ask.on_bucket::<actions::s3::PutEncryptionConfiguration>(&owned, Context::new())?;
    let blocks = request.extensions.get::<BlocksCustomerKeys>();
    let encryption = read_rules(&input.server_side_encryption_configuration, blocks.is_some())?;
    store_encryption(ask, permit, &owned, (encryption, blocks)).await?;
    Ok(S3Response::new(PutBucketEncryptionOutput {}))
}

pub(super) async fn delete_bucket_encryption(
    ask: &Ask,
    request: S3Request<DeleteBucketEncryptionInput>,
) -> S3Result<S3Response<DeleteBucketEncryptionOutput>> {
    let input = request.input;
    let owned = ask.bucket(&input.bucket, input.expected_bucket_owner.as_deref()).await?;
    let permit = ask.on_bucket::<actions::s3::PutEncryptionConfiguration>(&owned, Context::new())?;
    // What remains is what every bucket has since January 2023.
    store_encryption(ask, permit, &owned, (DefaultEncryption::Aes256, None)).await?;
    Ok(S3Response::with_status(DeleteBucketEncryptionOutput {}, http::StatusCode::NO_CONTENT))
}

async fn store_encryption(
    ask: &Ask,
    _permit: Permit<actions::s3::PutEncryptionConfiguration>,
    owned: &Owned,
    (encryption, blocks): (DefaultEncryption, Option<&BlocksCustomerKeys>),
) -> S3Result<()> {
    change_bucket(ask, owned, |bucket| {
        bucket.encryption = encryption.clone();
        // A configuration that does not say leaves it as it is.
        if let Some(BlocksCustomerKeys(blocks)) = blocks {
            bucket.blocks_customer_keys = *blocks;
        }
    })
    .await
}

/// The default encryption of a configuration. Without one it must at least say which types are blocked.
fn read_rules(
    configuration: &ServerSideEncryptionConfiguration,
    blocks: bool,
) -> S3Result<DefaultEncryption> {
    let [rule] = configuration.rules.as_slice() else { return Err(malformed_xml()) };
    let Some(default) = &rule.apply_server_side_encryption_by_default else {
        return if blocks { Ok(DefaultEncryption::Aes256) } else { Err(malformed_xml()) };
    };
    match (default.sse_algorithm.as_str(), &default.kms_master_key_id) {
        (ServerSideEncryption::AES256, None) => Ok(DefaultEncryption::Aes256),
        (ServerSideEncryption::AES256, Some(_)) => Err(invalid_argument(
            "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse",
            "ApplyServerSideEncryptionByDefault",
            None,
        )),
        (ServerSideEncryption::AWS_KMS, key) => Ok(DefaultEncryption::Kms {
            key: key.clone().filter(|key| !key.is_empty()),
            bucket_key: rule.bucket_key_enabled.unwrap_or_default(),
        }),
        (ServerSideEncryption::AWS_KMS_DSSE, _) => {
            Err(not_implemented("Server-side encryption aws:kms:dsse"))
        }
        _ => Err(malformed_xml()),
    }
}

pub(super) async fn get_bucket_versioning(
    ask: &Ask,
    request: S3Request<GetBucketVersioningInput>,
) -> S3Result<S3Response<GetBucketVersioningOutput>> {
    let input = request.input;
    let owned = ask.bucket(&input.bucket, input.expected_bucket_owner.as_deref()).await?;
    ask.on_bucket::<actions::s3::GetBucketVersioning>(&owned, Context::new())?;
    let status = owned.bucket.versioning.map(|versioning| {
        BucketVersioningStatus::from_static(match versioning {
            Versioning::Enabled => BucketVersioningStatus::ENABLED,
            Versioning::Suspended => BucketVersioningStatus::SUSPENDED,
        })
    });
    Ok(S3Response::new(GetBucketVersioningOutput { status, ..GetBucketVersioningOutput::default() }))
}

pub(super) async fn put_bucket_versioning(
    ask: &Ask,
    request: S3Request<PutBucketVersioningInput>,
) -> S3Result<S3Response<PutBucketVersioningOutput>> {
    let input = request.input;
    let owned = ask.bucket(&input.bucket, input.expected_bucket_owner.as_deref()).await?;
    let permit = ask.on_bucket::<actions::s3::PutBucketVersioning>(&owned, Context::new())?;
    if input.mfa.is_some() || input.versioning_configuration.mfa_delete.is_some() {
        return Err(not_implemented("MFA delete"));
    }
    let versioning = match input.versioning_configuration.status.as_ref().map(BucketVersioningStatus::as_str)
    {
        Some(BucketVersioningStatus::ENABLED) => Versioning::Enabled,
        Some(BucketVersioningStatus::SUSPENDED) => Versioning::Suspended,
        None => {
            return Err(refuse(
                400,
                "IllegalVersioningConfigurationException",
                "The Versioning element must be specified",
            ));
        }
        _ => return Err(malformed_xml()),
    };
    set_versioning(ask, permit, &owned, versioning).await?;
    Ok(S3Response::new(PutBucketVersioningOutput {}))
}

async fn set_versioning(
    ask: &Ask,
    _permit: Permit<actions::s3::PutBucketVersioning>,
    owned: &Owned,
    versioning: Versioning,
) -> S3Result<()> {
    change_bucket(ask, owned, |bucket| bucket.versioning = Some(versioning)).await
}

pub(super) async fn get_bucket_ownership_controls(
    ask: &Ask,
    request: S3Request<GetBucketOwnershipControlsInput>,
) -> S3Result<S3Response<GetBucketOwnershipControlsOutput>> {
    let input = request.input;
    let owned = ask.bucket(&input.bucket, input.expected_bucket_owner.as_deref()).await?;
    ask.on_bucket::<actions::s3::GetBucketOwnershipControls>(&owned, Context::new())?;
    let Some(ownership) = owned.bucket.ownership.clone() else {
        return Err(refuse(
            404,
            "OwnershipControlsNotFoundError",
            "The bucket ownership controls were not found",
        ));
    };
    let rules = vec![OwnershipControlsRule { object_ownership: ObjectOwnership::from(ownership) }];
    Ok(S3Response::new(GetBucketOwnershipControlsOutput {
        ownership_controls: Some(OwnershipControls { rules }),
    }))
}

pub(super) async fn put_bucket_ownership_controls(
    ask: &Ask,
    request: S3Request<PutBucketOwnershipControlsInput>,
) -> S3Result<S3Response<PutBucketOwnershipControlsOutput>> {
    let input = request.input;
    let owned = ask.bucket(&input.bucket, input.expected_bucket_owner.as_deref()).await?;
    let permit = ask.on_bucket::<actions::s3::PutBucketOwnershipControls>(&owned, Context::new())?;
    let [rule] = input.ownership_controls.rules.as_slice() else { return Err(malformed_xml()) };
    match rule.object_ownership.as_str() {
        enforced @ ObjectOwnership::BUCKET_OWNER_ENFORCED => {
            set_ownership(ask, permit, &owned, Some(enforced.to_owned())).await?;
            Ok(S3Response::new(PutBucketOwnershipControlsOutput {}))
        }
        // With these a bucket has access control lists, which the embedded AWS does not have.
        other @ (ObjectOwnership::BUCKET_OWNER_PREFERRED | ObjectOwnership::OBJECT_WRITER) => {
            Err(not_implemented(&format!("The object ownership {other}")))
        }
        _ => Err(malformed_xml()),
    }
}

pub(super) async fn delete_bucket_ownership_controls(
    ask: &Ask,
    request: S3Request<DeleteBucketOwnershipControlsInput>,
) -> S3Result<S3Response<DeleteBucketOwnershipControlsOutput>> {
    let input = request.input;
    let owned = ask.bucket(&input.bucket, input.expected_bucket_owner.as_deref()).await?;
    let permit = ask.on_bucket::<actions::s3::PutBucketOwnershipControls>(&owned, Context::new())?;
    set_ownership(ask, permit, &owned, None).await?;
    Ok(S3Response::with_status(DeleteBucketOwnershipControlsOutput {}, http::StatusCode::NO_CONTENT))
}

async fn set_ownership(
    ask: &Ask,
    _permit: Permit<actions::s3::PutBucketOwnershipControls>,
    owned: &Owned,
    ownership: Option<String>,
) -> S3Result<()> {
    change_bucket(ask, owned, |bucket| bucket.ownership.clone_from(&ownership)).await
}

pub(super) async fn get_public_access_block(
    ask: &Ask,
    request: S3Request<GetPublicAccessBlockInput>,
) -> S3Result<S3Response<GetPublicAccessBlockOutput>> {
    let input = request.input;
    let owned = ask.bucket(&input.bucket, input.expected_bucket_owner.as_deref()).await?;
    ask.on_bucket::<actions::s3::GetBucketPublicAccessBlock>(&owned, Context::new())?;
    let block = owned.bucket.public_access_block.ok_or_else(|| {
        let message = "The public access block configuration was not found";
        refuse(404, "NoSuchPublicAccessBlockConfiguration", message)
    })?;
    Ok(S3Response::new(GetPublicAccessBlockOutput {
        public_access_block_configuration: Some(PublicAccessBlockConfiguration {
            block_public_acls: Some(block.block_public_acls),
            ignore_public_acls: Some(block.ignore_public_acls),
            block_public_policy: Some(block.block_public_policy),
            restrict_public_buckets: Some(block.restrict_public_buckets),
        }),
    }))
}

pub(super) async fn put_public_access_block(
    ask: &Ask,
    request: S3Request<PutPublicAccessBlockInput>,
) -> S3Result<S3Response<PutPublicAccessBlockOutput>> {
    let input = request.input;
    let owned = ask.bucket(&input.bucket, input.expected_bucket_owner.as_deref()).await?;
    let permit = ask.on_bucket::<actions::s3::PutBucketPublicAccessBlock>(&owned, Context::new())?;
    let asked = input.public_access_block_configuration;
    let block = PublicAccessBlock {
        block_public_acls: asked.block_public_acls.unwrap_or_default(),
        ignore_public_acls: asked.ignore_public_acls.unwrap_or_default(),
        block_public_policy: asked.block_public_policy.unwrap_or_default(),
        restrict_public_buckets: asked.restrict_public_buckets.unwrap_or_default(),
    };
    store_block(ask, permit, &owned, Some(block)).await?;
    Ok(S3Response::new(PutPublicAccessBlockOutput {}))
}

pub(super) async fn delete_public_access_block(
    ask: &Ask,
    request: S3Request<DeletePublicAccessBlockInput>,
) -> S3Result<S3Response<DeletePublicAccessBlockOutput>> {
    let input = request.input;
    let owned = ask.bucket(&input.bucket, input.expected_bucket_owner.as_deref()).await?;
    let permit = ask.on_bucket::<actions::s3::PutBucketPublicAccessBlock>(&owned, Context::new())?;
    store_block(ask, permit, &owned, None).await?;
    Ok(S3Response::with_status(DeletePublicAccessBlockOutput {}, http::StatusCode::NO_CONTENT))
}

async fn store_block(
    ask: &Ask,
    _permit: Permit<actions::s3::PutBucketPublicAccessBlock>,
    owned: &Owned,
    block: Option<PublicAccessBlock>,
) -> S3Result<()> {
    change_bucket(ask, owned, |bucket| bucket.public_access_block = block).await
}

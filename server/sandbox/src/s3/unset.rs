//! Settings that no bucket here can be given, and access control lists, which none takes: what S3 answers about a bucket that was
//! never given them. Consoles and infrastructure tools ask for all of them.

use policy::Context;
use s3s::dto::{
    GetBucketAccelerateConfigurationInput, GetBucketAccelerateConfigurationOutput, GetBucketCorsInput,
    GetBucketCorsOutput, GetBucketLifecycleConfigurationInput, GetBucketLifecycleConfigurationOutput,
    GetBucketLoggingInput, GetBucketLoggingOutput, GetBucketNotificationConfigurationInput,
    GetBucketNotificationConfigurationOutput, GetBucketReplicationInput, GetBucketReplicationOutput,
    GetBucketRequestPaymentInput, GetBucketRequestPaymentOutput, GetBucketWebsiteInput,
    GetBucketWebsiteOutput, GetObjectLockConfigurationInput, GetObjectLockConfigurationOutput, Payer,
    PutBucketAclInput, PutBucketAclOutput, PutObjectAclInput, PutObjectAclOutput,
};
use s3s::{S3Request, S3Response, S3Result};

use super::ask::Ask;
use super::describe::acls_refused;
use super::failure::refuse;
use super::intent::of_headers;
use super::tags;
use super::versions::{Found, find, on_version};
use crate::gate::actions;

/// One function a setting: asks the gate, and answers as S3 does where nothing was ever set.
macro_rules! unset {
    ($($name:ident($input:ident) -> $output:ident: $action:ident = $answer:expr;)*) => {
        $(pub(super) async fn $name(
            ask: &Ask,
            request: S3Request<$input>,
        ) -> S3Result<S3Response<$output>> {
            let input = request.input;
            let owned = ask.bucket(&input.bucket, input.expected_bucket_owner.as_deref()).await?;
            ask.on_bucket::<actions::s3::$action>(&owned, Context::new())?;
            let answer: Result<$output, (&str, &str)> = $answer;
            answer.map(S3Response::new).map_err(|(code, message)| refuse(404, code, message.to_owned()))
        })*
    };
}

unset! {
    get_bucket_accelerate_configuration(GetBucketAccelerateConfigurationInput)
        -> GetBucketAccelerateConfigurationOutput: GetAccelerateConfiguration
        = Ok(GetBucketAccelerateConfigurationOutput::default());
    get_bucket_cors(GetBucketCorsInput) -> GetBucketCorsOutput: GetBucketCORS
        = Err(("NoSuchCORSConfiguration", "The CORS configuration does not exist"));
    get_bucket_lifecycle_configuration(GetBucketLifecycleConfigurationInput)
        -> GetBucketLifecycleConfigurationOutput: GetLifecycleConfiguration
        = Err(("NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist"));
    get_bucket_logging(GetBucketLoggingInput) -> GetBucketLoggingOutput: GetBucketLogging
        = Ok(GetBucketLoggingOutput::default());
    get_bucket_notification_configuration(GetBucketNotificationConfigurationInput)
        -> GetBucketNotificationConfigurationOutput: GetBucketNotification
        = Ok(GetBucketNotificationConfigurationOutput::default());
    get_bucket_replication(GetBucketReplicationInput) -> GetBucketReplicationOutput: GetReplicationConfiguration
        = Err(("ReplicationConfigurationNotFoundError", "The replication configuration was not found"));
    get_bucket_request_payment(GetBucketRequestPaymentInput)
        -> GetBucketRequestPaymentOutput: GetBucketRequestPayment
        = Ok(GetBucketRequestPaymentOutput { payer: Some(Payer::from_static(Payer::BUCKET_OWNER)) });
    get_bucket_website(GetBucketWebsiteInput) -> GetBucketWebsiteOutput: GetBucketWebsite
        = Err(("NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration"));
    get_object_lock_configuration(GetObjectLockConfigurationInput)
        -> GetObjectLockConfigurationOutput: GetBucketObjectLockConfiguration
        = Err((
            "ObjectLockConfigurationNotFoundError",
            "Object Lock configuration does not exist for this bucket",
        ));
}

pub(super) async fn put_bucket_acl(
    ask: &Ask,
    request: S3Request<PutBucketAclInput>,
) -> S3Result<S3Response<PutBucketAclOutput>> {
    let input = request.input;
    let owned = ask.bucket(&input.bucket, input.expected_bucket_owner.as_deref()).await?;
    ask.on_bucket::<actions::s3::PutBucketAcl>(&owned, of_headers(&request.headers))?;
    Err(acls_refused(&owned))
}

pub(super) async fn put_object_acl(
    ask: &Ask,
    request: S3Request<PutObjectAclInput>,
) -> S3Result<S3Response<PutObjectAclOutput>> {
    let input = request.input;
    let owned = ask.bucket(&input.bucket, input.expected_bucket_owner.as_deref()).await?;
    let found = Found::look(ask, &owned, &input.key, input.version_id).await?;
    let mut conditions = of_headers(&request.headers);
    conditions.extend(tags::existing(found.row()));
    on_version::<actions::s3::PutObjectAcl, actions::s3::PutObjectVersionAcl>(
        ask, &owned, &found, conditions,
    )?;
    find(ask, &owned, found)?;
    Err(acls_refused(&owned))
}

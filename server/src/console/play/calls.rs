//! The calls of scenarios and checks, each as the SDK makes it.

use super::{identities, keys};
use crate::{
    cloud::{Asked as _, Failure},
    console::{desk::Desk, role},
    tutorial::scenario::{Call, Sse},
    verdict::Question,
};
use app::console::{Answer, ConsoleError};
use aws_sdk_s3::{
    primitives::ByteStream,
    types::{
        MetadataDirective, PublicAccessBlockConfiguration, ServerSideEncryption,
        ServerSideEncryptionByDefault, ServerSideEncryptionConfiguration, ServerSideEncryptionRule,
    },
};
use futures::FutureExt as _;

/// What every object of a scenario holds.
const CONTENT: &[u8] = b"name,salary\nJane Doe,1000\n";

/// What a call told.
pub(in crate::console) struct Told {
    pub(in crate::console) result: Result<(), Answer>,
    /// What its answer says against what it should say, for a call that succeeds either way.
    pub(super) said: Option<String>,
}

impl From<Result<(), Answer>> for Told {
    fn from(result: Result<(), Answer>) -> Self {
        Self { result, said: None }
    }
}

/// What a module answers that was handed a call of another: whoever asked for it must not be told that it went well.
pub(super) fn not_made(call: &Call) -> ConsoleError {
    tracing::error!(?call, "a scenario's call that nothing makes");
    ConsoleError::Unavailable("This call is not made here yet, so nothing was done. Please report it.".into())
}

/// Makes one call as whoever is at the desk.
pub(in crate::console) async fn make(desk: &mut Desk<'_>, call: &Call) -> Result<Told, ConsoleError> {
    let bucket = desk.lab.bucket.clone();
    let on_bucket = |operation| Question::new("s3", operation).bucket(&bucket);
    let s3 = desk.clients.s3.clone();
    Ok(match call {
        Call::PutObject(key, sse) => put_object(desk, key, sse).boxed().await?.into(),
        Call::GetObject(key) => {
            let request = async {
                let answer = s3.get_object().bucket(&bucket).key(key).send().asked().await?;
                // The whole object: what cannot be decrypted would break off here.
                answer.body.collect().await.map_err(|error| Failure::unanswered(error.to_string()))
            };
            let question = Question::new("s3", "GetObject").object(&bucket, key);
            desk.call(question, format!("{bucket}/{key}"), request, |_, _| {}).await?.map(drop).into()
        }
        Call::HeadObject(key) => {
            let request = s3.head_object().bucket(&bucket).key(key).send().asked();
            let question = Question::new("s3", "HeadObject").object(&bucket, key);
            desk.call(question, format!("{bucket}/{key}"), request, |_, _| {}).await?.map(drop).into()
        }
        Call::DeleteObject(key) => {
            let request = s3.delete_object().bucket(&bucket).key(key).send().asked();
            let question = Question::new("s3", "DeleteObject").object(&bucket, key);
            desk.call(question, format!("{bucket}/{key}"), request, |_, _| {}).await?.map(drop).into()
        }
        Call::CopyOntoItself(key, sse) => copy(desk, key, sse).boxed().await?.into(),
        Call::ListObjects => {
            let request = s3.list_objects_v2().bucket(&bucket).send().asked();
            desk.call(on_bucket("ListObjectsV2"), bucket.clone(), request, |_, _| {}).await?.map(drop).into()
        }
        Call::GetBucketLocation => {
            let request = s3.get_bucket_location().bucket(&bucket).send().asked();
            desk.call(on_bucket("GetBucketLocation"), bucket.clone(), request, |_, _| {})
                .await?
                .map(drop)
                .into()
        }
        Call::GetBucketPolicy => {
            let request = s3.get_bucket_policy().bucket(&bucket).send().asked();
            desk.call(on_bucket("GetBucketPolicy"), bucket.clone(), request, |_, _| {})
                .await?
                .map(drop)
                .into()
        }
        Call::PutBucketPolicy(document) => {
            let request = s3.put_bucket_policy().bucket(&bucket).policy(document).send().asked();
            desk.call(on_bucket("PutBucketPolicy"), bucket.clone(), request, |_, _| {})
                .await?
                .map(drop)
                .into()
        }
        Call::DeleteBucketPolicy => {
            let request = s3.delete_bucket_policy().bucket(&bucket).send().asked();
            desk.call(on_bucket("DeleteBucketPolicy"), bucket.clone(), request, |_, _| {})
                .await?
                .map(drop)
                .into()
        }
        Call::PutBucketEncryption(key) => {
            let configuration = encryption(key.as_deref())?;
            let request = s3
                .put_bucket_encryption()
                .bucket(&bucket)
                .server_side_encryption_configuration(configuration)
                .send()
                .asked();
            desk.call(on_bucket("PutBucketEncryption"), bucket.clone(), request, |_, _| {})
                .await?
                .map(drop)
                .into()
        }
        Call::PutPublicAccessBlock(on) => {
            let configuration = PublicAccessBlockConfiguration::builder()
                .block_public_acls(*on)
                .ignore_public_acls(*on)
                .block_public_policy(*on)
                .restrict_public_buckets(*on)
                .build();
            let request = s3
                .put_public_access_block()
                .bucket(&bucket)
                .public_access_block_configuration(configuration)
                .send()
                .asked();
            let subject =
                format!("{bucket}, {}", if *on { "all four settings on" } else { "all four settings off" });
            desk.call(on_bucket("PutPublicAccessBlock"), subject, request, |_, _| {}).await?.map(drop).into()
        }
        Call::DescribeKey(_)
        | Call::GetKeyPolicy(_)
        | Call::PutKeyPolicy(..)
        | Call::GenerateDataKey
        | Call::GenerateDataKeyWithoutPlaintext
        | Call::CreateGrant(_)
        | Call::AddKeyUser(_)
        | Call::RemoveKeyUser(_)
        | Call::CreateKey(_) => keys::on_key(desk, call).boxed().await?.into(),
        Call::AssumeRole(role) => {
            role::assume(desk, role, role::SESSION_NAME).boxed().await?.map(drop).into()
        }
        Call::GetCallerIdentity => {
            let request = desk.clients.sts.get_caller_identity().send().asked();
            let question = Question::new("sts", "GetCallerIdentity");
            desk.call(question, "", request, |_, _| {}).await?.map(drop).into()
        }
        Call::Simulate(document, action, resource, allowed) => {
            identities::simulate(desk, document, action, resource, *allowed).boxed().await?
        }
        Call::SimulateRole(role, action, resource, allowed) => {
            identities::simulate_role(desk, role, action, resource, *allowed).boxed().await?
        }
        Call::CreateRole(..)
        | Call::GetRole(_)
        | Call::DeleteRole(_)
        | Call::PutRolePolicy(..)
        | Call::DeleteRolePolicy(..)
        | Call::AttachRolePolicy(..)
        | Call::DetachRolePolicy(..)
        | Call::CreatePolicyVersion(..)
        | Call::SetDefaultPolicyVersion(..)
        | Call::DeletePolicyVersion(..) => identities::on_iam(desk, call).boxed().await?.into(),
    })
}

fn encryption(key: Option<&str>) -> Result<ServerSideEncryptionConfiguration, ConsoleError> {
    let algorithm = if key.is_some() { ServerSideEncryption::AwsKms } else { ServerSideEncryption::Aes256 };
    let unbuilt =
        |error: aws_smithy_types::error::operation::BuildError| ConsoleError::Unavailable(error.to_string());
    let default = ServerSideEncryptionByDefault::builder()
        .sse_algorithm(algorithm)
        .set_kms_master_key_id(key.map(Into::into))
        .build()
        .map_err(unbuilt)?;
    let rule = ServerSideEncryptionRule::builder().apply_server_side_encryption_by_default(default).build();
    ServerSideEncryptionConfiguration::builder().rules(rule).build().map_err(unbuilt)
}

/// The headers of an upload's encryption.
fn headers(desk: &Desk<'_>, sse: &Sse) -> (Option<ServerSideEncryption>, Option<String>) {
    match sse {
        Sse::None => (None, None),
        Sse::LabKey => (Some(ServerSideEncryption::AwsKms), desk.lab.key_arn.clone()),
        Sse::Key(key) => (Some(ServerSideEncryption::AwsKms), Some(key.clone())),
    }
}

async fn put_object(desk: &mut Desk<'_>, key: &str, sse: &Sse) -> Result<Result<(), Answer>, ConsoleError> {
    let bucket = desk.lab.bucket.clone();
    let (sse, sse_key) = headers(desk, sse);
    let mut question = Question::new("s3", "PutObject").object(&bucket, key);
    question.sse = sse.as_ref().map(|sse| sse.as_str().into());
    question.sse_key.clone_from(&sse_key);
    let request = desk.clients.s3.clone();
    let request = request
        .put_object()
        .bucket(&bucket)
        .key(key)
        .body(ByteStream::from_static(CONTENT))
        .set_server_side_encryption(sse)
        .set_ssekms_key_id(sse_key)
        .send()
        .asked();
    Ok(desk.call(question, format!("{bucket}/{key}"), request, |_, _| {}).await?.map(drop))
}

async fn copy(desk: &mut Desk<'_>, key: &str, sse: &Sse) -> Result<Result<(), Answer>, ConsoleError> {
    let bucket = desk.lab.bucket.clone();
    let (sse, sse_key) = headers(desk, sse);
    let mut question = Question::new("s3", "CopyObject").object(&bucket, key).source(&bucket, key);
    question.sse = sse.as_ref().map(|sse| sse.as_str().into());
    question.sse_key.clone_from(&sse_key);
    let request = desk.clients.s3.clone();
    // Without a change S3 copies nothing onto itself.
    let request = request
        .copy_object()
        .bucket(&bucket)
        .key(key)
        .copy_source(format!("{bucket}/{key}"))
        .metadata_directive(MetadataDirective::Replace)
        .set_server_side_encryption(sse)
        .set_ssekms_key_id(sse_key)
        .send()
        .asked();
    Ok(desk.call(question, format!("{bucket}/{key} onto itself"), request, |_, _| {}).await?.map(drop))
}

//! What is called upon: bucket, object, key and role, with their policies and tags.

use super::{Part, decoded};
use crate::{
    cloud::{Asked as _, Clients, Failure},
    verdict::Question,
};
use aws_sdk_kms::types::KeyMetadata;
use aws_sdk_s3::types::ServerSideEncryption;
use futures::future::{FutureExt as _, TryFutureExt as _, join4};
use policy::{
    Grant, GrantConstraints, NamedPolicy,
    call::{KeyFacts, ObjectFacts, Tags},
};

pub(super) async fn bucket(clients: &Clients, question: &Question) -> Part {
    let mut part = Part::default();
    // A bucket that is being made has no policy yet.
    let Some(bucket) = question.bucket.as_deref().filter(|_| question.operation != "CreateBucket") else {
        return part;
    };
    part.0.bucket_policy = bucket_policy(clients, &mut part, bucket).await;
    if question.writes_object() && question.sse.as_deref().is_none_or(|sse| sse.starts_with("aws:kms")) {
        match clients.s3.get_bucket_encryption().bucket(bucket).send().asked().await {
            Ok(answer) => {
                let rule = answer
                    .server_side_encryption_configuration()
                    .and_then(|configuration| configuration.rules().first());
                part.0.bucket_keys = rule.and_then(|rule| rule.bucket_key_enabled()).unwrap_or_default();
                let by_default = rule
                    .and_then(|rule| rule.apply_server_side_encryption_by_default())
                    .filter(|default| *default.sse_algorithm() == ServerSideEncryption::AwsKms);
                part.0.bucket_default_key = by_default
                    .map(|default| default.kms_master_key_id().unwrap_or("alias/aws/s3").to_owned());
            }
            // Every bucket has had SSE-S3 by default since 2023; a bucket that says nothing says that.
            Err(failure) => tracing::debug!(?failure, "bucket default encryption"),
        }
    }
    if let Some(key) = question.object.as_deref().filter(|_| question.reads_object()) {
        part.0.object = object(clients, &mut part, bucket, key).await;
    }
    part
}

/// What a copy reads: the object, and the policy of its bucket.
pub(super) async fn source(clients: &Clients, question: &Question) -> Part {
    let mut part = Part::default();
    if let Some((bucket, key)) = &question.source {
        part.0.source_policy = bucket_policy(clients, &mut part, bucket).await;
        part.0.source = object(clients, &mut part, bucket, key).await;
    }
    part
}

async fn bucket_policy(clients: &Clients, part: &mut Part, bucket: &str) -> Option<NamedPolicy> {
    match clients.s3.get_bucket_policy().bucket(bucket).send().asked().await {
        Ok(answer) => return part.parse("bucket policy", None, answer.policy().unwrap_or_default()),
        Err(failure) if failure.is("NoSuchBucketPolicy") => {}
        Err(failure) if failure.is("NoSuchBucket") || failure.is("InvalidBucketName") => {
            part.0.bucket_absent = true;
        }
        Err(failure) => part.unseen(&format!("the policy of the bucket {bucket}"), &failure),
    }
    None
}

async fn object(clients: &Clients, part: &mut Part, bucket: &str, key: &str) -> Option<ObjectFacts> {
    let head = clients.s3.head_object().bucket(bucket).key(key).send();
    let head =
        head.map_err(|error| (error.raw_response().map(|raw| raw.status().as_u16()), Failure::of(error)));
    match head.boxed().await {
        Ok(answer) => {
            let tags = object_tags(clients, part, bucket, key).await;
            let bucket_key = answer.bucket_key_enabled().unwrap_or_default();
            Some(ObjectFacts::Present { key: answer.ssekms_key_id().map(Into::into), bucket_key, tags })
        }
        Err((Some(404), _)) => Some(ObjectFacts::Missing),
        Err((_, failure)) => {
            part.unseen(&format!("whether {key} is in the bucket"), &failure);
            None
        }
    }
}

async fn object_tags(clients: &Clients, part: &mut Part, bucket: &str, object: &str) -> Tags {
    match clients.s3.get_object_tagging().bucket(bucket).key(object).send().asked().await {
        Ok(answer) => answer.tag_set().iter().map(|tag| (tag.key().into(), tag.value().into())).collect(),
        Err(failure) => {
            part.unseen(&format!("the tags of {object}"), &failure);
            Tags::new()
        }
    }
}

/// The role that is assumed, changed or passed.
pub(super) async fn role(clients: &Clients, question: &Question) -> Part {
    let mut part = Part::default();
    // A role that is being made has no tags yet.
    let Some(role) = question.role.as_deref().filter(|_| question.operation != "CreateRole") else {
        return part;
    };
    let name = role.rsplit('/').next().unwrap_or_default();
    let assumed = question.service == "sts";
    match clients.iam.get_role().role_name(name).send().asked().await.map(|answer| answer.role) {
        Ok(Some(role)) => {
            part.0.role_tags = role.tags().iter().map(|tag| (tag.key().into(), tag.value().into())).collect();
            let document = role.assume_role_policy_document().filter(|_| assumed).map(decoded);
            let read = document.and_then(|document| part.parse("trust policy", None, &document));
            part.0.trust_policy = read;
        }
        Ok(None) => {}
        Err(failure) if failure.is("NoSuchEntity") => {}
        Err(failure) if assumed => part.unseen(&format!("the trust policy and the tags of {name}"), &failure),
        Err(failure) => part.unseen(&format!("the tags of {name}"), &failure),
    }
    part
}

/// A key with its policy, grants and tags; `None` if it is not there.
pub(super) async fn key(
    clients: &Clients,
    part: &mut Part,
    id: &str,
    question: &Question,
) -> Option<KeyFacts> {
    let kms = &clients.kms;
    let mut context = Vec::new();
    let arn = match kms.describe_key().key_id(id).send().asked().await {
        Ok(answer) => answer.key_metadata().and_then(|key| {
            context = kind(key);
            key.arn().map(str::to_owned)
        }),
        // A key that is not there has no policy to see; KMS will say so itself.
        Err(failure) if failure.is("NotFoundException") => return None,
        Err(failure) => {
            part.unseen(&format!("the key {id}"), &failure);
            None
        }
    };
    // Without DescribeKey a full ARN still says which key it is.
    let arn = arn.or_else(|| id.contains(":key/").then(|| id.to_owned()))?;
    let (document, grants, tags, aliases) = join4(
        kms.get_key_policy().key_id(&arn).policy_name("default").send().asked(),
        kms.list_grants().key_id(&arn).send().asked(),
        kms.list_resource_tags().key_id(&arn).send().asked(),
        kms.list_aliases().key_id(&arn).send().asked(),
    )
    .await;
    let policy = match document {
        Ok(answer) => part.parse("key policy", None, answer.policy().unwrap_or_default()),
        Err(failure) => {
            part.unseen("the key policy", &failure);
            None
        }
    };
    let grants = match grants {
        Ok(answer) => answer.grants().iter().map(grant).collect(),
        Err(failure) => {
            part.unseen("the key's grants", &failure);
            Vec::new()
        }
    };
    match tags {
        Ok(answer) => context.extend(
            answer
                .tags()
                .iter()
                .map(|tag| (format!("aws:ResourceTag/{}", tag.tag_key()), vec![tag.tag_value().to_owned()])),
        ),
        Err(failure) => part.unseen("the key's tags", &failure),
    }
    match aliases {
        Ok(answer) => {
            let names = answer.aliases().iter().filter_map(|alias| alias.alias_name().map(str::to_owned));
            let names: Vec<String> = names.collect();
            // A key without aliases has no such condition key.
            if !names.is_empty() {
                context.push(("kms:ResourceAliases".into(), names));
            }
        }
        Err(failure) => part.unseen("the key's aliases", &failure),
    }
    tracing::debug!(key = arn, operation = question.operation, "gathered key");
    Some(KeyFacts { arn, policy, grants, context })
}

/// The condition keys that tell of a key's kind.
fn kind(key: &KeyMetadata) -> Vec<(String, Vec<String>)> {
    let known = [
        ("kms:KeySpec", key.key_spec().map(|spec| spec.as_str())),
        ("kms:KeyUsage", key.key_usage().map(|usage| usage.as_str())),
        ("kms:KeyOrigin", key.origin().map(|origin| origin.as_str())),
        ("kms:MultiRegion", key.multi_region().map(|multi| if multi { "true" } else { "false" })),
    ];
    known.into_iter().filter_map(|(name, value)| Some((name.to_owned(), vec![value?.to_owned()]))).collect()
}

fn grant(entry: &aws_sdk_kms::types::GrantListEntry) -> Grant {
    let pairs = |map: Option<&std::collections::HashMap<String, String>>| {
        map.map(|map| map.iter().map(|(key, value)| (key.clone(), value.clone())).collect())
    };
    Grant {
        grant_id: entry.grant_id().unwrap_or_default().into(),
        grantee: entry.grantee_principal().unwrap_or_default().into(),
        retiring_principal: entry.retiring_principal().map(Into::into),
        operations: entry.operations().iter().map(|operation| operation.as_str().into()).collect(),
        constraints: entry.constraints().map(|constraints| GrantConstraints {
            encryption_context_equals: pairs(constraints.encryption_context_equals()),
            encryption_context_subset: pairs(constraints.encryption_context_subset()),
        }),
    }
}

//! Reading the policies that bear on a call, as the base identity.
//!
//! What cannot be read is noted and never stops the call: the verdict then says what it could not see.

use super::Question;
use crate::cloud::{Asked as _, Clients, Failure};
use aws_sdk_iam::types::{AttachedPermissionsBoundary, AttachedPolicy};
use aws_sdk_s3::types::ServerSideEncryption;
use futures::future::{FutureExt as _, TryFutureExt as _, join, join3, join4};
use policy::{Document, Grant, GrantConstraints, NamedPolicy, Principal, PrincipalKind};
use std::sync::Arc;

/// Everything that bears on one call.
#[derive(Clone, Debug, Default)]
pub struct Gathered {
    /// The caller's identity policies.
    pub identity: Vec<NamedPolicy>,
    /// Its permissions boundary.
    pub boundaries: Vec<NamedPolicy>,
    /// The bucket policy.
    pub bucket_policy: Option<NamedPolicy>,
    /// Whether there is no such bucket.
    pub bucket_absent: bool,
    /// The key ARN of the bucket's default encryption.
    pub bucket_default_key: Option<String>,
    /// The object that is read.
    pub object: Option<ObjectFacts>,
    /// The key that is used.
    pub key: Option<KeyFacts>,
    /// The trust policy of the role that is assumed.
    pub trust_policy: Option<NamedPolicy>,
    /// What could not be read, as the end of a sentence that begins "could not read".
    pub unseen: Vec<String>,
}

/// An object as the base identity sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ObjectFacts {
    /// It is not there.
    Missing,
    /// It is there; with the ARN of its key if it is under SSE-KMS.
    Present {
        /// Key ARN.
        key: Option<String>,
    },
}

/// A KMS key.
#[derive(Clone, Debug)]
pub struct KeyFacts {
    /// Its ARN.
    pub arn: String,
    /// Its key policy, if that could be read.
    pub policy: Option<NamedPolicy>,
    /// Its grants.
    pub grants: Vec<Grant>,
}

/// Reads what bears on `question` when `caller` makes it.
pub async fn gather(clients: &Clients, caller: &str, question: &Question) -> Gathered {
    let mut gathered = Gathered::default();
    let (identity, bucket, trust) = join3(
        identity(clients, caller).boxed(),
        bucket(clients, question).boxed(),
        trust(clients, question).boxed(),
    )
    .await;
    identity.merge(&mut gathered);
    bucket.merge(&mut gathered);
    trust.merge(&mut gathered);
    if let Some(id) = key_id(question, &gathered) {
        key(clients, &id, question).boxed().await.merge(&mut gathered);
    }
    gathered
}

/// A part of [`Gathered`] that was read on its own.
#[derive(Default)]
struct Part(Gathered);

impl Part {
    fn unseen(&mut self, what: &str, failure: &Failure) {
        let why = failure.code.as_deref().or(failure.message.as_deref()).unwrap_or("no answer");
        self.0.unseen.push(format!("{what} ({why})"));
    }

    /// Compiles a document, or notes that it could not be read.
    fn parse(&mut self, name: &str, arn: Option<&str>, json: &str) -> Option<NamedPolicy> {
        match Document::parse(json) {
            Ok(document) => Some(NamedPolicy {
                name: name.into(),
                arn: arn.map(Into::into),
                document: Arc::new(document),
            }),
            Err(error) => {
                self.0.unseen.push(format!("the policy {name} ({error})"));
                None
            }
        }
    }

    fn merge(self, into: &mut Gathered) {
        let Gathered {
            identity,
            boundaries,
            bucket_policy,
            bucket_absent,
            bucket_default_key,
            object,
            key,
            trust_policy,
            unseen,
        } = self.0;
        into.identity.extend(identity);
        into.boundaries.extend(boundaries);
        into.bucket_policy = into.bucket_policy.take().or(bucket_policy);
        into.bucket_absent |= bucket_absent;
        into.bucket_default_key = into.bucket_default_key.take().or(bucket_default_key);
        into.object = into.object.take().or(object);
        into.key = into.key.take().or(key);
        into.trust_policy = into.trust_policy.take().or(trust_policy);
        into.unseen.extend(unseen);
    }
}

/// The key a call uses: the one it names, the object's own, the bucket's default, or the account's `aws/s3`.
fn key_id(question: &Question, gathered: &Gathered) -> Option<String> {
    if question.service == "kms" {
        return question.key.clone();
    }
    if question.writes_object() {
        let default = || gathered.bucket_default_key.clone();
        return match question.sse.as_deref() {
            Some("aws:kms" | "aws:kms:dsse") => {
                question.sse_key.clone().or_else(default).or_else(|| Some("alias/aws/s3".into()))
            }
            Some(_) => None,
            None => default(),
        };
    }
    match &gathered.object {
        Some(ObjectFacts::Present { key }) => key.clone(),
        _ => None,
    }
}

async fn identity(clients: &Clients, caller: &str) -> Part {
    let mut part = Part::default();
    let Ok(principal) = Principal::from_arn(caller) else { return part };
    let name = |arn: &str| arn.rsplit('/').next().unwrap_or_default().to_owned();
    match principal.kind() {
        PrincipalKind::User => user_policies(clients, &mut part, &name(caller)).await,
        PrincipalKind::Session | PrincipalKind::Role => {
            if let Some(role) = principal.principal_arn().map(name) {
                role_policies(clients, &mut part, &role).await;
            }
        }
        _ => {}
    }
    part
}

async fn user_policies(clients: &Clients, part: &mut Part, user: &str) {
    let iam = &clients.iam;
    let (attached, inline, itself, groups) = join4(
        iam.list_attached_user_policies().user_name(user).send().asked(),
        iam.list_user_policies().user_name(user).send().asked(),
        iam.get_user().user_name(user).send().asked(),
        iam.list_groups_for_user().user_name(user).send().asked(),
    )
    .await;
    attached_policies(clients, part, user, attached.map(|list| list.attached_policies)).await;
    inline_policies(part, user, inline.map(|list| list.policy_names), |name| {
        let get = iam.get_user_policy().user_name(user).policy_name(name);
        async move { get.send().asked().await.map(|answer| decoded(answer.policy_document())) }
    })
    .await;
    let limit = itself.map(|answer| answer.user.and_then(|user| user.permissions_boundary));
    boundary(clients, part, user, limit).await;
    match groups {
        Ok(list) => {
            for group in list.groups() {
                group_policies(clients, part, group.group_name()).await;
            }
        }
        Err(failure) => part.unseen(&format!("the groups of {user}"), &failure),
    }
}

async fn group_policies(clients: &Clients, part: &mut Part, group: &str) {
    let iam = &clients.iam;
    let (attached, inline) = join(
        iam.list_attached_group_policies().group_name(group).send().asked(),
        iam.list_group_policies().group_name(group).send().asked(),
    )
    .await;
    attached_policies(clients, part, group, attached.map(|list| list.attached_policies)).await;
    inline_policies(part, group, inline.map(|list| list.policy_names), |name| {
        let get = iam.get_group_policy().group_name(group).policy_name(name);
        async move { get.send().asked().await.map(|answer| decoded(answer.policy_document())) }
    })
    .await;
}

async fn role_policies(clients: &Clients, part: &mut Part, role: &str) {
    let iam = &clients.iam;
    let (attached, inline, itself) = join3(
        iam.list_attached_role_policies().role_name(role).send().asked(),
        iam.list_role_policies().role_name(role).send().asked(),
        iam.get_role().role_name(role).send().asked(),
    )
    .await;
    attached_policies(clients, part, role, attached.map(|list| list.attached_policies)).await;
    inline_policies(part, role, inline.map(|list| list.policy_names), |name| {
        let get = iam.get_role_policy().role_name(role).policy_name(name);
        async move { get.send().asked().await.map(|answer| decoded(answer.policy_document())) }
    })
    .await;
    let limit = itself.map(|answer| answer.role.and_then(|role| role.permissions_boundary));
    boundary(clients, part, role, limit).await;
}

/// The managed policies attached to `holder`: a user, a group or a role.
async fn attached_policies(
    clients: &Clients,
    part: &mut Part,
    holder: &str,
    list: Result<Option<Vec<AttachedPolicy>>, Failure>,
) {
    match list {
        Ok(list) => {
            for attached in list.unwrap_or_default() {
                managed(clients, part, attached.policy_name(), attached.policy_arn(), false).await;
            }
        }
        Err(failure) => part.unseen(&format!("the policies attached to {holder}"), &failure),
    }
}

/// The policies written into `holder`, each read with `read`.
async fn inline_policies<R: Future<Output = Result<String, Failure>>>(
    part: &mut Part,
    holder: &str,
    names: Result<Vec<String>, Failure>,
    read: impl Fn(String) -> R,
) {
    match names {
        Ok(names) => {
            for name in names {
                match read(name.clone()).await {
                    Ok(document) => {
                        let policy = part.parse(&name, None, &document);
                        part.0.identity.extend(policy);
                    }
                    Err(failure) => part.unseen(&format!("the inline policy {name} of {holder}"), &failure),
                }
            }
        }
        Err(failure) => part.unseen(&format!("the inline policies of {holder}"), &failure),
    }
}

/// The permissions boundary of `holder`, if it has one.
async fn boundary(
    clients: &Clients,
    part: &mut Part,
    holder: &str,
    limit: Result<Option<AttachedPermissionsBoundary>, Failure>,
) {
    match limit {
        Ok(limit) => {
            if let Some(arn) = limit.and_then(|limit| limit.permissions_boundary_arn) {
                managed(clients, part, arn.rsplit('/').next(), Some(&arn), true).await;
            }
        }
        Err(failure) => part.unseen(&format!("the permissions boundary of {holder}"), &failure),
    }
}

async fn managed(clients: &Clients, part: &mut Part, name: Option<&str>, arn: Option<&str>, boundary: bool) {
    let (Some(name), Some(arn)) = (name, arn) else { return };
    let document = async {
        let policy = clients.iam.get_policy().policy_arn(arn).send().asked().await?;
        let version = policy.policy().and_then(|policy| policy.default_version_id()).unwrap_or("v1");
        let version =
            clients.iam.get_policy_version().policy_arn(arn).version_id(version).send().asked().await?;
        Ok::<_, Failure>(version.policy_version().and_then(|version| version.document()).map(decoded))
    };
    match document.await {
        Ok(document) => {
            let read = part.parse(name, Some(arn), document.as_deref().unwrap_or_default());
            let list = if boundary { &mut part.0.boundaries } else { &mut part.0.identity };
            list.extend(read);
        }
        Err(failure) => part.unseen(&format!("the policy {name}"), &failure),
    }
}

/// IAM gives documents percent-encoded (RFC 3986).
fn decoded(document: &str) -> String {
    let pairs: Vec<(String, String)> =
        serde_urlencoded::from_str(&format!("d={document}")).unwrap_or_default();
    pairs.into_iter().next().map_or_else(|| document.to_owned(), |(_, document)| document)
}

async fn bucket(clients: &Clients, question: &Question) -> Part {
    let mut part = Part::default();
    // A bucket that is being made has no policy yet.
    let Some(bucket) = question.bucket.as_deref().filter(|_| question.operation != "CreateBucket") else {
        return part;
    };
    match clients.s3.get_bucket_policy().bucket(bucket).send().asked().await {
        Ok(answer) => {
            let read = part.parse("bucket policy", None, answer.policy().unwrap_or_default());
            part.0.bucket_policy = read;
        }
        Err(failure) if failure.is("NoSuchBucketPolicy") => {}
        Err(failure) if failure.is("NoSuchBucket") || failure.is("InvalidBucketName") => {
            part.0.bucket_absent = true;
        }
        Err(failure) => part.unseen(&format!("the policy of the bucket {bucket}"), &failure),
    }
    if question.writes_object() && question.sse.as_deref().is_none_or(|sse| sse.starts_with("aws:kms")) {
        match clients.s3.get_bucket_encryption().bucket(bucket).send().asked().await {
            Ok(answer) => {
                let by_default = answer
                    .server_side_encryption_configuration()
                    .and_then(|configuration| configuration.rules().first())
                    .and_then(|rule| rule.apply_server_side_encryption_by_default())
                    .filter(|default| *default.sse_algorithm() == ServerSideEncryption::AwsKms);
                part.0.bucket_default_key = by_default
                    .map(|default| default.kms_master_key_id().unwrap_or("alias/aws/s3").to_owned());
            }
            // Every bucket has had SSE-S3 by default since 2023; a bucket that says nothing says that.
            Err(failure) => tracing::debug!(?failure, "bucket default encryption"),
        }
    }
    if let Some(object) = question.object.as_deref().filter(|_| question.reads_object()) {
        let head = clients.s3.head_object().bucket(bucket).key(object).send();
        let head =
            head.map_err(|error| (error.raw_response().map(|raw| raw.status().as_u16()), Failure::of(error)));
        match head.boxed().await {
            Ok(answer) => {
                part.0.object = Some(ObjectFacts::Present { key: answer.ssekms_key_id().map(Into::into) });
            }
            Err((Some(404), _)) => part.0.object = Some(ObjectFacts::Missing),
            Err((_, failure)) => part.unseen(&format!("whether {object} is in the bucket"), &failure),
        }
    }
    part
}

async fn trust(clients: &Clients, question: &Question) -> Part {
    let mut part = Part::default();
    let Some(role) = question.role.as_deref().filter(|_| question.service == "sts") else { return part };
    let name = role.rsplit('/').next().unwrap_or_default();
    match clients.iam.get_role().role_name(name).send().asked().await {
        Ok(answer) => {
            let document = answer.role().and_then(|role| role.assume_role_policy_document()).map(decoded);
            let read = document.and_then(|document| part.parse("trust policy", None, &document));
            part.0.trust_policy = read;
        }
        Err(failure) if failure.is("NoSuchEntity") => {}
        Err(failure) => part.unseen(&format!("the trust policy of {name}"), &failure),
    }
    part
}

async fn key(clients: &Clients, id: &str, question: &Question) -> Part {
    let mut part = Part::default();
    let kms = &clients.kms;
    let arn = match kms.describe_key().key_id(id).send().asked().await {
        Ok(answer) => answer.key_metadata().and_then(|key| key.arn()).map(str::to_owned),
        // A key that is not there has no policy to see; KMS will say so itself.
        Err(failure) if failure.is("NotFoundException") => return part,
        Err(failure) => {
            part.unseen(&format!("the key {id}"), &failure);
            None
        }
    };
    // Without DescribeKey a full ARN still says which key it is.
    let Some(arn) = arn.or_else(|| id.contains(":key/").then(|| id.to_owned())) else { return part };
    let (document, grants) = join(
        kms.get_key_policy().key_id(&arn).policy_name("default").send().asked(),
        kms.list_grants().key_id(&arn).send().asked(),
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
    tracing::debug!(key = arn, operation = question.operation, "gathered key");
    part.0.key = Some(KeyFacts { arn, policy, grants });
    part
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

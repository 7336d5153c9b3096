//! What is asked (the request), what bears on it (the policies), and the facts the engine derives from both.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Context, Document, Grant, Principal};

/// One authorization question: may `principal` do `action` on `resource`?
///
/// The engine itself fills `aws:PrincipalArn`, `aws:PrincipalAccount`, `aws:PrincipalType`, `aws:username`,
/// `aws:PrincipalIsAWSService`, `aws:PrincipalServiceName`, `aws:ResourceAccount`, for S3 `s3:ResourceAccount` and for KMS `kms:CallerAccount`; values
/// for those in `context` are not read, as AWS does not let a caller choose them. Four
/// have a value of the caller's where nothing tells otherwise: `aws:userid`, whose unique id no ARN holds; `aws:PrincipalArn` of a
/// session, whose ARN lacks the path of its role; `kms:CallerAccount` of a service's request; and `aws:ViaAWSService`, else `false`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Who asks.
    pub principal: Principal,
    /// The action, such as `s3:GetObject`.
    pub action: String,
    /// The resource's ARN, or `*` for actions that have no resource.
    pub resource: String,
    /// The account that owns the resource. When `None`: the account in the resource's ARN, else the caller's own.
    pub resource_account: Option<String>,
    /// The condition keys of the request.
    pub context: Context,
}

impl Request {
    /// Whether the action is one of the service with this prefix, such as `kms`.
    pub(crate) fn is_for(&self, service: &str) -> bool {
        self.action.split_once(':').is_some_and(|(prefix, _)| prefix.eq_ignore_ascii_case(service))
    }
}

/// A policy with the name it goes by.
#[derive(Clone, Debug)]
pub struct NamedPolicy {
    /// The name a person knows it by, such as `secure-bucket-admin` or `bucket policy`.
    pub name: String,
    /// The ARN of a managed policy, SCP or RCP; AWS's messages name it. Inline policies have none.
    pub arn: Option<String>,
    /// The compiled document.
    pub document: Arc<Document>,
}

/// What a resource policy is attached to; each kind has rules of its own (`aws-semantics.md` §2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ResourceKind {
    /// An S3 bucket or object; the resource policy is the bucket policy.
    S3Bucket,
    /// A KMS key; the resource policy is the key policy, which must allow or delegate.
    KmsKey,
    /// A role to be assumed; the resource policy is its trust policy, which must allow or delegate.
    IamRole,
    /// Anything else: either side's Allow suffices.
    #[default]
    Other,
}

/// Every policy that bears on a request, borrowed. An empty slice means that layer is absent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Policies<'a> {
    /// The caller's identity policies, managed and inline, those of a user's groups included.
    pub identity: &'a [NamedPolicy],
    /// The bucket policy, key policy or trust policy.
    pub resource: Option<&'a NamedPolicy>,
    /// What `resource` is attached to, or would be.
    pub resource_kind: ResourceKind,
    /// The key's grants.
    pub grants: &'a [Grant],
    /// The caller's permissions boundary (at most one on AWS; each one given must allow).
    pub boundaries: &'a [NamedPolicy],
    /// The session policies; together they must allow.
    pub session_policies: &'a [NamedPolicy],
    /// Service control policies of the caller's account: one list a level, root first. Each level must allow.
    pub scps: &'a [Vec<NamedPolicy>],
    /// Resource control policies of the resource's account, in the same form.
    pub rcps: &'a [Vec<NamedPolicy>],
    /// The policies of the VPC endpoints the request passed through; each must allow.
    pub endpoint_policies: &'a [NamedPolicy],
    /// S3's `RestrictPublicBuckets`, of the bucket or of its account.
    pub block_public_access: bool,
}

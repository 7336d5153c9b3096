//! AWS KMS: JSON 1.1 over HTTP, symmetric keys with real key material, and the data keys that S3 asks for.
//!
//! An operation reads its input, finds the key, asks the gate, and only then looks at the key's existence and state
//! (`aws-semantics.md` §3 and §10, item 8).

mod aliases;
mod ciphertext;
mod cryptography;
pub(crate) mod data_key;
mod error;
mod grant_tokens;
mod grants;
mod identifier;
mod input;
mod keys;
mod lifecycle;
mod listing;
mod managed_key;
mod material;
mod pairs;
mod policies;
mod rotation;
mod settings;
mod usage;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::caller::Caller;
use crate::request::RequestMeta;
use crate::{Aws, Body, json};

pub(crate) use error::KmsError;
pub(crate) use identifier::{Form, form_of};
pub(crate) use keys::{key_arn_of, must_exist, remove_gone};
pub(crate) use managed_key::{ALIAS as AWS_S3_ALIAS, arn as aws_s3_arn};
pub use usage::LastUse;
pub(crate) use usage::Usage;

/// An encryption context: pairs that must be given again to decrypt.
pub(crate) type EncryptionContext = BTreeMap<String, String>;

/// The grant that a grant token was made for.
pub(crate) fn grant_of_token(aws: &Aws, token: &str) -> Option<String> {
    grant_tokens::read(aws, token).ok().map(|(_, grant)| grant)
}

/// A call to KMS: who makes it, and whether S3 makes it for them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'a> {
    pub(crate) aws: &'a Arc<Aws>,
    pub(crate) meta: &'a RequestMeta,
    pub(crate) caller: &'a Caller,
    pub(crate) via: Via,
}

/// How a call reaches KMS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Via {
    /// The caller calls KMS.
    Direct,
    /// S3 calls KMS with the caller's identity (a forward access session).
    S3,
}

/// The name of the operation in an `X-Amz-Target`.
pub(crate) fn operation_name(target: &str) -> &str {
    target.strip_prefix("TrentService.").unwrap_or(target)
}

/// Answers one KMS request. `target` is its `X-Amz-Target`, `body` its whole body; the signature is already verified.
pub(crate) async fn handle(
    aws: &Arc<Aws>,
    meta: &RequestMeta,
    caller: &Caller,
    target: &str,
    body: &[u8],
) -> http::Response<Body> {
    let name = operation_name(target);
    let meta = &meta.asking_for("kms", name);
    let call = Call { aws, meta, caller, via: Via::Direct };
    match run(&call, name, body).await {
        Ok(value) => json::success(meta, &value),
        Err(failure) => {
            if let Some(cause) = failure.cause() {
                tracing::error!(request_id = %meta.id, cause, "a KMS request failed");
            }
            json::error(meta, failure.status(), failure.code(), failure.message())
        }
    }
}

macro_rules! operations {
    ($($name:literal => $module:ident::$function:ident;)*) => {
        /// Runs an operation by its name.
        async fn run(call: &Call<'_>, name: &str, body: &[u8]) -> Result<Value, KmsError> {
            match name {
                $($name => $module::$function(call, input::read(body)?).await,)*
                unknown => Err(KmsError::unknown_operation(unknown)),
            }
        }

        /// All operations.
        pub(crate) const OPERATIONS: &[&str] = &[$($name),*];
    };
}

operations! {
    "CreateKey" => lifecycle::create_key;
    "DescribeKey" => lifecycle::describe_key;
    "ListKeys" => lifecycle::list_keys;
    "EnableKey" => lifecycle::enable_key;
    "DisableKey" => lifecycle::disable_key;
    "ScheduleKeyDeletion" => lifecycle::schedule_key_deletion;
    "CancelKeyDeletion" => lifecycle::cancel_key_deletion;
    "CreateAlias" => aliases::create_alias;
    "DeleteAlias" => aliases::delete_alias;
    "ListAliases" => aliases::list_aliases;
    "GetKeyPolicy" => policies::get_key_policy;
    "PutKeyPolicy" => policies::put_key_policy;
    "ListKeyPolicies" => policies::list_key_policies;
    "Encrypt" => cryptography::encrypt;
    "Decrypt" => cryptography::decrypt;
    "ReEncrypt" => cryptography::re_encrypt;
    "GenerateDataKey" => cryptography::generate_data_key;
    "GenerateDataKeyWithoutPlaintext" => cryptography::generate_data_key_without_plaintext;
    "GenerateRandom" => cryptography::generate_random;
    "CreateGrant" => grants::create_grant;
    "ListGrants" => grants::list_grants;
    "RevokeGrant" => grants::revoke_grant;
    "RetireGrant" => grants::retire_grant;
    "ListRetirableGrants" => grants::list_retirable_grants;
    "UpdateAlias" => aliases::update_alias;
    "UpdateKeyDescription" => settings::update_key_description;
    "TagResource" => settings::tag_resource;
    "UntagResource" => settings::untag_resource;
    "ListResourceTags" => settings::list_resource_tags;
    "EnableKeyRotation" => rotation::enable;
    "DisableKeyRotation" => rotation::disable;
    "GetKeyRotationStatus" => rotation::status;
    "RotateKeyOnDemand" => rotation::on_demand;
    "ListKeyRotations" => rotation::list;
    "GetKeyLastUsage" => usage::get_key_last_usage;
    "GenerateDataKeyPair" => pairs::generate_data_key_pair;
    "GenerateDataKeyPairWithoutPlaintext" => pairs::generate_data_key_pair_without_plaintext;
}

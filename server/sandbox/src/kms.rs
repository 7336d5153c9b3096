//! AWS KMS: JSON 1.1 over HTTP, symmetric keys with real key material, and the data keys that S3 asks for.
//!
//! An operation reads its input, finds the key, asks the gate, and only then looks at the key's existence and state
//! (`aws-semantics.md` §3 and §10, item 8).

mod aliases;
mod answer;
mod ciphertext;
mod cryptography;
pub(crate) mod data_key;
mod error;
mod grants;
mod input;
mod keys;
mod lifecycle;
mod listing;
mod managed_key;
mod pairs;
mod policies;
mod settings;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::caller::Caller;
use crate::request::RequestMeta;
use crate::{Aws, Body};

pub(crate) use answer::error;
pub(crate) use error::KmsError;
pub(crate) use keys::{Form, form_of, key_arn_of};
pub(crate) use managed_key::{ALIAS as AWS_S3_ALIAS, arn as aws_s3_arn};

/// An encryption context: pairs that must be given again to decrypt.
pub(crate) type EncryptionContext = BTreeMap<String, String>;

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

/// Answers one KMS request. `target` is its `X-Amz-Target`, `body` its whole body; the signature is already verified.
pub(crate) async fn handle(
    aws: &Arc<Aws>,
    meta: &RequestMeta,
    caller: &Caller,
    target: &str,
    body: &[u8],
) -> http::Response<Body> {
    let call = Call { aws, meta, caller, via: Via::Direct };
    match run(&call, target, body).await {
        Ok(value) => answer::success(meta, &value),
        Err(failure) => answer::failure(meta, &failure),
    }
}

/// Runs the operation that `target` names, for example `TrentService.Encrypt`.
async fn run(call: &Call<'_>, target: &str, body: &[u8]) -> Result<Value, KmsError> {
    let operation = target.strip_prefix("TrentService.").unwrap_or(target);
    match operation {
        "CreateKey" => lifecycle::create_key(call, input::read(body)?).await,
        "DescribeKey" => lifecycle::describe_key(call, input::read(body)?).await,
        "ListKeys" => lifecycle::list_keys(call, input::read(body)?).await,
        "EnableKey" => lifecycle::enable_key(call, input::read(body)?).await,
        "DisableKey" => lifecycle::disable_key(call, input::read(body)?).await,
        "ScheduleKeyDeletion" => lifecycle::schedule_key_deletion(call, input::read(body)?).await,
        "CancelKeyDeletion" => lifecycle::cancel_key_deletion(call, input::read(body)?).await,
        "CreateAlias" => aliases::create_alias(call, input::read(body)?).await,
        "DeleteAlias" => aliases::delete_alias(call, input::read(body)?).await,
        "ListAliases" => aliases::list_aliases(call, input::read(body)?).await,
        "GetKeyPolicy" => policies::get_key_policy(call, input::read(body)?).await,
        "PutKeyPolicy" => policies::put_key_policy(call, input::read(body)?).await,
        "ListKeyPolicies" => policies::list_key_policies(call, input::read(body)?).await,
        "Encrypt" => cryptography::encrypt(call, input::read(body)?).await,
        "Decrypt" => cryptography::decrypt(call, input::read(body)?).await,
        "ReEncrypt" => cryptography::re_encrypt(call, input::read(body)?).await,
        "GenerateDataKey" => cryptography::generate_data_key(call, input::read(body)?).await,
        "GenerateDataKeyWithoutPlaintext" => {
            cryptography::generate_data_key_without_plaintext(call, input::read(body)?).await
        }
        "GenerateRandom" => cryptography::generate_random(call, input::read(body)?).await,
        "CreateGrant" => grants::create_grant(call, input::read(body)?).await,
        "ListGrants" => grants::list_grants(call, input::read(body)?).await,
        "RevokeGrant" => grants::revoke_grant(call, input::read(body)?).await,
        "RetireGrant" => grants::retire_grant(call, input::read(body)?).await,
        "ListRetirableGrants" => grants::list_retirable_grants(call, input::read(body)?).await,
        "UpdateAlias" => aliases::update_alias(call, input::read(body)?).await,
        "UpdateKeyDescription" => settings::update_key_description(call, input::read(body)?).await,
        "TagResource" => settings::tag_resource(call, input::read(body)?).await,
        "UntagResource" => settings::untag_resource(call, input::read(body)?).await,
        "ListResourceTags" => settings::list_resource_tags(call, input::read(body)?).await,
        "EnableKeyRotation" => settings::enable_key_rotation(call, input::read(body)?).await,
        "DisableKeyRotation" => settings::disable_key_rotation(call, input::read(body)?).await,
        "GetKeyRotationStatus" => settings::get_key_rotation_status(call, input::read(body)?).await,
        "GenerateDataKeyPair" => pairs::generate_data_key_pair(call, input::read(body)?).await,
        "GenerateDataKeyPairWithoutPlaintext" => {
            pairs::generate_data_key_pair_without_plaintext(call, input::read(body)?).await
        }
        unknown => Err(KmsError::unknown_operation(unknown)),
    }
}

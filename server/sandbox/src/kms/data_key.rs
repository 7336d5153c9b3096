//! Data keys for S3: the same gate, key lookup and state checks as the API, called with the caller's identity.

use super::ciphertext::{self, Ciphertext};
use super::cryptography::conditions;
use super::keys::{Aliases, OtherAccounts, Target, find, must_be_usable};
use super::{Call, EncryptionContext, KmsError, managed_key};
use crate::cloudtrail::record_for_s3;
use crate::crypto::{CryptoError, Key};
use crate::gate::actions;
use crate::limits::Service;

/// The calls that S3 makes, as their events name them.
const GENERATE: &str = "GenerateDataKey";
const DECRYPT: &str = "Decrypt";

/// A fresh data key.
#[derive(Debug)]
pub(crate) struct DataKey {
    /// The key itself.
    pub(crate) key: Key,
    /// The same encrypted under the KMS key: opens with the same encryption context.
    pub(crate) wrapped: Vec<u8>,
    /// ARN of the KMS key.
    pub(crate) key_arn: String,
}

/// `kms:GenerateDataKey` under the key that `identifier` names: id, ARN, alias or alias ARN.
///
/// # Errors
/// In this order: throttling, form of the identifier, the gate, existence, state.
pub(crate) async fn generate(
    call: &Call<'_>,
    identifier: &str,
    context: &EncryptionContext,
) -> Result<DataKey, KmsError> {
    must_be_admitted(call)?;
    if identifier == managed_key::ALIAS || identifier == managed_key::arn(call.aws, call.caller.account_id())
    {
        managed_key::ensure(call).await?;
    }
    let target = find(call, identifier, Aliases::Accepted).await;
    let made = match &target {
        Ok(target) => generate_under(call, target, context),
        Err(error) => Err(error.clone()),
    };
    let key_arn = target.as_ref().ok().map(|target| target.arn.as_str());
    record_for_s3(call, GENERATE, Some(identifier), key_arn, context, made.as_ref().err());
    made
}

fn generate_under(
    call: &Call<'_>,
    target: &Target,
    context: &EncryptionContext,
) -> Result<DataKey, KmsError> {
    let conditions = conditions(context)?;
    let (_permit, key) =
        call.authorize_key::<actions::kms::GenerateDataKey>(target, OtherAccounts::Accepted, conditions)?;
    must_be_usable(&key)?;
    let data_key = Key::generate()?;
    let wrapped = ciphertext::encrypt(call, &key, context, data_key.expose())?;
    call.aws.key_usage.note(call, &key, "GenerateDataKey");
    Ok(DataKey { key: data_key, wrapped, key_arn: key.arn.clone() })
}

/// `kms:Decrypt` of a data key that [`generate`] wrapped.
///
/// # Errors
/// As [`generate`], then `InvalidCiphertextException` when key or context are not those it was wrapped with.
pub(crate) async fn open(
    call: &Call<'_>,
    wrapped: &[u8],
    context: &EncryptionContext,
) -> Result<Key, KmsError> {
    must_be_admitted(call)?;
    let blob = Ciphertext::parse(wrapped)?;
    let target = find(call, blob.key_arn, Aliases::Refused).await?;
    let opened = may_decrypt(call, &target, context)
        .and_then(|key| Ok((ciphertext::decrypt(call, &key, context, blob)?, key)))
        .and_then(|(opened, key)| Ok((Key::from_bytes(&opened).ok_or(CryptoError::DoesNotOpen)?, key)));
    record_for_s3(call, DECRYPT, None, Some(blob.key_arn), context, opened.as_ref().err());
    let (opened, key) = opened?;
    call.aws.key_usage.note(call, &key, "Decrypt");
    Ok(opened)
}

/// Asks what HeadObject asks when it is to answer the checksum of an object under a KMS key: `kms:GenerateDataKey` and
/// `kms:Decrypt` on that key (BC:s3.HeadObject).
pub(crate) async fn may_read_checksum(
    call: &Call<'_>,
    key_arn: &str,
    context: &EncryptionContext,
) -> Result<(), KmsError> {
    must_be_admitted(call)?;
    let target = find(call, key_arn, Aliases::Refused).await?;
    let conditions = conditions(context)?;
    let may_generate =
        call.authorize_key::<actions::kms::GenerateDataKey>(&target, OtherAccounts::Accepted, conditions);
    record_for_s3(call, GENERATE, Some(key_arn), Some(key_arn), context, may_generate.as_ref().err());
    may_generate?;
    let may_decrypt = may_decrypt(call, &target, context);
    record_for_s3(call, DECRYPT, None, Some(key_arn), context, may_decrypt.as_ref().err());
    may_decrypt.map(drop)
}

/// S3's calls count as the caller's (KMS Developer Guide, `throttling`).
fn must_be_admitted(call: &Call<'_>) -> Result<(), KmsError> {
    match call.aws.throttle.admits(Service::Kms, call.caller.account_id()) {
        true => Ok(()),
        false => Err(KmsError::throttled()),
    }
}

fn may_decrypt(
    call: &Call<'_>,
    target: &Target,
    context: &EncryptionContext,
) -> Result<std::sync::Arc<crate::model::KmsKey>, KmsError> {
    let conditions = conditions(context)?;
    let (_permit, key) =
        call.authorize_key::<actions::kms::Decrypt>(target, OtherAccounts::Accepted, conditions)?;
    must_be_usable(&key)?;
    Ok(key)
}

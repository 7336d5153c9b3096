//! The cryptographic operations.

use aws_lc_rs::rand;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use policy::Context;
use serde::Deserialize;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::ciphertext::{self, Ciphertext};
use super::grant_tokens::GrantTokens;
use super::input::Blob;
use super::keys::{Aliases, OtherAccounts, context_conditions, find, must_be_usable};
use super::{Call, EncryptionContext, KmsError, material};
use crate::crypto::CryptoError;
use crate::gate::actions;

/// Longest plaintext of Encrypt, in bytes (BC:kms.Encrypt).
const MAX_PLAINTEXT: usize = 4096;
/// How many bytes one call generates (BC:kms.GenerateDataKey).
const GENERATED: std::ops::RangeInclusive<i64> = 1..=1024;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Encrypt {
    key_id: String,
    plaintext: Blob,
    #[serde(default)]
    encryption_context: EncryptionContext,
    encryption_algorithm: Option<String>,
    #[serde(default)]
    grant_tokens: GrantTokens,
    #[serde(default)]
    dry_run: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Decrypt {
    ciphertext_blob: Blob,
    key_id: Option<String>,
    #[serde(default)]
    encryption_context: EncryptionContext,
    encryption_algorithm: Option<String>,
    recipient: Option<Value>,
    #[serde(default)]
    grant_tokens: GrantTokens,
    #[serde(default)]
    dry_run: bool,
    dry_run_modifiers: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ReEncrypt {
    ciphertext_blob: Blob,
    source_key_id: Option<String>,
    #[serde(default)]
    source_encryption_context: EncryptionContext,
    destination_key_id: String,
    #[serde(default)]
    destination_encryption_context: EncryptionContext,
    source_encryption_algorithm: Option<String>,
    destination_encryption_algorithm: Option<String>,
    #[serde(default)]
    grant_tokens: GrantTokens,
    #[serde(default)]
    dry_run: bool,
    dry_run_modifiers: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GenerateDataKey {
    key_id: String,
    key_spec: Option<String>,
    number_of_bytes: Option<i64>,
    #[serde(default)]
    encryption_context: EncryptionContext,
    recipient: Option<Value>,
    #[serde(default)]
    grant_tokens: GrantTokens,
    #[serde(default)]
    dry_run: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct GenerateRandom {
    number_of_bytes: Option<i64>,
    custom_key_store_id: Option<String>,
    recipient: Option<Value>,
}

pub(super) async fn encrypt(call: &Call<'_>, input: Encrypt) -> Result<Value, KmsError> {
    must_be_symmetric(input.encryption_algorithm.as_deref())?;
    must_be_encryptable(&input.plaintext)?;
    let target =
        find(call, &input.key_id, Aliases::Accepted).await?.with_tokens(call, &input.grant_tokens)?;
    let conditions = conditions(&input.encryption_context)?;
    let (_permit, key) =
        call.authorize_key::<actions::kms::Encrypt>(&target, OtherAccounts::Accepted, conditions)?;
    must_be_usable(&key)?;
    stop_if_dry_run(input.dry_run)?;
    let blob = ciphertext::encrypt(call, &key, &input.encryption_context, &input.plaintext)?;
    call.aws.key_usage.note(call, &key, "Encrypt");
    Ok(json!({
        "CiphertextBlob": BASE64_STANDARD.encode(blob), "KeyId": key.arn, "EncryptionAlgorithm": "SYMMETRIC_DEFAULT",
    }))
}

pub(super) async fn decrypt(call: &Call<'_>, input: Decrypt) -> Result<Value, KmsError> {
    must_be_symmetric(input.encryption_algorithm.as_deref())?;
    must_not_be_for_an_enclave(input.recipient.as_ref())?;
    must_not_be_modified(input.dry_run_modifiers.as_ref())?;
    let blob = Ciphertext::parse(&input.ciphertext_blob)?;
    let identifier = input.key_id.as_deref().unwrap_or(blob.key_arn);
    let target = find(call, identifier, Aliases::Accepted).await?.with_tokens(call, &input.grant_tokens)?;
    must_be_its_key(&target.arn, blob)?;
    let conditions = conditions(&input.encryption_context)?;
    let (_permit, key) =
        call.authorize_key::<actions::kms::Decrypt>(&target, OtherAccounts::Accepted, conditions)?;
    must_be_usable(&key)?;
    stop_if_dry_run(input.dry_run)?;
    let plaintext = ciphertext::decrypt(call, &key, &input.encryption_context, blob)?;
    call.aws.key_usage.note(call, &key, "Decrypt");
    Ok(json!({
        "Plaintext": BASE64_STANDARD.encode(plaintext.as_slice()),
        "KeyId": key.arn,
        "EncryptionAlgorithm": "SYMMETRIC_DEFAULT",
        "KeyMaterialId": blob.material_id(call),
    }))
}

pub(super) async fn re_encrypt(call: &Call<'_>, input: ReEncrypt) -> Result<Value, KmsError> {
    must_be_symmetric(input.source_encryption_algorithm.as_deref())?;
    must_be_symmetric(input.destination_encryption_algorithm.as_deref())?;
    must_not_be_modified(input.dry_run_modifiers.as_ref())?;
    let blob = Ciphertext::parse(&input.ciphertext_blob)?;
    let (source, tokens) = (input.source_key_id.as_deref().unwrap_or(blob.key_arn), &input.grant_tokens);
    let source = find(call, source, Aliases::Accepted).await?.with_tokens(call, tokens)?;
    let destination =
        find(call, &input.destination_key_id, Aliases::Accepted).await?.with_tokens(call, tokens)?;
    must_be_its_key(&source.arn, blob)?;
    let same = (source.arn == destination.arn).to_string();
    let with_same =
        |context| Ok::<_, KmsError>(conditions(context)?.with("kms:ReEncryptOnSameKey", same.clone()));
    let (_from, source_key) = call.authorize_key::<actions::kms::ReEncryptFrom>(
        &source,
        OtherAccounts::Accepted,
        with_same(&input.source_encryption_context)?,
    )?;
    let (_to, destination_key) = call.authorize_key::<actions::kms::ReEncryptTo>(
        &destination,
        OtherAccounts::Accepted,
        with_same(&input.destination_encryption_context)?,
    )?;
    must_be_usable(&source_key)?;
    must_be_usable(&destination_key)?;
    stop_if_dry_run(input.dry_run)?;
    let plaintext = ciphertext::decrypt(call, &source_key, &input.source_encryption_context, blob)?;
    let context = &input.destination_encryption_context;
    let encrypted = ciphertext::encrypt(call, &destination_key, context, &plaintext)?;
    for key in [&source_key, &destination_key] {
        call.aws.key_usage.note(call, key, "ReEncrypt");
    }
    Ok(json!({
        "CiphertextBlob": BASE64_STANDARD.encode(encrypted),
        "SourceKeyId": source_key.arn,
        "KeyId": destination_key.arn,
        "SourceEncryptionAlgorithm": "SYMMETRIC_DEFAULT",
        "DestinationEncryptionAlgorithm": "SYMMETRIC_DEFAULT",
        "SourceKeyMaterialId": blob.material_id(call),
        "DestinationKeyMaterialId": material::current_id(call, &destination_key),
    }))
}

pub(super) async fn generate_data_key(call: &Call<'_>, input: GenerateDataKey) -> Result<Value, KmsError> {
    must_not_be_for_an_enclave(input.recipient.as_ref())?;
    let length = data_key_length(&input)?;
    let target =
        find(call, &input.key_id, Aliases::Accepted).await?.with_tokens(call, &input.grant_tokens)?;
    let conditions = conditions(&input.encryption_context)?;
    let (_permit, key) =
        call.authorize_key::<actions::kms::GenerateDataKey>(&target, OtherAccounts::Accepted, conditions)?;
    must_be_usable(&key)?;
    stop_if_dry_run(input.dry_run)?;
    let data_key = random(length)?;
    let blob = ciphertext::encrypt(call, &key, &input.encryption_context, &data_key)?;
    call.aws.key_usage.note(call, &key, "GenerateDataKey");
    Ok(json!({
        "CiphertextBlob": BASE64_STANDARD.encode(blob),
        "Plaintext": BASE64_STANDARD.encode(data_key.as_slice()),
        "KeyId": key.arn,
        "KeyMaterialId": material::current_id(call, &key),
    }))
}

pub(super) async fn generate_data_key_without_plaintext(
    call: &Call<'_>,
    input: GenerateDataKey,
) -> Result<Value, KmsError> {
    let length = data_key_length(&input)?;
    let target =
        find(call, &input.key_id, Aliases::Accepted).await?.with_tokens(call, &input.grant_tokens)?;
    let (_permit, key) = call.authorize_key::<actions::kms::GenerateDataKeyWithoutPlaintext>(
        &target,
        OtherAccounts::Accepted,
        conditions(&input.encryption_context)?,
    )?;
    must_be_usable(&key)?;
    stop_if_dry_run(input.dry_run)?;
    let blob = ciphertext::encrypt(call, &key, &input.encryption_context, &random(length)?)?;
    call.aws.key_usage.note(call, &key, "GenerateDataKeyWithoutPlaintext");
    Ok(json!({
        "CiphertextBlob": BASE64_STANDARD.encode(blob),
        "KeyId": key.arn,
        "KeyMaterialId": material::current_id(call, &key),
    }))
}

pub(super) async fn generate_random(call: &Call<'_>, input: GenerateRandom) -> Result<Value, KmsError> {
    must_not_be_for_an_enclave(input.recipient.as_ref())?;
    if input.custom_key_store_id.is_some() {
        return Err(KmsError::unsupported("CustomKeyStoreId"));
    }
    let length = input.number_of_bytes.ok_or_else(|| KmsError::validation("NumberOfBytes is required."))?;
    let length = generated(length)?;
    call.authorize_other::<actions::kms::GenerateRandom>("*", Context::new())?;
    Ok(json!({ "Plaintext": BASE64_STANDARD.encode(random(length)?.as_slice()) }))
}

pub(super) fn conditions(context: &EncryptionContext) -> Result<Context, KmsError> {
    Ok(context_conditions(context)?.with("kms:EncryptionAlgorithm", "SYMMETRIC_DEFAULT"))
}

fn must_be_symmetric(algorithm: Option<&str>) -> Result<(), KmsError> {
    match algorithm {
        None | Some("SYMMETRIC_DEFAULT") => Ok(()),
        Some(other) => Err(KmsError::unsupported(&format!("The encryption algorithm {other}"))),
    }
}

fn must_be_encryptable(plaintext: &[u8]) -> Result<(), KmsError> {
    let bound = match plaintext.len() {
        0 => "greater than or equal to 1",
        length if length > MAX_PLAINTEXT => "less than or equal to 4096",
        _ => return Ok(()),
    };
    // Without the value: a plaintext does not belong into an error message.
    Err(KmsError::validation(format!(
        "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: Member must have length {bound}"
    )))
}

fn must_not_be_modified(dry_run_modifiers: Option<&Value>) -> Result<(), KmsError> {
    dry_run_modifiers.map_or(Ok(()), |_| Err(KmsError::unsupported("DryRunModifiers")))
}

pub(super) fn must_not_be_for_an_enclave(recipient: Option<&Value>) -> Result<(), KmsError> {
    recipient.map_or(Ok(()), |_| Err(KmsError::unsupported("Recipient")))
}

fn must_be_its_key(arn: &str, blob: Ciphertext<'_>) -> Result<(), KmsError> {
    match arn == blob.key_arn {
        true => Ok(()),
        false => Err(KmsError::refused(
            "IncorrectKeyException",
            "The key ID in the request does not identify a CMK that can perform this operation.",
        )),
    }
}

pub(super) fn stop_if_dry_run(dry_run: bool) -> Result<(), KmsError> {
    match dry_run {
        false => Ok(()),
        true => Err(KmsError::refused(
            "DryRunOperationException",
            "The request would have succeeded, but the DryRun option is set.",
        )),
    }
}

fn data_key_length(input: &GenerateDataKey) -> Result<usize, KmsError> {
    let length = match (input.key_spec.as_deref(), input.number_of_bytes) {
        (Some("AES_256"), None) => 32,
        (Some("AES_128"), None) => 16,
        (None, Some(length)) => length,
        (Some(_), Some(_)) | (None, None) => {
            return Err(KmsError::validation("Please specify either number of bytes or key spec."));
        }
        (Some(other), None) => {
            let constraint = "Member must satisfy enum value set: [AES_256, AES_128]";
            return Err(KmsError::constraint(other, "keySpec", constraint));
        }
    };
    generated(length)
}

/// How many bytes to generate.
fn generated(length: i64) -> Result<usize, KmsError> {
    KmsError::within(length, "numberOfBytes", &GENERATED)?;
    Ok(usize::try_from(length).unwrap_or_default())
}

fn random(length: usize) -> Result<Zeroizing<Vec<u8>>, KmsError> {
    let mut bytes = Zeroizing::new(vec![0; length]);
    rand::fill(&mut bytes).map_err(|_| CryptoError::Library)?;
    Ok(bytes)
}

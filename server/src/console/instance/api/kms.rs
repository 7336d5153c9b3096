//! KMS. What is decrypted or made in clear is printed to whoever asked for it, as the AWS CLI does, and kept nowhere else.

use super::{Made, Members, made};
use crate::{
    cloud::Asked as _, console::desk::Desk, terminal::api::values::Values, tutorial::key_policy,
    verdict::Question,
};
use app::console::{ConsoleError, RoleName};
use aws_sdk_kms::{
    primitives::Blob,
    types::{DataKeySpec, EncryptionAlgorithmSpec, KeyMetadata},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};

pub(super) async fn call(
    desk: &mut Desk<'_>,
    operation: &str,
    values: &Values,
) -> Result<Made, ConsoleError> {
    match operation {
        "Encrypt" => encrypt(desk, values).await,
        "Decrypt" => decrypt(desk, values).await,
        "GenerateDataKey" => generate(desk, values).await,
        "GenerateDataKeyWithoutPlaintext" => generate_without_plaintext(desk, values).await,
        "DescribeKey" => describe(desk, values).await,
        "ListKeys" => list_keys(desk).await,
        "ListAliases" => list_aliases(desk, values).await,
        "GetKeyPolicy" => get_policy(desk, values).await,
        _ => put_policy(desk, values).await,
    }
}

/// A question about the key that is named, with what a cryptographic operation tells policies.
fn question(operation: &'static str, key: Option<&str>, values: &Values) -> Question {
    let mut question = Question::new("kms", operation);
    question.key = key.map(Into::into);
    question = question.carrying("kms:EncryptionAlgorithm", [algorithm(values).to_owned()]);
    if let Some(alias) = key.and_then(|key| key.find("alias/").and_then(|at| key.get(at..))) {
        question = question.carrying("kms:RequestAlias", [alias.to_owned()]);
    }
    if let Some(context) = values.map("--encryption-context") {
        question = question.carrying("kms:EncryptionContextKeys", context.keys().cloned());
        for (name, value) in context {
            question = question.carrying(format!("kms:EncryptionContext:{name}"), [value.clone()]);
        }
    }
    question
}

fn algorithm(values: &Values) -> &str {
    values.text("--encryption-algorithm").unwrap_or("SYMMETRIC_DEFAULT")
}

fn asked_algorithm(values: &Values) -> Option<EncryptionAlgorithmSpec> {
    values.text("--encryption-algorithm").map(EncryptionAlgorithmSpec::from)
}

fn context(values: &Values) -> Option<HashMap<String, String>> {
    let pairs = |pairs: &BTreeMap<String, String>| pairs.clone().into_iter().collect();
    values.map("--encryption-context").map(pairs)
}

fn base64(blob: Option<&Blob>) -> Option<String> {
    blob.map(|blob| STANDARD.encode(blob.as_ref()))
}

fn blob(values: &Values, option: &str) -> Blob {
    Blob::new(values.bytes(option).unwrap_or_default())
}

async fn encrypt(desk: &mut Desk<'_>, values: &Values) -> Result<Made, ConsoleError> {
    let key = values.needed("--key-id");
    let request = desk
        .clients
        .kms
        .encrypt()
        .key_id(key)
        .plaintext(blob(values, "--plaintext"))
        .set_encryption_context(context(values))
        .set_encryption_algorithm(asked_algorithm(values))
        .send()
        .asked();
    let answer = desk.call(question("Encrypt", Some(key), values), key, request, |_, _| {}).await?;
    Ok(made(answer, |encrypted| {
        Members::default()
            .maybe("CiphertextBlob", base64(encrypted.ciphertext_blob()))
            .maybe("KeyId", encrypted.key_id())
            .maybe("EncryptionAlgorithm", encrypted.encryption_algorithm().map(|one| one.as_str()))
    }))
}

/// The key that a ciphertext names. It stands in it in clear, so that KMS finds it without being told.
fn key_in(ciphertext: &[u8]) -> Option<String> {
    const START: &[u8] = b"arn:aws:kms:";
    let at = ciphertext.windows(START.len()).position(|window| window == START)?;
    let arn = ciphertext
        .get(at..)?
        .iter()
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'-' | b'/'));
    let arn: String = arn.map(|byte| char::from(*byte)).collect();
    // What follows the id may read like a part of it.
    let (start, id) = arn.split_once(":key/")?;
    let length = if id.starts_with("mrk-") { 36 } else { uuid::fmt::Hyphenated::LENGTH };
    Some(format!("{start}:key/{}", id.get(..length)?))
}

async fn decrypt(desk: &mut Desk<'_>, values: &Values) -> Result<Made, ConsoleError> {
    let request = desk
        .clients
        .kms
        .decrypt()
        .ciphertext_blob(blob(values, "--ciphertext-blob"))
        .set_key_id(values.text("--key-id").map(Into::into))
        .set_encryption_context(context(values))
        .set_encryption_algorithm(asked_algorithm(values))
        .send()
        .asked();
    let named = values.text("--key-id").map(str::to_owned);
    let key = named.or_else(|| key_in(values.bytes("--ciphertext-blob").unwrap_or_default()));
    let subject = key.clone().unwrap_or_else(|| "a ciphertext".into());
    let question = question("Decrypt", key.as_deref(), values);
    let answer = desk.call(question, subject, request, |_, _| {}).await?;
    Ok(made(answer, |decrypted| {
        Members::default()
            .maybe("KeyId", decrypted.key_id())
            .maybe("Plaintext", base64(decrypted.plaintext()))
            .maybe("EncryptionAlgorithm", decrypted.encryption_algorithm().map(|one| one.as_str()))
            .maybe("KeyMaterialId", decrypted.key_material_id())
    }))
}

async fn generate(desk: &mut Desk<'_>, values: &Values) -> Result<Made, ConsoleError> {
    let key = values.needed("--key-id");
    let request = desk
        .clients
        .kms
        .generate_data_key()
        .key_id(key)
        .set_key_spec(values.text("--key-spec").map(DataKeySpec::from))
        .set_number_of_bytes(values.number("--number-of-bytes"))
        .set_encryption_context(context(values))
        .send()
        .asked();
    let question = question("GenerateDataKey", Some(key), values);
    let answer = desk.call(question, key, request, |_, _| {}).await?;
    Ok(made(answer, |data_key| {
        Members::default()
            .maybe("CiphertextBlob", base64(data_key.ciphertext_blob()))
            .maybe("Plaintext", base64(data_key.plaintext()))
            .maybe("KeyId", data_key.key_id())
            .maybe("KeyMaterialId", data_key.key_material_id())
    }))
}

async fn generate_without_plaintext(desk: &mut Desk<'_>, values: &Values) -> Result<Made, ConsoleError> {
    let key = values.needed("--key-id");
    let request = desk
        .clients
        .kms
        .generate_data_key_without_plaintext()
        .key_id(key)
        .set_key_spec(values.text("--key-spec").map(DataKeySpec::from))
        .set_number_of_bytes(values.number("--number-of-bytes"))
        .set_encryption_context(context(values))
        .send()
        .asked();
    let question = question("GenerateDataKeyWithoutPlaintext", Some(key), values);
    let answer = desk.call(question, key, request, |_, _| {}).await?;
    Ok(made(answer, |data_key| {
        Members::default()
            .maybe("CiphertextBlob", base64(data_key.ciphertext_blob()))
            .maybe("KeyId", data_key.key_id())
            .maybe("KeyMaterialId", data_key.key_material_id())
    }))
}

async fn describe(desk: &mut Desk<'_>, values: &Values) -> Result<Made, ConsoleError> {
    let key = values.needed("--key-id");
    let request = desk.clients.kms.describe_key().key_id(key).send().asked();
    let answer = desk.call(question("DescribeKey", Some(key), values), key, request, |_, _| {}).await?;
    Ok(made(answer, |described| {
        Members::default().maybe("KeyMetadata", described.key_metadata().map(metadata))
    }))
}

fn metadata(key: &KeyMetadata) -> Members {
    let algorithms: Vec<Value> =
        key.encryption_algorithms().iter().map(|algorithm| algorithm.as_str().into()).collect();
    // The member that `KeySpec` replaced; the AWS CLI still prints both.
    #[allow(deprecated)]
    let old_spec = key.customer_master_key_spec().map(|spec| spec.as_str());
    Members::default()
        .maybe("AWSAccountId", key.aws_account_id())
        .with("KeyId", key.key_id())
        .maybe("Arn", key.arn())
        .time("CreationDate", key.creation_date())
        .with("Enabled", key.enabled())
        .maybe("Description", key.description())
        .maybe("KeyUsage", key.key_usage().map(|usage| usage.as_str()))
        .maybe("KeyState", key.key_state().map(|state| state.as_str()))
        .time("DeletionDate", key.deletion_date())
        .maybe("Origin", key.origin().map(|origin| origin.as_str()))
        .maybe("KeyManager", key.key_manager().map(|manager| manager.as_str()))
        .maybe("CustomerMasterKeySpec", old_spec)
        .maybe("KeySpec", key.key_spec().map(|spec| spec.as_str()))
        .maybe("EncryptionAlgorithms", (!algorithms.is_empty()).then_some(algorithms))
        .maybe("MultiRegion", key.multi_region())
        .maybe("CurrentKeyMaterialId", key.current_key_material_id())
}

async fn list_keys(desk: &mut Desk<'_>) -> Result<Made, ConsoleError> {
    let mut keys: Vec<Value> = Vec::new();
    let mut marker = None;
    loop {
        let request = desk.clients.kms.list_keys().set_marker(marker.take()).send().asked();
        match desk.call(Question::new("kms", "ListKeys"), "all keys", request, |_, _| {}).await? {
            Ok(page) => {
                keys.extend(page.keys().iter().map(|key| {
                    Members::default().maybe("KeyId", key.key_id()).maybe("KeyArn", key.key_arn()).into()
                }));
                marker = page.next_marker().filter(|_| page.truncated()).map(str::to_owned);
            }
            Err(answer) => return Ok(Made::Refused(answer)),
        }
        if marker.is_none() {
            return Ok(Members::default().with("Keys", keys).answered());
        }
    }
}

async fn list_aliases(desk: &mut Desk<'_>, values: &Values) -> Result<Made, ConsoleError> {
    let mut aliases: Vec<Value> = Vec::new();
    let mut marker = None;
    loop {
        let key = values.text("--key-id").map(str::to_owned);
        let request =
            desk.clients.kms.list_aliases().set_key_id(key).set_marker(marker.take()).send().asked();
        match desk.call(Question::new("kms", "ListAliases"), "all aliases", request, |_, _| {}).await? {
            Ok(page) => {
                aliases.extend(page.aliases().iter().map(|alias| {
                    Members::default()
                        .maybe("AliasName", alias.alias_name())
                        .maybe("AliasArn", alias.alias_arn())
                        .maybe("TargetKeyId", alias.target_key_id())
                        .time("CreationDate", alias.creation_date())
                        .time("LastUpdatedDate", alias.last_updated_date())
                        .into()
                }));
                marker = page.next_marker().filter(|_| page.truncated()).map(str::to_owned);
            }
            Err(answer) => return Ok(Made::Refused(answer)),
        }
        if marker.is_none() {
            return Ok(Members::default().with("Aliases", aliases).answered());
        }
    }
}

fn policy_name(values: &Values) -> &str {
    values.text("--policy-name").unwrap_or("default")
}

async fn get_policy(desk: &mut Desk<'_>, values: &Values) -> Result<Made, ConsoleError> {
    let key = values.needed("--key-id");
    let request =
        desk.clients.kms.get_key_policy().key_id(key).policy_name(policy_name(values)).send().asked();
    let question = Question::new("kms", "GetKeyPolicy").key(key);
    let answer = desk.call(question, key, request, |_, _| {}).await?;
    Ok(made(answer, |policy| {
        Members::default().maybe("Policy", policy.policy()).maybe("PolicyName", policy.policy_name())
    }))
}

async fn put_policy(desk: &mut Desk<'_>, values: &Values) -> Result<Made, ConsoleError> {
    let (key, document) = (values.needed("--key-id"), values.needed("--policy").to_owned());
    let bypass = values.flag("--bypass-policy-lockout-safety-check");
    let request = desk
        .clients
        .kms
        .put_key_policy()
        .key_id(key)
        .policy_name(policy_name(values))
        .policy(&document)
        .set_bypass_policy_lockout_safety_check(bypass)
        .send()
        .asked();
    let question = Question::new("kms", "PutKeyPolicy")
        .key(key)
        .carrying("kms:BypassPolicyLockoutSafetyCheck", [bypass.unwrap_or_default().to_string()]);
    let role = desk.lab.role_arn(RoleName::AuthorizedUsers.name());
    let of_lab =
        desk.lab.key_arn.as_deref().is_some_and(|arn| arn == key || arn.ends_with(&format!("/{key}")));
    let answer = desk
        .call(question, key, request, |lab, result| {
            if result.is_ok() && of_lab {
                lab.key_user_present = Some(key_policy::has_user(&document, &role));
            }
        })
        .await?;
    Ok(made(answer, |_| Members::default()))
}

#[cfg(test)]
mod tests {
    use super::key_in;

    #[test]
    fn a_ciphertext_says_which_key_made_it() {
        let arn = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
        let blob = [b"\x02\x00\x4b", arn.as_bytes(), b"aBc\x00\xff"].concat();
        assert_eq!(key_in(&blob).as_deref(), Some(arn));
        assert_eq!(key_in(b"nothing of the kind"), None);
    }
}

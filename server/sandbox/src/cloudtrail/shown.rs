//! What records show of requests and answers: AWS's names in CloudTrail's spelling, times as CloudTrail writes them, and no
//! secret. What is not known to be harmless is not shown.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::FormatItem;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

/// What stands in for a session token. AWS shows the token itself, which is of no use without its secret; here no token
/// leaves the answer it was given in.
pub(super) const HIDDEN: &str = "HIDDEN_DUE_TO_SECURITY_REASONS";

/// How a time is written: STS puts a comma behind the year, all others do not.
const TIME: &[FormatItem<'_>] = format_description!(
    "[month repr:short] [day padding:none], [year] [hour repr:12 padding:none]:[minute]:[second] [period]"
);
const TIME_OF_STS: &[FormatItem<'_>] = format_description!(
    "[month repr:short] [day padding:none], [year], [hour repr:12 padding:none]:[minute]:[second] [period]"
);

/// Members of requests to the services that speak JSON. Plaintexts, ciphertexts, signatures and grant tokens are none of them.
const OF_REQUESTS: &[&str] = &[
    "AliasName",
    "AttributeKey",
    "AttributeValue",
    "BypassPolicyLockoutSafetyCheck",
    "Constraints",
    "CustomKeyStoreId",
    "CustomerMasterKeySpec",
    "Description",
    "DestinationEncryptionAlgorithm",
    "DestinationEncryptionContext",
    "DestinationKeyId",
    "DryRun",
    "EncryptionAlgorithm",
    "EncryptionContext",
    "EncryptionContextEquals",
    "EncryptionContextSubset",
    "EndTime",
    "EventCategory",
    "GrantId",
    "GranteePrincipal",
    "IncludeKeyMaterial",
    "KeyId",
    "KeyPairSpec",
    "KeySpec",
    "KeyUsage",
    "Limit",
    "LookupAttributes",
    "Marker",
    "MaxResults",
    "MultiRegion",
    "Name",
    "NextToken",
    "NumberOfBytes",
    "Operations",
    "Origin",
    "PendingWindowInDays",
    "Policy",
    "PolicyName",
    "RetiringPrincipal",
    "RotationPeriodInDays",
    "SourceEncryptionAlgorithm",
    "SourceEncryptionContext",
    "SourceKeyId",
    "StartTime",
    "TagKey",
    "TagKeys",
    "TagValue",
    "Tags",
    "TargetKeyId",
];

/// Members whose own members are the caller's words, and stay as they are.
const OF_CALLERS: &[&str] = &[
    "DestinationEncryptionContext",
    "EncryptionContext",
    "EncryptionContextEquals",
    "EncryptionContextSubset",
    "SourceEncryptionContext",
];

/// Members of answers to them.
const OF_ANSWERS: &[&str] =
    &["DeletionDate", "GrantId", "KeyId", "KeyMetadata", "KeyState", "PendingWindowInDays"];

/// What KMS fills in where a request does not say it: operation, member, value (KMS Developer Guide, `understanding-kms-entries`).
const DEFAULTS: &[(&str, &str, &str)] = &[
    ("CreateKey", "bypassPolicyLockoutSafetyCheck", "false"),
    ("CreateKey", "customerMasterKeySpec", "SYMMETRIC_DEFAULT"),
    ("CreateKey", "description", ""),
    ("CreateKey", "keySpec", "SYMMETRIC_DEFAULT"),
    ("CreateKey", "keyUsage", "ENCRYPT_DECRYPT"),
    ("CreateKey", "multiRegion", "false"),
    ("CreateKey", "origin", "AWS_KMS"),
    ("Decrypt", "encryptionAlgorithm", "SYMMETRIC_DEFAULT"),
    ("Encrypt", "encryptionAlgorithm", "SYMMETRIC_DEFAULT"),
    ("PutKeyPolicy", "bypassPolicyLockoutSafetyCheck", "false"),
    ("PutKeyPolicy", "policyName", "default"),
    ("ReEncrypt", "destinationEncryptionAlgorithm", "SYMMETRIC_DEFAULT"),
    ("ReEncrypt", "sourceEncryptionAlgorithm", "SYMMETRIC_DEFAULT"),
];

/// What answers of KMS say of a key's materials, which records have among the additional data.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
struct Materials {
    #[serde(skip_serializing_if = "Option::is_none")]
    key_material_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_key_material_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    destination_key_material_id: Option<String>,
}

/// A name in CloudTrail's spelling: `KeyId` is `keyId`.
pub(super) fn spelled(name: &str) -> String {
    crate::query::parameter(name)
}

/// A time as CloudTrail writes it.
pub(super) fn time(time: OffsetDateTime, service: &str) -> Value {
    let format = if service == "sts" { TIME_OF_STS } else { TIME };
    time.format(format).unwrap_or_default().into()
}

/// The same from a time as Query services answer it.
pub(super) fn time_of_text(text: &str, service: &str) -> Value {
    OffsetDateTime::parse(text, &Rfc3339).map_or_else(|_| text.into(), |parsed| time(parsed, service))
}

/// The parameters of a request to KMS or CloudTrail; null for a body that is no object.
pub(super) fn json_parameters(service: &str, operation: &str, body: &[u8]) -> Value {
    let body = if body.is_empty() { b"{}" } else { body };
    let Ok(Value::Object(given)) = serde_json::from_slice(body) else { return Value::Null };
    let mut shown = object(given, is_of_requests);
    if service == "kms" {
        for (_, member, value) in DEFAULTS.iter().filter(|(of, ..)| *of == operation) {
            let value = match *value {
                "false" => Value::Bool(false),
                text => text.into(),
            };
            shown.entry(*member).or_insert(value);
        }
    }
    or_null(shown)
}

/// What KMS answered to a call that changed something.
pub(super) fn json_elements(body: &[u8]) -> Value {
    let Ok(Value::Object(answer)) = serde_json::from_slice(body) else { return Value::Null };
    let known = answer.into_iter().filter(|(name, _)| OF_ANSWERS.contains(&name.as_str()));
    // Metadata holds nothing that may not be shown.
    or_null(known.map(|(name, value)| member(&name, value, |_| true)).collect())
}

/// Which materials of keys a call to KMS used.
pub(super) fn materials(answer: &[u8]) -> Value {
    let materials = serde_json::from_slice::<Materials>(answer).ok();
    match materials.and_then(|materials| serde_json::to_value(materials).ok()) {
        Some(Value::Object(members)) => or_null(members),
        _ => Value::Null,
    }
}

fn is_of_requests(name: &str) -> bool {
    OF_REQUESTS.contains(&name)
}

/// The members of an object that are known.
fn object(given: Map<String, Value>, known: fn(&str) -> bool) -> Map<String, Value> {
    let known_members = given.into_iter().filter(|(name, _)| known(name));
    known_members.map(|(name, value)| member(&name, value, known)).collect()
}

fn member(name: &str, value: Value, known: fn(&str) -> bool) -> (String, Value) {
    let value = match value {
        value if OF_CALLERS.contains(&name) => value,
        Value::Number(seconds) if name.ends_with("Date") || name.ends_with("Time") => {
            let seconds = seconds.as_f64().unwrap_or_default();
            #[expect(clippy::cast_possible_truncation, reason = "whole seconds are shown")]
            let at = OffsetDateTime::from_unix_timestamp(seconds as i64);
            at.map_or(Value::Null, |at| time(at, "kms"))
        }
        value => inner(value, known),
    };
    (spelled(name), value)
}

fn inner(value: Value, known: fn(&str) -> bool) -> Value {
    match value {
        Value::Object(members) => Value::Object(object(members, known)),
        Value::Array(list) => list.into_iter().map(|entry| inner(entry, known)).collect(),
        value => value,
    }
}

/// Nothing is shown as null.
pub(super) fn or_null(members: Map<String, Value>) -> Value {
    if members.is_empty() { Value::Null } else { Value::Object(members) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_request_to_kms_is_shown_without_what_it_encrypts() {
        let body = json!({
            "KeyId": "1234", "Plaintext": "c2VjcmV0", "EncryptionContext": {"Department": "10", "Plaintext": "mine"},
            "GrantTokens": ["token"], "Surprise": {"Name": "x"},
        });
        assert_eq!(
            json_parameters("kms", "Encrypt", body.to_string().as_bytes()),
            json!({
                "keyId": "1234", "encryptionContext": {"Department": "10", "Plaintext": "mine"},
                "encryptionAlgorithm": "SYMMETRIC_DEFAULT",
            })
        );
        let grant = json!({
            "Constraints": {"EncryptionContextSubset": {"A": "b"}}, "Operations": ["Decrypt"],
            "Tags": [{"TagKey": "k", "TagValue": "v", "Other": 1}],
        });
        assert_eq!(
            json_parameters("kms", "CreateGrant", grant.to_string().as_bytes()),
            json!({
                "constraints": {"encryptionContextSubset": {"A": "b"}}, "operations": ["Decrypt"],
                "tags": [{"tagKey": "k", "tagValue": "v"}],
            })
        );
        for body in ["", "{}", "[]", "no json"] {
            assert_eq!(json_parameters("kms", "ListKeys", body.as_bytes()), Value::Null, "{body}");
        }
    }

    #[test]
    fn an_answer_of_kms_is_shown_without_what_it_generated() {
        let answer = json!({
            "KeyMetadata": {"AWSAccountId": "1", "CreationDate": 1_593_484_447, "MultiRegion": false},
            "Plaintext": "x", "CiphertextBlob": "x", "GrantToken": "x",
        });
        assert_eq!(
            json_elements(answer.to_string().as_bytes()),
            json!({"keyMetadata": {
                "aWSAccountId": "1", "creationDate": "Jun 30, 2020 2:34:07 AM", "multiRegion": false,
            }})
        );
        assert_eq!(json_elements(b""), Value::Null);
        let answer = json!({"Plaintext": "x", "KeyId": "k", "KeyMaterialId": "0b7f"}).to_string();
        assert_eq!(materials(answer.as_bytes()), json!({"keyMaterialId": "0b7f"}));
        assert_eq!(materials(b"{}"), Value::Null);
        assert_eq!(materials(b""), Value::Null);
    }

    #[test]
    fn sts_writes_times_in_its_own_way() {
        assert_eq!(time_of_text("2024-08-01T11:45:22Z", "sts"), "Aug 1, 2024, 11:45:22 AM");
        assert_eq!(time_of_text("2024-08-01T13:33:28Z", "iam"), "Aug 1, 2024 1:33:28 PM");
        assert_eq!(time_of_text("no time", "iam"), "no time");
    }
}

//! Grants: allow-only permissions on one key for one grantee (KMS Developer Guide, "Grants in AWS KMS").

use std::collections::BTreeMap;

use policy::{Context, Principal, PrincipalKind};
use serde::Deserialize;
use serde_json::{Value, json};

use super::cryptography::stop_if_dry_run;
use super::grant_tokens::{self, GrantTokens};
use super::keys::{Aliases, OtherAccounts, find, is_gone, must_be_usable};
use super::listing::{Limits, page};
use super::{Call, EncryptionContext, KmsError};
use crate::crypto;
use crate::gate::{Permit, actions};
use crate::model::{KeyGrant, KmsKey};
use crate::principals;

/// What a grant on a symmetric key can hold, and beside it what only others can (BC:kms.CreateGrant).
const OPERATIONS: [&str; 11] = [
    "Decrypt",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext",
    "ReEncryptFrom",
    "ReEncryptTo",
    "CreateGrant",
    "RetireGrant",
    "DescribeKey",
    "GenerateDataKeyPair",
    "GenerateDataKeyPairWithoutPlaintext",
];
const OF_OTHER_KEYS: [&str; 6] =
    ["Sign", "Verify", "GetPublicKey", "GenerateMac", "VerifyMac", "DeriveSharedSecret"];
/// Most pairs of a constraint, and most characters of a value in it.
const MAX_PAIRS: usize = 8;
const MAX_VALUE: usize = 384;
/// Longest name of a grant and of a principal in one.
const MAX_LENGTH: usize = 256;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CreateGrant {
    key_id: String,
    grantee_principal: String,
    retiring_principal: Option<String>,
    operations: Vec<String>,
    constraints: Option<Constraints>,
    #[serde(default)]
    grant_tokens: GrantTokens,
    name: Option<String>,
    #[serde(default)]
    dry_run: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Constraints {
    encryption_context_equals: Option<EncryptionContext>,
    encryption_context_subset: Option<EncryptionContext>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListGrants {
    key_id: String,
    grant_id: Option<String>,
    grantee_principal: Option<String>,
    limit: Option<i64>,
    marker: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RevokeGrant {
    key_id: String,
    grant_id: String,
    #[serde(default)]
    dry_run: bool,
}

pub(super) async fn create_grant(call: &Call<'_>, input: CreateGrant) -> Result<Value, KmsError> {
    must_be_well_formed(&input)?;
    let target = find(call, &input.key_id, Aliases::Refused).await?.with_tokens(call, &input.grant_tokens)?;
    let (permit, key) = call.authorize_key::<actions::kms::CreateGrant>(
        &target.with_grants(|grant| hands_on(grant, &input)),
        OtherAccounts::Accepted,
        create_conditions(&input),
    )?;
    for principal in [Some(&input.grantee_principal), input.retiring_principal.as_ref()].into_iter().flatten()
    {
        must_be_a_principal(call, principal).await?;
    }
    must_be_usable(&key)?;
    stop_if_dry_run(input.dry_run)?;
    insert_grant(call, permit, &target, new_grant(call, input)?).await
}

async fn insert_grant(
    call: &Call<'_>,
    permit: Permit<actions::kms::CreateGrant>,
    target: &super::keys::Target,
    grant: KeyGrant,
) -> Result<Value, KmsError> {
    let limit = call.aws.limits.grants_per_key;
    let insert = |key: &mut KmsKey| {
        must_be_usable(key)?;
        let id = match key.grants.iter().find(|known| is_again(known, &grant)) {
            Some(known) => known.id.clone(),
            None if key.grants.len() >= limit => {
                return Err(KmsError::quota("Grants per key", limit, key.grants.len()));
            }
            None => {
                key.grants.push(grant.clone());
                grant.id.clone()
            }
        };
        Ok(id)
    };
    let id = call.change_key(&permit, target, insert).await?;
    Ok(json!({ "GrantToken": grant_tokens::issue(call, &target.arn, &id)?, "GrantId": id }))
}

/// Whether a named grant is asked for again, with the same parameters (BC:kms.CreateGrant, `Name`).
fn is_again(known: &KeyGrant, asked: &KeyGrant) -> bool {
    let parameters = |grant: &KeyGrant| {
        let KeyGrant { grantee, retiring, operations, context_equals, context_subset, name, .. } =
            grant.clone();
        let issuer = issuing_account(grant).map(str::to_owned);
        (name, grantee, retiring, operations, context_equals, context_subset, issuer)
    };
    known.name.is_some() && known.name == asked.name && parameters(known) == parameters(asked)
}

/// The account whose principal made a grant.
fn issuing_account(grant: &KeyGrant) -> Option<&str> {
    grant.issuer.split(':').nth(4)
}

/// Whether a grant that gives `CreateGrant` gives it for what is asked: no operation more than its own, and constraints that are as
/// strict (KMS Developer Guide, "Granting CreateGrant permission").
fn hands_on(grant: &KeyGrant, asked: &CreateGrant) -> bool {
    let none = Constraints::default();
    let Constraints { encryption_context_equals: equals, encryption_context_subset: subset } =
        asked.constraints.as_ref().unwrap_or(&none);
    let holds = |given: &Option<EncryptionContext>, wanted: &EncryptionContext| {
        given.as_ref().is_some_and(|given| wanted.iter().all(|(key, value)| given.get(key) == Some(value)))
    };
    asked.operations.iter().all(|operation| grant.operations.contains(operation))
        && grant.context_equals.as_ref().is_none_or(|wanted| equals.as_ref() == Some(wanted))
        && grant.context_subset.as_ref().is_none_or(|wanted| holds(equals, wanted) || holds(subset, wanted))
}

fn new_grant(call: &Call<'_>, input: CreateGrant) -> Result<KeyGrant, KmsError> {
    let constraints = input.constraints.unwrap_or_default();
    Ok(KeyGrant {
        id: hex::encode(crypto::random::<32>()?),
        grantee: input.grantee_principal,
        retiring: input.retiring_principal,
        operations: input.operations,
        context_equals: constraints.encryption_context_equals,
        context_subset: constraints.encryption_context_subset,
        issuer: call.caller.principal().principal_arn().unwrap_or_default().to_owned(),
        name: input.name,
        created: call.meta.now.unix_timestamp(),
    })
}

fn must_be_well_formed(input: &CreateGrant) -> Result<(), KmsError> {
    must_be_grantable(&input.operations)?;
    must_match("granteePrincipal", &input.grantee_principal, r"^[\w+=,.@:/-]+$", "_+=,.@:/-")?;
    if let Some(retiring) = &input.retiring_principal {
        must_match("retiringPrincipal", retiring, r"^[\w+=,.@:/-]+$", "_+=,.@:/-")?;
    }
    if let Some(name) = &input.name {
        must_match("name", name, "^[a-zA-Z0-9:/_-]+$", ":/_-")?;
    }
    let constraints = input.constraints.iter().flat_map(|given| {
        [
            ("constraints.encryptionContextEquals", &given.encryption_context_equals),
            ("constraints.encryptionContextSubset", &given.encryption_context_subset),
        ]
    });
    for (member, context) in constraints.filter_map(|(member, context)| Some((member, context.as_ref()?))) {
        let too_long = context.values().any(|value| value.chars().count() > MAX_VALUE);
        let most = if too_long { MAX_VALUE } else { MAX_PAIRS };
        if too_long || context.len() > MAX_PAIRS {
            return Err(KmsError::validation(format!(
                "1 validation error detected: Value at '{member}' failed to satisfy constraint: Member must have length less than \
                 or equal to {most}"
            )));
        }
    }
    Ok(())
}

/// Refuses text of which a character is neither a letter nor a digit nor among `others`, or that has none or too many.
fn must_match(member: &str, text: &str, pattern: &str, others: &str) -> Result<(), KmsError> {
    if text.len() > MAX_LENGTH {
        let constraint = format!("Member must have length less than or equal to {MAX_LENGTH}");
        return Err(KmsError::constraint(text, member, &constraint));
    }
    match !text.is_empty()
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || others.contains(letter))
    {
        true => Ok(()),
        false => {
            let constraint = format!("Member must satisfy regular expression pattern: {pattern}");
            Err(KmsError::constraint(text, member, &constraint))
        }
    }
}

fn must_be_grantable(operations: &[String]) -> Result<(), KmsError> {
    if operations.is_empty() {
        let constraint = "Member must have length greater than or equal to 1";
        return Err(KmsError::constraint("[]", "operations", constraint));
    }
    let Some(other) = operations.iter().find(|operation| !OPERATIONS.contains(&operation.as_str())) else {
        return Ok(());
    };
    if OF_OTHER_KEYS.contains(&other.as_str()) {
        let message =
            format!("The operation {other} is not supported by grants for symmetric encryption KMS keys.");
        return Err(KmsError::validation(message));
    }
    let known = [&OPERATIONS[..], &OF_OTHER_KEYS].concat().join(", ");
    let constraint =
        format!("Member must satisfy constraint: [Member must satisfy enum value set: [{known}]]");
    Err(KmsError::constraint(&format!("[{}]", operations.join(", ")), "operations", &constraint))
}

/// A grantee is a caller by ARN that exists: never a service, a group or everyone.
async fn must_be_a_principal(call: &Call<'_>, arn: &str) -> Result<(), KmsError> {
    let caller = Principal::from_arn(arn).is_ok_and(|principal| principal.kind() != PrincipalKind::Anonymous);
    match caller && !arn.contains('*') && principals::exists(&call.aws.store, arn).await? {
        true => Ok(()),
        false => Err(KmsError::refused(
            "InvalidArnException",
            format!("ARN does not refer to a valid principal: {arn}"),
        )),
    }
}

fn create_conditions(input: &CreateGrant) -> Context {
    let mut conditions = for_aws_resource()
        .with("kms:GranteePrincipal", input.grantee_principal.clone())
        .with_all("kms:GrantOperations", input.operations.clone());
    if let Some(retiring) = &input.retiring_principal {
        conditions.set("kms:RetiringPrincipal", [retiring.clone()]);
    }
    let constraints = input.constraints.clone().unwrap_or_default();
    let kinds = [
        ("EncryptionContextEquals", constraints.encryption_context_equals.is_some()),
        ("EncryptionContextSubset", constraints.encryption_context_subset.is_some()),
    ];
    let kinds: Vec<&str> = kinds.into_iter().filter(|(_, given)| *given).map(|(kind, _)| kind).collect();
    if !kinds.is_empty() {
        conditions.set("kms:GrantConstraintType", kinds);
    }
    conditions
}

/// True only when an AWS service asks on the caller's behalf, and none does here: S3 needs no grants.
fn for_aws_resource() -> Context {
    Context::new().with("kms:GrantIsForAWSResource", "false")
}

pub(super) async fn list_grants(call: &Call<'_>, input: ListGrants) -> Result<Value, KmsError> {
    let target = find(call, &input.key_id, Aliases::Refused).await?;
    let conditions = for_aws_resource();
    let (_permit, key) =
        call.authorize_key::<actions::kms::ListGrants>(&target, OtherAccounts::Accepted, conditions)?;
    let wanted = |grant: &&KeyGrant| {
        input.grant_id.as_ref().is_none_or(|id| *id == grant.id)
            && input.grantee_principal.as_ref().is_none_or(|grantee| *grantee == grant.grantee)
    };
    let by_id: BTreeMap<String, Value> =
        key.grants.iter().filter(wanted).map(|grant| (grant.id.clone(), entry(&key, grant))).collect();
    let limits = Limits { default: 50, largest: 100 };
    page("Grants", by_id.into_iter(), limits, input.limit, input.marker.as_deref())
}

fn entry(key: &KmsKey, grant: &KeyGrant) -> Value {
    let mut entry = json!({
        "KeyId": key.arn,
        "GrantId": grant.id,
        "Name": grant.name.clone().unwrap_or_default(),
        "CreationDate": grant.created,
        "GranteePrincipal": grant.grantee,
        "IssuingAccount": issuing_account(grant).map(|account| format!("arn:aws:iam::{account}:root")),
        "Operations": grant.operations,
    });
    let mut constraints = serde_json::Map::new();
    if let Some(equals) = &grant.context_equals {
        constraints.insert("EncryptionContextEquals".into(), json!(equals));
    }
    if let Some(subset) = &grant.context_subset {
        constraints.insert("EncryptionContextSubset".into(), json!(subset));
    }
    if let Some(object) = entry.as_object_mut() {
        if !constraints.is_empty() {
            object.insert("Constraints".into(), Value::Object(constraints));
        }
        if let Some(retiring) = &grant.retiring {
            object.insert("RetiringPrincipal".into(), json!(retiring));
        }
    }
    entry
}

pub(super) async fn revoke_grant(call: &Call<'_>, input: RevokeGrant) -> Result<Value, KmsError> {
    let target = find(call, &input.key_id, Aliases::Refused).await?;
    let conditions = for_aws_resource();
    let (permit, _) =
        call.authorize_key::<actions::kms::RevokeGrant>(&target, OtherAccounts::Accepted, conditions)?;
    stop_if_dry_run(input.dry_run)?;
    call.change_key(&permit, &target, |key| remove(key, &input.grant_id)).await
}

fn remove(key: &mut KmsKey, grant: &str) -> Result<Value, KmsError> {
    let before = key.grants.len();
    key.grants.retain(|known| known.id != grant);
    match key.grants.len() < before {
        true => Ok(Value::Null),
        false => Err(KmsError::not_found(format!("Grant ID {grant} not found"))),
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct RetireGrant {
    grant_token: Option<String>,
    key_id: Option<String>,
    grant_id: Option<String>,
    dry_run: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListRetirableGrants {
    retiring_principal: String,
    limit: Option<i64>,
    marker: Option<String>,
}

pub(super) async fn retire_grant(call: &Call<'_>, input: RetireGrant) -> Result<Value, KmsError> {
    let (key_arn, id) = match (input.grant_token, input.key_id, input.grant_id) {
        (Some(token), None, None) => grant_tokens::read(call.aws, &token)?,
        (None, Some(key), Some(id)) => (key, id),
        _ => {
            return Err(KmsError::validation(
                "Either a grant token, or both a key ARN and a grant ID must be specified.",
            ));
        }
    };
    let target = find(call, &key_arn, Aliases::Refused).await?;
    let (permit, _) = call.authorize_grant(&target, &id)?;
    stop_if_dry_run(input.dry_run)?;
    call.change_key(&permit, &target, |key| remove(key, &id)).await
}

pub(super) async fn list_retirable_grants(
    call: &Call<'_>,
    input: ListRetirableGrants,
) -> Result<Value, KmsError> {
    call.authorize_other::<actions::kms::ListRetirableGrants>("*", Context::new())?;
    let own = call.caller.account_id();
    let retiring = Principal::from_arn(&input.retiring_principal).ok();
    if retiring.and_then(|principal| principal.account().map(str::to_owned)).as_deref() != Some(own) {
        let message = format!("ARN does not refer to a valid principal: {}", input.retiring_principal);
        return Err(KmsError::refused("InvalidArnException", message));
    }
    let account = call.aws.store.account(own).await?;
    let now = call.meta.now.unix_timestamp();
    let keys = account.iter().flat_map(|account| account.keys.values()).filter(|key| !is_gone(key, now));
    let by_id: BTreeMap<String, Value> = keys
        .flat_map(|key| key.grants.iter().map(move |grant| (key, grant)))
        .filter(|(_, grant)| grant.retiring.as_deref() == Some(input.retiring_principal.as_str()))
        .map(|(key, grant)| (grant.id.clone(), entry(key, grant)))
        .collect();
    let limits = Limits { default: 50, largest: 100 };
    page("Grants", by_id.into_iter(), limits, input.limit, input.marker.as_deref())
}

//! Key policies: reading and replacing them, and what KMS demands of a new one (`aws-semantics.md` §4).

use policy::{Context, NamedPolicy, Policies, Request, ResourceKind, evaluate};
use serde::Deserialize;
use serde_json::{Value, json};

use super::keys::{Aliases, OtherAccounts, find};
use super::{Call, KmsError};
use crate::gate::{Action as _, actions};
use crate::model::{KmsKey, PolicyText};
use crate::principals;

/// The one name a key policy can have.
const POLICY_NAME: &str = "default";

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GetKeyPolicy {
    key_id: String,
    policy_name: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PutKeyPolicy {
    key_id: String,
    policy_name: Option<String>,
    policy: String,
    #[serde(default)]
    bypass_policy_lockout_safety_check: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListKeyPolicies {
    key_id: String,
}

pub(super) async fn get_key_policy(call: &Call<'_>, input: GetKeyPolicy) -> Result<Value, KmsError> {
    must_be_default(input.policy_name.as_deref())?;
    let target = find(call, &input.key_id, Aliases::Refused).await?;
    let (_, key) =
        call.authorize_key::<actions::kms::GetKeyPolicy>(&target, OtherAccounts::Refused, Context::new())?;
    Ok(json!({ "Policy": key.policy.text(), "PolicyName": POLICY_NAME }))
}

pub(super) async fn list_key_policies(call: &Call<'_>, input: ListKeyPolicies) -> Result<Value, KmsError> {
    let target = find(call, &input.key_id, Aliases::Refused).await?;
    call.authorize_key::<actions::kms::ListKeyPolicies>(&target, OtherAccounts::Refused, Context::new())?;
    Ok(json!({ "PolicyNames": [POLICY_NAME], "Truncated": false }))
}

pub(super) async fn put_key_policy(call: &Call<'_>, input: PutKeyPolicy) -> Result<Value, KmsError> {
    must_be_default(input.policy_name.as_deref())?;
    let target = find(call, &input.key_id, Aliases::Refused).await?;
    let bypass = input.bypass_policy_lockout_safety_check;
    let conditions = Context::new().with("kms:BypassPolicyLockoutSafetyCheck", bypass.to_string());
    let (permit, _) =
        call.authorize_key::<actions::kms::PutKeyPolicy>(&target, OtherAccounts::Refused, conditions)?;
    let policy = check_new(call, &input.policy).await?;
    if !bypass {
        must_not_lock_out(call, &target.arn, &policy)?;
    }
    let put = |key: &mut KmsKey| {
        key.policy = policy.clone();
        Ok(Value::Null)
    };
    call.change_key(&permit, &target, put).await
}

fn must_be_default(name: Option<&str>) -> Result<(), KmsError> {
    match name {
        None | Some(POLICY_NAME) => Ok(()),
        Some(other) => Err(KmsError::not_found(format!("No such policy exists: {other}"))),
    }
}

/// The policy a key gets when CreateKey names none (`aws-semantics.md` §4, "API default policy").
pub(super) fn default_policy(account: &str) -> Result<PolicyText, KmsError> {
    let text = json!({
        "Version": "2012-10-17",
        "Id": "key-default-1",
        "Statement": [{
            "Sid": "Enable IAM User Permissions",
            "Effect": "Allow",
            "Principal": { "AWS": format!("arn:aws:iam::{account}:root") },
            "Action": "kms:*",
            "Resource": "*",
        }],
    });
    own_policy(&text)
}

/// A policy that the sandbox itself writes.
pub(super) fn own_policy(text: &Value) -> Result<PolicyText, KmsError> {
    PolicyText::parse(text.to_string()).map_err(|error| KmsError::Internal(error.to_string()))
}

/// Checks a policy's form, and that every principal it names exists.
pub(super) async fn check_new(call: &Call<'_>, text: &str) -> Result<PolicyText, KmsError> {
    let document = policy::validate::key(text)?;
    if !principals::all_exist(&call.aws.store, &document).await? {
        return Err(KmsError::refused(
            "MalformedPolicyDocumentException",
            "Policy contains a statement with one or more invalid principals.",
        ));
    }
    PolicyText::parse(text)
        .map_err(|error| KmsError::refused("MalformedPolicyDocumentException", error.to_string()))
}

/// The lockout safety check: under the new policy the caller must still be able to replace it.
pub(super) fn must_not_lock_out(call: &Call<'_>, arn: &str, policy: &PolicyText) -> Result<(), KmsError> {
    let request = Request {
        principal: call.caller.principal(),
        action: actions::kms::PutKeyPolicy::NAME.to_owned(),
        resource: arn.to_owned(),
        resource_account: Some(call.caller.account_id().to_owned()),
        context: call.meta.global_context(call.caller).with("kms:CallerAccount", call.caller.account_id()),
    };
    let key_policy = NamedPolicy { name: "key policy".into(), arn: None, document: policy.document() };
    let (identity, session) = (call.caller.identity_policies(), call.caller.session_policies());
    let boundaries = call.caller.boundaries();
    let policies = Policies {
        identity: &identity,
        resource: Some(&key_policy),
        resource_kind: ResourceKind::KmsKey,
        session_policies: &session,
        boundaries: &boundaries,
        ..Policies::default()
    };
    match evaluate(&request, &policies).is_allowed() {
        true => Ok(()),
        false => Err(KmsError::refused(
            "MalformedPolicyDocumentException",
            "The new key policy will not allow you to update the key policy in the future.",
        )),
    }
}

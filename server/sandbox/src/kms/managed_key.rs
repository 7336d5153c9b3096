//! The AWS managed key `aws/s3`: made on first use in the account of whoever first needs it.

use std::sync::Arc;

use serde_json::{Value, json};

use super::keys::Target;
use super::{Call, KmsError, material, policies};
use crate::model::{Account, Alias, KeyState, KmsKey};
use crate::{Aws, arns};

/// Its alias.
pub(crate) const ALIAS: &str = "alias/aws/s3";

/// Its ARN in an account. The id is derived, so that policies can be asked about the key before it is made.
pub(crate) fn arn(aws: &Aws, account: &str) -> String {
    arns::key(&aws.region, account, &id(aws, account))
}

fn id(aws: &Aws, account: &str) -> String {
    let mac = aws.store.root_key().mac(format!("id of aws/s3 in {} of {account}", aws.region).as_bytes());
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(mac).for_each(|(to, from)| *to = from);
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

/// Makes the key, with its alias, in the caller's account unless it is there.
pub(super) async fn ensure(call: &Call<'_>) -> Result<(), KmsError> {
    let own = call.caller.account_id();
    if call.aws.store.account(own).await?.is_some_and(|account| account.aliases.contains_key(ALIAS)) {
        return Ok(());
    }
    let key = Arc::new(new(call)?);
    let alias =
        Arc::new(Alias { name: ALIAS.into(), key_id: key.id.clone(), created: key.created, updated: None });
    let insert = |account: &mut Account| {
        // Another request may have been first; its material must stay.
        if !account.keys.contains_key(&key.id) {
            account.keys.insert(key.id.clone(), Arc::clone(&key));
            account.aliases.insert(ALIAS.into(), Arc::clone(&alias));
        }
        Ok::<_, KmsError>(())
    };
    Ok(call.aws.store.change(own, insert).await?)
}

/// The key as it is to be, if `identifier` is its alias and it is not there yet: to ask the gate about it.
pub(super) async fn planned(call: &Call<'_>, identifier: &str) -> Result<Option<Target>, KmsError> {
    let own = call.caller.account_id();
    if identifier != ALIAS && identifier != arns::alias(&call.aws.region, own, ALIAS) {
        return Ok(None);
    }
    let account = call.aws.store.account(own).await?;
    match account.filter(|account| !account.aliases.contains_key(ALIAS)) {
        None => Ok(None),
        Some(account) => Ok(Some(Target::of(call, account, Arc::new(new(call)?)))),
    }
}

fn new(call: &Call<'_>) -> Result<KmsKey, KmsError> {
    let own = call.caller.account_id();
    let arn = arn(call.aws, own);
    Ok(KmsKey {
        sealed_material: material::fresh(call, &arn, 0)?,
        rotations: Vec::new(),
        id: id(call.aws, own),
        arn,
        created: call.meta.now.unix_timestamp(),
        description: "Default key that protects my S3 objects when no other key is defined".into(),
        state: KeyState::Enabled,
        policy: policies::own_policy(&policy(&call.aws.region, own))?,
        grants: Vec::new(),
        aws_managed: true,
        tags: std::collections::BTreeMap::new(),
        rotation: None,
    })
}

/// The key policy that AWS gives `aws/s3`: everyone in the account, but through S3 only; nobody can change it.
fn policy(region: &str, account: &str) -> Value {
    json!({
        "Version": "2012-10-17",
        "Id": "auto-s3-2",
        "Statement": [
            {
                "Sid": "Allow access through S3 for all principals in the account that are authorized to use S3",
                "Effect": "Allow",
                "Principal": { "AWS": "*" },
                "Action": [
                    "kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"
                ],
                "Resource": "*",
                "Condition": { "StringEquals": {
                    "kms:CallerAccount": account, "kms:ViaService": format!("s3.{region}.amazonaws.com")
                } }
            },
            {
                "Sid": "Allow direct access to key metadata to the account",
                "Effect": "Allow",
                "Principal": { "AWS": format!("arn:aws:iam::{account}:root") },
                "Action": ["kms:Describe*", "kms:Get*", "kms:List*"],
                "Resource": "*"
            }
        ]
    })
}

//! Policies name users and roles by ARN and mean them by their unique ids. Those that named one that was deleted show its id,
//! and name nobody from then on, even if the name is taken again; those that named one that was renamed show its new ARN (IAM
//! User Guide, `reference_policies_elements_principal`).

use std::sync::Arc;

use serde_json::Value;

use crate::model::{Account, PolicyText};

impl Account {
    /// Puts another name, a unique id (`AIDA…` or `AROA…`) or a new ARN, where the account's own bucket, key and trust policies
    /// and grants name `arn`.
    ///
    /// Policies of other accounts keep the ARN.
    pub(crate) fn name_instead(&mut self, arn: &str, name: &str) {
        for bucket in self.buckets.values_mut() {
            if let Some(policy) = bucket.policy.as_ref().and_then(|policy| naming_instead(policy, arn, name))
            {
                Arc::make_mut(bucket).policy = Some(policy);
            }
        }
        for key in self.keys.values_mut() {
            if let Some(policy) = naming_instead(&key.policy, arn, name) {
                Arc::make_mut(key).policy = policy;
            }
            let named = |grant: &crate::model::KeyGrant| {
                grant.grantee == arn || grant.retiring.as_deref() == Some(arn)
            };
            if key.grants.iter().any(named) {
                for grant in &mut Arc::make_mut(key).grants {
                    let of_grant = [Some(&mut grant.grantee), grant.retiring.as_mut()];
                    of_grant
                        .into_iter()
                        .flatten()
                        .filter(|named| *named == arn)
                        .for_each(|named| name.clone_into(named));
                }
            }
        }
        for role in self.roles.values_mut() {
            if let Some(trust) = naming_instead(&role.trust, arn, name) {
                Arc::make_mut(role).trust = trust;
            }
        }
    }
}

/// The policy with `name` for `arn`; `None` when it does not name it.
fn naming_instead(policy: &PolicyText, arn: &str, name: &str) -> Option<PolicyText> {
    let mut json: Value = policy.document().source().clone();
    let statements = match json.get_mut("Statement")? {
        Value::Array(statements) => statements.as_mut_slice(),
        single => std::slice::from_mut(single),
    };
    let mut found = false;
    for statement in statements {
        for element in ["Principal", "NotPrincipal"] {
            let named = statement.get_mut(element).and_then(|principal| principal.get_mut("AWS"));
            let texts = match named {
                Some(Value::Array(several)) => several.as_mut_slice(),
                Some(one) => std::slice::from_mut(one),
                None => continue,
            };
            for text in texts.iter_mut().filter(|text| text.as_str() == Some(arn)) {
                *text = name.into();
                found = true;
            }
        }
    }
    if found { PolicyText::parse(json.to_string()).ok() } else { None }
}

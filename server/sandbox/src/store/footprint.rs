//! What an account's snapshot takes in memory, roughly: enough to keep many and not too many.

use crate::model::{
    AccessReport, Account, Bucket, IdentityPolicies, KmsKey, ManagedPolicy, PolicyText, Role,
};

/// A resource with its names and the pointers to it, in bytes.
const RESOURCE: usize = 768;
/// A policy beside its text, in bytes: what it is parsed into takes some times as much as the text.
const PARSED: usize = 10;
/// A grant.
const GRANT: usize = 512;

/// Estimates the bytes that a snapshot takes when it shares nothing with another.
pub(super) fn footprint(account: &Account) -> usize {
    let Account {
        id: _,
        version: _,
        users,
        groups,
        access_keys,
        roles,
        policies,
        instance_profiles,
        buckets,
        keys,
        aliases,
        instances,
        account_aliases,
        password_policies,
        credential_reports,
        access_reports,
        mfa_devices,
    } = account;
    let count = users.len() + groups.len() + access_keys.len() + roles.len() + policies.len();
    let count =
        count + instance_profiles.len() + buckets.len() + keys.len() + aliases.len() + instances.len();
    let count = count + account_aliases.len() + password_policies.len() + mfa_devices.len();
    let texts = users.values().map(|user| of_identity(&user.policies)).sum::<usize>()
        + groups.values().map(|group| of_identity(&group.policies)).sum::<usize>()
        + roles.values().map(|role| of_role(role)).sum::<usize>()
        + policies.values().map(|policy| of_managed(policy)).sum::<usize>()
        + buckets.values().map(|bucket| of_bucket(bucket)).sum::<usize>()
        + keys.values().map(|key| of_key(key)).sum::<usize>()
        + credential_reports.values().map(|report| RESOURCE + report.content.len()).sum::<usize>()
        + access_reports.values().map(|report| of_access(report)).sum::<usize>();
    RESOURCE * (1 + count) + texts
}

fn of_policy(policy: &PolicyText) -> usize {
    RESOURCE + policy.text().len() * PARSED
}

fn of_identity(policies: &IdentityPolicies) -> usize {
    policies.inline.values().map(of_policy).sum()
}

fn of_role(role: &Role) -> usize {
    of_policy(&role.trust) + of_identity(&role.policies)
}

fn of_managed(policy: &ManagedPolicy) -> usize {
    policy.versions.iter().map(|version| of_policy(&version.document)).sum()
}

fn of_bucket(bucket: &Bucket) -> usize {
    bucket.policy.as_ref().map_or(0, of_policy)
}

fn of_key(key: &KmsKey) -> usize {
    of_policy(&key.policy) + key.grants.len() * GRANT
}

fn of_access(report: &AccessReport) -> usize {
    RESOURCE
        * (1 + report
            .services
            .iter()
            .map(|service| 1 + service.uses.len() + service.actions.len())
            .sum::<usize>())
}

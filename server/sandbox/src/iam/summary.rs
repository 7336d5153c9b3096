//! The account in numbers: what it has of each kind, and how many of it may be.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::entity::{Groups, Roles, Users};
use super::holder::Holder as _;
use super::{access_keys, attachments, groups, policies, profiles, roles, users, versions};
use crate::gate::Question;
use crate::gate::actions::iam;
use crate::model::Account;
use crate::query::{Call, Fault, Xml};

/// Quotas of what IAM has and nobody can have here (IAM User Guide, `reference_iam-quotas`).
const SERVER_CERTIFICATES_QUOTA: usize = 20;
const SIGNING_CERTIFICATES_QUOTA: usize = 2;
/// Versions of managed policies that may be in use at once. Nobody reaches it: it is above what the other quotas allow.
const VERSIONS_IN_USE_QUOTA: usize = 10_000;

pub(super) async fn get(call: Call<'_>) -> Result<Xml, Fault> {
    let permit = call.authorize::<iam::GetAccountSummary>(Question::about("*"))?;
    let account = call.account(&permit)?;
    let root_has_keys = account.access_keys.values().any(|key| key.user.is_none());
    let devices_in_use = account.mfa_devices.values().filter(|device| device.user.is_some()).count();
    let numbers = [
        ("AccessKeysPerUserQuota", access_keys::MAX_KEYS),
        ("AccountAccessKeysPresent", usize::from(root_has_keys)),
        ("AccountMFAEnabled", 0),
        ("AccountPasswordPresent", 0),
        ("AccountSigningCertificatesPresent", 0),
        ("AssumeRolePolicySizeQuota", policy::validate::TRUST_POLICY_SIZE),
        ("AttachedPoliciesPerGroupQuota", attachments::MAX_ATTACHED),
        ("AttachedPoliciesPerRoleQuota", attachments::MAX_ATTACHED),
        ("AttachedPoliciesPerUserQuota", attachments::MAX_ATTACHED),
        ("GlobalEndpointTokenVersion", 1),
        ("GroupPolicySizeQuota", Groups::INLINE_LIMIT),
        ("Groups", account.groups.len()),
        ("GroupsPerUserQuota", groups::MAX_GROUPS_OF_USER),
        ("GroupsQuota", groups::MAX_GROUPS),
        ("InstanceProfiles", account.instance_profiles.len()),
        ("InstanceProfilesQuota", profiles::MAX_PROFILES),
        ("MFADevices", account.mfa_devices.len()),
        ("MFADevicesInUse", devices_in_use),
        ("Policies", account.policies.len()),
        ("PoliciesQuota", policies::MAX_POLICIES),
        ("PolicySizeQuota", policy::validate::MANAGED_POLICY_SIZE),
        ("PolicyVersionsInUse", policies_in_use(account).len()),
        ("PolicyVersionsInUseQuota", VERSIONS_IN_USE_QUOTA),
        ("Providers", 0),
        ("RolePolicySizeQuota", Roles::INLINE_LIMIT),
        ("Roles", account.roles.len()),
        ("RolesQuota", roles::MAX_ROLES),
        ("ServerCertificates", 0),
        ("ServerCertificatesQuota", SERVER_CERTIFICATES_QUOTA),
        ("SigningCertificatesPerUserQuota", SIGNING_CERTIFICATES_QUOTA),
        ("UserPolicySizeQuota", Users::INLINE_LIMIT),
        ("Users", account.users.len()),
        ("UsersQuota", users::MAX_USERS),
        ("VersionsPerPolicyQuota", versions::MAX_VERSIONS),
    ];
    let mut xml = Xml::default();
    xml.list("SummaryMap", "entry", numbers, |entry, (key, value)| {
        entry.text("key", key).text("value", value);
    });
    Ok(xml)
}

/// The managed policies that are attached or the boundary of somebody, AWS's own among them: of each one version is in use.
fn policies_in_use(account: &Account) -> BTreeSet<&String> {
    let users = account.users.values().map(Arc::as_ref);
    let roles = account.roles.values().map(Arc::as_ref);
    let of_users = users.flat_map(|user| user.policies.attached.iter().chain(&user.boundary));
    let of_roles = roles.flat_map(|role| role.policies.attached.iter().chain(&role.boundary));
    let of_groups = account.groups.values().flat_map(|group| &group.policies.attached);
    of_users.chain(of_roles).chain(of_groups).collect()
}

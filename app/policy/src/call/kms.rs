//! KMS. `CreateKey`, `ListKeys` and `ListAliases` have no key policy; an alias call asks on the alias and on the key
//! (KMS Developer Guide, `alias-access`).

use super::ResourceOf::{Alias, Any, Key, SourceKey};
use super::{CheckSpec, Operation, always};
use crate::request::ResourceKind::{KmsKey, Other};

pub(super) const OPERATIONS: &[Operation] = &[
    kms("CreateKey", &[always("kms:CreateKey", Any, Other)]),
    kms("ListKeys", &[always("kms:ListKeys", Any, Other)]),
    kms("ListAliases", &[always("kms:ListAliases", Any, Other)]),
    kms("GenerateRandom", &[always("kms:GenerateRandom", Any, Other)]),
    kms("ListRetirableGrants", &[always("kms:ListRetirableGrants", Any, Other)]),
    kms("DescribeCustomKeyStores", &[always("kms:DescribeCustomKeyStores", Any, Other)]),
    kms("DescribeKey", &[always("kms:DescribeKey", Key, KmsKey)]),
    kms("GetKeyPolicy", &[always("kms:GetKeyPolicy", Key, KmsKey)]),
    kms("PutKeyPolicy", &[always("kms:PutKeyPolicy", Key, KmsKey)]),
    kms("ListKeyPolicies", &[always("kms:ListKeyPolicies", Key, KmsKey)]),
    kms("EnableKey", &[always("kms:EnableKey", Key, KmsKey)]),
    kms("DisableKey", &[always("kms:DisableKey", Key, KmsKey)]),
    kms("ScheduleKeyDeletion", &[always("kms:ScheduleKeyDeletion", Key, KmsKey)]),
    kms("CancelKeyDeletion", &[always("kms:CancelKeyDeletion", Key, KmsKey)]),
    kms("EnableKeyRotation", &[always("kms:EnableKeyRotation", Key, KmsKey)]),
    kms("DisableKeyRotation", &[always("kms:DisableKeyRotation", Key, KmsKey)]),
    kms("GetKeyRotationStatus", &[always("kms:GetKeyRotationStatus", Key, KmsKey)]),
    kms("RotateKeyOnDemand", &[always("kms:RotateKeyOnDemand", Key, KmsKey)]),
    kms("ListKeyRotations", &[always("kms:ListKeyRotations", Key, KmsKey)]),
    kms("GetKeyLastUsage", &[always("kms:GetKeyLastUsage", Key, KmsKey)]),
    kms("UpdateKeyDescription", &[always("kms:UpdateKeyDescription", Key, KmsKey)]),
    kms("TagResource", &[always("kms:TagResource", Key, KmsKey)]),
    kms("UntagResource", &[always("kms:UntagResource", Key, KmsKey)]),
    kms("ListResourceTags", &[always("kms:ListResourceTags", Key, KmsKey)]),
    kms("Encrypt", &[always("kms:Encrypt", Key, KmsKey)]),
    kms("Decrypt", &[always("kms:Decrypt", Key, KmsKey)]),
    kms("GenerateDataKey", &[always("kms:GenerateDataKey", Key, KmsKey)]),
    kms("GenerateDataKeyWithoutPlaintext", &[always("kms:GenerateDataKeyWithoutPlaintext", Key, KmsKey)]),
    kms("GenerateDataKeyPair", &[always("kms:GenerateDataKeyPair", Key, KmsKey)]),
    kms(
        "GenerateDataKeyPairWithoutPlaintext",
        &[always("kms:GenerateDataKeyPairWithoutPlaintext", Key, KmsKey)],
    ),
    kms("CreateGrant", &[always("kms:CreateGrant", Key, KmsKey)]),
    kms("ListGrants", &[always("kms:ListGrants", Key, KmsKey)]),
    kms("RevokeGrant", &[always("kms:RevokeGrant", Key, KmsKey)]),
    kms("RetireGrant", &[always("kms:RetireGrant", Key, KmsKey)]),
    kms("GetPublicKey", &[always("kms:GetPublicKey", Key, KmsKey)]),
    kms("CreateAlias", &[always("kms:CreateAlias", Alias, Other), always("kms:CreateAlias", Key, KmsKey)]),
    kms("DeleteAlias", &[always("kms:DeleteAlias", Alias, Other), always("kms:DeleteAlias", Key, KmsKey)]),
    // The key the alias leaves, the key it goes to, and the alias.
    kms(
        "UpdateAlias",
        &[
            always("kms:UpdateAlias", Alias, Other),
            always("kms:UpdateAlias", SourceKey, KmsKey),
            always("kms:UpdateAlias", Key, KmsKey),
        ],
    ),
    kms(
        "ReEncrypt",
        &[always("kms:ReEncryptFrom", SourceKey, KmsKey), always("kms:ReEncryptTo", Key, KmsKey)],
    ),
];

const fn kms(name: &'static str, checks: &'static [CheckSpec]) -> Operation {
    Operation { service: "kms", name, checks }
}

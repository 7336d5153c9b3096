//! KMS. `CreateKey`, `ListKeys` and `ListAliases` have no key policy; an alias call asks on the alias and on the key
//! (KMS Developer Guide, `alias-access`). What a cryptographic operation makes is not kept, so CloudTrail calls it read-only
//! (KMS Developer Guide, `understanding-kms-entries`).

use super::ResourceOf::{Alias, Any, Key, SourceKey};
use super::{CheckSpec, Operation, When, always};
use crate::request::ResourceKind::{KmsKey, Other};

/// What a cryptographic operation says of what it encrypts.
const CRYPTOGRAPHY: &[&str] =
    &["kms:EncryptionAlgorithm", "kms:EncryptionContext:", "kms:EncryptionContextKeys", "kms:RequestAlias"];
const RE_ENCRYPTION: &[&str] = &[
    "kms:EncryptionAlgorithm",
    "kms:EncryptionContext:",
    "kms:EncryptionContextKeys",
    "kms:RequestAlias",
    "kms:ReEncryptOnSameKey",
];
const DATA_KEY_PAIR: &[&str] = &[
    "kms:EncryptionAlgorithm",
    "kms:EncryptionContext:",
    "kms:EncryptionContextKeys",
    "kms:DataKeyPairSpec",
    "kms:RequestAlias",
];
const CREATION: &[&str] = &[
    "kms:CallerAccount",
    "kms:ViaService",
    "kms:KeySpec",
    "kms:KeyUsage",
    "kms:KeyOrigin",
    "kms:MultiRegion",
    "kms:BypassPolicyLockoutSafetyCheck",
    "aws:RequestTag/",
    "aws:TagKeys",
];
const TAGS: &[&str] = &["aws:RequestTag/", "aws:TagKeys"];
const GRANT: &[&str] = &[
    "kms:GrantIsForAWSResource",
    "kms:GranteePrincipal",
    "kms:GrantOperations",
    "kms:RetiringPrincipal",
    "kms:GrantConstraintType",
];
const FOR_AWS: &[&str] = &["kms:GrantIsForAWSResource"];
const BYPASS: &[&str] = &["kms:BypassPolicyLockoutSafetyCheck"];

pub(super) const OPERATIONS: &[Operation] = &[
    kms(
        "CreateKey",
        &[
            always("kms:CreateKey", Any, Other).filling(CREATION),
            CheckSpec { action: "kms:TagResource", on: Key, lane: Other, when: When::SetsTags, keys: TAGS },
        ],
    ),
    kms("ListKeys", &[always("kms:ListKeys", Any, Other)]),
    kms("ListAliases", &[always("kms:ListAliases", Any, Other)]),
    kms("GenerateRandom", &[always("kms:GenerateRandom", Any, Other)]).read_only(),
    kms("ListRetirableGrants", &[always("kms:ListRetirableGrants", Any, Other)]),
    kms("DescribeCustomKeyStores", &[always("kms:DescribeCustomKeyStores", Any, Other)]),
    kms("DescribeKey", &[always("kms:DescribeKey", Key, KmsKey).filling(&["kms:RequestAlias"])]),
    kms("GetKeyPolicy", &[always("kms:GetKeyPolicy", Key, KmsKey)]),
    kms("PutKeyPolicy", &[always("kms:PutKeyPolicy", Key, KmsKey).filling(BYPASS)]),
    kms("ListKeyPolicies", &[always("kms:ListKeyPolicies", Key, KmsKey)]),
    kms("EnableKey", &[always("kms:EnableKey", Key, KmsKey)]),
    kms("DisableKey", &[always("kms:DisableKey", Key, KmsKey)]),
    kms(
        "ScheduleKeyDeletion",
        &[always("kms:ScheduleKeyDeletion", Key, KmsKey)
            .filling(&["kms:ScheduleKeyDeletionPendingWindowInDays"])],
    ),
    kms("CancelKeyDeletion", &[always("kms:CancelKeyDeletion", Key, KmsKey)]),
    kms(
        "EnableKeyRotation",
        &[always("kms:EnableKeyRotation", Key, KmsKey).filling(&["kms:RotationPeriodInDays"])],
    ),
    kms("DisableKeyRotation", &[always("kms:DisableKeyRotation", Key, KmsKey)]),
    kms("GetKeyRotationStatus", &[always("kms:GetKeyRotationStatus", Key, KmsKey)]),
    kms("RotateKeyOnDemand", &[always("kms:RotateKeyOnDemand", Key, KmsKey)]),
    kms("ListKeyRotations", &[always("kms:ListKeyRotations", Key, KmsKey)]),
    kms("GetKeyLastUsage", &[always("kms:GetKeyLastUsage", Key, KmsKey)]),
    kms("UpdateKeyDescription", &[always("kms:UpdateKeyDescription", Key, KmsKey)]),
    kms("TagResource", &[always("kms:TagResource", Key, KmsKey).filling(TAGS)]),
    kms("UntagResource", &[always("kms:UntagResource", Key, KmsKey).filling(TAGS)]),
    kms("ListResourceTags", &[always("kms:ListResourceTags", Key, KmsKey)]),
    kms("Encrypt", &[always("kms:Encrypt", Key, KmsKey).filling(CRYPTOGRAPHY)]).read_only(),
    kms("Decrypt", &[always("kms:Decrypt", Key, KmsKey).filling(CRYPTOGRAPHY)]).read_only(),
    kms("GenerateDataKey", &[always("kms:GenerateDataKey", Key, KmsKey).filling(CRYPTOGRAPHY)]).read_only(),
    kms(
        "GenerateDataKeyWithoutPlaintext",
        &[always("kms:GenerateDataKeyWithoutPlaintext", Key, KmsKey).filling(CRYPTOGRAPHY)],
    )
    .read_only(),
    kms("GenerateDataKeyPair", &[always("kms:GenerateDataKeyPair", Key, KmsKey).filling(DATA_KEY_PAIR)])
        .read_only(),
    kms(
        "GenerateDataKeyPairWithoutPlaintext",
        &[always("kms:GenerateDataKeyPairWithoutPlaintext", Key, KmsKey).filling(DATA_KEY_PAIR)],
    )
    .read_only(),
    kms("CreateGrant", &[always("kms:CreateGrant", Key, KmsKey).filling(GRANT)]),
    kms("ListGrants", &[always("kms:ListGrants", Key, KmsKey).filling(FOR_AWS)]),
    kms("RevokeGrant", &[always("kms:RevokeGrant", Key, KmsKey).filling(FOR_AWS)]),
    kms("RetireGrant", &[always("kms:RetireGrant", Key, KmsKey)]),
    kms("GetPublicKey", &[always("kms:GetPublicKey", Key, KmsKey).filling(&["kms:RequestAlias"])]),
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
        &[
            always("kms:ReEncryptFrom", SourceKey, KmsKey).filling(RE_ENCRYPTION),
            always("kms:ReEncryptTo", Key, KmsKey).filling(RE_ENCRYPTION),
        ],
    )
    .read_only(),
];

const fn kms(name: &'static str, checks: &'static [CheckSpec]) -> Operation {
    Operation::new("kms", name, checks)
}

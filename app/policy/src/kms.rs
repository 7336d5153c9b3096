//! What is particular to AWS KMS: grants, and which requests a key policy must consent to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::arn::Arn;
use crate::document::{Effect, NamedPrincipal, PrincipalElement, Reach};
use crate::request::Request;

/// A KMS grant: it can only allow, for one key and one grantee (KMS Developer Guide, `grants`).
///
/// ```
/// use policy::{Context, DecidedBy, Grant, Policies, Principal, Request, ResourceKind, evaluate};
///
/// let grants = [Grant {
///     grantee: "arn:aws:iam::111122223333:user/alice".into(),
///     operations: vec!["Decrypt".into()],
///     ..Grant::default()
/// }];
/// let request = Request {
///     principal: Principal::user("111122223333", "alice"),
///     action: "kms:Decrypt".into(),
///     resource: "arn:aws:kms:us-east-1:111122223333:key/1234".into(),
///     resource_account: None,
///     context: Context::new(),
/// };
/// let policies = Policies { resource_kind: ResourceKind::KmsKey, grants: &grants, ..Policies::default() };
/// assert_eq!(evaluate(&request, &policies).decided_by, DecidedBy::Grant);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// The grant's id.
    #[serde(default)]
    pub grant_id: String,
    /// The grantee principal's ARN.
    pub grantee: String,
    /// Who else may retire the grant (`kms:RetireGrant`): an ARN. For that action give the engine only the grant it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retiring_principal: Option<String>,
    /// The operations granted, as the API names them: `Decrypt`, without `kms:`.
    pub operations: Vec<String>,
    /// Narrows cryptographic operations to certain encryption contexts.
    #[serde(default)]
    pub constraints: Option<GrantConstraints>,
}

/// The encryption contexts a grant is limited to. Keys and values are compared with regard to case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantConstraints {
    /// The request's encryption context must be exactly this.
    #[serde(default, alias = "EncryptionContextEquals")]
    pub encryption_context_equals: Option<BTreeMap<String, String>>,
    /// The request's encryption context must hold these pairs.
    #[serde(default, alias = "EncryptionContextSubset")]
    pub encryption_context_subset: Option<BTreeMap<String, String>>,
}

/// The operations that carry an encryption context, to which alone grant constraints apply.
const WITH_ENCRYPTION_CONTEXT: [&str; 8] = [
    "Decrypt",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext",
    "GenerateDataKeyPair",
    "GenerateDataKeyPairWithoutPlaintext",
    "ReEncryptFrom",
    "ReEncryptTo",
];

/// The prefix of the condition keys that hold the encryption context.
const CONTEXT_PREFIX: &str = "kms:EncryptionContext:";

impl Grant {
    /// How this grant reaches the caller of `request`, if it covers the operation.
    pub(crate) fn reach(&self, request: &Request) -> Option<Reach> {
        let (_, operation) = request.action.split_once(':').filter(|_| request.is_for("kms"))?;
        let named = |arn: &str| {
            let named = Some(NamedPrincipal::aws(arn)).filter(|named| *named != NamedPrincipal::Everyone)?;
            PrincipalElement { negated: false, named: vec![named] }.reach(&request.principal, Effect::Allow)
        };
        let retiring =
            self.retiring_principal.as_deref().filter(|_| operation.eq_ignore_ascii_case("RetireGrant"));
        if let Some(reach) = retiring.and_then(named) {
            return Some(reach);
        }
        self.operations.iter().find(|granted| granted.eq_ignore_ascii_case(operation))?;
        let reach = named(&self.grantee)?;
        let constrained =
            WITH_ENCRYPTION_CONTEXT.iter().any(|carries| carries.eq_ignore_ascii_case(operation));
        let met =
            !constrained || self.constraints.as_ref().is_none_or(|constraints| constraints.met_by(request));
        met.then_some(reach)
    }
}

impl GrantConstraints {
    fn met_by(&self, request: &Request) -> bool {
        let pairs = || {
            request.context.iter().filter_map(|(key, values)| {
                let name = key.get(CONTEXT_PREFIX.len()..)?;
                let prefixed = key.get(..CONTEXT_PREFIX.len())?.eq_ignore_ascii_case(CONTEXT_PREFIX);
                prefixed.then_some((name, values.first()?.as_str()))
            })
        };
        let holds = |wanted: &BTreeMap<String, String>| {
            wanted.iter().all(|(key, value)| pairs().any(|pair| pair == (key.as_str(), value.as_str())))
        };
        self.encryption_context_subset.as_ref().is_none_or(&holds)
            && self
                .encryption_context_equals
                .as_ref()
                .is_none_or(|wanted| holds(wanted) && pairs().count() == wanted.len())
    }
}

/// Whether a KMS request is about a key, so that a key policy must consent. `CreateKey`, `ListKeys`, `ListAliases` and the
/// alias half of alias calls have none: identity policies alone decide (`aws-semantics.md` §2).
pub(crate) fn is_about_a_key(request: &Request) -> bool {
    Arn::parse(&request.resource).is_some_and(|arn| arn.service == "kms" && arn.resource.starts_with("key/"))
}

/// Whether it is `kms:RetireGrant`, which grants give and key policies cannot: beside the grant's own principals the key's
/// account may, by its identity policies (KMS Developer Guide, `grant-delete`). A Deny works in a key policy all the same.
pub(crate) fn is_retiring(request: &Request) -> bool {
    request.action.eq_ignore_ascii_case("kms:RetireGrant")
}

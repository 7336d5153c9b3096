//! How a write is to be encrypted, and the condition keys that its policies see of that (`aws-semantics.md` §3, table "How
//! the condition keys are filled").

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::HeaderMap;
use policy::Context;
use policy::call::{Encryption, EncryptionRules};
use s3s::S3Result;

use super::ask::{Ask, Owned};
use super::customer_key::{self, CustomerKey};
use super::failure::{from_kms, invalid_argument, refuse};
use crate::arns;
use crate::fidelity::Fidelity;
use crate::kms::{self, AWS_S3_ALIAS, EncryptionContext, Form};
use crate::model::DefaultEncryption;

/// The algorithm's header.
pub(super) const ALGORITHM: &str = "x-amz-server-side-encryption";

/// What a write's headers say.
#[derive(Clone, Copy, Debug, Default)]
struct Headers<'a> {
    algorithm: Option<&'a str>,
    key_id: Option<&'a str>,
    /// Base64 of JSON.
    context: Option<&'a str>,
    bucket_key: Option<bool>,
}

impl<'a> Headers<'a> {
    fn read(headers: &'a HeaderMap) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        Self {
            algorithm: text(ALGORITHM),
            key_id: text("x-amz-server-side-encryption-aws-kms-key-id"),
            context: text("x-amz-server-side-encryption-context"),
            bucket_key: text("x-amz-server-side-encryption-bucket-key-enabled")
                .map(|on| on.eq_ignore_ascii_case("true")),
        }
    }
}

/// How an object is to be encrypted.
#[derive(Clone, Debug)]
pub(super) enum Protection {
    /// SSE-S3.
    S3Managed,
    /// SSE-KMS.
    Kms {
        /// Key id, ARN, alias or alias ARN.
        identifier: String,
        /// Pairs that the caller gave.
        context: EncryptionContext,
        /// Whether the data key is bound to the bucket instead of the object.
        bucket_key: bool,
    },
    /// SSE-C.
    Customer(CustomerKey),
    /// SSE-C, which the bucket refuses before it looks at the key.
    BlockedCustomer,
    /// DSSE-KMS, which the embedded AWS does not have; policies see it before that is said.
    DualLayer,
}

impl Protection {
    /// The customer's key, if that is what protects.
    pub(super) fn customer_key(&self) -> Option<&CustomerKey> {
        match self {
            Self::Customer(key) => Some(key),
            _ => None,
        }
    }
}

/// How a write is to be encrypted and what policies see of it.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) protection: Protection,
    pub(super) conditions: Context,
}

/// Reads the headers together with the bucket's default encryption. Nothing is looked up in KMS that policies need not
/// see, and nothing is refused for what the key is: that comes after authorization (`aws-semantics.md` §10, item 8).
///
/// # Errors
/// For headers that contradict each other.
pub(super) async fn plan(ask: &Ask, owned: &Owned, headers: &HeaderMap) -> S3Result<Plan> {
    let customer = customer_key::is_named(headers);
    let customer = match (customer, owned.bucket.blocks_customer_keys) {
        (false, _) => None,
        (true, true) => Some(Protection::BlockedCustomer),
        (true, false) => CustomerKey::read(headers, &customer_key::OF_OBJECT)?.map(Protection::Customer),
    };
    let headers = Headers::read(headers);
    must_agree(headers, customer.is_some())?;
    if let Some(protection) = customer {
        return Ok(Plan { protection, conditions: Context::new() });
    }
    let caller_context = headers.context.map(read_context).transpose()?.unwrap_or_default();
    let conditions = conditions(ask, owned, headers).await;
    let default = &owned.bucket.encryption;
    let kms = |identifier: String, bucket_key: bool| Protection::Kms {
        identifier,
        context: caller_context,
        bucket_key: headers.bucket_key.unwrap_or(bucket_key),
    };
    let aws_managed = || AWS_S3_ALIAS.to_owned();
    let protection = match (headers.algorithm, headers.key_id, default) {
        (Some("AES256"), ..) | (None, _, DefaultEncryption::Aes256) => Protection::S3Managed,
        (Some("aws:kms:dsse"), ..) => Protection::DualLayer,
        (Some(_), Some(key), default) => kms(key.to_owned(), default_bucket_key(default)),
        (Some(_), None, DefaultEncryption::Kms { key: Some(key), bucket_key })
            if ask.aws.fidelity.default_key_before_aws_managed =>
        {
            kms(key.clone(), *bucket_key)
        }
        (Some(_), None, default) => kms(aws_managed(), default_bucket_key(default)),
        (None, _, DefaultEncryption::Kms { key, bucket_key }) => {
            kms(key.clone().unwrap_or_else(aws_managed), *bucket_key)
        }
    };
    if let (Protection::Kms { identifier, .. }, false) =
        (&protection, ask.aws.fidelity.authorization_before_key_lookup)
    {
        kms::must_exist(&ask.kms(), identifier).await.map_err(|error| from_kms(&error))?;
    }
    Ok(Plan { protection, conditions })
}

fn default_bucket_key(default: &DefaultEncryption) -> bool {
    matches!(default, DefaultEncryption::Kms { bucket_key: true, .. })
}

fn must_agree(headers: Headers<'_>, customer_key: bool) -> S3Result<()> {
    if let (true, Some(algorithm)) = (customer_key, headers.algorithm) {
        return Err(invalid_argument(
            "Server Side Encryption with Customer provided key is incompatible with the encryption method specified",
            ALGORITHM,
            algorithm.to_owned(),
        ));
    }
    let by_kms = match headers.algorithm {
        Some("aws:kms" | "aws:kms:dsse") => true,
        None | Some("AES256") => false,
        Some(other) => {
            let message = "The encryption method specified is not supported";
            return Err(invalid_argument(message, ALGORITHM, other.to_owned()));
        }
    };
    if !by_kms && (headers.key_id.is_some() || headers.context.is_some()) {
        return Err(invalid_argument(
            "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms",
            ALGORITHM,
            headers.algorithm.map(str::to_owned),
        ));
    }
    Ok(())
}

/// The pairs in `x-amz-server-side-encryption-context`.
fn read_context(header: &str) -> S3Result<EncryptionContext> {
    let json = BASE64_STANDARD.decode(header).ok();
    let pairs = json.and_then(|json| serde_json::from_slice::<BTreeMap<String, String>>(&json).ok());
    pairs.ok_or_else(|| {
        refuse(
            400,
            "InvalidArgument",
            "The header 'x-amz-server-side-encryption-context' shall be Base64-encoded UTF-8 string holding JSON which \
             represents a string-string map",
        )
    })
}

async fn conditions(ask: &Ask, owned: &Owned, headers: Headers<'_>) -> Context {
    let own = ask.caller.account_id();
    let aws_managed = kms::aws_s3_arn(&ask.aws, own);
    let rules = rules(&ask.aws.fidelity);
    let target = match headers.key_id {
        Some(identifier) => alias_target(ask, identifier).await,
        None => None,
    };
    let default = match &owned.bucket.encryption {
        DefaultEncryption::Aes256 => None,
        DefaultEncryption::Kms { key: None, .. } => Some(aws_managed.clone()),
        DefaultEncryption::Kms { key: Some(key), .. } => Some(default_key(ask, key).await),
    };
    let encryption = Encryption {
        algorithm: headers.algorithm,
        key_id: headers.key_id,
        alias_target: target.as_deref(),
        bucket_default_key: default.as_deref(),
        aws_managed_key: Some(&aws_managed),
        region: &ask.aws.region,
        caller_account: own,
    };
    encryption.context(&rules)
}

fn rules(fidelity: &Fidelity) -> EncryptionRules {
    EncryptionRules {
        bare_key_id_expands: fidelity.bare_key_id_expands,
        alias_expands: fidelity.alias_expands,
        default_key_fills_condition: fidelity.default_key_fills_condition,
        default_key_before_aws_managed: fidelity.default_key_before_aws_managed,
    }
}

/// ARN of the key behind an alias; `None` for what is no alias, or one of nothing.
async fn alias_target(ask: &Ask, identifier: &str) -> Option<String> {
    match kms::form_of(&ask.aws.region, identifier) {
        Ok(Form::Alias(_) | Form::AliasArn(..)) => {
            kms::key_arn_of(&ask.kms(), identifier).await.ok().flatten()
        }
        _ => None,
    }
}

/// The bucket's default key as the condition key shows it: under the same rules as a key in a header.
async fn default_key(ask: &Ask, identifier: &str) -> String {
    let fidelity = ask.aws.fidelity;
    match kms::form_of(&ask.aws.region, identifier) {
        Ok(Form::Id(id)) if fidelity.bare_key_id_expands => {
            arns::key(&ask.aws.region, ask.caller.account_id(), id)
        }
        Ok(Form::Alias(_) | Form::AliasArn(..)) if fidelity.alias_expands => {
            alias_target(ask, identifier).await.unwrap_or_else(|| identifier.to_owned())
        }
        _ => identifier.to_owned(),
    }
}

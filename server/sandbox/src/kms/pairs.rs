//! Data key pairs: an asymmetric key made for the caller, its private half sealed under a KMS key.

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING,
    EcdsaKeyPair, EcdsaSigningAlgorithm, KeyPair as _,
};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::cryptography::{conditions, must_not_be_for_an_enclave, stop_if_dry_run};
use super::grant_tokens::GrantTokens;
use super::keys::{Aliases, OtherAccounts, find, must_be_usable};
use super::{Call, EncryptionContext, KmsError, ciphertext, material};
use crate::crypto::CryptoError;
use crate::gate::{Action, actions};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GenerateDataKeyPair {
    key_id: String,
    key_pair_spec: String,
    #[serde(default)]
    encryption_context: EncryptionContext,
    recipient: Option<Value>,
    #[serde(default)]
    grant_tokens: GrantTokens,
    #[serde(default)]
    dry_run: bool,
}

/// Both halves as DER: the private one as PKCS #8, the public one as SubjectPublicKeyInfo.
struct Pair {
    private: Zeroizing<Vec<u8>>,
    public: Vec<u8>,
}

impl Pair {
    fn generate(spec: &str) -> Result<Self, KmsError> {
        match spec {
            "RSA_2048" => Self::rsa(KeySize::Rsa2048),
            "RSA_3072" => Self::rsa(KeySize::Rsa3072),
            "RSA_4096" => Self::rsa(KeySize::Rsa4096),
            "ECC_NIST_P256" => Self::ecdsa(&ECDSA_P256_SHA256_ASN1_SIGNING),
            "ECC_NIST_P384" => Self::ecdsa(&ECDSA_P384_SHA384_ASN1_SIGNING),
            "ECC_NIST_P521" => Self::ecdsa(&ECDSA_P521_SHA512_ASN1_SIGNING),
            "ECC_SECG_P256K1" | "ECC_NIST_EDWARDS25519" | "SM2" => {
                Err(KmsError::unsupported(&format!("The key pair spec {spec}")))
            }
            other => {
                let constraint = "Member must satisfy enum value set: [RSA_2048, RSA_3072, RSA_4096, ECC_NIST_P256, \
                                  ECC_NIST_P384, ECC_NIST_P521, ECC_SECG_P256K1, SM2, ECC_NIST_EDWARDS25519]";
                Err(KmsError::constraint(other, "keyPairSpec", constraint))
            }
        }
    }

    fn rsa(size: KeySize) -> Result<Self, KmsError> {
        let pair = aws_lc_rs::rsa::KeyPair::generate(size).map_err(|_| CryptoError::Library)?;
        let private: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| CryptoError::Library)?;
        let public: PublicKeyX509Der<'_> = pair.public_key().as_der().map_err(|_| CryptoError::Library)?;
        Ok(Self { private: Zeroizing::new(private.as_ref().to_vec()), public: public.as_ref().to_vec() })
    }

    fn ecdsa(algorithm: &'static EcdsaSigningAlgorithm) -> Result<Self, KmsError> {
        let pair = EcdsaKeyPair::generate(algorithm).map_err(|_| CryptoError::Library)?;
        let private = pair.to_pkcs8v1().map_err(|_| CryptoError::Library)?;
        let public: PublicKeyX509Der<'_> = pair.public_key().as_der().map_err(|_| CryptoError::Library)?;
        Ok(Self { private: Zeroizing::new(private.as_ref().to_vec()), public: public.as_ref().to_vec() })
    }
}

pub(super) async fn generate_data_key_pair(
    call: &Call<'_>,
    input: GenerateDataKeyPair,
) -> Result<Value, KmsError> {
    must_not_be_for_an_enclave(input.recipient.as_ref())?;
    let (pair, mut answer) = generate::<actions::kms::GenerateDataKeyPair>(call, &input).await?;
    answer["PrivateKeyPlaintext"] = BASE64_STANDARD.encode(pair.private.as_slice()).into();
    Ok(answer)
}

pub(super) async fn generate_data_key_pair_without_plaintext(
    call: &Call<'_>,
    input: GenerateDataKeyPair,
) -> Result<Value, KmsError> {
    let (_, answer) = generate::<actions::kms::GenerateDataKeyPairWithoutPlaintext>(call, &input).await?;
    Ok(answer)
}

/// A new pair, and the answer without its plaintext.
async fn generate<A: Action>(
    call: &Call<'_>,
    input: &GenerateDataKeyPair,
) -> Result<(Pair, Value), KmsError> {
    let target =
        find(call, &input.key_id, Aliases::Accepted).await?.with_tokens(call, &input.grant_tokens)?;
    let asked =
        conditions(&input.encryption_context)?.with("kms:DataKeyPairSpec", input.key_pair_spec.clone());
    let (_permit, key) = call.authorize_key::<A>(&target, OtherAccounts::Accepted, asked)?;
    must_be_usable(&key)?;
    stop_if_dry_run(input.dry_run)?;
    let pair = Pair::generate(&input.key_pair_spec)?;
    let blob = ciphertext::encrypt(call, &key, &input.encryption_context, &pair.private)?;
    call.aws.key_usage.note(call, &key, A::NAME.trim_start_matches("kms:"));
    let answer = json!({
        "PrivateKeyCiphertextBlob": BASE64_STANDARD.encode(blob),
        "PublicKey": BASE64_STANDARD.encode(&pair.public),
        "KeyId": key.arn,
        "KeyPairSpec": input.key_pair_spec,
        "KeyMaterialId": material::current_id(call, &key),
    });
    Ok((pair, answer))
}

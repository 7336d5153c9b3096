//! The secret that `s3s` verifies signatures with, and the check that whoever it verified is the caller that the router
//! found.

use std::fmt;
use std::sync::Arc;

use s3s::S3Result;
use s3s::access::{S3Access, S3AccessContext};
use s3s::auth::{S3Auth, SecretKey};

use super::failure::{access_denied, internal, refuse};
use crate::Aws;
use crate::caller::Caller;
use crate::credentials::{self, CredentialsError};
use crate::limits::Service;

/// Finds the secret behind an access key id.
pub(super) struct Secrets(Arc<Aws>);

impl Secrets {
    pub(super) fn new(aws: &Arc<Aws>) -> Self {
        Self(Arc::clone(aws))
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(..)")
    }
}

#[async_trait::async_trait]
impl S3Auth for Secrets {
    async fn get_secret_key(&self, access_key: &str) -> S3Result<SecretKey> {
        match credentials::secret_of(&self.0.store, access_key).await {
            Ok(secret) => Ok(SecretKey::from(secret.as_str())),
            Err(CredentialsError::Store(cause)) => Err(internal(cause)),
            Err(_) => Err(refuse(
                403,
                "InvalidAccessKeyId",
                "The AWS Access Key Id you provided does not exist in our records.",
            )),
        }
    }
}

/// Lets a request in only when the credentials that `s3s` verified are those of the caller in its extensions, and while that
/// caller's account may call. Without it a request could present one identity where the router reads it and be signed by another
/// where `s3s` reads it.
pub(super) struct SameCaller(Arc<Aws>);

impl SameCaller {
    pub(super) fn new(aws: &Arc<Aws>) -> Self {
        Self(Arc::clone(aws))
    }
}

impl fmt::Debug for SameCaller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SameCaller(..)")
    }
}

#[async_trait::async_trait]
impl S3Access for SameCaller {
    async fn check(&self, cx: &mut S3AccessContext<'_>) -> S3Result<()> {
        let verified = cx.credentials().map(|credentials| credentials.access_key.clone()).unwrap_or_default();
        let caller =
            cx.extensions_mut().get::<Caller>().ok_or_else(|| internal("the request has no caller"))?;
        if verified != caller.access_key_id {
            return Err(access_denied());
        }
        // Counted once it is known who calls: nobody uses up another's share.
        match self.0.throttle.admits(Service::S3, caller.account_id()) {
            true => Ok(()),
            false => {
                let (status, code, message) = Service::S3.throttled();
                Err(refuse(status, code, message))
            }
        }
    }
}

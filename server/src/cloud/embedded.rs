//! The AWS in this process as a [`Target`]: signed requests handed to its router, without a socket between.

use super::{Account, Credentials, Target, TargetError};
use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use sandbox::Sandbox;
use std::{fmt, net::IpAddr};

/// The embedded AWS, and the address on which the AWS CLI reaches the same one.
#[derive(Clone)]
pub struct Embedded {
    sandbox: Sandbox,
    endpoint: String,
    region: String,
}

impl Embedded {
    /// `endpoint` is where `sandbox` also listens, for example `http://127.0.0.1:4566`; `region` is the one it was
    /// opened with.
    pub fn new(sandbox: Sandbox, endpoint: String, region: String) -> Self {
        Self { sandbox, endpoint, region }
    }
}

impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Embedded").field("endpoint", &self.endpoint).field("region", &self.region).finish()
    }
}

#[async_trait]
impl Target for Embedded {
    async fn call(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TargetError> {
        let response = self.sandbox.call(request.map(sandbox::Body::from)).await;
        let (parts, body) = response.into_parts();
        let body = body
            .collect()
            .await
            .map_err(|error| TargetError(format!("the embedded AWS broke off its answer: {error}")))?
            .to_bytes();
        Ok(Response::from_parts(parts, body))
    }

    fn source_ip(&self) -> Option<IpAddr> {
        Some(sandbox::IN_PROCESS)
    }

    async fn create_account(&self) -> Result<Account, TargetError> {
        let keys = self
            .sandbox
            .create_account()
            .await
            .map_err(|error| TargetError(format!("the embedded AWS made no account: {error}")))?;
        Ok(Account {
            account_id: keys.account_id,
            user_arn: keys.user_arn,
            credentials: Credentials::long_term(keys.access_key_id, String::clone(&keys.secret_access_key)),
        })
    }

    async fn remove_account(&self, account_id: &str) -> Result<(), TargetError> {
        let removed = self.sandbox.remove_account(account_id).await;
        removed.map(drop).map_err(|error| TargetError(format!("the embedded AWS kept the account: {error}")))
    }

    fn events(&self, request_id: &str) -> Vec<serde_json::Value> {
        self.sandbox.events(request_id)
    }

    fn endpoint(&self) -> &str {
        &self.endpoint
    }

    fn region(&self) -> &str {
        &self.region
    }
}

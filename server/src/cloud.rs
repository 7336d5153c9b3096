//! The AWS the console works on, and SDK clients that act on it as one persona or another.
//!
//! Everything goes through a [`Target`]: today the AWS in this process, called without a socket but with signed HTTP
//! requests like any other. One call is one attempt; each leaves an [`Exchange`].

mod clients;
mod command_line;
mod connector;
mod credentials;
mod ec2;
pub mod embedded;
mod exchange;
mod failure;
pub mod imds;

pub use clients::Clients;
pub use credentials::Credentials;
pub use ec2::Ec2;
pub use exchange::{Exchange, Recorder};
pub use failure::{Asked, Failure};

use connector::Connector;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use std::net::IpAddr;

/// An AWS: something that answers signed HTTP requests, and gives new accounts to those who start a lab.
#[async_trait]
pub trait Target: Send + Sync + std::fmt::Debug {
    /// Answers one request.
    ///
    /// # Errors
    /// When no answer came.
    async fn call(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TargetError>;

    /// A new account with an administrator.
    ///
    /// # Errors
    /// When the target could not make one.
    async fn create_account(&self) -> Result<Account, TargetError>;

    /// Removes an account that it made, with all that is its own. Nothing happens when there is none of that id.
    ///
    /// # Errors
    /// When the target could not remove it.
    async fn remove_account(&self, account_id: &str) -> Result<(), TargetError>;

    /// CloudTrail's records of one request, as JSON. None of an AWS that is elsewhere: there they come minutes later.
    fn events(&self, request_id: &str) -> Vec<serde_json::Value> {
        let _ = request_id;
        Vec::new()
    }

    /// The address from which it sees calls come, where that is known.
    fn source_ip(&self) -> Option<IpAddr> {
        None
    }

    /// Where the AWS CLI reaches it, for example `http://127.0.0.1:4566`.
    fn endpoint(&self) -> &str;

    /// For example `us-east-1`.
    fn region(&self) -> &str;
}

/// A new account.
#[derive(Debug)]
pub struct Account {
    /// 12 digits.
    pub account_id: String,
    /// ARN of the administrator, an IAM user with AdministratorAccess.
    pub user_arn: String,
    /// The administrator's long-term keys.
    pub credentials: Credentials,
}

/// Why a target gave no answer.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct TargetError(pub String);

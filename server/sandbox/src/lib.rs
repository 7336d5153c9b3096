//! The embedded AWS: S3, KMS, IAM, STS, EC2 launch and IMDSv2, with every policy enforced.
//!
//! One [`Sandbox`] holds many accounts side by side. It is reached like AWS, by signed HTTP requests: over TCP
//! ([`Sandbox::serve`]) or inside the process ([`Sandbox::call`]). It knows nothing of the console.

pub mod caller;
pub mod credentials;
pub mod crypto;
pub mod fidelity;
pub mod gate;
pub mod model;
pub mod request;
pub mod store;

mod accounts;
mod arns;
mod auth;
mod ec2;
mod iam;
mod imds;
mod kms;
mod managed;
mod operations;
mod orphans;
mod principals;
mod query;
mod router;
mod s3;
mod server;
mod sts;
mod unread;

use std::sync::Arc;

use time::OffsetDateTime;

pub use accounts::{AccountError, AccountKeys};
pub use fidelity::Fidelity;
pub use operations::operations;
pub use store::{DatabaseUrl, RootKey, Storage, StoreError};

use gate::{Gate, Trace};
use store::Store;

/// Body of requests and answers.
pub type Body = s3s::Body;

/// How a sandbox is set up.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where accounts and objects live.
    pub storage: Storage,
    /// The root key, unless it is in the data directory. Without a directory it is one that is gone with the process.
    pub root_key: Option<RootKey>,
    /// About how many bytes of objects that are read and written are kept in memory. Nothing there is the only copy.
    pub cache_bytes: usize,
    /// The one region it stands for, for example `us-east-1`.
    pub region: String,
    /// Choices where AWS's behaviour is not known for certain.
    pub fidelity: Fidelity,
    /// Largest object in bytes that an upload may make. In one piece it is 5 GiB at most, as in AWS.
    pub max_object_bytes: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            storage: Storage::InMemory,
            root_key: None,
            cache_bytes: 64 << 20,
            region: "us-east-1".into(),
            fidelity: Fidelity::default(),
            // What AWS takes: 10,000 parts of 5 GiB, which it calls 50 TB (BC:s3.CopyObject).
            max_object_bytes: 10_000 * (5 << 30),
        }
    }
}

/// An embedded AWS. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Sandbox {
    aws: Arc<Aws>,
    router: router::Router,
}

/// What every service shares.
#[derive(Debug)]
pub(crate) struct Aws {
    pub(crate) store: Store,
    pub(crate) gate: Gate,
    pub(crate) region: String,
    pub(crate) fidelity: Fidelity,
    pub(crate) max_object_bytes: u64,
}

impl Aws {
    /// The time now. One place, so that one change can make it settable.
    pub(crate) fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc()
    }
}

impl Sandbox {
    /// Opens the storage and gets ready to answer.
    ///
    /// # Errors
    /// [`StoreError`] when the directory, the database or the root key cannot be used; its message says what to do.
    pub async fn open(config: Config) -> Result<Self, StoreError> {
        let aws = Arc::new(Aws {
            store: Store::open(&config.storage, config.root_key.as_ref(), config.cache_bytes).await?,
            gate: Gate::default(),
            region: config.region,
            fidelity: config.fidelity,
            max_object_bytes: config.max_object_bytes,
        });
        Ok(Self { router: router::Router::new(&aws), aws })
    }

    /// Answers one request inside the process. It must be signed like any other.
    pub async fn call(&self, request: http::Request<Body>) -> http::Response<Body> {
        self.router.call(request, None).await
    }

    /// What the gate evaluated for one request, in order. For the operator and for tests, never for callers.
    pub fn trace(&self, request_id: &str) -> Vec<Trace> {
        self.aws.gate.trace(request_id)
    }

    /// Finishes what is under way and closes the storage.
    pub async fn close(&self) {
        self.aws.store.close().await;
    }
}

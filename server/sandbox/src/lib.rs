//! The embedded AWS: S3, KMS, IAM, STS, EC2 launch and IMDSv2, with every policy enforced, and CloudTrail, which records every
//! call.
//!
//! One [`Sandbox`] holds many accounts side by side. It is reached like AWS, by signed HTTP requests: over TCP
//! ([`Sandbox::serve`]) or inside the process ([`Sandbox::call`]). It knows nothing of the console.

pub mod activity;
pub mod caller;
pub mod credentials;
pub mod crypto;
pub mod fidelity;
pub mod gate;
pub mod limits;
pub mod model;
mod propagation;
pub mod request;
pub mod server;
pub mod store;

mod accounts;
mod arns;
mod auth;
mod cloudtrail;
mod ec2;
mod iam;
mod imds;
mod json;
mod kms;
mod leftovers;
mod managed;
mod mfa;
mod operations;
mod orphans;
mod principals;
mod query;
mod router;
mod s3;
mod sts;
mod unread;

use std::sync::Arc;

use time::OffsetDateTime;
use zeroize::Zeroizing;

pub use accounts::{AccountError, AccountKeys};
pub use cloudtrail::TrailConfig;
pub use fidelity::{Fidelity, Switch, SwitchError};
pub use kms::LastUse;
pub use limits::Limits;
pub use operations::operations;
pub use propagation::Propagation;
pub use router::IN_PROCESS;
pub use store::{DatabaseUrl, RootKey, Storage, StoreError};

use activity::Activity;
use cloudtrail::Trail;
use crypto::KEY_LEN;
use gate::{Gate, Journal, Trace};
use limits::{Stock, Throttle};
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
    /// What accounts and clients may take of the machine.
    pub limits: Limits,
    /// How long changes take to be known to the gate.
    pub propagation: Propagation,
    /// Where the gate writes what it answered, for the operator; see [`Journal`].
    pub journal: Option<Journal>,
    /// What CloudTrail keeps.
    pub trail: TrailConfig,
    /// Who may ask the metadata services of instances over TCP.
    pub metadata_access: MetadataAccess,
}

/// Who may ask the metadata service of an instance. On EC2 it answers the instance alone, which it knows by its network; here an
/// instance is known by its id in the path, so whoever may ask and knows the id gets the credentials of its role.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MetadataAccess {
    /// This process, and clients on this machine that no proxy forwards.
    #[default]
    ThisMachine,
    /// Every client that reaches the endpoint: for a classroom where learners use the AWS CLI on machines of their own.
    Anyone,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            storage: Storage::InMemory,
            root_key: None,
            cache_bytes: 64 << 20,
            region: "us-east-1".into(),
            fidelity: Fidelity::default(),
            limits: Limits::in_memory(),
            propagation: Propagation::default(),
            journal: None,
            trail: TrailConfig::default(),
            metadata_access: MetadataAccess::default(),
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
    pub(crate) limits: Limits,
    pub(crate) throttle: Throttle,
    pub(crate) propagation: Propagation,
    pub(crate) trail: Trail,
    pub(crate) metadata_access: MetadataAccess,
    pub(crate) key_usage: kms::Usage,
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
            gate: Gate::new(
                config.fidelity,
                Activity::new(config.fidelity.access_key_use_span_seconds),
                config.journal,
            ),
            region: config.region,
            fidelity: config.fidelity,
            limits: config.limits,
            throttle: Throttle::new(config.limits.rates),
            propagation: config.propagation,
            trail: Trail::open(config.trail)?,
            metadata_access: config.metadata_access,
            key_usage: kms::Usage::default(),
        });
        aws.store.keep_earlier(config.propagation.longest());
        Trail::start(&aws);
        Activity::flush_in_background(&aws);
        aws.store.track_key_uses(aws.now().unix_timestamp()).await?;
        kms::Usage::write_in_background(&aws);
        leftovers::remove_in_background(&aws);
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

    /// The records that CloudTrail made of one request, as JSON, in order: of the call itself, and of those that S3 made to KMS
    /// for it. For the operator and for tests; callers look events up.
    pub fn events(&self, request_id: &str) -> Vec<serde_json::Value> {
        let records = self.aws.trail.records(request_id);
        records.iter().filter_map(|record| serde_json::from_str(record).ok()).collect()
    }

    /// How many events CloudTrail left out because there were more than it could take.
    pub fn events_left_out(&self) -> u64 {
        self.aws.trail.left_out()
    }

    /// A key made of the root key, for what an operator seals beside this AWS: it is the same as long as the root key is.
    /// `purpose` tells such keys apart.
    pub fn derived_key(&self, purpose: &str) -> Zeroizing<[u8; KEY_LEN]> {
        Zeroizing::new(self.aws.store.root_key().mac(format!("key for {purpose}").as_bytes()))
    }

    /// What an account holds in S3, as its limits count it. For the operator and for tests.
    pub fn held(&self, account: &str) -> Stock {
        self.aws.store.held(account)
    }

    /// Finishes what is under way and closes the storage.
    pub async fn close(&self) {
        self.write_what_waits().await;
        self.aws.store.close().await;
        self.aws.gate.close();
    }

    /// Writes what is noted of calls and gathered before it is written.
    async fn write_what_waits(&self) {
        Trail::flush(&self.aws).await;
        if let Err(cause) = self.aws.gate.activity().flush(&self.aws.store).await {
            tracing::warn!(%cause, "what was last used could not be written");
        }
        if let Err(cause) = self.aws.key_usage.write(&self.aws.store).await {
            tracing::warn!(%cause, "the last uses of keys could not be written");
        }
    }
}

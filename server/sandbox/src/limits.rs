//! What one account, and all of them together, may take of the machine; each limit refuses in AWS's own words.

mod rate;

use std::num::NonZeroU32;
use std::time::Duration;

pub(crate) use rate::{Service, Throttle};

/// The limits of one embedded AWS. Where AWS has a quota of the same kind, its error is answered; the numbers are this
/// machine's, smaller than AWS's where a trainee could fill it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Largest object in bytes that an upload may make. S3: 400 `EntityTooLarge`.
    pub object_bytes: u64,
    /// Largest body in bytes of a request to KMS, IAM, STS and EC2: 413 `RequestEntityTooLarge`.
    pub request_bytes: usize,
    /// Largest body in bytes of a request to S3 that is no object: 400 `MaxMessageLengthExceeded`.
    pub document_bytes: usize,
    /// What one account may hold in S3. S3: 507 `InsufficientCapacity`.
    pub account: Stock,
    /// What all accounts together may hold in S3. S3: 507 `InsufficientCapacity`.
    pub process: Stock,
    /// Most buckets of an account. S3: 400 `TooManyBuckets`.
    pub buckets: usize,
    /// Most customer managed keys of an account. KMS: `LimitExceededException`.
    pub keys: usize,
    /// Most aliases of a key. KMS: `LimitExceededException`.
    pub aliases_per_key: usize,
    /// Most grants on a key. KMS: `LimitExceededException`.
    pub grants_per_key: usize,
    /// How often one account may call.
    pub rates: Rates,
    /// How many clients may be connected, and how slow they may be.
    pub clients: Clients,
}

/// Bytes and objects in S3. Objects are versions, delete markers and uploads under way. Bytes are what objects and parts of
/// uploads hold, and [`Stock::ROW_BYTES`] for each of them and for each delete marker and upload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stock {
    /// Bytes.
    pub bytes: u64,
    /// Objects.
    pub objects: u64,
}

impl Stock {
    /// What naming one thing is counted as, in bytes: its key, its metadata and its place in the indexes.
    pub const ROW_BYTES: u64 = 1 << 10;
}

/// Requests a second that one account may make of a service, with as many at once; `None` for no limit. Callers without
/// credentials count as one account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rates {
    /// S3: 503 `SlowDown`.
    pub s3: Option<NonZeroU32>,
    /// KMS, calls that S3 makes included: 400 `ThrottlingException`.
    pub kms: Option<NonZeroU32>,
    /// IAM: 400 `Throttling`.
    pub iam: Option<NonZeroU32>,
    /// STS: 400 `Throttling`.
    pub sts: Option<NonZeroU32>,
    /// EC2: 503 `RequestLimitExceeded`.
    pub ec2: Option<NonZeroU32>,
    /// CloudTrail: 400 `ThrottlingException`. AWS allows two `LookupEvents` a second (CloudTrail API reference, `LookupEvents`).
    pub cloudtrail: Option<NonZeroU32>,
}

/// How many clients may be connected over TCP, and how slow they may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clients {
    /// Most connections. One more is answered 503 and closed.
    pub connections: usize,
    /// Most connections from one IP address. One more is answered 503 and closed.
    pub connections_per_address: usize,
    /// How long a connection may wait for the headers of a request, from its start or from the answer before.
    pub idle: Duration,
    /// How long a client may let the server wait within a request or an answer without moving [`Clients::STALL_BYTES`]:
    /// S3's 400 `RequestTimeout` while a request is read; while an answer is written the connection is closed.
    pub stall: Duration,
}

impl Clients {
    /// What a client must move before [`Clients::stall`] has passed, in bytes, unless the request or the answer ends first.
    pub const STALL_BYTES: u64 = 16 << 10;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // What AWS takes: 10,000 parts of 5 GiB, which it calls 50 TB (S3 API reference, `CopyObject`). What accounts may
            // hold is less.
            object_bytes: 10_000 * (5 << 30),
            request_bytes: 1 << 20,
            // Room for CompleteMultipartUpload of 10,000 parts.
            document_bytes: 4 << 20,
            account: Stock { bytes: 10 << 30, objects: 1_000_000 },
            process: Stock { bytes: 50 << 30, objects: 10_000_000 },
            buckets: 1_000,
            keys: 1_000,
            aliases_per_key: 50,
            grants_per_key: 1_000,
            rates: Rates::default(),
            clients: Clients::default(),
        }
    }
}

impl Limits {
    /// Those of an AWS that is kept in memory: less fits there than on a disk.
    pub fn in_memory() -> Self {
        let usual = Self::default();
        Self {
            account: Stock { bytes: 2 << 30, ..usual.account },
            process: Stock { bytes: 4 << 30, ..usual.process },
            ..usual
        }
    }
}

impl Default for Clients {
    fn default() -> Self {
        Self {
            // With the database and the console, below the 1,024 descriptors that many systems give a process.
            connections: 800,
            connections_per_address: 400,
            idle: Duration::from_secs(30),
            // As S3 closes idle connections after about 20 s.
            stall: Duration::from_secs(20),
        }
    }
}

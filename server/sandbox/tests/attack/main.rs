//! Whoever has no right to something tries to get it all the same: by forged credentials, changed signatures, ambiguous
//! requests, bombs, races, and from another account.
#![allow(clippy::unwrap_used)]

mod accounts;
mod bombs;
mod chunks;
mod deputy;
mod paths;
mod payloads;
mod signatures;
mod smuggling;
#[path = "../support/mod.rs"]
mod support;
mod times;
mod tokens;

use std::time::Duration;

use support::calls::Plain;
use support::signer::{Raw, Scope};
use support::{Answer, Keys, Lab, send};

/// What any single request may take of this thread's time, in a debug build, however busy the machine is.
const SOON: Duration = Duration::from_secs(2);
/// After which nothing comes any more.
const NEVER: Duration = Duration::from_secs(60);

/// A clock that runs while this thread does, and where there is none such one that runs always.
#[derive(Clone, Copy, Debug)]
struct Watch(Duration, std::time::Instant);

impl Watch {
    fn start() -> Self {
        Self(Self::busy().unwrap_or_default(), std::time::Instant::now())
    }

    fn busy() -> Option<Duration> {
        let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
        Some(Duration::from_nanos(text.split(' ').next()?.parse().ok()?))
    }

    fn elapsed(self) -> Duration {
        Self::busy().map_or_else(|| self.1.elapsed(), |busy| busy - self.0)
    }
}

/// A request that is ready, answered soon.
async fn tried(lab: &Lab, raw: &Raw) -> Answer {
    let request = raw.request().unwrap_or_else(|| panic!("{} {}", raw.method, raw.target));
    tokio::time::timeout(NEVER, send(&lab.sandbox, request)).await.expect("an answer")
}

/// One harmless request of every service.
fn one_of_each() -> Vec<Plain> {
    let query = |service, action: &str| Plain::query(service, action, &[]);
    vec![
        Plain::s3("GET /bucket-1/object", &Default::default(), "", &Default::default()),
        Plain::json("kms", "ListKeys", &serde_json::json!({})),
        query("iam", "ListUsers"),
        query("sts", "GetCallerIdentity"),
        query("ec2", "DescribeInstances"),
    ]
}

/// Signed as `keys`, now.
fn signed(plain: &Plain, keys: &Keys) -> Raw {
    let mut raw = Raw::of(plain);
    raw.sign(keys, &Scope::of(plain.service));
    raw
}

/// Status and code of a refusal.
fn refusal(answer: &Answer) -> (u16, String) {
    (answer.status, answer.error().0)
}

/// Status and code of a refusal as the services word it: S3, KMS, IAM, STS, EC2.
type Words = [(u16, &'static str); 5];

/// As one of them words it.
fn in_words_of(service: &str, words: &Words) -> (u16, &'static str) {
    let place = ["s3", "kms", "iam", "sts", "ec2"].iter().position(|known| *known == service);
    words[place.unwrap()]
}

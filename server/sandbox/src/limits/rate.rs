//! How often an account may call a service: a bucket of tokens for each, refilled as time goes by.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::Rates;

/// A service whose requests are counted apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Service {
    S3,
    Kms,
    Iam,
    Sts,
    Ec2,
    CloudTrail,
}

impl Service {
    /// Status, code and message of its answer to an account that calls too often.
    pub(crate) fn throttled(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::S3 => (503, "SlowDown", "Please reduce your request rate."),
            Self::Kms => (
                400,
                "ThrottlingException",
                "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.",
            ),
            Self::Iam | Self::Sts => (400, "Throttling", "Rate exceeded"),
            Self::Ec2 => (503, "RequestLimitExceeded", "Request limit exceeded."),
            Self::CloudTrail => (400, "ThrottlingException", "Rate exceeded"),
        }
    }
}

/// How many buckets there are before the full ones, which say nothing, are thrown away for the first time.
const SWEEP_AT: usize = 4_096;

/// Counts requests by account and service.
#[derive(Debug)]
pub(crate) struct Throttle {
    rates: Rates,
    buckets: Mutex<Buckets>,
}

#[derive(Debug)]
struct Buckets {
    by_account: HashMap<(Service, String), Bucket>,
    sweep_at: usize,
}

/// Tokens of one account for one service.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    tokens: f64,
    at: Instant,
}

impl Bucket {
    /// Its tokens by `now`: a second fills it.
    fn filled(self, rate: f64, now: Instant) -> f64 {
        let since = now.saturating_duration_since(self.at).as_secs_f64();
        (self.tokens + since * rate).min(rate)
    }
}

impl Throttle {
    pub(crate) fn new(rates: Rates) -> Self {
        Self { rates, buckets: Mutex::new(Buckets { by_account: HashMap::new(), sweep_at: SWEEP_AT }) }
    }

    /// Counts one request of an account, which is empty for callers without credentials. False when it is one too many.
    pub(crate) fn admits(&self, service: Service, account: &str) -> bool {
        self.admits_at(service, account, Instant::now())
    }

    fn admits_at(&self, service: Service, account: &str, now: Instant) -> bool {
        let Some(rate) = self.rate(service) else { return true };
        let rate = f64::from(rate.get());
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.by_account.len() >= buckets.sweep_at {
            buckets.by_account.retain(|(service, _), bucket| {
                let rate = self.rate(*service).map_or(0.0, |rate| rate.get().into());
                bucket.filled(rate, now) < rate
            });
            buckets.sweep_at = SWEEP_AT.max(2 * buckets.by_account.len());
        }
        let full = Bucket { tokens: rate, at: now };
        let bucket = buckets.by_account.entry((service, account.to_owned())).or_insert(full);
        let tokens = bucket.filled(rate, now);
        let admitted = tokens >= 1.0;
        *bucket = Bucket { tokens: if admitted { tokens - 1.0 } else { tokens }, at: now };
        admitted
    }

    fn rate(&self, service: Service) -> Option<NonZeroU32> {
        match service {
            Service::S3 => self.rates.s3,
            Service::Kms => self.rates.kms,
            Service::Iam => self.rates.iam,
            Service::Sts => self.rates.sts,
            Service::Ec2 => self.rates.ec2,
            Service::CloudTrail => self.rates.cloudtrail,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_bucket_gives_its_rate_at_once_and_then_as_time_goes_by() {
        let throttle = Throttle::new(Rates { kms: NonZeroU32::new(10), ..Rates::default() });
        let start = Instant::now();
        let admitted = |account, at: u64| {
            let now = start + Duration::from_millis(at);
            (0..100).filter(|_| throttle.admits_at(Service::Kms, account, now)).count()
        };
        assert_eq!(admitted("a", 0), 10, "a second's worth at once");
        assert_eq!(admitted("b", 0), 10, "another account has its own");
        assert_eq!(admitted("a", 500), 5, "half a second later");
        assert_eq!(admitted("a", 60_000), 10, "never more than a second's worth");
        assert!((0..1_000).all(|_| throttle.admits_at(Service::S3, "a", start)), "no limit, no bucket");
    }

    #[test]
    fn full_buckets_are_thrown_away_when_there_are_many() {
        let throttle = Throttle::new(Rates { iam: NonZeroU32::new(1), ..Rates::default() });
        let start = Instant::now();
        let ask = |account: usize, now| throttle.admits_at(Service::Iam, &account.to_string(), now);
        assert!((0..SWEEP_AT).all(|account| ask(account, start)));
        assert!(!ask(0, start), "those that are not full stay");
        let later = start + Duration::from_secs(2);
        assert!((SWEEP_AT..=2 * SWEEP_AT).all(|account| ask(account, later)));
        let buckets = throttle.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        assert_eq!(buckets.by_account.len(), SWEEP_AT + 1, "the first ones are full by now");
    }
}

//! Virtual MFA devices: time-based one-time passwords (RFC 6238, SHA-1, six digits, thirty seconds), each accepted once.

use std::ops::RangeInclusive;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use zeroize::Zeroizing;

use crate::crypto::{self, CryptoError, Key};
use crate::model::{MfaDevice, Timestamp};

/// Seconds for which a code is shown.
const STEP: Timestamp = 30;
/// Length of a seed in bytes, as AWS gives it: 64 characters of base32.
const SEED: usize = 40;
/// How far a device's clock may be from ours when it is enabled, in steps of its second code.
const DRIFT: RangeInclusive<i64> = -998..=1_000;
/// How many steps a code may be from the one that is shown, once it is known how far the clocks are apart.
const TOLERANCE: i64 = 2;
/// Most tries in a span of so many seconds: a code has a million values, so that nobody can try them all.
const MOST_TRIES: u32 = 9;
const SPAN: Timestamp = 3 * 60;

/// A device's seed: fresh, or opened.
pub(crate) struct Seed(Zeroizing<Vec<u8>>);

impl Seed {
    /// A fresh one.
    pub(crate) fn generate() -> Result<Self, CryptoError> {
        Ok(Self(Zeroizing::new(crypto::random::<SEED>()?.to_vec())))
    }

    /// The seed of a device.
    pub(crate) fn open(root: &Key, device: &MfaDevice) -> Result<Self, CryptoError> {
        let sealed = BASE64_STANDARD.decode(&device.sealed_seed).map_err(|_| CryptoError::DoesNotOpen)?;
        Ok(Self(root.open(&sealed, context(&device.serial).as_bytes())?))
    }

    /// As it is stored with the device.
    pub(crate) fn sealed(&self, root: &Key, serial: &str) -> Result<String, CryptoError> {
        Ok(BASE64_STANDARD.encode(root.seal(&self.0, context(serial).as_bytes())?))
    }

    /// In base32 (RFC 4648), as people type it into an app.
    pub(crate) fn base32(&self) -> Zeroizing<String> {
        const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let mut text = String::with_capacity(self.0.len().div_ceil(5) * 8);
        for group in self.0.chunks(5) {
            let bits = group.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
            for place in (0..8).rev() {
                let index = usize::try_from(bits >> (5 * place) & 31).unwrap_or_default();
                text.extend(ALPHABET.get(index).map(|letter| char::from(*letter)));
            }
        }
        Zeroizing::new(text)
    }

    /// The code of a step (RFC 4226, section 5.3).
    fn code(&self, step: i64) -> u32 {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0);
        let tag = hmac::sign(&key, &step.to_be_bytes());
        let tag = tag.as_ref();
        let offset = usize::from(tag.last().copied().unwrap_or_default() & 15);
        let bytes = tag.get(offset..offset + 4).and_then(|bytes| bytes.first_chunk()).copied();
        (u32::from_be_bytes(bytes.unwrap_or_default()) & 0x7fff_ffff) % 1_000_000
    }
}

fn context(serial: &str) -> String {
    format!("seed of {serial}")
}

impl MfaDevice {
    /// Takes two codes that follow each other: how far the device's clock is from ours is known from then on. False when they
    /// do not, or when they came before.
    pub(crate) fn synchronize(&mut self, seed: &Seed, codes: [u32; 2], now: Timestamp) -> bool {
        let expected = now / STEP + self.adjustment;
        let mut seconds: Vec<i64> = DRIFT.map(|drift| expected + drift).collect();
        // The nearest first, should two fit.
        seconds.sort_by_key(|second| (second - expected).abs());
        let newer = self.newest_pair;
        let fits = |second: &i64| {
            newer.is_none_or(|newest| *second > newest)
                && [second - 1, *second].map(|step| seed.code(step)) == codes
        };
        let Some(second) = seconds.into_iter().find(fits) else { return false };
        self.adjustment = second - now / STEP;
        self.newest_pair = Some(second);
        // Neither code counts again.
        self.spent = vec![second - 1, second];
        true
    }

    /// Takes one code. False when it is not that of about now, when it was taken before, and when too many were tried.
    pub(crate) fn verify(&mut self, seed: &Seed, code: u32, now: Timestamp) -> bool {
        let span = now / SPAN;
        self.tries = match self.tries {
            (of, tries) if of == span => (span, tries.saturating_add(1)),
            _ => (span, 1),
        };
        if self.tries.1 > MOST_TRIES {
            return false;
        }
        let expected = now / STEP + self.adjustment;
        let near = expected - TOLERANCE..=expected + TOLERANCE;
        self.spent.retain(|step| near.contains(step));
        match near.into_iter().find(|step| !self.spent.contains(step) && seed.code(*step) == code) {
            Some(step) => {
                self.spent.push(step);
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device() -> MfaDevice {
        MfaDevice {
            serial: "arn:aws:iam::111122223333:mfa/phone".into(),
            created: 0,
            tags: crate::model::Tags::new(),
            sealed_seed: String::new(),
            user: None,
            adjustment: 0,
            newest_pair: None,
            spent: Vec::new(),
            tries: (0, 0),
        }
    }

    /// Key and last six digits of the codes in RFC 6238, appendix B.
    #[test]
    fn codes_are_those_of_the_standard() {
        let seed = Seed(Zeroizing::new(b"12345678901234567890".to_vec()));
        for (time, code) in [(59, 287_082), (1_111_111_109, 81_804), (20_000_000_000_i64, 353_130)] {
            assert_eq!(seed.code(time / STEP), code);
        }
        assert_eq!(seed.base32().as_str(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    }

    #[test]
    fn a_clock_may_be_wrong_and_a_pair_counts_once() {
        let seed = Seed(Zeroizing::new(b"12345678901234567890".to_vec()));
        let mut device = device();
        let now = 1_700_000_000;
        let fast = now / STEP + 500;
        let pair = [seed.code(fast), seed.code(fast + 1)];
        assert!(!device.synchronize(&seed, [pair[1], pair[0]], now));
        assert!(device.synchronize(&seed, pair, now));
        assert!(!device.synchronize(&seed, pair, now), "the same pair again");
        assert!(!device.verify(&seed, pair[1], now), "a code of the pair");
        let next = seed.code(fast + 2);
        assert!(device.verify(&seed, next, now + STEP));
        assert!(!device.verify(&seed, next, now + STEP), "the same code again");
        assert!(!device.verify(&seed, seed.code(fast + 10), now + STEP), "far ahead");
    }

    #[test]
    fn after_nine_tries_even_the_right_code_waits_for_the_next_span() {
        let seed = Seed(Zeroizing::new(b"12345678901234567890".to_vec()));
        let mut device = device();
        let now = 1_700_000_100 / SPAN * SPAN;
        let right = |now: Timestamp| seed.code(now / STEP);
        let wrong = (0..).find(|code| (-2..=2).all(|drift| seed.code(now / STEP + drift) != *code));
        for _ in 0..MOST_TRIES {
            assert!(!device.verify(&seed, wrong.unwrap_or_default(), now));
        }
        assert!(!device.verify(&seed, right(now), now));
        assert!(device.verify(&seed, right(now + SPAN), now + SPAN));
    }
}

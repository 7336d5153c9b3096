//! Snapshots of accounts that others took the place of, kept for as long as changes take to be known to the gate. They are
//! no state: after a restart every change is known.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::Store;
use crate::model::Account;

/// Snapshots of an account that are all kept. Of more than these, changes that come fast are known together, by one part in so many
/// of the span later, so that twice as many are kept at most.
const KEPT: u32 = 32;

/// What accounts were.
#[derive(Debug, Default)]
pub(super) struct Earlier {
    /// In milliseconds; 0 keeps nothing.
    span: AtomicU64,
    accounts: Mutex<HashMap<String, VecDeque<Was>>>,
}

/// An account until some time.
#[derive(Debug)]
struct Was {
    account: Arc<Account>,
    /// When it was first replaced: changes soon after it share its place.
    replaced: Instant,
    until: Instant,
}

impl Earlier {
    fn span(&self) -> Duration {
        Duration::from_millis(self.span.load(Ordering::Relaxed))
    }

    /// An account is about to be something else.
    pub(super) fn keep(&self, account: &Arc<Account>) {
        self.keep_at(account, Instant::now());
    }

    fn keep_at(&self, account: &Arc<Account>, now: Instant) {
        let span = self.span();
        if span.is_zero() {
            return;
        }
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        accounts.retain(|_, was| {
            while was.front().is_some_and(|first| now.duration_since(first.until) >= span) {
                was.pop_front();
            }
            !was.is_empty()
        });
        let was = accounts.entry(account.id.clone()).or_default();
        let many = was.len() >= KEPT as usize;
        match was.back_mut() {
            Some(last) if many && now.duration_since(last.replaced) < span / KEPT => last.until = now,
            _ => was.push_back(Was { account: Arc::clone(account), replaced: now, until: now }),
        }
    }

    /// An account is gone: one made under its id has no past.
    pub(super) fn forget(&self, id: &str) {
        if !self.span().is_zero() {
            self.accounts.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
        }
    }

    /// The first thing that `look` finds in an account as it was from `age` ago on.
    fn find<T>(
        &self,
        id: &str,
        age: Duration,
        now: Instant,
        look: impl Fn(&Arc<Account>) -> Option<T>,
    ) -> Option<T> {
        if age.is_zero() {
            return None;
        }
        let accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        let since = accounts.get(id)?.iter().filter(|was| now.duration_since(was.until) < age);
        since.map(|was| &was.account).find_map(look)
    }
}

impl Store {
    /// From now on, keeps for so long what accounts were before they changed.
    pub fn keep_earlier(&self, span: Duration) {
        let span = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        self.memory().earlier.span.store(span, Ordering::Relaxed);
    }

    /// What an account was so long ago, within what is kept; `None` when it is the same now.
    pub fn earlier(&self, account: &str, age: Duration) -> Option<Arc<Account>> {
        self.earliest(account, age, |was| Some(Arc::clone(was)))
    }

    /// The first thing that `look` finds in an account as it was from so long ago on, within what is kept, and before it became
    /// what it is.
    pub fn earliest<T>(
        &self,
        account: &str,
        age: Duration,
        look: impl Fn(&Arc<Account>) -> Option<T>,
    ) -> Option<T> {
        self.memory().earlier.find(account, age, Instant::now(), look)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn keeping(span: Duration) -> Earlier {
        Earlier { span: AtomicU64::new(u64::try_from(span.as_millis()).unwrap()), ..Earlier::default() }
    }

    fn version(version: i64) -> Arc<Account> {
        Arc::new(Account { id: "111122223333".into(), version, ..Account::default() })
    }

    fn known(earlier: &Earlier, age: Duration, now: Instant) -> Option<i64> {
        earlier.find("111122223333", age, now, |account| Some(account.version))
    }

    #[test]
    fn a_change_is_known_when_its_time_has_passed_and_no_sooner() {
        let (earlier, start) = (keeping(10 * SECOND), Instant::now());
        assert_eq!(known(&earlier, 10 * SECOND, start), None, "nothing has changed");
        earlier.keep_at(&version(1), start);
        earlier.keep_at(&version(2), start + 4 * SECOND);
        for (seconds, expected) in [(4, Some(1)), (9, Some(1)), (10, Some(2)), (13, Some(2)), (14, None)] {
            assert_eq!(known(&earlier, 10 * SECOND, start + seconds * SECOND), expected, "{seconds} s");
        }
        assert_eq!(known(&earlier, Duration::ZERO, start + 4 * SECOND), None, "no delay, no past");
        let from_two = |account: &Arc<Account>| (account.version >= 2).then_some(account.version);
        let first = earlier.find("111122223333", 10 * SECOND, start + 5 * SECOND, from_two);
        assert_eq!(first, Some(2), "the first that has what is looked for");
        assert_eq!(known(&earlier, 2 * SECOND, start + 5 * SECOND), Some(2), "a shorter delay");
    }

    #[test]
    fn changes_that_come_fast_take_no_more_than_a_few_places() {
        let (earlier, start) = (keeping(16 * SECOND), Instant::now());
        for change in 0..100_000 {
            earlier.keep_at(&version(change), start + Duration::from_millis(change.unsigned_abs()));
        }
        let kept = earlier.accounts.lock().unwrap()["111122223333"].len();
        assert!(kept <= 2 * KEPT as usize + 1, "{kept}");
        let now = start + 100 * SECOND;
        let then = known(&earlier, 16 * SECOND, now).unwrap();
        assert!((83_400..=84_000).contains(&then), "{then} was in force 16 s before 100,000");
    }

    #[test]
    fn nothing_is_kept_without_a_span_of_accounts_that_are_gone_and_of_those_that_no_longer_change() {
        let (earlier, start) = (keeping(Duration::ZERO), Instant::now());
        earlier.keep_at(&version(1), start);
        assert!(earlier.accounts.lock().unwrap().is_empty());
        let earlier = keeping(SECOND);
        earlier.keep_at(&version(1), start);
        earlier.forget("111122223333");
        assert_eq!(known(&earlier, SECOND, start), None);
        earlier.keep_at(&version(1), start);
        let other = Arc::new(Account { id: "444455556666".into(), ..Account::default() });
        earlier.keep_at(&other, start + SECOND);
        assert_eq!(earlier.accounts.lock().unwrap().len(), 1);
    }
}

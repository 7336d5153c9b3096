//! What was read or written last, bounded in bytes. Nothing here is the only copy of anything, and nothing here is older than
//! what was answered to anybody.
//!
//! What a reader loads may be overtaken by a commit. So whoever misses gets a ticket, and what was loaded is kept only if
//! nothing in its shard was committed since, or is being committed.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use hashlink::LinkedHashMap;

/// Entries of several shards, each with a lock of its own.
#[derive(Debug)]
pub(super) struct Cache<V> {
    shards: Vec<Mutex<Shard<V>>>,
    hasher: RandomState,
    /// Of one shard, in bytes.
    capacity: usize,
}

/// Sweeps that an entry survives without being used.
const SWEEPS: u32 = 5;

#[derive(Debug)]
struct Shard<V> {
    /// Least recently used first.
    entries: LinkedHashMap<String, Entry<V>>,
    bytes: usize,
    /// Counts sweeps.
    sweeps: u32,
    /// Commits that began and have not ended.
    committing: usize,
    /// Counts commits.
    generation: u64,
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    bytes: usize,
    /// The number of sweeps when it was last used.
    used: u32,
}

/// Says when a reader missed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ticket(Option<u64>);

impl<V: Clone> Cache<V> {
    /// A cache for about so many bytes. A shard keeps its newest entry, however large.
    pub(super) fn new(shards: usize, bytes: usize) -> Self {
        let shards = shards.max(1);
        Self {
            shards: std::iter::repeat_with(|| Mutex::new(Shard::new())).take(shards).collect(),
            hasher: RandomState::new(),
            capacity: bytes / shards,
        }
    }

    fn shard(&self, name: &str) -> MutexGuard<'_, Shard<V>> {
        let index = usize::try_from(self.hasher.hash_one(name)).unwrap_or(usize::MAX) % self.shards.len();
        // A poisoned lock still holds whole entries: they are put in and taken out, never changed.
        self.shards[index].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn all_shards(&self) -> impl Iterator<Item = MutexGuard<'_, Shard<V>>> {
        self.shards.iter().map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The entry of this name, or a ticket to fill it with.
    pub(super) fn get(&self, name: &str) -> Result<V, Ticket> {
        let mut shard = self.shard(name);
        let sweeps = shard.sweeps;
        match shard.entries.to_back(name) {
            Some(entry) => {
                entry.used = sweeps;
                Ok(entry.value.clone())
            }
            None => Err(Ticket((shard.committing == 0).then_some(shard.generation))),
        }
    }

    /// Keeps what was loaded after a miss, if it cannot have been overtaken. Gives what is in force: an entry that came
    /// meanwhile is never older than what others were told.
    pub(super) fn fill(&self, name: &str, ticket: Ticket, value: V, bytes: usize) -> V {
        let mut shard = self.shard(name);
        if let Some(there) = shard.entries.get(name) {
            return there.value.clone();
        }
        if shard.committing == 0 && ticket.0 == Some(shard.generation) {
            shard.insert(name, value.clone(), bytes, self.capacity);
        }
        value
    }

    /// From here to [`Cache::commit`] or [`Cache::undo`] nothing is filled that may be about `name`.
    pub(super) fn begin(&self, name: &str) {
        self.shard(name).committing += 1;
    }

    /// Ends a [`Cache::begin`]: what is committed is this, or nothing that is known here.
    pub(super) fn commit(&self, name: &str, now: Option<(V, usize)>) {
        let mut shard = self.shard(name);
        shard.end();
        shard.remove(name);
        if let Some((value, bytes)) = now {
            shard.insert(name, value, bytes, self.capacity);
        }
    }

    /// Ends a [`Cache::begin`] after which nothing was committed.
    pub(super) fn undo(&self, name: &str) {
        self.shard(name).end();
    }

    /// Forgets everything.
    pub(super) fn clear(&self) {
        self.retain(|_| false);
    }

    /// Lets go what was not used since some sweeps.
    pub(super) fn sweep(&self) {
        for mut shard in self.all_shards() {
            shard.sweeps += 1;
            while let Some((_, oldest)) = shard.entries.front()
                && shard.sweeps - oldest.used > SWEEPS
            {
                let bytes = oldest.bytes;
                shard.entries.pop_front();
                shard.bytes -= bytes;
            }
        }
    }

    /// Forgets what does not pass.
    pub(super) fn retain(&self, mut keep: impl FnMut(&str) -> bool) {
        for mut shard in self.all_shards() {
            shard.generation += 1;
            let mut bytes = 0;
            shard.entries.retain(|name, entry| {
                let keep = keep(name);
                bytes += if keep { entry.bytes } else { 0 };
                keep
            });
            shard.bytes = bytes;
        }
    }
}

impl<V> Shard<V> {
    fn new() -> Self {
        Self { entries: LinkedHashMap::new(), bytes: 0, sweeps: 0, committing: 0, generation: 0 }
    }

    fn end(&mut self) {
        self.committing -= 1;
        self.generation += 1;
    }

    fn remove(&mut self, name: &str) {
        if let Some(entry) = self.entries.remove(name) {
            self.bytes -= entry.bytes;
        }
    }

    fn insert(&mut self, name: &str, value: V, bytes: usize, capacity: usize) {
        self.entries.insert(name.to_owned(), Entry { value, bytes, used: self.sweeps });
        self.bytes += bytes;
        while self.bytes > capacity && self.entries.len() > 1 {
            let Some((_, oldest)) = self.entries.pop_front() else { break };
            self.bytes -= oldest.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn names<V: Clone>(cache: &Cache<V>) -> Vec<String> {
        cache.all_shards().flat_map(|shard| shard.entries.keys().cloned().collect::<Vec<_>>()).collect()
    }

    #[test]
    fn the_least_recently_used_goes_first_and_the_newest_stays() {
        let cache = Cache::new(1, 100);
        for name in ["a", "b", "c"] {
            let ticket = cache.get(name).unwrap_err();
            cache.fill(name, ticket, (), 40);
            let _ = cache.get("a");
        }
        assert_eq!(names(&cache), ["c", "a"]);
        let ticket = cache.get("large").unwrap_err();
        cache.fill("large", ticket, (), 1_000);
        assert_eq!(names(&cache), ["large"]);
    }

    #[test]
    fn what_nobody_uses_is_let_go() {
        let cache = Cache::new(1, 100);
        for name in ["a", "b"] {
            let ticket = cache.get(name).unwrap_err();
            cache.fill(name, ticket, (), 40);
        }
        for _ in 0..SWEEPS {
            cache.sweep();
            let _ = cache.get("a");
        }
        assert_eq!(names(&cache), ["b", "a"]);
        cache.sweep();
        assert_eq!(names(&cache), ["a"]);
    }

    #[test]
    fn what_was_overtaken_by_a_commit_is_not_kept() {
        let cache = Cache::new(1, 100);
        let before = cache.get("a").unwrap_err();
        cache.begin("a");
        let during = cache.get("a").unwrap_err();
        assert_eq!(cache.fill("a", during, 1, 1), 1);
        cache.commit("a", None);
        for late in [before, during] {
            cache.fill("a", late, 1, 1);
            assert!(cache.get("a").is_err());
        }
        let after = cache.get("a").unwrap_err();
        cache.fill("a", after, 2, 1);
        assert_eq!(cache.get("a").unwrap(), 2);
    }

    #[test]
    fn who_loads_what_another_kept_meanwhile_gets_that() {
        let cache = Cache::new(1, 100);
        let slow = cache.get("a").unwrap_err();
        let quick = cache.get("a").unwrap_err();
        cache.fill("a", quick, 1, 1);
        assert_eq!(cache.fill("a", slow, 2, 1), 1);
    }

    #[test]
    fn what_is_written_takes_the_place_of_what_was_there() {
        let cache = Cache::new(4, 400);
        cache.begin("a");
        cache.commit("a", Some((1, 10)));
        cache.begin("a");
        cache.undo("a");
        assert_eq!(cache.get("a").unwrap(), 1);
        cache.begin("a");
        cache.commit("a", Some((2, 20)));
        assert_eq!(cache.get("a").unwrap(), 2);
        cache.retain(|_| false);
        assert!(names(&cache).is_empty());
        assert_eq!(cache.all_shards().map(|shard| shard.bytes).sum::<usize>(), 0);
    }
}

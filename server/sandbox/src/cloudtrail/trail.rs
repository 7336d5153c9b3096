//! The trail: events wait here until they are written, in batches, by a task of their own. No request waits for its event.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use time::OffsetDateTime;
use tokio::sync::Notify;

use crate::Aws;
use crate::store::{EventRow, Store, StoreError};

/// How long events are gathered before they are written.
const GATHERED: Duration = Duration::from_millis(500);
/// How long an event can be looked up (CloudTrail User Guide, `view-cloudtrail-events`).
pub(super) const KEPT: time::Duration = time::Duration::days(90);
/// Most events that wait, and most bytes of them.
const MOST_WAITING: usize = 16_384;
const MOST_BYTES: usize = 16 << 20;
/// Most records that are kept in memory after they were made, and most bytes of them.
const MOST_RECENT: usize = 2_048;
const MOST_RECENT_BYTES: usize = 4 << 20;
/// Most credentials of instances that are remembered as recorded. Each instance has two: of either version of the service.
const MOST_DELIVERIES: usize = 4_096;
/// The shortest time between two complaints about events that were left out.
const BETWEEN_COMPLAINTS: time::Duration = time::Duration::seconds(10);

/// What CloudTrail keeps.
#[derive(Clone, Debug)]
pub struct TrailConfig {
    /// A file that every event is appended to, one JSON record a line; made if it is not there, for its owner alone.
    pub file: Option<PathBuf>,
    /// Whether data events, S3's calls about objects, are recorded as well: in the file and in [`crate::Sandbox::events`].
    /// `LookupEvents` never answers them.
    pub data_events: bool,
    /// Most management events that are kept of one account; older ones go first. A twentieth more may be there for a while.
    pub events_per_account: u32,
    /// Most events of one second about calls that S3 makes to KMS for its callers. Reading objects under KMS keys makes one
    /// each: further ones are counted and left out, so that recording them does not cost more than reading.
    pub service_events_per_second: u32,
}

impl Default for TrailConfig {
    fn default() -> Self {
        Self { file: None, data_events: false, events_per_account: 20_000, service_events_per_second: 1_000 }
    }
}

/// Who made a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Made {
    /// The caller.
    ByCaller,
    /// A service, for the caller.
    ByService,
}

/// An event on its way.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// The request that it is about.
    pub(super) request_id: String,
    /// Whether it is a data event: those cannot be looked up.
    pub(super) data: bool,
    /// As it is stored.
    pub(super) row: EventRow,
}

/// Events that wait to be written, and those that were made last.
#[derive(Debug)]
pub(crate) struct Trail {
    config: TrailConfig,
    queue: Mutex<Queue>,
    recent: Mutex<Recent>,
    /// Access key ids of credentials that instances got, oldest first.
    deliveries: Mutex<VecDeque<String>>,
    file: Option<Arc<Mutex<File>>>,
    /// One writer at a time, so that whoever has it knows that everything before was written. It knows how many events of each
    /// account it added since it last looked for those that are too many or too old.
    writing: tokio::sync::Mutex<HashMap<String, u32>>,
    /// There is something to write.
    wake: Arc<Notify>,
    /// There is so much that it should not wait any longer.
    full: Arc<Notify>,
}

#[derive(Debug, Default)]
struct Queue {
    entries: Vec<Entry>,
    bytes: usize,
    /// Events of services since the last write.
    by_services: u32,
    /// Events that were left out, ever, and those that were already complained about.
    left_out: u64,
    complained: u64,
    last_complaint: Option<OffsetDateTime>,
}

impl Queue {
    /// Whether there is room for one more; counts it if there is not.
    fn has_room(&mut self, made: Made, most_by_services: u32) -> bool {
        let full = self.entries.len() >= MOST_WAITING || self.bytes >= MOST_BYTES;
        let room = match made {
            Made::ByCaller => !full,
            Made::ByService => !full && self.by_services < most_by_services,
        };
        match room {
            true => self.by_services += u32::from(made == Made::ByService),
            false => self.left_out += 1,
        }
        room
    }

    /// How many events were left out since this was last asked; `None` when there is nothing new to say, or it is too early.
    fn complaint(&mut self, now: OffsetDateTime) -> Option<u64> {
        let new = self.left_out - self.complained;
        let early = self.last_complaint.is_some_and(|last| now - last < BETWEEN_COMPLAINTS);
        if new == 0 || early {
            return None;
        }
        (self.complained, self.last_complaint) = (self.left_out, Some(now));
        Some(new)
    }
}

#[derive(Debug, Default)]
struct Recent {
    records: VecDeque<(String, Arc<str>)>,
    bytes: usize,
}

impl Trail {
    /// An empty trail.
    ///
    /// # Errors
    /// When the file cannot be appended to.
    pub(crate) fn open(config: TrailConfig) -> Result<Self, StoreError> {
        let file = config.file.as_ref().map(|path| {
            append_to(path)
                .map(|file| Arc::new(Mutex::new(file)))
                .map_err(|source| StoreError::TrailFile { path: path.display().to_string(), source })
        });
        Ok(Self {
            file: file.transpose()?,
            config,
            queue: Mutex::default(),
            recent: Mutex::default(),
            deliveries: Mutex::default(),
            writing: tokio::sync::Mutex::default(),
            wake: Arc::default(),
            full: Arc::default(),
        })
    }

    /// Starts the task that removes what is too old, and then writes; it ends when `aws` is gone.
    pub(crate) fn start(aws: &Arc<Aws>) {
        let (wake, full) = (Arc::clone(&aws.trail.wake), Arc::clone(&aws.trail.full));
        let aws = Arc::downgrade(aws);
        tokio::spawn(async move {
            if let Some(aws) = aws.upgrade()
                && let Err(cause) = aws.store.forget_events(micros(aws.now() - KEPT)).await
            {
                tracing::warn!(%cause, "events that are too old could not be removed");
            }
            loop {
                wake.notified().await;
                tokio::select! {
                    () = tokio::time::sleep(GATHERED) => {}
                    () = full.notified() => {}
                }
                let Some(aws) = aws.upgrade() else { return };
                Self::flush(&aws).await;
            }
        });
    }

    /// Whether data events are recorded.
    pub(super) fn takes_data_events(&self) -> bool {
        self.config.data_events
    }

    /// Whether there is room for the event of one more call. Asked before the event is made; if there is none, it is counted
    /// and must not be made.
    pub(super) fn has_room(&self, made: Made) -> bool {
        let most = GATHERED.mul_f64(f64::from(self.config.service_events_per_second)).as_secs();
        self.queue().has_room(made, u32::try_from(most).unwrap_or(u32::MAX))
    }

    /// Takes what is to be written.
    pub(super) fn push(&self, entries: Vec<Entry>) {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        for entry in &entries {
            recent.bytes += entry.row.record.len();
            recent.records.push_back((entry.request_id.clone(), Arc::clone(&entry.row.record)));
        }
        while recent.records.len() > MOST_RECENT || recent.bytes > MOST_RECENT_BYTES {
            let gone = recent.records.pop_front().map_or(0, |(_, record)| record.len());
            recent.bytes -= gone;
        }
        drop(recent);
        let mut queue = self.queue();
        queue.bytes += entries.iter().map(|entry| entry.row.record.len()).sum::<usize>();
        queue.entries.extend(entries);
        let full = queue.entries.len() > MOST_WAITING / 2 || queue.bytes > MOST_BYTES / 2;
        drop(queue);
        self.wake.notify_one();
        if full {
            self.full.notify_one();
        }
    }

    /// The records of one request, in order; empty when they are not kept any more.
    pub(crate) fn records(&self, request_id: &str) -> Vec<Arc<str>> {
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let of_request = |(id, _): &&(String, Arc<str>)| id == request_id;
        recent.records.iter().filter(of_request).map(|(_, record)| Arc::clone(record)).collect()
    }

    /// Whether these credentials of an instance are given for the first time, as far as is remembered.
    pub(super) fn is_first_delivery(&self, access_key: &str) -> bool {
        let mut deliveries = self.deliveries.lock().unwrap_or_else(PoisonError::into_inner);
        if deliveries.iter().rev().any(|known| known == access_key) {
            return false;
        }
        if deliveries.len() >= MOST_DELIVERIES {
            deliveries.pop_front();
        }
        deliveries.push_back(access_key.to_owned());
        true
    }

    /// How many events were left out so far.
    pub(crate) fn left_out(&self) -> u64 {
        self.queue().left_out
    }

    /// Writes everything that waits.
    ///
    /// On a task of its own: a caller who goes away meanwhile must not take the events along.
    pub(crate) async fn flush(aws: &Arc<Aws>) {
        let aws = Arc::clone(aws);
        let task = tokio::spawn(async move { aws.trail.write(&aws.store, aws.now()).await });
        if task.await.is_err() {
            tracing::error!("events were not recorded: the process is stopping");
        }
    }

    async fn write(&self, store: &Store, now: OffsetDateTime) {
        let mut added = self.writing.lock().await;
        let (entries, complaint) = {
            let mut queue = self.queue();
            (queue.bytes, queue.by_services) = (0, 0);
            (std::mem::take(&mut queue.entries), queue.complaint(now))
        };
        if let Some(left_out) = complaint {
            tracing::warn!(left_out, "CloudTrail left out events: there were more than it could take");
        }
        if entries.is_empty() {
            return;
        }
        self.append(&entries).await;
        let rows: Vec<EventRow> =
            entries.into_iter().filter(|entry| !entry.data).map(|entry| entry.row).collect();
        if let Err(cause) = self.store(store, &rows, now, &mut added).await {
            tracing::error!(events = rows.len(), %cause, "events were not recorded");
        }
    }

    async fn store(
        &self,
        store: &Store,
        rows: &[EventRow],
        now: OffsetDateTime,
        added: &mut HashMap<String, u32>,
    ) -> Result<(), StoreError> {
        store.add_events(rows).await?;
        let mut accounts: BTreeMap<&str, u32> = BTreeMap::new();
        rows.iter().for_each(|row| *accounts.entry(&row.account).or_default() += 1);
        let most = self.config.events_per_account;
        for (account, new) in accounts {
            // At its first events since the start, and then once in a while.
            let sum = added.get(account).map(|before| before.saturating_add(new));
            let sum = sum.filter(|sum| *sum <= most / 20);
            if sum.is_none() {
                store.trim_events(account, micros(now - KEPT), most).await?;
            }
            added.insert(account.to_owned(), sum.unwrap_or_default());
        }
        Ok(())
    }

    async fn append(&self, entries: &[Entry]) {
        let Some(file) = self.file.clone() else { return };
        let lines: String = entries.iter().flat_map(|entry| [entry.row.record.as_ref(), "\n"]).collect();
        let written = tokio::task::spawn_blocking(move || {
            file.lock().unwrap_or_else(PoisonError::into_inner).write_all(lines.as_bytes())
        });
        match written.await {
            Ok(Ok(())) => {}
            Ok(Err(cause)) => tracing::error!(%cause, "the trail file could not be written"),
            Err(_) => tracing::error!("the trail file was not written: the process is stopping"),
        }
    }

    fn queue(&self) -> std::sync::MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Trail {
    fn drop(&mut self) {
        // Its task is to see that it is gone.
        self.wake.notify_one();
    }
}

/// Microseconds of Unix time.
pub(super) fn micros(time: OffsetDateTime) -> i64 {
    i64::try_from(time.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX)
}

fn append_to(path: &std::path::Path) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    std::fs::OpenOptions::new().append(true).create(true).mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_there_is_no_room_for_is_counted_and_said_once_in_a_while() {
        let mut queue = Queue::default();
        let now = OffsetDateTime::UNIX_EPOCH;
        assert!((0..3).all(|_| queue.has_room(Made::ByService, 3)));
        assert!((0..2).all(|_| !queue.has_room(Made::ByService, 3)), "services have a share of their own");
        assert!(queue.has_room(Made::ByCaller, 3), "which is not the callers'");
        assert_eq!(queue.complaint(now), Some(2));
        assert_eq!(queue.complaint(now), None, "said once");
        queue.bytes = MOST_BYTES;
        assert!(!queue.has_room(Made::ByCaller, 3));
        assert_eq!(queue.complaint(now + time::Duration::seconds(1)), None, "not all the time");
        assert_eq!(queue.complaint(now + BETWEEN_COMPLAINTS), Some(1));
        assert_eq!(queue.left_out, 3);
    }
}

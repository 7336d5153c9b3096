//! The one task that writes. What waits when it is ready is made one transaction: a commit costs about the same for one write as
//! for many, as the disk is what takes time. Each write is answered once it is on the disk, and each for itself: a group in which
//! a statement fails is undone and made again, one write at a time.
//!
//! A caller who goes away leaves its write behind; it is made, or not, like any other.

use std::collections::{HashMap, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};

use super::bytes::remove_slice;
use super::database::{Connection, Failure, Writing};
use super::memory::{Effect, Memory};
use super::naming::{Put, Remove, put_all, remove_all};
use super::sql::{On, Row, Sql};
use super::usage::{self, Tally};
use super::{Store, StoreError};

/// Writes of one group at most.
const GROUP: usize = 256;
/// Bytes of one group, roughly: it may be exceeded by one write.
const GROUP_BYTES: usize = 8 << 20;
/// Writes of one kind in one statement at most: sqlx looks every parameter up among all of them.
const STATEMENT: usize = 32;
/// Writes that may wait. Who comes later waits for a place.
pub(super) const WAITING: usize = 1_024;
/// How often an idle writer looks whether it still has the database.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// How often what nobody uses is let go from memory.
const SWEEP: Duration = Duration::from_secs(60);

/// One write.
pub(super) enum Member {
    Put(Put),
    Remove(Remove),
    Call(Box<dyn Call>),
}

/// A write of its own kind.
#[async_trait]
pub(super) trait Call: Send {
    /// Bytes that it writes, roughly.
    fn size(&self) -> usize;
    /// Makes it. May be called again after the transaction was undone.
    async fn run(&mut self, tx: &mut Tx) -> Result<(), StoreError>;
    /// Answers, now that it is on the disk or failed.
    fn end(self: Box<Self>, ended: Result<(), StoreError>);
}

/// A transaction, and what it changes of what is kept in memory.
pub(super) struct Tx {
    connection: Connection,
    pub(super) memory: Arc<Memory>,
    pub(super) effects: Vec<Effect>,
    /// What it adds to accounts and takes from them.
    pub(super) tally: Tally,
}

impl<'a> From<&'a mut Tx> for On<'a> {
    fn from(tx: &'a mut Tx) -> Self {
        (&mut tx.connection).into()
    }
}

impl Tx {
    pub(super) async fn run(&mut self, sql: Sql) -> Result<u64, StoreError> {
        Ok(sql.run(self).await?)
    }

    pub(super) async fn row(&mut self, sql: Sql) -> Result<Option<Row>, StoreError> {
        Ok(sql.row(self).await?)
    }

    pub(super) async fn rows(&mut self, sql: Sql) -> Result<Vec<Row>, StoreError> {
        Ok(sql.rows(self).await?)
    }
}

/// What the task holds.
pub(super) struct Writer {
    database: Writing,
    memory: Arc<Memory>,
    waiting: mpsc::Receiver<Member>,
    /// Data ids whose chunks are to be removed when there is time.
    unread: VecDeque<String>,
    /// Those that could not be removed.
    failed: Arc<Mutex<Vec<String>>>,
    swept: Instant,
}

impl Writer {
    pub(super) fn new(
        database: Writing,
        memory: &Arc<Memory>,
        waiting: mpsc::Receiver<Member>,
        unnamed: Vec<String>,
    ) -> Self {
        Self {
            database,
            memory: Arc::clone(memory),
            waiting,
            unread: unnamed.into(),
            failed: Arc::default(),
            swept: Instant::now(),
        }
    }

    /// Writes until nobody can ask for more, then closes its connection.
    pub(super) async fn work(mut self) {
        while let Some(group) = self.next().await {
            self.settle(group).await;
        }
        self.database.close().await;
    }

    /// What is to be written next; `None` when that is all.
    async fn next(&mut self) -> Option<Vec<Member>> {
        let mut group = Vec::new();
        while group.is_empty() {
            if self.swept.elapsed() > SWEEP {
                self.memory.sweep();
                self.unread.append(&mut std::mem::take(&mut *lock(&self.failed)).into());
                self.swept = Instant::now();
            }
            if let Some(data) = self.unread.pop_front() {
                group.push(Member::Call(Box::new(Removal { data, failed: Arc::clone(&self.failed) })));
                break;
            }
            match tokio::time::timeout(HEARTBEAT, self.waiting.recv()).await {
                Ok(first) => group.push(first?),
                Err(_) => self.database.look(&self.memory).await,
            }
        }
        let mut bytes: usize = group.iter().map(Member::size).sum();
        while group.len() < GROUP && bytes < GROUP_BYTES {
            let Ok(member) = self.waiting.try_recv() else { break };
            bytes += member.size();
            group.push(member);
        }
        Some(group)
    }

    /// Makes a group and answers each of its members.
    async fn settle(&mut self, mut group: Vec<Member>) {
        let was_held = self.database.is_held();
        let mut ended = self.attempt(&mut group).await;
        if was_held && matches!(ended, Err(Failure::Lost(_))) {
            // Nothing was committed: once more, on a new connection.
            ended = self.attempt(&mut group).await;
        }
        match ended {
            Err(Failure::Undone(_)) if group.len() > 1 => self.settle_each(group).await,
            ended => end(group, ended),
        }
    }

    /// One of them fails; which one, and what of the others?
    async fn settle_each(&mut self, group: Vec<Member>) {
        let mut left = group.into_iter();
        while let Some(member) = left.next() {
            let mut alone = vec![member];
            match self.attempt(&mut alone).await {
                Err(Failure::Lost(error) | Failure::Unknown(error)) => {
                    alone.extend(left.by_ref());
                    end(alone, Err(Failure::Lost(error)));
                }
                ended => end(alone, ended),
            }
        }
    }

    async fn attempt(&mut self, group: &mut [Member]) -> Result<(), Failure> {
        let connection = self.database.begin(&self.memory).await?;
        let memory = Arc::clone(&self.memory);
        let mut tx = Tx { connection, memory, effects: Vec::new(), tally: Tally::default() };
        // One that panics is one that fails.
        let made = AssertUnwindSafe(make(&mut tx, group)).catch_unwind().await;
        let made = made.unwrap_or_else(|_| Err(StoreError::Unavailable("a write broke off".into())));
        let Tx { connection, effects, .. } = tx;
        if let Err(error) = made {
            return Err(self.database.roll_back(connection, error, &self.memory).await);
        }
        self.memory.begin(&effects);
        match self.database.commit(connection, &self.memory).await {
            Ok(()) => {
                self.unread.extend(self.memory.commit(effects));
                Ok(())
            }
            Err(failure) => {
                self.memory.undo(&effects);
                Err(failure)
            }
        }
    }
}

/// Runs the statements of a group: puts and removals of one name in the order in which they came, and after all of these the
/// writes of other kinds in theirs. In between the order is not kept, and need not be: none of a group is answered before
/// another of it is asked for, so that nobody who waits for an answer can tell.
async fn make(tx: &mut Tx, group: &mut [Member]) -> Result<(), StoreError> {
    if tx.memory.ledger.is_outdated() {
        let rows = usage::load(tx).await?;
        tx.memory.ledger.reset(rows);
    }
    let stages = stages(group);
    for stage in 0..stages.iter().flatten().max().map_or(0, |last| last + 1) {
        let (mut puts, mut removes) = (Vec::new(), Vec::new());
        for (member, of) in group.iter_mut().zip(&stages) {
            match member {
                Member::Put(put) if *of == Some(stage) => puts.push(put),
                Member::Remove(remove) if *of == Some(stage) => removes.push(remove),
                Member::Put(_) | Member::Remove(_) | Member::Call(_) => {}
            }
        }
        while !puts.is_empty() {
            let some = puts.drain(..puts.len().min(STATEMENT)).collect();
            put_all(tx, some).await?;
        }
        while !removes.is_empty() {
            let some = removes.drain(..removes.len().min(STATEMENT)).collect();
            remove_all(tx, some).await?;
        }
    }
    for member in group {
        if let Member::Call(call) = member {
            call.run(tx).await?;
        }
    }
    usage::record(tx).await
}

/// For every put and removal how many came before it that are about the same name.
fn stages(group: &[Member]) -> Vec<Option<usize>> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let stage = |member: &Member| {
        let place = match member {
            Member::Put(put) => put.place(),
            Member::Remove(remove) => remove.place(),
            Member::Call(_) => return None,
        };
        let before = seen.entry(place).or_default();
        *before += 1;
        Some(*before - 1)
    };
    group.iter().map(stage).collect()
}

fn end(group: Vec<Member>, ended: Result<(), Failure>) {
    match ended {
        Ok(()) => group.into_iter().for_each(|member| member.end(Ok(()))),
        // Alone, or it would have been tried again.
        Err(Failure::Undone(error)) => {
            let mut error = Some(error);
            for member in group {
                member.end(Err(error.take().unwrap_or(StoreError::Stopped)));
            }
        }
        Err(Failure::Lost(error) | Failure::Unknown(error)) => {
            let reason = error.to_string();
            group.into_iter().for_each(|member| member.end(Err(StoreError::Unavailable(reason.clone()))));
        }
    }
}

impl Member {
    fn size(&self) -> usize {
        match self {
            Self::Put(put) => put.size(),
            Self::Remove(_) => 0,
            Self::Call(call) => call.size(),
        }
    }

    fn end(self, ended: Result<(), StoreError>) {
        match self {
            Self::Put(put) => put.end(ended),
            Self::Remove(remove) => remove.end(ended),
            Self::Call(call) => call.end(ended),
        }
    }
}

/// What a [`Work`] does: with what it is about, in a transaction.
type Act<D, T> = for<'c> fn(&'c D, &'c mut Tx) -> BoxFuture<'c, Result<T, StoreError>>;

/// A write that somebody waits for.
struct Work<D, T> {
    size: usize,
    about: D,
    act: Act<D, T>,
    done: Option<T>,
    answer: oneshot::Sender<Result<T, StoreError>>,
}

#[async_trait]
impl<D: Send + Sync, T: Send> Call for Work<D, T> {
    fn size(&self) -> usize {
        self.size
    }

    async fn run(&mut self, tx: &mut Tx) -> Result<(), StoreError> {
        self.done = Some((self.act)(&self.about, tx).await?);
        Ok(())
    }

    fn end(self: Box<Self>, ended: Result<(), StoreError>) {
        let Self { done, answer, about, .. } = *self;
        let answered = ended.and_then(|()| done.ok_or(StoreError::Stopped));
        // What the write was about may hold a lock; who hears of the answer must find it free.
        drop(about);
        // Whoever asked may have gone away.
        let _ = answer.send(answered);
    }
}

/// Removes chunks that nothing names, some at a time.
struct Removal {
    data: String,
    failed: Arc<Mutex<Vec<String>>>,
}

#[async_trait]
impl Call for Removal {
    fn size(&self) -> usize {
        0
    }

    async fn run(&mut self, tx: &mut Tx) -> Result<(), StoreError> {
        remove_slice(tx, &self.data).await
    }

    fn end(self: Box<Self>, ended: Result<(), StoreError>) {
        if let Err(error) = ended {
            tracing::warn!(%error, "bytes of a removed object stay for a while");
            lock(&self.failed).push(self.data);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Store {
    /// Has something written, of so many bytes, and gives what came of it once that is on the disk. `act` may run again after
    /// its transaction was undone; it refuses by what it answers, before it has written anything, and by no error.
    pub(super) async fn write<D, T>(&self, size: usize, about: D, act: Act<D, T>) -> Result<T, StoreError>
    where
        D: Send + Sync + 'static,
        T: Send + 'static,
    {
        let (answer, done) = oneshot::channel();
        self.send(Member::Call(Box::new(Work { size, about, act, done: None, answer }))).await?;
        done.await.map_err(|_| StoreError::Stopped)?
    }

    /// Has something written. Waits for a place in the queue only.
    pub(super) async fn send(&self, member: Member) -> Result<(), StoreError> {
        let queue = self.queue().ok_or(StoreError::Stopped)?;
        queue.send(member).await.map_err(|_| StoreError::Stopped)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use futures::future::join_all;

    use super::super::Storage;
    use super::super::sql::sql;
    use super::*;

    async fn store() -> Store {
        Store::open(&Storage::InMemory, None, 1 << 20).await.unwrap()
    }

    /// Writes a row by this name, and fails or breaks off if that is its name.
    fn add<'c>(name: &'c String, tx: &'c mut Tx) -> BoxFuture<'c, Result<(), StoreError>> {
        async move {
            tx.run(sql("INSERT INTO unnamed (data) VALUES ($1)").bind(name)).await?;
            match name.as_str() {
                "fails" => Err(StoreError::Stopped),
                "breaks" => panic!("as it should"),
                _ => Ok(()),
            }
        }
        .boxed()
    }

    async fn added(store: &Store) -> usize {
        let rows = sql("SELECT data FROM unnamed WHERE data LIKE 'row%'").rows(store.readers().unwrap());
        rows.await.unwrap().len()
    }

    #[tokio::test]
    async fn of_a_group_those_that_fail_do_not_fail_the_others() {
        let store = store().await;
        // Twice the same row breaks a rule of the database.
        let names = ["row 1", "fails", "row 2", "breaks", "row 2", "row 3"].map(str::to_owned);
        let ended = join_all(names.into_iter().map(|name| store.write(0, name, add))).await;
        let ended: Vec<_> = ended.iter().map(Result::is_ok).collect();
        assert_eq!(ended, [true, false, true, false, false, true]);
        assert_eq!(added(&store).await, 3);
    }

    #[tokio::test]
    async fn what_was_asked_before_the_end_is_written_and_what_comes_after_is_refused() {
        let store = store().await;
        let rows = (0..100).map(|number| store.write(0, format!("row {number}"), add));
        let (ended, ()) = tokio::join!(join_all(rows), store.close());
        assert!(ended.iter().all(Result::is_ok));
        let late = store.write(0, "row 100".to_owned(), add).await;
        assert!(matches!(late, Err(StoreError::Stopped)));
    }
}

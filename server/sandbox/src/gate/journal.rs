//! The gate's answers as lines in a file, for the operator: one JSON object an answer, in the order they were given.

use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use policy::{DecidedBy, LaneExplanation, Outcome};
use serde::Serialize;
use serde_json::json;

/// How many lines may wait for the disk. One that finds no room is lost, and that is said: callers do not wait for the file.
const WAITING: usize = 8_192;
/// How many bytes these may be together: a line shows every policy that bore on it, and those can be long.
const WAITING_BYTES: usize = 32 << 20;

/// A file that the gate's answers are appended to. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Journal(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    lines: Mutex<Option<SyncSender<Vec<u8>>>>,
    state: Arc<State>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

/// What those who append and the one who writes tell each other.
#[derive(Debug, Default)]
struct State {
    /// Bytes that wait.
    bytes: AtomicUsize,
    /// Lines that found no room since that was last said.
    lost: AtomicU64,
    /// The file cannot be written any more.
    broken: AtomicBool,
}

/// One answer. Nothing in it is secret: no credentials, no bytes of objects, no key material.
#[derive(Debug, Serialize)]
pub(super) struct Line<'a> {
    /// When the request arrived, RFC 3339.
    pub(super) time: String,
    pub(super) request_id: &'a str,
    /// The caller's ARN, or the service that acts as itself.
    pub(super) caller: String,
    pub(super) action: &'a str,
    pub(super) resource: &'a str,
    pub(super) decision: Outcome,
    pub(super) decided_by: DecidedBy,
    /// AWS's words, when it was denied.
    pub(super) message: Option<&'a str>,
    /// Every policy that bore on it, with all its statements.
    pub(super) lanes: &'a [LaneExplanation],
}

impl Journal {
    /// Opens a file to append to, or makes one that only its owner can read.
    ///
    /// # Errors
    /// What the system said.
    pub fn open(path: &Path) -> io::Result<Self> {
        use std::os::unix::fs::OpenOptionsExt as _;
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
        Self::to(file)
    }

    fn to(file: impl Write + Send + 'static) -> io::Result<Self> {
        let (lines, waiting) = sync_channel(WAITING);
        let state = Arc::new(State::default());
        let of_writer = Arc::clone(&state);
        let writer = std::thread::Builder::new().name("trace".into()).spawn(move || {
            if let Err(error) = write(file, &waiting, &of_writer) {
                let lost = of_writer.give_up(&waiting);
                tracing::error!(
                    %error,
                    lost,
                    "the trace file cannot be written any more: these lines are lost, and all that would follow"
                );
            }
        })?;
        Ok(Self(Arc::new(Inner { lines: Mutex::new(Some(lines)), state, writer: Mutex::new(Some(writer)) })))
    }

    /// Whether it makes sense to append: the file can still be written.
    pub(super) fn is_written(&self) -> bool {
        !self.0.state.broken.load(Ordering::Relaxed)
    }

    pub(super) fn append(&self, line: &Line<'_>) {
        if !self.is_written() {
            return;
        }
        let Ok(mut bytes) = serde_json::to_vec(line) else { return };
        bytes.push(b'\n');
        let lines = self.0.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lines) = lines.as_ref() {
            self.0.state.queue(lines, bytes);
        }
    }

    /// Writes what is waiting, and no more after that.
    pub fn close(&self) {
        self.0.close();
    }
}

impl State {
    fn queue(&self, lines: &SyncSender<Vec<u8>>, line: Vec<u8>) {
        let size = line.len();
        let waiting = self.bytes.fetch_add(size, Ordering::Relaxed) + size;
        if waiting > WAITING_BYTES || lines.try_send(line).is_err() {
            self.bytes.fetch_sub(size, Ordering::Relaxed);
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Has no more appended, and gives how many lines are lost that nothing in the file tells of.
    fn give_up(&self, waiting: &Receiver<Vec<u8>>) -> u64 {
        self.broken.store(true, Ordering::Relaxed);
        self.lost.load(Ordering::Relaxed) + waiting.try_iter().count() as u64
    }
}

impl Inner {
    fn close(&self) {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).take();
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if writer.is_some_and(|writer| writer.join().is_err()) {
            tracing::error!("the writer of the trace file failed");
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.close();
    }
}

/// Writes lines until there will be no more. What was written is in the file whenever nothing waits.
///
/// # Errors
/// What the system said; those that it had in hand count as lost then.
fn write(file: impl Write, waiting: &Receiver<Vec<u8>>, state: &State) -> io::Result<()> {
    let mut file = BufWriter::new(file);
    // In the buffer, at most.
    let mut in_hand = 0;
    let written = write_all(&mut file, waiting, state, &mut in_hand);
    if written.is_err() {
        state.lost.fetch_add(in_hand, Ordering::Relaxed);
        // Or it would be written once more as it is dropped.
        let _ = file.into_parts();
    }
    written
}

fn write_all(
    file: &mut BufWriter<impl Write>,
    waiting: &Receiver<Vec<u8>>,
    state: &State,
    in_hand: &mut u64,
) -> io::Result<()> {
    loop {
        let line = match waiting.try_recv() {
            Ok(line) => line,
            Err(TryRecvError::Empty) => {
                let lines = state.lost.swap(0, Ordering::Relaxed);
                *in_hand += lines;
                if lines > 0 {
                    writeln!(file, "{}", json!({ "lost": lines }))?;
                }
                file.flush()?;
                *in_hand = 0;
                match waiting.recv() {
                    Ok(line) => line,
                    Err(_) => return Ok(()),
                }
            }
            Err(TryRecvError::Disconnected) => return file.flush(),
        };
        state.bytes.fetch_sub(line.len(), Ordering::Relaxed);
        *in_hand += 1;
        file.write_all(&line)?;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn line<'a>(request_id: &'a str, resource: &'a str) -> Line<'a> {
        Line {
            time: "2026-11-25T00:00:00Z".into(),
            request_id,
            caller: "arn:aws:iam::111122223333:root".into(),
            action: "s3:GetObject",
            resource,
            decision: Outcome::Allowed,
            decided_by: DecidedBy::None,
            message: None,
            lanes: &[],
        }
    }

    /// A file on a disk that takes nothing until it is told to, and fails if it is to.
    struct Stuck {
        may_go_on: Receiver<()>,
        fails: bool,
        written: Arc<Mutex<Vec<u8>>>,
    }

    impl Write for Stuck {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            // Once there is nobody to tell it, it goes on.
            let _ = self.may_go_on.recv();
            if self.fails {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.written.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn no_more_bytes_wait_for_the_disk_than_there_is_room_for() {
        let (go_on, may_go_on) = std::sync::mpsc::channel();
        let written = Arc::default();
        let journal = Journal::to(Stuck { may_go_on, fails: false, written: Arc::clone(&written) }).unwrap();
        let resource = "x".repeat(1 << 20);
        (0..100).for_each(|_| journal.append(&line("id", &resource)));
        let waiting = journal.0.state.bytes.load(Ordering::Relaxed);
        // Before anything can fail: who drops the journal waits for its writer.
        drop(go_on);
        assert!(waiting <= WAITING_BYTES, "{waiting} bytes wait");
        for _ in 0..1_000 {
            // What is lost is said when nothing waits.
            if written.lock().unwrap().ends_with(b"}\n") && journal.0.state.lost.load(Ordering::Relaxed) == 0
            {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        journal.append(&line("after", "*"));
        journal.close();
        let written = String::from_utf8(std::mem::take(&mut *written.lock().unwrap())).unwrap();
        let there = written.lines().filter(|line| line.contains("\"id\"")).count();
        // Besides those that wait, the one that is being written.
        assert!((31..=33).contains(&there), "{there} are there");
        assert!(written.contains(&format!("{{\"lost\":{}}}\n", 100 - there)));
        assert!(written.ends_with("\n") && written.contains("\"after\""), "there is room again");
    }

    #[test]
    fn a_file_that_cannot_be_written_is_given_up_and_what_is_lost_is_known() {
        let (lines, waiting) = sync_channel(WAITING);
        let state = State::default();
        (0..10).for_each(|_| state.queue(&lines, vec![b'x'; 5_000]));
        state.lost.fetch_add(3, Ordering::Relaxed);
        let stuck = |fails| Stuck { may_go_on: std::sync::mpsc::channel().1, fails, written: Arc::default() };
        assert!(write(stuck(true), &waiting, &state).is_err());
        assert_eq!(state.give_up(&waiting), 13);

        let journal = Journal::to(stuck(true)).unwrap();
        journal.append(&line("id", "*"));
        for _ in 0..1_000 {
            if !journal.is_written() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        assert!(!journal.is_written());
        journal.append(&line("id", "*"));
        assert_eq!(journal.0.state.bytes.load(Ordering::Relaxed), 0, "nothing waits any more");
    }

    #[test]
    fn lines_are_appended_in_order_and_what_is_lost_is_said() {
        let path = std::env::temp_dir().join(format!("trilock-trace-{}", uuid::Uuid::new_v4()));
        std::fs::write(&path, "before\n").unwrap();
        let journal = Journal::open(&path).unwrap();
        let append = |id: usize| {
            journal.append(&line(&id.to_string(), "*"));
        };
        (0..50_000).for_each(append);
        journal.close();
        append(50_000);
        let written = std::fs::read_to_string(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        let mut lines = written.lines();
        assert_eq!(lines.next(), Some("before"));
        let (mut last, mut seen, mut lost) = (None, 0, 0);
        for line in lines {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            match line.get("lost") {
                Some(number) => lost += number.as_u64().unwrap(),
                None => {
                    let id: u64 = line["request_id"].as_str().unwrap().parse().unwrap();
                    assert!(last < Some(id), "{last:?} before {id}");
                    (last, seen) = (Some(id), seen + 1);
                }
            }
        }
        assert!(seen >= WAITING as u64 && seen + lost == 50_000, "{seen} are there, {lost} are lost");
    }
}

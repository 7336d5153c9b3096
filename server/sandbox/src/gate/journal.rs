//! The gate's answers as lines in a file, for the operator: one JSON object an answer, in the order they were given.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use policy::{DecidedBy, LaneExplanation, Outcome};
use serde::Serialize;
use serde_json::json;

/// How many lines may wait for the disk. One that finds no room is lost, and that is said: callers do not wait for the file.
const WAITING: usize = 8_192;

/// A file that the gate's answers are appended to. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Journal(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    lines: Mutex<Option<SyncSender<Vec<u8>>>>,
    lost: Arc<AtomicU64>,
    writer: Mutex<Option<JoinHandle<()>>>,
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
        let (lines, waiting) = sync_channel(WAITING);
        let lost = Arc::new(AtomicU64::new(0));
        let of_writer = Arc::clone(&lost);
        let writer = std::thread::Builder::new().name("trace".into()).spawn(move || {
            if let Err(error) = write(file, &waiting, &of_writer) {
                tracing::error!(%error, "the trace file cannot be written any more");
            }
        })?;
        Ok(Self(Arc::new(Inner { lines: Mutex::new(Some(lines)), lost, writer: Mutex::new(Some(writer)) })))
    }

    pub(super) fn append(&self, line: &Line<'_>) {
        let Ok(mut bytes) = serde_json::to_vec(line) else { return };
        bytes.push(b'\n');
        let lines = self.0.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.as_ref().is_some_and(|lines| lines.try_send(bytes).is_err()) {
            self.0.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Writes what is waiting, and no more after that.
    pub fn close(&self) {
        self.0.close();
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
fn write(file: File, waiting: &Receiver<Vec<u8>>, lost: &AtomicU64) -> io::Result<()> {
    let mut file = BufWriter::new(file);
    loop {
        let line = match waiting.try_recv() {
            Ok(line) => line,
            Err(TryRecvError::Empty) => {
                let lines = lost.swap(0, Ordering::Relaxed);
                if lines > 0 {
                    writeln!(file, "{}", json!({ "lost": lines }))?;
                }
                file.flush()?;
                match waiting.recv() {
                    Ok(line) => line,
                    Err(_) => return Ok(()),
                }
            }
            Err(TryRecvError::Disconnected) => return file.flush(),
        };
        file.write_all(&line)?;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn lines_are_appended_in_order_and_what_is_lost_is_said() {
        let path = std::env::temp_dir().join(format!("trilock-trace-{}", uuid::Uuid::new_v4()));
        std::fs::write(&path, "before\n").unwrap();
        let journal = Journal::open(&path).unwrap();
        let append = |id: usize| {
            journal.append(&Line {
                time: "2026-11-25T00:00:00Z".into(),
                request_id: &id.to_string(),
                caller: "arn:aws:iam::111122223333:root".into(),
                action: "s3:GetObject",
                resource: "*",
                decision: Outcome::Allowed,
                decided_by: DecidedBy::None,
                message: None,
                lanes: &[],
            });
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

//! Progress: what is being done, what came of it, and how long it took.

use std::time::{Duration, Instant};

use crate::error::Error;

/// Tells the parts of one command as they happen, on standard error.
pub(crate) struct Report {
    started: Instant,
}

impl Report {
    /// Starts the clock of the whole command.
    pub(crate) fn start() -> Self {
        Self { started: Instant::now() }
    }

    /// Does one part: says what before, and what came of it with the time after. `work` gives its outcome in a few
    /// words beside its value.
    pub(crate) fn part<T>(
        &mut self,
        what: &str,
        work: impl FnOnce() -> Result<(T, String), Error>,
    ) -> Result<T, Error> {
        eprintln!("• {what}");
        let started = Instant::now();
        match work() {
            Ok((value, outcome)) => {
                eprintln!("  ✔ {outcome} ({})", seconds(started.elapsed()));
                Ok(value)
            }
            Err(error) => {
                eprintln!("  ✘ failed ({})", seconds(started.elapsed()));
                Err(error)
            }
        }
    }

    /// Tells how long everything took.
    pub(crate) fn finish(&self, what: &str) {
        eprintln!("{what} in {}", seconds(self.started.elapsed()));
    }
}

/// A time as a person reads it: tenths of a second below a minute, whole seconds above.
fn seconds(time: Duration) -> String {
    let tenths = time.as_millis().div_ceil(100);
    if tenths < 600 {
        format!("{}.{} s", tenths / 10, tenths % 10)
    } else {
        format!("{} min {} s", time.as_secs() / 60, time.as_secs() % 60)
    }
}

/// A size as a person reads it.
pub(crate) fn size(bytes: usize) -> String {
    if bytes < 1024 { format!("{bytes} B") } else { format!("{} KiB", bytes.div_ceil(1024)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_short_to_read() {
        let cases = [
            (0, "0.0 s"),
            (20, "0.1 s"),
            (1_250, "1.3 s"),
            (59_900, "59.9 s"),
            (60_000, "1 min 0 s"),
            (754_321, "12 min 34 s"),
        ];
        for (milliseconds, text) in cases {
            assert_eq!(seconds(Duration::from_millis(milliseconds)), text);
        }
    }

    #[test]
    fn sizes_are_short_to_read() {
        for (bytes, text) in
            [(0, "0 B"), (1023, "1023 B"), (1024, "1 KiB"), (1025, "2 KiB"), (150 * 1024, "150 KiB")]
        {
            assert_eq!(size(bytes), text);
        }
    }
}

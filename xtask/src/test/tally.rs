//! Counting tests from what the runners print.

use std::fmt;

/// How many tests passed and failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u32,
    pub(crate) failed: u32,
}

impl Tally {
    /// Both together.
    pub(crate) fn and(self, other: Self) -> Self {
        Self { passed: self.passed + other.passed, failed: self.failed + other.failed }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

/// Reads `test result: ok. 5 passed; 0 failed; …`, of which `cargo test` prints one a test binary.
pub(crate) fn of_cargo(line: &str) -> Option<Tally> {
    let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let mut counts = counts.split("; ");
    let mut next = |what: &str| counts.next()?.strip_suffix(what)?.trim().parse().ok();
    Some(Tally { passed: next("passed")?, failed: next("failed")? })
}

/// Reads the summary of Node's spec reporter, a line a kind: `ℹ pass 5`, `ℹ fail 0`, `ℹ cancelled 0`.
pub(crate) fn of_node(line: &str) -> Option<Tally> {
    let (kind, count) = line.strip_prefix("ℹ ")?.split_once(' ')?;
    let count = count.parse().ok()?;
    match kind {
        "pass" => Some(Tally { passed: count, failed: 0 }),
        // A test that ran out of time is cancelled; it has not passed.
        "fail" | "cancelled" => Some(Tally { passed: 0, failed: count }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_of_cargo_is_read_and_nothing_else() {
        let tally = |passed, failed| Some(Tally { passed, failed });
        let cases = [
            (
                "test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s",
                tally(5, 0),
            ),
            ("test result: FAILED. 5 passed; 12 failed; 0 ignored", tally(5, 12)),
            ("test tally::tests::x ... ok", None),
            ("running 5 tests", None),
        ];
        for (line, expected) in cases {
            assert_eq!(of_cargo(line), expected, "{line}");
        }
    }

    #[test]
    fn the_summary_of_node_is_read_and_nothing_else() {
        let tally = |passed, failed| Some(Tally { passed, failed });
        let cases = [
            ("ℹ pass 7", tally(7, 0)),
            ("ℹ fail 2", tally(0, 2)),
            ("ℹ cancelled 1", tally(0, 1)),
            ("ℹ tests 9", None),
            ("ℹ duration_ms 1200.5", None),
            ("✔ walks the tutorial (100ms)", None),
        ];
        for (line, expected) in cases {
            assert_eq!(of_node(line), expected, "{line}");
        }
    }

    #[test]
    fn tallies_add_up_to_the_closing_line() {
        let all = Tally { passed: 2, failed: 1 }.and(Tally { passed: 3, failed: 0 });
        assert_eq!(all.to_string(), "5 passed, 1 failed");
    }
}

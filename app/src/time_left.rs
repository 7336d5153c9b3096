//! How long credentials still last, in words. The server writes it, the countdown island keeps it true.

/// The time from `now` to `expires_at`, both Unix time in seconds: `59 min left`, `40 s left`, `expired`.
///
/// Minutes are rounded down, so that a page never promises more than there is.
pub(crate) fn time_left(expires_at: i64, now: i64) -> String {
    let seconds = expires_at.saturating_sub(now);
    let minutes = seconds / 60;
    match seconds {
        ..=0 => "expired".into(),
        1..60 => format!("{seconds} s left"),
        60..3600 => format!("{minutes} min left"),
        _ => format!("{} h {} min left", minutes / 60, minutes % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::time_left;

    #[test]
    fn time_left_is_rounded_down_and_ends_in_expired() {
        let cases = [
            (7_265, "2 h 1 min left"),
            (3_600, "1 h 0 min left"),
            (3_599, "59 min left"),
            (60, "1 min left"),
            (59, "59 s left"),
            (1, "1 s left"),
            (0, "expired"),
            (-1, "expired"),
        ];
        for (seconds, words) in cases {
            assert_eq!(time_left(1_000_000 + seconds, 1_000_000), words, "{seconds} seconds");
        }
    }

    #[test]
    fn a_clock_far_off_does_not_overflow() {
        assert_eq!(time_left(i64::MIN, i64::MAX), "expired");
    }
}

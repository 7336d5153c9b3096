//! `Date…`: ISO 8601 as W3C profiles it, or seconds since 1970. The clock is the caller's: `aws:CurrentTime` comes in the
//! request.

/// Nanoseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment(i128);

const NANOS: i128 = 1_000_000_000;

/// Reads a date, a date and time with or without seconds, fraction and zone (UTC when absent), or epoch seconds.
pub(super) fn parse(text: &str) -> Option<Moment> {
    if let Some((whole, fraction)) = decimal(text) {
        return Some(Moment(whole.checked_mul(NANOS)?.checked_add(fraction)?));
    }
    let (date, time) = match text.split_once(['T', 't']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let days = days(date)?;
    let nanos = time.map_or(Some(0), time_of_day)?;
    Some(Moment(days.checked_mul(86_400 * NANOS)?.checked_add(nanos)?))
}

/// Days from 1970-01-01 to `year[-month[-day]]`, by the proleptic Gregorian calendar.
fn days(date: &str) -> Option<i128> {
    let mut parts = date.splitn(3, '-');
    let year = number(parts.next()?, 4)?;
    let month = parts.next().map_or(Some(1), |month| number(month, 2))?;
    let day = parts.next().map_or(Some(1), |day| number(day, 2))?;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 => 28 + i128::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=last).contains(&day) {
        return None;
    }
    // Years are counted from March so that the leap day comes last; 719,468 days lie between 0000-03-01 and 1970-01-01.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    Some(year * 365 + leap_days + (month * 153 + 2) / 5 + day - 1 - 719_468)
}

/// Nanoseconds from midnight UTC for `hh[:mm[:ss[.fraction]]]` with `Z`, `±hh:mm`, `±hhmm`, `±hh` or no zone.
fn time_of_day(time: &str) -> Option<i128> {
    let (clock, offset) = match time.find(['Z', 'z', '+', '-']) {
        Some(at) => {
            let (clock, zone) = time.split_at(at);
            (clock, zone_offset(zone)?)
        }
        None => (time, 0),
    };
    let mut parts = clock.splitn(3, ':');
    let hours = number(parts.next()?, 2).filter(|hours| *hours <= 23)?;
    let minutes =
        parts.next().map_or(Some(0), |minutes| number(minutes, 2)).filter(|minutes| *minutes <= 59)?;
    let seconds = match parts.next() {
        None => 0,
        Some(text) => {
            let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
            let whole = number(whole, 2).filter(|seconds| *seconds <= 60)?;
            whole * NANOS + fraction_nanos(fraction)?
        }
    };
    Some((hours * 3_600 + minutes * 60 - offset) * NANOS + seconds)
}

fn zone_offset(zone: &str) -> Option<i128> {
    if zone.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let (sign, digits) = match zone.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = digits.split_at_checked(2)?;
    let minutes = minutes.strip_prefix(':').unwrap_or(minutes);
    let minutes = if minutes.is_empty() { 0 } else { number(minutes, 2)? };
    Some(sign * (number(hours, 2)? * 3_600 + minutes * 60))
}

/// Exactly `width` digits.
fn number(text: &str, width: usize) -> Option<i128> {
    (text.len() == width && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

/// Epoch seconds, negative or with a fraction, as (seconds, nanoseconds).
fn decimal(text: &str) -> Option<(i128, i128)> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    if digits.is_empty() || digits.len() > 18 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let nanos = fraction_nanos(fraction)?;
    Some((whole.parse().ok()?, if whole.starts_with('-') { -nanos } else { nanos }))
}

/// The digits after a decimal point, as nanoseconds; finer digits are dropped.
fn fraction_nanos(digits: &str) -> Option<i128> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let nanos = digits.bytes().chain(std::iter::repeat(b'0')).take(9);
    Some(nanos.fold(0, |sum, digit| sum * 10 + i128::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_in_every_form_aws_takes() {
        let same = [
            ("2021-08-31T12:00:00Z", "1630411200"),
            ("2021-08-31T14:00:00+02:00", "1630411200"),
            ("2021-08-31T14:00:00+0200", "1630411200"),
            ("2021-08-31T12:00Z", "1630411200.0"),
            ("2021-08-31t12:00:00.5z", "1630411200.5"),
            ("2021-08-31", "2021-08-31T00:00:00Z"),
            ("2020-02-29T23:59:60Z", "2020-03-01"),
            ("1969-12-31T23:59:59Z", "-1"),
            ("0000-03-01", "-62162035200"),
        ];
        for (one, other) in same {
            assert!(parse(one).is_some(), "`{one}` is a date");
            assert_eq!(parse(one), parse(other), "`{one}` is `{other}`");
        }
        for text in [
            "",
            "x",
            "2021-13-01",
            "2021-02-29",
            "2021-8-31",
            "2021-08-31T25:00Z",
            "2021-08-31T12:00+é",
            "--1",
        ] {
            assert_eq!(parse(text), None, "`{text}` is no date");
        }
        assert!(parse("2021-08-31T12:00:00.5Z") > parse("2021-08-31T12:00:00Z"));
    }
}

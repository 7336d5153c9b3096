//! `Numeric…`: decimals, compared exactly, however many digits they have.

use std::cmp::Ordering;

/// A decimal number: 0.d₁d₂d₃… × 10^`exponent`, its first and last digits not zero. Zero has no digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Number {
    is_negative: bool,
    exponent: i64,
    digits: Box<[u8]>,
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        let sign = |number: &Self| match (number.digits.is_empty(), number.is_negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        };
        // Digits compare as text does: they stand behind the point, and no zeros end them.
        let size = || (self.exponent, &self.digits).cmp(&(other.exponent, &other.digits));
        sign(self).cmp(&sign(other)).then_with(|| if self.is_negative { size().reverse() } else { size() })
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A number as policies and requests write it: `-12`, `0.5`, `1e3`. `None` for anything else.
pub(super) fn parse(text: &str) -> Option<Number> {
    let (is_negative, unsigned) = match text.as_bytes() {
        [b'-', ..] => (true, text.get(1..)?),
        [b'+', ..] => (false, text.get(1..)?),
        _ => (false, text),
    };
    let (mantissa, power) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, power)) => (mantissa, i64::from(power.parse::<i32>().ok()?)),
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
    if all.is_empty() || !all.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let leading = all.iter().take_while(|digit| **digit == b'0').count();
    let trailing = all.iter().rev().take_while(|digit| **digit == b'0').count();
    let Some(digits) =
        all.get(leading..all.len().saturating_sub(trailing)).filter(|digits| !digits.is_empty())
    else {
        return Some(Number { is_negative: false, exponent: 0, digits: [].into() });
    };
    let point = i64::try_from(whole.len()).ok()? - i64::try_from(leading).ok()?;
    Some(Number { is_negative, exponent: point + power, digits: digits.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_in_their_order_however_they_are_written() {
        let ordered = [
            "-1e9",
            "-12",
            "-2.5",
            "-0.01",
            "0",
            "1e-3",
            "0.5",
            "1",
            "2",
            "10",
            "10.5",
            "9007199254740993",
            "1e20",
        ];
        for (at, one) in ordered.iter().enumerate() {
            for (other_at, other) in ordered.iter().enumerate() {
                let (one, other) = (parse(one).unwrap(), parse(other).unwrap());
                assert_eq!(one.cmp(&other), at.cmp(&other_at), "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn one_number_has_many_spellings() {
        for (one, other) in [
            ("1", "1.0"),
            ("1000", "1e3"),
            ("+7", "007"),
            ("-0", "0.000"),
            (".5", "0.50"),
            ("5.", "5"),
            ("0.00012", "12E-5"),
        ] {
            assert_eq!(parse(one), parse(other), "{one} {other}");
            assert!(parse(one).is_some(), "{one}");
        }
        assert_ne!(parse("9007199254740993"), parse("9007199254740992"), "no digit is lost");
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in
            ["", "-", ".", "e5", "1e", "1e99999999999", "1.2.3", "0x10", "inf", "NaN", " 1", "1,000", "--1"]
        {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}

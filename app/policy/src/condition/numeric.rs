//! `Numeric…`: integers exactly, decimals as floating point.

use std::cmp::Ordering;

#[derive(Clone, Copy, Debug)]
pub(super) enum Number {
    Integer(i128),
    Decimal(f64),
}

impl Number {
    fn as_decimal(self) -> f64 {
        match self {
            Self::Integer(integer) => integer as f64,
            Self::Decimal(decimal) => decimal,
        }
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.partial_cmp(other) == Some(Ordering::Equal)
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Integer(one), Self::Integer(two)) => Some(one.cmp(two)),
            (one, two) => one.as_decimal().partial_cmp(&two.as_decimal()),
        }
    }
}

pub(super) fn parse(text: &str) -> Option<Number> {
    if let Ok(integer) = text.parse() {
        return Some(Number::Integer(integer));
    }
    text.parse().ok().filter(|decimal: &f64| decimal.is_finite()).map(Number::Decimal)
}

//! Conditions, compiled: an operator, a condition key and the values wanted of it. One file a family of operators.

mod binary;
mod boolean;
mod date;
mod ip;
mod numeric;
mod operator;

pub(crate) use operator::Operator;

use crate::context::{OF_THE_CALL, WHEN};
use crate::facts::{Actual, Facts, Key};
use crate::pattern::{Pattern, Resolve};
use operator::{Family, SetOperator};

/// One condition key of one operator block. All conditions of a statement must hold; of the wanted values, any one
/// (IAM User Guide, `reference_policies_multi-value-conditions`).
#[derive(Clone, Debug)]
pub struct Condition {
    operator: Operator,
    key: Key,
    wanted: Vec<String>,
    tests: Vec<Test>,
}

/// The test for one wanted value. `None` inside stands for a value that is not of the operator's type: it is never met.
#[derive(Clone, Debug)]
enum Test {
    Text(Pattern),
    Arn(Pattern),
    Number(Comparison, Option<numeric::Number>),
    Date(Comparison, Option<date::Moment>),
    Bool(Option<bool>),
    Binary(Box<str>),
    Network(Option<ip::Network>),
}

/// How an ordered value must stand to the wanted one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    fn holds<T: PartialOrd>(self, actual: &T, wanted: &T) -> bool {
        match self {
            Self::Equal => actual == wanted,
            Self::Less => actual < wanted,
            Self::LessOrEqual => actual <= wanted,
            Self::Greater => actual > wanted,
            Self::GreaterOrEqual => actual >= wanted,
        }
    }
}

impl Condition {
    pub(crate) fn new(operator: Operator, key: &str, wanted: Vec<String>, variables: bool) -> Self {
        let tests = wanted.iter().map(|value| Test::compile(operator.family, value, variables)).collect();
        Self { operator, key: Key::new(key), wanted, tests }
    }

    /// The operator as written, with its set prefix and `IfExists`.
    pub fn operator(&self) -> &str {
        &self.operator.text
    }

    /// The condition key as written.
    pub fn key(&self) -> &str {
        self.key.name()
    }

    /// The values the policy wants.
    pub fn wanted(&self) -> &[String] {
        &self.wanted
    }

    /// The values the request has for the key; `None` when it lacks the key.
    pub(crate) fn actual<'a>(&self, facts: &Facts<'a>) -> Option<Actual<'a>> {
        facts.get(&self.key)
    }

    /// Whether it is about when a call comes, or from where; `through_a_service` the latter is gone.
    pub(crate) fn is_of_the_call(&self, through_a_service: bool) -> bool {
        let key = self.key();
        let known = if through_a_service { &WHEN[..] } else { &OF_THE_CALL[..] };
        known.iter().any(|name| key.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)))
    }

    /// Whether the condition holds for the request.
    pub(crate) fn holds(&self, facts: &Facts<'_>) -> bool {
        let actual = facts.get(&self.key);
        if self.operator.family == Family::Null {
            let absent = actual.is_none();
            return self.wanted.iter().any(|wanted| boolean::parse(wanted) == Some(absent));
        }
        let negated = self.operator.negated;
        let Some(actual) = actual else {
            return self.operator.if_exists
                || match self.operator.set {
                    SetOperator::ForAllValues => true,
                    SetOperator::ForAnyValue => false,
                    SetOperator::None => negated,
                };
        };
        let resolve: Resolve<'_, '_> = &|variable| facts.variable(variable);
        let met = |value: &str| self.tests.iter().any(|test| test.met(value, resolve));
        match self.operator.set {
            // A key whose one value is the empty text counts as having none.
            SetOperator::ForAllValues => {
                actual.iter().all(str::is_empty) || actual.iter().all(|value| met(value) != negated)
            }
            SetOperator::ForAnyValue => actual.iter().any(|value| met(value) != negated),
            SetOperator::None => actual.iter().any(met) != negated,
        }
    }

    /// Whether the operator narrows to what is wanted: not negated, not satisfied by a missing key.
    pub(crate) fn is_restrictive(&self) -> bool {
        let operator = &self.operator;
        !operator.negated
            && !operator.if_exists
            && operator.family != Family::Null
            && operator.set != SetOperator::ForAllValues
    }

    /// Whether a wanted date cannot be read, which IAM's second parser refuses.
    pub(crate) fn has_malformed_date(&self) -> bool {
        self.tests.iter().any(|test| matches!(test, Test::Date(_, None)))
    }

    /// The wanted values that are not of the operator's type, so that no value ever meets them.
    pub(crate) fn unreadable(&self) -> impl Iterator<Item = &str> {
        let broken = |test: &Test| {
            matches!(
                test,
                Test::Number(_, None) | Test::Date(_, None) | Test::Bool(None) | Test::Network(None)
            )
        };
        self.wanted
            .iter()
            .zip(&self.tests)
            .filter(move |(_, test)| broken(test))
            .map(|(wanted, _)| wanted.as_str())
    }

    /// Whether a wanted network takes in so much of the internet that S3 calls it public: wider than /8 for IPv4 and /32 for IPv6,
    /// private ranges apart (S3 User Guide, `access-control-block-public-access`).
    pub(crate) fn has_wide_network(&self) -> bool {
        self.wanted.iter().filter_map(|wanted| ip::parse(wanted)).any(|network| network.is_wide())
    }

    /// Whether every wanted value is one fixed value: no wildcard, no variable.
    pub(crate) fn has_only_fixed_values(&self) -> bool {
        self.tests.iter().all(|test| match test {
            Test::Text(pattern) | Test::Arn(pattern) => pattern.is_fixed(),
            _ => true,
        })
    }
}

impl Test {
    fn compile(family: Family, wanted: &str, variables: bool) -> Self {
        use crate::pattern::Syntax;
        match family {
            Family::String => Self::Text(Pattern::compile(wanted, Syntax::Literal, variables)),
            Family::StringIgnoreCase => {
                Self::Text(Pattern::compile(wanted, Syntax::Literal, variables).ignoring_case())
            }
            Family::StringLike => Self::Text(Pattern::compile(wanted, Syntax::Wildcards, variables)),
            Family::Arn => Self::Arn(Pattern::compile(wanted, Syntax::Arn, variables)),
            Family::Numeric(comparison) => Self::Number(comparison, numeric::parse(wanted)),
            Family::Date(comparison) => Self::Date(comparison, date::parse(wanted)),
            Family::Bool | Family::Null => Self::Bool(boolean::parse(wanted)),
            Family::Binary => Self::Binary(binary::canonical(wanted).into()),
            Family::Ip => Self::Network(ip::parse(wanted)),
        }
    }

    fn met<'v>(&'v self, actual: &str, resolve: Resolve<'_, 'v>) -> bool {
        fn compare<T: PartialOrd>(comparison: Comparison, actual: Option<T>, wanted: Option<&T>) -> bool {
            actual.zip(wanted).is_some_and(|(actual, wanted)| comparison.holds(&actual, wanted))
        }
        match self {
            Self::Text(pattern) => pattern.matches(actual, resolve),
            Self::Arn(pattern) => {
                crate::arn::Arn::parse(actual).is_some() && pattern.matches(actual, resolve)
            }
            Self::Number(comparison, wanted) => compare(*comparison, numeric::parse(actual), wanted.as_ref()),
            Self::Date(comparison, wanted) => compare(*comparison, date::parse(actual), wanted.as_ref()),
            Self::Bool(wanted) => compare(Comparison::Equal, boolean::parse(actual), wanted.as_ref()),
            Self::Binary(wanted) => binary::canonical(actual) == &**wanted,
            Self::Network(wanted) => wanted
                .as_ref()
                .zip(ip::address(actual))
                .is_some_and(|(network, address)| network.contains(address)),
        }
    }
}

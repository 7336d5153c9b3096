//! The names of condition operators, taken apart: set operator, family, negation, `IfExists`.

use super::Comparison;

/// A condition operator as a policy writes it.
#[derive(Clone, Debug)]
pub(crate) struct Operator {
    pub(crate) text: String,
    pub(super) set: SetOperator,
    pub(super) family: Family,
    pub(super) negated: bool,
    pub(super) if_exists: bool,
}

/// How an operator treats a key with several values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SetOperator {
    None,
    ForAllValues,
    ForAnyValue,
}

/// What an operator compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    String,
    StringIgnoreCase,
    StringLike,
    Arn,
    Numeric(Comparison),
    Date(Comparison),
    Bool,
    Binary,
    Ip,
    Null,
}

impl Operator {
    /// Reads an operator's name; `None` when AWS has no such operator. `Null` takes no `IfExists`
    /// (IAM User Guide, `reference_policies_elements_condition_operators`).
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (set, name) = match text.split_once(':') {
            Some(("ForAllValues", name)) => (SetOperator::ForAllValues, name),
            Some(("ForAnyValue", name)) => (SetOperator::ForAnyValue, name),
            Some(_) => return None,
            None => (SetOperator::None, text),
        };
        let (name, if_exists) = match name.strip_suffix("IfExists") {
            Some("Null") => return None,
            Some(name) => (name, true),
            None => (name, false),
        };
        let (family, negated) = family(name)?;
        Some(Self { text: text.to_owned(), set, family, negated, if_exists })
    }
}

fn family(name: &str) -> Option<(Family, bool)> {
    Some(match name {
        "StringEquals" => (Family::String, false),
        "StringNotEquals" => (Family::String, true),
        "StringEqualsIgnoreCase" => (Family::StringIgnoreCase, false),
        "StringNotEqualsIgnoreCase" => (Family::StringIgnoreCase, true),
        "StringLike" => (Family::StringLike, false),
        "StringNotLike" => (Family::StringLike, true),
        "ArnEquals" | "ArnLike" => (Family::Arn, false),
        "ArnNotEquals" | "ArnNotLike" => (Family::Arn, true),
        "Bool" => (Family::Bool, false),
        "BinaryEquals" => (Family::Binary, false),
        "IpAddress" => (Family::Ip, false),
        "NotIpAddress" => (Family::Ip, true),
        "Null" => (Family::Null, false),
        _ => {
            let ordered = [("Numeric", Family::Numeric as fn(Comparison) -> Family), ("Date", Family::Date)];
            let (make, relation) =
                ordered.into_iter().find_map(|(prefix, make)| Some((make, name.strip_prefix(prefix)?)))?;
            let (comparison, negated) = match relation {
                "Equals" => (Comparison::Equal, false),
                "NotEquals" => (Comparison::Equal, true),
                "LessThan" => (Comparison::Less, false),
                "LessThanEquals" => (Comparison::LessOrEqual, false),
                "GreaterThan" => (Comparison::Greater, false),
                "GreaterThanEquals" => (Comparison::GreaterOrEqual, false),
                _ => return None,
            };
            (make(comparison), negated)
        }
    })
}

//! The parameters of a request: read once, by their names in the API.

use std::collections::BTreeMap;

use super::Fault;

/// Decoded parameters of the query string and of the form in the body.
#[derive(Clone, Debug, Default)]
pub(crate) struct Params(BTreeMap<String, String>);

impl Params {
    /// Reads both places. The error is a sentence for `MalformedQueryString`.
    pub(crate) fn read(query: &str, body: &[u8]) -> Result<Self, String> {
        let malformed = |_| "The query string contains a syntax error.".to_owned();
        let mut pairs = BTreeMap::new();
        for text in [query.as_bytes(), body] {
            for (name, value) in
                serde_urlencoded::from_bytes::<Vec<(String, String)>>(text).map_err(malformed)?
            {
                // A name with two values could be read differently by whoever checks and whoever acts.
                if let Some(name) = insert_once(&mut pairs, name, value) {
                    return Err(format!("The parameter {name} was given more than once."));
                }
            }
        }
        Ok(Self(pairs))
    }

    /// `Action`: the operation's name.
    pub(crate) fn action(&self) -> Option<&str> {
        self.get("Action")
    }

    /// One parameter.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Every parameter's name.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// A parameter that must be there.
    pub(crate) fn required(&self, name: &str) -> Result<&str, Fault> {
        self.get(name).ok_or_else(|| {
            Fault::validation(format!(
                "1 validation error detected: Value null at '{}' failed to satisfy constraint: Member must not be null",
                parameter(name)
            ))
        })
    }

    /// A list in the order of its numbers: `list("PolicyArns.member", ".arn")` reads `PolicyArns.member.1.arn`, ….
    pub(crate) fn list(&self, name: &str, field: &str) -> Vec<&str> {
        self.numbered(name, field).into_iter().map(|(_, value)| value).collect()
    }

    /// The same with the numbers.
    pub(crate) fn numbered(&self, name: &str, field: &str) -> Vec<(u32, &str)> {
        let prefix = format!("{name}.");
        let mut entries: Vec<(u32, &str)> = self
            .0
            .range(prefix.clone()..)
            .take_while(|(key, _)| key.starts_with(&prefix))
            .filter_map(|(key, value)| {
                let number = key.strip_prefix(&prefix)?.strip_suffix(field)?;
                Some((number.parse().ok()?, value.as_str()))
            })
            .collect();
        entries.sort_unstable_by_key(|(number, _)| *number);
        entries
    }

    /// A whole number in `range`; the error is IAM's and STS's.
    pub(crate) fn integer(
        &self,
        name: &str,
        range: std::ops::RangeInclusive<i64>,
    ) -> Result<Option<i64>, Fault> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let value: i64 = text
            .parse()
            .map_err(|_| Fault::refused(400, "MalformedInput", format!("{name} is not a whole number.")))?;
        let bound = if value < *range.start() {
            format!("greater than or equal to {}", range.start())
        } else if value > *range.end() {
            format!("less than or equal to {}", range.end())
        } else {
            return Ok(Some(value));
        };
        Err(Fault::validation(format!(
            "1 validation error detected: Value '{value}' at '{}' failed to satisfy constraint: Member must \
             have value {bound}",
            parameter(name)
        )))
    }

    /// `true` or `false`; `false` when it is not given.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, Fault> {
        match self.get(name) {
            None => Ok(false),
            Some(text) if text.eq_ignore_ascii_case("true") => Ok(true),
            Some(text) if text.eq_ignore_ascii_case("false") => Ok(false),
            Some(_) => {
                Err(Fault::refused(400, "MalformedInput", format!("{name} is neither true nor false.")))
            }
        }
    }
}

fn insert_once(pairs: &mut BTreeMap<String, String>, name: String, value: String) -> Option<String> {
    if pairs.contains_key(&name) {
        return Some(name);
    }
    pairs.insert(name, value);
    None
}

/// A parameter as validation errors name it: `RoleName` is `roleName` there.
pub(crate) fn parameter(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |first| first.to_ascii_lowercase().to_string() + chars.as_str())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn lists_come_in_the_order_of_their_numbers() {
        let params = Params::read("", b"A.member.10=j&A.member.2=b&A.member.1.arn=x&AB.member.1=no").unwrap();
        assert_eq!(params.list("A.member", ""), ["b", "j"]);
        assert_eq!(params.list("A.member", ".arn"), ["x"]);
    }

    #[test]
    fn a_parameter_given_twice_is_malformed() {
        assert!(Params::read("Action=A", b"Action=B").is_err());
    }

    #[test]
    fn numbers_are_checked_in_the_words_of_the_service() {
        let params = Params::read("", b"DurationSeconds=899").unwrap();
        let error = params.integer("DurationSeconds", 900..=43_200).unwrap_err().to_string();
        assert_eq!(
            error,
            "ValidationError: 1 validation error detected: Value '899' at 'durationSeconds' failed to satisfy \
             constraint: Member must have value greater than or equal to 900"
        );
    }
}

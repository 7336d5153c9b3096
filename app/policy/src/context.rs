//! The request context: condition keys and their values, as the service that received the call filled them.

use std::collections::HashMap;

/// Condition keys with their values. Key names are compared without regard to case
/// (IAM User Guide, `reference_policies_elements_condition`).
///
/// ```
/// let context = policy::Context::new()
///     .with("aws:SourceIp", "203.0.113.7")
///     .with_all("aws:TagKeys", ["cost", "team"]);
/// assert_eq!(context.get("AWS:sourceip"), Some(["203.0.113.7".to_owned()].as_slice()));
/// assert_eq!(context.get("aws:SourceVpce"), None);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Context {
    keys: Vec<(String, Vec<String>)>,
    /// Where each key stands, by its name in lower case; empty while there are [`FEW`].
    places: HashMap<String, usize>,
    /// What is supposed of the keys [`OF_THE_CALL`] where it is not known how the call will come; `None` goes by the keys that are
    /// there.
    pub(crate) supposed: Option<Supposed>,
}

/// The condition keys that say when a call comes: they go along where AWS's services call each other for somebody.
pub(crate) const WHEN: [&str; 3] = ["aws:CurrentTime", "aws:EpochTime", "aws:TokenIssueTime"];

/// The condition keys that say when and from where a call comes, which no policy and no setting tells beforehand (IAM User Guide,
/// "AWS global condition context keys"). A name stands for all keys that begin so.
pub(crate) const OF_THE_CALL: [&str; 9] = [
    WHEN[0],
    WHEN[1],
    WHEN[2],
    "aws:SourceIp",
    "aws:SourceVpc",
    "aws:VpcSourceIp",
    "aws:UserAgent",
    "aws:Referer",
    "s3:signatureAge",
];

/// How a call comes whose time and place are not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Supposed {
    /// As suits the caller best: what is asked of [`OF_THE_CALL`] holds in every Allow and in no Deny.
    Best,
    /// As suits the caller worst: in every Deny and in no Allow.
    Worst,
}

/// Up to here comparing every name is faster than a map. A request may bring thousands: an encryption context, tags.
const FEW: usize = 32;

impl PartialEq for Context {
    fn eq(&self, other: &Self) -> bool {
        self.keys == other.keys
    }
}

impl Eq for Context {}

impl Context {
    /// A context without keys.
    pub fn new() -> Self {
        Self::default()
    }

    /// This context with `key` set to one value.
    pub fn with(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.set(key, [value.into()]);
        self
    }

    /// This context with `key` set to several values (a multivalued key such as `aws:TagKeys`).
    pub fn with_all<V: Into<String>>(
        mut self,
        key: impl Into<String>,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        self.set(key, values);
        self
    }

    /// Sets `key`, replacing its earlier values whatever the case of its name.
    pub fn set<V: Into<String>>(&mut self, key: impl Into<String>, values: impl IntoIterator<Item = V>) {
        let (key, values) = (key.into(), values.into_iter().map(Into::into).collect());
        if let Some((_, known)) = self.place(&key).and_then(|place| self.keys.get_mut(place)) {
            *known = values;
            return;
        }
        self.keys.push((key, values));
        if self.keys.len() > FEW {
            // All of them once, then each one that comes.
            let new = self.keys.iter().enumerate().skip(self.places.len());
            self.places.extend(new.map(|(place, (known, _))| (known.to_ascii_lowercase(), place)));
        }
    }

    /// Sets every key of `other`, which wins over keys already here.
    pub fn extend(&mut self, other: Context) {
        for (key, values) in other.keys {
            self.set(key, values);
        }
        self.supposed = other.supposed.or(self.supposed);
    }

    /// The values of `key`; `None` when the request does not carry the key.
    pub fn get(&self, key: &str) -> Option<&[String]> {
        self.place(key).and_then(|place| self.keys.get(place)).map(|(_, values)| values.as_slice())
    }

    /// Every key with its values, in the order they were first set.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.keys.iter().map(|(key, values)| (key.as_str(), values.as_slice()))
    }

    fn place(&self, key: &str) -> Option<usize> {
        match self.places.is_empty() {
            true => self.keys.iter().position(|(known, _)| known.eq_ignore_ascii_case(key)),
            false => self.places.get(&key.to_ascii_lowercase()).copied(),
        }
    }
}

impl IntoIterator for Context {
    type Item = (String, Vec<String>);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    /// Every key with its values, in the order they were first set.
    fn into_iter(self) -> Self::IntoIter {
        self.keys.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_keys_are_found_and_replaced_as_few_are() {
        let mut context = Context::new();
        for round in ["first", "second"] {
            for number in 0..3 * FEW {
                context.set(format!("aws:Key{number}"), [round]);
            }
        }
        assert_eq!(context.iter().count(), 3 * FEW);
        for number in 0..3 * FEW {
            assert_eq!(context.get(&format!("AWS:kEY{number}")), Some(["second".to_owned()].as_slice()));
        }
        assert_eq!(context.get("aws:Key"), None);
    }
}

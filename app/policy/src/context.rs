//! The request context: condition keys and their values, as the service that received the call filled them.

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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context(Vec<(String, Vec<String>)>);

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
        match self.0.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(&key)) {
            Some((_, known)) => *known = values,
            None => self.0.push((key, values)),
        }
    }

    /// Sets every key of `other`, which wins over keys already here.
    pub fn extend(&mut self, other: Context) {
        for (key, values) in other.0 {
            self.set(key, values);
        }
    }

    /// The values of `key`; `None` when the request does not carry the key.
    pub fn get(&self, key: &str) -> Option<&[String]> {
        self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(key)).map(|(_, values)| values.as_slice())
    }

    /// Every key with its values, in the order they were first set.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.0.iter().map(|(key, values)| (key.as_str(), values.as_slice()))
    }
}

impl IntoIterator for Context {
    type Item = (String, Vec<String>);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    /// Every key with its values, in the order they were first set.
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

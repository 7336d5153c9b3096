//! What is known of the actions, resource types and condition keys of the services Trilock is about.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

use crate::pattern::{Pattern, Syntax};

/// Reduced from the Service Authorization Reference by `data/refresh.mjs`, which says from which version.
const DATA: &str = include_str!("../../data/service-authorization.json");

/// The catalog.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Catalog {
    /// The service prefixes of all of AWS.
    prefixes: Vec<String>,
    /// The global condition keys with their types.
    keys: BTreeMap<String, String>,
    services: BTreeMap<String, Service>,
}

/// One service.
#[derive(Debug, Deserialize)]
pub(crate) struct Service {
    /// Resource types with the form of their ARNs.
    resources: BTreeMap<String, String>,
    /// Condition keys with their types, in an order that `Action::keys` counts in.
    keys: BTreeMap<String, String>,
    actions: BTreeMap<String, Action>,
}

#[derive(Debug, Deserialize)]
struct Action {
    resources: Vec<String>,
    keys: Vec<usize>,
}

/// An action that exists.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known<'c> {
    service: &'c Service,
    /// Its name, without the service.
    pub(crate) name: &'c str,
    action: &'c Action,
}

/// The catalog, read once.
pub(crate) fn catalog() -> &'static Catalog {
    static CATALOG: OnceLock<Catalog> = OnceLock::new();
    // A test reads the data; a catalog that knows nothing finds nothing.
    CATALOG.get_or_init(|| serde_json::from_str(DATA).unwrap_or_default())
}

impl Catalog {
    /// Whether AWS has a service with this prefix.
    pub(crate) fn has_prefix(&self, prefix: &str) -> bool {
        self.prefixes.iter().any(|known| known.eq_ignore_ascii_case(prefix))
    }

    /// The prefixes of all services.
    pub(crate) fn prefixes(&self) -> impl Iterator<Item = &str> {
        self.prefixes.iter().map(String::as_str)
    }

    /// The service with this prefix, if its actions are known here.
    pub(crate) fn service(&self, prefix: &str) -> Option<(&str, &Service)> {
        let found = self.services.iter().find(|(known, _)| known.eq_ignore_ascii_case(prefix))?;
        Some((found.0, found.1))
    }

    /// The type of a global condition key.
    pub(super) fn global_key(&self, key: &str) -> Option<&str> {
        key_type(&self.keys, key)
    }

    /// The names of the global condition keys.
    pub(super) fn global_keys(&self) -> impl Iterator<Item = &str> {
        self.keys.keys().map(String::as_str)
    }
}

impl Service {
    /// The actions an action pattern (`Get*`, without the service) takes in.
    pub(crate) fn actions<'c>(&'c self, pattern: &str) -> Vec<Known<'c>> {
        let pattern = Pattern::compile(pattern, Syntax::Wildcards, false).ignoring_case();
        self.actions
            .iter()
            .filter(|(name, _)| pattern.matches(name, &|_| None))
            .map(|(name, action)| Known { service: self, name, action })
            .collect()
    }

    /// The names of all its actions.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.actions.keys().map(String::as_str)
    }

    /// The forms of the ARNs of its resource types.
    pub(super) fn forms(&self) -> impl Iterator<Item = &str> {
        self.resources.values().map(String::as_str)
    }

    /// The type of one of its condition keys.
    pub(super) fn key(&self, key: &str) -> Option<&str> {
        key_type(&self.keys, key)
    }

    /// The names of its condition keys.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.keys.keys().map(String::as_str)
    }
}

impl<'c> Known<'c> {
    /// Whether it can be asked on a resource at all; if not, only `*` takes it in.
    pub(super) fn has_resources(self) -> bool {
        !self.action.resources.is_empty()
    }

    /// Whether it can be asked on this type of resource.
    pub(super) fn is_on(self, kind: &str) -> bool {
        self.action.resources.iter().any(|known| known == kind)
    }

    /// The forms of the ARNs it can be asked on, such as `arn:${Partition}:s3:::${BucketName}/${ObjectName}`.
    pub(super) fn arns(self) -> impl Iterator<Item = &'c str> {
        self.action
            .resources
            .iter()
            .filter_map(move |kind| self.service.resources.get(kind).map(String::as_str))
    }

    /// Whether a condition key of its service can be there when it is asked.
    pub(crate) fn has_key(self, key: &str) -> bool {
        self.action
            .keys
            .iter()
            .filter_map(|place| self.service.keys.keys().nth(*place))
            .any(|known| names(known, key))
    }
}

fn key_type<'c>(keys: &'c BTreeMap<String, String>, key: &str) -> Option<&'c str> {
    keys.iter().find(|(known, _)| names(known, key)).map(|(_, kind)| kind.as_str())
}

/// Whether `key` is the condition key `known`, whose end may stand for any text: `${TagKey}`, `<key>`, `tag-key`.
fn names(known: &str, key: &str) -> bool {
    let open = known.find(['$', '<']).or_else(|| known.strip_suffix("tag-key").map(str::len));
    match open.and_then(|open| known.get(..open)) {
        Some(prefix) => {
            key.len() > prefix.len()
                && key.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        }
        None => known.eq_ignore_ascii_case(key),
    }
}

/// The name nearest to `wrong`, if one is near: at most a third of it is to be changed.
pub(crate) fn nearest<'n>(wrong: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let wrong = wrong.to_ascii_lowercase();
    let nearest =
        names.map(|name| (distance(&wrong, &name.to_ascii_lowercase()), name)).min_by_key(|(far, _)| *far)?;
    (nearest.0 <= wrong.len().div_ceil(3)).then_some(nearest.1)
}

/// The Levenshtein distance in bytes.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.bytes().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, to) in row.iter_mut().skip(1).zip(b.bytes()) {
            let substituted = diagonal + usize::from(from != to);
            diagonal = *cell;
            left = substituted.min(diagonal + 1).min(left + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_can_be_read_and_knows_the_tutorials_actions() {
        let catalog: Catalog = serde_json::from_str(DATA).unwrap();
        assert!(catalog.has_prefix("lambda") && !catalog.has_prefix("lamda"));
        let (_, s3) = catalog.service("S3").unwrap();
        assert!(s3.actions("headbucket").is_empty());
        let put = s3.actions("putobject")[0];
        assert!(put.is_on("object") && !put.is_on("bucket"));
        assert!(put.has_key("s3:x-amz-server-side-encryption") && !put.has_key("s3:prefix"));
        assert_eq!(s3.key("S3:RequestObjectTag/team"), Some("String"));
        let (_, kms) = catalog.service("kms").unwrap();
        assert!(!kms.actions("CreateKey")[0].has_resources());
        assert_eq!(catalog.global_key("aws:PrincipalTag/team"), Some("String"));
    }

    #[test]
    fn the_nearest_name_is_near() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(nearest("GetObjct", ["PutObject", "GetObject"].into_iter()), Some("GetObject"));
        assert_eq!(nearest("Frobnicate", ["PutObject", "GetObject"].into_iter()), None);
    }
}

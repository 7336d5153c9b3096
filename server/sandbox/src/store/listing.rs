//! Listings of objects and of their versions, a page at a time.

use super::objects::{IS_LATEST, ObjectRow, VERSION, Version, version_of};
use super::sql::sql;
use super::{Store, StoreError};

/// One page of a listing.
#[derive(Debug)]
pub struct ObjectsPage {
    /// In UTF-8 binary order of their keys.
    pub objects: Vec<ObjectRow>,
    /// Whether more follow.
    pub more: bool,
}

/// One page of a listing of versions.
#[derive(Debug)]
pub struct VersionsPage {
    /// By key, the newest of each first.
    pub versions: Vec<Version>,
    /// Whether more follow.
    pub more: bool,
}

/// Names from the first up to before the second, in UTF-8 binary order.
type Stretch = (Vec<u8>, Vec<u8>);

impl Store {
    /// Objects whose key starts with `prefix` and sorts after `after`, at most `limit`: the latest versions that are no
    /// delete markers.
    pub async fn objects(
        &self,
        bucket: &str,
        prefix: &str,
        after: &str,
        limit: u32,
    ) -> Result<ObjectsPage, StoreError> {
        let (first, end) = stretch(prefix, behind(after));
        let query = sql(format!(
            "SELECT {VERSION} FROM objects WHERE bucket = $1 AND name >= $2 AND name < $3 AND data <> '' \
             AND born = (SELECT MAX(newest.born) FROM objects newest \
             WHERE newest.bucket = objects.bucket AND newest.name = objects.name) ORDER BY name LIMIT $4"
        ));
        let query = query.bind(bucket).bind(first.as_slice()).bind(end.as_slice()).bind(one_more(limit));
        let rows = query.rows(self.readers()?).await?;
        let versions = rows.iter().map(|row| version_of(row, true)).collect::<Result<Vec<_>, _>>()?;
        let mut objects: Vec<_> = versions.into_iter().filter_map(|version| version.object).collect();
        let more = cut(&mut objects, limit);
        Ok(ObjectsPage { objects, more })
    }

    /// Versions of the keys that start with `prefix`: those that come after version `after.1` of key `after.0`, or after all
    /// versions of that key when it is `None`; at most `limit`.
    pub async fn versions(
        &self,
        bucket: &str,
        prefix: &str,
        after: (&str, Option<&str>),
        limit: u32,
    ) -> Result<VersionsPage, StoreError> {
        let (first, end) = stretch(prefix, after.0.as_bytes().to_vec());
        let query = sql(format!(
            "SELECT {VERSION}, {IS_LATEST} FROM objects WHERE bucket = $1 AND name >= $2 AND name < $3 \
             AND NOT (name = $4 AND born >= COALESCE((SELECT marker.born FROM objects marker \
             WHERE marker.bucket = $1 AND marker.name = $4 AND marker.version = $5), 0)) \
             ORDER BY name, born DESC LIMIT $6"
        ));
        let query = query.bind(bucket).bind(first.as_slice()).bind(end.as_slice()).bind(after.0.as_bytes());
        let query = query.bind(after.1.unwrap_or_default()).bind(one_more(limit));
        let rows = query.rows(self.readers()?).await?;
        let versions = rows.iter().map(|row| version_of(row, row.get::<i64>(5)? == 1));
        let mut versions = versions.collect::<Result<Vec<_>, _>>()?;
        let more = cut(&mut versions, limit);
        Ok(VersionsPage { versions, more })
    }
}

/// The names that start with `prefix`, from `first` on.
pub(super) fn stretch(prefix: &str, first: Vec<u8>) -> Stretch {
    // No UTF-8 has a byte 255, so every name with that prefix sorts before this.
    let end = [prefix.as_bytes(), &[0xFF]].concat();
    (first.max(prefix.as_bytes().to_vec()), end)
}

/// The first of the names that sort after this one.
pub(super) fn behind(name: &str) -> Vec<u8> {
    match name.is_empty() {
        true => Vec::new(),
        false => [name.as_bytes(), &[0]].concat(),
    }
}

pub(super) fn one_more(limit: u32) -> i64 {
    i64::from(limit) + 1
}

/// Cuts a list that was asked for with [`one_more`]; whether there were more.
pub(super) fn cut<T>(list: &mut Vec<T>, limit: u32) -> bool {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = list.len() > limit;
    list.truncate(limit);
    more
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_holds_the_names_with_the_prefix_and_no_others() {
        let (first, end) = stretch("a/", behind("a/b"));
        let within = |name: &str| first.as_slice() <= name.as_bytes() && name.as_bytes() < end.as_slice();
        for (name, expected) in [
            ("a/", false),
            ("a/b", false),
            ("a/b\0", true),
            ("a/c", true),
            ("a/\u{10FFFF}", true),
            ("a0", false),
        ] {
            assert_eq!(within(name), expected, "{name:?}");
        }
        assert_eq!(stretch("", behind("")), (Vec::new(), vec![0xFF]));
    }
}

//! Listings of objects, versions and uploads: within a prefix, from a place on, in the UTF-8 binary order of their keys. An index
//! leads to the first row of a page.

use super::objects::{IS_LATEST, ObjectRow, VERSION, Version, version_of};
use super::sql::{Row, sql};
use super::uploads::{UploadRow, upload_of};
use super::{Store, StoreError};

/// Where a listing goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// At the first key.
    Start,
    /// Behind all that there is of this key.
    Behind(String),
    /// Behind all keys that start with this.
    BehindAll(String),
    /// Behind one version of a key, or one upload to it.
    Within(String, String),
}

impl Place {
    /// The first name that may follow.
    fn first(&self) -> Vec<u8> {
        match self {
            Self::Start => Vec::new(),
            Self::Behind(key) => [key.as_bytes(), &[0]].concat(),
            Self::BehindAll(prefix) => behind_all(prefix),
            Self::Within(key, _) => key.as_bytes().to_vec(),
        }
    }
}

/// Names from the first up to before the second, in UTF-8 binary order.
type Stretch = (Vec<u8>, Vec<u8>);

/// The names that start with `prefix`, from a place on.
fn stretch(prefix: &str, place: &Place) -> Stretch {
    (place.first().max(prefix.as_bytes().to_vec()), behind_all(prefix))
}

/// Before which all names sort that start with `prefix`: no UTF-8 has a byte 255.
fn behind_all(prefix: &str) -> Vec<u8> {
    [prefix.as_bytes(), &[0xFF]].concat()
}

impl Store {
    /// At most `count` objects: the latest versions that are no delete markers.
    pub async fn objects(
        &self,
        bucket: &str,
        prefix: &str,
        place: Place,
        count: u32,
    ) -> Result<Vec<ObjectRow>, StoreError> {
        let (first, end) = stretch(prefix, &place);
        let query = sql(format!(
            "SELECT {VERSION} FROM objects WHERE bucket = $1 AND name >= $2 AND name < $3 AND data <> '' \
             AND born = (SELECT MAX(newest.born) FROM objects newest \
             WHERE newest.bucket = objects.bucket AND newest.name = objects.name) ORDER BY name LIMIT $4"
        ));
        let query = query.bind(bucket).bind(first.as_slice()).bind(end.as_slice()).bind(i64::from(count));
        let rows = query.rows(self.readers()?).await?;
        let versions = rows.iter().map(|row| version_of(row, true)).collect::<Result<Vec<_>, _>>()?;
        Ok(versions.into_iter().filter_map(|version| version.object).collect())
    }

    /// At most `count` versions, by key and the newest of each first. A version that is gone has left its place.
    pub async fn versions(
        &self,
        bucket: &str,
        prefix: &str,
        place: Place,
        count: u32,
    ) -> Result<Vec<Version>, StoreError> {
        let mut versions = match &place {
            Place::Within(key, id) if key.starts_with(prefix) => {
                self.behind_version(bucket, key, id, count).await?
            }
            _ => Vec::new(),
        };
        let place = match place {
            Place::Within(key, _) => Place::Behind(key),
            other => other,
        };
        let left = i64::from(count) - i64::try_from(versions.len()).unwrap_or(i64::MAX);
        if left > 0 {
            let (first, end) = stretch(prefix, &place);
            let query = sql(format!(
                "SELECT {VERSION}, {IS_LATEST} FROM objects WHERE bucket = $1 AND name >= $2 AND name < $3 \
                 ORDER BY name, born DESC LIMIT $4"
            ));
            let query = query.bind(bucket).bind(first.as_slice()).bind(end.as_slice()).bind(left);
            for row in query.rows(self.readers()?).await? {
                versions.push(listed_version(&row)?);
            }
        }
        Ok(versions)
    }

    /// At most `count` of the versions of a key that come behind one of them.
    async fn behind_version(
        &self,
        bucket: &str,
        key: &str,
        version: &str,
        count: u32,
    ) -> Result<Vec<Version>, StoreError> {
        let query = sql(format!(
            "SELECT {VERSION}, {IS_LATEST} FROM objects WHERE bucket = $1 AND name = $2 AND born < COALESCE(\
             (SELECT born FROM objects marker WHERE bucket = $1 AND name = $2 AND version = $3), \
             (SELECT MIN(born) FROM objects later WHERE bucket = $1 AND name = $2 AND version > $3 AND version <> 'null'), \
             {}) ORDER BY born DESC LIMIT $4",
            i64::MAX
        ));
        let query = query.bind(bucket).bind(key.as_bytes()).bind(version).bind(i64::from(count));
        query.rows(self.readers()?).await?.iter().map(listed_version).collect()
    }

    /// At most `count` uploads, by key and the oldest of each first.
    pub async fn uploads(
        &self,
        bucket: &str,
        prefix: &str,
        place: Place,
        count: u32,
    ) -> Result<Vec<UploadRow>, StoreError> {
        let (first, end) = stretch(prefix, &place);
        let (key, id) = match &place {
            Place::Within(key, id) => (key.as_str(), id.as_str()),
            _ => ("", ""),
        };
        let query = sql(
            "SELECT id, bucket, name, data, body FROM uploads WHERE bucket = $1 AND name >= $2 AND name < $3 \
             AND (name, id) > ($4, $5) ORDER BY name, id LIMIT $6",
        );
        let query = query.bind(bucket).bind(first.as_slice()).bind(end.as_slice()).bind(key.as_bytes());
        let rows = query.bind(id).bind(i64::from(count)).rows(self.readers()?).await?;
        rows.iter().map(upload_of).collect()
    }

    /// Whether there is an upload of this id to another key.
    pub async fn upload_is_elsewhere(&self, bucket: &str, key: &str, id: &str) -> Result<bool, StoreError> {
        let query = sql("SELECT id FROM uploads WHERE id = $1 AND NOT (bucket = $2 AND name = $3)");
        let found = query.bind(id).bind(bucket).bind(key.as_bytes()).row(self.readers()?).await?;
        Ok(found.is_some())
    }
}

/// A row of [`VERSION`] and [`IS_LATEST`].
fn listed_version(row: &Row) -> Result<Version, StoreError> {
    version_of(row, row.get::<i64>(5)? == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_holds_the_names_with_the_prefix_from_the_place_on_and_no_others() {
        let names = ["a", "a/", "a/b", "a/b\0", "a/b/c", "a/b\u{10FFFF}", "a/c", "a/\u{10FFFF}", "a0"];
        let (behind, all) = (Place::Behind("a/b".into()), Place::BehindAll("a/b".into()));
        let within = Place::Within("a/b".into(), "1".into());
        for (place, first) in [(Place::Start, 1), (within, 2), (behind, 3), (all, 6)] {
            let (from, end) = stretch("a/", &place);
            let held = |name: &&&str| from.as_slice() <= name.as_bytes() && name.as_bytes() < end.as_slice();
            assert_eq!(names.iter().filter(held).count(), 8 - first, "{place:?}");
        }
        assert_eq!(stretch("", &Place::Start), (Vec::new(), vec![0xFF]));
    }
}

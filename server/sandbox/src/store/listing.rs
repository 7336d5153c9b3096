//! Listings of objects, versions and uploads: within a prefix, from a place on, in the UTF-8 binary order of their keys. What is
//! read is what is given: an index leads to the first row, and none is passed over.

use sqlx::{QueryBuilder, Sqlite};

use super::objects::{ObjectRow, Version, version_of};
use super::uploads::{UploadRow, upload_of};
use super::{Store, StoreError};

/// Where a listing goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// At this key, or the first one that sorts behind it.
    From(String),
    /// Behind all that there is of this key.
    Behind(String),
    /// Behind one version of a key, or one upload to it.
    Within(String, String),
}

impl Place {
    /// The same, but not before the keys that start with `prefix`.
    fn within(self, prefix: &str) -> Self {
        match &self {
            Self::From(key) | Self::Behind(key) | Self::Within(key, _) if key.as_str() < prefix => {
                Self::From(prefix.to_owned())
            }
            _ => self,
        }
    }
}

/// Columns that make an object's version.
const OBJECTS: &str = "SELECT name, version, latest, data, body, bucket FROM objects";

/// A statement about the rows of a bucket whose names start with `prefix`.
fn rows_of<'q>(select: &str, bucket: &'q str, prefix: &str) -> QueryBuilder<'q, Sqlite> {
    let mut query = QueryBuilder::new(select);
    query.push(" WHERE bucket = ").push_bind(bucket);
    if let Some(end) = end_of_prefix(prefix) {
        query.push(" AND name < ").push_bind(end);
    }
    query
}

/// The first text that sorts behind all those that start with `prefix`; `None` when every text does that is not before them.
pub fn end_of_prefix(prefix: &str) -> Option<String> {
    let mut characters: Vec<char> = prefix.chars().collect();
    while let Some(last) = characters.pop() {
        // Between these two there are no characters.
        let next = if last == '\u{d7ff}' { Some('\u{e000}') } else { char::from_u32(u32::from(last) + 1) };
        if let Some(next) = next {
            characters.push(next);
            return Some(characters.into_iter().collect());
        }
    }
    None
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
        let mut query = rows_of(OBJECTS, bucket, prefix);
        match place.within(prefix) {
            Place::From(key) => query.push(" AND name >= ").push_bind(key),
            Place::Behind(key) | Place::Within(key, _) => query.push(" AND name > ").push_bind(key),
        };
        query.push(" AND latest = 1 AND data <> '' ORDER BY name LIMIT ").push_bind(i64::from(count));
        let rows = query.build().fetch_all(&self.0.pool).await?;
        let versions = rows.iter().map(version_of).collect::<Result<Vec<_>, _>>()?;
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
        let mut query = rows_of(OBJECTS, bucket, prefix);
        match place.within(prefix) {
            Place::From(key) => query.push(" AND name >= ").push_bind(key),
            Place::Behind(key) => query.push(" AND name > ").push_bind(key),
            Place::Within(key, version) => {
                let born = self.born_before(bucket, &key, &version).await?;
                query.push(" AND name >= ").push_bind(key.clone());
                query.push(" AND (name > ").push_bind(key).push(" OR born < ").push_bind(born).push(")")
            }
        };
        query.push(" ORDER BY name, born DESC LIMIT ").push_bind(i64::from(count));
        let rows = query.build().fetch_all(&self.0.pool).await?;
        rows.iter().map(version_of).collect()
    }

    /// Before which `born` the versions of a key are that come after this one.
    async fn born_before(&self, bucket: &str, key: &str, version: &str) -> Result<i64, StoreError> {
        let born: Option<i64> = sqlx::query_scalar(
            "SELECT COALESCE((SELECT born FROM objects WHERE bucket = $1 AND name = $2 AND version = $3), \
             (SELECT MIN(born) FROM objects WHERE bucket = $1 AND name = $2 AND version > $3 AND version <> 'null'))",
        )
        .bind(bucket)
        .bind(key)
        .bind(version)
        .fetch_one(&self.0.pool)
        .await?;
        Ok(born.unwrap_or(i64::MAX))
    }

    /// At most `count` uploads, by key and the oldest of each first.
    pub async fn uploads(
        &self,
        bucket: &str,
        prefix: &str,
        place: Place,
        count: u32,
    ) -> Result<Vec<UploadRow>, StoreError> {
        let mut query = rows_of("SELECT id, bucket, name, data, body FROM uploads", bucket, prefix);
        match place.within(prefix) {
            Place::From(key) => query.push(" AND name >= ").push_bind(key),
            Place::Behind(key) => query.push(" AND name > ").push_bind(key),
            Place::Within(key, id) => {
                query.push(" AND name >= ").push_bind(key.clone());
                query.push(" AND (name > ").push_bind(key).push(" OR id > ").push_bind(id).push(")")
            }
        };
        query.push(" ORDER BY name, id LIMIT ").push_bind(i64::from(count));
        let rows = query.build().fetch_all(&self.0.pool).await?;
        rows.iter().map(upload_of).collect()
    }

    /// Whether there is an upload of this id to another key.
    pub async fn upload_is_elsewhere(&self, bucket: &str, key: &str, id: &str) -> Result<bool, StoreError> {
        let found: Option<i64> =
            sqlx::query_scalar("SELECT 1 FROM uploads WHERE id = $1 AND NOT (bucket = $2 AND name = $3)")
                .bind(id)
                .bind(bucket)
                .bind(key)
                .fetch_optional(&self.0.pool)
                .await?;
        Ok(found.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_ends_where_the_next_text_begins() {
        for (prefix, end) in [
            ("a", Some("b")),
            ("a/", Some("a0")),
            ("\u{7f}", Some("\u{80}")),
            ("x\u{d7ff}", Some("x\u{e000}")),
            ("x\u{10ffff}", Some("y")),
            ("\u{10ffff}\u{10ffff}", None),
            ("", None),
        ] {
            assert_eq!(end_of_prefix(prefix).as_deref(), end, "{prefix:?}");
        }
    }
}

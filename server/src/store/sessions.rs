//! The browsers' sessions, beside the labs they work on: what the session layer asks of a store.

use super::Store;
use async_trait::async_trait;
use sandbox::store::sql::sql;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tower_sessions::{
    SessionStore,
    session::{Id, Record},
    session_store::{Error, Result},
};

/// A time as it is stored: text that sorts as the times do, to the second.
fn stored(time: OffsetDateTime) -> Result<String> {
    let time = time.to_offset(time::UtcOffset::UTC).replace_nanosecond(0).map_err(encoded)?;
    time.format(&Rfc3339).map_err(encoded)
}

fn encoded(error: impl ToString) -> Error {
    Error::Encode(error.to_string())
}

fn failed(error: sqlx::Error) -> Error {
    Error::Backend(error.to_string())
}

impl Store {
    /// Removes sessions that have ended.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn remove_ended_sessions(&self) -> Result<()> {
        let ended = sql("DELETE FROM tower_sessions WHERE expiry_date < $1");
        let ended = ended.bind(&stored(OffsetDateTime::now_utc())?);
        ended.run(self.on()).await.map(drop).map_err(failed)
    }

    /// Writes a session; with `or_else` as what happens if there is one of its id. Gives how many rows were written.
    async fn put_session(&self, record: &Record, or_else: &str) -> Result<u64> {
        let id = record.id.to_string();
        let data = rmp_serde::to_vec(record).map_err(encoded)?;
        let ends = stored(record.expiry_date)?;
        let put =
            "INSERT INTO tower_sessions (id, data, expiry_date) VALUES ($1, $2, $3) ON CONFLICT (id) DO";
        let put = sql(format!("{put} {or_else}")).bind(&id).bind(data.as_slice()).bind(&ends);
        put.run(self.on()).await.map_err(failed)
    }
}

#[async_trait]
impl SessionStore for Store {
    async fn create(&self, record: &mut Record) -> Result<()> {
        while self.put_session(record, "NOTHING").await? == 0 {
            record.id = Id::default();
        }
        Ok(())
    }

    async fn save(&self, record: &Record) -> Result<()> {
        let replaced = "UPDATE SET data = excluded.data, expiry_date = excluded.expiry_date";
        self.put_session(record, replaced).await.map(drop)
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let session = sql("SELECT data FROM tower_sessions WHERE id = $1 AND expiry_date > $2");
        let session = session.bind(&id.to_string()).bind(&stored(OffsetDateTime::now_utc())?);
        let Some(row) = session.row(self.on()).await.map_err(failed)? else { return Ok(None) };
        let data: Vec<u8> = row.get(0).map_err(failed)?;
        rmp_serde::from_slice(&data).map(Some).map_err(|error| Error::Decode(error.to_string()))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        let session = sql("DELETE FROM tower_sessions WHERE id = $1").bind(&id.to_string());
        session.run(self.on()).await.map(drop).map_err(failed)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use time::Duration;

    fn record(ends_in: Duration) -> Record {
        let data = [("lab".into(), "one".into())].into();
        Record { id: Id::default(), data, expiry_date: OffsetDateTime::now_utc() + ends_in }
    }

    #[tokio::test]
    async fn a_session_is_kept_until_it_ends_and_its_id_is_nobody_elses() {
        let store = Store::in_memory().await.unwrap();
        let mut first = record(Duration::HOUR);
        store.create(&mut first).await.unwrap();
        let mut second = Record { data: [("lab".into(), "two".into())].into(), ..first.clone() };
        store.create(&mut second).await.unwrap();
        assert_ne!(first.id, second.id);
        let kept = store.load(&first.id).await.unwrap().unwrap();
        assert_eq!((kept.id, &kept.data), (first.id, &first.data));

        second.data = [("lab".into(), "three".into())].into();
        store.save(&second).await.unwrap();
        assert_eq!(store.load(&second.id).await.unwrap().unwrap().data, second.data);
        store.delete(&second.id).await.unwrap();
        assert_eq!(store.load(&second.id).await.unwrap(), None);

        let ended = record(-Duration::HOUR);
        store.save(&ended).await.unwrap();
        assert_eq!(store.load(&ended.id).await.unwrap(), None);
        store.remove_ended_sessions().await.unwrap();
        let left = sql("SELECT id FROM tower_sessions").rows(store.on()).await.unwrap();
        assert_eq!(left.len(), 1);
    }

    /// The session library made the table itself, before there was a migration for it.
    #[tokio::test]
    async fn sessions_of_older_databases_go_on() {
        let path = std::env::temp_dir().join(format!("trilock-sessions-{}.db", uuid::Uuid::new_v4()));
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path).create_if_missing(true);
        let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
        let table = "CREATE TABLE tower_sessions \
                     (id text primary key not null, data blob not null, expiry_date integer not null)";
        sqlx::query(table).execute(&pool).await.unwrap();
        let old = record(Duration::HOUR);
        sqlx::query("INSERT INTO tower_sessions VALUES (?, ?, ?)")
            .bind(old.id.to_string())
            .bind(rmp_serde::to_vec(&old).unwrap())
            .bind(old.expiry_date.format(&Rfc3339).unwrap())
            .execute(&pool)
            .await
            .unwrap();
        pool.close().await;
        let store = Store::open(&path).await.unwrap();
        store.remove_ended_sessions().await.unwrap();
        assert_eq!(store.load(&old.id).await.unwrap().unwrap().data, old.data);
        std::fs::remove_file(path).unwrap();
    }
}

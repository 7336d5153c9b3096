//! An object's encrypted bytes, in its row or in chunks. Who reads chunks holds them while the object is replaced or deleted; they
//! go when nobody does. Chunks that nothing names are in the table `unnamed`, so that a start finds what a crash left.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use futures::stream::{self, BoxStream};
use futures::{FutureExt as _, StreamExt as _};

use super::database::Connection;
use super::memory::Effect;
use super::sql::sql;
use super::uploads::FIRST_OF_PARTS;
use super::writer::Tx;
use super::{ObjectRow, Promise, Store, StoreError};

/// Encrypted chunks in order.
pub type ObjectBytes = BoxStream<'static, Result<Bytes, StoreError>>;

/// Chunks that are removed in one transaction: others wait for it.
const SLICE: i64 = 16;

/// Which chunks are being read, and whether nothing names them any more.
#[derive(Debug, Default)]
pub(super) struct Holds(Mutex<HashMap<String, Held>>);

#[derive(Debug, Default)]
struct Held {
    readers: usize,
    /// Once nothing names them: what their owner still holds of the machine.
    freed: Option<Promise>,
}

impl Holds {
    fn with<T>(&self, act: impl FnOnce(&mut HashMap<String, Held>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Nothing names these chunks any more. Gives them back unless they are being read; then they count as `still_there` says,
    /// and the last reader sees to them.
    pub(super) fn free(&self, data: String, still_there: impl FnOnce() -> Promise) -> Option<String> {
        let held = self.with(|held| held.get_mut(&data).map(|entry| entry.freed = Some(still_there())));
        held.is_none().then_some(data)
    }
}

/// An object's bytes, which stay until this is dropped.
#[derive(Debug)]
pub struct Hold {
    store: Store,
    data: String,
    /// All of them, when they were in the object's row.
    whole: Option<Bytes>,
}

impl Drop for Hold {
    fn drop(&mut self) {
        let last_of_freed = self.store.memory().holds.with(|held| {
            let entry = held.get_mut(&self.data)?;
            entry.readers -= 1;
            if entry.readers > 0 {
                return None;
            }
            held.remove(&self.data)?.freed
        });
        // Without a runtime the process is ending; the next start removes what nothing names.
        if let (Some(still_there), Ok(runtime)) = (last_of_freed, tokio::runtime::Handle::try_current()) {
            let (store, data) = (self.store.clone(), std::mem::take(&mut self.data));
            runtime.spawn(async move {
                store.remove_chunks(data).await;
                drop(still_there);
            });
        }
    }
}

impl Hold {
    /// `count` encrypted chunks from number `first` on, in order.
    pub fn chunks(&self, first: i64, count: u64) -> ObjectBytes {
        let end = first.saturating_add_unsigned(count);
        if let Some(whole) = &self.whole {
            // A small object is one chunk, number 0.
            let whole = (first == 0 && end > 0).then(|| Ok(whole.clone()));
            return stream::iter(whole).boxed();
        }
        let (store, data) = (self.store.clone(), self.data.clone());
        stream::try_unfold(first, move |seq| {
            let (store, data) = (store.clone(), data.clone());
            async move {
                if seq >= end {
                    return Ok(None);
                }
                let chunk =
                    sql("SELECT bytes FROM chunks WHERE data = $1 AND seq = $2").bind(&data).bind(seq);
                match chunk.row(store.readers()?).await? {
                    Some(row) => Ok(Some((Bytes::from(row.get::<Vec<u8>>(0)?), seq + 1))),
                    None => Ok(None),
                }
            }
        })
        .boxed()
    }
}

impl Store {
    /// Holds an object's bytes so that they can be read to their end. `None` when the object was replaced or deleted since its
    /// row was read: then look again.
    pub async fn hold(&self, object: &ObjectRow) -> Result<Option<Hold>, StoreError> {
        self.memory().holds.with(|held| held.entry(object.data.clone()).or_default().readers += 1);
        let mut hold = Hold { store: self.clone(), data: object.data.clone(), whole: None };
        // Held first, looked at second: whoever frees them from here on sees the hold.
        let place = super::objects::place(&object.bucket, &object.key);
        if let Ok(kept) = self.memory().objects.get(&place)
            && kept.version.object.as_ref().is_some_and(|latest| latest.data == object.data)
        {
            hold.whole.clone_from(&kept.bytes);
            return Ok(Some(hold));
        }
        let query =
            sql("SELECT bytes FROM objects WHERE bucket = $1 AND name = $2 AND version = $3 AND data = $4");
        let query = query.bind(&object.bucket).bind(object.key.as_bytes());
        let found = query.bind(&object.version).bind(&object.data).row(self.readers()?).await?;
        let Some(row) = found else { return Ok(None) };
        hold.whole = row.get::<Option<Vec<u8>>>(0)?.map(Bytes::from);
        Ok(Some(hold))
    }

    /// Adds one encrypted chunk under a data id that no object names yet.
    pub async fn put_chunk(&self, data: &str, seq: i64, bytes: &[u8]) -> Result<(), StoreError> {
        let chunk = (data.to_owned(), seq, bytes.to_vec());
        self.write(chunk.2.len(), chunk, |(data, seq, bytes), tx| add_chunk(tx, data, *seq, bytes).boxed())
            .await
    }

    /// Removes chunks of a write that came to nothing: those of `data` from number `first` up to before `end`. What was named
    /// after all stays.
    pub async fn discard_chunks(&self, data: &str, first: i64, end: i64) -> Result<(), StoreError> {
        if first < FIRST_OF_PARTS {
            let data = data.to_owned();
            return self.write(0, data, |data, tx| discard_object(tx, data).boxed()).await;
        }
        let part = (data.to_owned(), first, end);
        self.write(0, part, |(data, first, end), tx| discard_part(tx, data, *first, *end).boxed()).await
    }

    /// Removes chunks that nothing names, nor anybody reads. What fails here is made good at the next start.
    async fn remove_chunks(&self, data: String) {
        let removed = self.write(0, data, |data, tx| {
            let freed = Effect::uncounted(data);
            async move {
                tx.effects.push(freed);
                Ok(())
            }
            .boxed()
        });
        if let Err(error) = removed.await {
            tracing::warn!(%error, "bytes of a removed object stay until the next start");
        }
    }
}

/// Adds a chunk of an object that is not named yet, or of a part if its upload is still there.
async fn add_chunk(tx: &mut Tx, data: &str, seq: i64, bytes: &[u8]) -> Result<(), StoreError> {
    if seq == 0 {
        tx.run(sql("INSERT INTO unnamed (data) VALUES ($1) ON CONFLICT (data) DO NOTHING").bind(data))
            .await?;
    }
    let statement = match seq < FIRST_OF_PARTS {
        true => "INSERT INTO chunks (data, seq, bytes) VALUES ($1, $2, $3)",
        false => {
            "INSERT INTO chunks (data, seq, bytes) SELECT $1, $2, $3 \
             WHERE EXISTS (SELECT 1 FROM uploads WHERE data = $1)"
        }
    };
    tx.run(sql(statement).bind(data).bind(seq).bind(bytes)).await?;
    Ok(())
}

async fn discard_object(tx: &mut Tx, data: &str) -> Result<(), StoreError> {
    let unnamed = tx.row(sql("SELECT data FROM unnamed WHERE data = $1").bind(data)).await?;
    if unnamed.is_some() {
        tx.effects.push(Effect::uncounted(data));
    }
    Ok(())
}

async fn discard_part(tx: &mut Tx, data: &str, first: i64, end: i64) -> Result<(), StoreError> {
    // Once its upload is complete or aborted, its chunks are gone with it, or named.
    let discard = sql(
        "DELETE FROM chunks WHERE data = $1 AND seq >= $2 AND seq < $3 AND EXISTS (SELECT 1 FROM uploads \
         WHERE data = $1) AND NOT EXISTS (SELECT 1 FROM parts JOIN uploads ON uploads.id = parts.upload \
         WHERE uploads.data = $1 AND parts.first = $2)",
    );
    tx.run(discard.bind(data).bind(first).bind(end)).await?;
    Ok(())
}

/// Removes some of the chunks that nothing names; the rest in a later transaction.
pub(super) async fn remove_slice(tx: &mut Tx, data: &str) -> Result<(), StoreError> {
    let slice = sql(
        "DELETE FROM chunks WHERE data = $1 AND seq IN (SELECT seq FROM chunks WHERE data = $1 ORDER BY seq LIMIT $2)",
    );
    let removed = tx.run(slice.bind(data).bind(SLICE)).await?;
    match removed < SLICE.unsigned_abs() {
        true => drop(tx.run(sql("DELETE FROM unnamed WHERE data = $1").bind(data)).await?),
        false => tx.effects.push(Effect::uncounted(data)),
    }
    Ok(())
}

/// The data ids whose chunks nothing names.
pub(super) async fn unnamed(connection: &mut Connection) -> Result<Vec<String>, StoreError> {
    let rows = sql("SELECT data FROM unnamed").rows(connection).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect::<Result<_, _>>()?)
}

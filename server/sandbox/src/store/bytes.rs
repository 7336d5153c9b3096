//! Reading an object's bytes while it is replaced or deleted: who reads holds the bytes, and they go when nobody does.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};

use super::usage::Freed;
use super::{ObjectRow, Promise, Store, StoreError};

/// Encrypted chunks in order.
pub type ObjectBytes = BoxStream<'static, Result<Vec<u8>, StoreError>>;

/// Which bytes are being read, and whether nothing names them any more.
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
}

/// Keeps an object's bytes until dropped.
#[derive(Debug)]
pub struct Hold {
    store: Store,
    data: String,
}

impl Drop for Hold {
    fn drop(&mut self) {
        let last_of_freed = self.store.0.holds.with(|held| {
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
                store.remove_chunks(&data).await;
                drop(still_there);
            });
        }
    }
}

impl Store {
    /// Holds an object's bytes so that they can be read to their end. `None` when the object was replaced or deleted since its
    /// row was read: then look again.
    pub async fn hold(&self, object: &ObjectRow) -> Result<Option<Hold>, StoreError> {
        self.0.holds.with(|held| held.entry(object.data.clone()).or_default().readers += 1);
        let hold = Hold { store: self.clone(), data: object.data.clone() };
        // Held first, looked at second: whoever frees them from here on sees the hold.
        let named: Option<i64> = sqlx::query_scalar("SELECT 1 FROM objects WHERE data = $1 LIMIT 1")
            .bind(&object.data)
            .fetch_optional(&self.0.pool)
            .await?;
        Ok(named.map(|_| hold))
    }

    /// `count` encrypted chunks from number `first` on, in order.
    pub fn object_bytes(&self, data: &str, first: i64, count: u64) -> ObjectBytes {
        let (store, data) = (self.clone(), data.to_owned());
        let end = first.saturating_add_unsigned(count);
        futures::stream::try_unfold(first, move |seq| {
            let (store, data) = (store.clone(), data.clone());
            async move {
                if seq >= end {
                    return Ok(None);
                }
                let chunk: Option<Vec<u8>> =
                    sqlx::query_scalar("SELECT bytes FROM chunks WHERE data = $1 AND seq = $2")
                        .bind(&data)
                        .bind(seq)
                        .fetch_optional(&store.0.pool)
                        .await?;
                Ok(chunk.map(|chunk| (chunk, seq + 1)))
            }
        })
        .map_err(|error: sqlx::Error| StoreError::from(error))
        .boxed()
    }

    /// Removes bytes of an account that no row names any more, now or when the last reader is done.
    pub(super) async fn free(&self, account: &str, freed: Vec<Freed>) {
        for Freed { data, bytes } in freed {
            let still_there = self.still_there(account, bytes);
            let unheld = self.0.holds.with(|held| match held.get_mut(&data) {
                Some(entry) => {
                    entry.freed = Some(still_there);
                    None
                }
                None => Some(still_there),
            });
            if let Some(still_there) = unheld {
                self.remove_chunks(&data).await;
                drop(still_there);
            }
        }
    }

    /// What fails here is made good at the next start.
    async fn remove_chunks(&self, data: &str) {
        let removed =
            sqlx::query("DELETE FROM chunks WHERE data = $1").bind(data).execute(&self.0.pool).await;
        if let Err(error) = removed {
            tracing::warn!(%error, "bytes of a removed object stay until the next start");
        }
    }
}

//! Giving names to bytes and taking them away. Writes that wait at the same time are made together, in statements of several rows.

mod replaced;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use bytes::Bytes;
use futures::FutureExt as _;
use tokio::sync::oneshot;

use super::accounts::find_owner;
use super::memory::{Effect, global_name};
use super::objects::{Kept, Marker, VERSION, body_of, place, version_of};
use super::sql::{Value, rows_of_parameters, sql};
use super::usage;
use super::writer::{Member, Tx};
use super::{
    NULL_VERSION, ObjectRow, OnlyIf, Refused, Removed, Store, StoreError, Terms, Version, Written,
    new_version_id,
};
use crate::model::{Timestamp, Versioning};
use replaced::take_replaced;
pub(super) use replaced::{REMOVED, RemovedRow};

/// Encrypted bytes that an object's row holds at most; more are a chunk of their own.
const BYTES_IN_ROW: usize = 32 << 10;

/// A version that is to be the latest of its name.
pub(super) struct Put {
    bucket: String,
    key: String,
    version: String,
    /// Empty for a delete marker.
    data: String,
    body: String,
    bytes: PutBytes,
    /// The account that owns the bucket.
    owner: String,
    only_if: Option<OnlyIf>,
    /// What is kept of it once it is there.
    kept: Arc<Kept>,
    written: Written,
    answer: oneshot::Sender<Result<Written, StoreError>>,
}

/// Where a version's bytes are.
enum PutBytes {
    /// In its row, or nowhere for a delete marker.
    InRow(Option<Bytes>),
    /// In chunks, of which this is the last.
    LastChunk(i64, Vec<u8>),
    /// In chunks that are there.
    InChunks,
}

/// A version that is to go.
pub(super) struct Remove {
    /// The account that owns the bucket.
    owner: String,
    bucket: String,
    key: String,
    version: String,
    only_if: Option<OnlyIf>,
    /// Whether it was a delete marker; or why it stays.
    removed: Result<bool, Refused>,
    answer: oneshot::Sender<Result<Result<bool, Refused>, StoreError>>,
}

impl Put {
    fn of_object(
        (object, body): (&ObjectRow, String),
        terms: Terms<'_>,
        bytes: PutBytes,
        answer: oneshot::Sender<Result<Written, StoreError>>,
    ) -> Self {
        let version = Version {
            key: object.key.clone(),
            id: object.version.clone(),
            latest: true,
            object: Some(object.clone()),
            modified: object.modified,
        };
        let in_row = match &bytes {
            PutBytes::InRow(bytes) => bytes.clone(),
            PutBytes::LastChunk(..) | PutBytes::InChunks => None,
        };
        Self {
            bucket: object.bucket.clone(),
            key: object.key.clone(),
            version: object.version.clone(),
            data: object.data.clone(),
            body,
            bytes,
            owner: terms.owner.to_owned(),
            only_if: terms.only_if.cloned(),
            kept: Arc::new(Kept { version, bytes: in_row }),
            written: Ok(()),
            answer,
        }
    }

    pub(super) fn size(&self) -> usize {
        let bytes = match &self.bytes {
            PutBytes::InRow(bytes) => bytes.as_ref().map_or(0, Bytes::len),
            PutBytes::LastChunk(_, bytes) => bytes.len(),
            PutBytes::InChunks => 0,
        };
        self.body.len() + bytes
    }

    pub(super) fn place(&self) -> String {
        place(&self.bucket, &self.key)
    }

    pub(super) fn end(self, ended: Result<(), StoreError>) {
        // Whoever asked may have gone away.
        let _ = self.answer.send(ended.map(|()| self.written));
    }

    fn in_place(&self) -> [Value; 3] {
        [(&self.bucket).into(), self.key.as_bytes().into(), (&self.version).into()]
    }
}

impl Remove {
    pub(super) fn place(&self) -> String {
        place(&self.bucket, &self.key)
    }

    pub(super) fn end(self, ended: Result<(), StoreError>) {
        let _ = self.answer.send(ended.map(|()| self.removed));
    }

    fn in_place(&self) -> [Value; 3] {
        [(&self.bucket).into(), self.key.as_bytes().into(), (&self.version).into()]
    }
}

impl Store {
    /// Adds the last chunk and names all of them: from now on the object is these bytes. Without versioning what it was
    /// before is gone.
    pub async fn put_object(
        &self,
        object: &ObjectRow,
        terms: Terms<'_>,
        (seq, bytes): (i64, &[u8]),
    ) -> Result<Written, StoreError> {
        let bytes = match seq == 0 && bytes.len() <= BYTES_IN_ROW {
            true => PutBytes::InRow(Some(Bytes::copy_from_slice(bytes))),
            false => PutBytes::LastChunk(seq, bytes.to_vec()),
        };
        let (answer, written) = oneshot::channel();
        self.send(Member::Put(Put::of_object((object, body_of(object)?), terms, bytes, answer))).await?;
        written.await.map_err(|_| StoreError::Stopped)?
    }

    /// Changes what a row says of an object, its bytes apart. Gives false when that version is gone.
    pub async fn describe_object(&self, object: &ObjectRow) -> Result<bool, StoreError> {
        let described = (object.clone(), body_of(object)?);
        self.write(described.1.len(), described, |(object, body), tx| describe(tx, object, body).boxed())
            .await
    }

    /// Removes what a request without a version id means: the object, or with versioning nothing but its name, by a delete
    /// marker (S3 User Guide, `DeletingObjectVersions`). Removing what is not there is no error, unless it was demanded. What is
    /// given is why nothing was removed, if so.
    pub async fn delete_object(
        &self,
        (owner, bucket, key): (&str, &str, &str),
        versioning: Option<Versioning>,
        only_if: Option<&OnlyIf>,
        now: Timestamp,
    ) -> Result<Result<Removed, Refused>, StoreError> {
        let version = match versioning {
            None => {
                let removed = self.remove((owner, bucket, key), NULL_VERSION, only_if).await?;
                return Ok(removed.map(|_| Removed::default()));
            }
            // With versioning on, a marker of its own leaves all versions as they are.
            Some(Versioning::Enabled) => new_version_id(),
            Some(Versioning::Suspended) => NULL_VERSION.to_owned(),
        };
        let body = serde_json::to_string(&Marker { modified: now });
        let marker =
            Version { key: key.to_owned(), id: version.clone(), latest: true, object: None, modified: now };
        let (answer, written) = oneshot::channel();
        let put = Put {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            version: version.clone(),
            data: String::new(),
            body: body.map_err(|source| StoreError::Row { kind: "delete marker", source })?,
            bytes: PutBytes::InRow(None),
            owner: owner.to_owned(),
            only_if: only_if.cloned(),
            kept: Arc::new(Kept { version: marker, bytes: None }),
            written: Ok(()),
            answer,
        };
        self.send(Member::Put(put)).await?;
        match written.await.map_err(|_| StoreError::Stopped)?? {
            Ok(()) => Ok(Ok(Removed { version: Some(version), marker: true })),
            Err(refused) => Ok(Err(refused)),
        }
    }

    /// Removes one version for good; what was before it is the latest then. Removing what is not there is no error,
    /// unless it was demanded. What is given is why nothing was removed, if so, among it that `owner` has no such bucket any
    /// more.
    pub async fn delete_version(
        &self,
        place: (&str, &str, &str),
        version: &str,
        only_if: Option<&OnlyIf>,
    ) -> Result<Result<Removed, Refused>, StoreError> {
        let removed = self.remove(place, version, only_if).await?;
        Ok(removed.map(|marker| Removed { version: Some(version.to_owned()), marker }))
    }

    /// Whether what was removed was a delete marker; or why nothing was.
    async fn remove(
        &self,
        (owner, bucket, key): (&str, &str, &str),
        version: &str,
        only_if: Option<&OnlyIf>,
    ) -> Result<Result<bool, Refused>, StoreError> {
        let (answer, removed) = oneshot::channel();
        let remove = Remove {
            owner: owner.to_owned(),
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            version: version.to_owned(),
            only_if: only_if.cloned(),
            removed: Ok(false),
            answer,
        };
        self.send(Member::Remove(remove)).await?;
        removed.await.map_err(|_| StoreError::Stopped)?
    }
}

async fn describe(tx: &mut Tx, object: &ObjectRow, body: &str) -> Result<bool, StoreError> {
    let update =
        sql("UPDATE objects SET body = $1 WHERE bucket = $2 AND name = $3 AND version = $4 AND data = $5");
    let update = update.bind(body).bind(&object.bucket).bind(object.key.as_bytes());
    let updated = tx.run(update.bind(&object.version).bind(&object.data)).await?;
    tx.effects.push(Effect::Object { place: place(&object.bucket, &object.key), now: None });
    Ok(updated > 0)
}

/// Rows for `VALUES`, made up to a power of two with rows of nothing, so that groups of all sizes share a few statements.
struct Rows {
    columns: usize,
    values: Vec<Value>,
}

impl Rows {
    fn new<const COLUMNS: usize>(rows: impl Iterator<Item = [Value; COLUMNS]>) -> Self {
        Self { columns: COLUMNS, values: rows.flatten().collect() }
    }

    fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// How many there are once they are made up, and what to bind.
    fn made_up(mut self) -> (usize, Vec<Value>) {
        let count = (self.values.len() / self.columns).next_power_of_two();
        let nothing = |value: &Value| match value {
            Value::Text(_) => Value::Text(None),
            Value::Integer(_) => Value::Integer(None),
            Value::Bytes(_) => Value::Bytes(None),
        };
        let row: Vec<_> = self.values.iter().take(self.columns).map(nothing).collect();
        while self.values.len() < count * self.columns {
            self.values.extend_from_slice(&row);
        }
        (count, self.values)
    }

    /// As the list that follows `VALUES`.
    fn list(self) -> (String, Vec<Value>) {
        let columns = self.columns;
        let (count, values) = self.made_up();
        (rows_of_parameters(count, columns), values)
    }
}

/// Puts versions of different names. Of each it is said in `written` what came of it.
pub(super) async fn put_all(tx: &mut Tx, mut puts: Vec<&mut Put>) -> Result<(), StoreError> {
    for put in &mut puts {
        put.written = Ok(());
    }
    refuse_without_bucket(tx, &mut puts).await?;
    refuse_on_condition(tx, &mut puts).await?;
    puts.retain(|put| put.written.is_ok());
    take_replaced(tx, &puts).await?;
    let rows = Rows::new(puts.iter().map(|put| {
        let in_row = match &put.bytes {
            PutBytes::InRow(bytes) => bytes.as_ref().map(|bytes| bytes.to_vec()),
            PutBytes::LastChunk(..) | PutBytes::InChunks => None,
        };
        let [bucket, key, version] = put.in_place();
        [bucket, key, version, (&put.data).into(), (&put.body).into(), Value::Bytes(in_row)]
    }));
    if rows.is_empty() {
        return Ok(());
    }
    let (list, values) = rows.list();
    let insert = sql(format!(
        "INSERT INTO objects (bucket, name, version, born, data, body, bytes) \
         SELECT new.column1, new.column2, new.column3, COALESCE((SELECT born FROM objects WHERE bucket = new.column1 \
         AND name = new.column2 AND version <> new.column3 ORDER BY born DESC LIMIT 1), 0) + 1, \
         new.column4, new.column5, new.column6 FROM (VALUES {list}) AS new WHERE new.column1 IS NOT NULL \
         ON CONFLICT (bucket, name, version) DO UPDATE \
         SET born = excluded.born, data = excluded.data, body = excluded.body, bytes = excluded.bytes"
    ));
    tx.run(insert.bind_all(values)).await?;
    for put in puts {
        if let PutBytes::LastChunk(seq, bytes) = &put.bytes {
            let chunk = sql("INSERT INTO chunks (data, seq, bytes) VALUES ($1, $2, $3)");
            tx.run(chunk.bind(&put.data).bind(*seq).bind(bytes.as_slice())).await?;
            if *seq > 0 {
                tx.run(sql("DELETE FROM unnamed WHERE data = $1").bind(&put.data)).await?;
            }
        }
        tx.tally.add(&put.owner, usage::of_version(&put.data, &put.body)?);
        let size = put.kept.size(put.body.len());
        let now = Some((Arc::clone(&put.kept), size));
        tx.effects.push(Effect::Object { place: put.place(), now });
    }
    Ok(())
}

async fn refuse_without_bucket(tx: &mut Tx, puts: &mut [&mut Put]) -> Result<(), StoreError> {
    let owners = owners(tx, puts.iter().map(|put| put.bucket.as_str())).await?;
    for put in puts {
        if owners.get(&put.bucket) != Some(&put.owner) {
            put.written = Err(Refused::NoBucket);
        }
    }
    Ok(())
}

/// The accounts that buckets belong to; none of those that are not there.
async fn owners(
    tx: &mut Tx,
    buckets: impl Iterator<Item = &str>,
) -> Result<BTreeMap<String, String>, StoreError> {
    let mut owners = BTreeMap::new();
    for bucket in buckets.collect::<BTreeSet<_>>() {
        if let Some(owner) = tx.owner("bucket", bucket).await? {
            owners.insert(bucket.to_owned(), owner);
        }
    }
    Ok(owners)
}

async fn refuse_on_condition(tx: &mut Tx, puts: &mut [&mut Put]) -> Result<(), StoreError> {
    let asking = |put: &Put| put.written.is_ok() && put.only_if.is_some();
    let there = etags(tx, puts.iter().filter(|put| asking(put)).map(|put| put.in_place()), LATEST).await?;
    for put in puts.iter_mut().filter(|put| asking(put)) {
        put.written = held(put.only_if.as_ref(), there.get(&put.place()));
    }
    Ok(())
}

/// Whether what is demanded of the object that is there, by its entity tag, holds.
fn held(only_if: Option<&OnlyIf>, there: Option<&String>) -> Written {
    match (only_if, there) {
        (None, _) | (Some(OnlyIf::Absent), None) | (Some(OnlyIf::Present), Some(_)) => Ok(()),
        (Some(OnlyIf::Etag(wanted)), Some(there)) if wanted == there => Ok(()),
        (Some(OnlyIf::Present | OnlyIf::Etag(_)), None) => Err(Refused::Missing),
        (Some(only_if), Some(_)) => Err(Refused::Changed(only_if.clone())),
    }
}

/// Which version a condition is about: a write the one that it follows, a removal the one that it removes.
const LATEST: &str = "objects.born = (SELECT MAX(newest.born) FROM objects newest \
     WHERE newest.bucket = asked.column1 AND newest.name = asked.column2)";
const ITSELF: &str = "objects.version = asked.column3";

/// The entity tags of these versions, by their places; none of those that are not there.
async fn etags(
    tx: &mut Tx,
    places: impl Iterator<Item = [Value; 3]>,
    which: &str,
) -> Result<HashMap<String, String>, StoreError> {
    let mut etags = HashMap::new();
    let rows = Rows::new(places);
    if rows.is_empty() {
        return Ok(etags);
    }
    let (list, values) = rows.list();
    let query = sql(format!(
        "SELECT {VERSION} FROM (VALUES {list}) AS asked CROSS JOIN objects \
         WHERE objects.bucket = asked.column1 AND objects.name = asked.column2 AND {which}"
    ));
    for row in tx.rows(query.bind_all(values)).await? {
        if let Some(object) = version_of(&row, true)?.object {
            etags.insert(place(&object.bucket, &object.key), object.etag);
        }
    }
    Ok(etags)
}

/// Removes versions of different names. Of each it is said in `removed` what came of it.
pub(super) async fn remove_all(tx: &mut Tx, mut removes: Vec<&mut Remove>) -> Result<(), StoreError> {
    let owners = owners(tx, removes.iter().map(|remove| remove.bucket.as_str())).await?;
    let asking = removes.iter().filter(|remove| remove.only_if.is_some());
    let there = etags(tx, asking.map(|remove| remove.in_place()), ITSELF).await?;
    for remove in &mut removes {
        let held = match owners.get(&remove.bucket) == Some(&remove.owner) {
            true => held(remove.only_if.as_ref(), there.get(&remove.place())),
            false => Err(Refused::NoBucket),
        };
        remove.removed = held.map(|()| false);
    }
    removes.retain(|remove| remove.removed.is_ok());
    if removes.is_empty() {
        return Ok(());
    }
    let (count, values) = Rows::new(removes.iter().map(|remove| remove.in_place())).made_up();
    // SQLite looks each of these up in the index; with `IN (VALUES …)` it would read every object there is.
    let each = (0..count).map(|row| {
        let first = row * 3;
        format!("(bucket = ${} AND name = ${} AND version = ${})", first + 1, first + 2, first + 3)
    });
    let remove = sql(format!(
        "DELETE FROM objects WHERE {} RETURNING {REMOVED}",
        each.collect::<Vec<_>>().join(" OR ")
    ));
    let mut markers = HashMap::new();
    for row in tx.rows(remove.bind_all(values)).await? {
        let removed = RemovedRow::read(&row)?;
        markers.insert(place(&removed.bucket, &removed.key), removed.data.is_empty());
        let owner = owners.get(&removed.bucket).map(String::as_str).unwrap_or_default();
        removed.count(tx, owner).await?;
    }
    for remove in &mut removes {
        let place = remove.place();
        remove.removed = Ok(markers.get(&place).copied().unwrap_or_default());
        tx.effects.push(Effect::Object { place, now: None });
    }
    Ok(())
}

impl Tx {
    /// Nothing names these chunks any more, which were so many bytes of an account.
    pub(super) async fn free(&mut self, data: &str, account: &str, bytes: u64) -> Result<(), StoreError> {
        self.run(sql("INSERT INTO unnamed (data) VALUES ($1) ON CONFLICT (data) DO NOTHING").bind(data))
            .await?;
        self.effects.push(Effect::Freed { data: data.to_owned(), account: account.to_owned(), bytes });
        Ok(())
    }

    /// The account that a name belongs to which is unique over all accounts, as this transaction leaves it.
    pub(super) async fn owner(
        &mut self,
        kind: &'static str,
        name: &str,
    ) -> Result<Option<String>, StoreError> {
        let full = global_name(kind, name);
        let changed = self.effects.iter().rev().find_map(|effect| match effect {
            Effect::Owner { name, now } if *name == full => Some(now.clone()),
            _ => None,
        });
        if let Some(owner) = changed {
            return Ok(owner);
        }
        let memory = Arc::clone(&self.memory);
        match memory.owners.get(&full) {
            Ok(owner) => Ok(Some(owner)),
            Err(ticket) => {
                let found = self.row(find_owner(kind, name)).await?;
                let owner = found.map(|row| row.get(0)).transpose()?;
                Ok(owner.map(|owner| memory.fill_owner(&full, ticket, owner)))
            }
        }
    }
}

/// Names an object, of which this is the row's text, whose bytes are in chunks already.
pub(super) async fn name_object(
    tx: &mut Tx,
    (object, body): (&ObjectRow, &str),
    terms: Terms<'_>,
) -> Result<Written, StoreError> {
    let (answer, _) = oneshot::channel();
    let mut put = Put::of_object((object, body.to_owned()), terms, PutBytes::InChunks, answer);
    put_all(tx, vec![&mut put]).await?;
    Ok(put.written)
}

#[cfg(test)]
mod tests;

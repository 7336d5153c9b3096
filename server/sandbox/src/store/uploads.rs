//! Multipart uploads: parts come in any order, also again, and become an object when the upload is completed.

use futures::FutureExt as _;
use serde::{Deserialize, Serialize};

use super::naming::name_object;
use super::objects::{ObjectRow, OnlyIf, PartRow, Refused, Terms, Written, body_of};
use super::sql::{Row, sql};
use super::usage;
use super::writer::Tx;
use super::{Store, StoreError};
use crate::model::Timestamp;

/// An upload under way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UploadRow {
    /// Upload id.
    #[serde(skip)]
    pub id: String,
    /// The object it is to become: everything but size, entity tag, checksums and parts.
    pub object: ObjectRow,
    /// When it was begun.
    pub initiated: Timestamp,
    /// Principal ARN of who began it; the canonical id of an account's root user.
    pub initiator: String,
    /// The data of the object that was there when it was begun; empty when there was none.
    #[serde(default)]
    pub before: Option<String>,
    /// Checksum algorithm asked for, as S3 spells it.
    pub checksum_algorithm: Option<String>,
    /// Whether the object's checksum is to be that of the parts' checksums.
    pub composite_checksum: bool,
}

/// Chunk numbers of one attempt at one part: the part, the attempt, the chunk.
const CHUNK_BITS: u32 = 24;
const ATTEMPT_BITS: u32 = 24;

/// Chunks from this number on are of parts: parts count from 1.
pub(super) const FIRST_OF_PARTS: i64 = 1 << (ATTEMPT_BITS + CHUNK_BITS);

/// The number of the first chunk of an attempt at a part. Attempts do not overlap, so that one that fails harms no other.
pub fn first_chunk(part: i64, attempt: u32) -> i64 {
    let attempt = i64::from(attempt & ((1 << ATTEMPT_BITS) - 1));
    (part << (ATTEMPT_BITS + CHUNK_BITS)) | (attempt << CHUNK_BITS)
}

/// The number after the last chunk that an attempt can have.
pub fn end_of_attempt(first: i64) -> i64 {
    first + (1 << CHUNK_BITS)
}

impl Store {
    /// Begins an upload, if its bucket is there.
    pub async fn create_upload(&self, upload: &UploadRow, owner: &str) -> Result<Written, StoreError> {
        let begun = (upload.clone(), body_of(upload)?, owner.to_owned());
        self.write(begun.1.len(), begun, |(upload, body, owner), tx| create(tx, upload, body, owner).boxed())
            .await
    }

    /// An upload to this bucket and key; `None` when there is none, or no more.
    pub async fn upload(&self, bucket: &str, key: &str, id: &str) -> Result<Option<UploadRow>, StoreError> {
        let query = sql(
            "SELECT id, bucket, name, data, body FROM uploads WHERE bucket = $1 AND name = $2 AND id = $3",
        );
        let query = query.bind(bucket).bind(key.as_bytes()).bind(id);
        let row = query.row(self.readers()?).await?;
        row.map(|row| upload_of(&row)).transpose()
    }

    /// Adds the last chunk of a part and names the part, in place of an earlier one with its number.
    pub async fn put_part(
        &self,
        upload: &UploadRow,
        part: &PartRow,
        (seq, bytes): (i64, &[u8]),
    ) -> Result<Written, StoreError> {
        let last = LastOfPart {
            upload: upload.id.clone(),
            bucket: upload.object.bucket.clone(),
            data: upload.object.data.clone(),
            number: part.number,
            first: part.first,
            size: part.size,
            body: body_of(part)?,
            seq,
            bytes: bytes.to_vec(),
        };
        self.write(bytes.len(), last, |last, tx| add_part(tx, last).boxed()).await
    }

    /// The parts of an upload after number `after`, in order.
    pub async fn parts(&self, upload: &str, after: i64) -> Result<Vec<PartRow>, StoreError> {
        let query = sql("SELECT body FROM parts WHERE upload = $1 AND number > $2 ORDER BY number");
        let rows = query.bind(upload).bind(after).rows(self.readers()?).await?;
        let read = |row: &Row| {
            let body: String = row.get(0)?;
            serde_json::from_str(&body).map_err(|source| StoreError::Row { kind: "part", source })
        };
        rows.iter().map(read).collect()
    }

    /// Makes an upload the object it was to become, of the parts that `object` names. Parts that it does not name are gone.
    pub async fn complete_upload(
        &self,
        upload: &str,
        object: &ObjectRow,
        terms: Terms<'_>,
    ) -> Result<Written, StoreError> {
        let completion = Completion {
            upload: upload.to_owned(),
            object: object.clone(),
            // With ten thousand parts this is megabytes.
            body: body_of(object)?,
            owner: terms.owner.to_owned(),
            only_if: terms.only_if.cloned(),
        };
        self.write(completion.body.len(), completion, |completion, tx| complete(tx, completion).boxed()).await
    }

    /// Ends an upload and removes its parts; false when there is no such upload.
    pub async fn abort_upload(&self, upload: &UploadRow) -> Result<bool, StoreError> {
        self.write(0, upload.clone(), |upload, tx| abort(tx, upload).boxed()).await
    }
}

/// The last chunk of a part.
struct LastOfPart {
    upload: String,
    bucket: String,
    data: String,
    number: i64,
    first: i64,
    size: u64,
    body: String,
    seq: i64,
    bytes: Vec<u8>,
}

/// An upload that is to become an object.
struct Completion {
    upload: String,
    object: ObjectRow,
    body: String,
    owner: String,
    only_if: Option<OnlyIf>,
}

async fn create(tx: &mut Tx, upload: &UploadRow, body: &str, owner: &str) -> Result<Written, StoreError> {
    if tx.owner("bucket", &upload.object.bucket).await?.is_none_or(|now| now != owner) {
        return Ok(Err(Refused::NoBucket));
    }
    let insert = sql("INSERT INTO uploads (id, bucket, name, data, body) VALUES ($1, $2, $3, $4, $5)");
    let insert = insert.bind(&upload.id).bind(&upload.object.bucket).bind(upload.object.key.as_bytes());
    tx.run(insert.bind(&upload.object.data).bind(body)).await?;
    tx.tally.add(owner, usage::of_name());
    Ok(Ok(()))
}

async fn is_there(tx: &mut Tx, upload: &str) -> Result<bool, StoreError> {
    Ok(tx.row(sql("SELECT id FROM uploads WHERE id = $1").bind(upload)).await?.is_some())
}

async fn add_part(tx: &mut Tx, last: &LastOfPart) -> Result<Written, StoreError> {
    if !is_there(tx, &last.upload).await? {
        return Ok(Err(Refused::NoUpload));
    }
    let account = tx.owner("bucket", &last.bucket).await?.unwrap_or_default();
    if let Some((first, size)) = stored_part(tx, &last.upload, last.number).await? {
        remove_between(tx, &last.data, first, end_of_attempt(first)).await?;
        tx.tally.take(&account, usage::of_part(size));
    }
    tx.tally.add(&account, usage::of_part(last.size));
    let chunk = sql("INSERT INTO chunks (data, seq, bytes) VALUES ($1, $2, $3)");
    tx.run(chunk.bind(&last.data).bind(last.seq).bind(last.bytes.as_slice())).await?;
    let part = sql("INSERT INTO parts (upload, number, first, body) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (upload, number) DO UPDATE SET first = excluded.first, body = excluded.body");
    tx.run(part.bind(&last.upload).bind(last.number).bind(last.first).bind(&last.body)).await?;
    Ok(Ok(()))
}

async fn complete(tx: &mut Tx, completion: &Completion) -> Result<Written, StoreError> {
    let Completion { upload, object, body, owner, only_if } = completion;
    if !is_there(tx, upload).await? {
        return Ok(Err(Refused::NoUpload));
    }
    for part in &object.parts {
        // Uploaded again since the parts were read: what was promised is no longer there.
        let stored = stored_part(tx, upload, part.number).await?;
        if stored.is_none_or(|(first, _)| first != part.first) {
            return Ok(Err(Refused::NoPart { number: part.number, etag: part.etag.clone() }));
        }
    }
    let written = name_object(tx, (object, body), Terms { owner, only_if: only_if.as_ref() }).await?;
    if written.is_err() {
        return Ok(written);
    }
    tx.end_upload(upload, owner).await?;
    let mut kept_up_to = 0;
    for part in &object.parts {
        remove_between(tx, &object.data, kept_up_to, part.first).await?;
        kept_up_to = end_of_attempt(part.first);
    }
    remove_between(tx, &object.data, kept_up_to, i64::MAX).await?;
    Ok(Ok(()))
}

async fn abort(tx: &mut Tx, upload: &UploadRow) -> Result<bool, StoreError> {
    let account = tx.owner("bucket", &upload.object.bucket).await?.unwrap_or_default();
    let gone = tx.end_upload(&upload.id, &account).await?;
    if gone {
        tx.free(&upload.object.data, &account, 0).await?;
    }
    Ok(gone)
}

impl Tx {
    /// Ends the uploads to a bucket of an account: they do not keep it.
    pub(super) async fn end_uploads(&mut self, bucket: &str, account: &str) -> Result<(), StoreError> {
        let uploads = sql("SELECT id, data FROM uploads WHERE bucket = $1").bind(bucket);
        for upload in self.rows(uploads).await? {
            self.end_upload(&upload.get::<String>(0)?, account).await?;
            self.free(&upload.get::<String>(1)?, account, 0).await?;
        }
        Ok(())
    }

    /// Removes the rows of an account's upload and of its parts; false when there is no such upload.
    async fn end_upload(&mut self, upload: &str, account: &str) -> Result<bool, StoreError> {
        let parts = sql("DELETE FROM parts WHERE upload = $1 RETURNING body").bind(upload);
        for part in self.rows(parts).await? {
            self.tally.take(account, usage::of_part(usage::size_in(&part.get::<String>(0)?)?));
        }
        let ended = self.run(sql("DELETE FROM uploads WHERE id = $1").bind(upload)).await? > 0;
        if ended {
            self.tally.take(account, usage::of_name());
        }
        Ok(ended)
    }
}

/// The number of a part's first chunk, and its size.
async fn stored_part(tx: &mut Tx, upload: &str, number: i64) -> Result<Option<(i64, u64)>, StoreError> {
    let query = sql("SELECT first, body FROM parts WHERE upload = $1 AND number = $2");
    let Some(row) = tx.row(query.bind(upload).bind(number)).await? else { return Ok(None) };
    Ok(Some((row.get(0)?, usage::size_in(&row.get::<String>(1)?)?)))
}

async fn remove_between(tx: &mut Tx, data: &str, first: i64, end: i64) -> Result<(), StoreError> {
    let delete = sql("DELETE FROM chunks WHERE data = $1 AND seq >= $2 AND seq < $3");
    tx.run(delete.bind(data).bind(first).bind(end)).await?;
    Ok(())
}

pub(super) fn upload_of(row: &Row) -> Result<UploadRow, StoreError> {
    let body: String = row.get(4)?;
    let mut upload: UploadRow =
        serde_json::from_str(&body).map_err(|source| StoreError::Row { kind: "upload", source })?;
    (upload.id, upload.object.bucket) = (row.get(0)?, row.get(1)?);
    (upload.object.key, upload.object.data) = (row.get_name(2)?, row.get(3)?);
    Ok(upload)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::samples::{OWNER, part, store_with_bucket, upload_of};
    use super::*;

    #[tokio::test]
    async fn an_upload_whose_part_came_again_is_not_completed_with_the_one_that_was_read() {
        let store = store_with_bucket("bucket").await;
        let terms = Terms { owner: OWNER, only_if: None };
        let upload = upload_of("bucket", "key");
        store.create_upload(&upload, OWNER).await.unwrap().unwrap();
        let put = async |attempt: u32| {
            let part = PartRow { etag: format!("attempt {attempt}"), ..part(1, attempt, 5) };
            store.put_part(&upload, &part, (part.first, b"bytes")).await.unwrap().unwrap();
            let parts = store.parts(&upload.id, 0).await.unwrap();
            ObjectRow { size: 5, parts, ..upload.object.clone() }
        };
        let (read, later) = (put(1).await, put(2).await);
        let refused = Err(Refused::NoPart { number: 1, etag: "attempt 1".into() });
        assert_eq!(store.complete_upload(&upload.id, &read, terms).await.unwrap(), refused);
        store.complete_upload(&upload.id, &later, terms).await.unwrap().unwrap();
        let again = store.complete_upload(&upload.id, &later, terms).await.unwrap();
        assert_eq!(again, Err(Refused::NoUpload));
    }
}

//! Writing an object: encrypt as the bytes come, check the digests at the end, and only then name the chunks.

use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use s3s::{S3Error, S3Result, StdError, TrailingHeaders};
use zeroize::Zeroizing;

use super::ask::Ask;
use super::checksum::Claims;
use super::envelope::{CHUNK_BYTES, Envelope, seal_chunk};
use super::failure::{from_store, internal, refuse};
use super::intake::payload_hash_mismatch;
use crate::crypto::{self, Key};
use crate::gate::{Permit, actions};
use crate::store::{ObjectRow, Store};

/// What an object is to be called and described with.
#[derive(Clone, Debug)]
pub(super) struct Description {
    pub(super) bucket: String,
    pub(super) key: String,
    pub(super) content_type: Option<String>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) metadata: Vec<(String, String)>,
}

/// The bytes of an upload and what is claimed of them.
#[derive(Debug)]
pub(super) struct Content<S> {
    pub(super) body: S,
    /// Announced length.
    pub(super) length: Option<u64>,
    pub(super) claims: Claims,
    pub(super) trailers: Option<TrailingHeaders>,
}

/// Writes one object and gives its row. Until the end nothing is visible; when it fails nothing is left.
pub(super) async fn write<S>(
    ask: &Ask,
    _permit: Permit<actions::s3::PutObject>,
    description: Description,
    envelope: Envelope,
    mut content: Content<S>,
) -> S3Result<ObjectRow>
where
    S: Stream<Item = Result<Bytes, StdError>> + Unpin,
{
    let mut draft = Draft::new(&ask.aws.store, envelope.key);
    let mut digest = content.claims.digest();
    let mut size = 0_u64;
    while let Some(bytes) = content.body.next().await {
        let bytes = bytes.map_err(|error| body_error(ask, error.as_ref()))?;
        size += bytes.len() as u64;
        must_fit(ask, size)?;
        digest.update(&bytes);
        draft.push(bytes).await?;
    }
    if content.length.is_some_and(|announced| announced != size) {
        return Err(refuse(
            400,
            "IncompleteBody",
            "You did not provide the number of bytes specified by the Content-Length HTTP header",
        ));
    }
    let sums = digest.finish();
    content.claims.verify(&sums, content.trailers.as_ref())?;
    // Under a KMS key the entity tag is no digest of the plaintext (S3 API reference, "Object").
    let etag = match envelope.kms_key_arn {
        Some(_) => hex::encode(crypto::random::<16>().map_err(internal)?),
        None => hex::encode(&sums.md5),
    };
    let row = ObjectRow {
        bucket: description.bucket,
        key: description.key,
        data: draft.data.clone(),
        size,
        etag: format!("\"{etag}\""),
        modified: ask.meta.now.unix_timestamp(),
        content_type: description.content_type,
        metadata: description.metadata,
        headers: description.headers,
        kms_key_arn: envelope.kms_key_arn,
        encryption_context: envelope.context.into_iter().collect(),
        wrapped_key: envelope.wrapped_key,
        bucket_key: envelope.bucket_key,
        checksums: vec![(sums.algorithm.name().to_owned(), sums.value)],
    };
    draft.finish(&row).await?;
    Ok(row)
}

/// Refuses what is larger than the sandbox takes, naming the limit.
pub(super) fn must_fit(ask: &Ask, size: u64) -> S3Result<()> {
    match size <= ask.aws.max_object_bytes {
        true => Ok(()),
        false => Err(too_large(ask.aws.max_object_bytes)),
    }
}

fn too_large(limit: u64) -> S3Error {
    let message = format!("Your proposed upload exceeds the maximum allowed object size of {limit} bytes");
    refuse(400, "EntityTooLarge", message)
}

/// An object's chunks while it is written. Dropped before its end it takes back what it wrote.
struct Draft {
    store: Store,
    key: Key,
    data: String,
    buffer: Zeroizing<Vec<u8>>,
    written: i64,
}

impl Draft {
    fn new(store: &Store, key: Key) -> Self {
        let data = uuid::Uuid::new_v4().to_string();
        Self { store: store.clone(), key, data, buffer: Zeroizing::default(), written: 0 }
    }

    /// Takes more plaintext. A full chunk is kept until more comes: the last one is sealed as the last.
    async fn push(&mut self, mut bytes: Bytes) -> S3Result<()> {
        while !bytes.is_empty() {
            if self.buffer.len() == CHUNK_BYTES {
                let sealed = self.seal(false)?;
                let seq = self.written;
                // Counted first: a chunk whose write was cut off may be there all the same.
                self.written += 1;
                self.store.put_chunk(&self.data, seq, &sealed).await.map_err(|error| from_store(&error))?;
                self.buffer.clear();
            }
            let more = bytes.split_to(bytes.len().min(CHUNK_BYTES - self.buffer.len()));
            self.buffer.extend_from_slice(&more);
        }
        Ok(())
    }

    fn seal(&self, last: bool) -> S3Result<Vec<u8>> {
        seal_chunk(&self.key, &self.data, self.written, last, &self.buffer).map_err(internal)
    }

    async fn finish(mut self, row: &ObjectRow) -> S3Result<()> {
        let sealed = self.seal(true)?;
        let named = self.store.put_object(row, (self.written, &sealed)).await;
        match named.map_err(|error| from_store(&error))? {
            true => {
                self.written = 0;
                Ok(())
            }
            false => Err(refuse(404, "NoSuchBucket", "The specified bucket does not exist")),
        }
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if self.written == 0 {
            return;
        }
        let (store, data) = (self.store.clone(), std::mem::take(&mut self.data));
        // Dropped when the client goes away, too: nobody waits for this.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                if let Err(error) = store.discard_chunks(&data).await {
                    tracing::warn!(%error, "an interrupted upload leaves chunks until the next start");
                }
            });
        }
    }
}

/// What broke off an upload. `s3s` keeps these types to itself; their text is all that tells them apart.
fn body_error(ask: &Ask, error: &(dyn std::error::Error + Send + Sync + 'static)) -> S3Error {
    let text = error.to_string();
    match text.contains("length limit exceeded") {
        true => too_large(ask.aws.max_object_bytes),
        false => broken_body(&text),
    }
}

fn broken_body(text: &str) -> S3Error {
    let has = |part: &str| text.contains(part);
    if has("Sha256Mismatch") {
        return payload_hash_mismatch();
    }
    if has("SignatureMismatch") {
        return refuse(
            403,
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. Check your key and signing \
             method.",
        );
    }
    if has("FormatError") || has("TooLarge") || has("TooManyTrailerHeaders") {
        return refuse(400, "InvalidRequest", "The aws-chunked body is not well-formed.");
    }
    refuse(
        400,
        "IncompleteBody",
        "You did not provide the number of bytes specified by the Content-Length HTTP header",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_bodies_are_told_apart() {
        let cases = [
            ("UploadStreamError: Sha256Mismatch", "XAmzContentSHA256Mismatch"),
            ("AwsChunkedStreamError: SignatureMismatch", "SignatureDoesNotMatch"),
            ("AwsChunkedStreamError: FormatError", "InvalidRequest"),
            ("AwsChunkedStreamError: Incomplete", "IncompleteBody"),
        ];
        for (text, code) in cases {
            assert_eq!(broken_body(text).code().as_str(), code);
        }
    }
}

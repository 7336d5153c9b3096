//! Bodies of signed requests, verified while they come: against the hash that was signed, or chunk by chunk. What was passed on
//! is worth nothing until the body has ended, so nothing waits for a chunk to be whole, however long its sender makes it.

use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::digest::{Context, SHA256};
use bytes::{Buf as _, Bytes, BytesMut};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body::Frame;
use http_body_util::StreamBody;
use s3s::StdError;

use crate::Body;
use crate::auth::ChunkSigner;

/// Shortest chunk but the last, in bytes (S3 API reference, `sigv4-streaming`).
const LEAST_CHUNK_BYTES: u64 = 8 << 10;
/// Longest line before a chunk, in bytes.
const MOST_LINE_BYTES: usize = 1 << 10;
/// Longest trailer, in bytes.
const MOST_TRAILER_BYTES: usize = 16 << 10;

/// Why a body is not the one that was signed.
#[derive(Debug, thiserror::Error)]
pub(super) enum PayloadError {
    #[error("the body does not have the hash that was signed")]
    WrongHash,
    #[error("a chunk or the trailer does not have the signature it comes with")]
    WrongSignature,
    #[error("the framing of the chunks is not well-formed")]
    Malformed,
    #[error("the trailer is not well-formed or not the one that was announced")]
    WrongTrailer,
    #[error("chunk {number} has {size} bytes only and is not the last")]
    ChunkTooSmall { number: u64, size: u64 },
    #[error("the body ended before its last chunk")]
    Incomplete,
}

/// The headers that follow a body; there once it was read to its end.
#[derive(Clone, Debug, Default)]
pub(super) struct Trailers(Arc<Mutex<HeaderMap>>);

impl Trailers {
    pub(super) fn get(&self, name: &str) -> Option<String> {
        let headers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        headers.get(name)?.to_str().ok().map(str::to_owned)
    }

    fn set(&self, headers: HeaderMap) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = headers;
    }
}

/// A body that ends with an error unless its SHA-256 is this one, in hexadecimal digits.
pub(super) fn hashed(body: Body, expected: String) -> Body {
    let state = (body, Context::new(&SHA256), expected);
    let verified = stream::try_unfold(state, |(mut body, mut hash, expected)| async move {
        match body.try_next().await? {
            Some(bytes) => {
                hash.update(&bytes);
                Ok(Some((bytes, (body, hash, expected))))
            }
            None if hex::encode(hash.finish()) == expected => Ok(None),
            None => Err(StdError::from(PayloadError::WrongHash)),
        }
    });
    body_of(verified)
}

/// The bytes within the chunks of an `aws-chunked` body. `signer` is `None` where the chunks are not signed; `announced` are the
/// names of the headers that follow.
pub(super) fn chunked(
    body: Body,
    signer: Option<ChunkSigner>,
    announced: Vec<String>,
    trailers: Trailers,
) -> Body {
    let decoder = Decoder {
        body,
        buffer: BytesMut::new(),
        signer,
        announced,
        trailers,
        number: 0,
        size: 0,
        chunk: None,
        ended: false,
    };
    body_of(stream::try_unfold(decoder, |mut decoder| async move {
        Ok(decoder.next().await?.map(|bytes| (bytes, decoder)))
    }))
}

fn body_of(stream: impl futures::Stream<Item = Result<Bytes, StdError>> + Send + 'static) -> Body {
    Body::http_body_unsync(StreamBody::new(stream.map_ok(Frame::data)))
}

/// What is read of a body in chunks.
struct Decoder {
    body: Body,
    /// Received and not yet taken.
    buffer: BytesMut,
    signer: Option<ChunkSigner>,
    announced: Vec<String>,
    trailers: Trailers,
    /// Number and size of the chunk that is being read, or was read last.
    number: u64,
    size: u64,
    chunk: Option<Chunk>,
    ended: bool,
}

/// A chunk that is being read.
struct Chunk {
    left: u64,
    hash: Context,
    signature: Option<Bytes>,
}

impl Decoder {
    async fn next(&mut self) -> Result<Option<Bytes>, StdError> {
        while !self.ended {
            match &mut self.chunk {
                None => self.begin().await?,
                Some(chunk) if chunk.left == 0 => self.end().await?,
                Some(_) => return self.more_of_chunk().await.map(Some),
            }
        }
        Ok(None)
    }

    /// Reads the line before a chunk: its size, and its signature where chunks are signed.
    async fn begin(&mut self) -> Result<(), StdError> {
        let line = self.framing(MOST_LINE_BYTES).await?;
        let (size, extension) = match line.iter().position(|byte| *byte == b';') {
            Some(place) => (line.slice(..place), Some(line.slice(place + 1..))),
            None => (line.clone(), None),
        };
        let size = std::str::from_utf8(&size).ok().filter(|size| !size.starts_with('+'));
        let size = size.and_then(|size| u64::from_str_radix(size, 16).ok()).ok_or(PayloadError::Malformed)?;
        let signature = match (&self.signer, extension) {
            (None, _) => None,
            (Some(_), extension) => {
                let extension = extension.ok_or(PayloadError::Malformed)?;
                let prefix = b"chunk-signature=";
                extension.starts_with(prefix).then_some(()).ok_or(PayloadError::Malformed)?;
                Some(extension.slice(prefix.len()..))
            }
        };
        if self.number > 0 && size > 0 && self.size < LEAST_CHUNK_BYTES {
            return Err(PayloadError::ChunkTooSmall { number: self.number, size: self.size }.into());
        }
        (self.number, self.size) = (self.number + 1, size);
        self.chunk = Some(Chunk { left: size, hash: Context::new(&SHA256), signature });
        Ok(())
    }

    async fn more_of_chunk(&mut self) -> Result<Bytes, StdError> {
        if self.buffer.is_empty() {
            self.receive().await?;
        }
        let Some(chunk) = &mut self.chunk else { return Ok(Bytes::new()) };
        let length = usize::try_from(chunk.left).unwrap_or(usize::MAX).min(self.buffer.len());
        let bytes = self.buffer.split_to(length).freeze();
        chunk.left -= length as u64;
        if chunk.signature.is_some() {
            chunk.hash.update(&bytes);
        }
        Ok(bytes)
    }

    /// Verifies a chunk whose bytes were all read. The one without bytes is the last.
    async fn end(&mut self) -> Result<(), StdError> {
        let Some(chunk) = self.chunk.take() else { return Ok(()) };
        if let (Some(signer), Some(signature)) = (&mut self.signer, &chunk.signature)
            && !signer.is_next(signature, &hex::encode(chunk.hash.finish()))
        {
            return Err(PayloadError::WrongSignature.into());
        }
        if self.size == 0 {
            self.trailer().await?;
            self.ended = true;
        } else {
            self.framing(0).await?;
        }
        Ok(())
    }

    /// Reads the headers behind the last chunk, up to an empty line or the end of the body.
    async fn trailer(&mut self) -> Result<(), StdError> {
        let (mut headers, mut canonical, mut signature) = (HeaderMap::new(), String::new(), None);
        let mut left = MOST_TRAILER_BYTES;
        while !(self.buffer.is_empty() && self.at_end().await?) {
            let line = self.line(left, PayloadError::WrongTrailer).await?;
            left = left.saturating_sub(line.len() + 1);
            // The reference's own example ends a header of the trailer with a line feed alone.
            let line = line.strip_suffix(b"\r").unwrap_or(&line);
            if line.is_empty() {
                break;
            }
            let (name, value) = header(line).ok_or(PayloadError::WrongTrailer)?;
            match name.as_str() {
                "x-amz-trailer-signature" => signature = Some(value),
                _ if self.announced.iter().any(|announced| announced == name.as_str()) => {
                    canonical.push_str(&format!("{name}:{}\n", value.to_str()?));
                    headers.append(name, value);
                }
                _ => return Err(PayloadError::WrongTrailer.into()),
            }
        }
        if !(self.buffer.is_empty() && self.at_end().await?) {
            return Err(PayloadError::Malformed.into());
        }
        if let (Some(signer), false) = (&self.signer, self.announced.is_empty()) {
            let signature = signature.ok_or(PayloadError::WrongTrailer)?;
            if !signer.is_of_trailer(signature.as_bytes(), &canonical) {
                return Err(PayloadError::WrongSignature.into());
            }
        }
        self.trailers.set(headers);
        Ok(())
    }

    /// A line that frames chunks, without its end, which is that of HTTP and no other.
    async fn framing(&mut self, most: usize) -> Result<Bytes, StdError> {
        let line = self.line(most + 1, PayloadError::Malformed).await?;
        let length = line.strip_suffix(b"\r").ok_or(PayloadError::Malformed)?.len();
        Ok(line.slice(..length))
    }

    /// The bytes up to the next line feed, without it.
    async fn line(&mut self, most: usize, too_long: PayloadError) -> Result<Bytes, StdError> {
        loop {
            if let Some(place) = self.buffer.iter().position(|byte| *byte == b'\n') {
                let line = self.buffer.split_to(place).freeze();
                self.buffer.advance(1);
                return if line.len() <= most { Ok(line) } else { Err(too_long.into()) };
            }
            if self.buffer.len() > most {
                return Err(too_long.into());
            }
            self.receive().await?;
        }
    }

    async fn receive(&mut self) -> Result<(), StdError> {
        match self.at_end().await? {
            true => Err(PayloadError::Incomplete.into()),
            false => Ok(()),
        }
    }

    /// Takes more from the sender; true when there is no more.
    async fn at_end(&mut self) -> Result<bool, StdError> {
        while let Some(bytes) = self.body.next().await.transpose()? {
            if !bytes.is_empty() {
                match self.buffer.is_empty() {
                    // Mostly nobody else holds these bytes, and they need not be copied.
                    true => self.buffer = BytesMut::from(bytes),
                    false => self.buffer.extend_from_slice(&bytes),
                }
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn header(line: &[u8]) -> Option<(HeaderName, HeaderValue)> {
    let place = line.iter().position(|byte| *byte == b':')?;
    let (name, value) = line.split_at_checked(place)?;
    let name = HeaderName::from_bytes(name).ok()?;
    let value = HeaderValue::from_bytes(value.get(1..)?.trim_ascii()).ok()?;
    Some((name, value))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// What comes of a body that is sent in pieces of so many bytes.
    async fn decode(text: &str, piece: usize, announced: &[&str]) -> Result<(Vec<u8>, Trailers), String> {
        let pieces: Vec<Result<Bytes, StdError>> =
            text.as_bytes().chunks(piece).map(|bytes| Ok(Bytes::copy_from_slice(bytes))).collect();
        let trailers = Trailers::default();
        let announced = announced.iter().map(|name| (*name).to_owned()).collect();
        let mut body = chunked(body_of(stream::iter(pieces)), None, announced, trailers.clone());
        let mut all = Vec::new();
        while let Some(bytes) = body.next().await {
            all.extend_from_slice(&bytes.map_err(|error| error.to_string())?);
        }
        Ok((all, trailers))
    }

    #[tokio::test]
    async fn chunks_are_read_however_they_are_cut() {
        let long = "x".repeat(9_000);
        let text = format!("2328\r\n{long}\r\n5\r\nhello\r\n0\r\nx-amz-checksum-crc32: DUoRhQ==\r\n\r\n");
        for piece in [1, 2, 3, 7, 4_096, 100_000] {
            let (all, trailers) = decode(&text, piece, &["x-amz-checksum-crc32"]).await.unwrap();
            assert_eq!(all, format!("{long}hello").into_bytes(), "pieces of {piece}");
            assert_eq!(trailers.get("x-amz-checksum-crc32").as_deref(), Some("DUoRhQ=="));
        }
        for text in ["0\r\n\r\n", "0\r\n"] {
            assert!(decode(text, 1, &[]).await.unwrap().0.is_empty(), "{text:?}");
        }
    }

    #[tokio::test]
    async fn framing_that_is_broken_is_refused() {
        let cases = [
            ("", "the body ended before its last chunk"),
            ("5\r\nhel", "the body ended before its last chunk"),
            ("5\r\nhello\r\n", "the body ended before its last chunk"),
            ("5\r\nhelloo\r\n0\r\n\r\n", "the framing of the chunks is not well-formed"),
            ("five\r\nhello\r\n0\r\n\r\n", "the framing of the chunks is not well-formed"),
            ("+5\r\nhello\r\n0\r\n\r\n", "the framing of the chunks is not well-formed"),
            ("0\n", "the framing of the chunks is not well-formed"),
            ("5\nhello\r\n0\r\n\r\n", "the framing of the chunks is not well-formed"),
            ("5\r\nhello\n0\r\n\r\n", "the framing of the chunks is not well-formed"),
            ("-1\r\n", "the framing of the chunks is not well-formed"),
            ("fffffffffffffffff\r\n", "the framing of the chunks is not well-formed"),
            ("5\r\nhello\r\n0\r\n\r\nmore", "the framing of the chunks is not well-formed"),
            ("5\r\nhello\r\n5\r\nhello\r\n0\r\n\r\n", "chunk 1 has 5 bytes only and is not the last"),
            ("0\r\nother:1\r\n\r\n", "the trailer is not well-formed or not the one that was announced"),
            ("0\r\nno header\r\n\r\n", "the trailer is not well-formed or not the one that was announced"),
        ];
        for (text, error) in cases {
            for piece in [1, 100] {
                assert_eq!(
                    decode(text, piece, &["x-amz-checksum-crc32"]).await.unwrap_err(),
                    error,
                    "{text:?}"
                );
            }
        }
        let endless = "1".repeat(5_000);
        assert!(decode(&endless, 64, &[]).await.is_err());
    }
}

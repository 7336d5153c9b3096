//! Digests that a client sends along, and the sums they are checked against (S3 User Guide, "Checking object integrity").

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::HeaderMap;
use s3s::checksum::ChecksumHasher;
use s3s::crypto::{Checksum as _, Crc32, Crc32c, Crc64Nvme, Md5, Sha1, Sha256};
use s3s::{S3Error, S3Result};

use super::failure::{not_implemented, refuse};
use super::intake::malformed_trailer;
use super::payload::Trailers;

/// A checksum algorithm of S3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    Crc32,
    Crc32c,
    Crc64Nvme,
    Sha1,
    Sha256,
}

impl Algorithm {
    const ALL: [Self; 5] = [Self::Crc32, Self::Crc32c, Self::Crc64Nvme, Self::Sha1, Self::Sha256];

    /// As S3 spells it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Crc32 => "CRC32",
            Self::Crc32c => "CRC32C",
            Self::Crc64Nvme => "CRC64NVME",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
        }
    }

    /// # Errors
    /// For an algorithm that S3 has and the embedded AWS has not.
    pub(super) fn must_be_here(name: &str) -> S3Result<()> {
        match ABSENT.iter().find(|absent| absent.eq_ignore_ascii_case(name)) {
            Some(name) => Err(absent(name)),
            None => Ok(()),
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))
    }

    fn header(self) -> &'static str {
        match self {
            Self::Crc32 => "x-amz-checksum-crc32",
            Self::Crc32c => "x-amz-checksum-crc32c",
            Self::Crc64Nvme => "x-amz-checksum-crc64nvme",
            Self::Sha1 => "x-amz-checksum-sha1",
            Self::Sha256 => "x-amz-checksum-sha256",
        }
    }

    /// Length of a sum in bytes.
    fn length(self) -> usize {
        match self {
            Self::Crc32 | Self::Crc32c => 4,
            Self::Crc64Nvme => 8,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }
}

/// What a request claims about its body.
#[derive(Clone, Debug)]
pub(super) struct Claims {
    md5: Option<Vec<u8>>,
    checksum: Option<(Algorithm, Source)>,
    besides: Option<Algorithm>,
}

#[derive(Clone, Debug)]
enum Source {
    /// The value, in a header.
    Header(String),
    /// The value follows the body.
    Trailer,
    /// The server's own choice: nothing to compare with.
    Computed,
}

impl Claims {
    /// Reads `Content-MD5`, `x-amz-checksum-…`, `x-amz-trailer` and `x-amz-sdk-checksum-algorithm`.
    ///
    /// # Errors
    /// `InvalidDigest` and `InvalidRequest` for values that cannot be digests, or more than one checksum.
    pub(super) fn read(headers: &HeaderMap) -> S3Result<Self> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        must_be_known(headers)?;
        let md5 = text("content-md5").map(read_md5).transpose()?;
        let given =
            Algorithm::ALL.into_iter().filter_map(|algorithm| Some((algorithm, text(algorithm.header())?)));
        let trailed = Algorithm::ALL.into_iter().filter(|algorithm| {
            text("x-amz-trailer").is_some_and(|trailer| names(trailer, algorithm.header()))
        });
        let mut checksums: Vec<(Algorithm, Source)> = Vec::new();
        for (algorithm, value) in given {
            must_be_a_sum(algorithm, value)?;
            checksums.push((algorithm, Source::Header(value.to_owned())));
        }
        checksums.extend(trailed.map(|algorithm| (algorithm, Source::Trailer)));
        if checksums.len() > 1 {
            return Err(refuse(
                400,
                "InvalidRequest",
                "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
            ));
        }
        let checksum = checksums.pop();
        if text("x-amz-sdk-checksum-algorithm").is_some() && checksum.is_none() && md5.is_none() {
            return Err(refuse(
                400,
                "InvalidRequest",
                "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were \
                 found.",
            ));
        }
        Ok(Self { md5, checksum, besides: None })
    }

    /// No claim, and sums of this algorithm.
    pub(super) fn none(algorithm: Algorithm) -> Self {
        Self { md5: None, checksum: Some((algorithm, Source::Computed)), besides: None }
    }

    /// The same, with sums of this algorithm where no checksum is claimed.
    pub(super) fn or_computed(mut self, algorithm: Algorithm) -> Self {
        self.checksum.get_or_insert((algorithm, Source::Computed));
        self
    }

    /// The same, with sums of this algorithm besides those that are claimed.
    pub(super) fn besides(mut self, algorithm: Algorithm) -> Self {
        self.besides = Some(algorithm).filter(|_| self.algorithm() != Some(algorithm));
        self
    }

    /// The algorithm of the checksum that is claimed.
    pub(super) fn algorithm(&self) -> Option<Algorithm> {
        self.checksum.as_ref().map(|(algorithm, _)| *algorithm)
    }

    /// Sums of the kinds that are claimed. Without a claim S3 computes CRC64NVME, since December 2024.
    pub(super) fn digest(&self) -> Digest {
        let algorithm = self.algorithm().unwrap_or(Algorithm::Crc64Nvme);
        let mut hasher = ChecksumHasher::default();
        for algorithm in [Some(algorithm), self.besides].into_iter().flatten() {
            match algorithm {
                Algorithm::Crc32 => hasher.crc32 = Some(Crc32::new()),
                Algorithm::Crc32c => hasher.crc32c = Some(Crc32c::new()),
                Algorithm::Crc64Nvme => hasher.crc64nvme = Some(Crc64Nvme::new()),
                Algorithm::Sha1 => hasher.sha1 = Some(Sha1::new()),
                Algorithm::Sha256 => hasher.sha256 = Some(Sha256::new()),
            }
        }
        Digest { algorithm, besides: self.besides, hasher, md5: Md5::new() }
    }

    /// Compares what was claimed with what was computed. `trailers` are there once the body was read to its end.
    ///
    /// # Errors
    /// `BadDigest`, and `MalformedTrailerError` when an announced trailer did not come.
    pub(super) fn verify(&self, sums: &Sums, trailers: Option<&Trailers>) -> S3Result<()> {
        if self.md5.as_ref().is_some_and(|claimed| claimed.as_slice() != sums.md5) {
            return Err(refuse(
                400,
                "BadDigest",
                "The Content-MD5 you specified did not match what we received.",
            ));
        }
        let Some((algorithm, source)) = &self.checksum else { return Ok(()) };
        let claimed = match source {
            Source::Computed => return Ok(()),
            Source::Header(value) => value.clone(),
            Source::Trailer => trailer(*algorithm, trailers)?,
        };
        match sums.value == claimed {
            true => Ok(()),
            false => Err(refuse(
                400,
                "BadDigest",
                format!("The {} you specified did not match the calculated checksum.", algorithm.name()),
            )),
        }
    }
}

/// Algorithms that S3 has since 2026 and the embedded AWS has not.
const ABSENT: [&str; 5] = ["MD5", "SHA512", "XXHASH3", "XXHASH64", "XXHASH128"];

/// Refuses a checksum that could not be verified, by name.
fn must_be_known(headers: &HeaderMap) -> S3Result<()> {
    let trailer = headers.get("x-amz-trailer").and_then(|value| value.to_str().ok()).unwrap_or_default();
    for name in ABSENT {
        let header = format!("x-amz-checksum-{}", name.to_lowercase());
        if headers.contains_key(&header) || names(trailer, &header) {
            return Err(absent(name));
        }
    }
    let known = |name: &str| {
        ["x-amz-checksum-algorithm", "x-amz-checksum-mode", "x-amz-checksum-type"].contains(&name)
            || Algorithm::ALL.iter().any(|algorithm| algorithm.header() == name)
    };
    let unknown =
        headers.keys().any(|name| name.as_str().starts_with("x-amz-checksum-") && !known(name.as_str()));
    match unknown {
        true => Err(refuse(
            400,
            "InvalidRequest",
            "The algorithm type you specified in x-amz-checksum- header is invalid.",
        )),
        false => Ok(()),
    }
}

fn absent(algorithm: &str) -> S3Error {
    not_implemented(&format!("The checksum algorithm {algorithm}"))
}

fn names(trailer: &str, header: &str) -> bool {
    trailer.split(',').any(|name| name.trim().eq_ignore_ascii_case(header))
}

fn trailer(algorithm: Algorithm, trailers: Option<&Trailers>) -> S3Result<String> {
    let value = trailers.and_then(|trailers| trailers.get(algorithm.header()));
    let value = value.ok_or_else(malformed_trailer)?;
    must_be_a_sum(algorithm, &value)?;
    Ok(value)
}

fn must_be_a_sum(algorithm: Algorithm, value: &str) -> Result<(), S3Error> {
    let length = BASE64_STANDARD.decode(value).map(|sum| sum.len());
    match length == Ok(algorithm.length()) {
        true => Ok(()),
        false => {
            Err(refuse(400, "InvalidRequest", format!("Value for {} header is invalid.", algorithm.header())))
        }
    }
}

fn read_md5(value: &str) -> S3Result<Vec<u8>> {
    let md5 = BASE64_STANDARD.decode(value).ok().filter(|md5| md5.len() == 16);
    md5.ok_or_else(|| refuse(400, "InvalidDigest", "The Content-MD5 you specified was invalid."))
}

/// Sums in the making.
pub(super) struct Digest {
    algorithm: Algorithm,
    besides: Option<Algorithm>,
    hasher: ChecksumHasher,
    md5: Md5,
}

impl Digest {
    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        self.md5.update(bytes);
    }

    pub(super) fn finish(self) -> Sums {
        let sums = self.hasher.finalize();
        let value = |algorithm: Algorithm| match algorithm {
            Algorithm::Crc32 => sums.checksum_crc32.clone(),
            Algorithm::Crc32c => sums.checksum_crc32c.clone(),
            Algorithm::Crc64Nvme => sums.checksum_crc64nvme.clone(),
            Algorithm::Sha1 => sums.checksum_sha1.clone(),
            Algorithm::Sha256 => sums.checksum_sha256.clone(),
        };
        Sums {
            algorithm: self.algorithm,
            value: value(self.algorithm).unwrap_or_default(),
            besides: self.besides.and_then(|algorithm| Some((algorithm, value(algorithm)?))),
            md5: self.md5.finalize().as_ref().to_vec(),
        }
    }
}

/// Sums of a whole body.
#[derive(Clone, Debug)]
pub(super) struct Sums {
    pub(super) algorithm: Algorithm,
    /// Base64.
    pub(super) value: String,
    /// By the algorithm that was asked for besides.
    pub(super) besides: Option<(Algorithm, String)>,
    pub(super) md5: Vec<u8>,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const BODY: &[u8] = b"hello world";

    fn claims(headers: &[(&'static str, &str)]) -> S3Result<Claims> {
        Claims::read(
            &headers.iter().map(|(name, value)| ((*name).parse().unwrap(), value.parse().unwrap())).collect(),
        )
    }

    fn verify(headers: &[(&'static str, &str)], body: &[u8]) -> S3Result<()> {
        let claims = claims(headers)?;
        let mut digest = claims.digest();
        digest.update(body);
        claims.verify(&digest.finish(), None)
    }

    /// Sums of `hello world`.
    const SUMS: [(&str, &str); 6] = [
        ("x-amz-checksum-crc32", "DUoRhQ=="),
        ("x-amz-checksum-crc32c", "yZRlqg=="),
        ("x-amz-checksum-crc64nvme", "jSnVw/bqjr4="),
        ("x-amz-checksum-sha1", "Kq5sNclPz7QV2+lfQIuc6R7oRu0="),
        ("x-amz-checksum-sha256", "uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek="),
        ("content-md5", "XrY7u+Ae7tCTyyK7j1rNww=="),
    ];

    #[test]
    fn every_right_digest_is_accepted_and_every_wrong_one_refused() {
        for sum in SUMS {
            verify(&[sum], BODY).unwrap_or_else(|error| panic!("{sum:?}: {error}"));
            let error = verify(&[sum], b"hello worlD").unwrap_err();
            assert_eq!(error.code().as_str(), "BadDigest", "{sum:?}");
        }
    }

    #[test]
    fn claims_that_cannot_be_digests_are_refused() {
        let cases: [(&[(&str, &str)], &str); 4] = [
            (&[("content-md5", "not base64")], "InvalidDigest"),
            (&[("x-amz-checksum-crc32", "AAA=")], "InvalidRequest"),
            (
                &[
                    ("x-amz-checksum-crc32", "DUoRhQ=="),
                    ("x-amz-checksum-sha1", "Kq5sNclPz7QV2+lfQIuc6R7oRu0="),
                ],
                "InvalidRequest",
            ),
            (&[("x-amz-sdk-checksum-algorithm", "CRC32")], "InvalidRequest"),
        ];
        for (headers, code) in cases {
            assert_eq!(claims(headers).unwrap_err().code().as_str(), code, "{headers:?}");
        }
    }

    #[test]
    fn an_announced_trailer_that_does_not_come_is_refused() {
        let error = verify(&[("x-amz-trailer", "x-amz-checksum-crc32")], BODY).unwrap_err();
        assert_eq!(error.code().as_str(), "MalformedTrailerError");
    }
}

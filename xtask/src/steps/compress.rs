//! Brotli and gzip copies, so that the server sends files small without work of its own.

use std::io::Write as _;
use std::path::Path;

use crate::error::Error;

/// The compressed forms of one file; none where it would not be smaller.
pub(crate) struct Compressed {
    pub(crate) brotli: Option<Vec<u8>>,
    pub(crate) gzip: Option<Vec<u8>>,
}

/// Whether files of this name gain by compression: text and WebAssembly do, pictures and fonts are compressed already.
pub(crate) fn is_worthwhile(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    matches!(
        extension,
        "css" | "html" | "ico" | "js" | "json" | "mjs" | "svg" | "txt" | "wasm" | "webmanifest" | "xml"
    )
}

/// Compresses as far as each format goes: this is done once, and read many times.
pub(crate) fn compress(bytes: &[u8]) -> Result<Compressed, Error> {
    let smaller = |compressed: Vec<u8>| (compressed.len() < bytes.len()).then_some(compressed);
    Ok(Compressed { brotli: smaller(brotli(bytes)?), gzip: smaller(gzip(bytes)?) })
}

fn brotli(bytes: &[u8]) -> Result<Vec<u8>, Error> {
    // A window of 2^24 is the largest that browsers accept.
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: 11,
        lgwin: 24,
        size_hint: bytes.len(),
        ..Default::default()
    };
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut &*bytes, &mut compressed, &parameters)
        .map_err(|error| Error::Source(format!("brotli: {error}")))?;
    Ok(compressed)
}

fn gzip(bytes: &[u8]) -> Result<Vec<u8>, Error> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let compressed = encoder.write_all(bytes).and_then(|()| encoder.finish());
    compressed.map_err(|error| Error::Source(format!("gzip: {error}")))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::io::Read as _;

    #[test]
    fn both_forms_give_back_what_went_in() {
        let text = "every lock is checked, every time. ".repeat(200);
        let compressed = compress(text.as_bytes()).unwrap();

        let mut from_brotli = Vec::new();
        brotli::BrotliDecompress(&mut &*compressed.brotli.unwrap(), &mut from_brotli).unwrap();
        assert_eq!(from_brotli, text.as_bytes());

        let mut from_gzip = String::new();
        flate2::read::GzDecoder::new(&*compressed.gzip.unwrap()).read_to_string(&mut from_gzip).unwrap();
        assert_eq!(from_gzip, text);
    }

    #[test]
    fn what_would_grow_has_no_compressed_form() {
        let compressed = compress(b"{}").unwrap();
        assert!(compressed.brotli.is_none());
        assert!(compressed.gzip.is_none());
    }

    #[test]
    fn text_and_webassembly_are_worthwhile_and_pictures_are_not() {
        for (name, worthwhile) in [
            ("app.js", true),
            ("app_bg.wasm", true),
            ("main.css", true),
            ("logo.svg", true),
            ("a.png", false),
            ("a", false),
        ] {
            assert_eq!(is_worthwhile(Path::new(name)), worthwhile, "{name}");
        }
    }
}

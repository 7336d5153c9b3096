//! `BlockedEncryptionTypes` in a bucket's default encryption, which `s3s` does not know: taken out of a request's document before
//! `s3s` reads it, and put into the answer that it wrote (S3 API reference, `BlockedEncryptionTypes`).

use http::Method;
use http::request::Parts;
use quick_xml::Reader;
use quick_xml::events::Event;
use s3s::S3Result;

use super::failure::malformed_xml;

const ELEMENT: &str = "BlockedEncryptionTypes";

/// Whether writes that bring a customer's key are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BlocksCustomerKeys(pub(super) bool);

/// Takes the element out of a document and into the request's extensions, if it is there.
///
/// # Errors
/// `MalformedXML` for anything but one `SSE-C` or `NONE`.
pub(super) fn take(parts: &mut Parts, document: &[u8]) -> S3Result<Option<Vec<u8>>> {
    let query = parts.uri.query().unwrap_or_default();
    let of_encryption = query.split('&').any(|pair| pair.split('=').next() == Some("encryption"));
    let Ok(text) = std::str::from_utf8(document) else { return Ok(None) };
    if parts.method != Method::PUT || !of_encryption || !text.contains(ELEMENT) {
        return Ok(None);
    }
    let mut reader = Reader::from_str(text);
    let (mut begins, mut ends, mut types) = (0, 0, Vec::new());
    loop {
        let before = reader.buffer_position();
        let event = reader.read_event().map_err(|_| malformed_xml())?;
        let within = begins > 0 && ends == 0;
        match event {
            Event::Start(start) if start.name().as_ref() == ELEMENT && begins == 0 => begins = before,
            Event::Start(start) | Event::Empty(start) if start.name().as_ref() == ELEMENT => {
                return Err(malformed_xml());
            }
            Event::End(end) if end.name().as_ref() == ELEMENT => ends = reader.buffer_position(),
            Event::Text(text) if within && !text.trim().is_empty() => types.push(text.trim().to_owned()),
            Event::Eof => break,
            _ => {}
        }
    }
    let blocks = match types.as_slice() {
        [one] if one == "SSE-C" => true,
        [one] if one == "NONE" => false,
        _ => return Err(malformed_xml()),
    };
    parts.extensions.insert(BlocksCustomerKeys(blocks));
    let place = |position: u64| usize::try_from(position).unwrap_or(usize::MAX);
    let (head, tail) = (text.get(..place(begins)), text.get(place(ends)..));
    let (head, tail) = head.zip(tail).ok_or_else(malformed_xml)?;
    Ok(Some(format!("{head}{tail}").into_bytes()))
}

/// The answer's document with the element in its rule.
pub(super) fn give(document: &str, BlocksCustomerKeys(blocks): BlocksCustomerKeys) -> String {
    let kind = if blocks { "SSE-C" } else { "NONE" };
    let element = format!("<{ELEMENT}><EncryptionType>{kind}</EncryptionType></{ELEMENT}>");
    document.replacen("</Rule>", &format!("{element}</Rule>"), 1)
}

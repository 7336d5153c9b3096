//! Changes to the bytes of a request that is signed already, in its first line, its headers or its body.

use crate::chance::Chance;
use crate::support::signer::{Raw, Scope};

/// What readers trip over.
const PIECES: [&[u8]; 26] = [
    b"\r\n",
    b"\n",
    b"\r",
    b"\0",
    b" ",
    b"\t",
    b":",
    b";",
    b",",
    b"=",
    b"&",
    b"%",
    b"%00",
    b"%0d%0a",
    b"../",
    b"//",
    b"?",
    b"#",
    b"\xff",
    b"\xc0\xae",
    b"{",
    b"<",
    b"&lt;",
    b"9999999999999999999999",
    b"content-length: 0\r\n",
    b"transfer-encoding: chunked\r\n",
];

/// The request with one to three changes.
pub(crate) fn changed(request: &[u8], chance: &mut Chance) -> Vec<u8> {
    let mut bytes = request.to_vec();
    for _ in 0..=chance.below(3) {
        let (start, end) = part(&bytes, chance);
        change(&mut bytes, start, end, chance);
    }
    bytes
}

/// Where the first line, the headers or the body stand.
fn part(bytes: &[u8], chance: &mut Chance) -> (usize, usize) {
    let find = |wanted: &[u8]| bytes.windows(wanted.len()).position(|window| window == wanted).unwrap_or(0);
    let (line, head) = (find(b"\r\n"), find(b"\r\n\r\n"));
    match chance.below(3) {
        0 => (0, line),
        1 => (line, head),
        _ if head + 4 < bytes.len() => (head + 4, bytes.len()),
        _ => (0, bytes.len()),
    }
}

fn change(bytes: &mut Vec<u8>, start: usize, end: usize, chance: &mut Chance) {
    if bytes.is_empty() {
        return;
    }
    let place = (start + chance.below(end.saturating_sub(start))).min(bytes.len().saturating_sub(1));
    let length = 1 + chance.below(12);
    let stretch = place..(place + length).min(bytes.len());
    match chance.below(9) {
        0 => bytes[place] ^= 1 << chance.below(8),
        1 => bytes[place] = chance.byte(),
        2 => drop(bytes.splice(place..place, chance.one_of(&PIECES).iter().copied())),
        3 => drop(bytes.drain(stretch)),
        4 => {
            let copy = bytes[stretch].to_vec();
            drop(bytes.splice(place..place, copy));
        }
        5 => bytes.truncate(place),
        6 => {
            let other = start + chance.below(end.saturating_sub(start));
            if other < bytes.len() {
                bytes.swap(place, other);
            }
        }
        7 => {
            let filler = vec![bytes[place]; 1 << chance.below(15)];
            drop(bytes.splice(place..place, filler));
        }
        _ => {
            bytes[place] = if bytes[place].is_ascii_lowercase() {
                bytes[place].to_ascii_uppercase()
            } else {
                bytes[place].to_ascii_lowercase()
            }
        }
    }
}

/// Whether a changed request is in what its signature covers the one that was signed: names of headers in other letters, spaces
/// around values, bytes behind the body.
pub(crate) fn says_the_same(signed: &[u8], changed: &[u8]) -> bool {
    let (Some(signed), Some(changed)) = (read(signed), read(changed)) else { return false };
    let covered = |raw: &Raw| {
        let value = raw.header("authorization")?;
        let part = |name: &str| {
            let part = value
                .split(',')
                .find_map(|part| part.trim().rsplit(' ').next()?.strip_prefix(name)?.strip_prefix('='));
            part.map(str::to_owned)
        };
        let (credential, names, signature) =
            (part("Credential")?, part("SignedHeaders")?, part("Signature")?);
        let service = credential.split('/').nth(3)?.to_owned();
        let names: Vec<String> = names.split(';').map(str::to_owned).collect();
        let unsigned = raw.headers.iter().map(|(name, _)| name.to_ascii_lowercase());
        let unsigned = unsigned.filter(|name| !names.contains(name)).collect();
        let scope = Scope { unsigned, ..Scope::of(&service) };
        Some((credential, signature, raw.canonical(&scope, ""), raw.body.clone()))
    };
    let one = covered(&signed);
    one.is_some() && one == covered(&changed)
}

/// Reads a request as a server would that takes everything.
fn read(bytes: &[u8]) -> Option<Raw> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    // Empty lines before a request do not count (RFC 9112, section 2.2).
    let mut lines = head.trim_start_matches(['\r', '\n']).split('\n').map(|line| line.trim_end_matches('\r'));
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
    let header = |line: &str| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_ascii_lowercase(), value.trim().to_owned()))
    };
    let headers: Vec<_> = lines.map(header).collect::<Option<_>>()?;
    let mut raw = Raw { method, target, headers, body: Vec::new() };
    let length: usize = raw.header("content-length").map_or(Ok(0), str::parse).ok()?;
    raw.body = bytes.get(end + 4..end + 4 + length)?.to_vec();
    raw.headers.retain(|(name, _)| name != "content-length");
    Some(raw)
}

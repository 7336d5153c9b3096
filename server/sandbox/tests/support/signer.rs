//! Signature Version 4 by hand, for requests that no client would sign: another scope, another time, headers left out, chunks.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, dead_code, missing_docs, unreachable_pub)]

use std::fmt::Write as _;
use std::time::SystemTime;

use aws_lc_rs::digest::{SHA256, digest};
use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use time::OffsetDateTime;
use time::macros::format_description;

use super::calls::Plain;
use super::{HOST, Keys, REGION};

/// Pairs of a header.
pub type Headers = Vec<(String, String)>;

/// A request whose every part is ours.
#[derive(Clone, Debug)]
pub struct Raw {
    pub method: String,
    /// Path and query as they go over the wire.
    pub target: String,
    pub headers: Headers,
    pub body: Vec<u8>,
}

/// How a request is signed.
#[derive(Clone, Debug)]
pub struct Scope {
    pub time: OffsetDateTime,
    /// `YYYYMMDD`, which should be that of `time`.
    pub date: String,
    pub region: String,
    pub service: String,
    pub terminator: String,
    /// Headers that are left out of the signature.
    pub unsigned: Vec<String>,
    /// What stands for the body: `None` for its hash.
    pub payload: Option<String>,
}

pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(digest(&SHA256, bytes))
}

/// `YYYYMMDDTHHMMSSZ`.
pub fn amz_date(time: OffsetDateTime) -> String {
    time.format(format_description!("[year][month][day]T[hour][minute][second]Z")).unwrap()
}

/// `YYYYMMDD`.
pub fn day(time: OffsetDateTime) -> String {
    time.format(format_description!("[year][month][day]")).unwrap()
}

impl Scope {
    /// As clients sign now.
    pub fn of(service: &str) -> Self {
        Self::at(service, OffsetDateTime::now_utc())
    }

    /// As clients sign at that time.
    pub fn at(service: &str, time: OffsetDateTime) -> Self {
        Self {
            date: day(time),
            time,
            region: REGION.into(),
            service: service.into(),
            terminator: "aws4_request".into(),
            unsigned: Vec::new(),
            payload: None,
        }
    }

    pub fn text(&self) -> String {
        format!("{}/{}/{}/{}", self.date, self.region, self.service, self.terminator)
    }

    fn sign(&self, secret: &str, what: &str) -> String {
        let time = if self.date == day(self.time) {
            SystemTime::from(self.time)
        } else {
            // The key is made for the day that the scope names.
            let date = format_description!("[year][month][day]");
            time::Date::parse(&self.date, date)
                .map_or(SystemTime::UNIX_EPOCH, |day| day.midnight().assume_utc().into())
        };
        calculate_signature(generate_signing_key(secret, time, &self.region, &self.service), what.as_bytes())
    }

    /// The signature over a canonical request.
    pub fn signature(&self, secret: &str, canonical: &str) -> String {
        let hash = sha256(canonical.as_bytes());
        let text = format!("AWS4-HMAC-SHA256\n{}\n{}\n{hash}", amz_date(self.time), self.text());
        self.sign(secret, &text)
    }

    /// The signature of a chunk of a body, after the one before it.
    pub fn chunk(&self, secret: &str, before: &str, bytes: &[u8]) -> String {
        let (empty, hash) = (sha256(b""), sha256(bytes));
        let head = format!("AWS4-HMAC-SHA256-PAYLOAD\n{}\n{}", amz_date(self.time), self.text());
        self.sign(secret, &format!("{head}\n{before}\n{empty}\n{hash}"))
    }

    /// The signature of trailers, `name:value` and a line feed each.
    pub fn trailer(&self, secret: &str, before: &str, trailers: &str) -> String {
        let head = format!("AWS4-HMAC-SHA256-TRAILER\n{}\n{}", amz_date(self.time), self.text());
        self.sign(secret, &format!("{head}\n{before}\n{}", sha256(trailers.as_bytes())))
    }
}

impl Raw {
    /// The same request, with the header that every one has.
    pub fn of(plain: &Plain) -> Self {
        let mut headers = vec![("host".to_owned(), HOST.to_owned())];
        headers.extend(plain.headers.iter().cloned());
        Self { method: plain.method.clone(), target: plain.path.clone(), headers, body: plain.body.clone() }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Sets a header, in place of an earlier one.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.into()));
    }

    /// Signs it in its header.
    pub fn sign(&mut self, keys: &Keys, scope: &Scope) -> String {
        self.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("authorization"));
        self.set("x-amz-date", amz_date(scope.time));
        if let Some(token) = &keys.token {
            self.set("x-amz-security-token", token.clone());
        }
        let payload = scope.payload.clone().unwrap_or_else(|| sha256(&self.body));
        if scope.service == "s3" || scope.payload.is_some() {
            self.set("x-amz-content-sha256", payload.clone());
        }
        let (names, canonical) = self.canonical(scope, &payload);
        let signature = scope.signature(&keys.secret, &canonical);
        let value = format!(
            "AWS4-HMAC-SHA256 Credential={}/{}, SignedHeaders={names}, Signature={signature}",
            keys.access_key_id,
            scope.text()
        );
        self.headers.push(("authorization".into(), value));
        signature
    }

    /// Signs it in its query, as a presigned URL; `expires` as it is to stand there.
    pub fn presign(&mut self, keys: &Keys, scope: &Scope, expires: &str) {
        let names = self.signed_names(scope).join(";");
        let mut query = format!(
            "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={}&X-Amz-Date={}&X-Amz-Expires={}&X-Amz-SignedHeaders={}",
            encode(&format!("{}/{}", keys.access_key_id, scope.text()), false),
            amz_date(scope.time),
            encode(expires, false),
            encode(&names, false),
        );
        if let Some(token) = &keys.token {
            let _ = write!(query, "&X-Amz-Security-Token={}", encode(token, false));
        }
        self.target.push(if self.target.contains('?') { '&' } else { '?' });
        self.target.push_str(&query);
        let payload = scope.payload.clone().unwrap_or_else(|| {
            if scope.service == "s3" { "UNSIGNED-PAYLOAD".into() } else { sha256(&self.body) }
        });
        let (_, canonical) = self.canonical(scope, &payload);
        let signature = scope.signature(&keys.secret, &canonical);
        let _ = write!(self.target, "&X-Amz-Signature={signature}");
    }

    fn signed_names(&self, scope: &Scope) -> Vec<String> {
        let mut names: Vec<String> = self.headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
        names.retain(|name| !scope.unsigned.contains(name));
        names.sort();
        names.dedup();
        names
    }

    /// The names of the signed headers, and the canonical request.
    pub fn canonical(&self, scope: &Scope, payload: &str) -> (String, String) {
        let (path, query) = self.target.split_once('?').unwrap_or((&self.target, ""));
        let mut pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap_or_default();
        pairs = pairs.iter().map(|(name, value)| (encode(name, false), encode(value, false))).collect();
        pairs.sort();
        let query: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let path = match scope.service.as_str() {
            "s3" => encode(&percent_encoding::percent_decode_str(path).decode_utf8_lossy(), true),
            _ => encode(path, true),
        };
        let names = self.signed_names(scope);
        let mut headers = String::new();
        for name in &names {
            let values = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
            let values: Vec<String> =
                values.map(|(_, value)| value.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
            let _ = writeln!(headers, "{name}:{}", values.join(","));
        }
        let names = names.join(";");
        let canonical =
            format!("{}\n{path}\n{}\n{headers}\n{names}\n{payload}", self.method, query.join("&"));
        (names, canonical)
    }

    /// As it is, for the process itself; `None` when `http` cannot hold it.
    pub fn request(&self) -> Option<http::Request<bytes::Bytes>> {
        let mut builder = http::Request::builder()
            .method(self.method.as_str())
            .uri(format!("http://{HOST}{}", self.target));
        for (name, value) in &self.headers {
            builder = builder.header(name.as_str(), http::HeaderValue::from_bytes(value.as_bytes()).ok()?);
        }
        builder.body(bytes::Bytes::from(self.body.clone())).ok()
    }

    /// As it is, over the wire; with a length unless the headers say it.
    pub fn bytes(&self) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        for (name, value) in &self.headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        if self.header("content-length").is_none() && self.header("transfer-encoding").is_none() {
            let _ = write!(head, "content-length: {}\r\n", self.body.len());
        }
        head.push_str("\r\n");
        [head.as_bytes(), &self.body].concat()
    }
}

fn encode(text: &str, keep_slash: bool) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                encoded.push(char::from(byte))
            }
            b'/' if keep_slash => encoded.push('/'),
            _ => drop(write!(encoded, "%{byte:02X}")),
        }
    }
    encoded
}

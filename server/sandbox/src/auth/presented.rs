//! The credentials a request presents, in its `Authorization` header or in its query.

use http::HeaderMap;
use http::request::Parts;
use time::format_description::FormatItem;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

use super::{AuthError, MAX_PRESIGNED_SECONDS};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const AMZ_DATE: &[FormatItem<'_>] = format_description!("[year][month][day]T[hour][minute][second]Z");
const DATE: &[FormatItem<'_>] = format_description!("[year][month][day]");

/// What a signed request says of its signature.
#[derive(Clone, Debug)]
pub(crate) struct Presented {
    pub(crate) access_key_id: String,
    /// `YYYYMMDD` of the credential scope.
    pub(crate) scope_date: String,
    pub(crate) region: String,
    pub(crate) service: String,
    /// As they stand there, which must be in lower case.
    pub(crate) signed_headers: Vec<String>,
    pub(crate) signature: String,
    /// `X-Amz-Date`.
    pub(crate) time: OffsetDateTime,
    /// Session token.
    pub(crate) token: Option<String>,
    /// Seconds of validity, for a presigned URL.
    pub(crate) expires_after: Option<i64>,
}

/// `YYYYMMDD`.
pub(super) fn date(time: OffsetDateTime) -> String {
    time.format(DATE).unwrap_or_default()
}

/// `YYYYMMDDTHHMMSSZ`.
pub(super) fn amz_date(time: OffsetDateTime) -> String {
    time.format(AMZ_DATE).unwrap_or_default()
}

impl Presented {
    /// Reads them; `None` for a request that presents nothing.
    pub(crate) fn read(parts: &Parts) -> Result<Option<Self>, AuthError> {
        let query = parts.uri.query().unwrap_or_default();
        let names: Vec<String> = query.split('&').map(name_of).collect();
        let has = |name: &str| names.iter().any(|known| known.eq_ignore_ascii_case(name));
        let version_4 = ["X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature"].into_iter().any(has);
        let version_2 = has("AWSAccessKeyId") || has("Signature");
        if let Some(header) = text(&parts.headers, "authorization")? {
            // Whoever verified the one while another read the other would take unsigned headers for signed.
            if version_4 || version_2 {
                return Err(AuthError::TwoMechanisms);
            }
            return Self::from_header(&parts.headers, header).map(Some);
        }
        if version_4 {
            return Self::from_query(query).map(Some);
        }
        if version_2 {
            return Err(AuthError::SignatureVersion2);
        }
        Ok(None)
    }

    fn from_header(headers: &HeaderMap, header: &str) -> Result<Self, AuthError> {
        let rest = match header.split_once(' ') {
            Some((ALGORITHM, rest)) => rest,
            Some(("AWS", _)) => return Err(AuthError::SignatureVersion2),
            _ => {
                return Err(AuthError::Malformed(
                    "Authorization header requires 'Credential' parameter.".into(),
                ));
            }
        };
        let part = |name: &'static str| {
            rest.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('=')).ok_or_else(
                || AuthError::Malformed(format!("Authorization header requires '{name}' parameter.")),
            )
        };
        let time = text(headers, "x-amz-date")?.ok_or_else(|| {
            AuthError::Malformed(
                "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.".into(),
            )
        })?;
        Self::assemble(
            part("Credential")?,
            part("SignedHeaders")?,
            part("Signature")?,
            time,
            text(headers, "x-amz-security-token")?.map(str::to_owned),
            None,
        )
    }

    fn from_query(query: &str) -> Result<Self, AuthError> {
        let malformed = |sentence: &str| AuthError::MalformedQuery(sentence.to_owned());
        let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query)
            .map_err(|_| malformed("The query string is not URL-encoded."))?;
        let optional =
            |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let part = |name: &str| {
            optional(name).ok_or_else(|| {
                malformed(
                    "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, \
                     X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.",
                )
            })
        };
        if part("X-Amz-Algorithm")? != ALGORITHM {
            return Err(malformed(
                "X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256\"",
            ));
        }
        let seconds: i64 =
            part("X-Amz-Expires")?.parse().map_err(|_| malformed("X-Amz-Expires should be a number"))?;
        let (credential, signed_headers) = (part("X-Amz-Credential")?, part("X-Amz-SignedHeaders")?);
        let (signature, time) = (part("X-Amz-Signature")?, part("X-Amz-Date")?);
        let token = optional("X-Amz-Security-Token").map(str::to_owned);
        if seconds < 0 {
            return Err(malformed("X-Amz-Expires must be non-negative"));
        }
        if seconds > MAX_PRESIGNED_SECONDS {
            return Err(malformed(
                "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than \
                 604800 seconds",
            ));
        }
        Self::assemble(credential, signed_headers, signature, time, token, Some(seconds))
    }

    fn assemble(
        credential: &str,
        signed_headers: &str,
        signature: &str,
        time: &str,
        token: Option<String>,
        expires_after: Option<i64>,
    ) -> Result<Self, AuthError> {
        let malformed = |in_header: &str, in_query: &str| match expires_after {
            None => AuthError::Malformed(in_header.to_owned()),
            Some(_) => AuthError::MalformedQuery(in_query.to_owned()),
        };
        let scope: Vec<&str> = credential.split('/').collect();
        let [access_key_id, scope_date, region, service, "aws4_request"] = scope.as_slice() else {
            let sentence = "the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".";
            return Err(malformed(
                sentence,
                &format!("Error parsing the X-Amz-Credential parameter; {sentence}"),
            ));
        };
        let time = PrimitiveDateTime::parse(time, AMZ_DATE)
            .map_err(|_| {
                malformed(
                    "Date must be in ISO-8601 'basic format'.",
                    "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"",
                )
            })?
            .assume_utc();
        Ok(Self {
            access_key_id: (*access_key_id).to_owned(),
            scope_date: (*scope_date).to_owned(),
            region: (*region).to_owned(),
            service: (*service).to_owned(),
            signed_headers: signed_headers.split(';').map(str::to_owned).collect(),
            signature: signature.to_owned(),
            time,
            token,
            expires_after,
        })
    }
}

/// The decoded name of a query's pair.
fn name_of(pair: &str) -> String {
    let name = pair.split('=').next().unwrap_or_default().replace('+', " ");
    percent_encoding::percent_decode_str(&name).decode_utf8_lossy().into_owned()
}

fn text<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<Option<&'a str>, AuthError> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(AuthError::Malformed(format!("The header {name} was given more than once.")));
    }
    value.to_str().map(Some).map_err(|_| AuthError::Malformed(format!("The header {name} is not text.")))
}

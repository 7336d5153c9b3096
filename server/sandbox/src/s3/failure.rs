//! What S3 refuses, with AWS's status, code and message.

use std::borrow::Cow;

use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use s3s::{S3Error, S3ErrorCode};

use super::answer::Fields;
use crate::auth::SIGNATURE_DOES_NOT_MATCH;
use crate::kms::KmsError;
use crate::store::{ChangeError, Full, StoreError};

/// What a caller sees of a failure on our side.
pub(super) const INTERNAL: &str = "We encountered an internal error. Please try again.";

/// An error with AWS's status, code and message.
pub(super) fn refuse(status: u16, code: &str, message: impl Into<Cow<'static, str>>) -> S3Error {
    let known = S3ErrorCode::from_bytes(code.as_bytes());
    let mut error = S3Error::with_message(known.unwrap_or(S3ErrorCode::InternalError), message);
    error.set_status_code(
        http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR),
    );
    error
}

/// Carries the fields of an error from where it is made to where its answer is written: `s3s` has no place for them. It never
/// leaves the process.
const FIELDS: HeaderName = HeaderName::from_static("x-trilock-error-field");

/// The same error with more elements than code and message, by their names.
pub(super) fn with_fields(
    mut error: S3Error,
    fields: impl IntoIterator<Item = (&'static str, String)>,
) -> S3Error {
    let mut headers = error.headers().cloned().unwrap_or_default();
    for (name, value) in fields {
        let text = format!("{name}={}", utf8_percent_encode(&value, NON_ALPHANUMERIC));
        if let Ok(value) = HeaderValue::from_str(&text) {
            headers.append(FIELDS, value);
        }
    }
    error.set_headers(headers);
    error
}

/// Takes out the fields that [`with_fields`] gave.
pub(super) fn take_fields(headers: &mut HeaderMap) -> Fields {
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let packed = headers.get_all(FIELDS).iter().filter_map(|field| field.to_str().ok()?.split_once('='));
    let fields = packed.map(|(name, value)| (Cow::Owned(name.to_owned()), decoded(value))).collect();
    headers.remove(FIELDS);
    fields
}

/// `InvalidArgument` with the argument's name and value.
pub(super) fn invalid_argument(
    message: impl Into<Cow<'static, str>>,
    name: &'static str,
    value: impl Into<Option<String>>,
) -> S3Error {
    let value = value.into().map(|value| ("ArgumentValue", value));
    let fields = std::iter::once(("ArgumentName", name.to_owned())).chain(value);
    with_fields(refuse(400, "InvalidArgument", message), fields)
}

/// The document of a request is not one that S3 reads.
pub(super) fn malformed_xml() -> S3Error {
    refuse(
        400,
        "MalformedXML",
        "The XML you provided was not well-formed or did not validate against our published schema",
    )
}

/// What S3 says of a header that it, or Trilock, does not do what it asks for.
pub(super) const HEADER_NOT_IMPLEMENTED: &str =
    "A header you provided implies functionality that is not implemented";

/// 403 in S3's short form: to callers of other accounts S3 gives no reason.
pub(super) fn access_denied() -> S3Error {
    refuse(403, "AccessDenied", "Access Denied")
}

/// Something that S3 has and the embedded AWS does not: said, never silently left out.
pub(super) fn not_implemented(what: &str) -> S3Error {
    refuse(501, "NotImplemented", format!("{what} is not implemented by the embedded AWS."))
}

/// A failure on our side. The cause is for the operator's log only.
pub(super) fn internal(cause: impl std::fmt::Display) -> S3Error {
    tracing::error!(%cause, "an S3 request failed");
    refuse(500, "InternalError", INTERNAL)
}

/// No room for what is to be written. S3 itself is never full; this is what it answers where the storage behind it is (S3 API
/// Reference, `ErrorResponses`, S3 on Outposts).
pub(super) fn full(full: Full) -> S3Error {
    let whose = match full {
        Full::Account => "Your account holds",
        Full::Process => "All accounts together hold",
    };
    refuse(
        507,
        "InsufficientCapacity",
        format!("{whose} as many bytes or objects as the embedded AWS allows."),
    )
}

/// The client let S3 wait for too long within its request.
pub(super) fn stalled() -> S3Error {
    refuse(400, "RequestTimeout", crate::server::STALLED_MESSAGE)
}

/// KMS's answer as S3 passes it on: denials as S3's own 403 with KMS's sentence, throttling as its own 503, all else as `KMS.…`
/// (`aws-semantics.md` §3, table "Errors", and §7, rule 4).
pub(super) fn from_kms(error: &KmsError) -> S3Error {
    if let Some(cause) = error.cause() {
        return internal(cause);
    }
    match error.code() {
        "ThrottlingException" => {
            refuse(503, "SlowDown", "Please reduce your request rate for operations involving AWS KMS.")
        }
        _ if error.is_denial() => refuse(403, "AccessDenied", error.message().to_owned()),
        code => refuse(400, &format!("KMS.{code}"), error.message().to_owned()),
    }
}

pub(super) fn from_store(error: &StoreError) -> S3Error {
    internal(error)
}

pub(super) fn from_change(error: ChangeError<S3Error>) -> S3Error {
    match error {
        ChangeError::Refused(refused) => refused,
        ChangeError::BucketNotEmpty => {
            refuse(409, "BucketNotEmpty", "The bucket you tried to delete is not empty")
        }
        ChangeError::NameTaken => refuse(
            409,
            "BucketAlreadyExists",
            "The requested bucket name is not available. The bucket namespace is shared by all users of the system. \
             Please select a different name and try again.",
        ),
        other => internal(other),
    }
}

/// S3's sentence for what `s3s` says in words of its own.
fn in_s3s_words(said: &str) -> Option<String> {
    if said == "missing header: x-amz-object-attributes" {
        let missing = "The x-amz-object-attributes header specifying the attributes to be retrieved is either missing or empty";
        return Some(missing.to_owned());
    }
    match said.strip_prefix("invalid query: ")?.split_once(": ")?.0 {
        "partNumber" => Some("Part number must be an integer between 1 and 10000, inclusive".to_owned()),
        name => Some(format!("Provided {name} not an integer or within integer range")),
    }
}

/// The message of an error answer: what was said, or S3's sentence for a code that `s3s` gives without one.
pub(super) fn message(code: &str, said: Option<String>) -> String {
    let own = match code {
        "InvalidBucketName" => "The specified bucket is not valid.",
        "RequestTimeTooSkewed" => {
            "The difference between the request time and the current time is too large."
        }
        "InternalError" => INTERNAL,
        _ => "",
    };
    if !own.is_empty() {
        return own.to_owned();
    }
    if let Some(said) = said {
        return in_s3s_words(&said).unwrap_or(said);
    }
    let standard = match code {
        // S3 says nothing of an access control list that it does not know.
        "InvalidArgument" => "",
        "AccessDenied" => "Access Denied",
        "SignatureDoesNotMatch" => SIGNATURE_DOES_NOT_MATCH,
        "KeyTooLongError" => "Your key is too long",
        "InvalidURI" => "Couldn't parse the specified URI.",
        "MethodNotAllowed" => "The specified method is not allowed against this resource.",
        "MalformedXML" => {
            "The XML you provided was not well-formed or did not validate against our published schema"
        }
        "MissingRequestBodyError" => "Request Body is empty",
        "MissingContentLength" => "You must provide the Content-Length HTTP header.",
        "MaxMessageLengthExceeded" => "Your request was too big.",
        "IncompleteBody" => {
            "You did not provide the number of bytes specified by the Content-Length HTTP header"
        }
        "InvalidRange" => "The requested range is not satisfiable",
        "NotImplemented" => HEADER_NOT_IMPLEMENTED,
        other => return format!("The request was refused: {other}"),
    };
    standard.to_owned()
}

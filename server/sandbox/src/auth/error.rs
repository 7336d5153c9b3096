//! Why a request is not accepted, in the words of the service it was meant for.

use time::OffsetDateTime;

use super::presented::amz_date;
use super::{MAX_SKEW_SECONDS, Presented};
use crate::credentials::CredentialsError;

/// What S3 says of a signature that is not the one it calculated.
pub(crate) const SIGNATURE_DOES_NOT_MATCH: &str = "The request signature we calculated does not match the signature you provided. \
                                                   Check your key and signing method.";

/// Why a request's credentials are not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AuthError {
    /// It presents none, where none is not enough.
    #[error("the request is not signed")]
    Missing,
    /// The signature's form is wrong; AWS's sentence says how.
    #[error("{0}")]
    Malformed(String),
    /// The same of a presigned URL.
    #[error("{0}")]
    MalformedQuery(String),
    /// It is signed in its header and in its query at once.
    #[error("the request is signed in its header and in its query")]
    TwoMechanisms,
    /// Signature Version 2.
    #[error("the request is signed with Signature Version 2")]
    SignatureVersion2,
    /// Headers that must be signed are not.
    #[error("headers that must be signed are not: {0}")]
    UnsignedHeaders(String),
    /// The scope names another region.
    #[error("the credential scope names region {given}; this is {expected}")]
    WrongRegion {
        /// As given.
        given: String,
        /// As it should be.
        expected: String,
        /// Whether it was given in a URL.
        presigned: bool,
    },
    /// The scope names another date than the request has.
    #[error("the credential scope is of {scope}, the request of {request}")]
    WrongDate {
        /// `YYYYMMDD`, as given.
        scope: String,
        /// `YYYYMMDD`, the request's.
        request: String,
        /// Whether it was given in a URL.
        presigned: bool,
    },
    /// The clocks are too far apart.
    #[error("the request's time is too far from the server's")]
    Skewed {
        /// The request's.
        request: OffsetDateTime,
        /// Ours.
        server: OffsetDateTime,
    },
    /// A presigned URL's time has not begun.
    #[error("the presigned URL is not valid yet")]
    PresignedEarly,
    /// A presigned URL's time is over.
    #[error("the presigned URL has expired")]
    PresignedExpired {
        /// How many seconds it was valid.
        seconds: i64,
        /// When that was over.
        end: OffsetDateTime,
        /// Our time.
        server: OffsetDateTime,
    },
    /// Signed with another secret, or changed since.
    #[error("the signature does not match")]
    SignatureMismatch(Option<Box<Calculated>>),
    /// The credentials themselves.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
}

/// What was signed as we read it. S3 shows it to those whose signature does not match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Calculated {
    pub(crate) canonical_request: String,
    pub(crate) string_to_sign: String,
}

/// HTTP status, error code and message as one service words them.
pub(crate) type Wording = (u16, &'static str, String);

impl AuthError {
    /// As S3 says it.
    pub(crate) fn for_s3(&self) -> Wording {
        let (status, code, message) = match self {
            Self::Missing => (403, "AccessDenied", "Access Denied"),
            Self::Malformed(detail) => {
                return in_header(detail);
            }
            Self::MalformedQuery(sentence) => {
                return in_query(sentence.clone());
            }
            Self::TwoMechanisms => (
                400,
                "InvalidArgument",
                "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter \
                 or the Authorization header should be specified",
            ),
            Self::SignatureVersion2 => (
                400,
                "InvalidRequest",
                "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.",
            ),
            Self::UnsignedHeaders(_) => {
                (403, "AccessDenied", "There were headers present in the request which were not signed")
            }
            Self::WrongRegion { given, expected, presigned } => {
                let wrong = format!("the region '{given}' is wrong; expecting '{expected}'");
                return match presigned {
                    false => in_header(&wrong),
                    true => in_query(format!("Error parsing the X-Amz-Credential parameter; {wrong}")),
                };
            }
            Self::WrongDate { scope, request, presigned } => {
                let wrong = format!(
                    "Invalid credential date \"{scope}\". This date is not the same as X-Amz-Date: \"{request}\"."
                );
                return match presigned {
                    false => in_header(&wrong),
                    true => in_query(wrong),
                };
            }
            Self::Skewed { .. } => (
                403,
                "RequestTimeTooSkewed",
                "The difference between the request time and the current time is too large.",
            ),
            Self::PresignedEarly => (403, "AccessDenied", "Request is not valid yet"),
            Self::PresignedExpired { .. } => (403, "AccessDenied", "Request has expired"),
            Self::SignatureMismatch(_) => (403, "SignatureDoesNotMatch", SIGNATURE_DOES_NOT_MATCH),
            Self::Credentials(CredentialsError::UnknownKey | CredentialsError::MissingToken) => (
                403,
                "InvalidAccessKeyId",
                "The AWS Access Key Id you provided does not exist in our records.",
            ),
            Self::Credentials(CredentialsError::InvalidToken) => {
                (400, "InvalidToken", "The provided token is malformed or otherwise invalid.")
            }
            Self::Credentials(CredentialsError::Expired) => {
                (400, "ExpiredToken", "The provided token has expired.")
            }
            Self::Credentials(CredentialsError::Store(_)) => {
                (500, "InternalError", "We encountered an internal error. Please try again.")
            }
        };
        (status, code, message.into())
    }

    /// What S3's error says besides code and message, by the names of its elements.
    pub(crate) fn fields_for_s3(&self, presented: Option<&Presented>) -> Vec<(&'static str, String)> {
        let key = || presented.map(|presented| ("AWSAccessKeyId", presented.access_key_id.clone()));
        match self {
            Self::UnsignedHeaders(names) => vec![("HeadersNotSigned", names.clone())],
            Self::WrongRegion { expected, .. } => vec![("Region", expected.clone())],
            Self::Skewed { request, server } => vec![
                ("RequestTime", amz_date(*request)),
                ("ServerTime", iso_date(*server)),
                ("MaxAllowedSkewMilliseconds", (MAX_SKEW_SECONDS * 1_000).to_string()),
            ],
            Self::PresignedExpired { seconds, end, server } => vec![
                ("X-Amz-Expires", seconds.to_string()),
                ("Expires", iso_date(*end)),
                ("ServerTime", iso_date(*server)),
            ],
            Self::SignatureMismatch(calculated) => {
                let mut fields: Vec<_> = key().into_iter().collect();
                if let Some(presented) = presented {
                    fields.push(("SignatureProvided", presented.signature.clone()));
                }
                if let Some(calculated) = calculated {
                    let bytes = |text: &str| {
                        let bytes: Vec<String> = text.bytes().map(|byte| format!("{byte:02x}")).collect();
                        bytes.join(" ")
                    };
                    fields.push(("StringToSign", calculated.string_to_sign.clone()));
                    fields.push(("StringToSignBytes", bytes(&calculated.string_to_sign)));
                    fields.push(("CanonicalRequest", calculated.canonical_request.clone()));
                    fields.push(("CanonicalRequestBytes", bytes(&calculated.canonical_request)));
                }
                fields
            }
            Self::Credentials(CredentialsError::UnknownKey | CredentialsError::MissingToken) => {
                key().into_iter().collect()
            }
            _ => Vec::new(),
        }
    }

    /// As KMS says it.
    pub(crate) fn for_json(&self) -> Wording {
        let (status, code, message) = self.for_query();
        let code = match code {
            "MissingAuthenticationToken" => "MissingAuthenticationTokenException",
            "IncompleteSignature" => "IncompleteSignatureException",
            "SignatureDoesNotMatch" => "InvalidSignatureException",
            "InvalidClientTokenId" => "UnrecognizedClientException",
            "ExpiredToken" => "ExpiredTokenException",
            other => other,
        };
        (if status == 500 { 500 } else { 400 }, code, message)
    }

    /// As EC2 says it.
    pub(crate) fn for_ec2(&self) -> Wording {
        let (status, code, message) = self.for_query();
        match code {
            "InvalidClientTokenId" | "SignatureDoesNotMatch" => {
                (401, "AuthFailure", "AWS was not able to validate the provided access credentials".into())
            }
            "ExpiredToken" => (400, "RequestExpired", "Request has expired.".into()),
            _ => (status, code, message),
        }
    }

    /// As IAM and STS say it.
    pub(crate) fn for_query(&self) -> Wording {
        let (status, code, message) = match self {
            Self::Missing => (403, "MissingAuthenticationToken", "Request is missing Authentication Token".into()),
            Self::Malformed(detail) | Self::MalformedQuery(detail) => {
                (400, "IncompleteSignature", detail.clone())
            }
            Self::TwoMechanisms => (
                400,
                "IncompleteSignature",
                "The request is signed in its header and in its query string; only one is allowed.".into(),
            ),
            Self::SignatureVersion2 => (
                400,
                "IncompleteSignature",
                "Signature Version 2 is not supported. Please use AWS4-HMAC-SHA256.".into(),
            ),
            Self::UnsignedHeaders(names) => (
                403,
                "SignatureDoesNotMatch",
                format!("'{names}' must be a 'SignedHeader' in the AWS Authorization."),
            ),
            Self::WrongDate { scope, request, .. } => (
                400,
                "IncompleteSignature",
                format!(
                    "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{scope}' != \
                     '{request}'."
                ),
            ),
            Self::WrongRegion { .. } => {
                (403, "SignatureDoesNotMatch", "Credential should be scoped to a valid region.".into())
            }
            Self::Skewed { request, server } => {
                let (request_text, server_text) = (amz_date(*request), amz_date(*server));
                let message = if request < server {
                    format!("Signature expired: {request_text} is now earlier than {} ({server_text} - 15 min.)", amz_date(*server - time::Duration::minutes(15)))
                } else {
                    format!("Signature not yet current: {request_text} is still later than {} ({server_text} + 15 min.)", amz_date(*server + time::Duration::minutes(15)))
                };
                (403, "SignatureDoesNotMatch", message)
            }
            Self::PresignedEarly | Self::PresignedExpired { .. } => {
                (403, "SignatureDoesNotMatch", "Signature expired".into())
            }
            Self::SignatureMismatch(_) => (
                403,
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.".into(),
            ),
            Self::Credentials(
                CredentialsError::UnknownKey | CredentialsError::MissingToken | CredentialsError::InvalidToken,
            ) => (
                403,
                "InvalidClientTokenId",
                "The security token included in the request is invalid.".into(),
            ),
            Self::Credentials(CredentialsError::Expired) => {
                (403, "ExpiredToken", "The security token included in the request is expired".into())
            }
            Self::Credentials(CredentialsError::Store(_)) => {
                (500, "InternalFailure", "The request processing has failed because of an unknown error.".into())
            }
        };
        (status, code, message)
    }
}

/// What S3 says of an `Authorization` header.
fn in_header(detail: &str) -> Wording {
    (400, "AuthorizationHeaderMalformed", format!("The authorization header is malformed; {detail}"))
}

/// What S3 says of the query of a presigned URL.
fn in_query(sentence: String) -> Wording {
    (400, "AuthorizationQueryParametersError", sentence)
}

/// `YYYY-MM-DDTHH:MM:SSZ`.
fn iso_date(time: OffsetDateTime) -> String {
    let whole = time.replace_nanosecond(0).unwrap_or(time);
    whole.format(&time::format_description::well_known::Rfc3339).unwrap_or_default()
}

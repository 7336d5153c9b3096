//! What KMS refuses, with AWS's code and message.

use crate::crypto::CryptoError;
use crate::gate::Denied;
use crate::limits::Service;
use crate::store::{ChangeError, StoreError};

/// A refused or failed KMS call.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum KmsError {
    /// KMS says no, with an error code of its API.
    #[error("{code}: {message}")]
    Refused {
        /// For example `DisabledException`.
        code: &'static str,
        /// AWS's sentence.
        message: String,
    },
    /// The sandbox itself failed; the cause is for the operator only.
    #[error("KMS failed: {0}")]
    Internal(String),
}

impl KmsError {
    pub(super) fn refused(code: &'static str, message: impl Into<String>) -> Self {
        Self::Refused { code, message: message.into() }
    }

    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self::refused("NotFoundException", message)
    }

    pub(super) fn validation(message: impl Into<String>) -> Self {
        Self::refused("ValidationException", message)
    }

    /// One more than a quota allows.
    pub(super) fn quota(quota: &str, limit: usize, usage: usize) -> Self {
        Self::refused(
            "LimitExceededException",
            format!("{quota} quota for this account in this region is {limit}, current usage is {usage}."),
        )
    }

    /// More calls than the account may make.
    pub(crate) fn throttled() -> Self {
        let (_, code, message) = Service::Kms.throttled();
        Self::refused(code, message)
    }

    /// A member of the input breaks a constraint, in the words of AWS's request validation.
    pub(super) fn constraint(value: &str, member: &str, constraint: &str) -> Self {
        Self::validation(format!(
            "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {constraint}"
        ))
    }

    /// Refuses a number that is not in a range, in the same words.
    pub(super) fn within(
        value: i64,
        member: &str,
        range: &std::ops::RangeInclusive<i64>,
    ) -> Result<(), Self> {
        let bound = match value {
            _ if value < *range.start() => format!("greater than or equal to {}", range.start()),
            _ if value > *range.end() => format!("less than or equal to {}", range.end()),
            _ => return Ok(()),
        };
        Err(Self::constraint(&value.to_string(), member, &format!("Member must have value {bound}")))
    }

    /// Something AWS has and the embedded AWS does not: said, never silently left out.
    pub(super) fn unsupported(what: &str) -> Self {
        Self::refused(
            "UnsupportedOperationException",
            format!("{what} is not supported by the embedded AWS."),
        )
    }

    pub(super) fn unknown_operation(name: &str) -> Self {
        Self::refused("UnknownOperationException", format!("The operation {name} is not implemented."))
    }

    pub(super) fn invalid_ciphertext() -> Self {
        Self::refused("InvalidCiphertextException", "")
    }

    /// AWS's error code.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Refused { code, .. } => code,
            Self::Internal(_) => "KMSInternalException",
        }
    }

    /// AWS's sentence.
    pub(crate) fn message(&self) -> &str {
        match self {
            Self::Refused { message, .. } => message,
            Self::Internal(_) => "AWS KMS internal error. Please try again.",
        }
    }

    /// HTTP status of the direct API: denials too are 400 (`aws-semantics.md` §4).
    pub(crate) fn status(&self) -> u16 {
        match self {
            Self::Refused { .. } => 400,
            Self::Internal(_) => 500,
        }
    }

    /// Whether a policy said no.
    pub(crate) fn is_denial(&self) -> bool {
        self.code() == "AccessDeniedException"
    }

    /// What failed inside, for the operator's log.
    pub(crate) fn cause(&self) -> Option<&str> {
        match self {
            Self::Refused { .. } => None,
            Self::Internal(cause) => Some(cause),
        }
    }
}

impl From<Denied> for KmsError {
    fn from(denied: Denied) -> Self {
        Self::refused("AccessDeniedException", denied.message)
    }
}

impl From<StoreError> for KmsError {
    fn from(error: StoreError) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<CryptoError> for KmsError {
    fn from(error: CryptoError) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<ChangeError<KmsError>> for KmsError {
    fn from(error: ChangeError<KmsError>) -> Self {
        match error {
            ChangeError::Refused(refused) => refused,
            other => Self::Internal(other.to_string()),
        }
    }
}

impl From<policy::validate::Rejection> for KmsError {
    fn from(rejection: policy::validate::Rejection) -> Self {
        Self::refused(rejection.code, rejection.message)
    }
}

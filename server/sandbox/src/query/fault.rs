//! Why an operation was refused, until it is written in the form of its service.

use std::borrow::Cow;

use policy::validate::Rejection;

use super::Service;
use crate::crypto::CryptoError;
use crate::gate::Denied;
use crate::store::{ChangeError, StoreError};

/// Why an operation did not happen.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// The caller's fault, or the state of the account.
    #[error("{code}: {message}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// AWS's error code.
        code: Cow<'static, str>,
        /// AWS's message.
        message: String,
    },
    /// Ours; the cause is logged and not shown.
    #[error("{0}")]
    Internal(String),
}

impl Fault {
    /// Any refusal.
    pub(crate) fn refused(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self::Refused { status, code: code.into(), message: message.into() }
    }

    /// 400 `ValidationError`.
    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Self::refused(400, "ValidationError", message)
    }

    /// 404 `NoSuchEntity`.
    pub(crate) fn no_such_entity(message: impl Into<String>) -> Self {
        Self::refused(404, "NoSuchEntity", message)
    }

    /// 409 `EntityAlreadyExists`.
    pub(crate) fn already_exists(message: impl Into<String>) -> Self {
        Self::refused(409, "EntityAlreadyExists", message)
    }

    /// 409 `DeleteConflict`.
    pub(crate) fn delete_conflict(message: impl Into<String>) -> Self {
        Self::refused(409, "DeleteConflict", message)
    }

    /// 409 `LimitExceeded`.
    pub(crate) fn limit_exceeded(message: impl Into<String>) -> Self {
        Self::refused(409, "LimitExceeded", message)
    }

    /// Status, code and message as `service` answers them.
    pub(super) fn wording(self, service: Service) -> (u16, Cow<'static, str>, String) {
        match self {
            Self::Refused { status, code, message } => (status, code, message),
            Self::Internal(_) => (
                500,
                service.internal_code().into(),
                "The request processing has failed because of an unknown error, exception or failure.".into(),
            ),
        }
    }
}

impl From<Denied> for Fault {
    fn from(denied: Denied) -> Self {
        Self::refused(403, "AccessDenied", denied.message)
    }
}

impl From<Rejection> for Fault {
    fn from(rejection: Rejection) -> Self {
        // IAM answers limits with 409, everything else about a document with 400 (`aws-semantics.md` §5).
        let status = if rejection.code == "LimitExceeded" { 409 } else { 400 };
        Self::refused(status, rejection.code, rejection.message)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<CryptoError> for Fault {
    fn from(error: CryptoError) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<ChangeError<Fault>> for Fault {
    fn from(error: ChangeError<Fault>) -> Self {
        match error {
            ChangeError::Refused(fault) => fault,
            error => Self::Internal(error.to_string()),
        }
    }
}

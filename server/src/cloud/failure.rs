//! What went wrong in a call, whichever client made it.

use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::{display::DisplayErrorContext, metadata::ProvideErrorMetadata};
use futures::future::{BoxFuture, FutureExt as _, TryFutureExt as _};
use std::error::Error;

/// An error of AWS, or the lack of any answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failure {
    /// AWS's error code; `None` when the answer had none (every HEAD) or no answer came.
    pub code: Option<String>,
    /// AWS's own text, or why no answer came.
    pub message: Option<String>,
    /// The request id that stood in the body.
    pub request_id: Option<String>,
}

impl Failure {
    /// From the error of an SDK client.
    pub fn of<E>(error: SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        match &error {
            SdkError::ServiceError(context) => {
                let meta = context.err().meta();
                Self {
                    code: meta.code().map(Into::into),
                    message: meta.message().map(Into::into),
                    request_id: meta.extra("aws_request_id").map(Into::into),
                }
            }
            _ => Self::unanswered(DisplayErrorContext(&error).to_string()),
        }
    }

    /// No answer of AWS's, and why.
    pub fn unanswered(why: impl Into<String>) -> Self {
        Self { message: Some(why.into()), ..Self::default() }
    }

    /// Whether AWS gave this error code.
    pub fn is(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
    }
}

/// A call of an SDK client on its way, with its error as a [`Failure`].
///
/// Boxed, because the SDK's futures are tens of kilobytes each and several of them would not fit on a thread's stack.
pub trait Asked<'a, T> {
    /// The boxed call.
    fn asked(self) -> BoxFuture<'a, Result<T, Failure>>;
}

impl<'a, T, E, F> Asked<'a, T> for F
where
    F: Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send + 'a,
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    fn asked(self) -> BoxFuture<'a, Result<T, Failure>> {
        self.map_err(Failure::of).boxed()
    }
}

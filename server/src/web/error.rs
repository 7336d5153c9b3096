//! Errors at the HTTP edge that no page of the app makes: one sentence on a plain page, with the right status.

use app::console::ConsoleError;
use axum::response::{Html, IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

/// Why a request was refused or could not be answered.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// Another site sent the browser here.
    #[error(
        "This request came from another site, so it was not carried out. Open Trilock’s own page and try there."
    )]
    ForeignOrigin,
    /// The name the browser used is not this server's.
    #[error("This server does not go by that name. Open it by the address it printed at the start.")]
    ForeignHost,
    /// The body is larger than the page's forms can be.
    #[error("What was sent is too large: {what} has at most {limit}. Nothing was changed.")]
    TooLarge {
        /// What was sent.
        what: &'static str,
        /// In words, with its unit.
        limit: &'static str,
    },
    /// The body cannot be read as what it says it is.
    #[error("What was sent could not be read: {0}. Nothing was changed.")]
    Unreadable(String),
    /// The body stopped coming.
    #[error("What was sent did not arrive in time, or not whole. Nothing was changed; try again.")]
    Incomplete,
    /// The console could not do it.
    #[error(transparent)]
    Console(#[from] ConsoleError),
}

impl AppError {
    /// The HTTP status.
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::ForeignOrigin => StatusCode::FORBIDDEN,
            Self::ForeignHost => StatusCode::MISDIRECTED_REQUEST,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unreadable(_) => StatusCode::BAD_REQUEST,
            Self::Incomplete => StatusCode::REQUEST_TIMEOUT,
            Self::Console(error) => match error {
                ConsoleError::NoLab | ConsoleError::NotFound { .. } => StatusCode::NOT_FOUND,
                ConsoleError::Invalid { .. } => StatusCode::UNPROCESSABLE_ENTITY,
                ConsoleError::Expired { .. } => StatusCode::CONFLICT,
                ConsoleError::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            },
        }
    }
}

impl IntoResponse for AppError {
    fn into_response(self) -> Response {
        let status = self.status();
        let title = status.canonical_reason().unwrap_or("Error");
        let page = format!(
            "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <title>{title} · Trilock</title><link rel=\"stylesheet\" href=\"/pkg/main.css\"></head>\
             <body><main><h1>{title}</h1><p role=\"alert\">{}</p><p><a href=\"/\">Back to Trilock</a></p></main></body></html>",
            escaped(&self.to_string())
        );
        let mut response = (status, Html(page)).into_response();
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::AppError;
    use axum::response::IntoResponse as _;
    use http::StatusCode;

    #[test]
    fn every_error_has_its_status_and_cannot_carry_markup() {
        let cases = [
            (AppError::ForeignOrigin, StatusCode::FORBIDDEN),
            (AppError::ForeignHost, StatusCode::MISDIRECTED_REQUEST),
            (AppError::TooLarge { what: "a form", limit: "64 KiB" }, StatusCode::PAYLOAD_TOO_LARGE),
            (AppError::Unreadable("<script>".into()), StatusCode::BAD_REQUEST),
            (AppError::Incomplete, StatusCode::REQUEST_TIMEOUT),
        ];
        for (error, status) in cases {
            assert_eq!(error.into_response().status(), status);
        }
        assert_eq!(super::escaped("<script>\"&"), "&lt;script&gt;&quot;&amp;");
    }
}

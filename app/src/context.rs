//! What a page or server function finds in the Leptos context, and how it steers the HTTP answer.

use crate::console::Console;
use http::{HeaderName, HeaderValue, StatusCode, header, request::Parts};
use leptos::prelude::{ServerFnError, use_context};
use leptos_axum::ResponseOptions;
use std::{sync::Arc, time::SystemTime};

/// The console of the request's session, which the server puts into the context.
///
/// # Panics
/// When the server forgot to: every page would be wrong, so the first request shows it.
pub(crate) fn expect_console() -> Arc<dyn Console> {
    #[expect(clippy::expect_used, reason = "documented: a mistake in the server's set-up, not in a request")]
    use_context::<Arc<dyn Console>>()
        .expect("the server provides an `Arc<dyn Console>` in the Leptos context")
}

/// Unix time in seconds.
pub(crate) fn now() -> i64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

/// Sets the HTTP status of the page or answer that is being made.
pub(crate) fn set_status(status: StatusCode) {
    if let Some(response) = use_context::<ResponseOptions>() {
        response.set_status(status);
    }
}

/// Answers a posted form with `303 See Other`, so that reloading the page that follows posts nothing again.
///
/// `leptos_axum::redirect` answers 302, and only to clients that ask for HTML; a form must be answered alike for all.
/// `path` must be made of the app's own words, never of what a client sent (see [`local_path`]).
pub(crate) fn see_other(path: &str) {
    let Some(response) = use_context::<ResponseOptions>() else { return };
    let location = HeaderValue::from_str(path).unwrap_or_else(|_| HeaderValue::from_static("/"));
    response.insert_header(header::LOCATION, location);
    response.set_status(StatusCode::SEE_OTHER);
}

/// Answers `400 Bad Request` to a form that no page of ours could have posted.
pub(crate) fn refuse(what: &str) -> Result<(), ServerFnError> {
    set_status(StatusCode::BAD_REQUEST);
    Err(ServerFnError::Args(format!(
        "This form has no valid {what}. Go back to the page it came from and reload it."
    )))
}

/// The path of this request without its query, `/` when there is none.
pub(crate) fn current_path() -> String {
    use_context::<Parts>().map_or_else(|| "/".into(), |parts| parts.uri.path().to_owned())
}

/// A header of this request as text.
pub(crate) fn request_header(name: &HeaderName) -> Option<String> {
    use_context::<Parts>()?.headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// `path` if it is a path on this site, else `/`: a form's field must never send a browser elsewhere.
pub(crate) fn local_path(path: &str) -> &str {
    let plain = path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-_.".contains(&byte));
    if plain && path.starts_with('/') && !path.starts_with("//") { path } else { "/" }
}

/// The policy a page is sent with: everything from here, scripts only with this page's nonce, WebAssembly may compile.
///
/// [`crate::App`] sets it on every page it renders, because the nonce is made while rendering.
pub fn content_security_policy(nonce: &str) -> String {
    format!(
        "default-src 'self'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; \
         connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
    )
}

/// Sends [`content_security_policy`] with the page that is being rendered.
pub(crate) fn send_content_security_policy() {
    let (Some(response), Some(nonce)) = (use_context::<ResponseOptions>(), leptos::nonce::use_nonce()) else {
        return;
    };
    if let Ok(value) = HeaderValue::from_str(&content_security_policy(&nonce)) {
        response.insert_header(header::CONTENT_SECURITY_POLICY, value);
    }
}

#[cfg(test)]
mod tests {
    use super::{content_security_policy, local_path};

    #[test]
    fn a_form_can_only_send_the_browser_to_a_path_of_this_site() {
        let cases = [
            ("/steps/key", "/steps/key"),
            ("/", "/"),
            ("", "/"),
            ("steps/key", "/"),
            ("//elsewhere.example", "/"),
            ("/\\elsewhere.example", "/"),
            ("https://elsewhere.example/", "/"),
            ("/a\r\nSet-Cookie: x", "/"),
        ];
        for (given, taken) in cases {
            assert_eq!(local_path(given), taken, "{given:?}");
        }
    }

    #[test]
    fn the_content_security_policy_allows_no_inline_style_and_no_script_without_nonce() {
        let policy = content_security_policy("abc");
        assert!(policy.contains("'nonce-abc'"));
        assert!(!policy.contains("unsafe-inline"));
        assert!(!policy.contains("'unsafe-eval'"));
    }
}

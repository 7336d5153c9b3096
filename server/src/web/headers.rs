//! Headers every answer carries. Pages bring a content security policy of their own with a nonce; the rest gets a strict
//! one here.

use axum::{extract::Request, middleware::Next, response::Response};
use http::{HeaderMap, HeaderName, HeaderValue, header};

/// What says how an answer may be shown and what it may load: for all that a browser can show by itself.
const OF_DOCUMENTS: [(HeaderName, &str); 4] = [
    (header::CONTENT_SECURITY_POLICY, STRICT_POLICY),
    // Two roles side by side are frames of our own.
    (header::X_FRAME_OPTIONS, "SAMEORIGIN"),
    // Not `no-referrer`: forms without a script would then send `Origin: null`.
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

const STRICT_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Adds the headers an answer does not have yet.
pub(super) async fn secure(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.entry(header::X_CONTENT_TYPE_OPTIONS).or_insert(HeaderValue::from_static("nosniff"));
    if !is_part_of_a_page(headers) {
        for (name, value) in OF_DOCUMENTS {
            headers.entry(name).or_insert(HeaderValue::from_static(value));
        }
    }
    // Pages are about one session and about now.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Whether an answer is a style, a script or the like, which pages load and nobody sees by itself: with `nosniff` it is nothing else.
fn is_part_of_a_page(headers: &HeaderMap) -> bool {
    const PARTS: [&str; 4] = ["text/css", "text/javascript", "application/javascript", "application/wasm"];
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    PARTS.iter().any(|part| kind.starts_with(part))
}

#[cfg(test)]
mod tests {
    use super::is_part_of_a_page;
    use http::{HeaderMap, HeaderValue, header};

    #[test]
    fn what_a_browser_shows_by_itself_is_a_document() {
        let of = |kind: &'static str| {
            HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(kind))])
        };
        for part in ["text/css", "text/javascript", "application/wasm"] {
            assert!(is_part_of_a_page(&of(part)), "{part}");
        }
        for document in ["text/html; charset=utf-8", "image/svg+xml", "text/plain", "application/json"] {
            assert!(!is_part_of_a_page(&of(document)), "{document}");
        }
        assert!(!is_part_of_a_page(&HeaderMap::new()));
    }
}

//! Who may ask: requests that change something must come from our own pages, and forms have a size.
//!
//! Server functions check no origin by themselves. A browser says where a request comes from in `Sec-Fetch-Site` and
//! `Origin`; a program that is no browser sends neither, and has no cookies to be abused.

use super::AppError;
use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, Method, header, uri::Authority},
    middleware::Next,
    response::Response,
};
use http_body_util::LengthLimitError;
use std::net::IpAddr;

/// The largest form, in bytes: two policies of the largest size that IAM takes, encoded for the form.
pub(super) const MAX_FORM: usize = 64 * 1024;

/// The address of the upload form, which has a limit of its own.
pub(super) const UPLOAD_PATH: &str = "/instance/files";

/// Refuses what another site sent, and names that are not ours.
///
/// # Errors
/// 403 for a foreign origin, 421 for a foreign name.
pub(super) async fn same_site(
    State(loopback): State<bool>,
    request: Request,
    next: Next,
) -> Result<Response, AppError> {
    if loopback && !host_is_loopback(request.headers()) {
        return Err(AppError::ForeignHost);
    }
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if changes && !is_own(request.headers()) {
        tracing::warn!(path = request.uri().path(), "a request from another site was refused");
        return Err(AppError::ForeignOrigin);
    }
    Ok(next.run(request).await)
}

/// Refuses bodies that are larger than any of our forms, whether or not they said so beforehand.
///
/// # Errors
/// 413 for a body that is too large, 408 for one that does not come.
pub(super) async fn limit_form(request: Request, next: Next) -> Result<Response, AppError> {
    if request.uri().path() == UPLOAD_PATH || matches!(*request.method(), Method::GET | Method::HEAD) {
        return Ok(next.run(request).await);
    }
    let too_large = || AppError::TooLarge { what: "a form", limit: "64 KiB" };
    let announced =
        request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: usize| length > MAX_FORM) {
        return Err(too_large());
    }
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, MAX_FORM).await.map_err(|error| {
        match std::error::Error::source(&error).is_some_and(|cause| cause.is::<LengthLimitError>()) {
            true => too_large(),
            false => AppError::Incomplete,
        }
    })?;
    Ok(next.run(Request::from_parts(parts, Body::from(body))).await)
}

fn text(headers: &HeaderMap, name: impl header::AsHeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

fn is_own(headers: &HeaderMap) -> bool {
    if let Some(site) = text(headers, "sec-fetch-site") {
        // `same-site` is another port of the same machine: not ours.
        return matches!(site, "same-origin" | "none");
    }
    match text(headers, header::ORIGIN) {
        None => !headers.contains_key(header::ORIGIN),
        Some(origin) => {
            let origin = origin.split_once("://").map(|(_, authority)| authority);
            origin.is_some() && origin == text(headers, header::HOST)
        }
    }
}

/// On loopback only loopback names are ours: a name of someone else's that leads here is an attack (DNS rebinding).
fn host_is_loopback(headers: &HeaderMap) -> bool {
    let Some(host) = text(headers, header::HOST) else { return true };
    let Ok(authority) = host.parse::<Authority>() else { return false };
    let name = authority.host().trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || name.ends_with(".localhost")
        || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{host_is_loopback, is_own};
    use axum::http::{HeaderMap, HeaderName, HeaderValue};

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn only_our_own_pages_and_programs_may_change_something() {
        let ours = ("host", "127.0.0.1:3000");
        let cases: [(&[(&str, &str)], bool); 8] = [
            (&[ours], true),
            (&[ours, ("sec-fetch-site", "same-origin")], true),
            (&[ours, ("sec-fetch-site", "none")], true),
            (&[ours, ("sec-fetch-site", "cross-site")], false),
            (&[ours, ("sec-fetch-site", "same-site"), ("origin", "http://127.0.0.1:8000")], false),
            (&[ours, ("origin", "http://127.0.0.1:3000")], true),
            (&[ours, ("origin", "http://127.0.0.1:8000")], false),
            (&[ours, ("origin", "null")], false),
        ];
        for (pairs, own) in cases {
            let pairs: Vec<(&'static str, &'static str)> = pairs.to_vec();
            assert_eq!(is_own(&headers(&pairs)), own, "{pairs:?}");
        }
    }

    #[test]
    fn a_foreign_name_does_not_lead_to_loopback() {
        let cases = [
            ("localhost:3000", true),
            ("127.0.0.1:3000", true),
            ("[::1]:3000", true),
            ("attacker.example", false),
            ("127.0.0.1.attacker.example:3000", false),
        ];
        for (host, own) in cases {
            assert_eq!(host_is_loopback(&headers(&[("host", host)])), own, "{host}");
        }
    }
}

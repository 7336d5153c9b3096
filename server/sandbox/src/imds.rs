//! IMDSv2: what an instance can ask about itself, its role's credentials above all (`aws-semantics.md` §6).
//!
//! On EC2 the service answers at 169.254.169.254 and knows the instance by its network. Here the instance's id is part
//! of the path, so whoever reaches the endpoint and knows the id *is* the instance.

mod credentials;
mod document;
mod token;

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};

use crate::model::{Account, Instance};
use crate::request::RequestMeta;
use crate::{Aws, Body};

/// Asks for a token.
const TTL_HEADER: &str = "x-aws-ec2-metadata-token-ttl-seconds";
/// Presents one.
const TOKEN_HEADER: &str = "x-aws-ec2-metadata-token";

/// Answers one request; `path` is what follows the instance's id, for example `/latest/meta-data/`.
pub(crate) async fn handle(
    aws: &Arc<Aws>,
    meta: &RequestMeta,
    instance_id: &str,
    path: &str,
    method: &Method,
    headers: &HeaderMap,
) -> Response<Body> {
    let owner = match aws.store.instance_owner(instance_id).await {
        Ok(owner) => owner,
        Err(cause) => {
            tracing::error!(request_id = %meta.id, %cause, "an instance could not be looked up");
            return plain(StatusCode::INTERNAL_SERVER_ERROR);
        }
    };
    let place = owner.as_deref().and_then(|account| {
        let instance = account.instances.get(instance_id).filter(|instance| !instance.terminated)?;
        Some(Place { aws, meta, account, instance })
    });
    let Some(place) = place else { return plain(StatusCode::NOT_FOUND) };
    match *method {
        Method::PUT => put_token(place, path, headers),
        Method::GET | Method::HEAD => get(place, path, headers),
        _ => plain(StatusCode::METHOD_NOT_ALLOWED),
    }
}

/// Where a request arrives: at one running instance.
#[derive(Clone, Copy)]
struct Place<'a> {
    aws: &'a Aws,
    meta: &'a RequestMeta,
    account: &'a Account,
    instance: &'a Instance,
}

fn put_token(place: Place<'_>, path: &str, headers: &HeaderMap) -> Response<Body> {
    match split(path) {
        Some((version, "api/token")) if version != "latest" => return plain(StatusCode::FORBIDDEN),
        Some(("latest", "api/token")) => {}
        _ => return plain(StatusCode::NOT_FOUND),
    }
    // A forwarded request did not come from the instance (EC2 User Guide, `configuring-instance-metadata-service`).
    if headers.contains_key("x-forwarded-for") {
        return plain(StatusCode::FORBIDDEN);
    }
    let ttl = headers.get(TTL_HEADER).and_then(|ttl| ttl.to_str().ok()?.trim().parse().ok());
    let Some(ttl) = ttl.filter(|ttl| token::TTL_SECONDS.contains(ttl)) else {
        return plain(StatusCode::BAD_REQUEST);
    };
    match token::issue(place, ttl) {
        Ok(token) => {
            let mut response = text(token, "text/plain");
            response.headers_mut().insert(TTL_HEADER, HeaderValue::from(ttl));
            response
        }
        Err(cause) => internal(place, &cause),
    }
}

fn get(place: Place<'_>, path: &str, headers: &HeaderMap) -> Response<Body> {
    let presented = headers.get(TOKEN_HEADER).and_then(|token| token.to_str().ok()).unwrap_or_default();
    let Some(left) = token::seconds_left(place, presented) else { return plain(StatusCode::UNAUTHORIZED) };
    let mut response = match split(path) {
        Some((_, "api/token")) => plain(StatusCode::METHOD_NOT_ALLOWED),
        Some((_, item)) => match document::read(place, item) {
            Ok(Some((body, kind))) => text(body, kind),
            Ok(None) => plain(StatusCode::NOT_FOUND),
            Err(cause) => internal(place, &cause),
        },
        None => plain(StatusCode::NOT_FOUND),
    };
    response.headers_mut().insert(TTL_HEADER, HeaderValue::from(left));
    response
}

/// `/latest/meta-data/ami-id` is version `latest` and item `meta-data/ami-id`; versions are `latest` or dates.
fn split(path: &str) -> Option<(&str, &str)> {
    let (version, item) = path.strip_prefix('/')?.split_once('/')?;
    let is_date = version.len() == 10 && version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    (version == "latest" || is_date).then_some((version, item))
}

fn internal(place: Place<'_>, cause: &dyn std::error::Error) -> Response<Body> {
    tracing::error!(request_id = %place.meta.id, %cause, "the metadata service failed");
    plain(StatusCode::INTERNAL_SERVER_ERROR)
}

fn plain(status: StatusCode) -> Response<Body> {
    let reason = status.canonical_reason().unwrap_or_default();
    let mut response = text(format!("{} - {reason}\n", status.as_u16()), "text/plain");
    *response.status_mut() = status;
    response
}

fn text(body: String, kind: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(Bytes::from(body)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::SERVER, HeaderValue::from_static("EC2ws"));
    response
}

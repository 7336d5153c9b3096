//! The instance metadata service: what an instance can ask about itself, its role's credentials above all (`aws-semantics.md` §6).
//!
//! On EC2 the service answers at 169.254.169.254 and knows the instance by its network. Here the instance's id is part
//! of the path, so whoever reaches the endpoint and knows the id *is* the instance; who reaches it is
//! [`MetadataAccess`](crate::MetadataAccess)'s business.

mod credentials;
mod document;
mod token;

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};

use crate::model::{Account, Instance, InstanceState};
use crate::request::RequestMeta;
use crate::{Aws, Body, MetadataAccess};

/// Asks for a token.
const TTL_HEADER: &str = "x-aws-ec2-metadata-token-ttl-seconds";
/// Presents one.
const TOKEN_HEADER: &str = "x-aws-ec2-metadata-token";

/// Who forwarded a request, and for whom.
const FORWARDED: [&str; 2] = ["x-forwarded-for", "forwarded"];

/// Answers one request; `path` is what follows the instance's id, for example `/latest/meta-data/`.
pub(crate) async fn handle(
    aws: &Arc<Aws>,
    meta: &RequestMeta,
    instance_id: &str,
    path: &str,
    method: &Method,
    headers: &HeaderMap,
) -> Response<Body> {
    if !may_ask(aws.metadata_access, meta, headers) {
        return plain(StatusCode::FORBIDDEN);
    }
    let owner = match aws.store.instance_owner(instance_id).await {
        Ok(owner) => owner,
        Err(cause) => {
            tracing::error!(request_id = %meta.id, %cause, "an instance could not be looked up");
            return plain(StatusCode::INTERNAL_SERVER_ERROR);
        }
    };
    let place = owner.as_deref().and_then(|account| {
        let running = |instance: &&Arc<Instance>| instance.state() == InstanceState::Running;
        let instance = account.instances.get(instance_id).filter(running)?;
        Some(Place { aws, meta, account, instance })
    });
    let Some(place) = place else { return plain(StatusCode::NOT_FOUND) };
    if !place.instance.metadata.enabled {
        return plain(StatusCode::FORBIDDEN);
    }
    match *method {
        Method::PUT => put_token(place, path, headers),
        Method::GET | Method::HEAD => get(place, path, headers),
        _ => plain(StatusCode::METHOD_NOT_ALLOWED),
    }
}

/// Whether a request may come from the instance at all.
fn may_ask(access: MetadataAccess, meta: &RequestMeta, headers: &HeaderMap) -> bool {
    match (access, meta.source_ip) {
        (MetadataAccess::Anyone, _) | (MetadataAccess::ThisMachine, None) => true,
        (MetadataAccess::ThisMachine, Some(peer)) => {
            peer.to_canonical().is_loopback() && !FORWARDED.iter().any(|name| headers.contains_key(*name))
        }
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

/// Answers with a token, and without one where the instance does not require any: that is IMDSv1. A token that is not good is
/// refused either way.
fn get(place: Place<'_>, path: &str, headers: &HeaderMap) -> Response<Body> {
    let left = match headers.get(TOKEN_HEADER) {
        None if place.instance.metadata.tokens_required => return plain(StatusCode::UNAUTHORIZED),
        None => None,
        Some(presented) => match token::seconds_left(place, presented.to_str().unwrap_or_default()) {
            None => return plain(StatusCode::UNAUTHORIZED),
            left => left,
        },
    };
    let version = if left.is_some() { 2 } else { 1 };
    let mut response = match split(path) {
        Some((_, "api/token")) => plain(StatusCode::METHOD_NOT_ALLOWED),
        Some((_, item)) => match document::read(place, item, version) {
            Ok(Some(body)) => text(body, "text/plain"),
            Ok(None) => plain(StatusCode::NOT_FOUND),
            Err(cause) => internal(place, &cause),
        },
        None if path == "/" => text(document::versions(), "text/plain"),
        None => plain(StatusCode::NOT_FOUND),
    };
    if let Some(left) = left {
        response.headers_mut().insert(TTL_HEADER, HeaderValue::from(left));
    }
    response
}

/// `/latest/meta-data/ami-id` is version `latest` and item `meta-data/ami-id`.
fn split(path: &str) -> Option<(&str, &str)> {
    let path = path.strip_prefix('/')?;
    let (version, item) = path.split_once('/').unwrap_or((path, ""));
    document::is_version(version).then_some((version, item))
}

fn internal(place: Place<'_>, cause: &dyn std::error::Error) -> Response<Body> {
    tracing::error!(request_id = %place.meta.id, %cause, "the metadata service failed");
    plain(StatusCode::INTERNAL_SERVER_ERROR)
}

/// An error, as the page that EC2 makes of it.
fn plain(status: StatusCode) -> Response<Body> {
    let reason = status.canonical_reason().unwrap_or_default();
    let title = format!("{} - {reason}", status.as_u16());
    let page = format!(
        "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>\n\
         <!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Transitional//EN\"\n\
         \t\"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd\">\n\
         <html xmlns=\"http://www.w3.org/1999/xhtml\" xml:lang=\"en\" lang=\"en\">\n \
         <head>\n  <title>{title}</title>\n </head>\n <body>\n  <h1>{title}</h1>\n </body>\n</html>\n"
    );
    let mut response = text(page, "text/html");
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use time::OffsetDateTime;

    use super::*;

    #[test]
    fn the_metadata_service_answers_this_machine_unless_it_is_opened() {
        let cases: [(Option<&str>, &[&str], bool); 7] = [
            (None, &[], true),
            (Some("127.0.0.1"), &[], true),
            (Some("::1"), &[], true),
            (Some("::ffff:127.0.0.1"), &[], true),
            (Some("127.0.0.1"), &["x-forwarded-for"], false),
            (Some("::1"), &["forwarded"], false),
            (Some("192.0.2.7"), &[], false),
        ];
        for (peer, forwarded, answered) in cases {
            let peer = peer.map(|peer| peer.parse().unwrap());
            let meta = RequestMeta::new(OffsetDateTime::UNIX_EPOCH, "us-east-1".into(), peer, None).unwrap();
            let header = |name: &&str| (name.parse().unwrap(), HeaderValue::from_static("192.0.2.7"));
            let headers: HeaderMap = forwarded.iter().map(header).collect();
            assert_eq!(
                may_ask(MetadataAccess::ThisMachine, &meta, &headers),
                answered,
                "{peer:?} {forwarded:?}"
            );
            assert!(may_ask(MetadataAccess::Anyone, &meta, &headers));
        }
    }
}

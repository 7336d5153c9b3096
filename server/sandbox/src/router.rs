//! From a request to the service it is for: by path for IMDSv2, by credential scope for everything signed.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};

use crate::auth::{self, AuthError, Presented};
use crate::caller::Caller;
use crate::query::Params;
use crate::request::RequestMeta;
use crate::unread::Unread;
use crate::{Aws, Body, ec2, iam, imds, kms, query, s3, sts};

/// Largest body of a request to any service but S3, in bytes.
const MAX_BODY_BYTES: usize = 1 << 20;
/// Where the metadata services of instances are found.
const IMDS_PREFIX: &str = "/imds/";

/// The services that are here, as the scope of a signature names them.
const SERVICES: [&str; 5] = ["s3", "kms", "iam", "sts", "ec2"];

/// Takes a request to its service. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Router {
    aws: Arc<Aws>,
    s3: s3::Service,
}

/// The services that answer signed requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    S3,
    Kms,
    Query(query::Service),
}

impl Router {
    pub(crate) fn new(aws: &Arc<Aws>) -> Self {
        Self { aws: Arc::clone(aws), s3: s3::Service::new(aws) }
    }

    /// Answers one request; `peer` is where it came from, `None` inside the process.
    pub(crate) async fn call(&self, request: Request<Body>, peer: Option<IpAddr>) -> Response<Body> {
        // Inside the process there is no connection.
        if peer.is_none() {
            return self.answer(request, peer).await;
        }
        let (request, unread) = Unread::watch(request);
        let mut response = self.answer(request, peer).await;
        unread.conclude(&mut response);
        response
    }

    async fn answer(&self, request: Request<Body>, peer: Option<IpAddr>) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let now = self.aws.now();
        let presented = Presented::read(&parts);
        let region = match &presented {
            Ok(Some(presented)) => presented.region.clone(),
            _ => self.aws.region.clone(),
        };
        let user_agent = parts.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
        let Ok(meta) = RequestMeta::new(now, region, peer, user_agent.map(str::to_owned)) else {
            return plain(StatusCode::INTERNAL_SERVER_ERROR, "the random generator failed");
        };
        if let Some((instance, path)) = imds_path(parts.uri.path()) {
            return imds::handle(&self.aws, &meta, instance, path, &parts.method, &parts.headers).await;
        }
        if let Some(service) = absent_service(&presented) {
            return answer_absent(service, &meta, &parts);
        }
        let target = target(&parts, &presented);
        let caller = match &presented {
            Ok(Some(presented)) => auth::identify(&self.aws, &parts, presented, now).await,
            // S3 alone knows anonymous callers.
            Ok(None) if target == Target::S3 => Ok(Caller::ANONYMOUS),
            Ok(None) => Err(AuthError::Missing),
            Err(error) => Err(error.clone()),
        };
        let caller = match caller {
            Ok(caller) => caller,
            Err(error) => return refuse(target, &meta, &parts, &error),
        };
        if target == Target::S3 {
            let mut request = Request::from_parts(parts, body);
            request.extensions_mut().insert(meta);
            request.extensions_mut().insert(caller);
            return self.s3.call(request).await;
        }
        let Some(body) = collect(body).await else {
            let message = format!("Request must be smaller than {MAX_BODY_BYTES} bytes");
            return answer_error(target, &meta, &parts, (413, "RequestEntityTooLarge", message));
        };
        let verified = match &presented {
            Ok(Some(presented)) => auth::verify(&self.aws, &parts, &body, presented).await,
            _ => Err(AuthError::Missing),
        };
        if let Err(error) = verified {
            return refuse(target, &meta, &parts, &error);
        }
        self.dispatch(target, &meta, &caller, &parts, &body).await
    }

    async fn dispatch(
        &self,
        target: Target,
        meta: &RequestMeta,
        caller: &Caller,
        parts: &Parts,
        body: &[u8],
    ) -> Response<Body> {
        let service = match target {
            Target::S3 | Target::Kms => {
                let operation = parts.headers.get("x-amz-target").and_then(|value| value.to_str().ok());
                return kms::handle(&self.aws, meta, caller, operation.unwrap_or_default(), body).await;
            }
            Target::Query(service) => service,
        };
        let params = match Params::read(parts.uri.query().unwrap_or_default(), body) {
            Ok(params) => params,
            Err(message) => return query::error(service, meta, 400, "MalformedQueryString", &message),
        };
        if service == query::Service::Iam && caller.is_shut_out_of_iam() {
            let message = "The security token included in the request is invalid";
            return query::error(service, meta, 403, "InvalidClientTokenId", message);
        }
        match service {
            query::Service::Iam => iam::handle(&self.aws, meta, caller, &params).await,
            query::Service::Sts => sts::handle(&self.aws, meta, caller, &params).await,
            query::Service::Ec2 => ec2::handle(&self.aws, meta, caller, &params).await,
        }
    }
}

/// The service a request is signed for, if it is none of this AWS.
fn absent_service(presented: &Result<Option<Presented>, AuthError>) -> Option<&str> {
    let Ok(Some(presented)) = presented else { return None };
    Some(presented.service.as_str()).filter(|service| !SERVICES.contains(service))
}

/// The answer to a request for a service that is not here, in the wire format its clients speak.
fn answer_absent(service: &str, meta: &RequestMeta, parts: &Parts) -> Response<Body> {
    let message = format!("The service {service} is not implemented; {} are.", SERVICES.join(", "));
    let target = if is_form(parts) { Target::Query(query::Service::Sts) } else { Target::Kms };
    answer_error(target, meta, parts, (501, "NotImplemented", message))
}

/// Which service a request is for; what is not signed is told apart by its shape.
fn target(parts: &Parts, presented: &Result<Option<Presented>, AuthError>) -> Target {
    let scope = match presented {
        Ok(Some(presented)) => presented.service.as_str(),
        _ => "",
    };
    match scope {
        "kms" => Target::Kms,
        "iam" => Target::Query(query::Service::Iam),
        "sts" => Target::Query(query::Service::Sts),
        "ec2" => Target::Query(query::Service::Ec2),
        "" if parts.headers.contains_key("x-amz-target") => Target::Kms,
        "" if is_form(parts) => Target::Query(query::Service::Sts),
        _ => Target::S3,
    }
}

fn is_form(parts: &Parts) -> bool {
    let kind = parts.headers.get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/x-www-form-urlencoded"))
}

/// `/imds/i-…/…` split after the instance id. All else is S3's: a bucket may be named `imds`.
fn imds_path(path: &str) -> Option<(&str, &str)> {
    let rest = path.strip_prefix(IMDS_PREFIX)?;
    let (instance, path) = rest.split_at(rest.find('/')?);
    ec2::is_instance_id(instance).then_some((instance, path))
}

async fn collect(body: Body) -> Option<Bytes> {
    Limited::new(body, MAX_BODY_BYTES).collect().await.ok().map(http_body_util::Collected::to_bytes)
}

fn refuse(target: Target, meta: &RequestMeta, parts: &Parts, error: &AuthError) -> Response<Body> {
    if let AuthError::Credentials(crate::credentials::CredentialsError::Store(cause)) = error {
        tracing::error!(request_id = %meta.id, %cause, "credentials could not be looked up");
    }
    let wording = match target {
        Target::S3 => return s3::refuse(meta, parts, error),
        Target::Kms => error.for_json(),
        Target::Query(query::Service::Ec2) => error.for_ec2(),
        Target::Query(_) => error.for_query(),
    };
    answer_error(target, meta, parts, wording)
}

fn answer_error(
    target: Target,
    meta: &RequestMeta,
    parts: &Parts,
    (status, code, message): auth::Wording,
) -> Response<Body> {
    match target {
        Target::S3 => s3::error(meta, status, code, &message, parts.uri.path(), &Vec::new()),
        Target::Kms => kms::error(meta, status, code, &message),
        Target::Query(service) => query::error(service, meta, status, code, &message),
    }
}

fn plain(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(Bytes::from_static(text.as_bytes())));
    *response.status_mut() = status;
    response
}

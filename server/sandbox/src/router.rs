//! From a request to the service it is for: by path for IMDSv2, by credential scope for everything signed.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};

use crate::auth::{self, AuthError, Presented};
use crate::caller::Caller;
use crate::cloudtrail::Protocol;
use crate::query::Params;
use crate::request::RequestMeta;
use crate::server::{STALLED_MESSAGE, Stalled};
use crate::unread::Unread;
use crate::{Aws, Body, cloudtrail, ec2, iam, imds, json, kms, limits, query, s3, sts};

/// Where the metadata services of instances are found.
const IMDS_PREFIX: &str = "/imds/";

/// The services that are here, as the scope of a signature names them.
const SERVICES: [&str; 6] = ["s3", "kms", "iam", "sts", "ec2", "cloudtrail"];

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
    CloudTrail,
    Query(query::Service),
}

impl Target {
    fn counted_as(self) -> limits::Service {
        match self {
            Self::S3 => limits::Service::S3,
            Self::Kms => limits::Service::Kms,
            Self::CloudTrail => limits::Service::CloudTrail,
            Self::Query(query::Service::Iam) => limits::Service::Iam,
            Self::Query(query::Service::Sts) => limits::Service::Sts,
            Self::Query(query::Service::Ec2) => limits::Service::Ec2,
        }
    }
}

/// From where calls inside the process come: this machine.
pub const IN_PROCESS: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

impl Router {
    pub(crate) fn new(aws: &Arc<Aws>) -> Self {
        Self { aws: Arc::clone(aws), s3: s3::Service::new(aws) }
    }

    /// Answers one request; `peer` is where it came from, `None` inside the process, which is this machine.
    pub(crate) async fn call(&self, request: Request<Body>, peer: Option<IpAddr>) -> Response<Body> {
        // Inside the process there is no connection.
        if peer.is_none() {
            return self.answer(request, Some(IN_PROCESS)).await;
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
        let in_bucket = s3::names_bucket(&parts.headers);
        if let Some((instance, path)) = imds_path(parts.uri.path()).filter(|_| !in_bucket) {
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
            Err(AuthError::Missing) if target == Target::Query(query::Service::Sts) => {
                return self.unsigned(&meta, &parts, body).await;
            }
            Err(error) => return refuse(target, &meta, &parts, &error),
        };
        if target == Target::S3 {
            let mut request = Request::from_parts(parts, body);
            request.extensions_mut().insert(meta);
            request.extensions_mut().insert(caller);
            return self.s3.call(request).await;
        }
        let body = match self.collect(body).await {
            Ok(body) => body,
            Err(wording) => return answer_error(target, &meta, &parts, wording),
        };
        let verified = match &presented {
            Ok(Some(presented)) => auth::verify(&self.aws, &parts, &body, presented).await,
            _ => Err(AuthError::Missing),
        };
        if let Err(error) = verified {
            return refuse(target, &meta, &parts, &error);
        }
        // Counted once it is known who calls: nobody uses up another's share.
        let service = target.counted_as();
        if !self.aws.throttle.admits(service, caller.account_id()) {
            let (status, code, message) = service.throttled();
            return answer_error(target, &meta, &parts, (status, code, message.to_owned()));
        }
        let (router, meta) = (self.clone(), meta.noting_subjects());
        cloudtrail::to_the_end(async move { router.dispatch(target, &meta, &caller, &parts, &body).await })
            .await
    }

    /// The answer to a request that looks like STS's and is not signed: some of its operations are not, and none of these is here.
    async fn unsigned(&self, meta: &RequestMeta, parts: &Parts, body: Body) -> Response<Body> {
        let target = Target::Query(query::Service::Sts);
        let body = self.collect(body).await.unwrap_or_default();
        let params = Params::read(parts.uri.query().unwrap_or_default(), &body).unwrap_or_default();
        match params.action().filter(|action| sts::UNSIGNED.contains(action)) {
            Some(action) => {
                let message = format!("The operation {action} is not implemented.");
                answer_error(target, meta, parts, (501, "NotImplemented", message))
            }
            None => refuse(target, meta, parts, &AuthError::Missing),
        }
    }

    async fn collect(&self, body: Body) -> Result<Bytes, auth::Wording> {
        let limit = self.aws.limits.request_bytes;
        let collected = Limited::new(body, limit).collect().await;
        collected.map(http_body_util::Collected::to_bytes).map_err(|error| match error.is::<Stalled>() {
            true => (400, "RequestTimeout", STALLED_MESSAGE.to_owned()),
            false => (413, "RequestEntityTooLarge", format!("Request must be smaller than {limit} bytes")),
        })
    }

    async fn dispatch(
        &self,
        target: Target,
        meta: &RequestMeta,
        caller: &Caller,
        parts: &Parts,
        body: &[u8],
    ) -> Response<Body> {
        let name = parts.headers.get("x-amz-target").and_then(|value| value.to_str().ok());
        let name = name.unwrap_or_default();
        let service = match target {
            Target::S3 | Target::Kms => {
                self.aws.gate.activity().note_key(meta, caller, "kms");
                let response = kms::handle(&self.aws, meta, caller, name, body).await;
                let asked = (kms::operation_name(name), Protocol::Json("kms", body));
                cloudtrail::record(&self.aws, meta, caller, asked, &response);
                return response;
            }
            Target::CloudTrail => {
                self.aws.gate.activity().note_key(meta, caller, "cloudtrail");
                let response = cloudtrail::handle(&self.aws, meta, caller, name, body).await;
                let asked = (cloudtrail::operation_name(name), Protocol::Json("cloudtrail", body));
                cloudtrail::record(&self.aws, meta, caller, asked, &response);
                return response;
            }
            Target::Query(service) => service,
        };
        let params = match Params::read(parts.uri.query().unwrap_or_default(), body) {
            Ok(params) => params,
            Err(message) => return query::error(service, meta, 400, "MalformedQueryString", &message),
        };
        let operation = params.action().unwrap_or_default();
        self.aws.gate.activity().note_operation(meta, caller, service.prefix(), operation);
        let response = match service {
            query::Service::Iam if caller.is_shut_out_of_iam() => {
                let message = "The security token included in the request is invalid";
                query::error(service, meta, 403, "InvalidClientTokenId", message)
            }
            query::Service::Iam => iam::handle(&self.aws, meta, caller, &params).await,
            query::Service::Sts => sts::handle(&self.aws, meta, caller, &params).await,
            query::Service::Ec2 => ec2::handle(&self.aws, meta, caller, &params).await,
        };
        let asked = (params.action().unwrap_or_default(), Protocol::Query(service, &params));
        cloudtrail::record(&self.aws, meta, caller, asked, &response);
        response
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
        "cloudtrail" => Target::CloudTrail,
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

fn refuse(target: Target, meta: &RequestMeta, parts: &Parts, error: &AuthError) -> Response<Body> {
    if let AuthError::Credentials(crate::credentials::CredentialsError::Store(cause)) = error {
        tracing::error!(request_id = %meta.id, %cause, "credentials could not be looked up");
    }
    let wording = match target {
        Target::S3 => return s3::refuse(meta, parts, error),
        Target::Kms | Target::CloudTrail => error.for_json(),
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
        Target::Kms | Target::CloudTrail => json::error(meta, status, code, &message),
        Target::Query(service) => query::error(service, meta, status, code, &message),
    }
}

fn plain(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(Bytes::from_static(text.as_bytes())));
    *response.status_mut() = status;
    response
}

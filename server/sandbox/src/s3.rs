//! Amazon S3. `s3s` reads and writes the wire protocol; what it leaves open is closed here: signatures of bodies that are verified
//! without being held, checksums, the fields of error bodies, request ids on every answer.

mod absent;
mod answer;
mod ask;
mod attributes;
mod blocked_types;
mod bucket_policy;
mod bucket_settings;
mod buckets;
mod checksum;
mod completion;
mod conditional;
mod copy;
mod customer_key;
mod delete;
mod describe;
mod encryption;
mod envelope;
mod failure;
mod get;
mod hosts;
mod intake;
mod intent;
mod list;
mod names;
mod operations;
mod parts;
mod payload;
mod put;
mod tags;
mod unset;
mod uploads;
mod versions;
mod write;

use std::sync::Arc;

use http::Method;
use http::request::Parts;
use s3s::service::{S3Service, S3ServiceBuilder};

use crate::auth::{AuthError, Presented};
use crate::caller::Caller;
use crate::cloudtrail::{self, Watch};
use crate::request::RequestMeta;
use crate::{Aws, Body};

pub(crate) use answer::error;
pub(crate) use hosts::names_bucket;
pub(crate) use operations::names;

/// S3, ready to answer. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    aws: Arc<Aws>,
    inner: S3Service,
}

impl Service {
    pub(crate) fn new(aws: &Arc<Aws>) -> Self {
        let mut builder = S3ServiceBuilder::new(operations::Operations::new(aws));
        builder.set_validation(names::BucketNames);
        Self { aws: Arc::clone(aws), inner: builder.build() }
    }

    /// Answers one request. Its extensions hold the [`RequestMeta`] and the [`Caller`] whose credentials it presents;
    /// its signature is verified here, before anything else is done.
    pub(crate) async fn call(&self, mut request: http::Request<Body>) -> http::Response<Body> {
        let (Some(meta), Some(caller)) = (
            request.extensions().get::<RequestMeta>().cloned(),
            request.extensions().get::<Caller>().cloned(),
        ) else {
            return http::Response::builder().status(500).body(Body::empty()).unwrap_or_default();
        };
        hosts::into_path(&mut request);
        let Some(mut watch) = Watch::begin(&self.aws, &request) else {
            return self.answer(&meta, request, None).await;
        };
        let service = self.clone();
        request.extensions_mut().insert(watch.asked());
        cloudtrail::to_the_end(async move {
            let response = service.answer(&meta, request, Some(&mut watch)).await;
            watch.end(&service.aws, &meta, &caller, &response).await;
            response
        })
        .await
    }

    async fn answer(
        &self,
        meta: &RequestMeta,
        request: http::Request<Body>,
        watch: Option<&mut Watch>,
    ) -> http::Response<Body> {
        let asked = answer::Asked::of(&request, &self.aws.fidelity);
        let response = match intake::check(&self.aws, request, meta.now).await {
            Ok(request) => {
                if let Some(watch) = watch {
                    watch.document(request.body());
                }
                match self.inner.call(request).await {
                    Ok(response) => response,
                    Err(failure) => {
                        tracing::error!(request_id = %meta.id, ?failure, "S3 could not answer");
                        return error(
                            meta,
                            500,
                            "InternalError",
                            failure::INTERNAL,
                            &asked.resource,
                            &Vec::new(),
                        );
                    }
                }
            }
            Err(refused) => return asked.finish(meta, refused.to_http_response().unwrap_or_default()),
        };
        asked.finish(meta, response)
    }
}

/// The answer to a request whose credentials are not accepted.
pub(crate) fn refuse(meta: &RequestMeta, parts: &Parts, reason: &AuthError) -> http::Response<Body> {
    let (status, code, message) = reason.for_s3();
    let presented = Presented::read(parts).ok().flatten();
    let fields = reason.fields_for_s3(presented.as_ref());
    let fields = fields.into_iter().map(|(name, value)| (name.into(), value)).collect();
    let mut answer = error(meta, status, code, &message, parts.uri.path(), &fields);
    // Answers to HEAD have no body to name the region in.
    if let (AuthError::WrongRegion { expected, .. }, true) = (reason, parts.uri.path() != "/")
        && let Ok(region) = expected.parse()
    {
        answer.headers_mut().insert("x-amz-bucket-region", region);
    }
    if parts.method == Method::HEAD {
        *answer.body_mut() = Body::empty();
    }
    answer
}

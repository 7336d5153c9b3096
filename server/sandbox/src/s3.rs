//! Amazon S3. `s3s` reads and writes the wire protocol and verifies signatures; what it leaves open is closed here:
//! checksums, the fields of error bodies, request ids on every answer.

mod answer;
mod ask;
mod attributes;
mod auth;
mod bucket_policy;
mod bucket_settings;
mod buckets;
mod checksum;
mod conditional;
mod copy;
mod delete;
mod describe;
mod encryption;
mod envelope;
mod failure;
mod get;
mod intake;
mod list;
mod names;
mod operations;
mod parts;
mod put;
mod tags;
mod uploads;
mod versions;
mod write;

use std::sync::Arc;

use s3s::service::{S3Service, S3ServiceBuilder};

use crate::caller::Caller;
use crate::cloudtrail::{self, Watch};
use crate::fidelity::Fidelity;
use crate::limits::Limits;
use crate::request::RequestMeta;
use crate::{Aws, Body};

pub(crate) use answer::error;
pub(crate) use operations::names;

/// S3, ready to answer. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    aws: Arc<Aws>,
    inner: S3Service,
    limits: Limits,
    fidelity: Fidelity,
}

impl Service {
    pub(crate) fn new(aws: &Arc<Aws>) -> Self {
        let mut builder = S3ServiceBuilder::new(operations::Operations::new(aws));
        builder.set_auth(auth::Secrets::new(aws));
        builder.set_access(auth::SameCaller::new(aws));
        builder.set_validation(names::BucketNames);
        let (limits, fidelity) = (aws.limits, aws.fidelity);
        Self { aws: Arc::clone(aws), inner: builder.build(), limits, fidelity }
    }

    /// Answers one request. Its extensions hold the [`RequestMeta`] and the [`Caller`] whose credentials it presents;
    /// its signature is verified here.
    pub(crate) async fn call(&self, mut request: http::Request<Body>) -> http::Response<Body> {
        let (Some(meta), Some(caller)) =
            (request.extensions().get::<RequestMeta>().cloned(), request.extensions().get::<Caller>())
        else {
            return http::Response::builder().status(500).body(Body::empty()).unwrap_or_default();
        };
        let Some(mut watch) = Watch::begin(&self.aws, &request) else {
            return self.answer(&meta, request, None).await;
        };
        let (service, caller) = (self.clone(), caller.clone());
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
        let asked = answer::Asked::of(&request, &self.fidelity);
        let response = match intake::check(request, &self.limits).await {
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

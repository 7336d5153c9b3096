//! The SDK's HTTP connector over a [`Target`]: whole bodies, a Host header, and a note of every exchange.

use super::{Exchange, Recorder, Target};
use aws_smithy_runtime_api::client::{
    http::{HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector},
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
    runtime_components::RuntimeComponents,
};
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http::{HeaderValue, Request, header};
use http_body_util::BodyExt as _;
use std::{sync::Arc, time::Duration};

/// No call to the target takes longer than this.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Carries requests of SDK clients to the target.
#[derive(Clone, Debug)]
pub(crate) struct Connector {
    target: Arc<dyn Target>,
    recorder: Recorder,
}

impl Connector {
    pub(crate) fn new(target: Arc<dyn Target>, recorder: Recorder) -> Self {
        Self { target, recorder }
    }

    /// Sends one request and notes the exchange.
    pub(crate) async fn send(
        &self,
        mut request: Request<Bytes>,
    ) -> Result<http::Response<Bytes>, ConnectorError> {
        if !request.headers().contains_key(header::HOST)
            && let Some(authority) = request.uri().authority()
            && let Ok(host) = HeaderValue::from_str(authority.as_str())
        {
            request.headers_mut().insert(header::HOST, host);
        }
        let mut exchange = Exchange::of_request(&request);
        let answered = tokio::time::timeout(TIMEOUT, self.target.call(request)).await;
        let answer = match answered {
            Ok(Ok(response)) => {
                exchange.answered(&response);
                Ok(response)
            }
            Ok(Err(error)) => Err(ConnectorError::io(error.into())),
            Err(elapsed) => Err(ConnectorError::timeout(elapsed.into())),
        };
        self.recorder.note(exchange);
        answer
    }

    async fn carry(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
        let (parts, body) = request.into_parts();
        let body = body.collect().await.map_err(ConnectorError::user)?.to_bytes();
        let response = self.send(Request::from_parts(parts, body)).await?;
        HttpResponse::try_from(response.map(SdkBody::from))
            .map_err(|error| ConnectorError::other(error.into(), None))
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.clone().carry(request))
    }
}

impl HttpClient for Connector {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

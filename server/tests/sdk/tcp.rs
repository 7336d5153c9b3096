//! HTTP for the SDK's clients: one connection a request, bodies as they come, in both directions.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use futures::StreamExt as _;
use http::header::{CONNECTION, CONTENT_LENGTH, HOST};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, StreamBody};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

type Answer = BufReader<TcpStream>;

/// Carries requests over TCP, and counts them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tcp {
    sent: Arc<AtomicUsize>,
}

impl Tcp {
    /// How many requests were sent.
    pub(crate) fn sent(&self) -> usize {
        self.sent.load(Ordering::Relaxed)
    }

    async fn carry(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        self.sent.fetch_add(1, Ordering::Relaxed);
        let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
        let response = send(request).await.map_err(|error| ConnectorError::io(error.into()))?;
        HttpResponse::try_from(response).map_err(|error| ConnectorError::other(error.into(), None))
    }
}

impl HttpConnector for Tcp {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.clone().carry(request))
    }
}

impl HttpClient for Tcp {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

/// Sends one request to where its URI says.
pub(crate) async fn send(mut request: Request<SdkBody>) -> std::io::Result<Response<SdkBody>> {
    let authority = request.uri().authority().unwrap().to_string();
    let mut stream = TcpStream::connect(&authority).await?;
    let headers = request.headers_mut();
    headers.entry(HOST).or_insert(HeaderValue::from_str(&authority).unwrap());
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    if let Some(length) = http_body::Body::size_hint(request.body()).exact() {
        request.headers_mut().entry(CONTENT_LENGTH).or_insert(length.into());
    }
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    let mut head = format!("{} {target} HTTP/1.1\r\n", request.method()).into_bytes();
    for (name, value) in request.headers() {
        head.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    head.extend(b"\r\n");
    stream.write_all(&head).await?;
    let method = request.method().clone();
    let mut body = request.into_body();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(std::io::Error::other)?;
        stream.write_all(frame.data_ref().unwrap()).await?;
    }
    read(BufReader::new(stream), &method).await
}

async fn read(mut answer: Answer, method: &Method) -> std::io::Result<Response<SdkBody>> {
    let mut response = Response::builder();
    let mut length = None;
    for number in 0.. {
        let mut line = String::new();
        answer.read_line(&mut line).await?;
        match line.trim_end().split_once(": ") {
            Some((name, value)) => {
                if name.eq_ignore_ascii_case("content-length") {
                    length = value.parse().ok();
                }
                response = response.header(name, value);
            }
            None if number == 0 => {
                let status = line.split(' ').nth(1).and_then(|status| status.parse::<u16>().ok());
                response = response.status(StatusCode::from_u16(status.unwrap()).unwrap());
            }
            None => break,
        }
    }
    let body = match length {
        Some(length) if *method != Method::HEAD => SdkBody::from_body_1_x(stream_of(answer, length)),
        _ => SdkBody::empty(),
    };
    Ok(response.body(body).unwrap())
}

fn stream_of(
    answer: Answer,
    length: u64,
) -> impl http_body::Body<Data = Bytes, Error = std::io::Error> + Send + Sync + 'static {
    let (sender, receiver) = futures::channel::mpsc::channel(1);
    tokio::spawn(pass_on(answer.take(length), sender));
    StreamBody::new(receiver.map(|piece| piece.map(http_body::Frame::data)))
}

/// Reads until the end, or until nobody wants more.
async fn pass_on(
    mut answer: tokio::io::Take<Answer>,
    mut sender: futures::channel::mpsc::Sender<std::io::Result<Bytes>>,
) {
    use futures::SinkExt as _;
    loop {
        let mut piece = bytes::BytesMut::with_capacity(1 << 16);
        let piece = match answer.read_buf(&mut piece).await {
            Ok(0) if answer.limit() == 0 => return,
            Ok(0) => Err(std::io::ErrorKind::UnexpectedEof.into()),
            Ok(_) => Ok(piece.freeze()),
            Err(error) => Err(error),
        };
        let ends = piece.is_err();
        if sender.send(piece).await.is_err() || ends {
            return;
        }
    }
}

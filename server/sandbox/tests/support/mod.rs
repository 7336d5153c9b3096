//! A client that signs requests as the SDKs do, for tests that speak to the embedded AWS in its own protocols.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, dead_code, missing_docs, unreachable_pub)]

pub mod calls;
pub mod phone;
pub mod place;
pub mod samples;
pub mod signed;
pub mod signer;
pub mod steps;
pub mod wire;
pub mod world;

use std::pin::pin;
use std::task::{Context, Waker};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::BodyExt as _;
use sandbox::{Body, Config, Sandbox};

use place::Place;

pub const REGION: &str = "us-east-1";
pub const HOST: &str = "127.0.0.1:4566";

/// Credentials of somebody.
#[derive(Clone, Debug)]
pub struct Keys {
    pub access_key_id: String,
    pub secret: String,
    pub token: Option<String>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The text of the first XML element of that name, entities resolved.
    pub fn xml(&self, element: &str) -> Option<String> {
        let text = self.text();
        let start = text.find(&format!("<{element}>"))? + element.len() + 2;
        let end = start + text.get(start..)?.find(&format!("</{element}>"))?;
        let value = text.get(start..end)?;
        Some(
            value
                .replace("&quot;", "\"")
                .replace("&apos;", "'")
                .replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&amp;", "&"),
        )
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The id under which the gate keeps its trace.
    pub fn request_id(&self) -> String {
        ["x-amz-request-id", "x-amzn-requestid"]
            .into_iter()
            .find_map(|name| self.header(name))
            .unwrap()
            .to_owned()
    }

    /// Error code and message, whichever protocol they came in.
    pub fn error(&self) -> (String, String) {
        if let Ok(json) = serde_json::from_slice::<serde_json::Value>(&self.body) {
            let message = json.get("message").or_else(|| json.get("Message"));
            let text = |value: Option<&serde_json::Value>| {
                value.and_then(|v| v.as_str()).unwrap_or_default().to_owned()
            };
            return (text(json.get("__type")), text(message));
        }
        (self.xml("Code").unwrap_or_default(), self.xml("Message").unwrap_or_default())
    }
}

/// An embedded AWS with one account, and the keys of its Admin.
pub struct Lab {
    pub sandbox: Sandbox,
    pub account: String,
    pub admin: Keys,
    pub place: Place,
}

impl Lab {
    pub async fn new() -> Self {
        Self::with(Config::default()).await
    }

    pub async fn with(config: Config) -> Self {
        Self::at(Place::passing().await, config).await
    }

    /// One whose state outlives it.
    pub async fn lasting() -> Self {
        Self::at(Place::lasting().await, Config::default()).await
    }

    pub async fn at(place: Place, config: Config) -> Self {
        let sandbox = Sandbox::open(place.put(config)).await.unwrap();
        let (account, admin) = account(&sandbox).await;
        Self { sandbox, account, admin, place }
    }

    /// Ends it and opens it again where its state is.
    pub async fn restarted(self) -> Self {
        self.sandbox.close().await;
        let sandbox = Sandbox::open(self.place.config()).await.unwrap();
        Self { sandbox, ..self }
    }

    /// An IAM, STS or EC2 call: parameters as form fields.
    pub async fn query(
        &self,
        keys: &Keys,
        service: &str,
        action: &str,
        parameters: &[(&str, &str)],
    ) -> Answer {
        let mut pairs = vec![("Action", action), ("Version", version_of(service))];
        pairs.extend_from_slice(parameters);
        let body = serde_urlencoded::to_string(pairs).unwrap();
        let headers = [("content-type", "application/x-www-form-urlencoded; charset=utf-8")];
        call(&self.sandbox, Some(keys), service, "POST", "/", &headers, body.as_bytes()).await
    }

    /// A KMS call.
    pub async fn kms(&self, keys: &Keys, operation: &str, body: serde_json::Value) -> Answer {
        let target = format!("TrentService.{operation}");
        let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target.as_str())];
        call(&self.sandbox, Some(keys), "kms", "POST", "/", &headers, body.to_string().as_bytes()).await
    }

    /// A CloudTrail call.
    pub async fn cloudtrail(&self, keys: &Keys, operation: &str, body: &str) -> Answer {
        let target = format!("com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.{operation}");
        let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target.as_str())];
        call(&self.sandbox, Some(keys), "cloudtrail", "POST", "/", &headers, body.as_bytes()).await
    }

    /// An S3 call; `path` starts with a slash and may have a query.
    pub async fn s3(
        &self,
        keys: &Keys,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        call(&self.sandbox, Some(keys), "s3", method, path, headers, body).await
    }

    /// A new IAM user with a key of its own and one inline policy; `Null` for none.
    pub async fn user(&self, name: &str, policy: serde_json::Value) -> Keys {
        let made = self.query(&self.admin, "iam", "CreateUser", &[("UserName", name)]).await;
        assert_eq!(made.status, 200, "{}", made.text());
        if !policy.is_null() {
            let document = policy.to_string();
            let parameters =
                [("UserName", name), ("PolicyName", "inline"), ("PolicyDocument", document.as_str())];
            let put = self.query(&self.admin, "iam", "PutUserPolicy", &parameters).await;
            assert_eq!(put.status, 200, "{}", put.text());
        }
        let key = self.query(&self.admin, "iam", "CreateAccessKey", &[("UserName", name)]).await;
        assert_eq!(key.status, 200, "{}", key.text());
        Keys {
            access_key_id: key.xml("AccessKeyId").unwrap(),
            secret: key.xml("SecretAccessKey").unwrap(),
            token: None,
        }
    }

    /// A session of a role, assumed by `keys`; panics when AWS refuses.
    pub async fn assume(&self, keys: &Keys, role: &str, session: &str) -> Keys {
        let arn = format!("arn:aws:iam::{}:role/{role}", self.account);
        let answer =
            self.query(keys, "sts", "AssumeRole", &[("RoleArn", &arn), ("RoleSessionName", session)]).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        Keys {
            access_key_id: answer.xml("AccessKeyId").unwrap(),
            secret: answer.xml("SecretAccessKey").unwrap(),
            token: answer.xml("SessionToken"),
        }
    }

    /// The credentials that an instance's metadata service gives.
    pub async fn instance_keys(&self, instance: &str) -> Keys {
        let base = format!("/imds/{instance}/latest");
        let ttl = [("x-aws-ec2-metadata-token-ttl-seconds", "300")];
        let token = call(&self.sandbox, None, "", "PUT", &format!("{base}/api/token"), &ttl, b"").await;
        assert_eq!(token.status, 200, "{}", token.text());
        let token = token.text();
        let headers = [("x-aws-ec2-metadata-token", token.as_str())];
        let path = format!("{base}/meta-data/iam/security-credentials/");
        let role = call(&self.sandbox, None, "", "GET", &path, &headers, b"").await;
        let answer =
            call(&self.sandbox, None, "", "GET", &format!("{path}{}", role.text()), &headers, b"").await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let json = answer.json();
        let field = |name: &str| json.get(name).unwrap().as_str().unwrap().to_owned();
        Keys {
            access_key_id: field("AccessKeyId"),
            secret: field("SecretAccessKey"),
            token: Some(field("Token")),
        }
    }
}

/// The API version of a service that speaks the Query protocol.
pub fn version_of(service: &str) -> &'static str {
    match service {
        "iam" => "2010-05-08",
        "sts" => "2011-06-15",
        _ => "2016-11-15",
    }
}

/// A new account of the same AWS.
pub async fn account(sandbox: &Sandbox) -> (String, Keys) {
    let keys = sandbox.create_account().await.unwrap();
    let admin = Keys {
        access_key_id: keys.access_key_id.clone(),
        secret: keys.secret_access_key.to_string(),
        token: None,
    };
    (keys.account_id, admin)
}

/// One request, signed now unless `keys` is `None`.
pub async fn call(
    sandbox: &Sandbox,
    keys: Option<&Keys>,
    service: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Answer {
    let request = request(keys, service, method, path, headers, body, SystemTime::now());
    send(sandbox, request).await
}

/// A client that goes away: polls its call so many times, with a pause after each, and drops it. Whether the call was done by
/// then.
pub async fn go_away_after(polls: usize, pause: Duration, call: impl Future) -> bool {
    let mut call = pin!(call);
    for _ in 0..polls {
        if call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
            return true;
        }
        tokio::time::sleep(pause).await;
    }
    false
}

/// Sends a request that is ready.
pub async fn send(sandbox: &Sandbox, request: Request<Bytes>) -> Answer {
    let (parts, body) = sandbox.call(request.map(Body::from)).await.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Answer { status: parts.status.as_u16(), headers: parts.headers, body }
}

/// A request signed at `time`.
pub fn request(
    keys: Option<&Keys>,
    service: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
    time: SystemTime,
) -> Request<Bytes> {
    let mut builder =
        Request::builder().method(method).uri(format!("http://{HOST}{path}")).header("host", HOST);
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    // As every client does: without a digest S3 does not take it.
    if service == "s3" && path.ends_with("?delete") {
        builder = builder.header("x-amz-checksum-crc32", steps::crc32(body));
    }
    let mut request = builder.body(Bytes::copy_from_slice(body)).unwrap();
    let Some(keys) = keys else { return request };
    let identity =
        Credentials::new(&keys.access_key_id, &keys.secret, keys.token.clone(), None, "test").into();
    let mut settings = SigningSettings::default();
    if service == "s3" {
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    }
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(REGION)
        .name(service)
        .time(time)
        .settings(settings)
        .build()
        .unwrap()
        .into();
    let signable = SignableRequest::new(
        method,
        request.uri().to_string(),
        request.headers().iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())),
        SignableBody::Bytes(body),
    )
    .unwrap();
    let (instructions, _) = sign(signable, &parameters).unwrap().into_parts();
    instructions.apply_to_request_http1x(&mut request);
    request
}

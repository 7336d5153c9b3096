//! Calls as data: what a JSON file says of a request, with `{names}` that a test fills in.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, dead_code, missing_docs, unreachable_pub)]

use std::collections::BTreeMap;
use std::time::SystemTime;

use bytes::Bytes;
use http::Request;
use sandbox::Sandbox;
use serde::Deserialize;
use serde_json::Value;

use super::{Answer, Keys, request, send, version_of};

/// What `{names}` stand for.
pub type Names = BTreeMap<String, String>;

/// Puts what names stand for in their places.
pub fn fill(text: &str, names: &Names) -> String {
    names.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

/// The same in every text of a JSON value.
pub fn fill_all(value: &Value, names: &Names) -> Value {
    match value {
        Value::String(text) => fill(text, names).into(),
        Value::Array(list) => list.iter().map(|value| fill_all(value, names)).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), fill_all(value, names))).collect()
        }
        other => other.clone(),
    }
}

/// A call. It names its service by the member that holds its operation, for S3 its method and path.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Call {
    /// Who makes it, where that is not clear.
    pub r#as: Option<String>,
    pub s3: Option<String>,
    pub kms: Option<String>,
    pub iam: Option<String>,
    pub sts: Option<String>,
    pub ec2: Option<String>,
    pub headers: BTreeMap<String, String>,
    pub body: String,
    pub parameters: BTreeMap<String, String>,
    pub input: Option<Value>,
    /// Names for parts of the answer: a member of its JSON, a header, or an element of its XML.
    pub names: BTreeMap<String, String>,
}

impl Call {
    /// The request that this stands for.
    pub fn plain(&self, names: &Names) -> Plain {
        if let Some(line) = &self.s3 {
            return Plain::s3(&fill(line, names), &self.headers, &fill(&self.body, names), names);
        }
        if let Some(operation) = &self.kms {
            let input = self.input.clone().unwrap_or_else(|| Value::Object(serde_json::Map::new()));
            return Plain::json("kms", operation, &fill_all(&input, names));
        }
        let (service, action) = [("iam", &self.iam), ("sts", &self.sts), ("ec2", &self.ec2)]
            .into_iter()
            .find_map(|(service, action)| Some((service, action.as_deref()?)))
            .expect("a call names a service");
        let parameters: Vec<_> =
            self.parameters.iter().map(|(name, value)| (name.clone(), fill(value, names))).collect();
        Plain::query(service, action, &parameters)
    }

    /// What of the answer it gives names to.
    pub fn found(&self, answer: &Answer) -> Vec<(String, String)> {
        let json = serde_json::from_slice::<Value>(&answer.body).ok();
        let part = |place: &str| match &json {
            Some(json) => {
                let member = place.split('.').try_fold(json, |value, name| value.get(name));
                member.and_then(Value::as_str).map(str::to_owned)
            }
            None => answer.header(place).map(str::to_owned).or_else(|| answer.xml(place)),
        };
        let named = |(name, place): (&String, &String)| {
            let value = part(place).unwrap_or_else(|| panic!("no {place} in {}", answer.text()));
            (name.clone(), value)
        };
        self.names.iter().map(named).collect()
    }
}

/// A request before it is signed.
#[derive(Clone, Debug)]
pub struct Plain {
    pub service: &'static str,
    pub method: String,
    /// With its query.
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Plain {
    /// An S3 request; `line` is its method and path.
    pub fn s3(line: &str, headers: &BTreeMap<String, String>, body: &str, names: &Names) -> Self {
        let (method, path) = line.split_once(' ').unwrap();
        let headers = headers.iter().map(|(name, value)| (name.clone(), fill(value, names))).collect();
        Self { service: "s3", method: method.into(), path: path.into(), headers, body: body.into() }
    }

    /// A request to KMS or CloudTrail.
    pub fn json(service: &'static str, operation: &str, input: &Value) -> Self {
        let target = match service {
            "kms" => "TrentService",
            _ => "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101",
        };
        let headers = vec![
            ("content-type".into(), "application/x-amz-json-1.1".into()),
            ("x-amz-target".into(), format!("{target}.{operation}")),
        ];
        let body = input.to_string().into_bytes();
        Self { service, method: "POST".into(), path: "/".into(), headers, body }
    }

    /// A request to IAM, STS or EC2. Parameters may give a `Version` of their own.
    pub fn query(service: &'static str, action: &str, parameters: &[(String, String)]) -> Self {
        let mut pairs = vec![("Action", action)];
        if !parameters.iter().any(|(name, _)| name == "Version") {
            pairs.push(("Version", version_of(service)));
        }
        pairs.extend(parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let body = serde_urlencoded::to_string(pairs).unwrap().into_bytes();
        let kind = "application/x-www-form-urlencoded; charset=utf-8";
        let headers = vec![("content-type".into(), kind.into())];
        Self { service, method: "POST".into(), path: "/".into(), headers, body }
    }

    /// Signed at `time`, or not at all.
    pub fn signed_at(&self, keys: Option<&Keys>, time: SystemTime) -> Request<Bytes> {
        let headers: Vec<(&str, &str)> = self.headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        request(keys, self.service, &self.method, &self.path, &headers, &self.body, time)
    }

    /// Signed now, or not at all, and sent.
    pub async fn send(&self, sandbox: &Sandbox, keys: Option<&Keys>) -> Answer {
        send(sandbox, self.signed_at(keys, SystemTime::now())).await
    }
}

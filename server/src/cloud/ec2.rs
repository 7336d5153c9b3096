//! The EC2 calls of the tutorial over the Query protocol, signed by hand.
//!
//! `aws-sdk-ec2` would be the largest crate of the build by far (see `design.md`); this is its three calls.

use super::{Connector, Credentials, Failure, Target};
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use bytes::Bytes;
use http::{Request, header};
use serde::Deserialize;
use std::{sync::Arc, time::SystemTime};

const API_VERSION: &str = "2016-11-15";

/// An EC2 client.
#[derive(Clone, Debug)]
pub struct Ec2 {
    endpoint: String,
    region: String,
    connector: Connector,
    credentials: Credentials,
}

/// An instance as EC2 describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Instance {
    /// For example `i-0abc…`.
    pub instance_id: String,
    /// Its instance profile.
    pub iam_instance_profile: Option<InstanceProfile>,
    /// Its state.
    pub instance_state: InstanceState,
}

/// The state of an instance.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct InstanceState {
    /// For example `running` or `terminated`.
    pub name: String,
}

/// The instance profile of an instance.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct InstanceProfile {
    /// The profile's ARN.
    pub arn: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Instances {
    item: Vec<Instance>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RunInstancesResponse {
    instances_set: Instances,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Reservation {
    instances_set: Instances,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Reservations {
    item: Vec<Reservation>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DescribeInstancesResponse {
    #[serde(default)]
    reservation_set: Reservations,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ErrorResponse {
    errors: Errors,
    #[serde(rename = "RequestID")]
    request_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Errors {
    error: ErrorItem,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ErrorItem {
    code: String,
    message: Option<String>,
}

impl Ec2 {
    pub(crate) fn new(target: &Arc<dyn Target>, connector: Connector, credentials: &Credentials) -> Self {
        Self {
            endpoint: target.endpoint().into(),
            region: target.region().into(),
            connector,
            credentials: credentials.clone(),
        }
    }

    /// `RunInstances`: one instance of an image and type, with an instance profile, whose metadata service asks for session tokens
    /// (IMDSv2).
    ///
    /// # Errors
    /// What EC2 answered, or why it did not.
    pub async fn run_instances(&self, image: &str, kind: &str, profile: &str) -> Result<Instance, Failure> {
        let answer = self
            .call(&[
                ("Action", "RunInstances"),
                ("ImageId", image),
                ("InstanceType", kind),
                ("MinCount", "1"),
                ("MaxCount", "1"),
                ("IamInstanceProfile.Name", profile),
                ("MetadataOptions.HttpTokens", "required"),
            ])
            .await?;
        let mut answer: RunInstancesResponse = parse(&answer)?;
        answer.instances_set.item.pop().ok_or_else(|| Failure::unanswered("EC2's answer names no instance"))
    }

    /// `TerminateInstances` of one instance.
    ///
    /// # Errors
    /// What EC2 answered, or why it did not.
    pub async fn terminate_instance(&self, instance_id: &str) -> Result<(), Failure> {
        self.call(&[("Action", "TerminateInstances"), ("InstanceId.1", instance_id)]).await.map(drop)
    }

    /// `DescribeInstances` of one instance.
    ///
    /// # Errors
    /// What EC2 answered, or why it did not.
    pub async fn describe_instance(&self, instance_id: &str) -> Result<Option<Instance>, Failure> {
        Ok(self.described(&[("InstanceId.1", instance_id)]).await?.into_iter().next())
    }

    /// `DescribeInstances`: all of the account, those included that ended a while ago.
    ///
    /// # Errors
    /// What EC2 answered, or why it did not.
    pub async fn instances(&self) -> Result<Vec<Instance>, Failure> {
        self.described(&[]).await
    }

    async fn described(&self, of: &[(&str, &str)]) -> Result<Vec<Instance>, Failure> {
        let answer = self.call(&[&[("Action", "DescribeInstances")], of].concat()).await?;
        let answer: DescribeInstancesResponse = parse(&answer)?;
        Ok(answer
            .reservation_set
            .item
            .into_iter()
            .flat_map(|reservation| reservation.instances_set.item)
            .collect())
    }

    async fn call(&self, parameters: &[(&str, &str)]) -> Result<Bytes, Failure> {
        let parameters = [parameters, &[("Version", API_VERSION)]].concat();
        let body = serde_urlencoded::to_string(parameters)
            .map_err(|error| Failure::unanswered(error.to_string()))?;
        let request = self.signed(body).map_err(|error| Failure::unanswered(error.to_string()))?;
        let response =
            self.connector.send(request).await.map_err(|error| Failure::unanswered(error.to_string()))?;
        if response.status().is_success() {
            return Ok(response.into_body());
        }
        let text = String::from_utf8_lossy(response.body());
        Err(match quick_xml::de::from_str::<ErrorResponse>(&text) {
            Ok(answer) => Failure {
                code: Some(answer.errors.error.code),
                message: answer.errors.error.message,
                request_id: answer.request_id,
            },
            Err(_) => {
                Failure::unanswered(format!("EC2 answered {} without an error code", response.status()))
            }
        })
    }

    fn signed(&self, body: String) -> Result<Request<Bytes>, Box<dyn std::error::Error + Send + Sync>> {
        let identity = self.credentials.to_sdk().into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name("ec2")
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()?
            .into();
        let url = format!("{}/", self.endpoint);
        let host = self.endpoint.split_once("://").map_or(self.endpoint.as_str(), |(_, host)| host);
        let mut request = Request::post(&url)
            .header(header::HOST, host)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded; charset=utf-8")
            .body(Bytes::from(body))?;
        let headers = [("host", host), ("content-type", "application/x-www-form-urlencoded; charset=utf-8")];
        let signable =
            SignableRequest::new("POST", url, headers.into_iter(), SignableBody::Bytes(request.body()))?;
        let (instructions, _) = sign(signable, &params)?.into_parts();
        instructions.apply_to_request_http1x(&mut request);
        Ok(request)
    }
}

fn parse<T: for<'de> Deserialize<'de>>(body: &[u8]) -> Result<T, Failure> {
    quick_xml::de::from_str(&String::from_utf8_lossy(body))
        .map_err(|error| Failure::unanswered(format!("EC2's answer could not be read: {error}")))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::Ec2;
    use crate::cloud::{Account, Connector, Credentials, Recorder, Target, TargetError};
    use bytes::Bytes;
    use http::{Request, Response};
    use std::sync::{Arc, Mutex};

    /// Answers every request alike and keeps it.
    #[derive(Debug)]
    struct Answers(u16, &'static str, Mutex<Vec<Request<Bytes>>>);

    #[async_trait::async_trait]
    impl Target for Answers {
        async fn call(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TargetError> {
            self.2.lock().unwrap().push(request);
            Ok(Response::builder().status(self.0).body(Bytes::from_static(self.1.as_bytes())).unwrap())
        }
        async fn create_account(&self) -> Result<Account, TargetError> {
            Err(TargetError("no accounts here".into()))
        }
        async fn remove_account(&self, _: &str) -> Result<(), TargetError> {
            Err(TargetError("no accounts here".into()))
        }
        fn endpoint(&self) -> &str {
            "http://127.0.0.1:4566"
        }
        fn region(&self) -> &str {
            "us-east-1"
        }
    }

    fn client(target: &Arc<Answers>) -> Ec2 {
        let target: Arc<dyn Target> = target.clone();
        let credentials = Credentials::long_term("AKIAEXAMPLE".into(), "secret".into());
        Ec2::new(&target, Connector::new(target.clone(), Recorder::default()), &credentials)
    }

    #[tokio::test]
    async fn run_instances_is_signed_and_gives_the_instance() {
        let target = Arc::new(Answers(
            200,
            "<RunInstancesResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>R</requestId><instancesSet><item>\
             <instanceId>i-0abc</instanceId><iamInstanceProfile><arn>arn:p</arn></iamInstanceProfile></item></instancesSet>\
             </RunInstancesResponse>",
            Mutex::default(),
        ));
        let instance = client(&target).run_instances("ami-1", "t2.micro", "authorized-users").await.unwrap();
        assert_eq!(instance.instance_id, "i-0abc");
        let request = target.2.lock().unwrap().remove(0);
        let authorization = request.headers()["authorization"].to_str().unwrap();
        assert!(authorization.contains("/us-east-1/ec2/aws4_request"), "{authorization}");
        let body = String::from_utf8_lossy(request.body());
        assert!(body.contains("IamInstanceProfile.Name=authorized-users"), "{body}");
        assert!(body.contains("MetadataOptions.HttpTokens=required"), "{body}");
    }

    #[tokio::test]
    async fn a_refusal_gives_ec2s_own_code_and_text() {
        let target = Arc::new(Answers(
            403,
            "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>You are not authorized</Message></Error>\
             </Errors><RequestID>R9</RequestID></Response>",
            Mutex::default(),
        ));
        let failure = client(&target).describe_instance("i-1").await.unwrap_err();
        assert!(failure.is("UnauthorizedOperation"));
        assert_eq!(failure.message.as_deref(), Some("You are not authorized"));
        assert_eq!(failure.request_id.as_deref(), Some("R9"));
    }
}

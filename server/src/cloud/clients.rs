//! SDK clients that act with one set of credentials.

use super::{Connector, Credentials, Ec2, Recorder, Target};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_smithy_types::retry::RetryConfig;
use std::sync::Arc;

/// One client a service, all with the same credentials and the same [`Recorder`]. Retries are off: one click is one call.
#[derive(Clone, Debug)]
pub struct Clients {
    /// S3.
    pub s3: aws_sdk_s3::Client,
    /// KMS.
    pub kms: aws_sdk_kms::Client,
    /// IAM.
    pub iam: aws_sdk_iam::Client,
    /// STS.
    pub sts: aws_sdk_sts::Client,
    /// EC2.
    pub ec2: Ec2,
    recorder: Recorder,
}

macro_rules! client {
    ($sdk:ident, $target:expr, $connector:expr, $credentials:expr $(, $more:ident)*) => {
        $sdk::Client::from_conf(
            $sdk::Config::builder()
                .behavior_version($sdk::config::BehaviorVersion::latest())
                .region($sdk::config::Region::new($target.region().to_owned()))
                .endpoint_url($target.endpoint())
                .credentials_provider($credentials.clone())
                .http_client($connector.clone())
                .retry_config(RetryConfig::disabled())
                .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
                $(.$more(true))*
                .build(),
        )
    };
}

impl Clients {
    /// Clients for `target` that sign with `credentials`.
    pub fn new(target: &Arc<dyn Target>, credentials: &Credentials) -> Self {
        let recorder = Recorder::default();
        let connector = Connector::new(Arc::clone(target), recorder.clone());
        let provider = SharedCredentialsProvider::new(credentials.to_sdk());
        Self {
            s3: client!(aws_sdk_s3, target, connector, provider, force_path_style),
            kms: client!(aws_sdk_kms, target, connector, provider),
            iam: client!(aws_sdk_iam, target, connector, provider),
            sts: client!(aws_sdk_sts, target, connector, provider),
            ec2: Ec2::new(target, connector, credentials),
            recorder,
        }
    }

    /// Clients for `target` that sign nothing. Only S3 answers such requests; the others would sign with no keys.
    pub fn anonymous(target: &Arc<dyn Target>) -> Self {
        let mut clients = Self::new(target, &Credentials::long_term(String::new(), String::new()));
        let connector = Connector::new(Arc::clone(target), clients.recorder.clone());
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(aws_sdk_s3::config::BehaviorVersion::latest())
            .region(aws_sdk_s3::config::Region::new(target.region().to_owned()))
            .endpoint_url(target.endpoint())
            .allow_no_auth()
            .http_client(connector)
            .retry_config(RetryConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .force_path_style(true);
        clients.s3 = aws_sdk_s3::Client::from_conf(config.build());
        clients
    }

    /// Where the newest exchange of these clients is noted.
    pub fn recorder(&self) -> &Recorder {
        &self.recorder
    }
}

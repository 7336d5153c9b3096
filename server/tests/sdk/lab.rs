//! `trilock sandbox` as a process of its own, and clients of the AWS SDK for Rust that reach it over TCP.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use aws_credential_types::Credentials;
use aws_smithy_types::retry::RetryConfig;

use crate::tcp::Tcp;

pub(crate) const ACCOUNT: &str = "111122223333";
const KEY: &str = "AKIAIOSFODNN7EXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

/// An embedded AWS with one account; gone when dropped.
pub(crate) struct Lab {
    child: Child,
    endpoint: String,
}

impl Lab {
    pub(crate) fn start() -> Self {
        let account = format!("{ACCOUNT}:{KEY}:{SECRET}");
        let mut child = Command::new(env!("CARGO_BIN_EXE_trilock"))
            .args(["sandbox", "--listen", "127.0.0.1:0", "--in-memory", "--account", &account])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let line = BufReader::new(child.stdout.take().unwrap()).lines().next().unwrap().unwrap();
        let endpoint = line.strip_prefix("AWS").unwrap().trim().to_owned();
        Self { child, endpoint }
    }

    /// The account's root user.
    pub(crate) fn root(&self) -> Person {
        self.person(Credentials::new(KEY, SECRET, None, None, "test"))
    }

    pub(crate) fn person(&self, credentials: Credentials) -> Person {
        Person::new(&self.endpoint, credentials)
    }

    /// A new user with this inline policy.
    pub(crate) async fn user(&self, name: &str, policy: Option<&str>) -> Person {
        let iam = self.root().iam;
        iam.create_user().user_name(name).send().await.unwrap();
        if let Some(document) = policy {
            let put = iam.put_user_policy().user_name(name).policy_name("inline");
            put.policy_document(document).send().await.unwrap();
        }
        let made = iam.create_access_key().user_name(name).send().await.unwrap();
        let key = made.access_key().unwrap();
        self.person(Credentials::new(key.access_key_id(), key.secret_access_key(), None, None, "test"))
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The clients of somebody, as the SDK makes them: with retries and checksums as they are by default.
pub(crate) struct Person {
    pub(crate) s3: aws_sdk_s3::Client,
    pub(crate) kms: aws_sdk_kms::Client,
    pub(crate) iam: aws_sdk_iam::Client,
    pub(crate) sts: aws_sdk_sts::Client,
    pub(crate) tcp: Tcp,
}

macro_rules! client {
    ($sdk:ident, $endpoint:expr, $credentials:expr, $tcp:expr $(, $more:ident)*) => {
        $sdk::Client::from_conf(
            $sdk::Config::builder()
                .behavior_version($sdk::config::BehaviorVersion::latest())
                .region($sdk::config::Region::new("us-east-1"))
                .endpoint_url($endpoint)
                .credentials_provider($credentials.clone())
                .http_client($tcp.clone())
                .retry_config(RetryConfig::standard())
                $(.$more(true))*
                .build(),
        )
    };
}

impl Person {
    fn new(endpoint: &str, credentials: Credentials) -> Self {
        let tcp = Tcp::default();
        Self {
            s3: client!(aws_sdk_s3, endpoint, credentials, tcp, force_path_style),
            kms: client!(aws_sdk_kms, endpoint, credentials, tcp),
            iam: client!(aws_sdk_iam, endpoint, credentials, tcp),
            sts: client!(aws_sdk_sts, endpoint, credentials, tcp),
            tcp,
        }
    }
}

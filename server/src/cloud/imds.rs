//! The instance metadata service as software on the instance uses it: IMDSv2, token first.

use super::{Credentials, Target};
use bytes::Bytes;
use http::{Method, Request, StatusCode};
use serde::Deserialize;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// How long the token may be used, in seconds; the SDKs ask for as much.
const TOKEN_TTL: &str = "21600";

/// Why the instance got no credentials.
#[derive(Debug, thiserror::Error)]
pub enum ImdsError {
    /// The service refused or did not know the path.
    #[error("the instance metadata service answered {status} to {path}")]
    Status {
        /// HTTP status.
        status: StatusCode,
        /// What was asked for.
        path: String,
    },
    /// No answer.
    #[error("the instance metadata service gave no answer: {0}")]
    Unreachable(String),
    /// An answer of another form.
    #[error("the instance metadata service's credentials could not be read")]
    Unreadable,
}

/// The role's name and its credentials.
#[derive(Clone, Debug)]
pub struct InstanceCredentials {
    /// The role of the instance profile.
    pub role: String,
    /// Temporary credentials.
    pub credentials: Credentials,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Document {
    access_key_id: String,
    secret_access_key: String,
    token: String,
    expiration: String,
}

/// Fetches the credentials of an instance's role.
///
/// # Errors
/// When the service refuses, is not there, or answers in another form.
pub async fn credentials(target: &dyn Target, instance_id: &str) -> Result<InstanceCredentials, ImdsError> {
    let base = format!("{}/imds/{instance_id}/latest", target.endpoint());
    let ask = async |method: Method, path: &str, header: (&str, &str)| {
        let request = Request::builder()
            .method(method)
            .uri(format!("{base}{path}"))
            .header(http::header::HOST, host(target.endpoint()))
            .header(header.0, header.1)
            .body(Bytes::new())
            .map_err(|error| ImdsError::Unreachable(error.to_string()))?;
        let response =
            target.call(request).await.map_err(|error| ImdsError::Unreachable(error.to_string()))?;
        if response.status() != StatusCode::OK {
            return Err(ImdsError::Status { status: response.status(), path: format!("/latest{path}") });
        }
        String::from_utf8(response.into_body().to_vec()).map_err(|_| ImdsError::Unreadable)
    };
    let token = ask(Method::PUT, "/api/token", ("x-aws-ec2-metadata-token-ttl-seconds", TOKEN_TTL)).await?;
    let token = ("x-aws-ec2-metadata-token", token.trim());
    let folder = "/meta-data/iam/security-credentials/";
    let role = ask(Method::GET, folder, token).await?.trim().to_owned();
    let document = ask(Method::GET, &format!("{folder}{role}"), token).await?;
    let document: Document = serde_json::from_str(&document).map_err(|_| ImdsError::Unreadable)?;
    let expires = OffsetDateTime::parse(&document.expiration, &Rfc3339).map_err(|_| ImdsError::Unreadable)?;
    let credentials = Credentials::temporary(
        document.access_key_id,
        document.secret_access_key,
        document.token,
        expires.unix_timestamp(),
    );
    Ok(InstanceCredentials { role, credentials })
}

fn host(endpoint: &str) -> &str {
    endpoint.split_once("://").map_or(endpoint, |(_, host)| host)
}

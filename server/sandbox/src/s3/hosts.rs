//! Buckets that are named in the host instead of the path, as SDKs do it where the endpoint has a name (S3 User Guide, "Virtual
//! hosting of general purpose buckets").

use http::{HeaderMap, Request, Uri, header};

/// Path and query as they were sent, which is what was signed.
#[derive(Clone, Debug)]
pub(super) struct Sent(pub(super) Uri);

/// What follows a bucket in the host: the endpoints of this machine.
const ENDPOINTS: [&str; 2] = [".s3.localhost", ".localhost"];
/// AWS's own, for who sends those here: `.s3.amazonaws.com`, and the same with region or `dualstack` in it.
const AWS: &str = ".amazonaws.com";

/// Whether the host names a bucket: then the whole path is a key.
pub(crate) fn names_bucket(headers: &HeaderMap) -> bool {
    bucket_of(host(headers)).is_some()
}

/// Puts the bucket that the host names in front of the path, where everything that reads the request looks for it, and keeps what
/// was sent, as [`Sent`], for the signature.
pub(super) fn into_path<B>(request: &mut Request<B>) {
    let Some(bucket) = bucket_of(host(request.headers())) else { return };
    let sent = request.uri().clone();
    let rest = sent.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    // What is no path with a bucket in front was none before.
    if let Ok(uri) = format!("/{bucket}{rest}").parse() {
        *request.uri_mut() = uri;
        request.extensions_mut().insert(Sent(sent));
    }
}

fn host(headers: &HeaderMap) -> &str {
    headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default()
}

fn bucket_of(host: &str) -> Option<String> {
    let name = host.rsplit_once(':').map_or(host, |(name, _port)| name).to_ascii_lowercase();
    let of_aws = || {
        let name = name.strip_suffix(AWS)?;
        // Regions hold no `s3`, buckets may.
        name.rfind(".s3")
            .filter(|place| matches!(name.as_bytes().get(place + 3), None | Some(b'.' | b'-')))
            .map(|place| &name[..place])
    };
    let bucket = ENDPOINTS.iter().find_map(|endpoint| name.strip_suffix(endpoint)).or_else(of_aws);
    // The endpoint itself, `s3.localhost`, is no bucket.
    bucket.filter(|bucket| !bucket.is_empty() && *bucket != "s3").map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_names_a_bucket_in_front_of_an_endpoint_and_nowhere_else() {
        for (host, bucket) in [
            ("bucket.localhost:4566", Some("bucket")),
            ("bucket.localhost", Some("bucket")),
            ("bucket.s3.localhost:4566", Some("bucket")),
            ("dotted.bucket.s3.us-east-1.amazonaws.com", Some("dotted.bucket")),
            ("Bucket.s3.amazonaws.com", Some("bucket")),
            ("localhost:4566", None),
            (".localhost", None),
            ("s3.localhost:4566", None),
            ("s3.us-east-1.amazonaws.com", None),
            ("127.0.0.1:4566", None),
            ("[::1]:4566", None),
            ("bucket.s3.eu-west-1.amazonaws.com", Some("bucket")),
            ("bucket.s3.dualstack.us-east-1.amazonaws.com", Some("bucket")),
            ("bucket.s3-us-west-2.amazonaws.com", Some("bucket")),
            ("my.s3.bucket.s3.amazonaws.com", Some("my.s3.bucket")),
            ("kms.us-east-1.amazonaws.com", None),
            ("bucket.example.com", None),
            ("", None),
        ] {
            assert_eq!(bucket_of(host).as_deref(), bucket, "{host}");
        }
    }
}

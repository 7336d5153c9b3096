//! Buckets that are named in the host instead of the path, as SDKs do it where the endpoint has a name (S3 User Guide, "Virtual
//! hosting of general purpose buckets").

use http::header;
use http::request::Parts;
use s3s::S3Result;

use super::failure::internal;

/// What follows a bucket in the host: the endpoints of this machine, and AWS's own, for who sends those here.
fn endpoints(region: &str) -> [String; 4] {
    [
        ".s3.localhost".into(),
        ".localhost".into(),
        format!(".s3.{region}.amazonaws.com"),
        ".s3.amazonaws.com".into(),
    ]
}

/// Puts the bucket that the host names in front of the path, where everything after looks for it. The signature, which is over
/// the request as it was sent, must have been verified by then.
pub(super) fn into_path(parts: &mut Parts, region: &str) -> S3Result<()> {
    let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let Some(bucket) = bucket_of(host, region) else { return Ok(()) };
    let rest = parts.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    parts.uri = format!("/{bucket}{rest}").parse().map_err(internal)?;
    Ok(())
}

fn bucket_of(host: &str, region: &str) -> Option<String> {
    let name = host.rsplit_once(':').map_or(host, |(name, _port)| name).to_ascii_lowercase();
    let bucket =
        endpoints(region).iter().find_map(|endpoint| name.strip_suffix(endpoint.as_str()).map(str::to_owned));
    // The endpoint itself, `s3.localhost`, is no bucket.
    bucket.filter(|bucket| !bucket.is_empty() && bucket != "s3")
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
            ("bucket.s3.eu-west-1.amazonaws.com", None),
            ("bucket.example.com", None),
            ("", None),
        ] {
            assert_eq!(bucket_of(host, "us-east-1").as_deref(), bucket, "{host}");
        }
    }
}

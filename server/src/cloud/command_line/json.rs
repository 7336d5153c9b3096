//! Services that speak JSON: KMS, and CloudTrail.

use super::{Command, SECRETS, kebab, placeholder};
use bytes::Bytes;
use http::Request;
use serde_json::{Map, Value};

/// Members of KMS that are bytes: what is encrypted is the caller's secret, and the rest is no text.
const BLOBS: [&str; 8] = [
    "Plaintext",
    "CiphertextBlob",
    "Message",
    "Signature",
    "Mac",
    "ImportToken",
    "EncryptedKeyMaterial",
    "AttestationDocument",
];

pub(super) fn command(service: &str, request: &Request<Bytes>) -> Option<Command> {
    let target = request.headers().get("x-amz-target")?.to_str().ok()?;
    let mut command = Command::new(service, target.rsplit('.').next()?);
    let members: Map<String, Value> = serde_json::from_slice(request.body()).ok()?;
    for (name, value) in &members {
        let option = kebab(name);
        if BLOBS.contains(&name.as_str()) {
            command.option(&option, ["fileb://FILE"]);
        } else if SECRETS.contains(&name.as_str()) {
            command.option(&option, [placeholder(name).as_str()]);
        } else {
            command.value(&option, value);
        }
    }
    Some(command)
}

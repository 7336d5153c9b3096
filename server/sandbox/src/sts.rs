//! AWS STS: sessions of roles, and who a caller is (API version 2011-06-15).

mod assume_role;
mod decode;
mod identity;
mod mfa;
mod session;
mod tags;
mod tokens;

pub(crate) use assume_role::trust_policy;
pub(crate) use decode::encode;

use crate::query::{Service, operations};

/// Operations of STS that callers do not sign, since a token of someone else's tells who they are. None is here.
pub(crate) const UNSIGNED: [&str; 2] = ["AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"];

operations! {
    Service::Sts;

    "AssumeRole" => assume_role::assume_role: [
        "RoleArn" "RoleSessionName" "DurationSeconds" "Policy" "PolicyArns" "ExternalId" "Tags" "TransitiveTagKeys"
        "SourceIdentity" "SerialNumber" "TokenCode"
    ];
    "DecodeAuthorizationMessage" => decode::decode: ["EncodedMessage"];
    "GetAccessKeyInfo" => identity::access_key_info: ["AccessKeyId"];
    "GetCallerIdentity" => identity::caller_identity: [];
    "GetSessionToken" => tokens::session_token: ["DurationSeconds" "SerialNumber" "TokenCode"];
    "GetFederationToken" => tokens::federation_token: ["Name" "Policy" "PolicyArns" "DurationSeconds" "Tags"];
}

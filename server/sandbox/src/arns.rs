//! How ARNs of this AWS are written.

/// ARN of a bucket.
pub(crate) fn bucket(name: &str) -> String {
    format!("arn:aws:s3:::{name}")
}

/// ARN of an object.
pub(crate) fn object(bucket: &str, key: &str) -> String {
    format!("arn:aws:s3:::{bucket}/{key}")
}

/// ARN of a role.
pub(crate) fn role(account: &str, path: &str, name: &str) -> String {
    format!("arn:aws:iam::{account}:role{path}{name}")
}

/// ARN of an account's root user.
pub(crate) fn root(account: &str) -> String {
    format!("arn:aws:iam::{account}:root")
}

/// ARN of a user.
pub(crate) fn user(account: &str, path: &str, name: &str) -> String {
    format!("arn:aws:iam::{account}:user{path}{name}")
}

/// ARN of a group.
pub(crate) fn group(account: &str, path: &str, name: &str) -> String {
    format!("arn:aws:iam::{account}:group{path}{name}")
}

/// ARN of an instance profile.
pub(crate) fn instance_profile(account: &str, path: &str, name: &str) -> String {
    format!("arn:aws:iam::{account}:instance-profile{path}{name}")
}

/// ARN of a KMS key.
pub(crate) fn key(region: &str, account: &str, id: &str) -> String {
    format!("arn:aws:kms:{region}:{account}:key/{id}")
}

/// ARN of a KMS alias; `name` starts with `alias/`.
pub(crate) fn alias(region: &str, account: &str, name: &str) -> String {
    format!("arn:aws:kms:{region}:{account}:{name}")
}

/// ARN of an EC2 instance; `id` is `*` for one that is yet to be launched.
pub(crate) fn instance(region: &str, account: &str, id: &str) -> String {
    format!("arn:aws:ec2:{region}:{account}:instance/{id}")
}

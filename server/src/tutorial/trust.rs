//! Trust policies as the AWS console writes them when a role is created (`aws-semantics.md` §5).

use app::console::RoleName;
use serde_json::{Value, json};

/// The trust policy of a role: "This account" for the two administrators, "EC2" for authorized-users.
pub fn policy(role: RoleName, account_id: &str) -> Value {
    let principal = match role {
        RoleName::SecureBucketAdmin | RoleName::SecureKeyAdmin => {
            json!({ "AWS": format!("arn:aws:iam::{account_id}:root") })
        }
        RoleName::AuthorizedUsers => json!({ "Service": "ec2.amazonaws.com" }),
    };
    json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole" }]
    })
}

#[cfg(test)]
mod tests {
    use super::policy;
    use app::console::RoleName;

    #[test]
    fn only_ec2_may_assume_authorized_users() {
        let principal = |role| policy(role, "111122223333")["Statement"][0]["Principal"].clone();
        assert_eq!(principal(RoleName::AuthorizedUsers)["Service"], "ec2.amazonaws.com");
        assert!(principal(RoleName::AuthorizedUsers).get("AWS").is_none());
        assert_eq!(principal(RoleName::SecureKeyAdmin)["AWS"], "arn:aws:iam::111122223333:root");
    }
}

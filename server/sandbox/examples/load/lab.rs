//! What is measured against: the tutorial's bucket, key, role and policies, made through the AWS interface.

use std::net::SocketAddr;

use serde_json::json;

use super::client::Connection;
use super::sign::{Keys, request};

const BUCKET: &str = "load-bucket";
const ROLE: &str = "authorized-users";

pub struct Lab {
    address: SocketAddr,
    /// A session of the role that may read and write.
    role: Keys,
    key_arn: String,
}

impl Lab {
    /// Makes it all, as the tutorial does: the role's identity policy, the key policy that names the role, and the bucket policy
    /// that demands the key, unless `enforcing` is false: moto takes a bucket policy's Deny without its conditions.
    pub fn prepare(address: SocketAddr, admin: &Keys, enforcing: bool) -> Self {
        let mut wire = Wire { connection: Connection::open(address), address };
        let account = wire.query(admin, "sts", &[("Action", "GetCallerIdentity"), ("Version", "2011-06-15")]);
        let account = element(&account, "Account");
        // The root user may assume no role, so a user does.
        let iam = ("Version", "2010-05-08");
        let operator = [("UserName", "operator"), iam];
        wire.query(admin, "iam", &[&[("Action", "CreateUser")], &operator[..]].concat());
        // Inline: moto has none of the policies that AWS manages.
        let assume = allow(json!({"Resource": "*"}), &["sts:AssumeRole"]);
        let put =
            [("Action", "PutUserPolicy"), ("PolicyName", "assume"), ("PolicyDocument", assume.as_str())];
        wire.query(admin, "iam", &[&put[..], &operator[..]].concat());
        let key = wire.query(admin, "iam", &[&[("Action", "CreateAccessKey")], &operator[..]].concat());
        let operator = Keys::long_term(&element(&key, "AccessKeyId"), &element(&key, "SecretAccessKey"));
        let trust =
            allow(json!({"Principal": {"AWS": format!("arn:aws:iam::{account}:root")}}), &["sts:AssumeRole"]);
        let role = [("RoleName", ROLE), iam];
        let made = [("Action", "CreateRole"), ("AssumeRolePolicyDocument", trust.as_str())];
        wire.query(admin, "iam", &[&made[..], &role[..]].concat());
        let objects = format!("arn:aws:s3:::{BUCKET}/*");
        let access = allow(json!({"Resource": objects}), &["s3:PutObject", "s3:GetObject"]);
        let put =
            [("Action", "PutRolePolicy"), ("PolicyName", "access"), ("PolicyDocument", access.as_str())];
        wire.query(admin, "iam", &[&put[..], &role[..]].concat());
        let role_arn = format!("arn:aws:iam::{account}:role/{ROLE}");
        let session = [
            ("Action", "AssumeRole"),
            ("RoleArn", role_arn.as_str()),
            ("RoleSessionName", "load"),
            ("DurationSeconds", "3600"),
            ("Version", "2011-06-15"),
        ];
        let session = wire.query(&operator, "sts", &session);
        let key_policy = json!({"Version": "2012-10-17", "Statement": [
            {"Sid": "Enable IAM User Permissions", "Effect": "Allow", "Action": "kms:*", "Resource": "*",
             "Principal": {"AWS": format!("arn:aws:iam::{account}:root")}},
            {"Sid": "Allow use of the key", "Effect": "Allow", "Resource": "*", "Principal": {"AWS": role_arn},
             "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]},
        ]});
        let key = wire.kms(admin, "CreateKey", &json!({"Policy": key_policy.to_string()}));
        let key_arn = key["KeyMetadata"]["Arn"].as_str().unwrap().to_owned();
        wire.s3(admin, ("PUT", &format!("/{BUCKET}")), b"");
        let deny = |key: &str, value: &str| {
            json!({"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": objects,
                   "Condition": {"StringNotEquals": {key: value}}})
        };
        let bucket_policy = json!({"Version": "2012-10-17", "Statement": [
            deny("s3:x-amz-server-side-encryption", "aws:kms"),
            deny("s3:x-amz-server-side-encryption-aws-kms-key-id", &key_arn),
        ]});
        if enforcing {
            wire.s3(admin, ("PUT", &format!("/{BUCKET}?policy")), bucket_policy.to_string().as_bytes());
        }
        let role = Keys::session(
            &element(&session, "AccessKeyId"),
            &element(&session, "SecretAccessKey"),
            &element(&session, "SessionToken"),
        );
        Self { address, role, key_arn }
    }

    pub fn put(&self, key: &str, body: &[u8]) -> Vec<u8> {
        let headers = [
            ("x-amz-server-side-encryption", "aws:kms"),
            ("x-amz-server-side-encryption-aws-kms-key-id", self.key_arn.as_str()),
        ];
        request(self.address, &self.role, "s3", ("PUT", &format!("/{BUCKET}/{key}")), &headers, body)
    }

    pub fn get(&self, key: &str) -> Vec<u8> {
        request(self.address, &self.role, "s3", ("GET", &format!("/{BUCKET}/{key}")), &[], b"")
    }
}

struct Wire {
    connection: Connection,
    address: SocketAddr,
}

impl Wire {
    fn send(&mut self, request: &[u8]) -> String {
        let answer = self.connection.exchange(request);
        let text = String::from_utf8(answer.body).unwrap();
        assert!((200..300).contains(&answer.status), "{} {text}", answer.status);
        text
    }

    fn query(&mut self, keys: &Keys, service: &str, parameters: &[(&str, &str)]) -> String {
        let body = serde_urlencoded::to_string(parameters).unwrap();
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        self.send(&request(self.address, keys, service, ("POST", "/"), &headers, body.as_bytes()))
    }

    fn kms(&mut self, keys: &Keys, operation: &str, input: &serde_json::Value) -> serde_json::Value {
        let target = format!("TrentService.{operation}");
        let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target.as_str())];
        let body = input.to_string();
        let answer = self.send(&request(self.address, keys, "kms", ("POST", "/"), &headers, body.as_bytes()));
        serde_json::from_str(&answer).unwrap()
    }

    fn s3(&mut self, keys: &Keys, line: (&str, &str), body: &[u8]) {
        self.send(&request(self.address, keys, "s3", line, &[], body));
    }
}

/// A policy of one statement that allows these actions.
fn allow(mut statement: serde_json::Value, actions: &[&str]) -> String {
    statement["Effect"] = "Allow".into();
    statement["Action"] = actions.into();
    json!({"Version": "2012-10-17", "Statement": statement}).to_string()
}

fn element(xml: &str, name: &str) -> String {
    let rest = xml.split(&format!("<{name}>")).nth(1).unwrap_or_else(|| panic!("no {name} in {xml}"));
    rest.split('<').next().unwrap().to_owned()
}

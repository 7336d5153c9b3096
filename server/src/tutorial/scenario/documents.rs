//! The policy documents that moves put, filled in for a lab.

use super::super::{key_policy, listings};
use crate::store::LabState;
use app::console::{ListingId, Listings, Persona, RoleName};
use serde_json::{Value, json};

/// What KMS needs to keep a key manageable, and nothing that uses the key: what the AWS console gives to key administrators, but
/// `kms:CreateAlias` by name, since `kms:Create*` covers `kms:CreateGrant`, and whoever may grant may grant themselves `kms:Decrypt`.
const MANAGEMENT: [&str; 15] = [
    "kms:CreateAlias",
    "kms:Describe*",
    "kms:Enable*",
    "kms:List*",
    "kms:Put*",
    "kms:Update*",
    "kms:Revoke*",
    "kms:Disable*",
    "kms:Get*",
    "kms:Delete*",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:ScheduleKeyDeletion",
    "kms:CancelKeyDeletion",
    "kms:RotateKeyOnDemand",
];
/// Stands for the second account until there is one.
const EXAMPLE_ACCOUNT: &str = "444455556666";
const EXAMPLE_KEY: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

/// Documents for one lab.
#[derive(Clone, Copy, Debug)]
pub struct Documents<'a> {
    /// The lab.
    pub lab: &'a LabState,
    /// Its region.
    pub region: &'a str,
}

impl Documents<'_> {
    /// The lab's key; an example before step 4.
    pub fn key(&self) -> String {
        let example = || format!("arn:aws:kms:{}:{}:key/{EXAMPLE_KEY}", self.region, self.lab.account_id);
        self.lab.key_arn.clone().unwrap_or_else(example)
    }

    /// The second account; an example before it is there.
    pub fn key_account(&self) -> String {
        let account = self.lab.beyond.key_account.as_ref();
        account.map_or_else(|| EXAMPLE_ACCOUNT.into(), |account| account.account_id.clone())
    }

    /// The second account's key; an example before it is made.
    pub fn key_elsewhere(&self) -> String {
        let made = self.lab.beyond.key_account.as_ref().and_then(|account| account.key_arn.clone());
        made.unwrap_or_else(|| {
            format!("arn:aws:kms:{}:{}:key/{EXAMPLE_KEY}", self.region, self.key_account())
        })
    }

    fn objects(&self) -> String {
        format!("arn:aws:s3:::{}/*", self.lab.bucket)
    }

    /// A trust policy for this account's people.
    pub fn trust_of_account(&self) -> String {
        self.trust(json!({ "AWS": self.root() }))
    }

    /// A trust policy for Lambda, and for this account so that the console can play the function.
    pub fn trust_of_lambda(&self) -> String {
        self.trust(json!({ "Service": "lambda.amazonaws.com", "AWS": self.root() }))
    }

    /// The ARN of Admin, who is an IAM user.
    pub fn admin(&self) -> String {
        format!("arn:aws:iam::{}:user/{}", self.lab.account_id, Persona::Admin.name())
    }

    fn root(&self) -> String {
        format!("arn:aws:iam::{}:root", self.lab.account_id)
    }

    fn trust(&self, principal: Value) -> String {
        pretty(&policy(json!([
            { "Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole" }
        ])))
    }

    /// A listing in one spelling.
    pub fn listing(&self, id: ListingId, spelling: Listings) -> String {
        listings::listing(self.lab, self.region, id, spelling).document
    }

    /// Listing 2 as printed, but for the space before each ARN.
    pub fn listing_2_without_space(&self) -> String {
        self.listing(ListingId::KeyAdmin, Listings::Printed).replace("\" arn:", "\"arn:")
    }

    /// Listing 4.
    pub fn bucket_policy(&self) -> String {
        self.listing(ListingId::BucketPolicy, Listings::Corrected)
    }

    /// Listing 4 with one more statement: someone may read and write every object.
    pub fn bucket_policy_with(&self, sid: &str, principal: Value) -> String {
        let mut document: Value = serde_json::from_str(&self.bucket_policy()).unwrap_or_default();
        if let Some(statements) = document.get_mut("Statement").and_then(Value::as_array_mut) {
            statements.push(json!({
                "Sid": sid, "Effect": "Allow", "Principal": principal,
                "Action": ["s3:GetObject", "s3:PutObject"], "Resource": self.objects()
            }));
        }
        pretty(&document)
    }

    /// Listing 4 with the second account's key in place of the lab's.
    pub fn bucket_policy_for_key_elsewhere(&self) -> String {
        self.bucket_policy().replace(&self.key(), &self.key_elsewhere())
    }

    /// An identity policy of one statement.
    pub fn identity(&self, sid: &str, effect: &str, actions: &[&str], resource: &str) -> String {
        let action = match actions {
            [one] => json!(one),
            many => json!(many),
        };
        pretty(&policy(json!([
            { "Sid": sid, "Effect": effect, "Action": action, "Resource": resource }
        ])))
    }

    fn labs_key_policy(&self) -> Value {
        let administrators = [self.lab.role_arn(RoleName::SecureKeyAdmin.name())];
        let users = [self.lab.role_arn(RoleName::AuthorizedUsers.name())];
        key_policy::console_policy(&self.lab.account_id, &administrators, &users)
    }

    /// The lab's key policy, its first statement allowing management only.
    pub fn key_policy_narrowed(&self) -> String {
        let mut document = self.labs_key_policy();
        if let Some(first) = document.pointer_mut("/Statement/0") {
            *first = json!({
                "Sid": "Enable IAM to manage the key", "Effect": "Allow", "Principal": { "AWS": self.root() },
                "Action": MANAGEMENT, "Resource": "*"
            });
        }
        pretty(&document)
    }

    /// A key policy with nobody in it but the key's users: nobody could change it any more.
    pub fn key_policy_without_managers(&self) -> String {
        let users = self.lab.role_arn(RoleName::AuthorizedUsers.name());
        pretty(&policy(json!([
            { "Sid": "Allow use of the key", "Effect": "Allow", "Principal": { "AWS": users },
              "Action": ["kms:Decrypt", "kms:GenerateDataKey*"], "Resource": "*" }
        ])))
    }

    /// The lab's key policy with one role that may encrypt only and one that may decrypt only.
    pub fn key_policy_one_way(&self, writer: &str, reader: &str) -> String {
        let mut document = self.labs_key_policy();
        if let Some(statements) = document.get_mut("Statement").and_then(Value::as_array_mut) {
            for (sid, role, action) in
                [("Encrypt only", writer, "kms:GenerateDataKey"), ("Decrypt only", reader, "kms:Decrypt")]
            {
                statements.push(json!({
                    "Sid": sid, "Effect": "Allow", "Principal": { "AWS": self.lab.role_arn(role) },
                    "Action": action, "Resource": "*"
                }));
            }
        }
        pretty(&document)
    }

    /// The second account's key policy: its own people by IAM, and the lab's authorized-users to use it.
    pub fn key_policy_elsewhere(&self) -> String {
        let own = format!("arn:aws:iam::{}:root", self.key_account());
        let user = self.lab.role_arn(RoleName::AuthorizedUsers.name());
        pretty(&policy(json!([
            { "Sid": "Enable IAM User Permissions", "Effect": "Allow", "Principal": { "AWS": own },
              "Action": "kms:*", "Resource": "*" },
            { "Sid": "Let a role of another account use the key", "Effect": "Allow", "Principal": { "AWS": user },
              "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
              "Resource": "*" }
        ])))
    }
}

fn policy(statements: Value) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

fn pretty(document: &Value) -> String {
    serde_json::to_string_pretty(document).unwrap_or_default()
}

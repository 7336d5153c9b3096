//! The key policy as the AWS console writes it, and what its buttons do to it (`aws-semantics.md` §4).

use serde_json::{Value, json};

const ADMINISTRATORS: &str = "Allow access for Key Administrators";
const USERS: &str = "Allow use of the key";
const ATTACHMENT: &str = "Allow attachment of persistent resources";

/// Why a button of the AWS console cannot be used on a key policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyPolicyError {
    /// The document is no JSON object with statements.
    #[error("the key policy could not be read: {0}")]
    Unreadable(String),
    /// Someone wrote it by hand; the AWS console offers the policy view only.
    #[error(
        "the key policy no longer has the form the AWS console writes, so it can be changed as a whole only"
    )]
    NotConsoleForm,
}

/// The policy a new key gets from the AWS console's wizard. Administrators and users are role ARNs; without any, the
/// statements for them are left out, as the console does.
pub fn console_policy(account_id: &str, administrators: &[String], users: &[String]) -> Value {
    let mut statements = vec![json!({
        "Sid": "Enable IAM User Permissions",
        "Effect": "Allow",
        "Principal": { "AWS": format!("arn:aws:iam::{account_id}:root") },
        "Action": "kms:*",
        "Resource": "*"
    })];
    if !administrators.is_empty() {
        statements.push(json!({
            "Sid": ADMINISTRATORS,
            "Effect": "Allow",
            "Principal": { "AWS": one_or_many(administrators) },
            "Action": [
                "kms:Create*", "kms:Describe*", "kms:Enable*", "kms:List*", "kms:Put*", "kms:Update*", "kms:Revoke*",
                "kms:Disable*", "kms:Get*", "kms:Delete*", "kms:TagResource", "kms:UntagResource",
                "kms:ScheduleKeyDeletion", "kms:CancelKeyDeletion", "kms:RotateKeyOnDemand"
            ],
            "Resource": "*"
        }));
    }
    if !users.is_empty() {
        statements.extend([use_of_the_key(users), attachment(users)]);
    }
    json!({ "Version": "2012-10-17", "Id": "key-consolepolicy-3", "Statement": statements })
}

/// Whether an operation is one that the statement for key users allows.
pub fn is_use(operation: &str) -> bool {
    operation.starts_with("GenerateDataKey")
        || ["Encrypt", "Decrypt", "ReEncrypt", "DescribeKey"].contains(&operation)
}

/// *Key users > Remove*: takes the role out of both user statements; a statement without a principal goes.
///
/// # Errors
/// When the document is not one that the console's default view can edit.
pub fn remove_user(document: &str, role_arn: &str) -> Result<Value, KeyPolicyError> {
    edit_users(document, |users| users.retain(|user| user != role_arn))
}

/// *Key users > Add*: puts the role into both user statements, making those that are not there.
///
/// # Errors
/// When the document is not one that the console's default view can edit.
pub fn add_user(document: &str, role_arn: &str) -> Result<Value, KeyPolicyError> {
    let mut policy = edit_users(document, |users| {
        if !users.iter().any(|user| user == role_arn) {
            users.push(role_arn.to_owned());
        }
    })?;
    let users = [role_arn.to_owned()];
    let statements = statements_mut(&mut policy)?;
    for (sid, statement) in [(USERS, use_of_the_key(&users)), (ATTACHMENT, attachment(&users))] {
        if !statements.iter().any(|statement| sid_of(statement) == sid) {
            statements.push(statement);
        }
    }
    Ok(policy)
}

/// Whether the key policy names the role as a key user.
pub fn has_user(document: &str, role_arn: &str) -> bool {
    let Ok(policy) = serde_json::from_str::<Value>(document) else { return false };
    let Some(statements) = policy.get("Statement").and_then(Value::as_array) else { return false };
    statements
        .iter()
        .filter(|statement| sid_of(statement) == USERS)
        .any(|statement| principals_of(statement).is_some_and(|all| all.iter().any(|arn| arn == role_arn)))
}

fn use_of_the_key(users: &[String]) -> Value {
    json!({
        "Sid": USERS,
        "Effect": "Allow",
        "Principal": { "AWS": one_or_many(users) },
        "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
        "Resource": "*"
    })
}

fn attachment(users: &[String]) -> Value {
    json!({
        "Sid": ATTACHMENT,
        "Effect": "Allow",
        "Principal": { "AWS": one_or_many(users) },
        "Action": ["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"],
        "Resource": "*",
        "Condition": { "Bool": { "kms:GrantIsForAWSResource": "true" } }
    })
}

fn one_or_many(arns: &[String]) -> Value {
    match arns {
        [one] => json!(one),
        many => json!(many),
    }
}

fn sid_of(statement: &Value) -> &str {
    statement.get("Sid").and_then(Value::as_str).unwrap_or_default()
}

fn principals_of(statement: &Value) -> Option<Vec<String>> {
    match statement.get("Principal")?.get("AWS")? {
        Value::String(one) => Some(vec![one.clone()]),
        Value::Array(many) => many.iter().map(|arn| arn.as_str().map(str::to_owned)).collect(),
        _ => None,
    }
}

fn statements_mut(policy: &mut Value) -> Result<&mut Vec<Value>, KeyPolicyError> {
    policy.get_mut("Statement").and_then(Value::as_array_mut).ok_or(KeyPolicyError::NotConsoleForm)
}

/// Changes the principals of the two user statements, and drops those left without any.
fn edit_users(document: &str, change: impl Fn(&mut Vec<String>)) -> Result<Value, KeyPolicyError> {
    let mut policy: Value =
        serde_json::from_str(document).map_err(|error| KeyPolicyError::Unreadable(error.to_string()))?;
    let statements = statements_mut(&mut policy)?;
    let mut kept = Vec::with_capacity(statements.len());
    for mut statement in std::mem::take(statements) {
        if matches!(sid_of(&statement), USERS | ATTACHMENT) {
            let mut users = principals_of(&statement).ok_or(KeyPolicyError::NotConsoleForm)?;
            change(&mut users);
            if users.is_empty() {
                continue;
            }
            if let Some(principal) = statement.get_mut("Principal") {
                *principal = json!({ "AWS": one_or_many(&users) });
            }
        }
        kept.push(statement);
    }
    *statements = kept;
    Ok(policy)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{KeyPolicyError, add_user, console_policy, has_user, remove_user};
    use serde_json::Value;

    const ADMIN: &str = "arn:aws:iam::111122223333:role/secure-key-admin";
    const USER: &str = "arn:aws:iam::111122223333:role/authorized-users";
    const OTHER: &str = "arn:aws:iam::111122223333:role/other";

    fn sids(policy: &Value) -> Vec<&str> {
        policy["Statement"]
            .as_array()
            .unwrap()
            .iter()
            .map(|statement| statement["Sid"].as_str().unwrap())
            .collect()
    }

    #[test]
    fn the_console_writes_four_statements_in_order() {
        let policy = console_policy("111122223333", &[ADMIN.into()], &[USER.into()]);
        assert_eq!(policy["Id"], "key-consolepolicy-3");
        assert_eq!(
            sids(&policy),
            [
                "Enable IAM User Permissions",
                "Allow access for Key Administrators",
                "Allow use of the key",
                "Allow attachment of persistent resources"
            ]
        );
        assert_eq!(policy["Statement"][1]["Principal"]["AWS"], ADMIN);
        assert_eq!(sids(&console_policy("111122223333", &[], &[])), ["Enable IAM User Permissions"]);
    }

    #[test]
    fn removing_the_only_user_drops_both_statements_and_adding_it_restores_them() {
        let policy = console_policy("111122223333", &[ADMIN.into()], &[USER.into()]);
        let removed = remove_user(&policy.to_string(), USER).unwrap();
        assert_eq!(sids(&removed), ["Enable IAM User Permissions", "Allow access for Key Administrators"]);
        assert!(!has_user(&removed.to_string(), USER));
        assert_eq!(add_user(&removed.to_string(), USER).unwrap(), policy);
    }

    #[test]
    fn removing_one_of_two_users_keeps_the_other() {
        let policy = console_policy("111122223333", &[ADMIN.into()], &[USER.into(), OTHER.into()]);
        let removed = remove_user(&policy.to_string(), USER).unwrap();
        assert!(has_user(&removed.to_string(), OTHER) && !has_user(&removed.to_string(), USER));
        assert_eq!(removed["Statement"][3]["Principal"]["AWS"], OTHER);
        let again = remove_user(&removed.to_string(), USER).unwrap();
        assert_eq!(again, removed);
    }

    #[test]
    fn a_policy_written_by_hand_is_left_alone() {
        let cases = [
            ("nonsense", true),
            ("{\"Statement\": {}}", false),
            ("{\"Statement\": [{\"Sid\": \"Allow use of the key\", \"Principal\": \"*\"}]}", false),
        ];
        for (document, unreadable) in cases {
            let error = remove_user(document, USER).unwrap_err();
            assert_eq!(matches!(error, KeyPolicyError::Unreadable(_)), unreadable, "{document}: {error}");
        }
    }
}

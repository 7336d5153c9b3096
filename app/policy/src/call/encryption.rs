//! The condition keys that go with server-side encryption: those S3 fills for its own policies, and those KMS sees when S3
//! calls it on the caller's behalf (`aws-semantics.md` §3).

use crate::context::Context;

/// What a write to S3 says about encryption, and what the bucket and account add to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Encryption<'a> {
    /// The header `x-amz-server-side-encryption`.
    pub algorithm: Option<&'a str>,
    /// The header `x-amz-server-side-encryption-aws-kms-key-id`: key ARN, key id, or alias.
    pub key_id: Option<&'a str>,
    /// The ARN of the key that `key_id` stands for, when it is an alias that exists.
    pub alias_target: Option<&'a str>,
    /// The key ARN of the bucket's default encryption, when that is SSE-KMS with a key.
    pub bucket_default_key: Option<&'a str>,
    /// The ARN of the account's `aws/s3` key.
    pub aws_managed_key: Option<&'a str>,
    /// The region of the bucket.
    pub region: &'a str,
    /// The caller's account: unqualified key ids belong to it.
    pub caller_account: &'a str,
}

/// How S3 fills the key-id condition key where no source is sure (`aws-semantics.md` §10, items 4 to 6). The default is
/// what is recommended there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncryptionRules {
    /// A bare key id is expanded to the ARN in the caller's account (item 4).
    pub bare_key_id_expands: bool,
    /// An alias is replaced by the ARN of its key (item 4). Recommended: no, so that no key ARN equals it.
    pub alias_expands: bool,
    /// The bucket's default key fills the condition key of a write without headers (item 5).
    pub default_key_fills_condition: bool,
    /// `aws:kms` without a key means the bucket's default key first, then `aws/s3` (item 6).
    pub default_key_before_aws_managed: bool,
}

impl Default for EncryptionRules {
    fn default() -> Self {
        Self {
            bare_key_id_expands: true,
            alias_expands: false,
            default_key_fills_condition: true,
            default_key_before_aws_managed: true,
        }
    }
}

impl Encryption<'_> {
    /// The condition keys `s3:x-amz-server-side-encryption` and `…-aws-kms-key-id` as S3 fills them: the algorithm from the
    /// header only, the key id with the key that will be used.
    ///
    /// ```
    /// use policy::call::{Encryption, EncryptionRules};
    ///
    /// let write = Encryption {
    ///     algorithm: Some("aws:kms"),
    ///     key_id: Some("1234"),
    ///     region: "us-east-1",
    ///     caller_account: "111122223333",
    ///     ..Encryption::default()
    /// };
    /// let context = write.context(&EncryptionRules::default());
    /// let key = context.get("s3:x-amz-server-side-encryption-aws-kms-key-id").expect("a key was named");
    /// assert_eq!(key, ["arn:aws:kms:us-east-1:111122223333:key/1234"]);
    /// ```
    pub fn context(&self, rules: &EncryptionRules) -> Context {
        let mut context = Context::new();
        if let Some(algorithm) = self.algorithm {
            context.set("s3:x-amz-server-side-encryption", [algorithm]);
        }
        if let Some(key) = self.key(rules) {
            context.set("s3:x-amz-server-side-encryption-aws-kms-key-id", [key]);
        }
        context
    }

    fn key(&self, rules: &EncryptionRules) -> Option<String> {
        let owned = |key: &str| key.to_owned();
        match self.algorithm {
            Some("aws:kms" | "aws:kms:dsse") => {}
            Some(_) => return None,
            None => return self.bucket_default_key.filter(|_| rules.default_key_fills_condition).map(owned),
        }
        match self.key_id {
            Some(key) if is_alias(key) => {
                self.alias_target.filter(|_| rules.alias_expands).or(Some(key)).map(owned)
            }
            Some(key) if key.starts_with("arn:") || !rules.bare_key_id_expands => Some(owned(key)),
            Some(id) => Some(format!("arn:aws:kms:{}:{}:key/{id}", self.region, self.caller_account)),
            None if rules.default_key_before_aws_managed => {
                self.bucket_default_key.or(self.aws_managed_key).map(owned)
            }
            None => self.aws_managed_key.map(owned),
        }
    }
}

fn is_alias(key: &str) -> bool {
    key.starts_with("alias/") || (key.starts_with("arn:") && key.contains(":alias/"))
}

/// The condition keys KMS sees when S3 calls it with the caller's identity: `kms:ViaService`, `kms:CallerAccount`, the
/// encryption context that S3 adds, and `aws:ViaAWSService`. With S3 Bucket Keys pass the bucket's ARN as `object_arn`. The
/// caller's network keys do not go along.
pub fn s3_to_kms_context(region: &str, caller_account: &str, object_arn: &str) -> Context {
    Context::new()
        .with("aws:ViaAWSService", "true")
        .with("kms:ViaService", format!("s3.{region}.amazonaws.com"))
        .with("kms:CallerAccount", caller_account)
        .with("kms:EncryptionContext:aws:s3:arn", object_arn)
        .with_all("kms:EncryptionContextKeys", ["aws:s3:arn"])
        .with("kms:EncryptionAlgorithm", "SYMMETRIC_DEFAULT")
}

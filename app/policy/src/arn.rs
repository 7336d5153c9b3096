//! Amazon Resource Names, split at their colons. Nothing here knows what a service's resource part means.

/// An ARN's parts, borrowed: `arn:partition:service:region:account:resource`.
///
/// The resource part is everything after the fifth colon and may hold colons itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arn<'a> {
    /// `aws`, `aws-cn` or `aws-us-gov`.
    pub partition: &'a str,
    /// The service prefix, such as `s3` or `kms`.
    pub service: &'a str,
    /// The region; empty for global services and for S3.
    pub region: &'a str,
    /// The account id; empty for S3 buckets and objects.
    pub account: &'a str,
    /// What follows the fifth colon, such as `bucket/key` or `role/path/name`.
    pub resource: &'a str,
}

impl<'a> Arn<'a> {
    /// Splits `text`; `None` unless it starts with `arn:` and has all six parts.
    ///
    /// ```
    /// let key = policy::Arn::parse("arn:aws:kms:us-east-1:111122223333:key/1234").expect("six parts");
    /// assert_eq!((key.service, key.account, key.resource), ("kms", "111122223333", "key/1234"));
    /// ```
    pub fn parse(text: &'a str) -> Option<Arn<'a>> {
        let mut parts = text.strip_prefix("arn:")?.splitn(5, ':');
        Some(Arn {
            partition: parts.next()?,
            service: parts.next()?,
            region: parts.next()?,
            account: parts.next()?,
            resource: parts.next()?,
        })
    }
}

/// Whether `text` is an AWS account id: twelve digits.
pub fn is_account_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

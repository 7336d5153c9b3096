//! Named choices for the points that `aws-semantics.md` §10 marks UNVERIFIED, so that a recording of AWS can settle each.

/// One switch a point; the defaults are the recommended behaviour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fidelity {
    /// §10.4: a bare key id fills the condition key with the caller's key ARN, so that it satisfies Listing 4. Off: it is
    /// compared as given.
    pub bare_key_id_expands: bool,
    /// §10.4: an alias fills the condition key with the ARN of its key. Off (recommended): compared as given, so denied.
    pub alias_expands: bool,
    /// §10.5: a bucket's default KMS key fills the key-id condition key of an upload without headers.
    pub default_key_fills_condition: bool,
    /// §10.6: `aws:kms` without a key id means the bucket's default KMS key first. Off: always `aws/s3`.
    pub default_key_before_aws_managed: bool,
    /// New buckets refuse writes that bring a customer's key (SSE-C), as in all but two regions of AWS since April 2026 (S3 User
    /// Guide, `default-s3-c-encryption-setting-faq`). Off: as before, and as still in Bahrain and the UAE.
    pub customer_keys_blocked_in_new_buckets: bool,
    /// An upload that was completed completes again with the same parts, as long as the object they became is there. Off: its id is
    /// not known any more, `NoSuchUpload`.
    pub uploads_complete_again: bool,
    /// §10.15: lifetime of instance credentials in seconds.
    pub instance_credential_seconds: i64,
}

impl Default for Fidelity {
    fn default() -> Self {
        Self {
            bare_key_id_expands: true,
            alias_expands: false,
            default_key_fills_condition: true,
            default_key_before_aws_managed: true,
            customer_keys_blocked_in_new_buckets: true,
            uploads_complete_again: true,
            instance_credential_seconds: 6 * 60 * 60,
        }
    }
}

//! Named choices for the points that nobody knows for certain, `aws-semantics.md` §10 above all, so that a recording of AWS can
//! settle each.

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
    /// `LookupEvents` with several attributes goes by the first and says nothing, as has been seen on AWS. Off: it is refused,
    /// as the CloudTrail API Reference has it, which allows one.
    pub lookup_by_first_attribute_only: bool,
    /// Uses of an access key within so many seconds of the one on record leave it as it is: IAM documents that the credential
    /// report has the first use of a 15-minute span, and nothing of the kind for `GetAccessKeyLastUsed`, which shows the same
    /// record here. 0: every use counts.
    pub access_key_use_span_seconds: i64,
    /// For how many seconds a credential report is not made anew, whatever happens in the account: IAM makes one every four
    /// hours at most (IAM API reference, `GenerateCredentialReport`). 0: each time that one is asked for.
    pub credential_report_seconds: i64,
    /// §4: seconds until a grant is known throughout KMS; until then it counts for who gives its grant token. 0: at once. On AWS
    /// mostly seconds, at times five minutes.
    pub grant_delay_seconds: i64,
    /// Whether the metadata service of an instance requires a session token (`HttpTokens`) when its launch does not say. On EC2 the
    /// image and the account's defaults decide; images such as Amazon Linux 2023 require it.
    pub metadata_tokens_required: bool,
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
            lookup_by_first_attribute_only: false,
            access_key_use_span_seconds: 15 * 60,
            credential_report_seconds: 4 * 60 * 60,
            grant_delay_seconds: 0,
            metadata_tokens_required: true,
            instance_credential_seconds: 6 * 60 * 60,
        }
    }
}

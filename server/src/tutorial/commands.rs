//! The commands the tutorial types on the instance, with the lab's own names in them.
//!
//! The example key of the tutorial's commands (no region, 11 digits; in test 4 another id with a tail too long) would be
//! refused by the bucket policy or by KMS's form check, and test 4 would pass without testing the key policy. Both
//! spellings of the walk use the lab's real key ARN, as the tutorial tells its reader to.

use super::{TEST_FILE, TEST_FILE_URL};
use crate::store::LabState;
use app::console::StepId;

/// The commands of a step, in order; none where the tutorial types none.
pub fn suggested(lab: &LabState, step: StepId) -> Vec<String> {
    let bucket = &lab.bucket;
    // Before step 4 there is nothing to name; the word says what belongs there.
    let key = lab.key_arn.as_deref().unwrap_or("KEY-ARN-OF-STEP-4");
    let encrypted = |object: &str| {
        format!("aws s3 cp {TEST_FILE} s3://{bucket}/{object} --sse aws:kms --sse-kms-key-id {key}")
    };
    let download = |file: &str| format!("aws s3 cp s3://{bucket}/{TEST_FILE} {file}");
    match step {
        StepId::Test1 => vec![format!("curl -O '{TEST_FILE_URL}'"), encrypted("")],
        StepId::Test2 => vec![format!("aws s3 cp {TEST_FILE} s3://{bucket}/test2.pdf")],
        StepId::Test3 => vec![download("test3.pdf")],
        StepId::Test4 | StepId::Restore => vec![encrypted("test4.pdf"), download("test4.pdf")],
        StepId::Policies
        | StepId::Roles
        | StepId::Bucket
        | StepId::Key
        | StepId::BucketPolicy
        | StepId::Instance => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::suggested;
    use crate::store::LabState;
    use app::console::{Listings, StepId};

    #[test]
    fn the_commands_name_the_labs_own_bucket_and_key() {
        let mut lab = LabState::new("111122223333".into(), Listings::Corrected, "demo".into());
        lab.key_arn = Some("arn:aws:kms:us-east-1:111122223333:key/k".into());
        assert_eq!(
            suggested(&lab, StepId::Test1),
            [
                "curl -O 'https://d1.awsstatic.com/whitepapers/KMS-Cryptographic-Details.pdf'",
                "aws s3 cp KMS-Cryptographic-Details.pdf s3://demo/ --sse aws:kms --sse-kms-key-id \
                 arn:aws:kms:us-east-1:111122223333:key/k"
            ]
        );
        assert_eq!(
            suggested(&lab, StepId::Test3),
            ["aws s3 cp s3://demo/KMS-Cryptographic-Details.pdf test3.pdf"]
        );
        assert!(suggested(&lab, StepId::Key).is_empty());
    }
}

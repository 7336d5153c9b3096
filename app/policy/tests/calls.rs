//! The table of API calls and their checks, and the condition keys S3 fills (`aws-semantics.md` §3).
#![allow(clippy::unwrap_used)]

use policy::ResourceKind;
use policy::call::{Encryption, EncryptionRules, ResourceOf, When, operation, operations, s3_to_kms_context};

const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const DEFAULT_KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/dddddddd-0000-0000-0000-000000000000";
const AWS_S3_KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/aaaaaaaa-0000-0000-0000-000000000000";

#[test]
fn s3_calls_ask_for_the_kms_permissions_of_the_users_guide() {
    let table: [(&str, &[(&str, When)]); 8] = [
        ("PutObject", &[("kms:GenerateDataKey", When::SseKms)]),
        ("CreateMultipartUpload", &[("kms:GenerateDataKey", When::SseKms)]),
        ("UploadPart", &[("kms:Decrypt", When::SseKms)]),
        ("GetObject", &[("kms:Decrypt", When::SseKms)]),
        (
            "HeadObject",
            &[("kms:GenerateDataKey", When::ChecksumOfSseKms), ("kms:Decrypt", When::ChecksumOfSseKms)],
        ),
        ("CopyObject", &[("kms:Decrypt", When::SourceKms), ("kms:GenerateDataKey", When::SseKms)]),
        ("DeleteObject", &[]),
        ("ListObjectsV2", &[]),
    ];
    for (name, expected) in table {
        let checks = operation("s3", name).unwrap().checks;
        let kms: Vec<_> = checks.iter().filter(|check| check.lane == ResourceKind::KmsKey).collect();
        let actual: Vec<_> = kms.iter().map(|check| (check.action, check.when)).collect();
        assert_eq!(actual, expected, "{name}");
        let first_kms =
            checks.iter().position(|check| check.lane == ResourceKind::KmsKey).unwrap_or(checks.len());
        let s3_after = checks.iter().skip(first_kms).any(|check| check.action.starts_with("s3:"));
        assert!(!s3_after, "{name} asks S3's own action after KMS");
    }
}

#[test]
fn every_operation_is_listed_once_and_asks_actions_that_go_with_its_lane() {
    let mut names: Vec<_> = operations().map(|operation| (operation.service, operation.name)).collect();
    let all = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), all, "an operation is listed twice");
    for operation in operations() {
        for check in operation.checks {
            let service = check.action.split(':').next().unwrap();
            let fits = match check.lane {
                ResourceKind::KmsKey => service == "kms",
                ResourceKind::S3Bucket => service == "s3",
                ResourceKind::IamRole => service == "sts" && check.on == ResourceOf::Role,
                ResourceKind::Other => ["iam", "kms", "ec2", "sts", "cloudtrail"].contains(&service),
            };
            assert!(
                fits,
                "{} {}: {} in the lane of {:?}",
                operation.service, operation.name, check.action, check.lane
            );
        }
    }
}

#[test]
fn every_check_fills_only_condition_keys_that_the_reference_lists_for_its_action() {
    let complaint = |action: &str, key: &str| {
        let policy = serde_json::json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Action": action, "Resource": "*", "Condition": {"StringEquals": {key: "x"}},
        }]});
        let findings = policy::lint::lint(&policy.to_string(), policy::lint::Kind::Identity);
        let about = ["unknown-condition-key", "condition-key-not-carried"];
        findings
            .into_iter()
            .find(|finding| about.contains(&finding.code.as_str()))
            .map(|finding| finding.message)
    };
    assert!(complaint("s3:GetObject", "s3:NoSuchKey").is_some());
    assert!(complaint("s3:GetObject", "s3:prefix").is_some());
    let mut complaints = Vec::new();
    for check in operations().flat_map(|operation| operation.checks) {
        for key in check.condition_keys() {
            let sample = if key.ends_with(['/', ':']) { format!("{key}x") } else { key.to_owned() };
            if complaint(check.action, &sample).is_some() {
                complaints.push(format!("{} {key}", check.action));
            }
        }
    }
    complaints.sort();
    complaints.dedup();
    assert_eq!(complaints, Vec::<String>::new());
}

#[test]
fn cloudtrail_tells_reads_from_changes_and_data_from_management() {
    let is = |service, name, read_only, data_event| {
        let operation = operation(service, name).unwrap();
        assert_eq!((operation.read_only, operation.data_event), (read_only, data_event), "{service} {name}");
    };
    for name in
        ["GetObject", "HeadObject", "ListObjects", "ListObjectsV2", "ListObjectVersions", "HeadBucket"]
    {
        is("s3", name, true, true);
    }
    for name in ["PutObject", "CopyObject", "DeleteObjects", "CreateMultipartUpload", "PutObjectTagging"] {
        is("s3", name, false, true);
    }
    for name in ["ListBuckets", "GetBucketPolicy", "ListMultipartUploads"] {
        is("s3", name, true, false);
    }
    for name in ["CreateBucket", "PutBucketPolicy", "DeletePublicAccessBlock"] {
        is("s3", name, false, false);
    }
    for name in
        ["Encrypt", "Decrypt", "ReEncrypt", "GenerateDataKey", "GenerateDataKeyPair", "GenerateRandom"]
    {
        is("kms", name, true, false);
    }
    is("kms", "PutKeyPolicy", false, false);
    is("sts", "AssumeRole", true, false);
    is("sts", "GetFederationToken", false, false);
    is("iam", "SimulatePrincipalPolicy", true, false);
    is("iam", "CreateRole", false, false);
    is("cloudtrail", "LookupEvents", true, false);
}

#[test]
fn get_caller_identity_asks_nothing_and_unknown_operations_are_unknown() {
    assert_eq!(operation("sts", "GetCallerIdentity").unwrap().checks, []);
    assert_eq!(operation("s3", "NoSuchOperation"), None);
    assert_eq!(operation("kms", "PutObject"), None);
}

#[test]
fn s3_fills_the_encryption_keys_as_the_table_says() {
    let plain = Encryption {
        region: "us-east-1",
        caller_account: "111122223333",
        aws_managed_key: Some(AWS_S3_KEY),
        ..Encryption::default()
    };
    let kms = Encryption { algorithm: Some("aws:kms"), ..plain };
    let recommended = EncryptionRules::default();
    let table = [
        ("no headers", plain, recommended, None, None),
        (
            "no headers, default key",
            Encryption { bucket_default_key: Some(DEFAULT_KEY), ..plain },
            recommended,
            None,
            Some(DEFAULT_KEY),
        ),
        (
            "no headers, default key, item 5 off",
            Encryption { bucket_default_key: Some(DEFAULT_KEY), ..plain },
            EncryptionRules { default_key_fills_condition: false, ..recommended },
            None,
            None,
        ),
        ("aws:kms without a key", kms, recommended, Some("aws:kms"), Some(AWS_S3_KEY)),
        (
            "aws:kms without a key, default key",
            Encryption { bucket_default_key: Some(DEFAULT_KEY), ..kms },
            recommended,
            Some("aws:kms"),
            Some(DEFAULT_KEY),
        ),
        (
            "aws:kms without a key, default key, item 6 off",
            Encryption { bucket_default_key: Some(DEFAULT_KEY), ..kms },
            EncryptionRules { default_key_before_aws_managed: false, ..recommended },
            Some("aws:kms"),
            Some(AWS_S3_KEY),
        ),
        ("key ARN", Encryption { key_id: Some(KEY), ..kms }, recommended, Some("aws:kms"), Some(KEY)),
        (
            "bare key id",
            Encryption { key_id: Some("1234abcd-12ab-34cd-56ef-1234567890ab"), ..kms },
            recommended,
            Some("aws:kms"),
            Some(KEY),
        ),
        (
            "bare key id, item 4 off",
            Encryption { key_id: Some("1234abcd"), ..kms },
            EncryptionRules { bare_key_id_expands: false, ..recommended },
            Some("aws:kms"),
            Some("1234abcd"),
        ),
        (
            "alias",
            Encryption { key_id: Some("alias/demo"), alias_target: Some(KEY), ..kms },
            recommended,
            Some("aws:kms"),
            Some("alias/demo"),
        ),
        (
            "alias, expanded",
            Encryption { key_id: Some("alias/demo"), alias_target: Some(KEY), ..kms },
            EncryptionRules { alias_expands: true, ..recommended },
            Some("aws:kms"),
            Some(KEY),
        ),
        (
            "AES256",
            Encryption { algorithm: Some("AES256"), bucket_default_key: Some(DEFAULT_KEY), ..plain },
            recommended,
            Some("AES256"),
            None,
        ),
    ];
    for (name, encryption, rules, algorithm, key) in table {
        let context = encryption.context(&rules);
        let value = |key| context.get(key).map(|values| values[0].as_str());
        assert_eq!(value("s3:x-amz-server-side-encryption"), algorithm, "{name}");
        assert_eq!(value("s3:x-amz-server-side-encryption-aws-kms-key-id"), key, "{name}");
    }
}

#[test]
fn kms_sees_who_sent_s3_and_for_which_object() {
    let context = s3_to_kms_context("us-east-1", "111122223333", "arn:aws:s3:::b/k");
    let keys: Vec<_> = context.iter().map(|(key, values)| format!("{key}={}", values.join(","))).collect();
    assert_eq!(
        keys,
        [
            "aws:ViaAWSService=true",
            "kms:ViaService=s3.us-east-1.amazonaws.com",
            "kms:CallerAccount=111122223333",
            "kms:EncryptionContext:aws:s3:arn=arn:aws:s3:::b/k",
            "kms:EncryptionContextKeys=aws:s3:arn",
            "kms:EncryptionAlgorithm=SYMMETRIC_DEFAULT",
        ]
    );
}

//! Who may do what in S3: every operation under each lane, the keys behind objects, and the public.

use crate::support::steps::{KEY_HEADER, KMS_HEADER, assert_refused, key, lab_with_bucket, s3};
use crate::support::{Answer, Keys, Lab, account, call};
use serde_json::{Value, json};

#[tokio::test]
async fn kms_failures_come_through_s3_as_aws_words_them() {
    let lab = lab_with_bucket().await;
    let account = &lab.account;
    let (disabled, pending) = (key(&lab).await, key(&lab).await);
    for arn in [&disabled, &pending] {
        s3(
            &lab,
            "PUT",
            &format!("/bucket-1/{}", &arn[arn.len() - 4..]),
            &[KMS_HEADER, (KEY_HEADER, arn)],
            b"x",
        )
        .await;
    }
    lab.kms(&lab.admin, "DisableKey", json!({"KeyId": disabled})).await;
    lab.kms(&lab.admin, "ScheduleKeyDeletion", json!({"KeyId": pending})).await;
    let absent = format!("arn:aws:kms:us-east-1:{account}:key/11111111-2222-3333-4444-555555555555");
    let cases = [
        (disabled.clone(), "KMS.DisabledException", format!("{disabled} is disabled.")),
        (pending.clone(), "KMS.KMSInvalidStateException", format!("{pending} is pending deletion.")),
        (absent.clone(), "KMS.NotFoundException", format!("Key '{absent}' does not exist")),
        ("nonsense".into(), "KMS.NotFoundException", "Invalid keyId 'nonsense'".into()),
        (
            "alias/none".into(),
            "KMS.NotFoundException",
            format!("Alias arn:aws:kms:us-east-1:{account}:alias/none is not found."),
        ),
        (
            format!("arn:aws:kms:eu-west-1:{account}:key/1"),
            "KMS.NotFoundException",
            "Invalid arn eu-west-1".into(),
        ),
    ];
    for (identifier, code, message) in cases {
        let answer =
            lab.s3(&lab.admin, "PUT", "/bucket-1/new", &[KMS_HEADER, (KEY_HEADER, &identifier)], b"x").await;
        assert_refused(&answer, 400, code, &message);
    }
    let path = format!("/bucket-1/{}", &disabled[disabled.len() - 4..]);
    let got = lab.s3(&lab.admin, "GET", &path, &[], b"").await;
    assert_refused(&got, 400, "KMS.DisabledException", &format!("{disabled} is disabled."));
    assert_eq!(lab.s3(&lab.admin, "HEAD", &path, &[], b"").await.status, 200, "HEAD does not ask KMS");
}

#[tokio::test]
async fn every_way_to_name_the_key_and_every_default_is_honoured() {
    let lab = lab_with_bucket().await;
    let arn = key(&lab).await;
    lab.kms(&lab.admin, "CreateAlias", json!({"AliasName": "alias/demo", "TargetKeyId": arn})).await;
    let id = arn.rsplit('/').next().unwrap();
    let alias_arn = format!("arn:aws:kms:us-east-1:{}:alias/demo", lab.account);
    for identifier in [arn.as_str(), id, "alias/demo", &alias_arn] {
        let put = s3(&lab, "PUT", "/bucket-1/object", &[KMS_HEADER, (KEY_HEADER, identifier)], b"x").await;
        assert_eq!(put.header(KEY_HEADER), Some(arn.as_str()), "{identifier}");
    }
    let aws_managed = s3(&lab, "PUT", "/bucket-1/managed", &[KMS_HEADER], b"x").await;
    let managed_arn = aws_managed.header(KEY_HEADER).unwrap().to_owned();
    assert_ne!(managed_arn, arn);
    assert_eq!(s3(&lab, "GET", "/bucket-1/managed", &[], b"").await.text(), "x");
    let described = lab.kms(&lab.admin, "DescribeKey", json!({"KeyId": "alias/aws/s3"})).await.json();
    assert_eq!(described["KeyMetadata"]["Arn"], managed_arn);
    assert_eq!(described["KeyMetadata"]["KeyManager"], "AWS");
    let direct = json!({"KeyId": managed_arn, "KeySpec": "AES_256"});
    assert_eq!(lab.kms(&lab.admin, "GenerateDataKey", direct).await.error().0, "AccessDeniedException");

    let default = |key: &str| {
        format!(
            "<ServerSideEncryptionConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Rule>\
             <ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm>{key}</ApplyServerSideEncryptionByDefault>\
             <BucketKeyEnabled>true</BucketKeyEnabled></Rule></ServerSideEncryptionConfiguration>"
        )
    };
    let with_key = default(&format!("<KMSMasterKeyID>{arn}</KMSMasterKeyID>"));
    for (body, expected) in [(with_key, &arn), (default(""), &managed_arn)] {
        s3(&lab, "PUT", "/bucket-1?encryption", &[], body.as_bytes()).await;
        for headers in [&[][..], &[KMS_HEADER][..]] {
            let put = s3(&lab, "PUT", "/bucket-1/default", headers, b"x").await;
            assert_eq!(put.header(KEY_HEADER), Some(expected.as_str()), "{headers:?}");
            assert_eq!(put.header("x-amz-server-side-encryption-bucket-key-enabled"), Some("true"));
            let trace = lab.sandbox.trace(&s3(&lab, "GET", "/bucket-1/default", &[], b"").await.request_id());
            assert_eq!(
                trace.iter().map(|asked| asked.action).collect::<Vec<_>>(),
                ["s3:GetObject", "kms:Decrypt"]
            );
        }
        let plain =
            s3(&lab, "PUT", "/bucket-1/plain", &[("x-amz-server-side-encryption", "AES256")], b"x").await;
        assert_eq!(
            (plain.header("x-amz-server-side-encryption"), plain.header(KEY_HEADER)),
            (Some("AES256"), None)
        );
    }
    let got = s3(&lab, "GET", "/bucket-1?encryption", &[], b"").await;
    assert_eq!(got.xml("SSEAlgorithm").as_deref(), Some("aws:kms"));
    assert_eq!(s3(&lab, "DELETE", "/bucket-1?encryption", &[], b"").await.status, 204);
    let after = s3(&lab, "GET", "/bucket-1?encryption", &[], b"").await;
    assert_eq!(after.xml("SSEAlgorithm").as_deref(), Some("AES256"));
}

#[tokio::test]
async fn the_key_policy_sees_s3_and_the_encryption_context() {
    let lab = lab_with_bucket().await;
    let arn = key(&lab).await;
    let s3 = json!({"Effect": "Allow", "Action": "s3:*", "Resource": "*"});
    let through = |name: &str, condition: Value| {
        let policy = json!({"Version": "2012-10-17", "Statement": [
            s3, {"Effect": "Allow", "Action": "kms:*", "Resource": "*", "Condition": condition},
        ]});
        let name = name.to_owned();
        let lab = &lab;
        async move { lab.user(&name, policy).await }
    };
    let context = r#"{"team":"a"}"#;
    let header = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, context);
    let put = |keys: Keys, path: &'static str| {
        let headers = [
            KMS_HEADER,
            (KEY_HEADER, arn.clone().leak()),
            ("x-amz-server-side-encryption-context", header.clone().leak()),
        ];
        let lab = &lab;
        async move { lab.s3(&keys, "PUT", path, &headers, b"x").await }
    };
    let cases = [
        (json!({"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}), true),
        (json!({"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}}), false),
        (json!({"StringEquals": {"kms:CallerAccount": lab.account}}), true),
        (json!({"StringEquals": {"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::bucket-1/object"}}), true),
        (json!({"StringEquals": {"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::bucket-1/other"}}), false),
        (json!({"StringEquals": {"kms:EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}}), true),
        (json!({"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}), false),
        (json!({"StringEquals": {"kms:EncryptionContext:team": "a"}}), true),
        (json!({"ForAllValues:StringEquals": {"kms:EncryptionContextKeys": ["team", "aws:s3:arn"]}}), true),
        (json!({"ForAllValues:StringEquals": {"kms:EncryptionContextKeys": ["team"]}}), false),
        (json!({"Bool": {"aws:ViaAWSService": "true"}}), true),
    ];
    for (number, (condition, passes)) in cases.into_iter().enumerate() {
        let user = through(&format!("user-{number}"), condition.clone()).await;
        let answer = put(user.clone(), "/bucket-1/object").await;
        assert_eq!(answer.status == 200, passes, "{condition}: {}", answer.text());
        if passes {
            assert_eq!(answer.header("x-amz-server-side-encryption-context"), Some(header.as_str()));
            assert_eq!(lab.s3(&user, "GET", "/bucket-1/object", &[], b"").await.text(), "x");
            // The same permission is worth nothing to whoever goes to KMS directly, unless the condition allows that.
            if condition["StringEquals"]["kms:ViaService"].is_string() {
                let direct =
                    lab.kms(&user, "GenerateDataKey", json!({"KeyId": arn, "KeySpec": "AES_256"})).await;
                assert_eq!(direct.error().0, "AccessDeniedException");
            }
        }
    }
}

/// Every operation on a bucket, with the action it asks for; `true` when it asks about an object.
const OPERATIONS: [(&str, &str, &str, bool); 59] = [
    ("HEAD", "", "s3:ListBucket", false),
    ("GET", "", "s3:ListBucket", false),
    ("GET", "?list-type=2", "s3:ListBucket", false),
    ("GET", "?location", "s3:GetBucketLocation", false),
    ("GET", "?policy", "s3:GetBucketPolicy", false),
    ("PUT", "?policy", "s3:PutBucketPolicy", false),
    ("DELETE", "?policy", "s3:DeleteBucketPolicy", false),
    ("GET", "?policyStatus", "s3:GetBucketPolicyStatus", false),
    ("GET", "?encryption", "s3:GetEncryptionConfiguration", false),
    ("PUT", "?encryption", "s3:PutEncryptionConfiguration", false),
    ("DELETE", "?encryption", "s3:PutEncryptionConfiguration", false),
    ("GET", "?publicAccessBlock", "s3:GetBucketPublicAccessBlock", false),
    ("PUT", "?publicAccessBlock", "s3:PutBucketPublicAccessBlock", false),
    ("DELETE", "?publicAccessBlock", "s3:PutBucketPublicAccessBlock", false),
    ("DELETE", "", "s3:DeleteBucket", false),
    ("PUT", "/object", "s3:PutObject", true),
    ("GET", "/object", "s3:GetObject", true),
    ("HEAD", "/object", "s3:GetObject", true),
    ("DELETE", "/object", "s3:DeleteObject", true),
    ("COPY", "/object", "s3:GetObject", true),
    ("POST", "?delete", "s3:DeleteObject", true),
    ("GET", "?versions", "s3:ListBucketVersions", false),
    ("GET", "?uploads", "s3:ListBucketMultipartUploads", false),
    ("GET", "?versioning", "s3:GetBucketVersioning", false),
    ("PUT", "?versioning", "s3:PutBucketVersioning", false),
    ("GET", "?tagging", "s3:GetBucketTagging", false),
    ("PUT", "?tagging", "s3:PutBucketTagging", false),
    ("DELETE", "?tagging", "s3:PutBucketTagging", false),
    ("GET", "?acl", "s3:GetBucketAcl", false),
    ("GET", "?ownershipControls", "s3:GetBucketOwnershipControls", false),
    ("PUT", "?ownershipControls", "s3:PutBucketOwnershipControls", false),
    ("DELETE", "?ownershipControls", "s3:PutBucketOwnershipControls", false),
    ("GET", "/object?versionId=null", "s3:GetObjectVersion", true),
    ("HEAD", "/object?versionId=null", "s3:GetObjectVersion", true),
    ("DELETE", "/object?versionId=null", "s3:DeleteObjectVersion", true),
    ("GET", "/object?attributes", "s3:GetObject", true),
    ("GET", "/object?acl", "s3:GetObjectAcl", true),
    ("GET", "/object?tagging", "s3:GetObjectTagging", true),
    ("PUT", "/object?tagging", "s3:PutObjectTagging", true),
    ("DELETE", "/object?tagging", "s3:DeleteObjectTagging", true),
    ("GET", "/object?tagging&versionId=null", "s3:GetObjectVersionTagging", true),
    ("POST", "/object?uploads", "s3:PutObject", true),
    ("PUT", "/object?partNumber=1&uploadId=x", "s3:PutObject", true),
    ("PUT-PART-COPY", "/object?partNumber=1&uploadId=x", "s3:GetObject", true),
    ("POST", "/object?uploadId=x", "s3:PutObject", true),
    ("DELETE", "/object?uploadId=x", "s3:AbortMultipartUpload", true),
    ("GET", "/object?uploadId=x", "s3:ListMultipartUploadParts", true),
    ("PUT", "?acl", "s3:PutBucketAcl", false),
    ("PUT", "/object?acl", "s3:PutObjectAcl", true),
    ("PUT", "/object?acl&versionId=null", "s3:PutObjectVersionAcl", true),
    ("GET", "?accelerate", "s3:GetAccelerateConfiguration", false),
    ("GET", "?cors", "s3:GetBucketCORS", false),
    ("GET", "?lifecycle", "s3:GetLifecycleConfiguration", false),
    ("GET", "?logging", "s3:GetBucketLogging", false),
    ("GET", "?notification", "s3:GetBucketNotification", false),
    ("GET", "?replication", "s3:GetReplicationConfiguration", false),
    ("GET", "?requestPayment", "s3:GetBucketRequestPayment", false),
    ("GET", "?website", "s3:GetBucketWebsite", false),
    ("GET", "?object-lock", "s3:GetBucketObjectLockConfiguration", false),
];

fn body_of(method: &str, path: &str) -> &'static str {
    match (method, path) {
        ("PUT", "?encryption") => {
            "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm>\
             </ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>"
        }
        ("PUT", "?publicAccessBlock") => {
            "<PublicAccessBlockConfiguration><BlockPublicAcls>false</BlockPublicAcls></PublicAccessBlockConfiguration>"
        }
        ("PUT", "?versioning") => {
            "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
        }
        ("PUT", "?tagging" | "/object?tagging") => {
            "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>"
        }
        ("PUT", "?ownershipControls") => {
            "<OwnershipControls><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule></OwnershipControls>"
        }
        ("POST", "/object?uploadId=x") => {
            "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>x</ETag></Part></CompleteMultipartUpload>"
        }
        ("PUT", "?policy") => "{}",
        ("POST", "?delete") => "<Delete><Object><Key>object</Key></Object></Delete>",
        _ => "",
    }
}

/// Makes every operation with these keys and checks each answer.
async fn each_operation(lab: &Lab, keys: Option<&Keys>, check: impl Fn(&Answer, &str, &str)) {
    for (method, path, action, on_object) in OPERATIONS {
        let resource = if on_object { "arn:aws:s3:::bucket-1/object" } else { "arn:aws:s3:::bucket-1" };
        let body = body_of(method, path);
        let url = format!("/bucket-1{path}");
        let answer = match method {
            "COPY" => {
                let source = [("x-amz-copy-source", "bucket-1/object")];
                call(&lab.sandbox, keys, "s3", "PUT", "/bucket-1/copy", &source, b"").await
            }
            "PUT-PART-COPY" => {
                let source = [("x-amz-copy-source", "bucket-1/object")];
                call(&lab.sandbox, keys, "s3", "PUT", &url, &source, b"").await
            }
            _ if path.contains("attributes") => {
                let wanted = [("x-amz-object-attributes", "ETag")];
                call(&lab.sandbox, keys, "s3", method, &url, &wanted, b"").await
            }
            _ => call(&lab.sandbox, keys, "s3", method, &url, &[], body.as_bytes()).await,
        };
        if method == "HEAD" {
            assert_eq!((answer.status, answer.body.len()), (403, 0), "{method} {path}");
        } else if path == "?delete" {
            assert_eq!(answer.status, 200, "{}", answer.text());
            check(&answer, action, resource);
        } else {
            assert_eq!(answer.status, 403, "{method} {path}: {}", answer.text());
            check(&answer, action, resource);
        }
    }
    assert_eq!(
        lab.s3(&lab.admin, "GET", "/bucket-1/object", &[], b"").await.text(),
        "x",
        "nothing was changed"
    );
}

#[tokio::test]
async fn a_user_without_permissions_is_denied_every_operation_by_iam() {
    let lab = lab_with_bucket().await;
    s3(&lab, "PUT", "/bucket-1/object", &[], b"x").await;
    let nobody = lab.user("nobody", Value::Null).await;
    let user = format!("arn:aws:iam::{}:user/nobody", lab.account);
    each_operation(&lab, Some(&nobody), |answer, action, resource| {
        let message = format!(
            "User: {user} is not authorized to perform: {action} on resource: \"{resource}\" because no identity-based policy \
             allows the {action} action"
        );
        assert_eq!(answer.error(), ("AccessDenied".to_owned(), message));
    })
    .await;
    // The list of buckets has no resource to name.
    for (method, path, perform) in [
        ("GET", "/", "s3:ListAllMyBuckets because no identity-based policy"),
        (
            "PUT",
            "/bucket-2",
            "s3:CreateBucket on resource: \"arn:aws:s3:::bucket-2\" because no identity-based policy",
        ),
    ] {
        let answer = lab.s3(&nobody, method, path, &[], b"").await;
        assert!(answer.error().1.contains(&format!("perform: {perform}")), "{}", answer.text());
    }
}

#[tokio::test]
async fn a_bucket_policy_that_denies_all_stops_the_administrator_and_only_root_can_mend_it() {
    let lab = lab_with_bucket().await;
    s3(&lab, "PUT", "/bucket-1/object", &[], b"x").await;
    let deny = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": ["arn:aws:s3:::bucket-1", "arn:aws:s3:::bucket-1/*"],
        "Condition": {"StringLike": {"aws:PrincipalArn": ["*:user/denied", "*:root"]}},
    }]});
    let allow_all =
        json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]});
    let denied = lab.user("denied", allow_all).await;
    assert_eq!(s3(&lab, "PUT", "/bucket-1?policy", &[], deny.to_string().as_bytes()).await.status, 204);
    let user = format!("arn:aws:iam::{}:user/denied", lab.account);
    each_operation(&lab, Some(&denied), |answer, action, resource| {
        let message = format!(
            "User: {user} is not authorized to perform: {action} on resource: \"{resource}\" with an explicit deny in a \
             resource-based policy"
        );
        assert_eq!(answer.error(), ("AccessDenied".to_owned(), message));
    })
    .await;
    lab.sandbox.hold_account(&lab.account, "AKIAROOTROOTROOTROOT", "root-secret").await.unwrap();
    let root =
        Keys { access_key_id: "AKIAROOTROOTROOTROOT".into(), secret: "root-secret".into(), token: None };
    assert_eq!(lab.s3(&root, "GET", "/bucket-1/object", &[], b"").await.status, 403);
    let kept = lab.s3(&root, "GET", "/bucket-1?policy", &[], b"").await;
    assert_eq!((kept.status, kept.text()), (200, deny.to_string()), "re-serialised");
    assert_eq!(lab.s3(&root, "DELETE", "/bucket-1?policy", &[], b"").await.status, 204);
    assert_eq!(lab.s3(&root, "GET", "/bucket-1/object", &[], b"").await.text(), "x");
    let none = lab.s3(&root, "GET", "/bucket-1?policy", &[], b"").await;
    assert_refused(&none, 404, "NoSuchBucketPolicy", "The bucket policy does not exist");
}

#[tokio::test]
async fn strangers_and_anonymous_callers_are_denied_without_a_reason() {
    let lab = lab_with_bucket().await;
    s3(&lab, "PUT", "/bucket-1/object", &[], b"x").await;
    let (_, stranger) = account(&lab.sandbox).await;
    for keys in [Some(&stranger), None] {
        each_operation(&lab, keys, |answer, _, _| {
            assert_eq!(answer.error(), ("AccessDenied".to_owned(), "Access Denied".to_owned()));
        })
        .await;
    }
}

#[tokio::test]
async fn block_public_access_stands_between_a_public_policy_and_the_public() {
    let lab = lab_with_bucket().await;
    let arn = key(&lab).await;
    s3(&lab, "PUT", "/bucket-1/object", &[], b"x").await;
    s3(&lab, "PUT", "/bucket-1/sealed", &[KMS_HEADER, (KEY_HEADER, &arn)], b"x").await;
    let public = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket-1/*"},
    ]})
    .to_string();
    let refused = lab.s3(&lab.admin, "PUT", "/bucket-1?policy", &[], public.as_bytes()).await;
    let message = format!(
        "User: arn:aws:iam::{}:user/Admin is not authorized to perform: s3:PutBucketPolicy on resource: \
         \"arn:aws:s3:::bucket-1\" because public policies are blocked by the BlockPublicPolicy block public access setting.",
        lab.account
    );
    assert_refused(&refused, 403, "AccessDenied", &message);
    let block = |restrict: bool| {
        format!(
            "<PublicAccessBlockConfiguration><BlockPublicPolicy>false</BlockPublicPolicy><RestrictPublicBuckets>{restrict}\
             </RestrictPublicBuckets></PublicAccessBlockConfiguration>"
        )
    };
    s3(&lab, "PUT", "/bucket-1?publicAccessBlock", &[], block(false).as_bytes()).await;
    s3(&lab, "PUT", "/bucket-1?policy", &[], public.as_bytes()).await;
    assert_eq!(
        s3(&lab, "GET", "/bucket-1?policyStatus", &[], b"").await.xml("IsPublic").as_deref(),
        Some("true")
    );
    let anonymous = |path: &'static str| call(&lab.sandbox, None, "s3", "GET", path, &[], b"");
    assert_eq!(anonymous("/bucket-1/object").await.text(), "x");
    let sealed = anonymous("/bucket-1/sealed").await;
    let message = "Requests specifying Server Side Encryption with AWS KMS managed keys require AWS Signature Version 4.";
    assert_refused(&sealed, 400, "InvalidArgument", message);
    s3(&lab, "PUT", "/bucket-1?publicAccessBlock", &[], block(true).as_bytes()).await;
    assert_refused(&anonymous("/bucket-1/object").await, 403, "AccessDenied", "Access Denied");
}

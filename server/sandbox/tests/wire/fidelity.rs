//! Every switch of `Fidelity` changes what it says and nothing else: each is seen as recommended and as not.

use crate::support;
use crate::support::{Answer, Keys, Lab, call};
use sandbox::{Config, Fidelity};
use serde_json::{Value, json};

/// A switch set otherwise, and what is then seen of it.
struct Case {
    name: &'static str,
    /// Another value than the recommended one.
    other: &'static str,
    recommended: &'static str,
    otherwise: &'static str,
}

const CASES: &[Case] = &[
    Case {
        name: "delegated_denial_blames_identity",
        other: "false",
        recommended: "because no identity-based policy allows the kms:DescribeKey action",
        otherwise: "because no resource-based policy allows the kms:DescribeKey action",
    },
    Case {
        name: "resource_may_begin_with_blank",
        other: "false",
        recommended: "200, 200",
        otherwise: "400 MalformedPolicyDocument Resource  arn:aws:kms:*:111122223333:key/* must be in ARN format or \"*\"., \
                    400 MalformedPolicyDocument Resource  arn:aws:kms:*:111122223333:key/* must be in ARN format or \"*\".",
    },
    Case { name: "bare_key_id_expands", other: "false", recommended: "200", otherwise: "403" },
    Case { name: "alias_expands", other: "true", recommended: "403", otherwise: "200" },
    Case { name: "default_key_fills_condition", other: "false", recommended: "200", otherwise: "403" },
    Case { name: "default_key_before_aws_managed", other: "false", recommended: "own", otherwise: "aws/s3" },
    Case {
        name: "arn_without_region_is_invalid_arn",
        other: "false",
        recommended: "Invalid arn ",
        otherwise: "Invalid keyId 'arn:aws:kms::111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab'",
    },
    Case {
        name: "authorization_before_key_lookup",
        other: "false",
        recommended: "400 AccessDeniedException, 403 AccessDenied, 200",
        otherwise: "400 NotFoundException, 400 KMS.NotFoundException, 200",
    },
    Case {
        name: "identity_named_before_resource",
        other: "false",
        recommended: "with an explicit deny in an identity-based policy",
        otherwise: "with an explicit deny in a resource-based policy",
    },
    Case { name: "parts_have_settings_of_upload", other: "false", recommended: "200", otherwise: "403" },
    Case {
        name: "kms_denials_name_star",
        other: "false",
        recommended: "kms:ListKeys on resource: * because no identity-based policy allows the kms:ListKeys action",
        otherwise: "kms:ListKeys because no identity-based policy allows the kms:ListKeys action",
    },
    Case { name: "instance_credential_seconds", other: "900", recommended: "21600", otherwise: "900" },
    Case { name: "s3_escapes_quotes", other: "false", recommended: "&quot;", otherwise: "\"" },
    Case {
        name: "customer_keys_blocked_in_new_buckets",
        other: "false",
        recommended: "<EncryptionType>SSE-C",
        otherwise: "nothing blocked",
    },
    Case { name: "uploads_complete_again", other: "false", recommended: "200", otherwise: "404" },
    Case { name: "lookup_by_first_attribute_only", other: "true", recommended: "400", otherwise: "200" },
    Case { name: "access_key_use_span_seconds", other: "0", recommended: "s3", otherwise: "kms" },
    Case { name: "credential_report_seconds", other: "0", recommended: "same", otherwise: "new" },
    Case { name: "metadata_tokens_required", other: "false", recommended: "required", otherwise: "optional" },
];

#[tokio::test]
async fn every_switch_changes_what_it_says() {
    for case in CASES {
        let mut fidelity = Fidelity::default();
        let usual = Lab::with(Config { fidelity, ..Config::default() }).await;
        assert_eq!(seen(case.name, &usual).await, case.recommended, "{}, as recommended", case.name);
        fidelity.set(&format!("{}={}", case.name, case.other)).unwrap();
        let other = Lab::with(Config { fidelity, ..Config::default() }).await;
        assert_eq!(seen(case.name, &other).await, case.otherwise, "{}={}", case.name, case.other);
    }
}

#[test]
fn no_switch_is_without_a_case() {
    let cases: Vec<&str> = CASES.iter().map(|case| case.name).collect();
    let switches: Vec<&str> = Fidelity::switches().iter().map(|switch| switch.name).collect();
    assert_eq!(cases, switches);
}

/// What a lab shows of a switch.
async fn seen(switch: &str, lab: &Lab) -> String {
    match switch {
        "delegated_denial_blames_identity" => {
            let key = make_key(lab).await;
            let nobody = lab.user("nobody", Value::Null).await;
            let refused = lab.kms(&nobody, "DescribeKey", json!({ "KeyId": key })).await;
            refused.error().1.split_once(&format!("key/{key} ")).unwrap().1.to_owned()
        }
        "resource_may_begin_with_blank" => {
            let document = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "kms:*",
                "Resource": ["*", " arn:aws:kms:*:111122223333:key/*"] }] });
            let document = document.to_string();
            let managed = [("PolicyName", "blank"), ("PolicyDocument", document.as_str())];
            let managed = lab.query(&lab.admin, "iam", "CreatePolicy", &managed).await;
            let inline =
                [("UserName", "Admin"), ("PolicyName", "blank"), ("PolicyDocument", document.as_str())];
            let inline = lab.query(&lab.admin, "iam", "PutUserPolicy", &inline).await;
            [managed, inline].map(|answer| whole(&answer)).join(", ")
        }
        "bare_key_id_expands" => {
            let key = bucket_under_listing_4(lab).await;
            put(lab, &[ALGORITHM, (KEY_ID, &key)]).await.status.to_string()
        }
        "alias_expands" => {
            let key = bucket_under_listing_4(lab).await;
            let alias = json!({ "AliasName": "alias/own", "TargetKeyId": key });
            assert_eq!(lab.kms(&lab.admin, "CreateAlias", alias).await.status, 200);
            put(lab, &[ALGORITHM, (KEY_ID, "alias/own")]).await.status.to_string()
        }
        "default_key_fills_condition" => {
            let key = bucket_under_listing_4(lab).await;
            set_default(lab, &key).await;
            let mut policy = listing_4(lab, &key);
            policy["Statement"].as_array_mut().unwrap().remove(0);
            put_policy(lab, &policy).await;
            put(lab, &[]).await.status.to_string()
        }
        "default_key_before_aws_managed" => {
            let key = bucket_under_listing_4(lab).await;
            set_default(lab, &key).await;
            assert_eq!(lab.s3(&lab.admin, "DELETE", "/bucket-1?policy", &[], b"").await.status, 204);
            let stored = put(lab, &[ALGORITHM]).await;
            match stored.header(KEY_ID).unwrap().ends_with(&key) {
                true => "own".into(),
                false => "aws/s3".into(),
            }
        }
        "arn_without_region_is_invalid_arn" => {
            let arn = "arn:aws:kms::111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
            lab.kms(&lab.admin, "DescribeKey", json!({ "KeyId": arn })).await.error().1
        }
        "authorization_before_key_lookup" => {
            bucket_under_listing_4(lab).await;
            let nobody = lab.user("nobody", Value::Null).await;
            let absent = "1234abcd-12ab-34cd-56ef-1234567890ab";
            let by_kms = lab.kms(&nobody, "DescribeKey", json!({ "KeyId": absent })).await;
            let by_s3 = put(lab, &[ALGORITHM, (KEY_ID, absent)]).await;
            assert_eq!(lab.s3(&lab.admin, "DELETE", "/bucket-1?policy", &[], b"").await.status, 204);
            let aws_managed = put(lab, &[ALGORITHM]).await;
            let short = |answer: &Answer| format!("{} {}", answer.status, answer.error().0);
            format!("{}, {}, {}", short(&by_kms), short(&by_s3), aws_managed.status)
        }
        "identity_named_before_resource" => {
            let answer = denied_by_both(lab).await;
            answer.error().1.split_once("\" ").unwrap().1.to_owned()
        }
        "parts_have_settings_of_upload" => {
            let key = bucket_under_listing_4(lab).await;
            let headers = [ALGORITHM, (KEY_ID, key.as_str())];
            let begun = lab.s3(&lab.admin, "POST", "/bucket-1/key?uploads", &headers, b"").await;
            let id = begun.xml("UploadId").unwrap();
            let part = format!("/bucket-1/key?partNumber=1&uploadId={id}");
            lab.s3(&lab.admin, "PUT", &part, &[], b"bytes").await.status.to_string()
        }
        "kms_denials_name_star" => {
            let nobody = lab.user("nobody", Value::Null).await;
            let message = lab.kms(&nobody, "ListKeys", json!({})).await.error().1;
            message.split_once("to perform: ").unwrap().1.to_owned()
        }
        "instance_credential_seconds" => seconds_of_instance(lab).await.to_string(),
        "s3_escapes_quotes" => {
            let text = denied_by_both(lab).await.text();
            let message = text.split_once("<Message>").unwrap().1.split_once("</Message>").unwrap().0;
            message.split_once("on resource: ").unwrap().1.split_once("arn:").unwrap().0.to_owned()
        }
        "customer_keys_blocked_in_new_buckets" => {
            assert_eq!(lab.s3(&lab.admin, "PUT", "/bucket-1", &[], b"").await.status, 200);
            let settings = lab.s3(&lab.admin, "GET", "/bucket-1?encryption", &[], b"").await.text();
            let blocked = "<EncryptionType>SSE-C";
            (if settings.contains(blocked) { blocked } else { "nothing blocked" }).to_owned()
        }
        "uploads_complete_again" => completed_again(lab).await.status.to_string(),
        "lookup_by_first_attribute_only" => {
            let attribute = |key: &str| json!({ "AttributeKey": key, "AttributeValue": "x" });
            let input = json!({ "LookupAttributes": [attribute("EventName"), attribute("Username")] });
            lab.cloudtrail(&lab.admin, "LookupEvents", &input.to_string()).await.status.to_string()
        }
        "access_key_use_span_seconds" => {
            let user = lab.user("user", Value::Null).await;
            lab.s3(&user, "GET", "/", &[], b"").await;
            lab.kms(&user, "ListKeys", json!({})).await;
            let id = [("AccessKeyId", user.access_key_id.as_str())];
            lab.query(&lab.admin, "iam", "GetAccessKeyLastUsed", &id).await.xml("ServiceName").unwrap()
        }
        "credential_report_seconds" => {
            let report = async || {
                assert_eq!(lab.query(&lab.admin, "iam", "GenerateCredentialReport", &[]).await.status, 200);
                lab.query(&lab.admin, "iam", "GetCredentialReport", &[]).await.xml("Content").unwrap()
            };
            let before = report().await;
            lab.user("user", Value::Null).await;
            if report().await == before { "same".into() } else { "new".into() }
        }
        "metadata_tokens_required" => {
            let launch = [("ImageId", "ami-12345678"), ("MinCount", "1"), ("MaxCount", "1")];
            lab.query(&lab.admin, "ec2", "RunInstances", &launch).await.xml("httpTokens").unwrap()
        }
        other => panic!("no case for {other}"),
    }
}

const ALGORITHM: (&str, &str) = ("x-amz-server-side-encryption", "aws:kms");
const KEY_ID: &str = "x-amz-server-side-encryption-aws-kms-key-id";

fn whole(answer: &Answer) -> String {
    match answer.status {
        200 => "200".into(),
        status => format!("{status} {} {}", answer.error().0, answer.error().1),
    }
}

async fn make_key(lab: &Lab) -> String {
    let made = lab.kms(&lab.admin, "CreateKey", json!({})).await;
    made.json()["KeyMetadata"]["KeyId"].as_str().unwrap().to_owned()
}

/// The bucket policy of the tutorial: uploads under this key only.
fn listing_4(lab: &Lab, key: &str) -> Value {
    let arn = format!("arn:aws:kms:{}:{}:key/{key}", support::REGION, lab.account);
    let deny = |key: &str, value: &str| {
        json!({ "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::bucket-1/*",
            "Condition": { "StringNotEquals": { format!("s3:{key}"): value } } })
    };
    json!({ "Version": "2012-10-17", "Statement": [deny(ALGORITHM.0, ALGORITHM.1), deny(KEY_ID, &arn)] })
}

async fn put_policy(lab: &Lab, policy: &Value) {
    let put = lab.s3(&lab.admin, "PUT", "/bucket-1?policy", &[], policy.to_string().as_bytes()).await;
    assert_eq!(put.status, 204, "{}", put.text());
}

/// Makes a key, and a bucket that takes uploads under it only. Gives the key's id.
async fn bucket_under_listing_4(lab: &Lab) -> String {
    let key = make_key(lab).await;
    assert_eq!(lab.s3(&lab.admin, "PUT", "/bucket-1", &[], b"").await.status, 200);
    put_policy(lab, &listing_4(lab, &key)).await;
    key
}

async fn set_default(lab: &Lab, key: &str) {
    let arn = format!("arn:aws:kms:{}:{}:key/{key}", support::REGION, lab.account);
    let body = format!(
        "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm>\
         <KMSMasterKeyID>{arn}</KMSMasterKeyID></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>"
    );
    let set = lab.s3(&lab.admin, "PUT", "/bucket-1?encryption", &[], body.as_bytes()).await;
    assert_eq!(set.status, 200, "{}", set.text());
}

async fn put(lab: &Lab, headers: &[(&str, &str)]) -> Answer {
    lab.s3(&lab.admin, "PUT", "/bucket-1/key", headers, b"bytes").await
}

/// What who completes an upload once more is told.
async fn completed_again(lab: &Lab) -> Answer {
    let call = async |method: &str, query: &str, body: &str| {
        lab.s3(&lab.admin, method, &format!("/bucket-1/key{query}"), &[], body.as_bytes()).await
    };
    assert_eq!(lab.s3(&lab.admin, "PUT", "/bucket-1", &[], b"").await.status, 200);
    let upload = call("POST", "?uploads", "").await.xml("UploadId").unwrap();
    let part = call("PUT", &format!("?partNumber=1&uploadId={upload}"), "bytes").await;
    let parts = format!(
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{}</ETag></Part></CompleteMultipartUpload>",
        part.header("etag").unwrap()
    );
    let complete = format!("?uploadId={upload}");
    assert_eq!(call("POST", &complete, &parts).await.status, 200);
    call("POST", &complete, &parts).await
}

/// A user and a bucket that both deny reading.
async fn denied_by_both(lab: &Lab) -> Answer {
    let deny = |extra: Value| {
        let mut statement =
            json!({ "Effect": "Deny", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket-1/*" });
        statement.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        json!({ "Version": "2012-10-17", "Statement": [statement] })
    };
    assert_eq!(lab.s3(&lab.admin, "PUT", "/bucket-1", &[], b"").await.status, 200);
    put_policy(lab, &deny(json!({ "Principal": "*" }))).await;
    let user = lab.user("denied", deny(json!({}))).await;
    lab.s3(&user, "GET", "/bucket-1/key", &[], b"").await
}

/// How long an instance's credentials last.
async fn seconds_of_instance(lab: &Lab) -> i64 {
    let did = async |service: &str, action: &str, parameters: &[(&str, &str)]| -> Answer {
        let answer = lab.query(&lab.admin, service, action, parameters).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer
    };
    let trust = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow",
        "Principal": { "Service": "ec2.amazonaws.com" }, "Action": "sts:AssumeRole" }] });
    let trust = trust.to_string();
    did("iam", "CreateRole", &[("RoleName", "app"), ("AssumeRolePolicyDocument", &trust)]).await;
    did("iam", "CreateInstanceProfile", &[("InstanceProfileName", "app")]).await;
    did("iam", "AddRoleToInstanceProfile", &[("InstanceProfileName", "app"), ("RoleName", "app")]).await;
    let launch = [
        ("ImageId", "ami-12345678"),
        ("MinCount", "1"),
        ("MaxCount", "1"),
        ("IamInstanceProfile.Name", "app"),
    ];
    let instance = did("ec2", "RunInstances", &launch).await.xml("instanceId").unwrap();
    let base = format!("/imds/{instance}/latest");
    let get = async |method: &str, path: &str, header: (&str, &str)| {
        let none: Option<&Keys> = None;
        call(&lab.sandbox, none, "", method, &format!("{base}/{path}"), &[header], b"").await
    };
    let token = get("PUT", "api/token", ("x-aws-ec2-metadata-token-ttl-seconds", "300")).await.text();
    let path = "meta-data/iam/security-credentials/app";
    let credentials = get("GET", path, ("x-aws-ec2-metadata-token", &token)).await.json();
    let time = |field: &str| {
        let text = credentials[field].as_str().unwrap();
        time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).unwrap()
    };
    (time("Expiration") - time("LastUpdated")).whole_seconds()
}

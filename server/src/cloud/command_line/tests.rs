#![allow(clippy::unwrap_used)]
//! Requests as the SDKs send them, and the commands they become.

use super::{kebab, of_request};
use bytes::Bytes;
use http::Request;

/// A request signed for a service.
fn request(service: &str, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Request<Bytes> {
    let scope =
        format!("AWS4-HMAC-SHA256 Credential=AKIA/20260102/us-east-1/{service}/aws4_request, Signature=f00");
    let mut request = Request::builder().method(method).uri(path).header("authorization", scope);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Bytes::copy_from_slice(body.as_bytes())).unwrap()
}

fn query(service: &str, body: &str) -> String {
    of_request(&request(service, "POST", "/", &[], body)).unwrap()
}

fn kms(operation: &str, body: &str) -> String {
    let target = format!("TrentService.{operation}");
    of_request(&request("kms", "POST", "/", &[("x-amz-target", &target)], body)).unwrap()
}

fn s3(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> String {
    of_request(&request("s3", method, path, headers, body)).unwrap()
}

/// On one line, whatever its length.
fn flat(command: &str) -> String {
    command.replace(" \\\n  ", " ")
}

#[test]
fn names_are_put_as_botocore_puts_them() {
    for (name, expected) in [
        ("PolicyName", "policy-name"),
        ("EnableMFADevice", "enable-mfa-device"),
        ("OpenIDConnectProviderArn", "open-id-connect-provider-arn"),
        ("ListObjectsV2", "list-objects-v2"),
        ("SSEKMSKeyId", "ssekms-key-id"),
        ("GenerateDataKeyWithoutPlaintext", "generate-data-key-without-plaintext"),
        ("PolicyARNs", "policy-arns"),
        ("AssumeRolePolicyDocument", "assume-role-policy-document"),
    ] {
        assert_eq!(kebab(name), expected);
    }
}

#[test]
fn calls_of_iam_sts_and_ec2_become_commands() {
    let cases = [
        (
            "iam",
            "Action=CreatePolicy&Version=2010-05-08&PolicyName=p&PolicyDocument=%7B%22Version%22%3A+%222012-10-17%22%7D",
            "aws iam create-policy --policy-name p --policy-document '{\"Version\": \"2012-10-17\"}'",
        ),
        (
            "iam",
            "Action=CreatePolicyVersion&Version=2010-05-08&PolicyArn=arn%3Aaws%3Aiam%3A%3A1%3Apolicy%2Fp&PolicyDocument=%7B%7D&SetAsDefault=true",
            "aws iam create-policy-version --policy-arn arn:aws:iam::1:policy/p --policy-document '{}' --set-as-default",
        ),
        (
            "iam",
            "Action=CreateRole&Version=2010-05-08&RoleName=r&AssumeRolePolicyDocument=%7B%7D",
            "aws iam create-role --role-name r --assume-role-policy-document '{}'",
        ),
        (
            "iam",
            "Action=AttachRolePolicy&Version=2010-05-08&RoleName=r&PolicyArn=a",
            "aws iam attach-role-policy --role-name r --policy-arn a",
        ),
        (
            "iam",
            "Action=CreateInstanceProfile&Version=2010-05-08&InstanceProfileName=x",
            "aws iam create-instance-profile --instance-profile-name x",
        ),
        (
            "iam",
            "Action=AddRoleToInstanceProfile&Version=2010-05-08&InstanceProfileName=x&RoleName=r",
            "aws iam add-role-to-instance-profile --instance-profile-name x --role-name r",
        ),
        (
            "iam",
            "Action=TagRole&Version=2010-05-08&RoleName=r&Tags.member.1.Key=a&Tags.member.1.Value=b+c",
            "aws iam tag-role --role-name r --tags '[{\"Key\":\"a\",\"Value\":\"b c\"}]'",
        ),
        (
            "iam",
            "Action=SimulatePrincipalPolicy&Version=2010-05-08&PolicySourceArn=a&ActionNames.member.1=s3%3AGetObject&ActionNames.member.2=s3%3APutObject",
            "aws iam simulate-principal-policy --policy-source-arn a --action-names s3:GetObject s3:PutObject",
        ),
        (
            "iam",
            "Action=CreateLoginProfile&Version=2010-05-08&UserName=u&Password=hunter2",
            "aws iam create-login-profile --user-name u --password PASSWORD",
        ),
        (
            "iam",
            "Action=CreateAccessKey&Version=2010-05-08&UserName=Admin",
            "aws iam create-access-key --user-name Admin",
        ),
        (
            "sts",
            "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr&RoleSessionName=Admin",
            "aws sts assume-role --role-arn arn:aws:iam::1:role/r --role-session-name Admin",
        ),
        ("sts", "Action=GetCallerIdentity&Version=2011-06-15", "aws sts get-caller-identity"),
        (
            "ec2",
            "Action=RunInstances&ImageId=ami-1&InstanceType=t2.micro&MinCount=1&MaxCount=1&IamInstanceProfile.Name=x&MetadataOptions.HttpTokens=required&Version=2016-11-15",
            "aws ec2 run-instances --image-id ami-1 --instance-type t2.micro --iam-instance-profile '{\"Name\":\"x\"}' --metadata-options '{\"HttpTokens\":\"required\"}'",
        ),
        (
            "ec2",
            "Action=RunInstances&ImageId=ami-1&MinCount=1&MaxCount=2&TagSpecification.1.ResourceType=instance&TagSpecification.1.Tag.1.Key=a&TagSpecification.1.Tag.1.Value=b",
            "aws ec2 run-instances --image-id ami-1 --tag-specifications '[{\"ResourceType\":\"instance\",\"Tags\":[{\"Key\":\"a\",\"Value\":\"b\"}]}]' --count 1:2",
        ),
        (
            "ec2",
            "Action=DescribeInstances&InstanceId.1=i-1&Version=2016-11-15",
            "aws ec2 describe-instances --instance-ids i-1",
        ),
    ];
    for (service, body, expected) in cases {
        assert_eq!(flat(&query(service, body)), expected);
    }
}

#[test]
fn calls_of_kms_become_commands_without_what_they_encrypt() {
    let cases = [
        (
            "CreateKey",
            r#"{"Policy":"{\"a\": 1}","Description":"it's mine"}"#,
            r#"aws kms create-key --policy '{"a": 1}' --description "it's mine""#,
        ),
        (
            "CreateAlias",
            r#"{"AliasName":"alias/a","TargetKeyId":"k"}"#,
            "aws kms create-alias --alias-name alias/a --target-key-id k",
        ),
        (
            "GetKeyPolicy",
            r#"{"KeyId":"k","PolicyName":"default"}"#,
            "aws kms get-key-policy --key-id k --policy-name default",
        ),
        (
            "PutKeyPolicy",
            r#"{"KeyId":"k","PolicyName":"default","Policy":"{}","BypassPolicyLockoutSafetyCheck":true}"#,
            "aws kms put-key-policy --key-id k --policy-name default --policy '{}' --bypass-policy-lockout-safety-check",
        ),
        (
            "Encrypt",
            r#"{"KeyId":"k","Plaintext":"c2VjcmV0","EncryptionContext":{"a":"b"}}"#,
            r#"aws kms encrypt --key-id k --plaintext fileb://FILE --encryption-context '{"a":"b"}'"#,
        ),
        ("Decrypt", r#"{"CiphertextBlob":"AQID"}"#, "aws kms decrypt --ciphertext-blob fileb://FILE"),
        (
            "GenerateDataKey",
            r#"{"KeyId":"k","NumberOfBytes":32}"#,
            "aws kms generate-data-key --key-id k --number-of-bytes 32",
        ),
        ("ListKeys", "{}", "aws kms list-keys"),
        (
            "CreateGrant",
            r#"{"KeyId":"k","GranteePrincipal":"p","Operations":["Decrypt","Encrypt"]}"#,
            "aws kms create-grant --key-id k --grantee-principal p --operations Decrypt Encrypt",
        ),
    ];
    for (operation, body, expected) in cases {
        assert_eq!(flat(&kms(operation, body)), expected);
    }
}

#[test]
fn calls_of_s3_become_commands() {
    let encrypted: &[(&str, &str)] = &[
        ("x-amz-server-side-encryption", "aws:kms"),
        ("x-amz-server-side-encryption-aws-kms-key-id", "arn:aws:kms:us-east-1:1:key/k"),
        ("content-type", "application/pdf"),
        ("x-amz-checksum-crc32", "AAAA"),
    ];
    let bucket_policy = r#"{"Statement": []}"#;
    let default = "<ServerSideEncryptionConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Rule>\
                   <ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>k</KMSMasterKeyID>\
                   </ApplyServerSideEncryptionByDefault><BucketKeyEnabled>true</BucketKeyEnabled></Rule></ServerSideEncryptionConfiguration>";
    /// Method, path, headers and body, and the command.
    type Case<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], &'a str, &'a str);
    let cases: [Case<'_>; 17] = [
        ("GET", "/?x-id=ListBuckets", &[], "", "aws s3api list-buckets"),
        ("PUT", "/b/", &[], "", "aws s3api create-bucket --bucket b"),
        (
            "PUT",
            "/b/",
            &[],
            "<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>",
            r#"aws s3api create-bucket --bucket b --create-bucket-configuration '{"LocationConstraint":"eu-west-1"}'"#,
        ),
        (
            "PUT",
            "/b/?policy",
            &[("content-type", "application/json")],
            bucket_policy,
            r#"aws s3api put-bucket-policy --bucket b --policy '{"Statement": []}'"#,
        ),
        ("GET", "/b?policy=", &[], "", "aws s3api get-bucket-policy --bucket b"),
        (
            "PUT",
            "/b?encryption",
            &[],
            default,
            r#"aws s3api put-bucket-encryption --bucket b --server-side-encryption-configuration '{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"aws:kms","KMSMasterKeyID":"k"},"BucketKeyEnabled":true}]}'"#,
        ),
        (
            "PUT",
            "/b/a%20dir/f.pdf?x-id=PutObject",
            encrypted,
            "bytes that are not in the command",
            "aws s3api put-object --bucket b --key 'a dir/f.pdf' --body FILE --server-side-encryption aws:kms \
             --ssekms-key-id arn:aws:kms:us-east-1:1:key/k --content-type application/pdf",
        ),
        (
            "GET",
            "/b/f?x-id=GetObject",
            &[("x-amz-checksum-mode", "ENABLED")],
            "",
            "aws s3api get-object --bucket b --key f FILE",
        ),
        ("GET", "/b/f?versionId=v1", &[], "", "aws s3api get-object --bucket b --key f --version-id v1 FILE"),
        ("HEAD", "/b/f", &[], "", "aws s3api head-object --bucket b --key f"),
        ("HEAD", "/b", &[], "", "aws s3api head-bucket --bucket b"),
        ("DELETE", "/b/f?x-id=DeleteObject", &[], "", "aws s3api delete-object --bucket b --key f"),
        ("DELETE", "/b?policy", &[], "", "aws s3api delete-bucket-policy --bucket b"),
        (
            "PUT",
            "/b/g?x-id=CopyObject",
            &[("x-amz-copy-source", "b/f%20f")],
            "",
            "aws s3api copy-object --bucket b --key g --copy-source 'b/f f'",
        ),
        (
            "GET",
            "/b?list-type=2&prefix=a%2F&delimiter=%2F",
            &[],
            "",
            "aws s3api list-objects-v2 --bucket b --prefix a/ --delimiter /",
        ),
        (
            "POST",
            "/b?delete",
            &[],
            "<Delete><Object><Key>f</Key></Object><Quiet>true</Quiet></Delete>",
            r#"aws s3api delete-objects --bucket b --delete '{"Objects":[{"Key":"f"}],"Quiet":true}'"#,
        ),
        (
            "PUT",
            "/b/f",
            &[
                ("x-amz-server-side-encryption-customer-key", "c2VjcmV0"),
                ("x-amz-server-side-encryption-customer-algorithm", "AES256"),
                ("x-amz-server-side-encryption-context", "c2VjcmV0"),
                ("x-amz-meta-a", "b"),
            ],
            "",
            "aws s3api put-object --bucket b --key f --body FILE --ssekms-encryption-context SSEKMS-ENCRYPTION-CONTEXT \
             --sse-customer-algorithm AES256 --sse-customer-key fileb://FILE --metadata '{\"a\":\"b\"}'",
        ),
    ];
    for (method, path, headers, body, expected) in cases {
        assert_eq!(flat(&s3(method, path, headers, body)), expected);
    }
}

#[test]
fn long_commands_go_over_several_lines_of_a_shell() {
    let command =
        query("iam", &format!("Action=CreatePolicy&PolicyName=p&PolicyDocument={}", "x".repeat(80)));
    assert_eq!(
        command,
        format!("aws iam create-policy \\\n  --policy-name p \\\n  --policy-document {}", "x".repeat(80))
    );
}

#[test]
fn what_comes_from_people_is_one_word_of_the_shell() {
    let command = query("iam", "Action=DeleteRole&RoleName=r%3B+rm+-rf+%7E+%24%28id%29+%27%22");
    let words = shlex::split(&command).unwrap();
    assert_eq!(words, ["aws", "iam", "delete-role", "--role-name", "r; rm -rf ~ $(id) '\""]);
}

#[test]
fn an_unsigned_request_is_one_of_s3s() {
    let request = Request::get("/b/f?x-id=GetObject").body(Bytes::new()).unwrap();
    assert_eq!(
        of_request(&request).unwrap(),
        "aws s3api get-object --bucket b --key f FILE --no-sign-request"
    );
}

#[test]
fn requests_of_no_known_service_have_no_command() {
    assert_eq!(of_request(&request("lambda", "POST", "/", &[], "")), None);
}

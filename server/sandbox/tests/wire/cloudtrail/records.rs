//! What records say of every call: who made it, and how it was refused.

use serde_json::{Value, json};

use super::{allow, keys, lab_with_data_events, named, of, query, role, told_code, trust};
use crate::support::phone::Phone;
use crate::support::steps::key;
use crate::support::{self, Keys, Lab};

/// Takes out what differs from call to call, and checks its form.
fn plain(mut record: Value) -> Value {
    let record_members = record.as_object_mut().unwrap();
    for name in ["requestID", "eventID"] {
        let id = record_members.remove(name).unwrap();
        assert_eq!(id.as_str().unwrap().len(), 36, "{name}");
    }
    let time = record_members.remove("eventTime").unwrap();
    let time = time.as_str().unwrap();
    assert!(time.len() == 20 && time.ends_with('Z'), "{time}");
    record
}

async fn who(lab: &Lab, keys: &Keys) -> Value {
    let answer = query(lab, keys, "sts", "GetCallerIdentity", &[]).await;
    of(lab, &answer)["userIdentity"].clone()
}

#[tokio::test]
async fn a_record_has_the_fields_that_aws_documents() {
    let lab = Lab::new().await;
    let answer = query(&lab, &lab.admin, "iam", "CreateUser", &[("UserName", "ann"), ("Path", "/x/")]).await;
    let record = of(&lab, &answer);
    assert_eq!(record["requestID"], answer.request_id());
    let created = record["responseElements"]["user"]["createDate"].clone();
    let id = answer.xml("UserId").unwrap();
    let account = &lab.account;
    assert_eq!(
        plain(record),
        json!({
            "eventVersion": "1.11",
            "userIdentity": {
                "type": "IAMUser",
                "principalId": who(&lab, &lab.admin).await["principalId"],
                "arn": format!("arn:aws:iam::{account}:user/Admin"),
                "accountId": account,
                "accessKeyId": lab.admin.access_key_id,
                "userName": "Admin",
            },
            "eventSource": "iam.amazonaws.com",
            "eventName": "CreateUser",
            "awsRegion": "us-east-1",
            "sourceIPAddress": "127.0.0.1",
            "userAgent": "",
            "requestParameters": {"path": "/x/", "userName": "ann"},
            "responseElements": {"user": {
                "path": "/x/", "userName": "ann", "userId": id, "arn": format!("arn:aws:iam::{account}:user/x/ann"),
                "createDate": created,
            }},
            "readOnly": false,
            "eventType": "AwsApiCall",
            "managementEvent": true,
            "recipientAccountId": account,
            "eventCategory": "Management",
        })
    );
    assert!(created.as_str().unwrap().ends_with("M"), "{created}");
}

#[tokio::test]
async fn users_and_the_root_user_are_told_by_their_keys_and_for_how_long() {
    let lab = Lab::new().await;
    let ann = lab.user("ann", allow("sts:*")).await;
    let long = who(&lab, &ann).await;
    assert_eq!(
        long,
        json!({
            "type": "IAMUser", "principalId": long["principalId"], "accountId": lab.account,
            "arn": format!("arn:aws:iam::{}:user/ann", lab.account), "accessKeyId": ann.access_key_id, "userName": "ann",
        })
    );
    assert!(long["principalId"].as_str().unwrap().starts_with("AIDA"));

    let session = keys(&lab.query(&ann, "sts", "GetSessionToken", &[]).await);
    let short = who(&lab, &session).await;
    assert_eq!(short["accessKeyId"], session.access_key_id);
    assert_eq!((&short["type"], &short["userName"]), (&json!("IAMUser"), &json!("ann")));
    assert_eq!(short["sessionContext"]["attributes"]["mfaAuthenticated"], "false");
    assert_eq!(short["sessionContext"]["attributes"]["creationDate"].as_str().unwrap().len(), 20);

    let phone = Phone::new(&lab, "phone").await;
    phone.enable(&lab, "ann").await;
    let code = phone.code(2);
    let shown = [("SerialNumber", phone.serial.as_str()), ("TokenCode", code.as_str())];
    let answer = query(&lab, &ann, "sts", "GetSessionToken", &shown).await;
    assert_eq!(of(&lab, &answer)["requestParameters"], json!({"serialNumber": phone.serial}));
    let attributes = &who(&lab, &keys(&answer)).await["sessionContext"]["attributes"];
    assert_eq!(attributes["mfaAuthenticated"], "true");

    let root = Keys {
        access_key_id: "AKIAIOSFODNN7EXAMPLE".into(),
        secret: "a root user's secret".into(),
        token: None,
    };
    lab.sandbox.hold_account(&lab.account, &root.access_key_id, &root.secret).await.unwrap();
    assert_eq!(
        who(&lab, &root).await,
        json!({
            "type": "Root", "principalId": lab.account, "arn": format!("arn:aws:iam::{}:root", lab.account),
            "accountId": lab.account, "accessKeyId": root.access_key_id,
        })
    );
    let alias = format!("alias-{}", lab.account);
    query(&lab, &lab.admin, "iam", "CreateAccountAlias", &[("AccountAlias", &alias)]).await;
    assert_eq!(who(&lab, &root).await["userName"], alias);
}

#[tokio::test]
async fn sessions_and_federated_users_are_told_with_who_issued_them() {
    let lab = Lab::new().await;
    let account = &lab.account;
    role(&lab, "reader", &trust(&json!({"AWS": account})), &allow("s3:*")).await;
    let session = lab.assume(&lab.admin, "reader", "work").await;
    let identity = who(&lab, &session).await;
    let role_id = identity["sessionContext"]["sessionIssuer"]["principalId"].as_str().unwrap().to_owned();
    assert!(role_id.starts_with("AROA"));
    assert_eq!(
        identity,
        json!({
            "type": "AssumedRole",
            "principalId": format!("{role_id}:work"),
            "arn": format!("arn:aws:sts::{account}:assumed-role/reader/work"),
            "accountId": account,
            "accessKeyId": session.access_key_id,
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role", "principalId": role_id, "arn": format!("arn:aws:iam::{account}:role/reader"),
                    "accountId": account, "userName": "reader",
                },
                "attributes": {
                    "creationDate": identity["sessionContext"]["attributes"]["creationDate"], "mfaAuthenticated": "false",
                },
            },
        })
    );

    let ann = lab.user("ann", allow("*")).await;
    let federated = keys(&lab.query(&ann, "sts", "GetFederationToken", &[("Name", "partner")]).await);
    let identity = who(&lab, &federated).await;
    assert_eq!(
        (&identity["type"], &identity["principalId"]),
        (&json!("FederatedUser"), &json!(format!("{account}:partner")))
    );
    assert_eq!(identity["arn"], format!("arn:aws:sts::{account}:federated-user/partner"));
    let issuer = &identity["sessionContext"]["sessionIssuer"];
    assert_eq!((&issuer["type"], &issuer["userName"]), (&json!("IAMUser"), &json!("ann")));
}

#[tokio::test]
async fn a_chain_of_sessions_is_told_with_who_is_behind_it_and_the_tags_it_hands_on() {
    let lab = Lab::new().await;
    let trust = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": lab.account},
        "Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
    }]});
    for name in ["first", "second"] {
        role(&lab, name, &trust, &allow("*")).await;
    }
    let arn = |name: &str| format!("arn:aws:iam::{}:role/{name}", lab.account);
    let (first, second) = (arn("first"), arn("second"));
    let parameters = [
        ("RoleArn", first.as_str()),
        ("RoleSessionName", "one"),
        ("SourceIdentity", "ann"),
        ("Tags.member.1.Key", "team"),
        ("Tags.member.1.Value", "blue"),
        ("Tags.member.2.Key", "mood"),
        ("Tags.member.2.Value", "good"),
        ("TransitiveTagKeys.member.1", "team"),
    ];
    let assumed = query(&lab, &lab.admin, "sts", "AssumeRole", &parameters).await;
    let record = of(&lab, &assumed);
    assert_eq!(
        record["requestParameters"],
        json!({
            "roleArn": first, "roleSessionName": "one", "sourceIdentity": "ann",
            "tags": [{"key": "team", "value": "blue"}, {"key": "mood", "value": "good"}], "transitiveTagKeys": ["team"],
        })
    );
    let parameters = [("RoleArn", second.as_str()), ("RoleSessionName", "two")];
    let chained = query(&lab, &keys(&assumed), "sts", "AssumeRole", &parameters).await;
    let record = of(&lab, &chained);
    assert_eq!(record["userIdentity"]["sessionContext"]["sourceIdentity"], "ann");
    assert_eq!(
        record["requestParameters"],
        json!({"roleArn": second, "roleSessionName": "two", "incomingTransitiveTags": {"team": "blue"}})
    );
    assert_eq!(who(&lab, &keys(&chained)).await["sessionContext"]["sourceIdentity"], "ann");
}

#[tokio::test]
async fn ec2_takes_a_role_as_itself_and_its_session_says_how_it_was_delivered() {
    let lab = Lab::new().await;
    let account = &lab.account;
    role(&lab, "app", &trust(&json!({"Service": "ec2.amazonaws.com"})), &allow("s3:*")).await;
    query(&lab, &lab.admin, "iam", "CreateInstanceProfile", &[("InstanceProfileName", "p")]).await;
    let add = [("InstanceProfileName", "p"), ("RoleName", "app")];
    query(&lab, &lab.admin, "iam", "AddRoleToInstanceProfile", &add).await;
    let launch = [
        ("ImageId", "ami-0abcdef1234567890"),
        ("MinCount", "1"),
        ("MaxCount", "1"),
        ("IamInstanceProfile.Name", "p"),
    ];
    let launched = query(&lab, &lab.admin, "ec2", "RunInstances", &launch).await;
    let instance = launched.xml("instanceId").unwrap();
    let record = of(&lab, &launched);
    assert_eq!(
        record["requestParameters"],
        json!({
            "iamInstanceProfile": {"name": "p"},
            "instancesSet": {"items": [{"imageId": "ami-0abcdef1234567890", "maxCount": 1, "minCount": 1}]},
        })
    );
    let item = &record["responseElements"]["instancesSet"]["items"][0];
    assert_eq!((&item["instanceId"], &item["amiLaunchIndex"]), (&json!(instance), &json!(0)));
    assert!(item["launchTime"].as_i64().unwrap() > 1_600_000_000_000, "{item}");

    let session = lab.instance_keys(&instance).await;
    let taken = named(&lab, &lab.admin, "AssumeRole").await;
    let role_arn = format!("arn:aws:iam::{account}:role/app");
    assert_eq!(taken.len(), 1, "{taken:?}");
    let taken = taken[0].clone();
    assert_eq!(taken["userIdentity"], json!({"type": "AWSService", "invokedBy": "ec2.amazonaws.com"}));
    assert_eq!(taken["sourceIPAddress"], "ec2.amazonaws.com");
    assert_eq!(taken["userAgent"], "ec2.amazonaws.com");
    assert_eq!(taken["requestParameters"], json!({"roleArn": role_arn, "roleSessionName": instance}));
    assert_eq!(taken["responseElements"]["credentials"]["accessKeyId"], session.access_key_id);
    assert_eq!(
        taken["resources"],
        json!([{"accountId": account, "type": "AWS::IAM::Role", "ARN": role_arn}])
    );
    assert!(taken["sharedEventID"].is_string());
    assert_eq!(who(&lab, &session).await["sessionContext"]["ec2RoleDelivery"], "2.0");
    assert_eq!(lab.instance_keys(&instance).await.access_key_id, session.access_key_id);
    assert_eq!(named(&lab, &lab.admin, "AssumeRole").await.len(), 1, "the same credentials are no new call");

    let other = trust(&json!({"AWS": account})).to_string();
    let close = [("RoleName", "app"), ("PolicyDocument", other.as_str())];
    query(&lab, &lab.admin, "iam", "UpdateAssumeRolePolicy", &close).await;
    let path = format!("/imds/{instance}/latest/meta-data/iam/security-credentials/app");
    let ttl = [("x-aws-ec2-metadata-token-ttl-seconds", "300")];
    let token = support::call(
        &lab.sandbox,
        None,
        "",
        "PUT",
        &format!("/imds/{instance}/latest/api/token"),
        &ttl,
        b"",
    )
    .await
    .text();
    let asked = [("x-aws-ec2-metadata-token", token.as_str())];
    assert_eq!(support::call(&lab.sandbox, None, "", "GET", &path, &asked, b"").await.status, 200);
    let refused = named(&lab, &lab.admin, "AssumeRole").await[0].clone();
    assert_eq!((&refused["errorCode"], &refused["responseElements"]), (&json!("AccessDenied"), &Value::Null));
}

#[tokio::test]
async fn nobody_without_credentials_is_told_to_the_owner_of_the_bucket() {
    let lab = lab_with_data_events().await;
    lab.s3(&lab.admin, "PUT", "/bucket-1", &[], b"").await;
    let host = [("host", support::HOST)];
    let answer =
        support::call(&lab.sandbox, None, "s3", "GET", "/bucket-1/a%20key?versionId=null", &host, b"").await;
    assert_eq!(answer.status, 403);
    let record = of(&lab, &answer);
    assert_eq!(
        record["userIdentity"],
        json!({"type": "AWSAccount", "principalId": "", "accountId": "anonymous"})
    );
    assert_eq!(record["recipientAccountId"], lab.account);
    assert_eq!(record["errorCode"], "AccessDenied");
    assert_eq!(record["additionalEventData"].get("SignatureVersion"), None);
    assert_eq!(
        record["requestParameters"],
        json!({"bucketName": "bucket-1", "Host": support::HOST, "key": "a key", "versionId": "null"})
    );
}

#[tokio::test]
async fn a_refusal_is_told_in_cloudtrails_words() {
    let lab = Lab::new().await;
    let arn = key(&lab).await;
    let nobody = lab.user("nobody", Value::Null).await;
    let me = format!("arn:aws:iam::{}:user/nobody", lab.account);
    let told = |answer: &support::Answer| {
        let record = of(&lab, answer);
        assert_eq!(record["responseElements"], Value::Null);
        (
            record["errorCode"].as_str().unwrap().to_owned(),
            record["errorMessage"].as_str().unwrap().to_owned(),
        )
    };
    let because = |action: &str, resource: &str| {
        format!(
            "User: {me} is not authorized to perform: {action} on resource: {resource} because no identity-based policy \
             allows the {action} action"
        )
    };

    let iam = lab.query(&nobody, "iam", "CreateUser", &[("UserName", "x")]).await;
    let user = format!("arn:aws:iam::{}:user/x", lab.account);
    assert_eq!(told(&iam), ("AccessDenied".into(), because("iam:CreateUser", &user)));
    let ec2 = lab.query(&nobody, "ec2", "DescribeInstances", &[]).await;
    let (code, message) = told(&ec2);
    assert_eq!(code, "Client.UnauthorizedOperation");
    assert!(message.starts_with("You are not authorized to perform this operation. User: "), "{message}");
    let denied = lab.kms(&nobody, "Decrypt", json!({"CiphertextBlob": "AAAA"})).await;
    assert_eq!(told_code(&lab, &denied), "InvalidCiphertextException");
    let denied = lab.kms(&nobody, "Encrypt", json!({"KeyId": arn, "Plaintext": "aGVsbG8="})).await;
    assert_eq!(denied.error().0, "AccessDeniedException");
    let record = of(&lab, &denied);
    assert_eq!(record["errorCode"], "AccessDenied");
    assert_eq!(record["resources"], json!([{"accountId": lab.account, "type": "AWS::KMS::Key", "ARN": arn}]));
    let s3 = lab.s3(&nobody, "PUT", "/bucket-1", &[], b"").await;
    let (code, message) = told(&s3);
    assert_eq!(code, "AccessDenied");
    assert!(message.contains("s3:CreateBucket on resource: \"arn:aws:s3:::bucket-1\""), "{message}");
    let lookup = super::cloudtrail(&lab, &nobody, "LookupEvents", "{}").await;
    assert_eq!(lookup.error().0, "AccessDeniedException");
    assert_eq!(told(&lookup), ("AccessDenied".into(), because("cloudtrail:LookupEvents", "*")));

    let missing = lab.query(&lab.admin, "iam", "GetRole", &[("RoleName", "none")]).await;
    let sentence = "The role with name none cannot be found.";
    assert_eq!(told(&missing), ("NoSuchEntityException".into(), sentence.into()));
    let invalid = lab.query(&lab.admin, "sts", "AssumeRole", &[("RoleSessionName", "x")]).await;
    assert_eq!(told_code(&lab, &invalid), "ValidationException");
    let unsupported =
        lab.query(&lab.admin, "iam", "ListRoles", &[("Surprise", "hunter2"), ("PathPrefix", "/")]).await;
    assert_eq!(unsupported.status, 400);
    assert_eq!(of(&lab, &unsupported)["requestParameters"], json!({"pathPrefix": "/"}));
}

#[tokio::test]
async fn a_request_that_proves_no_identity_leaves_nothing_behind() {
    let lab = lab_with_data_events().await;
    let thief = Keys { secret: "wrong".into(), ..lab.admin.clone() };
    for answer in [
        lab.query(&thief, "iam", "ListUsers", &[]).await,
        lab.kms(&thief, "ListKeys", json!({})).await,
        lab.s3(&thief, "GET", "/", &[], b"").await,
        lab.s3(&thief, "GET", "/bucket-1/key", &[], b"").await,
        lab.query(&lab.admin, "iam", "NoSuchOperation", &[]).await,
        lab.kms(&lab.admin, "NoSuchOperation", json!({})).await,
    ] {
        assert_eq!(lab.sandbox.events(&answer.request_id()), Vec::<Value>::new(), "{}", answer.text());
    }
}

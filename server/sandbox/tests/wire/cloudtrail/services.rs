//! What records say of the services' own: buckets and objects, keys, and what belongs to another account.

use serde_json::{Value, json};

use super::{allow, lab_with_data_events, named, of, role, told_code, trust};
use crate::support::steps::{KEY_HEADER, KMS_HEADER, key, kms};
use crate::support::{self, Lab};

#[tokio::test]
async fn buckets_are_told_with_what_was_set_and_objects_only_where_asked_for() {
    let lab = Lab::new().await;
    let admin = &lab.admin;
    let made = lab.s3(admin, "PUT", "/bucket-1", &[], b"").await;
    let record = of(&lab, &made);
    let resource =
        json!([{"accountId": lab.account, "type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::bucket-1"}]);
    assert_eq!((&record["eventName"], &record["resources"]), (&json!("CreateBucket"), &resource));
    assert_eq!(record["userAgent"], "[]");
    let additional = &record["additionalEventData"];
    assert_eq!(
        (&additional["SignatureVersion"], &additional["AuthenticationMethod"]),
        (&json!("SigV4"), &json!("AuthHeader"))
    );
    assert_eq!(additional["x-amz-id-2"], made.header("x-amz-id-2").unwrap());

    let policy = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Deny", "Principal": "*", "Action": "s3:DeleteBucket", "Resource": "arn:aws:s3:::bucket-1",
    }]});
    let put = lab.s3(admin, "PUT", "/bucket-1?policy", &[], policy.to_string().as_bytes()).await;
    assert_eq!(put.status, 204, "{}", put.text());
    assert_eq!(
        of(&lab, &put)["requestParameters"],
        json!({"bucketName": "bucket-1", "Host": support::HOST, "policy": "", "bucketPolicy": policy})
    );
    let block = br#"<PublicAccessBlockConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
        <BlockPublicAcls>true</BlockPublicAcls></PublicAccessBlockConfiguration>"#;
    let put = lab.s3(admin, "PUT", "/bucket-1?publicAccessBlock", &[], block).await;
    let record = of(&lab, &put);
    assert_eq!(record["eventName"], "PutBucketPublicAccessBlock");
    assert_eq!(
        record["requestParameters"]["PublicAccessBlockConfiguration"],
        json!({"BlockPublicAcls": true, "xmlns": "http://s3.amazonaws.com/doc/2006-03-01/"})
    );
    let read = of(&lab, &lab.s3(admin, "GET", "/bucket-1?policy", &[], b"").await);
    assert_eq!((&read["readOnly"], &read["responseElements"]), (&json!(true), &Value::Null));
    let list = of(&lab, &lab.s3(admin, "GET", "/", &[], b"").await);
    assert_eq!((&list["eventName"], list.get("resources")), (&json!("ListBuckets"), None));
    let deleted = of(&lab, &lab.s3(admin, "DELETE", "/bucket-1", &[], b"").await);
    assert_eq!((&deleted["errorCode"], &deleted["resources"]), (&json!("AccessDenied"), &resource));

    for (method, path) in [("PUT", "/bucket-1/key"), ("GET", "/bucket-1/key"), ("GET", "/bucket-1")] {
        let answer = lab.s3(admin, method, path, &[], b"text").await;
        assert_eq!(lab.sandbox.events(&answer.request_id()), Vec::<Value>::new(), "{method} {path}");
    }
}

#[tokio::test]
async fn data_events_tell_how_an_object_was_encrypted_and_what_it_weighed() {
    let lab = lab_with_data_events().await;
    let admin = &lab.admin;
    let arn = key(&lab).await;
    lab.s3(admin, "PUT", "/bucket-1", &[], b"").await;
    let headers = [KMS_HEADER, (KEY_HEADER, arn.as_str()), ("content-length", "4")];
    let put = lab.s3(admin, "PUT", "/bucket-1/key", &headers, b"text").await;
    assert_eq!(put.status, 200, "{}", put.text());
    let records = lab.sandbox.events(&put.request_id());
    let [kms, s3] = records.as_slice() else { panic!("{records:?}") };
    assert_eq!((&s3["eventCategory"], &s3["managementEvent"]), (&json!("Data"), &json!(false)));
    assert_eq!(s3["additionalEventData"]["SSEApplied"], "SSE_KMS");
    assert_eq!(s3["additionalEventData"]["bytesTransferredIn"], 4);
    assert_eq!(s3["responseElements"], json!({"x-amz-server-side-encryption": "aws:kms", KEY_HEADER: arn}));
    assert_eq!(s3["requestParameters"][KEY_HEADER], arn);
    assert_eq!(
        s3["resources"],
        json!([
            {"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::bucket-1/key"},
            {"accountId": lab.account, "type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::bucket-1"},
        ])
    );
    assert_eq!((&kms["eventName"], &kms["eventCategory"]), (&json!("GenerateDataKey"), &json!("Management")));
    assert_ne!(kms["requestID"], s3["requestID"]);

    let get = lab.s3(admin, "GET", "/bucket-1/key", &[], b"").await;
    let records = lab.sandbox.events(&get.request_id());
    assert_eq!(records.last().unwrap()["additionalEventData"]["bytesTransferredOut"], 4);
    let plain = lab.s3(admin, "PUT", "/bucket-1/plain", &[], b"text").await;
    assert_eq!(of(&lab, &plain)["additionalEventData"]["SSEApplied"], "Default_SSE_S3");
    let list = of(&lab, &lab.s3(admin, "GET", "/bucket-1?list-type=2&prefix=a%2F", &[], b"").await);
    assert_eq!(list["eventName"], "ListObjects");
    assert_eq!(list["resources"][0]["ARNPrefix"], "arn:aws:s3:::bucket-1/a/");
    let head = lab.s3(admin, "HEAD", "/bucket-1/none", &[], b"").await;
    assert_eq!((head.status, told_code(&lab, &head).as_str()), (404, "NoSuchKey"));
    let delete = b"<Delete><Object><Key>a-secret-name</Key></Object></Delete>";
    let batch = lab.s3(admin, "POST", "/bucket-1?delete", &[], delete).await;
    assert_eq!(batch.status, 200, "{}", batch.text());
    assert!(!of(&lab, &batch).to_string().contains("a-secret-name"));
    assert_eq!(named(&lab, admin, "PutObject").await, Vec::<Value>::new(), "no data event can be looked up");
}

#[tokio::test]
async fn s3_calls_kms_for_its_caller_and_kms_tells_both() {
    let lab = Lab::new().await;
    let admin = &lab.admin;
    let arn = key(&lab).await;
    lab.s3(admin, "PUT", "/bucket-1", &[], b"").await;
    let put = lab.s3(admin, "PUT", "/bucket-1/key", &[KMS_HEADER, (KEY_HEADER, arn.as_str())], b"text").await;
    let record = of(&lab, &put);
    assert_eq!(record["eventName"], "GenerateDataKey");
    assert_eq!(
        (&record["userIdentity"]["userName"], &record["userIdentity"]["invokedBy"]),
        (&json!("Admin"), &json!("fas.s3.amazonaws.com"))
    );
    assert_eq!(
        (&record["sourceIPAddress"], &record["userAgent"]),
        (&json!("fas.s3.amazonaws.com"), &json!("fas.s3.amazonaws.com"))
    );
    let context = json!({"aws:s3:arn": "arn:aws:s3:::bucket-1/key"});
    assert_eq!(
        record["requestParameters"],
        json!({"encryptionContext": context, "keySpec": "AES_256", "keyId": arn})
    );
    assert_eq!(
        (record["readOnly"].as_bool(), record["resources"][0]["ARN"].as_str()),
        (Some(true), Some(arn.as_str()))
    );

    let reader = lab.user("reader", allow("s3:*")).await;
    let get = lab.s3(&reader, "GET", "/bucket-1/key", &[], b"").await;
    assert_eq!(get.status, 403);
    let record = of(&lab, &get);
    assert_eq!((&record["eventName"], &record["errorCode"]), (&json!("Decrypt"), &json!("AccessDenied")));
    assert_eq!(
        record["requestParameters"],
        json!({"encryptionContext": context, "encryptionAlgorithm": "SYMMETRIC_DEFAULT"})
    );
    kms(&lab, "DisableKey", json!({"KeyId": arn})).await;
    let get = lab.s3(admin, "GET", "/bucket-1/key", &[], b"").await;
    assert_eq!(told_code(&lab, &get), "DisabledException");
}

#[tokio::test]
async fn kms_tells_its_resources_and_keys_that_it_made() {
    let lab = Lab::new().await;
    let made = kms(&lab, "CreateKey", json!({})).await;
    let arn = made.json()["KeyMetadata"]["Arn"].as_str().unwrap().to_owned();
    let resource = json!({"accountId": lab.account, "type": "AWS::KMS::Key", "ARN": arn});
    let record = of(&lab, &made);
    assert_eq!(record["resources"], json!([resource]));
    assert_eq!(record["responseElements"]["keyMetadata"]["aWSAccountId"], lab.account);
    assert_eq!(record["requestParameters"]["keySpec"], "SYMMETRIC_DEFAULT");
    let input = json!({"AliasName": "alias/a", "TargetKeyId": arn});
    let record = of(&lab, &kms(&lab, "CreateAlias", input).await);
    assert_eq!(record["responseElements"], json!({"keyId": arn}), "which the answer does not say");
    let alias = format!("arn:aws:kms:us-east-1:{}:alias/a", lab.account);
    assert_eq!(
        record["resources"],
        json!([resource, {"accountId": lab.account, "type": "AWS::KMS::Key", "ARN": alias}])
    );
    let other = key(&lab).await;
    let sealed = kms(&lab, "Encrypt", json!({"KeyId": "alias/a", "Plaintext": "aGVsbG8="})).await;
    let record = of(&lab, &sealed);
    assert_eq!(record["resources"], json!([resource]));
    assert_eq!(record["responseElements"], Value::Null);
    let opened = kms(&lab, "Decrypt", json!({"CiphertextBlob": sealed.json()["CiphertextBlob"]})).await;
    let material = json!({"keyMaterialId": opened.json()["KeyMaterialId"]});
    assert_eq!(of(&lab, &opened)["additionalEventData"], material);
    let input = json!({"CiphertextBlob": sealed.json()["CiphertextBlob"], "DestinationKeyId": other});
    let renewed = kms(&lab, "ReEncrypt", input).await;
    let record = of(&lab, &renewed);
    let answer = renewed.json();
    assert_eq!(
        record["additionalEventData"],
        json!({
            "sourceKeyMaterialId": answer["SourceKeyMaterialId"],
            "destinationKeyMaterialId": answer["DestinationKeyMaterialId"],
        })
    );
    let arns: Vec<_> =
        record["resources"].as_array().unwrap().iter().map(|known| known["ARN"].clone()).collect();
    assert_eq!(arns, [json!(arn), json!(other)], "from, then to");
    assert_eq!(record["requestParameters"]["destinationEncryptionAlgorithm"], "SYMMETRIC_DEFAULT");
    let grantee = format!("arn:aws:iam::{}:user/Admin", lab.account);
    let input = json!({"KeyId": arn, "GranteePrincipal": grantee, "Operations": ["Decrypt"]});
    let granted = kms(&lab, "CreateGrant", input).await;
    let record = of(&lab, &granted);
    let id = granted.json()["GrantId"].clone();
    assert_eq!(record["responseElements"], json!({"grantId": id, "keyId": arn}));
    let token = granted.json()["GrantToken"].clone();
    let retired = kms(&lab, "RetireGrant", json!({"GrantToken": token})).await;
    let record = of(&lab, &retired);
    assert_eq!(
        (&record["requestParameters"], &record["additionalEventData"]),
        (&Value::Null, &json!({"grantId": id}))
    );
    assert_eq!(record["resources"], json!([resource]));
    let gone = lab.kms(&lab.admin, "RetireGrant", json!({"KeyId": arn, "GrantId": id})).await;
    assert_eq!((gone.status, &of(&lab, &gone)["additionalEventData"]), (400, &json!({"grantId": id})));
    let input = json!({"AliasName": "alias/a", "TargetKeyId": other});
    let record = of(&lab, &kms(&lab, "UpdateAlias", input).await);
    assert_eq!(record["responseElements"], json!({"keyId": other}), "the key it goes to");
    let record = of(&lab, &kms(&lab, "TagResource", json!({"KeyId": arn, "Tags": []})).await);
    assert_eq!(record["responseElements"], Value::Null);
}

#[tokio::test]
async fn what_one_account_does_with_what_is_anothers_is_told_to_both() {
    let lab = Lab::new().await;
    let (other, stranger) = support::account(&lab.sandbox).await;
    let stranger_arn = format!("arn:aws:iam::{other}:user/Admin");
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{}:root", lab.account)}, "Action": "kms:*", "Resource": "*"},
        {"Effect": "Allow", "Principal": {"AWS": stranger_arn}, "Action": "kms:Encrypt", "Resource": "*"},
    ]});
    let made = kms(&lab, "CreateKey", json!({"Policy": policy.to_string()})).await;
    let arn = made.json()["KeyMetadata"]["Arn"].as_str().unwrap().to_owned();
    let used = lab.kms(&stranger, "Encrypt", json!({"KeyId": arn, "Plaintext": "aGVsbG8="})).await;
    assert_eq!(used.status, 200, "{}", used.text());
    let (own, others) = (named(&lab, &stranger, "Encrypt").await, named(&lab, &lab.admin, "Encrypt").await);
    let ([own], [others]) = (own.as_slice(), others.as_slice()) else { panic!("{own:?} {others:?}") };
    assert_eq!(
        (&own["recipientAccountId"], &others["recipientAccountId"]),
        (&json!(other), &json!(lab.account))
    );
    assert_eq!((&own["sharedEventID"], &own["requestID"]), (&others["sharedEventID"], &others["requestID"]));
    assert!(own["sharedEventID"].is_string());
    assert_ne!(own["eventID"], others["eventID"]);
    assert_eq!(own["userIdentity"]["arn"], stranger_arn);
    assert_eq!(
        others["userIdentity"],
        json!({"type": "AWSAccount", "principalId": own["userIdentity"]["principalId"], "accountId": other})
    );
    let denied =
        lab.kms(&stranger, "Decrypt", json!({"CiphertextBlob": used.json()["CiphertextBlob"]})).await;
    assert_eq!(denied.error().0, "AccessDeniedException");
    assert_eq!(named(&lab, &stranger, "Decrypt").await.len(), 1);
    assert_eq!(
        named(&lab, &lab.admin, "Decrypt").await,
        Vec::<Value>::new(),
        "a denial is the caller's alone"
    );

    role(&lab, "guest", &trust(&json!({"AWS": stranger_arn})), &allow("s3:*")).await;
    let role_arn = format!("arn:aws:iam::{}:role/guest", lab.account);
    let assumed = lab
        .query(&stranger, "sts", "AssumeRole", &[("RoleArn", &role_arn), ("RoleSessionName", "visit")])
        .await;
    assert_eq!(assumed.status, 200, "{}", assumed.text());
    let told = named(&lab, &lab.admin, "AssumeRole").await.remove(0);
    assert_eq!(told["userIdentity"]["type"], "AWSAccount");
    assert_eq!(
        told["responseElements"]["assumedRoleUser"]["arn"],
        format!("arn:aws:sts::{}:assumed-role/guest/visit", lab.account)
    );
    lab.s3(&lab.admin, "PUT", "/bucket-1", &[], b"").await;
    let denied = lab.s3(&stranger, "GET", "/bucket-1?policy", &[], b"").await;
    assert_eq!(denied.status, 403);
    assert_eq!(named(&lab, &lab.admin, "GetBucketPolicy").await[0]["errorCode"], "AccessDenied");
    assert_eq!(named(&lab, &stranger, "GetBucketPolicy").await.len(), 1);
}

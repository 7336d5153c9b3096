//! Buckets and their policies over the wire, and what S3 has that is not here.

use crate::support;
use crate::support::calls::Plain;
use crate::support::signer::{Raw, Scope};
use crate::support::steps::{assert_refused, lab_with_bucket, s3};
use crate::support::{Lab, account};
use sandbox::{Config, TrailConfig};
use serde_json::{Value, json};

#[tokio::test]
async fn bucket_policies_that_s3_refuses_are_refused_and_change_nothing() {
    let lab = lab_with_bucket().await;
    let statement = |more: Value| {
        let mut statement = json!({"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::bucket-1/*"});
        for (name, value) in more.as_object().unwrap() {
            statement[name] = value.clone();
        }
        json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()
    };
    let nobody = format!("arn:aws:iam::{}:role/absent", lab.account);
    let encrypted = json!({"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}});
    let misfit = "Conditions do not apply to combination of actions and resources in statement";
    let cases = [
        ("nonsense".to_owned(), "Policies must be valid JSON and the first byte must be '{'"),
        ("{}".to_owned(), "Missing required field Statement"),
        (
            statement(json!({"Resource": "arn:aws:s3:::bucket-1"})),
            "Action does not apply to any resource(s) in statement",
        ),
        (statement(json!({"Resource": "arn:aws:s3:::bucket-2/*"})), "Policy has invalid resource"),
        (statement(json!({"Action": "s3:HeadBucket"})), "Policy has invalid action"),
        (statement(json!({"Principal": {"AWS": nobody}})), "Invalid principal in policy"),
        (statement(json!({"Principal": {"Service": "foo.amazonaws.com"}})), "Invalid principal in policy"),
        (statement(json!({"Action": "s3:GetObject", "Condition": encrypted})), misfit),
        (statement(json!({"Action": ["s3:PutObject", "s3:GetObject"], "Condition": encrypted})), misfit),
        (
            statement(json!({"Action": "s3:GetObject", "Condition": {"StringLike": {"s3:prefix": "a/*"}}})),
            misfit,
        ),
        (
            statement(
                json!({"Action": "s3:GetObject", "Condition": {"StringEquals": {"s3:x-amz-acl": "private"}}}),
            ),
            misfit,
        ),
    ];
    for (policy, message) in cases {
        let answer = lab.s3(&lab.admin, "PUT", "/bucket-1?policy", &[], policy.as_bytes()).await;
        assert_refused(&answer, 400, "MalformedPolicy", message);
    }
    assert_eq!(lab.s3(&lab.admin, "GET", "/bucket-1?policy", &[], b"").await.error().0, "NoSuchBucketPolicy");
    for action in [json!("s3:PutObject"), json!("s3:*"), json!("s3:Put*")] {
        let policy = statement(json!({"Action": action, "Condition": encrypted}));
        let answer = lab.s3(&lab.admin, "PUT", "/bucket-1?policy", &[], policy.as_bytes()).await;
        assert_eq!(answer.status, 204, "{action}: {}", answer.text());
    }
}

#[tokio::test]
async fn bucket_names_are_valid_unique_over_all_accounts_and_free_again_once_deleted() {
    let lab = lab_with_bucket().await;
    for name in ["Upper", "a", "a..b", "192.168.1.1", "xn--a", "under_score"] {
        let answer = lab.s3(&lab.admin, "PUT", &format!("/{name}"), &[], b"").await;
        assert_refused(&answer, 400, "InvalidBucketName", "The specified bucket is not valid.");
    }
    assert_eq!(s3(&lab, "PUT", "/bucket-1", &[], b"").await.status, 200, "one's own again, in us-east-1");
    let (_, stranger) = account(&lab.sandbox).await;
    assert_eq!(lab.s3(&stranger, "PUT", "/bucket-1", &[], b"").await.error().0, "BucketAlreadyExists");
    s3(&lab, "PUT", "/bucket-1/object", &[], b"x").await;
    let full = lab.s3(&lab.admin, "DELETE", "/bucket-1", &[], b"").await;
    assert_refused(&full, 409, "BucketNotEmpty", "The bucket you tried to delete is not empty");
    s3(&lab, "DELETE", "/bucket-1/object", &[], b"").await;
    assert_eq!(s3(&lab, "DELETE", "/bucket-1", &[], b"").await.status, 204);
    assert_eq!(lab.s3(&lab.admin, "HEAD", "/bucket-1", &[], b"").await.status, 404);
    assert_eq!(lab.s3(&stranger, "PUT", "/bucket-1", &[], b"").await.status, 200);
    let location = lab.s3(&stranger, "GET", "/bucket-1?location", &[], b"").await;
    assert!(location.text().contains("LocationConstraint"), "{}", location.text());
    let own = lab.s3(&stranger, "GET", "/", &[], b"").await;
    assert!(
        own.text().contains("<Name>bucket-1</Name>")
            && !s3(&lab, "GET", "/", &[], b"").await.text().contains("<Name>")
    );
}

#[tokio::test]
async fn accounts_racing_for_one_name_leave_one_owner() {
    let lab = Lab::new().await;
    let mut accounts = Vec::new();
    for _ in 0..8 {
        accounts.push(account(&lab.sandbox).await.1);
    }
    let attempts = accounts.iter().map(|keys| lab.s3(keys, "PUT", "/contested", &[], b""));
    let answers = futures::future::join_all(attempts).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.error().0 == "BucketAlreadyExists").count(), 7);
}

#[tokio::test]
async fn what_is_not_there_says_so_by_name() {
    let lab = lab_with_bucket().await;
    for (method, path, headers, named) in [
        ("PUT", "/bucket-1?cors", &[][..], "PutBucketCors"),
        ("GET", "/bucket-1?inventory&id=daily", &[][..], "GetBucketInventoryConfiguration"),
        (
            "PUT",
            "/bucket-1/object",
            &[("x-amz-object-lock-mode", "GOVERNANCE")][..],
            "x-amz-object-lock-mode",
        ),
        ("PUT", "/bucket-1?ownershipControls", &[][..], "ObjectWriter"),
        ("PUT", "/bucket-1/object", &[("x-amz-storage-class", "GLACIER")][..], "GLACIER"),
        ("PUT", "/bucket-1/object", &[("x-amz-server-side-encryption", "aws:kms:dsse")][..], "aws:kms:dsse"),
    ] {
        let body = match path {
            "/bucket-1?cors" => {
                "<CORSConfiguration><CORSRule><AllowedMethod>GET</AllowedMethod><AllowedOrigin>*</AllowedOrigin></CORSRule>\
                 </CORSConfiguration>"
            }
            "/bucket-1?ownershipControls" => {
                "<OwnershipControls><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule></OwnershipControls>"
            }
            _ => "",
        };
        let answer = lab.s3(&lab.admin, method, path, headers, body.as_bytes()).await;
        let (code, message) = answer.error();
        assert_eq!(
            (answer.status, code.as_str()),
            (501, "NotImplemented"),
            "{method} {path}: {}",
            answer.text()
        );
        assert!(message.contains(named), "{message}");
    }
    let acl = lab.s3(&lab.admin, "PUT", "/bucket-1/object", &[("x-amz-acl", "public-read")], b"x").await;
    assert_refused(&acl, 400, "AccessControlListNotSupported", "The bucket does not allow ACLs");
    assert_eq!(lab.s3(&lab.admin, "HEAD", "/bucket-1/object", &[], b"").await.status, 404);
}

#[tokio::test]
async fn presented_credentials_must_be_those_that_sign() {
    let lab = lab_with_bucket().await;
    s3(&lab, "PUT", "/bucket-1/object", &[], b"x").await;
    let nobody = lab.user("nobody", Value::Null).await;
    // Admin's key id on a form upload, whose header nobody verifies.
    let stolen = support::request(
        Some(&lab.admin),
        "s3",
        "GET",
        "/bucket-1/object",
        &[],
        b"",
        std::time::SystemTime::now(),
    );
    let authorization = stolen.headers()["authorization"].to_str().unwrap().to_owned();
    let mut request = support::request(None, "s3", "POST", "/bucket-1", &[("content-type", "multipart/form-data; boundary=b")],
        b"--b\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nx\r\n--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nx\r\n--b--\r\n",
        std::time::SystemTime::now());
    for name in ["authorization", "x-amz-date", "x-amz-content-sha256"] {
        request.headers_mut().insert(http::HeaderName::from_static(name), stolen.headers()[name].clone());
    }
    let form = support::send(&lab.sandbox, request).await;
    assert_eq!((form.status, form.error().0.as_str()), (501, "NotImplemented"), "{}", form.text());
    // Somebody else's signature under Admin's key id.
    let mut request = support::request(
        Some(&nobody),
        "s3",
        "GET",
        "/bucket-1/object",
        &[],
        b"",
        std::time::SystemTime::now(),
    );
    let own = request.headers()["authorization"].to_str().unwrap().to_owned();
    let forged = own.replace(&nobody.access_key_id, &lab.admin.access_key_id);
    assert_ne!(forged, authorization);
    request.headers_mut().insert("authorization", forged.parse().unwrap());
    assert_eq!(support::send(&lab.sandbox, request).await.error().0, "SignatureDoesNotMatch");
}

/// S3 API reference, `PutBucketPolicy`, `GetBucketPolicy` and `DeleteBucketPolicy`.
#[tokio::test]
async fn another_account_does_not_touch_a_bucket_policy_though_it_may() {
    let lab = lab_with_bucket().await;
    let (other, stranger) = account(&lab.sandbox).await;
    let policy = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{other}:root")},
        "Action": ["s3:*BucketPolicy", "s3:GetBucketPolicyStatus"], "Resource": "arn:aws:s3:::bucket-1"
    }]});
    let policy = policy.to_string();
    s3(&lab, "PUT", "/bucket-1?policy", &[], policy.as_bytes()).await;
    for method in ["GET", "PUT", "DELETE"] {
        let answer = lab.s3(&stranger, method, "/bucket-1?policy", &[], policy.as_bytes()).await;
        let message = "The specified method is not allowed against this resource.";
        assert_refused(&answer, 405, "MethodNotAllowed", message);
    }
    assert_eq!(lab.s3(&stranger, "GET", "/bucket-1?policyStatus", &[], b"").await.status, 200);
    assert_eq!(s3(&lab, "GET", "/bucket-1?policy", &[], b"").await.text(), policy);
}

#[tokio::test]
async fn four_blocks_that_are_off_are_a_setting_until_it_is_deleted() {
    let lab = lab_with_bucket().await;
    let off = "<PublicAccessBlockConfiguration><BlockPublicAcls>false</BlockPublicAcls></PublicAccessBlockConfiguration>";
    s3(&lab, "PUT", "/bucket-1?publicAccessBlock", &[], off.as_bytes()).await;
    let read = s3(&lab, "GET", "/bucket-1?publicAccessBlock", &[], b"").await;
    for block in ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"] {
        assert_eq!(read.xml(block).as_deref(), Some("false"), "{block}");
    }
    s3(&lab, "DELETE", "/bucket-1?publicAccessBlock", &[], b"").await;
    let absent = lab.s3(&lab.admin, "GET", "/bucket-1?publicAccessBlock", &[], b"").await;
    let message = "The public access block configuration was not found";
    assert_refused(&absent, 404, "NoSuchPublicAccessBlockConfiguration", message);
}

#[tokio::test]
async fn a_bucket_may_have_the_name_of_the_metadata_services_path() {
    let lab = Lab::new().await;
    s3(&lab, "PUT", "/imds", &[], b"").await;
    for path in ["/imds/key", "/imds/folder/key", "/imds/i-folder/key"] {
        assert_eq!(s3(&lab, "PUT", path, &[], b"x").await.status, 200, "{path}");
    }
    assert_eq!(s3(&lab, "GET", "/imds/folder/key", &[], b"").await.text(), "x");
}

/// SDKs name the bucket in the host where the endpoint has a name; the signature is over the request as it was sent.
#[tokio::test]
async fn a_bucket_may_be_named_in_the_host() {
    let trail = TrailConfig { data_events: true, ..TrailConfig::default() };
    let lab = Lab::with(Config { trail, ..Config::default() }).await;
    s3(&lab, "PUT", "/bucket-1", &[], b"").await;
    let at = |host: &str, method: &str, path: &str| {
        let body = if method == "PUT" { "x" } else { "" };
        let line = format!("{method} {path}");
        let mut raw = Raw::of(&Plain::s3(&line, &Default::default(), body, &Default::default()));
        raw.set("host", host);
        raw.sign(&lab.admin, &Scope::of("s3"));
        raw
    };
    let sent = async |raw: &Raw| support::send(&lab.sandbox, raw.request().unwrap()).await;
    let put = sent(&at("bucket-1.localhost:4566", "PUT", "/folder/a%20key")).await;
    assert_eq!(put.status, 200, "{}", put.text());
    assert_eq!(lab.sandbox.trace(&put.request_id())[0].resource, "arn:aws:s3:::bucket-1/folder/a key");
    let event = lab.sandbox.events(&put.request_id()).remove(0);
    assert_eq!(event["resources"][0]["ARN"], "arn:aws:s3:::bucket-1/folder/a key");
    assert_eq!(event["requestParameters"]["bucketName"], "bucket-1");
    assert_eq!(s3(&lab, "GET", "/bucket-1/folder/a%20key", &[], b"").await.text(), "x");
    let listed = sent(&at("bucket-1.localhost:4566", "GET", "/?list-type=2&prefix=folder%2F")).await;
    assert_eq!(listed.xml("Key").as_deref(), Some("folder/a key"), "{}", listed.text());
    // Every path is a key there, and what is told of the bucket is told by its name.
    let imds =
        sent(&at("bucket-1.localhost:4566", "PUT", "/imds/i-0123456789abcdef0/latest/api/token")).await;
    assert_eq!(imds.status, 200, "{}", imds.text());
    let policy = sent(&at("bucket-1.localhost:4566", "GET", "/?policy")).await;
    assert_eq!(
        (policy.error().0.as_str(), policy.xml("BucketName").as_deref()),
        ("NoSuchBucketPolicy", Some("bucket-1"))
    );
    let absent = sent(&at("no-such-bucket.localhost:4566", "GET", "/folder/key")).await;
    assert_eq!((absent.status, absent.error().0.as_str()), (404, "NoSuchBucket"));
    // Another host than the one that was signed leads into no bucket.
    let mut led_away = at("bucket-2.localhost:4566", "GET", "/folder/a%20key");
    led_away.set("host", "bucket-1.localhost:4566");
    let refused = sent(&led_away).await;
    assert_eq!((refused.status, refused.error().0.as_str()), (403, "SignatureDoesNotMatch"));
}

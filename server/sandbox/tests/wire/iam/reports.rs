//! Reports of what is used: credentials, services and actions (IAM User Guide, `id_credentials_getting-report`,
//! `access_policies_last-accessed`).

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sandbox::{Config, Fidelity};
use serde_json::json;

use super::{EC2_TRUST, allow, did, fails, iam, user};
use crate::support::{Answer, Lab, account};

/// A time of today or, about midnight, of yesterday.
fn is_recent(text: &str) -> bool {
    let today = time::OffsetDateTime::now_utc().date();
    text.ends_with('Z')
        && [Some(today), today.previous_day()].iter().flatten().any(|day| text.starts_with(&day.to_string()))
}

#[tokio::test]
async fn the_last_use_of_an_access_key_is_known_and_outlives_the_process() {
    let lab = Lab::lasting().await;
    let keys = user(&lab, "u", Some(&allow("s3:ListAllMyBuckets", "*"))).await;
    let id = [("AccessKeyId", keys.access_key_id.as_str())];
    let unused = did(&lab, "GetAccessKeyLastUsed", &id).await;
    assert_eq!(unused.xml("UserName").as_deref(), Some("u"));
    assert!(
        unused.text().contains("<AccessKeyLastUsed><ServiceName>N/A</ServiceName><Region>N/A</Region>"),
        "{}",
        unused.text()
    );
    assert_eq!(lab.s3(&keys, "GET", "/", &[], b"").await.status, 200);
    let is_s3 = |answer: &Answer| {
        assert_eq!(answer.xml("ServiceName").as_deref(), Some("s3"), "{}", answer.text());
        assert_eq!(answer.xml("Region").as_deref(), Some("us-east-1"));
        assert!(is_recent(&answer.xml("LastUsedDate").unwrap()));
    };
    is_s3(&did(&lab, "GetAccessKeyLastUsed", &id).await);
    let lab = lab.restarted().await;
    is_s3(&did(&lab, "GetAccessKeyLastUsed", &id).await);
}

#[tokio::test]
async fn an_access_key_of_nobody_here_is_not_told_from_one_that_does_not_exist() {
    let lab = Lab::new().await;
    let (_, other) = account(&lab.sandbox).await;
    for id in ["AKIAIOSFODNN7EXAMPLE", other.access_key_id.as_str()] {
        let message = format!(
            "User: arn:aws:iam::{}:user/Admin is not authorized to perform iam:GetAccessKeyLastUsed on resource: access key {id}",
            lab.account
        );
        fails(&lab, "GetAccessKeyLastUsed", &[("AccessKeyId", id)], 403, "AccessDenied", &message).await;
    }
    let short = iam(&lab, "GetAccessKeyLastUsed", &[("AccessKeyId", "AKIA")]).await;
    assert_eq!((short.status, short.error().0.as_str()), (400, "ValidationError"));
    // The question is about the key's user.
    let own = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:GetAccessKeyLastUsed",
        "Resource": format!("arn:aws:iam::{}:user/${{aws:username}}", lab.account)}]});
    let keys = user(&lab, "u", Some(&own.to_string())).await;
    let ask =
        async |id: &str| lab.query(&keys, "iam", "GetAccessKeyLastUsed", &[("AccessKeyId", id)]).await.status;
    assert_eq!((ask(&keys.access_key_id).await, ask(&lab.admin.access_key_id).await), (200, 403));
}

pub(super) async fn report(lab: &Lab) -> Vec<Vec<String>> {
    let answer = did(lab, "GetCredentialReport", &[]).await;
    assert_eq!(answer.xml("ReportFormat").as_deref(), Some("text/csv"));
    let content = BASE64_STANDARD.decode(answer.xml("Content").unwrap()).unwrap();
    let content = String::from_utf8(content).unwrap();
    content.split('\n').map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

#[tokio::test]
async fn the_credential_report_has_a_line_for_every_user() {
    let lab = Lab::new().await;
    let absent = iam(&lab, "GetCredentialReport", &[]).await;
    assert_eq!((absent.status, absent.error().0.as_str()), (410, "ReportNotPresent"));
    assert_eq!(absent.xml("Message"), None);
    let keys = user(&lab, "zoe", Some(&allow("s3:*", "*"))).await;
    user(&lab, "Bea", None).await;
    lab.s3(&keys, "GET", "/", &[], b"").await;
    let parameters = [("UserName", "Bea"), ("AccessKeyId", "")];
    let bea = did(&lab, "ListAccessKeys", &parameters[..1]).await.xml("AccessKeyId").unwrap();
    did(&lab, "UpdateAccessKey", &[parameters[0], ("AccessKeyId", &bea), ("Status", "Inactive")]).await;
    let started = did(&lab, "GenerateCredentialReport", &[]).await;
    assert_eq!(started.xml("State").as_deref(), Some("STARTED"));
    assert_eq!(
        started.xml("Description").as_deref(),
        Some("No report exists. Starting a new report generation task")
    );
    let again = did(&lab, "GenerateCredentialReport", &[]).await;
    assert_eq!((again.xml("State").as_deref(), again.xml("Description")), (Some("COMPLETE"), None));
    let lines = report(&lab).await;
    assert!(lines.iter().all(|line| line.len() == 22), "{lines:?}");
    assert_eq!(lines[0][..3], ["user", "arn", "user_creation_time"]);
    let names: Vec<&str> = lines.iter().skip(1).map(|line| line[0].as_str()).collect();
    assert_eq!(names, ["<root_account>", "Admin", "Bea", "zoe"]);
    let [root, _, bea, zoe] = &lines[1..] else { panic!("{lines:?}") };
    assert_eq!(root[3..7], ["false", "N/A", "N/A", "not_supported"]);
    assert_eq!(root[8..10], ["false", "N/A"]);
    assert_eq!((zoe[8].as_str(), &zoe[11..13]), ("true", &["us-east-1".to_owned(), "s3".to_owned()][..]));
    assert!(is_recent(&zoe[9]) && is_recent(&zoe[10]), "{zoe:?}");
    assert_eq!((bea[8].as_str(), bea[10].as_str()), ("false", "N/A"));
    assert!(is_recent(&bea[9]), "{bea:?}");
    assert_eq!(zoe[13..], ["false", "N/A", "N/A", "N/A", "N/A", "false", "N/A", "false", "N/A"]);
    // For four hours the report stays as it is.
    did(&lab, "CreateUser", &[("UserName", "late")]).await;
    did(&lab, "GenerateCredentialReport", &[]).await;
    assert_eq!(report(&lab).await.len(), 5);
}

#[tokio::test]
async fn a_credential_report_can_be_made_anew_each_time() {
    let fidelity = Fidelity { credential_report_seconds: 0, ..Fidelity::default() };
    let lab = Lab::with(Config { fidelity, ..Config::default() }).await;
    for users in 1..=2 {
        let name = format!("u{users}");
        did(&lab, "CreateUser", &[("UserName", &name)]).await;
        did(&lab, "GenerateCredentialReport", &[]).await;
        assert_eq!(report(&lab).await.len(), 3 + users);
    }
}

#[tokio::test]
async fn a_role_shows_when_its_session_last_called() {
    let lab = Lab::new().await;
    let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Principal": {"AWS": format!("arn:aws:iam::{}:root", lab.account)}, "Action": "sts:AssumeRole"}]});
    did(&lab, "CreateRole", &[("RoleName", "r"), ("AssumeRolePolicyDocument", &trust.to_string())]).await;
    let role = [("RoleName", "r")];
    let session = lab.assume(&lab.admin, "r", "session").await;
    assert!(
        did(&lab, "GetRole", &role).await.text().contains("<RoleLastUsed/>"),
        "assuming it is no use of it"
    );
    assert_eq!(lab.query(&session, "sts", "GetCallerIdentity", &[]).await.status, 200);
    let used = did(&lab, "GetRole", &role).await;
    assert!(is_recent(&used.xml("LastUsedDate").unwrap()));
    assert_eq!(used.xml("Region").as_deref(), Some("us-east-1"));
    let details = did(&lab, "GetAccountAuthorizationDetails", &[("Filter.member.1", "Role")]).await;
    assert_eq!(details.xml("LastUsedDate"), used.xml("LastUsedDate"));
    // A role made anew under the same name was never used.
    did(&lab, "DeleteRole", &role).await;
    did(&lab, "CreateRole", &[("RoleName", "r"), ("AssumeRolePolicyDocument", EC2_TRUST)]).await;
    assert!(did(&lab, "GetRole", &role).await.text().contains("<RoleLastUsed/>"));
}

/// The entry of one service.
fn service<'a>(text: &'a str, namespace: &str) -> Option<&'a str> {
    let mut entries = text.split("<ServiceName>").skip(1);
    entries.find(|entry| entry.contains(&format!("<ServiceNamespace>{namespace}<")))
}

#[tokio::test]
async fn what_was_tried_last_is_told_by_service_and_by_action() {
    let lab = Lab::new().await;
    let document = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": ["s3:*", "lambda:InvokeFunction"], "Resource": "*"},
        {"Effect": "Allow", "Action": "kms:ListKeys", "Resource": "*",
         "Condition": {"StringEquals": {"aws:RequestedRegion": "eu-central-1"}}},
        {"Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "*"},
    ]});
    let keys = user(&lab, "u", Some(&document.to_string())).await;
    lab.s3(&keys, "GET", "/", &[], b"").await;
    assert_eq!(lab.s3(&keys, "PUT", "/what-was-tried-last", &[], b"").await.status, 200);
    assert_eq!(lab.s3(&keys, "GET", "/what-was-tried-last?policy", &[], b"").await.status, 404);
    // Attempts count, whatever the answer; what no policy of the user's allows is not told.
    assert_eq!(lab.kms(&keys, "ListKeys", json!({})).await.status, 400);
    lab.query(&keys, "iam", "ListUsers", &[]).await;
    let arn = format!("arn:aws:iam::{}:user/u", lab.account);
    let job = did(&lab, "GenerateServiceLastAccessedDetails", &[("Arn", &arn)]).await.xml("JobId").unwrap();
    let got = did(&lab, "GetServiceLastAccessedDetails", &[("JobId", &job)]).await;
    assert_eq!(got.xml("JobStatus").as_deref(), Some("COMPLETED"));
    assert_eq!(got.xml("JobType").as_deref(), Some("SERVICE_LEVEL"));
    let text = got.text();
    assert_eq!(text.matches("<ServiceNamespace>").count(), 3, "{text}");
    let s3 = service(&text, "s3").unwrap();
    assert!(s3.starts_with("Amazon S3<") && s3.contains("<TotalAuthenticatedEntities>1<"), "{s3}");
    assert!(s3.contains(&format!("<LastAuthenticatedEntity>{arn}<")), "{s3}");
    assert!(s3.contains("<LastAuthenticatedRegion>us-east-1<") && !s3.contains("TrackedActions"), "{s3}");
    assert!(service(&text, "kms").unwrap().contains("<TotalAuthenticatedEntities>1<"), "{text}");
    let lambda = service(&text, "lambda").unwrap();
    assert!(lambda.starts_with("AWS Lambda<") && !lambda.contains("LastAuthenticated>"), "{lambda}");
    assert!(lambda.contains("<TotalAuthenticatedEntities>0<"), "{lambda}");

    let asked = [("Arn", arn.as_str()), ("Granularity", "ACTION_LEVEL")];
    let job = did(&lab, "GenerateServiceLastAccessedDetails", &asked).await.xml("JobId").unwrap();
    let text = did(&lab, "GetServiceLastAccessedDetails", &[("JobId", &job)]).await.text();
    let s3 = service(&text, "s3").unwrap();
    let action = |name: &str| s3.split(&format!("<ActionName>{name}</ActionName>")).nth(1);
    assert!(action("ListAllMyBuckets").unwrap().starts_with("<LastAccessedEntity>"), "{s3}");
    assert!(action("GetBucketPolicy").unwrap().starts_with("<LastAccessedEntity>"), "{s3}");
    assert!(action("PutBucketPolicy").unwrap().starts_with("</member>"), "{s3}");
    assert_eq!((action("DeleteBucket"), action("GetObject")), (None, None));
    assert!(!service(&text, "lambda").unwrap().contains("TrackedActions"));
}

#[tokio::test]
async fn a_report_about_a_policy_tells_who_used_it() {
    let lab = Lab::new().await;
    let document = allow("s3:*", "*");
    let policy = format!("arn:aws:iam::{}:policy/p", lab.account);
    did(&lab, "CreatePolicy", &[("PolicyName", "p"), ("PolicyDocument", &document)]).await;
    did(&lab, "CreateGroup", &[("GroupName", "g")]).await;
    did(&lab, "AttachGroupPolicy", &[("GroupName", "g"), ("PolicyArn", &policy)]).await;
    for name in ["member", "idle"] {
        user(&lab, name, None).await;
        did(&lab, "AddUserToGroup", &[("GroupName", "g"), ("UserName", name)]).await;
    }
    let keys = user(&lab, "direct", None).await;
    did(&lab, "AttachUserPolicy", &[("UserName", "direct"), ("PolicyArn", &policy)]).await;
    lab.s3(&keys, "GET", "/", &[], b"").await;
    let job =
        did(&lab, "GenerateServiceLastAccessedDetails", &[("Arn", &policy)]).await.xml("JobId").unwrap();
    let job = ("JobId", job.as_str());
    did(&lab, "RemoveUserFromGroup", &[("GroupName", "g"), ("UserName", "member")]).await;
    let parameters = [job, ("ServiceNamespace", "s3")];
    let text = did(&lab, "GetServiceLastAccessedDetailsWithEntities", &parameters).await.text();
    let names: Vec<&str> = text.split("<Name>").skip(1).filter_map(|rest| rest.split('<').next()).collect();
    assert_eq!(names, ["direct", "idle", "member"]);
    assert_eq!(text.matches("<LastAuthenticated>").count(), 1);
    assert!(text.contains("<Type>USER</Type>") && text.contains("<Path>/</Path>"), "{text}");
    // About the group its users alone.
    let group = format!("arn:aws:iam::{}:group/g", lab.account);
    let of_group = did(&lab, "GenerateServiceLastAccessedDetails", &[("Arn", &group)]).await;
    let of_group = of_group.xml("JobId").unwrap();
    let parameters = [("JobId", of_group.as_str()), ("ServiceNamespace", "s3")];
    let text = did(&lab, "GetServiceLastAccessedDetailsWithEntities", &parameters).await.text();
    assert!(text.contains("<Name>idle<") && !text.contains("<Name>direct<"), "{text}");

    let parameters = [job, ("ServiceNamespace", "nosuchthing")];
    let unknown = iam(&lab, "GetServiceLastAccessedDetailsWithEntities", &parameters).await;
    assert_eq!((unknown.status, unknown.error().0.as_str()), (400, "InvalidInput"));
    // A job is its maker's.
    let other = user(&lab, "other", Some(&allow("iam:*", "*"))).await;
    let answer = lab.query(&other, "iam", "GetServiceLastAccessedDetails", &[job]).await;
    assert_eq!((answer.status, answer.error().0.as_str()), (404, "NoSuchEntity"));
    let ghost = format!("arn:aws:iam::{}:role/ghost", lab.account);
    let missing = iam(&lab, "GenerateServiceLastAccessedDetails", &[("Arn", &ghost)]).await;
    assert_eq!((missing.status, missing.error().0.as_str()), (404, "NoSuchEntity"));
    let wrong =
        iam(&lab, "GenerateServiceLastAccessedDetails", &[("Arn", "arn:aws:s3:::a-bucket-of-mine")]).await;
    assert_eq!((wrong.status, wrong.error().0.as_str()), (400, "InvalidInput"));
}

#[tokio::test]
async fn policies_are_listed_by_the_services_that_they_give() {
    let lab = Lab::new().await;
    user(&lab, "u", Some(&allow("s3:*", "*"))).await;
    did(&lab, "CreateGroup", &[("GroupName", "g")]).await;
    did(&lab, "AddUserToGroup", &[("GroupName", "g"), ("UserName", "u")]).await;
    let admin = "arn:aws:iam::aws:policy/AdministratorAccess";
    did(&lab, "AttachGroupPolicy", &[("GroupName", "g"), ("PolicyArn", admin)]).await;
    let document = allow("kms:*", "*");
    did(&lab, "PutGroupPolicy", &[("GroupName", "g"), ("PolicyName", "keys"), ("PolicyDocument", &document)])
        .await;
    let arn = format!("arn:aws:iam::{}:user/u", lab.account);
    let asked = |namespaces: [&'static str; 2]| {
        let [one, other] = namespaces;
        [("Arn", arn.as_str()), ("ServiceNamespaces.member.1", one), ("ServiceNamespaces.member.2", other)]
    };
    let text = did(&lab, "ListPoliciesGrantingServiceAccess", &asked(["kms", "s3"])).await.text();
    let (kms, s3) = text.split_once("<ServiceNamespace>s3<").unwrap();
    assert!(
        kms.contains("<PolicyName>AdministratorAccess</PolicyName><PolicyType>MANAGED</PolicyType>"),
        "{kms}"
    );
    assert!(
        kms.contains(
            "<PolicyName>keys</PolicyName><PolicyType>INLINE</PolicyType><EntityType>GROUP</EntityType><EntityName>g<"
        ),
        "{kms}"
    );
    assert!(!kms.contains("inline") && s3.contains("<EntityType>USER</EntityType><EntityName>u<"), "{text}");
    let message = "Invalid service namespace: [nosuchthing]";
    let unknown = asked(["s3", "nosuchthing"]);
    fails(&lab, "ListPoliciesGrantingServiceAccess", &unknown, 400, "InvalidInput", message).await;
}

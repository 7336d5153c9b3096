//! What was allowed is what is done: a call is stopped at every point where it waits, the world is changed under it, and then it
//! goes on.

use std::collections::BTreeMap;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use serde_json::json;

use crate::NEVER;
use crate::support::calls::Plain;
use crate::support::world::{Rows, Template, World, difference};
use crate::support::{Answer, Keys, account};

/// Points at which a call is stopped: more than any has.
const POINTS: usize = 16;

/// What became of a call that was stopped on its way.
enum Stopped {
    /// It was done by then.
    Over,
    /// What was to happen meanwhile could not: the call holds what that needs, or went too far.
    Held,
    Answered(Answer),
}

/// Runs `call` up to its point number `point`, then `between`, then the rest.
async fn stopped(
    call: impl Future<Output = Answer>,
    point: usize,
    between: impl Future<Output = bool>,
) -> Stopped {
    let mut call = pin!(call);
    for _ in 0..point {
        if call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
            return Stopped::Over;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    if !tokio::time::timeout(Duration::from_millis(500), between).await.unwrap_or(false) {
        return Stopped::Held;
    }
    let answer = tokio::time::timeout(NEVER, call).await.expect("the call goes on");
    assert!(answer.status != 500, "{}", answer.text());
    Stopped::Answered(answer)
}

/// The answer of a call that was stopped, or on to the next point, or to the next call.
macro_rules! answer_of {
    ($stopped:expr) => {
        match $stopped {
            Stopped::Over => break,
            Stopped::Held => continue,
            Stopped::Answered(answer) => answer,
        }
    };
}

async fn did(world: &World, keys: &Keys, line: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let (method, path) = line.split_once(' ').unwrap();
    let answer = world.lab.s3(keys, method, path, headers, body.as_bytes()).await;
    assert!((200..300).contains(&answer.status), "{line}: {}", answer.text());
    answer
}

fn call(line: &str, headers: &[(&str, &str)], body: &str) -> Plain {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Plain::s3(line, &headers, body, &BTreeMap::new())
}

/// Rows about a bucket and about an account.
fn about(rows: &Rows, names: [&str; 2]) -> Rows {
    rows.iter().filter(|row| names.iter().any(|name| row.contains(&format!("'{name}'")))).cloned().collect()
}

#[tokio::test]
async fn a_bucket_that_changes_hands_under_a_call_is_another_bucket() {
    const BODY: &str = "the stranger's secret";
    let template = Template::build().await;
    let tagging = "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>";
    let versioning = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    let delete = "<Delete><Object><Key>key</Key></Object></Delete>";
    let copied = [("x-amz-copy-source", "contested/key")];
    let attributes = [("x-amz-object-attributes", "ObjectSize")];
    let world = template.world().await;
    let own = format!("/{}/object", world.names["bucket"]);
    let policy = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": world.lab.account}, "Action": "s3:*", "Resource": "arn:aws:s3:::contested/*",
    }]})
    .to_string();
    let calls = [
        call("GET /contested/key", &[], ""),
        call("HEAD /contested/key", &[], ""),
        call("GET /contested/key?tagging", &[], ""),
        call("GET /contested/key?acl", &[], ""),
        call("GET /contested/key?attributes", &attributes, ""),
        call("GET /contested?list-type=2", &[], ""),
        call("GET /contested?prefix=k", &[], ""),
        call("GET /contested?versions", &[], ""),
        call("GET /contested?uploads", &[], ""),
        call("DELETE /contested/key", &[], ""),
        call("DELETE /contested/key?versionId=null", &[], ""),
        call("POST /contested?delete", &[], delete),
        call("PUT /contested/key", &[], "overwritten"),
        call("PUT /contested/key?tagging", &[], tagging),
        call("DELETE /contested/key?tagging", &[], ""),
        call("POST /contested/key?uploads", &[], ""),
        call("PUT /contested?tagging", &[], tagging),
        call("PUT /contested?versioning", &[], versioning),
        call("PUT /contested?policy", &[], &policy),
        call("DELETE /contested", &[], ""),
        call(&format!("PUT {own}"), &copied, ""),
        call("PUT /contested/key", &[("x-amz-copy-source", own.trim_start_matches('/'))], ""),
    ];
    drop(world);
    for plain in calls {
        for point in 1..POINTS {
            let world = template.world().await;
            let (stranger_account, stranger) = account(&world.lab.sandbox).await;
            did(&world, &world.lab.admin, "PUT /contested", &[], "").await;
            let before = tokio::sync::Mutex::new((Rows::new(), String::new()));
            let between = async {
                let gone = world.lab.s3(&world.lab.admin, "DELETE", "/contested", &[], b"").await;
                if gone.status != 204 {
                    // The call got so far that its bucket is empty no more.
                    return false;
                }
                did(&world, &stranger, "PUT /contested", &[], "").await;
                did(&world, &stranger, "PUT /contested/key", &[("x-amz-tagging", "secret=tag")], BODY).await;
                let upload = did(&world, &stranger, "POST /contested/key?uploads", &[], "").await;
                *before.lock().await = (world.rows().await, upload.xml("UploadId").unwrap());
                true
            };
            let what = format!("{} {} at point {point}", plain.method, plain.path);
            let sandbox = &world.lab.sandbox;
            let answer =
                answer_of!(stopped(plain.send(sandbox, Some(&world.lab.admin)), point, between).await);
            let ((before, upload), after) = (before.into_inner(), world.rows().await);
            let names = ["contested", stranger_account.as_str()];
            let (kept, now) = (about(&before, names), about(&after, names));
            assert!(
                kept == now,
                "{what} changed the stranger's bucket: {} {}\n{}",
                answer.status,
                answer.text(),
                difference(&kept, &now)
            );
            let told = answer.text();
            let owner_id = crate::support::signer::sha256(stranger_account.as_bytes());
            for secret in [BODY, "secret", upload.as_str(), "<Size>", "<ObjectSize>", owner_id.as_str()] {
                assert!(!told.contains(secret), "{what} tells {secret}: {told}");
            }
            assert!(
                answer.header("etag").is_none() && answer.header("content-range").is_none(),
                "{what}: {:?}",
                answer.headers
            );
            let copied = world.lab.s3(&world.lab.admin, "GET", &own, &[], b"").await;
            assert_eq!(copied.text(), "the plain text", "{what}");
        }
    }
}

#[tokio::test]
async fn an_object_that_is_replaced_under_a_call_is_not_read_by_who_may_not() {
    let template = Template::build().await;
    for sealed in [false, true] {
        for line in ["GET", "HEAD", "COPY", "GET-TAGS"] {
            for point in 1..POINTS {
                let world = template.world().await;
                let bucket = world.names["bucket"].clone();
                let allow = json!({"Version": "2012-10-17", "Statement": [
                    {"Effect": "Allow", "Action": "s3:GetObject*", "Resource": "*", "Condition": {"StringEquals": {"s3:ExistingObjectTag/for": "all"}}},
                    {"Effect": "Allow", "Action": ["s3:PutObject*", "kms:*"], "Resource": "*"},
                ]})
                .to_string();
                let policy =
                    [("UserName", "tester"), ("PolicyName", "p"), ("PolicyDocument", allow.as_str())];
                assert_eq!(
                    world.lab.query(&world.lab.admin, "iam", "PutUserPolicy", &policy).await.status,
                    200
                );
                let key = world.names["key"].clone();
                let under_key = [
                    ("x-amz-server-side-encryption", "aws:kms"),
                    ("x-amz-server-side-encryption-aws-kms-key-id", key.as_str()),
                ];
                let headers = if sealed { &under_key[..] } else { &[] };
                let for_all = [headers, &[("x-amz-tagging", "for=all")]].concat();
                did(&world, &world.lab.admin, &format!("PUT /{bucket}/notice"), &for_all, "for all").await;
                let between = async {
                    let few = [headers, &[("x-amz-tagging", "for=few")]].concat();
                    did(&world, &world.lab.admin, &format!("PUT /{bucket}/notice"), &few, "for few").await;
                    true
                };
                let source = format!("{bucket}/notice");
                let plain = match line {
                    "COPY" => {
                        call(&format!("PUT /{bucket}/copied"), &[("x-amz-copy-source", source.as_str())], "")
                    }
                    "GET-TAGS" => call(&format!("GET /{source}?tagging"), &[], ""),
                    method => call(&format!("{method} /{source}"), &[], ""),
                };
                let sandbox = &world.lab.sandbox;
                let answer =
                    answer_of!(stopped(plain.send(sandbox, Some(&world.tester)), point, between).await);
                let what = format!("{line} at point {point}: {} {}", answer.status, answer.text());
                assert!(!answer.text().contains("few"), "{what}");
                assert!([200, 403, 404].contains(&answer.status), "{what}");
                let copied =
                    world.lab.s3(&world.lab.admin, "GET", &format!("/{bucket}/copied"), &[], b"").await;
                assert!(!copied.text().contains("few"), "{what}");
            }
        }
    }
}

#[tokio::test]
async fn a_key_policy_that_changes_under_a_call_lets_it_through_or_not_and_nothing_between() {
    let template = Template::build().await;
    for (line, body) in [("GET", ""), ("PUT", "the new text"), ("KMS", "")] {
        for point in 1..POINTS {
            let world = template.world().await;
            let (bucket, key) = (world.names["bucket"].clone(), world.names["key"].clone());
            let policy =
                [("UserName", "tester"), ("PolicyArn", "arn:aws:iam::aws:policy/AdministratorAccess")];
            assert_eq!(
                world.lab.query(&world.lab.admin, "iam", "AttachUserPolicy", &policy).await.status,
                200
            );
            let admin = json!({"Version": "2012-10-17", "Statement": [{
                "Effect": "Allow", "Action": "kms:*", "Resource": "*",
                "Principal": {"AWS": format!("arn:aws:iam::{}:user/Admin", world.lab.account)},
            }]});
            let between = async {
                let input = json!({"KeyId": key, "Policy": admin.to_string()});
                assert_eq!(world.lab.kms(&world.lab.admin, "PutKeyPolicy", input).await.status, 200);
                true
            };
            let headers = [
                ("x-amz-server-side-encryption", "aws:kms"),
                ("x-amz-server-side-encryption-aws-kms-key-id", key.as_str()),
            ];
            let plain = match line {
                "GET" => call(&format!("GET /{bucket}/sealed"), &[], ""),
                "PUT" => call(&format!("PUT /{bucket}/sealed"), &headers, body),
                _ => Plain::json(
                    "kms",
                    "PutKeyPolicy",
                    &json!({"KeyId": key, "Policy": world.names["key-policy"]}),
                ),
            };
            let sandbox = &world.lab.sandbox;
            let answer = answer_of!(stopped(plain.send(sandbox, Some(&world.tester)), point, between).await);
            let what = format!("{line} at point {point}: {} {}", answer.status, answer.text());
            let denied = match line {
                "KMS" => (400, "AccessDeniedException"),
                _ => (403, "AccessDenied"),
            };
            assert!(answer.status == 200 || (answer.status, answer.error().0.as_str()) == denied, "{what}");
            let there =
                world.lab.s3(&world.lab.admin, "GET", &format!("/{bucket}/sealed"), &[], b"").await.text();
            let wanted = if line == "PUT" && answer.status == 200 { body } else { "the sealed text" };
            assert_eq!(there, wanted, "{what}");
        }
    }
}

/// The key that the gate was asked about is the key that is used.
#[tokio::test]
async fn an_alias_that_moves_under_a_call_leads_to_the_key_that_was_asked_about() {
    let template = Template::build().await;
    for service in ["s3", "kms"] {
        for point in 1..POINTS {
            let world = template.world().await;
            let (bucket, other) = (world.names["bucket"].clone(), world.names["other-key"].clone());
            let between = async {
                let input = json!({"AliasName": "alias/sample", "TargetKeyId": other});
                assert_eq!(world.lab.kms(&world.lab.admin, "UpdateAlias", input).await.status, 200);
                true
            };
            let headers = [
                ("x-amz-server-side-encryption", "aws:kms"),
                ("x-amz-server-side-encryption-aws-kms-key-id", "alias/sample"),
            ];
            let plain = match service {
                "s3" => call(&format!("PUT /{bucket}/aliased"), &headers, "x"),
                _ => {
                    Plain::json("kms", "Encrypt", &json!({"KeyId": "alias/sample", "Plaintext": "aGVsbG8="}))
                }
            };
            let sandbox = &world.lab.sandbox;
            let answer =
                answer_of!(stopped(plain.send(sandbox, Some(&world.lab.admin)), point, between).await);
            assert_eq!(answer.status, 200, "{}", answer.text());
            let used = match service {
                "s3" => answer.header("x-amz-server-side-encryption-aws-kms-key-id").unwrap().to_owned(),
                _ => answer.json()["KeyId"].as_str().unwrap().to_owned(),
            };
            let traces = sandbox.trace(&answer.request_id());
            assert_eq!(
                traces.last().map(|trace| trace.resource.clone()),
                Some(used),
                "{service} at point {point}"
            );
        }
    }
}

/// A role that is made anew under a call that assumes it is another role, with another trust policy.
#[tokio::test]
async fn a_role_that_is_made_anew_under_a_call_is_not_the_one_that_was_assumed() {
    let template = Template::build().await;
    for point in 1..POINTS {
        let world = template.world().await;
        let arn = format!("arn:aws:iam::{}:role/spare-role", world.lab.account);
        let parameters = [("RoleArn".to_owned(), arn), ("RoleSessionName".to_owned(), "walk".to_owned())];
        let plain = Plain::query("sts", "AssumeRole", &parameters);
        let between = async {
            let trust = json!({"Version": "2012-10-17", "Statement": [{
                "Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole",
            }]})
            .to_string();
            let made = [("RoleName", "spare-role"), ("AssumeRolePolicyDocument", trust.as_str())];
            for (action, parameters) in [("DeleteRole", &made[..1]), ("CreateRole", &made[..])] {
                let answer = world.lab.query(&world.lab.admin, "iam", action, parameters).await;
                assert_eq!(answer.status, 200, "{}", answer.text());
            }
            true
        };
        let sandbox = &world.lab.sandbox;
        let answer = answer_of!(stopped(plain.send(sandbox, Some(&world.lab.admin)), point, between).await);
        let Some(token) = answer.xml("SessionToken") else { continue };
        let session = Keys {
            access_key_id: answer.xml("AccessKeyId").unwrap(),
            secret: answer.xml("SecretAccessKey").unwrap(),
            token: Some(token),
        };
        let who = world.lab.query(&session, "sts", "GetCallerIdentity", &[]).await;
        assert_eq!(who.error().0, "InvalidClientTokenId", "point {point}: {}", who.text());
    }
}

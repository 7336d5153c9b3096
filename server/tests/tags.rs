//! Verdicts of policies whose conditions are about tags, of who calls, of the key, of the object, of the role, and about what else a
//! call tells.

#![allow(clippy::unwrap_used)]

mod support;

use app::console::{Action, Console as _, Lane, ListingId, Listings, Persona, Record, StepId};
use policy::LaneVerdict::{Allows, Denies, NotConsulted, Silent};
use support::{PDF, Walk, assert_verdict, gate};

/// A policy that denies `action` where `key` is `value`.
fn denying(action: &str, key: &str, value: &str) -> String {
    serde_json::json!({"Version": "2012-10-17", "Statement": [{
        "Sid": "ByTag", "Effect": "Deny", "Action": action, "Resource": "*",
        "Condition": {"StringEquals": {key: value}}
    }]})
    .to_string()
}

fn iam_tag(key: &str, value: &str) -> aws_sdk_iam::types::Tag {
    aws_sdk_iam::types::Tag::builder().key(key).value(value).build().unwrap()
}

/// Writes a policy into a role.
async fn write_policy(walk: &Walk, role: &str, document: String) {
    let iam = walk.admin().await.iam;
    iam.put_role_policy().role_name(role).policy_name("tags").policy_document(document).send().await.unwrap();
}

/// The call's verdict, which is what the gate decided.
fn assert_judged(
    walk: &Walk,
    record: &Record,
    status: u16,
    lanes: [policy::LaneVerdict; 3],
    decided_by: Option<Lane>,
) {
    let code = (status == 403).then_some("AccessDenied");
    assert_verdict(record, status, code, lanes, decided_by);
    gate::assert_same(walk, record);
}

async fn create_policy(walk: &Walk) -> Record {
    let listing = ListingId::BucketAdmin;
    let form = walk.console.listing(listing, None).await.unwrap();
    walk.act(StepId::Policies, Action::CreatePolicy { listing, name: form.name, document: form.document })
        .await
}

#[tokio::test]
async fn a_users_tags_name_and_id_are_known() {
    let walk = Walk::started(Listings::Corrected).await;
    let iam = walk.admin().await.iam;
    let user = iam.get_user().send().await.unwrap().user().unwrap().clone();
    let put = |key: &str, value: &str| {
        let put = iam.put_user_policy().user_name(user.user_name()).policy_name("tags");
        put.policy_document(denying("iam:CreatePolicy", key, value)).send()
    };
    let denied = [Denies, NotConsulted, NotConsulted];
    put("aws:username", user.user_name()).await.unwrap();
    assert_judged(&walk, &create_policy(&walk).await, 403, denied, Some(Lane::Iam));
    put("aws:userid", user.user_id()).await.unwrap();
    assert_judged(&walk, &create_policy(&walk).await, 403, denied, Some(Lane::Iam));

    put("aws:PrincipalTag/Team", "blue").await.unwrap();
    iam.tag_user().user_name(user.user_name()).tags(iam_tag("team", "blue")).send().await.unwrap();
    assert_judged(&walk, &create_policy(&walk).await, 403, denied, Some(Lane::Iam));
    iam.tag_user().user_name(user.user_name()).tags(iam_tag("team", "red")).send().await.unwrap();
    let allowed = [Allows, NotConsulted, NotConsulted];
    assert_judged(&walk, &create_policy(&walk).await, 200, allowed, Some(Lane::Iam));
}

#[tokio::test]
async fn a_roles_tags_are_known_of_its_sessions() {
    let walk = Walk::started(Listings::Corrected).await;
    walk.policies().await;
    walk.roles().await;
    let role = "secure-bucket-admin";
    write_policy(&walk, role, denying("s3:CreateBucket", "aws:PrincipalTag/team", "blue")).await;
    let iam = walk.admin().await.iam;
    iam.tag_role().role_name(role).tags(iam_tag("team", "blue")).send().await.unwrap();
    walk.switch(Persona::SecureBucketAdmin).await;
    let create = Action::CreateBucket { name: walk.lab().await.bucket };
    let record = walk.act(StepId::Bucket, create.clone()).await;
    assert_judged(&walk, &record, 403, [Denies, NotConsulted, NotConsulted], Some(Lane::Iam));
    iam.untag_role().role_name(role).tag_keys("team").send().await.unwrap();
    let record = walk.done(StepId::Bucket, create).await;
    gate::assert_same(&walk, &record);
}

#[tokio::test]
async fn the_tags_of_the_role_that_is_assumed_are_known() {
    let walk = Walk::started(Listings::Corrected).await;
    walk.policies().await;
    walk.roles().await;
    let iam = walk.admin().await.iam;
    let user = iam.get_user().send().await.unwrap().user().unwrap().user_name().to_owned();
    let document = denying("sts:AssumeRole", "iam:ResourceTag/locked", "yes");
    iam.put_user_policy().user_name(user).policy_name("tags").policy_document(document).send().await.unwrap();
    let role = "secure-key-admin";
    iam.tag_role().role_name(role).tags(iam_tag("locked", "yes")).send().await.unwrap();
    let id = walk.console.switch(Persona::SecureKeyAdmin, None).await.unwrap().unwrap();
    let record = walk.console.record(id).await.unwrap();
    assert_eq!(record.answer.status, 403, "{:?}", record.answer);
    assert_eq!(record.verdict.decided_by, Some(Lane::Iam));
    assert!(record.verdict.agrees, "{}", record.verdict.explanation);
    gate::assert_same(&walk, &record);
    iam.untag_role().role_name(role).tag_keys("locked").send().await.unwrap();
    walk.switch(Persona::SecureKeyAdmin).await;
}

#[tokio::test]
async fn a_keys_tags_are_known_where_s3_uses_it() {
    let walk = Walk::built().await;
    write_policy(&walk, "authorized-users", denying("kms:*", "aws:ResourceTag/stage", "closed")).await;
    let kms = walk.admin().await.kms;
    let key = walk.lab().await.key_arn.unwrap();
    let tag = |value: &str| {
        let tag = aws_sdk_kms::types::Tag::builder().tag_key("stage").tag_value(value).build().unwrap();
        kms.tag_resource().key_id(&key).tags(tag).send()
    };
    tag("closed").await.unwrap();
    let upload = walk.upload_command("").await;
    let record = walk.last_call(&walk.run(StepId::Test1, &upload).await).await;
    assert_judged(&walk, &record, 403, [Denies, Silent, Allows], Some(Lane::Iam));
    tag("open").await.unwrap();
    let record = walk.last_call(&walk.run(StepId::Test1, &upload).await).await;
    assert_eq!(record.answer.status, 200, "{:?}", record.answer);
    assert!(record.verdict.agrees, "{}", record.verdict.explanation);
    gate::assert_same(&walk, &record);
}

#[tokio::test]
async fn an_objects_tags_are_known_where_it_is_read() {
    let walk = Walk::built().await;
    walk.run(StepId::Test1, &walk.upload_command(PDF).await).await;
    write_policy(&walk, "authorized-users", denying("s3:GetObject", "s3:ExistingObjectTag/class", "secret"))
        .await;
    let s3 = walk.admin().await.s3;
    let bucket = walk.lab().await.bucket;
    let tag = |value: &str| {
        let tag = aws_sdk_s3::types::Tag::builder().key("class").value(value).build().unwrap();
        let tags = aws_sdk_s3::types::Tagging::builder().tag_set(tag).build().unwrap();
        s3.put_object_tagging().bucket(&bucket).key(PDF).tagging(tags).send()
    };
    tag("secret").await.unwrap();
    let download = walk.download_command("back.pdf").await;
    let record = walk.last_call(&walk.run(StepId::Test1, &download).await).await;
    assert_eq!(record.answer.status, 403, "{:?}", record.answer);
    assert_eq!(record.verdict.decided_by, Some(Lane::Iam));
    assert!(record.verdict.agrees, "{}", record.verdict.explanation);
    gate::assert_same(&walk, &record);
    tag("public").await.unwrap();
    let record = walk.last_call(&walk.run(StepId::Test1, &download).await).await;
    assert_eq!(record.answer.status, 200, "{:?}", record.answer);
    assert!(record.verdict.agrees, "{}", record.verdict.explanation);
    gate::assert_same(&walk, &record);
}

#[tokio::test]
async fn tags_that_cannot_be_read_are_named_where_evaluation_and_answer_differ() {
    let walk = Walk::built().await;
    let admin = walk.admin().await;
    let user = admin.iam.get_user().send().await.unwrap().user().unwrap().user_name().to_owned();
    write_policy(&walk, "authorized-users", denying("kms:*", "aws:ResourceTag/stage", "closed")).await;
    let key = walk.lab().await.key_arn.unwrap();
    let tag = aws_sdk_kms::types::Tag::builder().tag_key("stage").tag_value("closed").build().unwrap();
    admin.kms.tag_resource().key_id(&key).tags(tag).send().await.unwrap();
    let blind = denying("kms:ListResourceTags", "aws:username", &user);
    admin
        .iam
        .put_user_policy()
        .user_name(&user)
        .policy_name("b")
        .policy_document(blind)
        .send()
        .await
        .unwrap();
    // The key's administrator still reads them.
    let record = walk.last_call(&walk.run(StepId::Test1, &walk.upload_command("").await).await).await;
    assert_eq!(record.answer.status, 403, "{:?}", record.answer);
    assert!(record.verdict.agrees, "{}", record.verdict.explanation);

    let account = walk.lab().await.account_id;
    let blind = denying("kms:ListResourceTags", "aws:PrincipalAccount", &account);
    write_policy(&walk, "secure-key-admin", blind).await;
    let record = walk.last_call(&walk.run(StepId::Test1, &walk.upload_command("").await).await).await;
    assert_eq!(record.answer.status, 403, "{:?}", record.answer);
    assert!(!record.verdict.agrees);
    let told = &record.verdict.explanation;
    assert!(told.contains("It could not read the key's tags (AccessDeniedException)."), "{told}");
}

#[tokio::test]
async fn what_else_a_call_and_its_key_tell_is_known() {
    let walk = Walk::built().await;
    let s3 = walk.admin().await.s3;
    let bucket = walk.lab().await.bucket;
    let upload = walk.upload_command("").await;
    let denied = |action: &str, operator: &str, key: &str, value: &str| {
        serde_json::json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Deny", "Action": action, "Resource": "*", "Condition": {operator: {key: value}}
        }]})
        .to_string()
    };
    for document in [
        denied("s3:PutObject", "StringEquals", "s3:authType", "REST-HEADER"),
        denied("s3:PutObject", "DateGreaterThan", "aws:CurrentTime", "2020-01-01T00:00:00Z"),
        denied("s3:PutObject", "NumericGreaterThan", "aws:EpochTime", "1577836800"),
        denied("s3:PutObject", "IpAddress", "aws:SourceIp", "0.0.0.0/0"),
        denied("s3:PutObject", "DateLessThan", "aws:TokenIssueTime", "2100-01-01T00:00:00Z"),
        denied("s3:PutObject", "ArnLike", "ec2:SourceInstanceARN", "arn:aws:ec2:us-east-1:*:instance/i-*"),
        denied("s3:PutObject", "NumericEquals", "ec2:RoleDelivery", "2.0"),
        denied("s3:PutObject", "Bool", "s3:ObjectCreationOperation", "true"),
        denied("kms:GenerateDataKey", "StringEquals", "kms:EncryptionAlgorithm", "SYMMETRIC_DEFAULT"),
        denied("kms:GenerateDataKey", "StringEquals", "kms:KeySpec", "SYMMETRIC_DEFAULT"),
        denied("kms:GenerateDataKey", "ForAnyValue:StringLike", "kms:ResourceAliases", "alias/secure-*"),
    ] {
        write_policy(&walk, "authorized-users", document.clone()).await;
        let record = walk.last_call(&walk.run(StepId::Test1, &upload).await).await;
        assert_eq!(record.answer.status, 403, "{document}: {:?}", record.answer);
        assert!(record.verdict.agrees, "{document}: {}", record.verdict.explanation);
        assert_eq!(record.verdict.decided_by, Some(Lane::Iam), "{document}");
        gate::assert_same(&walk, &record);
    }

    // S3 does not tell KMS from where it was called.
    write_policy(&walk, "authorized-users", denied("kms:*", "IpAddress", "aws:SourceIp", "0.0.0.0/0")).await;
    let record = walk.last_call(&walk.run(StepId::Test1, &upload).await).await;
    assert_eq!(record.answer.status, 200, "{:?}", record.answer);
    assert!(record.verdict.agrees, "{}", record.verdict.explanation);
    gate::assert_same(&walk, &record);

    // With a Bucket Key the encryption context is the bucket, with whatever key and by whatever request.
    let arn = format!("arn:aws:s3:::{bucket}");
    let document = denied("kms:*", "StringEquals", "kms:EncryptionContext:aws:s3:arn", &arn);
    write_policy(&walk, "authorized-users", document).await;
    let record = walk.last_call(&walk.run(StepId::Test1, &upload).await).await;
    assert_eq!(record.answer.status, 200, "{:?}", record.answer);
    let by_default = aws_sdk_s3::types::ServerSideEncryptionByDefault::builder()
        .sse_algorithm(aws_sdk_s3::types::ServerSideEncryption::AwsKms)
        .build()
        .unwrap();
    let rule = aws_sdk_s3::types::ServerSideEncryptionRule::builder()
        .apply_server_side_encryption_by_default(by_default)
        .bucket_key_enabled(true)
        .build();
    let rules = aws_sdk_s3::types::ServerSideEncryptionConfiguration::builder().rules(rule).build().unwrap();
    s3.put_bucket_encryption()
        .bucket(&bucket)
        .server_side_encryption_configuration(rules)
        .send()
        .await
        .unwrap();
    let record = walk.last_call(&walk.run(StepId::Test1, &upload).await).await;
    assert_eq!(record.answer.status, 403, "{:?}", record.answer);
    assert!(record.verdict.agrees, "{}", record.verdict.explanation);
    gate::assert_same(&walk, &record);
    assert!(walk.console.scene().await.unwrap().bucket_keys);
}

//! IAM and STS: users, roles and policies, sessions, and errors by their types.

use aws_credential_types::Credentials;
use aws_sdk_iam::error::ProvideErrorMetadata as _;
use aws_sdk_iam::types::PolicyScopeType;

use crate::lab::{ACCOUNT, Lab};

const ANY_BUCKET: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#;
const MAY_ASSUME: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}]}"#;

fn trust() -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::{ACCOUNT}:root"}},
        "Action":"sts:AssumeRole"}}]}}"#
    )
}

#[tokio::test]
async fn a_role_is_assumed_and_its_session_may_what_its_policies_say() {
    let lab = Lab::start();
    let iam = lab.root().iam;
    let role =
        iam.create_role().role_name("worker").assume_role_policy_document(trust()).send().await.unwrap();
    let role = role.role().unwrap();
    assert_eq!(role.arn(), format!("arn:aws:iam::{ACCOUNT}:role/worker"));
    assert!(role.create_date().secs() > 0);
    let policy =
        iam.create_policy().policy_name("any-bucket").policy_document(ANY_BUCKET).send().await.unwrap();
    let policy_arn = policy.policy().unwrap().arn().unwrap().to_owned();
    iam.attach_role_policy().role_name("worker").policy_arn(&policy_arn).send().await.unwrap();

    let user = lab.user("caller", Some(MAY_ASSUME)).await;
    let assume = user.sts.assume_role().role_arn(role.arn()).role_session_name("walk").duration_seconds(900);
    let assumed = assume.send().await.unwrap();
    assert_eq!(
        assumed.assumed_role_user().unwrap().arn(),
        format!("arn:aws:sts::{ACCOUNT}:assumed-role/worker/walk")
    );
    let keys = assumed.credentials().unwrap();
    let token = Some(keys.session_token().to_owned());
    let session =
        lab.person(Credentials::new(keys.access_key_id(), keys.secret_access_key(), token, None, "session"));
    let me = session.sts.get_caller_identity().send().await.unwrap();
    assert_eq!(me.account(), Some(ACCOUNT));
    session.s3.create_bucket().bucket("of-a-session").send().await.unwrap();
    let denied = session.kms.list_keys().send().await.unwrap_err();
    assert_eq!(aws_sdk_kms::error::ProvideErrorMetadata::code(&denied), Some("AccessDeniedException"));
    // What is taken from the role is taken from the session that is there already.
    iam.detach_role_policy().role_name("worker").policy_arn(&policy_arn).send().await.unwrap();
    let denied = session.s3.list_buckets().send().await.unwrap_err();
    assert_eq!(aws_sdk_s3::error::ProvideErrorMetadata::code(&denied), Some("AccessDenied"));
}

#[tokio::test]
async fn listings_come_in_pages() {
    let lab = Lab::start();
    let iam = lab.root().iam;
    for number in 0..5 {
        let name = format!("user-{number}");
        iam.create_user().user_name(&name).path("/team/").send().await.unwrap();
    }
    let users = iam.list_users().path_prefix("/team/").into_paginator().page_size(2).items().send();
    let users: Vec<_> = users.collect::<Result<_, _>>().await.unwrap();
    assert_eq!(users.len(), 5);
    let managed = iam.list_policies().scope(PolicyScopeType::Aws).into_paginator().items().send();
    let managed: Vec<_> = managed.collect::<Result<_, _>>().await.unwrap();
    let administrator = managed.iter().find(|policy| policy.policy_name() == Some("AdministratorAccess"));
    assert_eq!(administrator.unwrap().arn(), Some("arn:aws:iam::aws:policy/AdministratorAccess"));
}

#[tokio::test]
async fn errors_have_the_types_that_the_sdk_knows_and_are_not_tried_again() {
    let lab = Lab::start();
    let root = lab.root();
    let iam = &root.iam;
    iam.create_user().user_name("twice").send().await.unwrap();
    let again = iam.create_user().user_name("twice").send().await.unwrap_err();
    assert!(again.as_service_error().unwrap().is_entity_already_exists_exception(), "{again:?}");
    let missing = iam.get_role().role_name("missing").send().await.unwrap_err();
    assert!(missing.as_service_error().unwrap().is_no_such_entity_exception(), "{missing:?}");
    assert_eq!(missing.message(), Some("The role with name missing cannot be found."));
    let broken = iam.create_policy().policy_name("broken").policy_document("{").send().await.unwrap_err();
    assert!(broken.as_service_error().unwrap().is_malformed_policy_document_exception(), "{broken:?}");
    iam.create_access_key().user_name("twice").send().await.unwrap();
    let holds = iam.delete_user().user_name("twice").send().await.unwrap_err();
    assert!(holds.as_service_error().unwrap().is_delete_conflict_exception(), "{holds:?}");
    let root_user = root.sts.assume_role().role_arn(format!("arn:aws:iam::{ACCOUNT}:role/missing"));
    let refused = root_user.role_session_name("walk").send().await.unwrap_err();
    let refused = aws_sdk_sts::error::ProvideErrorMetadata::message(&refused).map(str::to_owned);
    assert_eq!(refused.as_deref(), Some("Roles may not be assumed by root accounts."));
    assert_eq!(root.tcp.sent(), 7, "one request each");
}

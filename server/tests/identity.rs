//! Verdicts where a user's own policies are not all that bears on a call: its groups and its permissions boundary.

#![allow(clippy::unwrap_used)]

mod support;

use app::console::{Action, Console as _, Lane, ListingId, Listings, Record, StepId};
use policy::LaneVerdict::{Denies, NotConsulted, Silent};
use support::{Walk, assert_verdict};

const ALL_BUT_ONE: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","NotAction":"iam:CreatePolicy","Resource":"*"}]}"#;
const NOT_THIS_ONE: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"iam:CreatePolicy","Resource":"*"}]}"#;

/// IAM as Admin, and Admin's name.
async fn admin(walk: &Walk) -> (aws_sdk_iam::Client, String) {
    let iam = walk.admin().await.iam;
    let name = iam.get_user().send().await.unwrap().user().unwrap().user_name().to_owned();
    (iam, name)
}

async fn create_policy(walk: &Walk) -> Record {
    let listing = ListingId::BucketAdmin;
    let form = walk.console.listing(listing, None).await.unwrap();
    walk.act(StepId::Policies, Action::CreatePolicy { listing, name: form.name, document: form.document })
        .await
}

#[tokio::test]
async fn a_group_that_denies_is_found_and_told() {
    let walk = Walk::started(Listings::Corrected).await;
    let (iam, name) = admin(&walk).await;
    iam.create_group().group_name("barred").send().await.unwrap();
    iam.put_group_policy()
        .group_name("barred")
        .policy_name("no")
        .policy_document(NOT_THIS_ONE)
        .send()
        .await
        .unwrap();
    iam.add_user_to_group().group_name("barred").user_name(&name).send().await.unwrap();
    let record = create_policy(&walk).await;
    assert_verdict(&record, 403, Some("AccessDenied"), [Denies, NotConsulted, NotConsulted], Some(Lane::Iam));
}

#[tokio::test]
async fn a_boundary_of_the_user_is_found_and_told() {
    let walk = Walk::started(Listings::Corrected).await;
    let (iam, name) = admin(&walk).await;
    let made = iam.create_policy().policy_name("limit").policy_document(ALL_BUT_ONE).send().await.unwrap();
    let arn = made.policy().unwrap().arn().unwrap();
    iam.put_user_permissions_boundary().user_name(&name).permissions_boundary(arn).send().await.unwrap();
    let record = create_policy(&walk).await;
    assert_verdict(&record, 403, Some("AccessDenied"), [Silent, NotConsulted, NotConsulted], Some(Lane::Iam));
}

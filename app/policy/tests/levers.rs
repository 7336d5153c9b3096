//! Which layers would have to change to turn a decision round.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use policy::Layer::{Boundary, Grant, Identity, Resource};
use policy::{
    Context, Document, Layer, NamedPolicy, Policies, Principal, Request, ResourceKind, Unmet, evaluate,
};

const ROLE: &str = "arn:aws:iam::111122223333:role/authorized-users";
const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

fn named(json: &str) -> NamedPolicy {
    NamedPolicy { name: "policy".into(), arn: None, document: Arc::new(Document::parse(json).unwrap()) }
}

fn statement(effect: &str, principal: &str, action: &str) -> NamedPolicy {
    named(&format!(
        r#"{{"Version": "2012-10-17", "Statement": {{"Effect": "{effect}", {principal} "Action": "{action}", "Resource": "*"}}}}"#
    ))
}

fn request(principal: Principal, action: &str, resource: &str) -> Request {
    Request {
        principal,
        action: action.into(),
        resource: resource.into(),
        resource_account: Some("111122223333".into()),
        context: Context::new(),
    }
}

fn session() -> Principal {
    Principal::session(ROLE, "i-0").unwrap()
}

#[track_caller]
fn turns(request: &Request, policies: &Policies<'_>, expected: &[&[Layer]]) {
    assert_eq!(evaluate(request, policies).levers(), expected);
}

#[test]
fn a_key_that_only_delegates_can_be_opened_in_three_places() {
    let key_policy = statement("Allow", r#""Principal": {"AWS": "111122223333"},"#, "kms:*");
    let policies =
        Policies { resource: Some(&key_policy), resource_kind: ResourceKind::KmsKey, ..Policies::default() };
    turns(&request(session(), "kms:Decrypt", KEY), &policies, &[&[Identity], &[Resource], &[Grant]]);
}

#[test]
fn iam_alone_opens_no_key_whose_policy_does_not_consent() {
    let key_policy =
        statement("Allow", r#""Principal": {"AWS": "arn:aws:iam::111122223333:user/other"},"#, "kms:*");
    let policies =
        Policies { resource: Some(&key_policy), resource_kind: ResourceKind::KmsKey, ..Policies::default() };
    turns(&request(session(), "kms:Decrypt", KEY), &policies, &[&[Resource], &[Grant]]);
}

#[test]
fn an_explicit_denial_turns_only_where_it_stands() {
    let identity = [statement("Allow", "", "s3:*")];
    let bucket_policy = statement("Deny", r#""Principal": "*","#, "s3:PutObject");
    let policies = Policies {
        identity: &identity,
        resource: Some(&bucket_policy),
        resource_kind: ResourceKind::S3Bucket,
        ..Policies::default()
    };
    turns(&request(session(), "s3:PutObject", "arn:aws:s3:::b/k"), &policies, &[&[Resource]]);
}

#[test]
fn an_allow_turns_where_it_is_taken_away() {
    let identity = [statement("Allow", "", "s3:*")];
    let bucket_policy = statement("Allow", r#""Principal": "*","#, "s3:GetObject");
    let boundaries = [statement("Allow", "", "s3:*")];
    let both = Policies {
        identity: &identity,
        resource: Some(&bucket_policy),
        resource_kind: ResourceKind::S3Bucket,
        boundaries: &boundaries,
        ..Policies::default()
    };
    let read = request(session(), "s3:GetObject", "arn:aws:s3:::b/k");
    turns(&read, &both, &[&[Identity, Resource], &[Resource, Boundary]]);
    let other_account = request(
        Principal::from_arn("arn:aws:iam::444455556666:user/carol").unwrap(),
        "s3:GetObject",
        "arn:aws:s3:::b/k",
    );
    turns(&other_account, &both, &[&[Identity], &[Resource], &[Boundary]]);
}

#[test]
fn across_accounts_both_sides_are_missing() {
    let other_account = request(
        Principal::from_arn("arn:aws:iam::444455556666:user/carol").unwrap(),
        "s3:GetObject",
        "arn:aws:s3:::b/k",
    );
    let policies = Policies { resource_kind: ResourceKind::S3Bucket, ..Policies::default() };
    turns(&other_account, &policies, &[&[Identity, Resource]]);
}

#[test]
fn the_root_user_needs_no_policy_and_loses_nothing_by_one() {
    let root = request(Principal::root("111122223333"), "s3:GetObject", "arn:aws:s3:::b/k");
    let policies = Policies { resource_kind: ResourceKind::S3Bucket, ..Policies::default() };
    turns(&root, &policies, &[]);
}

#[test]
fn every_statement_that_was_read_is_told_with_what_it_lacked() {
    let identity = [named(
        r#"{"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"},
            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::c/*"},
            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*",
             "Condition": {"StringEquals": {"aws:PrincipalTag/team": ["red", "blue"]}}},
            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}"#,
    )];
    let policies = Policies { identity: &identity, ..Policies::default() };
    let mut asked = request(session(), "s3:GetObject", "arn:aws:s3:::b/k");
    asked.context.set("aws:PrincipalTag/team", ["green"]);
    let decision = evaluate(&asked, &policies);
    let [action, resource, condition, met] = decision.examined() else { panic!("four statements") };
    assert!(matches!(action.applied, Err(Unmet::Action)));
    assert!(matches!(resource.applied, Err(Unmet::Resource)));
    let Err(Unmet::Condition(condition)) = condition.applied else { panic!("a condition") };
    assert_eq!((condition.operator(), condition.key()), ("StringEquals", "aws:PrincipalTag/team"));
    assert_eq!(condition.wanted(), ["red", "blue"]);
    assert_eq!(decision.actual(condition).unwrap().collect::<Vec<_>>(), ["green"]);
    assert!(met.applied.is_ok());
}

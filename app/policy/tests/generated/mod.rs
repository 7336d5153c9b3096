//! Policies and requests at random, from words that often match one another: for the property tests and the fuzz targets.
#![allow(clippy::unwrap_used, unreachable_pub)]

use std::collections::BTreeMap;
use std::sync::Arc;

use policy::{
    Context, Document, Grant, GrantConstraints, NamedPolicy, Policies, Principal, Request, ResourceKind,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

const ACTIONS: &[&str] = &[
    "*",
    "s3:*",
    "s3:GetObject",
    "s3:Get?bject",
    "S3:getobject",
    "kms:Decrypt",
    "kms:*",
    "sts:AssumeRole",
    "",
    "é:*",
];

const ASKED: &[&str] =
    &["s3:GetObject", "s3:PutBucketPolicy", "kms:Decrypt", "kms:RetireGrant", "sts:AssumeRole", ""];

const RESOURCES: &[&str] = &[
    "*",
    "arn:aws:s3:::b/*",
    "arn:aws:s3:::b",
    "arn:aws:s3:::b/${aws:username}/*",
    "arn:aws:kms:*:111122223333:key/*",
    "arn:aws:iam::111122223333:role/r",
    " arn:aws:s3:::b/*",
    "${aws:x, 'arn:aws:s3:::b'}/*",
    "${",
    "",
];

const ASKED_ON: &[&str] = &[
    "arn:aws:s3:::b/alice/k",
    "arn:aws:s3:::b",
    "arn:aws:kms:us-east-1:111122223333:key/k",
    "arn:aws:iam::111122223333:role/r",
    "*",
    "",
];

const PRINCIPALS: &[&str] = &[
    "*",
    "111122223333",
    "444455556666",
    "arn:aws:iam::111122223333:root",
    "arn:aws:iam::111122223333:user/alice",
    "arn:aws:iam::111122223333:role/r",
    "arn:aws:iam::111122223333:role/team/r",
    "arn:aws:sts::111122223333:assumed-role/r/s",
    "arn:aws:iam::111122223333:user/*",
    "AROAEXAMPLE",
    "",
];

const CALLERS: &[&str] = &[
    "arn:aws:iam::111122223333:root",
    "arn:aws:iam::111122223333:user/alice",
    "arn:aws:iam::111122223333:role/r",
    "arn:aws:sts::111122223333:assumed-role/r/s",
    "arn:aws:sts::111122223333:federated-user/f",
    "arn:aws:iam::444455556666:user/alice",
];

const OPERATORS: &[&str] = &[
    "StringEquals",
    "StringNotEquals",
    "StringLike",
    "StringNotLikeIfExists",
    "StringEqualsIgnoreCase",
    "ArnLike",
    "ArnNotEquals",
    "NumericLessThan",
    "NumericNotEquals",
    "DateGreaterThan",
    "Bool",
    "BinaryEquals",
    "IpAddress",
    "NotIpAddressIfExists",
    "Null",
    "ForAllValues:StringLike",
    "ForAllValues:StringNotEquals",
    "ForAnyValue:StringEquals",
    "ForAnyValue:NumericEquals",
];

const KEYS: &[&str] = &[
    "aws:username",
    "aws:PrincipalArn",
    "AWS:principalarn",
    "aws:SourceIp",
    "aws:CurrentTime",
    "aws:TagKeys",
    "kms:CallerAccount",
    "kms:EncryptionContext:a",
    "s3:x-amz-server-side-encryption",
];

const VALUES: &[&str] = &[
    "alice",
    "aws:kms",
    "a*",
    "?",
    "",
    "true",
    "false",
    "10",
    "1e3",
    "-1e309",
    "9999999999999999999999999999999999999999",
    "2026-11-24T10:00:00Z",
    "2026-02-30T99:99:99+é",
    "10.0.0.0/8",
    "10.1.2.3",
    "::/129",
    "2001:DB8::1",
    "YQ==",
    "arn:aws:iam::111122223333:role/r",
    "111122223333",
    "${aws:username}",
    "${aws:x, '",
    "${*}",
    "é:ü:*:?",
    "\u{0}",
];

/// A word of the list, most often the first: the one that takes in most.
fn word(words: &'static [&'static str]) -> impl Strategy<Value = String> + Clone {
    prop_oneof![20 => Just(words[0].to_owned()), 20 => select(words).prop_map(str::to_owned), 1 => "\\PC{0,12}"]
}

/// One value, or a list of them.
fn values(words: &'static [&'static str]) -> impl Strategy<Value = Value> {
    prop_oneof![2 => word(words).prop_map(Value::from), 1 => vec(word(words), 0..3).prop_map(Value::from)]
}

fn principals() -> impl Strategy<Value = Value> {
    prop_oneof![
        1 => Just(json!("*")),
        4 => values(PRINCIPALS).prop_map(|aws| json!({ "AWS": aws })),
        1 => (values(PRINCIPALS), values(PRINCIPALS), values(PRINCIPALS)).prop_map(|(service, federated, canonical)| {
            json!({ "Service": service, "Federated": federated, "CanonicalUser": canonical })
        }),
    ]
}

/// A statement of the policy language, with or without each element it can lack.
pub fn statement(effect: &'static [&'static str]) -> impl Strategy<Value = Value> {
    let condition = (select(OPERATORS), select(KEYS), values(VALUES));
    (
        select(effect),
        option::weighted(0.96, (prop::bool::weighted(0.1), values(ACTIONS))),
        option::weighted(0.96, (prop::bool::weighted(0.1), values(RESOURCES))),
        option::weighted(0.96, (prop::bool::weighted(0.1), principals())),
        prop_oneof![3 => Just(Vec::new()), 1 => vec(condition, 1..3)],
    )
        .prop_map(|(effect, action, resource, principal, conditions)| {
            let mut statement = json!({ "Effect": effect });
            let elements = [
                (action, ["Action", "NotAction"]),
                (resource, ["Resource", "NotResource"]),
                (principal, ["Principal", "NotPrincipal"]),
            ];
            for (element, [plain, negated]) in elements {
                if let Some((is_negated, value)) = element {
                    statement[if is_negated { negated } else { plain }] = value;
                }
            }
            for (operator, key, wanted) in conditions {
                statement["Condition"][operator][key] = wanted;
            }
            statement
        })
}

/// A document that parses.
pub fn document() -> impl Strategy<Value = Value> {
    let version = option::weighted(0.9, select(&["2012-10-17", "2008-10-17"][..]));
    (version, vec(statement(&["Allow", "Allow", "Allow", "Allow", "Deny"]), 1..4)).prop_map(
        |(version, statements)| {
            let mut document = json!({ "Statement": statements });
            if let Some(version) = version {
                document["Version"] = version.into();
            }
            document
        },
    )
}

/// Everything that bears on a decision, as JSON, so that it can be changed.
#[derive(Clone, Debug)]
pub struct Question {
    pub request: Request,
    pub identity: Vec<Value>,
    pub resource: Option<Value>,
    pub resource_kind: ResourceKind,
    pub grants: Vec<Grant>,
    pub boundaries: Vec<Value>,
    pub session_policies: Vec<Value>,
    pub scps: Vec<Vec<Value>>,
    pub rcps: Vec<Vec<Value>>,
    pub endpoint_policies: Vec<Value>,
    pub block_public_access: bool,
}

/// A question with its policies compiled.
pub struct Compiled {
    request: Request,
    identity: Vec<NamedPolicy>,
    resource: Option<NamedPolicy>,
    resource_kind: ResourceKind,
    grants: Vec<Grant>,
    boundaries: Vec<NamedPolicy>,
    session_policies: Vec<NamedPolicy>,
    scps: Vec<Vec<NamedPolicy>>,
    rcps: Vec<Vec<NamedPolicy>>,
    endpoint_policies: Vec<NamedPolicy>,
    block_public_access: bool,
}

impl Question {
    pub fn compile(&self) -> Compiled {
        let one = |json: &Value| NamedPolicy {
            name: "p".to_owned(),
            arn: None,
            document: Arc::new(Document::parse(&json.to_string()).unwrap()),
        };
        let list = |list: &[Value]| list.iter().map(one).collect::<Vec<_>>();
        let levels = |levels: &[Vec<Value>]| levels.iter().map(|level| list(level)).collect::<Vec<_>>();
        Compiled {
            request: self.request.clone(),
            identity: list(&self.identity),
            resource: self.resource.as_ref().map(one),
            resource_kind: self.resource_kind,
            grants: self.grants.clone(),
            boundaries: list(&self.boundaries),
            session_policies: list(&self.session_policies),
            scps: levels(&self.scps),
            rcps: levels(&self.rcps),
            endpoint_policies: list(&self.endpoint_policies),
            block_public_access: self.block_public_access,
        }
    }

    /// Every document, to be changed in place.
    pub fn documents(&mut self) -> Vec<&mut Value> {
        let lists = [
            &mut self.identity,
            &mut self.boundaries,
            &mut self.session_policies,
            &mut self.endpoint_policies,
        ];
        let levels = self.scps.iter_mut().chain(&mut self.rcps);
        lists.into_iter().chain(levels).flatten().chain(&mut self.resource).collect()
    }
}

impl Compiled {
    pub fn request(&self) -> &Request {
        &self.request
    }

    pub fn policies(&self) -> Policies<'_> {
        Policies {
            identity: &self.identity,
            resource: self.resource.as_ref(),
            resource_kind: self.resource_kind,
            grants: &self.grants,
            boundaries: &self.boundaries,
            session_policies: &self.session_policies,
            scps: &self.scps,
            rcps: &self.rcps,
            endpoint_policies: &self.endpoint_policies,
            block_public_access: self.block_public_access,
        }
    }
}

fn caller() -> impl Strategy<Value = Principal> {
    prop_oneof![
        8 => select(CALLERS).prop_map(|arn| Principal::from_arn(arn).unwrap()),
        1 => Just(Principal::session("arn:aws:iam::111122223333:role/team/r", "s").unwrap()),
        1 => Just(Principal::anonymous()),
        1 => word(PRINCIPALS).prop_map(Principal::service),
        1 => word(PRINCIPALS).prop_map(Principal::federated),
        1 => (word(PRINCIPALS), word(VALUES)).prop_map(|(account, name)| Principal::user(&account, &name)),
    ]
}

fn request() -> impl Strategy<Value = Request> {
    let context = vec((select(KEYS), vec(word(VALUES), 0..3)), 0..4);
    let account = option::of(select(&["111122223333", "444455556666"][..]));
    (caller(), word(ASKED), word(ASKED_ON), account, context).prop_map(
        |(principal, action, resource, account, keys)| {
            let mut context = Context::new();
            keys.into_iter().for_each(|(key, values)| context.set(key, values));
            Request { principal, action, resource, resource_account: account.map(str::to_owned), context }
        },
    )
}

fn grant() -> impl Strategy<Value = Grant> {
    let pairs = || {
        option::weighted(
            0.3,
            select(&["alice", "true"][..])
                .prop_map(|value| BTreeMap::from([("a".to_owned(), value.to_owned())])),
        )
    };
    let operations =
        vec(select(&["Decrypt", "DescribeKey", "RetireGrant"][..]).prop_map(str::to_owned), 1..3);
    (word(PRINCIPALS), option::weighted(0.3, word(PRINCIPALS)), operations, pairs(), pairs()).prop_map(
        |(grantee, retiring_principal, operations, equals, subset)| Grant {
            grant_id: "g".to_owned(),
            grantee,
            retiring_principal,
            operations,
            constraints: Some(GrantConstraints {
                encryption_context_equals: equals,
                encryption_context_subset: subset,
            }),
        },
    )
}

/// A request with the policies of some layers.
pub fn question() -> impl Strategy<Value = Question> {
    let kinds = [ResourceKind::S3Bucket, ResourceKind::KmsKey, ResourceKind::IamRole, ResourceKind::Other];
    let few = || prop_oneof![8 => Just(Vec::new()), 1 => vec(document(), 1..3)];
    let levels = || prop_oneof![8 => Just(Vec::new()), 1 => vec(vec(document(), 0..3), 1..3)];
    let ours = (request(), vec(document(), 0..3), option::of(document()), select(kinds.to_vec()));
    let theirs = (vec(grant(), 0..3), few(), few(), levels(), levels(), few(), any::<bool>());
    (ours, theirs).prop_map(|((request, identity, resource, resource_kind), rest)| {
        let (grants, boundaries, session_policies, scps, rcps, endpoint_policies, block_public_access) = rest;
        Question {
            request,
            identity,
            resource,
            resource_kind,
            grants,
            boundaries,
            session_policies,
            scps,
            rcps,
            endpoint_policies,
            block_public_access,
        }
    })
}

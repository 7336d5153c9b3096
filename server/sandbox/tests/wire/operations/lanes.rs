//! The lanes that bear on a check, and how each is put against it.

use policy::call::{CheckSpec, ResourceOf, When};
use policy::{DecidedBy, Outcome, ResourceKind};
use serde_json::{Value, json};

use super::Asked;
use crate::support::Answer;
use crate::support::world::World;

/// A lane that denies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lane {
    /// No identity policy allows it.
    IamSilent,
    /// An identity policy denies it.
    IamDenies,
    /// The bucket policy denies it.
    BucketDenies,
    /// The key policy denies it.
    KeyDenies,
    /// The key policy neither allows it nor leaves it to IAM.
    KeySilent,
    /// The trust policy denies it.
    TrustDenies,
    /// The trust policy neither allows it nor leaves it to IAM.
    TrustSilent,
}

/// Lanes that can deny a check.
pub(crate) fn lanes_of(spec: &CheckSpec) -> Vec<Lane> {
    // A denial leaves the number of tags out and denies nothing: see `s3_errors.rs`.
    if matches!(spec.when, When::Tagged | When::TaggedVersion) {
        return Vec::new();
    }
    let mut lanes = vec![Lane::IamSilent, Lane::IamDenies];
    match (spec.lane, spec.on) {
        // A bucket that is yet to be made has no policy.
        (ResourceKind::S3Bucket, _) if spec.action == "s3:CreateBucket" => {}
        (ResourceKind::S3Bucket, ResourceOf::Any) => {}
        (ResourceKind::S3Bucket, _) => lanes.push(Lane::BucketDenies),
        // Who may retire a grant is settled by the grant and by the account, whatever the key policy leaves out.
        (ResourceKind::KmsKey, _) if spec.action == "kms:RetireGrant" => lanes.push(Lane::KeyDenies),
        (ResourceKind::KmsKey, _) => lanes.extend([Lane::KeyDenies, Lane::KeySilent]),
        (ResourceKind::IamRole, _) => lanes.extend([Lane::TrustDenies, Lane::TrustSilent]),
        (ResourceKind::Other, _) => {}
    }
    lanes
}

/// `Sid` of the statement that denies.
const SID: &str = "Denied";

impl Lane {
    /// Outcome, the layer that decides, and the policy and statement that do.
    pub(crate) fn decides(self) -> (Outcome, DecidedBy, Vec<(&'static str, &'static str)>) {
        let explicit = |layer, policy| (Outcome::ExplicitlyDenied, layer, vec![(policy, SID)]);
        let implicit = |layer| (Outcome::ImplicitlyDenied, layer, Vec::new());
        match self {
            Self::IamSilent => implicit(DecidedBy::Identity),
            Self::IamDenies => explicit(DecidedBy::Identity, "denies"),
            Self::BucketDenies => explicit(DecidedBy::Resource, "bucket policy"),
            Self::KeyDenies => explicit(DecidedBy::Resource, "key policy"),
            Self::TrustDenies => explicit(DecidedBy::Resource, "trust policy"),
            Self::KeySilent | Self::TrustSilent => implicit(DecidedBy::Resource),
        }
    }

    /// The end of AWS's sentence.
    pub(crate) fn reason(self, action: &str) -> String {
        match self {
            Self::IamSilent => format!("because no identity-based policy allows the {action} action"),
            Self::IamDenies => "with an explicit deny in an identity-based policy".into(),
            Self::BucketDenies | Self::KeyDenies => "with an explicit deny in a resource-based policy".into(),
            Self::KeySilent => format!("because no resource-based policy allows the {action} action"),
            Self::TrustDenies => "with an explicit deny in the role trust policy".into(),
            Self::TrustSilent => format!("because no role trust policy allows the {action} action"),
        }
    }

    /// Puts the lane against one check of those that are asked, and every other lane for all of them.
    pub(crate) async fn put(self, world: &mut World, asked: &[Asked], check: &Asked) -> Undo {
        let statement =
            json!({"Sid": SID, "Effect": "Deny", "Action": check.action, "Resource": pattern(check)});
        match self {
            Self::IamSilent => {
                let others = asked.iter().filter(|other| !same(other, check));
                write(world, "allows", others.map(allowing).collect()).await;
                return Undo::Nothing;
            }
            Self::IamDenies => {
                allow(world, asked).await;
                write(world, "denies", vec![statement]).await;
                return Undo::Identity;
            }
            _ => allow(world, asked).await,
        }
        let tester = format!("arn:aws:iam::{}:user/tester", world.lab.account);
        let admin = format!("arn:aws:iam::{}:user/Admin", world.lab.account);
        let denying = |resource: Option<Value>| {
            let mut statement =
                json!({"Sid": SID, "Effect": "Deny", "Principal": {"AWS": tester}, "Action": check.action});
            if let Some(resource) = resource {
                statement["Resource"] = resource;
            }
            statement
        };
        let name = check.resource.rsplit(':').next().unwrap_or_default();
        match self {
            Self::BucketDenies => {
                let bucket = name.split('/').next().unwrap_or_default().to_owned();
                let before =
                    world.lab.s3(&world.lab.admin, "GET", &format!("/{bucket}?policy"), &[], b"").await;
                let before = (before.status == 200).then(|| before.text());
                let policy = with(before.as_deref(), denying(Some(check.resource.clone().into())));
                put_bucket_policy(world, &bucket, Some(&policy)).await;
                Undo::Bucket(bucket, before)
            }
            Self::KeyDenies | Self::KeySilent => {
                let key = check.resource.clone();
                let before = world.lab.kms(&world.lab.admin, "GetKeyPolicy", json!({"KeyId": key})).await;
                let before = before.json()["Policy"].as_str().unwrap().to_owned();
                let policy = match self {
                    Self::KeyDenies => with(Some(&before), denying(Some("*".into()))),
                    _ => {
                        let allows = |user: &str, action: &str| json!({"Effect": "Allow", "Principal": {"AWS": user}, "Action": action, "Resource": "*"});
                        let others = asked
                            .iter()
                            .filter(|other| other.resource == key && other.action != check.action);
                        let others = others.map(|other| allows(&tester, &other.action));
                        document([allows(&admin, "kms:*")].into_iter().chain(others).collect())
                    }
                };
                put_key_policy(world, &key, &policy).await;
                Undo::Key(key, before)
            }
            _ => {
                let role = check.resource.rsplit('/').next().unwrap_or_default().to_owned();
                let before = world.fill("{trust}");
                let policy = match self {
                    Self::TrustDenies => with(Some(&before), denying(None)),
                    // Silent about this action, and open to the account for what is asked besides.
                    _ => {
                        let mut statements = vec![
                            json!({"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": check.action}),
                        ];
                        let others =
                            asked.iter().filter(|other| !same(other, check)).map(|other| &other.action);
                        statements.extend(others.map(|action| {
                            let root = format!("arn:aws:iam::{}:root", world.lab.account);
                            json!({"Effect": "Allow", "Principal": {"AWS": root}, "Action": action})
                        }));
                        document(statements)
                    }
                };
                put_trust_policy(world, &role, &policy).await;
                Undo::Role(role, before)
            }
        }
    }
}

/// What takes a lane back.
#[must_use]
pub(crate) enum Undo {
    Nothing,
    Identity,
    Bucket(String, Option<String>),
    Key(String, String),
    Role(String, String),
}

impl Undo {
    pub(crate) async fn put_back(self, world: &World) {
        match self {
            Self::Nothing => {}
            Self::Identity => {
                let parameters = [("UserName", "tester"), ("PolicyName", "denies")];
                let gone = world.lab.query(&world.lab.admin, "iam", "DeleteUserPolicy", &parameters).await;
                must_be_done(&gone);
            }
            Self::Bucket(bucket, before) => put_bucket_policy(world, &bucket, before.as_deref()).await,
            Self::Key(key, before) => put_key_policy(world, &key, &before).await,
            Self::Role(role, before) => put_trust_policy(world, &role, &before).await,
        }
    }
}

/// Allows the tester all that is asked, and nothing else.
pub(crate) async fn allow(world: &World, asked: &[Asked]) {
    write(world, "allows", asked.iter().map(allowing).collect()).await;
}

fn allowing(check: &Asked) -> Value {
    json!({"Effect": "Allow", "Action": check.action, "Resource": pattern(check)})
}

fn pattern(check: &Asked) -> &str {
    if check.fixed { &check.resource } else { "*" }
}

fn same(one: &Asked, other: &Asked) -> bool {
    (&one.action, &one.resource) == (&other.action, &other.resource)
}

/// Writes one of the tester's policies; takes it away when it would hold nothing.
async fn write(world: &World, name: &str, statements: Vec<Value>) {
    let admin = &world.lab.admin;
    let named = [("UserName", "tester"), ("PolicyName", name)];
    if statements.is_empty() {
        let gone = world.lab.query(admin, "iam", "DeleteUserPolicy", &named).await;
        assert!([200, 404].contains(&gone.status), "{}", gone.text());
        return;
    }
    let document = document(statements);
    let parameters = [&named[..], &[("PolicyDocument", document.as_str())]].concat();
    must_be_done(&world.lab.query(admin, "iam", "PutUserPolicy", &parameters).await);
}

fn document(statements: Vec<Value>) -> String {
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

/// A policy with one statement more.
fn with(before: Option<&str>, statement: Value) -> String {
    let before: Value = before.map_or(Value::Null, |before| serde_json::from_str(before).unwrap());
    let mut statements = before["Statement"].as_array().cloned().unwrap_or_default();
    statements.push(statement);
    document(statements)
}

async fn put_bucket_policy(world: &World, bucket: &str, policy: Option<&str>) {
    let (method, body) = policy.map_or(("DELETE", ""), |policy| ("PUT", policy));
    let path = format!("/{bucket}?policy");
    must_be_done(&world.lab.s3(&world.lab.admin, method, &path, &[], body.as_bytes()).await);
}

async fn put_key_policy(world: &World, key: &str, policy: &str) {
    let input = json!({"KeyId": key, "Policy": policy, "BypassPolicyLockoutSafetyCheck": true});
    must_be_done(&world.lab.kms(&world.lab.admin, "PutKeyPolicy", input).await);
}

async fn put_trust_policy(world: &World, role: &str, policy: &str) {
    let parameters = [("RoleName", role), ("PolicyDocument", policy)];
    must_be_done(&world.lab.query(&world.lab.admin, "iam", "UpdateAssumeRolePolicy", &parameters).await);
}

fn must_be_done(answer: &Answer) {
    assert!((200..300).contains(&answer.status), "{}", answer.text());
}

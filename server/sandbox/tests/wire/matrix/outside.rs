//! The policies that bear on a call, read over the wire as Admin, and what the policy engine makes of them: what whoever stands
//! outside can know of the gate's decisions.

use std::collections::BTreeMap;
use std::sync::Arc;

use policy::call::{Encryption, EncryptionRules, s3_to_kms_context};
use policy::{
    Context, DecidedBy, Document, Explanation, Grant, LaneVerdict, Layer, NamedPolicy, Outcome, Policies,
    Principal, Request, ResourceKind, evaluate,
};
use sandbox::gate::Trace;
use serde_json::{Value, json};

use super::world::World;
use crate::support::calls::Plain;
use crate::support::{Answer, REGION};

/// What was read.
pub(crate) struct Outside {
    account: String,
    principal: Principal,
    identity: Vec<NamedPolicy>,
    /// Bucket, key and trust policies by the ARN they sit on.
    resources: BTreeMap<String, NamedPolicy>,
    /// Grants by the ARN of their key.
    grants: BTreeMap<String, Vec<Grant>>,
    /// The key of the bucket's default encryption.
    default_key: Option<String>,
}

impl Outside {
    /// Everything about `persona` and about what there is.
    pub(crate) async fn read(world: &World, persona: &str) -> Self {
        let keys = world.personas.get(persona).unwrap();
        let who = world.lab.query(keys, "sts", "GetCallerIdentity", &[]).await.xml("Arn").unwrap();
        let mut outside = Self {
            account: world.lab.account.clone(),
            principal: Principal::from_arn(&who).unwrap(),
            identity: Vec::new(),
            resources: BTreeMap::new(),
            grants: BTreeMap::new(),
            default_key: None,
        };
        outside.read_identity(world, &who).await;
        outside.read_roles(world).await;
        outside.read_keys(world).await;
        outside.read_bucket(world).await;
        outside
    }

    async fn read_identity(&mut self, world: &World, who: &str) {
        let (kind, name) = match who.split(['/', ':']).collect::<Vec<_>>().as_slice() {
            [.., "assumed-role", role, _] => ("Role", (*role).to_owned()),
            [.., "user", user] => ("User", (*user).to_owned()),
            _ => return,
        };
        let named = (format!("{kind}Name"), name);
        let iam = async |action: &str, more: &[(&str, &str)]| {
            let parameters = [&[(named.0.as_str(), named.1.as_str())], more].concat();
            read(world, action, &parameters).await
        };
        for arn in each(&iam(&format!("ListAttached{kind}Policies"), &[]).await, "PolicyArn") {
            let policy = read(world, "GetPolicy", &[("PolicyArn", &arn)]).await;
            let version = policy.xml("DefaultVersionId").unwrap();
            let version =
                read(world, "GetPolicyVersion", &[("PolicyArn", &arn), ("VersionId", &version)]).await;
            let document = parsed(&decoded(&version.xml("Document").unwrap()));
            self.identity.push(NamedPolicy {
                name: policy.xml("PolicyName").unwrap(),
                arn: Some(arn),
                document,
            });
        }
        for name in each(&iam(&format!("List{kind}Policies"), &[]).await, "member") {
            let policy = iam(&format!("Get{kind}Policy"), &[("PolicyName", &name)]).await;
            let document = parsed(&decoded(&policy.xml("PolicyDocument").unwrap()));
            self.identity.push(NamedPolicy { name, arn: None, document });
        }
    }

    async fn read_roles(&mut self, world: &World) {
        let roles = read(world, "ListRoles", &[]).await;
        let trusts = each(&roles, "AssumeRolePolicyDocument").into_iter().map(|text| parsed(&decoded(&text)));
        for (arn, document) in each(&roles, "Arn").into_iter().zip(trusts) {
            self.resources.insert(arn, named("trust policy", document));
        }
    }

    async fn read_keys(&mut self, world: &World) {
        let admin = &world.lab.admin;
        let listed = world.lab.kms(admin, "ListKeys", json!({})).await.json();
        for key in listed["Keys"].as_array().unwrap() {
            let arn = key["KeyArn"].as_str().unwrap().to_owned();
            let policy = world.lab.kms(admin, "GetKeyPolicy", json!({"KeyId": arn})).await;
            if policy.status != 200 {
                continue;
            }
            self.resources
                .insert(arn.clone(), named("key policy", parsed(policy.json()["Policy"].as_str().unwrap())));
            let grants = world.lab.kms(admin, "ListGrants", json!({"KeyId": arn})).await.json();
            let grants = grants["Grants"].as_array().cloned().unwrap_or_default();
            self.grants.insert(arn, grants.iter().map(grant).collect());
        }
    }

    async fn read_bucket(&mut self, world: &World) {
        let bucket = &world.names["bucket"];
        let get = |query: &'static str| {
            let path = format!("/{bucket}?{query}");
            async move { world.lab.s3(&world.lab.admin, "GET", &path, &[], b"").await }
        };
        let policy = get("policy").await;
        if policy.status == 200 {
            let arn = format!("arn:aws:s3:::{bucket}");
            self.resources.insert(arn, named("bucket policy", parsed(&policy.text())));
        }
        self.default_key = get("encryption").await.xml("KMSMasterKeyID");
    }

    /// What the engine says of a question that the gate was asked during a call.
    pub(crate) fn decides(&self, trace: &Trace, plain: &Plain) -> Explanation {
        let service = trace.action.split(':').next().unwrap();
        let of_bucket = trace.resource.split('/').next().unwrap();
        let resource = match service {
            "s3" => self.resources.get(of_bucket),
            _ => self.resources.get(&trace.resource),
        };
        let kind = match service {
            "s3" => ResourceKind::S3Bucket,
            "kms" if trace.resource.contains(":key/") => ResourceKind::KmsKey,
            "sts" => ResourceKind::IamRole,
            _ => ResourceKind::Other,
        };
        // What `iam:PassRole` asks about has a trust policy, which has no say in it.
        let resource = resource.filter(|_| kind != ResourceKind::Other);
        let request = Request {
            principal: self.principal.clone(),
            action: trace.action.to_owned(),
            resource: trace.resource.clone(),
            resource_account: Some(self.account.clone()),
            context: self.context(trace, plain),
        };
        let grants = self.grants.get(&trace.resource).map(Vec::as_slice).unwrap_or_default();
        let policies = Policies {
            identity: &self.identity,
            resource,
            resource_kind: kind,
            grants,
            block_public_access: true,
            ..Policies::default()
        };
        evaluate(&request, &policies).explain()
    }

    /// The condition keys that the tutorial's policies ask for, as they follow from the request.
    fn context(&self, trace: &Trace, plain: &Plain) -> Context {
        let header = |name: &str| {
            let found = plain.headers.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.as_str())
        };
        let aws_managed = format!("arn:aws:kms:{REGION}:{}:key/aws-s3", self.account);
        match (trace.action, plain.service) {
            ("s3:PutObject", _) => Encryption {
                algorithm: header("x-amz-server-side-encryption"),
                key_id: header("x-amz-server-side-encryption-aws-kms-key-id"),
                bucket_default_key: self.default_key.as_deref(),
                aws_managed_key: Some(&aws_managed),
                region: REGION,
                caller_account: &self.account,
                ..Encryption::default()
            }
            .context(&EncryptionRules::default()),
            (action, "s3") if action.starts_with("kms:") => {
                let path = plain.path.trim_start_matches('/').split('?').next().unwrap();
                s3_to_kms_context(REGION, &self.account, &format!("arn:aws:s3:::{path}"))
            }
            _ => Context::new().with("kms:CallerAccount", self.account.clone()),
        }
    }
}

fn named(name: &str, document: Arc<Document>) -> NamedPolicy {
    NamedPolicy { name: name.into(), arn: None, document }
}

fn parsed(text: &str) -> Arc<Document> {
    Arc::new(Document::parse(text).unwrap())
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8().unwrap().into_owned()
}

async fn read(world: &World, action: &str, parameters: &[(&str, &str)]) -> Answer {
    let answer = world.lab.query(&world.lab.admin, "iam", action, parameters).await;
    assert_eq!(answer.status, 200, "{action}: {}", answer.text());
    answer
}

/// The texts of every element of that name that holds nothing but text.
fn each(answer: &Answer, element: &str) -> Vec<String> {
    let (text, start) = (answer.text(), format!("<{element}>"));
    let parts = text.split(&start).skip(1).map(|rest| rest.split('<').next().unwrap().to_owned());
    parts.filter(|text| !text.is_empty()).collect()
}

fn grant(listed: &Value) -> Grant {
    let text = |name: &str| listed.get(name).and_then(Value::as_str).map(str::to_owned);
    let operations = listed["Operations"].as_array().unwrap();
    Grant {
        grant_id: text("GrantId").unwrap(),
        grantee: text("GranteePrincipal").unwrap(),
        retiring_principal: text("RetiringPrincipal"),
        operations: operations.iter().map(|operation| operation.as_str().unwrap().to_owned()).collect(),
        constraints: None,
    }
}

/// What an explanation tells: the outcome, the layer that decided, both lanes, and every statement of every layer.
#[derive(Debug)]
#[allow(dead_code, reason = "compared as text")]
pub(crate) struct Told {
    outcome: Outcome,
    decided_by: DecidedBy,
    lanes: [LaneVerdict; 2],
    layers: Vec<(Layer, Vec<ToldStatement>)>,
}

/// Policy, place and `Sid` of a statement, or a grant's id; whether it applied, and whether it decided.
type ToldStatement = (String, usize, Option<String>, bool, bool);

pub(crate) fn told(explanation: &Explanation) -> Told {
    let lanes = explanation.lanes.iter().map(|lane| {
        let statements = lane.statements.iter().map(|statement| {
            (
                statement.policy.clone(),
                statement.index,
                statement.sid.clone(),
                statement.matched,
                statement.deciding,
            )
        });
        let grants =
            lane.grants.iter().map(|grant| (grant.grant_id.clone(), 0, None, grant.matched, grant.deciding));
        (lane.layer, statements.chain(grants).collect())
    });
    Told {
        outcome: explanation.outcome,
        decided_by: explanation.decided_by,
        lanes: [explanation.iam, explanation.resource],
        layers: lanes.collect(),
    }
}

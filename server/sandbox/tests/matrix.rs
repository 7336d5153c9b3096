//! The outcomes of `aws-semantics.md` §9 with the corrected listings, over the wire: status, code and message, every check
//! the gate was asked with what each lane said, and the lane that decided. The rows are data, in `matrix/corrected.json`.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::{BTreeMap, BTreeSet};

use sandbox::gate::Trace;
use serde::Deserialize;
use serde_json::{Value, json};
use support::{Answer, Keys, Lab, account};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Matrix {
    #[allow(dead_code, reason = "for the reader of the file")]
    about: String,
    not_covered: Vec<NotCovered>,
    rows: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NotCovered {
    row: u8,
    why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    row: u8,
    name: String,
    stage: Stage,
    r#as: String,
    call: Call,
    status: u16,
    #[serde(default)]
    code: String,
    message: Option<String>,
    checks: Vec<(String, String, String)>,
    decides: String,
    #[serde(default)]
    before: Vec<Call>,
    #[allow(dead_code, reason = "for the reader of the file")]
    note: Option<String>,
}

/// How far the tutorial has got when the row begins.
#[derive(Clone, Copy, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "lowercase")]
enum Stage {
    Empty,
    Roles,
    Bucket,
    /// As `Ready`, but Listing 4 keeps the example's key ARN.
    Literal,
    Ready,
    Removed,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Call {
    r#as: Option<String>,
    s3: Option<String>,
    kms: Option<String>,
    iam: Option<String>,
    sts: Option<String>,
    ec2: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: String,
    #[serde(default)]
    parameters: BTreeMap<String, String>,
    input: Option<Value>,
}

/// A lab brought to a stage, with the names that rows use.
struct World {
    lab: Lab,
    names: BTreeMap<String, String>,
    personas: BTreeMap<String, Keys>,
}

const LISTINGS: [(&str, &str); 4] = [
    ("listing-1", include_str!("../../src/tutorial/listings/bucket-admin.corrected.json")),
    ("listing-2", include_str!("../../src/tutorial/listings/key-admin.corrected.json")),
    ("listing-2-printed", include_str!("../../src/tutorial/listings/key-admin.printed.json")),
    ("listing-3", include_str!("../../src/tutorial/listings/bucket-access.corrected.json")),
];
const LISTING_4: &str = include_str!("../../src/tutorial/listings/bucket-policy.json");
const LITERAL_KEY: &str = "arn:aws:kms::11112222333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const ROLES: [(&str, &str); 3] = [
    ("secure-bucket-admin", "secure-bucket-admin"),
    ("secure-key-admin", "secure-key-admin"),
    ("authorized-users", "secure-bucket-access"),
];

impl World {
    async fn at(stage: Stage) -> Self {
        let lab = Lab::new().await;
        let (_, stranger) = account(&lab.sandbox).await;
        let foreign = lab.s3(&stranger, "PUT", "/somebody-elses-bucket", &[], b"").await;
        assert_eq!(foreign.status, 200, "{}", foreign.text());
        lab.sandbox.hold_account(&lab.account, "AKIAROOTROOTROOTROOT", "root-secret").await.unwrap();
        let root =
            Keys { access_key_id: "AKIAROOTROOTROOTROOT".into(), secret: "root-secret".into(), token: None };
        let personas = BTreeMap::from([("admin".to_owned(), lab.admin.clone()), ("root".to_owned(), root)]);
        let mut world = Self { names: BTreeMap::new(), personas, lab };
        world.name("account", world.lab.account.clone());
        world.name("bucket", format!("secure-demo-bucket-{}", world.lab.account));
        world.name("foreign-bucket", "somebody-elses-bucket");
        let trust = |principal: Value| json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}]});
        world.name(
            "trust-account",
            trust(json!({"AWS": format!("arn:aws:iam::{}:root", world.lab.account)})).to_string(),
        );
        world.name("trust-ec2", trust(json!({"Service": "ec2.amazonaws.com"})).to_string());
        for (name, text) in LISTINGS {
            let text = text.replace("{{bucket}}", "{bucket}").replace("{{account}}", "{account}");
            world.name(name, world.fill(&text));
        }
        if stage >= Stage::Roles {
            world.make_roles().await;
        }
        if stage >= Stage::Bucket {
            world.make_bucket_key_and_instance().await;
        }
        if stage >= Stage::Literal {
            let listing = if stage == Stage::Literal { "{listing-4-literal}" } else { "{listing-4}" };
            world.did(json!({"as": "bucket-admin", "s3": "PUT /{bucket}?policy", "body": listing})).await;
        }
        if stage >= Stage::Ready {
            world
                .did(json!({"as": "instance", "s3": "PUT /{bucket}/doc.pdf", "body": "the white paper", "headers": {
                    "x-amz-server-side-encryption": "aws:kms",
                    "x-amz-server-side-encryption-aws-kms-key-id": "{key}",
                }}))
                .await;
        }
        if stage == Stage::Removed {
            world
                .did(json!({"as": "key-admin", "kms": "PutKeyPolicy", "input": {
                    "KeyId": "{key}", "PolicyName": "default", "Policy": "{key-policy-removed}",
                }}))
                .await;
        }
        world
    }

    async fn make_roles(&mut self) {
        for (listing, policy) in [
            ("listing-1", "secure-bucket-admin"),
            ("listing-2", "secure-key-admin"),
            ("listing-3", "secure-bucket-access"),
        ] {
            self.did(json!({"as": "admin", "iam": "CreatePolicy", "parameters": {
                "PolicyName": policy, "PolicyDocument": format!("{{{listing}}}"),
            }}))
            .await;
        }
        for (role, policy) in ROLES {
            let trust = if role == "authorized-users" { "{trust-ec2}" } else { "{trust-account}" };
            self.did(json!({"as": "admin", "iam": "CreateRole", "parameters": {
                "RoleName": role, "AssumeRolePolicyDocument": trust,
            }}))
            .await;
            self.did(json!({"as": "admin", "iam": "AttachRolePolicy", "parameters": {
                "RoleName": role, "PolicyArn": format!("arn:aws:iam::{{account}}:policy/{policy}"),
            }}))
            .await;
        }
        self.did(json!({"as": "admin", "iam": "CreateInstanceProfile", "parameters": {"InstanceProfileName": "authorized-users"}}))
            .await;
        self.did(json!({"as": "admin", "iam": "AddRoleToInstanceProfile", "parameters": {
            "InstanceProfileName": "authorized-users", "RoleName": "authorized-users",
        }}))
        .await;
        self.did(json!({"as": "admin", "iam": "CreateUser", "parameters": {"UserName": "nobody"}})).await;
        let made = self
            .did(json!({"as": "admin", "iam": "CreateAccessKey", "parameters": {"UserName": "nobody"}}))
            .await;
        let nobody = Keys {
            access_key_id: made.xml("AccessKeyId").unwrap(),
            secret: made.xml("SecretAccessKey").unwrap(),
            token: None,
        };
        self.personas.insert("user".into(), nobody);
        for (persona, role) in [("bucket-admin", "secure-bucket-admin"), ("key-admin", "secure-key-admin")] {
            let keys = self.lab.assume(&self.lab.admin, role, "walk").await;
            self.personas.insert(persona.into(), keys);
        }
        self.name_key_policies();
    }

    async fn make_bucket_key_and_instance(&mut self) {
        self.did(json!({"as": "bucket-admin", "s3": "PUT /{bucket}"})).await;
        let key = self.create_key().await;
        self.name("key-id", key.rsplit('/').next().unwrap());
        self.name("key", key);
        let other = self.create_key().await;
        self.name("other-key", other);
        self.did(json!({"as": "key-admin", "kms": "CreateAlias", "input": {"AliasName": "alias/secure-demo", "TargetKeyId": "{key}"}}))
            .await;
        let listing = LISTING_4.replace("{{bucket}}", "{bucket}");
        self.name("listing-4", self.fill(&listing.replace("{{key-arn}}", "{key}")));
        self.name("listing-4-literal", self.fill(&listing.replace("{{key-arn}}", LITERAL_KEY)));
        let launched = self
            .did(json!({"as": "admin", "ec2": "RunInstances", "parameters": {
                "ImageId": "ami-0abcdef1234567890", "MinCount": "1", "MaxCount": "1",
                "IamInstanceProfile.Name": "authorized-users",
            }}))
            .await;
        let instance = launched.xml("instanceId").unwrap();
        let keys = self.lab.instance_keys(&instance).await;
        self.name("instance", instance);
        self.personas.insert("instance".into(), keys);
    }

    async fn create_key(&self) -> String {
        let made = self
            .did(json!({"as": "key-admin", "kms": "CreateKey", "input": {"Policy": "{key-policy}"}}))
            .await;
        made.json()["KeyMetadata"]["Arn"].as_str().unwrap().to_owned()
    }

    /// The key policy of the AWS console's wizard; without its key user; with its root statement narrowed too.
    fn name_key_policies(&mut self) {
        let role = |name: &str| format!("arn:aws:iam::{}:role/{name}", self.lab.account);
        let statement = |sid: &str, principal: &str, actions: &[&str]| {
            let actions: Vec<String> = actions.iter().map(|action| format!("kms:{action}")).collect();
            json!({"Sid": sid, "Effect": "Allow", "Principal": {"AWS": principal}, "Action": actions, "Resource": "*"})
        };
        let account_root = format!("arn:aws:iam::{}:root", self.lab.account);
        let root = statement("Enable IAM User Permissions", &account_root, &["*"]);
        let narrow = statement(
            "Enable IAM User Permissions",
            &account_root,
            &["Describe*", "Get*", "List*", "Put*", "Create*"],
        );
        let administrators = statement(
            "Allow access for Key Administrators",
            &role("secure-key-admin"),
            &[
                "Create*",
                "Describe*",
                "Enable*",
                "List*",
                "Put*",
                "Update*",
                "Revoke*",
                "Disable*",
                "Get*",
                "Delete*",
                "TagResource",
                "UntagResource",
                "ScheduleKeyDeletion",
                "CancelKeyDeletion",
                "RotateKeyOnDemand",
            ],
        );
        let users = statement(
            "Allow use of the key",
            &role("authorized-users"),
            &["Encrypt", "Decrypt", "ReEncrypt*", "GenerateDataKey*", "DescribeKey"],
        );
        let mut attachment = statement(
            "Allow attachment of persistent resources",
            &role("authorized-users"),
            &["CreateGrant", "ListGrants", "RevokeGrant"],
        );
        attachment["Condition"] = json!({"Bool": {"kms:GrantIsForAWSResource": "true"}});
        let document = |statements: Vec<&Value>| {
            json!({"Version": "2012-10-17", "Id": "key-consolepolicy-3", "Statement": statements}).to_string()
        };
        self.name("key-policy", document(vec![&root, &administrators, &users, &attachment]));
        self.name("key-policy-removed", document(vec![&root, &administrators]));
        self.name("key-policy-narrowed", document(vec![&narrow, &administrators]));
    }

    fn name(&mut self, name: &str, value: impl Into<String>) {
        self.names.insert(name.into(), value.into());
    }

    fn fill(&self, text: &str) -> String {
        let fill = |text: String| {
            self.names.iter().fold(text, |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
        };
        fill(text.to_owned())
    }

    async fn make(&self, call: &Call, persona: &str) -> Answer {
        let keys = self.personas.get(persona).unwrap_or_else(|| panic!("no persona {persona} at this stage"));
        if let Some(line) = &call.s3 {
            let line = self.fill(line);
            let (method, path) = line.split_once(' ').unwrap();
            let headers: Vec<(String, String)> =
                call.headers.iter().map(|(name, value)| (name.clone(), self.fill(value))).collect();
            let headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
            return self.lab.s3(keys, method, path, &headers, self.fill(&call.body).as_bytes()).await;
        }
        if let Some(operation) = &call.kms {
            let mut input = call.input.clone().unwrap_or_else(|| json!({}));
            for value in input.as_object_mut().unwrap().values_mut() {
                if let Value::String(text) = value {
                    *text = self.fill(text);
                }
            }
            return self.lab.kms(keys, operation, input).await;
        }
        let (service, action) = [("iam", &call.iam), ("sts", &call.sts), ("ec2", &call.ec2)]
            .into_iter()
            .find_map(|(service, action)| Some((service, action.as_deref()?)))
            .expect("a call names a service");
        let parameters: Vec<(String, String)> =
            call.parameters.iter().map(|(name, value)| (name.clone(), self.fill(value))).collect();
        let parameters: Vec<(&str, &str)> =
            parameters.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        self.lab.query(keys, service, action, &parameters).await
    }

    /// A call that must succeed for the row to make sense.
    async fn did(&self, call: Value) -> Answer {
        self.did_call(&serde_json::from_value(call).unwrap()).await
    }

    async fn did_call(&self, call: &Call) -> Answer {
        let answer = self.make(call, call.r#as.as_deref().expect("a preparing call says who makes it")).await;
        assert!((200..300).contains(&answer.status), "preparing: {}", answer.text());
        answer
    }
}

/// The lane that refused; for a call that went through, the one lane that alone allowed it.
fn deciding_lane(traces: &[Trace]) -> String {
    let Some(last) = traces.last() else { return String::new() };
    let explanation = &last.explanation;
    let resource_lane = match last.action.split_once(':') {
        Some(("s3", _)) => "bucket",
        Some(("kms", _)) => "key",
        _ => "trust",
    };
    match &explanation.denial {
        Some(denial) => match format!("{:?}", denial.layer).as_str() {
            // §9, rows 45 and 47: AWS names the identity policy, but S3 asked KMS and the key's lock is what stayed shut.
            "Identity" if resource_lane == "key" && traces.len() > 1 => "key".into(),
            "Identity" => "iam".into(),
            _ => resource_lane.into(),
        },
        None if traces.len() == 1
            || traces.iter().all(|trace| format!("{:?}", trace.explanation.resource) == "NotConsulted") =>
        {
            match (format!("{:?}", explanation.iam).as_str(), format!("{:?}", explanation.resource).as_str())
            {
                ("Allows", "NotConsulted" | "Delegates") => "iam".into(),
                ("Silent", "Allows") => resource_lane.into(),
                _ => String::new(),
            }
        }
        None => String::new(),
    }
}

fn matrix() -> Matrix {
    serde_json::from_str(include_str!("matrix/corrected.json")).unwrap()
}

#[test]
fn every_row_of_the_specification_is_covered_or_listed_as_not_covered() {
    let matrix = matrix();
    let covered: BTreeSet<u8> = matrix.rows.iter().map(|row| row.row).collect();
    let listed: BTreeSet<u8> = matrix.not_covered.iter().map(|row| row.row).collect();
    assert!(matrix.not_covered.iter().all(|row| !row.why.is_empty()));
    assert_eq!(covered.intersection(&listed).count(), 0, "a row is either covered or not");
    assert_eq!(covered.union(&listed).copied().collect::<Vec<_>>(), (1..=57).collect::<Vec<_>>());
}

#[tokio::test]
async fn every_outcome_is_as_the_specification_says() {
    let mut wrong = Vec::new();
    for row in matrix().rows {
        let world = World::at(row.stage).await;
        for call in &row.before {
            world.did_call(call).await;
        }
        let answer = world.make(&row.call, &row.r#as).await;
        let (code, message) = answer.error();
        let (code, message) = if answer.status < 300 { Default::default() } else { (code, message) };
        let traces = world.lab.sandbox.trace(&answer.request_id());
        let checks: Vec<(String, String, String)> = traces
            .iter()
            .map(|trace| {
                let lanes = &trace.explanation;
                (trace.action.to_owned(), format!("{:?}", lanes.iam), format!("{:?}", lanes.resource))
            })
            .collect();
        let mut differs = Vec::new();
        let mut same = |what: &str, got: &str, wanted: &str| {
            if got != wanted {
                differs.push(format!("  {what}: {got}\n    wanted: {wanted}"));
            }
        };
        same("status", &answer.status.to_string(), &row.status.to_string());
        same("code", &code, &row.code);
        if let Some(wanted) = &row.message {
            same("message", &message, &world.fill(wanted));
        }
        same("checks", &format!("{checks:?}"), &format!("{:?}", row.checks));
        if !row.decides.is_empty() {
            same("decides", &deciding_lane(&traces), &row.decides);
        }
        if !differs.is_empty() {
            wrong.push(format!("row {} ({}):\n{}", row.row, row.name, differs.join("\n")));
        }
    }
    assert!(wrong.is_empty(), "{} rows differ:\n{}", wrong.len(), wrong.join("\n"));
}

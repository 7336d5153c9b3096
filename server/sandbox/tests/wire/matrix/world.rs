//! The tutorial up to a stage of it: accounts, personas, and the names that rows use.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::support::calls::{Call, Names, fill};
use crate::support::{Answer, Keys, Lab, account};

/// How far the tutorial has got when the row begins.
#[derive(Clone, Copy, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Stage {
    Empty,
    Roles,
    Bucket,
    /// As `Ready`, but Listing 4 keeps the example's key ARN.
    Literal,
    Ready,
    Removed,
}

/// A lab brought to a stage, with the names that rows use.
pub(crate) struct World {
    pub(crate) lab: Lab,
    pub(crate) names: Names,
    pub(crate) personas: BTreeMap<String, Keys>,
    listings: Listings,
}

/// The listings that a world is made of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Listings {
    Corrected,
    Printed,
}

/// Name, corrected, printed.
const LISTINGS: [(&str, &str, &str); 3] = [
    (
        "listing-1",
        include_str!("../../../../src/tutorial/listings/bucket-admin.corrected.json"),
        include_str!("../../../../src/tutorial/listings/bucket-admin.printed.json"),
    ),
    (
        "listing-2",
        include_str!("../../../../src/tutorial/listings/key-admin.corrected.json"),
        LISTING_2_PRINTED,
    ),
    (
        "listing-3",
        include_str!("../../../../src/tutorial/listings/bucket-access.corrected.json"),
        include_str!("../../../../src/tutorial/listings/bucket-access.printed.json"),
    ),
];
const LISTING_2_PRINTED: &str = include_str!("../../../../src/tutorial/listings/key-admin.printed.json");
const LISTING_4: &str = include_str!("../../../../src/tutorial/listings/bucket-policy.json");
const LITERAL_KEY: &str = "arn:aws:kms::11112222333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const ROLES: [(&str, &str); 3] = [
    ("secure-bucket-admin", "secure-bucket-admin"),
    ("secure-key-admin", "secure-key-admin"),
    ("authorized-users", "secure-bucket-access"),
];

impl World {
    pub(crate) async fn at(stage: Stage, listings: Listings) -> Self {
        let lab = Lab::new().await;
        let (_, stranger) = account(&lab.sandbox).await;
        let foreign = lab.s3(&stranger, "PUT", "/somebody-elses-bucket", &[], b"").await;
        assert_eq!(foreign.status, 200, "{}", foreign.text());
        lab.sandbox.hold_account(&lab.account, "AKIAROOTROOTROOTROOT", "root-secret").await.unwrap();
        let root =
            Keys { access_key_id: "AKIAROOTROOTROOTROOT".into(), secret: "root-secret".into(), token: None };
        let personas = BTreeMap::from([("admin".to_owned(), lab.admin.clone()), ("root".to_owned(), root)]);
        let mut world = Self { names: Names::new(), personas, lab, listings };
        world.name("account", world.lab.account.clone());
        world.name("bucket", format!("secure-demo-bucket-{}", world.lab.account));
        world.name("foreign-bucket", "somebody-elses-bucket");
        let trust = |principal: Value| json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}]});
        world.name(
            "trust-account",
            trust(json!({"AWS": format!("arn:aws:iam::{}:root", world.lab.account)})).to_string(),
        );
        world.name("trust-ec2", trust(json!({"Service": "ec2.amazonaws.com"})).to_string());
        for (name, corrected, printed) in LISTINGS {
            world.name_listing(name, if listings == Listings::Corrected { corrected } else { printed });
        }
        world.name_listing("listing-2-printed", LISTING_2_PRINTED);
        world.name_listing("listing-2-without-spaces", &LISTING_2_PRINTED.replace("\" arn", "\"arn"));
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
        let admin = self.key_maker();
        self.did(json!({"as": admin, "kms": "CreateAlias", "input": {"AliasName": "alias/secure-demo", "TargetKeyId": "{key}"}}))
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

    /// Who makes the keys: as printed, Listing 2 does not let its role do it.
    fn key_maker(&self) -> &'static str {
        if self.listings == Listings::Corrected { "key-admin" } else { "admin" }
    }

    fn name_listing(&mut self, name: &str, text: &str) {
        let text = text.replace("{{bucket}}", "{bucket}").replace("{{account}}", "{account}");
        self.name(name, self.fill(&text));
    }

    async fn create_key(&self) -> String {
        let made = self
            .did(json!({"as": self.key_maker(), "kms": "CreateKey", "input": {"Policy": "{key-policy}"}}))
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

    pub(crate) fn fill(&self, text: &str) -> String {
        fill(text, &self.names)
    }

    pub(crate) async fn make(&self, call: &Call, persona: &str) -> Answer {
        let keys = self.personas.get(persona).unwrap_or_else(|| panic!("no persona {persona} at this stage"));
        call.plain(&self.names).send(&self.lab.sandbox, Some(keys)).await
    }

    /// A call that must succeed for the row to make sense.
    async fn did(&self, call: Value) -> Answer {
        self.did_call(&serde_json::from_value(call).unwrap()).await
    }

    pub(crate) async fn did_call(&self, call: &Call) -> Answer {
        let answer = self.make(call, call.r#as.as_deref().expect("a preparing call says who makes it")).await;
        assert!((200..300).contains(&answer.status), "preparing: {}", answer.text());
        answer
    }
}

//! An account in which every operation has something to work on, made once and then copied, and a look at what is stored.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, dead_code, missing_docs, unreachable_pub)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use sandbox::{Config, Sandbox, Storage};
use serde_json::{Value, json};
use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

use super::calls::{Call, Names, fill};
use super::place::Place;
use super::{Answer, Keys, Lab};

/// The calls that make it.
const WORLD: &str = include_str!("../wire/operations/world.json");

/// A folder of its own, gone at the end.
#[derive(Debug)]
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Self {
        let path = std::env::temp_dir().join(format!("trilock-world-{}", uuid::Uuid::new_v4()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn config(&self) -> Config {
        Config { storage: Storage::Directory(self.0.clone()), ..Config::default() }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The world as it was made, to be copied.
pub struct Template {
    folder: Folder,
    account: String,
    admin: Keys,
    tester: Keys,
    names: Names,
}

impl Template {
    pub async fn build() -> Self {
        let folder = Folder::new();
        let lab = Lab::at(Place::Memory, folder.config()).await;
        let mut world =
            World { tester: lab.user("tester", Value::Null).await, names: names(&lab.account), lab, folder };
        for call in serde_json::from_str::<Vec<Call>>(WORLD).unwrap() {
            world.did(&call).await;
        }
        // Only a denial gives an encoded message.
        let launch = [("ImageId", "ami-0abcdef1234567890"), ("MinCount", "1"), ("MaxCount", "1")];
        let denied = world.lab.query(&world.tester, "ec2", "RunInstances", &launch).await.error().1;
        let encoded = denied.split_once("Encoded authorization failure message: ").unwrap().1;
        world.names.insert("encoded".into(), encoded.into());
        world.lab.sandbox.close().await;
        let World { lab: Lab { account, admin, .. }, tester, names, folder } = world;
        Self { folder, account, admin, tester, names }
    }

    /// One more of it.
    pub async fn world(&self) -> World {
        let folder = Folder::new();
        for file in fs::read_dir(&self.folder.0).unwrap().map(Result::unwrap) {
            fs::copy(file.path(), folder.0.join(file.file_name())).unwrap();
        }
        let sandbox = Sandbox::open(folder.config()).await.unwrap();
        let lab =
            Lab { sandbox, account: self.account.clone(), admin: self.admin.clone(), place: Place::Memory };
        World { lab, tester: self.tester.clone(), names: self.names.clone(), folder }
    }
}

/// What is known before anything is made.
fn names(account: &str) -> Names {
    let document = |statement: Value| json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
    let user = format!("arn:aws:iam::{account}:user/sample-user");
    Names::from([
        ("account".into(), account.into()),
        ("bucket".into(), format!("sample-{account}")),
        ("spare-bucket".into(), format!("spare-{account}")),
        ("versioned-bucket".into(), format!("versioned-{account}")),
        ("document".into(), document(json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}))),
        (
            "trust".into(),
            document(json!({
                "Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{account}:root")}, "Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
            })),
        ),
        (
            "bucket-policy".into(),
            document(json!({
                "Effect": "Allow", "Principal": {"AWS": user}, "Action": "s3:GetBucketLocation",
                "Resource": format!("arn:aws:s3:::sample-{account}"),
            })),
        ),
    ])
}

/// An account with its Admin, a user named `tester` who may do nothing, and the names of what there is.
pub struct World {
    pub lab: Lab,
    pub tester: Keys,
    pub names: Names,
    pub folder: Folder,
}

impl World {
    pub fn fill(&self, text: &str) -> String {
        fill(text, &self.names)
    }

    /// A call of Admin that must succeed; keeps the names it gives.
    pub async fn did(&mut self, call: &Call) -> Answer {
        let answer = call.plain(&self.names).send(&self.lab.sandbox, Some(&self.lab.admin)).await;
        assert!((200..300).contains(&answer.status), "{call:?}: {}", answer.text());
        self.names.extend(call.found(&answer));
        answer
    }

    /// Everything that is stored, now.
    pub async fn rows(&self) -> Rows {
        rows(&self.folder.0).await
    }
}

/// Rows as text, each with the name of its table.
pub type Rows = BTreeSet<String>;

/// Tables that are no state of AWS that a call changes: how often accounts changed, what was called and used last, which is
/// written in the background, what is to be cleared away, and sqlx's own.
const NO_STATE: [&str; 7] =
    ["accounts", "events", "last_accessed", "key_uses", "key_last_uses", "unnamed", "_sqlx_migrations"];

/// Everything that is stored in a directory that a sandbox has open.
pub async fn rows(directory: &Path) -> Rows {
    let options = SqliteConnectOptions::new().filename(directory.join("aws.db")).read_only(true);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    let columns: Vec<(String, String)> = sqlx::query_as(
        "SELECT t.name, group_concat('quote(' || c.name || ')', ' || '','' || ') \
         FROM sqlite_master t, pragma_table_info(t.name) c WHERE t.type = 'table' GROUP BY t.name",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    let mut all = Rows::new();
    for (table, columns) in columns.iter().filter(|(table, _)| !NO_STATE.contains(&table.as_str())) {
        let query = format!("SELECT '{table}: ' || {columns} FROM {table}");
        let found: Vec<String> = sqlx::query_scalar(&query).fetch_all(&mut connection).await.unwrap();
        all.extend(found);
    }
    all
}

/// What differs, for a message.
pub fn difference(before: &Rows, after: &Rows) -> String {
    let gone = before.difference(after).map(|row| format!("- {row:.200}"));
    let come = after.difference(before).map(|row| format!("+ {row:.200}"));
    gone.chain(come).collect::<Vec<_>>().join("\n")
}

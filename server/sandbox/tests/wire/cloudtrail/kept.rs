//! What is kept of events, where, and for how long.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sandbox::store::{EventRow, EventsWanted, Store};
use sandbox::{Config, Storage, TrailConfig};
use serde_json::{Value, json};
use sqlx::Row as _;

use super::{allow, cloudtrail, keys, named, of, page, query, role, trust};
use crate::support::calls::Plain;
use crate::support::place::Place;
use crate::support::signer::{Raw, Scope};
use crate::support::steps::{KEY_HEADER, KMS_HEADER, key, kms};
use crate::support::{self, Keys, Lab, go_away_after};

/// A folder of its own, gone at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("trilock-trail-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn config(&self, trail: TrailConfig) -> Config {
        Config { storage: Storage::Directory(self.0.join("data")), trail, ..Config::default() }
    }

    fn file(&self) -> PathBuf {
        self.0.join("trail.jsonl")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Everything that was stored of events.
async fn whole_table(folder: &Folder) -> String {
    let database = format!("sqlite://{}", folder.0.join("data/aws.db").display());
    let pool = sqlx::SqlitePool::connect(&database).await.unwrap();
    let rows = sqlx::query(
        "SELECT account || id || name || source || username || access_key || resources || record FROM events",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    rows.iter().map(|row| row.get::<String, _>(0)).collect::<Vec<_>>().join("\n")
}

fn remember(secrets: &mut Vec<String>, keys: &Keys) {
    secrets.push(keys.secret.clone());
    secrets.extend(keys.token.clone());
}

/// Credentials of every kind, and the secrets in them.
async fn credentials(lab: &Lab, secrets: &mut Vec<String>) -> Vec<Keys> {
    role(lab, "app", &trust(&json!({"AWS": lab.account, "Service": "ec2.amazonaws.com"})), &allow("*")).await;
    let ann = lab.user("ann", allow("*")).await;
    let session = lab.assume(&lab.admin, "app", "work").await;
    let temporary = keys(&lab.query(&ann, "sts", "GetSessionToken", &[]).await);
    let federated = keys(&lab.query(&ann, "sts", "GetFederationToken", &[("Name", "partner")]).await);
    query(lab, &lab.admin, "iam", "CreateInstanceProfile", &[("InstanceProfileName", "p")]).await;
    let add = [("InstanceProfileName", "p"), ("RoleName", "app")];
    query(lab, &lab.admin, "iam", "AddRoleToInstanceProfile", &add).await;
    let launch = [
        ("ImageId", "ami-0abcdef1234567890"),
        ("MinCount", "1"),
        ("MaxCount", "1"),
        ("IamInstanceProfile.Name", "p"),
    ];
    let launched = query(lab, &lab.admin, "ec2", "RunInstances", &launch).await;
    let instance = lab.instance_keys(&launched.xml("instanceId").unwrap()).await;
    let all = vec![ann, session, temporary, federated, instance];
    remember(secrets, &lab.admin);
    all.iter().for_each(|keys| remember(secrets, keys));
    all
}

/// Uses KMS in every way, and gives what nobody may read afterwards.
async fn use_kms(lab: &Lab, secrets: &mut Vec<String>) -> String {
    let arn = key(lab).await;
    let plaintext = "bm90IGZvciBldmVyeWJvZHk=";
    secrets.push(plaintext.into());
    let sealed = kms(lab, "Encrypt", json!({"KeyId": arn, "Plaintext": plaintext})).await.json();
    let blob = sealed["CiphertextBlob"].clone();
    kms(lab, "Decrypt", json!({"CiphertextBlob": blob})).await;
    kms(lab, "ReEncrypt", json!({"CiphertextBlob": blob, "DestinationKeyId": arn})).await;
    let grantee = format!("arn:aws:iam::{}:user/Admin", lab.account);
    let grant = json!({"KeyId": arn, "GranteePrincipal": grantee, "Operations": ["Encrypt"]});
    let made = [
        kms(lab, "GenerateDataKey", json!({"KeyId": arn, "KeySpec": "AES_256"})).await.json(),
        kms(lab, "GenerateDataKeyPair", json!({"KeyId": arn, "KeyPairSpec": "ECC_NIST_P256"})).await.json(),
        kms(lab, "GenerateRandom", json!({"NumberOfBytes": 24})).await.json(),
        kms(lab, "CreateGrant", grant).await.json(),
        sealed,
    ];
    let token = made[3]["GrantToken"].clone();
    lab.kms(&lab.admin, "Encrypt", json!({"KeyId": arn, "Plaintext": plaintext, "GrantTokens": [token]}))
        .await;
    lab.kms(&lab.admin, "Encrypt", json!({"KeyId": arn, "Plaintext": plaintext, "Password": "hunter2"}))
        .await;
    lab.kms(&lab.admin, "RetireGrant", json!({"GrantToken": token})).await;
    for answer in &made {
        for name in ["Plaintext", "PrivateKeyPlaintext", "CiphertextBlob", "GrantToken"] {
            secrets.extend(answer[name].as_str().map(str::to_owned));
        }
    }
    arn
}

/// Sets passwords and a device of the user `ann`.
async fn use_passwords_and_devices(lab: &Lab, ann: &Keys, secrets: &mut Vec<String>) {
    let passwords = ["Passw0rd-of-ann", "Passw0rd-of-ann-2", "Passw0rd-of-ann-3", "hunter2"];
    secrets.extend(passwords.map(str::to_owned));
    let [first, second, third, short] = passwords;
    let profile = |password| [("UserName", "ann"), ("Password", password), ("PasswordResetRequired", "true")];
    let made = query(lab, &lab.admin, "iam", "CreateLoginProfile", &profile(first)).await;
    assert_eq!(
        of(lab, &made)["requestParameters"],
        json!({"userName": "ann", "passwordResetRequired": true})
    );
    query(lab, &lab.admin, "iam", "UpdateLoginProfile", &profile(second)).await;
    let refused = lab.query(&lab.admin, "iam", "UpdateLoginProfile", &profile(short)).await;
    assert_eq!(refused.status, 400, "{}", refused.text());
    let change = [("OldPassword", second), ("NewPassword", third)];
    query(lab, ann, "iam", "ChangePassword", &change).await;
    assert_ne!(lab.query(ann, "iam", "ChangePassword", &change).await.status, 200);

    let made =
        query(lab, &lab.admin, "iam", "CreateVirtualMFADevice", &[("VirtualMFADeviceName", "d")]).await;
    let encoded = made.xml("Base32StringSeed").unwrap();
    secrets.push(String::from_utf8(BASE64_STANDARD.decode(&encoded).unwrap()).unwrap());
    secrets.extend([encoded, made.xml("QRCodePNG").unwrap()]);
    let record = of(lab, &made);
    let serial = made.xml("SerialNumber").unwrap();
    assert_eq!(record["responseElements"], json!({"virtualMFADevice": {"serialNumber": serial}}));
}

#[tokio::test]
async fn no_secret_is_in_any_record_nor_in_the_file() {
    let folder = Folder::new();
    let trail = TrailConfig { file: Some(folder.file()), data_events: true, ..TrailConfig::default() };
    let lab = Lab::at(Place::Memory, folder.config(trail)).await;
    let mut secrets = vec!["hunter2".to_owned(), "the object's own text".to_owned()];
    let all = credentials(&lab, &mut secrets).await;
    let arn = use_kms(&lab, &mut secrets).await;
    use_passwords_and_devices(&lab, &all[0], &mut secrets).await;
    lab.s3(&lab.admin, "PUT", "/bucket-1", &[], b"").await;
    let headers = [KMS_HEADER, (KEY_HEADER, arn.as_str())];
    for keys in &all {
        lab.s3(keys, "PUT", "/bucket-1/key", &headers, b"the object's own text").await;
        lab.s3(keys, "GET", "/bucket-1/key", &[], b"").await;
        lab.s3(keys, "GET", "/bucket-1?policy", &[], b"").await;
        lab.query(keys, "iam", "ListUsers", &[("Password", "hunter2")]).await;
        lab.query(keys, "sts", "DecodeAuthorizationMessage", &[("EncodedMessage", "hunter2")]).await;
        lab.kms(keys, "ListKeys", json!({})).await;
        cloudtrail(&lab, keys, "LookupEvents", r#"{"MaxResults":1}"#).await;
    }
    let customer = [("x-amz-server-side-encryption-customer-key", "hunter2")];
    lab.s3(&lab.admin, "GET", "/bucket-1/key", &customer, b"").await;
    let with_key = "GET /bucket-1/key?x-amz-server-side-encryption-customer-key=hunter2";
    let mut in_query = Raw::of(&Plain::s3(with_key, &Default::default(), "", &Default::default()));
    in_query.presign(&lab.admin, &Scope::of("s3"), "60");
    let got = support::send(&lab.sandbox, in_query.request().unwrap()).await;
    assert_eq!(got.status, 200, "{}", got.text());
    let token = all[1].token.as_deref().unwrap();
    let presigned =
        format!("/bucket-1/key?X-Amz-Security-Token={}&X-Amz-Signature=hunter2", token.replace('=', "%3D"));
    support::call(&lab.sandbox, None, "s3", "GET", &presigned, &[], b"").await;
    lab.sandbox.close().await;

    let table = whole_table(&folder).await;
    let file = std::fs::read_to_string(folder.file()).unwrap();
    assert!(table.matches("eventVersion").count() > 40, "{table}");
    assert!(file.matches("\"eventCategory\":\"Data\"").count() >= 10);
    assert!(secrets.iter().all(|secret| secret.len() > 6), "{secrets:?}");
    for secret in &secrets {
        let escaped = Value::from(secret.as_str()).to_string();
        let escaped = escaped.trim_matches('"');
        for (place, text) in [("the table", &table), ("the file", &file)] {
            assert!(!text.contains(secret) && !text.contains(escaped), "{secret} is in {place}");
        }
    }
    assert_eq!(lab.sandbox.events_left_out(), 0);
}

#[tokio::test]
async fn the_file_has_every_event_and_the_table_only_those_that_can_be_looked_up() {
    let folder = Folder::new();
    let trail = TrailConfig { file: Some(folder.file()), data_events: true, ..TrailConfig::default() };
    let lab = Lab::at(Place::Memory, folder.config(trail.clone())).await;
    lab.s3(&lab.admin, "PUT", "/bucket-1", &[], b"").await;
    lab.s3(&lab.admin, "PUT", "/bucket-1/key", &[], b"text").await;
    lab.sandbox.close().await;
    let names = |text: &str| -> Vec<String> {
        let records = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        records.map(|record| record["eventName"].as_str().unwrap().to_owned()).collect()
    };
    let file = std::fs::read_to_string(folder.file()).unwrap();
    assert_eq!(names(&file), ["CreateBucket", "PutObject"]);
    let (account, admin) = (lab.account.clone(), lab.admin.clone());
    drop(lab);

    let again = Lab { sandbox: open(folder.config(trail)).await, account, admin, place: Place::Memory };
    let found = page(&again, &again.admin, &json!({})).await;
    assert_eq!(found["Events"].as_array().unwrap().len(), 1, "{found}");
    assert_eq!(found["Events"][0]["EventName"], "CreateBucket", "which is there after a restart");
    again.sandbox.close().await;
    let file = std::fs::read_to_string(folder.file()).unwrap();
    assert_eq!(names(&file), ["CreateBucket", "PutObject", "LookupEvents"], "appended, not overwritten");
    use std::os::unix::fs::PermissionsExt as _;
    assert_eq!(std::fs::metadata(folder.file()).unwrap().permissions().mode() & 0o777, 0o600);
}

async fn open(config: Config) -> sandbox::Sandbox {
    sandbox::Sandbox::open(config).await.unwrap()
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_said_at_once() {
    let folder = Folder::new();
    let trail = TrailConfig { file: Some(folder.0.join("no/such/folder")), ..TrailConfig::default() };
    let refused = sandbox::Sandbox::open(folder.config(trail)).await.unwrap_err().to_string();
    assert!(refused.starts_with("the trail file `"), "{refused}");
}

#[tokio::test]
async fn events_are_written_within_a_second_though_nobody_looks() {
    let folder = Folder::new();
    let lab = Lab::at(Place::Memory, folder.config(TrailConfig::default())).await;
    kms(&lab, "ListKeys", json!({})).await;
    for _ in 0..40 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        if whole_table(&folder).await.contains("ListKeys") {
            lab.sandbox.close().await;
            return;
        }
    }
    panic!("the event was not written");
}

#[tokio::test]
async fn a_change_is_recorded_though_its_caller_hung_up() {
    let lab = Lab::new().await;
    lab.s3(&lab.admin, "PUT", "/bucket-1", &[], b"").await;
    for patience in 0..40 {
        let name = format!("user-{patience:02}");
        let parameters = [("UserName", name.as_str())];
        let pause = Duration::from_micros(30);
        go_away_after(patience, pause, lab.query(&lab.admin, "iam", "CreateUser", &parameters)).await;
        let bucket = format!("/bucket-{name}");
        go_away_after(patience, pause, lab.s3(&lab.admin, "PUT", &bucket, &[], b"")).await;
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let made = |answer: &str, element: &str| answer.matches(element).count();
    let users = lab.query(&lab.admin, "iam", "ListUsers", &[]).await.text();
    let buckets = lab.s3(&lab.admin, "GET", "/", &[], b"").await.text();
    let recorded = (
        named(&lab, &lab.admin, "CreateUser").await.len(),
        named(&lab, &lab.admin, "CreateBucket").await.len() - 1,
    );
    assert_eq!((made(&users, "<UserName>user-"), made(&buckets, "<Name>bucket-user-")), recorded);
    assert!(recorded.0 > 10 && recorded.1 > 10, "{recorded:?}");
}

#[tokio::test]
async fn of_an_account_the_newest_events_are_kept() {
    let lab = Lab::with(Config {
        trail: TrailConfig { events_per_account: 5, ..TrailConfig::default() },
        ..Config::default()
    })
    .await;
    for number in 0..9 {
        query(&lab, &lab.admin, "iam", "CreateUser", &[("UserName", &format!("user-{number}"))]).await;
    }
    let made = named(&lab, &lab.admin, "CreateUser").await;
    let made: Vec<_> = made.iter().map(|record| record["requestParameters"]["userName"].clone()).collect();
    assert_eq!(made, ["user-8", "user-7", "user-6", "user-5", "user-4"]);
}

#[tokio::test]
async fn what_is_too_old_goes_at_the_start_and_with_what_is_written() {
    const DAY: i64 = 24 * 60 * 60 * 1_000_000;
    let now = i64::try_from(time::OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000).unwrap();
    let folder = Folder::new();
    let lab = Lab::at(Place::Memory, folder.config(TrailConfig::default())).await;
    let account = lab.account.clone();
    lab.sandbox.close().await;
    drop(lab);
    let row = |account: &str, age: i64| EventRow {
        account: account.to_owned(),
        place: now - age * DAY,
        id: format!("{age}-days"),
        name: "ListKeys".into(),
        source: "kms.amazonaws.com".into(),
        read_only: true,
        username: String::new(),
        access_key: String::new(),
        resources: vec![("AWS::KMS::Key".into(), "a".into())],
        record: Arc::from("{}"),
    };
    let storage = Storage::Directory(folder.0.join("data"));
    let ids = async |store: &Store| {
        let wanted = EventsWanted { account: &account, from: 0, to: i64::MAX, before: None, that: None };
        let found = store.events(&wanted, 10).await.unwrap();
        found.into_iter().map(|row| row.id).collect::<Vec<_>>()
    };
    let store = Store::open(&storage, None, 1 << 20).await.unwrap();
    store.add_events(&[row(&account, 91), row(&account, 89), row("111122223333", 91)]).await.unwrap();
    assert_eq!(ids(&store).await, ["89-days", "91-days"]);
    store.close().await;
    let sandbox = open(folder.config(TrailConfig::default())).await;
    while whole_table(&folder).await.contains("91-days") {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    sandbox.close().await;
    let store = Store::open(&storage, None, 1 << 20).await.unwrap();
    assert_eq!(ids(&store).await, ["89-days"]);
    store.add_events(&[row(&account, 95)]).await.unwrap();
    store.trim_events(&account, now - 90 * DAY, 100).await.unwrap();
    assert_eq!(ids(&store).await, ["89-days"]);
    store.trim_events(&account, now, 100).await.unwrap();
    assert_eq!(ids(&store).await, Vec::<String>::new());
}

#[tokio::test]
async fn calls_that_s3_makes_are_left_out_before_those_of_callers_and_counted() {
    let lab = Lab::with(Config {
        trail: TrailConfig { service_events_per_second: 4, ..TrailConfig::default() },
        ..Config::default()
    })
    .await;
    let arn = key(&lab).await;
    lab.s3(&lab.admin, "PUT", "/bucket-1", &[], b"").await;
    lab.s3(&lab.admin, "PUT", "/bucket-1/key", &[KMS_HEADER, (KEY_HEADER, arn.as_str())], b"text").await;
    for _ in 0..60 {
        assert_eq!(lab.s3(&lab.admin, "GET", "/bucket-1/key", &[], b"").await.status, 200);
    }
    for _ in 0..60 {
        kms(&lab, "ListKeys", json!({})).await;
    }
    let left_out = lab.sandbox.events_left_out();
    let decrypted = named(&lab, &lab.admin, "Decrypt").await.len();
    assert!(left_out > 0 && decrypted > 0, "{left_out} left out, {decrypted} recorded");
    assert_eq!(
        left_out + decrypted as u64,
        60 + u64::from(named(&lab, &lab.admin, "GenerateDataKey").await.is_empty())
    );
    assert_eq!(named(&lab, &lab.admin, "ListKeys").await.len(), 50, "a whole page of them");
}

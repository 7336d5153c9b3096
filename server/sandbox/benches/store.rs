//! What the store alone takes: durable writes of 1 KiB by how many wait at the same time, reads of what is hot and of what is not,
//! and the memory of accounts that nobody uses.
//!
//! `cargo bench -p sandbox --bench store [-- FOLDER]`; with `TRILOCK_TEST_DATABASE` set to a PostgreSQL URL that database instead,
//! which should be empty.
#![allow(clippy::unwrap_used, missing_docs)]

use std::convert::Infallible;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use sandbox::Storage;
use sandbox::crypto::Key;
use sandbox::model::{
    Account, Bucket, DefaultEncryption, IdentityPolicies, KeyState, KmsKey, PolicyText, PublicAccessBlock,
    Role,
};
use sandbox::store::{NULL_VERSION, ObjectRow, RootKey, Store, Terms};

const OWNER: &str = "111122223333";
const BUCKET: &str = "trilock-measured";
/// How long each measurement takes.
const SPAN: Duration = Duration::from_secs(4);
const IDLE_ACCOUNTS: usize = 1_000;
/// More objects than the cache can hold.
const OBJECTS: usize = 40_000;

#[tokio::main]
async fn main() {
    let folder = std::env::args().skip(1).find(|word| !word.starts_with("--")).map_or_else(
        || std::env::temp_dir().join(format!("trilock-bench-{}", uuid::Uuid::new_v4())),
        PathBuf::from,
    );
    let storage = match std::env::var("TRILOCK_TEST_DATABASE") {
        Ok(url) => Storage::Database(url.parse().unwrap()),
        Err(_) => Storage::Directory(folder.clone()),
    };
    let given =
        matches!(storage, Storage::Database(_)).then(|| RootKey::Given(Key::from_bytes(&[7; 32]).unwrap()));
    let store = Store::open(&storage, given.as_ref(), 64 << 20).await.unwrap();
    account(&store, OWNER, BUCKET).await;
    idle(&store).await;

    for writers in [1, 4, 16, 64, 256] {
        let store = store.clone();
        measure(&format!("put 1 KiB, new names, {writers} at a time"), writers, move |number| {
            let store = store.clone();
            async move { put(&store, &format!("new-{writers}-{number}")).await }
        })
        .await;
    }
    for writers in [16, 64] {
        let store = store.clone();
        measure(&format!("put 1 KiB over what is there, {writers} at a time"), writers, move |number| {
            let store = store.clone();
            async move { put(&store, &format!("over-{}", number % 1_000)).await }
        })
        .await;
    }
    let names = (0..OBJECTS).map(|number| format!("cold-{number}"));
    let cold = futures::stream::iter(names).map(async |name| put(&store, &name).await);
    cold.buffer_unordered(256).collect::<()>().await;
    // In turn: the cache has forgotten each before it is read again.
    for (what, name, names) in [("hot", "over", 1_000), ("not in memory", "cold", OBJECTS)] {
        let store = store.clone();
        measure(&format!("read 1 KiB that is {what}, 16 at a time"), 16, move |number| {
            let store = store.clone();
            async move { read(&store, &format!("{name}-{}", number % names)).await }
        })
        .await;
    }
    {
        let store = store.clone();
        measure("change an account, 16 at a time", 16, move |number| {
            let store = store.clone();
            async move { change(&store, number).await }
        })
        .await;
    }
    store.close().await;
    if matches!(storage, Storage::Directory(_)) {
        fs::remove_dir_all(folder).unwrap();
    }
}

/// Does `act` again and again, so many at a time, and says how often a second, and at how much CPU time.
async fn measure<F: Future<Output = ()> + Send>(
    what: &str,
    at_a_time: usize,
    act: impl Fn(usize) -> F + Clone + Send + 'static,
) {
    let (began, cpu) = (Instant::now(), cpu_time());
    let count = Arc::new(AtomicUsize::new(0));
    let workers: Vec<_> = (0..at_a_time)
        .map(|_| {
            let (act, count) = (act.clone(), Arc::clone(&count));
            tokio::spawn(async move {
                while began.elapsed() < SPAN {
                    act(count.fetch_add(1, Ordering::Relaxed)).await;
                }
            })
        })
        .collect();
    for worker in workers {
        worker.await.unwrap();
    }
    let count = count.load(Ordering::Relaxed);
    let each = |time: Duration| time.as_secs_f64() * 1e6 / count as f64;
    println!(
        "{what:48} {:>9.0}/s {:>8.1} µs of CPU each",
        1e6 / each(began.elapsed()),
        each(cpu_time() - cpu)
    );
}

/// CPU time of this process: fields 14 and 15 of `/proc/self/stat`, in hundredths of a second.
fn cpu_time() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<u64> = stat
        .rsplit(") ")
        .next()
        .unwrap()
        .split(' ')
        .skip(11)
        .take(2)
        .map(|field| field.parse().unwrap())
        .collect();
    Duration::from_millis(fields.iter().sum::<u64>() * 10)
}

/// Resident memory in bytes.
fn resident() -> usize {
    let pages = fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4_096
}

fn object(bucket: &str, key: &str) -> ObjectRow {
    ObjectRow {
        bucket: bucket.into(),
        key: key.into(),
        version: NULL_VERSION.into(),
        data: uuid::Uuid::new_v4().to_string(),
        size: 1_024,
        etag: "\"0123456789abcdef0123456789abcdef\"".into(),
        modified: 1_700_000_000,
        content_type: Some("binary/octet-stream".into()),
        metadata: Vec::new(),
        headers: Vec::new(),
        tags: Vec::new(),
        kms_key_arn: Some(format!("arn:aws:kms:us-east-1:{OWNER}:key/1234abcd-12ab-34cd-56ef-1234567890ab")),
        customer_key_check: None,
        encryption_context: Vec::new(),
        wrapped_key: "A".repeat(208),
        bucket_key: false,
        checksums: vec![("CRC64NVME".into(), "AAAAAAAAAAA=".into())],
        composite_checksum: false,
        upload: None,
        parts: Vec::new(),
    }
}

async fn put(store: &Store, key: &str) {
    put_into(store, BUCKET, OWNER, key).await;
}

async fn put_into(store: &Store, bucket: &str, owner: &str, key: &str) {
    let terms = Terms { owner, only_if: None };
    let written = store.put_object(&object(bucket, key), terms, (0, &[7; 1_052])).await;
    assert_eq!(written.unwrap(), Ok(()));
}

async fn read(store: &Store, key: &str) {
    use futures::TryStreamExt as _;
    let version = store.version(BUCKET, key, None).await.unwrap().unwrap();
    let hold = store.hold(&version.object.unwrap()).await.unwrap().unwrap();
    let chunks: Vec<_> = hold.chunks(0, 1).try_collect().await.unwrap();
    assert_eq!(chunks.concat().len(), 1_052);
}

async fn change(store: &Store, number: usize) {
    let description = number.to_string();
    let changed = store.change(OWNER, |account| {
        let key = account.keys.values_mut().next().unwrap();
        Arc::make_mut(key).description.clone_from(&description);
        Ok::<_, Infallible>(())
    });
    changed.await.unwrap();
}

/// What a trainee has: three roles, a bucket and a key with the tutorial's policies in their size.
async fn account(store: &Store, id: &str, bucket: &str) {
    let policy = |kind: &str, statements: usize| {
        let statement = |number| {
            serde_json::json!({
                "Sid": format!("{kind}{number}"),
                "Effect": "Allow",
                "Principal": {"AWS": [format!("arn:aws:iam::{id}:role/{kind}-{number}")]},
                "Action": ["s3:GetObject", "s3:PutObject", "s3:ListBucket", "s3:DeleteObject"],
                "Resource": [format!("arn:aws:s3:::{bucket}"), format!("arn:aws:s3:::{bucket}/*")],
                "Condition": {"StringEquals": {"aws:PrincipalAccount": id}},
            })
        };
        let statements: Vec<_> = (0..statements).map(statement).collect();
        let text = serde_json::json!({"Version": "2012-10-17", "Statement": statements}).to_string();
        PolicyText::parse(text).unwrap()
    };
    let made = store.create_account(id, |account: &mut Account| {
        for name in ["secure-bucket-admin", "secure-key-admin", "authorized-users"] {
            let role = Role {
                name: name.into(),
                path: "/".into(),
                id: "AROAEXAMPLEEXAMPLEEXA".into(),
                created: 0,
                description: None,
                trust: policy("trust", 1),
                policies: IdentityPolicies {
                    inline: [("inline".to_owned(), policy("identity", 3))].into(),
                    ..IdentityPolicies::default()
                },
                max_session_duration: 3_600,
                boundary: None,
                tags: Default::default(),
            };
            account.roles.insert(name.into(), Arc::new(role));
        }
        let of_account = Bucket {
            name: bucket.into(),
            region: "us-east-1".into(),
            created: 0,
            policy: Some(policy("bucket", 4)),
            encryption: DefaultEncryption::Aes256,
            blocks_customer_keys: true,
            public_access_block: Some(PublicAccessBlock::ON),
            versioning: None,
            tags: Default::default(),
            ownership: None,
        };
        account.buckets.insert(bucket.into(), Arc::new(of_account));
        let key = KmsKey {
            id: "key".into(),
            arn: format!("arn:aws:kms:us-east-1:{id}:key/key"),
            created: 0,
            description: String::new(),
            state: KeyState::Enabled,
            policy: policy("key", 4),
            sealed_material: "A".repeat(80),
            grants: Vec::new(),
            aws_managed: false,
            tags: Default::default(),
            rotation: None,
            rotations: Vec::new(),
        };
        account.keys.insert("key".into(), Arc::new(key));
        Ok::<_, Infallible>(())
    });
    made.await.unwrap();
}

/// What one more trainee takes who has done everything and does nothing any more.
async fn idle(store: &Store) {
    let before = resident();
    for number in 0..IDLE_ACCOUNTS {
        let (id, bucket) = (format!("{:012}", 200_000_000_000 + number), format!("trilock-idle-{number}"));
        account(store, &id, &bucket).await;
        let objects: Vec<_> = (0..10).map(|object| format!("object-{object}")).collect();
        futures::future::join_all(objects.iter().map(|object| put_into(store, &bucket, &id, object))).await;
        if [1, 10, 100, IDLE_ACCOUNTS - 1].contains(&number) {
            let each = (resident().saturating_sub(before)) / (number + 1) / 1_024;
            println!("{:48} {each:>9} KiB each", format!("memory of {} idle accounts", number + 1));
        }
    }
}

//! Beginning another lab removes the one before, with its account and everything in it.

#![allow(clippy::unwrap_used)]

mod support;

use app::console::{Console as _, ConsoleError, Listings, StepId};
use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use sqlx::{Connection as _, PgConnection, Row as _, SqliteConnection};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use support::{Walk, place::Place};
use tower_sessions::Session;
use trilock::{
    cloud::{Account, Target, TargetError},
    console::{SessionConsole, Site},
    session::{RootKey, Vault},
};

/// The tables of the embedded AWS in which a row holds `text`, and those of objects' bytes that hold anything.
async fn tables_with(place: &Place, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut look = |table: String, rows: i64| found.extend((rows > 0).then_some(table));
    match place {
        Place::Memory => panic!("nothing to look into"),
        Place::Folder(folder) => {
            let file = format!("sqlite://{}", folder.join("aws.db").display());
            let mut database = SqliteConnection::connect(&file).await.unwrap();
            let tables = "SELECT m.name, group_concat('coalesce(\"' || c.name || '\", '''')', ' || ') FROM sqlite_master m, \
                          pragma_table_info(m.name) c WHERE m.type = 'table' GROUP BY m.name";
            for row in sqlx::query(tables).fetch_all(&mut database).await.unwrap() {
                let (table, columns): (String, String) = (row.get(0), row.get(1));
                let count = format!("SELECT count(*) FROM {table} WHERE ({columns}) LIKE '%{text}%'");
                look(table, sqlx::query_scalar(&count).fetch_one(&mut database).await.unwrap());
            }
            for table in BYTES {
                let count = format!("SELECT count(*) FROM {table}");
                look(table.into(), sqlx::query_scalar(&count).fetch_one(&mut database).await.unwrap());
            }
        }
        Place::Schema { .. } => {
            let mut database = PgConnection::connect(&place.url()).await.unwrap();
            let tables = "SELECT CAST(tablename AS TEXT) FROM pg_tables WHERE schemaname = current_schema()";
            for row in sqlx::query(tables).fetch_all(&mut database).await.unwrap() {
                let table: String = row.get(0);
                let count = format!("SELECT count(*) FROM {table} t WHERE CAST(t AS TEXT) LIKE '%{text}%'");
                look(table, sqlx::query_scalar(&count).fetch_one(&mut database).await.unwrap());
            }
            for table in BYTES {
                let count = format!("SELECT count(*) FROM {table}");
                look(table.into(), sqlx::query_scalar(&count).fetch_one(&mut database).await.unwrap());
            }
        }
    }
    found
}

const BYTES: [&str; 2] = ["objects", "chunks"];

#[tokio::test]
async fn nothing_of_the_account_before_stays_in_the_embedded_aws() {
    let walk = Walk::built_on(Place::lasting().await).await;
    walk.run(StepId::Test1, &walk.upload_command("").await).await;
    walk.run(StepId::Test1, &walk.download_command("back.pdf").await).await;
    let before = walk.lab().await;
    walk.console.start(Listings::Printed, before.bucket.clone()).await.unwrap();
    let after = walk.lab().await;
    assert_ne!(before.account_id, after.account_id);
    assert_eq!(walk.site.store.labs().await.unwrap().len(), 1);
    walk.sandbox.close().await;
    assert_eq!(tables_with(&walk.place, &before.account_id).await, Vec::<String>::new());
    assert!(tables_with(&walk.place, &after.account_id).await.contains(&"accounts".to_owned()));
}

#[tokio::test]
async fn another_browsers_lab_stays() {
    let walk = Walk::started(Listings::Corrected).await;
    let other = walk.other_browser();
    other.start(Listings::Corrected, other.suggested_bucket()).await.unwrap();
    let others = other.lab().await.unwrap().unwrap();
    walk.console.start(Listings::Corrected, walk.console.suggested_bucket()).await.unwrap();
    assert_eq!(other.lab().await.unwrap().unwrap(), others);
    walk.policies().await;
}

/// An AWS that does not remove accounts at first.
#[derive(Debug)]
struct Stubborn {
    aws: Arc<dyn Target>,
    yields: AtomicBool,
}

#[async_trait]
impl Target for Stubborn {
    async fn call(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TargetError> {
        self.aws.call(request).await
    }
    async fn create_account(&self) -> Result<Account, TargetError> {
        self.aws.create_account().await
    }
    async fn remove_account(&self, account_id: &str) -> Result<(), TargetError> {
        match self.yields.load(Ordering::Relaxed) {
            true => self.aws.remove_account(account_id).await,
            false => Err(TargetError("not today".into())),
        }
    }
    fn endpoint(&self) -> &str {
        self.aws.endpoint()
    }
    fn region(&self) -> &str {
        self.aws.region()
    }
}

#[tokio::test]
async fn what_could_not_be_removed_is_removed_at_the_next_start() {
    let walk = Walk::new().await;
    let target = Arc::new(Stubborn { aws: walk.site.target.clone(), yields: false.into() });
    let store = walk.site.store.clone();
    let vault = Vault::new(store.clone(), RootKey::random().unwrap());
    let site = Arc::new(Site::new(store.clone(), vault, target.clone()));
    let console = SessionConsole::new(site.clone(), Session::new(None, Arc::new(store.clone()), None));
    console.start(Listings::Corrected, console.suggested_bucket()).await.unwrap();
    let before = console.lab().await.unwrap().unwrap().account_id;
    console.start(Listings::Corrected, console.suggested_bucket()).await.unwrap();
    let after = console.lab().await.unwrap().unwrap().account_id;
    let left = store.left_labs().await.unwrap();
    assert_eq!(left.iter().map(|lab| &lab.account_id).collect::<Vec<_>>(), [&before]);

    target.yields.store(true, Ordering::Relaxed);
    site.forget_left_labs().await;
    let labs = store.labs().await.unwrap();
    assert_eq!(labs.iter().map(|lab| &lab.account_id).collect::<Vec<_>>(), [&after]);
    assert!(!walk.sandbox.remove_account(&before).await.unwrap(), "it is gone already");
    assert!(walk.sandbox.remove_account(&after).await.unwrap());
}

#[tokio::test]
async fn a_page_of_the_lab_before_is_told_to_start_one() {
    let walk = Walk::started(Listings::Corrected).await;
    let id = walk.lab_id().await;
    walk.site.store.remove_lab(&id).await.unwrap();
    assert_eq!(walk.console.terminal().await.unwrap_err(), ConsoleError::NoLab);
}

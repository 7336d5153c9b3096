//! What is stored: one process has it, and what reached the disk is in force.
#![allow(clippy::unwrap_used)]

mod support;

use std::path::PathBuf;
use std::time::Duration;

use sandbox::{Config, Sandbox, Storage};
use support::{Keys, Lab, go_away_after};

/// A folder of its own, gone at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        Self(std::env::temp_dir().join(format!("trilock-store-{}", uuid::Uuid::new_v4())))
    }

    fn config(&self) -> Config {
        Config { storage: Storage::Directory(self.0.clone()), ..Config::default() }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn a_second_process_is_kept_out_until_the_first_is_done() {
    let folder = Folder::new();
    let first = Sandbox::open(folder.config()).await.unwrap();
    let refused = Sandbox::open(folder.config()).await.unwrap_err().to_string();
    assert!(refused.contains("is in use by another process: stop that one"), "{refused}");
    first.close().await;
    drop(first);
    Sandbox::open(folder.config()).await.unwrap();
}

async fn users(sandbox: &Sandbox, admin: &Keys) -> Vec<String> {
    let body = b"Action=ListUsers&Version=2010-05-08&MaxItems=1000";
    let headers = [("content-type", "application/x-www-form-urlencoded; charset=utf-8")];
    let answer = support::call(sandbox, Some(admin), "iam", "POST", "/", &headers, body).await;
    let text = answer.text();
    text.split("<UserName>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()).collect()
}

/// A client may go away at any moment of its call. What then is on the disk must be in force in the process as well: a key
/// policy that shuts somebody out would else come into force at the next change, or the next start.
#[tokio::test]
async fn a_change_whose_caller_went_away_is_in_force_if_it_is_stored() {
    let folder = Folder::new();
    let lab = Lab::with(folder.config()).await;
    for patience in 0..80 {
        let name = format!("user-{patience:02}");
        let parameters = [("UserName", name.as_str())];
        let call = lab.query(&lab.admin, "iam", "CreateUser", &parameters);
        go_away_after(patience, Duration::from_micros(50), call).await;
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let in_force = users(&lab.sandbox, &lab.admin).await;
    assert!(in_force.len() > 10, "{in_force:?}");
    lab.sandbox.close().await;
    let admin = lab.admin.clone();
    drop(lab);
    let again = Sandbox::open(folder.config()).await.unwrap();
    assert_eq!(users(&again, &admin).await, in_force);
}

/// What is in memory only must outlive every caller, whatever it was doing.
#[tokio::test]
async fn an_account_in_memory_outlives_every_caller() {
    const PATH: &str = "/trilock-gone/key";
    let lab = Lab::new().await;
    assert_eq!(lab.s3(&lab.admin, "PUT", "/trilock-gone", &[], b"").await.status, 200);
    assert_eq!(lab.s3(&lab.admin, "PUT", PATH, &[], b"kept").await.status, 200);
    let mut left = 0;
    for round in 0..400 {
        let (method, body) = [("GET", ""), ("HEAD", ""), ("PUT", "kept")][round % 3];
        let call = lab.s3(&lab.admin, method, PATH, &[], body.as_bytes());
        left += usize::from(!go_away_after(1 + round % 5, Duration::from_micros(20), call).await);
    }
    assert!(left > 30, "{left} callers went away");
    let read = lab.s3(&lab.admin, "GET", PATH, &[], b"").await;
    assert_eq!((read.status, read.text().as_str()), (200, "kept"));
}

//! A disk that is full, for real: the test runs itself again where it has a small disk of its own, or where its files may not
//! grow.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use sandbox::Config;
use support::Lab;
use support::place::Place;
use support::steps::{key, s3};

/// Set in the process that has the disk: its folder, or nothing where files may not grow.
const DISK: &str = "TRILOCK_TEST_DISK";

/// A disk that can be filled, and emptied again.
enum Disk {
    /// Of a few MiB.
    Small(PathBuf),
    /// On which the files of this process may have so many bytes only.
    Limited,
}

impl Disk {
    fn fill(&self, folder: &Path) {
        match self {
            Self::Small(disk) => {
                let mut filler = std::fs::File::create(disk.join("filler")).unwrap();
                let block = [7; 4_096];
                while std::io::Write::write_all(&mut filler, &block).is_ok() {}
            }
            Self::Limited => {
                let largest =
                    ["aws.db", "aws.db-wal"].map(|file| std::fs::metadata(folder.join(file)).unwrap().len());
                limit(&largest.iter().max().unwrap().to_string());
            }
        }
    }

    fn empty(&self) {
        match self {
            Self::Small(disk) => std::fs::remove_file(disk.join("filler")).unwrap(),
            Self::Limited => limit("unlimited"),
        }
    }
}

/// How many bytes a file of this process may have.
fn limit(bytes: &str) {
    let process = std::process::id().to_string();
    let limited =
        Command::new("prlimit").args(["--pid", &process, &format!("--fsize={bytes}:unlimited")]).status();
    assert!(limited.unwrap().success());
}

#[test]
fn a_full_disk_fails_writes_and_harms_nothing() {
    let folder = std::env::temp_dir().join(format!("trilock-disk-{}", uuid::Uuid::new_v4()));
    std::fs::create_dir(&folder).unwrap();
    let run = |through: &str, disk: &str| {
        let mut shell = Command::new("sh");
        shell.args(["-c", through]).arg(std::env::current_exe().unwrap()).arg(&folder).env(DISK, disk);
        shell.status().unwrap()
    };
    // A file that may not grow is a signal first, which would end the process.
    let limited = "trap '' XFSZ; exec \"$0\" --exact --ignored --nocapture on_a_disk_that_fills_up";
    assert!(run(limited, "").success());
    // Mounting takes root, or a kernel that lets a user be root at home.
    let mounted = "exec unshare --map-root-user --mount sh -c 'mount -t tmpfs -o size=8m none \"$1\" && exec \"$0\" --exact \
                   --ignored --nocapture on_a_disk_that_fills_up' \"$0\" \"$1\"";
    let possible = Command::new("unshare").args(["--map-root-user", "--mount", "true"]).status();
    if possible.is_ok_and(|status| status.success()) {
        assert!(run(mounted, folder.to_str().unwrap()).success());
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
#[ignore = "run by the test above"]
async fn on_a_disk_that_fills_up() {
    let disk = match std::env::var(DISK).unwrap().as_str() {
        "" => Disk::Limited,
        folder => Disk::Small(folder.into()),
    };
    let place = match &disk {
        Disk::Small(folder) => Place::Folder(folder.join("aws")),
        Disk::Limited => Place::folder(),
    };
    let Place::Folder(folder) = &place else { unreachable!() };
    let folder = folder.clone();
    let lab = Lab::at(place, Config::default()).await;
    s3(&lab, "PUT", "/bucket-1", &[], b"").await;
    let kms_key = key(&lab).await;
    let body = vec![7; 20_000];
    let mut acknowledged = Vec::new();
    for round in 0..3 {
        s3(&lab, "PUT", &format!("/bucket-1/before-{round}"), &[], &body).await;
        acknowledged.push(format!("/bucket-1/before-{round}"));
        disk.fill(&folder);
        let mut failed = 0;
        for number in 0..200 {
            let path = format!("/bucket-1/{round}-{number}");
            let puts = [0, 1, 2].map(|part| format!("{path}-{part}"));
            let answers = futures::future::join_all(
                puts.iter().map(|path| lab.s3(&lab.admin, "PUT", path, &[], &body)),
            )
            .await;
            for (path, answer) in puts.into_iter().zip(answers) {
                match answer.status {
                    200 => acknowledged.push(path),
                    _ => {
                        assert_eq!((answer.status, answer.error().0.as_str()), (500, "InternalError"));
                        failed += 1;
                    }
                }
            }
            if failed > 6 {
                break;
            }
        }
        assert!(failed > 6, "the disk is not full");
        // Each service in its own words.
        let user = lab.query(&lab.admin, "iam", "CreateUser", &[("UserName", "late")]).await;
        assert_eq!((user.status, user.error().0.as_str()), (500, "ServiceFailure"), "{}", user.text());
        let described = serde_json::json!({"KeyId": kms_key, "Description": "late"});
        let described = lab.kms(&lab.admin, "UpdateKeyDescription", described).await;
        assert_eq!((described.status, described.error().0.as_str()), (500, "KMSInternalException"));
        // What is there can be read, and what failed is not there.
        for path in &acknowledged {
            assert!(s3(&lab, "GET", path, &[], b"").await.body == body, "{path}");
        }
        let none = lab.query(&lab.admin, "iam", "GetUser", &[("UserName", "late")]).await;
        assert_eq!(none.error().0, "NoSuchEntity");
        disk.empty();
        s3(&lab, "PUT", &format!("/bucket-1/after-{round}"), &[], &body).await;
        acknowledged.push(format!("/bucket-1/after-{round}"));
        // Space for the next round.
        for path in acknowledged.split_off(2) {
            s3(&lab, "DELETE", &path, &[], b"").await;
            assert_eq!(lab.s3(&lab.admin, "GET", &path, &[], b"").await.status, 404);
        }
    }
    let lab = lab.restarted().await;
    for path in &acknowledged {
        assert!(s3(&lab, "GET", path, &[], b"").await.body == body, "{path}");
    }
}

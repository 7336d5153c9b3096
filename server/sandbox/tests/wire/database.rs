//! PostgreSQL that goes away and comes back, and another process that takes it meanwhile. Without `TRILOCK_TEST_DATABASE` there
//! is nothing to test here.

use std::time::{Duration, Instant};

use crate::support::place::Place;
use crate::support::steps::s3;
use crate::support::{Answer, Lab};
use futures::future::join_all;
use sandbox::{Config, Sandbox};
use sqlx::{Connection as _, PgConnection, Row as _};

/// How long it may take until what was lost is noticed, or back.
const SOON: Duration = Duration::from_secs(10);

async fn lab() -> Option<Lab> {
    let place = Place::lasting().await;
    matches!(place, Place::Schema { .. }).then_some(())?;
    let lab = Lab::at(place, Config::default()).await;
    s3(&lab, "PUT", "/bucket-1", &[], b"").await;
    s3(&lab, "PUT", "/bucket-1/kept", &[], b"kept").await;
    Some(lab)
}

async fn until(wanted: u16, ask: impl AsyncFn() -> Answer) -> Answer {
    let began = Instant::now();
    loop {
        let answer = ask().await;
        if answer.status == wanted {
            return answer;
        }
        assert!(began.elapsed() < SOON, "{} {}", answer.status, answer.text());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_database_whose_connections_end_is_back_by_itself_and_nothing_is_lost() {
    let Some(lab) = lab().await else { return };
    let mut acknowledged = Vec::new();
    for round in 0..6 {
        let paths: Vec<_> = (0..20).map(|number| format!("/bucket-1/{round}-{number}")).collect();
        let puts = paths.iter().map(|path| lab.s3(&lab.admin, "PUT", path, &[], path.as_bytes()));
        let (answers, ()) = tokio::join!(join_all(puts), lab.place.disconnect());
        for (path, answer) in paths.into_iter().zip(answers) {
            match answer.status {
                200 => acknowledged.push(path),
                _ => assert_eq!((answer.status, answer.error().0.as_str()), (500, "InternalError")),
            }
        }
        until(200, async || lab.s3(&lab.admin, "PUT", "/bucket-1/again", &[], b"").await).await;
    }
    for path in &acknowledged {
        assert_eq!(s3(&lab, "GET", path, &[], b"").await.text(), *path);
    }
    let lab = lab.restarted().await;
    for path in &acknowledged {
        assert_eq!(s3(&lab, "GET", path, &[], b"").await.text(), *path);
    }
}

#[tokio::test]
async fn who_loses_the_database_to_another_answers_nothing_from_memory() {
    let Some(lab) = lab().await else { return };
    // Another takes the lock in the moment in which it is free.
    let mut other =
        PgConnection::connect(&lab.place.url().replace("application_name=", "application_name=other_"))
            .await
            .unwrap();
    let lock = "SELECT CAST(classid::bigint << 32 | objid::bigint AS BIGINT) FROM pg_locks l JOIN pg_stat_activity a USING (pid) \
                WHERE locktype = 'advisory' AND application_name = split_part(current_setting('application_name'), 'other_', 2)";
    let lock: i64 = sqlx::query(lock).fetch_one(&mut other).await.unwrap().get(0);
    let taking = async {
        sqlx::query("SELECT pg_advisory_lock($1)").bind(lock).execute(&mut other).await.unwrap();
    };
    tokio::join!(taking, lab.place.disconnect());
    for (service, action) in [("iam", "ListUsers"), ("sts", "GetCallerIdentity")] {
        let refused = until(500, async || lab.query(&lab.admin, service, action, &[]).await).await;
        assert!(
            ["ServiceFailure", "InternalFailure"].contains(&refused.error().0.as_str()),
            "{}",
            refused.text()
        );
    }
    let refused = lab.s3(&lab.admin, "GET", "/bucket-1/kept", &[], b"").await;
    assert_eq!((refused.status, refused.error().0.as_str()), (500, "InternalError"));
    let refused = lab.kms(&lab.admin, "ListKeys", serde_json::json!({})).await;
    assert_eq!(refused.status, 500, "{}", refused.text());
    // What the other one writes must be seen here once this one has the database again.
    let change = "UPDATE objects SET body = replace(body, '\"content_type\":', '\"content_type\":\"text/changed\",\"was\":')";
    sqlx::query(change).execute(&mut other).await.unwrap();
    other.close().await.unwrap();
    let read = until(200, async || lab.s3(&lab.admin, "GET", "/bucket-1/kept", &[], b"").await).await;
    assert_eq!((read.text().as_str(), read.header("content-type")), ("kept", Some("text/changed")));
}

#[tokio::test]
async fn a_database_that_is_not_there_is_told_without_its_password() {
    let url = "postgres://trilock:hunter2@127.0.0.1:1/lab";
    let root_key = Some(sandbox::RootKey::Passphrase("a passphrase".to_owned().into()));
    let config =
        Config { storage: sandbox::Storage::Database(url.parse().unwrap()), root_key, ..Config::default() };
    assert!(!format!("{config:?}").contains("hunter2"));
    let message = Sandbox::open(config).await.unwrap_err().to_string();
    assert!(message.contains("the database failed") && !message.contains("hunter2"), "{message}");
}

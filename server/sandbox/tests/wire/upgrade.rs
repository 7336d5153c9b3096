//! Databases of earlier versions open with all that is in them.

use std::borrow::Cow;
use std::path::Path;

use crate::support::Lab;
use crate::support::place::Place;
use crate::support::steps::s3;
use sandbox::{Config, Sandbox};
use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _};

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

async fn connect(file: &Path) -> SqliteConnection {
    SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .foreign_keys(true)
        .connect()
        .await
        .unwrap()
}

/// A database as the first `versions` migrations make it, in a folder beside the root key of `from`, filled from there by the
/// statements of `fill`, in which `now` is the database of this version.
async fn earlier(from: &Path, versions: usize, fill: &[&str]) -> Place {
    let place = Place::folder();
    let Place::Folder(folder) = &place else { unreachable!() };
    std::fs::create_dir(folder).unwrap();
    std::fs::copy(from.join("aws.key"), folder.join("aws.key")).unwrap();
    let mut database = connect(&folder.join("aws.db")).await;
    let migrations = MIGRATIONS.iter().take(versions).cloned().collect::<Vec<_>>();
    let migrator = Migrator { migrations: Cow::Owned(migrations), ..Migrator::DEFAULT };
    migrator.run(&mut database).await.unwrap();
    let attach = format!("ATTACH DATABASE '{}' AS now", from.join("aws.db").display());
    sqlx::query(&attach).execute(&mut database).await.unwrap();
    for statement in fill {
        sqlx::query(statement).execute(&mut database).await.unwrap();
    }
    database.close().await.unwrap();
    place
}

const SHARED: [&str; 5] = [
    "INSERT INTO accounts SELECT * FROM now.accounts",
    "INSERT INTO resources SELECT * FROM now.resources",
    "INSERT INTO root_key_check (id, sealed) SELECT id, sealed FROM now.root_key_check",
    "INSERT INTO chunks SELECT * FROM now.chunks",
    // Small objects were in chunks as well.
    "INSERT INTO chunks (data, seq, bytes) SELECT data, 0, bytes FROM now.objects WHERE bytes IS NOT NULL",
];

/// One with small and large objects, names that sort, and an upload that was broken off.
async fn lab() -> Lab {
    let lab = Lab::at(Place::folder(), Config::default()).await;
    s3(&lab, "PUT", "/bucket-1", &[], b"").await;
    for (name, body) in objects() {
        s3(&lab, "PUT", &format!("/bucket-1/{name}"), &[], &body).await;
    }
    lab
}

fn objects() -> [(&'static str, Vec<u8>); 3] {
    [("B", b"small".to_vec()), ("a", vec![7; 3 << 20]), ("%C3%A9", vec![8; 40_000])]
}

async fn assert_all_there(lab: &Lab) {
    for (name, body) in objects() {
        assert!(s3(lab, "GET", &format!("/bucket-1/{name}"), &[], b"").await.body == body, "{name}");
    }
    let listed = s3(lab, "GET", "/bucket-1?list-type=2&encoding-type=url", &[], b"").await.text();
    let listed: Vec<_> = listed.split("<Key>").skip(1).map(|rest| rest.split('<').next().unwrap()).collect();
    assert_eq!(listed, ["B", "a", "%C3%A9"]);
    // And it goes on from there.
    s3(lab, "PUT", "/bucket-1/a", &[], b"new").await;
    assert_eq!(s3(lab, "GET", "/bucket-1/a", &[], b"").await.text(), "new");
    s3(lab, "DELETE", "/bucket-1/B", &[], b"").await;
    assert_eq!(lab.s3(&lab.admin, "GET", "/bucket-1/B", &[], b"").await.status, 404);
}

async fn reopened(lab: Lab, place: Place) -> Lab {
    let sandbox = Sandbox::open(place.config()).await.unwrap();
    Lab { sandbox, account: lab.account.clone(), admin: lab.admin.clone(), place }
}

#[tokio::test]
async fn a_database_of_the_first_version_opens_with_all_that_is_in_it() {
    let lab = lab().await;
    let held = lab.sandbox.held(&lab.account);
    lab.sandbox.close().await;
    let Place::Folder(folder) = &lab.place else { unreachable!() };
    let objects = "INSERT INTO objects (bucket, name, data, body) \
                   SELECT bucket, CAST(name AS TEXT), data, body FROM now.objects";
    let place = earlier(folder, 1, &[&SHARED[..], &[objects]].concat()).await;
    let lab = reopened(lab, place).await;
    assert_eq!(lab.sandbox.held(&lab.account), held, "what it holds is counted");
    assert_all_there(&lab).await;
}

#[tokio::test]
async fn a_database_of_the_second_version_opens_with_its_versions_and_uploads() {
    let lab = lab().await;
    let versioning = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    s3(&lab, "PUT", "/bucket-2", &[], b"").await;
    s3(&lab, "PUT", "/bucket-2?versioning", &[], versioning.as_bytes()).await;
    for body in ["first", "second"] {
        s3(&lab, "PUT", "/bucket-2/name", &[], body.as_bytes()).await;
    }
    s3(&lab, "DELETE", "/bucket-2/name", &[], b"").await;
    let begun = s3(&lab, "POST", "/bucket-1/upload?uploads", &[], b"").await;
    let upload = begun.xml("UploadId").unwrap();
    let part = format!("/bucket-1/upload?partNumber=1&uploadId={upload}");
    let etag = s3(&lab, "PUT", &part, &[], b"a part").await.header("etag").unwrap().to_owned();
    let held = lab.sandbox.held(&lab.account);
    lab.sandbox.close().await;

    let Place::Folder(folder) = &lab.place else { unreachable!() };
    let more = [
        "INSERT INTO objects (bucket, name, version, born, latest, data, body) SELECT bucket, CAST(name AS TEXT), version, born, \
         NOT EXISTS (SELECT 1 FROM now.objects later WHERE later.bucket = written.bucket AND later.name = written.name \
         AND later.born > written.born), data, body FROM now.objects written",
        "INSERT INTO uploads (id, bucket, name, data, body) SELECT id, bucket, CAST(name AS TEXT), data, body FROM now.uploads",
        "INSERT INTO parts SELECT * FROM now.parts",
        "INSERT INTO chunks (data, seq, bytes) VALUES ('nobody names this', 0, 'x')",
    ];
    let place = earlier(folder, 2, &[&SHARED[..], &more].concat()).await;
    let lab = reopened(lab, place).await;
    assert_eq!(lab.sandbox.held(&lab.account), held, "versions, markers, uploads and parts are counted");
    assert_all_there(&lab).await;
    let Place::Folder(folder) = &lab.place else { unreachable!() };
    let left = sqlx::query("SELECT seq FROM chunks WHERE data = 'nobody names this'");
    let left = left.fetch_optional(&mut connect(&folder.join("aws.db")).await).await.unwrap();
    assert!(left.is_none());
    assert_eq!(lab.s3(&lab.admin, "GET", "/bucket-2/name", &[], b"").await.status, 404);
    let listed = s3(&lab, "GET", "/bucket-2?versions", &[], b"").await.text();
    assert_eq!((listed.matches("<Version>").count(), listed.matches("<DeleteMarker>").count()), (2, 1));
    let completion = format!(
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{}</ETag></Part></CompleteMultipartUpload>",
        etag.replace('"', "&quot;")
    );
    s3(&lab, "POST", &format!("/bucket-1/upload?uploadId={upload}"), &[], completion.as_bytes()).await;
    assert_eq!(s3(&lab, "GET", "/bucket-1/upload", &[], b"").await.text(), "a part");
}

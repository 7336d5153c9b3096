//! SIGKILL at random points under load: what was acknowledged is there afterwards, and nothing is there in half.
//!
//! Each writer owns its resources, so that after a kill a resource may hold one of two values: the one acknowledged last, or
//! the one that was under way. Every value can be told from its text alone.

#![cfg(unix)]
#![allow(clippy::unwrap_used)]

#[path = "../sandbox/tests/support/mod.rs"]
mod support;

use std::{
    hash::{BuildHasher as _, Hasher as _, RandomState},
    io::{BufRead as _, BufReader, Error, ErrorKind, Read as _, Write as _},
    net::TcpStream,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, SystemTime},
};

use serde_json::json;
use support::{Keys, place::Place, request};

const KILLS: usize = 200;
const WRITERS: usize = 4;
/// The longest that a server is under load before it is killed, in milliseconds.
const LONGEST_LIFE: u64 = 150;
const ACCOUNT: &str = "111122223333";
const BUCKET: &str = "trilock-sigkill";

/// `trilock sandbox` on a folder or a database.
struct Server {
    child: Child,
    address: String,
    keys: Keys,
}

impl Server {
    fn start(place: &Place) -> Self {
        let keys = Keys {
            access_key_id: "AKIAIOSFODNN7EXAMPLE".into(),
            secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".into(),
            token: None,
        };
        let account = format!("{ACCOUNT}:{}:{}", keys.access_key_id, keys.secret);
        let mut command = Command::new(env!("CARGO_BIN_EXE_trilock"));
        command.args(["sandbox", "--listen", "127.0.0.1:0", "--account", &account]);
        match place {
            Place::Folder(folder) => command.arg("--data").arg(folder),
            place => command.args(["--database", &place.url()]).env("TRILOCK_ROOT_KEY", "07".repeat(32)),
        };
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let line =
            BufReader::new(child.stdout.take().unwrap()).lines().next().expect("it starts again").unwrap();
        Self { child, address: line.rsplit('/').next().unwrap().to_owned(), keys }
    }

    /// SIGKILL.
    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn client(&self) -> Client {
        Client { address: self.address.clone(), keys: self.keys.clone() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends signed requests, each on a connection of its own.
struct Client {
    address: String,
    keys: Keys,
}

impl Client {
    /// Status and body of an answer that arrived whole.
    fn call(
        &self,
        service: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<(u16, Vec<u8>), Error> {
        let request = request(Some(&self.keys), service, method, path, headers, body, SystemTime::now());
        let mut head =
            format!("{method} {path} HTTP/1.1\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
        for (name, value) in request.headers() {
            head.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap()));
        }
        let mut stream = TcpStream::connect(&self.address)?;
        stream.write_all(head.as_bytes())?;
        stream.write_all(b"\r\n")?;
        stream.write_all(body)?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let cut = || Error::from(ErrorKind::UnexpectedEof);
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").ok_or_else(cut)?;
        let body = answer.split_off(end + 4);
        let head = String::from_utf8(answer).unwrap().to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if length.is_some_and(|length| length.parse() != Ok(body.len())) {
            return Err(cut());
        }
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Ok((status, body))
    }

    fn query(
        &self,
        service: &str,
        version: &str,
        parameters: &[(&str, &str)],
    ) -> Result<(u16, Vec<u8>), Error> {
        let mut pairs = vec![("Version", version)];
        pairs.extend_from_slice(parameters);
        let body = serde_urlencoded::to_string(pairs).unwrap();
        let headers = [("content-type", "application/x-www-form-urlencoded; charset=utf-8")];
        self.call(service, "POST", "/", &headers, body.as_bytes())
    }
}

/// What a writer writes to.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Object,
    BucketPolicy,
    UserPolicy,
}

/// One resource and what it may hold.
#[derive(Debug)]
struct Resource {
    kind: Kind,
    owner: usize,
    /// `None` where there is nothing.
    acknowledged: Option<u64>,
    under_way: Option<u64>,
}

impl Resource {
    fn path(&self) -> String {
        match self.kind {
            Kind::Object => format!("/{BUCKET}-{}/object", self.owner),
            Kind::BucketPolicy => format!("/{BUCKET}-{}?policy", self.owner),
            Kind::UserPolicy => format!("user-{}", self.owner),
        }
    }

    fn document(&self, value: u64) -> String {
        let mut statement = json!({"Sid": format!("n{value}"), "Effect": "Allow", "Action": "s3:GetObject"});
        let fields = statement.as_object_mut().unwrap();
        fields.insert("Resource".into(), json!(format!("arn:aws:s3:::{BUCKET}-{}/*", self.owner)));
        if matches!(self.kind, Kind::BucketPolicy) {
            fields.insert("Principal".into(), json!({"AWS": format!("arn:aws:iam::{ACCOUNT}:root")}));
        }
        json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()
    }

    /// Writes a value, or removes what is there. Whatever answer comes is an acknowledgement.
    fn write(&self, client: &Client, value: Option<u64>) -> Result<(), Error> {
        let path = self.path();
        let (status, body) = match (self.kind, value) {
            (Kind::Object, Some(value)) => client.call("s3", "PUT", &path, &[], &object(value)),
            (Kind::BucketPolicy, Some(value)) => {
                client.call("s3", "PUT", &path, &[], self.document(value).as_bytes())
            }
            (Kind::Object | Kind::BucketPolicy, None) => client.call("s3", "DELETE", &path, &[], b""),
            (Kind::UserPolicy, Some(value)) => {
                let document = self.document(value);
                let parameters = [
                    ("Action", "PutUserPolicy"),
                    ("UserName", path.as_str()),
                    ("PolicyName", "inline"),
                    ("PolicyDocument", document.as_str()),
                ];
                client.query("iam", "2010-05-08", &parameters)
            }
            (Kind::UserPolicy, None) => {
                let parameters =
                    [("Action", "DeleteUserPolicy"), ("UserName", path.as_str()), ("PolicyName", "inline")];
                client.query("iam", "2010-05-08", &parameters)
            }
        }?;
        assert!(matches!(status, 200 | 204), "{self:?}: {status} {}", String::from_utf8_lossy(&body));
        Ok(())
    }

    /// What is there now; panics where it is neither a whole value nor nothing.
    fn read(&self, client: &Client) -> Option<u64> {
        let path = self.path();
        let (status, body) = match self.kind {
            Kind::Object | Kind::BucketPolicy => client.call("s3", "GET", &path, &[], b""),
            Kind::UserPolicy => {
                let parameters =
                    [("Action", "GetUserPolicy"), ("UserName", path.as_str()), ("PolicyName", "inline")];
                client.query("iam", "2010-05-08", &parameters)
            }
        }
        .unwrap();
        let text = String::from_utf8(body).unwrap();
        match (status, self.kind) {
            (404, _) => None,
            (200, Kind::Object) => {
                let value = text.split(' ').next().unwrap().parse().unwrap();
                assert!(text.as_bytes() == object(value), "object {value} is not whole");
                Some(value)
            }
            (200, Kind::BucketPolicy | Kind::UserPolicy) => {
                let text = match self.kind {
                    Kind::BucketPolicy => text,
                    _ => {
                        let start = text.find("<PolicyDocument>").unwrap() + "<PolicyDocument>".len();
                        let encoded = &text[start..text.find("</PolicyDocument>").unwrap()];
                        percent_encoding::percent_decode_str(encoded).decode_utf8().unwrap().into_owned()
                    }
                };
                let sid = text.split("\"Sid\":\"n").nth(1).unwrap().split('"').next().unwrap();
                let value = sid.parse().unwrap();
                let wanted: serde_json::Value = serde_json::from_str(&self.document(value)).unwrap();
                assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), wanted);
                Some(value)
            }
            _ => panic!("{self:?}: {status} {text}"),
        }
    }
}

/// An object's bytes: its number, again and again, at most 200 KiB of it.
fn object(value: u64) -> Vec<u8> {
    let line = format!("{value} ");
    let length = usize::try_from(value * 7_919 % 200_000).unwrap() + line.len();
    line.bytes().cycle().take(length).collect()
}

fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// Writes until the server is gone; gives how many writes were acknowledged.
fn write_on(client: &Client, resources: &mut [Resource], next: &mut u64) -> usize {
    for count in 0.. {
        let resource = &mut resources[count % 3];
        *next += 1;
        resource.under_way =
            (!random().is_multiple_of(5) || resource.acknowledged.is_none()).then_some(*next);
        if resource.write(client, resource.under_way).is_err() {
            return count;
        }
        resource.acknowledged = resource.under_way;
    }
    unreachable!("a server lives for a while only")
}

#[test]
fn two_hundred_kills_lose_nothing_that_was_acknowledged() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let place = runtime.block_on(Place::lasting());
    let mut server = Server::start(&place);
    let mut writers: Vec<(Vec<Resource>, u64)> = (0..WRITERS)
        .map(|owner| {
            let resource = |kind| Resource { kind, owner, acknowledged: None, under_way: None };
            (vec![resource(Kind::Object), resource(Kind::BucketPolicy), resource(Kind::UserPolicy)], 0)
        })
        .collect();
    for owner in 0..WRITERS {
        let client = server.client();
        let made = client.call("s3", "PUT", &format!("/{BUCKET}-{owner}"), &[], b"").unwrap();
        assert_eq!(made.0, 200);
        let user = format!("user-{owner}");
        let made =
            client.query("iam", "2010-05-08", &[("Action", "CreateUser"), ("UserName", &user)]).unwrap();
        assert_eq!(made.0, 200);
    }
    let (mut acknowledged, mut interrupted) = (0, 0);
    for kill in 0..KILLS {
        thread::scope(|scope| {
            let begun: Vec<_> = writers
                .iter_mut()
                .map(|(resources, next)| {
                    let client = server.client();
                    scope.spawn(move || write_on(&client, resources, next))
                })
                .collect();
            thread::sleep(Duration::from_millis(random() % LONGEST_LIFE));
            server.kill();
            acknowledged += begun.into_iter().map(|writer| writer.join().unwrap()).sum::<usize>();
        });
        server = Server::start(&place);
        let client = server.client();
        for resource in writers.iter_mut().flat_map(|(resources, _)| resources) {
            let found = resource.read(&client);
            assert!(
                found == resource.acknowledged || found == resource.under_way,
                "after kill {kill}: {found:?} in {resource:?}"
            );
            interrupted += usize::from(found != resource.acknowledged);
            (resource.acknowledged, resource.under_way) = (found, found);
        }
    }
    assert!(acknowledged > KILLS, "under load: {acknowledged} writes");
    println!("{acknowledged} acknowledged writes over {KILLS} kills; {interrupted} done but not answered");
}

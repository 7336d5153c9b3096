//! The binary itself: what it prints, what it refuses, and that nothing answered is lost when it is killed.

#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod folder;
#[path = "../sandbox/tests/support/place.rs"]
mod place;

use folder::Folder;
use place::Place;
use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
};

/// Of what is in a database.
const ROOT_KEY: &str = "0707070707070707070707070707070707070707070707070707070707070707";

/// `trilock serve` on free ports.
struct Server {
    child: Child,
    console: String,
    aws: String,
}

impl Server {
    fn start(data: &Path) -> Self {
        Self::start_on(&Place::Folder(data.into()))
    }

    fn start_on(place: &Place) -> Self {
        let mut command = trilock(&["serve", "--listen", "127.0.0.1:0", "--aws-listen", "127.0.0.1:0"]);
        match place {
            Place::Folder(folder) => command.arg("--data").arg(folder),
            place => command.args(["--database", &place.url()]).env("TRILOCK_ROOT_KEY", ROOT_KEY),
        };
        Self::of(command)
    }

    fn of(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let (mut console, mut aws) = (String::new(), String::new());
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            let address = line.rsplit('/').next().unwrap().to_owned();
            match line.starts_with("AWS ") {
                true => {
                    aws = address;
                    break;
                }
                false => console = address,
            }
        }
        Self { child, console, aws }
    }

    /// One request; gives status line and headers, and the body.
    fn ask(&self, method: &str, path: &str, cookie: &str, form: &str) -> (String, String) {
        let mut stream = TcpStream::connect(&self.console).unwrap();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nCookie: {cookie}\r\nAccept: text/html\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
            self.console,
            form.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), body.to_owned())
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn trilock(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trilock"));
    command.args(arguments);
    command
}

fn refused(arguments: &[&str]) -> String {
    let output = trilock(arguments).output().unwrap();
    assert!(!output.status.success(), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[tokio::test]
async fn what_was_answered_survives_sigkill() {
    let place = Place::lasting().await;
    let server = Server::start_on(&place);
    let (head, _) = server.ask("POST", "/api/lab/start", "", "listings=corrected&bucket=sigkill-demo-bucket");
    assert!(head.starts_with("HTTP/1.1 303"), "{head}");
    let cookie = head.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && !cookie.contains("Secure"),
        "{cookie}"
    );
    let cookie = cookie.split(';').next().unwrap().to_owned();
    for role in ["secure-bucket-admin", "authorized-users"] {
        let form = format!("step=roles&role={role}");
        let (head, _) = server.ask("POST", "/api/role/create", &cookie, &form);
        assert!(head.contains("/steps/roles#call-"), "{head}");
    }
    let switch = "persona=secure-bucket-admin&step=bucket&back=/steps/bucket";
    server.ask("POST", "/api/role/switch", &cookie, switch);
    let (_, before) = server.ask("GET", "/activity", &cookie, "");
    assert!(before.contains("CreateRole") && before.contains("AssumeRole"));
    server.kill();

    let server = Server::start_on(&place);
    let (_, after) = server.ask("GET", "/activity", &cookie, "");
    for call in ["CreateRole", "AssumeRole"] {
        assert_eq!(before.matches(call).count(), after.matches(call).count(), "{call}");
    }
    // The vault's credentials work again too: a call as the role reaches AWS, whose policies refuse it.
    let (head, _) = server.ask("POST", "/api/bucket/create", &cookie, "step=bucket&name=sigkill-demo-bucket");
    assert!(head.contains("/steps/bucket#call-4"), "{head}");
    let (_, call) = server.ask("GET", "/activity/4", &cookie, "");
    assert!(call.contains("s3:CreateBucket") && call.contains("AccessDenied"), "{call}");
    // Both listeners are up.
    assert!(TcpStream::connect(&server.aws).is_ok());
}

#[test]
fn a_second_server_says_which_port_is_occupied_and_what_to_do() {
    let folder = Folder::new();
    let server = Server::start(&folder.0.join("data"));
    let other = folder.0.join("other").display().to_string();
    let console =
        refused(&["serve", "--listen", &server.console, "--aws-listen", "127.0.0.1:0", "--data", &other]);
    assert!(console.contains(&server.console) && console.contains("--listen ADDRESS:PORT"), "{console}");
    let aws = refused(&["serve", "--listen", "127.0.0.1:0", "--aws-listen", &server.aws, "--data", &other]);
    assert!(aws.contains(&server.aws) && aws.contains("--aws-listen ADDRESS:PORT"), "{aws}");
    assert!(!folder.0.join("other").exists());
}

/// A forwarded request comes from another machine.
#[test]
fn metadata_services_answer_other_machines_if_told_to_and_only_then() {
    let folder = Folder::new();
    let data = folder.0.display().to_string();
    let commands: [&[&str]; 2] = [
        &["serve", "--listen", "127.0.0.1:0", "--aws-listen", "127.0.0.1:0", "--data", &data],
        &["sandbox", "--listen", "127.0.0.1:0", "--in-memory"],
    ];
    for command in commands {
        for (more, status) in [(&[][..], "403"), (&["--metadata-access", "anyone"][..], "404")] {
            let server = Server::of(trilock(&[command, more].concat()));
            let mut stream = TcpStream::connect(&server.aws).unwrap();
            let path = "/imds/i-0123456789abcdef0/latest/meta-data/";
            let head = "Host: x\r\nConnection: close\r\nX-Forwarded-For: 192.0.2.7";
            write!(stream, "GET {path} HTTP/1.1\r\n{head}\r\n\r\n").unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            assert_eq!(answer.split(' ').nth(1), Some(status), "{command:?} {more:?}: {answer}");
        }
    }
}

/// Only with `TRILOCK_TEST_DATABASE` set.
#[tokio::test]
async fn a_database_is_one_servers_opens_with_its_root_key_alone_and_leaves_no_folder() {
    let place = Place::lasting().await;
    let Place::Schema { .. } = &place else { return };
    let folder = Folder::new();
    let serve = |root_key: &str| {
        let listen = ["serve", "--listen", "127.0.0.1:0", "--aws-listen", "127.0.0.1:0"];
        let mut command = trilock(&listen);
        let command = command.args(["--database", &place.url()]).current_dir(&folder.0);
        let output = command.env("TRILOCK_ROOT_KEY", root_key).output().unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(serve("").contains("there is no root key: set TRILOCK_ROOT_KEY"));
    let server = Server::start_on(&place);
    let told = serve(ROOT_KEY);
    assert!(told.contains("is in use by another process"), "{told}");
    server.kill();
    let told = serve(&"08".repeat(32));
    assert!(told.contains("the root key does not open this database"), "{told}");
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 0);
}

#[test]
fn what_cannot_be_used_is_said_in_one_sentence() {
    let folder = Folder::new();
    let file = folder.0.join("file");
    fs::write(&file, "x").unwrap();
    let file = file.display().to_string();
    let listen = ["--listen", "127.0.0.1:0", "--aws-listen", "127.0.0.1:0"];
    let serve = |more: &[&str]| refused(&[&["serve"], listen.as_slice(), more].concat());
    assert!(serve(&["--data", &file]).contains("is a file; give a folder"));
    assert!(serve(&["--database", "mysql://db/x"]).contains("--database: the database's URL cannot be used"));
    assert!(
        serve(&["--database", "postgres://a:secret@127.0.0.1:1/x"])
            .contains("could not start: the database failed")
    );
    assert!(serve(&["--database", "postgres://db/x", "--data", &file]).contains("cannot be used with"));
    assert!(serve(&["--target", "aws"]).contains("embedded AWS only"));
    assert!(refused(&["sandbox", "--in-memory", "--account", "1:2:3"]).contains("12 digits"));
    let trace = format!("{file}/trace.jsonl");
    assert!(refused(&["sandbox", "--in-memory", "--trace", &trace]).contains("cannot be written"));
    assert!(refused(&["sandbox", "--fidelity", "x=1"]).contains("there is no switch `x`; there are:"));
}

#[test]
fn switches_and_limits_are_listed_without_starting_anything() {
    for command in ["serve", "sandbox"] {
        let told = |arguments: &[&str]| {
            let output = trilock(arguments).output().unwrap();
            assert!(output.status.success(), "{arguments:?}");
            String::from_utf8(output.stdout).unwrap()
        };
        let switches = told(&[command, "--fidelity", "help"]);
        assert!(switches.contains("alias_expands=false  (true or false)"), "{switches}");
        let help = told(&[command, "--help"]);
        assert!(help.contains("Limits of the embedded AWS:") && help.contains("--s3-rate"), "{help}");
    }
}

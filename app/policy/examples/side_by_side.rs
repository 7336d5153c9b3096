//! The case files, asked of this engine and of npm's `@cloud-copilot/iam-simulate`, which runs as a process of its own: how long a
//! decision takes either, and where they differ.
//!
//! `cargo run --release -p policy --example side_by_side [FOLDER]` installs the package into FOLDER (else into the user's cache)
//! with npm. Its licence is the AGPL, so it is never a dependency and nothing of it is in the repository.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

#[path = "../tests/case_files/mod.rs"]
mod case_files;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs};

use case_files::{Prepared, case_files};
use policy::{Outcome, line};
use serde::Deserialize;

/// The version that is compared with.
const PEER: &str = "@cloud-copilot/iam-simulate@0.1.173";

/// How often all lines are asked; the first round warms up and is not counted.
const ROUNDS: u32 = 11;

/// What `side_by_side.mjs` prints.
#[derive(Deserialize)]
struct Told {
    /// By line: `Allowed`, `ExplicitlyDenied`, `ImplicitlyDenied`, or why it cannot be asked.
    decisions: Vec<String>,
    /// By line, the nanoseconds of its fastest round.
    nanoseconds: Vec<f64>,
}

fn install(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    let npm = Command::new("npm")
        .args(["install", "--no-audit", "--no-fund", "--silent", "--prefix"])
        .args([folder.as_os_str(), PEER.as_ref()])
        .status()
        .expect("npm is needed: install Node.js 20 or newer");
    assert!(npm.success(), "npm could not install {PEER}");
}

fn ask_peer(folder: &Path, lines: &[String]) -> Told {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/side_by_side.mjs");
    let mut peer = Command::new("node")
        .arg(script)
        .args([folder.as_os_str(), ROUNDS.to_string().as_ref()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    peer.stdin.take().unwrap().write_all(lines.join("\n").as_bytes()).unwrap();
    let output = peer.wait_with_output().unwrap();
    assert!(output.status.success(), "the peer failed");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The decision on a line, and how long its fastest round took: parsing the line and its policies, deciding, explaining.
fn ask(line: &str) -> (Outcome, f64) {
    let (mut outcome, mut fastest) = (None, Duration::MAX);
    for round in 0..ROUNDS {
        let started = Instant::now();
        outcome = Some(line::answer(line).unwrap().decision);
        if round > 0 {
            fastest = fastest.min(started.elapsed());
        }
    }
    (outcome.unwrap(), fastest.as_secs_f64() * 1e9)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    let cache = || PathBuf::from(env::var_os("HOME").unwrap_or_default()).join(".cache/trilock/iam-simulate");
    let folder = env::args_os().nth(1).map_or_else(cache, PathBuf::from);
    install(&folder);
    let mut lines = Vec::new();
    for (name, file) in case_files() {
        for case in &file.cases {
            let prepared = Prepared::new(&file, case);
            // A session whose role has a path cannot be written in a line.
            if prepared.caller.get("role").is_none() {
                lines.push((name.clone(), case.name.clone(), prepared.line(case).to_string()));
            }
        }
    }
    let texts: Vec<_> = lines.iter().map(|(.., line)| line.clone()).collect();
    let told = ask_peer(&folder, &texts);
    let mut differing: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let (mut ours, mut theirs, mut same) = (Vec::new(), Vec::new(), 0);
    let mut not_asked: BTreeMap<&str, usize> = BTreeMap::new();
    for (((file, name, line), decision), nanoseconds) in
        lines.iter().zip(&told.decisions).zip(&told.nanoseconds)
    {
        let (outcome, time) = ask(line);
        let decided = ["Allowed", "ExplicitlyDenied", "ImplicitlyDenied"].contains(&decision.as_str());
        if !decided {
            *not_asked.entry(decision).or_default() += 1;
            continue;
        }
        ours.push(time);
        theirs.push(*nanoseconds);
        if *decision == format!("{outcome:?}") {
            same += 1;
        } else {
            differing.entry(file).or_default().push(format!("{name}: {outcome:?}, the peer says {decision}"));
        }
    }
    for (file, names) in &differing {
        println!("{file}:\n  {}", names.join("\n  "));
    }
    println!("not asked of the peer: {not_asked:?}");
    println!("{} lines: {same} decided alike, {} not", ours.len(), ours.len() - same);
    let (ours, theirs) = (median(ours) / 1e3, median(theirs) / 1e3);
    println!(
        "median of a decision with its policies parsed: {ours:.1} µs here, {theirs:.1} µs in {PEER}: {:.0} times",
        theirs / ours
    );
}

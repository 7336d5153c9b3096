//! Valid requests of every operation, changed at random: none is answered with a failure of ours, none hangs, nothing panics, and
//! what its signer did not sign or may not do changes nothing.
//!
//! `TRILOCK_MUTATIONS` is how many are made, 10,000 unless it is set, `TRILOCK_SEED` what they are made from: the same seed
//! makes the same ones, but for ids and times.
#![allow(clippy::unwrap_used)]

mod bytes;
mod chance;
mod structure;
#[path = "../support/mod.rs"]
mod support;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use chance::Chance;
use futures::{StreamExt as _, stream};
use support::samples::{self, Sample};
use support::signer::{Raw, Scope};
use support::wire::{Server, statuses};
use support::world::{Template, World, difference};
use support::{Keys, send};

const MUTATIONS: usize = 10_000;
const SEED: u64 = 0x7121_10c4;
/// What one request may take on a busy machine in a debug build, the waiting of others included.
const LONG: Duration = Duration::from_secs(30);
/// Connections at a time.
const AT_ONCE: usize = 16;
/// Operations that everyone may call.
const OPEN: [&str; 2] = ["GetCallerIdentity", "GetSessionToken"];

static PANICS: AtomicUsize = AtomicUsize::new(0);
static PANIC: Mutex<String> = Mutex::new(String::new());

/// How a mutation comes about.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    /// The bytes of a signed request are changed: the signature does not hold any more.
    Broken,
    /// Its content is changed, and Admin signs that.
    Signed,
    /// Its content is changed, and somebody without permissions signs that.
    Denied,
}

/// What came of one.
struct Outcome {
    statuses: Vec<u16>,
    answer: String,
    took: Duration,
}

fn setting<T: std::str::FromStr>(name: &str) -> Option<T> {
    std::env::var(name).ok()?.parse().ok()
}

#[tokio::test]
async fn ten_thousand_mutations_of_valid_requests_do_no_harm() {
    let seed = setting("TRILOCK_SEED").unwrap_or(SEED);
    let count = setting("TRILOCK_MUTATIONS").unwrap_or(MUTATIONS);
    println!("{count} mutations from seed {seed}");
    std::panic::set_hook(Box::new(|info| {
        PANICS.fetch_add(1, Ordering::SeqCst);
        eprintln!("{info}");
        PANIC.lock().unwrap().push_str(&format!("{info}\n"));
    }));
    let template = Template::build().await;
    let samples: Vec<_> = samples::all().into_iter().filter(|sample| !sample.malformed).collect();
    let each = count.div_ceil(samples.len());
    let mut findings = Vec::new();
    for (number, sample) in samples.iter().enumerate() {
        let mut chance = Chance::new(seed.wrapping_add(number as u64));
        for kind in [Kind::Broken, Kind::Signed, Kind::Denied] {
            let share = if kind == Kind::Denied { each - 2 * (each / 3) } else { each / 3 };
            let world = template.world().await;
            findings.extend(harm_of(sample, &world, kind, share, &mut chance).await);
        }
    }
    let _ = std::panic::take_hook();
    assert!(
        findings.is_empty(),
        "{} of {count} from seed {seed} do harm:\n{}",
        findings.len(),
        findings.join("\n")
    );
}

/// Makes mutations of one kind and tells what is wrong with them.
async fn harm_of(
    sample: &Sample,
    world: &World,
    kind: Kind,
    count: usize,
    chance: &mut Chance,
) -> Vec<String> {
    let before = world.rows().await;
    let mut findings = match kind {
        Kind::Broken => broken(sample, world, count, chance).await,
        Kind::Signed => resigned(sample, world, &world.lab.admin, count, chance).await,
        Kind::Denied => resigned(sample, world, &world.tester, count, chance).await,
    };
    if kind != Kind::Signed {
        let after = world.rows().await;
        if before != after {
            findings.push(format!("{} {kind:?} changed: {}", sample.name(), difference(&before, &after)));
        }
    }
    findings
}

/// What is wrong with what came of a mutation, whatever it was.
fn harm(outcome: &Outcome) -> Option<String> {
    if PANICS.swap(0, Ordering::SeqCst) > 0 {
        return Some(format!("panicked: {}", std::mem::take(&mut *PANIC.lock().unwrap())));
    }
    if outcome.statuses.iter().any(|status| *status >= 500 && *status != 501) {
        return Some(format!("failed: {}", outcome.answer));
    }
    (outcome.took > LONG).then(|| format!("took {:?}", outcome.took))
}

async fn broken(sample: &Sample, world: &World, count: usize, chance: &mut Chance) -> Vec<String> {
    let server = Server::start(&world.lab.sandbox).await;
    let mut raw = Raw::of(&sample.plain(&world.names));
    raw.sign(&world.lab.admin, &Scope::of(sample.service));
    let signed = raw.bytes();
    let mut mutated = Vec::with_capacity(count);
    while mutated.len() < count {
        let bytes = bytes::changed(&signed, chance);
        // One that still says what was signed is no attempt.
        if !bytes::says_the_same(&signed, &bytes) {
            mutated.push(bytes);
        }
    }
    let server = &server;
    let outcomes = stream::iter(mutated).map(async |bytes| {
        let begun = Instant::now();
        let answer = tokio::time::timeout(LONG, server.ask(&bytes)).await.unwrap_or_else(|_| "hangs".into());
        (bytes, Outcome { statuses: statuses(&answer), answer, took: begun.elapsed() })
    });
    let outcomes: Vec<_> = outcomes.buffered(AT_ONCE).collect().await;
    let mut findings = Vec::new();
    for (bytes, outcome) in outcomes {
        let accepted = outcome.statuses.first().is_some_and(|status| *status < 300);
        let what = harm(&outcome).or_else(|| accepted.then(|| format!("accepted: {}", outcome.answer)));
        if let Some(what) = what {
            findings.push(format!(
                "{} {what:.1500}\n  of: {:?}",
                sample.name(),
                String::from_utf8_lossy(&bytes)
            ));
        }
    }
    findings
}

async fn resigned(
    sample: &Sample,
    world: &World,
    keys: &Keys,
    count: usize,
    chance: &mut Chance,
) -> Vec<String> {
    let plain = sample.plain(&world.names);
    let names: Vec<&str> = world.names.values().map(String::as_str).collect();
    let mut findings = Vec::new();
    for _ in 0..count {
        let changed = structure::changed(&plain, &names, chance);
        let mut raw = Raw::of(&changed);
        raw.sign(keys, &Scope::of(sample.service));
        // What `http` cannot hold cannot come out of a parser, either.
        let Some(request) = raw.request() else { continue };
        let begun = Instant::now();
        let answer = tokio::time::timeout(LONG, send(&world.lab.sandbox, request)).await;
        let took = begun.elapsed();
        let outcome = match answer {
            Ok(answer) => Outcome { statuses: vec![answer.status], answer: answer.text(), took },
            Err(_) => Outcome { statuses: Vec::new(), answer: String::new(), took: LONG * 2 },
        };
        if let Some(what) = harm(&outcome) {
            let body = String::from_utf8_lossy(&raw.body).into_owned();
            findings.push(format!(
                "{} {what:.1500}\n  of: {} {} {:?} {body:.3000}",
                sample.name(),
                raw.method,
                raw.target,
                raw.headers
            ));
        }
    }
    findings
}

/// The mutations are worth something only if they get far: each kind must reach what it is meant to reach.
#[tokio::test]
async fn the_mutations_reach_the_operations() {
    let template = Template::build().await;
    let mut chance = Chance::new(SEED);
    let (mut asked, mut succeeded, mut all) = (0, 0, 0);
    for sample in samples::all()
        .iter()
        .filter(|sample| !sample.malformed && !OPEN.contains(&sample.operation.as_str()))
        .step_by(7)
    {
        let world = template.world().await;
        let names: Vec<&str> = world.names.values().map(String::as_str).collect();
        for _ in 0..8 {
            let changed = structure::changed(&sample.plain(&world.names), &names, &mut chance);
            let mut raw = Raw::of(&changed);
            raw.sign(&world.lab.admin, &Scope::of(sample.service));
            let Some(request) = raw.request() else { continue };
            let answer = send(&world.lab.sandbox, request).await;
            all += 1;
            succeeded += usize::from(answer.status < 300);
            asked += usize::from(!world.lab.sandbox.trace(&answer.request_id()).is_empty());
        }
    }
    println!("of {all} mutations {asked} reached the gate and {succeeded} succeeded");
    assert!(asked * 4 > all, "{asked} of {all} reached the gate");
    assert!(succeeded * 10 > all, "{succeeded} of {all} succeeded");
}

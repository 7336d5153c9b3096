//! `cargo xtask test`: format, lints, Rust tests, those that keep state on PostgreSQL as well, then the specs that need a
//! browser or an AWS client.

mod postgres;
pub(crate) mod tally;
mod tools;

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::error::Error;
use crate::options::Scope;
use crate::process;
use crate::report::Report;
use crate::steps;
use crate::steps::record::{Records, files_below};
use crate::steps::server::SITE_ROOT;
use crate::workspace::{Workspace, cargo};
use tally::Tally;
use tools::Tools;

/// How long one spec may take, in milliseconds: a server that hangs must not hang the tests. `--test-force-exit` beside
/// it ends a spec that failed before it closed what it had opened.
const SPEC_LIMIT: &str = "--test-timeout=600000";

/// Where the embedded AWS's tests are, those of the console that run on PostgreSQL as well, and the variable by which both know a
/// server.
const SANDBOX_TESTS: &str = "server/sandbox/tests";
const CONSOLE_TESTS: [&str; 11] = [
    "identity",
    "process",
    "scenarios",
    "sessions",
    "sigkill",
    "start_over",
    "tags",
    "trace",
    "walk",
    "web",
    "wrong_role",
];
const TEST_DATABASE: &str = "TRILOCK_TEST_DATABASE";

/// The folders of `end2end/` that hold specs.
const SPEC_FOLDERS: [&str; 3] = ["support", "browser", "clients"];

/// Checks and tests everything, or what `scope` names. The last line tells how many tests passed and failed; a failed test is
/// an error, but does not keep the other tests from running.
pub(crate) fn run(workspace: &Workspace, report: &mut Report, scope: Scope) -> Result<(), Error> {
    let mut tally = Tally::default();
    if scope != Scope::Postgres {
        report.part("Format", || check_format(workspace))?;
        report.part("Lints", || check_lints(workspace))?;
        tally = tally.and(report.part("Rust tests", || rust_tests(workspace))?);
    }
    if scope != Scope::Quick {
        let server = postgres::Server::start(report)?;
        tally = tally.and(report.part("Tests on PostgreSQL", || on_postgres(workspace, &server.url()))?);
    }
    if scope == Scope::All {
        let server = steps::build(workspace, report)?;
        let records = Records::in_folder(workspace.records())?;
        let tools = Tools::find_or_install(workspace, report, &records)?;
        tally = tally.and(report.part("Browser and client specs", || specs(workspace, &server, &tools))?);
    }
    report.finish("Tested");
    if tally.failed > 0 {
        return Err(Error::Tests(tally));
    }
    println!("{tally}");
    Ok(())
}

fn check_format(workspace: &Workspace) -> Result<((), String), Error> {
    component(workspace, "fmt", "rustfmt")?;
    let mut command = cargo();
    process::run(command.args(["fmt", "--all", "--check"]).current_dir(&workspace.root))?;
    Ok(((), "as rustfmt writes it".into()))
}

fn check_lints(workspace: &Workspace) -> Result<((), String), Error> {
    component(workspace, "clippy", "clippy")?;
    let mut command = cargo();
    command.args(["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"]);
    process::run(command.current_dir(&workspace.root))?;
    Ok(((), "no warnings".into()))
}

/// Makes sure that `cargo <subcommand>` is there: rustup's minimal profile leaves it out.
fn component(workspace: &Workspace, subcommand: &str, name: &str) -> Result<(), Error> {
    let present = || process::succeeds(cargo().args([subcommand, "--version"]).current_dir(&workspace.root));
    if present() {
        return Ok(());
    }
    let added = process::run_quietly(
        Command::new("rustup").args(["component", "add", name]).current_dir(&workspace.root),
    );
    if added.is_ok() && present() {
        return Ok(());
    }
    Err(Error::Prerequisite(format!(
        "`cargo {subcommand}` is missing: run `rustup component add {name}` and start this command again"
    )))
}

fn rust_tests(workspace: &Workspace) -> Result<(Tally, String), Error> {
    let mut command = cargo();
    command.args(["test", "--workspace", "--no-fail-fast"]).current_dir(&workspace.root);
    counted(&mut command, tally::of_cargo)
}

fn on_postgres(workspace: &Workspace, url: &str) -> Result<(Tally, String), Error> {
    let mut command = cargo();
    // As members of the workspace, or cargo would build what they depend on once more with fewer features.
    command.args(["test", "--workspace", "--no-fail-fast"]);
    let tests = sandbox_tests(&workspace.root.join(SANDBOX_TESTS))?;
    for test in tests.iter().map(String::as_str).chain(CONSOLE_TESTS) {
        command.args(["--test", test]);
    }
    counted(command.env(TEST_DATABASE, url).current_dir(&workspace.root), tally::of_cargo)
}

/// The names of the test binaries in a folder: its files, and its folders with a `main.rs`.
fn sandbox_tests(folder: &Path) -> Result<Vec<String>, Error> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(Error::file("read", folder))? {
        let path = entry.map_err(Error::file("read", folder))?.path();
        let is_test =
            path.extension().is_some_and(|extension| extension == "rs") || path.join("main.rs").exists();
        names.extend(path.file_stem().filter(|_| is_test).map(|name| name.to_string_lossy().into_owned()));
    }
    names.sort();
    Ok(names)
}

fn specs(workspace: &Workspace, server: &Path, tools: &Tools) -> Result<(Tally, String), Error> {
    let end2end = workspace.root.join("end2end");
    let mut files = Vec::new();
    for folder in SPEC_FOLDERS {
        files.extend(files_below(&end2end.join(folder))?.into_iter().filter(|path| is_spec(path)));
    }
    let mut command = Command::new("node");
    command
        .args(["--test", "--test-reporter=spec", "--test-force-exit", SPEC_LIMIT])
        .args(&files)
        .env("TRILOCK_BIN", server)
        .env(SITE_ROOT, workspace.site())
        .env("TRILOCK_AWS_CLI", &tools.aws_cli)
        .env("TRILOCK_PYTHON", &tools.python)
        .env("TRILOCK_S3CMD", &tools.s3cmd)
        .env("TRILOCK_RCLONE", &tools.rclone)
        .env("CHROMIUM", &tools.chromium)
        .current_dir(&end2end);
    counted(&mut command, tally::of_node)
}

fn is_spec(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(".spec.mjs"))
}

/// Runs a test runner, shows its output, and counts by `count`, which reads what a line adds. That tests failed is no
/// error yet; that the runner failed without a failed test is one.
fn counted(command: &mut Command, count: impl Fn(&str) -> Option<Tally>) -> Result<(Tally, String), Error> {
    let mut tally = Tally::default();
    let status = process::lines(command, |line| {
        println!("{line}");
        tally = tally.and(count(line).unwrap_or_default());
    })?;
    if tally.failed == 0 {
        process::expect_success(command, status)?;
    }
    Ok((tally, tally.to_string()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn counted_of(script: &str) -> Result<Tally, Error> {
        counted(Command::new("sh").args(["-c", script]), tally::of_cargo).map(|(tally, _)| tally)
    }

    #[test]
    fn a_failed_test_is_counted_and_the_run_goes_on() {
        let script = "echo 'test result: FAILED. 3 passed; 2 failed; 0 ignored'; exit 101";
        assert_eq!(counted_of(script).unwrap(), Tally { passed: 3, failed: 2 });
    }

    #[test]
    fn a_runner_that_fails_without_a_failed_test_is_an_error() {
        let script = "echo 'test result: ok. 3 passed; 0 failed; 0 ignored'; exit 101";
        assert!(counted_of(script).is_err());
    }

    #[test]
    fn the_tests_of_the_sandbox_are_found() {
        let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(SANDBOX_TESTS);
        let names = sandbox_tests(&tests).unwrap();
        for (name, test) in [("wire", true), ("full_disk", true), ("support", false)] {
            assert_eq!(names.iter().any(|known| known == name), test, "{name}");
        }
    }

    #[test]
    fn specs_are_known_by_their_name() {
        for (name, spec) in [("a.spec.mjs", true), ("trilock.mjs", false), ("spec.mjs.txt", false)] {
            assert_eq!(is_spec(Path::new(name)), spec, "{name}");
        }
    }
}

//! What the specs need beside the build: Chromium, Node's packages, the AWS CLI and boto3, s3cmd and rclone.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::Error;
use crate::install;
use crate::process;
use crate::report::Report;
use crate::steps::record::{Inputs, Records};
use crate::workspace::Workspace;

const CHROMIUM: &str = "/usr/bin/chromium";

/// The oldest Node, major and minor, whose test runner has all that the specs use.
const OLDEST_NODE: (u32, u32) = (20, 14);

/// The tools, ready to use.
pub(crate) struct Tools {
    pub(crate) chromium: PathBuf,
    pub(crate) aws_cli: PathBuf,
    pub(crate) python: PathBuf,
    pub(crate) s3cmd: PathBuf,
    pub(crate) rclone: PathBuf,
}

impl Tools {
    /// Installs what is missing.
    pub(crate) fn find_or_install(
        workspace: &Workspace,
        report: &mut Report,
        records: &Records,
    ) -> Result<Self, Error> {
        let end2end = workspace.root.join("end2end");
        let chromium = report.part("Chromium", chromium)?;
        report.part("Node packages", || node_packages(&end2end, records))?;
        let venv = report
            .part("AWS CLI and boto3", || python_packages(workspace, &end2end.join("requirements.txt")))?;
        let [s3cmd, rclone] = report.part("s3cmd and rclone", s3_clients)?;
        Ok(Self { chromium, aws_cli: venv.join("bin/aws"), python: venv.join("bin/python"), s3cmd, rclone })
    }
}

/// Those on the path, else Debian's.
fn s3_clients() -> Result<([PathBuf; 2], String), Error> {
    let names = ["s3cmd", "rclone"];
    let missing: Vec<&str> = names.into_iter().filter(|name| on_path(name).is_none()).collect();
    install::packages(&missing, "by the S3 client specs")?;
    let clients = names.map(|name| on_path(name).unwrap_or_else(|| Path::new("/usr/bin").join(name)));
    let outcome = clients.each_ref().map(|path| path.display().to_string()).join(", ");
    Ok((clients, outcome))
}

fn on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

fn chromium() -> Result<(PathBuf, String), Error> {
    if let Some(chosen) = env::var_os("CHROMIUM").filter(|value| !value.is_empty()) {
        let path = PathBuf::from(chosen);
        if !path.is_file() {
            return Err(Error::Prerequisite(format!(
                "CHROMIUM is {}, but no such file exists",
                path.display()
            )));
        }
        let outcome = path.display().to_string();
        return Ok((path, outcome));
    }
    if !Path::new(CHROMIUM).is_file() {
        install::packages(&["chromium"], "by the browser specs")?;
    }
    Ok((CHROMIUM.into(), CHROMIUM.into()))
}

fn node_packages(end2end: &Path, records: &Records) -> Result<((), String), Error> {
    let needed = || {
        Error::Prerequisite(format!(
            "the specs need Node {}.{} or newer with npm: install it from https://nodejs.org and start this command \
             again",
            OLDEST_NODE.0, OLDEST_NODE.1
        ))
    };
    let version = process::output(Command::new("node").arg("--version")).map_err(|_| needed())?;
    if node_version(&version).is_none_or(|version| version < OLDEST_NODE) {
        return Err(needed());
    }
    let lock = end2end.join("package-lock.json");
    let locked = fs::read(&lock).map_err(Error::file("read", &lock))?;
    let inputs =
        Inputs::new().add("package-lock.json", &locked).add("node", version.as_bytes()).fingerprint();
    if records.is_done("node-packages", inputs) {
        return Ok(((), "unchanged".into()));
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(end2end);
    process::run_quietly(&mut npm).map_err(|error| match error {
        Error::Start { .. } => needed(),
        other => other,
    })?;
    records.done("node-packages", inputs, vec![end2end.join("node_modules/.package-lock.json")])?;
    Ok(((), "installed".into()))
}

/// Major and minor version out of what `node --version` prints, such as `v20.14.1`.
fn node_version(printed: &str) -> Option<(u32, u32)> {
    let mut numbers = printed.trim().strip_prefix('v')?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// A virtual environment in the user's cache, one for each list of requirements.
fn python_packages(workspace: &Workspace, requirements: &Path) -> Result<(PathBuf, String), Error> {
    let listed = fs::read(requirements).map_err(Error::file("read", requirements))?;
    let venv =
        workspace.cache.join(format!("venv-{}", Inputs::new().add("requirements", &listed).fingerprint()));
    let complete = venv.join("complete");
    if complete.exists() && process::succeeds(Command::new(venv.join("bin/aws")).arg("--version")) {
        return Ok((venv, "unchanged".into()));
    }
    make_venv(&venv)?;
    let mut pip = Command::new(venv.join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"])
        .arg(requirements);
    process::run_quietly(&mut pip)?;
    fs::write(&complete, "").map_err(Error::file("write", &complete))?;
    Ok((venv, "installed".into()))
}

fn make_venv(venv: &Path) -> Result<(), Error> {
    let mut python = Command::new("python3");
    python.args(["-m", "venv", "--clear"]).arg(venv);
    if process::succeeds(&mut python) {
        return Ok(());
    }
    // Debian's Python comes without the part that makes virtual environments.
    if install::has_apt() {
        install::packages(&["python3-venv"], "by the AWS client specs")?;
    }
    process::run_quietly(&mut python).map_err(|_| {
        Error::Prerequisite(
            "the AWS client specs need Python 3.9 or newer that can run `python3 -m venv`: install it and start this \
             command again"
                .into(),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_node_is_read() {
        let cases = [
            ("v20.14.1\n", Some((20, 14))),
            ("v9.0.0", Some((9, 0))),
            ("20.1.1", None),
            ("v20", None),
            ("", None),
        ];
        for (printed, expected) in cases {
            assert_eq!(node_version(printed), expected, "{printed:?}");
        }
    }
}

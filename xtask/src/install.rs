//! Debian packages, for what xtask needs and cannot build.

use std::path::Path;
use std::process::Command;

use crate::error::Error;
use crate::process;

/// Whether packages can be installed here at all.
pub(crate) fn has_apt() -> bool {
    Path::new("/usr/bin/apt-get").exists()
}

/// Installs those of `packages` that are missing. `purpose` completes "needed …" in the sentence given when that is
/// not possible.
pub(crate) fn packages(packages: &[&str], purpose: &str) -> Result<(), Error> {
    let missing: Vec<&str> = packages.iter().copied().filter(|package| !is_installed(package)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names = missing.join(" ");
    let by_hand = || {
        Error::Prerequisite(format!(
            "{names}, needed {purpose}, cannot be installed from here: run `sudo apt-get install {names}` and start this \
             command again"
        ))
    };
    if !has_apt() {
        return Err(Error::Prerequisite(format!(
            "this system has no apt-get, so install {names}, needed {purpose}, with its own package manager and start \
             this command again"
        )));
    }
    let as_root = privilege().ok_or_else(by_hand)?;
    let install = |quietly: fn(&mut Command) -> bool| {
        quietly(apt_get(as_root).args(["install", "--yes", "--no-install-recommends"]).args(&missing))
    };
    // The lists may be missing or older than what the archive still holds: refresh them only if that is so.
    if install(process::succeeds) {
        return Ok(());
    }
    process::run_quietly(apt_get(as_root).arg("update"))?;
    if install(|command| process::run_quietly(command).is_ok()) { Ok(()) } else { Err(by_hand()) }
}

fn apt_get(as_root: &[&str]) -> Command {
    let mut words = as_root.iter().chain(&["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
    let mut command = Command::new(words.next().unwrap_or(&"apt-get"));
    command.args(words);
    command
}

/// The words that come before a command to run it as root without being asked anything.
fn privilege() -> Option<&'static [&'static str]> {
    let user = Command::new("id").arg("-u").output().ok()?;
    if user.stdout.trim_ascii() == b"0" {
        return Some(&[]);
    }
    process::succeeds(Command::new("sudo").args(["-n", "true"])).then_some(&["sudo", "-n"])
}

fn is_installed(package: &str) -> bool {
    let query =
        Command::new("dpkg-query").args(["--show", "--showformat=${db:Status-Status}", package]).output();
    query.is_ok_and(|output| output.stdout == b"installed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn apt_runs_alone_as_root_and_through_sudo_otherwise() {
        let cases: [(&[&str], &str); 2] = [
            (&[], "env DEBIAN_FRONTEND=noninteractive apt-get"),
            (&["sudo", "-n"], "sudo -n env DEBIAN_FRONTEND=noninteractive apt-get"),
        ];
        for (as_root, line) in cases {
            assert_eq!(process::shown(&apt_get(as_root)), line);
        }
    }
}

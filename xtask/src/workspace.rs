//! Where things are: the sources, the target folder, the site, the user's cache.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use crate::error::Error;
use crate::process;

/// The folders xtask works in, all absolute.
pub(crate) struct Workspace {
    /// The folder of the workspace's Cargo.toml.
    pub(crate) root: PathBuf,
    /// Cargo's target folder, wherever the environment or a configuration puts it.
    pub(crate) target: PathBuf,
    /// Where what is slow to make and belongs to no one checkout is kept.
    pub(crate) cache: PathBuf,
}

impl Workspace {
    /// Asks cargo, which knows about every way to move the target folder.
    pub(crate) fn find() -> Result<Self, Error> {
        let mut command = cargo();
        command.args(["metadata", "--no-deps", "--format-version", "1"]);
        let metadata: serde_json::Value = serde_json::from_str(&process::output(&mut command)?)
            .map_err(|error| Error::Source(format!("`cargo metadata` gave no JSON: {error}")))?;
        let folder = |name: &str| {
            let path = metadata[name].as_str().map(PathBuf::from);
            path.ok_or_else(|| Error::Source(format!("`cargo metadata` does not say `{name}`")))
        };
        let cache = cache_folder(env::var_os("XDG_CACHE_HOME"), env::var_os("HOME"));
        Ok(Self {
            root: folder("workspace_root")?,
            target: folder("target_directory")?,
            cache: cache
                .ok_or_else(|| Error::Prerequisite("set HOME to a folder that can be written to".into()))?,
        })
    }

    /// What the server serves as files: `pkg/` and the content of `public/`.
    pub(crate) fn site(&self) -> PathBuf {
        self.target.join("site")
    }

    /// Where xtask remembers what it made out of what.
    pub(crate) fn records(&self) -> PathBuf {
        self.target.join("xtask")
    }
}

/// The cargo that runs xtask, freed of what it tells about xtask's own crate: build scripts watch these variables, and
/// would run again each time they differ from those of a plain `cargo build`.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    without_own_crate(&mut command);
    command
}

/// See [`cargo`].
pub(crate) fn without_own_crate(command: &mut Command) {
    for (name, _) in env::vars_os() {
        let told_about_crate = name.to_str().is_some_and(|name| {
            ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"].iter().any(|start| name.starts_with(start))
                || matches!(name, "CARGO_CRATE_NAME" | "CARGO_PRIMARY_PACKAGE")
        });
        if told_about_crate {
            command.env_remove(name);
        }
    }
}

/// `$XDG_CACHE_HOME/trilock`, else `$HOME/.cache/trilock`; empty and relative values do not count (XDG Base Directory
/// Specification).
fn cache_folder(xdg: Option<OsString>, home: Option<OsString>) -> Option<PathBuf> {
    let absolute = |value: Option<OsString>| value.map(PathBuf::from).filter(|path| path.is_absolute());
    absolute(xdg)
        .or_else(|| absolute(home).map(|home| home.join(".cache")))
        .map(|cache| cache.join("trilock"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_follows_xdg_then_home() {
        let cases = [
            (Some("/x"), Some("/h"), Some("/x/trilock")),
            (None, Some("/h"), Some("/h/.cache/trilock")),
            (Some(""), Some("/h"), Some("/h/.cache/trilock")),
            (Some("relative"), Some("/h"), Some("/h/.cache/trilock")),
            (None, None, None),
        ];
        for (xdg, home, folder) in cases {
            let found = cache_folder(xdg.map(OsString::from), home.map(OsString::from));
            assert_eq!(found, folder.map(PathBuf::from), "XDG_CACHE_HOME {xdg:?}, HOME {home:?}");
        }
    }
}

//! The server binary `trilock`: compiling it, and becoming it.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::Error;
use crate::process;
use crate::workspace::{Workspace, cargo, without_own_crate};

/// Names the folder the server serves files from.
pub(crate) const SITE_ROOT: &str = "TRILOCK_SITE_ROOT";

/// Compiles the server in the development profile and gives its path.
pub(crate) fn compile(workspace: &Workspace) -> Result<(PathBuf, String), Error> {
    let mut command = cargo();
    // The whole workspace chooses the features, as in `cargo test --workspace`: neither compiles the other's
    // dependencies again.
    command.args(["build", "--workspace", "--bin", "trilock", "--message-format", "json-render-diagnostics"]);
    let messages = process::output(command.current_dir(&workspace.root))?;
    let server = executable(&messages, "trilock")
        .ok_or_else(|| Error::Source("cargo built no executable `trilock`".into()))?;
    let outcome = server.display().to_string();
    Ok((server, outcome))
}

/// Replaces this process by `trilock serve` and returns only if that fails. The signals a terminal or a supervisor sends
/// so reach the server itself.
pub(crate) fn become_server(server: &Path, workspace: &Workspace, options: &[String]) -> Error {
    let mut command = Command::new(server);
    command.arg("serve").args(options).env(SITE_ROOT, workspace.site());
    without_own_crate(&mut command);
    Error::Start { program: process::shown(&command), source: command.exec() }
}

/// The path of the executable `name` in cargo's messages, one JSON object a line.
fn executable(messages: &str, name: &str) -> Option<PathBuf> {
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let mut built = messages.filter(|message| message["target"]["name"] == name);
    built.find_map(|message| message["executable"].as_str().map(PathBuf::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_executable_is_found_among_the_messages_of_cargo() {
        let messages = r#"{"reason":"compiler-artifact","target":{"name":"app"},"executable":null}
{"reason":"compiler-artifact","target":{"name":"trilock"},"executable":null}
{"reason":"compiler-artifact","target":{"name":"trilock"},"executable":"/t/debug/trilock","fresh":true}
{"reason":"build-finished","success":true}"#;
        assert_eq!(executable(messages, "trilock"), Some(PathBuf::from("/t/debug/trilock")));
        assert_eq!(executable(messages, "app"), None);
    }
}

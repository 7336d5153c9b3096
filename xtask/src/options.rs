//! What was asked for on the command line.

use thiserror::Error;

/// The text of `cargo xtask help`.
pub(crate) const HELP: &str = "\
Set-up, build, run and test of Trilock.

Usage: cargo xtask COMMAND

Commands:
  run [OPTIONS]   Build everything, then start `trilock serve` with these options
                  (`cargo xtask run --help` lists them)
  build           Build everything: the browser's half, the style sheet, the server
  test            Check format and lints, run the Rust tests, those that keep state on
                  PostgreSQL as well, then the browser and client specs
  test --quick    The same without PostgreSQL, browser and clients
  test --postgres The tests on PostgreSQL alone
  help            Show this text

Environment:
  CARGO_TARGET_DIR     Where to build (default: target); the built site is in its folder `site`
  CHROMIUM             The browser for the specs (default: /usr/bin/chromium, installed if missing)
  TRILOCK_WASM_ROUTE   How to get the wasm target: `rustup` or `debian` (default: whichever works)";

/// One command with its options.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// Show [`HELP`].
    Help,
    /// Build the browser's half and the server.
    Build,
    /// Build, then become `trilock serve`.
    Run {
        /// Passed on as they came.
        serve_options: Vec<String>,
    },
    /// Check and test.
    Test {
        /// How much of it.
        scope: Scope,
    },
}

/// What `cargo xtask test` does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Everything.
    All,
    /// What needs no PostgreSQL, browser or AWS client.
    Quick,
    /// The tests on PostgreSQL.
    Postgres,
}

/// A command line that cannot be followed; nothing was done.
#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum OptionsError {
    #[error("no command given")]
    Missing,
    #[error("there is no command `{0}`")]
    UnknownCommand(String),
    #[error("`{command}` has no option `{option}`")]
    UnknownOption {
        /// The command as given.
        command: String,
        /// What it does not know.
        option: String,
    },
}

/// Reads the words after `cargo xtask`. Only `run` takes words that xtask does not know itself: they are the server's.
pub(crate) fn parse(words: impl IntoIterator<Item = String>) -> Result<Task, OptionsError> {
    let mut words = words.into_iter();
    let command = words.next().ok_or(OptionsError::Missing)?;
    let mut rest: Vec<String> = words.collect();
    match command.as_str() {
        "run" => {
            if rest.first().is_some_and(|word| word == "--") {
                rest.remove(0);
            }
            Ok(Task::Run { serve_options: rest })
        }
        "build" | "test" if rest.iter().any(|word| word == "--help" || word == "-h") => Ok(Task::Help),
        "build" => none_left(command, &rest).map(|()| Task::Build),
        "test" => {
            let scopes = [("--quick", Scope::Quick), ("--postgres", Scope::Postgres)];
            let named = scopes.iter().find(|(name, _)| rest.first().is_some_and(|word| word == name));
            if named.is_some() {
                rest.remove(0);
            }
            let scope = named.map_or(Scope::All, |(_, scope)| *scope);
            none_left(command, &rest).map(|()| Task::Test { scope })
        }
        "help" | "--help" | "-h" => none_left(command, &rest).map(|()| Task::Help),
        _ => Err(OptionsError::UnknownCommand(command)),
    }
}

fn none_left(command: String, rest: &[String]) -> Result<(), OptionsError> {
    match rest.first() {
        None => Ok(()),
        Some(option) => Err(OptionsError::UnknownOption { command, option: option.clone() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Task, OptionsError> {
        parse(line.split_whitespace().map(String::from))
    }

    fn run(options: &[&str]) -> Task {
        Task::Run { serve_options: options.iter().map(ToString::to_string).collect() }
    }

    #[test]
    fn every_command_is_read() {
        let cases = [
            ("build", Task::Build),
            ("test", Task::Test { scope: Scope::All }),
            ("test --quick", Task::Test { scope: Scope::Quick }),
            ("test --postgres", Task::Test { scope: Scope::Postgres }),
            ("run", run(&[])),
            ("help", Task::Help),
            ("--help", Task::Help),
            ("-h", Task::Help),
            ("test --help", Task::Help),
        ];
        for (line, task) in cases {
            assert_eq!(parsed(line), Ok(task), "cargo xtask {line}");
        }
    }

    #[test]
    fn run_passes_its_options_on_with_or_without_the_separator() {
        let cases = [
            ("run --listen 127.0.0.1:0", run(&["--listen", "127.0.0.1:0"])),
            ("run -- --listen 127.0.0.1:0", run(&["--listen", "127.0.0.1:0"])),
            ("run --help", run(&["--help"])),
            ("run -- --data d -- x", run(&["--data", "d", "--", "x"])),
        ];
        for (line, task) in cases {
            assert_eq!(parsed(line), Ok(task), "cargo xtask {line}");
        }
    }

    #[test]
    fn what_is_not_known_is_named() {
        let cases = [
            ("", "no command given"),
            ("biuld", "there is no command `biuld`"),
            ("build --fast", "`build` has no option `--fast`"),
            ("test --quick now", "`test` has no option `now`"),
            ("help me", "`help` has no option `me`"),
        ];
        for (line, message) in cases {
            assert_eq!(
                parsed(line).map_err(|error| error.to_string()),
                Err(message.to_string()),
                "cargo xtask {line}"
            );
        }
    }
}

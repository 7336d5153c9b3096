//! Running other programs: in the open, quietly, or for their output.

use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::Error;

/// Runs with its output shown.
pub(crate) fn run(command: &mut Command) -> Result<(), Error> {
    let status = command.status().map_err(not_started(command))?;
    expect_success(command, status)
}

/// Runs and gives its standard output; standard error is shown.
pub(crate) fn output(command: &mut Command) -> Result<String, Error> {
    let output = command.stderr(Stdio::inherit()).output().map_err(not_started(command))?;
    expect_success(command, output.status)?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs with its output kept back, and shown only if it fails.
pub(crate) fn run_quietly(command: &mut Command) -> Result<(), Error> {
    let output = command.stdin(Stdio::null()).output().map_err(not_started(command))?;
    if !output.status.success() {
        eprint!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    }
    expect_success(command, output.status)
}

/// Whether it starts and succeeds; nothing is shown.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

/// Runs with its output shown, but no longer than `limit`.
pub(crate) fn run_within(command: &mut Command, limit: Duration) -> Result<(), Error> {
    let mut child = command.stdin(Stdio::null()).spawn().map_err(not_started(command))?;
    let end = Instant::now() + limit;
    while Instant::now() < end {
        if let Some(status) = waited(command, child.try_wait())? {
            return expect_success(command, status);
        }
        thread::sleep(Duration::from_millis(50));
    }
    stop(&mut child);
    Err(Error::TooLong { command: shown(command), seconds: limit.as_secs() })
}

/// Runs, hands every line of standard output to `each`, and gives the exit status, whatever it is.
pub(crate) fn lines(command: &mut Command, mut each: impl FnMut(&str)) -> Result<ExitStatus, Error> {
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(not_started(command))?;
    if let Some(stdout) = child.stdout.take() {
        for_each_line(stdout, &mut each).map_err(not_started(command))?;
    }
    child.wait().map_err(not_started(command))
}

/// An error unless `status` is success.
pub(crate) fn expect_success(command: &Command, status: ExitStatus) -> Result<(), Error> {
    if status.success() { Ok(()) } else { Err(Error::Command { command: shown(command), status }) }
}

/// The command as a person would type it, without its environment.
pub(crate) fn shown(command: &Command) -> String {
    let mut text = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        let _ = write!(text, " {}", argument.to_string_lossy());
    }
    text
}

fn for_each_line(from: impl Read, each: &mut impl FnMut(&str)) -> io::Result<()> {
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    // Bytes, because a test may print what is not UTF-8 and must not end the run by it.
    while from.read_until(b'\n', &mut line)? > 0 {
        each(String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']));
        line.clear();
    }
    Ok(())
}

fn waited(command: &Command, result: io::Result<Option<ExitStatus>>) -> Result<Option<ExitStatus>, Error> {
    result.map_err(not_started(command))
}

fn stop(child: &mut Child) {
    // Both fail only if it ended by itself in between.
    let _ = child.kill();
    let _ = child.wait();
}

fn not_started(command: &Command) -> impl FnOnce(io::Error) -> Error + use<> {
    let program = command.get_program().to_string_lossy().into_owned();
    move |source| Error::Start { program, source }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn output_is_what_the_program_printed() {
        assert_eq!(output(&mut shell("echo one; echo two")).unwrap(), "one\ntwo\n");
    }

    #[test]
    fn a_program_that_fails_is_named_with_its_status() {
        let message = run(&mut shell("exit 3")).unwrap_err().to_string();
        assert_eq!(message, "`sh -c exit 3` failed (exit status: 3)");
    }

    #[test]
    fn a_program_that_is_missing_is_named() {
        let message = run(&mut Command::new("no-such-program-here")).unwrap_err().to_string();
        assert!(message.starts_with("cannot start `no-such-program-here`: "), "{message}");
    }

    #[test]
    fn a_program_that_takes_too_long_is_stopped() {
        let started = Instant::now();
        let error = run_within(&mut shell("exec sleep 20"), Duration::from_millis(100)).unwrap_err();
        assert!(matches!(error, Error::TooLong { .. }), "{error}");
        assert!(started.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn lines_are_handed_over_even_if_the_program_fails() {
        let mut seen = Vec::new();
        let status =
            lines(&mut shell(r"printf 'one\ntwo\377\nthree'; exit 1"), |line| seen.push(line.to_string()));
        assert!(!status.unwrap().success());
        assert_eq!(seen, ["one", "two\u{fffd}", "three"]);
    }
}

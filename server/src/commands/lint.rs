//! `trilock lint`: what is wrong with policy documents in files.

use super::CommandError;
use crate::cli::{LintFormat, LintOptions};
use policy::lint::{Finding, Kind, Severity, lint};
use serde::Serialize;
use std::io::{self, Read as _, Write};
use std::path::{Path, PathBuf};

/// Findings of one file, as `--format json` writes them.
#[derive(Serialize)]
struct Report<'p> {
    file: &'p Path,
    kind: Kind,
    findings: Vec<Finding>,
}

/// Looks every file over and prints what is wrong.
///
/// # Errors
/// When a file cannot be read, or a service would refuse one.
pub fn run(options: &LintOptions) -> Result<(), CommandError> {
    let mut reports = Vec::new();
    for file in &options.files {
        let text = read(file).map_err(|error| CommandError::File { file: file.clone(), error })?;
        let kind = options.kind.unwrap_or_else(|| Kind::guess(&text));
        reports.push(Report { file, kind, findings: lint(&text, kind) });
    }
    let mut out = io::stdout().lock();
    match options.format {
        LintFormat::Text => reports.iter().try_for_each(|report| write(report, &mut out))?,
        LintFormat::Json => {
            serde_json::to_writer_pretty(&mut out, &reports).map_err(io::Error::from)?;
            writeln!(out)?;
        }
    }
    let is_refused =
        |report: &&Report<'_>| report.findings.iter().any(|finding| finding.severity == Severity::Error);
    match reports.iter().filter(is_refused).count() {
        0 => Ok(()),
        refused => Err(CommandError::Refused(refused)),
    }
}

fn read(file: &PathBuf) -> io::Result<String> {
    if file.as_os_str() == "-" {
        let mut text = String::new();
        io::stdin().lock().read_to_string(&mut text)?;
        return Ok(text);
    }
    std::fs::read_to_string(file)
}

/// A line a finding, and one for what would mend it.
fn write(report: &Report<'_>, out: &mut impl Write) -> io::Result<()> {
    let file = report.file.display();
    for finding in &report.findings {
        let severity = finding.severity.name();
        let Finding { line, column, code, message, .. } = finding;
        writeln!(out, "{file}:{line}:{column}: {severity}: {message} [{code}]")?;
        if let Some(fix) = &finding.fix {
            writeln!(out, "    fix: {}", fix.title)?;
        }
    }
    Ok(())
}

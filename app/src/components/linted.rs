//! A policy document with numbered lines, and what the lint finds written under the lines it is about.

use super::{
    icon::{Glyph, Icon},
    prose::Words,
};
use leptos::prelude::*;
use policy::lint::{Finding, Kind, Severity, lint};

/// The findings of a document, worst first at each line.
pub(crate) fn findings(document: &str, kind: Kind) -> Vec<Finding> {
    lint(document, kind)
}

/// How many findings, in words.
pub(crate) fn count(findings: &[Finding]) -> String {
    match findings.len() {
        0 => "The lint finds nothing".into(),
        1 => "1 finding of the lint, at its line".into(),
        more => format!("{more} findings of the lint, at their lines"),
    }
}

const fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "Refused",
        Severity::Warning => "Warning",
        Severity::Note => "Note",
    }
}

/// The document, a line an item.
#[component]
pub(crate) fn Linted(
    /// What the list is called for assistive technology.
    #[prop(into)]
    label: String,
    /// JSON text.
    document: String,
    /// What is wrong with it.
    findings: Vec<Finding>,
) -> impl IntoView {
    let lines = document
        .lines()
        .enumerate()
        .map(|(at, text)| {
            let number = at + 1;
            let here: Vec<Finding> =
                findings.iter().filter(|finding| finding.line == number).cloned().collect();
            let found = !here.is_empty();
            let notes = here.into_iter().map(|finding| view! { <Note finding /> }).collect_view();
            view! {
                <li class="code-line" class:has-finding=found>
                    <span class="code-text">
                        <span class="visually-hidden">{format!("Line {number}: ")}</span>
                        <span class="code-number" aria-hidden="true">{number}</span>
                        <span class="code-mark" aria-hidden="true">{found.then_some("▸")}</span>
                        <code>{text.to_owned()}</code>
                    </span>
                    {notes}
                </li>
            }
        })
        .collect_view();
    view! { <ol class="code-lines" aria-label=label>{lines}</ol> }
}

#[component]
fn Note(finding: Finding) -> impl IntoView {
    let class = match finding.severity {
        Severity::Error => "line-finding line-finding-error",
        Severity::Warning => "line-finding line-finding-warning",
        Severity::Note => "line-finding",
    };
    let icon = match finding.severity {
        Severity::Error => Icon::Denies,
        Severity::Warning => Icon::Warning,
        Severity::Note => Icon::Silent,
    };
    view! {
        <p class=class>
            <Glyph icon />
            <span>
                <strong>{word(finding.severity)}": "</strong>
                <Words text=finding.message />
                {finding.fix.map(|fix| view! { <span class="line-fix">" "<strong>"Fix: "</strong>{fix.title}"."</span> })}
            </span>
        </p>
    }
    .into_any()
}

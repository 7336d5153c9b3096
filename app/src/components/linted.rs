//! A policy document with numbered lines, and what the lint finds written under the lines it is about.

use crate::picture::findings::said;
use leptos::prelude::*;
use policy::lint::Finding;

/// How many findings, in words.
pub(crate) fn count(findings: &[Finding]) -> String {
    match findings.len() {
        0 => "The lint finds nothing".into(),
        1 => "1 finding of the lint, at its line".into(),
        more => format!("{more} findings of the lint, at their lines"),
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
            let here = findings.iter().filter(|finding| finding.line == number);
            let found = here.clone().next().is_some();
            let notes = here
                .map(|finding| {
                    let class = format!("line-finding line-finding-{}", finding.severity.name());
                    view! { <p class=class inner_html=said(finding, "")></p> }
                })
                .collect_view();
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

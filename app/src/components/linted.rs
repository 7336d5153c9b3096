//! A policy document with numbered lines, and what the lint finds written under the lines it is about.

use crate::picture::findings::said;
use leptos::prelude::*;
use policy::lint::{Finding, Severity};

/// How many findings, in words, and whether they are advice alone.
pub(crate) fn count(findings: &[Finding]) -> String {
    let advice = findings.iter().all(|finding| finding.severity == Severity::Note);
    match (findings.len(), advice) {
        (0, _) => "The lint finds nothing".into(),
        (1, false) => "1 finding of the lint, at its line".into(),
        (1, true) => "1 finding of the lint, at its line: advice only".into(),
        (more, false) => format!("{more} findings of the lint, at their lines"),
        (more, true) => format!("{more} findings of the lint, at their lines: advice only"),
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

#[cfg(test)]
mod tests {
    use super::count;
    use policy::lint::{Kind, lint};

    #[test]
    fn findings_that_are_advice_alone_are_said_to_be() {
        let found = |action: &str, resource: &str| {
            let text = format!(
                r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Action": "{action}", "Resource": "{resource}"}}]}}"#
            );
            count(&lint(&text, Kind::Identity))
        };
        assert_eq!(found("s3:DeleteObject", "arn:aws:s3:::demo/*"), "The lint finds nothing");
        let advice = "1 finding of the lint, at its line: advice only";
        assert_eq!(found("s3:GetObject", "arn:aws:s3:::demo/*"), advice);
        assert_eq!(found("s3:ListBucket", "arn:aws:s3:::demo/*"), "1 finding of the lint, at its line");
    }
}

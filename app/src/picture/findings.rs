//! What is wrong with a document: what its service would refuse, and what it would take and not mean. A list of it while the document
//! is being written, and single findings for whoever shows them at their lines.

use super::{
    html::{coded, escape},
    icon::{Icon, glyph},
};
use policy::lint::{Finding, Kind, Severity, lint};
use std::fmt::Write as _;

/// The findings of a document as a list, or that there are none.
pub(crate) fn html(text: &str, kind: Kind) -> String {
    if text.trim().is_empty() {
        return r#"<p class="hint">No document: nothing to look over.</p>"#.into();
    }
    list(&lint(text, kind))
}

fn list(findings: &[Finding]) -> String {
    if findings.is_empty() {
        return format!(r#"<p class="findings-none">{}Nothing wrong with it.</p>"#, glyph(Icon::Done));
    }
    let mut html = String::from(r#"<ul class="findings">"#);
    for finding in findings {
        // Writing to a `String` cannot fail.
        let _ = write!(
            html,
            r#"<li class="finding finding-{}">{}</li>"#,
            finding.severity.name(),
            said(finding, &format!(", line {}", finding.line))
        );
    }
    html.push_str("</ul>");
    html
}

/// A finding with its drawing: how bad it is and where, what is wrong, and what mends it.
pub(crate) fn said(finding: &Finding, place: &str) -> String {
    let (icon, word) = match finding.severity {
        Severity::Error => (Icon::Denies, "Refused"),
        Severity::Warning => (Icon::Warning, "Warning"),
        Severity::Note => (Icon::Silent, "Note"),
    };
    let fix = finding.fix.as_ref().map_or_else(String::new, |fix| {
        format!(r#" <span class="finding-fix"><strong>Fix: </strong>{}.</span>"#, escape(&fix.title))
    });
    format!(
        "{}<span><strong>{word}{}: </strong>{}{fix}</span>",
        glyph(icon),
        escape(place),
        coded(&finding.message)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_name_their_line_and_nothing_of_the_document_becomes_markup() {
        let text = "{\"Version\": \"2012-10-17\", \"Statement\": [\n{\"Effect\": \"Allow\", \"Action\": \"s3:<b>\", \"Resource\": \"*\"}]}";
        let html = html(text, Kind::Identity);
        assert!(html.contains("line 2: "), "{html}");
        assert!(!html.contains("<b>"), "{html}");
    }

    #[test]
    fn a_sound_document_says_so() {
        let text = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:DeleteObject", "Resource": "arn:aws:s3:::demo/*"}]}"#;
        assert!(html(text, Kind::Identity).contains("Nothing wrong"), "{}", html(text, Kind::Identity));
    }
}

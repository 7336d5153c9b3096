//! A whole policy document, with the statements that decided and those that applied marked in it.

use super::json::{highlight, write_key};
use crate::console::PolicyFrame;
use leptos::prelude::*;
use policy::StatementExplanation;
use serde_json::Value;

/// How a statement stands to the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Decides,
    Applies,
    Neither,
}

impl Standing {
    const fn of(statement: &StatementExplanation) -> Self {
        match statement {
            StatementExplanation { deciding: true, .. } => Self::Decides,
            StatementExplanation { matched: true, .. } => Self::Applies,
            _ => Self::Neither,
        }
    }
}

/// The documents of a lane, each once and whole.
#[component]
pub(crate) fn PolicySources(
    /// What stands around the statements.
    frames: Vec<PolicyFrame>,
    /// Every statement of the documents, in their order.
    statements: Vec<StatementExplanation>,
) -> impl IntoView {
    documents(&frames, &statements)
        .into_iter()
        .map(|(name, arn, html)| {
            let label = format!("Policy document {name}");
            view! {
                <figure class="policy-source">
                    <figcaption>
                        <strong>{name}</strong>
                        {arn.map(|arn| view! { <code>{arn}</code> })}
                    </figcaption>
                    <pre class="json" tabindex="0" role="group" aria-label=label>
                        <code inner_html=html></code>
                    </pre>
                </figure>
            }
        })
        .collect_view()
}

/// Name, ARN and HTML of each document. A document without statements does not show: no statement of it can bear on anything.
fn documents(
    frames: &[PolicyFrame],
    statements: &[StatementExplanation],
) -> Vec<(String, Option<String>, String)> {
    let of_one = |a: &StatementExplanation, b: &StatementExplanation| {
        a.policy == b.policy && a.policy_arn == b.policy_arn && a.index < b.index
    };
    statements
        .chunk_by(of_one)
        .filter_map(|statements| {
            let first = statements.first()?;
            let found = frames
                .iter()
                .find(|frame| frame.policy == first.policy && frame.arn == first.policy_arn)
                .map(|frame| frame.frame.clone());
            let frame = found.unwrap_or_else(|| serde_json::json!({ "Statement": [] }));
            Some((first.policy.clone(), first.policy_arn.clone(), document(&frame, statements)))
        })
        .collect()
}

/// One document as HTML, everything of it escaped.
fn document(frame: &Value, statements: &[StatementExplanation]) -> String {
    let Some(members) = frame.as_object() else { return highlight(frame) };
    let mut html = String::from("{\n");
    for (place, (name, value)) in members.iter().enumerate() {
        let comma = if place + 1 < members.len() { "," } else { "" };
        html.push_str("  ");
        write_key(&mut html, name);
        if name == "Statement" {
            let list = value.is_array();
            html.push_str(if list { "[\n" } else { "" });
            for (place, statement) in statements.iter().enumerate() {
                let comma = if place + 1 < statements.len() { "," } else { "" };
                html.push_str(&marked(statement, if list { 4 } else { 2 }, comma));
            }
            html.push_str(if list { "  ]" } else { "" });
        } else {
            html.push_str(&highlight(value));
        }
        html.push_str(comma);
        html.push('\n');
    }
    html.push('}');
    html
}

/// A statement's lines, with the word that says how it stands to the request.
fn marked(statement: &StatementExplanation, indent: usize, comma: &str) -> String {
    let blank = " ".repeat(indent);
    let text = highlight(&statement.source).replace('\n', &format!("\n{blank}"));
    let lines = format!("{blank}{text}{comma}\n");
    match Standing::of(statement) {
        Standing::Neither => lines,
        Standing::Decides => {
            format!("<mark class=\"mark-decides\"><span class=\"mark-word\">decides</span>{lines}</mark>")
        }
        Standing::Applies => {
            format!("<mark class=\"mark-applies\"><span class=\"mark-word\">applies</span>{lines}</mark>")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{document, documents};
    use crate::{console::PolicyFrame, picture::html::text_of};
    use policy::{Effect, StatementExplanation};
    use serde_json::{Value, json};

    fn statement(policy: &str, index: usize, deciding: bool, matched: bool) -> StatementExplanation {
        StatementExplanation {
            policy: policy.into(),
            policy_arn: None,
            index,
            sid: None,
            effect: Effect::Deny,
            matched,
            deciding,
            reach: None,
            mismatch: None,
            conditions: Vec::new(),
            source: json!({ "Sid": format!("<s{index}>"), "Effect": "Deny" }),
        }
    }

    #[test]
    fn the_whole_document_stands_there_once_and_marks_what_decided() {
        let frame = json!({ "Version": "2012-10-17", "Id": "x", "Statement": [] });
        let html = document(&frame, &[statement("p", 0, true, true), statement("p", 1, false, true)]);
        assert_eq!(html.matches("mark-decides").count(), 1);
        assert_eq!(html.matches("mark-applies").count(), 1);
        assert!(!html.contains("<s0>"), "{html}");
        let text = text_of(&html).replace("decides", "").replace("applies", "");
        let shown: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(shown["Id"], "x");
        assert_eq!(shown["Statement"][1]["Sid"], "<s1>");
    }

    #[test]
    fn each_policy_is_a_document_of_its_own_and_old_records_still_show() {
        let frames = [PolicyFrame {
            policy: "a".into(),
            arn: None,
            frame: json!({ "Version": "2012-10-17", "Statement": {} }),
        }];
        let statements = [statement("a", 0, false, false), statement("b", 0, false, false)];
        let found = documents(&frames, &statements);
        let names: Vec<&str> = found.iter().map(|(name, ..)| name.as_str()).collect();
        assert_eq!(names, ["a", "b"]);
        assert!(serde_json::from_str::<Value>(&text_of(&found[0].2)).unwrap()["Statement"].is_object());
        assert!(serde_json::from_str::<Value>(&text_of(&found[1].2)).unwrap()["Statement"].is_array());
    }
}

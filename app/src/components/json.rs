//! Policy documents as readable, coloured JSON.

use crate::picture::html::escape;
use leptos::prelude::*;
use serde_json::Value;
use std::fmt::Write;

/// A JSON value, indented and highlighted.
#[component]
pub(crate) fn Json(
    /// What to show; key order is kept.
    value: Value,
) -> impl IntoView {
    view! {
        <pre class="json" tabindex="0">
            <code inner_html=highlight(&value)></code>
        </pre>
    }
    .into_any()
}

/// Pretty-printed JSON as HTML: keys, strings and literals in spans, every character of the document escaped.
pub(crate) fn highlight(value: &Value) -> String {
    let mut html = String::new();
    write_value(&mut html, value, 0);
    html
}

fn write_value(html: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            html.push_str("{\n");
            for (position, (key, value)) in fields.iter().enumerate() {
                indent(html, depth + 1);
                write_key(html, key);
                write_value(html, value, depth + 1);
                end_line(html, position + 1 < fields.len());
            }
            indent(html, depth);
            html.push('}');
        }
        Value::Array(items) if items.len() == 1 && !items[0].is_object() && !items[0].is_array() => {
            html.push('[');
            write_value(html, &items[0], depth);
            html.push(']');
        }
        Value::Array(items) if !items.is_empty() => {
            html.push_str("[\n");
            for (position, item) in items.iter().enumerate() {
                indent(html, depth + 1);
                write_value(html, item, depth + 1);
                end_line(html, position + 1 < items.len());
            }
            indent(html, depth);
            html.push(']');
        }
        Value::String(_) => token(html, "string", value),
        _ => token(html, "literal", value),
    }
}

/// A member's name and the colon behind it.
pub(super) fn write_key(html: &mut String, name: &str) {
    token(html, "key", &Value::from(name));
    html.push_str(": ");
}

fn indent(html: &mut String, depth: usize) {
    html.extend(std::iter::repeat_n("  ", depth));
}

fn end_line(html: &mut String, more: bool) {
    html.push_str(if more { ",\n" } else { "\n" });
}

fn token(html: &mut String, class: &str, value: &Value) {
    let text = value.to_string();
    // Writing to a `String` cannot fail.
    let _ = write!(html, "<span class=\"json-{class}\">{}</span>", escape(&text));
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::highlight;
    use crate::picture::html::text_of;
    use serde_json::json;

    #[test]
    fn what_a_policy_says_cannot_become_markup() {
        let html = highlight(&json!({"Sid": "<script>alert(1)</script>", "<b>": "a & b \"quoted\""}));
        assert!(!html.contains("<script") && !html.contains("<b>"), "{html}");
        assert!(html.contains("&lt;script&gt;"), "{html}");
    }

    #[test]
    fn the_page_shows_the_same_document() {
        let documents = [
            json!({"Version": "2012-10-17", "Statement": [{"Action": ["s3:*"], "Condition": {"Bool": {"a": "true"}}}]}),
            json!([1, true, null, {}, [], [[]], "täxt\n"]),
            json!("alone"),
        ];
        for document in documents {
            let shown = text_of(&highlight(&document));
            assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), document, "{shown}");
        }
    }

    #[test]
    fn a_list_of_one_stays_on_its_line() {
        assert_eq!(
            text_of(&highlight(&json!({"Action": ["s3:GetObject"]}))),
            "{\n  \"Action\": [\"s3:GetObject\"]\n}"
        );
    }
}

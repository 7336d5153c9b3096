//! What AWS answered, as the AWS CLI prints it: `--output json` and `--output text` (`awscli/formatter.py`, `awscli/text.py`).

use crate::terminal::{Output, command::OutputFormat};
use serde_json::{
    Map, Value,
    ser::{PrettyFormatter, Serializer},
};
use std::collections::BTreeSet;

/// An answer, in the order of its members. Nothing is printed of one that is empty.
pub fn answered(answer: Map<String, Value>, format: OutputFormat) -> Output {
    if answer.is_empty() {
        return Output::default();
    }
    let answer = Value::Object(answer);
    Output::ok(match format {
        OutputFormat::Json => json(&answer) + "\n",
        OutputFormat::Text => {
            let mut text = String::new();
            item(&mut text, &answer, None, None);
            text
        }
    })
}

/// Indented by four, as Python's `json.dumps(…, indent=4, ensure_ascii=False)`.
fn json(value: &Value) -> String {
    use serde::Serialize as _;
    let mut bytes = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut bytes, PrettyFormatter::with_indent(b"    "));
    // A value always serializes into memory.
    let _ = value.serialize(&mut serializer);
    String::from_utf8(bytes).unwrap_or_default()
}

fn is_scalar(value: &Value) -> bool {
    !value.is_object() && !value.is_array()
}

/// As Python's `str` says it.
fn scalar(value: &Value) -> String {
    match value {
        Value::Null => "None".into(),
        Value::Bool(true) => "True".into(),
        Value::Bool(false) => "False".into(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn item(text: &mut String, value: &Value, name: Option<&str>, columns: Option<&BTreeSet<&str>>) {
    match value {
        Value::Object(members) => object(text, members, name, columns),
        Value::Array(items) => list(text, items, name),
        value => *text += &(scalar(value) + "\n"),
    }
}

fn list(text: &mut String, items: &[Value], name: Option<&str>) {
    if items.iter().any(Value::is_object) {
        let columns: BTreeSet<&str> = items
            .iter()
            .filter_map(Value::as_object)
            .flat_map(|members| {
                members.iter().filter(|(_, value)| is_scalar(value)).map(|(name, _)| name.as_str())
            })
            .collect();
        for value in items {
            item(text, value, name, Some(&columns));
        }
    } else if items.iter().any(Value::is_array) {
        items.iter().for_each(|value| item(text, value, name, None));
    } else {
        for value in items {
            *text += &match name {
                Some(name) => format!("{}\t{}\n", name.to_uppercase(), scalar(value)),
                None => scalar(value) + "\n",
            };
        }
    }
}

/// Scalars on one line by name, then what has parts. In a list all objects have the columns of all.
fn object(
    text: &mut String,
    members: &Map<String, Value>,
    name: Option<&str>,
    columns: Option<&BTreeSet<&str>>,
) {
    let own: BTreeSet<&str> =
        members.iter().filter(|(_, value)| is_scalar(value)).map(|(name, _)| name.as_str()).collect();
    let columns = columns.unwrap_or(&own);
    if !columns.is_empty() {
        let cells = columns.iter().map(|column| members.get(*column).map(scalar).unwrap_or_default());
        let line: Vec<String> = name.map(str::to_uppercase).into_iter().chain(cells).collect();
        *text += &(line.join("\t") + "\n");
    }
    let parts: BTreeSet<&String> =
        members.keys().filter(|member| !columns.contains(member.as_str())).collect();
    for part in parts {
        if let Some(value) = members.get(part) {
            item(text, value, Some(part), None);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::answered;
    use crate::terminal::command::OutputFormat::{Json, Text};
    use serde_json::json;

    #[test]
    fn answers_are_printed_as_the_aws_cli_prints_them() {
        let who = json!({"UserId": "AROA:i-1", "Account": "111122223333", "Arn": "arn:x"});
        let who = who.as_object().unwrap();
        assert_eq!(
            answered(who.clone(), Json).text,
            "{\n    \"UserId\": \"AROA:i-1\",\n    \"Account\": \"111122223333\",\n    \"Arn\": \"arn:x\"\n}\n"
        );
        assert_eq!(answered(who.clone(), Text).text, "111122223333\tarn:x\tAROA:i-1\n");
        assert_eq!(answered(serde_json::Map::new(), Json).text, "");
    }

    #[test]
    fn text_has_a_line_for_each_object_of_a_list_and_a_column_for_each_member_of_any() {
        let keys = json!({"Keys": [{"KeyId": "k", "KeyArn": "a"}, {"KeyId": "l"}], "Empty": [], "Algorithms": ["X", "Y"],
                          "Here": true, "None": null});
        assert_eq!(
            answered(keys.as_object().unwrap().clone(), Text).text,
            "True\tNone\nALGORITHMS\tX\nALGORITHMS\tY\nKEYS\ta\tk\nKEYS\t\tl\n"
        );
    }
}

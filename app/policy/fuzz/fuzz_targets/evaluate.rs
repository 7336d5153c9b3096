//! Any text as a line of `trilock evaluate`. What is decided stays denied when a Deny comes to any of its policies, and what an
//! identity policy denies for everything is allowed no more.
#![no_main]

use libfuzzer_sys::fuzz_target;
use policy::{Outcome, line};
use serde_json::{Value, json};

fn outcome(question: &Value) -> Option<Outcome> {
    let answer = line::answer(&question.to_string()).ok()?;
    assert_eq!(answer.message.is_none(), answer.decision == Outcome::Allowed, "{question}");
    Some(answer.decision)
}

/// Puts `deny` into every list of statements, wherever it stands.
fn deny_everywhere(value: &mut Value, deny: &Value) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(|item| deny_everywhere(item, deny)),
        Value::Object(members) => {
            for (name, member) in members {
                deny_everywhere(member, deny);
                if name == "Statement"
                    && let Value::Array(list) = member
                {
                    list.push(deny.clone());
                }
            }
        }
        _ => {}
    }
}

fuzz_target!(|text: &str| {
    let Ok(question) = serde_json::from_str::<Value>(text) else { return };
    let Some(before) = outcome(&question) else { return };
    let deny = json!({ "Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*" });
    let mut changed = question.clone();
    deny_everywhere(&mut changed, &deny);
    let after = outcome(&changed).expect("a statement more is read as well");
    assert!(before == Outcome::Allowed || after != Outcome::Allowed, "a Deny opened {question}");
    let mut closed = question;
    closed["identity_policies"] = json!([{ "Version": "2012-10-17", "Statement": [deny] }]);
    assert_eq!(outcome(&closed), Some(Outcome::ExplicitlyDenied), "{closed}");
});

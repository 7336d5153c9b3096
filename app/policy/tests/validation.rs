//! What the services refuse to store, case by case from `validation.json`: code and message, word for word.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use policy::validate;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    source: String,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    kind: String,
    #[serde(default)]
    bucket: String,
    /// A document, the name of a fixture, or the very text when it is neither.
    document: Value,
    /// How many letters stand for the word FILL in the document.
    #[serde(default)]
    fill: usize,
    #[serde(default)]
    rejection: Option<Rejection>,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Rejection {
    code: String,
    message: String,
}

#[test]
fn services_accept_and_reject_documents_in_their_own_words() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let file: File =
        serde_json::from_str(&fs::read_to_string(tests.join("validation.json")).unwrap()).unwrap();
    let mut wrong = Vec::new();
    for case in &file.cases {
        let json = match &case.document {
            Value::String(text) => fs::read_to_string(tests.join("fixtures").join(format!("{text}.json")))
                .unwrap_or_else(|_| text.clone()),
            document => document.to_string().replace("FILL", &"a".repeat(case.fill)),
        };
        let result = match case.kind.as_str() {
            "identity" => validate::identity(&json),
            "trust" => validate::trust(&json),
            "bucket" => validate::bucket(&json, &case.bucket),
            "key" => validate::key(&json),
            other => panic!("{}: there is no kind `{other}`", case.name),
        };
        let actual =
            result.err().map(|error| Rejection { code: error.code.to_owned(), message: error.message });
        if actual != case.rejection {
            wrong.push(format!("{}: {actual:?}, expected {:?}", case.name, case.rejection));
        }
    }
    assert!(wrong.is_empty(), "{} [{}]:\n{}", wrong.len(), file.source, wrong.join("\n"));
    assert!(file.cases.len() >= 90, "only {} cases were found", file.cases.len());
}

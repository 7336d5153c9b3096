//! The samples of all operations: how each is called with success in the [`super::world`], and how it is called wrongly.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, dead_code, missing_docs, unreachable_pub)]

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::calls::{Call, Names, Plain, fill, fill_all};

/// The files, by service. `operations/README.md` says what they hold.
const FILES: [(&str, &str); 6] = [
    ("s3", include_str!("../wire/operations/s3.json")),
    ("kms", include_str!("../wire/operations/kms.json")),
    ("iam", include_str!("../wire/operations/iam.json")),
    ("sts", include_str!("../wire/operations/sts.json")),
    ("ec2", include_str!("../wire/operations/ec2.json")),
    ("cloudtrail", include_str!("../wire/operations/cloudtrail.json")),
];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    call: Option<Value>,
    malformed: Option<Value>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: String,
    #[serde(default)]
    before: Vec<Call>,
    answers: Option<(u16, String, String)>,
    on: Option<String>,
    tags: Option<String>,
    shows: Option<String>,
}

/// One call of one operation.
#[derive(Debug)]
pub struct Sample {
    pub service: &'static str,
    pub operation: String,
    /// Whether it is called as it should not be.
    pub malformed: bool,
    call: Value,
    headers: BTreeMap<String, String>,
    body: String,
    /// What Admin does first.
    pub before: Vec<Call>,
    /// Status, code and message; `None` for any success.
    pub answers: Option<(u16, String, String)>,
    /// What a denial of its own action names, where that is not the resource's ARN.
    pub on: Option<String>,
    /// The same for the permission to tag what is made.
    pub tags: Option<String>,
    /// What the answer holds.
    pub shows: Option<String>,
}

impl Sample {
    pub fn plain(&self, names: &Names) -> Plain {
        match self.service {
            "s3" => {
                let line = fill(self.call.as_str().expect("method and path"), names);
                Plain::s3(&line, &self.headers, &fill(&self.body, names), names)
            }
            service @ ("kms" | "cloudtrail") => {
                Plain::json(service, &self.operation, &fill_all(&self.call, names))
            }
            service => {
                let parameters = self.call.as_object().expect("parameters");
                let parameters: Vec<_> = parameters
                    .iter()
                    .map(|(name, value)| (name.clone(), fill(value.as_str().unwrap(), names)))
                    .collect();
                Plain::query(service, &self.operation, &parameters)
            }
        }
    }

    /// As messages of tests name it.
    pub fn name(&self) -> String {
        let call = if self.call.is_string() { self.call.to_string() } else { String::new() };
        format!("{} {} {call}", self.service, self.operation)
    }
}

/// All samples of a service, by operation.
pub fn of_service(service: &str) -> Vec<Sample> {
    let (service, file) = FILES.into_iter().find(|(known, _)| *known == service).unwrap();
    let operations: BTreeMap<String, Vec<Entry>> =
        serde_json::from_str(file).unwrap_or_else(|error| panic!("{service}.json: {error}"));
    let sample = |operation: &str, entry: Entry| {
        let malformed = entry.malformed.is_some();
        let call = entry
            .malformed
            .or(entry.call)
            .unwrap_or_else(|| panic!("{operation}: neither call nor malformed"));
        Sample {
            service,
            operation: operation.to_owned(),
            malformed,
            call,
            headers: entry.headers,
            body: entry.body,
            before: entry.before,
            answers: entry.answers,
            on: entry.on,
            tags: entry.tags,
            shows: entry.shows,
        }
    };
    operations
        .into_iter()
        .flat_map(|(operation, entries)| entries.into_iter().map(move |entry| (operation.clone(), entry)))
        .map(|(operation, entry)| sample(&operation, entry))
        .collect()
}

/// All samples.
pub fn all() -> Vec<Sample> {
    FILES.into_iter().flat_map(|(service, _)| of_service(service)).collect()
}

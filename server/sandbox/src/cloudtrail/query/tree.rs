//! Parameters of Query requests as the structures and lists that their names spell, and the two forms in which records show them.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::shown::spelled;
use super::{guessed, scalar};

/// Parameters by the parts of their names: `A.member.1.B` is `B` in the first of the list `A`.
#[derive(Debug, Default)]
pub(super) struct Tree {
    text: Option<String>,
    pub(super) branches: BTreeMap<String, Tree>,
}

impl Tree {
    pub(super) fn insert(&mut self, name: &str, value: &str) {
        let parts = name.split('.').filter(|part| *part != "member");
        let leaf = parts.fold(self, |tree, part| tree.branches.entry(part.to_owned()).or_default());
        leaf.text = Some(value.to_owned());
    }

    /// Its entries in the order of their numbers; `None` unless all have one.
    pub(super) fn entries(&self) -> Option<Vec<&Self>> {
        let numbered = self.branches.iter().map(|(part, tree)| Some((part.parse::<u32>().ok()?, tree)));
        let mut numbered = numbered.collect::<Option<Vec<_>>>().filter(|entries| !entries.is_empty())?;
        numbered.sort_by_key(|(number, _)| *number);
        Some(numbered.into_iter().map(|(_, tree)| tree).collect())
    }

    pub(super) fn to_value(&self, name: &str) -> Value {
        if let Some(text) = &self.text {
            return scalar(name, text, "iam");
        }
        match self.entries() {
            Some(entries) => entries.into_iter().map(|entry| entry.to_value("")).collect(),
            None => {
                let members = self.branches.iter();
                members
                    .map(|(part, tree)| {
                        let part = spelled(part);
                        let value = tree.to_value(&part);
                        (part, value)
                    })
                    .collect::<Map<_, _>>()
                    .into()
            }
        }
    }

    /// As what EC2 makes of its newer requests: entries of lists have their place as `tag`, and one alone is no list.
    pub(super) fn to_wrapped(&self) -> Value {
        if let Some(text) = &self.text {
            return guessed(text);
        }
        let entries = self.entries().map(|entries| {
            let entry = |(place, tree): (usize, &Self)| match tree.to_wrapped() {
                Value::Object(mut members) => {
                    members.insert("tag".into(), (place + 1).into());
                    Value::Object(members)
                }
                content => json!({ "tag": place + 1, "content": content }),
            };
            entries.into_iter().enumerate().map(entry).collect::<Vec<_>>()
        });
        match entries {
            Some(mut entries) if entries.len() == 1 => entries.remove(0),
            Some(entries) => entries.into(),
            None => {
                let members = self.branches.iter().map(|(part, tree)| (part.clone(), tree.to_wrapped()));
                Value::Object(members.collect())
            }
        }
    }
}

//! What records show of IAM's, STS's and EC2's requests and answers.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::shown::{self, HIDDEN, or_null, spelled};
use super::xml::{self, Element};
use crate::query::{Params, Service};

/// Names, in parameters and answers, whose values are numbers, and those whose values are true or false.
const NUMBERS: &[&str] = &[
    "amiLaunchIndex",
    "attachmentCount",
    "code",
    "durationSeconds",
    "maxCount",
    "maxItems",
    "maxResults",
    "maxSessionDuration",
    "minCount",
    "packedPolicySize",
    "permissionsBoundaryUsageCount",
];
const TRUTHS: &[&str] = &["isAttachable", "isDefaultVersion", "onlyAttached", "setAsDefault"];
/// Names whose values are times.
const TIMES: &[&str] = &["createDate", "expiration", "updateDate"];
/// Parts of the names of what nobody may read.
const SECRET: &[&str] = &["AuthenticationCode", "EncodedMessage", "Password", "SecretAccessKey", "TokenCode"];
/// Most parts of a parameter's name: no operation takes one with more.
const MOST_PARTS: usize = 8;
/// Elements that are lists also when there is nothing in them.
const LISTS: &[&str] = &["Roles", "Tags"];

/// Parameters and answers by their names, of which each names a resource.
const RESOURCES: &[(&str, &str)] = &[
    ("accessKeyId", "AWS::IAM::AccessKey"),
    ("assumedRoleId", "AWS::STS::AssumedRole"),
    ("groupName", "AWS::IAM::Group"),
    ("imageId", "AWS::EC2::Ami"),
    ("instanceId", "AWS::EC2::Instance"),
    ("instanceProfileName", "AWS::IAM::InstanceProfile"),
    ("policyArn", "AWS::IAM::Policy"),
    ("roleName", "AWS::IAM::Role"),
    ("userName", "AWS::IAM::User"),
];

/// The parameters of a request: those that the operation takes, which are `known`.
pub(super) fn parameters(service: Service, params: &Params, known: &[&str]) -> Value {
    let mut root = Tree::default();
    for name in params.names() {
        let first = name.split('.').next().unwrap_or(name);
        let well_formed = name.split('.').count() <= MOST_PARTS;
        if known.contains(&first) && well_formed && !is_secret(name) {
            root.insert(name, params.get(name).unwrap_or_default());
        }
    }
    match service {
        Service::Ec2 => or_null(of_ec2(root)),
        Service::Iam | Service::Sts => match root.to_value("") {
            Value::Object(members) => or_null(members),
            _ => Value::Null,
        },
    }
}

/// What was answered to a call that changed something.
pub(super) fn elements(service: Service, action: &str, body: &[u8]) -> Value {
    let Some(document) = xml::read(body) else { return Value::Null };
    let result = match service {
        Service::Ec2 => Some(&document),
        Service::Iam | Service::Sts => document.child(&format!("{action}Result")),
    };
    result.map_or(Value::Null, |result| or_null(members(service, result)))
}

/// The resources that parameters or elements name.
pub(super) fn resources(shown: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    collect(shown, &mut found);
    found
}

fn collect(shown: &Value, found: &mut Vec<(String, String)>) {
    match shown {
        Value::Object(members) => {
            for (name, value) in members {
                let kind = RESOURCES.iter().find(|(known, _)| known == name);
                match (kind, value) {
                    (Some((_, kind)), Value::String(text)) => found.push(((*kind).to_owned(), text.clone())),
                    _ => collect(value, found),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|entry| collect(entry, found)),
        _ => {}
    }
}

fn is_secret(name: &str) -> bool {
    SECRET.iter().any(|part| name.contains(part))
}

/// Parameters by the parts of their names: `A.member.1.B` is `B` in the first of the list `A`.
#[derive(Debug, Default)]
struct Tree {
    text: Option<String>,
    branches: BTreeMap<String, Tree>,
}

impl Tree {
    fn insert(&mut self, name: &str, value: &str) {
        let parts = name.split('.').filter(|part| *part != "member");
        let leaf = parts.fold(self, |tree, part| tree.branches.entry(part.to_owned()).or_default());
        leaf.text = Some(value.to_owned());
    }

    /// Its entries in the order of their numbers; `None` unless all have one.
    fn entries(&self) -> Option<Vec<&Self>> {
        let numbered = self.branches.iter().map(|(part, tree)| Some((part.parse::<u32>().ok()?, tree)));
        let mut numbered = numbered.collect::<Option<Vec<_>>>().filter(|entries| !entries.is_empty())?;
        numbered.sort_by_key(|(number, _)| *number);
        Some(numbered.into_iter().map(|(_, tree)| tree).collect())
    }

    fn to_value(&self, name: &str) -> Value {
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
}

/// EC2 shows lists as sets of items, and what is to be launched as a set of its own.
fn of_ec2(root: Tree) -> Map<String, Value> {
    let mut shown = Map::new();
    let mut launched = Map::new();
    for (name, tree) in &root.branches {
        let spelling = spelled(name);
        match (name.as_str(), tree.entries()) {
            ("ImageId" | "MinCount" | "MaxCount", _) => {
                let value = tree.to_value(&spelling);
                launched.insert(spelling, value);
            }
            ("InstanceId", Some(ids)) => {
                let ids = ids.into_iter().map(|id| json!({ "instanceId": id.to_value("") }));
                shown.insert("instancesSet".into(), items(ids));
            }
            ("Filter", Some(filters)) => {
                let filters = filters.into_iter().map(|filter| {
                    let values = filter.branches.get("Value").and_then(Tree::entries).unwrap_or_default();
                    let name = filter.branches.get("Name").map_or(Value::Null, |name| name.to_value(""));
                    let values = values.into_iter().map(|value| json!({ "value": value.to_value("") }));
                    json!({ "name": name, "valueSet": items(values) })
                });
                shown.insert("filterSet".into(), items(filters));
            }
            (_, Some(entries)) => {
                let entries = entries.into_iter().map(|entry| entry.to_value(""));
                shown.insert(format!("{spelling}Set"), items(entries));
            }
            (_, None) => {
                let value = tree.to_value(&spelling);
                shown.insert(spelling, value);
            }
        }
    }
    if !launched.is_empty() {
        shown.insert("instancesSet".into(), items([Value::Object(launched)]));
    }
    shown
}

fn items(entries: impl IntoIterator<Item = Value>) -> Value {
    json!({ "items": entries.into_iter().collect::<Vec<_>>() })
}

fn members(service: Service, element: &Element) -> Map<String, Value> {
    element.members(
        |name| (!is_secret(name)).then(|| spelled(name)),
        |child| {
            let all = |name: &str| child.children.iter().all(|entry| entry.name == name);
            let list = || child.children.iter().map(|entry| value_of(service, entry)).collect::<Vec<_>>();
            match child.children.is_empty() {
                true if child.text.is_empty() && LISTS.contains(&child.name.as_str()) => json!([]),
                true if child.text.is_empty() && child.name.ends_with("Set") => json!({}),
                false if all("member") => list().into(),
                false if all("item") => items(list()),
                _ => value_of(service, child),
            }
        },
    )
}

fn value_of(service: Service, element: &Element) -> Value {
    match element.children.is_empty() {
        true if element.name == "SessionToken" => HIDDEN.into(),
        true => scalar(&spelled(&element.name), &element.text, service.prefix()),
        false => Value::Object(members(service, element)),
    }
}

fn scalar(name: &str, text: &str, service: &str) -> Value {
    let number = || text.parse::<i64>().map_or_else(|_| text.into(), Value::from);
    match name {
        name if NUMBERS.contains(&name) => number(),
        name if TRUTHS.contains(&name) => text.parse::<bool>().map_or_else(|_| text.into(), Value::from),
        name if TIMES.contains(&name) => shown::time_of_text(text, service),
        // EC2 writes this one in milliseconds.
        "launchTime" => OffsetDateTime::parse(text, &Rfc3339)
            .map_or_else(|_| text.into(), |time| (time.unix_timestamp() * 1_000).into()),
        _ => text.into(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn shown(service: Service, query: &str, known: &[&str]) -> Value {
        parameters(service, &Params::read(query, b"").unwrap(), known)
    }

    #[test]
    fn parameters_are_shown_in_the_form_of_their_service() {
        let query = "Action=CreateUser&Version=1&UserName=a&Tags.member.2.Key=k2&Tags.member.1.Key=k1&Tags.member.1.Value=v\
                     &Password=hunter2&Unknown=hunter2&MaxItems=5&PolicyArns.member.1.arn=x";
        assert_eq!(
            shown(Service::Iam, query, &["UserName", "Tags", "Password", "MaxItems", "PolicyArns"]),
            json!({
                "maxItems": 5, "policyArns": [{"arn": "x"}], "tags": [{"key": "k1", "value": "v"}, {"key": "k2"}],
                "userName": "a",
            })
        );
        assert_eq!(shown(Service::Sts, "Action=GetCallerIdentity", &[]), Value::Null);
        let nested = format!("Tags{}=x", ".1".repeat(100_000));
        assert_eq!(shown(Service::Iam, &nested, &["Tags"]), Value::Null);
        let query = "ImageId=ami-1&MinCount=1&MaxCount=2&IamInstanceProfile.Name=p&InstanceType=t2.micro";
        assert_eq!(
            shown(
                Service::Ec2,
                query,
                &["ImageId", "MinCount", "MaxCount", "IamInstanceProfile", "InstanceType"]
            ),
            json!({
                "iamInstanceProfile": {"name": "p"}, "instanceType": "t2.micro",
                "instancesSet": {"items": [{"imageId": "ami-1", "maxCount": 2, "minCount": 1}]},
            })
        );
        let query = "InstanceId.1=i-1&InstanceId.2=i-2&Filter.1.Name=n&Filter.1.Value.1=v";
        assert_eq!(
            shown(Service::Ec2, query, &["InstanceId", "Filter"]),
            json!({
                "filterSet": {"items": [{"name": "n", "valueSet": {"items": [{"value": "v"}]}}]},
                "instancesSet": {"items": [{"instanceId": "i-1"}, {"instanceId": "i-2"}]},
            })
        );
    }

    #[test]
    fn answers_are_shown_without_secrets_and_tokens() {
        let answer = b"<AssumeRoleResponse xmlns=\"n\"><AssumeRoleResult><Credentials><AccessKeyId>ASIA1</AccessKeyId>\
            <SecretAccessKey>hunter2</SecretAccessKey><SessionToken>hunter2</SessionToken>\
            <Expiration>2024-08-01T11:45:22Z</Expiration></Credentials><PackedPolicySize>6</PackedPolicySize>\
            </AssumeRoleResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></AssumeRoleResponse>";
        let shown = elements(Service::Sts, "AssumeRole", answer);
        assert_eq!(
            shown,
            json!({
                "credentials": {"accessKeyId": "ASIA1", "sessionToken": HIDDEN, "expiration": "Aug 1, 2024, 11:45:22 AM"},
                "packedPolicySize": 6,
            })
        );
        assert_eq!(resources(&shown), [("AWS::IAM::AccessKey".to_owned(), "ASIA1".to_owned())]);
        let answer = b"<RunInstancesResponse><requestId>r</requestId><ownerId>012345678901</ownerId><groupSet/><instancesSet>\
            <item><instanceId>i-1</instanceId><launchTime>1970-01-01T00:00:01Z</launchTime></item></instancesSet>\
            </RunInstancesResponse>";
        assert_eq!(
            elements(Service::Ec2, "RunInstances", answer),
            json!({
                "requestId": "r", "ownerId": "012345678901", "groupSet": {},
                "instancesSet": {"items": [{"instanceId": "i-1", "launchTime": 1000}]},
            })
        );
        let answer = b"<A><AResult><InstanceProfile><Roles/><Path>/</Path></InstanceProfile></AResult></A>";
        assert_eq!(
            elements(Service::Iam, "A", answer),
            json!({"instanceProfile": {"roles": [], "path": "/"}})
        );
        assert_eq!(elements(Service::Iam, "DeleteUser", b"<DeleteUserResponse/>"), Value::Null);
    }
}

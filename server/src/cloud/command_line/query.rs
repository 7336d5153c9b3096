//! Services that speak the Query protocol: IAM, STS and EC2. Members come as `Tags.member.1.Key=…`, in EC2 as `Tag.1.Key=…`.

use super::{Command, SECRETS, kebab, placeholder};
use serde_json::{Map, Value};

pub(super) fn command(service: &str, body: &[u8]) -> Option<Command> {
    let parameters: Vec<(String, String)> = serde_urlencoded::from_bytes(body).ok()?;
    let action = parameters.iter().find(|(name, _)| name == "Action").map(|(_, action)| action)?;
    let mut command = Command::new(service, action);
    let mut members = Map::new();
    for (name, value) in &parameters {
        if name != "Action" && name != "Version" {
            let path: Vec<&str> = name.split('.').filter(|part| *part != "member").collect();
            put(&mut members, &path, value);
        }
    }
    if service == "ec2" {
        count(&mut members);
    }
    for (name, value) in members {
        let value = listed(value, service == "ec2");
        let name = match &value {
            Value::Array(_) if service == "ec2" => plural(&name),
            _ => name,
        };
        let option = kebab(&name);
        match value {
            Value::String(_) if SECRETS.contains(&name.as_str()) => {
                command.option(&option, [placeholder(&name).as_str()]);
            }
            // Booleans are text in this protocol, and the AWS CLI takes them without a value.
            Value::String(text) if text == "true" || text == "false" => {
                command.value(&option, &Value::Bool(text == "true"));
            }
            value => command.value(&option, &value),
        }
    }
    Some(command)
}

/// Puts a value where its dotted name leads.
fn put(into: &mut Map<String, Value>, path: &[&str], value: &str) {
    let Some((first, rest)) = path.split_first() else { return };
    if rest.is_empty() {
        into.insert((*first).into(), value.into());
        return;
    }
    let inner = into.entry(*first).or_insert_with(|| Value::Object(Map::new()));
    if let Value::Object(inner) = inner {
        put(inner, rest, value);
    }
}

/// Members that are counted are a list.
fn listed(value: Value, ec2: bool) -> Value {
    let Value::Object(members) = value else { return value };
    let counted = !members.is_empty() && members.keys().all(|name| name.parse::<usize>().is_ok());
    if counted {
        return Value::Array(members.into_iter().map(|(_, value)| listed(value, ec2)).collect());
    }
    let named = members.into_iter().map(|(name, value)| {
        let value = listed(value, ec2);
        (if ec2 && value.is_array() { plural(&name) } else { name }, value)
    });
    Value::Object(named.collect())
}

/// EC2 sends `InstanceId.1` for what its API calls `InstanceIds`.
fn plural(name: &str) -> String {
    match name {
        "ResourceId" => "Resources".into(),
        name => format!("{name}s"),
    }
}

/// `run-instances` asks for one instance unless told otherwise, by one option for both bounds.
fn count(members: &mut Map<String, Value>) {
    let (Some(least), Some(most)) = (members.shift_remove("MinCount"), members.shift_remove("MaxCount"))
    else {
        return;
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (least, most) = (text(&least), text(&most));
    if least == most && most != "1" {
        members.insert("Count".into(), most.into());
    } else if least != most {
        members.insert("Count".into(), format!("{least}:{most}").into());
    }
}

//! Changes to what a request says, before it is signed: parameters, members, elements, headers, the path.

use serde_json::Value;

use crate::chance::Chance;
use crate::support::calls::Plain;

/// Values that readers trip over.
const VALUES: [&str; 42] = [
    "",
    " ",
    "*",
    "?",
    "0",
    "-1",
    "1",
    "1.5",
    "1e999",
    "2147483648",
    "9223372036854775808",
    "99999999999999999999999999",
    "0x10",
    "\u{ff12}",
    "true",
    "null",
    "None",
    "[]",
    "{}",
    "{",
    "<a>",
    "</",
    "&amp;",
    "\"",
    "'; DROP TABLE objects; --",
    "../../etc/passwd",
    "%00",
    "%ff",
    "\u{0}",
    "\r\n",
    "\u{202e}\u{fffe}",
    "e\u{301}\u{1f600}",
    "arn:",
    "arn:aws:s3:::",
    "arn:aws:iam::111122223333:user/somebody",
    "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    "alias/",
    "2026-01-01T00:00:00Z",
    "AES256",
    "bytes=0-",
    "${aws:username}",
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}]}"#,
];

/// Query parameters and headers of S3 that turn one operation into another.
const QUERY: [&str; 22] = [
    "versionId",
    "uploads",
    "uploadId",
    "partNumber",
    "tagging",
    "acl",
    "policy",
    "delete",
    "versioning",
    "encryption",
    "location",
    "max-keys",
    "prefix",
    "delimiter",
    "marker",
    "list-type",
    "continuation-token",
    "encoding-type",
    "attributes",
    "response-content-type",
    "x-id",
    "lifecycle",
];
const HEADERS: [&str; 26] = [
    "range",
    "if-match",
    "if-none-match",
    "if-modified-since",
    "content-md5",
    "content-type",
    "content-encoding",
    "x-amz-copy-source",
    "x-amz-copy-source-range",
    "x-amz-acl",
    "x-amz-tagging",
    "x-amz-meta-note",
    "x-amz-storage-class",
    "x-amz-checksum-crc32",
    "x-amz-sdk-checksum-algorithm",
    "x-amz-checksum-mode",
    "x-amz-server-side-encryption",
    "x-amz-trailer",
    "expect",
    "expires",
    "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-server-side-encryption-context",
    "x-amz-object-attributes",
    "x-amz-server-side-encryption-customer-algorithm",
    "x-amz-expected-bucket-owner",
    "x-amz-decoded-content-length",
];

/// The request with one to three changes; `names` are those of what there is.
pub(crate) fn changed(plain: &Plain, names: &[&str], chance: &mut Chance) -> Plain {
    let mut plain = plain.clone();
    for _ in 0..=chance.below(3) {
        match plain.service {
            "s3" => s3(&mut plain, names, chance),
            "kms" => json(&mut plain, names, chance),
            _ => form(&mut plain, names, chance),
        }
    }
    plain
}

fn value(names: &[&str], chance: &mut Chance) -> String {
    match chance.below(6) {
        0 | 1 => chance.one_of(names).to_owned(),
        2 => "a".repeat(1 << chance.below(13)),
        _ => chance.one_of(&VALUES).to_owned(),
    }
}

/// A text with a change somewhere.
fn edited(text: &str, chance: &mut Chance) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    let place = chance.below(chars.len()).min(chars.len());
    match chance.below(4) {
        0 if !chars.is_empty() => drop(chars.remove(place)),
        1 if !chars.is_empty() => chars.insert(place, chars[place]),
        2 => chars.truncate(place),
        _ => drop(chars.splice(place..place, chance.one_of(&VALUES).chars())),
    }
    chars.into_iter().collect()
}

fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

fn s3(plain: &mut Plain, names: &[&str], chance: &mut Chance) {
    let (path, query) = plain
        .path
        .split_once('?')
        .map_or((plain.path.clone(), String::new()), |(path, query)| (path.into(), query.into()));
    let mut pairs: Vec<String> =
        query.split('&').filter(|pair| !pair.is_empty()).map(str::to_owned).collect();
    match chance.below(9) {
        0 => {
            plain.method = chance.one_of(&["GET", "PUT", "POST", "DELETE", "HEAD", "PATCH", "OPTIONS"]).into()
        }
        1 => pairs.push(format!("{}={}", chance.one_of(&QUERY), encoded(&value(names, chance)))),
        2 => pairs.push(chance.one_of(&QUERY).to_owned()),
        3 if !pairs.is_empty() => {
            let place = chance.below(pairs.len());
            let name = pairs[place].split('=').next().unwrap_or_default().to_owned();
            match chance.below(3) {
                0 => drop(pairs.remove(place)),
                1 => pairs.push(pairs[place].clone()),
                _ => pairs[place] = format!("{name}={}", encoded(&value(names, chance))),
            }
        }
        4 => {
            let name = chance.one_of(&HEADERS);
            plain.headers.push((name.into(), printable(&value(names, chance))));
        }
        5 if !plain.headers.is_empty() => {
            let place = chance.below(plain.headers.len());
            match chance.below(3) {
                0 => drop(plain.headers.remove(place)),
                1 => plain.headers.push(plain.headers[place].clone()),
                _ => plain.headers[place].1 = printable(&value(names, chance)),
            }
        }
        6 => {
            let mut parts: Vec<String> = path.split('/').map(str::to_owned).collect();
            let place = chance.below(parts.len());
            match chance.below(3) {
                0 => parts[place] = encoded(&value(names, chance)),
                1 => parts.insert(place, String::new()),
                _ => parts.push(encoded(&value(names, chance))),
            }
            let path = parts.join("/");
            plain.path = if path.starts_with('/') { path } else { format!("/{path}") };
            return;
        }
        _ => return body(plain, names, chance),
    }
    plain.path = if pairs.is_empty() { path } else { format!("{path}?{}", pairs.join("&")) };
}

/// What can stand in a header.
fn printable(text: &str) -> String {
    text.chars().filter(|char| !char.is_control()).collect()
}

/// A document of XML or JSON, or bytes.
fn body(plain: &mut Plain, names: &[&str], chance: &mut Chance) {
    let text = String::from_utf8_lossy(&plain.body).into_owned();
    if serde_json::from_str::<Value>(&text).is_ok_and(|value| value.is_object()) {
        return json(plain, names, chance);
    }
    let places: Vec<usize> = text.match_indices('<').map(|(place, _)| place).collect();
    if places.is_empty() || chance.once_in(4) {
        plain.body = edited(&text, chance).into_bytes();
        return;
    }
    let start = chance.one_of(&places);
    let end = text[start..].find('>').map_or(text.len(), |end| start + end + 1);
    let next = text[end..].find('<').map_or(text.len(), |next| end + next);
    let changed = match chance.below(5) {
        0 => format!("{}{}", &text[..start], &text[end..]),
        1 => format!("{}{}{}", &text[..end], &text[start..end], &text[end..]),
        2 => format!("{}{}{}", &text[..end], value(names, chance), &text[next..]),
        3 => format!("{}{}{}", &text[..end], "<Key>a</Key>", &text[end..]),
        _ => format!("{}{}", &text[..next], &text[start..]),
    };
    plain.body = changed.into_bytes();
}

fn json(plain: &mut Plain, names: &[&str], chance: &mut Chance) {
    if plain.service == "kms" && chance.once_in(12) {
        let target = chance.one_of(&[
            "TrentService.",
            "TrentService.DescribeKey",
            "AWSKMS.Encrypt",
            "",
            "TrentService.Decrypt",
        ]);
        plain.headers.retain(|(name, _)| name != "x-amz-target");
        plain.headers.push(("x-amz-target".into(), target.into()));
        return;
    }
    let text = String::from_utf8_lossy(&plain.body).into_owned();
    let parsed = serde_json::from_str::<Value>(&text).ok().filter(|_| !chance.once_in(6));
    let Some(mut parsed) = parsed else {
        plain.body = edited(&text, chance).into_bytes();
        return;
    };
    alter(&mut parsed, names, chance);
    plain.body = parsed.to_string().into_bytes();
    if chance.once_in(10)
        && let Some(members) = parsed.as_object()
        && let Some((name, member)) = members.iter().next()
    {
        // The same member once more, with the same or with another value.
        let other = if chance.once_in(2) { member.clone() } else { any(names, chance) };
        plain.body =
            format!("{{{}:{other},{}", Value::from(name.as_str()), &parsed.to_string()[1..]).into_bytes();
    }
}

/// Changes a value, or something within it.
fn alter(parsed: &mut Value, names: &[&str], chance: &mut Chance) {
    match parsed {
        Value::Object(members) if !members.is_empty() => {
            let name = members.keys().nth(chance.below(members.len())).unwrap().clone();
            match chance.below(5) {
                0 => drop(members.shift_remove(&name)),
                1 => drop(members.insert(value(names, chance), any(names, chance))),
                2 => drop(members.insert(name, any(names, chance))),
                _ => alter(&mut members[&name], names, chance),
            }
        }
        Value::Array(list) if !list.is_empty() && !chance.once_in(3) => {
            let place = chance.below(list.len());
            match chance.below(3) {
                0 => drop(list.remove(place)),
                1 => list.push(list[place].clone()),
                _ => alter(&mut list[place], names, chance),
            }
        }
        Value::String(text) if !chance.once_in(3) => *text = edited(text, chance),
        other => *other = any(names, chance),
    }
}

fn any(names: &[&str], chance: &mut Chance) -> Value {
    match chance.below(10) {
        0 => Value::Null,
        1 => chance.once_in(2).into(),
        2 => chance.one_of(&[0, 1, -1, 7, 1024, i64::MAX, i64::MIN]).into(),
        3 => chance.one_of(&[0.5, 1e300, -0.0]).into(),
        4 => Value::Array(Vec::new()),
        5 => Value::Array(vec![value(names, chance).into(); 1 + chance.below(60)]),
        6 => serde_json::json!({ (value(names, chance)): value(names, chance) }),
        7 => (0..chance.below(60)).fold(Value::Null, |inner, _| Value::Array(vec![inner])),
        _ => value(names, chance).into(),
    }
}

fn form(plain: &mut Plain, names: &[&str], chance: &mut Chance) {
    let mut pairs: Vec<(String, String)> = serde_urlencoded::from_bytes(&plain.body).unwrap_or_default();
    // The action stands first and mostly stays.
    let place = if chance.once_in(20) { 0 } else { 1 + chance.below(pairs.len().saturating_sub(1)) };
    match chance.below(8) {
        0 if place < pairs.len() => drop(pairs.remove(place)),
        1 if place < pairs.len() => pairs.push(pairs[place].clone()),
        2 if place < pairs.len() => pairs[place].0 = edited(&pairs[place].0, chance),
        3 if place < pairs.len() => pairs[place].1 = edited(&pairs[place].1, chance),
        4 if place < pairs.len() && serde_json::from_str::<Value>(&pairs[place].1).is_ok() => {
            let mut parsed = serde_json::from_str(&pairs[place].1).unwrap();
            alter(&mut parsed, names, chance);
            pairs[place].1 = parsed.to_string();
        }
        5 => {
            let name = chance.one_of(&[
                "MaxItems",
                "Marker",
                "PathPrefix",
                "Path",
                "PolicyArns.member.1.arn",
                "DryRun",
                "Filter.1.Name",
                "Tags.member.1.Key",
                "X-Amz-Extra",
                "DurationSeconds",
            ]);
            pairs.push((name.into(), value(names, chance)));
        }
        _ if place < pairs.len() => pairs[place].1 = value(names, chance),
        _ => pairs.push((value(names, chance), value(names, chance))),
    }
    plain.body = serde_urlencoded::to_string(pairs).unwrap().into_bytes();
    if chance.once_in(15) {
        plain.body = edited(&String::from_utf8_lossy(&plain.body), chance).into_bytes();
    }
    if chance.once_in(30) {
        plain.path = format!("/?{}", String::from_utf8_lossy(&plain.body));
    }
}

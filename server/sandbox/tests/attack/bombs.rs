//! Small requests that ask for much work: entities in XML, depth in JSON, floods of parameters, patterns that backtrack. Each is
//! answered within moments, and the process goes on.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::calls::Plain;
use crate::support::samples;
use crate::support::steps::{KMS_HEADER, key, kms, lab_with_bucket, s3};
use crate::support::world::{Template, difference};
use crate::support::{Answer, Lab};
use crate::{SOON, Watch, signed, tried};

/// Answered soon, and not by a failure of ours.
async fn is_survived(lab: &Lab, plain: &Plain, what: &str) -> Answer {
    let begun = Watch::start();
    let answer = tried(lab, &signed(plain, &lab.admin)).await;
    assert!(answer.status != 500, "{what}: {}", answer.text());
    assert!(begun.elapsed() < SOON, "{what} took {:?}", begun.elapsed());
    answer
}

/// The same, and refused.
async fn is_refused(lab: &Lab, plain: &Plain, what: &str) {
    let answer = is_survived(lab, plain, what).await;
    let start: String = answer.text().chars().take(300).collect();
    assert!((400..500).contains(&answer.status), "{what}: {} {start}", answer.status);
}

fn s3_call(line: &str, body: &str) -> Plain {
    Plain::s3(line, &BTreeMap::new(), body, &BTreeMap::new())
}

#[tokio::test]
async fn no_document_of_xml_grows_as_it_is_read() {
    let template = Template::build().await;
    let world = template.world().await;
    let before = world.rows().await;
    let lol: String = (1..12)
        .map(|level| format!("<!ENTITY l{level} \"{}\">", format!("&l{};", level - 1).repeat(10)))
        .collect();
    let prologs = [
        ("entities of entities", format!("<!DOCTYPE a [<!ENTITY l0 \"lol\">{lol}]>"), "&l11;"),
        ("a file", "<!DOCTYPE a [<!ENTITY file SYSTEM \"file:///etc/passwd\">]>".to_owned(), "&file;"),
        ("an address", "<!DOCTYPE a [<!ENTITY % x SYSTEM \"http://127.0.0.1:1/x\"> %x;]>".to_owned(), "&x;"),
        ("an entity that nobody knows", String::new(), "&nobody;"),
        ("an entity of itself", "<!DOCTYPE a [<!ENTITY a \"&a;\">]>".to_owned(), "&a;"),
    ];
    let documents = samples::of_service("s3").into_iter().filter(|sample| !sample.malformed);
    let documents = documents.map(|sample| (sample.name(), sample.plain(&world.names)));
    let documents: Vec<_> = documents.filter(|(_, plain)| plain.body.starts_with(b"<")).collect();
    assert!(documents.len() > 5, "{}", documents.len());
    for (name, plain) in documents {
        let body = String::from_utf8(plain.body.clone()).unwrap();
        let with = |body: String| Plain { body: body.into_bytes(), ..plain.clone() };
        for (what, prolog, entity) in &prologs {
            // In the first place that holds a text.
            let place = body
                .char_indices()
                .find(|(at, _)| *at > 0 && body[..*at].ends_with('>') && !body[*at..].starts_with('<'));
            let (head, tail) = body.split_at(place.map_or(body.len(), |(at, _)| at));
            is_refused(
                &world.lab,
                &with(format!("{prolog}{head}{entity}{tail}")),
                &format!("{name}: {what}"),
            )
            .await;
        }
        let root = body[1..body.find('>').unwrap()].to_owned();
        let deep = format!("<{root}>{}", "<a>".repeat(500_000));
        is_refused(&world.lab, &with(deep), &format!("{name}: depth")).await;
        let own = format!("<{root}>").repeat(100_000);
        is_refused(&world.lab, &with(own), &format!("{name}: its own root in itself")).await;
        let attributes: String = (0..100_000).map(|number| format!(" a{number}=\"b\"")).collect();
        is_survived(
            &world.lab,
            &with(format!("<{root}{attributes}></{root}>")),
            &format!("{name}: attributes"),
        )
        .await;
        is_refused(
            &world.lab,
            &with(format!("<{root} {}", "a".repeat(3 << 20))),
            &format!("{name}: a long attribute"),
        )
        .await;
        is_refused(&world.lab, &with(format!("<!--{}", "-".repeat(3 << 20))), &format!("{name}: a comment"))
            .await;
        is_refused(&world.lab, &with(format!("<![CDATA[{}", "]".repeat(3 << 20))), &format!("{name}: CDATA"))
            .await;
        is_refused(&world.lab, &with(" ".repeat(5 << 20)), &format!("{name}: 5 MiB")).await;
        let mut cut = plain.clone();
        cut.body.truncate(cut.body.len() - 3);
        is_refused(&world.lab, &cut, &format!("{name}: cut short")).await;
        is_refused(
            &world.lab,
            &Plain { body: vec![0xff; 1000], ..plain.clone() },
            &format!("{name}: no text"),
        )
        .await;
    }
    // A bomb that is taken for a valid document may have set what it says; one that is refused has not.
    let after = world.rows().await;
    let objects = |rows: &crate::support::world::Rows| {
        rows.iter().filter(|row| !row.contains("'bucket'")).cloned().collect::<crate::support::world::Rows>()
    };
    assert!(objects(&before) == objects(&after), "{}", difference(&before, &after));
}

#[tokio::test]
async fn no_input_of_kms_is_too_deep_too_large_or_ambiguous() {
    let template = Template::build().await;
    let world = template.world().await;
    for sample in samples::of_service("kms").into_iter().filter(|sample| !sample.malformed) {
        let plain = sample.plain(&world.names);
        let with = |body: Vec<u8>| Plain { body, ..plain.clone() };
        let (member, rest) = ("\"Tags\":", String::from_utf8(plain.body[1..].to_vec()).unwrap());
        let rest = if rest == "}" { rest } else { format!(",{rest}") };
        let more = |value: String| format!("{{{member}{value}{rest}").into_bytes();
        let name = sample.name();
        for (what, body) in [
            ("arrays in arrays", "[".repeat(300_000).into_bytes()),
            ("objects in objects", "{\"a\":".repeat(200_000).into_bytes()),
            ("depth in a member", more(format!("{}{}", "[".repeat(200), "]".repeat(200)))),
            ("a number beyond all bounds", format!("{{\"Limit\":1e999{rest}").into_bytes()),
            ("a number with many digits", format!("{{\"Limit\":{}{rest}", "9".repeat(100_000)).into_bytes()),
            ("a mark", [b"\xef\xbb\xbf", &plain.body[..]].concat()),
            ("no text", vec![0xff; 1000]),
            ("another encoding", plain.body.iter().flat_map(|byte| [0, *byte]).collect()),
            ("text behind it", [&plain.body[..], b"{}"].concat()),
            ("a comma too many", [&plain.body[..plain.body.len() - 1], b",}"].concat()),
            ("half of it", plain.body[..plain.body.len() / 2].to_vec()),
            ("half of a pair", format!("{{\"KeyId\":\"\\ud800\"{rest}").into_bytes()),
            ("nothing", b"null".to_vec()),
            ("a list", b"[]".to_vec()),
            ("1 MiB and more", vec![b' '; (1 << 20) + 1]),
        ] {
            let answer = is_survived(&world.lab, &with(body), &format!("{name}: {what}")).await;
            assert!(
                answer.status == 200 || (400..500).contains(&answer.status),
                "{name}: {what}: {}",
                answer.text()
            );
        }
        // The same member twice: whoever checks the one and acts on the other is fooled.
        for member in ["KeyId", "Policy", "Plaintext", "CiphertextBlob", "AliasName", "GrantId"] {
            let Some(value) = serde_json::from_slice::<Value>(&plain.body).unwrap().get(member).cloned()
            else {
                continue;
            };
            let twice = format!("{{\"{member}\":{value}{rest}").into_bytes();
            is_refused(&world.lab, &with(twice), &format!("{name}: {member} twice")).await;
        }
    }
}

#[tokio::test]
async fn floods_of_parameters_are_answered_soon() {
    let lab = lab_with_bucket().await;
    let form = |service, body: String| Plain { body: body.into_bytes(), ..Plain::query(service, "", &[]) };
    for (service, action) in
        [("iam", "SimulateCustomPolicy"), ("sts", "AssumeRole"), ("ec2", "TerminateInstances")]
    {
        let start = format!("Action={action}&RoleArn=arn:aws:iam::111122223333:role/r&RoleSessionName=walk");
        let list = |name: &str, count: u32| {
            (1..=count).map(|number| format!("&{name}.{number}=a")).collect::<String>()
        };
        let bodies = [
            ("parameters nobody knows", list("Nobody", 60_000)),
            ("a list without end", list("PolicyArns.member", 40_000)),
            ("instances without end", list("InstanceId", 60_000)),
            ("actions without end", list("ActionNames.member", 40_000)),
            ("the same one again and again", "&a=b".repeat(200_000)),
            (
                "the highest numbers",
                "&InstanceId.4294967295=a&InstanceId.4294967296=a&PolicyArns.member.99999999999=a".to_owned(),
            ),
            ("empty names", "&=".repeat(400_000)),
            ("nothing", "&".repeat(1_000_000)),
            ("escapes that are none", "&%".repeat(400_000)),
            ("one long value", format!("&Policy={}", "a".repeat(900_000))),
            ("one long name", format!("&{}=a", "a".repeat(900_000))),
            ("1 MiB and more", "a".repeat(1 << 20)),
        ];
        for (what, body) in bodies {
            is_refused(&lab, &form(service, format!("{start}{body}")), &format!("{service}: {what}")).await;
        }
    }
    for (what, query) in [
        ("parameters", (0..20_000).map(|number| format!("a{number}&")).collect::<String>()),
        ("the same one", "prefix=a&".repeat(7_000)),
        ("one long value", format!("prefix={}", "a".repeat(60_000))),
        ("one long delimiter", format!("delimiter={}", "/".repeat(60_000))),
        ("escapes", "prefix=".to_owned() + &"%61".repeat(20_000)),
    ] {
        if query.len() < 65_000 {
            is_survived(&lab, &s3_call(&format!("GET /bucket-1?{query}"), ""), what).await;
        }
    }
    let objects: String = (0..5_000).map(|number| format!("<Object><Key>{number}</Key></Object>")).collect();
    is_refused(
        &lab,
        &s3_call("POST /bucket-1?delete", &format!("<Delete>{objects}</Delete>")),
        "5,000 objects",
    )
    .await;
}

/// `*a*a*a…` against a long text without an end: a matcher that tries every place for every star does not come back.
#[tokio::test]
async fn patterns_that_backtrack_decide_at_once() {
    let lab = lab_with_bucket().await;
    let admin = |action, parameters: Vec<(&'static str, String)>| {
        let parameters: Vec<_> =
            parameters.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Plain::query("iam", action, &parameters)
    };
    let document = |statements: Value| json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    let explosive = [
        "*a".repeat(450) + "b",
        "*?".repeat(450) + "b",
        "?*".repeat(450) + "b",
        format!("*{}b", "a".repeat(900)),
        format!("*{}b", "?".repeat(900)),
        format!("{}{}b", "*".repeat(450), "a".repeat(450)),
        "a*".repeat(450) + "b",
    ];
    let user = lab.user("walker", Value::Null).await;
    let path = format!("/bucket-1/{}", "a".repeat(1_000));
    for pattern in &explosive {
        let resource = format!("arn:aws:s3:::bucket-1/{pattern}");
        let statements = json!([{"Effect": "Allow", "Action": ["s3:*", "s3:*e*t*o*b*j*e*c*t*x"], "Resource": [resource, resource]}]);
        let put = admin(
            "PutUserPolicy",
            vec![
                ("UserName", "walker".into()),
                ("PolicyName", "p".into()),
                ("PolicyDocument", document(statements)),
            ],
        );
        assert_eq!(is_survived(&lab, &put, "the identity policy").await.status, 200, "{pattern:.40}");
        let bucket = document(json!([{
            "Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": vec![&resource; 18],
            "Condition": {"StringLike": {"aws:UserAgent": pattern}},
        }]));
        let put = is_survived(&lab, &s3_call("PUT /bucket-1?policy", &bucket), "the bucket policy").await;
        assert_eq!(put.status, 204, "{}", put.text());
        let begun = Watch::start();
        let agent = "a".repeat(7_000);
        let answer = lab.s3(&user, "GET", &path, &[("user-agent", &agent)], b"").await;
        assert_eq!(answer.status, 403, "{pattern:.40}");
        assert!(begun.elapsed() < SOON, "{pattern:.40} took {:?}", begun.elapsed());
    }
    let arn = key(&lab).await;
    let long = "*a".repeat(2_000) + "b";
    let policy = document(json!([
        {"Effect": "Allow", "Principal": {"AWS": lab.account}, "Action": "kms:*", "Resource": "*"},
        {"Effect": "Deny", "Principal": "*", "Action": "kms:Encrypt", "Resource": "*",
         "Condition": {"StringLike": {"kms:EncryptionContext:a": vec![&long; 6]}}},
    ]));
    kms(&lab, "PutKeyPolicy", json!({"KeyId": arn, "Policy": policy})).await;
    let input =
        json!({"KeyId": arn, "Plaintext": "aGVsbG8=", "EncryptionContext": {"a": "a".repeat(100_000)}});
    is_survived(&lab, &Plain::json("kms", "Encrypt", &input), "the key policy").await;
}

#[tokio::test]
async fn the_simulator_takes_no_more_than_it_can_answer() {
    let lab = lab_with_bucket().await;
    let simulate = |policies: Vec<String>, actions: usize, resources: Vec<String>| {
        let mut parameters = Vec::new();
        let mut list = |name: &str, values: Vec<String>| {
            let numbered = values.into_iter().enumerate();
            parameters
                .extend(numbered.map(|(number, value)| (format!("{name}.member.{}", number + 1), value)));
        };
        list("PolicyInputList", policies);
        list("ActionNames", (0..actions).map(|number| format!("s3:GetObject{number}")).collect());
        list("ResourceArns", resources);
        parameters.push(("MaxItems".into(), "1000".into()));
        Plain::query("iam", "SimulateCustomPolicy", &parameters)
    };
    let document = |resources: Vec<String>| {
        json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": resources}]}).to_string()
    };
    let arn = |end: String| format!("arn:aws:s3:::b/{end}");
    for (what, plain) in [
        (
            "a long pattern and a long resource",
            simulate(
                vec![document(vec![arn("*a".repeat(120_000) + "b")])],
                1,
                vec![arn("a".repeat(240_000))],
            ),
        ),
        (
            "a long text after a star",
            simulate(
                vec![document(vec![arn(format!("*{}b", "a".repeat(200_000)))])],
                1,
                vec![arn("a".repeat(400_000))],
            ),
        ),
        (
            "many patterns and many resources",
            simulate(
                vec![document(vec![arn(format!("*{}b", "a".repeat(1_000))); 100]); 2],
                20,
                vec![arn("a".repeat(2_000)); 50],
            ),
        ),
        (
            "many actions on many resources",
            simulate(vec![document(vec![arn("*".into())])], 100, vec![arn("a".into()); 100]),
        ),
    ] {
        is_survived(&lab, &plain, what).await;
    }
}

#[tokio::test]
async fn policies_that_are_too_much_are_refused_in_time() {
    let lab = lab_with_bucket().await;
    let arn = key(&lab).await;
    let statement = r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}"#;
    let many = format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, vec![statement; 9_000].join(","));
    let deep =
        format!(r#"{{"Version":"2012-10-17","Statement":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    let in_condition = |depth: usize| {
        let (open, close) = ("{\"a\":".repeat(depth), "}".repeat(depth));
        format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"*","Condition":{open}1{close}}}]}}"#
        )
    };
    let variables = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "s3:GetObject", "Resource": format!("arn:aws:s3:::b/{}", "${aws:username}".repeat(350)),
    }]});
    let keys: serde_json::Map<String, Value> =
        (0..20_000).map(|number| (format!("aws:k{number}"), json!("v"))).collect();
    let conditions = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*", "Condition": {"StringEquals": keys},
    }]});
    let sids: Vec<_> = (0..9_000).map(|number| json!({"Sid": format!("s{number}"), "Effect": "Allow", "Action": "a:b", "Resource": "*"})).collect();
    let sids = json!({"Version": "2012-10-17", "Statement": sids});
    let documents = [
        ("many statements", many),
        ("depth", deep),
        ("depth in a condition", in_condition(100)),
        ("more depth in a condition", in_condition(100_000)),
        ("variables", variables.to_string()),
        ("conditions", conditions.to_string()),
        ("names of statements", sids.to_string()),
        ("a long number", format!(r#"{{"Version":{}}}"#, "9".repeat(500_000))),
        ("one long action", json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*a".repeat(200_000), "Resource": "*"}]}).to_string()),
    ];
    for (what, document) in &documents {
        let parameters = |more: &[(&str, &str)]| {
            let mut all: Vec<_> =
                more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let name = if more.iter().any(|(name, _)| *name == "RoleName") {
                "AssumeRolePolicyDocument"
            } else {
                "PolicyDocument"
            };
            all.push((name.to_owned(), document.clone()));
            all
        };
        let plains = [
            Plain::query("iam", "CreatePolicy", &parameters(&[("PolicyName", "p")])),
            Plain::query("iam", "CreateRole", &parameters(&[("RoleName", "r")])),
            s3_call("PUT /bucket-1?policy", document),
            Plain::json("kms", "PutKeyPolicy", &json!({"KeyId": arn, "Policy": document})),
        ];
        for plain in plains {
            is_survived(&lab, &plain, &format!("{what} at {}", plain.service)).await;
        }
        let inline =
            Plain::query("iam", "PutUserPolicy", &parameters(&[("UserName", "Admin"), ("PolicyName", "p")]));
        is_survived(&lab, &inline, what).await;
    }
}

#[tokio::test]
async fn an_encryption_context_may_be_large_but_not_without_bounds() {
    let lab = lab_with_bucket().await;
    let arn = key(&lab).await;
    for (what, pairs, length) in
        [("many pairs", 20_000, 1), ("long pairs", 4, 100_000), ("one pair", 1, 900_000)]
    {
        let context: serde_json::Map<String, Value> =
            (0..pairs).map(|number| (format!("k{number}"), json!("v".repeat(length)))).collect();
        let input = json!({"KeyId": arn, "Plaintext": "aGVsbG8=", "EncryptionContext": context});
        is_survived(&lab, &Plain::json("kms", "Encrypt", &input), what).await;
    }
    use base64::Engine as _;
    for (what, json) in [
        (
            "many pairs",
            json!(
                (0..3_000).map(|number| (format!("k{number}"), "v".to_owned())).collect::<BTreeMap<_, _>>()
            ),
        ),
        ("depth", serde_json::from_str(&format!("{}{}", "[".repeat(100), "]".repeat(100))).unwrap()),
        ("no texts", json!({"a": 1})),
        ("S3's own pair", json!({"aws:s3:arn": "arn:aws:s3:::bucket-2/other"})),
    ] {
        let context = base64::prelude::BASE64_STANDARD.encode(json.to_string());
        let headers = [KMS_HEADER, ("x-amz-server-side-encryption-context", context.as_str())];
        let begun = Watch::start();
        let answer = lab.s3(&lab.admin, "PUT", "/bucket-1/object", &headers, b"x").await;
        assert!(answer.status != 500 && begun.elapsed() < SOON, "{what}: {}", answer.text());
    }
    assert_eq!(s3(&lab, "GET", "/bucket-1?list-type=2", &[], b"").await.status, 200);
}

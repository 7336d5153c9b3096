//! What is set on an instance: tags, the options of its metadata service, whether it runs.

use sandbox::{Config, Fidelity};
use serde_json::json;

use super::*;

fn tagged<'a>(id: &'a str, tags: &[(&'static str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    const NAMES: [(&str, &str); 2] = [("Tag.1.Key", "Tag.1.Value"), ("Tag.2.Key", "Tag.2.Value")];
    let pairs = tags.iter().zip(NAMES).flat_map(|(tag, names)| [(names.0, tag.0), (names.1, tag.1)]);
    std::iter::once(("ResourceId.1", id)).chain(pairs).collect()
}

const LAUNCH_TAGS: [(&str, &str); 3] = [
    ("TagSpecification.1.ResourceType", "instance"),
    ("TagSpecification.1.Tag.1.Key", "team"),
    ("TagSpecification.1.Tag.1.Value", "red"),
];

#[tokio::test]
async fn instances_have_tags_from_launch_and_later() {
    let lab = lab_with_profile(Config::default()).await;
    let id = launch(&lab, &LAUNCH_TAGS).await;
    let tags = async |parameters: &[(&str, &str)]| {
        let answer = did(&lab, &lab.admin, "ec2", "DescribeTags", parameters).await;
        let text = answer.text();
        let values = text.split("<key>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned());
        values.collect::<Vec<_>>()
    };
    let described = did(&lab, &lab.admin, "ec2", "DescribeInstances", &[]).await;
    assert!(
        described.text().contains("<tagSet><item><key>team</key><value>red</value></item></tagSet>"),
        "{}",
        described.text()
    );
    let answer =
        did(&lab, &lab.admin, "ec2", "CreateTags", &tagged(&id, &[("team", "blue"), ("stage", "")])).await;
    assert_eq!(answer.xml("return").as_deref(), Some("true"));
    assert_eq!(tags(&[]).await, ["stage", "team"]);
    assert_eq!(tags(&[("Filter.1.Name", "tag:team"), ("Filter.1.Value.1", "b*")]).await, ["team"]);
    assert_eq!(tags(&[("Filter.1.Name", "value"), ("Filter.1.Value.1", "red")]).await, [""; 0]);
    assert_eq!(tags(&[("Filter.1.Name", "resource-type"), ("Filter.1.Value.1", "volume")]).await, [""; 0]);
    assert_eq!(tags(&[("Filter.1.Name", "resource-id"), ("Filter.1.Value.1", &id)]).await, ["stage", "team"]);
    for (filter, value, found) in [
        ("tag:team", "blue", true),
        ("tag:team", "red", false),
        ("tag:Team", "blue", false),
        ("tag-key", "stage", true),
        ("instance-state-code", "16", true),
        ("metadata-options.http-tokens", "required", true),
        ("launch-time", "2*", true),
        ("availability-zone", "us-east-1b", false),
    ] {
        let parameters = [("Filter.1.Name", filter), ("Filter.1.Value.1", value)];
        let described = did(&lab, &lab.admin, "ec2", "DescribeInstances", &parameters).await;
        assert_eq!(described.text().contains(&id), found, "{filter} {value}");
    }
    // A value that differs keeps the tag; a key alone takes it away, whatever its value.
    did(&lab, &lab.admin, "ec2", "DeleteTags", &tagged(&id, &[("team", "red")])).await;
    assert_eq!(tags(&[]).await, ["stage", "team"]);
    did(&lab, &lab.admin, "ec2", "DeleteTags", &[("ResourceId.1", &id), ("Tag.1.Key", "team")]).await;
    assert_eq!(tags(&[]).await, ["stage"]);
    did(&lab, &lab.admin, "ec2", "DeleteTags", &[("ResourceId.1", &id)]).await;
    assert_eq!(tags(&[]).await, [""; 0]);
}

#[tokio::test]
async fn tags_are_given_and_used_by_permission() {
    let lab = lab_with_profile(Config::default()).await;
    let statement = |action: &str, condition: serde_json::Value| json!({"Effect": "Allow", "Action": action, "Resource": "*", "Condition": condition});
    let any = format!("arn:aws:ec2:us-east-1:{}:instance/*", lab.account);
    let asked = [&LAUNCH[..], &LAUNCH_TAGS].concat();

    let only_run = user(&lab, "only-run", json!([statement("ec2:RunInstances", json!({}))])).await;
    let decoded = denied(&lab, &only_run, "RunInstances", &asked, ("ec2:CreateTags", &any)).await;
    let keys = decoded["context"]["conditions"]["items"].to_string();
    assert!(
        keys.contains(r#"{"key":"ec2:CreateAction","values":{"items":[{"value":"RunInstances"}]}}"#),
        "{keys}"
    );
    assert!(keys.contains(r#"{"key":"aws:RequestTag/team","values":{"items":[{"value":"red"}]}}"#), "{keys}");
    // Tags at launch only, and only of the red team.
    let red = json!({"StringEquals": {"aws:RequestTag/team": "red"}});
    let at_launch = json!({"StringEquals": {"ec2:CreateAction": "RunInstances"}});
    let red_team = json!([
        statement("ec2:RunInstances", red),
        statement("ec2:CreateTags", at_launch),
        statement("ec2:StopInstances", json!({"StringEquals": {"aws:ResourceTag/team": "red"}})),
        statement("ec2:TerminateInstances", json!({"StringEquals": {"ec2:ResourceTag/team": "red"}})),
        statement("ec2:DeleteTags", json!({"ForAllValues:StringEquals": {"aws:TagKeys": ["stage"]}})),
    ]);
    let member = user(&lab, "member", red_team).await;
    let own = did(&lab, &member, "ec2", "RunInstances", &asked).await.xml("instanceId").unwrap();
    assert_eq!(lab.query(&member, "ec2", "RunInstances", &LAUNCH).await.status, 403, "the tag is demanded");
    let arn = any.replace('*', &own);
    denied(&lab, &member, "CreateTags", &tagged(&own, &[("team", "blue")]), ("ec2:CreateTags", &arn)).await;
    denied(&lab, &member, "DeleteTags", &tagged(&own, &[("team", "red")]), ("ec2:DeleteTags", &arn)).await;
    did(&lab, &member, "ec2", "DeleteTags", &tagged(&own, &[("stage", "")])).await;
    let other = launch(&lab, &[]).await;
    for action in ["StopInstances", "TerminateInstances"] {
        assert_eq!(
            lab.query(&member, "ec2", action, &[("InstanceId.1", &other)]).await.status,
            403,
            "{action}"
        );
        did(&lab, &member, "ec2", action, &[("InstanceId.1", &own)]).await;
    }
}

#[tokio::test]
async fn a_denial_decodes_to_what_was_asked_and_which_statement_said_no() {
    let lab = lab_with_profile(Config::default()).await;
    let policy = json!([
        {"Effect": "Allow", "Action": "ec2:*", "Resource": "*"},
        {"Sid": "RequireMicro", "Effect": "Deny", "Action": "ec2:RunInstances", "Resource": ["arn:aws:ec2:*:*:instance/*"],
         "Condition": {"StringNotEquals": {"ec2:InstanceType": "t3.micro"}, "Null": {"aws:TokenIssueTime": "true"}}},
    ]);
    let keys = user(&lab, "limited", policy).await;
    let any = format!("arn:aws:ec2:us-east-1:{}:instance/*", lab.account);
    let asked = [&LAUNCH[..], &[("InstanceType", "m5.large")]].concat();
    let decoded = denied(&lab, &keys, "RunInstances", &asked, ("ec2:RunInstances", &any)).await;
    let id = decoded["context"]["principal"]["id"].as_str().unwrap().to_owned();
    assert!(id.starts_with("AIDA"), "{id}");
    assert_eq!(
        decoded["matchedStatements"]["items"],
        json!([{
            "statementId": "RequireMicro",
            "effect": "DENY",
            "principals": {"items": [{"value": id}]},
            "principalGroups": {"items": []},
            "actions": {"items": [{"value": "ec2:RunInstances"}]},
            "resources": {"items": [{"value": "arn:aws:ec2:*:*:instance/*"}]},
            "conditions": {"items": [
                {"key": "ec2:InstanceType", "values": {"items": [{"value": "t3.micro"}]}},
                {"key": "aws:TokenIssueTime", "values": {"items": [{"value": "true"}]}},
            ]},
        }])
    );
    assert_eq!((&decoded["allowed"], &decoded["explicitDeny"]), (&json!(false), &json!(true)));
    assert_eq!(decoded["failures"], json!({"items": []}));
    let context = &decoded["context"];
    assert_eq!((&context["action"], &context["resource"]), (&json!("RunInstances"), &json!(any)));
    let items = context["conditions"]["items"].as_array().unwrap();
    let value = |name: &str| {
        let item = items.iter().find(|item| item["key"] == name).unwrap_or_else(|| panic!("no {name}"));
        item["values"]["items"][0]["value"].as_str().unwrap().to_owned()
    };
    for (key, wanted) in [
        ("ec2:InstanceType", "m5.large"),
        ("ec2:MetadataHttpTokens", "required"),
        ("ec2:MetadataHttpPutResponseHopLimit", "2"),
        ("ec2:InstanceID", "*"),
        ("aws:Region", "us-east-1"),
        ("aws:Service", "ec2"),
        ("aws:Resource", "instance/*"),
        ("aws:Type", "instance"),
        ("aws:Account", lab.account.as_str()),
        ("aws:ARN", any.as_str()),
    ] {
        assert_eq!(value(key), wanted, "{key}");
    }
    // A list is denied without a message to decode.
    let none = user(&lab, "none", json!([{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}])).await;
    let caller = format!("arn:aws:iam::{}:user/none", lab.account);
    for action in ["DescribeInstances", "DescribeTags", "DescribeIamInstanceProfileAssociations"] {
        let sentence = format!(
            "You are not authorized to perform this operation. User: {caller} is not authorized to perform: ec2:{action} because \
             no identity-based policy allows the ec2:{action} action"
        );
        refused(&lab.query(&none, "ec2", action, &[]).await, 403, "UnauthorizedOperation", &sentence);
    }
}

#[tokio::test]
async fn metadata_options_are_set_at_launch_and_changed() {
    let lab = lab_with_profile(Config::default()).await;
    let shown = async |id: &str| {
        let answer = did(&lab, &lab.admin, "ec2", "DescribeInstances", &[("InstanceId.1", id)]).await;
        ["httpTokens", "httpPutResponseHopLimit", "httpEndpoint", "instanceMetadataTags"]
            .map(|name| answer.xml(name).unwrap())
    };
    let usual = launch(&lab, &[]).await;
    assert_eq!(shown(&usual).await, ["required", "2", "enabled", "disabled"]);
    let set = [("MetadataOptions.HttpTokens", "optional"), ("MetadataOptions.HttpPutResponseHopLimit", "64")];
    let id = launch(&lab, &set).await;
    assert_eq!(shown(&id).await, ["optional", "64", "enabled", "disabled"]);
    let change = [("InstanceId", id.as_str()), ("HttpTokens", "required")];
    let changed = did(&lab, &lab.admin, "ec2", "ModifyInstanceMetadataOptions", &change).await;
    assert_eq!(
        (changed.xml("state").as_deref(), changed.xml("httpTokens").as_deref()),
        (Some("pending"), Some("required"))
    );
    assert_eq!(shown(&id).await, ["required", "64", "enabled", "disabled"], "the rest stays");

    let arn = format!("arn:aws:ec2:us-east-1:{}:instance/{id}", lab.account);
    let only_require = json!([{"Effect": "Allow", "Action": "ec2:ModifyInstanceMetadataOptions", "Resource": "*",
        "Condition": {"StringEquals": {"ec2:Attribute/HttpTokens": "required"}}}]);
    let keeper = user(&lab, "keeper", only_require).await;
    did(&lab, &keeper, "ec2", "ModifyInstanceMetadataOptions", &change).await;
    let weaken = [change[0], ("HttpTokens", "optional")];
    denied(
        &lab,
        &keeper,
        "ModifyInstanceMetadataOptions",
        &weaken,
        ("ec2:ModifyInstanceMetadataOptions", &arn),
    )
    .await;
    // Launches can be held to IMDSv2.
    let strict = json!([{"Effect": "Allow", "Action": "ec2:RunInstances", "Resource": "*",
        "Condition": {"StringEquals": {"ec2:MetadataHttpTokens": "required"}}}]);
    let strict = user(&lab, "strict", strict).await;
    did(&lab, &strict, "ec2", "RunInstances", &LAUNCH).await;
    assert_eq!(lab.query(&strict, "ec2", "RunInstances", &[&LAUNCH[..], &set].concat()).await.status, 403);

    let fidelity = Fidelity { metadata_tokens_required: false, ..Fidelity::default() };
    let older = lab_with_profile(Config { fidelity, ..Config::default() }).await;
    launch(&older, &[]).await;
    let described = did(&older, &older.admin, "ec2", "DescribeInstances", &[]).await;
    let options = (described.xml("httpTokens"), described.xml("httpPutResponseHopLimit"));
    assert_eq!(options, (Some("optional".into()), Some("1".into())));
}

#[tokio::test]
async fn instances_stop_start_and_end() {
    let lab = lab_with_profile(Config::default()).await;
    let id = launch(&lab, &[PROFILE]).await;
    let of = [("InstanceId.1", id.as_str())];
    let states = |answer: &Answer| {
        let text = answer.text();
        let name = |element: &str| {
            let (_, rest) = text.split_once(&format!("<{element}>")).unwrap();
            rest.split("<name>").nth(1).unwrap().split('<').next().unwrap().to_owned()
        };
        [name("previousState"), name("currentState")]
    };
    let state = async || did(&lab, &lab.admin, "ec2", "DescribeInstances", &of).await.xml("name").unwrap();
    for (action, answered, then) in [
        ("StartInstances", ["running", "running"], "running"),
        ("StopInstances", ["running", "stopping"], "stopped"),
        ("StopInstances", ["stopped", "stopped"], "stopped"),
        ("StartInstances", ["stopped", "pending"], "running"),
        ("StopInstances", ["running", "stopping"], "stopped"),
        ("TerminateInstances", ["stopped", "shutting-down"], "terminated"),
        ("TerminateInstances", ["terminated", "terminated"], "terminated"),
    ] {
        assert_eq!(states(&did(&lab, &lab.admin, "ec2", action, &of).await), answered, "{action}");
        assert_eq!(state().await, then, "{action}");
    }
    let stop = lab.query(&lab.admin, "ec2", "StopInstances", &of).await;
    let message = format!("This instance '{id}' is not in a state from which it can be stopped.");
    refused(&stop, 400, "IncorrectInstanceState", &message);
    let start = lab.query(&lab.admin, "ec2", "StartInstances", &of).await;
    let message = format!("The instance '{id}' is not in a state from which it can be started.");
    refused(&start, 400, "IncorrectInstanceState", &message);
}

#[tokio::test]
async fn what_ec2_refuses_about_tags_and_options() {
    let lab = lab_with_profile(Config::default()).await;
    let id = launch(&lab, &[]).await;
    let long = "k".repeat(128);
    let value = "v".repeat(257);
    let of = ("ResourceId.1", id.as_str());
    let instance = ("InstanceId", id.as_str());
    let specification = |kind: &'static str| {
        [&LAUNCH[..], &[("TagSpecification.1.ResourceType", kind), LAUNCH_TAGS[1]]].concat()
    };
    let cases: Vec<(&str, Pairs<'_>, &str, &str)> = vec![
        ("CreateTags", vec![of], "MissingParameter", "The request must contain the parameter Tag"),
        (
            "CreateTags",
            vec![("Tag.1.Key", "a")],
            "MissingParameter",
            "The request must contain the parameter ResourceId",
        ),
        (
            "CreateTags",
            vec![("ResourceId.1", "vol-0123456789abcdef0"), ("Tag.1.Key", "a")],
            "InvalidID",
            "The ID 'vol-0123456789abcdef0' is not valid",
        ),
        (
            "CreateTags",
            vec![("ResourceId.1", "i-0123456789abcdef0"), ("Tag.1.Key", "a")],
            "InvalidInstanceID.NotFound",
            "The instance ID 'i-0123456789abcdef0' does not exist",
        ),
        (
            "CreateTags",
            vec![of, ("Tag.1.Key", "aws:x")],
            "InvalidParameterValue",
            "Tag keys starting with 'aws:' are reserved for internal use",
        ),
        (
            "CreateTags",
            vec![of, ("Tag.1.Key", &long)],
            "InvalidParameterValue",
            "Tag key exceeds the maximum length of 127 characters",
        ),
        (
            "CreateTags",
            vec![of, ("Tag.1.Key", "a"), ("Tag.1.Value", &value)],
            "InvalidParameterValue",
            "Tag value exceeds the maximum length of 256 characters",
        ),
        (
            "CreateTags",
            vec![of, ("Tag.1.Key", "a"), ("Tag.2.Key", "a")],
            "InvalidParameterValue",
            "Duplicate tag key 'a' specified.",
        ),
        (
            "RunInstances",
            specification("vpc"),
            "InvalidParameterValue",
            "'vpc' is not a valid taggable resource type for this operation.",
        ),
        (
            "RunInstances",
            specification("volume"),
            "UnsupportedParameter",
            "A tag specification for volume is not supported for RunInstances.",
        ),
        (
            "RunInstances",
            [&LAUNCH[..], &LAUNCH_TAGS[..1]].concat(),
            "InvalidParameterValue",
            "Tag specification must have at least one tag",
        ),
        (
            "RunInstances",
            [&LAUNCH[..], &[("MetadataOptions.HttpTokens", "x")]].concat(),
            "InvalidParameterValue",
            "Value ( x ) for parameter HttpTokens is invalid. Valid values are optional and required.",
        ),
        (
            "RunInstances",
            [&LAUNCH[..], &[("MetadataOptions.Colour", "x")]].concat(),
            "UnsupportedParameter",
            "MetadataOptions.Colour is not supported for RunInstances.",
        ),
        (
            "ModifyInstanceMetadataOptions",
            vec![instance, ("HttpPutResponseHopLimit", "65")],
            "InvalidParameterValue",
            "Value ( 65 ) for parameter HttpPutResponseHopLimit is invalid. Expecting a value between 1 and 64.",
        ),
        (
            "ModifyInstanceMetadataOptions",
            vec![instance, ("HttpProtocolIpv6", "enabled")],
            "UnsupportedParameter",
            "HttpProtocolIpv6=enabled is not supported for ModifyInstanceMetadataOptions.",
        ),
        (
            "ModifyInstanceMetadataOptions",
            vec![("InstanceId", "i-0123456789abcdef0")],
            "InvalidInstanceID.NotFound",
            "The instance ID 'i-0123456789abcdef0' does not exist",
        ),
        (
            "StopInstances",
            vec![("InstanceId.1", &id), ("Hibernate", "true")],
            "UnsupportedParameter",
            "Hibernate=true is not supported for StopInstances.",
        ),
        (
            "DescribeInstances",
            vec![("InstanceId.1", &id), ("MaxResults", "5")],
            "InvalidParameterCombination",
            "The parameter instancesSet cannot be used with the parameter maxResults",
        ),
    ];
    for (action, parameters, code, message) in cases {
        refused(&lab.query(&lab.admin, "ec2", action, &parameters).await, 400, code, message);
    }
    let keys: Vec<String> = (0..51).map(|number| format!("k{number}")).collect();
    let names: Vec<String> = (1..52).map(|number| format!("Tag.{number}.Key")).collect();
    let many: Vec<(&str, &str)> = std::iter::once(of)
        .chain(names.iter().zip(&keys).map(|(name, key)| (name.as_str(), key.as_str())))
        .collect();
    let message = "The maximum number of Tags for a resource has been reached.";
    refused(&lab.query(&lab.admin, "ec2", "CreateTags", &many).await, 400, "TagLimitExceeded", message);
    let too_many = [LAUNCH[0], ("MinCount", "20"), ("MaxCount", "20")];
    let message = "You have requested more instances (21) than your current instance limit of 20 allows for the specified instance \
                   type. Please visit http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit.";
    refused(
        &lab.query(&lab.admin, "ec2", "RunInstances", &too_many).await,
        400,
        "InstanceLimitExceeded",
        message,
    );
}

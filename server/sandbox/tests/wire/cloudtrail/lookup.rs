//! Who finds which events.

use serde_json::{Value, json};

use super::{allow, cloudtrail, events, page, query, role, trust};
use crate::support::steps::{assert_refused, key, kms};
use crate::support::{self, Lab};

fn names(page: &Value) -> Vec<String> {
    let events = page["Events"].as_array().unwrap();
    events.iter().map(|event| event["EventName"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_event_is_found_by_each_of_its_attributes() {
    let lab = Lab::new().await;
    let admin = &lab.admin;
    role(&lab, "reader", &trust(&json!({"AWS": lab.account})), &allow("kms:*")).await;
    let session = lab.assume(admin, "reader", "work").await;
    let arn = key(&lab).await;
    lab.kms(&session, "Encrypt", json!({"KeyId": arn, "Plaintext": "aGVsbG8="})).await;
    let found = events(&lab, admin, "EventName", "Encrypt").await;
    let [event] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(
        (&event["Username"], &event["EventSource"], &event["ReadOnly"], &event["AccessKeyId"]),
        (&json!("work"), &json!("kms.amazonaws.com"), &json!("true"), &json!(session.access_key_id))
    );
    assert_eq!(event["Resources"], json!([{"ResourceType": "AWS::KMS::Key", "ResourceName": arn}]));
    assert!(event["EventTime"].as_i64().unwrap() > 1_600_000_000);
    assert_eq!(super::record(event)["eventID"], event["EventId"]);
    let id = event["EventId"].as_str().unwrap();
    for (attribute, value) in [
        ("EventId", id),
        ("EventName", "Encrypt"),
        ("Username", "work"),
        ("EventSource", "kms.amazonaws.com"),
        ("AccessKeyId", &session.access_key_id),
        ("ResourceType", "AWS::KMS::Key"),
        ("ResourceName", &arn),
        ("ReadOnly", "true"),
    ] {
        let found = events(&lab, admin, attribute, value).await;
        assert!(found.iter().any(|event| event["EventId"] == id), "{attribute}: {found:?}");
        let other = if attribute == "ReadOnly" { "false" } else { "something else" };
        let found = events(&lab, admin, attribute, other).await;
        assert!(found.iter().all(|event| event["EventId"] != id), "{attribute}");
    }
    let made = events(&lab, admin, "ResourceName", "reader").await;
    let made: Vec<_> = made.iter().map(|event| event["EventName"].as_str().unwrap()).collect();
    assert_eq!(made, ["PutRolePolicy", "CreateRole"]);
    let changed = events(&lab, admin, "ReadOnly", "false").await;
    assert!(changed.iter().all(|event| event["EventName"] != "LookupEvents"));
}

#[tokio::test]
async fn pages_follow_each_other_from_the_newest_to_the_oldest_while_more_comes() {
    let lab = Lab::new().await;
    for number in 0..7 {
        query(&lab, &lab.admin, "iam", "CreateUser", &[("UserName", &format!("user-{number}"))]).await;
    }
    let mut input = json!({"MaxResults": 3, "LookupAttributes": [
        {"AttributeKey": "EventName", "AttributeValue": "CreateUser"}
    ]});
    let mut users = Vec::new();
    loop {
        let page = page(&lab, &lab.admin, &input).await;
        let found = page["Events"].as_array().unwrap();
        users.extend(found.iter().map(|event| super::record(event)["requestParameters"]["userName"].clone()));
        query(&lab, &lab.admin, "iam", "CreateUser", &[("UserName", &format!("later-{}", users.len()))])
            .await;
        if page["NextToken"].is_null() {
            break;
        }
        assert_eq!(found.len(), 3);
        input["NextToken"] = page["NextToken"].clone();
    }
    let expected: Vec<_> = (0..7).rev().map(|number| json!(format!("user-{number}"))).collect();
    assert_eq!(users, expected);
    let by_resource = json!({"MaxResults": 2, "LookupAttributes": [
        {"AttributeKey": "ResourceType", "AttributeValue": "AWS::IAM::User"}
    ]});
    let first = page(&lab, &lab.admin, &by_resource).await;
    let mut next = by_resource.clone();
    next["NextToken"] = first["NextToken"].clone();
    assert_ne!(page(&lab, &lab.admin, &next).await["Events"][0], first["Events"][1]);
    for _ in 0..60 {
        lab.kms(&lab.admin, "ListKeys", json!({})).await;
    }
    assert_eq!(names(&page(&lab, &lab.admin, &json!({})).await).len(), 50, "unless the request says");
}

#[tokio::test]
async fn a_lookup_stays_within_its_time_and_its_account() {
    let lab = Lab::new().await;
    let (_, stranger) = support::account(&lab.sandbox).await;
    kms(&lab, "ListKeys", json!({})).await;
    let event = page(&lab, &lab.admin, &json!({})).await["Events"][0].clone();
    let time = event["EventTime"].as_i64().unwrap();
    for (start, end, there) in [
        (Some(time), Some(time), true),
        (Some(time), None, true),
        (None, Some(time), true),
        (Some(time + 3_600), None, false),
        (None, Some(time - 3_600), false),
        (Some(0), None, true),
    ] {
        let mut input = json!({});
        for (name, time) in [("StartTime", start), ("EndTime", end)] {
            if let Some(time) = time {
                input[name] = time.into();
            }
        }
        let found = page(&lab, &lab.admin, &input).await;
        let found = found["Events"].as_array().unwrap();
        assert_eq!(
            found.iter().any(|known| known["EventId"] == event["EventId"]),
            there,
            "{start:?} {end:?}"
        );
    }
    let found = page(&lab, &stranger, &json!({})).await;
    assert_eq!(found["Events"], json!([]), "another account has its own");
    assert_eq!(names(&page(&lab, &stranger, &json!({})).await), ["LookupEvents"], "which its lookups are in");
    let insights = page(&lab, &lab.admin, &json!({"EventCategory": "insight"})).await;
    assert_eq!(insights, json!({"Events": []}));
}

#[tokio::test]
async fn lookups_are_asked_of_the_gate_and_refused_in_its_words() {
    let lab = Lab::new().await;
    let nobody = lab.user("nobody", allow("cloudtrail:GetTrail")).await;
    let denied = cloudtrail(&lab, &nobody, "LookupEvents", "{}").await;
    let sentence = format!(
        "User: arn:aws:iam::{}:user/nobody is not authorized to perform: cloudtrail:LookupEvents on resource: * because no \
         identity-based policy allows the cloudtrail:LookupEvents action",
        lab.account
    );
    assert_refused(&denied, 400, "AccessDeniedException", &sentence);
    let auditor = lab.user("auditor", allow("cloudtrail:LookupEvents")).await;
    page(&lab, &auditor, &json!({})).await;
    let found = events(&lab, &auditor, "EventName", "LookupEvents").await;
    let of_whom: Vec<_> = found.iter().map(|event| event["Username"].clone()).collect();
    assert_eq!(of_whom, ["auditor", "nobody"], "lookups are events too");
}

#[tokio::test]
async fn what_cannot_be_looked_up_is_refused() {
    let lab = Lab::new().await;
    let attribute = |key: &str, value: &str| json!({"AttributeKey": key, "AttributeValue": value});
    let two = json!({"LookupAttributes": [attribute("EventName", "a"), attribute("Username", "b")]});
    let cases = [
        (json!({"MaxResults": 0}), "InvalidMaxResultsException"),
        (json!({"MaxResults": 51}), "InvalidMaxResultsException"),
        (json!({"LookupAttributes": [attribute("EventVersion", "a")]}), "InvalidLookupAttributesException"),
        (json!({"LookupAttributes": [attribute("EventName", "")]}), "InvalidLookupAttributesException"),
        (
            json!({"LookupAttributes": [attribute("EventName", &"a".repeat(2_001))]}),
            "InvalidLookupAttributesException",
        ),
        (
            json!({"LookupAttributes": [attribute("EventName", &"_".repeat(1_001))]}),
            "InvalidLookupAttributesException",
        ),
        (two, "InvalidLookupAttributesException"),
        (json!({"LookupAttributes": [{"AttributeKey": "EventName"}]}), "ValidationException"),
        (json!({"StartTime": 2, "EndTime": 1}), "InvalidTimeRangeException"),
        (json!({"StartTime": 1e300}), "InvalidTimeRangeException"),
        (json!({"EventCategory": "Data"}), "InvalidEventCategoryException"),
        (json!({"NextToken": "made up"}), "InvalidNextTokenException"),
        (json!({"MaxResults": "many"}), "SerializationException"),
        (json!([]), "SerializationException"),
    ];
    for (input, code) in cases {
        let answer = cloudtrail(&lab, &lab.admin, "LookupEvents", &input.to_string()).await;
        assert_eq!((answer.status, answer.error().0.as_str()), (400, code), "{input}");
    }
    let broken = cloudtrail(&lab, &lab.admin, "LookupEvents", "{").await;
    assert_eq!(broken.error().0, "SerializationException");
    let absent = cloudtrail(&lab, &lab.admin, "CreateTrail", "{}").await;
    assert_refused(
        &absent,
        400,
        "UnknownOperationException",
        "The operation CreateTrail is not implemented.",
    );
}

#[tokio::test]
async fn a_token_is_good_for_the_same_lookup_of_the_same_account_only() {
    let lab = Lab::new().await;
    let (_, stranger) = support::account(&lab.sandbox).await;
    for keys in [&lab.admin, &stranger] {
        for _ in 0..3 {
            lab.kms(keys, "ListKeys", json!({})).await;
        }
    }
    let token = page(&lab, &lab.admin, &json!({"MaxResults": 1})).await["NextToken"].clone();
    assert!(token.is_string());
    let other = json!({"NextToken": token, "LookupAttributes": [
        {"AttributeKey": "EventName", "AttributeValue": "ListKeys"}
    ]});
    for (keys, input) in [(&lab.admin, other), (&stranger, json!({"NextToken": token}))] {
        let answer = cloudtrail(&lab, keys, "LookupEvents", &input.to_string()).await;
        assert_eq!(answer.error().0, "InvalidNextTokenException");
    }
    page(&lab, &lab.admin, &json!({"NextToken": token, "MaxResults": 2})).await;
}

#[tokio::test]
async fn several_attributes_go_by_the_first_where_that_is_asked_for() {
    let fidelity = sandbox::Fidelity { lookup_by_first_attribute_only: true, ..sandbox::Fidelity::default() };
    let lab = Lab::with(sandbox::Config { fidelity, ..sandbox::Config::default() }).await;
    kms(&lab, "ListKeys", json!({})).await;
    let input = json!({"LookupAttributes": [
        {"AttributeKey": "EventName", "AttributeValue": "ListKeys"}, {"AttributeKey": "Username", "AttributeValue": "none"},
    ]});
    assert_eq!(names(&page(&lab, &lab.admin, &input).await), ["ListKeys"]);
}

//! `LookupEvents`: management events of the caller's account, the newest first (CloudTrail API Reference).

use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::Failure;
use super::trail::{KEPT, Trail, micros};
use crate::Aws;
use crate::caller::Caller;
use crate::gate::actions::cloudtrail;
use crate::gate::{Permit, Question};
use crate::request::RequestMeta;
use crate::store::{EventFilter, EventRow, EventsWanted};

/// Events of a page: the most, and as many as there are when the request does not say.
const MOST: u32 = 50;
/// Rows that are read at a time where the database cannot tell which are wanted.
const READ_AT_A_TIME: u32 = 250;
/// Longest value of an attribute, in characters.
const LONGEST: usize = 2_000;
/// What events can be looked up by.
const KEYS: [&str; 8] = [
    "EventId",
    "EventName",
    "ReadOnly",
    "Username",
    "ResourceType",
    "ResourceName",
    "EventSource",
    "AccessKeyId",
];

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct LookupEvents {
    lookup_attributes: Vec<Attribute>,
    start_time: Option<f64>,
    end_time: Option<f64>,
    event_category: Option<String>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Attribute {
    attribute_key: String,
    attribute_value: String,
}

/// What was looked up up to now: the last event of the page before.
#[derive(Debug, Deserialize, Serialize)]
struct Place(i64, String);

pub(super) async fn lookup_events(
    aws: &Arc<Aws>,
    meta: &RequestMeta,
    caller: &Caller,
    input: LookupEvents,
) -> Result<Value, Failure> {
    let question = Question::about("*").owned_by(caller.account_id());
    let permit = aws.gate.authorize::<cloudtrail::LookupEvents>(meta, caller, question)?;
    let limit = limit(input.max_results)?;
    let attribute = attribute(&input.lookup_attributes, aws.fidelity.lookup_by_first_attribute_only)?;
    let (from, to) = range(&input, aws.now())?;
    let bound = bound(caller.account_id(), attribute, &input)?;
    let after = input.next_token.as_deref().map(|token| read_token(aws, token, &bound)).transpose()?;
    match input.event_category.as_deref() {
        None => {}
        // Nobody here analyses events for what is unusual.
        Some("insight") => return Ok(json!({ "Events": [] })),
        Some(other) => {
            return Err(Failure::refused(
                "InvalidEventCategoryException",
                format!("The event category {other} is not valid. Valid value: insight."),
            ));
        }
    }
    // Events that are on their way are there for whoever looks.
    Trail::flush(aws).await;
    let wanted = EventsWanted {
        account: caller.account_id(),
        from,
        to,
        before: after.as_ref().map(|Place(place, id)| (*place, id.as_str())),
        that: None,
    };
    let (mut found, more) = find(aws, &permit, wanted, attribute, limit).await?;
    let last = found.last().map(|row| Place(row.place, row.id.clone()));
    let mut answer = json!({ "Events": found.drain(..).map(|row| entry(&row)).collect::<Vec<_>>() });
    if let (true, Some(last)) = (more, last) {
        answer["NextToken"] = write_token(aws, &last, &bound)?.into();
    }
    Ok(answer)
}

fn limit(given: Option<i64>) -> Result<u32, Failure> {
    let Some(given) = given else { return Ok(MOST) };
    u32::try_from(given).ok().filter(|limit| (1..=MOST).contains(limit)).ok_or_else(|| {
        Failure::refused(
            "InvalidMaxResultsException",
            format!("A max results value of {given} is invalid. Specify max results between 1 and {MOST}."),
        )
    })
}

/// The one attribute that a request may give. `first_only`: more are no mistake, but only the first counts.
fn attribute(given: &[Attribute], first_only: bool) -> Result<Option<&Attribute>, Failure> {
    let invalid = |message: String| Failure::refused("InvalidLookupAttributesException", message);
    let attribute = match given {
        [] => return Ok(None),
        [attribute] => attribute,
        [attribute, ..] if first_only => attribute,
        _ => return Err(invalid("Lookup attributes can contain only one item.".into())),
    };
    if !KEYS.contains(&attribute.attribute_key.as_str()) {
        return Err(invalid(format!("The lookup attribute {} is not valid.", attribute.attribute_key)));
    }
    // These count twice (CloudTrail API Reference, `LookupAttribute`).
    let twice = |char: &char| matches!(char, '_' | ' ' | ',' | '\n');
    let length =
        attribute.attribute_value.chars().count() + attribute.attribute_value.chars().filter(twice).count();
    match (1..=LONGEST).contains(&length) {
        true => Ok(Some(attribute)),
        false => Err(invalid(format!(
            "The value of the lookup attribute {} must have 1 to {LONGEST} characters.",
            attribute.attribute_key
        ))),
    }
}

/// First place, and the first that is none any more. A second that is named is in it as a whole.
fn range(input: &LookupEvents, now: OffsetDateTime) -> Result<(i64, i64), Failure> {
    const SECOND: i64 = 1_000_000;
    let invalid = |message: &str| Failure::refused("InvalidTimeRangeException", message);
    let seconds = |given: f64| {
        #[expect(clippy::cast_possible_truncation, reason = "checked to be a time there is")]
        let seconds = given.floor() as i64;
        OffsetDateTime::from_unix_timestamp(seconds)
            .ok()
            .filter(|_| given.is_finite())
            .map(|time| time.unix_timestamp())
            .ok_or_else(|| invalid("The time range is outside the range of possible values."))
    };
    let start = input.start_time.map(seconds).transpose()?;
    let end = input.end_time.map(seconds).transpose()?;
    if let (Some(start), Some(end)) = (start, end)
        && start > end
    {
        return Err(invalid("The start time is after the end time."));
    }
    let oldest = micros(now - KEPT);
    let from = start.map_or(oldest, |start| start.saturating_mul(SECOND).max(oldest));
    let to = end.map_or(i64::MAX, |end| end.saturating_add(1).saturating_mul(SECOND));
    Ok((from, to))
}

/// Reads a page, and whether there are more events behind it.
async fn find(
    aws: &Aws,
    _permit: &Permit<cloudtrail::LookupEvents>,
    mut wanted: EventsWanted<'_>,
    attribute: Option<&Attribute>,
    limit: u32,
) -> Result<(Vec<EventRow>, bool), Failure> {
    let value = attribute.map_or("", |attribute| attribute.attribute_value.as_str());
    wanted.that = match attribute.map(|attribute| attribute.attribute_key.as_str()) {
        Some("EventId") => Some(EventFilter::Id(value)),
        Some("EventName") => Some(EventFilter::Name(value)),
        Some("ReadOnly") => Some(EventFilter::ReadOnly(value)),
        Some("Username") => Some(EventFilter::Username(value)),
        Some("EventSource") => Some(EventFilter::Source(value)),
        Some("AccessKeyId") => Some(EventFilter::AccessKey(value)),
        Some("ResourceType") => {
            return search(aws, wanted, limit, |row| row.resources.iter().any(|(kind, _)| kind == value))
                .await;
        }
        Some("ResourceName") => {
            return search(aws, wanted, limit, |row| row.resources.iter().any(|(_, name)| name == value))
                .await;
        }
        _ => None,
    };
    let mut found = aws.store.events(&wanted, limit + 1).await?;
    let more = found.len() > usize::try_from(limit).unwrap_or(usize::MAX);
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok((found, more))
}

/// The same for what the database does not know.
async fn search(
    aws: &Aws,
    wanted: EventsWanted<'_>,
    limit: u32,
    fits: impl Fn(&EventRow) -> bool,
) -> Result<(Vec<EventRow>, bool), Failure> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut found: Vec<EventRow> = Vec::new();
    let mut read = wanted.before.map(|(place, id)| Place(place, id.to_owned()));
    loop {
        let before = read.as_ref().map(|Place(place, id)| (*place, id.as_str()));
        let rows = aws.store.events(&EventsWanted { before, ..wanted.clone() }, READ_AT_A_TIME).await?;
        let Some(last) = rows.last().map(|row| Place(row.place, row.id.clone())) else {
            return Ok((found, false));
        };
        for row in rows.into_iter().filter(|row| fits(row)) {
            if found.len() == limit {
                return Ok((found, true));
            }
            found.push(row);
        }
        read = Some(last);
    }
}

fn entry(row: &EventRow) -> Value {
    let resources: Vec<Value> = row
        .resources
        .iter()
        .map(|(kind, name)| json!({ "ResourceType": kind, "ResourceName": name }))
        .collect();
    let mut entry = json!({
        "EventId": row.id,
        "EventName": row.name,
        "ReadOnly": row.read_only.to_string(),
        "EventTime": row.place / 1_000_000,
        "EventSource": row.source,
        "Resources": resources,
        "CloudTrailEvent": row.record.as_ref(),
    });
    for (name, value) in [("Username", &row.username), ("AccessKeyId", &row.access_key)] {
        if !value.is_empty() {
            entry[name] = value.as_str().into();
        }
    }
    entry
}

/// What a token is good for: the same question of the same account.
fn bound(account: &str, attribute: Option<&Attribute>, input: &LookupEvents) -> Result<Vec<u8>, Failure> {
    let question = json!({
        "account": account, "attribute": attribute, "from": input.start_time, "to": input.end_time,
        "category": input.event_category,
    });
    Ok(format!("page of LookupEvents: {question}").into_bytes())
}

fn write_token(aws: &Aws, place: &Place, bound: &[u8]) -> Result<String, Failure> {
    let place = serde_json::to_vec(place).map_err(|error| Failure::Internal(error.to_string()))?;
    Ok(BASE64_STANDARD.encode(aws.store.root_key().seal(&place, bound)?))
}

fn read_token(aws: &Aws, token: &str, bound: &[u8]) -> Result<Place, Failure> {
    let place = BASE64_STANDARD.decode(token).ok();
    let place = place.and_then(|sealed| aws.store.root_key().open(&sealed, bound).ok());
    place.and_then(|place| serde_json::from_slice(&place).ok()).ok_or_else(|| {
        Failure::refused(
            "InvalidNextTokenException",
            "The token is not valid, or was given with other parameters before.",
        )
    })
}

//! A record: one event in CloudTrail's format (CloudTrail User Guide, `cloudtrail-event-reference-record-contents`).

use policy::call::Operation;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use super::identity::Who;
use super::trail::{Entry, micros};
use crate::request::{Refusal, RequestMeta};
use crate::store::EventRow;

/// The newest version of the format.
const VERSION: &str = "1.11";
/// Longest message and user agent in bytes, and largest parameters and answer: what is longer is cut, what is larger left out.
const MAX_TEXT: usize = 1 << 10;
pub(super) const MAX_VALUE: usize = 100 << 10;
/// Where calls come from that come over no network.
const INTERNAL: &str = "AWS Internal";

/// What there is to say of a call.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) meta: &'a RequestMeta,
    pub(super) operation: &'static Operation,
    pub(super) who: Who<'a>,
    /// The service that made it, for the caller or as itself.
    pub(super) invoked_by: Option<&'static str>,
    /// The request's id at the service: another than the request's own where a service made the call.
    pub(super) request_id: String,
    /// As CloudTrail shows the code, which is not always as the service answers it.
    pub(super) refusal: Option<Refusal>,
    /// `requestParameters`, `responseElements` and `additionalEventData`.
    pub(super) parameters: Value,
    pub(super) elements: Value,
    pub(super) additional: Value,
    pub(super) resources: Vec<Resource>,
    /// Types and names of more resources, by which the event can be looked up.
    pub(super) names: Vec<(String, String)>,
}

/// A resource that a call was about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Resource {
    /// For example `AWS::KMS::Key`.
    pub(super) kind: &'static str,
    /// Its ARN, or how the ARNs of all that a list may hold begin.
    pub(super) arn: Arn,
    /// The account that owns it; S3 does not say it of objects.
    pub(super) account: Option<String>,
    /// Its name, by which the event can be looked up.
    pub(super) name: String,
}

/// How a record names a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Arn {
    Whole(String),
    Prefix(String),
}

impl Call<'_> {
    /// The event for every account that it is delivered to: the caller's, and those whose resources it was about. They share an
    /// id when they are several, or when the one is not the caller's.
    pub(super) fn entries(&self, now: OffsetDateTime) -> Vec<Entry> {
        let own = self.who.account();
        let mut accounts: Vec<&str> = own.into_iter().collect();
        for account in self.resources.iter().filter_map(|resource| resource.account.as_deref()) {
            if !accounts.contains(&account) && self.is_told_to_owners() {
                accounts.push(account);
            }
        }
        let shared = (own.is_none() || accounts.len() > 1).then(|| Uuid::new_v4().to_string());
        accounts.into_iter().map(|account| self.entry(account, shared.as_deref(), now)).collect()
    }

    /// Denials of KMS and STS are told to the caller's account alone (KMS Developer Guide, `logging-using-cloudtrail`), those of
    /// S3 to the owner of the bucket as well (S3 User Guide, `cloudtrail-logging-s3-info`).
    fn is_told_to_owners(&self) -> bool {
        let denied = self.refusal.as_ref().is_some_and(|refusal| refusal.code == "AccessDenied");
        self.operation.service == "s3" || self.who.account().is_none() || !denied
    }

    fn entry(&self, account: &str, shared: Option<&str>, now: OffsetDateTime) -> Entry {
        let own = self.who.account() == Some(account);
        let id = Uuid::new_v4().to_string();
        let record = self.record(account, &id, shared, now).to_string();
        let mut resources: Vec<(String, String)> = Vec::new();
        let shown = self.resources.iter().map(|resource| (resource.kind.to_owned(), resource.name.clone()));
        for resource in shown.chain(self.names.iter().cloned()) {
            if (1..=MAX_TEXT).contains(&resource.1.len()) && !resources.contains(&resource) {
                resources.push(resource);
            }
        }
        Entry {
            request_id: self.meta.id.clone(),
            data: self.operation.data_event,
            row: EventRow {
                account: account.to_owned(),
                place: micros(now),
                id,
                name: self.operation.event_name().to_owned(),
                source: self.source(),
                read_only: self.operation.read_only,
                username: if own { self.who.username().to_owned() } else { String::new() },
                access_key: if own { self.who.access_key().to_owned() } else { String::new() },
                resources,
                record: record.into(),
            },
        }
    }

    fn source(&self) -> String {
        format!("{}.amazonaws.com", self.operation.service)
    }

    fn record(&self, account: &str, id: &str, shared: Option<&str>, now: OffsetDateTime) -> Value {
        let data = self.operation.data_event;
        let identity = match self.who.account() == Some(account) {
            true => self.who.to_itself(self.invoked_by),
            false => self.who.to_others(self.invoked_by),
        };
        let mut record = Map::new();
        let mut put = |name: &str, value: Value| {
            record.insert(name.to_owned(), value);
        };
        put("eventVersion", VERSION.into());
        put("userIdentity", identity);
        put(
            "eventTime",
            now.replace_nanosecond(0).unwrap_or(now).format(&Rfc3339).unwrap_or_default().into(),
        );
        put("eventSource", self.source().into());
        put("eventName", self.operation.event_name().into());
        put("awsRegion", self.region().into());
        put("sourceIPAddress", self.address().into());
        put("userAgent", self.agent().into());
        if let Some(refusal) = &self.refusal {
            put("errorCode", refusal.code.as_str().into());
            if !refusal.message.is_empty() {
                put("errorMessage", cut(&refusal.message).into());
            }
        }
        put("requestParameters", fit(&self.parameters));
        put("responseElements", fit(&self.elements));
        if !self.additional.is_null() {
            put("additionalEventData", self.additional.clone());
        }
        put("requestID", self.request_id.as_str().into());
        put("eventID", id.into());
        put("readOnly", self.operation.read_only.into());
        if let Some(resources) = self.shown_resources() {
            put("resources", resources);
        }
        put("eventType", "AwsApiCall".into());
        put("managementEvent", (!data).into());
        put("recipientAccountId", account.into());
        if let Some(shared) = shared {
            put("sharedEventID", shared.into());
        }
        put("eventCategory", if data { "Data" } else { "Management" }.into());
        Value::Object(record)
    }

    /// IAM is global, which is to say in us-east-1.
    fn region(&self) -> &str {
        if self.operation.service == "iam" { "us-east-1" } else { &self.meta.region }
    }

    fn address(&self) -> String {
        match (self.invoked_by, self.meta.source_ip) {
            (Some(service), _) => service.to_owned(),
            (None, Some(address)) => address.to_string(),
            (None, None) => INTERNAL.to_owned(),
        }
    }

    /// S3 puts it in brackets.
    fn agent(&self) -> String {
        let agent = match self.invoked_by {
            Some(service) => return service.to_owned(),
            None => cut(self.meta.user_agent.as_deref().unwrap_or_default()),
        };
        if self.operation.service == "s3" { format!("[{agent}]") } else { agent }
    }

    /// IAM's and EC2's records do not have them: what their calls are about is in the parameters.
    fn shown_resources(&self) -> Option<Value> {
        let shown = matches!(self.operation.service, "s3" | "kms" | "sts") && !self.resources.is_empty();
        shown.then(|| self.resources.iter().map(Resource::to_value).collect())
    }
}

impl Resource {
    fn to_value(&self) -> Value {
        let mut value = json!({});
        if let Some(account) = &self.account {
            value["accountId"] = account.as_str().into();
        }
        value["type"] = self.kind.into();
        match &self.arn {
            Arn::Whole(arn) => value["ARN"] = arn.as_str().into(),
            Arn::Prefix(prefix) => value["ARNPrefix"] = prefix.as_str().into(),
        }
        value
    }
}

/// A text, cut where it is too long.
fn cut(text: &str) -> String {
    const DOTS: &str = "...";
    if text.len() <= MAX_TEXT {
        return text.to_owned();
    }
    let fits = |place: &usize| text.is_char_boundary(*place);
    let end = (0..=MAX_TEXT - DOTS.len()).rev().find(fits).unwrap_or_default();
    format!("{}{DOTS}", text.get(..end).unwrap_or_default())
}

/// A value, left out where it is too large.
fn fit(value: &Value) -> Value {
    match value.to_string().len() <= MAX_VALUE {
        true => value.clone(),
        false => json!({ "omitted": true }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_is_cut_between_characters_and_what_is_too_large_left_out() {
        assert_eq!(cut("short"), "short");
        let long = cut(&"é".repeat(1_000));
        assert!(long.len() <= MAX_TEXT && long.ends_with("é..."), "{long}");
        assert_eq!(fit(&json!({"a": "b"})), json!({"a": "b"}));
        assert_eq!(fit(&json!({"a": "b".repeat(MAX_VALUE)})), json!({"omitted": true}));
    }
}

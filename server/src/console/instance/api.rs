//! `aws s3api`, `aws kms` and `aws sts` at work: the call, and AWS's answer as the members that the AWS CLI prints.

mod kms;
mod s3api;
mod sts;

use super::{Site, failed};
use crate::{
    console::desk::Desk,
    store::LabState,
    terminal::{
        Output,
        api::{
            Call,
            values::{Values, named_file},
        },
        command::OutputFormat,
        print,
    },
};
use app::console::{Answer, ConsoleError};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

/// An operation with its values.
pub(super) struct Asked {
    pub(super) call: Call,
    pub(super) values: Values,
    pub(super) format: OutputFormat,
}

/// What an operation came to: members to print, AWS's refusal, or what is printed instead of either.
enum Made {
    Answered(Map<String, Value>),
    Refused(Answer),
    Said(Output),
}

/// The values of a call, with what its files hold.
pub(super) async fn values(
    site: &Site,
    lab: &LabState,
    call: &Call,
) -> Result<Result<Values, Output>, ConsoleError> {
    let mut files = BTreeMap::new();
    for (option, typed) in &call.typed {
        if let Some(named) = named_file(option, typed)
            && let Some(name) = &named.name
            && let Some(bytes) = site.store.file(&lab.id, name).await?
        {
            files.insert(named.path, bytes);
        }
    }
    Ok(Values::read(call, &files))
}

/// Makes the call and prints what came of it.
pub(super) async fn run(desk: &mut Desk<'_>, asked: &Asked) -> Result<Output, ConsoleError> {
    let operation = asked.call.operation;
    let made = match operation.service {
        "kms" => Box::pin(kms::call(desk, operation.api, &asked.values)).await?,
        "sts" => Box::pin(sts::call(desk, operation.api, &asked.values)).await?,
        _ => Box::pin(s3api::call(desk, operation.api, asked)).await?,
    };
    Ok(match made {
        Made::Answered(members) => print::answered(members, asked.format),
        Made::Refused(answer) => failed(&answer, operation.api),
        Made::Said(output) => output,
    })
}

/// Members of an answer, in the order in which the AWS CLI prints them; those that are not there are left out.
#[derive(Default)]
struct Members(Map<String, Value>);

impl Members {
    fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name.into(), value.into());
        self
    }

    fn maybe(self, name: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    fn time(self, name: &str, value: Option<&aws_smithy_types::DateTime>) -> Self {
        self.maybe(name, value.map(time))
    }

    fn answered(self) -> Made {
        Made::Answered(self.0)
    }
}

impl From<Members> for Value {
    fn from(members: Members) -> Self {
        Self::Object(members.0)
    }
}

/// As the AWS CLI of version 2 prints times: `2026-01-02T03:04:05+00:00`, with microseconds if there are any.
fn time(at: &aws_smithy_types::DateTime) -> String {
    let micros = at.as_nanos().div_euclid(1_000) * 1_000;
    let at = OffsetDateTime::from_unix_timestamp_nanos(micros).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let text = at.to_offset(UtcOffset::UTC).format(&Rfc3339).unwrap_or_default();
    let text = text.trim_end_matches('Z');
    match text.split_once('.') {
        Some((seconds, fraction)) => format!("{seconds}.{fraction:0<6}+00:00"),
        None => format!("{text}+00:00"),
    }
}

/// What an answer is when AWS gave one.
fn made<T>(result: Result<T, Answer>, members: impl FnOnce(T) -> Members) -> Made {
    match result {
        Ok(answer) => members(answer).answered(),
        Err(answer) => Made::Refused(answer),
    }
}

#[cfg(test)]
mod tests {
    use super::time;
    use aws_smithy_types::DateTime;

    #[test]
    fn times_are_those_of_python() {
        assert_eq!(time(&DateTime::from_secs(0)), "1970-01-01T00:00:00+00:00");
        assert_eq!(time(&DateTime::from_secs_and_nanos(1, 123_000_000)), "1970-01-01T00:00:01.123000+00:00");
    }
}

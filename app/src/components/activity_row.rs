//! One call as a row of the activity list, on the page and in the live stream.

use super::{
    call::{LaneMarks, Outcome},
    persona::PersonaChip,
};
use crate::console::{Record, scenario::Occasion};
use leptos::prelude::*;
use time::{OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};

/// The row as HTML on one line, as `/activity/stream` sends it. Everything that came from a person or from AWS is escaped.
pub fn to_html(record: &Record) -> String {
    Owner::new().with(|| view! { <ActivityRow record=record.clone() /> }.to_html()).replace(['\r', '\n'], " ")
}

/// A row: when, who, what, with what outcome, and what each lane said.
#[component]
pub(crate) fn ActivityRow(
    /// The call.
    record: Record,
) -> impl IntoView {
    view! {
        <li class="activity-row" id=format!("activity-{}", record.id)>
            <time class="activity-time" datetime=iso_time(record.at)>{clock_time(record.at)}</time>
            <a class="activity-call" href=format!("/activity/{}", record.id)>
                <strong>{record.title()}</strong>
                " "
                <span class="subject">{record.subject.clone()}</span>
            </a>
            <span class="activity-who">
                <PersonaChip persona=record.persona />
                <OccasionMark occasion=record.occasion />
            </span>
            <LaneMarks verdict=record.verdict.clone() />
            <Outcome answer=record.answer.clone() />
        </li>
    }
    .into_any()
}

/// Says of a call that it belongs to a scenario or a check, and not to the walk.
#[component]
pub(crate) fn OccasionMark(
    /// Where it was made, if not in the walk.
    occasion: Option<Occasion>,
) -> impl IntoView {
    occasion.map(|occasion| view! { <a class="occasion" href=occasion.path()>{occasion.title()}</a> })
}

/// `2026-03-01T14:05:09Z`; `at` is Unix time in milliseconds. Empty for a time beyond the year 9999.
pub(crate) fn iso_time(at: i64) -> String {
    in_format(at, format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z"))
}

/// `14:05:09 UTC`: the server does not know where its reader is.
pub(crate) fn clock_time(at: i64) -> String {
    in_format(at, format_description!("[hour]:[minute]:[second] UTC"))
}

fn in_format(at: i64, format: &[BorrowedFormatItem<'_>]) -> String {
    OffsetDateTime::from_unix_timestamp(at.div_euclid(1000))
        .ok()
        .and_then(|time| time.format(format).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{clock_time, iso_time, to_html};
    use crate::console::{Answer, Persona, Record, Verdict};

    #[test]
    fn times_are_those_of_the_calendar() {
        let cases = [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400_000, "2000-02-29T00:00:00Z"),
            (1_798_761_599_999, "2026-12-31T23:59:59Z"),
            (i64::MAX, ""),
            (-1, "1969-12-31T23:59:59Z"),
        ];
        for (at, iso) in cases {
            assert_eq!(iso_time(at), iso);
        }
        assert_eq!(clock_time(50_709_000), "14:05:09 UTC");
    }

    #[test]
    fn a_row_of_the_stream_cannot_bring_markup_with_it() {
        let record = Record {
            id: 7,
            at: 0,
            step: None,
            occasion: None,
            persona: Persona::Instance,
            caller: String::new(),
            service: "s3".into(),
            operation: "PutObject".into(),
            subject: "bucket/<img src=x\nonerror=alert(1)>".into(),
            answer: Answer {
                status: 403,
                code: Some("AccessDenied".into()),
                message: None,
                request_id: None,
            },
            verdict: Verdict {
                checks: vec![],
                lanes: vec![],
                decided_by: None,
                agrees: true,
                explanation: String::new(),
            },
        };
        let html = to_html(&record);
        assert!(html.contains("id=\"activity-7\""), "{html}");
        assert!(html.contains("&lt;img"), "{html}");
        assert!(!html.contains("<img"), "{html}");
        assert!(!html.contains('\n'), "one line is one event's data: {html}");
    }
}

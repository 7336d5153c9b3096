//! The outcomes of `aws-semantics.md` §9 with the corrected listings and with those printed, over the wire: status, code and
//! message, every check the gate was asked with what each lane said, and the lane that decided. What the gate decided is what
//! the policy engine decides from outside, by policies that were read as any client reads them. The rows are data, in
//! `matrix/corrected.json` and `matrix/printed.json`.

mod outside;
mod world;

use std::collections::BTreeSet;

use crate::support::calls::Call;
use outside::Outside;
use sandbox::gate::Trace;
use serde::Deserialize;
use world::{Listings, Stage, World};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Matrix {
    #[allow(dead_code, reason = "for the reader of the file")]
    about: String,
    not_covered: Vec<NotCovered>,
    rows: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NotCovered {
    row: u8,
    why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    row: u8,
    name: String,
    stage: Stage,
    r#as: String,
    call: Call,
    status: u16,
    #[serde(default)]
    code: String,
    message: Option<String>,
    checks: Vec<(String, String, String)>,
    decides: String,
    #[serde(default)]
    before: Vec<Call>,
    #[allow(dead_code, reason = "for the reader of the file")]
    note: Option<String>,
}

/// The lane that refused; for a call that went through, the one lane that alone allowed it.
fn deciding_lane(traces: &[Trace]) -> String {
    let Some(last) = traces.last() else { return String::new() };
    let explanation = &last.explanation;
    let resource_lane = match last.action.split_once(':') {
        Some(("s3", _)) => "bucket",
        Some(("kms", _)) => "key",
        _ => "trust",
    };
    match &explanation.denial {
        Some(denial) => match format!("{:?}", denial.layer).as_str() {
            // §9, rows 45 and 47: AWS names the identity policy, but S3 asked KMS and the key's lock is what stayed shut.
            "Identity" if resource_lane == "key" && traces.len() > 1 => "key".into(),
            "Identity" => "iam".into(),
            _ => resource_lane.into(),
        },
        None if traces.len() == 1
            || traces.iter().all(|trace| format!("{:?}", trace.explanation.resource) == "NotConsulted") =>
        {
            match (format!("{:?}", explanation.iam).as_str(), format!("{:?}", explanation.resource).as_str())
            {
                ("Allows", "NotConsulted" | "Delegates") => "iam".into(),
                ("Silent", "Allows") => resource_lane.into(),
                _ => String::new(),
            }
        }
        None => String::new(),
    }
}

fn matrix(listings: Listings) -> Matrix {
    let text = match listings {
        Listings::Corrected => include_str!("matrix/corrected.json"),
        Listings::Printed => include_str!("matrix/printed.json"),
    };
    serde_json::from_str(text).unwrap()
}

#[test]
fn every_row_of_the_specification_is_covered_or_listed_as_not_covered() {
    for listings in [Listings::Corrected, Listings::Printed] {
        let matrix = matrix(listings);
        let covered: BTreeSet<u8> = matrix.rows.iter().map(|row| row.row).collect();
        let listed: BTreeSet<u8> = matrix.not_covered.iter().map(|row| row.row).collect();
        assert!(matrix.not_covered.iter().all(|row| !row.why.is_empty()));
        assert_eq!(covered.intersection(&listed).count(), 0, "a row is either covered or not");
        assert_eq!(covered.union(&listed).copied().collect::<Vec<_>>(), (1..=57).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn every_outcome_of_the_corrected_listings_is_as_the_specification_says() {
    every_outcome_is_right(Listings::Corrected).await;
}

#[tokio::test]
async fn every_outcome_of_the_printed_listings_is_as_the_specification_says() {
    every_outcome_is_right(Listings::Printed).await;
}

async fn every_outcome_is_right(listings: Listings) {
    let mut wrong = Vec::new();
    for row in matrix(listings).rows {
        let world = World::at(row.stage, listings).await;
        for call in &row.before {
            world.did_call(call).await;
        }
        // Read before the call, which may change them.
        let outside = Outside::read(&world, &row.r#as).await;
        let answer = world.make(&row.call, &row.r#as).await;
        let (code, message) = answer.error();
        let (code, message) = if answer.status < 300 { Default::default() } else { (code, message) };
        let traces = world.lab.sandbox.trace(&answer.request_id());
        let checks: Vec<(String, String, String)> = traces
            .iter()
            .map(|trace| {
                let lanes = &trace.explanation;
                (trace.action.to_owned(), format!("{:?}", lanes.iam), format!("{:?}", lanes.resource))
            })
            .collect();
        let mut differs = Vec::new();
        let mut same = |what: &str, got: &str, wanted: &str| {
            if got != wanted {
                differs.push(format!("  {what}: {got}\n    wanted: {wanted}"));
            }
        };
        same("status", &answer.status.to_string(), &row.status.to_string());
        same("code", &code, &row.code);
        if let Some(wanted) = &row.message {
            same("message", &message, &world.fill(wanted));
        }
        same("checks", &format!("{checks:?}"), &format!("{:?}", row.checks));
        if !row.decides.is_empty() {
            same("decides", &deciding_lane(&traces), &row.decides);
        }
        for trace in &traces {
            let from_outside = outside.decides(trace, &row.call.plain(&world.names));
            same(
                "from outside",
                &format!("{:?}", outside::told(&from_outside)),
                &format!("{:?}", outside::told(&trace.explanation)),
            );
        }
        if !differs.is_empty() {
            wrong.push(format!("row {} ({}):\n{}", row.row, row.name, differs.join("\n")));
        }
    }
    assert!(wrong.is_empty(), "{} rows differ:\n{}", wrong.len(), wrong.join("\n"));
}

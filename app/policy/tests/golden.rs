//! The matrix of `aws-semantics.md` §9 as one table, printed and corrected listings: `golden/matrix.md`. After a change that
//! is meant, run the test with `UPDATE_GOLDEN=1` and read the difference.
#![allow(clippy::unwrap_used)]

mod case_files;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::{env, fs};

use case_files::{Case, CaseFile, Prepared, case_files, folder};
use policy::{LaneVerdict, Outcome, evaluate, message};

/// Which listings a case is about, by the end of its name.
fn listing(name: &str) -> (&str, &str) {
    for listing in ["printed", "corrected"] {
        if let Some(what) = name.strip_suffix(&format!(", {listing}")) {
            return (what, listing);
        }
    }
    (name, "both")
}

/// The lanes as §9 abbreviates them.
fn cell(verdict: LaneVerdict) -> &'static str {
    match verdict {
        LaneVerdict::Allows => "A",
        LaneVerdict::Delegates => "A*",
        LaneVerdict::Silent => "I",
        LaneVerdict::Denies => "X",
        LaneVerdict::NotConsulted => "–",
    }
}

fn line(file: &CaseFile, case: &Case) -> String {
    let (row, rest) = case.name.strip_prefix("row ").unwrap().split_once(": ").unwrap();
    let (what, listing) = listing(rest);
    let prepared = Prepared::new(file, case);
    let policies = prepared.policies(case);
    let decision = evaluate(&prepared.request, &policies);
    let outcome = match decision.outcome {
        Outcome::Allowed => "allowed".to_owned(),
        Outcome::ImplicitlyDenied | Outcome::ExplicitlyDenied => {
            message::reason(&decision.denial().unwrap(), &case.action)
        }
    };
    let decided_by = serde_json::to_value(decision.decided_by).unwrap();
    let by = decided_by.as_str().unwrap();
    let (iam, resource) = (cell(decision.iam), cell(decision.resource));
    format!("| {row} | {listing} | {what} | {} | {iam} | {resource} | {by} | {outcome} |", case.action)
}

#[test]
fn the_matrix_is_as_it_was_read_and_agreed() {
    let (_, file) = case_files().into_iter().find(|(name, _)| name == "matrix").unwrap();
    let mut table = String::from(
        "The decisions of `aws-semantics.md` §9, one line a check. A allows, A* delegates, I silent, X denies, – not consulted.\n\n\
         | row | listing | what | action | IAM | resource | decided by | outcome |\n|---|---|---|---|---|---|---|---|\n",
    );
    let mut covered = BTreeSet::new();
    for case in &file.cases {
        let line = line(&file, case);
        let mut cells = line.split('|').map(str::trim).skip(1);
        let row: u32 = cells.next().unwrap().parse().unwrap();
        let listing = cells.next().unwrap().to_owned();
        covered.insert((row, listing));
        writeln!(table, "{line}").unwrap();
    }
    for row in 1..=57 {
        let has = |listing: &str| covered.contains(&(row, listing.to_owned()));
        assert!(
            has("both") || (has("printed") && has("corrected")),
            "row {row} is not asked for both listings"
        );
    }
    let path = folder("golden").join("matrix.md");
    if env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &table).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap();
    let differs = golden.lines().zip(table.lines()).find(|(before, now)| before != now);
    assert_eq!(differs, None, "the decision changed");
    assert_eq!(golden.lines().count(), table.lines().count(), "rows came or went");
}

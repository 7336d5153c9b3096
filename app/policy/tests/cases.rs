//! Runs the case files in `cases/`: every case asserts the decision, the layer that decided and the deciding statements;
//! most also the lanes, the first mismatch or AWS's message.
#![allow(clippy::unwrap_used)]

mod case_files;

use case_files::{Case, CaseFile, Expect, Prepared, case_files};
use policy::line;
use policy::message::{self, Style};
use policy::{Decision, Explanation, Mismatch, ResourceKind, evaluate};

/// Everything wrong with one case, as sentences.
fn run(file: &CaseFile, case: &Case) -> Vec<String> {
    let prepared = Prepared::new(file, case);
    let policies = prepared.policies(case);
    let decision = evaluate(&prepared.request, &policies);
    let mut wrong = check(&case.expect, &decision);
    wrong.extend(check_line(case, &prepared, &decision));
    wrong
}

/// The same question as a line of `trilock evaluate` must come to the same decision. Its policies have no ARNs, and a
/// session whose role has a path cannot be named in it.
fn check_line(case: &Case, prepared: &Prepared, decision: &Decision<'_>) -> Option<String> {
    if prepared.caller.get("role").is_some() {
        return None;
    }
    let line = prepared.line(case);
    let told = match line::answer(&line.to_string()) {
        Ok(answer) => answer,
        Err(error) => return Some(format!("as a line it is refused: {error}")),
    };
    let same = told.name.as_deref() == Some(&case.name)
        && told.decision == decision.outcome
        && told.decided_by == decision.decided_by
        && told.lanes["iam"] == decision.iam
        && told.lanes["resource"] == decision.resource
        && told.statements.len() == decision.deciding.len()
        && told.message.is_some() != decision.is_allowed();
    (!same).then(|| format!("as a line it is told otherwise: {told:?}"))
}

fn check(expect: &Expect, decision: &Decision<'_>) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut compare = |what: &str, actual: String, expected: String| {
        if actual != expected {
            wrong.push(format!("{what} is {actual}, expected {expected}"));
        }
    };
    compare("the outcome", format!("{:?}", decision.outcome), format!("{:?}", expect.outcome));
    compare("the deciding layer", format!("{:?}", decision.decided_by), format!("{:?}", expect.decided_by));
    let name = |layer: &str, sid: Option<&str>, index: usize| match sid {
        Some(sid) => format!("{}:{sid}", layer.to_lowercase()),
        None => format!("{}:{index}", layer.to_lowercase()),
    };
    let deciding: Vec<_> = decision
        .deciding
        .iter()
        .map(|found| name(&format!("{:?}", found.layer), found.statement.sid(), found.statement.index()))
        .collect();
    compare("the list of deciding statements", format!("{deciding:?}"), format!("{:?}", expect.deciding));
    if let Some(verdict) = expect.iam {
        compare("the IAM lane", format!("{:?}", decision.iam), format!("{verdict:?}"));
    }
    if let Some(verdict) = expect.resource {
        compare("the resource lane", format!("{:?}", decision.resource), format!("{verdict:?}"));
    }
    let explanation = decision.explain();
    let statements = || {
        explanation.lanes.iter().flat_map(|lane| {
            lane.statements.iter().map(move |statement| {
                (name(&format!("{:?}", lane.layer), statement.sid.as_deref(), statement.index), statement)
            })
        })
    };
    for (statement, expected) in &expect.mismatch {
        let found = statements().find(|(name, _)| name == statement);
        let actual = match found.map(|(_, explained)| &explained.mismatch) {
            None => "not there".to_owned(),
            Some(None) => "nothing".to_owned(),
            Some(Some(Mismatch::Condition(condition))) => format!("{} {}", condition.operator, condition.key),
            Some(Some(other)) => serde_json::to_value(other).unwrap().as_str().unwrap().to_owned(),
        };
        compare(&format!("what fails in {statement}"), actual, expected.clone());
    }
    if let Some(expected) = &expect.message {
        let style = match decision.request().action.split(':').next() {
            Some("s3") => Style::S3,
            Some("sts") => Style::Sts,
            _ => Style::Plain,
        };
        let actual =
            decision.denial().map(|denial| message::access_denied(decision.request(), &denial, style));
        compare("the message", format!("{actual:?}"), format!("{:?}", Some(expected)));
    }
    // What holds for every decision.
    let explained: Vec<_> =
        statements().filter(|(_, statement)| statement.deciding).map(|(name, _)| name).collect();
    let sorted = |mut names: Vec<String>| {
        names.sort();
        names
    };
    compare(
        "the explained deciding statements",
        format!("{:?}", sorted(explained)),
        format!("{:?}", sorted(deciding)),
    );
    let json = serde_json::to_string(&explanation).unwrap();
    let again: Explanation = serde_json::from_str(&json).unwrap();
    compare("the explanation read back", format!("{}", again == explanation), "true".to_owned());
    wrong
}

#[test]
fn every_case_decides_as_expected_and_by_the_expected_statements() {
    let (mut run_cases, mut wrong) = (0, Vec::new());
    for (name, file) in case_files() {
        assert!(!file.source.is_empty(), "{name} cites no source");
        for case in &file.cases {
            run_cases += 1;
            let source = case.source.as_deref().unwrap_or(&file.source);
            wrong.extend(
                run(&file, case).iter().map(|what| format!("{name}: {} [{source}]: {what}", case.name)),
            );
        }
    }
    assert!(wrong.is_empty(), "{} findings in {run_cases} cases:\n{}", wrong.len(), wrong.join("\n"));
    assert!(run_cases >= 600, "only {run_cases} cases were found");
}

/// What no other suite covers is covered here in breadth: bucket policies, and keys with policies and grants.
#[test]
fn there_are_enough_cases_with_bucket_and_key_policies() {
    let files = case_files();
    let cases = || files.iter().flat_map(|(_, file)| &file.cases);
    let of = |kind| cases().filter(move |case| case.kind == kind);
    let buckets = of(ResourceKind::S3Bucket).filter(|case| case.resource_policy.is_some()).count();
    let keys = of(ResourceKind::KmsKey)
        .filter(|case| case.resource_policy.is_some() || !case.grants.is_empty())
        .count();
    let explained = cases().filter(|case| !case.expect.mismatch.is_empty()).count();
    assert!(buckets >= 150 && keys >= 120 && explained >= 180, "{buckets} {keys} {explained}");
}

#[test]
fn no_two_cases_of_a_file_bear_the_same_name() {
    for (name, file) in case_files() {
        let mut names: Vec<_> = file.cases.iter().map(|case| &case.name).collect();
        names.sort();
        let twice = names.windows(2).find(|pair| pair[0] == pair[1]);
        assert_eq!(twice, None, "{name} has a case twice");
    }
}

//! Every operation of the table, over the wire: a success with exactly the permissions it asks for, a denial by each lane that
//! bears on each of its checks, and a malformed request. The samples are data, in `operations/`; the denials follow from what
//! the gate was asked and from `policy::call`.

mod lanes;

use std::collections::BTreeSet;

use crate::support::samples::{Sample, of_service};
use crate::support::world::{Template, World, difference};
use crate::support::{Answer, Keys};
use lanes::{Lane, lanes_of};
use policy::call::{CheckSpec, Operation};
use policy::{DecidedBy, Outcome};
use sandbox::gate::Trace;

/// Checks that no call can reach here, and why.
const UNREACHED: [(&str, &str, &str); 1] = [(
    "GetAccessKeyLastUsed",
    "iam:GetAccessKeyLastUsed",
    "asked on `*` for the key of another account, which a world of one account has not",
)];

/// Operations that are about whoever calls, so that what Admin is asked tells nothing of another: their denials and least
/// permissions are tested where it is said.
const APART: [(&str, &str); 3] = [
    ("ChangePassword", "iam/login.rs"),
    ("GetServiceLastAccessedDetails", "iam/reports.rs"),
    ("GetServiceLastAccessedDetailsWithEntities", "iam/reports.rs"),
];

/// One check that an operation asked for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Asked {
    pub(crate) action: String,
    pub(crate) resource: String,
    /// Whether it is the same the next time: a key that is being made has another id then.
    pub(crate) fixed: bool,
    pub(crate) spec: &'static CheckSpec,
}

#[test]
fn every_operation_has_samples() {
    for (service, rows) in sandbox::operations() {
        let samples = of_service(&service.to_lowercase());
        let of = |malformed: bool| -> BTreeSet<&str> {
            let samples = samples.iter().filter(|sample| sample.malformed == malformed);
            samples.map(|sample| sample.operation.as_str()).collect()
        };
        let names: BTreeSet<&str> = rows.iter().map(|row| row.name).collect();
        assert_eq!(of(false), names, "{service}: success, in operations/{}.json", service.to_lowercase());
        assert_eq!(of(true), names, "{service}: malformed, in operations/{}.json", service.to_lowercase());
    }
}

#[tokio::test]
async fn s3_is_open_to_whom_every_lane_lets_in() {
    check("s3").await;
}

#[tokio::test]
async fn kms_is_open_to_whom_every_lane_lets_in() {
    check("kms").await;
}

#[tokio::test]
async fn iam_is_open_to_whom_every_lane_lets_in() {
    check("iam").await;
}

#[tokio::test]
async fn sts_is_open_to_whom_every_lane_lets_in() {
    check("sts").await;
}

#[tokio::test]
async fn cloudtrail_is_open_to_whom_every_lane_lets_in() {
    check("cloudtrail").await;
}

#[tokio::test]
async fn ec2_is_open_to_whom_every_lane_lets_in() {
    check("ec2").await;
}

/// What went wrong, by sample.
#[derive(Default)]
struct Findings(Vec<String>);

impl Findings {
    fn same<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, found: T, wanted: T) {
        if found != wanted {
            self.0.push(format!("{what}: {found:?}\n  wanted: {wanted:?}"));
        }
    }

    fn that(&mut self, what: &str, holds: bool, found: impl FnOnce() -> String) {
        if !holds {
            self.0.push(format!("{what}: {}", found()));
        }
    }
}

async fn check(service: &str) {
    let template = Template::build().await;
    let mut findings = Findings::default();
    let mut reached: Vec<(String, Vec<Asked>)> = Vec::new();
    for sample in of_service(service) {
        let mut world = template.world().await;
        for call in &sample.before {
            world.did(call).await;
        }
        if sample.malformed {
            is_refused(&sample, &world, &mut findings).await;
            continue;
        }
        let asked = asked(&sample, &template, &mut findings).await;
        if APART.iter().any(|(operation, _)| *operation == sample.operation) {
            reached.push((sample.operation.clone(), asked));
            continue;
        }
        for (place, check) in asked.iter().enumerate() {
            // The first denial of an action on a resource is the only one there can be.
            if asked[..place]
                .iter()
                .any(|earlier| (&earlier.action, &earlier.resource) == (&check.action, &check.resource))
            {
                continue;
            }
            for lane in lanes_of(check.spec) {
                is_denied(&sample, &mut world, (&asked, place), lane, &mut findings).await;
            }
        }
        succeeds(&sample, &mut world, &asked, &mut findings).await;
        reached.push((sample.operation.clone(), asked));
    }
    for operation in
        sandbox::operations().into_iter().find(|(known, _)| known.eq_ignore_ascii_case(service)).unwrap().1
    {
        every_check_is_reached(operation, &reached, &mut findings);
    }
    let Findings(findings) = findings;
    assert!(findings.is_empty(), "{} findings:\n{}", findings.len(), findings.join("\n"));
}

/// What Admin is asked about in two worlds.
async fn asked(sample: &Sample, template: &Template, findings: &mut Findings) -> Vec<Asked> {
    let operation = policy::call::operation(sample.service, &sample.operation).expect("in the table");
    let mut runs = Vec::new();
    for _ in 0..2 {
        let mut world = template.world().await;
        for call in &sample.before {
            world.did(call).await;
        }
        let (answer, traces) = make(sample, &world, &world.lab.admin).await;
        is_answered(sample, &world, &answer, findings);
        runs.push(traces);
    }
    let [first, second] = &runs[..] else { panic!("two runs") };
    let with_spec = |(trace, other): (&Trace, &Trace)| Asked {
        action: trace.action.to_owned(),
        resource: trace.resource.clone(),
        fixed: trace.resource == other.resource,
        spec: spec_of(operation, trace),
    };
    first.iter().zip(second).map(with_spec).collect()
}

fn spec_of(operation: &'static Operation, trace: &Trace) -> &'static CheckSpec {
    let fits = |spec: &&CheckSpec| spec.action == trace.action && spec.on.fits(&trace.resource);
    operation.checks.iter().find(fits).expect("the gate holds operations to their row")
}

async fn make(sample: &Sample, world: &World, keys: &Keys) -> (Answer, Vec<Trace>) {
    let answer = sample.plain(&world.names).send(&world.lab.sandbox, Some(keys)).await;
    let traces = world.lab.sandbox.trace(&answer.request_id());
    (answer, traces)
}

/// Whether a sample that is to succeed did.
fn is_answered(sample: &Sample, world: &World, answer: &Answer, findings: &mut Findings) {
    let name = sample.name();
    match &sample.answers {
        Some((status, code, message)) => {
            let wanted = (*status, (code.clone(), world.fill(message)));
            findings.same(&name, (answer.status, answer.error()), wanted);
        }
        None => findings.that(&name, (200..300).contains(&answer.status), || answer.text()),
    }
    if let Some(shown) = &sample.shows {
        let shown = world.fill(shown);
        findings.that(&name, answer.text().contains(&shown), || format!("no {shown} in {}", answer.text()));
    }
}

/// A malformed request is refused in AWS's words and changes nothing.
async fn is_refused(sample: &Sample, world: &World, findings: &mut Findings) {
    let name = format!("{} malformed", sample.name());
    let before = world.rows().await;
    let (answer, _) = make(sample, world, &world.lab.admin).await;
    let after = world.rows().await;
    let (status, code, message) = sample.answers.clone().expect("what a malformed request is answered");
    findings.that(&name, (400..500).contains(&answer.status), || format!("{} is no refusal", answer.status));
    findings.same(&name, (answer.status, answer.error()), (status, (code, world.fill(&message))));
    findings.that(&name, before == after, || difference(&before, &after));
}

/// With one lane against it the call is denied by that lane, in AWS's words, and changes nothing.
async fn is_denied(
    sample: &Sample,
    world: &mut World,
    (asked, place): (&[Asked], usize),
    lane: Lane,
    findings: &mut Findings,
) {
    let check = &asked[place];
    let name = format!("{} {} by {lane:?}", sample.name(), check.action);
    let undo = lane.put(world, asked, check).await;
    let before = world.rows().await;
    let (answer, traces) = make(sample, world, &world.tester).await;
    let after = world.rows().await;
    undo.put_back(world).await;
    findings.that(&name, before == after, || difference(&before, &after));

    let head = sample.plain(&world.names).method == "HEAD";
    let (status, code) = match sample.service {
        "kms" | "cloudtrail" => (400, "AccessDeniedException"),
        "ec2" => (403, "UnauthorizedOperation"),
        // It tells of each object apart.
        _ if sample.operation == "DeleteObjects" => (200, "AccessDenied"),
        _ => (403, "AccessDenied"),
    };
    let resource = traces.last().map_or(&check.resource, |trace| &trace.resource);
    let message = sentence(sample, world, check, resource, lane);
    let (found_code, found_message) = answer.error();
    match sample.service {
        _ if head => findings.same(&name, (answer.status, answer.body.len()), (status, 0)),
        "ec2" => {
            let told = found_message.split_once(". Encoded authorization failure message: ");
            let (told, encoded) = told.unwrap_or((&found_message, ""));
            findings.same(
                &name,
                (answer.status, found_code.as_str(), told),
                (status, code, message.as_str()),
            );
            findings.that(&name, encoded.is_empty() == (resource == "*"), || "no encoded message".into());
        }
        _ => findings.same(&name, (answer.status, found_code, found_message), (status, code.into(), message)),
    }

    let questions: Vec<_> = traces.iter().map(|trace| (trace.action, trace.resource.as_str())).collect();
    let mut wanted: Vec<_> =
        asked[..=place].iter().map(|check| (check.action.as_str(), check.resource.as_str())).collect();
    if let Some((_, wanted)) = wanted.last_mut()
        && !check.fixed
    {
        *wanted = resource;
    }
    findings.same(&format!("{name}: questions"), questions, wanted);
    let outcomes: Vec<_> = traces.iter().map(|trace| trace.explanation.outcome).collect();
    let (outcome, decided_by, statement) = lane.decides();
    let mut wanted = vec![Outcome::Allowed; place];
    wanted.push(outcome);
    findings.same(&format!("{name}: outcomes"), outcomes, wanted);
    let decision = traces.last().map(|trace| (trace.explanation.decided_by, deciding(trace)));
    findings.same(
        &format!("{name}: decided by"),
        decision,
        Some((decided_by, statement.into_iter().map(owned).collect())),
    );
}

fn owned((policy, sid): (&str, &str)) -> (String, String) {
    (policy.to_owned(), sid.to_owned())
}

/// The statements that decided: policy and `Sid`.
fn deciding(trace: &Trace) -> Vec<(String, String)> {
    let statements = trace.explanation.lanes.iter().flat_map(|lane| &lane.statements);
    let deciding = statements.filter(|statement| statement.deciding);
    deciding.map(|statement| (statement.policy.clone(), statement.sid.clone().unwrap_or_default())).collect()
}

/// AWS's sentence (`aws-semantics.md` §7).
fn sentence(sample: &Sample, world: &World, check: &Asked, resource: &str, lane: Lane) -> String {
    let action = &check.action;
    let reason = lane.reason(action);
    let user = format!("arn:aws:iam::{}:user/tester", world.lab.account);
    let perform = format!("User: {user} is not authorized to perform: {action}");
    match action.split_once(':').unwrap() {
        ("s3", _) if resource == "*" => format!("{perform} {reason}"),
        ("s3", _) => format!("{perform} on resource: \"{resource}\" {reason}"),
        ("sts", _) => format!("{perform} on resource: {resource}"),
        _ if sample.service == "ec2" && resource == "*" => {
            format!("You are not authorized to perform this operation. {perform} {reason}")
        }
        _ if sample.service == "ec2" => {
            format!(
                "You are not authorized to perform this operation. {perform} on resource: {resource} {reason}"
            )
        }
        (service, name) => {
            let own = (service, name) == (sample.service, sample.operation.as_str());
            let named = match (own, name.starts_with("Tag")) {
                (true, _) => sample.on.as_ref(),
                (false, true) => sample.tags.as_ref(),
                (false, false) => None,
            };
            let named = named.map_or_else(|| resource.to_owned(), |on| world.fill(on));
            format!("{perform} on resource: {named} {reason}")
        }
    }
}

/// With the permissions that it asks for, and no others, the call succeeds.
async fn succeeds(sample: &Sample, world: &mut World, asked: &[Asked], findings: &mut Findings) {
    lanes::allow(world, asked).await;
    let (answer, traces) = make(sample, world, &world.tester).await;
    is_answered(sample, world, &answer, findings);
    let name = format!("{} with least permissions", sample.name());
    let actions: Vec<_> = traces.iter().map(|trace| trace.action).collect();
    findings.same(&name, actions, asked.iter().map(|check| check.action.as_str()).collect());
    let denied = traces.iter().filter(|trace| trace.explanation.decided_by != DecidedBy::Identity).count();
    findings.that(&name, denied == 0, || format!("{denied} checks were not decided by identity policies"));
}

/// Whether the samples of an operation reach every check of its row: as many resources as it has checks of an action.
fn every_check_is_reached(operation: &Operation, reached: &[(String, Vec<Asked>)], findings: &mut Findings) {
    for spec in operation.checks {
        let listed =
            UNREACHED.iter().any(|(name, action, _)| (*name, *action) == (operation.name, spec.action));
        let alike = |other: &&CheckSpec| other.action == spec.action && other.lane == spec.lane;
        let wanted = operation.checks.iter().filter(alike).count();
        let resources = |asked: &[Asked]| {
            let of_spec =
                asked.iter().filter(|check| check.action == spec.action && check.spec.lane == spec.lane);
            of_spec.map(|check| check.resource.clone()).collect::<BTreeSet<_>>().len()
        };
        let samples = reached.iter().filter(|(name, _)| name == operation.name);
        let found = samples.map(|(_, asked)| resources(asked)).max().unwrap_or_default();
        let what = format!("{} {} on {}", operation.name, spec.action, spec.on);
        findings.that(&what, listed != (found >= wanted), || {
            if listed { "is reached after all".into() } else { "no sample reaches this check".into() }
        });
    }
}

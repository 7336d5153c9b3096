//! "Do it for me": what a step and those it stands on still need, one form or line after another, each as whoever it is meant
//! for. Every call is a record like any other. At the first that fails though it should not, it stops and says so.

use super::{Site, act, instance, role};
use crate::{
    store::{LabId, LabState},
    tutorial::{
        plan::{self, Files, Planned, Task},
        steps::printed_mark,
    },
};
use app::console::{
    Action, ConsoleError, ListingId, Listings, Persona, Solution, StepId, Stopped, Work, WorkReport,
};

/// What there is to do, without doing it.
pub(super) async fn solution(site: &Site, lab: &LabState, step: StepId) -> Result<Solution, ConsoleError> {
    let files = files(site, &lab.id).await?;
    Ok(plan::solution(lab, &files, site.target.region(), step))
}

/// Does it. `correct` first gives an IAM policy its corrected document. The lab keeps the report.
pub(super) async fn solve(
    site: &Site,
    mut lab: LabState,
    step: StepId,
    correct: Option<ListingId>,
) -> Result<(), ConsoleError> {
    let (id, mut report, session) = begin(&lab, Work::Solve, step);
    let mut correction =
        correct.filter(|listing| *listing != ListingId::BucketPolicy).map(|listing| Planned {
            step: StepId::Policies,
            persona: Persona::Admin,
            task: Task::Form(Action::CorrectPolicy { listing }),
        });
    let mut last: Option<Planned> = None;
    for _ in 0..plan::MOST {
        let files = files(site, &id).await?;
        let left = || plan::next(&lab, &files, site.target.region(), step);
        let Some(planned) = correction.take().or_else(left) else { break };
        if last.as_ref() == Some(&planned) {
            report.stopped = Some(Stopped {
                record: report.records.last().copied(),
                why: "The call was made and did not bring the step further. Look at it below.".into(),
                correct: None,
            });
            break;
        }
        report.stopped = match Box::pin(perform(site, lab, &planned, &mut report)).await {
            Ok(stopped) => stopped,
            Err(error) => Some(Stopped { record: None, why: error.to_string(), correct: None }),
        };
        lab = reloaded(site, &id).await?;
        if report.stopped.is_some() {
            break;
        }
        last = Some(planned);
    }
    finish(site, lab, report, session).await
}

/// The lab, the report of work that begins on it, and whom its session acts as, for [`finish`].
pub(super) fn begin(lab: &LabState, work: Work, step: StepId) -> (LabId, WorkReport, Persona) {
    let report = WorkReport {
        work,
        step,
        records: Vec::new(),
        entries: Vec::new(),
        stopped: None,
        before: lab.acting,
        after: lab.acting,
    };
    (lab.id.clone(), report, lab.elsewhere.unwrap_or(lab.acting))
}

/// Keeps the report, and has the session act as `session`: the work itself acts as one persona after another without it.
pub(super) async fn finish(
    site: &Site,
    mut lab: LabState,
    report: WorkReport,
    session: Persona,
) -> Result<(), ConsoleError> {
    (lab.acting, lab.elsewhere) = (session, None);
    lab.report = Some(report);
    Ok(site.store.save_lab(&lab).await?)
}

/// Does one task. Gives why the work has to stop, if it has to.
async fn perform(
    site: &Site,
    lab: LabState,
    planned: &Planned,
    report: &mut WorkReport,
) -> Result<Option<Stopped>, ConsoleError> {
    let id = lab.id.clone();
    let step = planned.step;
    match &planned.task {
        Task::Line(line, shows) => {
            let entry = instance::run(site, lab, Some(step), line.clone()).await?;
            report.entries.push(entry.id);
            report.records.extend(&entry.records);
            let lab = reloaded(site, &id).await?;
            let showed = match shows {
                Some(mark) => lab.marks.contains(mark.name()),
                None => entry.status == 0,
            };
            Ok((!showed).then(|| Stopped {
                record: entry.records.last().copied(),
                why: match shows.is_some_and(|mark| mark.is_refusal()) {
                    true => {
                        format!("`{line}` should have been refused, and was not refused for lack of rights.")
                    }
                    false => format!("`{line}` should have succeeded, and did not."),
                },
                correct: None,
            }))
        }
        Task::Form(action) => {
            let desk = Box::pin(role::desk(site, lab, step, planned.persona, &mut report.records));
            let Ok(desk) = desk.await? else {
                let why = format!("`{}` could not be taken on.", planned.persona.name());
                let record = report.records.last().copied();
                return Ok(Some(Stopped { record, why, correct: None }));
            };
            let records = Box::pin(act::act_at(desk, action)).await?;
            report.records.extend(&records);
            let Some(&last) = records.last() else { return Ok(None) };
            let record = site.store.record(&id, last).await?;
            let Some(record) = record.filter(|record| !record.answer.succeeded()) else { return Ok(None) };
            let lab = reloaded(site, &id).await?;
            let call = format!("`{}:{}`", record.service, record.operation);
            Ok(Some(match as_printed(&lab, action) {
                Some(listing) => Stopped {
                    record: Some(last),
                    why: format!(
                        "{call} fails, as it does for whoever follows the tutorial to the letter: Listing {} as printed does \
                         not allow it. Nothing was corrected silently.",
                        listing.number()
                    ),
                    correct: Some(listing),
                },
                None => Stopped {
                    record: Some(last),
                    why: format!("{call} failed: {}.", record.answer.code.as_deref().unwrap_or("no answer")),
                    correct: None,
                },
            }))
        }
    }
}

/// The listing as printed that explains why a form failed.
fn as_printed(lab: &LabState, action: &Action) -> Option<ListingId> {
    let listing = ListingId::KeyAdmin;
    let corrected = lab.marks.contains(&Action::CorrectPolicy { listing }.form_id());
    // A lab of an earlier version has no such mark.
    let was_printed = lab.marks.contains(&printed_mark(listing)) || lab.listings == Listings::Printed;
    (matches!(action, Action::CreateKey { .. }) && was_printed && !corrected).then_some(listing)
}

/// The lab as the store has it now.
pub(super) async fn reloaded(site: &Site, id: &LabId) -> Result<LabState, ConsoleError> {
    site.store.lab(id).await?.ok_or(ConsoleError::NoLab)
}

async fn files(site: &Site, id: &LabId) -> Result<Files, ConsoleError> {
    Ok(site.store.files(id).await?.into_iter().map(|file| file.name).collect())
}

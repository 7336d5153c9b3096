//! Undoing a step and what stands on it: read what is there, then remove it call by call, in the order in which AWS lets it go,
//! as whoever each thing is meant to be made by.

mod plan;
mod remove;

use super::{
    Site, is_valid,
    solve::{begin, finish, reloaded},
};
use crate::{
    store::LabState,
    tutorial::{plan::stands_on, steps},
};
use app::console::{Action, ConsoleError, Persona, StepId, Stopped, Undoing, Work};

/// What there is to undo, without doing it.
pub(super) async fn undoing(site: &Site, lab: &LabState, step: StepId) -> Result<Undoing, ConsoleError> {
    let steps = with_what_stands_on(step);
    let removals = plan::removals(site, lab, &steps).await?;
    let marked = |step: &StepId| steps::marks_of(*step).iter().any(|mark| lab.marks.contains(mark));
    let also = steps.iter().copied().filter(|other| *other != step && marked(other)).collect();
    let removals = removals.iter().map(|(step, removal)| removal.described(*step, lab, site.target.region()));
    Ok(Undoing { step, also, removals: removals.collect() })
}

/// Undoes it. The lab keeps the report.
pub(super) async fn undo(site: &Site, mut lab: LabState, step: StepId) -> Result<(), ConsoleError> {
    let (id, mut report, session) = begin(&lab, Work::Undo, step);
    let steps = with_what_stands_on(step);
    for (of, removal) in plan::removals(site, &lab, &steps).await? {
        let stopped = match Box::pin(remove::remove(site, lab, of, &removal, &mut report)).await {
            Ok(stopped) => stopped,
            Err(error) => Some(Stopped { record: None, why: error.to_string(), correct: None }),
        };
        lab = reloaded(site, &id).await?;
        if stopped.is_some() {
            report.stopped = stopped;
            break;
        }
    }
    if report.stopped.is_none() {
        for mark in steps.iter().flat_map(|step| steps::marks_of(*step)) {
            lab.marks.remove(&mark);
            site.store.drop_draft(&id, &Action::sent_form_id(&mark)).await?;
        }
        site.store.save_lab(&lab).await?;
    }
    // The role of whoever was acting may be gone.
    let held = site.vault.held(&id).await?;
    let lives = |persona| held.iter().any(|held| held.persona == persona && is_valid(held, site.now()));
    let or_admin = |persona| if lives(persona) { persona } else { Persona::Admin };
    report.after = or_admin(report.before);
    finish(site, lab, report, or_admin(session)).await
}

/// A step and all that stand on it, in the order of the walk.
fn with_what_stands_on(step: StepId) -> Vec<StepId> {
    StepId::ALL.into_iter().filter(|other| *other == step || stands_on(*other, step)).collect()
}

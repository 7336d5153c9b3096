//! One module a page. Pages load everything first and then render at once, so what follows the loading is plain markup.

mod activity;
mod call;
mod cost;
mod home;
mod instance;
mod lab;
mod locks;
mod more;
mod not_found;
mod scenario;
mod side_by_side;
mod step;
mod tutorial;
mod unavailable;
mod undo;
mod what_if;
mod words;

pub(crate) use self::{
    activity::ActivityPage,
    call::CallPage,
    cost::CostPage,
    home::HomePage,
    instance::InstancePage,
    lab::{LabPage, RemoveLabPage},
    locks::LocksPage,
    more::{DrillsPage, MorePage},
    not_found::{NotFound, NotFoundPage},
    scenario::ScenarioPage,
    side_by_side::{CHOICES, SideBySidePage},
    step::{StepPage, named as step_named, text::title as step_title},
    tutorial::TutorialPage,
    undo::UndoPage,
    what_if::WhatIfPage,
    words::WordsPage,
};

use self::unavailable::Unavailable;
use crate::{
    console::{Console, ConsoleError, Lab, Record, TerminalEntry},
    context::see_other,
};
use leptos::prelude::*;

/// The lab, or [`ConsoleError::NoLab`].
async fn lab_or_none_yet(console: &dyn Console) -> Result<Lab, ConsoleError> {
    console.lab().await?.ok_or(ConsoleError::NoLab)
}

/// What a page shows instead when it could not load: the way to the start, a 404, or that something is out of reach.
fn instead(error: ConsoleError, lab: Option<Lab>) -> AnyView {
    match error {
        ConsoleError::NoLab => {
            see_other("/?problem=no-lab#problem");
            ().into_any()
        }
        ConsoleError::NotFound { what } => {
            view! { <NotFound lab what=format!("There is no {what} in this lab.") /> }.into_any()
        }
        error => view! { <Unavailable lab message=error.to_string() /> }.into_any(),
    }
}

/// The terminal's log and the records its newest entries refer to.
async fn terminal_with_records(
    console: &dyn Console,
) -> Result<(Vec<TerminalEntry>, Vec<Record>), ConsoleError> {
    let entries = console.terminal().await?;
    let mut records = Vec::new();
    for id in entries.iter().flat_map(|entry| &entry.records) {
        match console.record(*id).await {
            Ok(record) => records.push(record),
            Err(ConsoleError::NotFound { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok((entries, records))
}

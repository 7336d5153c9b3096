//! "Undo this step".

use super::super::after_error;
use crate::{
    console::StepId,
    context::{expect_console, refuse, see_other},
};
use leptos::prelude::*;

/// Removes what a step made, and what stands on it.
#[server(UndoStep, "/api", endpoint = "step/undo")]
pub(crate) async fn undo_step(#[server(default)] step: String) -> Result<(), ServerFnError> {
    let Some(step) = StepId::from_slug(&step) else { return refuse("step") };
    let page = format!("/steps/{}", step.slug());
    let location = match expect_console().undo(step).await {
        Ok(()) => format!("{page}#work"),
        Err(error) => after_error(&page, "undo", &error),
    };
    see_other(&location);
    Ok(())
}

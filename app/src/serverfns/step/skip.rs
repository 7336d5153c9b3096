//! Passing a step over.

use super::super::after_error;
use crate::{
    console::StepId,
    context::{expect_console, refuse, see_other},
};
use leptos::prelude::*;

/// Marks a step as skipped and goes on to the next; `skipped=no` takes the mark away and stays.
#[server(SkipStep, "/api", endpoint = "step/skip")]
pub(crate) async fn skip_step(
    #[server(default)] step: String,
    #[server(default)] skipped: String,
) -> Result<(), ServerFnError> {
    let Some(step) = StepId::from_slug(&step) else { return refuse("step") };
    let skipped = skipped != "no";
    let page = format!("/steps/{}", step.slug());
    let location = match expect_console().skip(step, skipped).await {
        Ok(()) => match step.next().filter(|_| skipped) {
            Some(next) => format!("/steps/{}", next.slug()),
            None => page,
        },
        Err(error) => after_error(&page, "skip", &error),
    };
    see_other(&location);
    Ok(())
}

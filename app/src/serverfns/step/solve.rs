//! "Do it for me".

use super::super::after_error;
use crate::{
    console::{ListingId, StepId},
    context::{expect_console, refuse, see_other},
};
use leptos::prelude::*;

/// Makes the calls that a step still needs. `correct` names a listing that is corrected first.
#[server(SolveStep, "/api", endpoint = "step/solve")]
pub(crate) async fn solve_step(
    #[server(default)] step: String,
    #[server(default)] correct: String,
) -> Result<(), ServerFnError> {
    let Some(step) = StepId::from_slug(&step) else { return refuse("step") };
    let page = format!("/steps/{}", step.slug());
    let location = match expect_console().solve(step, ListingId::from_name(&correct)).await {
        Ok(()) => format!("{page}#work"),
        Err(error) => after_error(&page, "solve", &error),
    };
    see_other(&location);
    Ok(())
}

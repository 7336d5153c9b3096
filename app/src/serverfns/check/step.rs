//! *Check my work* on a step's page.

use super::super::after_error;
use crate::{
    console::StepId,
    context::{expect_console, refuse, see_other},
};
use leptos::prelude::*;

/// Tries both sides of a step.
#[server(CheckWork, "/api", endpoint = "check/step")]
pub(crate) async fn check_work(#[server(default)] step: String) -> Result<(), ServerFnError> {
    let Some(step) = StepId::from_slug(&step) else { return refuse("step") };
    let page = format!("/steps/{}", step.slug());
    let location = match expect_console().check(step).await {
        Ok(()) => format!("{page}#check"),
        Err(error) => after_error(&page, "check", &error),
    };
    see_other(&location);
    Ok(())
}

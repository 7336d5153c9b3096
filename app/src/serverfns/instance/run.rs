//! A command line on the instance.

use super::super::after_error;
use crate::{
    console::{ConsoleError, StepId},
    context::{expect_console, see_other},
};
use leptos::prelude::*;

/// The form's id: where a line that could not be run is kept and shown.
pub(crate) const FORM_ID: &str = "run";

/// The `problem` of a page's address after a line with nothing in it.
pub(crate) const EMPTY: &str = "empty-line";

/// Runs one line in the instance's terminal, and returns to the step it was typed on, or to the terminal's own page.
#[server(RunLine, "/api", endpoint = "instance/run")]
pub(crate) async fn run_line(
    #[server(default)] step: String,
    #[server(default)] line: String,
) -> Result<(), ServerFnError> {
    let step = StepId::from_slug(&step);
    let page = step.map_or_else(|| "/instance".to_owned(), |step| format!("/steps/{}", step.slug()));
    let location = match expect_console().run(step, line.trim().to_owned()).await {
        Ok(entry) => format!("{page}#entry-{}", entry.id),
        Err(ConsoleError::Invalid { .. }) => format!("{page}?problem={EMPTY}#form-{FORM_ID}"),
        Err(error) => after_error(&page, FORM_ID, &error),
    };
    see_other(&location);
    Ok(())
}

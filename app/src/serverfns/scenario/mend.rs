//! Putting things back.

use super::super::after_scenario;
use crate::{
    console::scenario::ScenarioId,
    context::{expect_console, refuse, see_other},
};
use leptos::prelude::*;

/// Restores what a scenario changed.
#[server(MendScenario, "/api", endpoint = "scenario/mend")]
pub(crate) async fn mend_scenario(#[server(default)] scenario: String) -> Result<(), ServerFnError> {
    let Some(id) = ScenarioId::from_slug(&scenario) else { return refuse("scenario") };
    let mended = expect_console().mend(id).await;
    see_other(&after_scenario(id, "put-back", mended.as_ref().err()));
    Ok(())
}

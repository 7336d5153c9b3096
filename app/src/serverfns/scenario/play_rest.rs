//! The rest of a scenario.

use super::super::after_scenario;
use crate::{
    console::scenario::ScenarioId,
    context::{expect_console, refuse, see_other},
};
use leptos::prelude::*;

/// Makes every move that is left, in order.
#[server(PlayRest, "/api", endpoint = "scenario/play-rest")]
pub(crate) async fn play_rest(#[server(default)] scenario: String) -> Result<(), ServerFnError> {
    let Some(id) = ScenarioId::from_slug(&scenario) else { return refuse("scenario") };
    let played = expect_console().play_rest(id).await;
    let last = played.as_ref().ok().copied().flatten().unwrap_or(1);
    see_other(&after_scenario(id, &format!("move-{last}"), played.as_ref().err()));
    Ok(())
}

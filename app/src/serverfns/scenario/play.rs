//! One move of a scenario.

use super::super::{after_scenario, with_unix_lines};
use crate::{
    console::scenario::ScenarioId,
    context::{expect_console, refuse, see_other},
};
use leptos::prelude::*;

/// Makes the calls of a move as its persona.
#[server(PlayMove, "/api", endpoint = "scenario/play")]
pub(crate) async fn play_move(
    #[server(default)] scenario: String,
    #[server(default)] number: String,
    document: Option<String>,
) -> Result<(), ServerFnError> {
    let Some(id) = ScenarioId::from_slug(&scenario) else { return refuse("scenario") };
    let Ok(number) = number.parse() else { return refuse("move") };
    let document = document.map(|document| with_unix_lines(&document));
    let played = expect_console().play(id, number, document).await;
    see_other(&after_scenario(id, &format!("move-{number}"), played.as_ref().err()));
    Ok(())
}

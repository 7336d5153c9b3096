//! Two personas side by side.

use super::super::after_error;
use crate::{
    console::Persona,
    context::{expect_console, refuse, see_other},
    pages::CHOICES,
};
use leptos::prelude::*;

/// Holds credentials of both personas and shows them side by side. A refused `AssumeRole` leads to its record.
#[server(ChooseTwo, "/api", endpoint = "role/side-by-side")]
pub(crate) async fn choose_two(
    #[server(default)] left: String,
    #[server(default)] right: String,
) -> Result<(), ServerFnError> {
    let of = |name: &str| Persona::from_name(name).filter(|persona| CHOICES.contains(persona));
    let (Some(left), Some(right)) = (of(&left), of(&right)) else { return refuse("role") };
    let console = expect_console();
    for persona in [left, right].into_iter().filter(|persona| *persona != Persona::Instance) {
        match console.hold(persona, None, false).await {
            Ok(Some(id)) if !console.record(id).await.is_ok_and(|record| record.answer.succeeded()) => {
                see_other(&format!("/activity/{id}"));
                return Ok(());
            }
            Ok(_) => {}
            Err(error) => {
                see_other(&after_error("/side-by-side", "side-by-side", &error));
                return Ok(());
            }
        }
    }
    see_other(&format!("/side-by-side/{}/{}", left.name(), right.name()));
    Ok(())
}

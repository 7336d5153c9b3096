//! Acting as somebody else.

use super::super::after_error;
use crate::{
    console::{Persona, StepId},
    context::{expect_console, local_path, refuse, see_other},
};
use leptos::prelude::*;

/// Acts as `persona` from now on: the whole session, or this tab alone if it has a persona of its own or is to have one (`tab`).
/// `step` is the page it was asked on, if it was a step; `back` the path to return to; `to` the id of the part of it that is next.
///
/// A refused `AssumeRole` leads to its record: that is what there is to see.
#[server(SwitchRole, "/api", endpoint = "role/switch")]
pub(crate) async fn switch_role(
    #[server(default)] persona: String,
    #[server(default)] step: String,
    #[server(default)] back: String,
    #[server(default)] tab: String,
    #[server(default)] renew: String,
    #[server(default)] to: String,
) -> Result<(), ServerFnError> {
    let Some(persona) = Persona::from_name(&persona).filter(|persona| Persona::SWITCHABLE.contains(persona))
    else {
        return refuse("role");
    };
    let step = StepId::from_slug(&step);
    let back = step.map_or_else(|| local_path(&back).to_owned(), |step| format!("/steps/{}", step.slug()));
    let is_id = !to.is_empty() && to.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let place = if is_id && !back.contains('#') { format!("#{to}") } else { String::new() };
    let console = expect_console();
    let own_tab = !tab.is_empty() || matches!(console.lab().await, Ok(Some(lab)) if lab.own_tab);
    let switched = match (own_tab, renew.is_empty()) {
        (false, true) => console.switch(persona, step).await,
        (_, unchanged) => console.hold(persona, step, !unchanged).await,
    };
    let location = match switched {
        Ok(Some(id)) if !console.record(id).await.is_ok_and(|record| record.answer.succeeded()) => match step
        {
            Some(_) => format!("{back}#call-{id}"),
            None => format!("/activity/{id}"),
        },
        Ok(_) if own_tab => format!("/as/{}{back}{place}", persona.name()),
        Ok(_) => format!("{back}{place}"),
        Err(error) => after_error(&back, "switch", &error),
    };
    see_other(&location);
    Ok(())
}

//! The palette: every page and every persona in one list, for who has both hands on the keyboard.

use super::{icon::Glyph, persona};
use crate::{
    console::{Lab, Persona, StepId, scenario::ScenarioId},
    pages::step_title,
    serverfns::role::switch::SwitchRole,
};
use leptos::{prelude::*, server_fn::ServerFn};

/// Pages that are neither steps nor scenarios.
const PAGES: [(&str, &str); 11] = [
    ("/locks", "The three locks, now"),
    ("/what-if", "What if"),
    ("/instance", "The instance and its terminal"),
    ("/activity", "Activity"),
    ("/side-by-side", "Two roles side by side"),
    ("/lab", "Everything in the lab"),
    ("/tutorial", "The tutorial, line by line"),
    ("/words", "Words"),
    ("/more", "Variations"),
    ("/more/cost", "Prices"),
    ("/drills", "Break it"),
];

/// The dialog; [`crate::islands::PaletteButton`] opens it.
#[component]
pub(crate) fn Palette(
    /// The session's lab.
    lab: Lab,
    /// This page, to come back to after a switch.
    path: String,
) -> impl IntoView {
    let link = |to: String, words: String, kind: &'static str| {
        view! { <li><a href=to>{words}<span class="palette-kind">{kind}</span></a></li> }
    };
    let steps = StepId::ALL.map(|step| {
        link(format!("/steps/{}", step.slug()), format!("{}: {}", step.label(), step_title(step)), "step")
    });
    let pages = PAGES.map(|(to, words)| link(to.into(), words.into(), "page"));
    let scenarios: Vec<_> =
        ScenarioId::ALL.into_iter().map(|id| link(id.path(), id.title().into(), "scenario")).collect();
    let personas: Vec<_> = Persona::SWITCHABLE
        .into_iter()
        .filter(|persona| *persona != lab.acting.persona)
        .map(|persona| {
            let back = path.clone();
            // As in the role bar: the trust policy refuses this one as the walk sets it up.
            let verb = if persona == Persona::AuthorizedUsers { "Try " } else { "Act as " };
            view! {
                <li>
                    <form method="post" action=SwitchRole::PATH>
                        <input type="hidden" name="back" value=back />
                        <button class=persona::class(persona) name="persona" value=persona.name()>
                            <span><Glyph icon=persona::icon(persona) />{verb}{persona.name()}</span>
                            <span class="palette-kind">"role"</span>
                        </button>
                    </form>
                </li>
            }
        })
        .collect();
    view! {
        <dialog id="palette" class="palette" aria-labelledby="palette-label">
            <label id="palette-label" for="palette-input">"Go to a page, or act as somebody"</label>
            <input
                id="palette-input"
                type="text"
                autocomplete="off"
                spellcheck="false"
                aria-controls="palette-list"
                aria-describedby="palette-left"
            />
            <p id="palette-left" class="hint" role="status"></p>
            <ul id="palette-list">{personas}{steps.collect_view()}{pages.collect_view()}{scenarios}</ul>
            <form method="dialog"><button class="button button-small button-quiet">"Close"</button></form>
        </dialog>
    }
    .into_any()
}

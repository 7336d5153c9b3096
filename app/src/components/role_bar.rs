//! Who the session acts as, for how long, and whom it could become.

use super::{
    activity_row::{clock_time, iso_time},
    icon::{Glyph, Icon},
    persona,
};
use crate::{
    console::{Action, Lab, Persona, StepId},
    context::now,
    islands::Countdown,
    serverfns::role::switch::SwitchRole,
};
use leptos::{prelude::*, server_fn::ServerFn};

/// The bar under the header. Its colour is the persona's.
#[component]
pub(crate) fn RoleBar(
    /// The session's lab.
    lab: Lab,
    /// The step this page is of: a refused switch is recorded there.
    step: Option<StepId>,
    /// This page, to come back to.
    path: String,
) -> impl IntoView {
    let now = now();
    let acting = lab.acting.clone();
    let expired = acting.is_expired(now);
    let held = |persona: Persona| lab.held(persona).is_some_and(|held| !held.is_expired(now));
    let missing = |persona: Persona| {
        persona.role().is_some_and(|role| !lab.is_form_done(&Action::CreateRole { role }.form_id()))
    };
    let absent: Vec<&str> =
        Persona::SWITCHABLE.into_iter().filter(|of| missing(*of)).map(Persona::name).collect();
    let absent = match absent.as_slice() {
        [] => String::new(),
        [one] => {
            format!("There is no role {one} yet: step 2 makes it, and until then AWS refuses the switch.")
        }
        several => format!(
            "There are no roles {} yet: step 2 makes them, and until then AWS refuses the switch.",
            several.join(", ")
        ),
    };
    let buttons = Persona::SWITCHABLE
        .into_iter()
        .filter(|persona| *persona != acting.persona)
        .map(|persona| {
            let last_used = lab.last_used.get(&persona).copied();
            view! { <SwitchButton persona held=held(persona) missing=missing(persona) last_used /> }
        })
        .collect_view();
    let step_field = move || step.map(|step| view! { <input type="hidden" name="step" value=step.slug() /> });
    let out = format!("/as/session{path}");
    let back = path.clone();
    // It stands out once there is nothing else to do.
    let renew_class = if expired { "switch" } else { "role-renew" };
    view! {
        <section
            class=format!("role-bar {}", persona::class(acting.persona))
            class:is-expired=expired
            aria-label="Who you act as"
        >
            <Glyph icon=persona::icon(acting.persona) />
            <div class="role-who">
                <p class="role-name">
                    // A narrow screen has no room for these words, unless they say that the tab is its own.
                    <span class:role-as=!lab.own_tab>{if lab.own_tab { "This tab acts as " } else { "Acting as " }}</span>
                    <strong>{acting.persona.name()}</strong>
                </p>
                {acting
                    .expires_at
                    .map(|expires_at| {
                        view! {
                            <span class="role-time"><Countdown expires_at now /></span>
                            <form method="post" action=SwitchRole::PATH aria-label="Renew">
                                <input type="hidden" name="back" value=back />
                                <input type="hidden" name="renew" value="now" />
                                {step_field()}
                                <button
                                    class=renew_class
                                    name="persona"
                                    value=acting.persona.name()
                                    title="Admin calls sts:AssumeRole again: another hour"
                                >
                                    "Renew"
                                    <span class="visually-hidden">" "{acting.persona.name()}</span>
                                </button>
                            </form>
                        }
                    })}
                // On a narrow screen what follows is behind this button; elsewhere the style shows it in the bar.
                <button type="button" class="switch role-open" popovertarget="role-more">"Switch role"</button>
            </div>
            <div class="role-more" id="role-more" popover="auto">
                <div class="role-facts">
                    <p class="role-arn"><code>{acting.arn.clone()}</code></p>
                    <p class="role-last">
                        {lab.last_used
                            .get(&acting.persona)
                            .map(|at| view! { <span>"Last call at " <time datetime=iso_time(*at)>{clock_time(*at)}</time></span> })}
                        {lab.own_tab.then(|| view! { <a href=out>"Act as the other tabs do"</a> })}
                    </p>
                </div>
                <form class="role-switch" method="post" action=SwitchRole::PATH aria-label="Switch role">
                    <input type="hidden" name="back" value=path.clone() />
                    {step_field()}
                    {buttons}
                    {(!absent.is_empty()).then(|| view! { <p class="role-missing">{absent}</p> })}
                </form>
            </div>
            <form id="role-tab" method="post" action=SwitchRole::PATH target="_blank" aria-label="Role in a new tab">
                <input type="hidden" name="back" value=path />
                <input type="hidden" name="tab" value="new" />
                {step_field()}
            </form>
            {expired
                .then(|| {
                    view! {
                        <p class="role-expired" role="alert">
                            <Glyph icon=Icon::Warning />
                            "These credentials have expired. Calls made with them fail until you renew them."
                        </p>
                    }
                })}
        </section>
    }
    .into_any()
}

/// One button that posts the switch, in words that say how far away the persona is, and one that opens a tab of its own for it.
#[component]
fn SwitchButton(persona: Persona, held: bool, missing: bool, last_used: Option<i64>) -> impl IntoView {
    let verb = match persona {
        Persona::Admin => "Back to ",
        Persona::AuthorizedUsers => "Try ",
        _ => "Switch to ",
    };
    let note = match persona {
        Persona::Admin => "long-term keys",
        _ if missing => "there is no such role yet, so sts:AssumeRole is refused; step 2 makes it",
        Persona::AuthorizedUsers => "Admin calls sts:AssumeRole; the trust policy admits only EC2",
        _ if held => "credentials held",
        _ => "Admin calls sts:AssumeRole",
    };
    let note = match last_used {
        Some(at) => format!("{note}; last call at {}", clock_time(at)),
        None => note.to_owned(),
    };
    // What is refused opens no tab.
    let own_tab = persona != Persona::AuthorizedUsers;
    let in_new_tab = format!("{} in a new tab", persona.name());
    view! {
        <span class=format!("switch-pair {}", persona::class(persona))>
            <button class="switch" name="persona" value=persona.name() title=note>
                <Glyph icon=persona::icon(persona) />
                <span><span class="switch-verb">{verb}</span>{persona.name()}</span>
            </button>
            {own_tab
                .then(|| {
                    view! {
                        <button
                            class="switch switch-tab"
                            form="role-tab"
                            name="persona"
                            value=persona.name()
                            title=in_new_tab.clone()
                            aria-label=in_new_tab
                        >
                            <Glyph icon=Icon::NewTab />
                        </button>
                    }
                })}
        </span>
    }
    .into_any()
}

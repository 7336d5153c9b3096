//! Who the session acts as, for how long, and whom it could become.

use super::{
    icon::{Glyph, Icon},
    persona,
};
use crate::{
    console::{Lab, Persona, StepId},
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
    let buttons = Persona::SWITCHABLE
        .into_iter()
        .filter(|persona| *persona != acting.persona || expired)
        .map(|persona| view! { <SwitchButton persona held=held(persona) renew=persona == acting.persona /> })
        .collect_view();
    view! {
        <section
            class=format!("role-bar {}", persona::class(acting.persona))
            class:is-expired=expired
            aria-label="Who you act as"
        >
            <div class="role-who">
                <Glyph icon=persona::icon(acting.persona) />
                <div>
                    <p class="role-name">
                        <span class="role-as">"Acting as "</span>
                        <strong>{acting.persona.name()}</strong>
                        {acting
                            .expires_at
                            .map(|expires_at| view! { <span class="role-time"><Countdown expires_at now /></span> })}
                    </p>
                    <p class="role-arn"><code>{acting.arn.clone()}</code></p>
                </div>
            </div>
            <form class="role-switch" method="post" action=SwitchRole::PATH aria-label="Switch role">
                <input type="hidden" name="back" value=path />
                {step.map(|step| view! { <input type="hidden" name="step" value=step.slug() /> })}
                {buttons}
            </form>
            {expired
                .then(|| {
                    view! {
                        <p class="role-expired" role="alert">
                            <Glyph icon=Icon::Warning />
                            "These credentials have expired. Calls made with them fail until you switch again."
                        </p>
                    }
                })}
        </section>
    }
    .into_any()
}

/// One button that posts the switch; which words it has depends on how far away the persona is.
#[component]
fn SwitchButton(persona: Persona, held: bool, renew: bool) -> impl IntoView {
    let verb = match persona {
        _ if renew => "Renew ",
        Persona::Admin => "Back to ",
        Persona::AuthorizedUsers => "Try ",
        _ => "Switch to ",
    };
    let note = match persona {
        Persona::Admin => None,
        Persona::AuthorizedUsers => Some("Admin calls sts:AssumeRole; the trust policy admits only EC2"),
        _ if held => Some("credentials held"),
        _ => Some("Admin calls sts:AssumeRole"),
    };
    view! {
        <button
            class=format!("switch {}", persona::class(persona))
            name="persona"
            value=persona.name()
            title=note
        >
            <Glyph icon=persona::icon(persona) />
            <span><span class="switch-verb">{verb}</span>{persona.name()}</span>
        </button>
    }
    .into_any()
}

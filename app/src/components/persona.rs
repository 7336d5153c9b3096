//! How a persona looks: its colour by class, its drawing, its name.

use super::icon::{Glyph, Icon};
use crate::console::Persona;
use leptos::prelude::*;

/// The class that gives a part of the page the persona's colour. The instance and authorized-users are one role.
pub(crate) const fn class(persona: Persona) -> &'static str {
    match persona {
        Persona::Admin => "persona-admin",
        Persona::SecureBucketAdmin => "persona-bucket-admin",
        Persona::SecureKeyAdmin => "persona-key-admin",
        Persona::Instance | Persona::AuthorizedUsers => "persona-users",
        Persona::OtherTeam => "persona-other",
        Persona::ReportFunction => "persona-function",
        Persona::LogWriter | Persona::LogReader => "persona-logs",
        Persona::KeyAccountAdmin => "persona-key-account",
        Persona::Anonymous => "persona-anonymous",
    }
}

/// The persona's drawing.
pub(crate) const fn icon(persona: Persona) -> Icon {
    match persona {
        Persona::Admin => Icon::Admin,
        Persona::SecureBucketAdmin => Icon::Bucket,
        Persona::SecureKeyAdmin => Icon::Key,
        Persona::Instance => Icon::Instance,
        Persona::AuthorizedUsers | Persona::OtherTeam | Persona::LogWriter | Persona::LogReader => Icon::Iam,
        Persona::ReportFunction => Icon::Function,
        Persona::KeyAccountAdmin => Icon::Admin,
        Persona::Anonymous => Icon::Anonymous,
    }
}

/// A persona in a line of text.
#[component]
pub(crate) fn PersonaChip(
    /// Which one.
    persona: Persona,
) -> impl IntoView {
    view! {
        <span class=format!("chip {}", class(persona))>
            <Glyph icon=icon(persona) />
            {persona.name()}
        </span>
    }
    .into_any()
}

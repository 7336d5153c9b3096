//! One call in full, at an address of its own.

use super::{instead, lab_or_none_yet};
use crate::{
    components::{call::CallView, layout::Layout, persona::PersonaChip, wire::WireView},
    console::{ConsoleError, Lab, Record, Wire},
    context::expect_console,
};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

/// The page of one call.
#[component]
pub(crate) fn CallPage() -> impl IntoView {
    let id = use_params_map().get_untracked().get("id").unwrap_or_default();
    Suspend::new(async move {
        let lab = match lab_or_none_yet(&*expect_console()).await {
            Ok(lab) => lab,
            Err(error) => return instead(error, None),
        };
        match load(&id).await {
            Ok((record, wire)) => view! { <Call lab record wire /> }.into_any(),
            Err(error) => instead(error, Some(lab)),
        }
    })
}

async fn load(id: &str) -> Result<(Record, Wire), ConsoleError> {
    let id = id.parse().map_err(|_| ConsoleError::NotFound { what: "such call".into() })?;
    let console = expect_console();
    Ok((console.record(id).await?, console.wire(id).await?))
}

#[component]
fn Call(lab: Lab, record: Record, wire: Wire) -> impl IntoView {
    let title = record.title();
    let back = match record.step {
        Some(step) => (format!("/steps/{}", step.slug()), step.label()),
        None => ("/activity".into(), "Activity"),
    };
    view! {
        <Layout lab=Some(lab) title=format!("Call {}: {title}", record.id)>
            <article class="page-head">
                <p class="eyebrow"><a href=back.0>{back.1}</a></p>
                <h1>{title}</h1>
                <p class="page-subject"><code>{record.subject.clone()}</code>" as "<PersonaChip persona=record.persona /></p>
            </article>
            <CallView record=record.clone() />
            <WireView wire persona=record.persona />
        </Layout>
    }
    .into_any()
}

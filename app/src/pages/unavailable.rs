//! A page that could not be made.

use crate::{
    components::{layout::Layout, prose::Words},
    console::Lab,
    context::set_status,
};
use http::StatusCode;
use leptos::prelude::*;

/// Says what was out of reach, with HTTP status 503.
#[component]
pub(crate) fn Unavailable(
    /// The session's lab, if that could be read.
    lab: Option<Lab>,
    /// What was wrong.
    message: String,
) -> impl IntoView {
    set_status(StatusCode::SERVICE_UNAVAILABLE);
    view! {
        <Layout lab title="Not available">
            <article class="page-head">
                <h1>"This page could not be made"</h1>
                <p><Words text=message /></p>
                <p>"Nothing was changed. Reload the page to try again."</p>
            </article>
        </Layout>
    }
    .into_any()
}

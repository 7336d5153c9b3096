//! The page for addresses that lead nowhere.

use super::Unavailable;
use crate::{
    components::layout::Layout,
    console::Lab,
    context::{expect_console, set_status},
};
use http::StatusCode;
use leptos::prelude::*;

/// The page for an address no route knows.
#[component]
pub(crate) fn NotFoundPage() -> impl IntoView {
    Suspend::new(async move {
        match expect_console().lab().await {
            Ok(lab) => view! { <NotFound lab what="There is no page at this address." /> }.into_any(),
            Err(error) => view! { <Unavailable lab=None message=error.to_string() /> }.into_any(),
        }
    })
}

/// Says what there is not, with HTTP status 404.
#[component]
pub(crate) fn NotFound(
    /// The session's lab, if it has one.
    lab: Option<Lab>,
    /// The sentence that says it.
    #[prop(into)]
    what: String,
) -> impl IntoView {
    set_status(StatusCode::NOT_FOUND);
    view! {
        <Layout lab title="Not found">
            <article class="page-head">
                <p class="eyebrow">"404"</p>
                <h1>"Nothing here"</h1>
                <p>{what}</p>
                <p>
                    <a href="/">"Go to the first page"</a>
                </p>
            </article>
        </Layout>
    }
    .into_any()
}

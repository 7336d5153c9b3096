//! What is wrong with a document that is being written.

use crate::{context::refuse, picture::findings};
use leptos::prelude::*;
use policy::lint::Kind;

/// The findings of a document as HTML, for the page that is open. Keeps nothing and calls nothing.
#[server(LookOver, "/api", endpoint = "what-if/look-over")]
pub(crate) async fn look_over(
    #[server(default)] kind: String,
    #[server(default)] text: String,
) -> Result<String, ServerFnError> {
    let Some(kind) = Kind::from_name(&kind) else {
        return refuse("kind of document").map(|()| String::new());
    };
    Ok(findings::html(&text, kind))
}

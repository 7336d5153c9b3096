//! `iam:CreatePolicy`.

use super::super::{act, with_unix_lines};
use crate::{
    console::{Action, ListingId},
    context::refuse,
};
use leptos::prelude::*;

/// Creates the IAM policy of a listing, as named and worded in the form.
#[server(CreatePolicy, "/api", endpoint = "policy/create")]
pub(crate) async fn create_policy(
    #[server(default)] step: String,
    #[server(default)] listing: String,
    #[server(default)] name: String,
    #[server(default)] document: String,
) -> Result<(), ServerFnError> {
    let Some(listing) = ListingId::from_name(&listing) else { return refuse("listing") };
    act(
        &step,
        Action::CreatePolicy { listing, name: name.trim().to_owned(), document: with_unix_lines(&document) },
    )
    .await
}

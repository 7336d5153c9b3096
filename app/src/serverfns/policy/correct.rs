//! `iam:CreatePolicyVersion`.

use super::super::act;
use crate::{
    console::{Action, ListingId},
    context::refuse,
};
use leptos::prelude::*;

/// Gives a policy that was made as printed a corrected default version.
#[server(CorrectPolicy, "/api", endpoint = "policy/correct")]
pub(crate) async fn correct_policy(
    #[server(default)] step: String,
    #[server(default)] listing: String,
) -> Result<(), ServerFnError> {
    let Some(listing) = ListingId::from_name(&listing) else { return refuse("listing") };
    act(&step, Action::CorrectPolicy { listing }).await
}

//! `kms:PutKeyPolicy` with a user more.

use super::super::act;
use crate::console::Action;
use leptos::prelude::*;

/// Adds authorized-users to the key's users.
#[server(AddKeyUser, "/api", endpoint = "key/add-user")]
pub(crate) async fn add_key_user(#[server(default)] step: String) -> Result<(), ServerFnError> {
    act(&step, Action::AddKeyUser).await
}

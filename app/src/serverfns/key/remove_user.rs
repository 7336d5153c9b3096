//! `kms:PutKeyPolicy` without a user.

use super::super::act;
use crate::console::Action;
use leptos::prelude::*;

/// Removes authorized-users from the key's users.
#[server(RemoveKeyUser, "/api", endpoint = "key/remove-user")]
pub(crate) async fn remove_key_user(#[server(default)] step: String) -> Result<(), ServerFnError> {
    act(&step, Action::RemoveKeyUser).await
}

//! `kms:CreateKey`.

use super::super::act;
use crate::console::Action;
use leptos::prelude::*;

/// Creates the key, with the key policy the AWS console would write for these administrators and users, and its alias.
#[server(CreateKey, "/api", endpoint = "key/create")]
pub(crate) async fn create_key(
    #[server(default)] step: String,
    #[server(default)] alias: String,
    #[server(default)] description: String,
    #[server(default)] administrators: Vec<String>,
    #[server(default)] users: Vec<String>,
) -> Result<(), ServerFnError> {
    let (alias, description) = (alias.trim().to_owned(), description.trim().to_owned());
    act(&step, Action::CreateKey { alias, description, administrators, users }).await
}

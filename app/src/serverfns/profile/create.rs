//! `iam:CreateInstanceProfile`.

use super::super::act;
use crate::console::Action;
use leptos::prelude::*;

/// Creates the instance profile authorized-users and puts the role of that name into it.
#[server(CreateInstanceProfile, "/api", endpoint = "profile/create")]
pub(crate) async fn create_instance_profile(#[server(default)] step: String) -> Result<(), ServerFnError> {
    act(&step, Action::CreateInstanceProfile).await
}

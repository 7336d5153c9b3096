//! `iam:AttachRolePolicy`.

use super::super::act;
use crate::{
    console::{Action, RoleName},
    context::refuse,
};
use leptos::prelude::*;

/// Attaches to a role the policy that step 1 made for it.
#[server(AttachPolicy, "/api", endpoint = "role/attach")]
pub(crate) async fn attach_policy(
    #[server(default)] step: String,
    #[server(default)] role: String,
) -> Result<(), ServerFnError> {
    let Some(role) = RoleName::from_name(&role) else { return refuse("role") };
    act(&step, Action::AttachPolicy { role }).await
}

//! `iam:CreateRole`.

use super::super::act;
use crate::{
    console::{Action, RoleName},
    context::refuse,
};
use leptos::prelude::*;

/// Creates one of the three roles with its trust policy.
#[server(CreateRole, "/api", endpoint = "role/create")]
pub(crate) async fn create_role(
    #[server(default)] step: String,
    #[server(default)] role: String,
) -> Result<(), ServerFnError> {
    let Some(role) = RoleName::from_name(&role) else { return refuse("role") };
    act(&step, Action::CreateRole { role }).await
}

//! `ec2:RunInstances`.

use super::super::act;
use crate::console::Action;
use leptos::prelude::*;

/// Launches the instance with the instance profile authorized-users.
#[server(LaunchInstance, "/api", endpoint = "instance/launch")]
pub(crate) async fn launch_instance(#[server(default)] step: String) -> Result<(), ServerFnError> {
    act(&step, Action::LaunchInstance).await
}

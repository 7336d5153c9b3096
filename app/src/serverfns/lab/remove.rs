//! Removing a lab.

use super::super::after_error;
use crate::context::{expect_console, see_other};
use leptos::prelude::*;

/// Removes the lab with its account and everything in it, and leads to the first page.
#[server(RemoveLab, "/api", endpoint = "lab/remove")]
pub(crate) async fn remove_lab() -> Result<(), ServerFnError> {
    let location = match expect_console().remove_lab().await {
        Ok(()) => "/?done=lab-removed#done".into(),
        Err(error) => after_error("/lab/remove", "remove", &error),
    };
    see_other(&location);
    Ok(())
}

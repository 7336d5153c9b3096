//! A file of the instance.

use super::super::after_error;
use crate::context::{expect_console, see_other};
use leptos::prelude::*;

/// Removes a file from the instance, and returns to the list.
#[server(RemoveFile, "/api", endpoint = "instance/remove-file")]
pub(crate) async fn remove_file(#[server(default)] name: String) -> Result<(), ServerFnError> {
    let location = match expect_console().remove_file(name).await {
        Ok(()) => "/instance#files".to_owned(),
        Err(error) => after_error("/instance", "run", &error),
    };
    see_other(&location);
    Ok(())
}

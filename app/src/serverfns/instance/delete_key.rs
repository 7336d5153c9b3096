//! The access key of the credentials file.

use super::super::after_error;
use crate::context::{expect_console, see_other};
use leptos::prelude::*;

/// `iam:DeleteAccessKey` of the key that was downloaded, and leads to the call, or back if there was no key.
#[server(DeleteOwnKey, "/api", endpoint = "instance/delete-key")]
pub(crate) async fn delete_own_key() -> Result<(), ServerFnError> {
    let location = match expect_console().delete_own_key().await {
        Ok(calls) => match calls.last() {
            Some(call) => format!("/activity/{call}"),
            None => "/instance#own-terminal".to_owned(),
        },
        Err(error) => after_error("/instance", "run", &error),
    };
    see_other(&location);
    Ok(())
}

//! Starting a lab.

use super::super::after_error;
use crate::{
    console::{ConsoleError, Listings, StepId},
    context::{expect_console, refuse, see_other},
};
use leptos::prelude::*;

/// The form's id: where a wrong bucket name is kept and shown.
pub(crate) const FORM_ID: &str = "start";

/// Starts a lab with a sandbox account of its own, in place of the one this browser may have.
#[server(StartLab, "/api", endpoint = "lab/start")]
pub(crate) async fn start_lab(
    #[server(default)] listings: String,
    #[server(default)] bucket: String,
) -> Result<(), ServerFnError> {
    let Some(listings) = Listings::from_name(&listings) else { return refuse("choice of listings") };
    let location = match expect_console().start(listings, bucket.trim().to_owned()).await {
        Ok(()) => format!("/steps/{}", StepId::ALL[0].slug()),
        Err(error @ ConsoleError::Invalid { .. }) => after_error("/", FORM_ID, &error),
        Err(_) => "/?problem=unavailable#problem".into(),
    };
    see_other(&location);
    Ok(())
}

//! Printed or corrected, for one listing.

use super::super::after_error;
use crate::{
    console::{ListingId, Listings, StepId},
    context::{expect_console, refuse, see_other},
};
use leptos::prelude::*;

/// Chooses how one listing is spelled, and fills its form anew.
#[server(SpellListing, "/api", endpoint = "listing/spell")]
pub(crate) async fn spell_listing(
    #[server(default)] step: String,
    #[server(default)] listing: String,
    #[server(default)] spelling: String,
) -> Result<(), ServerFnError> {
    let Some(step) = StepId::from_slug(&step) else { return refuse("step") };
    let Some(listing) = ListingId::from_name(&listing) else { return refuse("listing") };
    let Some(spelling) = Listings::from_name(&spelling) else { return refuse("choice of listings") };
    let page = format!("/steps/{}", step.slug());
    let location = match expect_console().spell(listing, spelling).await {
        Ok(()) => format!("{page}#listing-{}", listing.name()),
        Err(error) => after_error(&page, "spell", &error),
    };
    see_other(&location);
    Ok(())
}

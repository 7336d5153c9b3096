//! A listing's card: printed or corrected, what is wrong with it, the difference, what the lint finds.

use super::{
    data::StepData,
    defects::{DEFECTS_PAGE, Defects, of_listing},
};
use crate::{
    components::{
        difference::Difference,
        linted::{Linted, count},
    },
    console::{Listing, ListingId, Listings},
    serverfns::listing::spell::SpellListing,
};
use leptos::{prelude::*, server_fn::ServerFn};
use policy::lint::{Kind, lint};

/// A listing and the form that sends it.
#[component]
pub(crate) fn ListingCard(
    /// The step's page.
    data: StepData,
    /// The listing as it is spelled now.
    listing: Listing,
    /// Its form.
    children: Children,
) -> impl IntoView {
    let id = listing.id;
    let printed = listing.spelling == Listings::Printed;
    let number = id.number();
    let both = data.both_spellings(id);
    let defects = of_listing(id);
    let own = data.own_words(&listing);
    view! {
        <section class="listing" id=format!("listing-{}", id.name()) aria-labelledby=format!("listing-{}-title", id.name())>
            <header class="listing-head">
                <h3 id=format!("listing-{}-title", id.name())>{format!("Listing {number}")}</h3>
                <form
                    method="post"
                    action=SpellListing::PATH
                    class="segments"
                    aria-label=format!("How Listing {number} is spelled")
                >
                    <input type="hidden" name="step" value=data.step.slug() />
                    <input type="hidden" name="listing" value=id.name() />
                    <button name="spelling" value="corrected" aria-pressed=(!printed).to_string()>"Corrected"</button>
                    <button name="spelling" value="printed" aria-pressed=printed.to_string()>"As printed"</button>
                </form>
            </header>
            <div class="listing-notes">
                {(id == ListingId::BucketPolicy && data.lab.listings == Listings::Printed && !printed)
                    .then(|| {
                        view! {
                            <p class="hint">
                                "Corrected also in a walk as printed: the post itself has its reader replace the one thing that is wrong \
                                 here, the ARN of an example key."
                            </p>
                        }
                    })}
                <details class="aside" open=printed>
                    <summary>
                        {match (printed, defects.len()) {
                            (true, 1) => "As printed, this listing has a defect.",
                            (true, _) => "As printed, this listing has defects.",
                            (false, _) => "What is wrong with it as printed",
                        }}
                    </summary>
                    <Defects defects />
                    <p>
                        {printed.then_some("Send it as it is to see what they do, or mend it in the form. ")}
                        <a href=DEFECTS_PAGE>"Try what each defect opens"</a>
                    </p>
                </details>
                {both
                    .map(|(printed, corrected)| {
                        view! {
                            <details class="aside">
                                <summary>"The difference between printed and corrected"</summary>
                                <Difference left_name="As printed" right_name="Corrected" left=printed right=corrected />
                            </details>
                        }
                    })}
                <Lint id text=listing.document.clone() own />
            </div>
            {children()}
        </section>
    }
    .into_any()
}

/// The lint's findings on what was typed or sent, else on the listing.
#[component]
fn Lint(id: ListingId, text: String, own: Option<(String, bool)>) -> impl IntoView {
    let kind = if id == ListingId::BucketPolicy { Kind::Bucket } else { Kind::Identity };
    let is_own = own.is_some();
    let (words, how) = match &own {
        None => ("", ""),
        Some((_, false)) => ("What you typed: ", " as you typed it"),
        Some((_, true)) => ("What you sent: ", " as you sent it"),
    };
    let text = own.map_or(text, |(text, _)| text);
    let found = lint(&text, kind);
    let label = format!("Listing {}{how}, line by line", id.number());
    let summary = format!("{words}{}", count(&found));
    view! {
        <details class="aside" open=is_own>
            <summary>{summary}</summary>
            <Linted label document=text findings=found />
        </details>
    }
    .into_any()
}

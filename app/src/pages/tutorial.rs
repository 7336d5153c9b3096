//! The tutorial part by part: where this console does what it says, and what is true where it is wrong.

mod rows;

use self::rows::{PARTS, Row};
use super::Unavailable;
use crate::{
    components::{layout::Layout, prose::Words},
    context::expect_console,
};
use leptos::prelude::*;

/// The page.
#[component]
pub(crate) fn TutorialPage() -> impl IntoView {
    Suspend::new(async move {
        match expect_console().lab().await {
            Ok(lab) => view! {
                <Layout lab title="The tutorial, line by line">
                    <Parts />
                </Layout>
            }
            .into_any(),
            Err(error) => view! { <Unavailable lab=None message=error.to_string() /> }.into_any(),
        }
    })
}

#[component]
fn Parts() -> impl IntoView {
    let parts = PARTS
        .iter()
        .enumerate()
        .map(|(at, (title, rows))| {
            let rows = rows.iter().map(|row| view! { <OneRow row=*row /> }).collect_view();
            let id = format!("part-{}", at + 1);
            let heading = id.clone();
            view! {
                <section aria-labelledby=id>
                    <h2 id=heading>{*title}</h2>
                    <table class="coverage" role="table">
                        <thead role="rowgroup">
                            <tr role="row">
                                <th scope="col" role="columnheader">"No."</th>
                                <th scope="col" role="columnheader">"What the tutorial says or has one do"</th>
                                <th scope="col" role="columnheader">"Where it is here"</th>
                            </tr>
                        </thead>
                        <tbody role="rowgroup">{rows}</tbody>
                    </table>
                </section>
            }
        })
        .collect_view();
    view! {
        <article class="step">
            <header class="page-head">
                <h1>"The tutorial, line by line"</h1>
                <p>
                    "Every part of "<cite>"How to use KMS and IAM to enable independent security controls for encrypted data in S3"</cite>
                    " (AWS Security Blog), retold in our words, with the page that does it. Where the tutorial is wrong, what is true \
                     stands below."
                </p>
            </header>
            {parts}
        </article>
    }
    .into_any()
}

#[component]
fn OneRow(row: Row) -> impl IntoView {
    let Row { number, says, at, place, truth } = row;
    view! {
        <tr role="row">
            <th scope="row" role="rowheader">{number}</th>
            <td role="cell">
                <p><Words text=says /></p>
                {truth
                    .map(|truth| view! { <p class="coverage-truth"><strong>"What is true: "</strong><Words text=truth /></p> })}
            </td>
            <td role="cell">
                {match at {
                    Some(at) => view! { <a href=at>{place}</a> }.into_any(),
                    None => place.into_any(),
                }}
            </td>
        </tr>
    }
    .into_any()
}

//! Prices: per key and request, with the numbers of this walk.

use super::{instead, lab_or_none_yet};
use crate::{
    components::layout::Layout,
    console::{ConsoleError, Lab, scenario::Costs},
    context::expect_console,
};
use leptos::prelude::*;

/// List prices of KMS, in millionths of a dollar. AWS's price page, noted in November 2026.
const KEY_MONTH: u64 = 1_000_000;
const REQUEST: u64 = 3;
/// Requests a month that cost nothing, over all regions of an account.
const FREE: u64 = 20_000;
/// Hours of a month, as AWS counts them in its examples.
const HOURS: u64 = 730;

/// The page.
#[component]
pub(crate) fn CostPage() -> impl IntoView {
    Suspend::new(async move {
        match load().await {
            Ok((lab, costs)) => view! { <Cost lab costs /> }.into_any(),
            Err(error) => instead(error, None),
        }
    })
}

async fn load() -> Result<(Lab, Costs), ConsoleError> {
    let console = expect_console();
    Ok((lab_or_none_yet(&*console).await?, console.costs().await?))
}

/// Millionths of a dollar as people write dollars: cents as a rule, and as many digits as a smaller sum needs.
fn dollars(millionths: u64) -> String {
    let (whole, rest) = (millionths / 1_000_000, millionths % 1_000_000);
    if rest.is_multiple_of(10_000) {
        return format!("${whole}.{:02}", rest / 10_000);
    }
    format!("${whole}.{}", format!("{rest:06}").trim_end_matches('0'))
}

/// What this many requests of one month cost beyond the free ones.
const fn beyond_free(requests: u64) -> u64 {
    requests.saturating_sub(FREE) * REQUEST
}

fn sum(counts: &[(String, u32)]) -> u64 {
    counts.iter().map(|(_, count)| u64::from(*count)).sum()
}

/// How these requests compare with the free ones, up to what they cost.
fn free(requests: u64) -> String {
    match requests {
        0 => "Nothing was asked of KMS yet, which costs ".into(),
        1 => "The 1 request above is within that, so it costs ".into(),
        2..=FREE => format!("{} requests are within that, so they cost ", thousands(requests)),
        _ => format!(
            "Of {} requests, {} are beyond that, and cost ",
            thousands(requests),
            thousands(requests - FREE)
        ),
    }
}

/// How often S3 asked KMS for one upload or download.
fn per_transfer(through_s3: u64, transfers: u32) -> String {
    if transfers == 0 {
        return "Nothing was uploaded or downloaded under the key yet, so S3 has not asked KMS.".into();
    }
    let average = format!("{:.2}", through_s3 as f64 / f64::from(transfers));
    let average = average.trim_end_matches('0').trim_end_matches('.');
    let times = if average == "1" { "time" } else { "times" };
    format!("S3 asked KMS {average} {times} for each upload or download under the key.")
}

const PER_REQUEST: &str = "$0.03 per 10,000";

/// A row of the first table.
fn row(what: String, count: u64, price: String, cost: u64) -> AnyView {
    view! {
        <tr>
            <th scope="row">{what}</th>
            <td data-label="Count">{count}</td>
            <td data-label="Price">{price}</td>
            <td data-label="Comes to">{dollars(cost)}</td>
        </tr>
    }
    .into_any()
}

/// A row for each operation.
fn rows(of: &[(String, u32)], by: &str) -> Vec<AnyView> {
    let one = |(operation, count): &(String, u32)| {
        let count = u64::from(*count);
        row(format!("{operation}, {by}"), count, PER_REQUEST.into(), count * REQUEST)
    };
    of.iter().map(one).collect()
}

#[component]
fn Cost(lab: Lab, costs: Costs) -> impl IntoView {
    let keys = u64::from(costs.keys);
    let (through_s3, direct) = (sum(&costs.through_s3), sum(&costs.direct));
    let requests = through_s3 + direct;
    let (within, per_transfer) = (free(requests), per_transfer(through_s3, costs.transfers));
    let months = [100_000_u64, 1_000_000, 100_000_000].map(|objects| {
        // One upload and one download an object, each a request of S3 at KMS.
        let (plain, with_keys) = (objects * 2, objects * 2 / 100);
        view! {
            <tr>
                <th scope="row">{format!("{} objects", thousands(objects))}</th>
                <td data-label="One request an object">{format!("{} requests, {}", thousands(plain), dollars(beyond_free(plain)))}</td>
                <td data-label="With a Bucket Key">{format!("{} requests, {}", thousands(with_keys), dollars(beyond_free(with_keys)))}</td>
            </tr>
        }
    });
    view! {
        <Layout lab=Some(lab) title="Prices">
            <article class="step cost">
                <header class="page-head">
                    <p class="eyebrow"><a href="/more">"Beyond the walk"</a></p>
                    <h1>"Prices"</h1>
                    <p>
                        "This lab costs nothing: its AWS is built in. On AWS a customer managed key costs by the month and by the request. \
                         S3’s own prices do not depend on how an object is encrypted, and IAM costs nothing."
                    </p>
                </header>
                <section aria-labelledby="cost-lab">
                    <h2 id="cost-lab">"The calls of this lab"</h2>
                    <p>
                        "Counted from the calls in Activity, those of scenarios and checks included. What Trilock reads to explain a verdict \
                         is not among them."
                    </p>
                    <div class="table-frame">
                        <table class="lock-table">
                            <caption>"At list price, the free requests not deducted"</caption>
                            <thead>
                                <tr>
                                    <th scope="col">"What"</th>
                                    <th scope="col">"Count"</th>
                                    <th scope="col">"Price"</th>
                                    <th scope="col">"Comes to"</th>
                                </tr>
                            </thead>
                            <tbody>
                                {row("Customer managed keys, for a month".into(), keys, "$1.00 a month each".into(), keys * KEY_MONTH)}
                                {row("The same, for an hour".into(), keys, "prorated by the hour".into(), keys * KEY_MONTH / HOURS)}
                                {rows(&costs.through_s3, "asked by S3")}
                                {rows(&costs.direct, "called directly")}
                                {row("All requests".into(), requests, PER_REQUEST.into(), requests * REQUEST)}
                            </tbody>
                        </table>
                    </div>
                    <p>
                        "The first 20,000 requests of a month are free, over all regions of the account. "
                        {within}<strong>{dollars(beyond_free(requests))}</strong>". "{per_transfer}
                    </p>
                </section>
                <section aria-labelledby="cost-scale">
                    <h2 id="cost-scale">"The same at scale"</h2>
                    <p>
                        "Each object uploaded once and downloaded once in a month. With an S3 Bucket Key, S3 asks KMS for one key for each \
                         requester’s session and derives the objects’ keys from it for a while: AWS says that saves up to 99 % of the requests, \
                         which is what the last column takes. The price of that is that a revocation may lag; AWS does not say how long. This lab has Bucket Keys off, so that test 4 takes effect at once."
                    </p>
                    <div class="table-frame">
                        <table class="lock-table">
                            <caption>"KMS requests of a month, the free ones deducted"</caption>
                            <thead>
                                <tr>
                                    <th scope="col">"A month’s traffic"</th>
                                    <th scope="col">"One request an object"</th>
                                    <th scope="col">"With a Bucket Key, at best"</th>
                                </tr>
                            </thead>
                            <tbody>{months.collect_view()}</tbody>
                        </table>
                    </div>
                </section>
                <section aria-labelledby="cost-know">
                    <h2 id="cost-know">"Good to know"</h2>
                    <ul class="plain-list">
                        <li>"A key that is pending deletion costs nothing; one that is disabled does."</li>
                        <li>"Rotation may add the price of a key for the first rotations."</li>
                        <li>"With a key of another account, the account that calls pays for the requests, the one that owns the key for the key."</li>
                        <li>"Whether a refused call is billed as a request is not known here: AWS’s price page does not say. The table above counts it."</li>
                    </ul>
                    <p class="hint">
                        "List prices as noted in November 2026 from "
                        <a href="https://aws.amazon.com/kms/pricing/" rel="noreferrer">"AWS’s page on KMS pricing"</a>
                        ". Prices change and differ by region: check them there before you plan with them."
                    </p>
                </section>
            </article>
        </Layout>
    }
    .into_any()
}

/// `1000000` as `1,000,000`.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{beyond_free, dollars, free, per_transfer, thousands};

    #[test]
    fn money_is_written_as_people_write_it() {
        let cases = [
            (0, "$0.00"),
            (1_000_000, "$1.00"),
            (2_940_000, "$2.94"),
            (36, "$0.000036"),
            (1_369, "$0.001369"),
        ];
        for (millionths, text) in cases {
            assert_eq!(dollars(millionths), text);
        }
        assert_eq!(thousands(1_000_000), "1,000,000");
        assert_eq!(thousands(100), "100");
    }

    #[test]
    fn requests_are_called_free_only_as_far_as_they_are() {
        assert!(free(20_000).starts_with("20,000 requests are within that"));
        assert!(free(20_001).starts_with("Of 20,001 requests, 1 are beyond that"));
    }

    #[test]
    fn before_any_transfer_no_average_is_told() {
        assert!(per_transfer(0, 0).starts_with("Nothing was uploaded or downloaded"));
        assert!(per_transfer(3, 3).starts_with("S3 asked KMS 1 time for"));
        assert!(per_transfer(3, 2).starts_with("S3 asked KMS 1.5 times for"));
    }

    #[test]
    fn a_million_requests_cost_three_dollars_less_the_free_ones() {
        assert_eq!(dollars(beyond_free(1_000_000)), "$2.94");
        assert_eq!(beyond_free(20_000), 0);
    }
}

//! What to do in tests 1 to 3: the lines of the tutorial, in order, each with what should come of it.

use super::data::StepData;
use crate::{
    components::prose::Words,
    console::{ListingId, Listings, StepId},
};
use leptos::prelude::*;

/// The lines as an ordered list.
#[component]
pub(crate) fn TestLines(data: StepData) -> impl IntoView {
    let comes = comes(data.step, data.lab.spelling(ListingId::BucketPolicy));
    let lines = data
        .suggested
        .iter()
        .zip(comes)
        .map(|(line, comes)| {
            view! {
                <li>
                    <code>{line.clone()}</code>
                    <p><Words text=*comes /></p>
                </li>
            }
        })
        .collect_view();
    let (first, after) = around(data.step);
    view! {
        <div class="card test-lines">
            <p>{first}</p>
            <ol>{lines}</ol>
            <p><Words text=after /></p>
        </div>
    }
    .into_any()
}

/// What stands before the lines and after them.
const fn around(step: StepId) -> (&'static str, &'static str) {
    match step {
        StepId::Test2 => (
            "One line for the terminal below: press Run beside it, or type it.",
            "Then look at the verdict: IAM allows, the bucket policy denies, and the key policy is not asked.",
        ),
        StepId::Test3 => (
            "One line for the terminal below: press Run beside it, or type it.",
            "Then `sha256sum KMS-Cryptographic-Details.pdf test3.pdf` shows that both files are the same.",
        ),
        _ => (
            "Two lines for the terminal below, in this order: press Run beside each, or type them.",
            "Each call that a line makes stands under “What came of it”, with its verdict.",
        ),
    }
}

/// What should come of each line.
const fn comes(step: StepId, bucket_policy: Listings) -> &'static [&'static str] {
    match (step, bucket_policy) {
        (StepId::Test1, Listings::Corrected) => &[STAND_IN, UPLOADS],
        (StepId::Test1, Listings::Printed) => &[STAND_IN, UPLOADS_AS_PRINTED],
        (StepId::Test2, _) => &["Refused: 403 AccessDenied from `s3:PutObject`. Nothing is stored."],
        (StepId::Test3, _) => {
            &["Prints `download:` and makes two calls, `HeadObject` and `GetObject`, both 200."]
        }
        _ => &[],
    }
}

const STAND_IN: &str = "Puts the test file on the instance and makes no call. No internet is reached from here: what is saved is \
     Trilock’s own stand-in, a little over a thousand bytes, under the name of the PDF that the post takes. Any file would do.";

const UPLOADS: &str = "Prints `upload:` and makes one call, `s3:PutObject`, answered 200. For it AWS also checks \
     `kms:GenerateDataKey` on the key.";

const UPLOADS_AS_PRINTED: &str = "Prints `upload:` if the bucket policy of step 5 names your key. If it was put with the example ARN left \
     in, the answer is 403 AccessDenied, and the page offers the correction.";

#[cfg(test)]
mod tests {
    use super::{around, comes};
    use crate::console::{Listings, StepId};

    #[test]
    fn every_test_without_a_form_says_what_its_lines_should_come_to() {
        for (step, lines) in [(StepId::Test1, 2), (StepId::Test2, 1), (StepId::Test3, 1)] {
            for spelling in [Listings::Corrected, Listings::Printed] {
                assert_eq!(comes(step, spelling).len(), lines, "{step:?}");
            }
            assert!(!around(step).0.is_empty());
        }
    }
}

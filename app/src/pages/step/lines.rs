//! What to do in the tests: the lines of the tutorial, in order, each with what should come of it.

use super::data::StepData;
use crate::{
    components::{prose::Words, terminal::ReadyCommand},
    console::{ListingId, Listings, StepId},
};
use leptos::prelude::*;

/// The lines as an ordered list, each ready to be run in the terminal below.
#[component]
pub(crate) fn TestLines(data: StepData) -> impl IntoView {
    let step = data.step;
    let comes = comes(step, data.lab.spelling(ListingId::BucketPolicy));
    let has_instance = data.lab.instance_id.is_some();
    let lines = data
        .suggested
        .iter()
        .enumerate()
        .map(|(place, line)| {
            let comes = comes.get(place).copied().unwrap_or_default();
            let command = match has_instance {
                true => view! { <ReadyCommand step line=line.clone() /> }.into_any(),
                false => view! { <code>{line.clone()}</code> }.into_any(),
            };
            view! {
                <li>
                    {command}
                    <p><Words text=comes /></p>
                </li>
            }
        })
        .collect_view();
    let (first, after) = around(step);
    view! {
        <div class="card test-lines">
            <p>{first}</p>
            <ol aria-label="Commands of this step">{lines}</ol>
            <p><Words text=after /></p>
        </div>
    }
    .into_any()
}

/// What stands before the lines and after them.
const fn around(step: StepId) -> (&'static str, &'static str) {
    match step {
        StepId::Test2 => (
            "One line for the instance’s terminal: press Run, or type it below.",
            "Then look at the verdict: IAM allows, the bucket policy denies, and the key policy is not asked.",
        ),
        StepId::Test3 => (
            "One line for the instance’s terminal: press Run, or type it below.",
            "Then `sha256sum KMS-Cryptographic-Details.pdf test3.pdf` shows that both files are the same.",
        ),
        StepId::Test4 => (
            "Once the key user is removed, have the instance try again what worked in tests 1 and 3: press Run beside each.",
            "Run before the removal, both still go through. Leave the key user out for now: the next step brings it back.",
        ),
        StepId::Restore => (
            "Once the key user is added, have the instance try again: press Run beside each.",
            "Each call that a line makes stands under “What came of it”, with its verdict.",
        ),
        _ => (
            "Two lines for the instance’s terminal, in this order: press Run beside each, or type them below.",
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
        (StepId::Test4, _) => &[
            "To be refused: `s3:PutObject` with 403 AccessDenied, for `kms:GenerateDataKey`.",
            "To be refused: `HeadObject` still answers 200, then `GetObject` 403 AccessDenied, for `kms:Decrypt`.",
        ],
        (StepId::Restore, _) => {
            &["Prints `upload:` again, answered 200.", "Prints `download:` again, both calls 200."]
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
    fn every_test_says_what_its_lines_should_come_to() {
        for (step, lines) in [
            (StepId::Test1, 2),
            (StepId::Test2, 1),
            (StepId::Test3, 1),
            (StepId::Test4, 2),
            (StepId::Restore, 2),
        ] {
            for spelling in [Listings::Corrected, Listings::Printed] {
                assert_eq!(comes(step, spelling).len(), lines, "{step:?}");
            }
            assert!(!around(step).0.is_empty());
        }
    }
}

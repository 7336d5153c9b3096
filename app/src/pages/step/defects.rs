//! What is wrong in the tutorial, by the numbers of `aws-semantics.md` §1, and what each mistake costs.

use crate::{
    components::prose::Words,
    console::{ListingId, StepId},
};
use leptos::prelude::*;

/// Where each defect can be tried live.
pub(crate) const DEFECTS_PAGE: &str = "/more#list-what-each-defect-costs";

/// One mistake.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Defect {
    /// For example `1a`.
    pub(crate) number: &'static str,
    /// What is wrong.
    pub(crate) what: &'static str,
    /// What follows from it.
    pub(crate) cost: &'static str,
}

const fn defect(number: &'static str, what: &'static str, cost: &'static str) -> Defect {
    Defect { number, what, cost }
}

/// The mistakes in a listing.
pub(crate) const fn of_listing(listing: ListingId) -> &'static [Defect] {
    match listing {
        ListingId::BucketAdmin => {
            const {
                &[
                    defect(
                        "1a",
                        "The Deny names the bucket, but its actions are made on objects, so it never applies. The resource must end \
                 in `/*`.",
                        "The role that should not touch the data deletes any object, and stores unencrypted ones until the bucket \
                 policy is there.",
                    ),
                    defect(
                        "1b",
                        "The list of denied actions leaves out object tags, retention, restoring, and changing how an object is \
                 encrypted.",
                        "Even with the resource mended, the role still changes all of these on objects that are not its business.",
                    ),
                ]
            }
        }
        ListingId::KeyAdmin => {
            const {
                &[
                    defect(
                        "2a",
                        "Both resources begin with a space. Here IAM takes such a policy, and a text that is no ARN matches no key. \
                 AWS documents neither; the lab does what is likelier.",
                        "IAM gives the role that is to run the keys no right in KMS at all.",
                    ),
                    defect(
                        "2b",
                        "`kms:CreateKey`, `kms:ListKeys` and `kms:ListAliases` are made on no key, and an alias is no key either: a \
                 resource of `key/*` covers none of them.",
                        "Step 4 fails at its first call, with or without the space.",
                    ),
                    defect(
                        "2c",
                        "The Deny names `kms:GenerateDataKey` alone, not its variants `…WithoutPlaintext` and `…Pair`.",
                        "With only the space removed, the key's administrator has KMS make data keys under the key it should manage \
                 and not use.",
                    ),
                ]
            }
        }
        ListingId::BucketAccess => {
            const {
                &[
                    defect(
                        "3a",
                        "`s3:HeadBucket` is no action. The call HeadBucket is authorized as `s3:ListBucket`.",
                        "The statement looks as if the role could ask whether the bucket is there, and it cannot.",
                    ),
                    defect(
                        "3b",
                        "`s3:ListBucket` is missing.",
                        "`aws s3 ls` is refused, and asking for an object that is not there gives 403 where 404 would show the \
                 mistake.",
                    ),
                ]
            }
        }
        ListingId::BucketPolicy => {
            const {
                &[defect(
                    "4a",
                    "The ARN of the example key lacks its region, and its account number has 11 digits.",
                    "S3 accepts it unseen; left in, it denies every upload, those under the right key too.",
                )]
            }
        }
    }
}

/// Mistakes in the tutorial's text and commands, where they belong.
pub(crate) const fn of_step(step: StepId) -> &'static [Defect] {
    match step {
        StepId::Bucket => {
            const {
                &[defect(
                    "Text",
                    "The text sends its reader to a user made in a step 1d.",
                    "There is no step 1d: the role is reached by switching, as here.",
                )]
            }
        }
        StepId::Key => {
            const {
                &[defect(
                    "Text",
                    "The text calls `secure-key-admin` an IAM user in one place and a role in another.",
                    "It is a role. Who looks for the user among the key administrators finds none.",
                )]
            }
        }
        StepId::Instance => {
            const {
                &[
                    defect(
                        "Text",
                        "The text says that no other identity can read or write the data.",
                        "Admin can read it: the key policy's first statement leaves the key to IAM as well. With that \
                 statement narrowed to management, Admin has first to change the key policy, or to be granted the use by whoever may \
                 grant it, and either leaves a trace.",
                    ),
                    defect(
                        "Text",
                        "The numbering jumps from step 5 to step 7.",
                        "Nothing is missing between them.",
                    ),
                ]
            }
        }
        StepId::Test1 => {
            const {
                &[defect(
                    "4b",
                    "The upload command carries the same broken ARN as Listing 4.",
                    "If it gets past the bucket policy, KMS finds no such key. The command offered here names your own key.",
                )]
            }
        }
        StepId::Test2 => {
            const {
                &[defect(
                    "Text",
                    "The message to expect is given as a bare `Access Denied`.",
                    "AWS has said more since: who, which action, which resource, and which kind of policy refused.",
                )]
            }
        }
        StepId::Test4 => {
            const {
                &[
                    defect(
                        "T4",
                        "The upload command names a key by an id that is one character too long and no ARN.",
                        "The bucket policy refuses it before any key is asked: the test passes without testing the key policy.",
                    ),
                    defect(
                        "Text",
                        "The key id is said to be the last 32 characters of the ARN.",
                        "It has 36: 32 hexadecimal digits and four hyphens.",
                    ),
                ]
            }
        }
        _ => &[],
    }
}

/// Mistakes with what they cost, and the way to try them.
#[component]
pub(crate) fn Defects(
    /// Which.
    defects: &'static [Defect],
) -> impl IntoView {
    let items = defects
        .iter()
        .map(|defect| {
            view! {
                <li class="defect">
                    <span class="defect-number">{defect.number}</span>
                    <div>
                        <p><Words text=defect.what /></p>
                        <p class="defect-cost"><strong>"What follows: "</strong><Words text=defect.cost /></p>
                    </div>
                </li>
            }
        })
        .collect_view();
    view! { <ul class="defects">{items}</ul> }
}

#[cfg(test)]
mod tests {
    use super::{of_listing, of_step};
    use crate::console::{ListingId, StepId};

    #[test]
    fn every_defect_of_the_specification_stands_once_where_it_belongs() {
        let listings = ListingId::ALL.into_iter().flat_map(|listing| of_listing(listing).iter());
        let steps = StepId::ALL.into_iter().flat_map(|step| of_step(step).iter());
        let numbers: Vec<&str> =
            listings.chain(steps).map(|defect| defect.number).filter(|number| *number != "Text").collect();
        assert_eq!(numbers, ["1a", "1b", "2a", "2b", "2c", "3a", "3b", "4a", "4b", "T4"]);
    }

    #[test]
    fn names_are_set_as_code_in_pairs_of_backticks() {
        let listings = ListingId::ALL.into_iter().flat_map(|listing| of_listing(listing).iter());
        let steps = StepId::ALL.into_iter().flat_map(|step| of_step(step).iter());
        for defect in listings.chain(steps) {
            assert_eq!(
                (defect.what.matches('`').count() + defect.cost.matches('`').count()) % 2,
                0,
                "{defect:?}"
            );
        }
    }
}

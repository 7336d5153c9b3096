//! In a printed walk: why a call failed that should not have, and the way to mend it.

use super::data::StepData;
use crate::{
    components::{
        form::StepForm,
        notice::{Notice, Tone},
        persona::PersonaChip,
        prose::Words,
    },
    console::{Action, Lane, ListingId, Persona, StepId},
    serverfns::{policy::correct::CorrectPolicy, role::switch::SwitchRole},
};
use leptos::{prelude::*, server_fn::ServerFn};

/// What is to be corrected on a step's page, and why. In a corrected walk that is a bucket policy put too early, at most.
#[component]
pub(crate) fn Correction(data: StepData) -> impl IntoView {
    match needed(&data) {
        Some(Needed::IamPolicy { listing, .. }) if !data.printed(listing) => ().into_any(),
        Some(Needed::IamPolicy { listing, why }) => {
            view! { <CorrectIamPolicy data listing why /> }.into_any()
        }
        Some(Needed::BucketPolicy { why }) => view! { <CorrectBucketPolicy why /> }.into_any(),
        None => ().into_any(),
    }
}

/// A listing whose printed form stands in the way, or locks less than it seems to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Needed {
    IamPolicy { listing: ListingId, why: &'static str },
    BucketPolicy { why: &'static str },
}

fn needed(data: &StepData) -> Option<Needed> {
    match data.step {
        // Defect 2b.
        StepId::Key => Some(Needed::IamPolicy {
            listing: ListingId::KeyAdmin,
            why: if data.failed("CreateKey").is_some() {
                "`CreateKey` failed because of Listing 2 as printed. It allows KMS actions on keys only, by a pattern for \
                 key ARNs, and `kms:CreateKey` is made on no key: its resource is `*`. The pattern also begins with a \
                 space, so it matches no key either. The role that is to run the key cannot make one."
            } else {
                "Listing 2 as printed allows KMS actions on keys only, and `kms:CreateKey` is made on no key, so this step \
                 is going to fail. Try it first; the verdict shows which statement does not apply and why."
            },
        }),
        // Defect 1a.
        StepId::Bucket => Some(Needed::IamPolicy {
            listing: ListingId::BucketAdmin,
            why: "Listing 1 as printed does not keep this role from the objects. Its Deny names the bucket, and all the \
                  actions it denies are made on objects: it never applies. Making the bucket works; so would \
                  deleting what others put into it, and reading it where it is not encrypted under the key. Where it is, the key \
                  policy alone stands in the way.",
        }),
        StepId::Test1 | StepId::Restore if denied_by_bucket(data) => Some(Needed::BucketPolicy {
            why: "The upload was refused by the bucket policy: the key it names is not the one that policy wants. A bucket policy put \
                  before step 4, or with the example ARN left in, names a key that cannot exist. Put the corrected bucket \
                  policy and try again.",
        }),
        // Defect 3b.
        StepId::Test3 => Some(Needed::IamPolicy {
            listing: ListingId::BucketAccess,
            why: "Listing 3 as printed has no `s3:ListBucket`, and its `s3:HeadBucket` is no action at all. The download works; \
                  `aws s3 ls` on the bucket does not, and asking for an object that is not there gives 403 instead of 404.",
        }),
        StepId::Test4 if denied_by_bucket(data) => Some(Needed::BucketPolicy {
            why: "This upload was refused by the bucket policy, before the key policy was asked: the key it names is not the \
                  one the bucket policy wants. As a test of the key policy it proves nothing.",
        }),
        _ => None,
    }
}

fn denied_by_bucket(data: &StepData) -> bool {
    data.failed("PutObject").is_some_and(|record| record.verdict.decided_by == Some(Lane::Bucket))
}

/// A new default version for an IAM policy.
#[component]
fn CorrectIamPolicy(data: StepData, listing: ListingId, why: &'static str) -> impl IntoView {
    let frame = data.frame(Action::listing_form_id("correct", listing), CorrectPolicy::PATH);
    let (name, step) = (listing.name(), data.step);
    let form = format!("form-{}", frame.id);
    let not_admin = data.lab.acting.persona != Persona::Admin && !frame.done;
    view! {
        <section class="correction" aria-label="Correction">
            {(!frame.done)
                .then(|| {
                    view! {
                        <Notice tone=Tone::Warning>
                            <p><Words text=why /></p>
                            {not_admin
                                .then(|| {
                                    view! {
                                        <p>
                                            "IAM policies are changed by "<PersonaChip persona=Persona::Admin />
                                            ". As the role you act as now the correction below is refused: go back to Admin first, correct \
                                             it, and become the role again."
                                        </p>
                                        <form method="post" action=SwitchRole::PATH>
                                            <input type="hidden" name="step" value=step.slug() />
                                            <input type="hidden" name="to" value=form.clone() />
                                            <button class="button button-small" name="persona" value=Persona::Admin.name()>
                                                "Back to Admin, then correct it"
                                            </button>
                                        </form>
                                    }
                                })}
                        </Notice>
                    }
                })}
            <StepForm
                frame
                title=format!("Correct Listing {}: {name}", listing.number())
                calls=&["iam:CreatePolicyVersion"]
                button=format!("Correct {name}")
            >
                <input type="hidden" name="listing" value=name />
                <p>"Makes the corrected document the default version of the policy. Roles that have it change at once."</p>
            </StepForm>
        </section>
    }
    .into_any()
}

/// The way to the corrected Listing 4, for secure-bucket-admin to put.
#[component]
fn CorrectBucketPolicy(why: &'static str) -> impl IntoView {
    view! {
        <section class="correction" aria-label="Correction">
            <Notice tone=Tone::Warning>
                <p>{why}</p>
                <p>
                    <a href="/steps/bucket-policy?listing=corrected#form-put-bucket-policy">
                        "Fill in the corrected bucket policy"
                    </a>
                </p>
            </Notice>
        </section>
    }
    .into_any()
}
